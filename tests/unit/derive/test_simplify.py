from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
from hypothesis import given, settings

import gradlab as gl
from gradlab.derive import backprop, stabilise, tidy
from gradlab.derive._simplify import cancel, has_division, multiply_out, use_relations
from gradlab.graph import ONE, Ref, add, count_operations, evaluate, mlp_graph, mul, parse
from random_formulas import formulas, points, rational_formulas

NAMES = ["x", "y", "w_1"]


def fractions(point):
    return dict(zip(NAMES, map(Fraction, point), strict=True))


@settings(max_examples=80)
@given(rational_formulas(NAMES), points(3))
def test_tidy_and_cancel_keep_the_value(text, point):
    formula, at = parse(text), fractions(point)
    value = evaluate(formula, at)
    for simplify in (tidy, cancel):
        simple = simplify(formula)
        assert evaluate(simple, at) == value
        assert simplify(simple) == simple or count_operations(simplify(simple)) <= count_operations(simple)
    assert count_operations(tidy(formula)) <= count_operations(formula)


@settings(max_examples=60)
@given(rational_formulas(NAMES, 4), rational_formulas(NAMES, 4), rational_formulas(NAMES, 4), points(3))
def test_multiply_out_keeps_the_value(a, b, c, point):
    factors, at = [parse(f"{a}/(x**2 + 1) - y/(1 + w_1**2)"), parse(b), parse(c)], fractions(point)
    assert evaluate(multiply_out(factors), at) == evaluate(mul(*factors), at)


@settings(max_examples=60)
@given(rational_formulas(NAMES, 4), points(3))
def test_use_relations_keeps_the_value_where_they_hold(text, point):
    at = fractions(point)
    at["w_1"] = 1 - at["x"] - at["y"]
    total = add(Ref("x"), Ref("y"), Ref("w_1"))
    formula = parse(f"({text})*(y + x + w_1) + (x + y + w_1)**2")
    used = use_relations(formula, ((total, ONE),))
    assert evaluate(used, at) == evaluate(formula, at)
    assert count_operations(used) < count_operations(formula)


@settings(max_examples=80)
@given(formulas(NAMES, kinks=False, leaves=4), points(3))
def test_stabilise_keeps_the_value(text, point):
    wrapped = [
        "log(1 + exp({0}))", "-log(sigmoid({0}))", "log(1 - sigmoid({0}))", "log(exp({0}))", "1/(1 + exp({0}))",
        "exp({0})/(1 + exp({0}))**2", "log(softmax(1, {0}, 0)) + log(softmax(2, y, {0}))",
        "y*exp({0})**2/(exp({0}) + 1)", "exp({0})/(x*(1 + exp({0})))",
    ]  # fmt: skip
    at = dict(zip(NAMES, point, strict=True))
    for pattern in wrapped:
        formula = parse(pattern.format(text))
        stable = stabilise(formula, {})
        before, after = evaluate(formula, at, exact=False), evaluate(stable, at, exact=False)
        assert after == pytest.approx(before, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("formula", "stable"),
    [
        ("log(sigmoid(z))", "-softplus(-z)"),
        ("-log(1 - sigmoid(z))", "softplus(z)"),
        ("log(1 + exp(z))", "softplus(z)"),
        ("log(exp(z) + 1)", "softplus(z)"),
        ("log(exp(z))", "z"),
        ("log(softmax(2, a, b))", "log_softmax(2, a, b)"),
        ("1/(1 + exp(-z))", "sigmoid(z)"),
        ("exp(z)/(1 + exp(z))", "sigmoid(z)"),
        ("exp(z)/(1 + exp(z))**2", "sigmoid(z)*sigmoid(-z)"),
        ("log(z)", "log(z)"),
        ("1/(1 + z)", "1/(1 + z)"),
        ("log(2 + exp(z))", "log(2 + exp(z))"),
    ],
)
def test_what_stabilise_writes(formula, stable):
    assert str(stabilise(parse(formula), {})) == stable


def test_stabilise_looks_behind_names():
    definitions = {"f": parse("g"), "g": parse("sigmoid(z)"), "e": parse("exp(z)"), "z": None}
    assert (
        str(stabilise(parse("-y*log(f) - (1 - y)*log(1 - f)"), definitions)) == "y*softplus(-z) + (1 - y)*softplus(z)"
    )
    assert str(stabilise(parse("log(1 + e)"), definitions)) == "softplus(z)"


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("2*(x1 - 6) - x2", "2*x1 - x2 - 12"),
        ("f*(1 - f)", "f*(1 - f)"),
        ("(a + b)*c", "(a + b)*c"),
        ("(x + 1)**2 - x**2 - 2*x", "1"),
        ("x*(x - x)", "0"),
        ("sin(x)*(x + 1 - x)", "sin(x)*(x + 1 - x)"),
        ("3", "3"),
    ],
)
def test_what_tidy_writes(formula, expected):
    assert str(tidy(parse(formula))) == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("(-y/f + (1 - y)/(1 - f))*f*(1 - f)", "f - y"),
        ("-y_1/p_1*p_1*(1 - p_1) + y_2/p_2*p_2*p_1", "p_1*(y_1 + y_2) - y_1"),
        ("1/x + 1/y", "1/x + 1/y"),
        ("x/y*y", "x"),
    ],
)
def test_what_cancel_writes(formula, expected):
    assert str(cancel(parse(formula))) == expected


def test_division_by_a_name_and_by_a_number():
    assert has_division(parse("1 + x/y"))
    assert not has_division(parse("x/3"))


def test_products_that_would_explode_are_left_alone():
    variables = [f"x{i}" for i in range(10)]
    power = parse(f"({' + '.join(variables)})**12")
    assert tidy(power) == power
    product = parse("*".join(f"(a{i} + b{i})" for i in range(25)) + "/c*c")
    assert cancel(product) == product
    many = parse(" + ".join(f"1/(a{i} + b{i})" for i in range(25)))
    assert cancel(many) == many
    gl.function({"L": "log(p)", "p": "*".join(f"(a{i} + b{i})" for i in range(25))}).backprop()


def test_mpmath_agrees_that_one_minus_sigmoid_keeps_its_digits():
    stable = stabilise(parse("log(1 - sigmoid(z))"), {})
    with mpmath.workdps(60):
        expected = float(-mpmath.log(1 + mpmath.exp(mpmath.mpf(-40))))
    assert evaluate(stable, {"z": -40.0}, exact=False) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("((1 - y)/(1 - f) - y/f)*(f*(1 - f)/sqrt(2))", "(f - y)/sqrt(2)"),
        ("((1 - y)/(1 - f) - y/f)*(f*(1 - f)/(pi*sqrt(2)))", "(f - y)/(pi*sqrt(2))"),
    ],
)
def test_numbers_that_are_no_fractions_stay_below_one_bar(written, wanted):
    assert str(cancel(parse(written))) == wanted


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "softmax_cross_entropy"])
def test_scaled_networks_have_no_fraction_in_their_first_delta(loss):
    graph = mlp_graph([2, 2, 1 if loss == "binary_cross_entropy" else 3], "tanh", None, loss, "mean_field", False)
    assert not any(has_division(formula) for _, formula in backprop(graph, "L", graph.parameters).deltas)
