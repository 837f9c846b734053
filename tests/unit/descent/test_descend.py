"""The loop of descent on every kind of function, against peers and laws."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

import gradlab
from gradlab._errors import GradlabError
from gradlab.descent import DescentError, DescentInterrupted, Outcome, descend


class Bowl:
    """Stands for a gradlab function: exact in rationals, vectorised in floats."""

    variables = ("x1", "x2")

    def __call__(self, point):
        x1, x2 = np.moveaxis(np.asarray(point, dtype=float), -1, 0)
        return (x1 - 6) ** 2 + x2**2 - x1 * x2, np.stack([2 * x1 - x2 - 12, 2 * x2 - x1], axis=-1)

    def exact(self, point):
        x1, x2 = point
        return (x1 - 6) ** 2 + x2**2 - x1 * x2, (2 * x1 - x2 - 12, 2 * x2 - x1)


class Exponential:
    """Stands for a gradlab function without an exact evaluation."""

    variables = ("x",)

    def __call__(self, point):
        return np.exp(point[..., 0]), np.exp(point)

    def exact(self, point):
        raise GradlabError("exp is not rational")


class Reciprocal:
    """1/x + x, exact, undefined at 0."""

    variables = ("x",)

    def __call__(self, point):
        x = point[..., 0]
        return 1 / x + x, (1 - 1 / x**2)[..., None]

    def exact(self, point):
        (x,) = point
        return 1 / x + x, (1 - 1 / x**2,)


def quadratic(matrix, minimum):
    """A bowl (x - m)' A (x - m) / 2 with its gradient."""
    return (
        lambda x: (x - minimum) @ matrix @ (x - minimum) / 2,
        lambda x: matrix @ (x - minimum),
    )


def as_lists(array):
    return [list(row) for row in array]


class TestExact:
    def test_pen_and_paper(self):
        trace = descend(Bowl(), (6, 6), steps=["1/2", "1/3", "1/4"])
        assert as_lists(trace.points) == [[6, 6], [9, 3], [8, 4]]
        assert list(trace.values) == [0, -9, -12]
        assert as_lists(trace.gradients) == [[-6, 6], [3, -3], [0, 0]]
        assert list(trace.steps) == [Fraction(1, 2), Fraction(1, 3)]
        assert trace.unused == (Fraction(1, 4),)
        assert trace.exact
        assert all(isinstance(number, Fraction) for number in trace.points.flat)
        assert trace.outcome is Outcome.CONVERGED
        assert "(8, 4) is a fixed point" in trace.message
        assert trace.names == ("x1", "x2")

    @pytest.mark.parametrize(
        ("start", "rates", "exact"),
        [
            ((6, 6), {"steps": [Fraction(1, 2), "1/3"]}, True),
            (("6", "13/2"), {"steps": ["0.5"]}, True),
            (np.array([6, 6]), {"steps": [1, 2]}, True),
            ((6, 6), {"learning_rate": "1/10", "max_steps": 4}, True),
            ((6, 6), {"learning_rate": lambda k: Fraction(1, k + 2), "max_steps": 3}, True),
            ((6, 6), {"learning_rate": 0.1, "max_steps": 4}, False),
            ((6, 6), {"steps": [0.5, "1/3"]}, False),
            ((6.0, 6), {"steps": ["1/2"]}, False),
        ],
    )
    def test_floats_anywhere_make_it_float_work(self, start, rates, exact):
        trace = descend(Bowl(), start, **rates)
        assert trace.exact is exact
        assert trace.points.dtype == (object if exact else np.float64)

    def test_a_function_that_is_not_rational_runs_in_floats(self):
        trace = descend(Exponential(), [0], steps=["1/2"])
        assert not trace.exact
        assert trace.last[0] == -0.5

    def test_leaving_the_domain_is_not_finite(self):
        trace = descend(Reciprocal(), ["1/2"], steps=["1/6", "1/2", "1/7"])
        # 1/2 - (1 - 4)/6 = 1, a fixed point; from 2 the step 8/3 leads to 0, where 1/x is undefined.
        assert trace.outcome is Outcome.CONVERGED
        trace = descend(Reciprocal(), [2], steps=["8/3", "1/2"])
        assert trace.outcome is Outcome.NOT_FINITE
        assert list(trace.last) == [0]
        assert np.isnan(trace.values[-1])
        assert "at 0" in trace.message

    def test_fractions_that_explode_say_so(self):
        class Cubic:
            variables = ("x",)

            def exact(self, point):
                return point[0] ** 4 / 4, (point[0] ** 3,)

            def __call__(self, point):
                return point[..., 0] ** 4 / 4, point**3

        with pytest.raises(DescentError, match="20000 digits"):
            descend(Cubic(), [Fraction(1, 3)], learning_rate="1/7", max_steps=30)

    def test_a_schedule_that_turns_to_floats_says_so(self):
        with pytest.raises(DescentError, match="after exact rates"):
            descend(Bowl(), (6, 6), learning_rate=lambda k: Fraction(1, 9) if k < 2 else 0.1, max_steps=4)

    @given(
        start=st.tuples(*[st.fractions(-9, 9, max_denominator=9)] * 2),
        steps=st.lists(st.fractions("1/9", "3/5", max_denominator=9), min_size=1, max_size=5),
    )
    @settings(max_examples=40, deadline=None)
    def test_exact_and_float_agree(self, start, steps):
        exact = descend(Bowl(), start, steps=steps, tolerance=0)
        floats = descend(Bowl(), [float(x) for x in start], steps=[float(s) for s in steps], tolerance=0)
        # In floats the minimum may be missed by a rounding, and the run goes on from there.
        count = len(exact.values)
        assert exact.exact
        assert not floats.exact
        np.testing.assert_allclose(floats.points[:count], exact.points.astype(float), atol=1e-12)
        np.testing.assert_allclose(floats.values[:count], exact.values.astype(float), atol=1e-11)
        np.testing.assert_allclose(floats.gradients[:count], exact.gradients.astype(float), atol=1e-11)


