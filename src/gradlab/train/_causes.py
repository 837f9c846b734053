"""Why a run failed: each cause is tried on the run itself before it is named. What tries it is somebody else.

`investigate` asks for trainings and second derivatives, and is answered: with NumPy, or by kernels in the browser.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from gradlab._words import listed
from gradlab.train._why import Diagnosis, Why

TRIES = 8  # fresh starts of a part of a network
_LOWER = 0.99  # a loss that is lower by 1 % is lower
_WINDOW = 50  # the last steps, in which an oscillation shows
_SAME = 1e-6  # what agrees to this, relative, is the same
_CONSTANT = 1e-3  # a unit that varies by less than this over the points tells none of them apart
_REACH = 0.1  # of a step away from a saddle
Row = Sequence[float]
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Facts:
    """A run that failed, and how it goes on by the same rule.

    Args:
        run: its number.
        diverged: whether it diverged.
        sizes: units of each layer of the network.
        biases: whether it has biases.
        units: the names of the units of each layer.
        names: the names of the parameters.
        plain: whether steps are gradient descent with one rate on all points, so that the limit 2/curvature holds.
        rate: the learning rate.
        steps: how many steps the run took.
        more: how many times as many it goes on for.
        spread: the standard deviation of the initial parameters of all runs.
        born: where it started.
        here: its parameters after its steps.
        far: its parameters once it has gone on.
        curve: its loss before the first step and after each.
        end: its loss once it has gone on.
        success_step: the first step after which it has what was wanted, of all; -1 for never.
        succeeds: whether it has what was wanted once it has gone on.
    """

    run: int
    diverged: bool
    sizes: Sequence[int]
    biases: bool
    units: Sequence[Sequence[str]]
    names: Sequence[str]
    plain: bool
    rate: float
    steps: int
    more: int
    spread: float
    born: Row
    here: Row
    far: Row
    curve: Row
    end: float
    success_step: int
    succeeds: bool

    @property
    def at(self) -> Row:
        """Where the run would end, unless it would succeed there, or only moves about."""
        came_far = all(map(math.isfinite, self.far)) and self.end <= self.curve[-1] and not self.succeeds
        return self.far if came_far else self.here

    @property
    def hidden(self) -> list[Place]:
        """The hidden units: layers from 1, units from 0."""
        return [(layer, unit) for layer, size in enumerate(self.sizes[1:-1], 1) for unit in range(size)]

    def named(self, places: Sequence[Place]) -> tuple[str, ...]:
        """The names of some units."""
        return tuple(self.units[layer][unit] for layer, unit in places)

    def into(self, place: Place) -> list[int]:
        """Which parameters are a unit's bias and weights."""
        first = 0
        for layer, (below, above) in enumerate(pairwise(self.sizes), start=1):
            rows = below + self.biases
            if layer == place[0]:
                return [first + place[1] + above * row for row in range(rows)]
            first += rows * above
        raise AssertionError("no such layer")


@dataclass(frozen=True, slots=True)
class Train:
    """Asks for trainings by the run's rule.

    Args:
        starts: where they begin.
        steps: how many steps.
        slower: what the learning rate is divided by.
        replay: whether it is the run's own start, so that the schedule and the batches are those of the run.
        curves: whether the losses of the first are wanted.
        moved: in which parameters each start gets standard normal numbers: row i of those of the seed 1.
        by: what these are multiplied with.
        anew: whether they replace what was there, or are added to it.
    """

    starts: Sequence[Row]
    steps: int
    slower: float = 1.0
    replay: bool = False
    curves: bool = False
    moved: Sequence[int] = ()
    by: float = 0.0
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Trained:
    """How trainings ended: their losses, which diverged, and every loss of the first where that was wanted."""

    loss: Row
    diverged: Sequence[bool]
    curve: Row = ()


