"""Complex numbers as pairs of real ones: a function of them is one of their real and imaginary parts.

torch and jax each have a convention for what comes back to a complex number; taking it apart by their own operations
follows it, whichever it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from gradlab.check.inputs._function import ByMode
from gradlab.check.inputs._point import Mode
from gradlab.check.inputs._trees import is_jax, is_tensor, kind_of, leaves_of, map_structure

_TOLD = "complex numbers are checked as pairs: the last index is 0 for the real part and 1 for the imaginary part."


def as_pairs(function: ByMode, at: dict[str, Any]) -> tuple[ByMode, dict[str, Any]]:
    """Turn a function of complex tensors or arrays, or to them, into a real one.

    Returns:
        The real function and its point: each complex array has one more axis, of length 2.
    """
    joined = [_is_complex(item) for _, item in leaves_of(at)]

    def make(mode: Mode) -> Callable[[dict[str, Any]], Any]:
        call = function.make(mode)
        if not any(joined):
            return lambda values: _taken_apart(call(values))

        def real(values: dict[str, Any]) -> Any:
            marks = iter(joined)
            return _taken_apart(call(map_structure(values, lambda item: _join(item) if next(marks) else item)))

        return real

    if not any(joined):
        return ByMode(make, function.notes), at
    return ByMode(make, (*function.notes, _TOLD)), map_structure(at, _at_rest)


def _is_complex(item: Any) -> bool:
    return kind_of(item) == "complex" and (is_tensor(item) or is_jax(item))


def _taken_apart(result: Any) -> Any:
    if is_tensor(result):
        return _split(result) if result.is_complex() else result
    return map_structure(result, lambda item: _split(item) if _is_complex(item) else item)


def _at_rest(item: Any) -> Any:
    """What a point holds for an item: a leaf of its own, which wants a derivative where the item does."""
    if not _is_complex(item):
        return item
    return _split(item.detach()).clone().requires_grad_(item.requires_grad) if is_tensor(item) else _split(item)


def _split(item: Any) -> Any:
    if is_tensor(item):
        torch = sys.modules["torch"]
        return torch.view_as_real(item.resolve_conj())
    numpy = sys.modules["jax.numpy"]
    return numpy.stack([item.real, item.imag], axis=-1)


def _join(item: Any) -> Any:
    if is_tensor(item):
        return sys.modules["torch"].view_as_complex(item.contiguous())
    return sys.modules["jax"].lax.complex(item[..., 0], item[..., 1])
