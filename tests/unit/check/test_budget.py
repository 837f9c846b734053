"""What a check costs is known and bounded; what is known when it is stopped is told."""

from __future__ import annotations

import signal
import time

import numpy as np
import pytest
import torch

from gradlab.check import Cause, CheckError, Verdict, check_function, check_gradient

RANDOM = np.random.default_rng(0)
A, B, W = RANDOM.normal(size=(80, 50)), RANDOM.normal(size=80), RANDOM.normal(size=50) * 0.3


class Loss:
    """Counts its calls, and may be stopped at one of them."""

    def __init__(self, stop=None, matrix=A, dtype=np.float64):
        self.calls, self.stop, self.matrix, self.dtype = 0, stop, matrix.astype(dtype), dtype

    def __call__(self, w):
        self.calls += 1
        if self.calls == self.stop:
            raise KeyboardInterrupt
        return np.sum(np.tanh(self.matrix @ np.asarray(w, self.dtype) - B.astype(self.dtype)) ** 2)


def gradient(w, factor=1.0, matrix=A):
    t = np.tanh(matrix @ w - B)
    return factor * matrix.T @ (2 * t * (1 - t * t))


WRONG = {
    "doubled": lambda g: 2 * g,
    "negated": lambda g: -g,
    "off by a hundredth": lambda g: 1.01 * g,
    "one entry": lambda g: np.where(np.abs(g) == np.abs(g).max(), 1.01, 1) * g,
    "another one": lambda g: g * (np.arange(len(g)) != len(g) // 3),
    "all positive": np.abs,
    "turned round": lambda g: g[::-1],
    "not finite": lambda g: np.nan * g,
}


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG.keys())
@pytest.mark.parametrize(
    ("count", "times", "dtype"),
    [(3, 6, np.float64), (10, 3, np.float64), (50, 3, np.float64), (120, 3, np.float64), (10, 3, np.float32)],
    ids=["3 entries", "10", "50", "120", "10 in float32"],
)
def test_a_wrong_gradient_costs_at_most_three_times_what_a_right_one_does(spoil, count, times, dtype):
    """At most six times with few entries: a difference has to be told from what a solver's tolerance leaves."""
    random = np.random.default_rng(count)
    matrix, start = random.normal(size=(80, count)) / np.sqrt(count / 10), 0.3 * random.normal(size=count)
    right, wrong = Loss(matrix=matrix, dtype=dtype), Loss(matrix=matrix, dtype=dtype)
    assert check_gradient(right, lambda w: gradient(w, matrix=matrix), start).ok
    assert check_gradient(wrong, lambda w: spoil(gradient(w, matrix=matrix)), start).verdict is Verdict.WRONG
    assert wrong.calls <= times * right.calls


def test_outputs_that_rounding_alone_moves_cost_little():
    def rows(x):
        weights = np.exp(x - x.max(1, keepdims=True))
        return (weights / weights.sum(1, keepdims=True)).sum(1)

    point = RANDOM.normal(size=(4, 5))
    report = check_gradient(rows, lambda x: np.zeros((4, 4, 5)), point)
    assert report.ok, str(report)
    assert report.evaluations < 12 * point.size


@pytest.mark.parametrize("size", [1e-12, 1e-15, 1e-18, 1e-30])
def test_outputs_that_are_as_small_as_rounding_are_judged_all_the_same(size):
    point = np.array([0.5, 1.2, -2.0])
    assert check_gradient(lambda x: size * np.sum(np.sin(x)), lambda x: size * np.cos(x), point).ok
    report = check_gradient(lambda x: size * np.sum(np.sin(x)), lambda x: 1.01 * size * np.cos(x), point)
    assert report.verdict is Verdict.WRONG


def test_all_entries_are_judged_on_request():
    report = check_gradient(Loss(), lambda w: 2 * gradient(w), W, thorough=True)
    assert all(entry.verdict is Verdict.WRONG for entry in report.entries)
    assert all(entry.scales for entry in report.entries)


