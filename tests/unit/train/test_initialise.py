from __future__ import annotations

import numpy as np
import pytest

from gradlab.train import Glorot, He, Normal, TrainError, Uniform
from gradlab.train._draw import draw_parameters
from gradlab.train._initialise import Layers


@pytest.mark.parametrize(
    ("distribution", "variance"), [(Glorot(0.5), lambda b, a: 0.5 / (b + a)), (He(2.0), lambda b, a: 8 / b)]
)
def test_glorot_and_he_have_their_published_variances_and_no_biases(distribution, variance):
    values = draw_parameters(distribution, 3, restarts=6000, layers=Layers((3, 5, 2)))
    blocks = np.split(values, np.cumsum([5, 15, 2]), axis=1)
    assert not blocks[0].any()
    assert not blocks[2].any()
    for weights, (below, above) in ((blocks[1], (3, 5)), (blocks[3], (5, 2))):
        assert weights.var() == pytest.approx(variance(below, above), rel=0.05)


def test_networks_without_biases_have_weights_alone():
    layers = Layers((3, 5, 2), biases=False)
    assert layers.parameters == 25
    assert draw_parameters(He(), 0, restarts=2, layers=layers).all()
    assert layers.of_parameters().tolist() == [0] * 15 + [1] * 10


@pytest.mark.parametrize(("make", "value"), [(Normal, -1.0), (Uniform, float("nan")), (Normal, "1"), (Uniform, True)])
def test_scales_that_cannot_be_used(make, value):
    with pytest.raises(TrainError, match="write for example"):
        make(value)
