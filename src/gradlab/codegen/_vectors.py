"""Vectors of networks for Numba: a type whose values are SIMD registers, its operators, and what is done with them.

A printed kernel computes with one vector for each quantity, a lane for each network. As the type is a vector in LLVM
too, the full width of the machine is used without trusting a vectoriser, and loops may keep vectors in registers. A
product that is added to something may be fused with the addition (LLVM's flag ``contract``); no other freedom is
given, so inf and NaN come out as IEEE 754 has them. The machine's own vectors may be shorter or longer: LLVM splits.

Only printed kernels import this module: it imports Numba.
"""

from __future__ import annotations

import math
import operator
import platform
from collections.abc import Callable
from functools import cache
from typing import Any

from llvmlite import ir
from numba import njit
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from gradlab.codegen._approximations import FORMATS
from gradlab.codegen._noted import words_of
from gradlab.codegen._numba_passes import KernelCompiler

FUSED = ("contract",)
ARITHMETIC = {
    operator.add: "fadd",
    operator.sub: "fsub",
    operator.mul: "fmul",
    operator.truediv: "fdiv",
}
INDEX = ir.IntType(32)
X86 = platform.machine().lower() in ("x86_64", "amd64")
FLUSH = 0x8040  # the bits that make subnormal results and arguments 0
FIRST = {"target": "cpu"}  # what is for this target is tried before the dozen of Numba's own for numbers
STACK = 64  # bytes: the longest vectors, and a cache line


class Vector(types.Type):
    """Numba's type of a register: ``lanes`` numbers of the type ``dtype``, or as many truth values."""

    def __init__(self, dtype: Any, lanes: int) -> None:
        self.dtype, self.lanes = dtype, lanes
        super().__init__(name=f"Vector({dtype} x {lanes})")


@register_model(Vector)
class VectorModel(models.PrimitiveModel):
    """How LLVM holds it."""

    def __init__(self, manager: Any, fe_type: Vector) -> None:
        elements = {types.float32: ir.FloatType(), types.float64: ir.DoubleType(), types.boolean: ir.IntType(1)}
        super().__init__(manager, fe_type, ir.VectorType(elements[fe_type.dtype], fe_type.lanes))


def _spread(builder: Any, value: Any, vector: Any) -> Any:
    """A number in every lane."""
    undefined = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(INDEX, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(INDEX, vector.count), [0] * vector.count))


def _as_vector(context: Any, builder: Any, value: Any, given: Any, wanted: Vector) -> Any:
    """A vector as it is, a number in every lane."""
    if given == wanted:
        return value
    vector = context.get_value_type(wanted)
    if isinstance(given, types.Literal):
        return ir.Constant(vector, [float(given.literal_value)] * wanted.lanes)
    return _spread(builder, context.cast(builder, value, given, wanted.dtype), vector)


def _vector_of(*arguments: Any) -> Vector | None:
    """The one type of vector among the arguments, if all others are numbers."""
    vectors = [arg for arg in arguments if isinstance(arg, Vector)]
    numbers = all(isinstance(arg, Vector | types.Number | types.Literal) for arg in arguments)
    return vectors[0] if numbers and vectors and all(v == vectors[0] for v in vectors) else None


def _install(operation: Any, instruction: str) -> None:
    @infer_global(operation)  # type: ignore  # it is annotated to give nothing
    class _Operation(AbstractTemplate):
        metadata = FIRST

        def generic(self, args: Any, kws: Any) -> Any:
            found = _vector_of(*args) if len(args) == 2 else None
            return None if found is None else signature(found, *args)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pair = [_as_vector(context, builder, v, t, sig.return_type) for v, t in zip(args, sig.args, strict=True)]
        return getattr(builder, instruction)(*pair, flags=FUSED)

    for pair in ((Vector, Vector), (Vector, types.Number), (types.Number, Vector)):
        lower_builtin(operation, *pair)(lower)


for _operation, _instruction in ARITHMETIC.items():
    _install(_operation, _instruction)


@infer_global(operator.neg)  # type: ignore
class _Negative(AbstractTemplate):
    metadata = FIRST

    def generic(self, args: Any, kws: Any) -> Any:
        return signature(args[0], args[0]) if isinstance(args[0], Vector) else None


