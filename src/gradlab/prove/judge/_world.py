"""What expressions are once everything that a claim leaves open is a number: formulas of named quantities, or arrays.

Sums are written out, definitions of the text are put in, derivatives are worked out through all that is computed on the
way; what is left is made of numbers, names, primitives, unknown functions and values by cases.
"""

from __future__ import annotations

import re

from gradlab.graph import (
    ZERO,
    Differentiate,
    Expression,
    Partial,
    Ref,
    add,
    mul,
    neg,
)
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove._subject import labels_of
from gradlab.prove.judge._axes import ShapeError
from gradlab.prove.judge._compare import sign_of
from gradlab.prove.judge._integrals import NO_ANTIDERIVATIVE, antiderivative, below_fractions
from gradlab.prove.judge._limits import Limits
from gradlab.prove.judge._points import Ground, Points
from gradlab.prove.judge._quantities import Way as Way
from gradlab.prove.judge.arrays import _grid as grid
from gradlab.prove.judge.arrays._entrywise import Arrays
from gradlab.prove.judge.arrays._grid import Grid, Value
from gradlab.prove.read._infinitesimals import Differential, Integral
from gradlab.prove.read._nodes import At, Call, Derivative, Indexed, Infinity, Limit, Tensor, Unsaid
from gradlab.prove.read._statements import Layout


class NothingSaysError(NotUnderstoodError):
    """A derivative of something of which nothing says how it is computed.

    ``of`` is what it is made of, ``alone`` whether that is one name by itself.
    """

    def __init__(self, message: str, names: frozenset[str], wrt: str, alone: bool) -> None:
        super().__init__(message, 0)
        self.of, self.wrt, self.alone = names, wrt, alone


