from __future__ import annotations

import numpy as np
import pytest

from gradlab.train import TrainError, _trainers, trainability


def test_a_deep_zoom_keeps_the_boundary_in_sight_and_each_window_in_the_one_before():
    made = trainability(width=3, resolution=8, steps=20, windows=4, zoom=5)
    share = made["converged"].mean(("x", "y"))
    assert made.sizes["window"] == 5
    assert bool(((share > 0) & (share < 1)).all())
    for name in ("learning_rate_1", "learning_rate_2"):
        ends = np.log(made[name].values[:, [0, -1]])
        assert (np.diff(ends[:, 0]) >= -1e-12).all()
        assert (np.diff(ends[:, 1]) <= 1e-12).all()
        np.testing.assert_allclose(np.diff(ends)[1:] / np.diff(ends)[:-1], 1 / 5)


def test_what_cannot_be_zoomed_into_is_said(monkeypatch):
    monkeypatch.setattr(_trainers, "has_kernels", lambda: False)
    with pytest.raises(TrainError, match="look at fewer windows"):
        trainability(
            width=2,
            steps=2,
            resolution=8,
            windows=1,
            x=("learning_rate[0]", 0.1, 0.2),
            y=("learning_rate[1]", 0.1, 0.2),
        )
    with pytest.raises(TrainError, match="write how many times smaller"):
        trainability(width=2, steps=2, resolution=8, windows=1, zoom=1)
