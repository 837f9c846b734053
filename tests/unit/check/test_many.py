"""Many entries: the cost grows with those that are suspicious."""

from __future__ import annotations

import numpy as np
import pytest

from gradlab.check import Cause, Verdict, check_gradient

SIZE = 20_000
WEIGHTS = np.random.default_rng(1).normal(size=SIZE)
AT = np.linspace(0.1, 1, SIZE)


def loss(x):
    return np.mean(np.sin(x * WEIGHTS))


def gradient(x):
    return np.cos(x * WEIGHTS) * WEIGHTS / SIZE


def test_a_right_gradient_costs_a_few_directions():
    report = check_gradient(loss, gradient, AT)
    assert report.verdict is Verdict.CORRECT
    assert len(report.entries) == SIZE
    assert report.evaluations < 300
    assert 0 < report.miss_probability < 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_wrong_entries_are_found_among_many(seed):
    wrong = np.random.default_rng(seed).choice(np.flatnonzero(np.abs(WEIGHTS) > 0.1), 3, replace=False)

    def spoiled(x):
        found = gradient(x)
        found[wrong] *= [1.02, -1, 0]
        return found

    report = check_gradient(loss, spoiled, AT)
    assert [entry.index for entry in report.entries if entry.verdict is Verdict.WRONG] == sorted(wrong)
    assert all(entry.verdict is Verdict.CORRECT for entry in report.entries if entry.index not in wrong)
    assert report.evaluations < 4000


def test_one_that_is_wrong_throughout_is_not_taken_apart():
    report = check_gradient(loss, lambda x: -gradient(x), AT)
    assert report.verdict is Verdict.WRONG
    assert report.evaluations < 6000
    left = [entry for entry in report.entries if entry.verdict is Verdict.UNDECIDED]
    assert {entry.cause for entry in left} == {Cause.NOT_MEASURED}
    assert "entries=" in left[0].remedy


def test_any_entry_is_measured_on_request():
    report = check_gradient(loss, gradient, AT, entries=[777, "at[1234]"])
    assert report.ok
    assert all(np.isfinite(entry.step) for entry in report.entries)
    assert report.miss_probability == 0


def test_zeros_among_many_have_to_be_zeros():
    def half(x):
        return np.sum(x[: SIZE // 2] ** 2)

    def half_gradient(x):
        return np.concatenate([2 * x[: SIZE // 2], np.zeros(SIZE // 2)])

    assert check_gradient(half, half_gradient, AT).ok
    report = check_gradient(lambda x: half(x) + np.sin(x[-5]), half_gradient, AT)
    assert [entry.name for entry in report.entries if entry.verdict is Verdict.WRONG] == [f"at[{SIZE - 5}]"]
