"""Where the parts of a network's diagram lie; lengths are in units of about half an inch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import hypot
from typing import Protocol

COLUMN = 4.1  # from a layer to the next
RADIUS, SMALL_RADIUS = 0.42, 0.33  # of a unit with one name
PILL, HALF_HEIGHT = 2.2, 0.42  # of a unit with two names
HEADING_ROOM, NOTE_ROOM = 1.5, 1.3
_ROOMY, _TIGHT = 2.2, 0.78  # between units that are drawn with all their names, and between others
LABEL_DEPTH = -1.25  # how high the label stands; the loss stands at 0
_NAMED = 4  # a layer of so many units has room for all their names
_NAMED_WEIGHTS = 9  # among more arrows their names hide too much
_WEIGHT_ROOM = 0.62, 0.6  # the width and the height that the name of a weight needs
_CHOICES = tuple(step / 40 for step in range(6, 35))  # how far along an arrow a name may stand
_ARROW_ROOM = 0.25  # from another arrow to the middle of a name
_ROUNDS = 4  # of moving every name once
_SHOWN = 16  # of a wider layer the first ones and the last are drawn


class Quantity(Protocol):
    """A named number of the graph."""

    @property
    def latex(self) -> str:
        """Its name in the derivation."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """What it is computed from; for a sum: the bias, then weight and unit by turns."""
        ...


class Graph(Protocol):
    """What a diagram shows of a network's graph."""

    @property
    def layers(self) -> tuple[tuple[str, ...], ...]:
        """The names of the units, layer by layer."""
        ...

    @property
    def hidden(self) -> str:
        """The activation of the hidden layers."""
        ...

    @property
    def output(self) -> str:
        """The activation of the last layer."""
        ...

    @property
    def loss_words(self) -> str:
        """Which loss it ends in, in words."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels."""
        ...

    @property
    def weights(self) -> tuple[str, ...]:
        """The name of the weight of a point, if it has one."""
        ...

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what it predicts."""
        ...

    def __getitem__(self, name: str, /) -> Quantity:
        """Returns the quantity of that name."""
        ...

    def __contains__(self, name: object, /) -> bool:
        """Says whether there is a quantity of that name."""
        ...


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the diagram.

    Attributes:
        out: the name of its value.
        into: the name of its sum; None for an input or a probability, which has none.
        x: where its middle is.
        y: where its middle is.
        named: whether there is room for all its names.
    """

    out: str
    into: str | None
    x: float
    y: float
    named: bool

    @property
    def half_width(self) -> float:
        """From its middle to its side."""
        if not self.named:
            return SMALL_RADIUS
        return RADIUS if self.into is None else PILL / 2


@dataclass(frozen=True, slots=True)
class Layer:
    """The units of a layer that are drawn, and how many it has.

    Attributes:
        units: from top to bottom.
        count: how many units there are.
        title: what stands above it.
        kind: "input", "hidden", "output" or "loss".
    """

    units: tuple[Unit, ...]
    count: int
    title: str
    kind: str

    @property
    def dots(self) -> tuple[float, float] | None:
        """Where dots stand for the units that are left out, if any are."""
        if len(self.units) == self.count:
            return None
        above, below = self.units[-2:]
        return above.x, (above.y + below.y) / 2


def place(graph: Graph) -> list[Layer]:
    """Places the units of a network, column by column; a softmax has one more, of the probabilities."""
    last = len(graph.layers) - 1
    layers = []
    for depth, names in enumerate(graph.layers):
        if depth == 0:
            pairs = _without_sum(names)
            title, kind = "inputs" if len(names) > 1 else "input", "input"
        else:
            pairs = [(_find(graph, name, "out"), _find(graph, name, "in")) for name in names]
            what, kind = ("output", "output") if depth == last else ("hidden layer", "hidden")
            title = f"{what}\n{graph.output if depth == last else graph.hidden}"
        layers.append(_layer(pairs, depth, title, kind))
    predicted = _without_sum(graph.outputs)
    if predicted[0][0] != layers[-1].units[0].out:
        layers.append(_layer(predicted, last + 1, "probabilities\nsoftmax", "output"))
    return layers


def _without_sum(names: tuple[str, ...]) -> list[tuple[str, str | None]]:
    return [(name, None) for name in names]


def _find(graph: Graph, unit: str, part: str) -> str:
    """The name of a unit's sum or value: z_1in of z_1, f_in of f."""
    return next(name for name in (f"{unit}{part}", f"{unit}_{part}") if name in graph)


