"""A primitive is a row and nothing else: every row of the table, and rows made up here, go through all that uses one.

The made-up rows are x sigma(x) under names that nobody has: one with a definition, one with a lower form, one with
both, one with neither but with spellings. No other file knows of them.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import torch

import gradlab as gl
from gradlab.codegen import NumbaTrainer
from gradlab.derive._local import local_derivative
from gradlab.graph import (
    ONE,
    NotRationalError,
    Primitive,
    _primitives,
    add,
    evaluate_precisely,
    functions,
    mul,
    parse,
    subtract,
)
from gradlab.graph._row import apply
from gradlab.prove import Truth


def slope(arguments, out, i):
    (x,) = arguments
    share = apply("sigmoid", x)
    return mul(share, add(ONE, mul(x, subtract(ONE, share))))


def made_up(name, **more):
    rule = f"{name}' x = sigma x (1 + x (1 - sigma x))"
    return Primitive(name, 1, lambda x: x / (1 + math.exp(-x)), slope, rule=rule, activation=True, **more)


DEFINITION = {"definition": "x/(1 + exp(-x))"}
LOWER = {"lower": lambda arguments: mul(arguments[0], apply("sigmoid", arguments[0]))}
SPELLED = {"numpy": "{0}*_sigmoid({0})", "torch": "torch.nn.functional.silu({0})", "numba": "{0}*sigmoid({0})"}
ROWS = (
    made_up("bydefinition", **DEFINITION),
    made_up("bylower", **LOWER),
    made_up("byboth", **DEFINITION, **LOWER),
    made_up("byneither", **SPELLED),
    made_up("by_some_words", **DEFINITION, numpy="{0}*_sigmoid({0})"),
)


@pytest.fixture(params=ROWS, ids=lambda row: row.name)
def row(request, monkeypatch):
    monkeypatch.setitem(_primitives._table, request.param.name, request.param)
    return request.param


def exact(x):
    with mpmath.workdps(40):
        x = mpmath.mpf(float(x))
        s = 1 / (1 + mpmath.exp(-x))
        return float(x * s), float(s * (1 + x * (1 - s)))


POINTS = np.array([-40.0, -3.0, -0.5, 0.0, 0.25, 2.0, 30.0])
VALUES, SLOPES = np.array([exact(x) for x in POINTS]).T


def test_text_and_latex(row):
    assert str(parse(f"3*{row.name}(2*x)")) == f"3*{row.name}(2*x)"
    word = row.name.replace("_", r"\_")
    assert parse(f"{row.name}(x) + 1").latex() == rf"\operatorname{{{word}}}(x) + 1"
    with pytest.raises(gl.GradlabError, match=f"did you mean {row.name}"):
        parse(f"{row.name}{row.name[-1]}(x)")
    with pytest.raises(gl.GradlabError, match=f"{row.name} takes 1 argument, not 2"):
        parse(f"{row.name}(x, y)")
    with pytest.raises(gl.GradlabError, match="is the name of a function"):
        gl.function({row.name: "x"})
    with pytest.raises(gl.GradlabError, match=row.name):
        parse("quux(x)")


def test_derive_and_simplify(row):
    derivation = gl.function(f"{row.name}(w*x)").derive("f", "x")
    assert any(row.rule in str(piece) for step in derivation.steps for piece in step.because)
    assert derivation.result == mul(slope((parse("w*x"),), None, 0), parse("w"))
    assert row.rule.split("'")[0] in derivation.latex()


def test_derive_rule(row):
    if not row.definition:
        with pytest.raises(gl.GradlabError, match="there is no rule to derive"):
            gl.derive_rule(row.name)
        return
    derivation = gl.derive_rule(row.name)
    assert derivation.result == slope((parse("x"),), None, 0)
    assert len(derivation.steps) > 2


def test_numpy(row):
    f = gl.function(f"{row.name}(x)")
    values, gradients = f(POINTS[:, None])
    np.testing.assert_allclose(values, VALUES, rtol=1e-14, atol=1e-300)
    np.testing.assert_allclose(gradients[:, 0], SLOPES, rtol=1e-13, atol=1e-15)
    values, gradients = f(np.float32([[-3e38], [-1e30], [1e30], [3e38]]))
    assert values.dtype == gradients.dtype == np.float32
    np.testing.assert_array_equal(gradients[:, 0], [0, 0, 1, 1])
    np.testing.assert_array_equal(values, np.float32([0, 0, 1e30, 3e38]))


def test_arguments_of_spellings_keep_their_brackets(row):
    value, _ = gl.function(f"2*{row.name}(x - y)**2")(np.array([3.0, 1.0]))
    assert value == pytest.approx(2 * exact(2.0)[0] ** 2, rel=1e-15)


def test_torch(row):
    function = gl.function(f"{row.name}(x)").to_torch()
    leaf = torch.tensor(POINTS[:, None], requires_grad=True)
    function.apply(leaf).sum().backward()
    np.testing.assert_allclose(leaf.grad[:, 0], SLOPES, rtol=1e-13, atol=1e-15)
    assert torch.autograd.gradcheck(function.apply, (leaf,))
    assert torch.autograd.gradgradcheck(function.apply, (leaf,))


def test_exact_says_that_it_cannot(row):
    with pytest.raises(NotRationalError, match="as floats"):
        gl.function(f"{row.name}(x)").exact((Fraction(1, 2),))


@pytest.mark.parametrize(
    ("row", "sizes"),
    [*((row, (2, 2, 1)) for row in ROWS), *((row, (2, 5, 3, 1)) for row in ROWS[2:4])],
    indirect=["row"], ids=[*(row.name for row in ROWS), *(f"{row.name}, rolled" for row in ROWS[2:4])],
)  # fmt: skip
def test_training_kernels(row, sizes):
    data = gl.datasets.five_points()
    net = gl.mlp(sizes, hidden=row.name)
    start = np.random.default_rng(1).normal(size=(3, len(net.parameters)))
    trained = NumbaTrainer(net.graph, data.x, data.y, dtype="float64").train(start, 0.5, 20)
    at = start.copy()
    for _ in range(20):
        at -= 0.5 * net.compile("numpy")(at, data.x, data.y)[1]
    np.testing.assert_allclose(trained.parameters, at, rtol=1e-10, atol=1e-12)


def test_networks_of_every_backend_agree(row):
    net = gl.mlp([2, 3, 1], hidden=row.name, output=row.name, loss="squared_error")
    rng = np.random.default_rng(2)
    weights, x, y = rng.normal(size=len(net.parameters)), rng.normal(size=(4, 2)), rng.normal(size=4)
    loss, gradient = net.compile("numpy")(weights, x, y)
    other, same = net.compile("torch")(*map(torch.tensor, (weights, x, y)))
    np.testing.assert_allclose(other, loss, rtol=1e-14)
    np.testing.assert_allclose(same, gradient, rtol=1e-12, atol=1e-14)


def test_vector_form(row):
    form = gl.mlp([2, 3, 1], hidden=row.name).vector_form()
    assert row.name in form.latex() or row.name.replace("_", r"\_") in form.latex()
    assert bool(form.proof())


def spelled(row):
    return rf"\operatorname{{{row.name}}}".replace("_", r"\_")


def test_prove_in_many_digits_or_not_at_all(row):
    net = gl.mlp([2, 2, 1], hidden=row.name)
    right = gl.prove(r"z_{1,out} = z_{1,in} \sigma(z_{1,in})", net)
    almost = gl.prove(r"z_{1,out} = z_{1,in} \sigma(z_{1,in}) + 10^{-20}", net)
    truths = {step.truth for step in (*right.steps, *almost.steps)}
    if row.definition or row.lower:
        assert [step.truth for step in right.steps] == [Truth.TRUE]
        assert [step.truth for step in almost.steps] == [Truth.FALSE]
        assert gl.prove(rf"z_{{1,out}} = {spelled(row)}(z_{{1,in}})", net).steps[0].truth is Truth.TRUE
    else:
        assert not truths & {Truth.TRUE, Truth.FALSE}


def test_prove_the_derivative(row):
    made = gl.prove(rf"\frac{{d}}{{dx}} {spelled(row)}(x) = \sigma(x) (1 + x (1 - \sigma(x)))")
    assert made.steps[0].truth is Truth.TRUE


def test_answer(row):
    net = gl.mlp([2, 2, 1], hidden=row.name)
    right = str(net.derive("z_1out", "z_1in").result)
    assert str(gl.answer("dz_1out/dz_1in", right, net)) == "right"
    assert str(gl.answer("dz_1out/dz_1in", f"2*({right})", net)).startswith("wrong")


def test_sheet_and_picture(row, tmp_path):
    from gradlab.cli import main

    path = tmp_path / "sheet.md"
    assert main(("derive", "--mlp", "2,2,1", "--hidden", row.name, "--all", "--to", "md", "--out", str(path))) == 0
    assert row.name in path.read_text(encoding="utf-8")


def test_help_and_messages():
    code = """
