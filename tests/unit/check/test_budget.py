"""What a check costs is known and bounded; what is known when it is stopped is told."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from gradlab.check import Cause, CheckError, Verdict, check_function, check_gradient

RANDOM = np.random.default_rng(0)
A, B, W = RANDOM.normal(size=(80, 50)), RANDOM.normal(size=80), RANDOM.normal(size=50) * 0.3


class Loss:
    """Counts its calls, and may be stopped at one of them."""

    def __init__(self, stop=None):
        self.calls, self.stop = 0, stop

    def __call__(self, w):
        self.calls += 1
        if self.calls == self.stop:
            raise KeyboardInterrupt
        return np.sum(np.tanh(A @ w - B) ** 2)


def gradient(w, factor=1.0):
    t = np.tanh(A @ w - B)
    return factor * A.T @ (2 * t * (1 - t * t))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda g: 2 * g,
        lambda g: -g,
        lambda g: g * np.where(np.arange(50) == 7, 1.05, 1),
        lambda g: g * (np.arange(50) < 9),
    ],
    ids=["doubled", "negated", "one entry", "most are zero"],
)
def test_a_wrong_gradient_costs_at_most_three_times_what_a_right_one_does(spoil):
    right, wrong = Loss(), Loss()
    assert check_gradient(right, gradient, W).ok
    assert check_gradient(wrong, lambda w: spoil(gradient(w)), W).verdict is Verdict.WRONG
    assert wrong.calls <= 3 * right.calls


def test_all_entries_are_judged_on_request():
    report = check_gradient(Loss(), lambda w: 2 * gradient(w), W, thorough=True)
    assert all(entry.verdict is Verdict.WRONG for entry in report.entries)
    assert all(entry.scales for entry in report.entries)


@pytest.mark.parametrize("bound", [60, 210, 300])
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

    began = time.monotonic()
    report = check_gradient(slow, gradient, W, time_limit=0.5)
    assert time.monotonic() - began < 2
    assert any("time_limit" in note for note in report.notes)
    assert report.verdict is Verdict.UNDECIDED


def test_an_interrupt_tells_what_is_known():
    report = check_gradient(Loss(stop=300), lambda w: 2 * gradient(w), W)
    assert len(report.entries) == 50
    assert any("interrupted" in note for note in report.notes)


def test_progress_names_the_entry(capsys):
    def slow(w):
        time.sleep(0.002)
        return Loss()(w)

    check_gradient(slow, lambda w: 2 * gradient(w), {"w": W}["w"], names="w", progress=True)
    told = capsys.readouterr().err
    assert "checking w[" in told
    assert "evaluations" in told
    assert told.endswith("\r")
