"""One of several paths from a parameter to the loss is missing, or comes in with a wrong sign or factor."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice

from gradlab.check.names._evidence import Evidence, Hypothesis
from gradlab.check.names._fit import solve
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._numbers import sizes, spell
from gradlab.check.names._traced import (
    Change,
    describe,
    drop_edge,
    edges,
    hypothesis,
    of_program,
    parts,
    place,
    rank_of,
    scale_edge,
    through_none,
)
from gradlab.check.tracing import Program

# A term comes in twice, by half, or as often as a sum has terms; other factors are those of more than a term.
_OFTEN = {"-1", "2", "1/2"}
_LENGTH = 5
_STATISTICS, _MOST_PAIRS = {"mean", "sum", "var", "std", "max", "linalg_vector_norm", "logsumexp"}, 45
_REMEDY = "These depend on the input, too: add what comes back through them."


@of_program
def path_dropped(evidence: Evidence, program: Program) -> Iterator[Hypothesis]:
    """Nothing comes back through one operand."""
    for values, positions in edges(program):
        change = drop_edge(values, positions)
        found = parts(evidence, change)
        if found is not None:
            told = f"{{where}}: the path through {describe(program, values)} is missing."
            line, rank = place(program, values), rank_of(program, values, 3)
            # All that comes back to what the path begins with, by other paths, too.
            rivals = _dropping(program, values, positions)
            yield hypothesis(Mistake.PATH_DROPPED, change, told, line, rank, rivals=rivals)


@of_program
def statistics(evidence: Evidence, program: Program) -> Iterator[Hypothesis]:
    """Two numbers that are made of many, such as a mean and a variance, taken as given."""
    changes: dict[tuple[int, ...], Change] = {}
    for values in program.places.values():
        step = program.step(values[0])
        change = through_none(values)
        if step.operation in _STATISTICS and parts(evidence, change) is not None:
            changes[values] = change
    for some, others in islice(combinations(changes, 2), _MOST_PAIRS):
        told = f"{{where}}: the paths through {describe(program, some)} and {describe(program, others)} are missing."
        change, line = through_none((*some, *others)), place(program, others)
        yield hypothesis(Mistake.PATH_DROPPED, change, told, line, 4, _REMEDY, rivals=[changes[some], changes[others]])


def _dropping(program: Program, values: tuple[int, ...], positions: tuple[int, ...]) -> list[Change]:
    """Nothing comes back to the operands of an edge, where these go elsewhere, too, and are computed."""
    steps = [program.step(value) for value in values]
    begins = {step.operands[positions[0]] for step in steps if len(step.operands) > positions[0]}
    others = {operand for value in program.used if value not in values for operand in program.step(value).operands}
    cut = [value for value in begins if value is not None and not program.is_given(value)]
    return [through_none(cut)] if cut and others & begins else []


@of_program
def sign_within(evidence: Evidence, program: Program) -> Iterator[Hypothesis]:
    """What comes back through one operand has the wrong sign, or a factor."""
    lengths = sizes(evidence)
    for values, positions in edges(program):
        found = parts(evidence, drop_edge(values, positions))
        factor = None if found is None else solve(evidence.here, *found, evidence.wrong)
        if factor is None or abs(factor) < 1e-3 or abs(factor - 1) < 1e-3:
            continue
        spelled = spell(factor, lengths)
        count = max(abs(factor), 1 / abs(factor))
        if spelled is None or not (spelled in _OFTEN or (count > _LENGTH - 0.5 and round(count) in lengths)):
            continue
        change = scale_edge(values, positions, -1.0 if spelled == "-1" else factor)
        operation, line = describe(program, values), place(program, values)
        rank = rank_of(program, values, 3)
        if spelled == "-1":
            told = f"{{where}}: the term through {operation} has the wrong sign."
            # In a product with itself, such as -z @ z, a sign turned on one side drops both.
            users = (value for value in program.used if {*program.step(value).operands} & {*values})
            rivals = [through_none(values), through_none(users)]
            yield hypothesis(Mistake.SIGN, change, told, line, rank, rivals=rivals)
        else:
            told = f"{{where}}: the term through {operation} comes in {spelled} times."
            yield hypothesis(Mistake.FACTOR, change, told, line, rank + 4)
