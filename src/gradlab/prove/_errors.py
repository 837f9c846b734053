"""What can go wrong while something written is read or judged, and the time it may take."""

from __future__ import annotations

import time

from gradlab._errors import GradlabError


class NotUnderstoodError(GradlabError):
    """Something written that has no meaning gradlab knows; ``at`` is where it stands, counted in characters."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


class OutOfTimeError(GradlabError):
    """A judgement that took longer than it may."""


# Seconds of this thread's own work: on a busy machine the verdicts are the same as on an idle one.
_now = getattr(time, "thread_time", time.monotonic)


class Deadline:
    """A moment, in seconds of work, that all loops of a judgement look at.

    Args:
        seconds: how far ahead it is.
        outer: a deadline that may be earlier.
    """

    def __init__(self, seconds: float, outer: Deadline | None = None) -> None:
        self.end = _now() + seconds
        if outer is not None:
            self.end = min(self.end, outer.end)

    def check(self) -> None:
        """Go on, or not.

        Raises:
            OutOfTimeError: after the deadline.
        """
        if self.passed:
            raise OutOfTimeError("this takes too long to judge: split it into smaller steps")

    @property
    def left(self) -> float:
        """Seconds until then, negative after it."""
        return self.end - _now()

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return self.left < 0


_SHARE = 1 / 6  # of what is left for a whole text, that one chain may take
_LEAST = 0.05  # seconds that each chain has


def share_of(outer: Deadline | None, seconds: float) -> Deadline:
    """How long a chain may take: so many seconds, less when little is left for the others, but never nothing."""
    return Deadline(seconds if outer is None else max(_LEAST, min(seconds, _SHARE * outer.left)))
