"""Functions that small steps and large ones see differently: rounded inside, or solved to a tolerance. Right gradients
of what they stand for are not accused, and the hint says what to set."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, minimize

from gradlab.check import Cause, Verdict, check_gradient

POINT = np.array([0.3, 1.2, -0.7])


def rounded(x, unit):
    return np.round(x / unit) * unit


@pytest.mark.parametrize("unit", [0.02, 0.01, 1e-3, 2**-10, 1e-4, 1e-5])
def test_what_is_rounded_inside_is_not_accused(unit):
    report = check_gradient(lambda x: np.sum(np.sin(x) + rounded(x, unit)), lambda x: np.cos(x) + 1, POINT)
    assert report.verdict is Verdict.UNDECIDED, str(report)
    assert report.worst.cause is Cause.FINE_STRUCTURE
    report = check_gradient(lambda x: np.sum(x * rounded(x, unit)), lambda x: 2 * x, POINT)
    assert report.verdict is Verdict.UNDECIDED, str(report)


@pytest.mark.parametrize("unit", [0.01, 1e-3, 1e-4])
def test_and_hides_no_wrong_sign(unit):
    report = check_gradient(lambda x: np.sum(np.sin(x) + rounded(x, unit)), lambda x: -np.cos(x) - 1, POINT)
    assert report.verdict is Verdict.WRONG, str(report)


RATES = np.array([1.1, 0.4])


def foxes(rates, **options):
    def change(t, state):
        return np.array([rates[0] * state[0] - rates[1] * state[0] * state[1], -state[1] + 0.5 * state[0] * state[1]])

    return solve_ivp(change, (0, 6), [1.0, 0.6], **options).y[0, -1]


EXACT = {"rtol": 1e-11, "atol": 1e-12}
STEPS = 1e-5 * np.eye(2)
SLOPES = np.array([(foxes(RATES + h, **EXACT) - foxes(RATES - h, **EXACT)) / 2e-5 for h in STEPS])


def test_a_solver_with_its_defaults_is_told_to_be_loose():
    report = check_gradient(foxes, SLOPES, RATES)
    assert report.verdict is Verdict.UNDECIDED, str(report)
    assert "rtol" in report.worst.remedy


def test_and_one_with_small_tolerances_is_judged():
    assert check_gradient(lambda rates: foxes(rates, **EXACT), SLOPES, RATES).ok
    report = check_gradient(lambda rates: foxes(rates, **EXACT), 1.01 * SLOPES, RATES)
    assert report.verdict is Verdict.WRONG, str(report)


def test_a_loose_solver_hides_no_wrong_sign():
    assert check_gradient(foxes, SLOPES * [1, -1], RATES).verdict is Verdict.WRONG


def settled(x, tolerance):
    state = 0.0
    for _ in range(1000):
        state, before = 0.8 * np.cos(state) + x[0] * x[1], state
        if abs(state - before) < tolerance:
            break
    return state


START = np.array([0.4, 0.7])
RATE = START[::-1] / (1 + 0.8 * np.sin(settled(START, 1e-15)))


@pytest.mark.parametrize("tolerance", [1e-2, 1e-3, 1e-4])
def test_so_is_a_fixed_point(tolerance):
    report = check_gradient(lambda x: settled(x, tolerance), RATE, START)
    assert report.verdict is Verdict.UNDECIDED, str(report)
    assert "tolerance" in report.worst.remedy


@pytest.mark.parametrize("tolerance", [1e-8, 1e-12])
def test_a_fixed_point_that_is_close_is_judged(tolerance):
    assert check_gradient(lambda x: settled(x, tolerance), RATE, START).ok
    assert check_gradient(lambda x: settled(x, tolerance), RATE * 1.05, START).verdict is Verdict.WRONG


def spread(growth, **options):
    """An epidemic's share of the infected, which the defaults solve without a jump near the point."""
    change = solve_ivp(lambda t, y: growth[0] * y - growth[1] * y**2, (0, 2), [0.1], **options)
    return change.y[0, -1]


GROWTH = np.array([1.2, 0.8])
BY_GROWTH = np.array([(spread(GROWTH + h, **EXACT) - spread(GROWTH - h, **EXACT)) / 2e-5 for h in STEPS])


