"""Primes and dots on names that a text computes: ``y' = 3x^2`` is a claim where y is, and else a new name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from gradlab.graph import Expression
from gradlab.prove import _combine as combine
from gradlab.prove._definitions import Defined, Definitions, names_in
from gradlab.prove._errors import Deadline
from gradlab.prove._verdict import Step, Truth
from gradlab.prove.judge import findings
from gradlab.prove.read._define import Line
from gradlab.prove.read._label import label_of
from gradlab.prove.read._nodes import Derivative
from gradlab.prove.read._numbers import is_numeric
from gradlab.prove.read._reader import Reader
from gradlab.prove.read._slopes import slope_of
from gradlab.prove.read._statements import Chain, Kind, Known

_SAID = re.compile(r"deriv|differentiat|slope|gradient|rate of change|velocity|ableit", re.I)


class Slopes:
    """What primes say in a text.

    Args:
        said: what the text defines.
        show: writes LaTeX.
    """

    def __init__(self, said: Definitions, show: Callable[[Expression], str]) -> None:
        self.said, self.show = said, show
        self.meant: set[int] = set()  # sections in which a name with a prime is a derivative

    def valued(self, line: Line, i: int, step: Step, deadline: Deadline) -> Step:
        """A step that gives a name a number; a true claim where the name is a derivative that has that value."""
        reader = Reader(self.said.scope(), {}, deadline)
        rows = line.piece.sides[i : i + 2]
        label = label_of(rows[0][0]) if len(rows[0]) == 1 and line.piece.relations[i].text == "=" else None
        slope = slope_of(label, self.said.scope()) if label is not None and label.power is None else None
        if slope is None or not is_numeric(rows[1]):
            return step
        found = findings(Chain((slope, reader.sum(rows[1])), (None,)), self.said.known, deadline, repairs=False)[0]
        if found.truth is not Truth.TRUE:
            return step
        return replace(step, truth=Truth.TRUE, kind=Kind.CLAIM, method=found.method, reason=found.reason)

    def judged(self, item: Defined, judged: combine.Judged, known: Known, deadline: Deadline) -> Step | None:
        r"""The verdict on ``y' = 3x^2`` and ``\dot x = \cos t`` where y and x are computed; None for a new name."""
        slope, right = slope_of(item.shape.label, self.said.scope()), judged.first.chain.sides[1]
        if slope is None or not isinstance(right, Expression):
            return None
        found = findings(Chain((slope, right), (None,)), known, deadline, repairs=True)[0]
        step, line = judged.steps[0], item.line
        by = f"as the derivative of {self.show(slope.body)} by {self.show(slope.wrt[0])}"
        if found.truth is Truth.NOT_UNDERSTOOD:
            return None
        said = _SAID.search(f"{line.words} {line.sentence} {line.question}") or line.section in self.meant
        said = said or self._follows(slope, line)  # y = x^2 \Rightarrow y' = 2x
        sure = said and self.said.disputed.keys().isdisjoint(slope.body.names) and self._is_near(slope, line)
        if found.truth is Truth.FALSE and not sure:
            reason = f"{step.place}: false {by}, and a definition if it is a new name: write \\frac{{d}}{{dx}}"
            return combine.with_kind(step, Kind.CLAIM, reason)
        self.meant.add(line.section)
        own = {"method": found.method, "witness": found.witness, "repair": found.repair}
        return replace(step, truth=found.truth, reason=by, **own)

    def _follows(self, slope: Derivative, line: Line) -> bool:
        """Whether an arrow leads from what is differentiated to a line."""
        items = [self.said.defined.get(name) for name in names_in(slope.body)]
        return any(item is not None and item.line.source is line.source and item.line.piece.premise for item in items)

    def _is_near(self, slope: Derivative, line: Line) -> bool:
        """Whether what is differentiated is defined under the heading under which it is."""
        items = (self.said.defined.get(name) for name in slope.body.names)
        return all(item is None or item.line.section == line.section for item in items)
