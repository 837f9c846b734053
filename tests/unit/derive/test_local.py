from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings

from gradlab.derive import local_gradient
from gradlab.derive._local import local_derivative, rules_used
from gradlab.graph import PRIMITIVES, Apply, Ref, evaluate, number, parse
from random_formulas import points, rational_formulas

X, Y = Ref("x"), Ref("y")


def texts(expression: str) -> dict[str, str]:
    return {name: str(part) for name, part in local_gradient(parse(expression)).items()}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("c", {"c": "1"}),
        ("x*y*z", {"x": "y*z", "y": "x*z", "z": "x*y"}),
        ("x + x", {"x": "2"}),
        ("x - x", {"x": "0"}),
        ("x/y", {"x": "1/y", "y": "-x/y**2"}),
        ("x**3", {"x": "3*x**2"}),
        ("x**0", {"x": "0"}),
        ("x**1", {"x": "1"}),
        ("x**-1", {"x": "-1/x**2"}),
        ("0**x", {"x": "0"}),
        ("x**0.5", {"x": "1/(2*x**(1/2))"}),
        ("2**x", {"x": "2**x*log(2)"}),
        ("exp(-x)", {"x": "-exp(-x)"}),
        ("log(x)", {"x": "1/x"}),
        ("sqrt(x)", {"x": "1/(2*sqrt(x))"}),
        ("sqrt(x)**2", {"x": "1"}),
        ("abs(x)", {"x": "sign(x)"}),
        ("relu(x)", {"x": "step(x)"}),
        ("max(x, y)", {"x": "(1 + sign(x - y))/2", "y": "(1 + sign(y - x))/2"}),
        ("sign(x) + step(x)", {"x": "0"}),
        (
            "softmax(1, a, b)",
            {"a": "softmax(1, a, b)*(1 - softmax(1, a, b))", "b": "-softmax(1, a, b)*softmax(2, a, b)"},
        ),
        ("log_softmax(1, a, b)", {"a": "1 - softmax(1, a, b)", "b": "-softmax(2, a, b)"}),
    ],
)
def test_local_gradients_as_they_are_written(formula, expected):
    assert texts(formula) == expected


def test_a_formula_without_the_name():
    assert local_derivative(X, "y") == number(0)
    assert dict(local_gradient(number(3))) == {}


def test_the_order_is_that_of_first_appearance():
    assert list(local_gradient(parse("z*a + x*z + b"))) == ["z", "a", "x", "b"]


@settings(max_examples=80)
@given(rational_formulas(["x", "y"]), points(2))
def test_against_exact_dual_numbers(text, point):
    """Taylor: (f(x + h) - f(x - h))/2h is exact up to h**2 f'''/6; three steps make a limit, in exact fractions."""
    formula = parse(text)
    at = {"x": Fraction(point[0]), "y": Fraction(point[1])}
    for name in ("x", "y"):
        exact = evaluate(local_derivative(formula, name), at)
        h = Fraction(1, 10**12)
        moved = (evaluate(formula, at | {name: at[name] + s * h}) for s in (1, -1))
        up, down = moved
        slope = (up - down) / (2 * h)
        assert abs(slope - exact) <= Fraction(1, 10**9) * (1 + abs(exact))


@pytest.mark.parametrize("formula", ["max(x, x)", "min(x, x, x)", "max(x, x, x, x)", "max(x, min(x, x), x)"])
def test_in_a_tie_the_derivatives_add_up_to_one(formula):
    for x in (Fraction(-2), Fraction(0), Fraction(1, 3)):
        assert evaluate(local_derivative(parse(formula), "x"), {"x": x}) == 1


def test_every_row_has_a_derivative_by_every_argument():
    for name, row in PRIMITIVES.items():
        count = 3 if row.arity is None else row.arity
        arguments = tuple(Ref(f"v{i}") for i in range(count))
        if name in ("softmax", "log_softmax"):
            arguments = (number(1), *arguments)
        made = Apply(name, arguments)
        gradient = local_gradient(made)
        assert list(gradient) == [a.name for a in arguments if isinstance(a, Ref)]


def test_the_rules_a_formula_needs():
    assert [rule.text for rule in rules_used(parse("x + 2*y"), "x")] == []
    assert [rule.text for rule in rules_used(parse("tanh(x)*exp(y)"), "x")] == ["tanh' = 1 - tanh^2"]
    assert [rule.text for rule in rules_used(parse("x*y + 2*x*x"), "x")] == ["the product rule"]
    assert [rule.text for rule in rules_used(parse("sin(x**2)"), "x")] == ["sin' = cos", "the power rule"]


def test_what_is_returned_cannot_be_changed():
    with pytest.raises(TypeError):
        local_gradient(X)["x"] = Y  # type: ignore[index]