@lower_builtin(operator.neg, Vector)
def _lower_negative(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.fneg(args[0])


Build = Callable[[Any, list[Any], Vector], Any]


def _elementwise(build: Build, arity: int, mask: bool = False) -> Any:
    """An intrinsic of vectors and numbers that gives a vector, or with ``mask`` truth values."""

    def typed(arguments: tuple[Any, ...]) -> Any:
        vector = _vector_of(*arguments)
        if vector is None:
            return None
        result = Vector(types.boolean, vector.lanes) if mask else vector

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            values = [_as_vector(context, builder, v, t, vector) for v, t in zip(args, sig.args, strict=True)]
            return build(builder, values, vector)

        return signature(result, *arguments), codegen

    if arity == 1:
        return intrinsic(lambda typingctx, a: typed((a,)))
    if arity == 2:
        return intrinsic(lambda typingctx, a, b: typed((a, b)))
    return intrinsic(lambda typingctx, a, b, c: typed((a, b, c)))


def _called(name: str) -> Build:
    """A call of one of LLVM's own functions of vectors."""

    def build(builder: Any, values: list[Any], vector: Vector) -> Any:
        kind = f"v{vector.lanes}f{vector.dtype.bitwidth}"
        declared = ir.FunctionType(values[0].type, [value.type for value in values])
        function = cgutils.get_or_insert_function(builder.module, declared, f"llvm.{name}.{kind}")
        return builder.call(function, values, fastmath=FUSED)

    return build


def _compared(sign: str) -> Build:
    return lambda builder, values, vector: builder.fcmp_ordered(sign, *values)


def _picked(sign: str) -> Build:
    """The first where it compares so with the second, else the second: of a NaN, the second."""
    return lambda builder, values, vector: builder.select(builder.fcmp_ordered(sign, *values), *values)


def _whole(builder: Any, vector: Vector, number: int) -> Any:
    return ir.Constant(ir.VectorType(ir.IntType(vector.dtype.bitwidth), vector.lanes), [number] * vector.lanes)


def _scaled(builder: Any, values: list[Any], vector: Vector) -> Any:
    """The first times 2**n for the whole number n in the lowest bits of the second: exponents are added."""
    first = builder.bitcast(values[0], _whole(builder, vector, 0).type)
    moved = builder.bitcast(_power(builder, values[1:], vector), first.type)
    return builder.bitcast(builder.add(first, moved), values[0].type)


def _power(builder: Any, values: list[Any], vector: Vector) -> Any:
    """The power of two whose stored exponent is in the lowest bits."""
    shift = _whole(builder, vector, FORMATS[str(vector.dtype)].mantissa)
    return builder.bitcast(builder.shl(builder.bitcast(values[0], shift.type), shift), values[0].type)


def _exponent(builder: Any, values: list[Any], vector: Vector) -> Any:
    """The whole number k such that a normal positive number is 2**k times something in [sqrt(1/2), sqrt(2))."""
    form = FORMATS[str(vector.dtype)]
    bits = builder.bitcast(values[0], _whole(builder, vector, 0).type)
    moved = builder.add(bits, _whole(builder, vector, form.one - form.root_half))
    whole = builder.sub(builder.ashr(moved, _whole(builder, vector, form.mantissa)), _whole(builder, vector, form.bias))
    return builder.sitofp(whole, values[0].type)


def _significand(builder: Any, values: list[Any], vector: Vector) -> Any:
    """The something in [sqrt(1/2), sqrt(2)) that goes with the exponent."""
    form = FORMATS[str(vector.dtype)]
    bits = builder.bitcast(values[0], _whole(builder, vector, 0).type)
    moved = builder.add(bits, _whole(builder, vector, form.one - form.root_half))
    kept = builder.and_(moved, _whole(builder, vector, (1 << form.mantissa) - 1))
    return builder.bitcast(builder.add(kept, _whole(builder, vector, form.root_half)), values[0].type)


fma = _elementwise(_called("fmuladd"), 3)
absolute = _elementwise(_called("fabs"), 1)
root = _elementwise(_called("sqrt"), 1)
larger = _elementwise(_picked(">"), 2)
smaller = _elementwise(_picked("<"), 2)
less = _elementwise(_compared("<"), 2, mask=True)
equal = _elementwise(_compared("=="), 2, mask=True)
scale = _elementwise(_scaled, 2)
power = _elementwise(_power, 1)
exponent = _elementwise(_exponent, 1)
significand = _elementwise(_significand, 1)


@intrinsic
def where(typingctx: Any, mask: Any, a: Any, b: Any) -> Any:
    """The first where the mask holds, else the second."""
    vector = _vector_of(a, b)
    if vector is None:
        return None

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        given = zip(args[1:], sig.args[1:], strict=True)
        pair = [_as_vector(context, builder, v, t, vector) for v, t in given]  # type: ignore[arg-type]
        return builder.select(args[0], *pair)

    return vector(mask, a, b), codegen


@intrinsic
def both(typingctx: Any, a: Any, b: Any) -> Any:
    """Where both masks hold."""
    return a(a, b), lambda context, builder, sig, args: builder.and_(*args)


@intrinsic
def align_stack(typingctx: Any) -> Any:
    """Makes the calling function keep its stack at multiples of a vector: no spilled vector crosses cache lines.

    LLVM does so by itself only if it knows of large objects on the stack before it runs out of registers.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.function.attributes.add("noinline")  # without a second attribute llvmlite leaves out the first
        builder.function.attributes.alignstack = STACK
        return context.get_dummy_value()

    return types.none(), codegen


def _mode(builder: Any, name: str, memory: Any) -> None:
    """Reads or writes what the processor does with rounding and with the smallest numbers."""
    pointer = ir.IntType(8).as_pointer()
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), [pointer]), name)
    builder.call(function, [builder.bitcast(memory, pointer)])


@intrinsic
def flush_subnormals(typingctx: Any) -> Any:
    """Has the processor take subnormal numbers as 0, and returns what it did before.

    Networks whose units saturate are full of them, and each takes as long as a hundred others. Only x86 is told:
    other processors keep them at no great cost.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        memory = cgutils.alloca_once_value(builder, ir.Constant(INDEX, 0))
        if X86:
            _mode(builder, "llvm.x86.sse.stmxcsr", memory)
            before = builder.load(memory)
            builder.store(builder.or_(before, ir.Constant(INDEX, FLUSH)), memory)
            _mode(builder, "llvm.x86.sse.ldmxcsr", memory)
            return before
        return builder.load(memory)

    return types.int32(), codegen


@intrinsic
def restore_mode(typingctx: Any, mode: Any) -> Any:
    """Has the processor do what it did before."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if X86:
            _mode(builder, "llvm.x86.sse.ldmxcsr", cgutils.alloca_once_value(builder, args[0]))
        return context.get_dummy_value()

    return types.none(mode), codegen


@intrinsic
def any_lane(typingctx: Any, mask: Any) -> Any:
    """Whether the mask holds in a lane."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits = builder.bitcast(args[0], ir.IntType(sig.args[0].lanes))
        return builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))

    return types.boolean(mask), codegen


