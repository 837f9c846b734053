"""The equations of a text, judged in order: what it defines anywhere holds everywhere, unless it is defined anew."""

from __future__ import annotations

import re
from dataclasses import replace

from gradlab.graph import ONE, Apply, Expression, Graph, Partial, Ref, as_number
from gradlab.prove import _combine as combine
from gradlab.prove._definitions import Defined, Definitions, names_in, walk
from gradlab.prove._degree import degree_in
from gradlab.prove._errors import Deadline, NotUnderstoodError, OutOfTimeError
from gradlab.prove._names import FREE, Names, Written
from gradlab.prove._names import head_of as plain_head
from gradlab.prove._updates import is_descent, loss_of
from gradlab.prove._verdict import Method, Step, Truth
from gradlab.prove.judge import Finding, findings
from gradlab.prove.read._chains import Readings, readings
from gradlab.prove.read._define import Line, Shape, is_numeric, kind_of, shape_of
from gradlab.prove.read._nodes import At, Call, Condition, Derivative, Index, Indexed, Total
from gradlab.prove.read._reader import Reader
from gradlab.prove.read._scope import Scope, Use, is_conventional
from gradlab.prove.read._statements import Chain, Kind, Known
from gradlab.prove.read._write import Writer

SECONDS_FOR_CHAIN = 3.0
_ALGEBRA = frozenset(("add", "mul", "neg", "div", "pow", "sqrt"))
_ONE_HOT = frozenset((f"{FREE}y", f"{FREE}t"))  # what labels of classes are called: one of them is 1, the others are 0
_ANEW = re.compile(r"\b(?:let|define|now|instead|suppose|consider|example|exercise|question|assume|given|with)\b", re.I)


