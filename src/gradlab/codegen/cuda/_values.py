"""What a kernel computes with, noted instead of computed: each operation becomes a statement of CUDA C.

The table of approximations and the transforms of random words are carried out with such values once; each of their
functions becomes a function of CUDA C, printed once and only where something calls it.
"""

from __future__ import annotations

import inspect
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from gradlab.codegen._normal import philox, transforms
from gradlab.codegen._noted import Noted, words_of

NUMBER, INT, DOUBLE, WHOLE, WORD = "R", "int", "double", "long long", "word"
OPERATIONS = (
    "fma", "absolute", "root", "larger", "smaller", "less", "equal", "where", "scale", "power", "exponent",
    "significand", "both",
)  # fmt: skip
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "and": "&", "xor": "^", "shl": "<<", "shr_s": ">>"}
COMPARED = ("less", "equal", "both")
# Functions whose divisors are normal numbers far from the ends of their type: one instruction's reciprocal will do.
QUICK = ("quotient", "sigmoid_of_parts", "exp", "softplus")
# Nothing of these is fused with what it is added to: IEEE 754 has all their bits.
ROUNDED = {"+": "__dadd_rn", "-": "__dsub_rn", "*": "__dmul_rn", "/": "__ddiv_rn"}


@dataclass(frozen=True, slots=True, eq=False)
class Value(Noted):
    """A variable of a function that is being printed.

    Attributes:
        machine: what prints the function.
        text: its name, or a number.
        kind: its type.
    """

    machine: Functions
    text: str
    kind: str

    def __neg__(self) -> Value:
        return self.machine.line(self.kind, f"-{self.text}")


class Functions:
    """The functions that kernels call, printed as they are asked for.

    Args:
        dtype: the number type of the kernels.

    Attributes:
        printed: the texts of the functions, each behind those that it calls.
    """

    def __init__(self, dtype: str) -> None:
        self.dtype, self.printed = dtype, list[str]()
        self._lines = list[str]()
        self._name, self._numbers = "", 0
        own = {name: self._operation(name) for name in OPERATIONS}
        self.words: dict[str, Any] = words_of(dtype, own, self.compiled)
        exact = self._exact()
        self.words |= {**transforms(exact, self.compiled), "philox": philox(exact, self.compiled)}

    def called(self, name: str, *kinds: str) -> tuple[str, str]:
        """The function for a word that is given arguments of these types, and the type of its result."""
        made, kind, _ = self.words[name].printed(*kinds)
        return made, kind

    def line(self, kind: str, text: str) -> Value:
        """A statement, and the variable that it sets."""
        self._numbers += 1
        name = f"t{self._numbers}"
        self._lines.append(f"    const {kind} {name} = {text};")
        return Value(self, name, kind)

    def binary(self, name: str, a: Any, b: Any) -> Value:
        """An operation of two values, or of a value and a number of Python's own."""
        sign = SIGNS[name]
        kind = next(x.kind for x in (a, b) if isinstance(x, Value) and x.kind != INT)
        left, right = self._text(a, kind), self._text(b, kind)
        if kind == DOUBLE and sign in ROUNDED:
            return self.line(kind, f"{ROUNDED[sign]}({left}, {right})")
        if sign == "/" and self._name in QUICK:
            return self.line(kind, f"gl_over({left}, {right})")
        return self.line(kind, f"{left} {sign} {right}")

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function as one of CUDA C; one that gives several values writes them to where it is told."""
        known: dict[tuple[str, ...], tuple[str, str, int]] = {}

        def printed(*kinds: str) -> tuple[str, str, int]:
            """Its name, the type of its results, and how many they are, for arguments of these types."""
            if kinds not in known:
                known[kinds] = self._function(function, kinds)
            return known[kinds]

        def call(*args: Any) -> Any:
            name, kind, count = printed(*(arg.kind if isinstance(arg, Value) else NUMBER for arg in args))
            texts = [self._text(arg) for arg in args]
            if count == 1:
                return self.line(kind, f"{name}({', '.join(texts)})")
            self._numbers += 1
            place = f"t{self._numbers}"
            self._lines += [f"    {kind} {place}[{count}];", f"    {name}({', '.join(texts)}, {place});"]
            return tuple(Value(self, f"{place}[{i}]", kind) for i in range(count))

        call.printed = printed  # type: ignore[attr-defined]
        return call

    def _function(self, function: Callable[..., Any], kinds: tuple[str, ...]) -> tuple[str, str, int]:
        """Prints a function."""
        outer = self._lines, self._name, self._numbers
        self._lines, self._name, self._numbers = [], function.__name__, 0
        names = [f"a_{name}" for name in inspect.signature(function).parameters]
        made = function(*(Value(self, name, kind) for name, kind in zip(names, kinds, strict=True)))
        lines, (self._lines, self._name, self._numbers) = self._lines, outer
        several = isinstance(made, tuple)
        results = made if several else (made,)
        kind = next((each.kind for each in results if isinstance(each, Value)), NUMBER)
        name = f"gl_{function.__name__}_{len(self.printed)}"
        given = [f"{kind} {name}" for name, kind in zip(names, kinds, strict=True)]
        if several:
            given.append(f"{kind}* results")
            lines += [f"    results[{i}] = {self._text(each, kind)};" for i, each in enumerate(results)]
        else:
            lines.append(f"    return {self._text(made, kind)};")
        head = f"INSIDE {'void' if several else kind} {name}({', '.join(given)}) {{"
        self.printed.append("\n".join([head, *lines, "}"]) + "\n")
        return name, kind, len(results)

    def _operation(self, name: str) -> Callable[..., Any]:
        """One of the operations that are written in CUDA C by hand."""
        kind = INT if name in COMPARED else NUMBER

        def call(*args: Any) -> Value:
            return self.line(kind, f"gl_{name}({', '.join(map(self._text, args))})")

        call.printed = lambda *kinds: (f"gl_{name}", kind, 1)  # type: ignore[attr-defined]
        return call

    def _text(self, value: Any, kind: str = NUMBER) -> str:
        """A value's name, or a number of Python's own as one of CUDA C."""
        if isinstance(value, Value):
            return value.text
        if kind in (WHOLE, WORD):
            return f"{value}LL" if kind == WHOLE else f"{value}ULL"
        return number_text(value, "float64" if kind == DOUBLE else self.dtype)

    def _exact(self) -> SimpleNamespace:
        """The operations that random numbers are made of."""
        line, text = self.line, self._text
        return SimpleNamespace(
            root=lambda x: line(DOUBLE, f"__dsqrt_rn({x.text})"),
            where=lambda truth, a, b: line(DOUBLE, f"{truth.text} ? {a.text} : {b.text}"),
            equal=lambda a, b: line(INT, f"{a.text} == {text(b, WHOLE)}"),
            bits=lambda x: line(WHOLE, f"__double_as_longlong({x.text})"),
            value=lambda x: line(DOUBLE, f"__longlong_as_double({x.text})"),
            number=lambda x: line(DOUBLE, f"(double){x.text}"),
            word=lambda x: Value(self, text(x, WORD), WORD),
            product=lambda a, b: (line(WORD, f"__umul64hi({a.text}, {b.text})"), a * b),
        )


def number_text(value: float, dtype: str) -> str:
    """A number of Python's own in CUDA C: that of the number type which is nearest."""
    if dtype == "float32" and math.isfinite(value):
        value = struct.unpack("<f", struct.pack("<f", value))[0]
    if not math.isfinite(value):
        return "gl_nan()" if math.isnan(value) else "gl_inf()" if value > 0 else "-gl_inf()"
    return repr(float(value)) + ("f" if dtype == "float32" else "")
