from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradlab.train import DataError, TrainError, datasets


def test_five_points_are_those_of_the_lab():
    x, y = datasets.five_points()
    assert x.tolist() == [[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]]
    assert y.tolist() == [1, 0, 0, 0, 0]


def test_xor_is_the_exclusive_or():
    x, y = datasets.xor()
    assert y.tolist() == [a != b for a, b in x.tolist()]


@pytest.mark.parametrize("make", [datasets.two_moons, datasets.circles, datasets.spirals])
@given(n=st.integers(2, 60), seed=st.integers(0, 2**64))
def test_random_sets_have_n_points_of_two_classes_and_obey_the_seed(make, n, seed):
    data, again = make(n, 0.1, seed), make(n, 0.1, seed)
    np.testing.assert_array_equal(data.x, again.x)
    assert data.x.shape == (n, 2)
    assert int(data.y.sum()) == n // 2
    assert not np.array_equal(data.x, make(n, 0.1, seed + 1).x)


def test_without_noise_the_points_lie_on_their_outlines():
    x, y = datasets.circles(40, noise=0, inner=0.3)
    np.testing.assert_allclose(np.hypot(*x.T), np.where(y == 1, 0.3, 1.0))
    x, y = datasets.two_moons(40, noise=0)
    centre = np.where(y[:, None] == 1, [1.0, 0.5], [0.0, 0.0])
    np.testing.assert_allclose(np.hypot(*(x - centre).T), 1.0)
    x, y = datasets.spirals(40, noise=0)
    np.testing.assert_allclose(x[y == 0], -x[y == 1], atol=1e-12)


def test_data_keeps_its_own_copy_that_cannot_be_changed():
    x = np.zeros((2, 2))
    data = datasets.dataset(x, [0, 1], name="mine", names=("length", "width"))
    x[0, 0] = 9
    assert data.x[0, 0] == 0
    assert data.names == ("length", "width")
    assert "mine" in repr(data)
    with pytest.raises(ValueError, match="read-only"):
        data.x[0, 0] = 1


def test_a_column_of_labels_is_taken_as_labels():
    assert datasets.dataset([[1, 2], [3, 4]], [[0], [1]]).y.shape == (2,)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, 2, 3], [0, 1, 0], r"x.reshape\(-1, 1\)"),
        (np.zeros((0, 2)), [], "at least one point"),
        ([[1, 2], [3, 4]], [0, 1, 1], r"each of the 2 points.*shape \(2,\)"),
        ([[1, 2], [3, 4]], 1.0, "one label for each"),
        ([[1, float("nan")], [3, 4]], [0, 1], r"1 entries that are NaN.*x\[0, 1\]"),
        ([[1, 2], [3, 4]], [0, float("inf")], r"y\[1\]"),
        ([[1, 2], [3]], [0, 1], "rows of the same length"),
        ([["a", "b"]], [0], "numbers only"),
        ([[1j, 0]], [0], "real numbers"),
    ],
)
def test_arrays_that_are_no_data(x, y, message):
    with pytest.raises(DataError, match=message):
        datasets.dataset(x, y)


def test_names_must_match_the_coordinates():
    with pytest.raises(DataError, match="1 entries for 2 coordinates"):
        datasets.dataset([[1, 2]], [0], names=("a",))


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (datasets.two_moons, {"n": 1}, "n must be at least 2"),
        (datasets.two_moons, {"noise": -0.1}, "noise must be 0 or greater"),
        (datasets.circles, {"inner": 1.0}, "inner must be less than 1"),
        (datasets.circles, {"inner": 0}, "inner must be greater than 0"),
        (datasets.spirals, {"turns": float("inf")}, "turns must be finite"),
        (datasets.spirals, {"seed": 0.5}, "seed must be a whole number"),
    ],
)
def test_settings_of_the_sets(make, settings, message):
    with pytest.raises(TrainError, match=message):
        make(**settings)
