"""A function of two variables as a map with contour lines, and the path of a descent on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from matplotlib.colors import BoundaryNorm
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from gradlab.plot._style import (
    COLOUR_MAP,
    FONT_SIZE,
    PlotError,
    check_kind,
    colour_bar,
    figure_and_axes,
    maths,
    outlined,
    same_text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]
Range = tuple[float, float]

_MARGIN = 0.25  # around a path, as a share of its extent
_NUMBERED = 12  # so many points can be numbered and still be read
_POLE = 100.0  # a few values so much farther from the lowest than almost all are those beside a pole
_APART = 0.09  # the least distance of two numbers, as a share of the map


class _Function(Protocol):
    @property
    def variables(self) -> tuple[str, ...]: ...

    def value(self, point: FloatArray, /) -> FloatArray: ...


class _Trace(Protocol):
    @property
    def points(self) -> ArrayLike: ...


def contours(
    function: _Function,
    trace: _Trace | None = None,
    *,
    ranges: tuple[Range, Range] | None = None,
    levels: int = 20,
    resolution: int = 201,
    ax: Axes | None = None,
) -> Figure:
    """Draws a function of two variables as a contour map, with a descent's path if one is given.

    The path's points are numbered as far as they can be told apart; its start and its end are marked. Where
    the function is not a finite number the map stays white.

    Args:
        function: a `gl.Function` of two variables.
        trace: what `gl.descend` returned, or anything with `points` of shape (n, 2).
        ranges: the lowest and highest value of each variable; default: around the path, or -5 to 5.
        levels: about how many contour lines.
        resolution: how many values of each variable the function is computed at.
        ax: axes to draw into; default: a new figure.

    Returns:
        The figure.

    Raises:
        PlotError: if the function has not two variables, or the ranges or the path cannot be drawn.

    >>> import gradlab as gl
    >>> bowl = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")
    >>> figure = contours(bowl, ranges=((0, 12), (0, 8)))
    >>> figure.axes[0].get_xlabel()
    '$x_{1}$'
    """
    check_kind(function, "variables", "contours(gl.function('x**2 + y**2'))")
    if len(function.variables) != 2:
        raise PlotError(
            f"contours draws functions of two variables, but this one has {len(function.variables)} "
            f"({', '.join(function.variables)}); give the others a fixed value first."
        )
    path = None if trace is None else _path(trace)
    horizontal, vertical = _chosen_ranges(ranges, path)
    x, y = np.linspace(*horizontal, resolution), np.linspace(*vertical, resolution)
    with np.errstate(all="ignore"):  # outside the function's domain the map stays white
        values = np.ma.masked_invalid(function.value(np.stack(np.meshgrid(x, y), axis=-1)))
    if values.mask.all():
        raise PlotError("the function is nowhere finite in these ranges; give ranges inside its domain.")

    figure, ax = figure_and_axes(ax, (6.4, 5.2))
    edges = _levels(values.compressed(), levels)
    norm = BoundaryNorm(edges, 256, clip=True)
    extend = "max" if values.max() > edges[-1] else "neither"
    filled = ax.contourf(x, y, values, levels=edges, cmap=COLOUR_MAP, norm=norm, extend=extend)
    ax.contour(x, y, values, levels=edges, colors="white", linestyles="solid", linewidths=0.5, alpha=0.6)
    first, second = (maths(name) for name in function.variables)
    ticks = edges[:: max(1, len(edges) // 8)] if len(edges) > 2 else [edges.mean()]
    colour_bar(ax, filled, ticks, f"value of the function at ({first}, {second})")
    if path is not None:
        _draw_path(ax, path, np.array([horizontal[1] - horizontal[0], vertical[1] - vertical[0]]))
    ax.set(xlim=horizontal, ylim=vertical, xlabel=first, ylabel=second)
    if 1 / 3 <= (vertical[1] - vertical[0]) / (horizontal[1] - horizontal[0]) <= 3:
        ax.set_aspect("equal")  # so that gradients stand at right angles to contour lines
    same_text(ax)
    return figure


def _path(trace: _Trace) -> FloatArray:
    points = np.asarray(trace.points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise PlotError(f"the path has points of the shape {points.shape}; give points of shape (n, 2).")
    finite = np.isfinite(points).all(axis=1)
    if not finite.any():
        raise PlotError("the path has no finite point.")
    return points[finite]


def _chosen_ranges(ranges: tuple[Range, Range] | None, path: FloatArray | None) -> tuple[Range, Range]:
    if ranges is not None:
        limits = np.asarray(ranges, dtype=np.float64)
        if limits.shape != (2, 2) or not np.isfinite(limits).all() or (limits[:, 0] >= limits[:, 1]).any():
            raise PlotError(
                f"ranges is {ranges!r}; write the lowest and the highest value of each, as ((-5, 5), (0, 3))."
            )
    elif path is None:
        limits = np.array([(-5.0, 5.0), (-5.0, 5.0)])
    else:
        low, high = path.min(axis=0), path.max(axis=0)
        extent = (high - low).max() or 1.0
        # A path along one variable still gets a map of some width.
        half = np.maximum((high - low) / 2 + _MARGIN * extent, extent / 2)
        centre = (low + high) / 2
        limits = np.stack([centre - half, centre + half], axis=-1)
    (a, b), (c, d) = limits.tolist()
    return (a, b), (c, d)


def _levels(values: FloatArray, count: int) -> FloatArray:
    """Round levels, or ever closer ones towards the lowest value where most of the map lies near it."""
    low, middle, most, high = np.quantile(values, [0.0, 0.5, 0.98, 1.0])
    if high == low:
        return np.array([low - 0.5, low + 0.5])
    if high - low > _POLE * (most - low) > 0:
        high = most  # beside a pole everything else would be one colour
    if middle - low > 0.1 * (high - low):
        return np.asarray(MaxNLocator(nbins=count).tick_values(low, high))
    smallest = max(float(np.quantile(values, 0.02)) - low, 1e-6 * (high - low))
    return np.concatenate([[low], low + np.geomspace(smallest, high - low, count)])


def _draw_path(ax: Axes, path: FloatArray, size: FloatArray) -> None:
    ax.plot(*path.T, color="black", linewidth=1.4, path_effects=outlined(3.4), zorder=3)
    small = 5 if len(path) <= 30 else 3
    marks = ((path[1:-1], "o", small, "points"), (path[:1], "s", 9, "start"), (path[1:][-1:], "*", 16, "end"))
    for points, marker, markersize, label in marks:
        ax.plot(
            *points.T,
            marker=marker,
            markersize=markersize,
            label=label,
            color="black",
            markeredgecolor="white",
            linestyle="none",
            zorder=4,
        )
    scaled = path / size
    for index, (dx, dy) in _numbers(scaled).items():
        ax.annotate(
            {len(path) - 1: f"{index} end", 0: "0 start"}.get(index, str(index)),
            path[index],
            xytext=(13 * dx, 13 * dy),
            textcoords="offset points",
            ha="center" if abs(dx) < 0.4 else "left" if dx > 0 else "right",
            va="center" if abs(dy) < 0.4 else "bottom" if dy > 0 else "top",
            fontsize=FONT_SIZE,
            path_effects=outlined(3),
            zorder=5,
        )


def _numbers(path: FloatArray) -> dict[int, tuple[float, float]]:
    """The points that can be numbered legibly, each with the direction in which its number stands.

    The start and the end come first. A number stands where the path and the other numbers are farthest.
    """
    last = len(path) - 1
    samples = np.linspace(0, last, 1 + 20 * last)
    line = np.column_stack([np.interp(samples, np.arange(last + 1), column) for column in path.T])
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    chosen: dict[int, tuple[float, float]] = {}
    taken = np.empty((0, 2))
    for index in dict.fromkeys((0, last, *range(1, last))):
        if len(chosen) == _NUMBERED:
            break
        if chosen and np.hypot(*(path[list(chosen)] - path[index]).T).min() < _APART:
            continue
        places = path[index] + _APART * directions
        obstacles = np.concatenate([line, taken])
        free = np.hypot(*(places[:, None] - obstacles).transpose(2, 0, 1)).min(axis=1)
        best = int(np.argmax(free))
        chosen[index] = (float(directions[best, 0]), float(directions[best, 1]))
        taken = np.concatenate([taken, places[[best]]])
    return chosen