def _address(context: Any, builder: Any, array_type: Any, array: Any, index: Any, pointed: Any = None) -> Any:
    data = builder.extract_value(array, context.data_model_manager[array_type].get_field_position("data"))
    address = builder.gep(data, [index])
    return address if pointed is None else builder.bitcast(address, context.get_value_type(pointed).as_pointer())


def _memory(lanes: int) -> dict[str, Any]:
    """What moves vectors between registers and arrays; bounds are not checked."""

    @intrinsic
    def load(typingctx: Any, array: Any, index: Any) -> Any:
        vector = Vector(array.dtype, lanes)

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.load(
                _address(context, builder, array, args[0], args[1], vector), align=array.dtype.bitwidth // 8
            )

        return vector(array, types.intp), codegen

    @intrinsic
    def store(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
        vector = Vector(array.dtype, lanes)

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            given = _as_vector(context, builder, args[2], sig.args[2], vector)
            builder.store(
                given, _address(context, builder, array, args[0], args[1], vector), align=array.dtype.bitwidth // 8
            )
            return context.get_dummy_value()

        return types.none(array, types.intp, value), codegen

    @intrinsic
    def spread(typingctx: Any, array: Any, index: Any) -> Any:
        vector = Vector(array.dtype, lanes)

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            number = builder.load(_address(context, builder, array, args[0], args[1]))
            return _spread(builder, number, context.get_value_type(vector))

        return vector(array, types.intp), codegen

    @intrinsic
    def every(typingctx: Any, array: Any, number: Any) -> Any:
        vector = Vector(array.dtype, lanes)

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return _as_vector(context, builder, args[1], sig.args[1], vector)

        return vector(array, number), codegen

    return {"load": load, "store": store, "spread": spread, "every": every}


@cache
def operations(dtype: str, lanes: int) -> dict[str, Any]:
    """Everything a printed kernel calls, by name, for a number type and a number of lanes."""
    own = {
        "fma": fma, "absolute": absolute, "root": root, "larger": larger, "smaller": smaller,
        "less": less, "equal": equal, "where": where, "both": both, "any_lane": any_lane, "scale": scale,
        "power": power, "exponent": exponent, "significand": significand, "align_stack": align_stack,
        "flush_subnormals": flush_subnormals, "restore_mode": restore_mode,
    }  # fmt: skip
    made = words_of(dtype, own, njit(forceinline=True, pipeline_class=KernelCompiler))
    return {**made, **_memory(lanes), "nan": math.nan, "inf": math.inf}
