"""How long something may take on a machine that has other things to do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final, Protocol

_SHORTEST: Final = 0.005  # seconds that are worth waiting for


class Waits(Protocol):
    """Says for how long what has a deadline was kept waiting for a processor by others."""

    known: float

    def ask(self) -> float:
        """The seconds in all; they are `known` from then on."""
        ...


class Deadline:
    """Until when something has to be done; the time in which no processor was free for it does not count.

    Args:
        seconds: what it may take.
        waits: says how much of the time does not count. Default none.
    """

    def __init__(self, seconds: float, waits: Waits | None = None) -> None:
        self._end, self._waits = time.monotonic() + seconds, waits
        self._counted = waits.known if waits is not None else 0.0

    def left(self) -> float:
        """The seconds that are left; none or less where it is over."""
        left = self._end - time.monotonic()
        if left <= 0 and self._waits is not None:
            waited = self._waits.ask()
            more, self._counted = waited - self._counted, waited
            self._end += more
            left += more
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
        self._process, self.known = process, 0.0
        self.ask()

    def ask(self) -> float:
        """The seconds in all."""
        found = used_and_waited(self._process)
        self.known = found[1] if found is not None else self.known
        return self.known
