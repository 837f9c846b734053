"""WHAT a training kernel computes, free of any backend's spelling: one step of gradient descent from the Derivation.

The statements are those that every backend prints. Two things are moved, by the distributive law only: factors that
are the same for all points (the weights above a hidden unit, divisions by a constant) go in front of the sum over the
points, and ``delta (1 - z^2)`` becomes ``delta - (delta z) z`` where ``delta z`` is wanted as well.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

from gradlab.codegen._schedule import programs_for
from gradlab.graph import (
    ONE,
    PRIMITIVES,
    TWO,
    ZERO,
    Apply,
    Expression,
    NetworkGraph,
    Ref,
    add,
    as_number,
    div,
    evaluate,
    is_apply,
    mul,
    neg,
    number,
    power,
    subtract,
    transform,
    walk,
)

Statements = tuple[tuple[str, Expression], ...]
REBUILT = {"add": add, "mul": mul, "neg": neg, "div": div, "pow": power}


@dataclass(frozen=True, slots=True)
class PointProgram:
    """What is computed for one point in one step.

    Attributes:
        statements: name and formula, in order.
        gradient: for each parameter, what is summed over the points.
        factors: for each parameter, what the sum is multiplied with; no quantity of a point stands in it.
        margin: the point is right where this is below a given number.
        loss: of this point.
    """

    statements: Statements
    gradient: tuple[Expression, ...]
    factors: tuple[Expression, ...]
    margin: Expression
    loss: Expression

    @property
    def always(self) -> tuple[Expression, ...]:
        """What every step wants to know of the point; the loss only some do."""
        return (*self.gradient, self.margin)


def point_program(graph: NetworkGraph) -> PointProgram:
    """The step of a network for a point that is given by the names of inputs and labels."""
    given = (*graph.parameters, *graph.columns)
    program = programs_for(graph, "L", graph.parameters, given).value_and_gradient
    loss, *gradient = program.outputs
    whole = PointProgram(program.statements, tuple(gradient), (), margin_of(graph), loss)
    return _share(_hoist(whole, graph.parameters))


def margin_of(graph: NetworkGraph) -> Expression:
    """How far a point is from being right, as the loss says."""
    return graph.loss_row.margin([(Ref(f), Ref(y)) for f, y in zip(graph.outputs, graph.labels, strict=True)])


def factors_of(formula: Expression) -> tuple[Fraction, tuple[Expression, ...]]:
    """A product as the number in it and its other factors; divisions by a number belong to the number."""
    if is_apply(formula, "neg"):
        value, factors = factors_of(formula.args[0])
        return -value, factors
    if is_apply(formula, "div"):
        divisor = as_number(formula.args[1])
        if divisor:
            value, factors = factors_of(formula.args[0])
            return value / divisor, factors
    if is_apply(formula, "mul"):
        parts = [factors_of(arg) for arg in formula.args]
        return reduce(operator.mul, (value for value, _ in parts)), tuple(f for _, own in parts for f in own)
    value = as_number(formula)
    return (Fraction(1), (formula,)) if value is None else (value, ())


def product_of(value: Fraction, factors: Iterable[Expression]) -> Expression:
    """The product of a number and others, the number first and multiplied with: kernels divide by no number."""
    if value < 0:
        return neg(product_of(-value, factors))
    if value == 0:
        return ZERO
    parts = (*(() if value == 1 else (number(value),)), *factors)
    if len(parts) < 2:
        return next(iter(parts), ONE)
    return Apply("mul", parts)


def plain(formula: Expression) -> Expression:
    """The formula with its products written that way."""

    def rule(node: Expression) -> Expression | None:
        if not any(is_apply(node, name) for name in ("mul", "neg", "div")) or as_number(node) is not None:
            return None
        return product_of(*factors_of(node))

    return transform(formula, rule)


def _hoist(program: PointProgram, parameters: Iterable[str]) -> PointProgram:
    """Take what does not depend on the point out of the sums over the points."""
    fixed = frozenset(parameters)
    elsewhere = {name for _, formula in program.statements for name in formula.names}
    elsewhere |= program.margin.names | program.loss.names
    products = [factors_of(part) for part in program.gradient]
    # A factor of such a quantity can be moved if the gradient is proportional to the quantity wherever it is used.
    for _, factors in products:
        elsewhere |= {name for f in factors if not isinstance(f, Ref) for name in f.names}
    outside: dict[str, tuple[Fraction, tuple[Expression, ...]]] = {}
    statements = []
    for name, formula in program.statements:
        value, factors = factors_of(formula)
        if name not in elsewhere:
            outside[name] = value, tuple(f for f in factors if f.names <= fixed)
            formula = product_of(Fraction(1), [f for f in factors if not f.names <= fixed])
        statements.append((name, formula))
    gradient, front = [], []
    for value, factors in products:
        moved = [outside[f.name] for f in factors if isinstance(f, Ref) and f.name in outside]
        front.append(
            product_of(
                reduce(operator.mul, (v for v, _ in moved), value),
                [*(f for f in factors if f.names <= fixed), *(f for _, own in moved for f in own)],
            )
        )
        gradient.append(product_of(Fraction(1), [f for f in factors if not f.names <= fixed]))
    return PointProgram(tuple(statements), tuple(gradient), tuple(front), program.margin, program.loss)


def _share(program: PointProgram) -> PointProgram:
    """Write delta (1 - z^2) with the product delta z where the gradient has that too."""
    gradient = list(program.gradient)
    statements: list[tuple[str, Expression]] = []
    for name, formula in program.statements:
        found = _one_less_square(formula)
        wanted = mul(*found) if found else None
        if found and wanted in gradient:
            delta, z = found
            product = Ref(f"{name}_z")
            statements.append((product.name, mul(delta, z)))
            gradient = [product if part == wanted else part for part in gradient]
            formula = subtract(delta, mul(product, z))
        statements.append((name, formula))
    return PointProgram(tuple(statements), tuple(gradient), program.factors, program.margin, program.loss)


def _one_less_square(formula: Expression) -> tuple[Expression, Expression] | None:
    """For delta (1 - z^2), both names."""
    if not (is_apply(formula, "mul") and len(formula.args) == 2 and isinstance(formula.args[0], Ref)):
        return None
    delta, other = formula.args
    bases = [node.args[0] for node in walk(other) if is_apply(node, "pow") and node.args[1] == TWO]
    if len(bases) == 1 and other == subtract(ONE, power(bases[0], TWO)):
        return delta, bases[0]
    return None


def at_point(program: PointProgram, values: Mapping[str, Expression], mark: str) -> PointProgram:
    """The program of a certain point, in which what its numbers make trivial is gone.

    Args:
        program: the program for any point.
        values: for each input and label a number, or the name under which it is given.
        mark: what is put behind the name of every statement.
    """
    known: dict[str, Expression] = dict(values)
    statements = []
    for name, formula in program.statements:
        made = _filled_in(formula, known)
        if as_number(made) is not None or isinstance(made.args[0] if is_apply(made, "neg") else made, Ref):
            known[name] = made
        else:
            known[name] = Ref(name + mark)
            statements.append((name + mark, made))
    return PointProgram(
        tuple(statements),
        tuple(_filled_in(formula, known) for formula in program.gradient),
        program.factors,
        _without_abs(_filled_in(program.margin, known), statements),
        _filled_in(program.loss, known),
    )


def _without_abs(formula: Expression, statements: Iterable[tuple[str, Expression]]) -> Expression:
    """The formula without absolute values of what lies between 0 and 1."""
    positive = {name for name, made in statements if isinstance(made, Apply) and _is_share(made.primitive)}

    def rule(node: Expression) -> Expression | None:
        inside = node.args[0] if is_apply(node, "abs") else None
        return inside if isinstance(inside, Ref) and inside.name in positive else None

    return transform(formula, rule)


def _is_share(primitive: str) -> bool:
    low, high = PRIMITIVES[primitive].between
    return low >= 0 and high <= 1


def needed_for(statements: Iterable[tuple[str, Expression]], results: Iterable[Expression]) -> Statements:
    """The statements that some results are computed from."""
    wanted = {name for result in results for name in result.names}
    kept = []
    for name, formula in reversed(tuple(statements)):
        if name in wanted:
            wanted |= formula.names
            kept.append((name, formula))
    return tuple(reversed(kept))


def _filled_in(formula: Expression, known: Mapping[str, Expression]) -> Expression:
    def rule(node: Expression) -> Expression | None:
        if isinstance(node, Ref):
            return known.get(node.name)
        if not isinstance(node, Apply) or as_number(node) is not None:
            return None
        if not node.names:
            value = float(evaluate(node, {}, exact=False))
            return number(Fraction(value)) if math.isfinite(value) else None
        return REBUILT[node.primitive](*node.args) if node.primitive in REBUILT else None

    return plain(transform(formula, rule))
