"""What Derive is told: derivations, numbers and verdicts are those of the package."""

import json
import math

import numpy as np
import pytest

import gradlab as gl
from gradlab.play import answer

SMALL = {"sizes": [2, 2, 1], "activation": "tanh", "loss": "binary_cross_entropy"}
DEEP = {"sizes": [3, 2, 2, 2], "activation": "relu", "loss": "softmax_cross_entropy"}
POINT = {"x": [1, 0.5], "y": [1], "weights": []}


@pytest.mark.parametrize("by", ["w_12", "c", "z_2in", "x_1"])
def test_a_chain_is_the_derivation_and_what_is_lit_lies_on_its_paths(by):
    made, derivation = answer("chain", {**SMALL, "by": by}), gl.mlp([2, 2, 1]).derive("L", by)
    assert (made["by"], made["latex"], made["result"]) == (by, derivation.latex(), str(derivation.result))
    assert set(made["lit"]) == {name for path in derivation.paths for name in path}
    assert made["paths"] == len(derivation.paths)
    assert " style=" not in json.dumps(made)


def test_units_have_their_sums_and_outputs():
    made = answer("chain", {**DEEP, "by": ""})
    assert made["by"] == "w1_11"
    assert made["quantities"][1:] == [
        [[f"{unit}in", f"{unit}out"] for unit in layer]
        for layer in (["z1_1", "z1_2"], ["z2_1", "z2_2"], ["f_1", "f_2"])
    ]
    assert answer("chain", {**SMALL, "by": ""})["quantities"][2] == [["f_in", "f_out"]]


@pytest.mark.parametrize(("network", "x", "y"), [(SMALL, [1, 0.5], [1]), (DEEP, [1, -0.5, 2], [0, 1])])
def test_numbers_are_those_of_the_kernels(network, x, y):
    made = answer("numbers", {**network, "x": x, "y": y, "weights": []})
    net = gl.mlp(network["sizes"], hidden=network["activation"], loss=network["loss"])
    loss, gradient = net.compile()(made["weights"], [x], [y])
    assert made["values"]["L"] == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose([made["slopes"][name] for name in net.parameters], gradient, rtol=1e-12, atol=1e-15)
    h, given = 1e-6, dict(network, y=y, weights=made["weights"])
    above, below = (answer("numbers", {**given, "x": [x[0] + step, *x[1:]]})["values"]["L"] for step in (h, -h))
    assert made["slopes"]["x_1"] == pytest.approx((above - below) / (2 * h), rel=1e-6, abs=1e-9)


def test_matrices_are_the_vector_form():
    made = answer("matrices", SMALL)
    form = gl.mlp([2, 2, 1]).vector_form()
    assert made["latex"].startswith(form.forward_latex())
    assert [text.count("<math") for text in made["formulas"]] == [1, 1, 1]


@pytest.mark.parametrize(
    ("line", "outcome", "hint"),
    [
        ("(f_out - y)*u_2*(1 - z_2out**2)*x_1", "right", ""),
        (r"(y - f_{out}) u_2 (1 - z_{2,out}^2) x_1", "wrong", "a sign is wrong"),
        ("nonsense", "not understood", "line 1, column 1: there is no quantity 'nonsense'"),
        ("dL / dw_12 = (f_out - y)*u_2*(1 - z_2out**2)*x_1", "right", ""),
        ("(f_out - y)*u_2*(1 - z_2out**2)", "wrong", "a factor is missing"),
        ("3*(f_out - y)*u_2*(1 - z_2out**2)*x_1", "wrong", "a constant factor"),
        ("(f_out - y)*u_2*(1 - z_2out**2)*x_1**2", "wrong", "a power"),
        ("0.7", "wrong", ""),
        ("dL/dw_12 = (f_out - y)*u_2*(1 - z_2out**2)*x_1 = (f_out - y)*u_2*x_1*(1 - tanh(z_2in)**2)", "right", ""),
        ("dL/dw_12 = dL/dz_2in * x_1", "not finished: derivatives are left in it", ""),
        ("dL/df_in*u_2*dz_2out/dz_2in*x_1", "not finished: derivatives are left in it", ""),
        ("dL/dw_12 = dL/dz_2in", "wrong", ""),
        ("x_1/dL/dw_12", "not understood", ""),
        ("dL/dw_12 = (f_out - y)*u_2*(1 + z_2out**2)*x_1 = (f_out - y)*u_2*x_1", "wrong", "step 1: "),
        ("z_2in = b_2 + w_12*x_1 + w_22*x_2", "not judged", "each step is right, but this is about something"),
        ("2 = 1 + 1", "not judged", ""),
        ("du_1/dw_12 = 0", "not judged", ""),
        ("∂L/∂w_12 = (f_out − y)·u_2·(1 − z_2out²)·x_1.", "right", ""),
        ("= (f_out - y)*u_2*(1 - z_2out**2)*x_1", "right", ""),
        ("dL/dw_12 = u_2*x_1 = (f_out - y)*u_2*(1 - z_2out**2)*x_1", "wrong", ""),
        ("abs(y - f_out)*u_2*(1 - z_2out**2)*x_1", "wrong", "the value is another one; this network has no abs"),
        ("(f_out - y)*u_2*(1 - z_2out**2)*sqrt(x_1**2)", "wrong", "the value is another one; this network has no sqrt"),
    ],
)
def test_a_line_is_judged_by_the_prover(line, outcome, hint):
    said = answer("judged", {**SMALL, **POINT, "by": "w_12", "line": line})
    assert said["outcome"] == outcome
    assert said["hint"].startswith(hint)


