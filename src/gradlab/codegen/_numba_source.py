"""A training kernel in Numba's words: straight-line code for small networks, in which a lane is a network.

Points are unrolled, all of them where that stays short: their numbers are then known when the kernel is printed, and
products with 0 and 1 are gone. Else a few points at a time are unrolled inside of a loop. The statements of
different points alternate, as each of them alone is a chain in which the processor would wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gradlab.codegen._approximations import UNITS
from gradlab.codegen._kernel import (
    PointProgram,
    Statements,
    at_point,
    factors_of,
    needed_for,
    point_program,
    product_of,
)
from gradlab.codegen._kernel_spec import ROWS, KernelSpec
from gradlab.codegen._printer import ATOM, KernelPrinter
from gradlab.graph import ONE, PRODUCT, Apply, Expression, NetworkGraph, Ref, add, as_number, mul, number
from gradlab.rules import GRADIENT, PARAMETER, RATE

MOST_STRAIGHT = 30  # parameters, up to which all quantities of a network find room in registers and beside them
LONGEST = 300
MOST_TOGETHER = 8
LARGEST_POWER = 16
ARGUMENTS = (
    "parameters, rates, own, data, gap, steps, first, last, runs, curves_wanted, scratch, "
    "initial, loss, right, lived, success, curves"
)


class NumbaPrinter(KernelPrinter):
    """Spells formulas in the operations of a kernel."""

    def __init__(self) -> None:
        super().__init__("numba", frozenset())

    def constant(self, value: Any) -> tuple[str, int]:
        """Always a float."""
        return repr(float(value)), ATOM

    def function(self, expression: Apply) -> tuple[str, int]:
        """A function; of a product with a number, one that takes its argument in units, into which the number goes."""
        value, factors = factors_of(expression.args[0])
        if expression.primitive not in UNITS or abs(value) == 1:
            return super().function(expression)
        argument = product_of(value * Fraction(UNITS[expression.primitive]), factors)
        return f"{expression.primitive}_units({self.write(argument)})", ATOM

    def power(self, expression: Apply) -> tuple[str, int]:
        """A whole power as a product, one below 0 as the product's reciprocal."""
        base, exponent = expression.args
        value = as_number(exponent)
        if value is None or value.denominator != 1 or not 1 <= abs(value) <= LARGEST_POWER:
            return f"raised({self.write(base)}, {self.write(exponent)})", ATOM
        whole = Apply("mul", (base,) * abs(int(value)))
        return self.product(whole) if value > 0 else (f"1.0/{self.write(whole, ATOM)}", PRODUCT)


def prologue(spec: KernelSpec) -> Iterator[str]:
    """The head of a kernel and the way of a block's runs into the scratch memory, lane by lane."""
    count, lanes = len(spec.graph.parameters), spec.lanes
    yield f"def kernel({ARGUMENTS}):"
    yield "    align_stack()"
    yield "    _mode = flush_subnormals()"
    yield "    for _block in range(first, last):"
    yield f"        for _lane in range({lanes}):"
    # Lanes without a run of their own repeat the last one.
    yield f"            _run = min(_block*{lanes} + _lane, runs - 1)"
    yield f"            for _i in range({count}):"
    yield f"                scratch[_i*{lanes} + _lane] = parameters[_run*{count} + _i]"
    yield f"            for _i in range({spec.rates}):"
    yield f"                scratch[({count} + _i)*{lanes} + _lane] = rates[_run*{spec.rates} + _i]"
    if spec.owned:
        yield f"            for _i in range({spec.owned}):"
        yield f"                scratch[{spec.own} + _i*{lanes} + _lane] = own[_run*{spec.owned} + _i]"
    mean = f"*{1 / spec.points!r}" if spec.made.plain else ""
    for i in range(spec.rates):
        yield f"        _rate_{i} = load(scratch, {(count + i) * lanes}){mean}"
    for i in range(len(spec.update.numbers)):
        yield f"        _number_{i} = load(scratch, {spec.own + i * lanes})"
    for name, formula in spec.made.per_run:
        yield f"        {name} = {NumbaPrinter().write(formula)}"


def step_begins(spec: KernelSpec, indent: str) -> Iterator[str]:
    """What a step computes for all parameters."""
    if spec.scheduled:
        for i in range(spec.rates):
            yield f"{indent}_eta_{i} = _rate_{i}*spread(data, {spec.behind + 1} + _step)"
    if spec.made.counts:
        yield f"{indent}_count = spread(data, {spec.behind}) + (_step + 1.0)"
    for name, formula in spec.made.per_step:
        yield f"{indent}{name} = {NumbaPrinter().write(formula)}"


def epilogue(spec: KernelSpec) -> Iterator[str]:
    """What is said of each run, and the way of a block's runs back into the arrays."""
    count, lanes = len(spec.graph.parameters), spec.lanes
    yield f"        for _lane in range(min({lanes}, runs - _block*{lanes})):"
    yield f"            _run = _block*{lanes} + _lane"
    yield f"            for _i in range({count}):"
    yield f"                parameters[_run*{count} + _i] = scratch[_i*{lanes} + _lane]"
    if spec.owned:
        yield f"            for _i in range({spec.owned}):"
        yield f"                own[_run*{spec.owned} + _i] = scratch[{spec.own} + _i*{lanes} + _lane]"
    for name in ROWS[:-1]:
        yield f"            {name}[_run] = scratch[{spec.row(name)} + _lane]"
    yield "    restore_mode(_mode)"