@pytest.mark.parametrize("bound", [60, 130, 150])
def test_evaluations_are_bounded(bound):
    loss = Loss()
    report = check_gradient(loss, lambda w: 2 * gradient(w), W, max_evaluations=bound)
    assert report.evaluations <= bound
    assert len(report.entries) == 50
    assert any("max_evaluations" in note for note in report.notes)
    assert {entry.cause for entry in report.entries if entry.verdict is Verdict.UNDECIDED} <= {Cause.NOT_MEASURED}


def test_many_entries_are_bounded_too():
    report = check_function(torch.nn.Linear(30, 30), torch.randn(2, 30), max_evaluations=40)
    assert report.verdict is Verdict.UNDECIDED
    assert report.evaluations <= 40


def test_a_bound_that_is_too_small_for_anything_is_an_error():
    with pytest.raises(CheckError, match="max_evaluations=0"):
        check_gradient(Loss(), gradient, W, max_evaluations=0)


def test_time_is_bounded():
    def slow(w):
        time.sleep(0.01)
        return Loss()(w)

    report = check_gradient(slow, gradient, W, time_limit=0.5)
    assert report.evaluations < 100  # no machine makes more than 50 in that time; unbounded there are 500
    assert any("time_limit" in note for note in report.notes)
    assert report.verdict is Verdict.UNDECIDED


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Unix alone has an alarm")
def test_a_function_that_does_not_come_back_is_interrupted_when_the_time_is_over():
    def loss(x):
        while x[0] < 0.2:
            # As the clock does after the time that is allowed.
            signal.raise_signal(signal.SIGALRM)
        return np.sin(x[0]) * x[1]

    def scaled(x):
        return 1.01 * np.array([np.cos(x[0]) * x[1], np.sin(x[0])])

    report = check_gradient(loss, scaled, at=np.array([0.21, 1]), time_limit=1000, thorough=True)
    assert any("time_limit=1000 was reached" in note for note in report.notes)
    assert report.verdict is Verdict.WRONG
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_an_interrupt_tells_what_is_known():
    report = check_gradient(Loss(stop=300), lambda w: 2 * gradient(w), W, thorough=True)
    assert len(report.entries) == 50
    assert any("interrupted" in note for note in report.notes)


def test_progress_names_the_entry(capsys):
    def slow(w):
        time.sleep(0.002)
        return Loss()(w)

    check_gradient(slow, lambda w: 2 * gradient(w), W, names="w", progress=True, thorough=True)
    told = capsys.readouterr().err
    assert "checking w[" in told
    assert "evaluations" in told
    assert told.endswith("\r")


def test_a_time_limit_of_no_use_is_answered_too():
    """A bound that the gradient's own passes use up leaves everything open, and is no error."""

    def slow(w):
        time.sleep(0.4)
        return gradient(w)

    report = check_gradient(Loss(), slow, W, time_limit=0.3)
    assert report.verdict is Verdict.UNDECIDED
    assert len(report.entries) == 50
    assert any("time_limit=0.3 was reached" in note for note in report.notes)


def test_a_large_network_is_answered_in_time():
    net = torch.nn.Sequential(torch.nn.Linear(784, 250), torch.nn.ReLU(), torch.nn.Linear(250, 10)).double()
    x, y = torch.randn(4, 784, dtype=torch.float64), torch.arange(4)
    report = check_gradient(lambda m: torch.nn.functional.cross_entropy(m(x), y), None, net, time_limit=0.5)
    assert report.verdict in (Verdict.UNDECIDED, Verdict.CORRECT)
    assert len(report.entries) == 198_760


def test_names_are_not_searched_for_without_end():
    torch.manual_seed(0)
    net = torch.nn.GRU(3, 4, 2, bidirectional=True).double()
    x, w = torch.randn(4, 2, 3, dtype=torch.float64), torch.randn(4, 2, 8, dtype=torch.float64)

    def loss(module):
        return (module(x)[0] * w).sum()

    def one_off(module):
        parameters = dict(module.named_parameters())
        found = dict(zip(parameters, torch.autograd.grad(loss(module), list(parameters.values())), strict=True))
        weight = found["weight_ih_l0"] = found["weight_ih_l0"].clone()
        weight.view(-1)[weight.abs().argmax()] *= 1.01
        return found

    report = check_gradient(loss, one_off, net)
    assert report.verdict is Verdict.WRONG
    assert "Only weight_ih_l0" in report.diagnoses[0].sentence
