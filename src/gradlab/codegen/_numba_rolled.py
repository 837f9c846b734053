"""A training kernel in Numba's words for larger networks, rolled over units and points.

Tiles of both are unrolled, so that what is read once is used several times while it is in registers. A block is one
vector of networks. Its parameters, its gradient, and what its units hold for a batch of points lie in scratch memory,
which is small enough for the nearest caches. Writing there is dear, so the gradient is added to a batch at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from types import MappingProxyType

from gradlab.codegen._kernel import at_point, needed_for
from gradlab.codegen._kernel_spec import KernelSpec
from gradlab.codegen._numba_rounds import RoundsSource
from gradlab.codegen._numba_source import (
    PrintedKernel,
    ending,
    epilogue,
    evaluation,
    prologue,
    step_begins,
)
from gradlab.codegen._rolled import BACK, OUT, SUM, TOTAL, RolledLayer, rolled_program
from gradlab.graph import Expression, Ref, add, mul
from gradlab.rules import GRADIENT, PARAMETER, RATE

BELOW = 4  # of so many units below, the weights' derivatives are summed in registers at once
NONE: Mapping[str, str] = MappingProxyType({})


class RolledSource(RoundsSource):
    """Prints the kernel of a network."""

    def source(self) -> str:
        """The source of the kernel."""
        spec, lines = self.spec, self.lines
        lines.extend(prologue(spec))
        self._start()
        lines.depth = 3
        lines.tiled("_point", spec.points, self.batch, self._batch)
        lines.say("if _evaluated:", f"    _loss = _total*{1 / spec.points!r}")
        lines.extend(evaluation(spec, "    " * 4))
        self._update()
        lines.extend(ending(spec))
        lines.depth = 2
        lines.say(
            f"for _i in range({self.count}):",
            f"    store(scratch, _i*{spec.lanes}, where(_alive, load(scratch, _i*{spec.lanes}), nan))",
        )
        lines.extend(epilogue(spec))
        return "\n".join(lines) + "\n"

    def _start(self) -> None:
        spec = self.spec
        self.lines.say(
            "_lived = every(scratch, 0.0)",
            "_success = every(scratch, -1.0)",
            "_loss = every(scratch, nan)",
            "_right = less(_success, inf)",
            "for _step in range(steps + 1):",
            "    _evaluated = _step == 0 or _step == steps or curves_wanted",
            "    _total = every(scratch, 0.0)",
            "    _right = less(_success, inf)",
            f"    for _i in range({self.count}):",
            f"        store(scratch, {self.gradient} + _i*{spec.lanes}, 0.0)",
        )

    def _batch(self, point: str, size: int) -> None:
        """Some points: forward and back tile by tile, then the gradient of all of them."""
        self.lines.tiled("_first", size, self.tile, lambda first, count: self._tile(point, first, count))
        # The last time round, only the loss is wanted.
        self.lines.say("if _step < steps:")
        self.lines.depth += 1
        for number in range(len(self.layers)):
            self._collect(number, point, size)
        self.lines.depth -= 1

    def _tile(self, point: str, first: str, size: int) -> None:
        """A few points of a batch, forward and back."""
        for number, layer in enumerate(self.layers[:-1]):
            self._forward(number, layer, point, first, size)
        if self.program.rounds is None:
            self._last(point, first, size)
        else:
            self.in_rounds(self.program.rounds, point, first, size)
        if len(self.layers) > 1:
            self.lines.say("if _step < steps:")
            self.lines.depth += 1
            for number in range(len(self.layers) - 2, -1, -1):
                self._back(number, first, size)
            self.lines.depth -= 1

    def _forward(self, number: int, layer: RolledLayer, point: str, first: str, size: int) -> None:
        """A hidden layer: its sums, then what its units make of them."""
        lines, from_total = self.lines, layer.from_total
        made = layer.value if from_total is None else from_total
        assert made is not None

        def units(unit: str, count: int) -> None:
            self.sums(number, point, first, size, unit, count)
            for t, j in product(range(size), range(count)):
                into, out = (self.at(number, which, f"{first} + {t}", f"{unit} + {j}") for which in range(2))
                total = {TOTAL: f"_s_{t}_{j}"}
                if from_total is None:
                    lines.say(f"_z = {self.written(layer.scaled, total)}")
                    lines.say(f"store(scratch, {into}, _z)")
                lines.say(f"store(scratch, {out}, {self.written(made, {SUM: '_z', **total})})")

        lines.tiled("_j", layer.units, self.units, units)

    def _last(self, point: str, first: str, size: int) -> None:
        """The outputs, the loss, and back to the totals of the outputs, written out."""
        number, layer, program = len(self.layers) - 1, self.layers[-1], self.program
        lines, given = self.lines, (*self.spec.graph.labels, *self.spec.graph.weights)

        def sums(unit: str, units: int) -> None:
            self.sums(number, point, first, size, unit, units)
            for t, j in product(range(size), range(units)):
                total = self.written(layer.scaled, {TOTAL: f"_s_{t}_{j}"})
                lines.say(f"{program.sums[int(unit) + j]}_p{t} = {total}")

        for start in range(0, layer.units, self.units):
            sums(str(start), min(self.units, layer.units - start))
        inputs = len(self.spec.graph.inputs)
        points = []
        for t in range(size):
            known: dict[str, Expression] = {name: Ref(f"{name}_p{t}") for name in (*program.sums, *given)}
            points.append(at_point(program.last, known, f"_p{t}"))
            if self.spec.weighted:
                lines.say(f"_weight_p{t} = {self.spec.weight(f'{point} + {first} + {t}')}")
            for k, name in enumerate(given):
                lines.say(f"{name}_p{t} = spread(data, ({point} + {first} + {t})*{self.columns} + {inputs + k})")
        always = [needed_for(p.statements, p.always) for p in points]
        for step in zip(*always, strict=True):
            lines.say(*(f"{name} = {self.printer.write(formula)}" for name, formula in step))
        for t, p in enumerate(points):
            lines.say(f"_right = both(_right, less({self.printer.write(p.margin)}, gap))")
            for k, slope in enumerate(p.gradient):
                counted = mul(Ref(f"_weight_p{t}"), slope) if self.spec.weighted else slope
                place = self.at(number, 2, f"{first} + {t}", str(k))
                lines.say(f"store(scratch, {place}, {self.printer.write(counted)})")
        lines.say("if _evaluated:")
        for p, done in zip(points, always, strict=True):
            own = [s for s in needed_for(p.statements, (p.loss,)) if s not in done]
            lines.say(*(f"    {name} = {self.printer.write(formula)}" for name, formula in own))
        lines.say(f"    _total = _total + ({self.printer.write(add(*(p.loss for p in points)))})")

    def _collect(self, number: int, point: str, size: int) -> None:
        """The gradient of a layer's parameters: products of derivatives and what is below, summed over the points."""
        layer, lines, lanes = self.layers[number], self.lines, self.spec.lanes

        def weights(unit: str, units: int) -> None:
            if layer.biases:
                places = [f"{self.gradient + layer.first * lanes} + ({unit} + {j})*{lanes}" for j in range(units)]
                added(places, [f"_d_{j}" for j in range(units)], unit, units)
            lines.tiled("_i", layer.below, BELOW, lambda below, count: products(unit, units, below, count))

        def products(unit: str, units: int, below: str, count: int) -> None:
            pairs = list(product(range(count), range(units)))
            places = [self.weight(layer, f"{below} + {i}", f"{unit} + {j}", self.gradient) for i, j in pairs]
            values = {f"_a_{i}": self.below(number, point, "_t", f"{below} + {i}") for i in range(count)}
            added(places, [f"_a_{i}*_d_{j}" for i, j in pairs], unit, units, values)

        def added(places: list[str], terms: list[str], unit: str, units: int, values: Mapping[str, str] = NONE) -> None:
            lines.say(*(f"_g_{k} = load(scratch, {place})" for k, place in enumerate(places)))
            lines.say(f"for _t in range({size}):")
            lines.say(
                *(f"    _d_{j} = load(scratch, {self.at(number, 2, '_t', f'{unit} + {j}')})" for j in range(units))
            )
            lines.say(*(f"    {name} = {value}" for name, value in values.items()))
            lines.say(*(f"    _g_{k} = _g_{k} + {term}" for k, term in enumerate(terms)))
            lines.say(*(f"store(scratch, {place}, _g_{k})" for k, place in enumerate(places)))

        lines.tiled("_j", layer.units, self.units, weights)

    def _back(self, number: int, first: str, size: int) -> None:
        """The derivatives of a hidden layer's units from those of the layer above."""
        layer, above, lines = self.layers[number], self.layers[number + 1], self.lines
        assert layer.slope is not None
        slope = layer.slope

        def units(unit: str, count: int) -> None:
            pairs = list(product(range(size), range(count)))
            lines.say(*(f"_s_{t}_{j} = every(scratch, 0.0)" for t, j in pairs))
            lines.say(f"for _k in range({above.units}):")
            for j in range(count):
                lines.say(f"    _w_{j} = load(scratch, {self.weight(above, f'{unit} + {j}', '_k')})")
            for t in range(size):
                lines.say(f"    _d_{t} = load(scratch, {self.at(number + 1, 2, f'{first} + {t}', '_k')})")
            lines.say(*(f"    _s_{t}_{j} = _s_{t}_{j} + _d_{t}*_w_{j}" for t, j in pairs))
            for t, j in pairs:
                into, out, own = (self.at(number, which, f"{first} + {t}", f"{unit} + {j}") for which in range(3))
                names = {BACK: f"_s_{t}_{j}", SUM: "_z", OUT: "_o"}
                if SUM in slope.names:
                    lines.say(f"_z = load(scratch, {into})")
                if OUT in slope.names:
                    lines.say(f"_o = load(scratch, {out})")
                lines.say(f"store(scratch, {own}, {self.written(slope, names)})")

        lines.tiled("_j", layer.units, self.units, units)

    def _update(self) -> None:
        """The step itself, after which it is seen which lanes are still finite."""
        spec, lines = self.spec, self.lines
        lines.depth = 3
        lines.say(
            "_success = where(both(_right, less(_success, 0.0)), every(scratch, _step), _success)",
            "if _step < steps:",
            "    _check = every(scratch, 0.0)",
            *step_begins(spec, "    "),
        )
        for layer, factor in zip(self.layers, self.program.factors, strict=True):
            # The rate times the factor is the same in every step.
            scaled = f"{float(factor)!r}*" if factor != 1 else ""
            slope = f"{spec.scale}{scaled}load(scratch, {self.gradient} + _i*{spec.lanes})"
            lines.say(f"    for _i in range({layer.first}, {layer.end}):")
            lines.depth += 2
            self._parameter(spec.rate_of(layer.first), slope)
            lines.depth -= 2
        lines.say(
            "    _finite = equal(_check, 0.0)",
            "    _lived = where(_finite, _lived + 1.0, _lived)",
            "    if not any_lane(_finite):",
            "        break",
        )

    def _parameter(self, rate: str, slope: str) -> None:
        """The step of a parameter whose number is ``_i``."""
        spec, lines, made = self.spec, self.lines, self.spec.made
        names = {PARAMETER: f"load(scratch, _i*{spec.lanes})", RATE: rate, GRADIENT: slope}
        states = {name: f"{spec.state(which)} + _i*{spec.lanes}" for which, name in enumerate(spec.update.state)}
        if not made.plain:
            lines.say(f"_slope = {slope}", f"_w = {names[PARAMETER]}")
            names |= {PARAMETER: "_w", GRADIENT: "_slope"}
        for which, (name, place) in enumerate(states.items()):
            names[name] = f"_v{which}"
            lines.say(f"_v{which} = load(scratch, {place})")
        lines.say(*(f"{place} = {text}" for place, text in made.printed(names, "_p", self.printer.write)))
        lines.say(*(f"store(scratch, {place}, {names[name]})" for name, place in states.items()))
        lines.say(f"store(scratch, _i*{spec.lanes}, _p)", "_check = _check + _p*0.0")


def rolled_kernel(spec: KernelSpec, wide: bool) -> PrintedKernel:
    """The kernel of a larger network, for many registers or for few."""
    made = RolledSource(spec, rolled_program(spec.graph), wide)
    return PrintedKernel(made.source(), spec.lanes, made.scratch)
