"""Compare what a submission returns with what the key returns, entry by entry, and say where they differ."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from typing import Any, Final

from gradlab.labs.grade.protocol import OpaqueError, RemoteObject

_RELATIVE: Final = 1e-6
_RELATIVE_SINGLE: Final = 2e-4
_ABSOLUTE: Final = 1e-9
_ABSOLUTE_SINGLE: Final = 1e-6
_SINGLE: Final = ("float32", "float16", "bfloat16", "complex64")


class PartialError(AssertionError):
    """An answer that is not, or not wholly, right.

    Args:
        message: why, for the student.
        fraction: the part that is right.
    """

    def __init__(self, message: str, fraction: float) -> None:
        super().__init__(message)
        self.fraction = fraction


class DoubtError(AssertionError):
    """An answer that nobody but a human can judge; the message says why."""


def compared(mine: Any, key: Any, called: str = "right") -> tuple[float, str]:
    """Compare a value with the key's.

    Returns:
        The part of the entries that agree, and the first difference in words.

    Raises:
        DoubtError: if the key's value is of a kind that cannot be compared, or both differ in their shape alone.
        OpaqueError: if the other cannot be looked at.
    """
    if key is None or callable(key):
        raise DoubtError("what the key returns cannot be compared")
    if isinstance(mine, RemoteObject):
        try:
            mine = importlib.import_module("numpy").asarray(mine)
        except OpaqueError:
            raise
        except TypeError as problem:
            return 0.0, str(problem)
    wanted, found = list(_entries(key, "")), list(_entries(mine, ""))
    if _shape(mine) != _shape(key):
        if len(wanted) == len(found) and all(
            _close(a, b, key, mine) for (_, a), (_, b) in zip(found, wanted, strict=True)
        ):
            raise DoubtError(f"the numbers are right, but they come as {_shape(mine)} in place of {_shape(key)}")
        return 0.0, f"{_shape(mine)} was returned where {_shape(key)} is {called}"
    tolerance = _tolerance(key, mine)
    right, first = 0, ""
    for (place, got), (_, right_one) in zip(found, wanted, strict=True):
        if _agree(got, right_one, tolerance):
            right += 1
        elif not first:
            first = f"{f'entry {place} is ' if place else ''}{_short(got)} where {_short(right_one)} is {called}"
    return right / max(len(wanted), 1), first


def in_text(value: Any) -> str:
    """All entries of a value; the same for two that are equal."""
    return repr([entry for _, entry in _entries(value, "")])


def _entries(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    value = value.detach().tolist() if hasattr(value, "detach") else value
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _entries(part, f"{place}[{index}]")
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _entries(part, f"{place}[{name!r}]")
    elif hasattr(value, "__dict__") and type(value).__name__ == "SimpleNamespace":
        yield from _entries(vars(value), place)
    else:
        yield place, value


def _shape(value: Any) -> str:
    """What a value looks like, in words; a number is the same as an array that holds one and has no shape."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        shape = tuple(int(n) for n in value.shape)
        return f"an array of the shape {shape}" if shape else "a number"
    if isinstance(value, bool | int | float | complex):
        return "a number"
    if isinstance(value, list | tuple):
        inner = [_shape(part) for part in value]
        alike = len(set(inner)) <= 1 and len(inner) > 3
        return f"{len(inner)} values" + (f", each {inner[0]}" if alike else f" ({', '.join(inner)})" if inner else "")
    if isinstance(value, dict):
        return f"a dict of {', '.join(map(str, value))}"
    return "nothing" if value is None else f"a {type(value).__name__}"


def _tolerance(*values: Any) -> tuple[float, float]:
    single = any(str(getattr(value, "dtype", "")).removeprefix("torch.") in _SINGLE for value in _parts(values))
    numbers = [abs(n) for value in values[:1] for _, n in _entries(value, "") if isinstance(n, int | float)]
    largest = max((n for n in numbers if math.isfinite(n)), default=0.0)
    relative, absolute = (_RELATIVE_SINGLE, _ABSOLUTE_SINGLE) if single else (_RELATIVE, _ABSOLUTE)
    return relative, absolute + relative * largest * 0.1


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for part in value:
            yield from _parts(part)
    else:
        yield value


def _close(got: Any, right: Any, *values: Any) -> bool:
    return _agree(got, right, _tolerance(*values))


def _agree(got: Any, right: Any, tolerance: tuple[float, float]) -> bool:
    if isinstance(got, int | float | complex) and isinstance(right, int | float | complex):
        if got != got or right != right:
            return got != got and right != right
        if got == right:
            return True
        relative, absolute = tolerance
        return math.isfinite(abs(got)) and abs(got - right) <= absolute + relative * abs(right)
    return type(got) is type(right) and isinstance(got, str | bytes | None) and got == right


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else shortened(repr(value), 60)


def shortened(text: str, most: int) -> str:
    """A text of at most some characters; what was left out is told, and the sign that it ends with stays."""
    return text if len(text) <= most else f"{text[: most - 3]} …{text[-1]}"
