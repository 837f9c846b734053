"""From a program to the source of a Python function; what differs between backends is in the table of primitives."""

from __future__ import annotations

import keyword
import linecache
import math
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache, reduce
from itertools import count
from typing import Any, Literal

from gradlab._errors import GradlabError
from gradlab.codegen._schedule import Program
from gradlab.graph import ATOM, PRIMITIVES, SUM, Apply, Expression, TextPrinter, as_number, evaluate, simpler

LARGEST_EXACT = 2**53
FOLDED = {"max": "_maximum({0}, {1})", "min": "_minimum({0}, {1})"}
NUMPY_RESERVED = frozenset(("np",))
BACKENDS = {"numpy": "NumPy", "torch": "PyTorch", "numba": "a training kernel"}
ADVICE = {
    "numpy": "its row of the table needs a spelling, a definition or a lower form",
    "torch": "its row of the table needs a spelling, a definition or a lower form",
    "numba": "take another activation, or train step by step with the gradient that compile() gives",
}
_numbers = count()


class KernelPrinter(TextPrinter):
    """Spells formulas for one backend.

    Args:
        backend: the column of the table of primitives.
        reserved: names that the generated function uses itself.
    """

    def __init__(self, backend: Literal["numpy", "torch", "numba"], reserved: frozenset[str]) -> None:
        self.backend, self.reserved = backend, reserved

    def constant(self, value: Fraction) -> tuple[str, int]:
        """A whole number as it is, any other as the nearest float."""
        if value.denominator == 1 and value < LARGEST_EXACT:
            return str(value), ATOM
        return _spelled(value), ATOM

    def pieces(self, expression: Expression) -> tuple[str, int]:
        """As in every notation; a number that has no name here, such as log(0), is inf or nan."""
        if isinstance(expression, Apply) and expression.args and not expression.names:
            if as_number(expression) is None:
                return _spelled(_value_of(expression)), ATOM
        return super().pieces(expression)

    def name(self, name: str) -> str:
        """A name that the generated function can use; no quantity's name starts with an underscore."""
        return f"_{name}" if name in self.reserved or keyword.issoftkeyword(name) else name

    def function(self, expression: Apply) -> tuple[str, int]:
        """A primitive in the backend's words, or in those of what it is made of.

        One of many arguments is folded from the left.

        Raises:
            GradlabError: if the backend has no word for it.
        """
        if expression.primitive in FOLDED:
            return reduce(FOLDED[expression.primitive].format, map(self.write, expression.args)), ATOM
        spelling = getattr(PRIMITIVES[expression.primitive], self.backend)
        if spelling:
            levels = _levels(spelling)
            arguments = [self.write(argument, level) for argument, level in zip(expression.args, levels, strict=True)]
            return spelling.format(*arguments), ATOM if _is_closed(spelling) else SUM
        meant = simpler(expression)
        if meant is None:
            raise GradlabError(
                f"{BACKENDS[self.backend]} cannot compute {expression.primitive}: {ADVICE[self.backend]}"
            )
        return self.pieces(meant)


@lru_cache(maxsize=256)
def _levels(spelling: str) -> tuple[int, ...]:
    """For each argument of a spelling how tightly it must bind: those that are a function's need no brackets."""
    levels: dict[int, int] = {}
    for match in re.finditer(r"\{(\d+)\}", spelling):
        before, after = spelling[: match.start()].rstrip()[-1:], spelling[match.end() :].lstrip()[:1]
        alone = before in ("(", ",") and after in (")", ",")
        levels[int(match[1])] = max(levels.get(int(match[1]), 0), 0 if alone else ATOM)
    return tuple(levels.get(i, 0) for i in range(max(levels, default=-1) + 1))


@lru_cache(maxsize=256)
def _is_closed(spelling: str) -> bool:
    """Whether a spelling is one call, one bracket or one name, so that it may stand anywhere."""
    depth = 0
    for at, letter in enumerate(spelling):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0 and (letter in " +-*/%<>=" or (letter == ")" and at < len(spelling) - 1)):
            return False
    return True


def _value_of(expression: Expression) -> float:
    try:
        return float(evaluate(expression, {}, exact=False))
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan


def _spelled(value: Fraction | float) -> str:
    """The nearest float as Python's source has it."""
    try:
        nearest = float(value)
    except OverflowError:
        nearest = math.inf
    return repr(nearest) if math.isfinite(nearest) else f'float("{nearest}")'


def to_source(program: Program, printer: KernelPrinter, function_name: str) -> str:
    """The source of a function of the program's inputs that returns the first output and a tuple of the others."""
    first, *others = (printer.write(output) for output in program.outputs)
    lines = [f"def {function_name}({', '.join(map(printer.name, program.inputs))}):"]
    lines += [f"    {printer.name(name)} = {printer.write(formula)}" for name, formula in program.statements]
    lines += [f"    return {first}, ({', '.join(others)}{',' if len(others) == 1 else ''})"]
    return "\n".join(lines) + "\n"


def numpy_source(program: Program, function_name: str) -> str:
    """The source of a function of arrays, in which ``np`` is NumPy; printing it does not need NumPy."""
    return to_source(program, KernelPrinter("numpy", NUMPY_RESERVED), function_name)


def load(source: str, function_name: str, namespace: Mapping[str, Any]) -> Callable[..., Any]:
    """Compile a printed function; tracebacks show its lines."""
    filename = f"<gradlab {function_name} {next(_numbers)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    scope = dict(namespace)
    exec(compile(source, filename, "exec"), scope)
    return scope[function_name]
