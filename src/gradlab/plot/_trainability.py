"""Maps of trainability: which settings converge and which diverge, and how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap
from numpy.typing import NDArray

from gradlab.plot._style import (
    BLUE,
    FONT_SIZE,
    VERMILLION,
    PlotError,
    check_kind,
    figure_and_axes,
    same_text,
    told_apart,
)

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]
_SHADES = 127  # of each side; with the colour of what is missing they fit into the palette of a GIF
_MISSING = "#808080"
# At every rank what converges is darker than what diverges, so that the boundary shows in grey print too.
_SIDES = (("#98d0f2", BLUE, "#001d45"), (VERMILLION, "#f2a84b", "#fff1cf"))
_DECADE = 0.99  # decades of an axis from which on whole powers of ten are marked


def _colours() -> Colormap:
    """From fast to slow convergence, and on from slow to fast divergence."""
    sides = [LinearSegmentedColormap.from_list("side", side)(np.linspace(0, 1, _SHADES)) for side in _SIDES]
    return ListedColormap(np.concatenate(sides), name="trainability").with_extremes(bad=_MISSING)


COLOURS = _colours()


def trainability(dataset: xarray.Dataset, *, ax: Axes | None = None) -> Figure:
    """Draws a map of trainability.

    Blue settings converge, the darker the more slowly; orange ones diverge, the darker the more slowly. Shades are
    spread evenly over the pixels of each side, so that the finest differences show.

    Args:
        dataset: what `gl.trainability` returned, with one window: of several choose one by ``dataset.isel(window=0)``.
        ax: axes to draw into; default: a new figure.

    Returns:
        The figure.

    Raises:
        PlotError: if it is no such map, or has several windows.

    >>> import gradlab as gl
    >>> made = gl.trainability(width=2, resolution=16, steps=20)
    >>> trainability(made).axes[0].get_xlabel()
    'learning rate of layer 1'
    """
    x, y = axes_of(dataset)
    if "window" in dataset["loss_sum"].dims:
        raise PlotError("this map has several windows; choose one, as trainability(dataset.isel(window=0)).")
    dataset = laid_out(dataset)
    figure, ax = figure_and_axes(ax, (6.6, 5.4))
    shades = shades_of(dataset)
    columns, rows = places_of(dataset[x].values), places_of(dataset[y].values)
    image = ax.imshow(
        shades, cmap=COLOURS, vmin=0, vmax=1, origin="lower", aspect="auto", interpolation="nearest",
        extent=(*_edges(columns), *_edges(rows)),
    )  # fmt: skip
    for axis, values in ((ax.xaxis, dataset[x].values), (ax.yaxis, dataset[y].values)):
        places, labels = _ticks(np.asarray(values, np.float64))
        axis.set_ticks(places, labels=labels)
    ax.set(xlabel=dataset[x].attrs["long_name"], ylabel=dataset[y].attrs["long_name"])
    bar = ax.figure.colorbar(image, ax=ax, ticks=[0, 0.25, 0.5, 0.75, 1], fraction=0.05, pad=0.03)
    bar.ax.set_yticklabels(["fast", "converges", "slowly", "diverges", "fast"])
    bar.ax.tick_params(labelsize=FONT_SIZE - 1, length=0)
    same_text(ax)
    return figure


def axes_of(dataset: xarray.Dataset) -> tuple[str, str]:
    """Returns the names of a map's axes, x first; raises a PlotError if it is none."""
    check_kind(dataset, "data_vars", "trainability(gl.trainability(width=8))")
    if not {"loss_sum", "converged"} <= {*map(str, dataset.variables)} or not {"x", "y"} <= dataset.attrs.keys():
        raise PlotError("this is no map of trainability; write for example trainability(gl.trainability(width=8)).")
    x, y = str(dataset.attrs["x"]), str(dataset.attrs["y"])
    if any(name not in dataset.coords or dataset[name].size < 2 for name in (x, y)):
        raise PlotError(f"this is no whole map of trainability: it takes two pixels or more of {x} and of {y}.")
    return x, y


def laid_out(dataset: xarray.Dataset) -> xarray.Dataset:
    """Returns a map of one window with its rows along y and both axes rising, in whatever order it was chosen."""
    x, y = axes_of(dataset)
    return dataset.transpose(*dataset[y].dims, *dataset[x].dims, ...).sortby([x, y])


def shades_of(dataset: xarray.Dataset, reference: xarray.Dataset | None = None) -> FloatArray:
    """Returns where each pixel stands among those of its side: 0 to 1/2 for what converges, the slowest last, to 1.

    The pixels are compared with those of the reference; default: the same map.
    """
    own, other = dataset, dataset if reference is None else reference
    sums, converged = np.asarray(own["loss_sum"].values), np.asarray(own["converged"].values)
    made = np.full(sums.shape, np.nan)
    for side, start, slope in ((1, 0.0, 0.5), (0, 1.0, -0.5)):
        here = converged == side
        known = np.sort(np.asarray(other["loss_sum"].values)[np.asarray(other["converged"].values) == side])
        if len(known):
            ranks = np.searchsorted(known, sums[here], side="right") / len(known)
            # Half a shade away from the middle, where the other side begins.
            made[here] = start + slope * np.minimum(ranks, 1 - 1 / (2 * _SHADES))
        else:
            made[here] = start + slope / 2
    return made


def places_of(values: Any) -> FloatArray:
    """Returns where values stand on an axis: their logarithms if all are above 0."""
    numbers = np.asarray(values, np.float64)
    return np.log10(numbers) if numbers.min() > 0 else numbers


def _edges(places: FloatArray) -> tuple[float, float]:
    """The outer edges of an axis's pixels."""
    half = (places[-1] - places[0]) / (len(places) - 1) / 2
    return float(places[0] - half), float(places[-1] + half)


def _ticks(values: FloatArray) -> tuple[list[float], list[str]]:
    """Where an axis is marked, and how: at powers of ten, or if there are fewer than two at both ends."""
    places = places_of(values)
    powers = range(int(np.ceil(places[0] - 1e-9)), int(np.floor(places[-1] + 1e-9)) + 1)
    if values[0] > 0 and len(powers) > 1 and places[-1] - places[0] > _DECADE:
        every = -(-len(powers) // 7)
        return [float(power) for power in powers[::every]], [f"$10^{{{power}}}$" for power in powers[::every]]
    middle = len(values) // 2
    shown = [0, middle, -1] if values[0] <= 0 else [0, -1]
    return [float(places[place]) for place in shown], told_apart(values[shown])
