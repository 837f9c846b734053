from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xarray.backends import BackendArray
from xarray.core.indexing import IndexingSupport, LazilyIndexedArray, explicit_indexing_adapter

import gradlab as gl
from gradlab.train import Share, TrainError, datasets, recommend, sweep
from gradlab.train import diagnose as failures
from gradlab.train import train as train_once
from gradlab.train._plateau import connected, lowest_nearby

NET = gl.mlp([2, 2, 1])
DATA = datasets.five_points()


@pytest.fixture(scope="module")
def grid():
    return sweep(
        NET, DATA, learning_rate=[0.3, 1, 3, 5, 10], init_scale=[0.3, 0.5, 1, 2], restarts=300, steps=100, seed=4
    )


@pytest.fixture(scope="module")
def found(grid):
    return recommend(grid)


def fake(rates, restarts=1000, **settings):
    """A sweep whose settings succeed at given rates; its losses are 0.05 where they do and 1 elsewhere."""
    axes = {"learning_rate": 1.0, "restarts": restarts, "steps": 1, **settings}
    made = sweep(NET, DATA, **axes)
    rates = np.asarray(rates, dtype=float)
    success = np.arange(restarts) < np.round(rates[..., None] * restarts)
    assert success.shape == made.success.shape
    made["success"] = made.success.dims, success
    made["success_step"] = made.success.dims, np.where(success, 7, -1)
    made["loss"] = made.loss.dims, np.where(success, 0.05, 1.0)
    return made


def test_it_says_setting_rate_and_interval_in_words(grid, found):
    cell = grid.sel(learning_rate=found.setting["learning_rate"], init_scale=found.setting["init_scale"])
    assert found.share == Share.of(int(cell.success.sum()), 300)
    assert found.words == (
        f"learning rate {found.setting['learning_rate']:g}, normal initialisation of scale "
        f"{found.setting['init_scale']:g}: {found.share} of runs classify all five points right within 100 steps"
    )
    first, second, *_ = str(found).splitlines()
    assert f"{first} {second}" == found.words
    assert f"{found.fresh} of 1,000 runs" in str(found)


def test_it_is_trained_again_from_starts_that_played_no_part(grid, found):
    fresh = train_once(
        NET, DATA, learning_rate=found.setting["learning_rate"], steps=100, restarts=1000, seed=4 ^ (1 << 127),
        initialisation=gl.Normal(found.setting["init_scale"]), dtype="float32",
    )  # fmt: skip
    assert found.fresh == Share.of(int(fresh.success.sum()), 1000)
    other = recommend(grid, restarts=500, seed=77)
    assert other.setting == found.setting
    assert other.fresh.runs == 500


def test_a_peak_on_a_cliff_is_passed_over():
    rates = [0.2, 0.70, 0.72, 0.71, 0.90, 0.05, 0.0]
    steep = fake(rates, learning_rate=[1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6])
    assert recommend(steep, restarts=10).setting["learning_rate"] != 1.4
    # The same rates at values far apart say nothing of a cliff beside the best.
    far = fake(rates, learning_rate=[1.0, 10, 100, 1000, 1e4, 1e5, 1e6])
    assert recommend(far, restarts=10).setting["learning_rate"] == 1e4


def test_the_plateau_is_what_hangs_together():
    rates = [[0.1, 0.80, 0.78, 0.1, 0.79], [0.1, 0.81, 0.85, 0.2, 0.1]]
    found = recommend(fake(rates, learning_rate=[1, 2, 3, 4, 5], init_scale=[0.5, 1.0]), restarts=10)
    assert found.setting["learning_rate"] in (2.0, 3.0)
    assert found.plateau == {"init_scale": (0.5, 1.0), "learning_rate": (2.0, 3.0)}
    assert found.plateau_settings == 4
    assert found.plateau_lowest == 0.78
    assert found.edges == ("init_scale",)
    assert "nothing beyond this scale was tried" in str(found)


def test_the_cost_is_that_of_restarting_until_a_run_succeeds():
    found = recommend(fake([0.4, 0.8], learning_rate=[1.0, 2.0], steps=50), restarts=10)
    assert found.median_steps == 7
    # 0.25 failures of 50 steps each before a success after 7.
    assert found.expected_steps == pytest.approx(0.25 * 50 + 7)


def test_of_equals_the_fewest_steps_are_taken():
    found = recommend(fake([0.8, 0.8, 0.8], steps=[10, 20, 40]), restarts=10)
    assert found.setting["steps"] == 10


def test_of_equals_the_one_in_the_middle_of_them_is_taken():
    found = recommend(fake([0.2, 0.9, 0.9, 0.9, 0.9, 0.9, 0.1], learning_rate=2.0 ** np.arange(7)), restarts=10)
    assert found.setting["learning_rate"] == 8.0


def test_kinds_of_initialisation_are_no_neighbours():
    found = recommend(fake([0.1, 0.9, 0.1], initialisation=["normal", "he", "uniform"]), restarts=10)
    assert found.setting["initialisation"] == "he"
    assert found.plateau == {}


def test_a_low_loss_can_be_the_success(grid):
    found = recommend(grid, loss_below=0.1, restarts=50)
    low = (grid.loss < 0.1).mean("restart")
    at = {name: found.setting[name] for name in ("learning_rate", "init_scale")}
    assert found.share.rate == pytest.approx(float(low.sel(at)))
    assert "reach a loss below 0.1 within 100 steps" in found.words
    data = datasets.dataset([[0, 0], [0, 1], [1, 0]], [0.5, 0.7, -0.2])
    fitted = sweep(gl.mlp([2, 3, 1], loss="squared_error"), data, learning_rate=[0.05, 0.2], restarts=20, steps=80)
    assert recommend(fitted, loss_below=0.05, restarts=20).fresh.runs == 20
    with pytest.raises(TrainError, match=r"loss_below=0\.01"):
        recommend(fitted)


