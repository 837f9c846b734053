"""The judge alone, on what a reader would have read: unknown functions, sums, definitions, conditions, values."""

from __future__ import annotations

from fractions import Fraction

import pytest

from gradlab.graph import ONE, ZERO, Apply, Const, Graph, Ref, number
from gradlab.prove._verdict import Truth
from gradlab.prove.read._nodes import At, Cases, Condition, Index
from gradlab.prove.read._statements import Family, Function
from statements import call, formula, item, judged, letter, minus, plus, ref, slope, times, to_the, total

F, X, Z, W = formula, ref("x"), ref("z"), ref("w")
I_IS_J = Condition(Index("i"), "=", Index("j"))
I_NOT_J = Condition(Index("i"), "!=", Index("j"))


def cases_of_equal() -> Cases:
    return Cases((ONE, ZERO), ((I_IS_J,), ()))


@pytest.mark.parametrize(
    ("left", "right", "verdict"),
    [
        (call("phi", F("2*z")), times(number(2), call("phi", Z)), "F"),
        (slope(call("phi", Z), Z), call("phi", Z), "F"),
        (slope(call("phi", Z), Z), call("phi", Z, primes=1), "T"),
        (slope(call("phi", F("3*z")), Z), times(number(3), call("phi", F("3*z"), primes=1)), "T"),
        (slope(call("phi", F("3*z")), Z), call("phi", F("3*z"), primes=1), "F"),
        (slope(times(call("f", X), call("g", X)), X),
         plus(times(call("f", X), call("g", X, primes=1)), times(call("f", X, primes=1), call("g", X))), "T"),
        (slope(times(call("f", X), call("g", X)), X), times(call("f", X, primes=1), call("g", X, primes=1)), "F"),
        (slope(call("f", call("g", X)), X), times(call("f", call("g", X), primes=1), call("g", X, primes=1)), "T"),
        (slope(call("f", call("g", X)), X), times(call("f", X, primes=1), call("g", X, primes=1)), "F"),
        (slope(Apply("div", (call("f", X), call("g", X))), X),
         Apply("div", (minus(times(call("f", X, primes=1), call("g", X)), times(call("f", X), call("g", X, primes=1))),
                       to_the(call("g", X), 2))), "T"),
        (slope(Apply("div", (call("f", X), call("g", X))), X),
         Apply("div", (call("f", X, primes=1), call("g", X, primes=1))), "F"),
        (slope(call("f", X), X, X), call("f", X, primes=2), "T"),
        (slope(Apply("log", (call("f", X),)), X), Apply("div", (call("f", X, primes=1), call("f", X))), "T"),
        (call("f", plus(X, Z)), plus(call("f", X), call("f", Z)), "F"),
        (call("f", Apply("neg", (X,))), call("f", X), "F"),
        (call("f", X), call("f", Z), "F"),
        (call("h", X, Z), call("h", Z, X), "F"),
        (slope(call("h", X, Z), X, Z), slope(call("h", X, Z), Z, X), "T"),
    ],
)  # fmt: skip
def test_unknown_functions_are_judged_for_all_functions(left, right, verdict):
    assert letter(left, right) == verdict


def test_a_function_that_shows_it_is_named():
    witness = judged(call(r"\phi", F("2*z")), times(number(2), call(r"\phi", Z)))[0].witness
    assert witness.point[r"\phi(t)"] == "t^2"


def test_what_depends_on_what_is_tried_in_every_way():
    squared, inner = slope(to_the(F("p - y"), 2), W), slope(F("p - y"), W)
    assert letter(squared, times(number(3), inner)) == "F"
    assert letter(squared, times(number(2), F("p - y"), inner)) == "T"
    # Right where y is a number, wrong where y depends on w too.
    assert letter(squared, times(number(2), F("p - y"), slope(ref("p"), W))) == "N"
    assert letter(slope(ref("y"), X), ZERO) == "N"


SUM = total("k", times(item(r"\theta", "k"), item("x", "k")), "n")
SQUARES = total("i", to_the(item("x", "i"), 2), "m")
NUMBER_OF = total("i", ONE, "m")
ENTROPY = Apply("neg", (total("k", times(item("y", "k"), Apply("log", (item("a", "k"),)))),))
SOFTMAX = {
    "?a": Family(
        ("j",),
        (),
        Apply("div", (Apply("exp", (item("z", "j"),)), total("k", Apply("exp", (item("z", "k"),))))),
    )
}
A_I, A_J = item("a", "i"), item("a", "j")
OTHERS = total("j", item("x", "j"), "", I_NOT_J)


