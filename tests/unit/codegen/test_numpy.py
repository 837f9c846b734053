from __future__ import annotations

import inspect
import linecache

import numpy as np
import pytest

import gradlab as gl
from gradlab.codegen import NumpyFunction

TEXTS = [
    "exp(1)*x*pi",
    "2**x",
    "max(x, 1, 2)",
    "x**0 + 3",
    "1e300*x",
    "relu(x) + step(x)",
    "0*x",
    "(-2)**x",
    "100000*x",
    "x*y",
]
BOWL = "(x1 - 6)**2 + x2**2 - x1*x2"


def test_shapes():
    f = gl.function(BOWL)
    for shape in ((), (3,), (2, 3), (0,), (4, 0)):
        value, gradient = f(np.ones((*shape, 2)))
        assert np.shape(value) == shape
        assert gradient.shape == (*shape, 2)
        assert np.shape(f.value(np.ones((*shape, 2)))) == shape


@pytest.mark.parametrize("point", [[1, 2], (1, 2), np.array([1, 2]), np.array([1, 2], "int8"), np.array([True, False])])
def test_whole_numbers_become_float64(point):
    value, gradient = gl.function(BOWL)(point)
    assert value.dtype == gradient.dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("text", TEXTS)
def test_floats_keep_their_dtype(text, dtype):
    f = gl.function(text)
    for shape in ((), (3,)):
        value, gradient = f(np.ones((*shape, len(f.variables)), dtype))
        assert np.asarray(value).dtype == gradient.dtype == dtype


@pytest.mark.parametrize("point", [1.0, [1.0], [1.0, 2.0, 3.0], [[1.0], [2.0]], np.ones((2, 3)), []])
def test_wrong_shapes(point):
    for call in (gl.function(BOWL), gl.function(BOWL).value):
        with pytest.raises(gl.GradlabError, match=r"for each of x1, x2 along its last axis, as in \[0.0, 1.0\]"):
            call(point)


@pytest.mark.parametrize("point", [["a", "b"], [1j, 2j], None, [[1.0, 2.0], [3.0]], [None, 1.0], {"x1": 1}, ["1", "2"]])
def test_what_is_no_array_of_numbers(point):
    with pytest.raises(gl.GradlabError, match="a point"):
        gl.function(BOWL)(point)


def test_the_point_is_not_changed_and_not_shared():
    f, point = gl.function("x + 0*y"), np.array([[1.0, 2.0], [3.0, 4.0]])
    before = point.copy()
    value, gradient = f(point)
    value[...] = gradient[...] = 99.0
    assert np.array_equal(point, before)
    one = gl.function("x")
    value, _ = one(point[:, :1])
    value[...] = 7.0
    assert np.array_equal(point, before)


@pytest.mark.parametrize(
    ("text", "point", "value", "gradient"),
    [
        ("log(x)", [0.0], -np.inf, [np.inf]),
        ("log(x)", [-1.0], np.nan, [-1.0]),
        ("sqrt(x)", [-1.0], np.nan, [np.nan]),
        ("sqrt(x)", [0.0], 0.0, [np.inf]),
        ("sqrt(x)**2", [0.0], 0.0, [1.0]),
        ("1/x", [0.0], np.inf, [-np.inf]),
        ("x**-1", [0.0], np.inf, [-np.inf]),
        ("exp(x)", [1e4], np.inf, [np.inf]),
        ("x**0", [0.0], 1.0, [0.0]),
        ("0**x", [2.0], 0.0, [0.0]),
        ("(-2)**x", [2.0], 4.0, [np.nan]),
        ("x**0.5", [0.0], 0.0, [np.inf]),
        ("x**2", [0.0], 0.0, [0.0]),
        ("abs(x)", [0.0], 0.0, [0.0]),
        ("1e300*x*1e300", [1.0], np.inf, None),
    ],
)
def test_outside_the_domain_there_is_no_warning(text, point, value, gradient):
    for at in (point, [point, point]):
        got_value, got_gradient = gl.function(text)(at)
        np.testing.assert_array_equal(np.ravel(got_value)[0], value)
        if gradient is not None:
            np.testing.assert_array_equal(np.reshape(got_gradient, (-1, 1))[0], gradient)


def test_names_never_collide():
    names = "np torch match type case exec f1 L lambda_ delta_q value_and_gradient value t0 print np_ match_".split()
    f = gl.function({"q": " + ".join(f"{name}*{name}" for name in names), "out": "sin(q)*q*cos(sin(q))"})
    point = np.linspace(0.1, 0.9, len(names))
    value, gradient = f(point)
    q = (point**2).sum()
    inner, outer = np.sin(q), np.cos(np.sin(q))
    slope = np.cos(q) * (q * outer - inner * q * np.sin(inner)) + inner * outer
    np.testing.assert_allclose(value, np.sin(q) * q * np.cos(np.sin(q)))
    np.testing.assert_allclose(gradient, 2 * point * slope)