@dataclass(frozen=True, slots=True)
class Losses:
    """Asks for the mean losses at some parameters: a list of numbers."""

    at: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Look:
    """Asks what there is at some parameters: a `Seen`."""

    at: Row


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is at some parameters.

    Args:
        loss: the mean loss.
        gradient: its derivatives.
        values: the eigenvalues of its Hessian, from the smallest.
        vectors: their directions, of length 1.
        hidden: what each hidden unit gives at every point, in the order of `Facts.hidden`.
    """

    loss: float
    gradient: Row
    values: Row
    vectors: Sequence[Row]
    hidden: Sequence[Row]

    @property
    def slope(self) -> float:
        """The length of the gradient."""
        return math.hypot(*self.gradient)


Asking = Generator[Train | Losses | Look, Any, Diagnosis | None]


def investigate(facts: Facts) -> Generator[Train | Losses | Look, Any, Diagnosis]:
    """Asks what is needed, by ``yield``, and returns the first cause that can be shown."""
    if facts.diverged:
        return (yield from _diverged(facts))
    if facts.succeeds and facts.success_step > facts.steps:
        words = f"it succeeds after {facts.success_step:,} steps instead of {facts.steps:,}"
        return Diagnosis(facts.run, Why.NOT_DONE, words, steps=facts.success_step)
    if (found := (yield from _oscillating(facts))) is not None:
        return found
    seen: Seen = yield Look(facts.at)
    tried: tuple[Callable[[Facts, Seen], Asking], ...] = (_twins, _saddle, _plateau, _idle, _minimum)
    if facts.succeeds:  # it had what was wanted, lost it, and has it again: nothing is stuck
        tried = ()
    for attempt in tried:
        if (found := (yield from attempt(facts, seen))) is not None:
            return found
    words = f"loss {seen.loss:.4g}, gradient {seen.slope:.1g}, smallest eigenvalue {seen.values[0]:.1e}{_after(facts)}"
    return Diagnosis(facts.run, Why.UNCLEAR, words, curvature=seen.values[0])


def _diverged(facts: Facts) -> Generator[Train, Trained, Diagnosis]:
    first, end = facts.curve[0], facts.curve[-1]
    tenth = yield Train([facts.born], facts.steps, slower=10, replay=True)
    ended = f"its loss went from {first:.4g} to {end:.4g}" if math.isfinite(end) else "its loss is no number any more"
    less = "" if tenth.diverged[0] else f"; with a tenth of the learning rate it ends at {tenth.loss[0]:.4g}"
    return Diagnosis(facts.run, Why.DIVERGED, ended + less)


def _oscillating(facts: Facts) -> Asking:
    last = facts.curve[-_WINDOW - 1 :]
    rises = _rises(last)
    if not facts.plain or len(last) < 10 or sum(rises) < 0.3 * len(rises):
        return None
    if max(last) - min(last) < 1e-4 * max(map(abs, last)):
        return None
    slow: Trained = yield Train([facts.here], facts.steps, slower=4, curves=True)
    settled = slow.curve[len(slow.curve) // 2 :]
    if any(_rises(settled)) or not slow.loss[0] < min(last):
        return None
    here: Seen = yield Look(facts.here)
    curvature = here.values[-1]
    if facts.rate * curvature < 1.8:
        return None
    return Diagnosis(
        facts.run,
        Why.OSCILLATING,
        f"its loss rose in {sum(rises)} of the last {len(rises)} steps; the curvature {curvature:.3g} allows rates "
        f"below {2 / curvature:.3g}, and with a quarter of the rate the loss falls to {slow.loss[0]:.4g}",
    )


def _twins(facts: Facts, seen: Seen) -> Asking:
    for (one, gives), (other, _) in combinations(zip(facts.hidden, seen.hidden, strict=True), 2):
        places = facts.into(one), facts.into(other)
        if one[0] != other[0] or _range(gives) <= _CONSTANT or not _alike(facts.at, *places):
            continue
        # Those that began alike are parted where they began: far out it would take too long to show.
        apart = facts.born if _alike(facts.born, *places) else facts.at
        by = max(abs(apart[place]) for place in places[1])
        words = "{units} have the same weights up to the sign; had they been parted, the loss would go"
        wanted = Train([apart] * TRIES, _long(facts), moved=places[1], by=max(by, 0.1))
        found = yield from _lower(facts, seen, wanted, Why.TWIN_UNITS, [one, other], words)
        if found is not None:
            return found
    return None


def _saddle(facts: Facts, seen: Seen) -> Asking:
    least, away = seen.values[0], seen.vectors[0]
    if least >= -1e-4 * max(map(abs, seen.values)) or least > -1e-8:
        return None
    sides = [[x + sign * _REACH * way for x, way in zip(facts.at, away, strict=True)] for sign in (1, -1)]
    if min((yield Losses(sides))) > seen.loss - 0.25 * abs(least) * _REACH**2:
        return None
    gone: Trained = yield Train(sides, _long(facts))
    losses = [loss if math.isfinite(loss) else math.inf for loss in gone.loss]
    if not min(losses) < _LOWER * seen.loss:
        return None
    sign = 1 if losses[0] <= losses[1] else -1
    return Diagnosis(
        facts.run,
        Why.SADDLE,
        f"the Hessian's smallest eigenvalue is {least:.3g}; a step of {_REACH:g} along its direction, and "
        f"the loss goes from {seen.loss:.4g} to {min(losses):.4g}",
        direction={name: sign * way for name, way in zip(facts.names, away, strict=True)},
        curvature=least,
    )


def _constant(facts: Facts, seen: Seen) -> dict[Place, float]:
    """Hidden units that give nearly the same at every point, and by how much they vary."""
    ranges = {
        place: (_range(gives), max(map(abs, gives))) for place, gives in zip(facts.hidden, seen.hidden, strict=True)
    }
    return {place: varies for place, (varies, largest) in ranges.items() if varies <= _CONSTANT * max(1.0, largest)}


def _plateau(facts: Facts, seen: Seen) -> Asking:
    constant = _constant(facts, seen)
    for layer, size in enumerate(facts.sizes[1:-1], 1):
        flat = [place for place in constant if place[0] == layer]
        if len(flat) == size:
            names = facts.named(flat)
            return Diagnosis(
                facts.run,
                Why.PLATEAU,
                f"over the points {_together(names)} vary by at most {max(constant[place] for place in flat):.1g}, so "
                f"every point gets the same output; the gradient is {seen.slope:.1g}{_after(facts)}",
                units=names,
            )
    return None
    yield  # it asks for nothing


def _idle(facts: Facts, seen: Seen) -> Asking:
    idle = list(_constant(facts, seen))
    if not idle:
        return None
    moved = [number for place in idle for number in facts.into(place)]
    wanted = Train([facts.at] * TRIES, _long(facts), moved=moved, by=max(facts.spread, 0.1), anew=True)
    words = "the same at every point from {units}; made anew, the loss goes"
    return (yield from _lower(facts, seen, wanted, Why.IDLE_UNITS, idle, words))


def _minimum(facts: Facts, seen: Seen) -> Asking:
    top = max(map(abs, seen.values))
    if seen.values[0] < -1e-6 * top:
        return None
    along = [sum(way * slope for way, slope in zip(vector, seen.gradient, strict=True)) for vector in seen.vectors]
    bent = [value > 1e-9 * top for value in seen.values]
    left = 0.5 * sum(part**2 / value for part, value, is_bent in zip(along, seen.values, bent, strict=True) if is_bent)
    flat = max((abs(part) for part, is_bent in zip(along, bent, strict=True) if not is_bent), default=0.0)
    if left > 0.05 * seen.loss or flat > 1e-6 * (1 + seen.loss):
        return None
    back: Trained = yield Train([facts.at] * TRIES, facts.steps, moved=tuple(range(len(facts.at))), by=0.05)
    if not all(loss >= seen.loss - max(3 * left, 0.02 * seen.loss) for loss in back.loss):
        return None
    return Diagnosis(
        facts.run,
        Why.LOCAL_MINIMUM,
        f"the loss {seen.loss:.4g} bends up in every direction that it bends in (smallest eigenvalue "
        f"{seen.values[0]:.1e}), and {TRIES} runs pushed away from it come back{_after(facts)}",
        curvature=seen.values[0],
    )


def _lower(facts: Facts, seen: Seen, wanted: Train, why: Why, places: list[Place], words: str) -> Asking:
    """The cause, if training from these starts brings the loss down by what no further step of the run does."""
    ended: Trained = yield wanted
    best = min((loss for loss in ended.loss if math.isfinite(loss)), default=math.inf)
    if not best < _LOWER * seen.loss:
        return None
    names = facts.named(places)
    text = f"{words.format(units=_together(names))} from {seen.loss:.4g} down to {best:.4g}"
    return Diagnosis(facts.run, why, text, units=names)


def _long(facts: Facts) -> int:
    return facts.steps * (1 + facts.more)


def _after(facts: Facts) -> str:
    return f", after {_long(facts):,} steps"


def _rises(losses: Row) -> list[bool]:
    return [after - before > 1e-9 * abs(after) for before, after in pairwise(losses)]


def _range(values: Row) -> float:
    return max(values) - min(values)


def _alike(parameters: Row, one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two units have the same bias and weights, or the same with the other sign."""
    pairs = [(parameters[a], parameters[b]) for a, b in zip(one, other, strict=True)]
    within = _SAME * (1 + max(abs(a) for a, _ in pairs))
    return any(all(abs(a - sign * b) <= within for a, b in pairs) for sign in (1, -1))


def _together(names: tuple[str, ...]) -> str:
    return listed(names if len(names) <= 6 else (*names[:5], f"{len(names) - 5} more"), "and")
