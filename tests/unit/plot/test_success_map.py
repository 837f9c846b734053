from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Rectangle

import gradlab as gl
from gradlab.plot import PlotError, success_map
from gradlab.train import datasets, recommend, sweep

NET = gl.mlp([2, 2, 1])
DATA = datasets.five_points()


@pytest.fixture(scope="module")
def grid():
    return sweep(NET, DATA, learning_rate=[0.3, 1, 5], init_scale=[0.5, 1], restarts=50, steps=60)


@pytest.fixture(scope="module")
def found(grid):
    return recommend(grid, restarts=20)


def legend(ax):
    return [] if ax.get_legend() is None else [text.get_text() for text in ax.get_legend().get_texts()]


def test_cells_are_the_success_rates_and_carry_their_numbers(grid):
    figure = success_map(grid)
    ax, bar = figure.axes
    rates = grid.success.mean("restart").transpose("init_scale", "learning_rate").values
    np.testing.assert_array_equal(ax.images[0].get_array(), rates)
    assert {text.get_text() for text in ax.texts} == {f"{100 * rate:.0f}" for rate in rates.ravel()}
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("learning rate", "scale of the initial parameters")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.3", "1", "5"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0.5", "1"]
    assert bar.get_ylabel() == "successful runs in %"
    assert legend(ax) == []