@pytest.mark.parametrize(
    "line",
    [
        "{value:.5}", r"\frac{{\partial L}}{{\partial w_{{12}}}} = {value:.4}", "({f:.5} - 1)*(-1)*(1 - {z:.5}**2)",
        "(f_out - 1)*u_2*(1 - z_2out**2)*x_1", r"(f_{{out}} - y) \cdot (-1) (1 - z_{{2,out}}^2) \cdot 1",
        "{value:.1g}", "dL/dw_12 = {value:.2g}",
        "({f:.2f} - y)*u_2*(1 - {z:.2f}**2)*x_1", "({f:.1f} - 1)*u_2*(1 - {z:.1f}**2)",
    ],
)  # fmt: skip
def test_numbers_of_the_point_are_not_called_wrong(line):
    flow = answer("numbers", {**SMALL, **POINT})
    written = line.format(value=flow["slopes"]["w_12"], f=flow["values"]["f_out"], z=flow["values"]["z_2out"])
    said = answer("judged", {**SMALL, **POINT, "by": "w_12", "line": written})
    assert said["outcome"] == "not judged"
    assert "with numbers in place of names" in said["hint"]


@pytest.mark.parametrize("digits", [1, 2, 3])
def test_a_number_that_is_no_rounding_of_the_value_is_wrong(digits):
    value = answer("numbers", {**SMALL, **POINT})["slopes"]["w_12"]
    unit = 10.0 ** (math.floor(math.log10(abs(value))) + 1 - digits)
    for line in (f"{value + 1.2 * unit:.{digits}g}", f"{-value:.{digits}g}", "0"):
        assert answer("judged", {**SMALL, **POINT, "by": "w_12", "line": line})["outcome"] == "wrong"


def test_a_line_that_the_page_shows_is_right_where_the_derivative_vanishes():
    network = {"sizes": [2, 2, 1], "activation": "relu", "loss": "squared_error"}
    line = answer("chain", {**network, "by": "w_12"})["result"]
    assert answer("judged", {**network, **POINT, "by": "w_12", "line": line})["outcome"] == "right"


def test_equations_in_plain_text_are_told_how_to_be_written():
    said = answer("judged", {**SMALL, **POINT, "by": "w_12", "line": "1 - z_2out**2 = 1 - tanh(q_2in)**2"})
    assert said["outcome"] == "not understood"
    assert r"\partial w_{12}" in said["remedy"]


def test_a_factor_that_is_zero_at_many_points_is_no_less_understood():
    relu = {**SMALL, "activation": "relu", "loss": "squared_error"}
    said = answer("judged", {**relu, **POINT, "by": "w_12", "line": "2*(f_out - y)*x_1*u_2*step(z_2in)"})
    assert said["outcome"] == "right"


@pytest.mark.parametrize(
    ("question", "given", "message"),
    [
        ("chain", {**SMALL, "sizes": [2], "by": ""}, "networks of 2 to 5 layers, each of 1 to 6 units"),
        ("chain", {**SMALL, "sizes": [2, 7, 1], "by": ""}, "such as 2,2,1"),
        ("chain", {**SMALL, "by": "w_13"}, "there is no quantity 'w_13'"),
        ("chain", {**SMALL, "by": "y"}, "not by y: a label is what is given"),
        ("numbers", {**SMALL, **POINT, "x": [1]}, "has 2 inputs, x_1, x_2; numbers are given for 1"),
        ("numbers", {**SMALL, **POINT, "weights": [1e6] * 9}, "L = -y*log(f_out) - (1 - y)*log(1 - f_out) has no"),
        ("judged", {**SMALL, **POINT, "by": "w_12", "line": "x" * 601}, "1 to 600 characters; this one has 601"),
    ],
)
def test_mistakes_are_told(question, given, message):
    assert message in answer(question, given)["error"]
