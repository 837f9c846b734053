"""The body of a function under construction: variables by name, instructions in order, loops and what stands before.

Addresses are sums of whole numbers times factors. What of such a sum does not change within a loop is computed once
before it: browsers do not do that by themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from gradlab.codegen.wasm._bytes import Function, instruction
from gradlab.codegen.wasm._values import Kind, Machine, Value, terms_of

LEAVES = ("local", "const", "linear", "load", "spread", "number")
# What the operations are called in the binary format, where that is not {float}.name or {integer}.name.
OPERATIONS = {
    Kind.VECTOR: {
        "iadd": "{integer}.add", "isub": "{integer}.sub", "shl": "{integer}.shl", "shr": "{integer}.shr_s",
        "and": "v128.and", "bitselect": "v128.bitselect", "to_float": "f32x4.convert_i32x4_s",
    },
    Kind.MASK: {"and": "v128.and", "bitselect": "v128.bitselect"},
    Kind.DOUBLE: {
        "convert": "f64.convert_i32_s", "promote": "f64.promote_f32", "select": "select",
        "of_word": "f64.convert_i64_s", "of_bits": "f64.reinterpret_i64",
    },
    Kind.WORD: {"bits": "i64.reinterpret_f64"},
    Kind.TRUTH: {"any_true": "v128.any_true", "same": "i64.eq"},
}  # fmt: skip
FAMILIES = {Kind.VECTOR: "{float}.", Kind.MASK: "{float}.", Kind.DOUBLE: "f64.", Kind.WORD: "i64.", Kind.TRUTH: "i32."}
CONSTANTS = {Kind.VECTOR: "v128.const", Kind.DOUBLE: "f64.const", Kind.WORD: "i64.const"}


@dataclass(slots=True)
class Loop:
    """A loop being written.

    Attributes:
        changed: the variables that are assigned in it.
        before: the instructions that stand before it.
        known: the variables that hold sums computed before it.
    """

    changed: frozenset[str]
    before: bytearray = field(default_factory=bytearray)
    known: dict[tuple[tuple[Value, int], ...], str] = field(default_factory=dict)


class Body:
    """One function.

    Args:
        machine: whose values are written.
        parameters: name and kind of what the function is given.
    """

    def __init__(self, machine: Machine, parameters: Mapping[str, Kind]) -> None:
        self.machine, self.kinds = machine, dict(parameters)
        self.given = len(self.kinds)
        self.index = {name: i for i, name in enumerate(self.kinds)}
        self.types = [self.type_of(kind) for kind in self.kinds.values()]
        self.code, self.depth = bytearray(), 0
        self.loops: list[Loop] = []
        self.free: dict[str, list[str]] = {}

    def finished(self, name: str) -> Function:
        """The function."""
        return Function(name, tuple(self.types[: self.given]), tuple(self.types[self.given :]), bytes(self.code))

    def type_of(self, kind: Kind) -> str:
        """The type of a variable for a kind of value."""
        if kind in (Kind.VECTOR, Kind.MASK):
            return "v128"
        return {Kind.NUMBER: self.machine.scalar, Kind.DOUBLE: "f64", Kind.WORD: "i64"}.get(kind, "i32")

    def declare(self, name: str, kind: Kind) -> None:
        """A variable, if there is none of that name."""
        if name not in self.index:
            self.index[name] = len(self.types)
            self.types.append(self.type_of(kind))
            self.kinds[name] = kind
        elif self.kinds[name] is not kind:
            raise ValueError(f"{name} holds {self.kinds[name].value} and is given {kind.value}")

    def emit(self, name: str, operand: int | float | bytes = 0) -> None:
        """One instruction."""
        self.code += instruction(name, operand)

    def assign(self, name: str, value: Value) -> None:
        """Compute a value into a variable."""
        self.write(value)
        self.declare(name, value.kind)
        self.emit("local.set", self.index[name])

    def store(self, name: str, array: Value, index: Value, value: Value) -> None:
        """Compute a value into memory."""
        offset = self.address(array + index * self.machine.size)
        self.write(value)
        self.emit(name, offset)

    def write(self, value: Value) -> None:
        """Compute a value; what of it is used more than once is kept in a variable until its last use."""
        left = _uses(value)
        kept: dict[Value, str] = {}
        stack = [(value, False)]
        while stack:
            node, ready = stack.pop()
            if node in kept:
                self.emit("local.get", self.index[kept[node]])
                self._used(node, left, kept)
            elif not ready and node.name not in LEAVES:
                stack.append((node, True))
                stack.extend((arg, False) for arg in reversed(node.args))
            else:
                self._operation(node)
                if left[node] > 1 and node.name not in ("local", "const", "linear"):
                    kept[node] = self._temporary(node.kind)
                    self.emit("local.tee", self.index[kept[node]])
                    self._used(node, left, kept)

    def _temporary(self, kind: Kind) -> str:
        free = self.free.setdefault(self.type_of(kind), [])
        if free:
            return free.pop()
        name = f" {len(self.types)}"
        self.declare(name, kind)
        return name

    def _used(self, node: Value, left: Counter[Value], kept: dict[Value, str]) -> None:
        left[node] -= 1
        if not left[node]:
            self.free[self.type_of(node.kind)].append(kept.pop(node))

    def _operation(self, node: Value) -> None:
        """The instruction of a value, once what it is applied to is computed."""
        if node.name == "local":
            self.emit("local.get", self.index[node.data])
        elif node.name == "const":
            self.emit(CONSTANTS[node.kind], node.data)
        elif node.name == "linear":
            self.code += self._whole(*terms_of(node), len(self.loops))
        elif node.name in ("load", "spread", "number"):
            offset = self.address(node.args[0])
            bits = 8 * self.machine.size
            names = {"load": "v128.load", "spread": f"v128.load{bits}_splat"}
            self.emit(names.get(node.name, f"{self.machine.scalar}.load"), offset)
        elif node.name == "splat":
            if node.args[0].kind is Kind.DOUBLE and self.machine.scalar == "f32":
                self.emit("f32.demote_f64")
            self.emit(f"{self.machine.float}.splat")
        elif node.name != "promote" or self.machine.scalar == "f32":
            if node.data is not None:
                self.emit("i32.const", node.data)
            own = OPERATIONS[node.kind].get(node.name, FAMILIES[node.kind] + node.name)
            self.emit(own.format(float=self.machine.float, integer=self.machine.integer))

    def address(self, value: Value) -> int:
        """Compute an address but for what can stand in the instruction, and return that."""
        terms, rest = terms_of(value)
        offset = rest if rest >= 0 else 0
        self.code += self._whole(terms, rest - offset, len(self.loops))
        return offset

    def _whole(self, terms: Mapping[Value, int], rest: int, depth: int) -> bytes:
        """The instructions for a sum of whole numbers times factors, within so many loops."""
        parts: list[bytes] = []
        if depth and len(terms) > 1:
            loop = self.loops[depth - 1]
            fixed = {value: factor for value, factor in terms.items() if not _variables(value) & loop.changed}
            if len(fixed) > 1 or any(factor != 1 for factor in fixed.values()):
                parts.append(instruction("local.get", self.index[self._before(loop, fixed, depth)]))
                terms = {value: factor for value, factor in terms.items() if value not in fixed}
        for value, factor in terms.items():
            parts.append(self._factor(value, depth) + _times(factor))
        if rest or not parts:
            parts.append(instruction("i32.const", rest))
        return parts[0] + b"".join(part + instruction("i32.add") for part in parts[1:])

    def _before(self, loop: Loop, terms: Mapping[Value, int], depth: int) -> str:
        """The variable with a sum that is computed before a loop."""
        key = tuple(terms.items())
        if key not in loop.known:
            code = self._whole(terms, 0, depth - 1)
            name = f" {len(self.types)}"
            self.declare(name, Kind.WHOLE)
            loop.before += code + instruction("local.set", self.index[name])
            loop.known[key] = name
        return loop.known[key]

    def _factor(self, value: Value, depth: int) -> bytes:
        if value.name == "local":
            return instruction("local.get", self.index[value.data])
        first, second = (self._whole(*terms_of(arg), depth) for arg in value.args)
        if value.name == "times":
            return first + second + instruction("i32.mul")
        return first + second + first + second + instruction("i32.lt_s") + instruction("select")

    @contextmanager
    def loop(self, changed: Collection[str]) -> Iterator[Loop]:
        """What is written within stands in a loop, behind what is computed before it."""
        outer, self.code = self.code, bytearray()
        loop = Loop(frozenset(changed))
        self.loops.append(loop)
        yield loop
        self.loops.pop()
        self.code = outer + loop.before + self.code

    @contextmanager
    def opened(self, name: str) -> Iterator[int]:
        """A ``block``, ``loop`` or ``if`` around what is written within; tells its depth."""
        self.emit(name)
        self.depth += 1
        yield self.depth
        self.depth -= 1
        self.emit("end")

    def leave(self, depth: int, name: str = "br") -> None:
        """Go to the end of a block, or to the start of a loop, of a depth."""
        self.emit(name, self.depth - depth)


def _uses(root: Value) -> Counter[Value]:
    """How often each value stands in others."""
    uses: Counter[Value] = Counter({root: 1})
    seen, stack = {root}, [root]
    while stack:
        node = stack.pop()
        if node.name in LEAVES:
            continue
        for arg in node.args:
            uses[arg] += 1
            if arg not in seen:
                seen.add(arg)
                stack.append(arg)
    return uses


def _variables(value: Value) -> frozenset[str]:
    """The variables that a value depends on."""
    if value.name == "local":
        return frozenset((value.data,))
    return frozenset(name for arg in value.args for name in _variables(arg))


def _times(factor: int) -> bytes:
    if factor == 1:
        return b""
    if factor > 0 and not factor & (factor - 1):
        return instruction("i32.const", factor.bit_length() - 1) + instruction("i32.shl")
    return instruction("i32.const", factor) + instruction("i32.mul")