def test_lightness_rises_with_the_rate_so_that_grey_tells_it_too(grid):
    image = success_map(grid).axes[0].images[0]
    rgb = image.cmap(np.linspace(0, 1, 50))[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    assert (np.diff(linear @ [0.2126, 0.7152, 0.0722]) > 0).all()


def test_the_recommendation_is_framed(grid, found):
    ax = success_map(grid, found).axes[0]
    column = [0.3, 1, 5].index(found.setting["learning_rate"])
    row = [0.5, 1].index(found.setting["init_scale"])
    frames = [patch.get_xy() for patch in ax.patches if isinstance(patch, Rectangle)]
    assert frames == [(column - 0.5, row - 0.5)] * 2
    assert legend(ax) == ["recommended"]


def test_many_values_get_a_star_a_line_and_fewer_ticks():
    fine = sweep(
        NET, DATA, learning_rate=np.geomspace(0.1, 20, 15), init_scale=np.geomspace(0.1, 3, 14), restarts=20, steps=60
    )
    found = recommend(fine, restarts=20)
    ax = success_map(fine, found).axes[0]
    (star,) = ax.lines
    x, y = star.get_xydata()[0]
    assert fine.learning_rate.values[int(x)] == found.setting["learning_rate"]
    assert fine.init_scale.values[int(y)] == found.setting["init_scale"]
    assert not ax.texts
    assert len(ax.get_xticklabels()) <= 12


def test_settings_that_diverge_are_hatched():
    net, data = gl.mlp([2, 3, 1], loss="squared_error"), datasets.xor()
    wild = sweep(net, data, learning_rate=[0.1, 100.0], init_scale=[0.5, 1.0], restarts=20, steps=60)
    ax = success_map(wild).axes[0]
    assert [patch.get_xy() for patch in ax.patches if patch.get_hatch()] == [(0.5, -0.5), (0.5, 0.5)]
    assert legend(ax) == ["most runs diverge"]


def test_a_third_setting_makes_panels_of_which_one_has_the_frame():
    three = sweep(
        NET, DATA, learning_rate=[1, 5], init_scale=[0.5, 1], initialisation=["normal", "he"], restarts=30, steps=60
    )
    found = recommend(three, restarts=20)
    figure = success_map(three, found)
    panels = figure.axes[:2]
    assert [ax.get_title() for ax in panels] == ["initialisation: normal", "initialisation: he"]
    framed = [bool(ax.patches) for ax in panels]
    assert framed == [found.setting["initialisation"] == name for name in ("normal", "he")]


def test_one_setting_makes_a_line_with_intervals():
    one = sweep(NET, DATA, learning_rate=[0.5, 2, 5], restarts=40, steps=60)
    bare = success_map(one).axes[0]
    np.testing.assert_allclose(bare.lines[0].get_ydata(), 100 * one.success.mean("restart"))
    found = recommend(one, restarts=20)
    ax = success_map(one, found).axes[0]
    assert legend(ax) == ["recommended, with 95 % intervals"]
    assert len(ax.containers) == 1
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("learning rate", "successful runs in %")


def test_runs_that_were_not_done_do_not_count(grid):
    part = grid.copy(deep=True)
    part["done"][:, :, 10:] = False
    shown = success_map(part).axes[0].images[0].get_array()
    np.testing.assert_allclose(shown, grid.success[:, :, :10].mean("restart"))


def test_a_low_loss_can_be_what_is_drawn(grid):
    found = recommend(grid, loss_below=0.2, restarts=20)
    shown = success_map(grid, found).axes[0].images[0].get_array()
    np.testing.assert_allclose(shown, (grid.loss < 0.2).mean("restart"))


def test_axes_of_ones_own_are_drawn_into(grid):
    figure, ax = gl.plot._style.figure_and_axes(None, (4, 3))
    assert success_map(grid, ax=ax) is figure


def test_sweeps_that_make_no_map(grid):
    with pytest.raises(PlotError, match=r"learning_rate=\[0.1, 1.0, 10.0\]"):
        success_map(grid.isel(learning_rate=0, init_scale=0))
    rule = gl.rules.Momentum(momentum=[0, 0.5])
    four = sweep(NET, DATA, learning_rate=[1, 2], init_scale=[1, 2], rule=rule, steps=[1, 2], restarts=2)
    with pytest.raises(PlotError, match=r"success_map\(grid.sel\(steps=1\)\)"):
        success_map(four)
    data = datasets.dataset([[0, 0], [0, 1], [1, 0]], [0.5, 0.7, -0.2])
    fitted = sweep(gl.mlp([2, 3, 1], loss="squared_error"), data, learning_rate=[0.05, 0.2], restarts=2, steps=2)
    with pytest.raises(PlotError, match=r"loss_below=0\.01"):
        success_map(fitted)


@pytest.mark.parametrize(
    ("setting", "values", "scale"),
    [
        ("learning_rate", [0.1, 0.2, 1.0, 50.0], "log"),
        ("steps", [10, 20, 25], "linear"),
        ("initialisation", ["normal", "uniform"], "linear"),
    ],
)
def test_a_line_stands_where_its_values_are(setting, values, scale):
    grid = sweep(gl.mlp([2, 2, 1]), datasets.five_points(), **{"steps": 20, setting: values}, restarts=20)
    (ax,) = success_map(grid).axes
    wanted = range(len(values)) if isinstance(values[0], str) else values
    assert ax.get_xscale() == scale
    assert ax.get_lines()[0].get_xdata() == pytest.approx(list(wanted))


def test_labels_of_values_close_together_do_not_touch():
    rates = [0.1, 0.101, 0.102, 10.0]
    figure = success_map(sweep(gl.mlp([2, 2, 1]), datasets.five_points(), learning_rate=rates, steps=5, restarts=5))
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["0.1", "10"]


def test_the_contour_is_in_the_legend():
    settings = {"learning_rate": np.geomspace(0.05, 5, 14), "init_scale": np.geomspace(0.3, 2, 14)}
    grid = sweep(gl.mlp([2, 2, 1]), datasets.five_points(), **settings, steps=100, restarts=30)
    assert "half of the runs succeed" in legend(success_map(grid).axes[0])


def test_a_part_in_another_order_than_its_recommendation_is_drawn_in_that_of_the_recommendation(grid, found):
    shuffled = success_map(grid.isel(learning_rate=[2, 0, 1]), found).axes[0]
    whole = success_map(grid, found).axes[0]
    np.testing.assert_array_equal(shuffled.images[0].get_array(), whole.images[0].get_array())
    for axis in ("get_xticklabels", "get_yticklabels"):
        assert [text.get_text() for text in getattr(shuffled, axis)()] == [
            text.get_text() for text in getattr(whole, axis)()
        ]
    with pytest.raises(PlotError, match="other values of learning_rate than this sweep"):
        success_map(grid.isel(learning_rate=[0, 1]), found)


@pytest.mark.parametrize(
    "change",
    [
        lambda grid: grid.isel(restart=0),
        lambda grid: grid.mean("restart"),
        lambda grid: grid[["success"]],
        lambda grid: grid.isel(learning_rate=[]),
        lambda grid: grid.stack(both=["learning_rate", "init_scale"]),
    ],
)
def test_a_part_of_a_sweep_in_which_something_is_missing_is_no_map(grid, change):
    with pytest.raises(PlotError, match=r"is not the whole result|is no setting of this sweep"):
        success_map(change(grid))
