"""Mistakes are named, with the line where there is one; a gradient with an unknown mistake gets no name."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradlab.check import check_gradient
from gradlab.check.names import Mistake
from gradlab.check.names._numbers import spell

RANDOM = np.random.default_rng(11)
X, LABELS = RANDOM.normal(size=(20, 3)), (RANDOM.random(20) > 0.5) * 1.0
POINT = {"w": RANDOM.normal(size=(3, 3)), "b": RANDOM.normal(size=3), "u": RANDOM.normal(size=3)}
OLD = {name: 1.2 * array for name, array in POINT.items()}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def network(p):
    hidden = np.tanh(X @ p["w"] + p["b"])
    out = sigmoid(hidden @ p["u"])
    return -np.mean(LABELS * np.log(out) + (1 - LABELS) * np.log(1 - out))


def backward(p, mistake=""):
    hidden = np.tanh(X @ p["w"] + p["b"])
    delta = (sigmoid(hidden @ p["u"]) - LABELS) / (1 if mistake == "sum" else len(X))
    back = np.outer(delta, np.ones(3) if mistake == "u forgotten" else p["u"])
    local = {"left out": 1.0, "sigmoid": hidden * (1 - hidden)}.get(mistake, 1 - hidden**2)
    back = back * local
    rows = slice(-1, None) if mistake == "last" else slice(None)
    return {"w": X[rows].T @ back[rows], "b": back[rows].sum(0), "u": hidden[rows].T @ delta[rows]}


def on(name, change):
    """A mistake in one array alone."""
    return lambda p: {key: change(part) if key == name else part for key, part in backward(p).items()}


def everywhere(change):
    return lambda p: {key: change(part) for key, part in backward(p).items()}


def entry(part, factor):
    changed = part.copy()
    changed[1] = changed[1] * factor
    return changed


def exchanged(p):
    gradient = backward(p)
    return gradient | {"b": gradient["u"], "u": gradient["b"]}


CASES = {
    "negated": (everywhere(np.negative), Mistake.NEGATED, "The sign is wrong in every entry"),
    "one array negated": (on("b", np.negative), Mistake.NEGATED, "b[0], b[1], b[2]"),
    "a factor": (everywhere(lambda g: 2 * g / 3), Mistake.FACTOR, "Every entry: 2/3 times"),
    "an odd factor": (everywhere(lambda g: 1.2345 * g), Mistake.FACTOR, "1.2345 times"),
    "sum for mean": (lambda p: backward(p, "sum"), Mistake.SUM_FOR_MEAN, "20 terms"),
    "zero": (on("u", np.zeros_like), Mistake.ZEROED, "u[0], u[1], u[2]: 0 instead"),
    "swapped": (exchanged, Mistake.SWAPPED, "b and u are exchanged"),
    "turned around": (on("b", lambda g: g[::-1]), Mistake.SWAPPED, "exchanged"),
    "transposed": (on("w", np.transpose), Mistake.TRANSPOSED, "w is transposed"),
    "one entry": (on("u", lambda g: entry(g, 1.1)), Mistake.ONE_OFF, "Only u[1] is wrong: 11/10 times"),
    "kept": (lambda p: backward(OLD), Mistake.STALE, "stays the same"),
    "after a step": (
        lambda p: backward({key: p[key] - 0.1 * part for key, part in backward(p).items()}),
        Mistake.STALE,
        "after a step of gradient descent with the rate 0.1",
    ),
    "left out": (lambda p: backward(p, "left out"), Mistake.DERIVATIVE_LEFT_OUT, "derivative of tanh is left out"),
    "sigmoid for tanh": (lambda p: backward(p, "sigmoid"), Mistake.WRONG_DERIVATIVE, "tanh stands y (1 - y)"),
    "an operand": (lambda p: backward(p, "u forgotten"), Mistake.OPERAND_FORGOTTEN, 'through hidden @ p["u"]'),
    "last sample": (lambda p: backward(p, "last"), Mistake.LAST_SAMPLE, "of the 20 samples"),
}
TRACED = {
    Mistake.DERIVATIVE_LEFT_OUT: "hidden = np.tanh(",
    Mistake.WRONG_DERIVATIVE: "hidden = np.tanh(",
    Mistake.OPERAND_FORGOTTEN: "out = sigmoid(hidden @",
    Mistake.LAST_SAMPLE: "out = sigmoid(hidden @",
}


@pytest.mark.parametrize("name", CASES)
def test_mistakes_are_named(name):
    gradient, kind, sentence = CASES[name]
    report = check_gradient(network, gradient, at=POINT)
    assert report.diagnoses, str(report)
    found = next((each for each in report.diagnoses if each.kind is kind), None)
    assert found is not None, str(report)
    assert found is report.diagnoses[0] or found.rank == report.diagnoses[0].rank
    assert sentence in found.sentence
    assert found.verified
    assert found.confirmed == 2
    assert TRACED.get(kind, "") in found.place


def test_right_gradients_have_no_diagnosis():
    report = check_gradient(network, backward, at=POINT)
    assert report.ok, str(report)
    assert report.diagnoses == ()


def test_nonsense_has_no_name():
    noise = np.random.default_rng(0)
    values = {key: noise.normal(size=part.shape) for key, part in POINT.items()}
    report = check_gradient(network, values, at=POINT)
    assert report.diagnoses == ()


def test_a_value_alone_is_compared_at_one_point():
    values = everywhere(np.negative)(POINT)
    report = check_gradient(network, values, at=POINT)
    assert report.diagnoses[0].kind is Mistake.NEGATED
    assert report.diagnoses[0].confirmed == 1


def test_a_coincidence_at_the_point_is_seen_at_a_second_one():
    def gradient(x):
        return 2 * x * np.array([1.0, 1.0, x[2] / 2])

    report = check_gradient(lambda x: np.sum(x**2), gradient, at=np.array([1.0, 2.0, 3.0]))
    kinds = [each.kind for each in report.diagnoses]
    assert Mistake.FACTOR not in kinds


@pytest.mark.parametrize(
    ("loss", "gradient", "kind", "sentence"),
    [
        (lambda x: np.sum(x * np.log(x)), np.log, Mistake.PATH_DROPPED, "the path through log is missing"),
        (lambda x: np.sum(x**3 - 5 * x), lambda x: 3 * x**2 + 5, Mistake.SIGN, "has the wrong sign"),
        (lambda x: np.sum(np.round(4 * x) + x), lambda x: 5 + 0 * x, Mistake.STRAIGHT_THROUGH, "round is passed over"),
        (lambda x: np.sum(np.sin(x) + x), lambda x: np.sin(x) + 1, Mistake.WRONG_DERIVATIVE, "of sin stands y"),
        (lambda x: 1 / np.sum(x**2), lambda x: -2 * x / np.sum(x**2), Mistake.OPERAND_FORGOTTEN, "its square belongs"),
    ],
)  # fmt: skip
def test_mistakes_in_small_formulas(loss, gradient, kind, sentence):
    report = check_gradient(loss, gradient, at=np.array([0.55, 1.3, 2.1]))
    found = [each.sentence for each in report.diagnoses if each.kind is kind]
    assert found, str(report)
    assert sentence in found[0]


def test_a_loop_over_samples():
    def loss(w):
        total = 0.0
        for row, label in zip(X, LABELS, strict=True):
            total = total + (row @ w - label) ** 2
        return total / len(X)

    def gradient(w):
        return 2 * X[-1] * (X[-1] @ w - LABELS[-1]) / len(X)

    report = check_gradient(loss, gradient, at=np.array([0.3, -0.4, 1.0]))
    assert report.diagnoses[0].kind is Mistake.LAST_SAMPLE, str(report)
    assert "of the 20 turns of the loop, only the last counts" in report.diagnoses[0].sentence
    assert "total = total +" in report.diagnoses[0].place


def test_a_function_of_torch():
    class Swish(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return (x * torch.sigmoid(x)).sum()

        @staticmethod
        def backward(ctx, grad_output):
            (x,) = ctx.saved_tensors
            return grad_output * torch.sigmoid(x)

    report = check_gradient(Swish.apply, None, at=torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64))
    assert report.diagnoses[0].kind is Mistake.PATH_DROPPED, str(report)
    assert "return (x * torch.sigmoid(x)).sum()" in report.diagnoses[0].place


class HandTanh(torch.autograd.Function):
    """Has sigmoid's derivative in its backward pass."""

    @staticmethod
    def forward(ctx, x):
        y = torch.tanh(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad_output):
        (y,) = ctx.saved_tensors
        return grad_output * y * (1 - y)


