"""Derivation -> WebAssembly modules: a function with its gradient, a network with its loss, and its training.

A lane is a point where a function is computed or a network predicts, and a network where it is trained. Arrays lie one
behind the other in the memory that the module is given, in its number type, each number at a multiple of its size.
Printing needs neither NumPy nor a WebAssembly engine: it is done in the browser, by the browser's own Python.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gradlab._errors import GradlabError
from gradlab.codegen._approximations import FORMATS
from gradlab.codegen._kernel_spec import KernelSpec
from gradlab.codegen._numba_rolled import rolled_kernel
from gradlab.codegen._numba_source import NumbaPrinter, is_straight, straight_kernel
from gradlab.codegen._schedule import (
    Program,
    hessian_vector_program,
    network_programs,
    programs_for,
    value_program,
)
from gradlab.codegen._update import kernel_update
from gradlab.codegen.wasm._bytes import Function, module
from gradlab.codegen.wasm._translate import translate
from gradlab.codegen.wasm._values import Kind, Machine
from gradlab.graph import Graph, NetworkGraph
from gradlab.rules import GRADIENT, PARAMETER, RATE, GradientDescent, Update

Lines = Iterable[str]


@dataclass(frozen=True, slots=True)
class WasmModule:
    """A module that takes its memory as ``env.memory`` and exports functions without results.

    Attributes:
        code: its bytes.
        source: the text it is translated from, as Numba has it: what each function does, in readable form.
        dtype: the number type of its arrays, "float32" or "float64".
        lanes: how many points or networks are computed at once; a block of them.
        scratch: how many numbers of its own memory ``kernel`` wants; 0 for the other functions.
    """

    code: bytes
    source: str
    dtype: str
    lanes: int
    scratch: int = 0

    @property
    def functions(self) -> dict[str, tuple[str, ...]]:
        """The exported functions with the names of what they are given, in order.

        All are ``i32``: where an array begins, in bytes, or a whole number; but for ``gap``, which is a float, and
        ``counter``, ``above``, ``low`` and ``high``, which are ``i64``.
        """
        made = [node for node in ast.parse(self.source).body if isinstance(node, ast.FunctionDef)]
        return {node.name: tuple(arg.arg.lstrip("_") for arg in node.args.args) for node in made}


def function_module(graph: Graph, output: str, variables: Sequence[str], dtype: str = "float64") -> WasmModule:
    """A quantity and its gradient: ``evaluate(points, results, stride, blocks)``.

    Points come as columns: variable k of point i is number ``k stride + i``. So do the results: the value, then the
    derivatives in the order of the variables. The stride is a multiple of the lanes.

    Args:
        graph: what is computed.
        output: the quantity.
        variables: the given quantities, in order.
        dtype: "float32" or "float64".

    Raises:
        GradlabError: for another number type, or for a function that kernels have no word for.
    """
    machine = _machine(dtype)
    program = programs_for(graph, output, variables, variables).value_and_gradient
    return _module(machine, ["\n".join(_by_point("evaluate", program, machine.lanes)) + "\n"])


def curvature_module(graph: Graph, output: str, variables: Sequence[str]) -> WasmModule:
    """A quantity's Hessian times vectors, in float64: ``bend(points, results, stride, blocks)``.

    Columns as `function_module` has them: the variables of a point and behind them the entries of a vector; the results
    are the entries of the product.

    Args:
        graph: what is computed.
        output: the quantity.
        variables: the given quantities, in order.

    Raises:
        GradlabError: for a function that kernels have no word for.
    """
    machine = _machine("float64")
    program = hessian_vector_program(graph, output, variables, variables)
    return _module(machine, ["\n".join(_by_point("bend", program, machine.lanes)) + "\n"])


def descent_module(
    graph: Graph, output: str, variables: Sequence[str], update: Update, dtype: str = "float64"
) -> WasmModule:
    """The way down of an update rule: ``descend(start, numbers, path, steps)``.

    The start has a number for each variable; the numbers are the learning rate and then the rule's own. The path has
    a row for the start and one for each step: the variables, the value, the derivatives. Each entry stands in every
    lane.

    Args:
        graph: what is computed.
        output: the quantity to go down.
        variables: the given quantities, in order.
        update: the statements of the rule.
        dtype: "float32" or "float64".

    Raises:
        GradlabError: for another number type, or for a function that kernels have no word for.
    """
    machine = _machine(dtype)
    program = programs_for(graph, output, variables, variables).value_and_gradient
    return _module(machine, ["\n".join(_descent(program, update, machine.lanes)) + "\n"])


class WasmNetwork:
    """The loss of a network with its gradient, its predictions and its training, as modules.

    Args:
        graph: the network.
    """

    def __init__(self, graph: NetworkGraph) -> None:
        self.graph = graph

    def module(self, dtype: str = "float32") -> WasmModule:
        """The mean loss over data with its gradient, and what is predicted.

        ``loss(parameters, data, results, stride, points, blocks)`` has a network in each lane: parameter k of network i
        is number ``k stride + i``, and so are the results, the loss before the gradient. The data have a row for each
        point: its inputs, its labels, and its weight if the network has any.

        ``predict(parameters, points, results, stride, blocks)`` has a point in each lane and the parameters of one
        network: input k of point i is number ``k stride + i``, and so are the outputs.

        Args:
            dtype: "float32" or "float64".

        Raises:
            GradlabError: for another number type, or for a function that kernels have no word for.
        """
        machine = _machine(dtype)
        graph = self.graph
        outputs = value_program(graph, graph.outputs, (*graph.parameters, *graph.inputs))
        loss = _mean("loss", graph, network_programs(graph).value_and_gradient, machine.lanes)
        predict = _by_point("predict", outputs, machine.lanes, fixed=graph.parameters)
        return _module(machine, ["\n".join(lines) + "\n" for lines in (loss, predict)])

    def looking(self) -> WasmModule:
        """What is looked at where a run stands still, in float64: ``loss`` as in `module`, ``bend`` and ``units``.

        ``bend(parameters, data, results, stride, points, blocks)`` is the mean loss's Hessian times vectors: behind the
        parameters, one column each, stand the entries of a vector, and the results are the entries of the product.

        ``units(parameters, points, results, stride, blocks)`` is ``predict`` for the outputs of all hidden units.

        Raises:
            GradlabError: for a function that kernels have no word for.
        """
        machine, graph = _machine("float64"), self.graph
        units = [f"{unit}out" for layer in graph.layers[1:-1] for unit in layer]
        given = (*graph.parameters, *graph.columns)
        parts = [
            _mean("loss", graph, network_programs(graph).value_and_gradient, machine.lanes),
            _mean("bend", graph, hessian_vector_program(graph, "L", graph.parameters, given), machine.lanes),
        ]
        if units:
            outputs = value_program(graph, units, (*graph.parameters, *graph.inputs))
            parts.append(_by_point("units", outputs, machine.lanes, fixed=graph.parameters))
        return _module(machine, ["\n".join(lines) + "\n" for lines in parts])

    def training(
        self,
        table: Sequence[Sequence[float]],
        *,
        dtype: str = "float32",
        rates: int = 1,
        update: Update | None = None,
        scheduled: bool = False,
        weighted: bool = False,
    ) -> WasmModule:
        """The training of many networks on one data set: ``kernel(...)``, with what Numba's kernel is given.

        Args:
            table: a row for each point: its inputs, its labels, and its weight if the network has any.
            dtype: "float32" or "float64".
            rates: how many learning rates each network has: 1, or one for each layer.
            update: the statements of the update rule; by default gradient descent.
            scheduled: whether each step has a factor of the learning rates.
            weighted: whether each step has a weight for each point.

        Raises:
            GradlabError: for another number type, for rows or rates that do not fit, or for a function that kernels
                have no word for.
        """
        machine, columns = _machine(dtype, normal=True), self.graph.columns
        if not len(table) or any(len(row) != len(columns) for row in table):
            raise GradlabError(
                f"a training kernel is printed for at least one point, each a row of {len(columns)} numbers: "
                f"{', '.join(columns)}"
            )
        layers = len(self.graph.sizes) - 1
        if rates not in (1, layers):
            raise GradlabError(f"a network has 1 learning rate, or {layers}, one for each layer; not {rates}")
        statements = GradientDescent.update() if update is None else update
        spec = KernelSpec(self.graph, table, machine.lanes, rates, statements, scheduled, weighted)
        printed = straight_kernel(spec) if is_straight(self.graph) else rolled_kernel(spec, wide=False)
        return _module(machine, [printed.source], printed.scratch)


def _machine(dtype: str, normal: bool = False) -> Machine:
    if dtype not in FORMATS:
        raise GradlabError(f'a kernel computes in "float32" or "float64", not in {dtype!r}')
    return Machine(dtype, normal)


def _module(machine: Machine, sources: list[str], scratch: int = 0) -> WasmModule:
    made: list[Function] = [translate(source, machine, {"gap": Kind.NUMBER}) for source in sources]
    return WasmModule(module(made), "\n\n".join(sources), machine.dtype, machine.lanes, scratch)


def _by_point(name: str, program: Program, lanes: int, fixed: Sequence[str] = ()) -> Lines:
    """A program with a point in each lane; what is the same for all points comes first, one behind the other."""
    printer = NumbaPrinter()
    first = "_parameters, " if fixed else ""
    yield f"def {name}({first}_points, _results, _stride, _blocks):"
    for i, given in enumerate(fixed):
        yield f"    {printer.name(given)} = spread(_parameters, {i})"
    yield "    for _block in range(_blocks):"
    for i, given in enumerate(program.inputs[len(fixed) :]):
        yield f"        {printer.name(given)} = load(_points, {i}*_stride + _block*{lanes})"
    yield from _statements(printer, program, " " * 8)
    for i, output in enumerate(program.outputs):
        yield f"        store(_results, {i}*_stride + _block*{lanes}, {printer.write(output)})"


def _descent(program: Program, update: Update, lanes: int) -> Lines:
    """The steps of a rule from one start, each kept."""
    printer, made, variables = NumbaPrinter(), kernel_update(update), program.inputs
    yield "def descend(_start, _numbers, _path, _steps):"
    for i, name in enumerate(variables):
        yield f"    {printer.name(name)} = spread(_start, {i})"
        yield from (f"    _v{which}_{name} = every(_start, 0.0)" for which in range(len(update.state)))
    yield "    _rate = spread(_numbers, 0)"
    yield from (f"    _number_{i} = spread(_numbers, {1 + i})" for i in range(len(update.numbers)))
    yield from (f"    {name} = {printer.write(formula)}" for name, formula in made.per_run)
    yield "    for _step in range(_steps + 1):"
    yield "        _count = every(_numbers, _step + 1.0)"
    yield from _statements(printer, program, " " * 8)
    yield from (f"        _g_{i} = {printer.write(output)}" for i, output in enumerate(program.outputs[1:]))
    row = [
        *map(printer.name, variables),
        printer.write(program.outputs[0]),
        *(f"_g_{i}" for i in range(len(variables))),
    ]
    for k, entry in enumerate(row):
        yield f"        store(_path, (_step*{len(row)} + {k})*{lanes}, {entry})"
    yield from (f"        {name} = {printer.write(formula)}" for name, formula in made.per_step)
    for i, name in enumerate(variables):
        names = {PARAMETER: printer.name(name), RATE: "_rate", GRADIENT: f"_g_{i}"}
        names |= {kept: f"_v{which}_{name}" for which, kept in enumerate(update.state)}
        for place, text in made.printed(names, printer.name(name), printer.write):
            yield f"        {place} = {text}"


def _mean(name: str, graph: NetworkGraph, program: Program, lanes: int) -> Lines:
    """A program with a network in each lane, as means over the points."""
    printer, columns = NumbaPrinter(), graph.columns
    yield f"def {name}(_parameters, _data, _results, _stride, _points, _blocks):"
    yield "    for _block in range(_blocks):"
    for i, given in enumerate(each for each in program.inputs if each not in columns):
        yield f"        {printer.name(given)} = load(_parameters, {i}*_stride + _block*{lanes})"
    for i in range(len(program.outputs)):
        yield f"        _sum_{i} = every(_data, 0.0)"
    yield "        for _point in range(_points):"
    for i, given in enumerate(columns):
        yield f"            {printer.name(given)} = spread(_data, _point*{len(columns)} + {i})"
    yield from _statements(printer, program, " " * 12)
    for i, output in enumerate(program.outputs):
        yield f"            _sum_{i} = _sum_{i} + ({printer.write(output)})"
    for i in range(len(program.outputs)):
        yield f"        store(_results, {i}*_stride + _block*{lanes}, _sum_{i}/_points)"


def _statements(printer: NumbaPrinter, program: Program, indent: str) -> Lines:
    for name, formula in program.statements:
        yield f"{indent}{printer.name(name)} = {printer.write(formula)}"
