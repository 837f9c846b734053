"""What can be said about a run that failed: causes, each with what to do, and one finding a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Why(Enum):
    """Why a run failed; `why.remedy` says what to try."""

    DIVERGED = "its loss rose above where it began, or stopped being finite"
    OSCILLATING = "its steps are too long for the valley it is in: the loss goes up and down"
    NOT_DONE = "it was on its way: with more steps it succeeds"
    PLATEAU = "its hidden units give nearly the same at every point, so the loss hardly changes with any weight"
    IDLE_UNITS = "units that give the same at every point; made anew, they lower the loss"
    TWIN_UNITS = "units that compute the same and therefore move alike; parted, they lower the loss"
    SADDLE = "it stands at a saddle: along one direction, which it hardly moves in, the loss falls"
    LOCAL_MINIMUM = "it is in a local minimum, or in a valley that only leads further out"
    UNCLEAR = "none of the known causes could be shown"

    @property
    def remedy(self) -> str:
        """What to try."""
        return _REMEDIES[self]


_REMEDIES = {
    Why.DIVERGED: "a smaller learning_rate, or initial parameters of a smaller scale",
    Why.OSCILLATING: "a smaller learning_rate, or one that falls, as gl.rules.Cosine",
    Why.NOT_DONE: "more steps",
    Why.PLATEAU: "another start: initial parameters of another scale, or a smaller learning_rate at the beginning",
    Why.IDLE_UNITS: "other starts, more hidden units, or an activation without flat parts, as leaky_relu",
    Why.TWIN_UNITS: "starts that differ from unit to unit",
    Why.SADDLE: "more steps, or a rule with momentum",
    Why.LOCAL_MINIMUM: "other starts, or more hidden units",
    Why.UNCLEAR: "a look at its curve, and more steps",
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why one run failed.

    Args:
        run: the run's number.
        why: the cause.
        evidence: what was seen, in words and numbers.
        units: the hidden units it is about, where it is about some.
        steps: for NOT_DONE, after how many steps in all the run succeeds, as seen by letting it go on.
        direction: for SADDLE, the direction of escape by parameter.
        curvature: the smallest eigenvalue of the loss's Hessian where the run would end, where it was computed.
    """

    run: int
    why: Why
    evidence: str
    units: tuple[str, ...] = ()
    steps: int | None = None
    direction: dict[str, float] | None = None
    curvature: float | None = None

    def __str__(self) -> str:
        return f"run {self.run}: {self.why.name}, {self.evidence}"


@dataclass(frozen=True, slots=True)
class Diagnoses:
    """Why the failed runs of a training failed; `print` counts the causes.

    Args:
        found: one for each run that failed, by number.
        runs: of how many.
        words: what failing means here.
    """

    found: tuple[Diagnosis, ...]
    runs: int
    words: str

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[Diagnosis]:
        return iter(self.found)

    def __getitem__(self, run: int) -> Diagnosis:
        for one in self.found:
            if one.run == run:
                return one
        raise KeyError(f"run {run} did not fail, or there is no such run")

    @property
    def counts(self) -> dict[Why, int]:
        """How many runs failed of each cause, the commonest first."""
        return dict(Counter(one.why for one in self.found).most_common())

    def __str__(self) -> str:
        if not self.found:
            return f"none of {self.runs} runs failed: {self.words}"
        lines = [f"{len(self.found)} of {self.runs} runs failed: {self.words}"]
        for why, count in self.counts.items():
            example = next(one for one in self.found if one.why is why)
            lines += [
                f"{count:>6}  {why.name}: {why.value}",
                f"        as run {example.run}: {example.evidence}",
                f"        try {why.remedy}",
            ]
        return "\n".join(lines)
