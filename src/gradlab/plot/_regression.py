"""How well a network fits measurements: its curve through them, or its predictions beside them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab.plot._style import (
    BLUE,
    FONT_SIZE,
    GREY,
    PlotError,
    check_kind,
    figure_and_axes,
    marker_of,
    maths,
    plain_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]
_MARGIN = 0.1  # around the points, as a share of their extent


class _Model(Protocol):
    def predict(self, x: FloatArray, /) -> NDArray[np.floating]: ...


def regression(
    model: _Model, data: Iterable[ArrayLike], *, title: str | None = None, resolution: int = 401, ax: Axes | None = None
) -> Figure:
    """Draws what a network makes of measurements.

    For one input: the measurements over it, with the network's curve. For several inputs or outputs: each prediction
    over what was measured; on the line the two are equal. The root of the mean squared difference stands in the legend.

    Args:
        model: a network with its parameters: `runs.best`, `runs.run(3)`, or anything with `predict(x)`.
        data: points with their measured labels: one of `gl.datasets`, or a pair (x, y), x of shape (N, d), or (N,)
            for one input, y of shape (N,) or (N, K).
        title: a line above the figure; default: none.
        resolution: how many values of a single input the curve is computed at.
        ax: axes to draw into; default: a new figure.

    Returns:
        The figure.

    Raises:
        PlotError: if x and y are not N points with N labels, the network predicts another number of outputs, or what it
            predicts is not finite.

    >>> import gradlab as gl
    >>> from gradlab.train import train
    >>> net, data = gl.mlp([1, 3, 1], loss="squared_error"), ([[-1.0], [0.0], [1.0]], [1.0, 0.0, 1.0])
    >>> figure = regression(train(net, data, learning_rate=0.1, restarts=3).best, data)
    >>> figure.axes[0].get_xlabel()
    '$x_{1}$'
    """
    check_kind(model, "predict", "regression(runs.best, data), with runs = gl.train(...)")
    x, y = (np.asarray(part, dtype=np.float64) for part in data)
    x = x[:, np.newaxis] if x.ndim == 1 else x
    if x.ndim != 2 or y.ndim not in (1, 2) or len(x) != len(y) or not len(x):
        raise PlotError(
            f"regression draws N points with N labels, but x has the shape {x.shape} and y {y.shape}; give x of shape "
            "(N, d) and y of shape (N,)."
        )
    y = y.reshape(len(x), -1)
    predicted = _columns(model, x)
    if predicted.shape != y.shape:
        raise PlotError(f"the network predicts {predicted.shape[1]} numbers for a point, but y has {y.shape[1]}.")
    if not np.isfinite(predicted).all():
        raise PlotError("not all predictions are finite numbers: the run diverged; draw another one.")
    figure, ax = figure_and_axes(ax, (6.4, 4.4) if x.shape[1] == y.shape[1] == 1 else (5.2, 5.0))
    error = f"root of the mean squared difference: {np.sqrt(np.mean((predicted - y) ** 2)):.3g}"
    if x.shape[1] == y.shape[1] == 1:
        low, high = _limits(x)
        along = np.linspace(low, high, resolution)[:, np.newaxis]
        ax.plot(x, y, "o", color="white", markeredgecolor="black", markersize=5, label="measured")
        ax.plot(along, _columns(model, along), color=BLUE, linewidth=2.0, label=f"network; {error}")
        name = getattr(data, "names", ("x_1",))[0]
        ax.set(xlim=(low, high), xlabel=maths(name), ylabel=maths("y"))
    else:
        low, high = _limits(np.concatenate([y, predicted]))
        ax.plot([low, high], [low, high], color=GREY, linewidth=1.0, label=f"equal; {error}")
        for number, (measured, made) in enumerate(zip(y.T, predicted.T, strict=True)):
            marker, face, edge = marker_of(number)
            label = f"output {number + 1}" if y.shape[1] > 1 else "predicted"
            look = {"marker": marker, "color": face, "markeredgecolor": edge, "markersize": 5, "linestyle": "none"}
            ax.plot(measured, made, label=label, **look)
        ax.set(xlim=(low, high), ylim=(low, high), xlabel="measured", ylabel="predicted")
        ax.set_aspect("equal")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), fontsize=FONT_SIZE - 1, frameon=False)
    if title is not None:
        ax.set_title(title, pad=18 * (1 + len(ax.get_lines())))  # above the legend
    plain_axes(ax)
    return figure


def _columns(model: _Model, x: FloatArray) -> FloatArray:
    """What is predicted, a column for each output."""
    return np.asarray(model.predict(x), dtype=np.float64).reshape(len(x), -1)


def _limits(values: FloatArray) -> tuple[float, float]:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = _MARGIN * ((high - low) or 1.0)
    return low - margin, high + margin
