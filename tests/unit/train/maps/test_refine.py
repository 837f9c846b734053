from __future__ import annotations

import numpy as np

from gradlab.train import trainability
from gradlab.train.maps._refine import Shades, refined, unrefined

SHADES = Shades(np.linspace(0, 4, 50), np.linspace(0, 4, 50))
SIDE = 64


def made_from(converges, measure=lambda row, column: 1.0 + 0.01 * row):
    """What trains pixels of a made-up map, and how many it has trained."""
    count = [0]

    def train(rows, columns):
        count[0] += len(rows)
        return measure(rows, columns) * np.ones(len(rows)), np.asarray(converges(rows, columns), bool)

    return train, count


def both(converges, **kinds):
    """A tile refined, all of it, and the share that was trained."""
    train, count = made_from(converges, **kinds)
    fine = refined(train, (0, 0), (SIDE, SIDE), SIDE - 1, SHADES)
    return fine, unrefined(made_from(converges, **kinds)[0], (0, 0), (SIDE, SIDE)), count[0] / SIDE**2


def test_a_smooth_boundary_is_found_whole_at_a_fraction_of_the_work():
    fine, full, share = both(lambda row, column: np.hypot(row - 70, column + 5) < 50.3)
    np.testing.assert_array_equal(fine[1], full[1])
    np.testing.assert_allclose(fine[0], full[0], rtol=1e-2)
    assert share < 0.4


def test_what_is_as_thin_as_a_pixel_is_found_within_the_guard_ring():
    def converges(row, column):
        return (row > 30) & ~((column == 13) & (row < 37))  # no pixel of the coarse levels lies in the crack

    fine, full, share = both(converges)
    np.testing.assert_array_equal(fine[1], full[1])
    assert share < 0.5


def test_what_bends_is_trained_and_what_is_even_is_filled_in():
    def measure(row, column):
        return np.exp(np.where(np.hypot(row - 20, column - 20) < 12, 2 + np.sin(row * column), 1.0))

    fine, full, share = both(lambda row, column: row >= 0, measure=measure)
    off = np.abs(SHADES(np.log(fine[0]), fine[1]) - SHADES(np.log(full[0]), full[1]))
    assert (off > 0.1).mean() < 0.01
    assert share < 0.5
    np.testing.assert_array_equal(fine[0][fine[2]], full[0][fine[2]])


def test_a_refined_map_differs_from_the_full_one_in_less_than_a_pixel_in_a_thousand():
    setting = {"width": 3, "resolution": 96, "steps": 20, "y": ("learning_rate[1]", 0.1, 1e3)}
    full, fine = trainability(**setting, refined=False), trainability(**setting)
    trained = fine["trained"].values
    np.testing.assert_array_equal(fine["loss_sum"].values[trained], full["loss_sum"].values[trained])
    assert (fine["converged"].values != full["converged"].values).mean() < 0.001
    shades = Shades.of(full["loss_sum"].values.ravel(), full["converged"].values.ravel())
    seen = [shades(np.log(each["loss_sum"].values), full["converged"].values) for each in (fine, full)]
    assert (np.abs(seen[0] - seen[1]) > 0.05).mean() < 0.01
    assert trained.mean() < 0.6
