from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import gradlab as gl
from gradlab.plot import PlotError, contours

BOWL = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")


def path(*points):
    return SimpleNamespace(points=points)


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines if not line.get_label().startswith("_")}


def numbers(ax):
    return [text.get_text() for text in ax.texts]


def test_an_exact_trace_is_drawn_where_it_was():
    trace = gl.descend(BOWL, start=(6, 6), steps=["1/2", "1/3", "1/4"])
    ax = contours(BOWL, trace).axes[0]
    points = trace.points.astype(float)
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), points)
    np.testing.assert_array_equal(lines(ax)["start"], points[:1])
    np.testing.assert_array_equal(lines(ax)["end"], points[-1:])
    assert numbers(ax)[:2] == ["0 start", f"{len(points) - 1} end"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$x_{1}$", "$x_{2}$")


def test_the_ranges_hold_the_whole_path_with_a_margin():
    ax = contours(BOWL, path((0, 0), (4, 0), (8, 0))).axes[0]
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert left <= -2
    assert right >= 10
    assert top - bottom >= 4  # although the path does not go up or down
    assert ax.get_aspect() == 1.0


def test_levels_and_colour_bar_are_those_of_the_values():
    figure = contours(BOWL, ranges=((0, 12), (0, 8)))
    bar = figure.axes[0].child_axes[0]
    assert bar.get_ylabel() == "value of the function at ($x_{1}$, $x_{2}$)"
    low, high = bar.get_ylim()
    grid = BOWL.value(np.stack(np.meshgrid(np.linspace(0, 12, 99), np.linspace(0, 8, 99)), axis=-1))
    assert low <= grid.min() < grid.max() <= high


def test_levels_crowd_where_a_valley_is_flat():
    valley = gl.function("(1 - x1)**2 + 100*(x2 - x1**2)**2")
    bar = contours(valley, ranges=((-2, 2), (-1, 3))).axes[0].child_axes[0]
    ticks = bar.get_yticks()
    assert np.diff(ticks)[-1] > 10 * np.diff(ticks)[0]


def test_long_paths_are_numbered_only_where_numbers_fit():
    points = [(np.cos(t), np.sin(t)) for t in np.linspace(0, 3, 500)]
    ax = contours(BOWL, path(*points)).axes[0]
    assert 3 <= len(numbers(ax)) <= 12
    assert {"0 start", "499 end"} <= set(numbers(ax))
    places = np.array([text.xy for text in ax.texts])
    gaps = [np.hypot(*(a - b)) for i, a in enumerate(places) for b in places[:i]]
    assert min(gaps) > 0.1


def test_a_path_of_one_point_and_points_that_are_not_finite():
    ax = contours(BOWL, path((2.0, 3.0))).axes[0]
    assert numbers(ax) == ["0 start"]
    ax = contours(BOWL, path((2.0, 3.0), (1.0, 1.0), (np.inf, np.nan))).axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[2, 3], [1, 1]])


def test_outside_its_domain_the_function_is_left_white():
    figure = contours(gl.function("log(x1) + x2"))
    assert figure.axes[0].get_xlim() == (-5, 5)
    with pytest.raises(PlotError, match="nowhere finite"):
        contours(gl.function("log(x1) + x2"), ranges=((-5, -1), (0, 1)))


def test_a_constant_function_is_a_flat_map():
    flat = SimpleNamespace(variables=("a", "b"), value=lambda points: np.full(points.shape[:-1], 3.0))
    bar = contours(flat).axes[0].child_axes[0]
    low, high = bar.get_ylim()
    assert low < 3 < high


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ranges": ((1, 0), (0, 1))}, r"write the lowest and the highest"),
        ({"ranges": (0, 1)}, "ranges is"),
        ({"ranges": ((0, np.inf), (0, 1))}, "ranges is"),
        ({"trace": path((1, 2, 3))}, r"shape \(n, 2\)"),
        ({"trace": path((np.nan, 1))}, "no finite point"),
    ],
)
def test_what_cannot_be_drawn(settings, message):
    with pytest.raises(PlotError, match=message):
        contours(BOWL, **settings)


def test_three_variables_are_too_many():
    with pytest.raises(PlotError, match=r"has 3 \(x1, x2, x3\)"):
        contours(gl.function("x1 + x2*x3"))


@pytest.mark.parametrize(
    ("formula", "ranges"),
    [("log(x) + log(y) + 1/x + 1/y", ((-1, 4), (-1, 2))), ("1000 + x*1e-3 + y*1e-4", None), ("0*x + 0*y + 1", None)],
)
def test_the_bar_never_says_one_number_twice(formula, ranges):
    figure = contours(gl.function(formula), ranges=ranges)
    figure.canvas.draw()
    (bar,) = figure.axes[0].child_axes
    written = [label.get_text() for label in bar.get_yticklabels() if label.get_text()]
    assert written
    assert len(set(written)) == len(written)
    assert bar.yaxis.get_offset_text().get_text() == ""


def test_beside_a_pole_the_rest_still_has_contours():
    figure = contours(gl.function("1/x + 1/y + x + y"), ranges=((-0.5, 4), (-0.5, 4)))
    (bar,) = figure.axes[0].child_axes
    assert float(bar.get_yticklabels()[-1].get_text()) < 1000
