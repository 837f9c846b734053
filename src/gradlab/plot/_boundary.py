"""What a network makes of the plane: its output everywhere, the line between the classes, and the points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab._classes import class_values
from gradlab.plot._style import (
    COLOUR_MAP,
    FONT_SIZE,
    PlotError,
    check_kind,
    colour_bar,
    figure_and_axes,
    marker_of,
    maths,
    outlined,
    same_text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]
_MARGIN = 0.3  # around the points, as a share of their extent
_BESIDE = 4  # classes in a row of the legend


class _Model(Protocol):
    def predict(self, x: FloatArray, /) -> NDArray[np.floating]: ...


def decision_boundary(
    model: _Model,
    data: Iterable[ArrayLike],
    *,
    title: str | None = None,
    resolution: int = 201,
    ax: Axes | None = None,
) -> Figure:
    """Draws a network's output over the plane, the line between the classes, and the points of each class.

    The line is where the output is half way between the two labels: 0.5 for a probability. For a network with
    several outputs it is where two of them are equal, and the map shows the largest.

    Args:
        model: a network with its parameters: `runs.best`, `runs.run(3)`, `runs.initial(0)`, or anything with
            `predict(x)`.
        data: points in the plane with their labels: one of `gl.datasets`, or a pair (x, y).
        title: a line above the figure; default: none.
        resolution: how many values of each coordinate the output is computed at.
        ax: axes to draw into; default: a new figure.

    Returns:
        The figure.

    Raises:
        PlotError: if the points are not in a plane, or their labels are not those of two or more classes.

    >>> import gradlab as gl
    >>> from gradlab.train import datasets, train
    >>> net = gl.mlp([2, 2, 1], hidden="tanh", output="sigmoid", loss="binary_cross_entropy")
    >>> data = datasets.five_points()
    >>> figure = decision_boundary(train(net, data, restarts=10).best, data)
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['class 0', 'class 1']
    """
    check_kind(model, "predict", "decision_boundary(runs.best, data), with runs = gl.train(...)")
    x, y = (np.asarray(part, dtype=np.float64) for part in data)
    if x.ndim != 2 or x.shape[1] != 2:
        one = "; over one coordinate gl.plot.regression draws the network" if x.ndim < 2 or x.shape[1] == 1 else ""
        raise PlotError(
            f"decision_boundary draws points in a plane, but x has the shape {x.shape}; give shape (N, 2){one}."
        )
    found = np.asarray(model.predict(x[:1]))
    if found.ndim == 2 and y.ndim == 1:  # class numbers, with an output for each class
        y = np.eye(found.shape[1])[y.astype(np.intp)]
    low, high = _class_values(y)
    limits = [_limits(column) for column in x.T]
    first, second = (np.linspace(*limit, resolution) for limit in limits)
    output = np.asarray(model.predict(np.stack(np.meshgrid(first, second), axis=-1)), dtype=np.float64)

    figure, ax = figure_and_axes(ax, (6.2, 5.0))
    several = y.ndim == 2
    shown = output.max(axis=-1) if several else output
    filled = ax.contourf(
        first,
        second,
        shown,
        levels=np.linspace(low, high, 11),
        cmap=COLOUR_MAP,
        extend=_extend(shown, low, high),
    )
    filled.set_edgecolor("face")  # closes the hairlines between bands that PDF viewers show
    for margin in _margins(output) if several else [output - (low + high) / 2]:
        if margin.min() < 0 < margin.max():
            line = ax.contour(first, second, margin, levels=[0.0], colors="white", linewidths=2.0)
            line.set_path_effects(outlined(4.0, "black"))
    _draw_points(ax, x, y, getattr(data, "classes", ()))
    bar = colour_bar(ax, filled, np.linspace(low, high, 6), _bar_label(several, low, high))
    if not several:
        bar.ax.axhline((low + high) / 2, color="white", linewidth=2.0, path_effects=outlined(4.0, "black"))
    names = getattr(data, "names", ("x_1", "x_2"))
    ax.set(xlim=limits[0], ylim=limits[1], xlabel=maths(names[0]), ylabel=maths(names[1]))
    if title is not None:
        ax.set_title(title, pad=34)  # above the legend
    ax.set_aspect("equal", adjustable="box")
    same_text(ax)
    return figure


def _class_values(y: FloatArray) -> tuple[float, float]:
    """The labels of the two classes, or 0 and 1 for one-hot rows."""
    if y.ndim == 2:
        return 0.0, 1.0
    classes = class_values(y)
    if classes is None:
        raise PlotError(
            f"decision_boundary needs the labels of two classes, but y holds {len(np.unique(y))} values; "
            "give the labels 0 and 1, or one-hot rows for more classes; gl.plot.regression draws measurements."
        )
    return classes


def _limits(column: FloatArray) -> tuple[float, float]:
    extent = float(np.ptp(column)) or 1.0
    return float(column.min()) - _MARGIN * extent, float(column.max()) + _MARGIN * extent


def _extend(values: FloatArray, low: float, high: float) -> str:
    below, above = bool((values < low).any()), bool((values > high).any())
    return {(True, True): "both", (True, False): "min", (False, True): "max"}.get((below, above), "neither")


def _margins(output: FloatArray) -> list[FloatArray]:
    """For each class by how much its output is above the largest of the others."""
    classes = range(output.shape[-1])
    return [output[..., k] - np.delete(output, k, axis=-1).max(axis=-1) for k in classes]


def _bar_label(several: bool, low: float, high: float) -> str:
    if several:
        return "probability of the likeliest class"
    return "probability of class 1" if (low, high) == (0.0, 1.0) else "output"


def _draw_points(ax: Axes, x: FloatArray, y: FloatArray, names: Sequence[str]) -> None:
    classes = y.argmax(axis=-1) if y.ndim == 2 else y
    size = 9.0 if len(x) <= 50 else 5.0
    for number, value in enumerate(np.unique(classes)):
        marker, face, edge = marker_of(number)
        ax.plot(
            *x[classes == value].T,
            marker=marker,
            markersize=size,
            color=face,
            markeredgecolor=edge,
            markeredgewidth=size / 7,
            linestyle="none",
            label=names[int(value)] if names else f"class {value:g}",
            zorder=3,
            clip_on=False,
        )
    ax.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=_BESIDE,
        fontsize=FONT_SIZE,
        facecolor="#cccccc",
        edgecolor="none",
        framealpha=1,
    )
