from __future__ import annotations

import numpy as np
import pytest
import xarray
from matplotlib.colors import to_rgb

from gradlab.plot import PlotError, trainability
from gradlab.plot._trainability import COLOURS, shades_of


def made(sums, converged, **attrs):
    rates = np.geomspace(0.1, 1000, np.shape(sums)[1])
    dims = ("learning_rate_2", "learning_rate_1")
    about = {"long_name": "learning rate of layer 1"}
    return xarray.Dataset(
        {"loss_sum": (dims, np.asarray(sums, float)), "converged": (dims, np.asarray(converged))},
        {"learning_rate_1": (dims[1], rates, about), "learning_rate_2": (dims[0], rates[: len(sums)], about)},
        {"x": dims[1], "y": dims[0], **attrs},
    )


def lightness(colours):
    colours = np.asarray(colours)[:, :3]
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return 116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16


def without_green_cones(colours):
    """Machado, Oliveira and Fernandes 2009, severity 1.0; of sRGB itself, near enough for a bound."""
    seen = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    return np.clip(np.asarray(colours)[:, :3] @ np.array(seen).T, 0, 1)


def test_each_side_is_spread_evenly_over_its_shades():
    dataset = made([[1, 2, 3, 4], [10, 20, 30, 40]], [[True] * 4, [False] * 4])
    shades = shades_of(dataset)
    np.testing.assert_allclose(shades[0], [0.125, 0.25, 0.375, 0.5], atol=0.01)
    np.testing.assert_allclose(shades[1], [0.875, 0.75, 0.625, 0.5], atol=0.01)
    blue, orange = COLOURS(shades[0, 3]), COLOURS(shades[1, 3])
    assert blue[2] > 2 * blue[0]
    assert orange[0] > 2 * orange[2]


def test_what_converges_is_darker_than_what_diverges_as_slowly_in_grey_and_without_green_cones():
    ranks = np.linspace(0, 0.49, 20)
    for seen in (lambda colours: colours, without_green_cones):
        light = lightness(seen(COLOURS(ranks))), lightness(seen(COLOURS(1 - ranks)))
        assert (light[1] - light[0]).min() > 12
        assert (np.diff(light[0]) < 0).all()
        assert (np.diff(light[1]) < 0).all()


def test_axes_are_marked_at_powers_of_ten_and_pixels_that_are_missing_are_grey():
    dataset = made([[1, 2, np.nan, 4, 5]] * 5, np.array([[1, 1, np.nan, 0, 0]] * 5))
    ax = trainability(dataset).axes[0]
    assert [text.get_text() for text in ax.get_xticklabels()] == [f"$10^{{{k}}}$" for k in range(-1, 4)]
    image = ax.images[0]
    np.testing.assert_allclose(image.cmap(image.get_array())[0, 2, :3], to_rgb("#808080"))
    narrow = dataset.assign_coords(learning_rate_1=np.geomspace(1.00001, 1.00002, 5))
    narrow["learning_rate_1"].attrs |= {"long_name": "learning rate"}
    labels = [text.get_text() for text in trainability(narrow).axes[0].get_xticklabels()]
    assert labels == ["1.00001", "1.00002"]


def test_what_is_no_map_and_several_windows_are_refused():
    with pytest.raises(PlotError, match="this is no map of trainability"):
        trainability(xarray.Dataset())
    dataset = made([[1, 2]] * 2, [[True, False]] * 2)
    with pytest.raises(PlotError, match="several windows; choose one"):
        trainability(dataset.expand_dims(window=2))


def test_a_map_is_drawn_alike_however_it_was_turned_or_chosen():
    dataset = made(np.arange(20).reshape(4, 5), np.arange(20).reshape(4, 5) % 3 > 0)
    whole = trainability(dataset).axes[0].images[0]
    for turned in (dataset.transpose(), dataset.isel(learning_rate_1=[4, 2, 0, 3, 1], learning_rate_2=[1, 0, 3, 2])):
        image = trainability(turned).axes[0].images[0]
        np.testing.assert_array_equal(image.get_array(), whole.get_array())
        assert image.get_extent() == whole.get_extent()
    for part in (dataset.isel(learning_rate_1=0), dataset.isel(learning_rate_1=[0]), dataset.isel(learning_rate_2=[])):
        with pytest.raises(PlotError, match="this is no whole map of trainability"):
            trainability(part)