@pytest.mark.parametrize(
    ("left", "right", "verdict", "more"),
    [
        (slope(SUM, item(r"\theta", "j")), item("x", "j"), "T", {}),
        (slope(SUM, item(r"\theta", "j")), ZERO, "F", {}),
        (slope(SUM, item(r"\theta", "j")), item(r"\theta", "j"), "F", {}),
        (to_the(total("i", item("x", "i"), "m"), 2), times(ref("m"), SQUARES), "F", {}),
        (slope(SQUARES, item("x", "i")), times(number(2), item("x", "i")), "T", {}),
        (slope(SQUARES, item("x", "i")), times(number(2), total("i", item("x", "i"), "m")), "F", {}),
        (NUMBER_OF, ref("m"), "T", {}),
        (NUMBER_OF, number(3), "F", {}),
        (plus(OTHERS, item("x", "i")), total("j", item("x", "j")), "T", {}),
        (OTHERS, total("j", item("x", "j")), "F", {}),
        (slope(A_J, item("z", "i")), times(A_I, minus(ONE, A_I)), "T", {"families": SOFTMAX, "where": (I_IS_J,)}),
        (slope(A_J, item("z", "i")), Apply("neg", (times(A_I, A_J),)), "T",
         {"families": SOFTMAX, "where": (I_NOT_J,)}),
        (slope(A_J, item("z", "i")), times(A_I, A_J), "F", {"families": SOFTMAX, "where": (I_NOT_J,)}),
        (slope(A_J, item("z", "i")), times(A_I, minus(ONE, A_I)), "N", {"families": SOFTMAX}),
        (slope(A_J, item("z", "i")), times(A_J, minus(cases_of_equal(), A_I)), "T", {"families": SOFTMAX}),
        (slope(item("x", "i"), item("x", "j")), cases_of_equal(), "T", {}),
        (total("k", item("y", "k"), "K"), ONE, "T",
         {"where": (Condition(total("k", item("y", "k"), "K"), "=", ONE),)}),
        (slope(ENTROPY, item("z", "i")), minus(A_I, item("y", "i")), "T",
         {"families": SOFTMAX, "where": (Condition(total("k", item("y", "k")), "=", ONE),)}),
        (slope(ENTROPY, item("z", "i")), minus(A_I, item("y", "i")), "F", {"families": SOFTMAX}),
    ],
)  # fmt: skip
def test_indices_and_sums_are_bound(left, right, verdict, more):
    assert letter(left, right, **more) == verdict


NETWORK = {"?L": F("(a - y)**2/2"), "?a": Apply("sigmoid", (Z,)), "?z": F("w*x + b")}
CHAIN_RULE = times(F("a - y"), ref("a"), F("1 - a"), X)


def test_definitions_hold_in_any_order():
    assert letter(slope(ref("L"), W), CHAIN_RULE, quantities=NETWORK) == "T"
    assert letter(slope(ref("L"), ref("a")), F("a - y"), quantities=NETWORK) == "T"
    assert letter(slope(ref("L"), W), CHAIN_RULE.args[0], quantities=NETWORK) == "F"
    product = times(slope(ref("L"), ref("a")), slope(ref("a"), Z), slope(Z, W))
    assert letter(slope(ref("L"), W), product, CHAIN_RULE, quantities=NETWORK) == "TT"


def test_nothing_says_how_it_is_computed():
    found = judged(slope(ref("f"), X), ONE)[0]
    assert found.truth is Truth.NOT_UNDERSTOOD
    assert "nothing says how f is computed" in found.reason


def test_values_at_points():
    square = Graph.from_text({"f": "x**2"})
    assert letter(At(slope(Ref("f"), Ref("x")), (Ref("x"),), (number(3),)), number(6), graph=square) == "T"
    assert letter(call("f", number(3)), number(9), graph=square) == "T"
    assert letter(call("f", number(3)), number(6), graph=square) == "F"
    functions = {"?f": Function(("?x",), F("x**3"))}
    assert letter(call("f", X, primes=2), F("6*x"), functions=functions) == "T"
    assert letter(call("f", X, primes=1), F("6*x"), functions=functions) == "F"
    assert letter(call("f", number(2), primes=1), number(12), functions=functions) == "T"
    assert letter(call("f", F("2*x"), primes=1), F("12*x**2"), functions=functions) == "T"