from gradlab.graph import Primitive, _primitives
row = Primitive("quuxify", 1, float, lambda a, out, i: out, lower=lambda a: a[0], activation=True)
_primitives._table["quuxify"] = row
import importlib
import gradlab as gl, gradlab._function, gradlab._model
for module in (gradlab._function, gradlab._model):
    importlib.reload(module)
gl.mlp, gl.function = gradlab._model.mlp, gradlab._function.function
assert "quuxify" in gl.mlp.__doc__ and "quuxify" in gl.function.__doc__
from gradlab.cli import main
for command in ("derive", "prove"):
    main((command, "--help"))
try:
    gl.mlp([2, 2, 1], hidden="quux")
except gl.GradlabError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "200"}
    )
    assert done.stdout.count("quuxify") >= 3


def test_every_row_is_differentiated_as_it_is_computed():
    """Each row's derivative against its value in many digits, at points inside of its domain."""
    for name, row in functions().items():
        count = row.arity or 3
        arguments = [1] * row.picks + [f"x{i}" for i in range(count - row.picks)]
        f = parse(f"{name}({', '.join(map(str, arguments))})")
        at = {f"x{i}": mpmath.mpf(7 * i + 3) / 10 for i in range(count)}
        for wrt in sorted(f.names):
            local = local_derivative(f, wrt)
            with mpmath.workdps(50):
                value = lambda x: evaluate_precisely(f, {**at, wrt: x}, mpmath.mp)  # noqa: B023, E731
                slope_there = mpmath.diff(value, at[wrt])
                assert abs(slope_there - evaluate_precisely(local, at, mpmath.mp)) < 1e-15, name


def test_no_module_keeps_a_copy_of_the_table():
    """What a module computed from the table when it was loaded would not know a row that came later."""
    names = set(functions())
    kept = [
        f"{module}.{key}"
        for module, loaded in list(sys.modules.items())
        if module.startswith("gradlab") and module not in ("gradlab.graph._rows", "gradlab.graph._primitives")
        for key, value in vars(loaded).items()
        if isinstance(value, dict | frozenset | set | tuple | list)
        and len(names - {name for name in value if isinstance(name, str)}) <= 2
    ]
    assert not kept
