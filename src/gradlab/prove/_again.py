"""A line judged again by fewer of its text's lines: by what was last said of its names, and by no vectors of others."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from gradlab.prove import _combine as combine
from gradlab.prove._definitions import Defined
from gradlab.prove._errors import READING, Deadline
from gradlab.prove._names import FREE
from gradlab.prove._nearest import Nearest
from gradlab.prove._verdict import Step, Truth
from gradlab.prove.read._define import Line, shape_of
from gradlab.prove.read._nodes import letter_of
from gradlab.prove.read._reader import Reader
from gradlab.prove.read._scope import Use
from gradlab.prove.read._statements import Kind

if TYPE_CHECKING:
    from gradlab.prove._text import Text


class Again:
    """Judges the lines of a text again.

    Args:
        text: it.
    """

    def __init__(self, text: Text) -> None:
        self.text, self.nearest = text, Nearest(text.said)
        self._by: dict[tuple[int, int], list[Step]] = {}

    def judged(self, line: Line, steps: list[Step], outer: Deadline | None) -> list[Step]:
        """The steps of a line after all that fewer lines make of it."""
        claims = any(step.kind is not Kind.DEFINITION for step in steps)
        if not claims or not line.piece.is_equation or line.piece.condition:
            return steps
        lines = self.nearest.definitions(line)
        steps = steps if lines is None else self._as_last_said(line, steps, lines, outer)
        return self._as_it_shows(line, self._of_any(line, steps, outer), outer)

    def _of_any(self, line: Line, steps: list[Step], outer: Deadline | None) -> list[Step]:
        """The steps of a line; those on several functions are not true by what other headings say of these alone."""
        defined = self.text.said.defined
        applied = [Use.of([row]) for row in line.piece.sides]
        foreign = {
            key: defined[FREE + key].line
            for key in set[str]().union(*({*use.applied, *use.primed} for use in applied))
            if FREE + key in defined and defined[FREE + key].line.section != line.section
        }
        own = [foreign.keys() & {*use.applied, *use.primed} for use in applied]
        rules = [i for i, (a, b) in enumerate(pairwise(own)) if len(a & b) > 1 and steps[i].truth is Truth.TRUE]
        lines = self.nearest.used(line)[0] if rules else None
        if lines is None:
            return steps
        others = [other for other in lines if not any(other is one for one in foreign.values())]
        again = self._with_definitions(others, line, outer)
        for i in rules:
            if again[i].truth is not Truth.TRUE:
                shown = " and ".join(sorted(own[i] & own[i + 1]))
                reason = f"{steps[i].place}: this holds for {shown} of another heading, not for every such function"
                steps[i] = combine.with_kind(steps[i], Kind.CLAIM, reason)
        return steps

    def is_false_by(self, item: Defined, line: Line, i: int) -> bool:
        """Whether a step is false if a name is what one definition says, and the others are what was last said."""
        key = id(item), id(line)
        if key not in self._by:
            self._by[key] = self._with_definitions(self.nearest.definitions(line, item) or [item.line], line, None)
        steps = self._by[key]
        return i < len(steps) and steps[i].truth is Truth.FALSE

    def _as_last_said(self, line: Line, steps: list[Step], lines: list[Line], outer: Deadline | None) -> list[Step]:
        """The steps of a line; one that is not true is judged again with what was last said of its names before it."""
        again = self._with_definitions(lines, line, outer)
        shown = " and ".join(str(other.source.place(other.piece.at).line) for other in lines)
        for i, (step, other) in enumerate(zip(steps, again, strict=False)):
            if step.truth is Truth.TRUE:
                if step.kind is other.kind is Kind.CLAIM and other.truth is Truth.FALSE:
                    reason = f"{step.place}: this holds for what is defined elsewhere, not for what line {shown} says"
                    steps[i] = combine.with_kind(step, Kind.CLAIM, reason)
            elif other.truth is Truth.TRUE and other.kind is Kind.CLAIM:
                steps[i] = replace(
                    other, reason=other.reason or f"for what line {shown} says" if lines else other.reason
                )
            elif step.truth is Truth.FALSE and other.truth is not Truth.FALSE:
                reason = f"{step.place}: this is false for what is defined elsewhere, which may not be meant here"
                steps[i] = combine.with_kind(step, other.kind, other.reason or reason)
        return self._as_rule(line, self._as_said_before(line, steps, again, outer), lines, outer)

    def _as_said_before(self, line: Line, steps: list[Step], last: list[Step], outer: Deadline | None) -> list[Step]:
        """The steps of a line; what was last said may leave one open that is true by what was said before that."""
        for item in self.nearest.before_last(line):
            if not any(map(_is_open, steps)):
                break
            again = self._with_definitions(self.nearest.definitions(line, item) or [item.line], line, outer)
            number = item.line.source.place(item.line.piece.at).line
            for i, (step, by_last, other) in enumerate(zip(steps, last, again, strict=False)):
                if _is_open(step) and _is_open(by_last) and other.truth is Truth.TRUE and other.kind is Kind.CLAIM:
                    steps[i] = replace(other, reason=f"for what line {number} says")
        return steps

    def _as_rule(self, line: Line, steps: list[Step], lines: list[Line], outer: Deadline | None) -> list[Step]:
        """The steps of a line; true are those that hold for every function, whatever one of the text is."""
        reader = Reader(self.text.scope(), {}, Deadline(READING))
        shapes = [(other, shape_of(reader, other.piece.sides[0])) for other in lines]
        others = [other for other, shape in shapes if shape is None or shape.parameters is None]
        several = any(len(shape.parameters or ()) > 1 for _, shape in shapes if shape is not None)
        if len(others) == len(lines) or several or all(step.truth is Truth.TRUE for step in steps):
            return steps
        again = self._with_definitions(others, line, outer)
        pairs = zip(steps, again, strict=False)
        return [
            b if a.truth is not Truth.TRUE and b.truth is Truth.TRUE and b.kind is Kind.CLAIM else a for a, b in pairs
        ]

    def _with_definitions(self, lines: list[Line], line: Line, outer: Deadline | None) -> list[Step]:
        """The verdicts on a line where these lines alone say what names mean."""
        nearer = self.text.of([*lines, line], self.text.said.use)
        if self.text.evidence is not None and nearer.evidence is not None:
            nearer.evidence.beside = self.text.evidence.beside
        return nearer.judge(line, outer)

    def _as_it_shows(self, line: Line, steps: list[Step], outer: Deadline | None) -> list[Step]:
        """The steps of a line whose names are vectors elsewhere, where it and its definitions do not show them as such.

        What is then false may be about numbers; what is then not understood is true if it holds for them.
        """
        arrays = {name.removeprefix(FREE) for name in self.text.said.arrays}
        lines = self.nearest.used(line)[0] if arrays else None
        if lines is None or all(step.truth is Truth.TRUE or step.kind is not Kind.CLAIM for step in steps):
            return steps
        own = Use.of(row for each in (*lines, line) for piece in (each.piece, *each.conditions) for row in piece.sides)
        elsewhere = own.keys & (arrays - own.arrays)
        layers = {head.removeprefix(FREE) for head, family in self.text.known.families.items() if family.above}
        if not elsewhere or layers & {
            key.partition("^")[0] for key in own.keys
        }:  # what is said of layers holds for all of them
            return steps
        shown = ", ".join(sorted(elsewhere))
        small = all(letter_of(key).islower() for key in elsewhere)
        again = self.text.of([*lines, line]).judge(line, outer)
        for i, (step, other) in enumerate(zip(steps, again, strict=False)):
            if step.truth is Truth.FALSE and other.truth is not Truth.FALSE:
                reason = f"{step.place}: this is false if {shown} is a vector or a matrix here, as it is elsewhere"
                steps[i] = combine.with_kind(step, Kind.CLAIM, f"{reason}: say what it is")
            elif step.truth is Truth.NOT_UNDERSTOOD and other.truth is Truth.TRUE and small:
                steps[i] = replace(other, reason=f"{other.reason}; {shown} read as numbers")
        return steps


def _is_open(step: Step) -> bool:
    return step.truth is Truth.NOT_UNDERSTOOD and step.kind is Kind.CLAIM
