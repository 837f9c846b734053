"""What sharing saves: the multiplications of a gradient, path by path and with shared deltas, as networks grow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from gradlab.plot._style import BLUE, FONT_SIZE, VERMILLION, ShownFigure, check_kind, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INCHES = (6.6, 2.9)
_HEADROOM = 0.15  # of the axis, for the upper curve's name


class _Savings(Protocol):
    @property
    def expanded(self) -> int: ...
    @property
    def shared(self) -> int: ...


class _Growth(Protocol):
    @property
    def width(self) -> int: ...
    @property
    def by_depth(self) -> Sequence[tuple[int, _Savings]]: ...
    @property
    def depth(self) -> int: ...
    @property
    def by_width(self) -> Sequence[tuple[int, _Savings]]: ...


def savings(growth: _Growth) -> Figure:
    """Draws how many multiplications a network's gradient takes, by depth and by width.

    Args:
        growth: what `gl.Network.savings` returns.

    Returns:
        The figure: on the left the number of hidden layers grows, on the right their width.

    >>> import gradlab as gl
    >>> figure = savings(gl.mlp([2, 2, 1]).savings())
    >>> [axes.get_xlabel() for axes in figure.axes]
    ['hidden layers of 2 neurons', 'neurons in each of 3 hidden layers']
    """
    check_kind(growth, "by_width", "savings(gl.mlp([2, 2, 1]).savings())")
    figure = ShownFigure(figsize=_INCHES, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    neurons = "neuron" if growth.width == 1 else "neurons"
    _draw(left, growth.by_depth, f"hidden layers of {growth.width} {neurons}")
    layers = "the hidden layer" if growth.depth == 1 else f"each of {growth.depth} hidden layers"
    _draw(right, growth.by_width, f"neurons in {layers}")
    left.set_ylabel("multiplications")
    plain_axes(left)
    return figure


def _draw(ax: Axes, counts: Sequence[tuple[int, _Savings]], label: str) -> None:
    """Two curves, each with its name and its last number beside its end."""
    sizes = [size for size, _ in counts]
    curves = (
        ([savings.expanded for _, savings in counts], "path by path", VERMILLION, "o"),
        ([savings.shared for _, savings in counts], "shared", BLUE, "s"),
    )
    for values, name, colour, marker in curves:
        ax.plot(sizes, values, color=colour, marker=marker, markersize=3.5, linewidth=1.6)
        ax.annotate(
            f"{name}: {values[-1]:,}",
            xy=(sizes[-1], values[-1]),
            xytext=(0, 7),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=FONT_SIZE - 1,
            color=colour,
        )
    ax.set_yscale("log")
    low, high = min(min(values) for values, *_ in curves), max(max(values) for values, *_ in curves)
    # The two panels share their axis: the second must not take from the first.
    bottom = max(low, 1) / 1.5
    ax.set_ylim(min(bottom, ax.get_ylim()[0]), max(ax.get_ylim()[1], high * (high / bottom) ** _HEADROOM))
    ax.yaxis.set_major_locator(LogLocator())
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(label)
    ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    plain_axes(ax)
