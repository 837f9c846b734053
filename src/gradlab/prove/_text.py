"""The equations of a text, judged in order: what it defines anywhere holds everywhere, unless it is defined anew."""

from __future__ import annotations

import re
from dataclasses import replace

from gradlab.graph import Expression, Graph
from gradlab.prove import _combine as combine
from gradlab.prove._again import Again
from gradlab.prove._by_words import ByWords
from gradlab.prove._definitions import Defined, Definitions, names_in, walk
from gradlab.prove._doubts import Doubts
from gradlab.prove._errors import READING, Deadline, NotUnderstoodError, OutOfTimeError, share_of
from gradlab.prove._evidence import Evidence
from gradlab.prove._implicit import Curves
from gradlab.prove._implied import implied_sum
from gradlab.prove._lettered import Lettered
from gradlab.prove._meant import verdicts
from gradlab.prove._mood import contents, is_denied, names_activation
from gradlab.prove._names import FREE, Names, written_parts
from gradlab.prove._open import OpenNames
from gradlab.prove._open_sides import is_unexplained
from gradlab.prove._recursion import forgotten
from gradlab.prove._remedy import with_remedy
from gradlab.prove._slopes import Slopes
from gradlab.prove._updates import is_descent, loss_of
from gradlab.prove._verdict import Fault, Method, Step, Truth
from gradlab.prove._whatever import holds_whatever
from gradlab.prove.judge import Finding, findings
from gradlab.prove.judge._rates import HELD
from gradlab.prove.read._chains import Readings, readings
from gradlab.prove.read._define import Line, is_recursive, kind_of, shape_of
from gradlab.prove.read._differentials import are_meant
from gradlab.prove.read._nodes import Condition, Indexed
from gradlab.prove.read._numbers import is_called_constant, is_value
from gradlab.prove.read._pieces import JUDGED
from gradlab.prove.read._reader import Reader
from gradlab.prove.read._scope import Scope, Use, is_conventional
from gradlab.prove.read._statements import Chain, Kind, Known
from gradlab.prove.read._turned import turn_primes
from gradlab.prove.read._write import Writer

STEPS_FOR_CHAIN = 6_000_000
_SMALL = (Fault.SIGN, Fault.CONSTANT_FACTOR, Fault.MISSING_FACTOR, Fault.EXTRA_FACTOR, Fault.WRONG_POWER)
_REMAINDER = re.compile(r"\\[pb]?mod(?![A-Za-z])")
_ANEW = re.compile(
    r"\b(?:let|define|now|instead|suppose|consider|example|exercise|question|assume|given|with)\b|(?:^|[.;:]\s)\(?(?:\d{1,2}|[a-h]|[ivx]{1,4})[.)]\s*$",
    re.I,
)