class World(Arrays):
    """Works out expressions in one setting."""

    def _partial(self, node: Partial) -> Value:
        of, *by = (Ref(name) for name in (node.of, node.wrt, node.then) if name)
        return self._derivative(Derivative(of, tuple(by)))

    def _unsaid(self, node: Unsaid) -> Value:
        raise NotUnderstoodError(node.reason, 0)

    def _differentiate(self, node: Differentiate) -> Value:
        return self._derivative(Derivative(node.formula, (Ref(node.wrt),)))

    def _derivative(self, node: Derivative) -> Value:
        body = self.value(node.body)
        by = [self.value(wrt) for wrt in node.wrt]
        names = [self.variable(wrt) for wrt in by if isinstance(wrt, Expression)]
        if len(names) == len(by):
            whole = body.entries if isinstance(body, Grid) else (body,)
            for name in reversed(names):
                # What is made of the name may lose it on the way: the second derivative of x^2 + y^2 by x and y is 0.
                doubtful = not any(self.depends(part, name) for part in whole)
                body = self._each(body, lambda part: self.derivative(part, name, node.body, doubtful))  # noqa: B023
            flip = self.way.choice.layout is Layout.DENOMINATOR and isinstance(body, Grid) and not body.written
            return grid.transpose(body) if flip else body
        grids = [wrt for wrt in by if isinstance(wrt, Grid)]
        if len(grids) == 2 and isinstance(body, Expression):
            rows, columns = (wrt.entries for wrt in grids)
            return Grid(
                tuple(
                    tuple(
                        self.slope(self.derivative(body, self.variable(a), node.body), self.variable(b))
                        for b in columns
                    )
                    for a in rows
                )
            )
        if len(by) > 1:
            raise NotUnderstoodError("this derivative has more than two indices", 0)
        return self._by_array(node, body, grids[0])

    def _by_array(self, node: Derivative, body: Value, by: Grid) -> Value:
        layout = self.way.choice.layout
        if isinstance(body, Expression):
            made = by.mapped(lambda wrt: self.derivative(body, self.variable(wrt), node.body))
            return grid.transpose(made) if layout is Layout.NUMERATOR and node.style != "gradient" else made
        if 1 not in body.shape or 1 not in by.shape:
            raise NotUnderstoodError(
                "a derivative of or by a matrix that has more than two indices is not judged: write that of one entry",
                0,
            )
        names = [self.variable(wrt) for wrt in by.entries]
        if not any(self.depends(entry, name) for entry in body.entries for name in names):
            self.derivative(body.entries[0], names[0], node.body)
        own = None if isinstance(node.body, Tensor) else False
        rows = tuple(tuple(self.slope(entry, name, own) for name in names) for entry in body.entries)
        flip = layout is Layout.DENOMINATOR or node.style == "gradient"
        return grid.transpose(Grid(rows)) if flip else Grid(rows)

    def variable(self, wrt: Expression) -> str:
        """The name by which is differentiated."""
        if isinstance(wrt, Ref):
            return wrt.name
        if isinstance(wrt, Call) and not any(wrt.orders) and wrt.function in self.way.depending:
            raise NotUnderstoodError(
                "one differentiates by one name: write that alone below, as in \\frac{\\partial L}{\\partial w_1}", 0
            )
        raise NotUnderstoodError(
            "one differentiates by one name: write that alone below, as in \\frac{\\partial L}{\\partial w_1}", 0
        )

    def derivative(self, formula: Expression, wrt: str, written: Expression, doubtful: bool = True) -> Expression:
        """The derivative of what is written; ``doubtful``: whether it may not depend on the name at all.

        Raises:
            NothingSaysError: if nothing says how it depends on the name.
        """
        own = isinstance(written, Ref | Indexed | Tensor)
        result = self.slope(formula, wrt, None if own else False)
        given = self.given_in(formula) if doubtful and result == ZERO and not self.depends(formula, wrt) else ()
        if given:
            said = any(self.said(name, wrt) for name in given)
            calls = [node for node in _nodes(formula) if isinstance(node, Call)]
            through = any(isinstance(n, Call) for call in calls for part in call.arguments for n in _nodes(part))
            if not said and (through or not calls):
                shown = ", ".join(sorted(name.removeprefix("?") for name in given))
                message = f"nothing says how {shown} is computed, so it has no derivative by {wrt.removeprefix('?')}"
                raise NothingSaysError(message, frozenset(given), wrt, isinstance(formula, Ref))
        return result

    def said(self, name: str, wrt: str) -> bool:
        """Whether a name is known to be free of another: a graph, their family or a function of both says so."""
        both = {name, wrt}
        if name in self.graph or any(both <= set(each.parameters) for each in self.known.functions.values()):
            return True
        return re.split(r"[_^]", name)[0] == re.split(r"[_^]", wrt)[0]

    # ---- two sides

    @property
    def ground_labels(self) -> tuple[str, ...]:
        """The labels of the graph, which have few values only."""
        return labels_of(self.graph)[0]

    def pairs(self, left: Expression, right: Expression) -> tuple[tuple[Expression, Expression], ...]:
        """The entries of two sides that are to be equal.

        Raises:
            ShapeError: if they have different shapes.
        """
        a, b = self.value(left), self.value(right)
        first, second = grid.scalar(a), grid.scalar(b)
        if first is not None and second is not None:
            return ((first, second),)
        shapes = grid.shape_of(a), grid.shape_of(b)
        if isinstance(a, Grid) and isinstance(b, Grid):
            loose = (a.written or b.written) and all(1 in shape for shape in shapes)
            if shapes[0] == shapes[1] or (loose and len(a.entries) == len(b.entries)):
                return tuple(zip(a.entries, b.entries, strict=True))
        for zero, other in ((first, b), (second, a)):
            if zero == ZERO and isinstance(other, Grid):
                return tuple((entry, ZERO) for entry in other.entries)
        raise ShapeError(f"{grid.shown(shapes[0])} is not {grid.shown(shapes[1])}")

    # ---- limits

    def _limit(self, node: Limit) -> Value:
        limits, body, side = self._to_the_limit(node)
        return self._each(body, lambda part: limits.of(part, side))

    def limit(self, node: Limit) -> Expression | int:
        """A limit, or the sign of infinity."""
        limits, body, side = self._to_the_limit(node)
        return limits.extended(grid.only(body), side)

    def _to_the_limit(self, node: Limit) -> tuple[Limits, Value, int]:
        """What takes a limit, of what, and from which side."""
        variable = self.variable(node.variable)
        if self.formula_of(variable) is not None:
            raise NotUnderstoodError("what tends to something is computed from other quantities", 0)
        target = ZERO if node.target is None else self.formula(node.target)
        name = f"{variable} near"
        near = Ref(name) if node.target is None or target == ZERO else add(target, Ref(name))
        limits = Limits(name, node.side if node.target is None else 0, self._sign)
        side = 0 if node.target is None else node.side
        return limits, self._each(self.value(node.body), lambda part: self.at(part, {variable: near})), side

    def _sign(self, formula: Expression) -> int | None:
        """The sign of a formula at all points; 2 where it has both, None where it vanishes at some or has no value."""
        self.check_size(formula)
        if self._points is None:
            self._points = Points({self.setting: Ground(self.graph, self.formulas)}, self.deadline)
        return sign_of(self._points, formula)

    # ---- differentials and integrals

    def _differential(self, node: Differential) -> Value:
        by = [self.value(name) for name in node.by]
        names = [
            self.variable(name) for value in by for name in (value.entries if isinstance(value, Grid) else (value,))
        ]

        def changed(part: Expression) -> Expression:
            terms = [mul(self.slope(part, name), Ref(f"?d{name.removeprefix('?')}")) for name in names]
            return add(*terms) if terms else ZERO

        return self._each(self.value(node.body), changed)

    def _integral(self, node: Integral) -> Value:
        if node.lower is None or node.upper is None:
            raise NotUnderstoodError("an integral without bounds stands within a formula: give it bounds", 0)
        name = self.variable(node.variable)
        inside = Ref(f"{name} inside")
        body = self._each(self.value(node.body), lambda part: self.at(part, {name: inside}))
        if isinstance(node.lower, Infinity) or isinstance(node.upper, Infinity):
            return self._each(body, lambda part: self._improper(part, inside, node))
        lower, upper = self.formula(node.lower), self.formula(node.upper)
        return self._each(body, lambda part: Integral(part, inside, lower, upper))

    def _improper(self, body: Expression, inside: Ref, node: Integral) -> Expression:
        """An integral to infinity, of what is smooth everywhere: the limit of an antiderivative."""
        limits = Limits(inside.name, 1, self._sign)
        whole = antiderivative(body, inside.name)
        if whole is None or not limits.is_smooth(body) or any(below_fractions(body)):
            raise NotUnderstoodError(NO_ANTIDERIVATIVE, 0)
        ends: list[Expression] = []
        for bound in (node.upper, node.lower):
            if isinstance(bound, Infinity):
                ends.append(Limits(inside.name, bound.sign, self._sign).of(whole, 0))
            else:
                assert bound is not None
                ends.append(self.at(whole, {inside.name: self.formula(bound)}))
        return add(ends[0], neg(ends[1]))

    # ---- values at a point

    def _at(self, node: At) -> Value:
        body = self.value(node.body)
        values: dict[str, Expression] = {}
        for where, given in zip(node.where, node.values, strict=True):
            names, inside = self.value(where), self.value(given)
            if isinstance(names, Grid):
                if grid.shape_of(inside) != names.shape:
                    raise ShapeError(f"{grid.shown(grid.shape_of(inside))} is put in for {grid.shown(names.shape)}")
                pairs = zip(names.entries, inside.entries, strict=True)  # type: ignore[union-attr]
                values.update((self.variable(name), value) for name, value in pairs)
            else:
                values[self.variable(names)] = grid.only(inside)
        return self._each(body, lambda part: self.at(part, values))


def _nodes(expression: Expression) -> list[Expression]:
    found, stack = [], [expression]
    while stack:
        node = stack.pop()
        found.append(node)
        stack += node.args
    return found
