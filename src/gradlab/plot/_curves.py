"""How the losses of all runs of a training fell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from numpy.typing import NDArray

from gradlab.plot._style import BLUE, FONT_SIZE, GREY, SKY, VERMILLION, check_kind, figure_and_axes, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.floating]
BoolArray = NDArray[np.bool_]
_LABEL_GAP = 0.085  # the least distance of two labels of one line, as a share of the axes' height
_FEW_DECADES = 500.0
_MOST_CURVES = 50  # of a kind, above which they hide each other and one picture would be megabytes of lines
_HEADROOM = 3.0  # how far above the highest start the axis goes; diverged curves leave it there


class _Run(Protocol):
    @property
    def index(self) -> int: ...
    @property
    def loss(self) -> float: ...


class _Runs(Protocol):
    @property
    def curves(self) -> Array: ...
    @property
    def diverged(self) -> BoolArray: ...
    @property
    def right(self) -> BoolArray | None: ...
    @property
    def best(self) -> _Run: ...


class _Group(NamedTuple):
    """Curves that are drawn alike and share a label."""

    which: NDArray[np.intp]
    label: str
    colour: str
    style: str
    width: float


def loss_curves(runs: _Runs, *, ax: Axes | None = None) -> Figure:
    """Draws the losses of all runs over the steps, on a logarithmic scale, with the best run in front.

    Runs that get all points right are solid, others dashed, diverged ones dotted with a cross where they
    leave the axes or stop being finite. The labels stand beside the curves. Of more than 50 runs of a kind the median
    is drawn, in bands that hold the middle half and the middle 80 % of them at each step.

    Args:
        runs: what `gl.train` returned.
        ax: axes to draw into; default: a new figure.

    Returns:
        The figure.

    >>> import gradlab as gl
    >>> from gradlab.train import datasets, train
    >>> net = gl.mlp([2, 2, 1], hidden="tanh", output="sigmoid", loss="binary_cross_entropy")
    >>> figure = loss_curves(train(net, datasets.five_points(), steps=20, restarts=5))
    >>> figure.axes[0].get_yscale()
    'log'
    """
    check_kind(runs, "curves", "loss_curves(runs), with runs = gl.train(...)")
    figure, ax = figure_and_axes(ax, (7.2, 4.4))
    curves = np.asarray(runs.curves, dtype=np.float64)
    steps = np.arange(curves.shape[1])
    bottom, top = _limits(curves, runs.diverged)
    ax.set(yscale="log", ylim=(bottom, top), xlim=(0, max(1, len(steps) - 1)), xlabel="step", ylabel="loss")
    labels = []
    for group in _groups(runs):
        if len(group.which) > _MOST_CURVES:
            last = _draw_bands(ax, steps, curves[group.which], group, bottom, top)
            labels.append((last, group))
            continue
        segments = [np.column_stack([steps, curve]) for curve in curves[group.which]]
        lines = LineCollection(
            segments, colors=group.colour, linestyles=group.style, linewidths=group.width, label=group.label
        )
        ax.add_collection(lines, autolim=False)
        if group.colour == VERMILLION:
            ends = np.array([_last_seen(curve, top) for curve in curves[group.which]])
            ax.plot(*ends.T, "x", color=VERMILLION, markersize=8, markeredgewidth=2, clip_on=False, zorder=4)
            labels.append((float(np.median(ends[:, 1])), group))
        else:
            labels.append((float(np.median(curves[group.which, -1])), group))
    if top / bottom < _FEW_DECADES:  # powers of ten alone would be too few ticks
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
    _label_directly(ax, labels)
    plain_axes(ax)
    return figure


def _draw_bands(ax: Axes, steps: Array, curves: Array, group: _Group, bottom: float, top: float) -> float:
    """Draws the middle 80 % and 50 % of many curves and their median, and returns where the median ends."""
    # Beyond the axes all are alike, so that infinite losses, and those that are no numbers, count as high ones.
    shown = np.clip(np.nan_to_num(curves, nan=np.inf, posinf=np.inf), bottom / 10, 10 * top)
    levels = np.quantile(shown, [0.1, 0.25, 0.5, 0.75, 0.9], axis=0)
    for low, high, alpha in ((0, 4, 0.25), (1, 3, 0.35)):
        ax.fill_between(steps, levels[low], levels[high], color=group.colour, alpha=alpha, linewidth=0)
    ax.plot(steps, levels[2], color=group.colour, linestyle=group.style, linewidth=1.8, label=group.label)
    return float(np.clip(levels[2, -1], bottom, top))


def _groups(runs: _Runs) -> list[_Group]:
    """The runs, parted by what became of them; the best one last, so that it lies on top."""
    diverged = np.asarray(runs.diverged)
    groups = []
    rest = ~diverged
    best = None if diverged.all() else runs.best
    if best is not None:
        rest[best.index] = False
    if runs.right is None:
        parts = [(rest, "other run", SKY, "solid")]
    else:
        parts = [
            (rest & ~runs.right, "run with points wrong", GREY, "dashed"),
            (rest & runs.right, "run with all points right", SKY, "solid"),
        ]
    for which, what, colour, style in [*parts, (diverged, "diverged run", VERMILLION, "dotted")]:
        count = int(which.sum())
        if count:
            label = f"{count} {what.replace('run', 'runs', 1) if count > 1 else what}"
            if count > _MOST_CURVES:
                label += ":\nmedian, middle 50 % and 80 %"
            groups.append(_Group(np.flatnonzero(which), label, colour, style, 1.0))
    if best is not None:
        label = f"best: run {best.index}, loss {best.loss:.3g}"
        groups.append(_Group(np.array([best.index]), label, BLUE, "solid", 2.8))
    return groups


def _limits(curves: Array, diverged: BoolArray) -> tuple[float, float]:
    """The lowest and highest loss to show: all of the curves that did not diverge, and every start."""
    shown = np.concatenate([curves[~diverged].ravel(), curves[:, 0]])
    shown = shown[np.isfinite(shown) & (shown > 0)]
    if not len(shown):
        return 0.1, 1.0
    return shown.min() / 1.5, shown.max() * (_HEADROOM if diverged.any() else 1.5)


def _last_seen(curve: Array, top: float) -> tuple[float, float]:
    """Where a diverged curve was seen last, at most at the top of the axes."""
    leaves = ~np.isfinite(curve) | (curve > top)
    if not leaves.any():
        return len(curve) - 1.0, float(curve[-1])
    step = int(np.argmax(leaves))
    return float(step), top if np.isnan(curve[step]) or curve[step] > top else float(curve[step])


def _label_directly(ax: Axes, labels: Sequence[tuple[float, _Group]]) -> None:
    """Writes each label to the right of its curves, moved apart where they would touch."""
    to_axes = ax.transData + ax.transAxes.inverted()
    gap = _LABEL_GAP * max((group.label.count("\n") + 1 for _, group in labels), default=1)
    wanted = [float(np.clip(to_axes.transform((1.0, y))[1], 0.0, 1.0)) for y, _ in labels]
    for (y, group), place in zip(labels, _moved_apart(wanted, gap), strict=True):
        ax.annotate(
            group.label,
            xy=(1.0, y),
            xycoords=ax.get_yaxis_transform(),
            xytext=(1.05, place),
            textcoords="axes fraction",
            color="black",
            fontsize=FONT_SIZE,
            fontweight="bold" if group.colour == BLUE else "normal",
            va="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": group.colour,
                "linestyle": group.style,
                "linewidth": max(1.5, group.width),
                "shrinkA": 2,
                "shrinkB": 0,
            },
        )


def _moved_apart(wanted: Sequence[float], gap: float) -> list[float]:
    """Places near the wanted ones, in the same order, no two nearer than the gap, none above 1."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    places = list(wanted)
    for below, above in pairwise(order):
        places[above] = max(places[above], places[below] + gap)
    excess = max(0.0, places[order[-1]] - 1.0) if order else 0.0
    if excess:  # pushed out at the top: push back down from there
        places[order[-1]] = 1.0
        for above, below in pairwise(reversed(order)):
            places[below] = min(places[below], places[above] - gap)
    return places
