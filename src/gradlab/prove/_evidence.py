"""What it takes to call a step of a text false: its names are beyond doubt, and nothing said before makes it hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from gradlab.graph import Expression, Ref
from gradlab.prove import _combine as combine
from gradlab.prove._definitions import Defined, Definitions, names_in, walk
from gradlab.prove._errors import READING, Deadline, NotUnderstoodError, OutOfTimeError
from gradlab.prove._meant import verdicts
from gradlab.prove._mood import contents
from gradlab.prove._names import FREE
from gradlab.prove._open_sides import may_be_of, own_variables
from gradlab.prove._verdict import Step, Truth
from gradlab.prove.read._define import Line
from gradlab.prove.read._nodes import At, Condition, Derivative, Indexed, Limit, letter_of, mapped
from gradlab.prove.read._reader import Reader
from gradlab.prove.read._scope import Use
from gradlab.prove.read._statements import Chain, Kind, Known
from gradlab.prove.read._sums import condition_of

_FARTHEST = 1  # headings between a definition and a step that is false by it
_MOST_WAYS = 4  # definitions of one name by which a step is tried
_MOST_SAID = 12  # equations said before a step that it may rest on; lines between one and a point that it is about
_MOST_BEHIND = 4  # lines behind a step in which its bounds may stand
_BOUNDS = ("<", ">", "<=", ">=", "!=")
_GENERAL = re.compile(r"\b(?:general|always|every|any|all|everywhere)\b", re.IGNORECASE)
_UNCLEAR = re.compile(r"\*|'|\\(?:hat|bar|tilde|mathbb|mathcal|mathbf|boldsymbol)\b")


@dataclass(frozen=True, slots=True)
class Said:
    """An equation that claims nothing: a condition, a value.

    Attributes:
        line: where it stands.
        value: whether it gives a name a number.
        left: its first side.
        right: its second one.
    """

    line: Line
    value: bool
    left: Expression
    right: Expression

    @property
    def number(self) -> int:
        """The document's line."""
        return self.line.source.place(self.line.piece.at).line


