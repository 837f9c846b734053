from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import gradlab as gl
from gradlab.graph import GraphError, NotRationalError, ParseError

BOWL = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")


def test_values_and_numpy_gradients_need_no_sympy_for_one_formula():
    program = (
        "import gradlab as gl, sys; f = gl.function('x**2*y'); assert f([2.0, 3.0])[0] == 12; "
        "print(sorted(m for m in ('sympy', 'torch') if m in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_variables_are_in_natural_order():
    assert gl.function("x10 + x2*b + a*x1").variables == ("a", "b", "x1", "x2", "x10")
    value, gradient = gl.function("x10 - 2*x2")([1.0, 5.0])
    assert (value, gradient.tolist()) == (3.0, [-2.0, 1.0])


def test_what_a_function_shows():
    assert repr(BOWL) == "f(x1, x2) = (x1 - 6)**2 + x2**2 - x1*x2"
    assert BOWL.latex() == "f(x_1, x_2) = (x_1 - 6)^2 + x_2^2 - x_1 x_2"
    assert BOWL._repr_latex_() == rf"$\displaystyle {BOWL.latex()}$"
    assert repr(BOWL.gradient()) == "{x1: 2*x1 - x2 - 12, x2: 2*x2 - x1}"
    assert BOWL.gradient().latex() == r"\begin{pmatrix} 2 x_1 - x_2 - 12 \\ 2 x_2 - x_1 \end{pmatrix}"
    assert BOWL.gradient()._repr_latex_().startswith(r"$\displaystyle \begin{pmatrix}")
    assert (BOWL.output, BOWL.variables) == ("f", ("x1", "x2"))
    assert list(BOWL.gradient()) == ["x1", "x2"]
    assert len(BOWL.gradient()) == 2


def test_named_formulas():
    f = gl.function({"L": "(a - y)**2", "a": "sigmoid(z)", "z": "w*x + b"})
    assert (f.output, f.variables) == ("L", ("b", "w", "x", "y"))
    assert str(f.expression) == "(sigmoid(w*x + b) - y)**2"
    assert str(f.derive("z", "w").result) == "x"


@pytest.mark.parametrize(
    ("formula", "error", "message"),
    [
        ("3", gl.GradlabError, "f is a constant: a function needs a variable"),
        ("exp(1)", gl.GradlabError, "is a constant"),
        ("f**2 + x", GraphError, r"f is the name of the value .* function\('f\*\*2 \+ x', name='f_out'\)"),
        ("x +", ParseError, "not an expression"),
        ({}, gl.GradlabError, "one formula must be used by no other"),
        ({"a": "x", "b": "y"}, gl.GradlabError, r"here \['a', 'b'\] are"),
        ({"a": "b*x", "b": "a"}, GraphError, "break the cycle"),
        ({"sin": "x"}, gl.GradlabError, "is the name of a function"),
        ({"a": 3}, ParseError, "given as text"),
        (None, ParseError, "given as text"),
    ],
)
def test_what_is_no_function(formula, error, message):
    with pytest.raises(error, match=message):
        gl.function(formula)


@pytest.mark.parametrize("formula", ["x + e", {"f": "g*x", "g": "e**2"}])
def test_a_variable_e_beside_others_is_said(formula):
    with pytest.warns(UserWarning, match=r"e is a variable here, as x: write exp\(1\)"):
        assert gl.function(formula).variables == ("e", "x")
    assert gl.function("e**2").variables == ("e",)  # nothing else can be meant


def test_a_variable_named_f():
    f = gl.function("f**2 + x", name="value")
    assert f.variables == ("f", "x")
    assert f([3.0, 1.0])[0] == 10


def test_compile_and_backends():
    assert BOWL.compile("numpy")([6.0, 6.0])[0] == 0
    assert BOWL.compile("torch") == BOWL.to_torch().apply
    for thing in (BOWL, gl.mlp([1, 1])):
        with pytest.raises(gl.GradlabError, match="no backend 'jax': write one of 'numpy', 'torch', 'wasm'"):
            thing.compile("jax")
    net = gl.mlp([1, 1])
    assert net.compile() is net.compile("numpy")
    assert net.compile("torch") is net.compile("torch")


def test_without_pytorch_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(gl.GradlabError, match="pip install torch"):
        gl.function("x**2").to_torch()
    with pytest.raises(gl.GradlabError, match="pip install torch"):
        gl.mlp([1, 1]).compile("torch")


@pytest.mark.parametrize(
    ("make", "words"), [(gl.Network, "mlp"), (lambda it: gl.Function(it, "f"), "function"), (gl.Gradient, "gradient")]
)
def test_what_others_make_is_not_half_made_of_anything(make, words):
    with pytest.raises(gl.GradlabError, match=rf"is made by gl\..*{words}.*and not of \[2, 2, 1\]"):
        make([2, 2, 1])


@pytest.mark.parametrize("thing", [BOWL, gl.mlp([2, 2, 1])])
def test_nothing_can_be_set(thing):
    for name in ("graph", "variables", "parameters", "sizes", "output", "expression", "loss_name"):
        if hasattr(type(thing), name):
            with pytest.raises(AttributeError):
                setattr(thing, name, ())


def test_networks_by_name():
    net = gl.mlp([2, 2, 1])
    assert repr(net) == "mlp([2, 2, 1], hidden='tanh', output='sigmoid', loss='binary_cross_entropy')"
    named = net.named(np.arange(9.0))
    assert list(named) == list(net.parameters)
    assert named["c"] == 6.0
    with pytest.raises(gl.GradlabError, match=r"has 9 numbers; this has shape \(8,\)"):
        net.named(np.arange(8.0))
    with pytest.raises(gl.GradlabError):
        net.named(["a"] * 9)
    assert net.predict([0.0] * 9, [[0.0, 1.0]]).tolist() == [0.5]


def test_gradient_order_is_the_order_of_the_parameters():
    net = gl.mlp([2, 3, 2], loss="squared_error")
    rng = np.random.default_rng(0)
    parameters, x, y = rng.normal(size=len(net.parameters)), rng.normal(size=(4, 2)), rng.normal(size=(4, 2))
    f = net.compile()
    _, gradient = f(parameters, x, y)
    for i in range(len(parameters)):
        step = np.zeros_like(parameters)
        step[i] = 1e-6
        slope = (f(parameters + step, x, y)[0] - f(parameters - step, x, y)[0]) / 2e-6
        assert gradient[i] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_exact_says_when_it_cannot():
    with pytest.raises(NotRationalError):
        gl.function("sqrt(x)").exact((4,))


def test_derive_and_backprop_of_a_function():
    assert str(BOWL.derive("f", "x1").result) == "2*x1 - x2 - 12"
    assert BOWL.backprop() is BOWL.compile("numpy").derivation
    assert "def value_and_gradient" in BOWL.source


@pytest.mark.parametrize(
    "given", [np.ma.array([1.0, 2.0], mask=[0, 1]), np.array([1j, 2.0])], ids=["masked", "complex"]
)
def test_masked_and_complex_arrays_are_refused(given):
    bowl, net, line = gl.function("x**2 + y**2"), gl.mlp([2, 2, 1]), gl.mlp([1, 1])
    calls = [
        lambda: bowl(given), lambda: bowl.value(given), lambda: bowl.hessian_at(given), lambda: line.named(given),
        lambda: bowl.hessian_vector_product([1.0, 2.0], given), lambda: net.predict(np.zeros(9), given[None]),
        lambda: net.compile()(np.zeros(9), np.eye(2), given), lambda: line.hessian(given, [[1.0]], [1.0]),
        lambda: gl.check_gradient(lambda x: float(np.abs(x @ x)), lambda x: 2 * x, at=given),
        lambda: gl.check_gradient(lambda x: float(x @ x), lambda x: given, at=[0.5, 1.0]),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(gl.GradlabError, match=r"masked|complex|real numbers|array of numbers"):
            call()
