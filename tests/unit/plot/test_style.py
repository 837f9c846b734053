from __future__ import annotations

import itertools

import matplotlib
import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_rgb

import gradlab as gl
from gradlab.plot import PlotError, save
from gradlab.plot._style import BLUE, COLOUR_MAP, GREY, SKY, VERMILLION, maths

# Machado, Oliveira and Fernandes 2009, severity 1.0, for linear RGB.
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def linear(colours):
    colours = np.asarray(colours)
    return np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)


def lightness(colours):
    y = np.clip(linear(colours) @ LUMINANCE, 1e-9, None)
    return np.where(y > 0.008856, 116 * np.cbrt(y) - 16, 903.3 * y)


def as_seen_with_deuteranopia(colours):
    seen = np.clip(linear(colours) @ DEUTERANOPIA.T, 0, 1)
    return np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)


@pytest.fixture(scope="module")
def figure():
    return gl.plot.network(gl.mlp([2, 2, 1]))


def test_the_map_gets_lighter_evenly_in_grey_and_without_green_cones():
    colours = colormaps[COLOUR_MAP](np.linspace(0, 1, 11))[:, :3]
    for seen in (colours, as_seen_with_deuteranopia(colours)):
        steps = np.diff(lightness(seen))
        assert steps.min() > 4, "two bands of a map must differ in lightness alone"


def test_the_colours_of_lines_stay_apart_without_green_cones():
    colours = np.array([to_rgb(colour) for colour in (BLUE, SKY, VERMILLION, GREY)])
    for first, second in itertools.combinations(as_seen_with_deuteranopia(colours), 2):
        assert np.abs(first - second).max() > 0.15


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_same_figure_gives_the_same_bytes(figure, tmp_path, suffix):
    again = gl.plot.network(gl.mlp([2, 2, 1]))
    first, second = (save(each, tmp_path / f"{i}{suffix}") for i, each in enumerate((figure, again)))
    assert first.read_bytes() == second.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {f"0{suffix}", f"1{suffix}"}


def test_formats_and_text(figure, tmp_path):
    assert save(figure, tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    svg = save(figure, str(tmp_path / "a.SVG")).read_text()
    assert "hidden layer" in svg
    assert "<dc:date>" not in svg
    pdf = save(figure, tmp_path / "a.pdf").read_bytes()
    assert b"CreationDate" not in pdf
    assert b"/Type3" not in pdf
    assert b"/CIDFontType2" in pdf or b"/TrueType" in pdf


def test_saving_replaces_a_file_and_leaves_settings_alone(figure, tmp_path):
    before = dict(matplotlib.rcParams)
    target = tmp_path / "figure.png"
    target.write_text("old")
    save(figure, target)
    assert target.read_bytes().startswith(b"\x89PNG")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (gl.plot.contours, r"contours\(gl.function"),
        (gl.plot.loss_curves, r"loss_curves\(runs\)"),
        (gl.plot.network, r"network\(gl.mlp"),
        (gl.plot.savings, r"savings\(gl.mlp"),
        (gl.plot.success_map, r"success_map\(grid\)"),
        (gl.plot.trainability, r"trainability\(gl.trainability"),
        (lambda it: gl.plot.decision_boundary(it, ([[1.0]], [1])), r"decision_boundary\(runs.best"),
    ],
)
def test_another_thing_than_a_picture_draws_is_refused_with_the_right_one(draw, words):
    with pytest.raises(PlotError, match=f"this draws no list; write {words}"):
        draw([2, 2, 1])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("figure.jpg", r"ends in none.*'figure.jpg.png'"),
        ("figure", "figure.png"),
        ("no/figure.png", "folder .* does not exist"),
    ],
)
def test_paths_that_cannot_be_written(figure, tmp_path, name, message):
    with pytest.raises(PlotError, match=message):
        save(figure, tmp_path / name)


def test_a_file_that_cannot_be_made_is_named_as_it_was_written(figure, tmp_path):
    (tmp_path / "figure.png").mkdir()
    with pytest.raises(PlotError, match=r"figure\.png' cannot be written") as caught:
        save(figure, tmp_path / "figure.png")
    assert str(caught.value).count("figure.png") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["figure.png"]


def test_a_notebook_shows_a_figure_once_without_pyplot(figure):
    import matplotlib.pyplot as plt

    assert figure._repr_png_().startswith(b"\x89PNG")
    assert plt.get_fignums() == []


def test_own_axes_are_drawn_into():
    from matplotlib.figure import Figure

    own = Figure()
    left, right = own.subplots(1, 2)
    bowl = gl.function("x1**2 + x2**2")
    assert gl.plot.contours(bowl, ax=left) is own
    assert left.get_xlabel() == "$x_{1}$"
    assert not right.has_data()
    part = own.add_subfigure(right.get_subplotspec())
    assert gl.plot.network(gl.mlp([2, 1]), ax=part.add_subplot()) is own


@pytest.mark.parametrize(
    ("name", "shown"),
    [("x1", "$x_{1}$"), ("x_12", "$x_{12}$"), ("a", "$a$"), ("length", "length"), ("rate2", "rate2"), ("_", "_")],
)
def test_names_as_maths(name, shown):
    assert maths(name) == shown