class Evidence:
    """Weighs whether a step that does not hold as it was read may be called false.

    Args:
        said: what the text defines.
        reached: all names that an expression is computed from.
        is_false_by: whether a step of a line is false, too, if a name is defined as it is elsewhere.
    """

    def __init__(
        self,
        said: Definitions,
        reached: Callable[[Expression], set[str]],
        is_false_by: Callable[[Defined, Line, int], bool],
    ) -> None:
        self.said, self.reached, self.is_false_by = said, reached, is_false_by
        self.beside: list[Said] = []

    def note(self, line: Line, steps: list[Step], whole: bool) -> None:
        """Keep the equations of a line that claim nothing, for the steps that rest on them.

        In a ``whole`` document a step stays false only where a mistake explains it.
        """
        if whole:
            self._explain(line, steps)
        for i, step in enumerate(steps):
            if step.kind not in (Kind.CONDITION, Kind.VALUE) or line.piece.relations[i].text != "=":
                continue
            try:
                reader = Reader(self.said.scope(), {}, Deadline(READING))
                left, right = (reader.sum(side) for side in line.piece.sides[i : i + 2])
            except (NotUnderstoodError, OutOfTimeError, RecursionError):
                continue
            names = isinstance(left, Ref) and isinstance(right, Ref)
            point = names and letter_of(left.name) == letter_of(right.name)
            self.beside.append(Said(line, step.kind is Kind.VALUE or point, left, right))

    def resting(self, judged: combine.Judged, i: int, step: Step, deadline: Deadline) -> Step:
        """A step that does not hold as it was read; true, or a value put in, where it does by what was said before."""
        chain = judged.first.chain
        left, right = chain.sides[i : i + 2]
        if not (isinstance(left, Expression) and isinstance(right, Expression)):
            return step
        near = self._near(self.reached(left) | self.reached(right), judged.line)
        one = Chain((left, right), chain.digits[i : i + 1], chain.conditions)
        used = self._by_what_was_said(near, one, deadline, judged.line)
        if used is None:
            return self._within_bounds(one, judged.line, step, deadline)
        lines = " and ".join(str(number) for number in sorted({item.number for item in used}))
        if any(item.value for item in used):
            return combine.with_kind(step, Kind.VALUE, f"{step.place}: this holds for the values of line {lines}")
        return replace(step, truth=Truth.TRUE, witness=None, repair=None, reason=f"under the condition of line {lines}")

    def _within_bounds(self, one: Chain, line: Line, step: Step, deadline: Deadline) -> Step:
        """A step, true where it holds within the bounds that its section states before it or just behind it."""
        names = {name for side in one.sides if isinstance(side, Expression) for name in names_in(side)}
        bounds: list[Condition] = []
        at = next(number for number, other in enumerate(self.said.lines) if other is line)
        reader = Reader(self.said.scope(), {}, Deadline(READING))
        for other in self.said.lines[max(0, at - _MOST_SAID) : at + _MOST_BEHIND]:
            piece = other.piece
            stated = other.error is None and other.section == line.section and piece.relations
            if not stated or any(sign.text not in _BOUNDS for sign in piece.relations):
                continue
            try:
                found = [
                    condition_of(reader, piece.sides[i], sign.text, piece.sides[i + 1])
                    for i, sign in enumerate(piece.relations)
                ]
            except (NotUnderstoodError, OutOfTimeError, RecursionError):
                continue
            bounds += [condition for condition in found if names_in(condition) & names]
        within = replace(one, conditions=(*one.conditions, *bounds))
        if not bounds or not self._holds(within, self.said.known, deadline):
            return step
        return replace(step, truth=Truth.TRUE, witness=None, repair=None, reason="within the bounds stated beside it")

    def weighed(self, judged: combine.Judged, i: int, step: Step) -> Step:
        """A false step; not understood where the evidence is not enough."""
        left, right = judged.first.chain.sides[i : i + 2]
        if not (isinstance(left, Expression) and isinstance(right, Expression)):
            return step
        names = self.reached(left) | self.reached(right)
        doubt = self._doubt(names, left, right, judged, i) or self._open_condition(
            self._near(names, judged.line), names
        )
        if not doubt:
            return step
        seen = f" ({step.witness})" if step.witness is not None else ""
        return combine.with_kind(step, Kind.CLAIM, f"{step.place}: as it is read this does not hold{seen}, but {doubt}")

    def _explain(self, line: Line, steps: list[Step]) -> None:
        """Leave open the false steps of a line on what nothing but the text defines, unless a mistake explains them."""
        said = {item.shape.name for item in self.said.found}
        for i, step in enumerate(steps):
            if step.truth is not Truth.FALSE or step.repair is not None or len(self.said.names.graph):
                continue
            names = {FREE + key for key in Use.of(line.piece.sides[i : i + 2]).keys}
            if said.isdisjoint(names) and "along the curve" not in step.reason:
                continue
            steps[i] = combine.unexplained(step)

    def _near(self, names: set[str], line: Line) -> list[Said]:
        """The equations said before a line that it may rest on."""
        return [item for item in self.beside if self._bears_on(item, names, line)][-_MOST_SAID:]

    def _bears_on(self, item: Said, names: set[str], line: Line) -> bool:
        """Whether an equation said before may be meant in a line: a value anywhere, a condition in its section."""
        own = names_in(item.left) | names_in(item.right)
        return bool(own & names) and item.line is not line and (item.value or item.line.section == line.section)

    def _by_what_was_said(self, near: list[Said], one: Chain, deadline: Deadline, line: Line) -> list[Said] | None:
        """The equations by which a step of a line holds, also at values just given; None if it does not."""
        here, number = _GENERAL.search(line.words) is None, line.source.place(line.piece.at).line
        known = self.said.known
        quantities = dict(known.quantities)
        used: list[Said] = []
        by = {
            n.name
            for side in one.sides
            for d in walk(side)
            if isinstance(d, Derivative)
            for n in d.wrt
            if isinstance(n, Ref)
        }
        for item in reversed(near):
            sides = (item.left, item.right)
            if item.value and by & (names_in(item.left) | names_in(item.right)):
                formulas = all(by & names_in(side) for side in one.sides if isinstance(side, Expression))
                beside = not formulas or (item.line.section == line.section and abs(item.number - number) <= _MOST_SAID)
                if (
                    here
                    and beside
                    and isinstance(item.left, Ref)
                    and self._holds(_at_value(one, item), known, deadline)
                ):
                    return [item]  # what one differentiates by has its value afterwards
                continue
            for name, formula in (sides, sides[::-1]):
                free = isinstance(name, Ref) and name.name.startswith(FREE) and name.name not in quantities
                if free and isinstance(name, Ref) and name.name not in self.reached(formula):
                    quantities[name.name] = formula
                    used.append(item)
                    break
        if used and self._holds(one, replace(known, quantities=quantities), deadline):
            return used
        for item in (item for item in near if not item.value):
            sides = tuple(_with(side, item.left, item.right) for side in one.sides)
            if sides != one.sides and self._holds(replace(one, sides=sides), known, deadline):
                return [item]
        return None

    def _holds(self, one: Chain, known: Known, deadline: Deadline) -> bool:
        return verdicts(one, known, deadline)[0].truth is Truth.TRUE

    def _open_condition(self, near: list[Said], names: set[str]) -> str:
        """Which condition of the section, on names of the step alone, may make it hold; empty if none."""
        for item in reversed(near):
            own = names_in(item.left) | names_in(item.right)
            if not item.value and own and own <= names:
                return f"line {item.number} states a condition on {_shown(own)} that may be meant"
        return ""

    def _doubt(self, names: set[str], left: Expression, right: Expression, judged: combine.Judged, i: int) -> str:
        """What speaks against the meaning that the names of a step were given; empty if nothing."""
        said = self._said_otherwise(names, (left, right), judged.line, i)
        if judged.findings[i].firm:
            return said
        return said or self._unsaid(left, right, judged) or self._of_index(names, left, right)

    def _said_otherwise(self, names: set[str], pair: tuple[Expression, Expression], line: Line, i: int) -> str:
        """Which name is defined in several ways by which a step is not false, or far away; empty if none."""
        own = own_variables(pair, names, self.said.known)
        written = own & {FREE + key for key in Use.of(line.piece.sides[i : i + 2]).keys}
        for name in sorted(name for name in names - own if name.startswith(FREE)):
            found = [item for item in self.said.found if item.shape.name == name]
            items = [item for item in found if may_be_of(item.shape, pair, written)] or found
            here = [item for item in items if item.line.section == line.section]
            ways = {item.formula: item for item in here or items}
            numbers = sorted({item.line.source.place(item.line.piece.at).line for item in items})
            shown = " and ".join(map(str, numbers))
            if len(ways) > 1 and not self._by_all(list(ways.values()), line, i):
                return f"{_shown({name})} is said in several ways, in lines {shown}: write which one is meant"
            far = [item for item in items if abs(item.line.section - line.section) > _FARTHEST]
            if items and not here and len(far) == len(items):
                return f"{_shown({name})} is from line {shown}, headings away: say here what it is"
            if here and self._is_of_other_point(here, items, line):
                return f"{_shown({name})} is from line {shown}, in another point of a list: say here what it is"
        return ""

    def _is_of_other_point(self, here: list[Defined], items: list[Defined], line: Line) -> bool:
        """Whether a name is said in other numbered points alone, and elsewhere too; or below, in a point behind."""
        if all(item.line.items[1] > line.items[1] for item in items):
            return True
        return len(items) > len(here) and all(item.line.items[0] != line.items[0] for item in here)

    def _by_all(self, items: list[Defined], line: Line, i: int) -> bool:
        return len(items) <= _MOST_WAYS and all(self.is_false_by(item, line, i) for item in items)

    def _unsaid(self, left: Expression, right: Expression, judged: combine.Judged) -> str:
        """Which names of one side alone nothing explains; empty if none."""
        own = {name for side, other in ((left, right), (right, left)) for name in contents(side) - self.reached(other)}
        one_sided = {name for name in own & (contents(left) ^ contents(right)) if self._is_unsaid(name)}
        unclear = sorted(name for name in one_sided if _UNCLEAR.search(name))
        if unclear:
            return f"nothing says what {_shown(set(unclear))} is"
        worked = any(isinstance(node, Derivative | Limit) for node in walk(left))
        if one_sided and not worked and names_in(right):
            return f"nothing says what {_shown(one_sided)} is"
        first = judged.first.chain.sides[0]
        if one_sided and isinstance(first, NotUnderstoodError):
            return f"the chain begins with what is not understood, and nothing says what {_shown(one_sided)} is"
        return ""

    def _of_index(self, names: set[str], left: Expression, right: Expression) -> str:
        """Whether an index is a quantity itself, which may be any number."""
        inner = [n for side in (left, right, *self._formulas(names)) for n in walk(side) if isinstance(n, Indexed)]
        if any(isinstance(index, Ref | Indexed) for node in inner for index in (*node.below, *node.above)):
            return "an index in it is itself a quantity: nothing says which entry that is"
        return ""

    def _formulas(self, names: set[str]) -> list[Expression]:
        """How the names are computed."""
        known = self.said.known
        bodies = [rows[name].body for rows in (known.functions, known.families) for name in names if name in rows]
        return [*bodies, *(known.quantities[name] for name in names if name in known.quantities)]

    def _is_unsaid(self, name: str) -> bool:
        known = self.said.known
        said = name in known.quantities or name in known.functions or name in known.families
        return name.startswith(FREE) and not said


def _at_value(one: Chain, item: Said) -> Chain:
    """A step at the value that a line gives to a name."""
    sides = tuple(At(s, (item.left,), (item.right,)) if isinstance(s, Expression) else s for s in one.sides)
    return replace(one, sides=sides)


def _with(side: Expression | NotUnderstoodError, old: Expression, new: Expression) -> Expression | NotUnderstoodError:
    if not isinstance(side, Expression) or isinstance(old, Ref):
        return side
    return mapped(side, lambda node: new if node == old else None)


def _shown(names: set[str]) -> str:
    return ", ".join(sorted(name.removeprefix(FREE) for name in names))