def _layer(pairs: Sequence[tuple[str, str | None]], depth: int, title: str, kind: str) -> Layer:
    named = len(pairs) <= _NAMED
    spacing = _ROOMY if named else _TIGHT
    slots = min(len(pairs), _SHOWN)
    middle = (slots - 1) / 2
    numbers = list(range(slots))
    if len(pairs) > slots:  # the last slot but one holds the dots
        numbers = [*range(slots - 2), slots - 1]
    shown = [pairs[-1] if slot == slots - 1 else pairs[slot] for slot in numbers]
    units = tuple(
        Unit(out, into, depth * COLUMN, (middle - slot) * spacing, named)
        for slot, (out, into) in zip(numbers, shown, strict=True)
    )
    return Layer(units, len(pairs), title, kind)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The arrows between two layers.

    Attributes:
        edges: each arrow's source, target and the name of its weight; None without one.
        shares: how far along each arrow the name of its weight stands, such that no two names touch.
        named: whether each weight is named; otherwise a note says how many there are.
        count: how many weights there are, those of units that are not drawn included.
        x: half way between the layers.
    """

    edges: tuple[tuple[Unit, Unit, str | None], ...]
    shares: tuple[float, ...]
    named: bool
    count: int
    x: float

    @property
    def noted(self) -> bool:
        """Whether a note stands for the names of the weights."""
        return not self.named and self.edges[0][2] is not None


def bundle(graph: Graph, below: Layer, above: Layer) -> Bundle:
    """Finds the arrows between two layers in the graph, those of units that are drawn."""
    place_of = {unit.out: unit for unit in below.units}
    edges = []
    for unit in above.units:
        for weight, source in _weights(graph, unit, below):
            if source in place_of:
                edges.append((place_of[source], unit, weight))
    named = len(edges) <= _NAMED_WEIGHTS
    shares = _shares(edges, 1 / (len(above.units) + 1)) if named else ()
    middle = (below.units[0].x + above.units[0].x) / 2
    return Bundle(tuple(edges), shares, named and _apart(edges, shares), below.count * above.count, middle)


def _shares(edges: Sequence[tuple[Unit, Unit, str | None]], usual: float) -> tuple[float, ...]:
    """The usual place on every arrow if the names are apart there; else each far from the others and their arrows."""
    shares = [usual] * len(edges)
    if _apart(edges, shares):
        return tuple(shares)

    def room(moved: int, share: float) -> float:
        place = _on(edges[moved], share)
        others = [index for index in range(len(edges)) if index != moved]
        from_names = min(_distance(place, _on(edges[other], shares[other])) for other in others)
        return min(from_names, min(_from_arrow(place, edges[other]) for other in others) / _ARROW_ROOM)

    for _ in range(_ROUNDS):
        for moved in range(len(edges)):
            shares[moved] = max(_CHOICES, key=lambda share: room(moved, share))
    return tuple(shares)


def _from_arrow(place: tuple[float, float], edge: tuple[Unit, Unit, str | None]) -> float:
    """How far a place is from the line that an arrow lies on."""
    (x, y), (x1, y1), (x2, y2) = place, _on(edge, 0.0), _on(edge, 1.0)
    return abs((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) / hypot(x2 - x1, y2 - y1)


def _on(edge: tuple[Unit, Unit, str | None], share: float) -> tuple[float, float]:
    """A place on an arrow."""
    source, target, _ = edge
    start, end = source.x + source.half_width, target.x - target.half_width
    return start + share * (end - start), source.y + share * (target.y - source.y)


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """How far two names are apart; from 1 on they do not touch."""
    return max(abs(one[0] - other[0]) / _WEIGHT_ROOM[0], abs(one[1] - other[1]) / _WEIGHT_ROOM[1])


def _apart(edges: Sequence[tuple[Unit, Unit, str | None]], shares: Sequence[float]) -> bool:
    places = [_on(edge, share) for edge, share in zip(edges, shares, strict=True)]
    return all(_distance(one, other) >= 1 for one, other in combinations(places, 2))


def _weights(graph: Graph, unit: Unit, below: Layer) -> list[tuple[str | None, str]]:
    """The weights of a unit, each with what it multiplies; a probability has all outputs, unweighted."""
    if unit.into is None:
        return [(None, source.out) for source in below.units]
    names = graph[unit.into].inputs
    return list(zip(names[1::2], names[2::2], strict=True))


def heights(layers: list[Layer], bundles: list[Bundle]) -> tuple[float, float]:
    """Returns how far the diagram reaches down and up, without headings."""
    top = max(layer.units[0].y + (1.3 if layer.units[0].named else 0.5) for layer in layers)
    bottom = min([layer.units[-1].y - 0.6 for layer in layers] + [LABEL_DEPTH - RADIUS - 0.2])
    noted = any(each.noted for each in bundles) or any(not layer.units[0].named for layer in layers[1:])
    return bottom - (NOTE_ROOM if noted else 0.0), top
