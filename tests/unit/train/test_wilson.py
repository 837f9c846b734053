from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gradlab.train import Share, TrainError, wilson_interval


@given(runs=st.integers(1, 10**6), share=st.floats(0, 1), confidence=st.floats(0.5, 0.999))
def test_the_interval_is_scipys(runs, share, confidence):
    successes = round(share * runs)
    low, high = wilson_interval(successes, runs, confidence)
    expected = stats.binomtest(successes, runs).proportion_ci(confidence, method="wilson")
    assert float(low) == pytest.approx(expected.low, abs=1e-12)
    assert float(high) == pytest.approx(expected.high, abs=1e-12)
    assert 0 <= low <= successes / runs <= high <= 1


def test_an_interval_covers_the_true_share_about_as_often_as_it_says():
    true = 0.83
    low, high = wilson_interval(range(201), [200] * 201, 0.95)
    chances = stats.binom.pmf(range(201), 200, true)
    assert chances[(low <= true) & (true <= high)].sum() == pytest.approx(0.95, abs=0.015)


def test_of_no_runs_nothing_is_known():
    assert [float(end) for end in wilson_interval(0, 0)] == [0.0, 1.0]
    assert Share.of(0, 0).rate == 0.0


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95])
def test_a_confidence_is_between_0_and_1(confidence):
    with pytest.raises(TrainError, match=r"write for example 0\.95"):
        wilson_interval(1, 2, confidence)
