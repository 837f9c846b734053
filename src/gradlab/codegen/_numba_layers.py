"""What all parts of a rolled kernel share: its lines, where it keeps what, and the sums of a layer's units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

from gradlab.codegen._kernel_spec import KernelSpec
from gradlab.codegen._numba_source import NumbaPrinter
from gradlab.codegen._rolled import RolledLayer, RolledProgram
from gradlab.graph import Expression, Ref, substitute

POINTS = (4, 5, 3)  # how many points a tile may have
UNITS, FEWER_UNITS = 4, 2  # 4 points times 4 units are 16 sums, and 8 numbers that they are made of
TILES = (4, 3, 5, 2)  # how many tiles a batch may have


class Lines(list[str]):
    """Lines of source, and how far they are moved in."""

    depth = 2

    def say(self, *lines: str) -> None:
        """Add lines."""
        self.extend("    " * self.depth + line for line in lines)

    def tiled(self, name: str, count: int, size: int, body: Callable[[str, int], None]) -> None:
        """A loop over full tiles, and what is left of them behind it; the body is told where a tile starts."""
        full = count // size
        if full == 1:
            body("0", size)
        elif full:
            self.say(f"for {name} in range(0, {full * size}, {size}):")
            self.depth += 1
            body(name, size)
            self.depth -= 1
        if count % size:
            body(str(full * size), count % size)


def _dividing(count: int, sizes: tuple[int, ...]) -> int:
    """The first of the sizes that leaves none over, else the first."""
    return next((size for size in sizes if count % size == 0), sizes[0])


class LayerSource:
    """The lines of a kernel, and its places in the scratch memory.

    Args:
        spec: what it is for.
        program: what it computes.
        wide: whether there are 32 registers, as where vectors are longest, and not 16.
    """

    def __init__(self, spec: KernelSpec, program: RolledProgram, wide: bool) -> None:
        self.spec, self.program, self.layers = spec, program, program.layers
        self.lines, self.printer = Lines(), NumbaPrinter()
        self.columns = len(spec.graph.columns)
        self.count = len(spec.graph.parameters)
        self.tile = _dividing(spec.points, POINTS)
        # How many points go forward and back before their derivatives are added to the gradient.
        self.batch = self.tile * _dividing(spec.points // self.tile, TILES)
        self.units = UNITS if wide else FEWER_UNITS
        at = spec.scratch
        self.gradient = at
        at += self.count * spec.lanes
        # For each layer of units what they take in, give on, and their derivatives, point by point.
        self.places: list[tuple[int, int, int]] = []
        for layer in self.layers:
            size = layer.units * self.batch * spec.lanes
            self.places.append((at, at + size, at + 2 * size))
            at += 3 * size
        # For each output, point by point, what one round over the outputs leaves to a later one.
        self.left: dict[str, int] = {}
        for name in program.rounds.kept if program.rounds else ():
            self.left[name] = at
            at += self.layers[-1].units * self.tile * spec.lanes
        self.scratch = at

    def below(self, number: int, point: str, t: str, unit: str) -> str:
        """What a unit below a layer gives on for a point of the batch, or an input."""
        if number == 0:
            return f"spread(data, ({point} + {t})*{self.columns} + {unit})"
        return f"load(scratch, {self.at(number - 1, 1, t, unit)})"

    def at(self, number: int, which: int, t: str, unit: str) -> str:
        """Where a unit of a layer has what it takes in (0), gives on (1), or its derivative (2) for a point."""
        lanes = self.spec.lanes
        return f"{self.places[number][which]} + (({t})*{self.layers[number].units} + {unit})*{lanes}"

    def weight(self, layer: RolledLayer, below: str, unit: str, of: int = 0) -> str:
        """Where the weight between two units is, or with ``of`` its derivative."""
        lanes = self.spec.lanes
        return f"{of + layer.first_weight * lanes} + (({below})*{layer.units} + {unit})*{lanes}"

    def sums(self, number: int, point: str, first: str, size: int, unit: str, units: int) -> None:
        """The totals of some units for some points, in registers ``_s_t_j``."""
        layer, lines, lanes = self.layers[number], self.lines, self.spec.lanes
        pairs = list(product(range(size), range(units)))
        for j in range(units):
            bias = f"load(scratch, {layer.first * lanes} + ({unit} + {j})*{lanes})" if layer.biases else None
            lines.say(*(f"_s_{t}_{j} = {bias or 'every(scratch, 0.0)'}" for t in range(size)))
        lines.say(f"for _i in range({layer.below}):")
        lines.depth += 1
        lines.say(*(f"_w_{j} = load(scratch, {self.weight(layer, '_i', f'{unit} + {j}')})" for j in range(units)))
        lines.say(*(f"_a_{t} = {self.below(number, point, f'{first} + {t}', '_i')}" for t in range(size)))
        lines.say(*(f"_s_{t}_{j} = _s_{t}_{j} + _a_{t}*_w_{j}" for t, j in pairs))
        lines.depth -= 1

    def written(self, formula: Expression, names: Mapping[str, str]) -> str:
        """A formula in which names stand for texts."""
        known: dict[str, Expression] = {name: Ref(text) for name, text in names.items()}
        return self.printer.write(substitute(formula, known))