class Text:
    """The lines of a text and what they define.

    Args:
        lines: what is written, in order.
        graph: what names mean from outside.
        document: whether it is a text around equations, in which a condition needs no word for it.
    """

    def __init__(self, lines: list[Line], graph: Graph, document: bool) -> None:
        self.lines, self.document = lines, document
        self.names = Names(graph)
        self.said = Definitions(lines, self.names)
        self.assumed: list[tuple[Condition, int]] = []

    @property
    def known(self) -> Known:
        """What holds where the next line stands."""
        return self.said.known

    def scope(self) -> Scope:
        """Where the next line is read."""
        return self.said.scope()

    def judge(self, line: Line, outer: Deadline | None = None) -> list[Step]:
        """The verdicts on a line; whatever goes wrong in it stays in it."""
        if line.error is not None:
            return [self._unread(line, str(line.error), line.error.at)]
        try:
            return self._judged(line, Deadline(SECONDS_FOR_CHAIN, outer))
        except (NotUnderstoodError, OutOfTimeError, RecursionError) as error:
            return [self._unread(line, str(error) or "this is nested too deeply", getattr(error, "at", line.piece.at))]
        except Exception as problem:
            # The last resort: what goes wrong in one equation must not take the others with it.
            what = f"gradlab itself failed here ({type(problem).__name__}); please report this with the equation"
            return [self._unread(line, what, line.piece.at)]

    def _unread(self, line: Line, reason: str, at: int) -> Step:
        place = line.source.place(at)
        piece = line.piece
        left = line.source.slice(piece.at, piece.end) if piece.sides and any(piece.sides) else line.source.tex[:200]
        return Step(Truth.NOT_UNDERSTOOD, left, "", place, reason=f"{place}: {reason}")

    def _judged(self, line: Line, deadline: Deadline) -> list[Step]:
        scope = self.scope()
        kind = kind_of(Reader(scope, {}, deadline), line)
        count = len(line.piece.relations)
        if (kind in (Kind.CONDITION, Kind.VALUE) and count == 1) or (kind is Kind.CONDITION and line.piece.condition):
            return [self._without_claim(line, i, kind) for i in range(count)]
        self._look_at(line, scope)
        found = readings(scope, line.piece, line.conditions, deadline)
        if kind is not Kind.UPDATE:
            self._admit(found, line)
        judged = combine.judged(line, found, self.known, findings, deadline, self._show)
        steps = judged.steps
        self._set_apart(line, kind, steps)
        item = self.said.defining.get(id(line))
        if item is None and kind is Kind.DEFINITION:
            why = self._redefined(line, steps[0])
            if not why:
                return self._judged(line, deadline)
            if why != "other":
                steps[0] = combine.with_kind(steps[0], Kind.CLAIM, why)
        self._agree_on_disputed(line, found, judged, deadline)
        for i, step in enumerate(steps):
            if step.truth is Truth.FALSE and not (kind is Kind.UPDATE and i == 0):
                steps[i] = self._softened(line, judged, i, step, deadline)
        self._assume(line, judged)
        if item is not None:
            steps[0] = self._as_definition(item, steps[0])
        elif kind is Kind.UPDATE and steps[0].truth is not Truth.TRUE:
            steps[0] = self._as_update(judged, steps[0], deadline)
        return steps

    def _set_apart(self, line: Line, kind: Kind, steps: list[Step]) -> None:
        """Mark the steps that put values in, and those that compare formulas roughly."""
        for i, sign in enumerate(line.piece.relations):
            numeric = [is_numeric(side) for side in line.piece.sides[i : i + 2]]
            if kind is Kind.VALUE and not all(numeric):
                steps[i] = combine.with_kind(steps[i], kind, _REASONS[kind])
            elif sign.text == "~" and not any(numeric):
                steps[i] = combine.with_kind(steps[i], Kind.APPROXIMATION, _REASONS[Kind.APPROXIMATION])

    def _as_update(self, judged: combine.Judged, step: Step, deadline: Deadline) -> Step:
        """An update rule; where it descends on a loss that is known, its gradient is checked."""
        left, right = judged.first.chain.sides[:2]
        if isinstance(left, Expression) and isinstance(right, Expression):
            sinks = tuple(quantity.name for quantity in self.names.graph if self.names.is_sink(quantity.name))
            loss = loss_of(sinks, self.scope().computed)

            def equal(a: Expression, b: Expression) -> bool:
                return findings(Chain((a, b), (None,)), self.known, deadline)[0].truth is Truth.TRUE

            said = is_descent(left, right, loss, equal)
            if said:
                return replace(combine.with_kind(step, Kind.UPDATE, said), truth=Truth.TRUE)
        return combine.with_kind(step, Kind.UPDATE, _REASONS[Kind.UPDATE])

    def _agree_on_disputed(self, line: Line, found: Readings, judged: combine.Judged, deadline: Deadline) -> None:
        """Where a name is defined in two ways, a verdict stands only if both give it."""
        for i, step in enumerate(judged.steps):
            pair = judged.first.chain.sides[i : i + 2]
            reached = {name for side in pair if isinstance(side, Expression) for name in self._reached(side)}
            for name in sorted(reached & set(self.said.disputed)):
                item, known = self.said.disputed[name]
                again = combine.judged(line, found, known, findings, deadline, self._show)
                if again.steps[i].truth is not step.truth:
                    first, second = item.before, item.line.source.place(item.line.piece.at).line
                    shown = name.removeprefix(FREE)
                    reason = f"{step.place}: {shown} is defined in line {first} and otherwise in line {second}"
                    judged.steps[i] = combine.with_kind(step, Kind.CLAIM, reason)

    def compared(self, line: Line, expression: Expression) -> Finding:
        """The verdict on a side that is written and one that is given as an expression."""
        deadline = Deadline(SECONDS_FOR_CHAIN)
        side = Reader(self.scope(), {}, deadline).sum(line.piece.sides[0])
        return findings(Chain((side, expression), (None,)), self.known, deadline)[0]

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
        shape = shape_of(Reader(self.scope(), {}, Deadline(1.0)), line.piece.sides[0])
        before = self.said.defined.get(shape.name) if shape is not None else None
        unread = shape is not None and shape.parameters is not None and step.truth is Truth.NOT_UNDERSTOOD
        if shape is None or before is None or before.line is line or not (step.truth is Truth.FALSE or unread):
            return "other"
        number = before.line.source.place(before.line.piece.at).line
        item = Defined(line, shape, before=number)
        anew = (
            shape.parameters is not None or line.section != before.line.section or line.piece.relations[0].text == ":="
        )
        if anew or _ANEW.search(line.words):
            self.said.define_anew(item)
            return ""
        self.said.dispute(item)
        return f"{step.place}: {self._label(shape)} is defined otherwise in line {number}"

    def _label(self, shape: Shape) -> str:
        return shape.name.removeprefix(FREE)

    def _softened(self, line: Line, judged: combine.Judged, i: int, step: Step, deadline: Deadline) -> Step:
        """A false step, unless it is a condition, holds under one, or rests on what is not understood."""
        chain = judged.first.chain
        pair = chain.sides[i : i + 2]
        reason = self._rests_on(pair)
        if reason:
            return combine.with_kind(step, Kind.CLAIM, f"{step.place}: {reason}")
        if all(isinstance(side, Ref) for side in pair) and any(self._is_given(side) for side in pair):
            return combine.with_kind(step, Kind.CONDITION, _REASONS[Kind.CONDITION])
        assumed = self._under_assumptions(chain, i, step, deadline)
        if assumed is not step:
            return assumed
        unknown = self._unknown_functions(pair[0]) ^ self._unknown_functions(pair[1])
        if self.document:
            unknown |= self._unknown_functions(pair[0]) | self._unknown_functions(pair[1])
        if unknown:
            shown = ", ".join(sorted(name.removeprefix(FREE) for name in unknown))
            said = "is: this may be a condition on it" if len(unknown) == 1 else "are: this may be a condition on them"
            return combine.with_kind(step, Kind.CONDITION, f"nothing says what {shown} {said}")
        if not self.document and self._is_relation_between_names(pair):
            return combine.with_kind(step, Kind.CONDITION, "this may be a condition on what it names")
        other = combine.excused(judged, i, self.document, self._degree, self._is_free)
        return self._if_one_hot(chain, i, step, deadline) if other is None else combine.with_kind(step, *other)

    def _is_relation_between_names(self, pair: tuple[Expression | NotUnderstoodError, ...]) -> bool:
        """Whether unknown functions at different points are compared, or something of several names with zero."""
        left, right = (side for side in pair if isinstance(side, Expression))
        if any(isinstance(node, Derivative | Partial | At) for side in pair for node in walk(side)):
            return False
        a, b = (names_in(side) - self._unknown_functions(side) for side in (left, right))
        calls = any(self._unknown_functions(side) for side in (left, right))
        free = all(name.startswith(FREE) and self._formula_of(name) is None for name in a | b)
        algebraic = all(node.primitive in _ALGEBRA for node in walk(left) if isinstance(node, Apply))
        return free and ((calls and not (a <= b or b <= a)) or (len(a) > 1 and as_number(right) == 0 and algebraic))

    def _rests_on(self, pair: tuple[Expression | NotUnderstoodError, ...]) -> str:
        """What that is not understood a false step rests on; empty if nothing."""
        names = {name for side in pair if isinstance(side, Expression) for name in self._reached(side)}
        for name in sorted(names):
            item = self.said.defined.get(name)
            shown = name.removeprefix(FREE)
            if item is not None and item.problem:
                number = item.line.source.place(item.line.piece.at).line
                return f"{shown} is defined in line {number} in a way that is not understood: {item.problem}"
            namesakes = sorted(other.removeprefix(FREE) for other in self.said.defined if other.startswith(f"{name}_"))
            if namesakes:
                return f"this is false for {shown}; if {' or '.join(namesakes)} is meant, write the index"
        for node in (node for side in pair for node in walk(side) if isinstance(node, Derivative)):
            if self._degree(node, through=True) == 0 and any(name.startswith(FREE) for name in names_in(node.body)):
                body, by = self._show(node.body), self._show(node.wrt[0])
                return f"nothing says how {body} depends on {by}"
        return ""

    def _under_assumptions(self, chain: Chain, i: int, step: Step, deadline: Deadline) -> Step:
        """A false step, unless it holds under what the text assumes: then it is true."""
        pair = chain.sides[i : i + 2]
        names = {name for side in pair if isinstance(side, Expression) for name in names_in(side)}
        said = [(condition, number) for condition, number in self.assumed if names_in(condition) & names]
        if said and self._holds(chain, i, tuple(condition for condition, _ in said), deadline):
            numbers = " and ".join(str(number) for number in dict.fromkeys(number for _, number in said))
            return replace(
                step, truth=Truth.TRUE, witness=None, repair=None, method=Method.NUMERIC,
                reason=f"under the condition of line {numbers}",
            )  # fmt: skip
        return step

    def _if_one_hot(self, chain: Chain, i: int, step: Step, deadline: Deadline) -> Step:
        """A false step, unless it holds where labels sum to one, which few texts say."""
        pair = chain.sides[i : i + 2]
        names = {name for side in pair if isinstance(side, Expression) for name in names_in(side)}
        for head in sorted(names & _ONE_HOT):
            whole = Condition(Total("sum", Indexed(head, (Index("k"),)), "k"), "=", ONE)
            families = any(
                isinstance(n, Indexed) and n.head == head and len(n.below) == 1 for s in pair for n in walk(s)
            )
            if families and self._holds(chain, i, (whole,), deadline):
                shown = head.removeprefix(FREE)
                reason = f"{step.place}: this holds if the {shown}_k sum to 1: say so, as in \\sum_k {shown}_k = 1"
                return combine.with_kind(step, Kind.CLAIM, reason)
        return step

    def _holds(self, chain: Chain, i: int, conditions: tuple[Condition, ...], deadline: Deadline) -> bool:
        """Whether a step is true under more conditions."""
        one = Chain(chain.sides[i : i + 2], chain.digits[i : i + 1], (*chain.conditions, *conditions))
        return findings(one, self.known, deadline)[0].truth is Truth.TRUE

    def _assume(self, line: Line, judged: combine.Judged) -> None:
        """Keep what a line states as a condition, for the claims that need it."""
        for i, step in enumerate(judged.steps):
            left, right = judged.first.chain.sides[i : i + 2]
            if step.kind is Kind.CONDITION and isinstance(left, Expression) and isinstance(right, Expression):
                if isinstance(left, Total) and not names_in(right):
                    self.assumed.append((Condition(left, "=", right), line.source.place(line.piece.at).line))

    def _unknown_functions(self, side: Expression | NotUnderstoodError) -> set[str]:
        return {n.function for n in walk(side) if isinstance(n, Call) and n.function not in self.known.functions}

    def _is_free(self, name: str) -> bool:
        """Whether no graph has a name, nor a family of it."""
        return name.startswith(FREE) and not self.names.has_family(_written(name).head)

    def _is_given(self, side: Expression | NotUnderstoodError) -> bool:
        return isinstance(side, Ref) and side.name.startswith(FREE) and self.scope().computed(side.name) is None

    def _reached(self, side: Expression) -> set[str]:
        """All names that an expression is computed from."""
        found, waiting = set[str](), list(names_in(side))
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            known = self.known
            bodies = [item.body for rows in (known.functions, known.families) if (item := rows.get(name)) is not None]
            for formula in (known.quantities.get(name), *bodies):
                if formula is not None:
                    waiting += names_in(formula)
        return found

    def _degree(self, derivative: Expression, through: bool = False) -> int:
        """The degree of what is differentiated, in what one differentiates by: 0, 1, or 2 for more.

        In a written formula only what stands there counts, as where one looks for the zero of it, unless ``through``.
        """
        if isinstance(derivative, Partial):
            return degree_in(Ref(derivative.of), Ref(derivative.wrt), self._formula_of)
        if not isinstance(derivative, Derivative):
            return 2
        formula = self._formula_of if through or isinstance(derivative.body, Ref) else lambda _name: None
        return max(degree_in(derivative.body, by, formula) for by in derivative.wrt)

    def _formula_of(self, name: str) -> Expression | None:
        family = self.known.families.get(name)
        return self.scope().computed(name) if family is None else family.body

    def _show(self, expression: Expression) -> str:
        return Writer(self.names.graph.symbols).latex(expression)

    def _look_at(self, line: Line, scope: Scope) -> None:
        """Note how the names of a line are used in it."""
        whole = scope.here = Use()
        for row in line.piece.sides:
            whole.see(row)
        for key, rows in whole.applied.items():
            if len(rows) == 1 and is_conventional(key) and key not in self.names.graph:
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
            for name, at in reader.strangers.items():
                if (
                    name in reader.sizes
                    or name in self.said.defined
                    or name in self.known.quantities
                    or name in self.known.functions
                ):
                    continue
                written = _written(name)
                families = any(isinstance(node, Indexed) and node.head == name for s in sides for node in walk(s))
                if families and self.names.has_family(written.head):
                    continue
                if not (computed or self.names.belongs(written)):
                    continue
                for i, side in enumerate(sides):
                    if isinstance(side, Expression) and (name in names_in(side)):
                        inside = _covers(line, i, at)
                        start = line.piece.sides[i][0].at if line.piece.sides[i] else at
                        sides[i] = self.names.unknown(written, at if inside else start)
            reading.chain = replace(reading.chain, sides=tuple(sides))


_REASONS = {
    Kind.CONDITION: "this is a condition; it claims nothing that could be judged",
    Kind.VALUE: "this gives a quantity a value; it claims nothing that could be judged",
    Kind.APPROXIMATION: "this is an approximation of a formula; how good it is is not judged",
    Kind.UPDATE: "this is an update rule; it claims nothing that could be judged",
}
_LATEX = re.compile(r"(?P<head>.+?)(?:\^\{\((?P<layer>[^()]*)\)\})?(?:_(?:\{(?P<long>.*)\}|(?P<short>.)))?")


def _written(name: str) -> Written:
    """The parts of a free name."""
    match = _LATEX.fullmatch(name.removeprefix(FREE))
    if match is None:
        return Written(name.removeprefix(FREE))
    return Written(plain_head(match["head"]), match["layer"] or "", match["long"] or match["short"] or "")


def _covers(line: Line, i: int, at: int) -> bool:
    row = line.piece.sides[i]
    return bool(row) and row[0].at <= at < row[-1].end