class Model(torch.nn.Module):
    """Its hidden layer uses the function above."""

    def __init__(self):
        super().__init__()
        self.first, self.last = torch.nn.Linear(3, 2), torch.nn.Linear(2, 1)

    def forward(self, x):
        return self.last(HandTanh.apply(self.first(x)))


@pytest.mark.parametrize("respect", ["inputs", "parameters", "inputs, several outputs", "the module itself"])
def test_modules_in_float32(respect):
    torch.manual_seed(0)
    model, x = Model(), torch.randn(4, 3)
    calls = {
        "inputs": (lambda x: (model(x) ** 2).mean(), x),
        "parameters": (lambda model: (model(x) ** 2).mean(), model),
        "inputs, several outputs": (lambda x: model(x), x),
        "the module itself": (model, x),
    }
    function, at = calls[respect]
    report = check_gradient(function, None, at=at)
    assert report.diagnoses[0].kind is Mistake.WRONG_DERIVATIVE, str(report)
    assert "y = torch.tanh(x)" in report.diagnoses[0].place


def test_without_a_trace_numbers_remain():
    def loss(x):
        return math.fsum(float(each) ** 2 for each in x)

    report = check_gradient(loss, lambda x: -2 * x, at=np.array([1.0, 2.0]))
    assert report.diagnoses[0].kind is Mistake.NEGATED
    assert report.diagnoses[0].place == ""


class TestSpelling:
    @pytest.mark.parametrize(
        ("factor", "text"),
        [
            (0.5, "1/2"), (-2.0, "-2"), (2 / 3, "2/3"), (100.0, "100"), (1e-3, "10^-3"), (math.pi, "pi"),
            (math.log(2), "ln 2"), (0.1234567, None), (0.0, None), (math.nan, None), (math.inf, None), (17.0, "17"),
            (1 / 17, "1/17"),
        ],
    )  # fmt: skip
    def test_known_numbers(self, factor, text):
        assert spell(factor) == text

    def test_powers_of_a_length(self):
        assert spell(30.0**2, {30: "x"}) == "30^2"
        assert spell(30.0**-2, {30: "x"}) == "30^-2"

    @given(st.integers(1, 20), st.integers(1, 12))
    @settings(max_examples=50, deadline=None)
    def test_fractions(self, top, bottom):
        text = spell(top / bottom)
        assert text is not None
        first, _, second = text.partition("/")
        assert int(first) / int(second or 1) == pytest.approx(top / bottom)


def test_the_factor_of_a_single_entry_is_told_once():
    right = lambda p: np.array([2 * p[0], 3 * p[1] ** 2])  # noqa: E731
    report = check_gradient(lambda p: p[0] ** 2 + p[1] ** 3, lambda p: right(p) * [1, 50], at=[0.7, 1.3])
    assert [each.sentence for each in report.diagnoses] == ["Only at[1] is wrong: 50 times the right value."]
