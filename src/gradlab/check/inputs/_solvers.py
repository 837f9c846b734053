"""Solvers of scipy that a function calls, and how exactly they are asked to solve."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

_ROOMS = ("scipy.integrate", "scipy.optimize")
_TOLERANCES = {"rtol", "atol", "tol", "xtol", "ftol", "gtol", "xatol", "fatol", "epsabs", "epsrel"}
# Where defaults are filled in that the user's own call leaves out.
_INSIDE = ("_minimize_", "_root_")


def with_tolerance(run: Callable[[], T]) -> tuple[T, float]:
    """What `run` returns, and the largest tolerance that a solver of scipy had meanwhile; 0 without a solver."""
    if not any(room in sys.modules for room in _ROOMS):
        return run(), 0.0
    found = [0.0]

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and _is_solver(frame):
            found.extend(value for value in _given(frame) if isinstance(value, float))

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        return run(), max(found)
    finally:
        sys.setprofile(before)


def _room(frame: FrameType | None) -> str:
    name = frame.f_globals.get("__name__", "") if frame is not None else ""
    return next((room for room in _ROOMS if name == room or name.startswith(f"{room}.")), "")


def _is_solver(frame: FrameType) -> bool:
    """Tell whether a call is the user's own of a solver, or the one that has the defaults; steps within are neither."""
    room, name = _room(frame), frame.f_code.co_name
    if not room:
        return False
    return not _room(frame.f_back) or name.startswith(_INSIDE) or (room == _ROOMS[0] and name == "__init__")


def _given(frame: FrameType) -> Iterator[Any]:
    code = frame.f_code
    for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
        if name in _TOLERANCES:
            yield frame.f_locals[name]
