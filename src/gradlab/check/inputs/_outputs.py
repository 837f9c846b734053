"""What a function returns: which parts of it have derivatives, as one vector, and what they are called."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradlab.check._errors import CheckError
from gradlab.check.inputs._point import indices
from gradlab.check.inputs._trees import is_jax, is_tensor, kind_of, leaves_of, open_node, to_array


@dataclass(frozen=True, slots=True)
class Outputs:
    """The real numbers that a function returned.

    Attributes:
        labels: What each array is called: "f", "f[0]", 'f["loss"]'.
        items: The arrays, as they were returned.
        skipped: The labels of those that have no derivative, with the reason.
    """

    labels: tuple[str, ...]
    items: tuple[Any, ...]
    skipped: tuple[str, ...]

    @property
    def values(self) -> np.ndarray:
        """All numbers in a row, float64, shape (N,)."""
        arrays = [to_array(item, "the loss").reshape(-1) for item in self.items]
        values = np.concatenate(arrays) if arrays else np.zeros(0)
        if values.size == 0:
            raise CheckError("the loss returns no numbers; return at least one.")
        return values

    @property
    def shape(self) -> tuple[int, ...]:
        """() for a single number, the shape of a single array, (N,) for several."""
        shapes = [tuple(np.shape(item)) for item in self.items]
        count = sum(math.prod(shape) for shape in shapes)
        return () if count == 1 else shapes[0] if len(shapes) == 1 else (count,)

    @property
    def names(self) -> list[str]:
        """A name for each number."""
        pairs = zip(self.labels, self.items, strict=True)
        return [f"{label}{index}" for label, item in pairs for index in indices(tuple(np.shape(item)))]


def values_of(result: Any) -> np.ndarray:
    """The real numbers in what a function returned, in a row: what `outputs_of` finds, without their names."""
    if is_tensor(result) and result.is_floating_point():
        return to_array(result, "the loss").reshape(-1)
    return outputs_of(result).values


def outputs_of(result: Any) -> Outputs:
    """Find the real numbers in what a function returned: integers, flags and anything else have no derivative.

    Raises:
        CheckError: There are none.
    """
    if is_tensor(result) and result.is_floating_point():
        return Outputs(("f",), (result,), ())
    found = [(label, item, kind_of(item)) for label, item in leaves_of(result, "f", is_top=False)]
    kept = [(label, item) for label, item, kind in found if kind in {"real", "number", "complex"}]
    if not kept:
        # NumPy makes whole numbers of a loss that happens to be whole; torch and jax only where they are meant.
        kept = [(label, item) for label, item, kind in found if kind == "integer" and isinstance(item, np.ndarray)]
    if not kept:
        raise CheckError(_without_numbers(result, found))
    taken = {label for label, _ in kept}
    skipped = tuple(f"{label} ({_told(item, kind)})" for label, item, kind in found if label not in taken)
    return Outputs(tuple(label for label, _ in kept), tuple(item for _, item in kept), skipped)


def _without_numbers(result: Any, found: list[tuple[str, Any, str]]) -> str:
    if result is None:
        return "the loss returns None; a function has to return what it computes."
    kinds = {kind for _, _, kind in found}
    if kinds <= {"integer", "boolean"} and kinds:
        return "the loss returns integers or flags alone, which have no derivative; return what they are computed from."
    if open_node(result) is not None and not found:
        return "the loss returns no numbers; return at least one."
    given = ", ".join(sorted({type(item).__name__ for _, item, _ in found}))
    return f"the loss returns {given}, which holds no numbers; return a number, an array or a tensor."


def _told(item: Any, kind: str) -> str:
    if kind in {"integer", "boolean"}:
        return {"integer": "integers", "boolean": "booleans"}[kind]
    return "None" if item is None else type(item).__name__


def is_cut_off(outputs: Outputs) -> bool:
    """Tell whether numbers of Python or NumPy came out where a backward pass would begin."""
    return not any(is_tensor(item) or is_jax(item) for item in outputs.items)