class TestKindsOfFunction:
    def test_callable_with_gradient(self):
        value, slope = quadratic(np.diag([1.0, 4.0]), np.array([1.0, -2.0]))
        trace = descend(value, [0.0, 0.0], gradient=slope, learning_rate=0.2)
        np.testing.assert_allclose(trace.last, [1, -2], atol=1e-7)
        assert trace.names == ("x[0]", "x[1]")

    def test_callable_that_gives_a_pair(self):
        trace = descend(lambda x: (x @ x, 2 * x), [1.0, 2.0, 3.0], learning_rate=0.25)
        assert trace.outcome is Outcome.CONVERGED
        assert trace.points.shape == (len(trace.steps) + 1, 3)

    def test_one_variable_as_a_number(self):
        trace = descend(lambda x: x**2, 3, gradient=lambda x: 2 * x, steps=[0.25])
        assert trace.points.tolist() == [[3.0], [1.5]]
        assert trace.names == ("x",)

    def test_exact_and_given_gradient_uses_the_given_one(self):
        trace = descend(lambda x: x @ x, [1, 1], gradient=lambda x: 2 * x, steps=["1/2"])
        assert not trace.exact
        assert trace.last.tolist() == [0, 0]

    def test_a_list_of_gradients_is_taken(self):
        trace = descend(lambda x: x[0] ** 2 + x[1], [1, 1], gradient=lambda x: [2 * x[0], 1], steps=[0.5])
        assert trace.last.tolist() == [0.0, 0.5]


