"""The outputs of a rolled kernel in loops: one for each round over all of them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from gradlab.codegen._numba_layers import LayerSource
from gradlab.codegen._rolled import SUM, TOTAL
from gradlab.codegen._rounds import GATHERED, LABEL, SLOPE, Gathered, Round, Rounds
from gradlab.graph import Apply, Expression, Ref, add


class RoundsSource(LayerSource):
    """Prints what happens at many outputs."""

    def in_rounds(self, rounds: Rounds, point: str, first: str, size: int) -> None:
        """The outputs, the loss, and back to the totals of the outputs, for a few points of a batch."""
        lines, given = self.lines, (*self.spec.graph.inputs, *self.spec.graph.labels)
        for t in range(size):
            if self.spec.weighted:
                lines.say(f"_weight_p{t} = {self.spec.weight(f'{point} + {first} + {t}')}")
            for k, name in enumerate(self.spec.graph.weights):
                place = f"({point} + {first} + {t})*{self.columns} + {len(given) + k}"
                lines.say(f"{name}_p{t} = spread(data, {place})")
        for number, each in enumerate(rounds.rounds):
            self._before(rounds, each, size)
            self._over_outputs(rounds, number, point, first, size)
        for t in range(size):
            lines.say(f"_right = both(_right, less({self._of_point(rounds.margin, t)}, gap))")
        loss = add(*(Ref(self._of_point(rounds.loss, t)) for t in range(size)))
        lines.say("if _evaluated:", f"    _total = _total + ({self.printer.write(loss)})")

    def _before(self, rounds: Rounds, each: Round, size: int) -> None:
        """What is computed once for each point, and where gathering starts."""
        for name, formula in each.before:
            made = [f"{name}_p{t} = {self._of_point(formula, t)}" for t in range(size)]
            self._when_wanted(rounds, name, made)
        for one in each.gathered:
            self.lines.say(*(f"{one.name}_p{t} = every(scratch, {GATHERED[one.primitive]})" for t in range(size)))

    def _over_outputs(self, rounds: Rounds, number: int, point: str, first: str, size: int) -> None:
        """A round over all outputs; in the first they get their sums."""
        each, layer, lines = rounds.rounds[number], self.layers[-1], self.lines

        def outputs(unit: str, count: int) -> None:
            if number == 0:
                self.sums(len(self.layers) - 1, point, first, size, unit, count)
            for t, j in product(range(size), range(count)):
                if number == 0:
                    lines.say(f"_z = {self.written(layer.scaled, {TOTAL: f'_s_{t}_{j}'})}")
                    self._leave(SUM, "_z", t, f"{unit} + {j}")
                self._output(rounds, number, (point, first, t), f"{unit} + {j}")

        if number == 0 or each.own or each.gathered:
            lines.tiled("_j", layer.units, 1 if number else self.units, outputs)

    def _output(self, rounds: Rounds, number: int, where: tuple[str, str, int], unit: str) -> None:
        """One output at one point in one round."""
        each, (point, first, t) = rounds.rounds[number], where
        used = {name for _, formula in each.own for name in formula.names}
        used |= {name for one in each.gathered for part in one.parts for name in part.names}
        if LABEL in used:
            place = f"({point} + {first} + {t})*{self.columns} + {len(self.spec.graph.inputs)} + {unit}"
            self.lines.say(f"_y = spread(data, {place})")
        own = {name for name, _ in each.own}
        for name in sorted(used & self.left.keys() - own):
            if number:
                self.lines.say(f"{'_z' if name == SUM else name} = load(scratch, {self._left(name, t, unit)})")
        for name, formula in each.own:
            text = self._of_point(formula, t)
            if name == SLOPE:
                counted = f"_weight_p{t}*({text})" if self.spec.weighted else text
                place = self.at(len(self.layers) - 1, 2, f"{first} + {t}", unit)
                self.lines.say(f"store(scratch, {place}, {counted})")
            else:
                self._when_wanted(rounds, name, [f"{name} = {text}"])
                self._leave(name, name, t, unit)
        for one in each.gathered:
            self._when_wanted(rounds, one.name, [f"{one.name}_p{t} = {self._with(one, t)}"])

    def _with(self, one: Gathered, t: int) -> str:
        """What was gathered, with what one output brings."""
        return self._of_point(Apply(one.primitive, (Ref(one.name), *one.parts)), t)

    def _of_point(self, formula: Expression, t: int) -> str:
        """A formula in which an output's own names stay, and the others are those of a point."""
        names = {SUM: "_z", LABEL: "_y"} | {
            name: f"{name}_p{t}" for name in formula.names if not name.startswith("_own")
        }
        return self.written(formula, names | {SUM: "_z", LABEL: "_y"})

    def _when_wanted(self, rounds: Rounds, name: str, made: Iterable[str]) -> None:
        """Lines that every step wants, or only one whose loss is wanted."""
        if name in rounds.always:
            self.lines.say(*made)
        else:
            self.lines.say("if _evaluated:", *(f"    {line}" for line in made))

    def _leave(self, name: str, value: str, t: int, unit: str) -> None:
        """Keep what a later round uses."""
        if name in self.left:
            self.lines.say(f"store(scratch, {self._left(name, t, unit)}, {value})")

    def _left(self, name: str, t: int, unit: str) -> str:
        return f"{self.left[name]} + ({t}*{self.layers[-1].units} + {unit})*{self.spec.lanes}"
