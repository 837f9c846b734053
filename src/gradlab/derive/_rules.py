r"""Where the rules of the table come from: sigma' and tanh' derived from their definitions, by the quotient rule.

With f = N/D the quotient rule gives f' = N'/D - f D'/D. For the functions made of exponentials both N'/D and D'/D are
of the form a + b f, with numbers a and b that are found from two points and then proved exactly, as rational functions
of t = e^x. Nothing in it is particular to one function.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from gradlab._errors import GradlabError
from gradlab.derive._derivation import Derivation, Rule, Step
from gradlab.derive._local import local_derivative
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
    div,
    evaluate,
    is_apply,
    mul,
    neg,
    number,
    parse,
    power,
    subtract,
    transform,
)

X, T = Ref("x"), Ref("t")


def derive_rule(name: str) -> Derivation:
    """Derive the rule that the table has for a function made of exponentials, from its definition.

    Args:
        name: ``"sigmoid"``, ``"tanh"`` or ``"softplus"``.

    Returns:
        The derivation; its result is the table's rule, and every line is proved equal to the one before.

    Raises:
        GradlabError: for any other function.

    >>> str(derive_rule("sigmoid").result)
    'sigmoid(x)*(1 - sigmoid(x))'
    """
    defined = [row.name for row in PRIMITIVES.values() if row.definition]
    if name not in defined:
        raise GradlabError(f"there is no rule to derive for {name!r}: there are {', '.join(defined)}")
    function = Apply(name, (X,))
    definition = parse(PRIMITIVES[name].definition)
    left = Differentiate(function, "x")
    steps = [Step(left, Differentiate(definition, "x"), (f"definition of {name}",))]
    make = _quotient if is_apply(definition, "div") else _logarithm
    steps += [Step(left, right, because) for right, because in make(function, definition)]
    result = local_derivative(function, "x")
    if steps[-1].right != result:
        steps.append(Step(left, result, ("simplify",)))
    for before, after in pairwise(steps[1:]):
        _prove_equal(before.right, after.right)
    return Derivation(Graph.from_text({"f": f"{name}(x)"}), "f", "x", (("f", "x"),), tuple(steps), result)


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
        if isinstance(node, Apply) and PRIMITIVES[node.primitive].definition and node.args == (X,):
            return _rational(parse(PRIMITIVES[node.primitive].definition))
        return None

    return transform(expression, rule)


def _prove_equal(left: Expression, right: Expression) -> None:
    import sympy

    bridge = Bridge()
    difference = bridge.to_sympy(_rational(left)) - bridge.to_sympy(_rational(right))
    if sympy.cancel(sympy.together(difference)) != 0:
        raise AssertionError(f"{left} is not {right}")