class TestOutcomes:
    @pytest.mark.parametrize("value_tolerance", [None, 1e-4, 1e3])
    @pytest.mark.parametrize("rate", [0.7, 1.0, 20.0])
    def test_a_rising_value_is_never_converged(self, rate, value_tolerance):
        trace = descend(Bowl(), (6, 6), learning_rate=rate, value_tolerance=value_tolerance)
        assert trace.outcome is Outcome.DIVERGED
        assert len(trace.steps) == 10
        assert "0.667" in trace.advice

    def test_a_slow_rise_within_the_value_tolerance_is_diverged(self):
        trace = descend(lambda x: x * x, 1e-3, gradient=lambda x: 2 * x, learning_rate=1.001, value_tolerance=1)
        assert trace.outcome is Outcome.DIVERGED

    def test_a_sudden_overflow_is_not_finite(self):
        trace = descend(lambda x: x**4, 10.0, gradient=lambda x: 4 * x**3, learning_rate=10.0)
        assert trace.outcome is Outcome.NOT_FINITE
        assert not np.isfinite(trace.values[-1])
        assert "it had risen" in trace.message

    @pytest.mark.parametrize("value", [lambda x: 1 / float(x), lambda x: math.exp(1000 - x)])
    def test_an_arithmetic_error_is_not_finite(self, value):
        trace = descend(value, 1.0, gradient=lambda x: 1.0, steps=[1.0])
        assert trace.outcome is Outcome.NOT_FINITE

    def test_not_finite_at_the_start(self):
        trace = descend(lambda x: np.log(x), 0.0, gradient=lambda x: 1 / np.float64(x), learning_rate=0.1)
        assert trace.outcome is Outcome.NOT_FINITE
        assert len(trace.steps) == 0
        assert "at the start" in trace.message

    def test_a_gradient_that_is_nan_is_not_finite(self):
        trace = descend(lambda x: abs(x), 1.0, gradient=lambda x: np.nan, learning_rate=0.1)
        assert trace.outcome is Outcome.NOT_FINITE
        assert "gradient is not finite" in trace.message

    def test_the_last_step(self):
        trace = descend(Bowl(), (6.0, 6.0), learning_rate=0.1, max_steps=5)
        assert trace.outcome is Outcome.MAX_STEPS
        assert len(trace.steps) == 5
        assert "more steps" in trace.advice

    def test_the_advised_number_of_steps_is_right(self):
        short = descend(lambda x: x * x, 1.0, gradient=lambda x: 2 * x, learning_rate=0.05, max_steps=20)
        full = descend(lambda x: x * x, 1.0, gradient=lambda x: 2 * x, learning_rate=0.05)
        more = len(full.steps) - 20
        assert f"about {more} more steps" in short.advice

    def test_no_steps_allowed(self):
        trace = descend(Bowl(), (6.0, 6.0), learning_rate=0.1, max_steps=0)
        assert trace.outcome is Outcome.MAX_STEPS
        assert trace.points.tolist() == [[6.0, 6.0]]
        assert trace.steps.shape == (0,)

    def test_a_start_at_the_minimum(self):
        trace = descend(Bowl(), (8, 4), learning_rate=0.1)
        assert trace.outcome is Outcome.CONVERGED
        assert len(trace.steps) == 0
        assert "fixed point" in trace.message

    def test_bouncing_at_one_value_is_not_converged(self):
        trace = descend(lambda x: x * x, 1.0, gradient=lambda x: 2 * x, learning_rate=1.0, value_tolerance=1e-4)
        assert trace.outcome is Outcome.MAX_STEPS
        assert len(trace.steps) == 1000

    @pytest.mark.parametrize("max_steps", [100, 101])
    def test_bouncing_between_two_values_is_diverged_on_either(self, max_steps):
        trace = descend(abs, 1.03, gradient=np.sign, learning_rate=0.1, max_steps=max_steps)
        assert trace.outcome is Outcome.DIVERGED

    def test_value_tolerance_stops_early(self):
        full = descend(Bowl(), (6.0, 6.0), learning_rate=0.1)
        early = descend(Bowl(), (6.0, 6.0), learning_rate=0.1, value_tolerance=1e-4)
        assert early.outcome is full.outcome is Outcome.CONVERGED
        assert len(early.steps) < len(full.steps)
        assert 0 <= early.values[-2] - early.values[-1] <= 1e-4
        assert "changed by" in early.message

    def test_a_negated_gradient_is_diverged_and_named(self):
        trace = descend(lambda x: x * x, 1.0, gradient=lambda x: -2 * x, learning_rate=0.1)
        assert trace.outcome is Outcome.DIVERGED
        assert "sign" in trace.advice

    def test_climbing_to_a_flat_maximum_is_diverged(self):
        trace = descend(lambda x: -x * x, 1.0, gradient=lambda x: 2 * x, steps=[0.5])
        assert trace.last.tolist() == [0.0]
        assert trace.gradients[-1].tolist() == [0.0]
        assert trace.outcome is Outcome.DIVERGED

    def test_a_rise_at_the_end_of_listed_steps_is_diverged(self):
        trace = descend(Bowl(), (6, 6), steps=["1/2", 1])
        assert list(trace.values) == [0, -9, 0]
        assert trace.outcome is Outcome.DIVERGED
        assert "rose in 1 of 2 steps" in trace.message

    def test_a_rise_that_is_made_good_is_only_mentioned(self):
        trace = descend(Bowl(), (6, 6), steps=[1, "1/3", "1/4"])
        assert trace.outcome is Outcome.CONVERGED
        trace = descend(lambda x: x * x, 1.0, gradient=lambda x: 2 * x, steps=[1.5, 0.4, 0.1])
        assert trace.values.tolist() == pytest.approx([1, 4, 0.16, 0.1024])
        assert trace.outcome is Outcome.MAX_STEPS
        assert "rose in 1 of 3 steps" in trace.message

    def test_a_decaying_schedule_may_rise_for_long(self):
        trace = descend(
            lambda x: 10 * x * x,
            1.0,
            gradient=lambda x: 20 * x,
            learning_rate=lambda step: max(2.0 / (step + 1), 0.05),
        )
        assert trace.values[15] > trace.values[0]
        assert trace.outcome is Outcome.CONVERGED

    @pytest.mark.parametrize("offset", [0.0, 12.0, 1e6])
    def test_rounding_near_the_minimum_is_not_a_rise(self, offset):
        def value(x):
            return (x[0] - 6) ** 2 + x[1] ** 2 - x[0] * x[1] + offset

        def slope(x):
            return np.array([2 * x[0] - x[1] - 12, 2 * x[1] - x[0]])

        trace = descend(value, [6.0, 6.1], gradient=slope, learning_rate=0.3, tolerance=0, max_steps=300)
        assert trace.outcome in (Outcome.MAX_STEPS, Outcome.CONVERGED)
        assert "rose" not in trace.message

    def test_every_outcome_has_a_remedy(self):
        assert len({outcome.remedy for outcome in Outcome}) == 4
        assert [outcome.name for outcome in Outcome] == ["CONVERGED", "DIVERGED", "NOT_FINITE", "MAX_STEPS"]