def ending(spec: KernelSpec) -> Iterator[str]:
    """What is said of each lane, and which still have finite parameters, after the last step."""
    yield "        _alive = less(steps - 0.5, _lived)"
    yield f"        store(scratch, {spec.row('loss')}, where(_alive, _loss, nan))"
    yield f"        store(scratch, {spec.row('lived')}, _lived)"
    yield f"        store(scratch, {spec.row('success')}, _success)"
    yield f"        store(scratch, {spec.row('right')}, where(both(_alive, _right), every(scratch, 1.0), 0.0))"


def evaluation(spec: KernelSpec, indent: str) -> Iterator[str]:
    """What is kept of a step's losses."""
    yield f"{indent}if _step == 0:"
    yield f"{indent}    store(scratch, {spec.row('initial')}, _loss)"
    yield f"{indent}if curves_wanted:"
    yield f"{indent}    store(scratch, {spec.row('curve')}, where(less(_step - 0.5, _lived), _loss, nan))"
    yield f"{indent}    for _lane in range(min({spec.lanes}, runs - _block*{spec.lanes})):"
    yield f"{indent}        curves[(_block*{spec.lanes} + _lane)*(steps + 1) + _step] = (\n" + (
        f"{indent}            scratch[{spec.row('curve')} + _lane])"
    )


@dataclass(frozen=True, slots=True)
class PrintedKernel:
    """A kernel before it is compiled.

    Attributes:
        source: its text.
        lanes: how many networks a block has.
        scratch: how many numbers the memory of a block holds.
    """

    source: str
    lanes: int
    scratch: int


def is_straight(graph: NetworkGraph) -> bool:
    """Whether a network is so small that its kernel is straight-line code."""
    return len(graph.parameters) <= MOST_STRAIGHT


def straight_kernel(spec: KernelSpec) -> PrintedKernel:
    """The kernel of a small network."""
    printer = NumbaPrinter()
    program = point_program(spec.graph)
    together = _together(program, spec.points)
    tile = _tile(spec, program, together)
    lines = list(prologue(spec))
    parameters = spec.graph.parameters
    for i, name in enumerate(parameters):
        lines.append(f"        {name} = load(scratch, {i * spec.lanes})")
        lines += [
            f"        _v{which}_{name} = load(scratch, {spec.state(which) + i * spec.lanes})"
            for which in range(len(spec.update.state))
        ]
    lines += [
        "        _lived = every(scratch, 0.0)",
        "        _success = every(scratch, -1.0)",
        "        _loss = every(scratch, nan)",
        "        _right = less(_success, gap - inf)",
        "        for _step in range(steps + 1):",
        "            _evaluated = _step == 0 or _step == steps or curves_wanted",
        "            _total = every(scratch, 0.0)",
    ]
    lines += _whole_batch(printer, tile) if together == spec.points else _in_tiles(printer, spec, tile, together)
    lines.append("            if _evaluated:")
    lines.append(f"                _loss = _total*{1 / spec.points!r}")
    lines += evaluation(spec, " " * 16)
    lines += _update(printer, spec, program)
    lines += ending(spec)
    lines += [
        f"        store(scratch, {i * spec.lanes}, where(_alive, {name}, nan))" for i, name in enumerate(parameters)
    ]
    for which in range(len(spec.update.state)):
        lines += [
            f"        store(scratch, {spec.state(which) + i * spec.lanes}, _v{which}_{name})"
            for i, name in enumerate(parameters)
        ]
    lines += epilogue(spec)
    return PrintedKernel("\n".join(lines) + "\n", spec.lanes, spec.scratch)


def _together(program: PointProgram, points: int) -> int:
    """How many points are unrolled: all, or a divisor of their number."""
    size = len(program.statements) + len(program.gradient)
    if points * size <= LONGEST:
        return points
    return max(k for k in range(1, MOST_TOGETHER + 1) if points % k == 0 and (k == 1 or k * size <= LONGEST))


@dataclass(frozen=True, slots=True)
class _Tile:
    """Several points at once: statements that alternate, and the results of each point."""

    inputs: tuple[tuple[str, str], ...]
    statements: Statements
    points: tuple[PointProgram, ...]
    weights: tuple[tuple[str, str], ...]

    @property
    def needed_always(self) -> Statements:
        """The statements that every step needs."""
        return needed_for(self.statements, (result for point in self.points for result in point.always))

    def gradient(self, parameter: int) -> Expression:
        """The sum of these points for a parameter."""
        parts = [point.gradient[parameter] for point in self.points]
        if self.weights:
            parts = [mul(Ref(name), part) for (name, _), part in zip(self.weights, parts, strict=True)]
        return add(*parts)


