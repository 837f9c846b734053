"""A training kernel in which several lanes of a warp share a network, each with some of its hidden units.

The weights of a lane's own units, their gradient and the state of the rule stay in registers; of a point, lanes add up
what their units bring to the outputs, and each then does all that follows from there. A network of a layer of hidden
units is thus too large for one thread's registers and still never leaves them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from gradlab.codegen._kernel_spec import KernelSpec
from gradlab.codegen._numba_rolled import RolledSource
from gradlab.codegen._numba_source import ending, evaluation, is_straight, step_begins
from gradlab.codegen._rolled import BACK, MOST_WRITTEN, OUT, SUM, TOTAL, NotRegularError, RolledLayer, rolled_program
from gradlab.graph import NetworkGraph
from gradlab.rules import GRADIENT, PARAMETER, RATE

WIDTHS = (8, 16)  # hidden units of the networks that lanes share
KEPT, REGISTERS = 160, 200  # of 255, for what a lane keeps, and with what it has of some points
VECTOR = 16  # bytes that are read at once
SHARED_MEMORY = 48 * 1024  # bytes of a block's own, up to which nobody has to ask for them
TOGETHER = (4, 2, 1)  # how many points are done at once
ARGUMENTS = (
    "parameters, rates, own, data, points, gap, steps, runs, curves_wanted, lane, mask, scratch, "
    "initial, loss, right, lived, success, curves, ends, ends_wanted"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A parameter that a lane keeps.

    Attributes:
        name: of its variable.
        index: where it stands among all parameters.
        layer: of weights, whose number it has.
    """

    name: str
    index: str
    layer: int


def can_share(graph: NetworkGraph) -> bool:
    """Whether lanes can share a network: it has one layer of 8 or 16 hidden units, and is too large for a thread."""
    fits = len(graph.sizes) == 3 and graph.sizes[1] in WIDTHS and graph.sizes[2] <= MOST_WRITTEN
    if not fits or is_straight(graph) or graph.sizes[0] > WIDTHS[-1]:
        return False
    try:
        rolled_program(graph)
    except NotRegularError:
        return False
    return True


def fewest_lanes(graph: NetworkGraph, states: int, size: int) -> int:
    """As few lanes for a network as have the registers.

    Args:
        graph: the network.
        states: how many numbers the rule keeps beside each parameter.
        size: bytes of a number.
    """
    lanes = 2
    while lanes < graph.sizes[1] and registers(graph, lanes, states, size) > KEPT:
        lanes *= 2
    return lanes


def lanes_for(graph: NetworkGraph, states: int, size: int, runs: int, busy: int) -> int:
    """How many lanes share a network: more than have to where few networks are to fill a GPU.

    Args:
        graph: the network.
        states: how many numbers the rule keeps beside each parameter.
        size: bytes of a number.
        runs: how many networks there are.
        busy: how many threads keep the GPU busy.
    """
    lanes = fewest_lanes(graph, states, size)
    while lanes < graph.sizes[1] and runs * lanes < busy:
        lanes *= 2
    return lanes