class Text:
    """The lines of a text and what they define.

    Args:
        lines: what is written, in order.
        graph: what names mean from outside.
        document: whether it is a text around equations, in which a condition needs no word for it.
        use: how a larger text that these lines are of uses its names.
    """

    def __init__(self, lines: list[Line], graph: Graph, document: bool, use: Use | None = None) -> None:
        turn_primes(lines)
        self.lines, self.document, self.mends, self.names = lines, document, True, Names(graph)
        self.said = Definitions(lines, self.names, document, use)
        self.curves, self.slopes = Curves(self.said), Slopes(self.said, self._show)
        self.doubts = Doubts(self.said, document, self._show)
        self.words = ByWords(self.said, self.doubts.meant, self.doubts.reached)
        self.again = Again(self) if document and use is None else None
        self.lettered = Lettered(self)
        is_false_by = self.again.is_false_by if self.again is not None else lambda _item, _line, _i: False
        self.open = OpenNames(self.said) if use is None else None  # those of a document within: by `of`
        self.evidence = Evidence(self.said, self.doubts.reached, is_false_by) if document else None

    @property
    def known(self) -> Known:
        """What holds where the next line stands."""
        return self.said.known

    def scope(self) -> Scope:
        """Where the next line is read."""
        return self.said.scope()

    def of(self, lines: list[Line], use: Use | None = None) -> Text:
        """A text of these lines alone; by default it uses its names as they do."""
        text = Text(lines, self.names.graph, self.document, use)
        text.open = None if self.open is None else OpenNames(text.said, self.open.document)
        text.said.known = replace(text.known, arrays=self.known.arrays | text.known.arrays)
        text.mends, text.words.texts = False, self.words.texts
        return text

    def judge(self, line: Line, outer: Deadline | None = None) -> list[Step]:
        """The verdicts on a line; whatever goes wrong in it stays in it."""
        if line.error is not None:
            return [self._unread(line, str(line.error), line.error.at)]
        try:
            steps = self._judged(line, share_of(outer, STEPS_FOR_CHAIN))
            if self.again is not None:
                steps = self.lettered.judged(line, self.again.judged(line, steps, outer), outer)
            if self.evidence is not None:
                self.evidence.note(line, steps, self.again is not None)
            return [with_remedy(step) for step in steps]
        except (NotUnderstoodError, OutOfTimeError, RecursionError) as error:
            return [self._unread(line, str(error) or "this is nested too deeply", getattr(error, "at", line.piece.at))]
        except Exception as problem:
            what = f"gradlab itself failed here ({type(problem).__name__}); please report this with the equation"
            return [self._unread(line, what, line.piece.at)]  # what goes wrong in one equation takes no others with it

    def _unread(self, line: Line, reason: str, at: int) -> Step:
        place, piece = line.source.place(at), line.piece
        left = line.source.slice(piece.at, piece.end) if piece.sides and any(piece.sides) else line.source.tex[:200]
        return Step(Truth.NOT_UNDERSTOOD, left, "", place, reason=f"{place}: {reason}")

    def _judged(self, line: Line, deadline: Deadline) -> list[Step]:
        scope = self.scope()
        kind = kind_of(Reader(scope, {}, deadline), line)
        count = len(line.piece.relations)
        if (kind in (Kind.CONDITION, Kind.VALUE) and count == 1) or (kind is Kind.CONDITION and line.piece.condition):
            return [self.slopes.valued(line, i, self._without_claim(line, i, kind), deadline) for i in range(count)]
        self._look_at(line, scope)
        found = readings(scope, line.piece, line.conditions, deadline)
        if kind is not Kind.UPDATE:
            self._admit(found, line)
        judged = combine.judged(line, found, self.known, verdicts, deadline, self._show)
        steps = judged.steps
        self._set_apart(line, kind, steps, judged.first.chain.digits)
        for i, step in enumerate(steps):
            pair = judged.first.chain.sides[i : i + 2]
            if step.truth is Truth.NOT_UNDERSTOOD and self.words.is_of_constant(line, *pair):
                by = {"truth": Truth.TRUE, "method": Method.DEFINITION, "reason": "by the words beside it, a constant"}
                steps[i] = replace(step, **by)
            unread = self.doubts.behind(judged, i) if step.truth is Truth.TRUE else ""
            unread = unread or forgotten(pair, self.known, step)
            unread = unread or (implied_sum(pair) if step.truth is Truth.FALSE else "")
            if unread:
                steps[i] = combine.with_kind(step, Kind.CLAIM, f"{step.place}: {unread}")
        if self._says_anew(line, kind, steps):
            return self._judged(line, deadline)
        self._agree_on_disputed(line, found, judged, deadline)
        for i, step in enumerate(steps):
            if step.truth is Truth.FALSE and not (kind is Kind.UPDATE and i == 0):
                steps[i] = self._doubted(found, judged, i, deadline)
        self._by_chain_rule(found, judged, deadline)
        self.doubts.assume(line, judged)
        for i, own in self._own(line, kind).items():
            if (item := self.said.defining.get(id(own))) is not None:
                slope = self.slopes.judged(item, judged, self.known, deadline) if i == 0 else None
                steps[i] = slope or self._as_definition(item, steps[i])
        if kind is Kind.UPDATE:
            steps[0] = self._as_update(judged, steps[0], deadline)
        self._repair(found, judged, deadline)
        self.curves.judge(judged, kind, deadline)
        return steps

    def _doubted(self, found: Readings, judged: combine.Judged, i: int, deadline: Deadline) -> Step:
        """A step that looks false after all that speaks against calling it so."""
        step = judged.steps[i]
        if self.document and is_denied(judged.line):
            return combine.with_kind(step, Kind.CONDITION, "the words beside it do not say that this holds")
        if by := self.words.holds(judged, i, deadline):
            return replace(step, truth=Truth.TRUE, witness=None, repair=None, method=Method.NUMERIC, reason=by)
        if self.evidence is not None and not judged.findings[i].firm:
            step = self.evidence.resting(judged, i, step, deadline)
        named = any(names_in(side) for side in judged.first.chain.sides[i : i + 2] if isinstance(side, Expression))
        if step.truth is Truth.FALSE and not (named and judged.findings[i].firm):  # numbers may be rounded ones
            step = self.doubts.softened(judged, i, step, deadline)
        if step.truth is Truth.FALSE:
            step = self._as_defined_before(found, judged, i, deadline)
        if step.truth is Truth.FALSE and self.evidence is not None:
            step = self.evidence.weighed(judged, i, step)
        return self._behind_what_is_open(judged, i, step, deadline) if step.truth is Truth.FALSE else step

    def _by_chain_rule(self, found: Readings, judged: combine.Judged, deadline: Deadline) -> None:
        """Look whether steps that are not understood hold whatever the names are that nothing computes."""
        for i, step in enumerate(judged.steps):
            if step.truth is not Truth.NOT_UNDERSTOOD or step.kind is not Kind.CLAIM or HELD in step.reason:
                continue
            pairs = [reading.chain.sides[i : i + 2] for reading in found.found if reading.usual()]
            read = [(a, b) for a, b in pairs if isinstance(a, Expression) and isinstance(b, Expression)]
            by = self.open.is_true(read[0], judged.line, deadline) if read[:1] == pairs[:1] and self.open else ""
            if not by and found.complete and len(read) == len(pairs):
                by = holds_whatever(read, self.known, deadline) or self.words.holds(judged, i, deadline)
            if by:
                judged.steps[i] = replace(step, truth=Truth.TRUE, method=Method.NUMERIC, reason=by)

    def _behind_what_is_open(self, judged: combine.Judged, i: int, step: Step, deadline: Deadline) -> Step:
        """A false step, unless a name of one side alone may be what the other says, as a step before it is open."""
        chain = judged.first.chain
        left, right = chain.sides[i : i + 2]
        is_open = any(other.truth is Truth.NOT_UNDERSTOOD for other in judged.steps[:i])
        if not (is_open and isinstance(left, Expression) and isinstance(right, Expression)):
            return step
        apart = {name for name in contents(left) ^ contents(right) if self.doubts.meant.formula_of(name) is None}
        apart = {name.removeprefix(FREE) for name in apart if name.startswith(FREE)}
        one = Chain((left, right), chain.digits[i : i + 1], chain.conditions)
        repair = findings(one, self.known, deadline, repairs=True)[0].repair if apart else None
        if not apart or (repair is not None and repair.fault in _SMALL):
            return step
        shown = ", ".join(sorted(apart))
        reason = f"{step.place}: a step before is open, and {shown} may stand for the other side: write what it is"
        return combine.with_kind(step, Kind.CLAIM, reason)

    def _own(self, line: Line, kind: Kind) -> dict[int, Line]:
        """The definitions that a line holds, by the number of their step."""
        return {**({0: line} if kind is Kind.DEFINITION else {}), **self.said.implied.get(id(line), {})}

    def _says_anew(self, line: Line, kind: Kind, steps: list[Step]) -> bool:
        """Whether a name gets another meaning by a line; where it may not, its step is not understood."""
        for i, own in self._own(line, kind).items():
            if id(own) not in self.said.defining:
                why = self._redefined(own, steps[i])
                if not why:
                    return True
                if why != "other":
                    steps[i] = combine.with_kind(steps[i], Kind.CLAIM, why)
        return False

    def _repair(self, read: Readings, judged: combine.Judged, deadline: Deadline) -> None:
        """Look for repairs of the steps that are false after all."""
        false = [i for i, step in enumerate(judged.steps) if step.truth is Truth.FALSE]
        put_in = {i: self.doubts.exchanged(judged, i) for i in false}  # then a side that is written anew mends nothing
        open_ = {
            i: said or (not judged.findings[i].firm and self.doubts.unbound(judged, i)) for i, said in put_in.items()
        }
        if not put_in or not (self.mends or any(open_.values())):
            return
        found = combine.repaired(read, judged, self.known, deadline)
        for i, said in open_.items():
            step, finding = judged.steps[i], found[i]
            if finding.repair is not None and not (put_in[i] and finding.repair.message.startswith("write ")):
                said = not i or judged.steps[i - 1].truth is Truth.FALSE or finding.witness is None
                judged.steps[i] = replace(step, repair=finding.repair, reason=finding.reason if said else "")
            elif said:
                judged.steps[i] = combine.with_kind(step, Kind.CLAIM, f"{step.place}: {said}")
            if judged.steps[i].truth is Truth.FALSE and is_unexplained(judged, i, self.known):
                judged.steps[i] = combine.unexplained(judged.steps[i])
            if i == 0 and names_activation(judged.steps[i]):
                said = "this may say which function \\sigma is here: write \\operatorname{sigmoid} for the sigmoid"
                judged.steps[i] = combine.with_kind(step, Kind.CONDITION, f"{step.place}: {said}")

    def _set_apart(self, line: Line, kind: Kind, steps: list[Step], digits: tuple[int | None, ...]) -> None:
        """Mark steps that put values in or compare formulas roughly."""
        for i, sign in enumerate(line.piece.relations):
            numeric = [is_value(side) for side in line.piece.sides[i : i + 2]]
            apart = Kind.CONDITION if is_called_constant(line, i + 1) else kind
            if apart is not kind or (kind is Kind.VALUE and not all(numeric)):
                steps[i] = combine.with_kind(steps[i], apart, _REASONS[apart])
            elif sign.text not in JUDGED and kind is not Kind.UPDATE:
                steps[i] = combine.with_kind(steps[i], Kind.CONDITION, "only equations are judged, no inequalities")
            elif sign.text == "~" and (digits[i] is None or not any(numeric)):
                steps[i] = combine.with_kind(steps[i], Kind.APPROXIMATION, _REASONS[Kind.APPROXIMATION])

    def _as_update(self, judged: combine.Judged, step: Step, deadline: Deadline) -> Step:
        """An update rule; where it descends on a loss that is known, its gradient is checked."""
        left, right = judged.first.chain.sides[:2]
        if isinstance(left, Expression) and isinstance(right, Expression):
            sinks = tuple(quantity.name for quantity in self.names.graph if self.names.is_sink(quantity.name))
            loss = loss_of(sinks, self.scope().computed)

            def equal(a: Expression, b: Expression) -> bool:
                return verdicts(Chain((a, b), (None,)), self.known, deadline)[0].truth is Truth.TRUE

            said = is_descent(left, right, loss, equal)
            if said:
                return replace(combine.with_kind(step, Kind.UPDATE, said), truth=Truth.TRUE)
        return combine.with_kind(step, Kind.UPDATE, _REASONS[Kind.UPDATE])

    def _agree_on_disputed(self, line: Line, found: Readings, judged: combine.Judged, deadline: Deadline) -> None:
        """Where a name is defined in two ways, a verdict stands only if both give it."""
        for i, step in enumerate(judged.steps):
            pair = judged.first.chain.sides[i : i + 2]
            reached = {name for side in pair if isinstance(side, Expression) for name in self.doubts.reached(side)}
            for name in sorted(reached & set(self.said.disputed)):
                item, known = self.said.disputed[name]
                again = combine.judged(line, found, known, verdicts, deadline, self._show)
                if again.steps[i].truth is not step.truth:
                    first, second = item.before, item.line.source.place(item.line.piece.at).line
                    shown = name.removeprefix(FREE)
                    reason = f"{step.place}: {shown} is defined in line {first} and otherwise in line {second}"
                    judged.steps[i] = combine.with_kind(step, Kind.CLAIM, reason)

    def _as_defined_before(self, found: Readings, judged: combine.Judged, i: int, deadline: Deadline) -> Step:
        """A false step, unless it holds for what one of its names meant earlier in its section."""
        step, line = judged.steps[i], judged.line
        pair = judged.first.chain.sides[i : i + 2]
        reached = {name for side in pair if isinstance(side, Expression) for name in self.doubts.reached(side)}
        for name, before, known in self.said.superseded:
            if name in reached and before.line.section == line.section:
                again = combine.judged(line, found, known, verdicts, deadline, self._show)
                if again.steps[i].truth is Truth.TRUE:
                    number = before.line.source.place(before.line.piece.at).line
                    shown = name.removeprefix(FREE)
                    reason = f"{step.place}: this holds for {shown} of line {number}, not for the later one"
                    return combine.with_kind(step, Kind.CLAIM, reason)
        return step

    def compared(self, line: Line, expression: Expression, conditions: tuple[Condition, ...] = ()) -> Finding:
        """The verdict on a side that is written and one that is given as an expression, under some conditions."""
        side = Reader(self.scope(), {}, deadline := Deadline(STEPS_FOR_CHAIN)).sum(line.piece.sides[0])
        return findings(Chain((side, expression), (None,), conditions), self.known, deadline, repairs=True)[0]

    def _without_claim(self, line: Line, i: int, kind: Kind) -> Step:
        piece, source = line.piece, line.source
        left, right = piece.sides[i], piece.sides[i + 1]
        return Step(
            Truth.NOT_UNDERSTOOD,
            source.slice(left[0].at, left[-1].end) if left else "",
            source.slice(right[0].at, right[-1].end) if right else "",
            source.place(right[0].at if right else piece.relations[i].end),
            reason=_REASONS[kind],
            kind=kind,
            relation=combine.relation_of(line, i),
        )

    def _as_definition(self, item: Defined, step: Step) -> Step:
        if item.problem:
            if step.truth is Truth.NOT_UNDERSTOOD and step.reason:
                return replace(step, kind=Kind.DEFINITION)
            return combine.with_kind(step, Kind.DEFINITION, item.problem)
        return replace(
            step,
            truth=Truth.TRUE, kind=Kind.DEFINITION, method=Method.DEFINITION, reason="a new name is defined",
            witness=None, repair=None,
        )  # fmt: skip

    def _redefined(self, line: Line, step: Step) -> str:
        """Why a name that has a meaning already may not get another one here; empty if it gets it."""
        shape = shape_of(Reader(self.scope(), {}, Deadline(READING)), line.piece.sides[0])
        before = self.said.defined.get(shape.name) if shape is not None else None
        own = _ANEW.search(line.words) is not None or (before is not None and before.problem != "")
        unread = shape is not None and step.truth is Truth.NOT_UNDERSTOOD and (shape.parameters is not None or own)
        if shape is None or before is None or before.line is line or not (step.truth is Truth.FALSE or unread):
            return "other"
        if before.shape.above and (shape.above != before.shape.above or is_recursive(shape, line.piece.sides[1])):
            return "other"
        number = before.line.source.place(before.line.piece.at).line
        if any(item.line is line and item.named_only for item in self.said.found):
            return f"{step.place}: this says what {shape.name.removeprefix(FREE)} depends on; line {number} says how"
        item = Defined(line, shape, before=number)
        anew = (
            shape.parameters is not None
            or line.section != before.line.section
            or line.piece.relations[0].text == ":="
            or shape.is_family != before.shape.is_family
        )
        if anew or _ANEW.search(line.words):
            self.said.define_anew(item)
            return ""
        self.said.dispute(item)
        return f"{step.place}: {shape.name.removeprefix(FREE)} is defined otherwise in line {number}"

    def _show(self, expression: Expression) -> str:
        return Writer(self.names.graph.symbols).latex(expression)

    def _look_at(self, line: Line, scope: Scope) -> None:
        """Note how the names of a line are used in it."""
        if _REMAINDER.search(line.source.tex):
            raise NotUnderstoodError("equations between remainders are not judged", line.piece.at)
        whole = scope.here = Use.of(line.piece.sides)
        self.said.known = scope.known = replace(self.known, entries=self.said.use.entries(whole))
        scope.differentials = are_meant(scope, line.piece)
        for key, rows in whole.applied.items():
            own = is_conventional(key) and key not in self.names.graph
            if len(rows) == 1 and own and key not in Use.of(*rows).keys:
                scope.applied[key] = next(iter(rows))
        if whole.arrays or any(part.style == "bold" for row in line.piece.sides for part in row):
            scope.arrays = {**scope.arrays, **{FREE + key: 0 for key in whole.families & whole.bare}}

    def _admit(self, found: Readings, line: Line) -> None:
        """Turn sides with names that look like mistakes into errors that name the nearest."""
        for reading in found.found:
            reader = reading.reader
            graph = self.names.graph
            computed = any(name in graph and graph[name].expression is not None for name in reader.known)
            sides = list(reading.chain.sides)
            known = {*reader.sizes, *self.said.defined, *self.known.quantities, *self.known.functions}
            for name, at in reader.strangers.items():
                if name in known:
                    continue
                written = written_parts(name)
                families = any(isinstance(node, Indexed) and node.head == name for s in sides for node in walk(s))
                if families and self.names.has_family(written.head):
                    continue
                if not (computed or self.names.belongs(written)):
                    continue
                for i, side in enumerate(sides):
                    if isinstance(side, Expression) and (name in names_in(side)):
                        row = line.piece.sides[i]
                        inside = not row or row[0].at <= at < row[-1].end
                        sides[i] = self.names.unknown(written, at if inside else row[0].at)
            reading.chain = replace(reading.chain, sides=tuple(sides))


_REASONS = {
    Kind.CONDITION: "this is a condition; it claims nothing that could be judged",
    Kind.VALUE: "this gives a quantity a value; it claims nothing that could be judged",
    Kind.APPROXIMATION: "this is an approximation of a formula; how good it is is not judged",
    Kind.UPDATE: "this is an update rule; it claims nothing that could be judged",
}
