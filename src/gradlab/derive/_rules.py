r"""Where the rules of the table come from: sigma' and tanh' derived from their definitions, by the quotient rule.

A function is differentiated as its definition says, and the last line is the table's rule. For a quotient of
exponentials there is more to see. With f = N/D the quotient rule gives f' = N'/D - f D'/D, where both N'/D and D'/D are
of the form a + b f, with numbers a and b that are found from two points and then proved exactly, as rational functions
of t = e^x. Nothing in it is particular to one function.

Every line is proved equal to the one before: as a rational function of x and e^x where it is one, else to 40 digits at
twelve points.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

from gradlab._errors import GradlabError
from gradlab.derive._derivation import Derivation, Rule, Step
from gradlab.derive._local import local_derivative
from gradlab.derive._stepwise import stepwise
from gradlab.derive._sympy import Bridge
from gradlab.graph import (
    ONE,
    PRIMITIVES,
    TWO,
    Apply,
    Differentiate,
    Expression,
    Graph,
    Ref,
    add,
    definition_of,
    div,
    evaluate,
    evaluate_precisely,
    is_apply,
    known_as,
    mul,
    neg,
    number,
    power,
    subtract,
    transform,
)

X, T = Ref("x"), Ref("t")
POINTS = (-23, -15, -9, -5, -2, -1, 1, 3, 6, 11, 16, 25)  # in sevenths


def derive_rule(name: str) -> Derivation:
    """Derive the rule that the table has for a function, from its definition.

    Args:
        name: a function of one argument that the table defines by others, such as ``"sigmoid"`` or ``"tanh"``.

    Returns:
        The derivation; its result is the table's rule, and every line is proved equal to the one before.

    Raises:
        GradlabError: for any other function.

    >>> str(derive_rule("sigmoid").result)
    'sigmoid(x)*(1 - sigmoid(x))'
    """
    name, defined = known_as(name), [row.name for row in PRIMITIVES.values() if row.definition and row.arity == 1]
    if name not in defined:
        raise GradlabError(f"there is no rule to derive for {name!r}: there are {', '.join(defined)}")
    function = Apply(name, (X,))
    definition = definition_of(function)
    assert definition is not None
    left = Differentiate(function, "x")
    steps = [Step(left, Differentiate(definition, "x"), (f"definition of {name}",))]
    steps += [Step(left, right, because) for right, because in _lines(function, definition)]
    result = local_derivative(function, "x")
    if steps[-1].right != result:
        steps.append(Step(left, result, ("simplify",)))
    for before, after in pairwise(steps[1:]):
        _prove_equal(worked_out(before.right), worked_out(after.right))
    return Derivation(Graph.from_text({"f": f"{name}(x)"}), "f", "x", (("f", "x"),), tuple(steps), result)


def worked_out(line: Expression) -> Expression:
    """A line with the derivatives that still stand in it."""
    return transform(line, lambda n: local_derivative(n.formula, n.wrt) if isinstance(n, Differentiate) else None)


def _lines(function: Apply, definition: Expression) -> Iterable[tuple[Expression, tuple]]:
    """The lines from the definition to its derivative."""
    if is_apply(definition, "div") and _rational(definition).names == {T.name}:
        return _quotient(function, definition)
    if is_apply(definition, "log") and _rational(definition.args[0]).names == {T.name}:
        return _logarithm(function, definition)
    return stepwise(definition, "x")


def _quotient(function: Apply, definition: Expression) -> list[tuple[Expression, tuple]]:
    over, under = definition.args
    over_slope, under_slope = local_derivative(over, "x"), local_derivative(under, "x")
    raw_top = Apply("add", (Apply("mul", (over_slope, under)), Apply("neg", (Apply("mul", (over, under_slope)),))))
    first = Apply("div", (raw_top, power(under, TWO)))
    split = subtract(div(over_slope, under), Apply("mul", (definition, Apply("div", (under_slope, under)))))
    over_part, under_part = _in_function(over_slope, under, function), _in_function(under_slope, under, function)
    product = Apply("mul", (function, under_part))
    return [
        (first, (Rule("the quotient rule"),)),
        (split, ("split the fraction",)),
        (subtract(over_part, product) if over_part.names or over_part != number(0) else neg(product),
         ("write the quotients with the function itself",)),
    ]  # fmt: skip


def _logarithm(function: Apply, definition: Expression) -> list[tuple[Expression, tuple]]:
    inner = definition.args[0]
    quotient = Apply("div", (local_derivative(inner, "x"), inner))
    divided = div(ONE, add(ONE, div(subtract(inner, local_derivative(inner, "x")), local_derivative(inner, "x"))))
    reason = PRIMITIVES["log"]
    return [
        (quotient, (Rule(reason.rule, reason.rule_latex), ", chain rule")),
        (divided, ("divide above and below by the numerator",)),
    ]


def _in_function(slope: Expression, under: Expression, function: Apply) -> Expression:
    """A quotient as a + b f, with the numbers a and b solved from two points and then proved."""
    quotient = Apply("div", (slope, under))
    points = (Fraction(2), Fraction(3))
    (f0, q0), (f1, q1) = (
        (evaluate(_rational(function), {"t": t}), evaluate(_rational(quotient), {"t": t})) for t in points
    )
    b = (q1 - q0) / (f1 - f0)
    written = add(mul(number(b), function), number(q0 - b * f0))
    _prove_equal(quotient, written)
    return written


def _rational(expression: Expression) -> Expression:
    """The expression as a rational function of t = e^x."""

    def rule(node: Expression) -> Expression | None:
        if is_apply(node, "exp"):
            return T if node.args[0] == X else div(ONE, T) if node.args[0] == neg(X) else None
        meant = definition_of(node) if isinstance(node, Apply) and node.args == (X,) else None
        return None if meant is None else _rational(meant)

    return transform(expression, rule)


def _prove_equal(left: Expression, right: Expression) -> None:
    import sympy

    bridge = Bridge()
    difference = bridge.to_sympy(_rational(left)) - bridge.to_sympy(_rational(right))
    if sympy.cancel(sympy.together(difference)) != 0 and not _agree(left, right):
        raise AssertionError(f"{left} is not {right}")


def _agree(left: Expression, right: Expression) -> bool:
    """Whether two formulas in x have the same 40 digits wherever both are defined, at six points or more."""
    import mpmath

    mp, agreeing = mpmath.MPContext(), 0
    mp.dps = 60
    for point in POINTS:
        x = mp.mpf(point) / 7
        try:
            a, b = (evaluate_precisely(side, {"x": x}, mp) for side in (left, right))
        except (ValueError, ZeroDivisionError):
            continue
        if abs(a - b) > max(1, abs(a)) * mp.mpf(10) ** -40:
            return False
        agreeing += 1
    return agreeing >= len(POINTS) // 2