class TestInput:
    def test_the_start_is_never_changed(self):
        def spoil(x):
            result = x @ x, 2 * x
            x[:] = 77.0
            return result

        start = np.array([1.0, 2.0])
        trace = descend(spoil, start, steps=[0.25, 0.25])
        assert start.tolist() == [1.0, 2.0]
        assert trace.points.tolist() == [[1.0, 2.0], [0.5, 1.0], [0.25, 0.5]]
        entries = [1.0, 2.0]
        descend(spoil, entries, steps=[0.25])
        assert entries == [1.0, 2.0]

    def test_the_trace_is_read_only(self):
        trace = descend(Bowl(), (6, 6), steps=["1/2"])
        with pytest.raises(ValueError, match="read-only"):
            trace.points[0, 0] = 1

    @pytest.mark.parametrize(
        ("start", "options", "match"),
        [
            ((6, 6), {}, "neither learning_rate nor steps"),
            ((6, 6), {"learning_rate": 0.1, "steps": [1]}, "both learning_rate and steps"),
            ((6, 6), {"learning_rate": -0.1}, "must be positive.*negate"),
            ((6, 6), {"learning_rate": 0}, "must be positive"),
            ((6, 6), {"learning_rate": [0.1, 0.2]}, r"steps=\[0.1, 0.2\]"),
            ((6, 6), {"learning_rate": float("nan")}, "learning_rate is nan"),
            ((6, 6), {"learning_rate": True}, "learning_rate is True"),
            ((6, 6), {"learning_rate": 1j}, "real number"),
            ((6, 6), {"learning_rate": lambda k: 0.1 - k}, r"learning_rate\(1\) is -0.9"),
            ((6, 6), {"steps": [0.1, -1]}, r"steps\[1\] is -1"),
            ((6, 6), {"steps": ["1/0"]}, r"steps\[0\] is '1/0'"),
            ((6, 6), {"steps": ["half"]}, "not a number"),
            ((6, 6), {"steps": []}, "steps is empty"),
            ((6, 6), {"learning_rate": 0.1, "steps": 3000}, "for so many steps write max_steps=3000"),
            ((6, 6), {"steps": 100}, "max_steps"),
            ((6, 6), {"learning_rate": 0.1, "max_steps": -1}, "max_steps must be at least 0, but it is -1"),
            ((6, 6), {"learning_rate": 0.1, "max_steps": 1.5}, "whole number"),
            ((6, 6), {"learning_rate": 0.1, "tolerance": -1e-8}, "tolerance is -1e-08"),
            ((6, 6), {"learning_rate": 0.1, "value_tolerance": "small"}, "value_tolerance is 'small'"),
            ((6, float("nan")), {"learning_rate": 0.1}, r"start\[1\] is nan"),
            ((6, 6, 6), {"learning_rate": 0.1}, r"3 numbers.*2 variables \(x1, x2\)"),
            (6, {"learning_rate": 0.1}, r"1 numbers.*2 variables"),
            ([[6, 6]], {"learning_rate": 0.1}, "all as one row"),
            ([np.zeros((2, 3)), np.ones(2)], {"learning_rate": 0.1}, "all as one row"),
            ([], {"learning_rate": 0.1}, "start is empty"),
            ({"x1": 6, "x2": 6}, {"learning_rate": 0.1}, "in order"),
            ((6, None), {"learning_rate": 0.1}, "real number"),
            ((6, 6), {"learning_rate": 0.1, "gradient": [1, 2]}, "cannot be called"),
        ],
    )
    def test_errors_say_what_to_write(self, start, options, match):
        with pytest.raises(DescentError, match=match):
            descend(Bowl(), start, **options)

    @pytest.mark.parametrize(
        ("function", "gradient", "match"),
        [
            ("x**2", None, "cannot be called"),
            (lambda x: x @ x, None, "pass gradient="),
            (lambda x, y: x * y, None, "called with one argument, the point"),
            (lambda x: x, lambda x: x, "not one real number"),
            (lambda x: 1j, lambda x: x, "not one real number"),
            (lambda x: None, lambda x: x, "NoneType"),
            (lambda x: x @ x, lambda x: x[:1], r"gradient is an array of shape \(1,\)"),
            (lambda x: x @ x, lambda x: x[None], r"shape \(1, 2\)"),
            (lambda x: x @ x, lambda x: "no", "gradient is"),
        ],
    )
    def test_functions_that_cannot_be_used(self, function, gradient, match):
        with pytest.raises(DescentError, match=match):
            descend(function, (6.0, 6.0), gradient=gradient, learning_rate=0.1)

    def test_an_interrupt_hands_over_the_points(self):
        calls = []

        def value(x):
            calls.append(x)
            if len(calls) == 4:
                raise KeyboardInterrupt
            return x @ x, 2 * x

        with pytest.raises(KeyboardInterrupt) as caught:
            descend(value, (1.0, 1.0), learning_rate=0.25)
        assert isinstance(caught.value, DescentInterrupted)
        assert caught.value.points.tolist() == [[1.0, 1.0], [0.5, 0.5], [0.25, 0.25]]
        assert caught.value.values.tolist() == [2.0, 0.5, 0.125]


