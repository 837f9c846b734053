r"""Curves: by ``x^2 + y^2 = 1`` y is a function of x that nobody writes, whose derivative follows from the curve."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from gradlab.graph import ZERO, Apply, Const, Expression, Ref, div, is_apply, mul, neg, subtract
from gradlab.prove import _combine as combine
from gradlab.prove._definitions import Definitions, walk
from gradlab.prove._errors import Deadline
from gradlab.prove._meant import verdicts
from gradlab.prove._names import FREE
from gradlab.prove._verdict import Truth
from gradlab.prove.judge import Finding, findings
from gradlab.prove.read._define import Line
from gradlab.prove.read._nodes import Condition, Derivative, mapped
from gradlab.prove.read._slopes import CONSTANTS
from gradlab.prove.read._statements import Chain, Kind

_SAID = re.compile(r"implicit|deriv|differentiat|slope|tangent|ableit", re.I)


@dataclass(frozen=True)
class _Curve:
    """An equation between names that are given.

    Attributes:
        condition: the equation.
        names: those that change on it.
        line: where it stands.
    """

    condition: Condition
    names: frozenset[str]
    line: Line


class Curves:
    """The curves of a text, and what follows from them.

    Args:
        said: what the text defines.
    """

    def __init__(self, said: Definitions) -> None:
        self.said = said
        self.found: list[_Curve] = []

    def judge(self, judged: combine.Judged, kind: Kind, deadline: Deadline) -> None:
        """Judge the steps of a line with a derivative along a curve; a line may state a curve itself."""
        line, chain = judged.line, judged.first.chain
        for i, step in enumerate(judged.steps):
            pair = tuple(side for side in chain.sides[i : i + 2] if isinstance(side, Expression))
            for curve in self.found[::-1] if len(pair) == 2 else ():
                if curve.line.section != line.section or not (by := self._along(curve, pair)):
                    continue
                new = self._judged(curve, Chain(pair, chain.digits[i : i + 1], chain.conditions), by, deadline)
                sure = (by[2] or self._is_said(curve, line)) and self._is_alone(curve)
                if new.truth is Truth.TRUE or (new.truth is Truth.FALSE and sure):
                    reason = f"along the curve of {curve.line.source.place(curve.line.piece.at)}"
                    changed = {"method": new.method, "witness": new.witness, "repair": new.repair}
                    judged.steps[i] = replace(step, truth=new.truth, kind=Kind.CLAIM, reason=reason, **changed)
                break
        if len(judged.steps) == 1 and kind is not Kind.DEFINITION and judged.steps[0].truth is not Truth.TRUE:
            curve = self._stated(line, chain)
            false = judged.steps[0].truth is Truth.FALSE
            if false and self._are_both_differentiated(line, chain):
                said = "both sides of an equation are differentiated: this holds where the equation does"
                judged.steps[0] = combine.with_kind(judged.steps[0], Kind.CONDITION, said)
                self.found += [] if (own := self._behind_derivatives(line, chain)) is None else [own]
            elif curve is not None and (not false or self._is_differentiated(curve.names, line)):
                self.found.append(curve)
                said = "this is an equation of a curve: what follows is differentiated along it"
                judged.steps[0] = combine.with_kind(judged.steps[0], Kind.CONDITION, said) if false else judged.steps[0]

    def _stated(self, line: Line, chain: Chain) -> _Curve | None:
        """The curve that a line states, if it may be one: an equation between names that nothing computes."""
        left, right = chain.sides
        if not (isinstance(left, Expression) and isinstance(right, Expression)) or isinstance(left, Ref):
            return None
        nodes = [*walk(left), *walk(right)]
        names = {node.name for node in nodes if isinstance(node, Ref)}
        plain = all(isinstance(node, Ref | Const | Apply) for node in nodes) and "'" not in "".join(names)
        own = frozenset(name for name in names if name.removeprefix(FREE) not in CONSTANTS)
        equation = line.piece.relations[0].text == "=" and all(map(self._is_given, names))
        return _Curve(Condition(left, "=", right), own, line) if plain and equation and len(own) > 1 else None

    def _is_differentiated(self, names: frozenset[str], line: Line) -> bool:
        """Whether a derivative of one of the names stands behind a line, in its section."""
        lines = self.said.lines
        at = next(i for i, other in enumerate(lines) if other is line)
        behind = [other for other in lines[at + 1 :] if other.section == line.section and other.error is None]
        written = " ".join(other.source.slice(other.piece.at, other.piece.end) for other in behind)
        plain = [re.escape(name.removeprefix(FREE)) for name in names]
        return any(re.search(rf"(?<![A-Za-z\\]){name}'|frac\{{d\s*{name}\}}", written) for name in plain)

    def _are_both_differentiated(self, line: Line, chain: Chain) -> bool:
        r"""Whether a line differentiates both sides of an equation: ``\frac{d}{dx}(x^2 + y^2) = \frac{d}{dx} 4``."""
        bodies: list[Derivative] = []
        for side in chain.sides:
            if not isinstance(side, Expression):
                return False
            terms = side.args if is_apply(side, "add") else (side,)
            found = [term for term in terms if isinstance(term, Derivative) and term.style == "total"]
            if not found or any(term.names for term in terms if term not in found):
                return False
            bodies += found
        by = bodies[0].wrt
        names = frozenset(name for term in bodies for name in term.body.names - by[0].names if self._is_given(name))
        whole = all(isinstance(side, Derivative) for side in chain.sides)
        open_ = whole and any(name.removeprefix(FREE) not in CONSTANTS for name in names)
        return (
            len(by) == 1 and all(term.wrt == by for term in bodies) and (open_ or self._is_differentiated(names, line))
        )

    def _behind_derivatives(self, line: Line, chain: Chain) -> _Curve | None:
        """The curve both sides of whose equation a line differentiates, if it writes all of it in the derivatives."""
        sides = [
            side.args if is_apply(side, "add") else (side,) for side in chain.sides if isinstance(side, Expression)
        ]
        if not all(isinstance(term, Derivative) for terms in sides for term in terms):
            return None
        bodies = [
            Apply("add", (*(term.body for term in terms if isinstance(term, Derivative)), ZERO)) for terms in sides
        ]
        return self._stated(line, replace(chain, sides=tuple(bodies)))

    def _is_given(self, name: str) -> bool:
        return name.startswith(FREE) and self.said.scope().computed(name) is None

    def _is_alone(self, curve: _Curve) -> bool:
        """Whether its section has no other curve with one of its names, and defines none of them in two ways."""
        near = [other for other in self.found if other.line.section == curve.line.section and other.names & curve.names]
        return len(near) == 1 and curve.names.isdisjoint(self.said.disputed)

    @staticmethod
    def _is_said(curve: _Curve, line: Line) -> bool:
        """Whether a prime is a derivative for certain: words say so, or the curve stands in the same formula."""
        return curve.line.source is line.source or bool(_SAID.search(f"{line.words} {line.sentence} {line.question}"))

    @staticmethod
    def _along(curve: _Curve, pair: tuple[Expression, ...]) -> tuple[Ref, Ref, bool] | None:
        """What is differentiated along a curve and by what, and whether both are written; None if nothing is."""
        slopes = [node for side in pair for node in walk(side) if isinstance(node, Derivative) and len(node.wrt) == 1]
        for node in slopes:
            (by,), whole = node.wrt, node.body.names & curve.names
            alone = isinstance(node.body, Ref) or node.style == "total"
            others = whole - by.names
            if (
                alone
                and isinstance(by, Ref)
                and by.name in curve.names
                and len(others) == 1
                and whole == node.body.names
            ):
                return Ref(next(iter(others))), by, True
        for node in (node for side in pair for node in walk(side)):
            if isinstance(node, Ref) and node.name.rstrip("'") in curve.names and 1 <= node.name.count("'") <= 2:
                others = curve.names - {node.name.rstrip("'")}
                if len(others) == 1:
                    return Ref(node.name.rstrip("'")), Ref(next(iter(others))), False
        return None

    def _judged(self, curve: _Curve, chain: Chain, by: tuple[Ref, Ref, bool], deadline: Deadline) -> Finding:
        y, x, _ = by
        lead = subtract(curve.condition.left, curve.condition.right)
        slope = neg(div(Derivative(lead, (x,)), Derivative(lead, (y,))))
        bend = _along(slope, y, x, slope)

        def rule(node: Expression) -> Expression | None:
            if node in (Ref(f"{y.name}'"), Derivative(y, (x,)), Derivative(y, (x,), "total")):
                return slope
            if node in (Ref(f"{y.name}''"), Derivative(y, (x, x)), Derivative(y, (x, x), "total")):
                return bend
            if (
                isinstance(node, Derivative)
                and node.wrt == (x,)
                and node.style == "total"
                and y.name in node.body.names
            ):
                return _along(node.body, y, x, slope)
            return None

        sides = tuple(mapped(side, rule) if isinstance(side, Expression) else side for side in chain.sides)
        known = replace(self.said.known, quantities={
            name: formula for name, formula in self.said.known.quantities.items() if name.rstrip("'") != y.name
        })  # fmt: skip
        found = verdicts(replace(chain, sides=sides), known, deadline)[0]
        if found.truth is Truth.TRUE:
            return found
        along = replace(chain, sides=sides, conditions=(*chain.conditions, curve.condition))
        found = findings(along, known, deadline, repairs=sides[1:] == chain.sides[1:])[0]
        return found if found.repair is None or found.repair.side else replace(found, repair=None)


def _along(body: Expression, y: Ref, x: Ref, slope: Expression) -> Expression:
    """The derivative of a formula by x where y changes with it."""
    return Apply("add", (Derivative(body, (x,)), mul(Derivative(body, (y,)), slope)))
