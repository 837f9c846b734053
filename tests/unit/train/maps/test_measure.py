from __future__ import annotations

import numpy as np

from gradlab.train.maps._measure import loss_sums


def test_what_falls_is_summed_and_what_rises_by_its_inverses():
    sums, converged = loss_sums(np.array([[4.0, 2.0, 1.0], [2.0, 4.0, 8.0], [1.0, np.inf, np.nan]]))
    assert converged.tolist() == [True, False, False]
    np.testing.assert_allclose(sums, [1.75, 1.75, 1 + 2e-6])


def test_the_last_twenty_losses_decide():
    curve = np.full((2, 40), 0.9)
    curve[:, 0] = 1.0
    curve[0, 20:] = np.tile([0.2, 1.9], 10)
    curve[1, -1] = 1e5
    assert loss_sums(curve)[1].tolist() == [False, False]
    curve[0, 20:] = np.tile([0.2, 1.7], 10)
    assert loss_sums(curve)[1].tolist() == [True, False]