def test_the_source_is_what_runs():
    f = gl.function(BOWL)
    assert f.source.startswith("def value_and_gradient(x1, x2):\n")
    compile(f.source, "source", "exec")
    compiled = f.compile("numpy")
    assert isinstance(compiled, NumpyFunction)
    assert inspect.getsource(compiled._both) == f.source
    assert f.source.splitlines()[0] in "".join(linecache.getlines(compiled._both.__code__.co_filename))


def test_gradients_that_are_constant():
    value, gradient = gl.function("2*x - y + 3")(np.zeros((5, 2), np.float32))
    assert gradient.dtype == np.float32
    np.testing.assert_array_equal(gradient, [[2, -1]] * 5)
    np.testing.assert_array_equal(value, [3] * 5)


# --- networks ----------------------------------------------------------------------------------------------------

NET = gl.mlp([2, 2, 1])
X, Y = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, -1.0]]), np.array([1.0, 0.0, 0.0])


def test_network_shapes():
    f = NET.compile()
    for batch in ((), (4,), (2, 3), (0,)):
        loss, gradient = f(np.zeros((*batch, 9)), X, Y)
        assert np.shape(loss) == batch
        assert gradient.shape == (*batch, 9)
        assert f.predict(np.zeros((*batch, 9)), X).shape == (*batch, 3)
    wide = gl.mlp([2, 3], loss="softmax_cross_entropy")
    assert wide.predict(np.zeros((5, 9)), X).shape == (5, 3, 3)
    assert f.predict(np.zeros(9), np.empty((0, 2))).shape == (0,)


def test_labels_in_either_shape_and_any_dtype():
    f = NET.compile()
    parameters = np.linspace(-1, 1, 9)
    expected = f(parameters, X, Y)
    for labels in (Y[:, None], Y.astype(int), Y.astype(bool), Y.tolist()):
        loss, gradient = f(parameters, X, labels)
        assert loss == expected[0]
        np.testing.assert_array_equal(gradient, expected[1])


def test_network_dtypes():
    f = NET.compile()
    single = np.float32
    for parameters, x, dtype in (
        (np.zeros(9, single), X.astype(single), single),
        (np.zeros(9, single), X.astype(int), single),
        (np.zeros(9, int), X.astype(single), single),
        (np.zeros(9), X.astype(single), np.float64),
        (np.zeros(9, int), X.astype(int), np.float64),
        ([0] * 9, X.tolist(), np.float64),
    ):
        loss, gradient = f(parameters, x, Y)
        assert np.asarray(loss).dtype == gradient.dtype == dtype
        assert f.predict(parameters, x).dtype == dtype


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (np.zeros(8), X, Y),
            r"has 9 parameters .*\(b_1, b_2, w_11, w_12, ...\); these have the shape \(8,\)",
        ),
        ((0.0, X, Y), "has 9 parameters"),
        ((np.zeros((9, 1)), X, Y), "has 9 parameters"),
        ((np.zeros(9), X[:, :1], Y), r"shape \(N, 2\)"),
        ((np.zeros(9), X[0], Y), r"shape \(N, 2\)"),
        ((np.zeros(9), X, Y[:2]), r"y has the shape \(3,\) or \(3, 1\) here, not \(2,\)"),
        ((np.zeros(9), X, np.zeros((3, 2))), r"not \(3, 2\)"),
        ((np.zeros(9), X, 1.0), r"not \(\)"),
        ((np.zeros(9), np.empty((0, 2)), []), "give at least one point"),
        ((np.zeros(9), "abc", Y), "x must be an array of real numbers"),
        ((np.zeros(9), X, ["a", "b", "c"]), "y must be an array of real numbers"),
        ((["a"] * 9, X, Y), "the parameters must be an array of real numbers"),
        ((np.zeros(9, complex), X, Y), "the parameters must be an array of real numbers"),
    ],
)
def test_network_arrays_that_do_not_fit(arguments, message):
    with pytest.raises(gl.GradlabError, match=message):
        NET.compile()(*arguments)


def test_the_mean_is_taken_over_the_points():
    f, parameters = NET.compile(), np.linspace(-1, 1, 9)
    losses, gradients = zip(*(f(parameters, X[i : i + 1], Y[i : i + 1]) for i in range(3)), strict=True)
    loss, gradient = f(parameters, X, Y)
    np.testing.assert_allclose(loss, np.mean(losses), rtol=1e-15)
    np.testing.assert_allclose(gradient, np.mean(gradients, axis=0), rtol=1e-13)
    again, _ = f(parameters, np.vstack([X, X]), np.hstack([Y, Y]))
    np.testing.assert_allclose(again, loss, rtol=1e-15)


def test_network_source():
    f = NET.compile()
    head = f.source.splitlines()[0]
    assert head == "def value_and_gradient(b_1, b_2, w_11, w_12, w_21, w_22, c, u_1, u_2, x_1, x_2, y):"
    compile(f.source, "source", "exec")