def test_conditions_hold_at_every_point():
    positive, two = Condition(X, ">", ZERO), Condition(X, "=", number(2))
    assert letter(Apply("abs", (X,)), X, where=(positive,)) == "T"
    assert letter(Apply("abs", (X,)), X) == "F"
    assert letter(F("x*x"), number(4), where=(two,)) == "T"
    assert letter(F("x*x"), number(5), where=(two,)) == "F"
    far = Condition(X, ">", number(30))
    split = plus(Apply("log", (F("x - 30"),)), Apply("log", (F("x + 30"),)))
    assert letter(Apply("log", (F("x**2 - 900"),)), split, where=(far,)) == "T"
    assert letter(F("x + y"), ONE, where=(Condition(F("x + y"), "=", ONE),)) == "T"
    assert letter(F("x - y"), ONE, where=(Condition(F("x + y"), "=", ONE),)) == "F"


def test_conditions_that_cannot_be_met_give_no_verdict():
    assert letter(X, X, where=(Condition(X, ">", ONE), Condition(X, "<", ZERO))) == "N"
    assert letter(F("x**2"), ONE, where=(Condition(F("sin(x) + x**2"), "=", ONE),)) == "N"


def test_derivatives_are_taken_before_a_condition_fixes_names():
    functions = {"?f": Function(("?x",), F("x**2"))}
    assert letter(call("f", X, primes=1), number(4), functions=functions, where=(Condition(X, "=", number(2)),)) == "T"


def test_rounded_numbers():
    third = F("1/3")
    assert letter(third, Const(Fraction(33, 100)), digits=2) == "T"
    assert letter(third, Const(Fraction(34, 100)), digits=2) == "F"
    assert letter(number(1000), number(1003)) == "F"
    assert letter(third, Const(Fraction(33, 100))) == "F"


def test_a_letter_that_stands_in_the_condition_of_a_sum_alone_is_an_index():
    others = total("j", item("x", "j"), "", Condition(Index("j"), "!=", ref("i")))
    assert letter(others, total("j", item("x", "j"))) == "F"
    assert letter(plus(others, item("x", "i")), total("j", item("x", "j"))) == "T"


@pytest.mark.parametrize(
    ("left", "wrong", "fault"),
    [
        (slope(SUM, item(r"\theta", "j")), Apply("neg", (item("x", "j"),)), "SIGN"),
        (slope(SQUARES, item("x", "i")), item("x", "i"), "CONSTANT_FACTOR"),
        (slope(Apply("sin", (F("3*x**2"),)), X), times(F("6*x"), Apply("cos", (F("x**2"),))), "CONSTANT_FACTOR"),
        (slope(to_the(F("2*x + 1"), 5), X), times(number(10), to_the(F("2*x + 1"), 5)), "WRONG_POWER"),
        (SQUARES, total("i", item("x", "i"), "m"), "WRONG_POWER"),
        (total("i", times(item("x", "i"), item("y", "i")), "m"), total("i", item("x", "i"), "m"),
         "MISSING_FACTOR"),
        (total("i", minus(item("x", "i"), item("y", "i")), "m"), total("i", plus(item("x", "i"), item("y", "i")), "m"),
         "SIGN"),
        (slope(F("sin(x)*exp(2*x) + x**3"), X), F("cos(x)*exp(2*x) + 2*sin(x)*exp(2*x) + 3*x"), "WRONG_POWER"),
        # Two mistakes: a sign and a power, a factor and a sign.
        (slope(F("x**3*y - 5*x**2"), X), F("3*x*y + 10*x"), "SEVERAL"),
        (slope(F("x**3 + sin(2*x)"), X), F("3*x + cos(2*x)"), "SEVERAL"),
    ],
)  # fmt: skip
def test_repairs_are_the_right_ones(left, wrong, fault):
    repair = judged(left, wrong)[0].repair
    assert repair is not None
    assert repair.fault.name == fault, repair


def test_where_no_repair_is_verified_none_is_named():
    assert judged(slope(F("x**2"), X), F("exp(y) + 17*log(x + 3)"))[0].repair is None
