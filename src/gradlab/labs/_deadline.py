"""How long something may take on a machine that has other things to do."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Final, Protocol

MOST_PATIENCE: Final = 4.0
"""How many times as long as on an idle machine something may take because others keep it waiting."""
_SHORTEST: Final = 0.005  # seconds that are worth waiting for


class Waits(Protocol):
    """Says for how long what has a deadline was kept waiting for a processor by others."""

    known: float
    is_cut: bool  # whether something was over though it had not had its time

    def ask(self) -> float:
        """The seconds in all; they are `known` from then on."""
        ...


class Deadline:
    """Until when something has to be done; the time in which no processor was free for it does not count.

    Args:
        seconds: what it may take.
        waits: says how much of the time does not count. Default none.
        most: seconds behind which it is over however little of them counts; `waits` is told. Default none.
    """

    def __init__(self, seconds: float, waits: Waits | None = None, most: float = math.inf) -> None:
        begun = time.monotonic()
        self._end, self._last, self._waits = begun + seconds, begun + most, waits
        self._counted = waits.known if waits is not None else 0.0

    def left(self) -> float:
        """The seconds that are left; none or less where it is over."""
        left = self._end - time.monotonic()
        if left <= _SHORTEST and self._waits is not None:
            waited = self._waits.ask()
            more, self._counted = waited - self._counted, waited
            self._end += more
            left += more
        if left > _SHORTEST and (rest := self._last - time.monotonic()) < left:
            left = rest
            if rest <= _SHORTEST and self._waits is not None:
                self._waits.is_cut = True
        return left if left > _SHORTEST else 0.0


def used_and_waited(process: int) -> tuple[float, float] | None:
    """Seconds for which a process had a processor, and was ready to run and had none; None where nobody counts them."""
    try:
        used, waited, _ = (int(number) / 1e9 for number in Path(f"/proc/{process}/schedstat").read_text().split())
    except (OSError, ValueError):
        return None
    return used, waited


class Waiting:
    """How long a process has been kept waiting for a processor.

    Args:
        process: its number.
    """

    def __init__(self, process: int) -> None:
        self._process, self.known, self.is_cut = process, 0.0, False
        self.ask()

    def ask(self) -> float:
        """The seconds in all."""
        found = used_and_waited(self._process)
        self.known = found[1] if found is not None else self.known
        return self.known
