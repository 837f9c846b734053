"""How much a check may cost: evaluations and time, and who is told how far it is."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_QUIET, _EVERY = 2.0, 0.2
_WIDTH = 79
# So many steps may the search for what is wrong take, which is two seconds or so; and so many numbers count for one.
_SEARCH, _NUMBERS = 60_000, 2000
# So many evaluations it may take in any case, and this part of those that the verdict took.
_LEAST_SEARCH, _SHARE = 36, 3
# When the time is over, what runs is interrupted, and again after so many seconds if it went on.
_AGAIN, _OWN = 0.5, str(Path(__file__).parent)
# Where the function and the gradient are called.
_CALLS = {"_measure", "_given"}


def _is_alarm_free() -> bool:
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and hasattr(signal, "setitimer") and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


class Exhausted(Exception):  # noqa: N818 - it is no error: what is known so far is the answer
    """A bound was reached; the message is the bound."""


class Overtime(Exhausted):
    """The search for what is wrong took too long: what it found so far is told."""


class Work:
    """Counts the steps of the search for what is wrong, and how often it evaluates the function.

    Args:
        until: When it ends in any case, by the monotonic clock. Default never.
        evaluations: How often it may evaluate the function. Default as often as it takes.
    """

    def __init__(self, until: float = math.inf, evaluations: float = math.inf) -> None:
        self.until, self.left, self.evaluations = until, float(_SEARCH), evaluations
        self.is_short = False

    @property
    def is_over(self) -> bool:
        """Whether something was left out for its cost."""
        return self.left < 0 or self.is_short

    def evaluate(self, count: int) -> None:
        """Count evaluations of the function that are about to be made.

        Raises:
            Overtime: They are more than are left.
        """
        if count > self.evaluations:
            self.is_short = True
            raise Overtime("the search for what is wrong took too many evaluations")
        self.evaluations -= count

    def spend(self, steps: float, numbers: int = 0) -> None:
        """Count steps, and the numbers that they went through.

        Raises:
            Overtime: There were too many.
        """
        self.left -= steps + numbers / _NUMBERS
        if self.left < 0 or time.monotonic() > self.until:
            self.left = -1.0
            raise Overtime("the search for what is wrong took too long")


class Budget:
    """Counts evaluations and time.

    Args:
        max_evaluations: How many evaluations of the function are allowed. Default as many as it takes.
        time_limit: How long it may take, in seconds. Default as long as it takes.
        progress: Whether a line on the error stream says how far it is; None for when it takes long in a terminal.
    """

    def __init__(
        self, max_evaluations: int | None = None, time_limit: float | None = None, progress: bool | None = False
    ) -> None:
        self.max_evaluations, self.time_limit = max_evaluations, time_limit
        self.evaluations = 0
        self._began = self._told = time.monotonic()
        self._show = sys.stderr.isatty() if progress is None else progress
        self._patience = _QUIET if progress is None else 0.0
        self._line = ""
        self._place = ""

    def spend(self, count: int) -> None:
        """Count evaluations that are about to be made.

        Raises:
            Exhausted: They, or the time, go beyond what is allowed.
        """
        if self.max_evaluations is not None and self.evaluations + count > self.max_evaluations:
            raise Exhausted(f"max_evaluations={self.max_evaluations}")
        if self.time_limit is not None and time.monotonic() - self._began > self.time_limit:
            raise Exhausted(f"time_limit={self.time_limit:g}")
        self.evaluations += count
        if self._show:
            self._tell()

    @contextmanager
    def alarm(self) -> Iterator[None]:
        """Let a function that does not come back be interrupted when the time is over: in a main thread of Unix.

        Whoever uses the alarm of the process already keeps it.
        """
        if self.time_limit is None or not _is_alarm_free():
            yield
            return
        signal.signal(signal.SIGALRM, self._ring)
        left = self._began + self.time_limit - time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, max(left, 1e-3), _AGAIN)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def _ring(self, _: int, frame: FrameType | None) -> None:
        # What is the judge's own comes to its next evaluation by itself, and stops there.
        while frame is not None:
            if frame.f_code.co_name in _CALLS and frame.f_code.co_filename.startswith(_OWN):
                raise Exhausted(f"time_limit={self.time_limit:g}")
            frame = frame.f_back

    def give_back(self, count: int) -> None:
        """Evaluations that came to nothing are not counted."""
        self.evaluations -= count

    def now_at(self, place: Callable[[], str]) -> None:
        """Say which entry is being worked on.

        Args:
            place: Makes its description; called only if somebody is told.
        """
        if self._show:
            self._place = place()
            self._tell()

    def search(self) -> Work:
        """What the search for what is wrong may cost."""
        until = math.inf if self.time_limit is None else self._began + self.time_limit
        return Work(until, max(_LEAST_SEARCH, self.evaluations // _SHARE))

    def close(self) -> None:
        """Wipe the line of progress away."""
        if self._line:
            sys.stderr.write("\r" + " " * len(self._line) + "\r")
            sys.stderr.flush()
            self._line = ""

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._began < self._patience or now - self._told < _EVERY:
            return
        self._told = now
        bounds = "" if self.max_evaluations is None else f" of {self.max_evaluations}"
        what = f"checking {self._place}" if self._place else "checking all together"
        text = f"{what}: {self.evaluations}{bounds} evaluations, {now - self._began:.0f} s"[:_WIDTH]
        sys.stderr.write("\r" + text.ljust(len(self._line)))
        sys.stderr.flush()
        self._line = text
