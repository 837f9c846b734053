"""A printed kernel -> WebAssembly: the text that Numba compiles for the CPU, statement by statement.

Kernels are written in a few kinds of statements: assignments, stores, loops over ranges, conditions and breaks. One
text for both means one place where a step is spelled, for every update rule, rolled or not.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from gradlab.codegen._kernel_text import Reader, TranslationError, function_of
from gradlab.codegen.wasm._body import Body
from gradlab.codegen.wasm._bytes import Function
from gradlab.codegen.wasm._values import Kind, Machine, Value

Word = Callable[..., Any]
OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.BitXor: operator.xor,
}
COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "eq", ast.Lt: "lt_s", ast.Gt: "gt_s", ast.LtE: "le_s", ast.GtE: "ge_s",
}  # fmt: skip
CONSTANTS = {"nan": math.nan, "inf": math.inf}


def translate(
    source: str,
    machine: Machine,
    kinds: Mapping[str, Kind] = MappingProxyType({}),
    words: Mapping[str, Word] | None = None,
) -> Function:
    """The function of a printed kernel, under its name.

    Args:
        source: one ``def``.
        machine: makes its values.
        kinds: of the parameters that are neither whole numbers nor the addresses of arrays.
        words: what it calls, by name; by default the words of kernels.

    Raises:
        TranslationError: for a statement or an expression that kernels do not have.
    """
    tree = function_of(source)
    body = Body(machine, {arg.arg: kinds.get(arg.arg, Kind.WHOLE) for arg in tree.args.args})
    _Translator(machine, body, machine.words() if words is None else words).statements(tree.body)
    return body.finished(tree.name)


class _Translator(Reader):
    def __init__(self, machine: Machine, body: Body, words: Mapping[str, Word]) -> None:
        self.machine, self.body, self.words = machine, body, words
        self.breaks: list[int] = []  # the depths of the blocks around the loops

    def read(self, node: ast.AST) -> Any:
        """Reads a node; before each statement values are noted anew."""
        if isinstance(node, ast.stmt):
            self.machine.forget()
        return super().read(node)

    def _assign(self, statement: ast.Assign) -> None:
        (target,) = statement.targets
        value = self.value(statement.value)
        if isinstance(target, ast.Name):
            made = self.machine.vector(value) if isinstance(value, float) else self._whole(value)
            self.body.assign(target.id, made)
        elif isinstance(target, ast.Subscript):
            array, index = self.value(target.value), self.value(target.slice)
            self.body.store(f"{self.machine.scalar}.store", array, self._whole(index), value)
        else:
            self.unknown(statement)

    def _expr(self, statement: ast.Expr) -> None:
        call = statement.value
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            self.unknown(statement)
        elif call.func.id == "store":
            array, index, value = map(self.value, call.args)
            self.body.store("v128.store", array, self._whole(index), self.machine.vector(value))
        else:
            self.unknown(statement)

    def _if(self, statement: ast.If) -> None:
        self.body.write(self._whole(self.value(statement.test)))
        with self.body.opened("if"):
            self.statements(statement.body)
            if statement.orelse:
                self.body.emit("else")
                self.statements(statement.orelse)

    def _break(self, statement: ast.Break) -> None:
        self.body.leave(self.breaks[-1])

    def _for(self, statement: ast.For) -> None:
        """A loop whose end is seen behind its body; behind the loop its variable means nothing."""
        machine, body, target = self.machine, self.body, statement.target
        call = statement.iter
        if not (isinstance(target, ast.Name) and isinstance(call, ast.Call) and not statement.orelse):
            return self.unknown(statement)
        numbers = [self.value(arg) for arg in call.args]
        start, end, step = {1: (0, *numbers, 1), 2: (*numbers, 1), 3: tuple(numbers)}[len(numbers)]
        if not isinstance(end, int):
            name = f"{target.id} end"
            body.assign(name, end)
            end = machine.variable(name, Kind.WHOLE)
        body.assign(target.id, self._whole(start))
        assigned = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and _is_stored(node)}
        with body.opened("block") as outside:
            self.breaks.append(outside)
            here = machine.variable(target.id, Kind.WHOLE)
            if not (isinstance(start, int) and isinstance(end, int) and start < end):
                body.write(machine.compared("ge_s", here, end))
                body.leave(outside, "br_if")
            with body.loop(assigned), body.opened("loop") as inside:
                self.statements(statement.body)
                machine.forget()
                body.assign(target.id, machine.variable(target.id, Kind.WHOLE) + step)
                body.write(machine.compared("lt_s", machine.variable(target.id, Kind.WHOLE), end))
                body.leave(inside, "br_if")
            self.breaks.pop()
        return None

    def _whole(self, value: Any) -> Value:
        return value if isinstance(value, Value) else self.machine.linear({}, int(value))

    def value(self, node: ast.expr) -> Any:
        """The value of an expression: noted, or a number of Python's own."""
        if isinstance(node, ast.BinOp):
            return self._operators(node)
        return self.read(node)

    def _operators(self, node: ast.expr) -> Any:
        """Operators from left to right; long sums are deep trees, in which recursion would run out of room."""
        pending = []
        while isinstance(node, ast.BinOp):
            pending.append(node)
            node = node.left
        made = self.value(node)
        for operation in reversed(pending):
            if type(operation.op) not in OPERATORS:
                self.unknown(operation)
            made = OPERATORS[type(operation.op)](made, self.value(operation.right))
        return made

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.body.kinds:
            return self.machine.variable(node.id, self.body.kinds[node.id])
        if node.id not in CONSTANTS:
            raise TranslationError(f"{node.id} is read before it is assigned")
        return CONSTANTS[node.id]

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        if isinstance(node.op, ast.USub):
            return -value
        if isinstance(node.op, ast.Not):
            return self.machine.made("eqz", self._whole(value), kind=Kind.TRUTH)
        return self.unknown(node)

    def _boolop(self, node: ast.BoolOp) -> Value:
        """Without short cuts: nothing in a kernel's condition does anything."""
        name = "or" if isinstance(node.op, ast.Or) else "and"
        first, *others = (self._truth(self.value(value)) for value in node.values)
        for other in others:
            first = self.machine.made(name, first, other, kind=Kind.TRUTH)
        return first

    def _truth(self, value: Any) -> Value:
        return value if isinstance(value, Value) and value.kind is Kind.TRUTH else self.machine.compared("ne", value, 0)

    def _compare(self, node: ast.Compare) -> Value:
        if len(node.ops) != 1 or type(node.ops[0]) not in COMPARISONS:
            self.unknown(node)
        pair = self.value(node.left), self.value(node.comparators[0])
        return self.machine.compared(COMPARISONS[type(node.ops[0])], *pair)

    def _call(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Name) or node.func.id not in self.words or node.keywords:
            return self.unknown(node)
        return self.words[node.func.id](*map(self.value, node.args))

    def _subscript(self, node: ast.Subscript) -> Value:
        return self.machine.read("number", self.value(node.value), self.value(node.slice), Kind.NUMBER)


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)
