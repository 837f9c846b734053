"""How far a sweep is."""

from __future__ import annotations

from dataclasses import dataclass

from gradlab._words import sized


@dataclass(frozen=True, slots=True)
class Cost:
    """What the rest of a sweep costs, known before it starts.

    Args:
        seconds: that it takes at most, as a small part of it took.
        chunks: in which it is trained and kept.
        size: bytes of the result.
        room: what those are bytes of.
    """

    seconds: float
    chunks: int
    size: int
    room: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is; `print(progress)` shows it in a line.

    Args:
        done: runs done.
        total: runs in all.
        seconds: time since the first run began.
        successes: runs done that got every point right; None where there is no right and wrong.
        before: how many of the runs done were done before the clock was started.
        what: is counted: runs, or the pixels of a map.
        cost: what the rest costs; None once the first chunk is done.

    >>> print(Progress(done=2000, total=10000, seconds=0.5, successes=1400))
    2,000 of 10,000 runs, 4,000 runs/s, 2.0 s left, 70.0 % successes
    """

    done: int
    total: int
    seconds: float
    successes: int | None
    before: int = 0
    what: str = "runs"
    cost: Cost | None = None

    @property
    def runs_per_second(self) -> float:
        """Runs done in a second so far, without those that were done before."""
        return (self.done - self.before) / self.seconds if self.seconds > 0 else float("inf")

    @property
    def seconds_left(self) -> float:
        """How long the rest takes at this speed."""
        return (self.total - self.done) / self.runs_per_second if self.done > self.before else float("inf")

    @property
    def success_rate(self) -> float | None:
        """The share of the runs done that got every point right; None where there is no right and wrong."""
        return None if self.successes is None or not self.done else self.successes / self.done

    def __str__(self) -> str:
        if self.cost is not None:
            chunks = "a chunk" if self.cost.chunks == 1 else f"{self.cost.chunks:,} chunks"
            size = f"{sized(self.cost.size)} of {self.cost.room}"
            return (
                f"{self.total - self.done:,} of {self.total:,} {self.what} to train in {chunks}, {size}, "
                f"about {in_seconds(self.cost.seconds)} or less"
            )
        parts = [f"{self.done:,} of {self.total:,} {self.what}", f"{self.runs_per_second:,.0f} {self.what}/s"]
        if self.done < self.total:
            parts.append(f"{in_seconds(self.seconds_left)} left")
        if self.success_rate is not None:
            parts.append(f"{100 * self.success_rate:.1f} % successes")
        return ", ".join(parts)


def in_seconds(seconds: float) -> str:
    """Returns a time in words.

    >>> in_seconds(2), in_seconds(500), in_seconds(8000)
    ('2.0 s', '8 min 20 s', '2 h 13 min')
    """
    if seconds < 1:
        return f"{seconds:.2g} s"
    if seconds < 120 or seconds == float("inf"):
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
