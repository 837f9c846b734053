"""The benchmark of gradient checks, small: gradlab alone on a few functions, with the counts that it has to reach."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

import bench_check
from check_cases import KINDS, Case, derivative, draw
from check_cases._hard import hard_cases, outcome
from check_cases._tables import diagnosis_table, failures, table

from gradlab.check.names import Mistake

# A seed that nothing was tuned on.
SEED = 4021


@pytest.mark.parametrize("kind", bench_check.QUICK)
def test_no_false_alarms_no_misses_and_the_mistakes_named(kind):
    records = bench_check.measure(SEED, kind, with_peers=False, each=1)
    assert failures(records) == []
    right, wrong = ([r for r in records if bool(r.mistake) is is_wrong] for is_wrong in (False, True))
    assert len(right) == 3
    assert len(wrong) == 9
    found = [record for record in wrong if record.answer == "WRONG"]
    assert len(found) >= 8
    assert sum(record.mistake in record.named for record in found) >= 0.9 * len(found)
    assert "| gradlab | float64 | 1 | 0 | 0 |" in table(records)
    assert f"| **all** | {len(found)} |" in diagnosis_table(records)


def test_the_set_is_as_large_as_it_says():
    cases, wrong = draw(SEED)
    assert len({case.kind for case in cases}) == len(KINDS) >= 25
    assert len(cases) >= 80
    assert len(wrong) >= 250
    assert {mutant.mistake for mutant in wrong} <= set(Mistake.__members__)
    assert len({mutant.mistake for mutant in wrong}) >= 14


def test_a_seed_determines_the_set():
    first, again, other = (draw(seed, KINDS[:3], 1)[0] for seed in (1, 1, 2))
    assert all(np.array_equal(a.point, b.point) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a.point, b.point) for a, b in zip(first, other, strict=True))


def test_the_independent_derivative_is_exact():
    x = np.array([0.3, -2.0, 1e-4])
    case = Case("known", lambda x: np.sum(np.exp(x) * np.sin(3 * x)), lambda x, mistake: x, x)
    exact = np.exp(x) * (np.sin(3 * x) + 3 * np.cos(3 * x))
    assert derivative(case) == pytest.approx(exact, rel=1e-10)


def test_a_wrong_gradient_in_the_set_is_not_confirmed():
    def broken(random):
        return Case("broken", lambda x: np.sum(x**2), lambda x, mistake: 2.001 * x, random.normal(size=3))

    with pytest.raises(AssertionError, match="not the derivative"):
        draw(0, (broken,), 1)


@pytest.mark.parametrize("hard", hard_cases(), ids=lambda hard: hard.name)
def test_hard_cases(hard):
    said, reason = outcome(hard)
    assert said in hard.allowed, reason
