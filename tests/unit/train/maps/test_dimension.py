from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.path import Path

import gradlab as gl
from gradlab.train import TrainError
from gradlab.train.maps._dimension import boundary_dimension, dimension_of, edges_of

ROWS, COLUMNS = np.indices((256, 256))


def inside_of_koch_snowflake():
    corners = np.exp(2j * np.pi * np.arange(3) / 3)
    for _ in range(5):
        third = (np.roll(corners, -1) - corners) / 3
        tip = corners + third + third * np.exp(-1j * np.pi / 3)
        corners = np.stack([corners, corners + third, tip, corners + 2 * third], axis=1).ravel()
    places = np.stack([COLUMNS, ROWS], axis=-1).reshape(-1, 2) / 255 * 2.3 - 1.15
    return Path(np.c_[corners.real, corners.imag]).contains_points(places).reshape(256, 256)


@pytest.mark.parametrize(
    ("known", "pixels"),
    [
        (1.0, lambda: edges_of(ROWS < 0.37 * COLUMNS + 50)),
        (1.0, lambda: edges_of(np.hypot(ROWS - 128, COLUMNS - 128) < 100)),
        (math.log(4) / math.log(3), lambda: edges_of(inside_of_koch_snowflake())),
        (math.log(3) / math.log(2), lambda: (ROWS & COLUMNS) == 0),
        (2.0, lambda: np.ones((256, 256), bool)),
    ],
    ids=["line", "circle", "Koch's snowflake", "Sierpinski's triangle", "everything"],
)
def test_known_dimensions_are_measured_to_two_standard_errors(known, pixels):
    found = dimension_of([pixels()])
    assert abs(found.value - known) <= 2 * found.standard_error
    assert found.standard_error < 0.12


def test_the_median_goes_over_all_windows():
    line, all_of_it = edges_of(ROWS < COLUMNS), np.ones((255, 255), bool)
    both = dimension_of([line, all_of_it, all_of_it])
    assert len(both.slopes) == 3
    assert both.value == np.median(np.concatenate(both.slopes))
    assert str(both) == f"{both.value:.3f} +- {both.standard_error:.3f}"


def test_what_has_no_dimension_is_said():
    made = gl.trainability(width=3, resolution=16, steps=20, refined=False)
    with pytest.raises(TrainError, match="17 pixels along each axis"):
        boundary_dimension(made)
    with pytest.raises(TrainError, match="no boundary in this map"):
        dimension_of([np.zeros((64, 64), bool)])
    with pytest.raises(TrainError, match="go on with it by resume=True"):
        boundary_dimension(made.assign(done=made["done"] & (made["learning_rate_1"] < 1)))
    with pytest.raises(TrainError, match="this is no map"):
        boundary_dimension(made[["loss_sum"]])


def test_a_map_has_the_same_dimension_however_it_was_turned_or_chosen():
    made = gl.trainability(width=2, resolution=24, steps=20, windows=1)
    assert boundary_dimension(made.transpose("x", "y", "window")) == boundary_dimension(made)
    one = made.isel(window=0, drop=True).swap_dims(x="learning_rate_1", y="learning_rate_2")
    assert boundary_dimension(one.isel(learning_rate_1=np.random.default_rng(0).permutation(24))) == boundary_dimension(
        one
    )
    for part in (one.isel(learning_rate_1=0), one.isel(learning_rate_2=[])):
        with pytest.raises(TrainError, match="17 pixels along each axis"):
            boundary_dimension(part)
    with pytest.raises(TrainError, match="this is no map"):
        boundary_dimension(5)
