"""Zero is a number like others: outputs that are 0 at the point, entries that cannot matter, NaN and infinity."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import gammaln

from gradlab.check import CheckError, Verdict, check_function, check_gradient
from written import written

V = np.array([0.3, 0.7])
ZERO_THERE = {
    "3 sin x at 0": (lambda x: 3 * np.sin(x[0]), lambda x: 3 * np.cos(x), [0.0]),
    "log x at 1": (lambda x: np.log(x[0]), lambda x: 1 / x, [1.0]),
    "a residual": (lambda x: (x[0] - 2) * np.exp(x[1]), lambda x: np.exp(x[1]) * np.array([1.0, x[0] - 2]), [2.0, 0.5]),
    "zero initialisation": (
        lambda W: np.sum(np.tanh(W @ V)), lambda W: np.outer(1 - np.tanh(W @ V) ** 2, V), np.zeros((2, 2)),
    ),
    "a product with a zero": (
        np.prod, lambda x: np.array([np.prod(np.delete(x, i)) for i in range(len(x))]), [0.0, 2, 3, 1.5],
    ),
    "a singular determinant": (
        lambda A: A[0, 0] * A[1, 1] - A[0, 1] * A[1, 0],
        lambda A: np.array([[A[1, 1], -A[1, 0]], [-A[0, 1], A[0, 0]]]),
        np.array([[1.0, 2], [2, 4]]),
    ),
    "a difference of equals": (lambda x: np.exp(x[0]) - np.exp(x[1]), lambda x: np.exp(x) * [1, -1], [0.7, 0.7]),
    "expm1 at 0": (lambda x: np.expm1(x[0]) * x[1], lambda x: np.exp(x[0]) * x[1] * np.array([1, 0.0]), [0.0, 3.0]),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("loss", "gradient", "at"), ZERO_THERE.values(), ids=ZERO_THERE.keys())
def test_a_loss_that_is_zero_at_the_point_is_decided(loss, gradient, at, dtype):
    at = np.array(at, dtype=dtype)
    assert check_gradient(loss, gradient, at).ok
    for factor in (-1.0, 2.0, 1.01):
        report = check_gradient(loss, lambda x, factor=factor: factor * gradient(x), at)
        assert report.verdict is Verdict.WRONG, str(report)


@pytest.mark.parametrize("name", ["tanh", "sin", "expm1", "erf", "atan"])
def test_torch_functions_that_are_zero_at_zero_are_decided(name):
    assert check_function(written(getattr(torch, name), lambda g, x: -g), torch.zeros(3)).verdict is Verdict.WRONG
    assert check_function(getattr(torch, name), torch.zeros(3)).ok


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize("z", [25.0, 30.0, 36.0, 40.0, 45.0])
def test_a_saturated_sample_is_right_within_its_rounding(z):
    report = check_gradient(lambda z: np.logaddexp(0, -z[0]), lambda z: sigmoid(z) - 1, at=np.array([z]))
    assert report.ok, str(report)


@pytest.mark.parametrize("factor", [2.0, -1.0, 1.05])
def test_a_small_derivative_that_is_known_well_is_wrong(factor):
    def gradient(z):
        return -factor * sigmoid(-z)

    assert check_gradient(lambda z: np.logaddexp(0, -z[0]), gradient, at=np.array([36.0])).verdict is Verdict.WRONG
    tail = check_gradient(lambda x: np.exp(-(x[0] ** 2)), lambda x: -2 * factor * x * np.exp(-(x**2)), np.array([10.0]))
    assert tail.verdict is Verdict.WRONG


X, W, V3 = torch.tensor(np.random.default_rng(8).normal(size=(3, 3, 3)))
CANCELS = {
    "log(1 + e^z)": (lambda z: torch.log(1 + torch.exp(z)), torch.sigmoid, [24, 28, 32, 36]),
    "1 + tanh z": (lambda z: 1 + torch.tanh(z), lambda z: torch.cosh(z) ** -2, [16]),
    "e^z + 1000 - 1000": (lambda z: torch.exp(z) + 1000 - 1000, torch.exp, [20, 24, 28, 32, 36]),
}


@pytest.mark.parametrize(("name", "low"), [(name, low) for name, row in CANCELS.items() for low in row[2]])
def test_what_the_rounding_of_larger_numbers_hides_in_one_row_is_not_accused(name, low):
    value, slope, _ = CANCELS[name]
    lowered = torch.tensor([[0.0], [0.0], [low]])
    for sign, verdict in ((1, Verdict.UNDECIDED), (-1, Verdict.WRONG)):
        op = written(value, lambda g, z, sign=sign: sign * g * slope(z))
        report = check_function(lambda x, w, v, op=op: op.apply(x @ w - lowered) @ v, (X, W, V3))
        assert report.verdict is verdict, str(report)


def test_a_steep_function_of_small_values_is_judged():
    at = np.array([-3.0, -2.9])
    for factor in (-1.0, 1.05):
        report = check_gradient(lambda x: np.sum(np.exp(20 * x)), lambda x, f=factor: f * 20 * np.exp(20 * x), at)
        assert report.verdict is Verdict.WRONG, str(report)


def axis_angle(a):
    t = np.sqrt(a @ a)
    return np.concatenate([[np.cos(t / 2)], a * np.sin(t / 2) / t])


def axis_angle_jacobian(a):
    t = np.sqrt(a @ a)
    k = np.sin(t / 2) / t
    bend = (np.cos(t / 2) / 2 * t - np.sin(t / 2)) / t**2
    return np.vstack([-np.sin(t / 2) / 2 * a / t, np.eye(3) * k + np.outer(a, a) / t * bend])


def test_entries_that_cannot_matter_beside_the_others_need_not_be_exact():
    assert check_gradient(axis_angle, axis_angle_jacobian, at=np.array([3e-7, -1e-7, 2e-7])).ok
    wrong = check_gradient(axis_angle, lambda a: 1.01 * axis_angle_jacobian(a), at=np.array([3e-7, -1e-7, 2e-7]))
    assert wrong.verdict is Verdict.WRONG

    def logsumexp(z):
        return np.log(np.sum(np.exp(z - z.max()))) + z.max()

    def softmax(z):
        return np.exp(z - z.max()) / np.sum(np.exp(z - z.max()))

    at = np.array([0.0, -40, -80])
    assert check_gradient(logsumexp, softmax, at).ok
    report = check_gradient(logsumexp, lambda z: softmax(z) + np.array([0, 1e-3, 0]), at)
    assert report.verdict is Verdict.WRONG


def test_what_counts_as_zero_can_be_set():
    def loss(x):
        return x[0] ** 2 + 1e-6 * x[1] ** 2

    claims = np.array([2.0, 0.0])
    assert check_gradient(loss, claims, np.ones(2)).verdict is Verdict.WRONG
    assert check_gradient(loss, claims, np.ones(2), relevance=1e-4).ok
    with pytest.raises(CheckError, match="relevance"):
        check_gradient(loss, claims, np.ones(2), relevance=-1)


@pytest.mark.parametrize("mask", [1e10, 1e28, 1e30, 3.4e38, 1e300])
def test_numbers_that_stand_for_infinity_hide_nothing(mask):
    def logsumexp(z):
        return np.log(np.sum(np.exp(z - z.max()))) + z.max()

    def softmax(z):
        return np.exp(z - z.max()) / np.sum(np.exp(z - z.max()))

    for at in ([0.5, -mask, 1.0, 0.2], [-mask, -mask, 1.0, 0.2, -mask]):
        assert check_gradient(logsumexp, softmax, at=np.array(at)).ok
        report = check_gradient(logsumexp, lambda z: np.exp(z - z.max()), at=np.array(at))
        assert report.verdict is Verdict.WRONG


NO_NUMBER = {
    "sum x^2": (lambda x: np.sqrt(np.sum(x**2)) ** 2, np.zeros(2)),
    "sinc": (lambda x: np.sum(np.sinc(x)), np.zeros(1)),
    "cos at 0": (lambda x: np.cos(x[0]), np.zeros(1)),
    "exp": (lambda x: np.sum(np.exp(x)), np.array([0.3, -1.0])),
    "x^2 sin(1/x) away from 0": (lambda x: np.sum(x**2 * np.sin(1 / x)), np.array([0.4])),
}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("loss", "at"), NO_NUMBER.values(), ids=NO_NUMBER.keys())
def test_a_claim_that_is_no_number_is_wrong_where_the_derivative_exists(loss, at, value):
    report = check_gradient(loss, lambda x: np.full_like(x, value), at)
    assert report.verdict is Verdict.WRONG, str(report)
    assert "not finite" in report.worst.reason


@pytest.mark.parametrize("loss", [lambda x: np.cbrt(x[0]), lambda x: np.abs(x[0]), lambda x: np.sqrt(np.abs(x[0]))])
def test_a_claim_that_is_no_number_is_open_where_there_is_no_derivative(loss):
    assert check_gradient(loss, [np.inf], np.zeros(1)).verdict is Verdict.UNDECIDED


def test_points_at_the_edge_of_the_domain():
    assert check_gradient(lambda p: -np.sum(p * np.log(p)), lambda p: -1 - np.log(p), np.array([1e-12, 0.3, 0.7])).ok
    for gap in (1e-4, 1e-8, 1e-10):
        at = np.array([1 - gap])
        assert check_gradient(lambda x: -np.log(1 - x[0]), lambda x: 1 / (1 - x), at).ok
        assert check_gradient(lambda x: -np.log(1 - x[0]), lambda x: 1.01 / (1 - x), at).verdict is Verdict.WRONG


def test_rounding_of_large_intermediate_numbers_hides_no_missing_entry():
    def loss(a):
        return gammaln(1e6 + a[0]) - gammaln(1e6) - a[1] ** 2

    report = check_gradient(loss, lambda a: np.array([0.0, -2 * a[1]]), np.array([0.5, 1.5]))
    assert report.verdict is Verdict.WRONG
    assert check_gradient(loss, lambda a: np.array([np.log(1e6), -2 * a[1]]), np.array([0.5, 1.5])).ok


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_squares_of_huge_and_tiny_values_neither_overflow_nor_vanish(size):
    def check(factor):
        return check_gradient(lambda x: size * np.sum(x**2), lambda x: 2 * factor * size * x, np.array([1.0, 2.0]))

    assert check(1).verdict is Verdict.CORRECT
    assert check(1.01).verdict is Verdict.WRONG


def test_a_number_of_python_that_is_whole_is_handed_on_beside_arrays():
    def power(p):
        return np.sum(p["a"] ** p["n"])

    at = {"a": np.array([1.0, 2.0]), "n": 2}
    report = check_gradient(power, lambda p: {"a": 2 * p["a"], "n": 0}, at)
    assert report.verdict is Verdict.CORRECT
    assert len(report.entries) == 2


PHYSICS = {
    "an energy beside others": (
        lambda v: v[0] * v[1] + v[2] ** 2,
        lambda v: np.array([v[1], v[0], 2 * v[2]]),
        [1e-14, 1e14, 1.0],
    ),
    "h f": (lambda v: v[0] * v[1], lambda v: np.array([v[1], v[0]]), [6.6e-34, 5e14]),
    "an oscillator": (
        lambda v: v[0] * v[1] / 2 + v[2] * v[1] ** 2 * v[3] ** 2 / 2,
        lambda v: np.array(
            [v[1] / 2, v[0] / 2 + v[2] * v[1] * v[3] ** 2, v[1] ** 2 * v[3] ** 2 / 2, v[2] * v[1] ** 2 * v[3]]
        ),
        [1.05e-34, 3e14, 1.6e-27, 1e-11],
    ),
    "a square of a small number": (
        lambda v: v[0] * v[1] ** 2,
        lambda v: np.array([v[1] ** 2, 2 * v[0] * v[1]]),
        [1e10, 1e-25],
    ),
    "charges": (
        lambda v: 9e9 * v[0] * v[1] / v[2] ** 2,
        lambda v: 9e9 * v[0] * v[1] / v[2] ** 2 * np.array([1 / v[0], 1 / v[1], -2 / v[2]]),
        [1.6e-19, -1.6e-19, 5.3e-11],
    ),
}


@pytest.mark.parametrize("name", PHYSICS)
def test_constants_of_physics_have_sizes_of_their_own(name):
    function, gradient, at = PHYSICS[name]
    point = np.array(at)
    assert check_gradient(function, gradient, point).ok
    for index in range(len(at)):
        wrong = np.where(np.arange(len(at)) == index, -1.0, 1.0)
        report = check_gradient(function, lambda v, wrong=wrong: wrong * gradient(v), point)
        assert report.verdict is Verdict.WRONG
        assert f"Only at[{index}] is wrong: -1 times the right value." in str(report)


def test_a_small_share_of_a_whole_is_moved_as_its_neighbours_are():
    at, weights = np.array([1e-12, 0.4, 0.6]), np.array([2.0, 0.3, 0.5])
    assert check_gradient(lambda p: weights @ p, lambda p: weights, at).ok
    report = check_gradient(lambda p: weights @ p, lambda p: weights + np.eye(3)[0], at)
    assert report.entries[0].verdict is Verdict.WRONG
    assert (
        check_gradient(lambda p: p[0] + p[1] - 1, lambda p: np.array([5.0, 1]), np.array([1e-14, 1])).verdict
        is Verdict.WRONG
    )


def test_what_sizes_are_asked_for_is_bounded():
    at = np.array([6.6e-34, 5e14])
    report = check_gradient(lambda v: v[0] * v[1], lambda v: np.array([v[1], -v[0]]), at, max_evaluations=3)
    assert report.verdict is Verdict.UNDECIDED
    large = np.append(np.linspace(0.5, 1.5, 200_000), 1e-12)
    assert (
        check_gradient(lambda v: np.sum(v**2), lambda v: 2 * v, large, max_evaluations=40).verdict is not Verdict.WRONG
    )