@st.composite
def bowls(draw):
    """A random convex quadratic, its extreme curvatures and a start well away from its minimum."""
    size = draw(st.integers(1, 4))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rotation = np.linalg.qr(random.normal(size=(size, size)))[0]
    curvatures = 10.0 ** random.uniform(-0.7, 0.7, size) * 10.0 ** draw(st.integers(-3, 3))
    minimum = random.normal(size=size)
    # Each curvature's direction takes part, so that the steepest one decides.
    start = minimum + rotation @ random.choice([-1.0, 1.0], size) * random.uniform(0.5, 2)
    return (rotation * curvatures) @ rotation.T, minimum, start, curvatures


class TestLaws:
    @given(bowl=bowls(), share=st.floats(0.1, 0.97))
    @settings(max_examples=40, deadline=None)
    def test_below_two_over_the_curvature_it_falls_and_converges(self, bowl, share):
        matrix, minimum, start, curvatures = bowl
        value, slope = quadratic(matrix, minimum)
        tolerance = 1e-7 * curvatures.min()
        trace = descend(
            value,
            start,
            gradient=slope,
            learning_rate=2 * share / curvatures.max(),
            tolerance=tolerance,
            max_steps=6000,
        )
        assert trace.outcome is Outcome.CONVERGED
        assert "rose" not in trace.message
        assert np.all(np.diff(trace.values) <= 1e-13 * trace.values[0])
        np.testing.assert_allclose(trace.last, minimum, atol=1e-6)
        peer = minimize(value, start, jac=slope, method="BFGS", options={"gtol": tolerance})
        np.testing.assert_allclose(trace.last, peer.x, atol=1e-4)

    @given(bowl=bowls(), share=st.floats(1.05, 50))
    @settings(max_examples=40, deadline=None)
    def test_above_it_diverges(self, bowl, share):
        matrix, minimum, start, curvatures = bowl
        value, slope = quadratic(matrix, minimum)
        trace = descend(value, start, gradient=slope, learning_rate=2 * share / curvatures.max(), value_tolerance=1e-4)
        assert trace.outcome in (Outcome.DIVERGED, Outcome.NOT_FINITE)
        assert len(trace.steps) < 1000


