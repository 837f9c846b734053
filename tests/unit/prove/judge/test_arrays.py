"""Vectors and matrices: shapes are found, impossible ones are said, derivatives are judged in the layout they have."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice, product

import pytest

from gradlab.graph import ONE, Apply, Const, number
from gradlab.prove._verdict import Truth
from gradlab.prove.judge.arrays._choices import _usual_first
from gradlab.prove.read._nodes import Call, Tensor
from gradlab.prove.read._statements import Layout
from statements import item, judged, letter, matrix, minus, op, plus, ref, slope, times, to_the, total, turned, vector

A, B, W = matrix("A"), matrix("B"), matrix("W")
a, b, w, x, y, z = (vector(name) for name in "abwxyz")
DELTA = vector(r"\delta")
HALF = Const(Fraction(1, 2))
SIGMOID = Apply("sigmoid", (z,))


def squared_norm(array):
    return to_the(op("norm", array), 2)


@pytest.mark.parametrize(
    ("left", "right", "verdict"),
    [
        (times(turned(w), x), times(turned(x), w), "T"),
        (times(turned(Tensor("?u")), Tensor("?x")), total("i", times(item("u", "i"), item("x", "i")), "n"), "T"),
        (times(turned(w), x), total("i", item("w", "i"), "n"), "F"),
        (squared_norm(x), times(turned(x), x), "T"),
        (op("norm", x), times(turned(x), x), "F"),
        (squared_norm(plus(x, y)), plus(squared_norm(x), times(number(2), turned(x), y), squared_norm(y)), "T"),
        (op("outer", x, y), times(x, turned(y)), "T"),
        (turned(times(A, B)), times(turned(B), turned(A)), "T"),
        (turned(times(A, B)), times(turned(A), turned(B)), "F"),
        (op("hadamard", x, y), times(op("diag", x), y), "T"),
        (op("trace", times(A, B)), op("trace", times(B, A)), "T"),
        (op("trace", times(x, turned(y))), times(turned(y), x), "T"),
        (times(turned(op("ones")), x), total("i", item("x", "i"), "n"), "T"),
        (times(A, op("inverse", A)), op("identity"), "T"),
        (op("det", times(A, B)), times(op("det", A), op("det", B)), "T"),
        (times(A, B), times(B, A), "F"),
        (times(A, turned(x), x), times(turned(x), x, A), "T"),
    ],
)  # fmt: skip
def test_products_and_the_like(left, right, verdict):
    assert letter(left, right) == verdict


@pytest.mark.parametrize(
    ("body", "by", "result", "verdict"),
    [
        (times(turned(w), x), w, x, "T"),
        (times(turned(w), x), w, turned(x), "T"),
        (times(turned(w), x), w, w, "F"),
        (times(W, x), x, W, "T"),
        (times(W, x), x, turned(W), "T"),
        (times(W, x), x, times(number(2), W), "F"),
        (times(turned(x), A, x), x, times(plus(A, turned(A)), x), "T"),
        (times(turned(x), A, x), x, times(number(2), A, x), "F"),
        (times(turned(x), x), x, times(number(2), x), "T"),
        (times(turned(a), W, b), W, times(a, turned(b)), "T"),
        (times(turned(a), W, b), W, times(turned(a), b), "F"),
        (op("trace", times(A, B)), A, turned(B), "T"),
        (SIGMOID, z, op("diag", op("hadamard", SIGMOID, minus(ONE, SIGMOID))), "T"),
        (SIGMOID, z, op("diag", SIGMOID), "F"),
        (op("norm", x), x, Apply("div", (x, op("norm", x))), "T"),
    ],
)  # fmt: skip
def test_derivatives_by_arrays(body, by, result, verdict):
    assert letter(slope(body, by), result) == verdict


def test_the_layout_is_named_or_taken_from_the_text():
    left = slope(times(turned(w), x), w)
    assert "differentiated" in judged(left, turned(x))[0].reason
    assert letter(left, x, layout=Layout.DENOMINATOR) == "T"
    assert letter(left, turned(x), layout=Layout.NUMERATOR) == "T"
    assert letter(slope(times(W, x), x), turned(W), layout=Layout.NUMERATOR) != "T"
    # Of a square matrix both fit, and only one is right.
    square = {"shapes": {"?A": ("n", "n")}}
    found = judged(slope(times(A, x), x), turned(A), **square)[0]
    assert found.truth is Truth.NOT_UNDERSTOOD
    assert "say which layout" in found.reason


def test_shapes_that_cannot_be_are_false_and_named():
    found = judged(times(turned(x), w), times(x, turned(w)))[0]
    assert (found.truth, "1 x 1" in found.reason) == (Truth.FALSE, True)
    stated = {"shapes": {"?W": ("m", "n"), "?x": ("n",), "?z": ("m",)}}
    assert letter(z, times(turned(W), x), **stated) != "T"


def layer() -> dict:
    """One layer with a squared error, and its delta."""
    error = minus(a, y)
    return {
        "?z": plus(times(W, x), b),
        "?a": Call(r"?\sigma", (z,), (0,)),
        "?L": times(HALF, squared_norm(error)),
        r"?\delta": op("hadamard", error, Call(r"?\sigma", (z,), (1,))),
    }


@pytest.mark.parametrize(
    ("by", "result", "verdict"),
    [
        (W, times(DELTA, turned(x)), "T"),
        (b, DELTA, "T"),
        (x, times(turned(W), DELTA), "T"),
        (z, DELTA, "T"),
        (a, minus(a, y), "T"),
        (x, times(W, DELTA), "F"),
        (W, times(minus(a, y), turned(x)), "F"),
        (b, minus(a, y), "F"),
    ],
)
def test_a_layer_of_a_network_for_every_activation(by, result, verdict):
    assert letter(slope(ref("L"), by), result, quantities=layer()) == verdict


def test_a_chain_of_steps_has_one_shape_for_each_name():
    assert (
        letter(slope(ref("L"), W), times(slope(ref("L"), b), turned(x)), times(DELTA, turned(x)), quantities=layer())
        == "TT"
    )


def test_repairs_know_transposes_and_the_order_of_factors():
    layer_ = layer()
    found = judged(slope(ref("L"), x), times(W, DELTA), quantities=layer_)[0].repair
    assert found is not None
    assert found.fault.name == "TRANSPOSE"
    gradient = slope(squared_norm(minus(times(A, x), b)), x, style="gradient")
    half = judged(gradient, times(turned(A), minus(times(A, x), b)))[0].repair
    assert half is not None
    assert half.fault.name == "CONSTANT_FACTOR"


def test_plain_names_beside_vectors_may_be_vectors():
    theta = Tensor(r"?\theta", 1)
    assert letter(slope(times(turned(theta), ref("x")), theta), ref("x")) == "T"
    assert letter(times(turned(theta), ref("x")), times(turned(ref("x")), theta)) == "T"
    assert letter(slope(times(turned(theta), ref("x")), theta), times(number(2), ref("x"))) == "F"
    quantities = {"?z": plus(times(W, ref("x")), ref("b")), "?L": squared_norm(ref("z"))}
    assert letter(slope(ref("L"), ref("b")), times(number(2), ref("z")), quantities=quantities) == "T"
    assert letter(slope(ref("L"), ref("x")), times(number(2), turned(W), ref("z")), quantities=quantities) == "T"
    assert letter(slope(ref("L"), ref("x")), times(number(2), ref("z")), quantities=quantities) != "T"
    assert letter(plus(times(turned(w), x), ref("b")), plus(ref("b"), times(turned(x), w))) == "T"


@pytest.mark.parametrize("sizes", [[], [1], [3], [2, 3, 1, 4]])
def test_the_usual_ways_to_read_arrays_come_first(sizes):
    every = product(*(range(size) for size in sizes))
    assert list(_usual_first(sizes)) == sorted(every, key=lambda picks: (sum(picks), picks))


def test_the_ways_to_read_many_arrays_are_not_all_listed_before_the_first_is_tried():
    assert len(list(islice(_usual_first([3] * 100), 300))) == 300
