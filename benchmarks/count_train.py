"""Counting what a training kernel computes: the printed kernel is run with operations that only count."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

from gradlab.codegen._approximations import functions
from gradlab.codegen._numba_source import PrintedKernel


class _Counted:
    """A vector of which nothing is known but that something was computed."""

    def __init__(self, counts: Counter[str]) -> None:
        self.counts = counts

    def _made(self, kind: str) -> _Counted:
        self.counts[kind] += 1
        return self

    def __add__(self, other: Any) -> _Counted:
        return self._made("add")

    def __mul__(self, other: Any) -> _Counted:
        return self._made("multiply")

    def __truediv__(self, other: Any) -> _Counted:
        return self._made("divide")

    def __neg__(self) -> _Counted:
        return self

    __radd__ = __sub__ = __rsub__ = __add__
    __rmul__, __rtruediv__ = __mul__, __truediv__


class _Anything(list[int]):
    """An array of any length of zeros."""

    def __getitem__(self, index: Any) -> Any:
        return 0.0

    def __setitem__(self, index: Any, value: Any) -> None:
        pass


def operations_a_step(printed: PrintedKernel, dtype: str) -> Counter[str]:
    """What one step of one network takes: additions, multiplications and divisions of floating-point numbers.

    A multiplication that is fused with an addition counts as both. Comparisons, choices and changes of sign or exponent
    do not count.
    """
    counts: Counter[str] = Counter()
    vector = _Counted(counts)

    def silent(*arguments: Any) -> _Counted:
        return vector

    def fused(*arguments: Any) -> _Counted:
        counts["add"] += 1
        counts["multiply"] += 1
        return vector

    names = ("larger", "smaller", "less", "equal", "where", "absolute", "scale", "power", "exponent", "align_stack")
    names += ("flush_subnormals", "restore_mode")
    have: dict[str, Any] = dict.fromkeys((*names, "significand", "root", "both", "load", "spread", "every"), silent)
    have |= {"fma": fused, "store": lambda *arguments: None, "any_lane": lambda mask: True}
    have |= functions(dtype, SimpleNamespace(**have), lambda function: function)
    scope: dict[str, Any] = {**have, "nan": 0.0, "inf": 0.0, "_maximum": silent, "_minimum": silent}
    exec(printed.source, scope)
    arrays = [_Anything() for _ in range(4)]
    found = []
    for steps in (2, 3):
        counts.clear()
        rest = [_Anything() for _ in range(7)]
        scope["kernel"](*arrays, 0.0, steps, 0, 1, 1, False, *rest)
        found.append(Counter(counts))
    return found[1] - found[0]
