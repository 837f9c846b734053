"""What kernels compute with, whatever prints them: operators of noted values, and the words that all backends have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from gradlab.codegen._approximations import functions
from gradlab.codegen._circular import circular_functions
from gradlab.codegen._special import special_functions


def _left(name: str) -> Callable[[Any, Any], Any]:
    return lambda self, other: self.machine.binary(name, self, other)


def _right(name: str) -> Callable[[Any, Any], Any]:
    return lambda self, other: self.machine.binary(name, other, self)


class Noted:
    """A value whose operators its `machine` notes, by their names, instead of computing them."""

    __slots__ = ()

    __add__, __radd__ = _left("add"), _right("add")
    __sub__, __rsub__ = _left("sub"), _right("sub")
    __mul__, __rmul__ = _left("mul"), _right("mul")
    __truediv__, __rtruediv__ = _left("div"), _right("div")
    __and__, __xor__ = _left("and"), _left("xor")
    __lshift__, __rshift__ = _left("shl"), _left("shr_s")


def words_of(
    dtype: str, own: Mapping[str, Any], compiled: Callable[[Any], Any], lowest: float | None = None
) -> dict[str, Any]:
    """A backend's own operations and the functions that are made of them, by the names that kernels call them.

    Args:
        dtype: "float32" or "float64".
        own: its operations, as for the table of approximations.
        compiled: the decorator that makes a function callable from a kernel.
        lowest: below it the sigmoid stays as it is there; by default where it is 0.
    """
    have = SimpleNamespace(**own)
    table = functions(dtype, have, compiled, lowest)
    table |= special_functions(dtype, have, table, compiled)
    table |= circular_functions(dtype, have, table, compiled)
    return {**own, **table, "_maximum": own["larger"], "_minimum": own["smaller"]}
