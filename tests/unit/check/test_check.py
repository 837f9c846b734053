"""Right gradients are never accused, wrong ones never pass, and what cannot be told is UNDECIDED."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradlab.check import Cause, CheckError, GradientError, Verdict, check_gradient
from written import written

RANDOM = np.random.default_rng(5)
FEATURES = RANDOM.normal(size=(30, 4))
CLASSES = (RANDOM.random(30) > 0.5).astype(float)
BOWL = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]])


def logistic(w):
    z = FEATURES.astype(w.dtype) @ w
    return np.mean(np.logaddexp(0, z) - CLASSES.astype(w.dtype) * z)


def logistic_gradient(w):
    features = FEATURES.astype(w.dtype)
    return features.T @ (1 / (1 + np.exp(-features @ w)) - CLASSES.astype(w.dtype)) / 30


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rosenbrock_gradient(x):
    gradient, valley = np.zeros_like(x), x[1:] - x[:-1] ** 2
    gradient[1:] += 200 * valley
    gradient[:-1] += -400 * valley * x[:-1] - 2 * (1 - x[:-1])
    return gradient


def softmax(x):
    shares = np.exp(x - x.max())
    return shares / shares.sum()


CASES = {
    "bowl": (lambda x: x @ BOWL.astype(x.dtype) @ x / 2, lambda x: BOWL.astype(x.dtype) @ x, [0.7, -1.2, 0.3]),
    "badly scaled": (
        lambda x: np.sum(np.array([1e-3, 1, 1e3], x.dtype) * x * x),
        lambda x: 2 * np.array([1e-3, 1, 1e3], x.dtype) * x,
        [1.5, -0.3, 0.8],
    ),
    "points of 1e-6": (
        lambda x: np.sum(np.sin(x * x.dtype.type(1e6))),
        lambda x: x.dtype.type(1e6) * np.cos(x * x.dtype.type(1e6)),
        [1e-6, -3e-6, 5e-7],
    ),
    "points of 1e6": (
        lambda x: np.sum(np.log1p(x * x.dtype.type(1e-6))),
        lambda x: x.dtype.type(1e-6) / (1 + x * x.dtype.type(1e-6)),
        [8e5, 3e5, 2e6],
    ),
    "logistic": (logistic, logistic_gradient, [0.5, -1.0, 0.2, 2.0]),
    "rosenbrock": (rosenbrock, rosenbrock_gradient, [0.4, -1.1, 0.8, 1.9]),
    "log-sum-exp": (lambda x: np.log(np.sum(np.exp(x))), softmax, [3.0, -1.0, 0.5, 4.0]),
    "norm": (lambda x: np.sqrt(np.sum(x * x)), lambda x: x / np.sqrt(np.sum(x * x)), [1e-3, -2e-3, 3e-3]),
    "exp": (lambda x: np.sum(np.exp(x)), np.exp, [-3.0, 0.1, 9.0]),
    "oscillation": (lambda x: np.sum(np.sin(40 * x)), lambda x: 40 * np.cos(40 * x), [0.3, -1.0, 2.0]),
    "relu": (
        lambda x: np.sum(np.maximum(x, 0) * np.array([1, 2, 3], x.dtype)),
        lambda x: (x > 0) * np.array([1, 2, 3], x.dtype),
        [0.7, -0.4, 1.3],
    ),
    "product": (np.prod, lambda x: np.prod(x) / x, [1.2, -0.7, 2.0, 0.4]),
    "reciprocal": (lambda x: np.sum(1 / x), lambda x: -1 / x**2, [0.2, 1.5, -3.0]),
    "edge of the domain": (
        lambda x: np.sum(np.sqrt(x) * np.log(x)),
        lambda x: (np.log(x) / 2 + 1) / np.sqrt(x),
        [1e-3, 0.5, 4.0],
    ),
}

MUTANTS = {
    "negated": lambda g: -g,
    "factor 2": lambda g: 2 * g,
    "zero": lambda g: 0 * g,
    "sum for mean": lambda g: g * len(g),
    "one entry off by 1 %": lambda g: g * np.where(np.arange(len(g)) == np.argmax(np.abs(g)), 1.01, 1),
    "one entry negated": lambda g: g * np.where(np.arange(len(g)) == np.argmax(np.abs(g)), -1, 1),
    "swapped": lambda g: g[::-1].copy(),
}


@pytest.mark.parametrize("case", CASES)
class TestKnownGradients:
    def test_right_in_float64(self, case):
        loss, gradient, at = CASES[case]
        report = check_gradient(loss, gradient, np.array(at))
        assert report.verdict is Verdict.CORRECT, str(report)
        assert all(entry.relative_difference < 1e-5 for entry in report.entries)

    @pytest.mark.parametrize("mutant", MUTANTS)
    def test_wrong_in_float64(self, case, mutant):
        loss, gradient, at = CASES[case]
        report = check_gradient(loss, lambda x: MUTANTS[mutant](gradient(x)), np.array(at))
        assert report.verdict is Verdict.WRONG, str(report)

    def test_error_bars_are_honest(self, case):
        loss, gradient, at = CASES[case]
        truth = gradient(np.array(at))
        for claimed in (truth, 2 * truth):
            for entry, exact in zip(check_gradient(loss, claimed, np.array(at)).entries, truth, strict=True):
                assert abs(entry.numeric - exact) <= entry.error_bar + 1e-15 * abs(exact)

    def test_float32_inside_is_never_accused_and_wrong_ones_never_pass(self, case):
        loss, gradient, at = CASES[case]
        narrow = np.array(at, dtype=np.float32).astype(float)

        def rounded_loss(x):
            return loss(x.astype(np.float32))

        report = check_gradient(rounded_loss, lambda x: gradient(x.astype(np.float32)), narrow)
        assert report.verdict is not Verdict.WRONG, str(report)
        for mutant in ("negated", "factor 2", "zero", "sum for mean"):
            claimed = MUTANTS[mutant](gradient(narrow))
            report = check_gradient(rounded_loss, claimed, narrow)
            assert report.verdict is Verdict.WRONG, str(report)
        report = check_gradient(rounded_loss, MUTANTS["one entry off by 1 %"](gradient(narrow)), narrow)
        assert report.verdict is not Verdict.CORRECT, str(report)

    def test_float16_inside_is_never_accused(self, case):
        loss, gradient, at = CASES[case]
        if case.startswith("points"):
            loss, gradient, at = CASES["oscillation"][0], CASES["oscillation"][1], [2.5, -0.7]
        narrow = np.array(at, dtype=np.float16).astype(float)
        claimed = gradient(narrow)
        report = check_gradient(lambda x: float(loss(x.astype(np.float16))), claimed, narrow)
        assert report.verdict is not Verdict.WRONG, str(report)

    def test_the_point_stays_as_it_is(self, case):
        loss, gradient, at = CASES[case]
        point = np.array(at)
        point.setflags(write=False)

        def spoil(x):
            result = gradient(x)
            x[:] = 99.0
            return result

        assert all(entry.verdict is Verdict.CORRECT for entry in check_gradient(loss, spoil, point).entries)
        assert point.tolist() == at


class TestNoise:
    def test_a_random_loss_is_undecided_and_says_so(self):
        random = np.random.default_rng(1)
        report = check_gradient(lambda x: x @ x + 1e-3 * random.normal(), lambda x: 2 * x, np.array([1e-3, 1e-2]))
        assert report.verdict is Verdict.UNDECIDED
        assert "different values at the same point" in report.worst.reason

    def test_a_noisy_loss_still_shows_a_gross_mistake(self):
        random = np.random.default_rng(1)
        report = check_gradient(lambda x: x @ x + 1e-6 * random.normal(), lambda x: -2 * x, np.array([1.0, 2.0]))
        assert report.verdict is Verdict.WRONG

    def test_lower_precision_is_named(self):
        report = check_gradient(
            lambda x: float(np.float32(1e3) + np.sum(x.astype(np.float32) ** 3)),
            lambda x: 3 * x**2,
            np.array([0.1, 0.3]),
        )
        assert report.verdict is Verdict.UNDECIDED
        assert {entry.cause for entry in report.entries} == {Cause.OUT_OF_PRECISION}

    def test_a_constant_loss(self):
        report = check_gradient(lambda x: 3.0, lambda x: 0 * x, np.array([1.0]))
        assert report.verdict is Verdict.CORRECT
        assert "changes with nothing" in report.worst.reason
        assert check_gradient(lambda x: 3.0, lambda x: 0 * x + 1, np.array([1.0])).verdict is Verdict.WRONG

    def test_an_entry_without_influence(self):
        def loss(x):
            return math.sin(x[0])

        assert check_gradient(loss, lambda x: [math.cos(x[0]), 0.0], [0.5, 7.0]).ok
        report = check_gradient(loss, lambda x: [math.cos(x[0]), 1e-3], [0.5, 7.0])
        assert report.verdict is Verdict.WRONG
        assert report.worst.name == "at[1]"
        assert "does not change with this entry" in report.worst.reason

    def test_the_minimum(self):
        at = np.array([8.0, 4.0])
        slope = [lambda x: np.array([2 * x[0] - x[1] - 12, 2 * x[1] - x[0]])]

        def loss(x):
            return (x[0] - 6) ** 2 + x[1] ** 2 - x[0] * x[1]

        assert check_gradient(loss, slope[0], at).ok
        assert check_gradient(loss, [0.0, 0.01], at).verdict is Verdict.WRONG


class TestKinks:
    @pytest.mark.parametrize("claimed", [-1.0, 0.0, 0.3, 1.0])
    def test_any_slope_between_is_right(self, claimed):
        report = check_gradient(abs, claimed, 0.0)
        assert report.verdict is Verdict.CORRECT
        assert "kink" in report.worst.reason

    @pytest.mark.parametrize("claimed", [-1.1, 2.0])
    def test_a_slope_outside_is_wrong(self, claimed):
        assert check_gradient(abs, claimed, 0.0).verdict is Verdict.WRONG

    @pytest.mark.parametrize("offset", [1e-3, 1e-5, -0.1])
    def test_a_kink_at_a_distance_does_not_matter(self, offset):
        assert check_gradient(abs, math.copysign(1, offset), offset).ok
        assert check_gradient(abs, 0.5, offset).verdict is Verdict.WRONG

    def test_relu_at_zero(self):
        assert check_gradient(lambda x: np.sum(np.maximum(x, 0)), lambda x: (x > 0) * 1.0, np.zeros(3)).ok


class TestEdges:
    def test_steps_that_leave_the_domain_are_left_out(self):
        report = check_gradient(math.sqrt, lambda x: 0.5 / math.sqrt(x), 1e-9)
        assert report.verdict is Verdict.CORRECT

    def test_a_point_on_the_edge_is_undecided(self):
        report = check_gradient(math.sqrt, 1e9, 0.0)
        assert report.verdict is Verdict.UNDECIDED
        assert "finite on both sides" in report.worst.reason
        assert "nan" in str(report)

    def test_a_claim_that_is_not_finite_is_wrong(self):
        report = check_gradient(lambda x: x @ x, [math.nan, 2.0], [1.0, 1.0])
        assert report.verdict is Verdict.WRONG
        assert report.worst.name == "at[0]"
        assert "not finite" in report.worst.reason


class TestStructures:
    def test_a_number(self):
        report = check_gradient(lambda x: x**3, lambda x: 3 * x**2, 2)
        assert report.ok
        assert report.entries[0].name == "at"

    def test_a_list_of_numbers_is_an_array(self):
        report = check_gradient(lambda x: x @ x * x[0], lambda x: [x @ x + 2 * x[0] ** 2, 2 * x[0] * x[1]], [1, 3])
        assert report.ok
        assert [entry.name for entry in report.entries] == ["at[0]", "at[1]"]

    def test_nested_lists(self):
        report = check_gradient(lambda x: x[0, 0] * x[1][1], lambda x: [[x[1][1], 0], [0, x[0][0]]], [[2, 3], [5, 7]])
        assert report.ok
        assert report.entries[3].name == "at[1, 1]"

    def test_a_dict_of_arrays(self):
        at = {"w": np.ones((2, 3)), "b": 2.0}

        def gradient(p):
            return {"b": 2 * p["b"], "w": 3 * p["w"] ** 2}

        report = check_gradient(lambda p: np.sum(p["w"] ** 3) + p["b"] ** 2, gradient, at)
        assert report.ok
        assert [entry.name for entry in report.entries][-2:] == ["w[1, 2]", "b"]

    def test_a_list_of_arrays_is_one_argument(self):
        at = [np.ones(2), np.array([[3.0]])]
        report = check_gradient(
            lambda p: p[0] @ p[0] * p[1][0, 0], lambda p: [2 * p[0] * p[1][0, 0], [[p[0] @ p[0]]]], at
        )
        assert report.ok
        assert report.entries[2].name == "at[1][0, 0]"

    def test_a_tuple_is_spread_where_it_is_asked_for(self):
        at = (np.array([1.0, 2.0]), 3.0)
        assert check_gradient(lambda w, b: w @ w * b, lambda w, b: (2 * w * b, w @ w), at).ok
        assert check_gradient(lambda x, y: x * y**2, lambda x, y: (y**2, 2 * x * y), (2.0, 3.0)).ok
        assert check_gradient(lambda p: p[0] @ p[0] * p[1], lambda p: (2 * p[0] * p[1], p[0] @ p[0]), at).ok

    def test_names(self):
        def loss(x):
            return x @ x

        named = check_gradient(loss, lambda x: 2 * x, np.ones(2), names=("b_1", "w_11"))
        assert [entry.name for entry in named.entries] == ["b_1", "w_11"]
        named = check_gradient(loss, lambda x: 2 * x, np.ones(2), names="w")
        assert [entry.name for entry in named.entries] == ["w[0]", "w[1]"]
        with pytest.raises(CheckError, match="3 names"):
            check_gradient(loss, lambda x: 2 * x, np.ones(2), names=("a", "b", "c"))

    def test_chosen_entries(self):
        report = check_gradient(lambda x: x @ x, lambda x: 2 * x, np.ones(5), entries=[4, "at[1]"])
        assert [entry.name for entry in report.entries] == ["at[4]", "at[1]"]
        for wrong in ([5], ["b"], []):
            with pytest.raises(CheckError, match="entries"):
                check_gradient(lambda x: x @ x, lambda x: 2 * x, np.ones(5), entries=wrong)

    def test_float32_arrays_are_promoted(self):
        seen = []

        def loss(x):
            seen.append(x.dtype)
            return np.sum(np.sin(x))

        assert check_gradient(loss, np.cos, np.array([1.0, 2.0], dtype=np.float32)).ok
        assert set(seen) == {np.dtype(np.float64)}


@pytest.mark.parametrize(
    ("loss", "gradient", "at", "match"),
    [
        (lambda x: x, lambda x: x, np.ones(2), r"return the Jacobian, of the shape \(2, 2\).*sum"),
        (lambda x: x @ x, lambda x: x[:1], np.ones(2), r"gradient has the shape \(1,\), at has the shape \(2,\)"),
        (lambda x: x @ x, lambda x: x[:, None], np.ones(2), r"shape \(2, 1\)"),
        (lambda x: x @ x, 3.0, np.ones(2), r"shape \(\)"),
        (lambda x: x @ x, None, np.ones(2), "gradient is None"),
        (lambda x: x @ x, "2x", np.ones(2), "holds no numbers"),
        (3.0, lambda x: x, np.ones(2), "loss is 3.0, which cannot be called"),
        (lambda x: x @ x, lambda x: x, np.array([1.0, np.nan]), r"at holds nan at \(1,\).*finite point"),
        (lambda x: x @ x, lambda x: x, np.array([]), "empty"),
        (lambda x: x @ x, lambda x: x, {}, "empty"),
        (lambda x: x @ x, lambda x: x, np.array([1j]), "complex"),
        (lambda x: 1j, lambda x: x, np.ones(2), "the loss is complex"),
        (lambda x: x @ x, lambda x: 1j * x, np.ones(2), "the gradient is complex"),
        (lambda x: np.log(x[0]), lambda x: x, np.zeros(2), "loss is -inf at the point"),
        (lambda x: None, lambda x: x, np.ones(2), "the loss"),
        (lambda p: p["a"], lambda p: {"b": 1}, {"a": 1.0}, r"keys \['b'\].*keys \['a'\]"),
        (lambda p: p["a"], lambda p: 1.0, {"a": 1.0}, "float.*same keys"),
        (lambda p: p[0] @ p[1], lambda p: p[:1], [np.ones(2), np.ones(2)], "1 parts.*2 parts"),
        (lambda x: x, lambda x: x, "one", "at is 'one'"),
        (lambda x: x, lambda x: x, None, "at is None"),
        (lambda x: x, lambda x: x, [[1, 2], [3]], "different shapes"),
    ],
)
def test_errors_say_what_to_write(loss, gradient, at, match):
    with pytest.raises(CheckError, match=match):
        check_gradient(loss, gradient, at)


def test_tolerance_is_checked():
    with pytest.raises(CheckError, match="tolerance"):
        check_gradient(abs, 1.0, 1.0, tolerance=0)
    assert check_gradient(lambda x: x * x, 2.01, 1.0).verdict is Verdict.WRONG
    assert check_gradient(lambda x: x * x, 2.01, 1.0, tolerance=0.05).verdict is Verdict.CORRECT


Cube = written(lambda x: (x**3).sum(), lambda grad_output, x: grad_output * 3 * x**2)


class WrongCube(Cube):
    """Its backward pass forgets the square."""

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * 3 * ctx.saved_tensors[0]


class TestTorch:
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_gradients_by_hand(self, dtype):
        at = torch.tensor([[0.5, -1.0], [2.0, 0.1]], dtype=dtype, requires_grad=True)
        at.grad = torch.full_like(at, 7.0)
        report = check_gradient(lambda x: torch.tanh(x).sum(), lambda x: 1 - torch.tanh(x) ** 2, at)
        assert report.ok, str(report)
        assert report.entries[2].name == "at[1, 0]"
        wrong = check_gradient(lambda x: torch.tanh(x).sum(), lambda x: torch.tanh(x) * (1 - torch.tanh(x)), at)
        assert wrong.verdict is Verdict.WRONG
        assert at.grad.tolist() == [[7.0, 7.0], [7.0, 7.0]]
        assert at._version == 0

    def test_the_backward_pass_of_a_function(self):
        at = torch.tensor([0.5, -1.0, 2.0])
        assert check_gradient(Cube.apply, None, at).ok
        report = check_gradient(WrongCube.apply, None, at)
        assert report.verdict is Verdict.WRONG
        assert report.worst.name == "at[1]"

    def test_the_backward_pass_with_respect_to_several_tensors(self):
        at = {"w": torch.ones(2, 2), "b": torch.tensor(0.5), "unused": torch.ones(1)}
        report = check_gradient(lambda p: torch.sin(p["w"] * p["b"]).sum(), None, at)
        assert report.ok, str(report)
        report = check_gradient(lambda p: p["w"].sum() * p["b"], None, {"w": torch.ones(2), "b": 2.0})
        assert report.ok
        assert [entry.name for entry in report.entries] == ["w[0]", "w[1]"]
        assert "b (a number of Python" in report.notes[0]

    def test_a_loss_with_float32_tensors_of_its_own_is_given_float32(self):
        torch.manual_seed(0)
        layer = torch.nn.Linear(3, 1)
        at = torch.tensor([0.3, -0.7, 1.1])

        def loss(x):
            return torch.tanh(layer(x)).sum()

        def gradient(x):
            return (1 - torch.tanh(layer(x)) ** 2) * layer.weight[0]

        assert check_gradient(loss, gradient, at).verdict is not Verdict.WRONG
        assert check_gradient(loss, lambda x: -gradient(x), at).verdict is Verdict.WRONG
        assert all(parameter.grad is None for parameter in layer.parameters())

    def test_complex_is_refused(self):
        with pytest.raises(CheckError, match="complex"):
            check_gradient(lambda x: x.abs().sum(), None, torch.ones(2, dtype=torch.complex64))


class TestReport:
    def test_it_reads_like_this(self):
        report = check_gradient(lambda x: x[0] ** 2 * x[1], lambda x: [2 * x[0] * x[1], x[0]], [3.0, 5.0])
        lines = str(report).splitlines()
        assert lines[0] == "WRONG: 1 wrong, 1 correct of 2 entries"
        assert lines[2].split("  ")[0] == "entry"
        assert lines[4].startswith("at[1]        3")
        assert lines[-1] == "Correct the gradient, beginning with the worst entry."
        assert report.worst.name == "at[1]"
        assert report.worst.claimed == 3
        assert report.worst.relative_difference == pytest.approx(2 / 3)
        assert report.evaluations > 8

    def test_truth(self):
        right = check_gradient(lambda x: x * x, 2.0, 1.0)
        wrong = check_gradient(lambda x: x * x, 3.0, 1.0)
        undecided = check_gradient(lambda x: 3.0, 1e-3, 1.0)
        assert right
        assert not wrong
        assert not undecided
        right.raise_if_wrong()
        undecided.raise_if_wrong()
        with pytest.raises(GradientError) as caught:
            wrong.raise_if_wrong()
        assert str(caught.value) == str(wrong)

    def test_many_entries_are_one_screen_with_the_worst_first(self):
        gradient = np.full(3000, 2.0)
        gradient[1234] = 2.5
        report = check_gradient(lambda x: 2 * x.sum(), gradient, np.ones(3000), names="some_very_long_name_of_an_array")
        lines = str(report).splitlines()
        assert lines[0] == "WRONG: 1 wrong, 2999 correct of 3000 entries"
        assert lines[3].startswith("some_very_long_name_o...")
        assert "2.5" in lines[3]
        assert any(line.startswith("and 29") and "more" in line for line in lines)
        assert len(lines) < 40
        assert max(map(len, lines)) < 120

    def test_clear_cases_are_cheap(self):
        report = check_gradient(lambda x: np.sum(np.sin(x)), np.cos, np.linspace(0.1, 1, 500))
        assert report.ok
        assert report.evaluations < 200
        assert report.miss_probability < 1e-6

    def test_every_verdict_has_a_remedy(self):
        assert [verdict.name for verdict in Verdict] == ["CORRECT", "WRONG", "UNDECIDED"]
        assert len({verdict.remedy for verdict in Verdict}) == 3


@st.composite
def smooth_functions(draw):
    """A random sum of a quadratic, waves and saturations, its gradient and a point."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.integers(1, 5))
    scale = 10.0 ** draw(st.integers(-6, 6))
    matrix, line = random.normal(size=(size, size)), random.normal(size=size)
    waves, directions = random.uniform(-2, 2, (3, size)), random.normal(size=(2, size))

    def loss(x):
        x = x / scale
        return x @ matrix @ x / 2 + line @ x + np.sum(np.sin(waves @ x)) + np.sum(np.tanh(directions @ x))

    def gradient(x):
        x = x / scale
        curved = (matrix + matrix.T) @ x / 2 + line + waves.T @ np.cos(waves @ x)
        return (curved + directions.T @ (1 - np.tanh(directions @ x) ** 2)) / scale

    return loss, gradient, scale * random.uniform(-2, 2, size), draw(st.integers(0, size - 1))


class TestLaws:
    @given(smooth_functions())
    @settings(max_examples=25, deadline=None)
    def test_the_right_gradient_is_never_wrong(self, case):
        loss, gradient, at, _ = case
        assert check_gradient(loss, gradient, at).verdict is not Verdict.WRONG

    @given(smooth_functions(), st.sampled_from([0.99, 1.01]))
    @settings(max_examples=25, deadline=None)
    def test_an_entry_off_by_one_percent_is_never_correct(self, case, factor):
        loss, gradient, at, index = case
        claimed = gradient(at)
        claimed[index] *= factor
        assert check_gradient(loss, claimed, at).verdict is not Verdict.CORRECT

    @given(smooth_functions(), st.sampled_from(["negated", "factor 2", "zero"]))
    @settings(max_examples=25, deadline=None)
    def test_gross_mistakes_are_wrong_in_float32_too(self, case, mutant):
        loss, gradient, at, _ = case
        wide = MUTANTS[mutant](gradient(at))
        assert check_gradient(lambda x: float(np.float32(loss(x))), wide, at).verdict is not Verdict.CORRECT
        assert check_gradient(loss, wide, at).verdict is Verdict.WRONG