def registers(graph: NetworkGraph, lanes: int, states: int, size: int, points: int = 0) -> int:
    """How many registers a lane needs: for its weights, their gradient and state, and what it has of some points."""
    inputs, width, outputs = graph.sizes
    kept = (inputs + outputs + graph.biases) * (width // lanes) * (2 + states)
    return (kept + points * (inputs + 2 * width // lanes)) * size // 4


class LanesSource(RolledSource):
    """Prints the kernel of a network.

    Args:
        spec: what it is for.
        lanes: how many lanes share a network.

    Attributes:
        row_length: how many numbers a row of inputs takes.
        copied: whether a block copies all inputs into its own memory.
    """

    def __init__(self, spec: KernelSpec, lanes: int) -> None:
        super().__init__(replace(spec, lanes=1), rolled_program(spec.graph), wide=False)
        self.lanes, self.own_units = lanes, spec.graph.sizes[1] // lanes
        size, states = spec.table.itemsize, len(spec.update.state)
        # However many lanes there are, losses are added up alike.
        fewest = fewest_lanes(spec.graph, states, size)
        fitting = [n for n in TOGETHER if registers(spec.graph, fewest, states, size, n) <= REGISTERS]
        self.tile = self.batch = next(n for n in (*fitting, 1) if spec.points % n == 0)
        self.kept = list(self._kept())
        # Rows of inputs begin where several of them are read at once.
        each = VECTOR // size
        self.row_length = -(-spec.graph.sizes[0] // each) * each
        self.copied = spec.points * self.row_length * size <= SHARED_MEMORY
        if not self.copied:
            self.row_length = self.columns

    def _kept(self) -> Iterator[Place]:
        hidden, top = self.layers
        for k in range(self.own_units):
            unit = f"(lane*{self.own_units} + {k})"
            if hidden.biases:
                yield Place(f"_b_{k}", f"{hidden.first} + {unit}", 0)
            for i in range(hidden.below):
                yield Place(f"_w_{i}_{k}", f"{hidden.first_weight + i * hidden.units} + {unit}", 0)
            for o in range(top.units):
                yield Place(f"_u_{k}_{o}", f"{top.first_weight + o} + {unit}*{top.units}", 1)
        if top.biases:
            yield from (Place(f"_c_{o}", str(top.first + o), 1) for o in range(top.units))

    def source(self) -> str:
        """The source of the kernel."""
        spec, lines = self.spec, self.lines
        lines.append(f"def kernel({ARGUMENTS}):")
        lines.depth = 1
        self._begin()
        lines.say("for _step in range(steps + 1):")
        lines.depth = 2
        lines.say(
            "_evaluated = _step == 0 or _step == steps or curves_wanted",
            "_total = every(scratch, 0.0)",
            "_right = less(_success, inf)",
            *(f"_g{place.name} = every(scratch, 0.0)" for place in self.kept),
            f"for _point in range(0, {spec.points}, {self.tile}):",
        )
        lines.depth = 3
        self._points("_point", self.tile)
        lines.depth = 2
        lines.say("if _evaluated:", f"    _loss = _total*{1 / spec.points!r}")
        lines.extend(evaluation(spec, "    " * 3))
        self._step()
        lines.extend(line[4:] for line in ending(spec))
        self._end()
        return "\n".join(lines) + "\n"

    def _begin(self) -> None:
        """A lane's own parameters and state, and the numbers of the run."""
        spec, count = self.spec, len(self.spec.graph.parameters)
        mean = f"*{1 / spec.points!r}" if spec.made.plain else ""
        numbers = len(spec.update.numbers)
        self.lines.say(
            "_block = 0",
            *(f"_rate_{i} = load(rates, {i}){mean}" for i in range(spec.rates)),
            *(f"_number_{i} = load(own, {i})" for i in range(numbers)),
            *(f"{name} = {self.printer.write(formula)}" for name, formula in spec.made.per_run),
        )
        for place in self.kept:
            self.lines.say(f"{place.name} = load(parameters, {place.index})")
            for which in range(len(spec.update.state)):
                self.lines.say(f"_v{which}{place.name} = load(own, {numbers + which * count} + {place.index})")
        self.lines.say("_lived = every(scratch, 0.0)", "_success = every(scratch, -1.0)", "_loss = every(scratch, nan)")

    def _points(self, point: str, size: int) -> None:
        """A few points, forward and back."""
        hidden, top = self.layers
        lines = self.lines
        for t in range(size):
            row = f"({point} + {t})*{self.row_length}"
            lines.say(*(f"_x_{t}_{i} = spread(points, {row} + {i})" for i in range(hidden.below)))
        for t, k in product(range(size), range(self.own_units)):
            self._unit(hidden, t, k)
        self._last(point, "0", size)
        # The last time round, only the loss is wanted.
        lines.say("if _step < steps:")
        lines.depth += 1
        for t in range(size):
            lines.say(*(f"_d_{t}_{o} = load(scratch, {self.at(1, 2, f'0 + {t}', str(o))})" for o in range(top.units)))
            for k in range(self.own_units):
                self._unit_back(hidden, top, t, k)
            if top.biases:
                lines.say(*(f"_g_c_{o} = _g_c_{o} + _d_{t}_{o}" for o in range(top.units)))
        lines.depth -= 1

    def _unit(self, layer: RolledLayer, t: int, k: int) -> None:
        """What a hidden unit gives on at a point."""
        products = " + ".join(f"_x_{t}_{i}*_w_{i}_{k}" for i in range(layer.below))
        self.lines.say(f"_s = {f'_b_{k} + ' if layer.biases else ''}{products}")
        made, names = layer.from_total, {TOTAL: "_s", SUM: f"_i_{t}_{k}"}
        if made is None:
            made = layer.value
            self.lines.say(f"_i_{t}_{k} = {self.written(layer.scaled, names)}")
        assert made is not None
        self.lines.say(f"_o_{t}_{k} = {self.written(made, names)}")

    def _unit_back(self, hidden: RolledLayer, top: RolledLayer, t: int, k: int) -> None:
        """The derivatives that a hidden unit brings at a point."""
        outputs, lines = range(top.units), self.lines
        assert hidden.slope is not None
        lines.say(*(f"_g_u_{k}_{o} = _g_u_{k}_{o} + _d_{t}_{o}*_o_{t}_{k}" for o in outputs))
        lines.say("_s = " + " + ".join(f"_d_{t}_{o}*_u_{k}_{o}" for o in outputs))
        names = {BACK: "_s", SUM: f"_i_{t}_{k}", OUT: f"_o_{t}_{k}"}
        lines.say(f"_s = {self.written(hidden.slope, names)}")
        if hidden.biases:
            lines.say(f"_g_b_{k} = _g_b_{k} + _s")
        lines.say(*(f"_g_w_{i}_{k} = _g_w_{i}_{k} + _x_{t}_{i}*_s" for i in range(hidden.below)))

    def sums(self, number: int, point: str, first: str, size: int, unit: str, units: int) -> None:
        """The totals of the outputs: each lane's part, added up over the lanes."""
        biases = self.layers[number].biases
        for t, j in product(range(size), range(units)):
            o = int(unit) + j
            part = _by_halves([f"product(_o_{t}_{k}, _u_{k}_{o})" for k in range(self.own_units)])
            self.lines.say(f"_s_{t}_{j} = {f'_c_{o} + ' if biases else ''}shared({part}, {self.lanes}, mask)")

    def _step(self) -> None:
        """The step itself, after which it is seen whether the network is still finite."""
        spec, lines, made = self.spec, self.lines, self.spec.made
        lines.say(
            "_success = where(both(_right, less(_success, 0.0)), every(scratch, _step), _success)",
            "if _step < steps:",
            "    _check = every(scratch, 0.0)",
            *step_begins(spec, "    "),
        )
        lines.depth += 1
        for place in self.kept:
            factor = self.program.factors[place.layer]
            slope = f"{spec.scale}{f'{float(factor)!r}*' if factor != 1 else ''}_g{place.name}"
            if not made.plain:
                lines.say(f"_slope = {slope}")
                slope = "_slope"
            names = {PARAMETER: place.name, RATE: spec.rate_of(self.layers[place.layer].first), GRADIENT: slope}
            names |= {kept: f"_v{which}{place.name}" for which, kept in enumerate(spec.update.state)}
            lines.say(*(f"{to} = {text}" for to, text in made.printed(names, place.name, self.printer.write)))
            lines.say(f"_check = _check + {place.name}*0.0")
        lines.say(
            f"_finite = equal(shared(_check, {self.lanes}, mask), 0.0)",
            "_lived = where(_finite, _lived + 1.0, _lived)",
            "if not any_lane(_finite):",
            "    break",
        )
        lines.depth -= 1

    def _end(self) -> None:
        """What is said of the run, and each lane's parameters and state."""
        spec, lines, count = self.spec, self.lines, len(self.spec.graph.parameters)
        lines.depth = 1
        for name in ("initial", "loss", "right", "lived", "success"):
            lines.say(f"{name}[0] = load(scratch, {spec.row(name)})")
        lines.say("if ends_wanted:")
        lines.say(*(f"    store(ends, {place.index}, where(_alive, {place.name}, nan))" for place in self.kept))
        for which in range(len(spec.update.state)):
            start = len(spec.update.numbers) + which * count
            lines.say(*(f"store(own, {start} + {place.index}, _v{which}{place.name})" for place in self.kept))


def _by_halves(parts: list[str]) -> str:
    """A sum as lanes add up what each of them has: the same bits however many lanes there are."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return f"({_by_halves(parts[:half])} + {_by_halves(parts[half:])})"
