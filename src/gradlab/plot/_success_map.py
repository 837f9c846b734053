"""Which settings train: the share of successful runs of every setting of a sweep, with the recommended one marked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from matplotlib.artist import Artist
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import NDArray

from gradlab.plot._style import (
    BLUE,
    COLOUR_MAP,
    FONT_SIZE,
    VERMILLION,
    PlotError,
    ShownFigure,
    check_kind,
    figure_and_axes,
    outlined,
    plain_axes,
    same_text,
)

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]
_MOST_NUMBERS = 12  # values of an axis up to which cells are large enough for a number
_MOST_TICKS = 9
_LABEL_WIDTH = 32  # pixels that the label of a value takes at 100 to the inch
_MOST_PANELS = 6
_HATCH, _HATCH_COLOUR = "////", "#b8b8b8"
_NAMES = {"init_scale": "scale of the initial parameters"}


class _Share(Protocol):
    @property
    def rate(self) -> float: ...


class _Recommendation(Protocol):
    @property
    def setting(self) -> dict[str, Any]: ...
    @property
    def table(self) -> xarray.Dataset: ...
    @property
    def share(self) -> _Share: ...
    @property
    def success(self) -> str: ...


def success_map(
    grid: xarray.Dataset, recommendation: _Recommendation | None = None, *, ax: Axes | None = None
) -> Figure:
    """Draws the share of successful runs for every setting of a sweep.

    Two swept settings make a map, with the learning rate to the right if it is one of them; a third makes a map for
    each of its values; a single one makes a line, with its intervals if there is a recommendation. Settings for which
    most runs diverge are hatched, and the recommendation has a frame.

    Args:
        grid: what `gl.sweep` returned.
        recommendation: what `gl.recommend` made of it; what it counts as a success is drawn then.
        ax: axes to draw into, if there is one map or line; default: a new figure.

    Returns:
        The figure.

    Raises:
        PlotError: if the grid has no swept setting or more than three, or nothing in it is right or wrong.

    >>> import gradlab as gl
    >>> net, data = gl.mlp([2, 2, 1]), gl.datasets.five_points()
    >>> grid = gl.sweep(net, data, learning_rate=[1, 5], init_scale=[0.5, 1], restarts=20, steps=20)
    >>> success_map(grid).axes[0].get_xlabel()
    'learning rate'
    """
    check_kind(grid, "data_vars", "success_map(grid), with grid = gl.sweep(...)")
    if recommendation is not None:
        check_kind(recommendation, "table", "success_map(grid, gl.recommend(grid))")
    rates = _rates(grid, recommendation)
    grid = _as_ordered(grid, rates)
    dims = sorted(map(str, rates.dims), key=order_of)
    sizes = dict(zip(map(str, rates.dims), rates.shape, strict=True))
    if not dims:
        raise PlotError("every setting of this sweep has one value; give several, as learning_rate=[0.1, 1.0, 10.0].")
    if len(dims) > 3 or (len(dims) == 3 and (sizes[dims[0]] > _MOST_PANELS or ax is not None)):
        raise PlotError(
            f"a map has two settings, and this sweep varies {', '.join(dims)}; choose a value, as "
            f"success_map(grid.sel({dims[0]}={grid[dims[0]].values[0]!s}))."
        )
    if len(dims) == 1:
        return _line(grid, rates, dims[0], recommendation, ax)
    if len(dims) == 2:
        figure, ax = figure_and_axes(ax, size_of_map(sizes, dims))
        # Above the map, where it hides no cell.
        _legend(ax, _map(ax, grid, rates, dims, recommendation), loc="lower right", bbox_to_anchor=(1.0, 1.0))
    else:
        width, height = size_of_map(sizes, dims[1:])
        figure = ShownFigure(figsize=(0.8 * width * sizes[dims[0]], height), layout="constrained")
        handles: dict[str, Artist] = {}
        for panel, value in zip(figure.subplots(1, sizes[dims[0]], sharey=True), grid[dims[0]].values, strict=True):
            at = {dims[0]: value}
            here = recommendation if recommendation and recommendation.setting[dims[0]] == value else None
            handles |= _map(panel, grid.sel(at), rates.sel(at), dims[1:], here)
            panel.set_title(f"{_label(dims[0])}: {_number(value)}")
            panel.label_outer()
            same_text(panel)
        _legend(figure, handles, loc="outside upper right")
    _bar(figure)
    return figure


def _rates(grid: xarray.Dataset, recommendation: _Recommendation | None) -> xarray.DataArray:
    lost = [name for name in ("done", "diverged") if name not in grid or "restart" not in grid[name].dims]
    if lost or not all(grid["done"].shape):
        raise PlotError(
            f"this is not the whole result of gl.sweep: its {(lost or ['done'])[0]} has no runs; "
            "choose of it by isel or sel with slices."
        )
    if recommendation is not None:
        return recommendation.table["rate"]
    if "success" not in grid:
        raise PlotError(
            "this sweep knows no right and wrong; say what loss is low enough: "
            "success_map(grid, gl.recommend(grid, loss_below=0.01))."
        )
    return grid["success"].where(grid["done"].astype(bool)).mean("restart")


def _as_ordered(grid: xarray.Dataset, rates: xarray.DataArray) -> xarray.Dataset:
    """The sweep with its settings in the order of the rates, which may be those of a recommendation."""
    for name in rates.dims:
        if name not in grid.coords or grid[name].values.ndim != 1 or grid[name].values.dtype.kind == "O":
            raise PlotError(f"{name} is no setting of this sweep with values of its own; write success_map(grid).")
        if not np.array_equal(grid[name].values, rates[name].values):
            if not np.isin(rates[name].values, grid[name].values).all():
                raise PlotError(
                    f"the recommendation has other values of {name} than this sweep; give the two together."
                )
            grid = grid.sel({name: rates[name].values})
    return grid


def order_of(name: str) -> tuple[int, str]:
    """Orders panels first, then the vertical axis, then the horizontal one."""
    order = [
        "width",
        "steps",
        "batches",
        "initialisation",
        "",
        "init_scale",
    ]  # a rule's own numbers have the empty place
    if name.startswith("learning_rate"):
        return len(order), name
    return order.index(name if name in order else ""), name


def _map(
    ax: Axes, grid: xarray.Dataset, rates: xarray.DataArray, dims: list[str], recommendation: _Recommendation | None
) -> dict[str, Artist]:
    """Draws cells of equal size, whatever the spacing of the values, and returns what the legend explains."""
    values = np.asarray(rates.transpose(*dims).values, dtype=np.float64)
    ax.imshow(values, cmap=COLOUR_MAP, vmin=0, vmax=1, origin="lower", aspect="auto", interpolation="nearest")
    small = max(values.shape) <= _MOST_NUMBERS
    axes_of_map(ax, grid, dims)
    handles: dict[str, Artist] = {}
    diverged = np.asarray(grid["diverged"].mean("restart").transpose(*dims).values) > 0.5
    if diverged.any():
        for row, column in np.argwhere(diverged):
            ax.add_patch(
                Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, hatch=_HATCH, edgecolor=_HATCH_COLOUR, lw=0)
            )
        handles["most runs diverge"] = Patch(facecolor="#444444", edgecolor=_HATCH_COLOUR, hatch=_HATCH)
    number_in_cells(ax, values, values)
    if not small and values.min() < 0.5 < values.max():
        look = {"linewidth": 1.5, "path_effects": outlined(3.0, "black")}
        ax.contour(values, levels=[0.5], colors="white", linewidths=1.5).set_path_effects(look["path_effects"])
        handles["half of the runs succeed"] = Line2D([], [], color="white", **look)
    if recommendation is not None:
        at = [int(np.flatnonzero(grid[name].values == recommendation.setting[name])[0]) for name in dims]
        handles["recommended"] = _frame(ax, at, small)
    same_text(ax)
    return handles


def _legend(where: Axes | Figure, handles: dict[str, Artist], **place: Any) -> None:
    if handles:
        where.legend(
            handles.values(), handles.keys(), ncols=len(handles), fontsize=FONT_SIZE - 1, frameon=False, **place
        )


def axes_of_map(ax: Axes, grid: xarray.Dataset, dims: list[str]) -> None:
    """Labels both axes of a map whose cells are of equal size."""
    for axis, name in ((ax.yaxis, dims[0]), (ax.xaxis, dims[1])):
        values = grid[name].values
        every = -(-len(values) // (_MOST_NUMBERS if len(values) <= _MOST_NUMBERS else _MOST_TICKS))
        _ticks(axis, values, np.arange(len(values)), range(0, len(values), every))
    ax.set(xlabel=_label(dims[1]), ylabel=_label(dims[0]))


def number_in_cells(ax: Axes, values: FloatArray, light: FloatArray) -> None:
    """Writes shares in % into cells that are large enough, black where the cell is light."""
    if max(values.shape) > _MOST_NUMBERS:
        return
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            colour = "white" if light[row, column] < 0.55 else "black"
            text = ax.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=FONT_SIZE - 1)
            text.set(color=colour, path_effects=outlined(2.0, "black" if colour == "white" else "white"))


def _frame(ax: Axes, at: list[int], small: bool) -> Artist:
    """Frames a cell; where cells are small, a star in a ring of black and white is easier to find."""
    if not small:
        (star,) = ax.plot(
            at[1], at[0], marker="*", markersize=17, color="white", markeredgecolor="black", markeredgewidth=1.5,
            linestyle="none", clip_on=False,
        )  # fmt: skip
        return star
    for colour, width in (("black", 5.0), ("white", 2.5)):
        ax.add_patch(
            Rectangle((at[1] - 0.5, at[0] - 0.5), 1, 1, fill=False, edgecolor=colour, lw=width, zorder=4, clip_on=False)
        )
    return Patch(facecolor="none", edgecolor="black", linewidth=2)


def _line(
    grid: xarray.Dataset, rates: xarray.DataArray, name: str, recommendation: _Recommendation | None, ax: Axes | None
) -> Figure:
    """The success rate over a single setting."""
    figure, ax = figure_and_axes(ax, (6.4, 4.0))
    values, (places, scale) = 100 * np.asarray(rates.values, dtype=np.float64), _places(grid[name].values)
    ax.set_xscale(scale)
    ax.plot(places, values, "o-" if recommendation is None else "-", color=BLUE)
    if recommendation is not None:
        table = recommendation.table
        below, above = values - 100 * table["low"].values, 100 * table["high"].values - values
        ax.errorbar(places, values, (np.maximum(below, 0), np.maximum(above, 0)), fmt="o", color=BLUE, capsize=4)
        at = int(np.flatnonzero(grid[name].values == recommendation.setting[name])[0])
        (square,) = ax.plot(
            places[at], values[at], "s", markersize=13, fillstyle="none", color=VERMILLION, markeredgewidth=2
        )
        label = f"recommended, with {100 * table.attrs['confidence']:g} % intervals"
        _legend(ax, {label: square}, loc="lower right", bbox_to_anchor=(1.0, 1.0))
    _ticks(ax.xaxis, grid[name].values, places, _with_room(ax.transData.transform(np.c_[places, places])[:, 0]))
    ax.set(xlabel=_label(name), ylabel="successful runs in %", ylim=(-3, 103))
    plain_axes(ax)
    return figure


def _places(values: NDArray[Any]) -> tuple[FloatArray, str]:
    """Where values stand on an axis, and its scale: by their logarithms where they go over a decade or more."""
    if values.dtype.kind not in "fiu":
        return np.arange(len(values), dtype=np.float64), "linear"
    places = values.astype(np.float64)
    return places, "log" if places.min() > 0 and places.max() >= 10 * places.min() else "linear"


def _with_room(pixels: FloatArray) -> list[int]:
    """Which of the values are labelled, such that no two labels touch; the first one always."""
    shown: list[int] = []
    for index in np.argsort(pixels):
        if not shown or pixels[index] - pixels[shown[-1]] > _LABEL_WIDTH:
            shown.append(int(index))
    return shown


def _ticks(axis: Any, values: NDArray[Any], places: NDArray[Any], shown: Iterable[int]) -> None:
    """Labels some values where they stand."""
    shown = [*shown]
    axis.set_major_locator(FixedLocator(places[shown].tolist()))
    axis.set_minor_locator(NullLocator())
    axis.set_ticklabels([_number(values[place]) for place in shown])


def _number(value: Any) -> str:
    return value if isinstance(value, str) else f"{float(value):.3g}"


def _label(name: str) -> str:
    if name.startswith("learning_rate_"):
        return f"learning rate of layer {name.rsplit('_', 1)[1]}"
    return _NAMES.get(name, name.replace("_", " "))


def size_of_map(sizes: dict[str, int], dims: list[str]) -> tuple[float, float]:
    """Inches of a map, so that its cells have room for numbers."""
    rows, columns = (min(sizes[name], _MOST_NUMBERS) for name in dims)
    return max(4.8, 2.2 + 0.58 * columns), max(3.2, 1.4 + 0.42 * rows)


def _bar(figure: Figure) -> None:
    mapped = ScalarMappable(Normalize(0, 100), COLOUR_MAP)
    bar = figure.colorbar(mapped, ax=figure.axes, ticks=range(0, 101, 20), fraction=0.05, pad=0.02)
    bar.set_label("successful runs in %")
    bar.ax.yaxis.label.set(fontsize=FONT_SIZE)
    bar.ax.tick_params(labelsize=FONT_SIZE - 1)
