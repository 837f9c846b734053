"""What the rules on computations share: spots, parts of a gradient, and hypotheses about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial, wraps
from itertools import islice

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis, Rule, View
from gradlab.check.names._mistakes import Mistake
from gradlab.check.tracing import Program, UntraceableError
from gradlab.check.tracing._maps import Adjoint, Map
from gradlab.check.tracing._program import CUTS, MOVES, Backward, Step

Change = Callable[[Program], Mapping[int, Backward]]
"""From a program to the ways back that a mistake puts in place of the right ones."""

Make = Callable[[Program, int, int], Map]
"""From a program, a value and a position to the derivative of the value by the operand there."""

_MOST_SINGLES = 8
_MOST_SPOTS = 400


def of_program(rule: Callable[[Evidence, Program], Iterator[Hypothesis]]) -> Rule:
    """Make a rule about the loss taken apart, which proposes nothing where it cannot be."""

    @wraps(rule)
    def propose(evidence: Evidence) -> Iterator[Hypothesis]:
        program = evidence.here.program
        return iter(()) if program is None else rule(evidence, program)

    return propose


def spots(program: Program) -> Iterator[tuple[int, ...]]:
    """The values computed by each line of the source: all of a loop together, then each by itself."""
    for values in islice(program.places.values(), _MOST_SPOTS):
        yield values
        if 1 < len(values) <= _MOST_SINGLES:
            yield from ((value,) for value in values)


def changed(view: View, change: Change) -> np.ndarray | None:
    """The gradient with a mistake in it; None where the mistake cannot be made."""
    if view.program is None:
        return None
    try:
        return view.program.gradient(change(view.program))
    except (UntraceableError, ValueError):
        # A mistake that gives the parts shapes which do not go together was not made.
        return None


def describe(program: Program, values: tuple[int, ...]) -> str:
    """The operation, as it is written where that does not say its name, and how often it occurs."""
    step = program.step(values[0])
    written = step.place.part
    told = step.operation if not written or step.operation in written else written
    if len(values) > 1:
        return f"{told} (all {len(values)} times)"
    turns = next((group for group in program.places.values() if values[0] in group), values)
    return told if len(turns) == 1 else f"{told} (time {turns.index(values[0]) + 1} of {len(turns)})"


def rank_of(program: Program, values: tuple[int, ...], rank: int) -> int:
    """How simple a mistake at these values is: what uses a part says more than what takes it out."""
    return rank + 1 if program.step(values[0]).operation in MOVES else rank


def place(program: Program, values: tuple[int, ...]) -> str:
    """The line of the operation."""
    return str(program.step(values[0]).place)


def edges(program: Program) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The values of each spot with each of their operands, by its positions: x @ x has one; none through detach()."""
    for values in spots(program):
        step = fullest(program, values)
        for operand in dict.fromkeys(step.operands):
            if operand is not None and step.operation not in CUTS:
                yield values, tuple(spot for spot, each in enumerate(step.operands) if each == operand)


def fullest(program: Program, values: tuple[int, ...]) -> Step:
    """The step of one of these values, of that with the most operands: a loop may begin with a constant."""
    return max(map(program.step, values), key=lambda step: len(step.operands) - step.operands.count(None))


def drop_edge(values: tuple[int, ...], positions: tuple[int, ...]) -> Change:
    """Nothing comes back through one operand of these values."""
    return scale_edge(values, positions, 0.0)


def through_none(values: Iterable[int]) -> Change:
    """Nothing comes back through these values."""
    cut = tuple(values)
    return lambda program: {value: lambda cotangent: () for value in cut}


def scale_edge(values: tuple[int, ...], positions: tuple[int, ...], factor: float) -> Change:
    """What comes back through one operand of these values has a factor."""

    def change(program: Program) -> dict[int, Backward]:
        return {value: _scaled(program, value, positions, factor) for value in values}

    return change


def _scaled(program: Program, value: int, positions: tuple[int, ...], factor: float) -> Backward:
    ways = {spot: program.map(value, spot) for spot in positions} if factor else {}
    scaled = {spot: Adjoint(lambda cotangent, way=way: factor * way.pull(cotangent)) for spot, way in ways.items()}
    return through(program, value, {spot: scaled.get(spot) for spot in positions})


def through(program: Program, value: int, others: Mapping[int, Map | None]) -> Backward:
    """The way back through the step of a value with other maps at some positions of its operands; None for nothing."""
    step = program.step(value)
    ways = [(operand, spot) for spot, operand in enumerate(step.operands) if operand is not None]

    def pull(cotangent: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        for operand, spot in ways:
            way = others[spot] if spot in others else program.map(value, spot)
            if way is not None:
                yield operand, way.pull(cotangent)

    return pull


def replaced(values: tuple[int, ...], ways: Mapping[int, Make]) -> Change:
    """Other derivatives by some operands of these values."""

    def change(program: Program) -> dict[int, Backward]:
        return {
            value: through(program, value, {spot: make(program, value, spot) for spot, make in ways.items()})
            for value in values
        }

    return change


def parts(evidence: Evidence, change: Change) -> tuple[np.ndarray, np.ndarray] | None:
    """The gradient without what the change drops, and what it drops; None if one of them is nothing."""
    here = evidence.here
    rest = changed(here, change)
    if rest is None or not np.isfinite(rest).all():
        return None
    part = here.right - rest
    largest = np.abs(here.right).max(initial=0.0)
    if np.abs(part).max(initial=0.0) <= 1e-9 * largest or np.abs(rest).max(initial=0.0) <= 1e-9 * largest:
        return None
    return rest, part


def hypothesis(
    kind: Mistake,
    change: Change,
    sentence: str,
    place: str,
    rank: int,
    remedy: str = "",
    speaks: bool = False,
    rivals: Sequence[Change] = (),
) -> Hypothesis:
    """A mistake in the computation."""
    made, *simpler = [partial(_changed_by, each) for each in (change, *rivals)]
    return Hypothesis(kind, made, sentence, place, rank, remedy=remedy, speaks=speaks, rivals=tuple(simpler))


def _changed_by(change: Change, view: View) -> np.ndarray | None:
    return changed(view, change)
