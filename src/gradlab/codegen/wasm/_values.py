"""What a kernel computes with, noted instead of computed: values that know from what they are made.

The words of a kernel, the operators and the one table of approximations are carried out with such values once; what was
noted is what `_body` writes down. Equal values are noted once, so what a statement uses twice is computed once.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from gradlab.codegen._approximations import FORMATS
from gradlab.codegen._noted import Noted, words_of
from gradlab.codegen.wasm._bytes import VECTOR


class Kind(Enum):
    """What a value is."""

    VECTOR = "a number in each lane"
    MASK = "a truth value in each lane"
    NUMBER = "one number in the kernel's type"
    DOUBLE = "one number in float64"
    WHOLE = "a whole number"
    WORD = "64 bits"
    TRUTH = "a truth value"


@dataclass(frozen=True, slots=True, eq=False)
class Value(Noted):
    """One value, made of others by an operation.

    Attributes:
        machine: what makes values of it.
        name: the operation.
        args: what it is applied to.
        data: what else it needs: the bits of a constant, the name of a variable, the factors of a whole number.
        kind: what it is.
    """

    machine: Machine
    name: str
    args: tuple[Value, ...]
    data: Any
    kind: Kind

    def __neg__(self) -> Value:
        if self.kind is Kind.VECTOR:
            return self.machine.made("neg", self)
        return self.machine.binary("mul", self, -1)


class Machine:
    """Makes values.

    Args:
        dtype: the number type of the vectors, "float32" or "float64".
        normal: whether the sigmoid stays so large that products of two have no subnormal numbers, which take many times
            as long here, where no processor can be told to leave them out; no step of a training is changed by that.
    """

    def __init__(self, dtype: str, normal: bool = False) -> None:
        self.dtype, self.form = dtype, FORMATS[dtype]
        self.lowest = math.log(self.form.smallest) / 2 if normal else None
        self.size = (self.form.mantissa + 9) // 8 if dtype == "float32" else 8
        self.lanes = VECTOR // self.size
        self.scalar, self.float, self.integer = {
            "float32": ("f32", "f32x4", "i32x4"),
            "float64": ("f64", "f64x2", "i64x2"),
        }[dtype]
        self._known: dict[Any, Value] = {}
        self._whole_known: dict[Any, Value] = {}

    def forget(self) -> None:
        """Note values anew: what was read from memory before may be another number now. Addresses are none of that."""
        self._known.clear()

    def made(self, name: str, *args: Value, data: Any = None, kind: Kind = Kind.VECTOR) -> Value:
        """The value of an operation."""
        known = self._whole_known if kind is Kind.WHOLE else self._known
        key = (name, args, data, kind)
        if key not in known:
            known[key] = Value(self, name, args, data, kind)
        return known[key]

    def binary(self, name: str, a: Any, b: Any) -> Value:
        """Arithmetic: of vectors where one is a vector, else of 64 bits, of whole numbers, or in float64."""
        kinds = {x.kind if isinstance(x, Value) else type(x) for x in (a, b)}
        if Kind.WORD in kinds:
            return self.made(name, self.word(a), self.word(b), kind=Kind.WORD)
        if Kind.VECTOR in kinds:
            return self.made(name, self.vector(a), self.vector(b))
        if kinds <= {Kind.WHOLE, int}:
            return self._whole(name, a, b)
        return self.made(name, self.double(a), self.double(b), kind=Kind.DOUBLE)

    def vector(self, x: Any) -> Value:
        """Anything as a vector: a number stands in every lane."""
        if not isinstance(x, Value):
            return self.bits(_packed(float(x), self.size))
        if x.kind in (Kind.VECTOR, Kind.MASK):
            return x
        if x.kind is Kind.WHOLE:
            x = self.double(x)
        return self.made("splat", x)

    def bits(self, pattern: bytes) -> Value:
        """A vector with the same bits in every lane."""
        return self.made("const", data=pattern * self.lanes)

    def whole_bits(self, number: int) -> Value:
        """A vector with the same whole number in every lane."""
        return self.bits((number % 2 ** (8 * self.size)).to_bytes(self.size, "little"))

    def double(self, x: Any) -> Value:
        """A number in float64."""
        if not isinstance(x, Value):
            return self.made("const", data=float(x), kind=Kind.DOUBLE)
        if x.kind is Kind.WHOLE:
            return self.made("convert", x, kind=Kind.DOUBLE)
        return self.made("promote", x, kind=Kind.DOUBLE) if x.kind is Kind.NUMBER else x

    def word(self, x: Any) -> Value:
        """64 bits; of a number of Python's own its lowest."""
        return x if isinstance(x, Value) else self.made("const", data=(x + 2**63) % 2**64 - 2**63, kind=Kind.WORD)

    def variable(self, name: str, kind: Kind) -> Value:
        """What a variable of the kernel holds now."""
        made = self.made("local", data=name, kind=kind)
        return self.linear({made: 1}, 0) if kind is Kind.WHOLE else made

    def linear(self, factors: Mapping[Value, int], rest: int) -> Value:
        """A whole number as a sum of others times factors, and a number."""
        kept = tuple((value, factor) for value, factor in factors.items() if factor)
        args, numbers = tuple(value for value, _ in kept), tuple(factor for _, factor in kept)
        return self.made("linear", *args, data=(numbers, rest), kind=Kind.WHOLE)

    def _whole(self, name: str, a: Any, b: Any) -> Value:
        (first, start), (second, rest) = terms_of(a), terms_of(b)
        if name == "mul":
            if first and second:
                return self.linear({self.made("times", a, b, kind=Kind.WHOLE): 1}, 0)
            terms, rest, by = (first, start, rest) if first else (second, rest, start)
            return self.linear({value: factor * by for value, factor in terms.items()}, rest * by)
        sign = 1 if name == "add" else -1
        summed = dict(first)
        for value, factor in second.items():
            summed[value] = summed.get(value, 0) + sign * factor
        return self.linear(summed, start + sign * rest)

    def least(self, a: Any, b: Any) -> Value:
        """The smaller of two whole numbers."""
        pair = [x if isinstance(x, Value) else self.linear({}, x) for x in (a, b)]
        return self.linear({self.made("least", *pair, kind=Kind.WHOLE): 1}, 0)

    def compared(self, name: str, a: Any, b: Any) -> Value:
        """A comparison of whole numbers: "eq", "lt_s", "gt_s", "le_s" or "ge_s"."""
        pair = [x if isinstance(x, Value) else self.linear({}, x) for x in (a, b)]
        return self.made(name, *pair, kind=Kind.TRUTH)

    def read(self, name: str, array: Value, index: Any, kind: Kind) -> Value:
        """What stands in an array: a vector from there on ("load"), or a number ("spread" or "number")."""
        return self.made(name, array + index * self.size, kind=kind)

    def words(self) -> dict[str, Callable[..., Any]]:
        """Everything a printed kernel calls to compute, by name."""
        v, made, mask = self.vector, self.made, Kind.MASK
        own: dict[str, Callable[..., Any]] = {
            # A product and a sum, rounded twice: not every machine has one instruction for both.
            "fma": lambda a, b, c: v(a) * b + c,
            "absolute": lambda x: made("abs", v(x)),
            "root": lambda x: made("sqrt", v(x)),
            # Of a NaN, the second: pmax(b, a) is "a where b is less, else b".
            "larger": lambda a, b: made("pmax", v(b), v(a)),
            "smaller": lambda a, b: made("pmin", v(b), v(a)),
            "less": lambda a, b: made("lt", v(a), v(b), kind=mask),
            "equal": lambda a, b: made("eq", v(a), v(b), kind=mask),
            "where": lambda m, a, b: made("bitselect", v(a), v(b), m),
            "both": lambda a, b: made("and", a, b, kind=mask),
            "any_lane": lambda m: made("any_true", m, kind=Kind.TRUTH),
            "scale": lambda x, n: made("iadd", v(x), self._power(n)),
            "power": self._power,
            "exponent": self._exponent,
            "significand": self._significand,
            "load": lambda array, index: self.read("load", array, index, Kind.VECTOR),
            "spread": lambda array, index: self.read("spread", array, index, Kind.VECTOR),
            "every": lambda array, x: v(x),
            "min": self.least,
            "float": float,
        }
        return words_of(self.dtype, own, lambda function: function, self.lowest)

    def _power(self, n: Any) -> Value:
        """The power of two whose stored exponent is in the lowest bits."""
        if isinstance(n, Value):
            return self.made("shl", n, data=self.form.mantissa)
        return self.whole_bits(int.from_bytes(_packed(n, self.size), "little") << self.form.mantissa)

    def _moved(self, x: Any) -> Value:
        return self.made("iadd", self.vector(x), self.whole_bits(self.form.one - self.form.root_half))

    def _exponent(self, x: Any) -> Value:
        """The whole number k such that a normal positive number is 2**k times something in [sqrt(1/2), sqrt(2))."""
        form = self.form
        whole = self.made("isub", self.made("shr", self._moved(x), data=form.mantissa), self.whole_bits(form.bias))
        if self.size == VECTOR // 4:
            return self.made("to_float", whole)
        # No instruction makes floats of 64-bit whole numbers: put into the mantissa of a large float and taken off it.
        large = int.from_bytes(_packed(form.round, self.size), "little")
        return self.made("iadd", whole, self.whole_bits(large)) - form.round

    def _significand(self, x: Any) -> Value:
        """The something in [sqrt(1/2), sqrt(2)) that goes with the exponent."""
        kept = self.made("and", self._moved(x), self.whole_bits((1 << self.form.mantissa) - 1))
        return self.made("iadd", kept, self.whole_bits(self.form.root_half))


def terms_of(x: Any) -> tuple[dict[Value, int], int]:
    """A whole number as others with their factors, and the rest."""
    if not isinstance(x, Value):
        return {}, x
    factors, rest = x.data
    return dict(zip(x.args, factors, strict=True)), rest


def _packed(number: float, size: int) -> bytes:
    """The bits of the nearest number."""
    try:
        return struct.pack("<f" if size == 4 else "<d", number)
    except OverflowError:
        return struct.pack("<f", math.copysign(math.inf, number))
