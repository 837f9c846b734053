"""One way to take a chain, tried in all settings: what its sides are there, and whether two of them are equal."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from itertools import chain

from gradlab.graph import Apply, Expression, Ref, ordered_names
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove._names import Names
from gradlab.prove.judge._axes import Setting, ShapeError
from gradlab.prove.judge._compare import (
    Comparison,
    Pair,
    compare,
    distinguishable,
    every_formula,
    every_node,
    is_analytic,
)
from gradlab.prove.judge._conditions import met
from gradlab.prove.judge._integrals import bound_in
from gradlab.prove.judge._points import Ground, Point, Points, Undefined, short
from gradlab.prove.judge._unknown import shown as example_shown
from gradlab.prove.judge._world import Way, World
from gradlab.prove.judge.arrays._grid import Grid
from gradlab.prove.read._nodes import Call, Condition, Derivative
from gradlab.prove.read._statements import Known
from gradlab.prove.read._write import Writer

MOST_SHOWN = 12
_BOUNDED = frozenset(("log", "sqrt", "log1p", "pow"))


class Trial:
    """A chain in one way.

    Args:
        names: the names of the graph.
        known: what the text says.
        found: the settings that are tried.
        way: how open things are taken.
        conditions: what must hold at every point, without conditions on indices.
        deadline: when to stop.
    """

    def __init__(
        self,
        names: Names,
        known: Known,
        found: list[Setting],
        way: Way,
        conditions: tuple[Condition, ...],
        deadline: Deadline,
    ) -> None:
        self.names, self.known, self.way, self.deadline = names, known, way, deadline
        self.worlds = {setting: World(names, known, setting, way, deadline) for setting in found}
        self._sides: dict[tuple[Expression, Expression, Setting], tuple[Pair, ...]] = {}
        grounds: dict[Setting, Ground] = {}
        self._limits: dict[Setting, tuple[Condition, ...]] = {}
        for setting, world in self.worlds.items():
            chosen, self._limits[setting] = met(world, conditions)
            # The formulas of a world grow while its sides are worked out.
            grounds[setting] = Ground(known.graph, ChainMap(chosen, world.formulas))
        self.points = Points(grounds, deadline)

    def only(self, settings: list[Setting]) -> Trial:
        """The same in some of the settings."""
        other = object.__new__(Trial)
        other.__dict__.update(self.__dict__)
        other.worlds = {setting: self.worlds[setting] for setting in settings}
        other.points = Points({setting: self.points.grounds[setting] for setting in settings}, self.deadline)
        return other

    @property
    def differs(self) -> bool:
        """Whether a derivative of a formula had two readings."""
        return any(world.differs for world in self.worlds.values())

    def pairs(self, left: Expression, right: Expression, setting: Setting) -> tuple[Pair, ...]:
        """The entries of two sides, in pairs; what a side differentiates beside itself, as it has to be defined."""
        key = left, right, setting
        if key not in self._sides:
            pairs = self.worlds[setting].pairs(left, right)
            self._sides[key] = (*pairs, *((body, body) for body in self._bounded(left, right, setting)))
        return self._sides[key]

    def _bounded(self, left: Expression, right: Expression, setting: Setting) -> Iterator[Expression]:
        """What two sides differentiate and is not defined everywhere, as logarithms are: the derivative may be."""
        world, ground = self.worlds[setting], self.points.grounds[setting]
        for node in dict.fromkeys(chain(every_node(left), every_node(right))):
            if not isinstance(node, Derivative):
                continue
            try:
                body = world.value(node.body)
            except (NotUnderstoodError, ShapeError):
                continue  # under a sum: its index has no value here
            entries = body.entries if isinstance(body, Grid) else (body,)
            yield from (entry for entry in entries if any(map(_has_bounds, every_formula(ground, entry))))

    def compared(self, left: Expression, right: Expression, wanted: int = 0) -> Comparison:
        """Two sides at many points."""
        return compare(
            self.points,
            lambda setting: self.pairs(left, right, setting),
            self._limits.__getitem__,
            wanted,
        )

    def shown_point(
        self, point: Point, left: Expression, right: Expression, entry: int, writer: Writer
    ) -> dict[str, str]:
        """What is shown of a point: sizes, indices, unknown functions, the values of the names in two sides."""
        setting = self.points.variant(point.number)
        pair = self.pairs(left, right, setting)[entry]
        found = {letter: str(number) for letter, number in setting.indices.items()}
        sizes = {key[1]: number for key, number in setting.sizes.items() if isinstance(key, tuple) and key[0] == "size"}
        found |= {str(name).removeprefix("?"): str(number) for name, number in sizes.items()}
        calls: dict[tuple[str, int], None] = {}
        for node in every_formula(point.ground, *pair):
            if isinstance(node, Call):
                calls[node.function, len(node.arguments)] = None
        for function, count in calls:
            left_shown, right_shown = example_shown(writer.name(function), count, point.mode)
            found[left_shown] = right_shown
        names = dict.fromkeys(name for side in pair for name in ordered_names(side))
        names.update(dict.fromkeys(point.ground.given_in(*pair) if len(names) < 2 or calls else ()))
        inside = {name for side in pair for name in bound_in(side)}
        for name in [name for name in names if name not in inside][:MOST_SHOWN]:
            try:
                found[writer.name(name)] = short(point.balls.machine(point.value(Ref(name))))
            except (*Undefined, NotUnderstoodError):
                continue
        return found

    def shown_values(self, result: Comparison) -> tuple[str, str]:
        """The two values at the point where they differ."""
        return distinguishable(*result.values)


def _has_bounds(node: Expression) -> bool:
    return isinstance(node, Apply) and node.primitive in _BOUNDED and not is_analytic(node)