def test_rates_by_layer_momentum_and_width_are_trained_again_as_they_were():
    many = sweep(
        NET, DATA, learning_rate={1: [1.0, 3.0], 2: [1.0, 2.0]}, width=[2, 4],
        rule=gl.rules.Momentum(momentum=[0.0, 0.5]), initialisation=["glorot", "he"], restarts=60, steps=60,
    )  # fmt: skip
    found = recommend(many, restarts=60, seed=0)
    assert found.fresh == found.share  # with the sweep's own seed they are the same runs
    assert "learning rates by layer" in found.words
    assert set(found.setting) >= {"width", "momentum", "learning_rate_1", "learning_rate_2"}
    one = many.sel(width=4, momentum=0.5, initialisation="he", learning_rate_1=3.0, learning_rate_2=1.0)
    alone = recommend(one, restarts=60, seed=0)
    assert alone.fresh == alone.share
    assert f"momentum 0.5, {4} hidden units" in alone.words


def test_runs_that_were_not_done_do_not_count(grid):
    part = grid.copy(deep=True)
    part["done"][:, :, 100:] = False
    found = recommend(part, restarts=10)
    assert found.share.runs == 100


class Growing(BackendArray):
    """What a store holds of a sweep that goes on: with each part that is read more runs are done."""

    reads = 0

    def __init__(self, values):
        self.values, self.shape, self.dtype = values, values.shape, values.dtype

    def __getitem__(self, key):
        Growing.reads += 1
        done = np.arange(self.shape[-1]) < 100 * Growing.reads
        return explicit_indexing_adapter(
            key, self.shape, IndexingSupport.BASIC, lambda index: np.where(done, self.values, False)[index]
        )


def test_runs_that_end_while_a_store_is_read_are_no_failures():
    part = fake([1.0, 1.0], learning_rate=[1.0, 2.0])
    for name in ("done", "success"):
        part[name] = part[name].dims, LazilyIndexedArray(Growing(part[name].values))
    found = recommend(part, restarts=10)
    assert found.share.successes == found.share.runs == 100


def test_settings_that_were_chosen_in_any_order_are_neighbours_by_their_values(grid, found):
    shuffled = grid.isel(learning_rate=[3, 0, 4, 2, 1], init_scale=[2, 3, 0, 1])
    assert str(recommend(shuffled)) == str(found)
    assert str(recommend(grid.astype(float).transpose("restart", ...))) == str(found)
    assert (failures(shuffled.isel(restart=slice(3)), restarts=3)["why"].sum() > 0).all()
    with pytest.raises(TrainError, match="learning_rate has a number more than once"):
        recommend(grid.isel(learning_rate=[0, 0, 1]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda grid: grid.isel(restart=0), "no dimension restart"),
        (lambda grid: grid.mean("restart"), "no dimension restart"),
        (lambda grid: grid.rename(learning_rate="rate"), "it has no learning_rate"),
        (lambda grid: grid.isel(learning_rate=[]), "learning_rate has no values"),
        (lambda grid: grid.isel(restart=slice(0)), "restart has no values"),
        (lambda grid: grid.success, r"gl.recommend\(gl.sweep"),
        (lambda grid: grid.drop_attrs(), r"gl.recommend\(gl.sweep"),
        (lambda _: None, r"gl.recommend\(gl.sweep"),
    ],
)
def test_a_part_of_a_sweep_in_which_something_is_missing_is_refused(grid, change, message):
    with pytest.raises(TrainError, match=message):
        recommend(change(grid))
    with pytest.raises(TrainError, match=message):
        failures(change(grid), restarts=1)


def test_what_nothing_can_be_recommended_from(grid):
    with pytest.raises(TrainError, match=r"gl.recommend\(gl.sweep"):
        recommend(grid.drop_vars("loss"))
    with pytest.raises(TrainError, match="none of the 1,000 runs succeeds; try more steps"):
        recommend(fake(0.0))
    with pytest.raises(TrainError, match="confidence must be between 0 and 1"):
        recommend(grid, confidence=95)


@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=8), reach=st.floats(0.01, 3), data=st.data())
def test_the_lowest_nearby_is_that_of_the_line_through_the_values(values, reach, data):
    steps = data.draw(st.lists(st.floats(0.1, 2), min_size=len(values), max_size=len(values)))
    places = np.cumsum(steps)
    found = lowest_nearby(values, places, reach)
    for at, lowest in zip(places, found, strict=True):
        near = np.linspace(max(at - reach, places[0]), min(at + reach, places[-1]), 200)
        near = np.concatenate([near, places[abs(places - at) <= reach]])
        assert lowest == pytest.approx(np.interp(near, places, values).min(), abs=1e-9)


def test_what_is_connected_is_reached_along_axes_alone():
    good = np.array([[1, 0, 1], [1, 1, 0], [0, 0, 1]], dtype=bool)
    assert connected(good, good.shape, (0, 0), [0, 1]) == {(0, 0), (1, 0), (1, 1)}
    assert connected(good, good.shape, (0, 0), [0]) == {(0, 0), (1, 0)}