def _tile(spec: KernelSpec, program: PointProgram, together: int) -> _Tile:
    columns, table = spec.graph.columns, spec.table
    whole = together == spec.points
    inputs: list[tuple[str, str]] = []
    points = []
    for k in range(together):
        values: dict[str, Expression] = {}
        for i, name in enumerate(columns):
            if whole and table[k][i] in (0.0, 1.0, -1.0):
                values[name] = number(int(table[k][i]))
            else:
                values[name] = Ref(f"{name}_p{k}")
                start = "" if whole else f"_tile*{together * len(columns)} + "
                inputs.append((f"{name}_p{k}", f"spread(data, {start}{k * len(columns) + i})"))
        points.append(at_point(program, values, f"_p{k}"))
    named = [dict(point.statements) for point in points]
    mixed = [
        (f"{name}_p{k}", named[k][f"{name}_p{k}"])
        for name, _ in program.statements
        for k in range(together)
        if f"{name}_p{k}" in named[k]
    ]
    first = "" if whole else f"_tile*{together} + "
    weights = [(f"_weight_p{k}", spec.weight(f"{first}{k}")) for k in range(together)] if spec.weighted else []
    return _Tile(tuple(inputs), tuple(mixed), tuple(points), tuple(weights))


def _whole_batch(printer: NumbaPrinter, tile: _Tile) -> Iterator[str]:
    """All points, unrolled."""
    yield from _statements(printer, tile, " " * 12)
    for i, point in enumerate(tile.points):
        below = f"less({printer.write(point.margin)}, gap)"
        yield f"            _right = {f'both(_right, {below})' if i else below}"
    for i in range(len(tile.points[0].gradient)):
        yield f"            _g_{i} = {printer.write(tile.gradient(i))}"
    yield from _losses(printer, tile, " " * 12)


def _in_tiles(printer: NumbaPrinter, spec: KernelSpec, tile: _Tile, together: int) -> Iterator[str]:
    """A few points at a time, in a loop."""
    count = len(tile.points[0].gradient)
    yield "            _right = less(_success, inf)"
    for i in range(count):
        yield f"            _g_{i} = every(scratch, 0.0)"
    yield f"            for _tile in range({spec.points // together}):"
    yield from _statements(printer, tile, " " * 16)
    for point in tile.points:
        yield f"                _right = both(_right, less({printer.write(point.margin)}, gap))"
    for i in range(count):
        yield f"                _g_{i} = _g_{i} + ({printer.write(tile.gradient(i))})"
    yield from _losses(printer, tile, " " * 16)


def _statements(printer: NumbaPrinter, tile: _Tile, indent: str) -> Iterator[str]:
    """What every step computes."""
    always = tile.needed_always
    wanted = {name for point in tile.points for result in (*point.always, point.loss) for name in result.names}
    wanted.update(name for _, formula in tile.statements for name in formula.names)
    yield from (f"{indent}{name} = {text}" for name, text in tile.inputs if name in wanted)
    yield from (f"{indent}{name} = {text}" for name, text in tile.weights)
    yield from (f"{indent}{name} = {printer.write(formula)}" for name, formula in always)


def _losses(printer: NumbaPrinter, tile: _Tile, indent: str) -> Iterator[str]:
    """What only the steps compute whose loss is wanted."""
    always = dict(tile.needed_always)
    yield f"{indent}if _evaluated:"
    for name, formula in needed_for(tile.statements, (point.loss for point in tile.points)):
        if name not in always:
            yield f"{indent}    {name} = {printer.write(formula)}"
    yield f"{indent}    _total = _total + ({printer.write(add(*(point.loss for point in tile.points)))})"


def _update(printer: NumbaPrinter, spec: KernelSpec, program: PointProgram) -> Iterator[str]:
    """The step itself, after which it is seen which lanes are still finite."""
    indent = " " * 16
    yield "            _success = where(both(_right, less(_success, 0.0)), every(scratch, _step), _success)"
    yield "            if _step < steps:"
    yield from step_begins(spec, indent)
    # All new values before the first is written: a factor may be another parameter.
    for i, name in enumerate(spec.graph.parameters):
        factor = program.factors[i]
        # The rate times the factor first: several parameters have the same.
        slope = f"{spec.scale}{'' if factor == ONE else f'({printer.write(factor)})*'}_g_{i}"
        names = {PARAMETER: name, RATE: spec.rate_of(i), GRADIENT: slope}
        names |= {kept: f"_v{which}_{name}" for which, kept in enumerate(spec.update.state)}
        if not spec.made.plain:
            yield f"{indent}_slope = {slope}"
            names[GRADIENT] = "_slope"
        for place, text in spec.made.printed(names, f"_n_{name}", printer.write):
            yield f"{indent}{place} = {text}"
    for name in spec.graph.parameters:
        yield f"{indent}{name} = _n_{name}"
    # 0 x is 0 for every finite x and NaN for every other.
    yield f"{indent}_check = " + f"\n{indent}_check = _check + ".join(f"{n}*0.0" for n in spec.graph.parameters)
    yield f"{indent}_finite = equal(_check, 0.0)"
    yield f"{indent}_lived = where(_finite, _lived + 1.0, _lived)"
    yield f"{indent}if not any_lane(_finite):"
    yield f"{indent}    break"
