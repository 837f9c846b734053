"""WHAT happens at many outputs, rolled over them: rounds over all of them, and what is gathered from each round.

The derivation has statements for every output, and among them sums and maxima over all. Here the outputs' own
statements are compared: where they are the same but for the number of the output, one does for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gradlab.codegen._kernel import Statements
from gradlab.graph import Apply, Expression, Ref

LABEL, SLOPE = "label", "slope"
GATHERED = {"add": "0.0", "max": "-inf", "min": "inf"}


class NotRoundError(ValueError):
    """The outputs do not have the same formulas."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is added up over all outputs, or the largest or smallest of it.

    Attributes:
        name: what it is called.
        primitive: how it is gathered.
        parts: what each output brings.
    """

    name: str
    primitive: str
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """One time over all outputs.

    Attributes:
        before: what is computed once, from what earlier rounds have gathered.
        own: what is computed for each output.
        gathered: what is gathered from all of them.
    """

    before: Statements
    own: Statements
    gathered: tuple[Gathered, ...]


@dataclass(frozen=True, slots=True)
class Rounds:
    """From the sums of the outputs and the labels to the loss and back.

    Attributes:
        rounds: in order; the last has nothing of its own, only what is computed ``before`` it.
        margin: the point is right where this is below a given number.
        loss: of the point.
        always: the names that every step wants; the others are wanted where the loss is.
        kept: the outputs' own names that a later round uses.
    """

    rounds: tuple[Round, ...]
    margin: Expression
    loss: Expression
    always: frozenset[str]
    kept: tuple[str, ...]


@dataclass(slots=True)
class _Table:
    """What is computed in what order, as it is found.

    ``level`` says from which round on a name can be used; one of an output's own is computed in that round.
    """

    units: int
    known: dict[str, tuple[Expression, int | None]] = field(default_factory=dict)
    own: dict[Expression, str] = field(default_factory=dict)
    gathered: dict[tuple[str, tuple[Expression, ...]], str] = field(default_factory=dict)
    shared: dict[str, Expression] = field(default_factory=dict)
    level: dict[str, int] = field(default_factory=dict)

    def of(self, formula: Expression) -> tuple[Expression, int | None]:
        """The formula as all outputs have it, and which of them it is of; None if it is of no single one."""
        if isinstance(formula, Ref):
            return self.known.get(formula.name, (formula, None))
        if not isinstance(formula, Apply):
            return formula, None
        parts = [self.of(arg) for arg in formula.args]
        units = {unit for _, unit in parts if unit is not None}
        if len(units) > 1:
            return self._over_all(formula.primitive, parts), None
        return Apply(formula.primitive, tuple(part for part, _ in parts)), next(iter(units), None)

    def _over_all(self, primitive: str, parts: list[tuple[Expression, int | None]]) -> Expression:
        by_unit: list[list[Expression]] = [[] for _ in range(self.units)]
        rest = []
        for part, unit in parts:
            (rest if unit is None else by_unit[unit]).append(part)
        if primitive not in GATHERED or any(own != by_unit[0] for own in by_unit):
            raise NotRoundError(f"{primitive} of the outputs is not the same for each of them")
        key = primitive, tuple(by_unit[0])
        if key not in self.gathered:
            self.gathered[key] = name = f"_all{len(self.gathered)}"
            self.level[name] = 1 + max(map(self.level_of, by_unit[0]))
        found = Ref(self.gathered[key])
        return Apply(primitive, (found, *rest)) if rest else found

    def level_of(self, formula: Expression) -> int:
        """From which round on a formula can be computed."""
        return max((self.level.get(name, 0) for name in formula.names), default=0)

    def define(self, name: str, formula: Expression) -> None:
        """Take in a statement of the derivation."""
        made, unit = self.of(formula)
        if unit is None and not isinstance(made, Ref):
            self.shared[name], self.level[name] = made, self.level_of(made)
            made = Ref(name)
        elif not isinstance(made, Ref):
            made = Ref(self._own(made))
        self.known[name] = made, unit

    def _own(self, formula: Expression, name: str = "") -> str:
        if formula not in self.own:
            self.own[formula] = name or f"_own{len(self.own)}"
            self.level[self.own[formula]] = self.level_of(formula)
        return self.own[formula]

    def slope(self, formulas: Iterable[Expression]) -> None:
        """Take in the derivatives by the outputs' sums."""
        found = [self.of(formula) for formula in formulas]
        if len({made for made, _ in found}) != 1 or [unit for _, unit in found] != [*range(self.units)]:
            raise NotRoundError("the derivatives by the outputs are not the same for each of them")
        formula = found[0][0]
        self.own[Apply("add", (formula,))] = SLOPE  # of one part, so that it is no other statement
        self.level[SLOPE] = self.level_of(formula)

    def rounds(self) -> tuple[Round, ...]:
        """Everything in the round from which on it can be computed."""
        made = []
        for level in range(1 + max(self.level.values())):
            own = [
                (name, formula.args[0] if name == SLOPE else formula)
                for formula, name in self.own.items()
                if self.level[name] == level
            ]
            before = [(name, formula) for name, formula in self.shared.items() if self.level[name] == level]
            gathered = [Gathered(name, *key) for key, name in self.gathered.items() if self.level[name] == level + 1]
            made.append(Round(tuple(before), tuple(own), tuple(gathered)))
        return tuple(made)

    def needed(self, names: Iterable[str]) -> frozenset[str]:
        """The names and all that they are computed from."""
        from_what: dict[str, frozenset[str]] = {name: formula.names for name, formula in self.shared.items()}
        from_what |= {name: formula.names for formula, name in self.own.items()}
        from_what |= {name: frozenset().union(*(p.names for p in key[1])) for key, name in self.gathered.items()}
        found, reach = set[str](), [*names]
        while reach:
            name = reach.pop()
            if name not in found:
                found.add(name)
                reach += from_what.get(name, ())
        return frozenset(found)


def rounds_of(
    statements: Statements,
    slopes: tuple[Expression, ...],
    margin: Expression,
    loss: Expression,
    own: Mapping[str, tuple[str, ...]],
) -> Rounds:
    """The last part of a step, rolled over the outputs.

    Args:
        statements: from the outputs' sums and the labels to the loss and back.
        slopes: the derivatives of the loss by the outputs' sums.
        margin: the point is right where this is below a given number.
        loss: of the point.
        own: what each output has one of: a common name for it, and its name for each output.

    Raises:
        NotRoundError: if the outputs do not have the same formulas.
    """
    table = _Table(len(slopes))
    for common, names in own.items():
        if len(names) != table.units:
            raise NotRoundError(f"there are {len(names)} of {common} for {table.units} outputs")
        table.known |= {name: (Ref(common), unit) for unit, name in enumerate(names)}
    for name, formula in statements:
        table.define(name, formula)
    table.slope(slopes)
    ends = [table.of(formula) for formula in (margin, loss)]
    if any(unit is not None for _, unit in ends):
        raise NotRoundError("the loss is of one output alone")
    made = table.rounds()
    own_names = {*table.own.values(), *own}
    used_later = {
        name
        for number, each in enumerate(made)
        for part in (*(f for _, f in each.own), *(p for g in each.gathered for p in g.parts))
        for name in part.names & own_names
        if table.level.get(name, 0) < number and name != LABEL
    }
    always = table.needed((SLOPE, *ends[0][0].names))
    return Rounds(made, ends[0][0], ends[1][0], always, tuple(sorted(used_later)))
