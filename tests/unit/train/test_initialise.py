from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gradlab.train import Normal, TrainError, Uniform
from gradlab.train._initialise import draw_parameters


@given(
    seed=st.integers(0, 2**128 - 1),
    parameters=st.integers(1, 20),
    first=st.integers(0, 10**12),
    restarts=st.integers(1, 6),
)
def test_any_stretch_of_runs_can_be_drawn_alone(seed, parameters, first, restarts):
    together = draw_parameters(Normal(), seed, restarts=restarts, parameters=parameters, first=first)
    for row in range(restarts):
        alone = draw_parameters(Normal(), seed, restarts=1, parameters=parameters, first=first + row)
        np.testing.assert_array_equal(together[row], alone[0])
    assert np.isfinite(together).all()


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [(Normal(0.5), stats.norm(0, 0.5)), (Uniform(0.5), stats.uniform(-0.5, 1.0))],
)
def test_the_draw_has_the_distribution_it_names(distribution, expected):
    values = draw_parameters(distribution, 12, restarts=4000, parameters=5)
    assert stats.kstest(values.ravel(), expected.cdf).pvalue > 1e-3
    across = np.corrcoef(values.T)[~np.eye(5, dtype=bool)]
    along = np.corrcoef(values[:-1].ravel(), values[1:].ravel())[0, 1]
    assert max(abs(across).max(), abs(along)) < 5 / np.sqrt(4000)


def test_the_ends_of_the_unit_interval_give_finite_numbers():
    ends = np.array([2.0**-53, 1 - 2.0**-53, 2.0**-53, 0.5])
    assert np.isfinite(Normal().draw(ends)).all()


@pytest.mark.parametrize(("make", "value"), [(Normal, -1.0), (Uniform, float("nan")), (Normal, "1"), (Uniform, True)])
def test_scales_that_cannot_be_used(make, value):
    with pytest.raises(TrainError, match="write for example"):
        make(value)
