"""How long something takes, without the time in which this machine had no processor free for it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from gradlab.labs._deadline import MOST_PATIENCE, Deadline
from gradlab.labs.grade.protocol import CheckTimeoutError
from gradlab.labs.grade.sandbox import Cage, kept_waiting

SPARE: Final = 60.0
"""Seconds that are added to what a busy machine may take for something, since a short time says little there."""
_AT_ONCE: Final = 1e-3  # seconds; none would set no alarm


class Clock:
    """Knows for how long this process and a submission's were kept waiting for a processor.

    Attributes:
        known: the seconds when it was asked last.
        is_blind: whether this system does not tell.
        is_cut: whether something had to be over though it had not had its time.
    """

    def __init__(self) -> None:
        self.known, self.is_blind, self.is_cut = 0.0, False, False
        self._cage: Cage | None = None
        self._before, self._theirs = 0.0, 0.0

    def watch(self, cage: Cage | None) -> None:
        """Count another process of the submission from now on, or none."""
        self._before, self._theirs = self._before + self._theirs, 0.0
        self._cage = cage

    def ask(self) -> float:
        """The seconds in all."""
        theirs = self._cage.waited() if self._cage is not None else 0.0
        self.is_blind |= theirs is None
        self._theirs = theirs or self._theirs
        return self._counted()

    def deadline(self, seconds: float) -> Deadline:
        """Until when something has to be done that may take some seconds; on a busy machine a few times as many.

        That patience ends where something had to be over without having had its time: a human looks at it anyway.
        """
        self._counted()
        return Deadline(seconds, self, seconds if self.is_cut else MOST_PATIENCE * seconds + SPARE)

    def _counted(self) -> float:
        own = kept_waiting(os.getpid())
        self.is_blind |= own is None
        self.known = (own or 0.0) + self._before + self._theirs
        return self.known


def stopwatch() -> Callable[[], float]:
    """Begin to measure; what is returned tells the seconds since then, without what this process was kept waiting.

    Never less than it had a processor: what a busy system says about waiting need not fit in the time that has passed.
    """
    begun, used, waited = time.monotonic(), time.process_time(), kept_waiting(os.getpid())

    def taken() -> float:
        now = kept_waiting(os.getpid())
        lost = now - waited if now is not None and waited is not None else 0.0
        return max(time.monotonic() - begun - max(lost, 0.0), time.process_time() - used)

    return taken


@contextmanager
def alarm(limit: float, clock: Clock | None = None) -> Iterator[Callable[[float], None]]:
    """Stop what is done inside after some seconds; what is yielded sets other ones, from then on.

    One around it, which does not ring meanwhile, goes on behind it.
    """
    kept = clock or Clock()

    def begin(seconds: float) -> None:
        deadline = kept.deadline(seconds)

        def ring(number: int, frame: FrameType | None) -> None:
            if left := deadline.left():
                signal.setitimer(signal.ITIMER_REAL, left)
            else:
                raise CheckTimeoutError(f"it took longer than {seconds:g} s")

        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, seconds)

    before, begun = signal.getsignal(signal.SIGALRM), time.monotonic()
    outer, _ = signal.getitimer(signal.ITIMER_REAL)
    begin(limit)
    try:
        yield begin
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if outer:
            signal.setitimer(signal.ITIMER_REAL, max(outer - (time.monotonic() - begun), _AT_ONCE))
