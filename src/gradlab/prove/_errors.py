"""What can go wrong while something written is read or judged, and how much work that may take.

Work is counted where it is done, in steps of about a microsecond on a quiet machine: rows read, nodes evaluated, terms
multiplied. So the same text has the same verdicts on every machine, however slow and busy it is; what is kept from one
text for the next is counted as if it were done anew.
"""

from __future__ import annotations

import threading
import time

from gradlab._errors import GradlabError


class NotUnderstoodError(GradlabError):
    """Something written that has no meaning gradlab knows; ``at`` is where it stands, counted in characters."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


class OutOfTimeError(GradlabError):
    """A judgement that took longer than it may."""


READING = 1_000_000  # steps in which one formula is read
# Seconds of this thread after which work ends in any case, in all and for each step: far above what steps take, for
# what is not counted.
_GUARD, _GUARD_A_STEP = 5.0, 1e-5
_SELDOM = 16
_now = getattr(time, "thread_time", time.monotonic)


class _Meter(threading.local):
    """The steps that a thread has made, and how often it was asked whether that is too many."""

    made = 0
    asked = 0


_meter = _Meter()


def spend(steps: int) -> None:
    """Count work: so many steps."""
    _meter.made += steps


class Deadline:
    """How much work may be done from here on: all loops of a judgement look at it.

    Args:
        steps: how many steps.
        outer: a deadline that may be earlier.
    """

    def __init__(self, steps: float, outer: Deadline | None = None) -> None:
        now = _now()
        self.end, self.guard = _meter.made + steps, now + _GUARD + _GUARD_A_STEP * steps
        if outer is not None:
            self.end, self.guard = min(self.end, outer.end), min(self.guard, outer.guard)
        self._look(now)

    def _look(self, now: float) -> None:
        """Look at the clock; once it has passed, the work stays used up."""
        if now > self.guard:
            self.end = -1.0

    def check(self, steps: int = 1) -> None:
        """Go on with so many steps, or not.

        Raises:
            OutOfTimeError: after the deadline.
        """
        _meter.made += steps
        if self.passed:
            raise OutOfTimeError("this takes too long to judge: split it into smaller steps")

    @property
    def left(self) -> float:
        """The steps until then, negative after it."""
        return self.end - _meter.made

    @property
    def passed(self) -> bool:
        """Whether the work is used up; one asks for the time less often, as that takes longer than a step."""
        _meter.asked += 1
        if _meter.asked % _SELDOM == 0:
            self._look(_now())
        return _meter.made > self.end


_SHARE = 1 / 6  # of what is left for a whole text, that one chain may take
_LEAST = 100_000  # steps that each chain has


def share_of(outer: Deadline | None, steps: float) -> Deadline:
    """How long a chain may take: so many steps, fewer when few are left for the others, but never none."""
    return Deadline(steps if outer is None else max(_LEAST, min(steps, _SHARE * outer.left)))
