"""Iterations that stop early: what a loop with a tolerance leaves in the derivative of its result.

Where such a loop takes another turn, its value jumps, by about as much as it was off. So the slope between two points
is known to about the jump over their distance, whatever the function does in between: a claim that lies within that is
not contradicted by small steps, which see the error of one number of turns alone.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from gradlab.check._outcomes import Cause, Entry, Verdict

if TYPE_CHECKING:
    from gradlab.check.verdict._engine import Engine

# What is not followed line by line: its loops go over what it is given.
_LIBRARIES = sys.stdlib_module_names | {"numpy", "torch", "jax", "jaxlib", "scipy", "gradlab"}
# What is called so often may be by a solver of a library, or by itself.
_CALLS = 4
# Where another number of turns is looked for, in sizes of the coordinate, whose sign it keeps; and how it is located.
_WIDEST, _HALVINGS = 0.9, 12
_SHARES = _WIDEST * 8.0 ** -np.array([5, 3, 1, 0])
# Steps over which slopes are compared: down to this part of the distance between jumps.
_WITHIN, _STEPS = 0.25, 12
# A slope is off by so many jumps over its step at most.
_JUMPS = 2.0
# So many coordinates are looked at; where an iteration explains them all, it may explain the others.
_MOST = 16

Course = Counter[tuple[int, int, bool]]
"""How often each line was run, by its code and number, for the first time in a call and again; 0 for the call."""

_Left = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Jumps, the slopes over steps that are long beside them, and how far off those may be; each of shape (M,)."""


def excused_by_turns(engine: Engine, entries: list[Entry]) -> list[Entry]:
    """Entries that are WRONG by no more than what an iteration leaves that stops early are UNDECIDED."""
    wrong = [each for each in entries if each.verdict is Verdict.WRONG and math.isfinite(each.claimed)]
    size = len(engine.flat)
    columns = list(dict.fromkeys(each.index % size for each in wrong))
    if not wrong or not engine.is_deterministic or not _turns(_course(engine, engine.flat)[1]):
        return entries
    all_over = engine.scales * np.random.default_rng(13).choice([-1.0, 1.0], size)
    about = np.max([_nearest(engine, side * all_over)[1] for side in (1.0, -1.0)], axis=0)
    if not about.any():
        return entries
    found = {index: _left(engine, index, about) for index in columns[:_MOST]}
    looked_at = [each for each in wrong if each.index % size in found]
    open_ = {each.index: jump for each in looked_at if (jump := _explains(found[each.index % size], each, size)) > 0}
    if len(open_) == len(looked_at):
        largest = max(open_.values())
        open_ |= {each.index: largest for each in wrong if each.index not in open_}
    return [_left_open(each, open_[each.index]) if each.index in open_ else each for each in entries]


def _explains(left: _Left | None, entry: Entry, size: int) -> float:
    """The jump that makes up for a difference; 0 for none."""
    if left is None:
        return 0.0
    jump, slope, bar = (float(part[entry.index // size]) for part in left)
    return jump if abs(slope - entry.claimed) <= bar else 0.0


def _left_open(entry: Entry, jump: float) -> Entry:
    reason = f"the loss iterates until it stops, and jumps by {jump:.0e} nearby: that may make up for the difference"
    return replace(entry, verdict=Verdict.UNDECIDED, reason=reason, cause=Cause.FINE_STRUCTURE)


def _left(engine: Engine, index: int, about: np.ndarray) -> _Left | None:
    """What is left along a coordinate, with the jumps `about` the point, shape (M,); None if nothing jumps."""
    scale = float(engine.scales[index])
    along = scale * (np.arange(len(engine.flat)) == index)
    found = [_nearest(engine, side * along) for side in (1.0, -1.0)]
    jump = np.max([about, *(each[1] for each in found)], axis=0)
    if not (jump > 0).any():
        return None
    spacing = min(scale * sum(each[0] for each in found), 2 * scale)
    steps = _WIDEST * scale * 2.0 ** -np.arange(_STEPS)
    steps = steps[: max(3, int(np.sum(steps >= _WITHIN * spacing)))]
    ahead, behind = np.split(engine.along(index, np.concatenate([steps, -steps])), 2)
    slopes = (ahead - behind) / (2 * steps[:, None])
    bars = _JUMPS * jump / steps[1:, None] + np.abs(np.diff(slopes, axis=0))
    bars[~np.isfinite(bars)] = np.inf
    best, outputs = np.argmin(bars, axis=0), np.arange(len(jump))
    return jump, slopes[1:][best, outputs], np.where(jump > 0, bars[best, outputs], 0.0)


def _nearest(engine: Engine, move: np.ndarray) -> tuple[float, np.ndarray]:
    """After which part of a move the function takes other turns, and how far its outputs jump there; 0 if nowhere."""

    def at(part: float) -> tuple[np.ndarray, Course]:
        return _course(engine, engine.flat + part * move)

    low, (before, course) = 0.0, at(0.0)
    for high in _SHARES.tolist():
        after, other = at(high)
        if other != course:
            break
        low, before = high, after
    else:
        return high, np.zeros_like(before)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        values, other = at(middle)
        if other == course:
            low, before = middle, values
        else:
            high, after = middle, values
    # What the function does on this way without a jump is about what it does on one of the same length before.
    smooth = 2 * np.abs(before - at(low - (high - low))[0])
    jump = np.abs(after - before)
    return low, np.where(np.isfinite(jump) & (jump > smooth), jump, 0.0)


def _course(engine: Engine, flat: np.ndarray) -> tuple[np.ndarray, Course]:
    """The function at a point, and how often it ran each line of what is not a library's."""
    counts: Course = Counter()

    def on_call(frame: FrameType, _: str, __: Any) -> Callable[..., Any] | None:
        if frame.f_globals.get("__name__", "").partition(".")[0] in _LIBRARIES:
            return None
        code, lines = id(frame.f_code), set[int]()
        counts[code, 0, False] += 1

        def on_line(frame: FrameType, event: str, _: Any) -> Callable[..., Any]:
            if event == "line":
                counts[code, frame.f_lineno, frame.f_lineno in lines] += 1
                lines.add(frame.f_lineno)
            return on_line

        return on_line

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        return engine.function(flat), counts
    finally:
        sys.settrace(before)


def _turns(course: Course) -> bool:
    """Tell whether something was run over and over."""
    return any(again or (line == 0 and count >= _CALLS) for (_, line, again), count in course.items())