def test_a_solver_that_does_not_jump_near_the_point_is_known_by_its_tolerance():
    report = check_gradient(spread, BY_GROWTH, GROWTH)
    assert report.verdict is Verdict.UNDECIDED, str(report)
    assert "1e-03" in report.worst.reason
    assert "rtol" in report.worst.remedy
    for wrong in (1.3 * BY_GROWTH, BY_GROWTH * [1, np.nan]):
        assert check_gradient(spread, wrong, GROWTH).verdict is Verdict.WRONG
    assert check_gradient(lambda g: spread(g, **EXACT), 1.002 * BY_GROWTH, GROWTH).verdict is Verdict.WRONG


def cubic(x, tolerance):
    return brentq(lambda y: y**3 + x[0] * y - x[1], -10, 10, xtol=tolerance)


def test_so_is_a_root():
    right = np.array([-1.0, 1.0]) / 4
    assert check_gradient(lambda x: cubic(x, 1e-4), right, [1.0, 2.0]).verdict is not Verdict.WRONG
    assert check_gradient(lambda x: cubic(x, 1e-12), right, [1.0, 2.0]).ok
    assert check_gradient(lambda x: cubic(x, 1e-12), 1.002 * right, [1.0, 2.0]).verdict is Verdict.WRONG
    assert check_gradient(lambda x: cubic(x, 1e-4), right * [1, -1], [1.0, 2.0]).verdict is Verdict.WRONG


def test_a_default_is_a_tolerance_too():
    def least(x):
        return minimize(lambda y: (y[0] - x[0] * x[1]) ** 2 + 0.1 * y[0] ** 4, [0.0], method="Nelder-Mead").x[0]

    at = np.array([0.9, 1.1])
    near = least(at)
    right = at[::-1] * 2 / (2 + 1.2 * near**2)
    assert check_gradient(least, right, at).verdict is not Verdict.WRONG


def halved(x, tolerance):
    """A root between 0 and what depends on the point, so that each piece of it has another slope than the root."""
    low, high = 0.0, x[0] + x[1]
    while high - low > tolerance:
        middle = (low + high) / 2
        if middle**3 + x[0] * middle > x[1]:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def by_newton(x, tolerance):
    root = x[0]
    for _ in range(50):
        if abs(root * root - x[0] * x[1]) < tolerance:
            break
        root = (root + x[0] * x[1] / root) / 2
    return root


def refined(x, tolerance):
    """An integral over parts that are halved until they are good enough."""

    def part(low, high):
        middle = (low + high) / 2
        coarse, fine = (high - low) * np.exp(x[0] * middle), (high - low) * np.exp(x[0] * np.array([low, middle, high]))
        fine = fine @ [1, 4, 1] / 6
        return fine if abs(fine - coarse) < tolerance else part(low, middle) + part(middle, high)

    return x[1] * part(0.0, 1.5)


EARLY = {
    "halving": (halved, 1e-3, lambda x: np.array([-halved(x, 1e-15), 1]) / (3 * halved(x, 1e-15) ** 2 + x[0])),
    "Newton": (by_newton, 1e-2, lambda x: x[::-1] / (2 * np.sqrt(x[0] * x[1]))),
    "one that calls itself": (
        refined,
        1e-2,
        lambda x: np.array(
            [x[1] * ((1.5 * x[0] - 1) * np.exp(1.5 * x[0]) + 1) / x[0] ** 2, (np.exp(1.5 * x[0]) - 1) / x[0]]
        ),
    ),
}


@pytest.mark.parametrize(("loss", "tolerance", "right"), EARLY.values(), ids=EARLY.keys())
def test_an_iteration_that_stops_early_is_known_by_its_turns(loss, tolerance, right):
    for at in (START, np.array([0.9, 0.5])):
        loose = lambda x: loss(x, tolerance)  # noqa: E731
        assert check_gradient(loose, right, at).verdict is not Verdict.WRONG
        assert check_gradient(loose, lambda x: right(x) * [1, -1], at).verdict is Verdict.WRONG
        tight = check_gradient(lambda x: loss(x, tolerance / 1000), lambda x: 1.05 * right(x), at)
        assert tight.verdict is Verdict.WRONG or (loss is halved and tight.verdict is Verdict.UNDECIDED)


def test_loops_whose_turns_move_nothing_excuse_nothing():
    def sorted_by_hand(x):
        values = list(x)
        for stop in range(len(values), 1, -1):
            for k in range(stop - 1):
                if values[k] > values[k + 1]:
                    values[k], values[k + 1] = values[k + 1], values[k]
        return values[0] ** 2 + 3 * values[2]

    assert check_gradient(sorted_by_hand, np.array([0, 2.0, 3.02]), np.array([0.4, 0.3, 0.7])).verdict is Verdict.WRONG