@pytest.mark.parametrize(("formula", "start"), [("x**2 - y**2", (1.0, 1e-6)), ("x", (1.0,)), ("-x**4", (1.0,))])
def test_a_function_without_bound_is_said_to_be_one(formula, start):
    trace = descend(gradlab.function(formula), start, learning_rate=0.1, max_steps=1000)
    assert "may have no minimum on this way" in trace.advice


@pytest.mark.parametrize(("formula", "start"), [("x**2", (3.0,)), ("(1-x)**2 + 100*(y-x**2)**2", (-1.2, 1.0))])
def test_a_slow_descent_is_not_said_to_be_without_bound(formula, start):
    trace = descend(gradlab.function(formula), start, learning_rate=1e-4, max_steps=50)
    assert trace.advice
    assert "no minimum" not in trace.advice


@pytest.mark.parametrize("start", [np.ma.array([1.0, 2.0], mask=[0, 1]), np.array([1j, 2.0])])
def test_masked_and_complex_starts_and_gradients_are_refused(start):
    bowl = gradlab.function("x**2 + y**2")
    with pytest.raises(DescentError, match=r"masked|real number"):
        descend(bowl, start, learning_rate=0.1)
    with pytest.raises(DescentError, match=r"masked|real number"):
        descend(lambda x: float(x @ x), (1.0, 2.0), gradient=lambda x: start, learning_rate=0.1)
