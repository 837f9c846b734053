"""A network as a diagram: units, weights, biases, label and loss, with the names its derivation uses."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from gradlab.plot._layout import (
    COLUMN,
    HALF_HEIGHT,
    HEADING_ROOM,
    LABEL_DEPTH,
    NOTE_ROOM,
    PILL,
    RADIUS,
    Bundle,
    Graph,
    Layer,
    Unit,
    bundle,
    heights,
    place,
)
from gradlab.plot._style import FONT_SIZE, MATHS, check_kind, figure_and_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Point = tuple[float, float]

_INCHES = 0.52  # a unit of length in a figure of its own
_FILLS = {"input": "#ffffff", "hidden": "#cfe3f2", "output": "#fbe6bf", "loss": "#e3e3e3"}


class _Network(Protocol):
    @property
    def graph(self) -> Graph: ...


def network(net: _Network, *, ax: Axes | None = None) -> Figure:
    """Draws a network as a diagram, from its graph.

    Every quantity carries the name it has in the derivation, as far as there is room: in wide layers the
    units alone are named, and below them stands how many weights and biases there are.

    Args:
        net: a `gl.Network`.
        ax: axes to draw into; default: a new figure.

    Returns:
        The figure.

    >>> import gradlab as gl
    >>> figure = network(gl.mlp([2, 2, 1], hidden="tanh", output="sigmoid", loss="binary_cross_entropy"))
    >>> "$w_{12}$" in [text.get_text() for text in figure.axes[0].texts]
    True
    """
    check_kind(net, "graph", "network(gl.mlp([2, 2, 1]))")
    graph = net.graph
    layers = place(graph)
    bundles = [bundle(graph, below, above) for below, above in pairwise(layers)]
    bottom, top = heights(layers, bundles)
    left, right = -1.0, len(layers) * COLUMN + 0.6
    size = _INCHES * (right - left), _INCHES * (top - bottom + HEADING_ROOM)
    figure, ax = figure_and_axes(ax, size)
    ax.set_axis_off()
    ax.set_aspect("equal")
    for each in bundles:
        _draw_weights(ax, graph, each, bottom)
    for layer in layers:
        _draw_layer(ax, graph, layer, top, bottom)
    _draw_loss(ax, graph, layers[-1], top)
    ax.set(xlim=(left, right), ylim=(bottom, top + HEADING_ROOM))
    return figure


def _draw_weights(ax: Axes, graph: Graph, bundle: Bundle, bottom: float) -> None:
    """The arrows between two layers with the names of their weights, or how many there are."""
    for index, (source, target, weight) in enumerate(bundle.edges):
        start, end = (source.x + source.half_width, source.y), (target.x - target.half_width, target.y)
        _arrow(ax, start, end, faint=not (source.named and target.named))
        if weight is not None and bundle.named:
            x, y = (a + bundle.shares[index] * (b - a) for a, b in zip(start, end, strict=True))
            _name(ax, x, y, graph[weight].latex, on_line=True)
    first, last = bundle.edges[0][2], bundle.edges[-1][2]
    if bundle.noted and first is not None and last is not None:
        _note(ax, bundle.x, bottom, f"{bundle.count} weights", graph[first].latex, graph[last].latex)


def _draw_layer(ax: Axes, graph: Graph, layer: Layer, top: float, bottom: float) -> None:
    """Its units with their names and biases, its heading, and dots for what is left out."""
    for unit in layer.units:
        _draw_unit(ax, graph, unit, _FILLS[layer.kind])
    x = layer.units[0].x
    _heading(ax, x, top, layer.title)
    if layer.dots is not None:
        ax.text(*layer.dots, "⋮", ha="center", va="center", fontsize=FONT_SIZE + 4)
    first, last = layer.units[0], layer.units[-1]
    if not first.named and first.into is not None and last.into is not None:
        names = [graph[graph[into].inputs[0]].latex for into in (first.into, last.into)]
        _note(ax, x, bottom, f"{layer.count} biases", *names)


def _draw_unit(ax: Axes, graph: Graph, unit: Unit, fill: str) -> None:
    if unit.into is None or not unit.named:
        radius = unit.half_width
        ax.add_patch(Circle((unit.x, unit.y), radius, facecolor=fill, edgecolor="black", zorder=3))
        latex = graph[unit.out].latex
        _name(ax, unit.x, unit.y, latex if unit.into is None else _unit_name(latex), small=not unit.named)
        return
    corner = (unit.x - PILL / 2, unit.y - HALF_HEIGHT)
    style = f"round,pad=0,rounding_size={HALF_HEIGHT}"
    ax.add_patch(
        FancyBboxPatch(corner, PILL, 2 * HALF_HEIGHT, boxstyle=style, facecolor=fill, edgecolor="black", zorder=3)
    )
    ax.plot([unit.x, unit.x], [unit.y - HALF_HEIGHT, unit.y + HALF_HEIGHT], color="black", lw=0.8, zorder=4)
    for name, side in ((unit.into, -1), (unit.out, 1)):
        _name(ax, unit.x + side * PILL / 4, unit.y, graph[name].latex)
    bias = graph[unit.into].inputs[0]
    x = unit.x - PILL / 4
    _arrow(ax, (x, unit.y + HALF_HEIGHT + 0.42), (x, unit.y + HALF_HEIGHT))
    _name(ax, x, unit.y + HALF_HEIGHT + 0.65, graph[bias].latex)


def _draw_loss(ax: Axes, graph: Graph, outputs: Layer, top: float) -> None:
    """The loss, with arrows from the outputs and from the label, and the weight of a point, below it."""
    x = outputs.units[0].x + COLUMN - 0.9
    for unit in outputs.units:
        _arrow(ax, (unit.x + unit.half_width, unit.y), (x - RADIUS, 0.0))
    _arrow(ax, (x, LABEL_DEPTH + RADIUS), (x, -RADIUS))
    ax.add_patch(Circle((x, 0.0), RADIUS, facecolor=_FILLS["loss"], edgecolor="black", zorder=3))
    # The script letter itself: matplotlib would take \mathcal from a private range that an SVG's reader lacks.
    _name(ax, x, 0.0, graph["L"].latex.replace(r"\mathcal{L}", "ℒ"))
    labels = [graph[name].latex for name in (*graph.labels, *graph.weights)]
    if len(labels) == 1:
        ax.add_patch(Circle((x, LABEL_DEPTH), RADIUS, facecolor=_FILLS["input"], edgecolor="black", zorder=3))
    shown = labels if len(labels) <= 3 else [labels[0], r"\ldots", labels[-1]]
    _name(ax, x, LABEL_DEPTH, ", ".join(shown))
    _heading(ax, x, top, f"loss\n{graph.loss_words}")


def _unit_name(latex: str) -> str:
    """The name of a unit from that of its value: z_{1} from z_{1,out}."""
    return re.sub(r"_\{(?:(.*),)?out\}$", lambda found: f"_{{{found[1]}}}" if found[1] else "", latex)


def _arrow(ax: Axes, start: Point, end: Point, *, faint: bool = False) -> None:
    ax.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-" if faint else "-|>",
            mutation_scale=9,
            shrinkA=0,
            shrinkB=0,
            linewidth=0.5 if faint else 0.9,
            color="#777777" if faint else "black",
            zorder=1,
        )
    )


def _name(ax: Axes, x: float, y: float, latex: str, *, on_line: bool = False, small: bool = False) -> None:
    background = {"facecolor": "white", "edgecolor": "none", "pad": 1.0} if on_line else None
    ax.text(
        x,
        y,
        f"${latex}$",
        ha="center",
        va="center",
        fontsize=FONT_SIZE - 2.5 if small else FONT_SIZE,
        math_fontfamily=MATHS,
        bbox=background,
        zorder=2 if on_line else 5,
    )


def _heading(ax: Axes, x: float, top: float, text: str) -> None:
    for row, line in enumerate(text.splitlines()):
        y = top + HEADING_ROOM - 0.6 - 0.42 * row
        ax.text(x, y, line, ha="center", va="baseline", fontsize=FONT_SIZE)


def _note(ax: Axes, x: float, bottom: float, count: str, first: str, last: str) -> None:
    ax.text(
        x,
        bottom + NOTE_ROOM / 2,
        f"{count}\n${first}, \\ldots, {last}$",
        ha="center",
        va="center",
        fontsize=FONT_SIZE - 1.5,
        math_fontfamily=MATHS,
        linespacing=1.4,
    )
