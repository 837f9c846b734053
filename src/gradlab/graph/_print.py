"""Expressions as text that can be read back, and as LaTeX the way one writes on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar

from gradlab.graph._definition import definition_of
from gradlab.graph._expression import (
    ONE,
    ZERO,
    Apply,
    Const,
    Differentiate,
    Expression,
    Partial,
    Ref,
    is_apply,
)
from gradlab.graph._names import latex_of_name
from gradlab.graph._primitives import PRIMITIVES


class Written(str):
    r"""A text that knows the pieces it was put together from, so that who typesets it reads each of them only once.

    A piece that is such a text too can be read by itself.

    >>> half = Written(r"\frac{", "x", "}{2}")
    >>> Written("y = ", half).pieces
    ('y = ', '\\frac{x}{2}')
    """

    __slots__ = ("pieces",)
    pieces: tuple[str, ...]

    def __new__(cls, *pieces: str) -> Written:
        """Make one of its pieces."""
        made = str.__new__(cls, "".join(pieces))
        made.pieces = pieces
        return made

    @classmethod
    def joined(cls, sign: str, texts: Iterable[str]) -> Written:
        """Texts with a sign between them."""
        return cls(*[piece for text in texts for piece in (sign, text)][1:])


# How tightly a written formula binds, for every printer.
SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4
LARGEST_WRITTEN_DENOMINATOR = 1000


def to_text(expression: Expression) -> str:
    """The expression in Python's own notation."""
    return TextPrinter().write(expression)


def to_latex(expression: Expression, symbols: Mapping[str, str]) -> str:
    """The expression in LaTeX; names without a symbol get the usual one (``x1`` is ``x_1``)."""
    return _printer(tuple(symbols.items())).write(expression)


class _Printer:
    """What both notations share: which operator binds tighter, and where a minus becomes a subtraction."""

    minus_plus = (" - ", " + ")
    writers: ClassVar = {"add": "sum", "neg": "negative", "mul": "product", "div": "quotient", "pow": "power"}

    def put(self, *pieces: str) -> str:
        """Put pieces together."""
        return "".join(pieces)

    def write(self, expression: Expression, level: int = 0) -> str:
        """Write an expression where operators that bind looser than ``level`` need brackets."""
        text, own = self.pieces(expression)
        return self.bracket(text) if own < level else text

    def pieces(self, expression: Expression) -> tuple[str, int]:
        if isinstance(expression, Apply):
            return getattr(self, self.writers.get(expression.primitive, "function"))(expression)
        if isinstance(expression, Ref):
            return self.name(expression.name), ATOM
        if isinstance(expression, Const):
            return self.constant(expression.value)
        if isinstance(expression, Differentiate):
            return self.differentiate(expression)
        assert isinstance(expression, Partial)
        return self.second(expression) if expression.then else self.partial(expression.of, expression.wrt)

    def sum(self, expression: Apply) -> tuple[str, int]:
        minus, plus = self.minus_plus
        pieces = [self.write(expression.args[0], SUM)]
        for term in expression.args[1:]:
            if is_apply(term, "neg"):
                pieces += minus, self.write(term.args[0], PRODUCT)
            else:
                pieces += plus, self.write(term, PRODUCT)
        return self.put(*pieces), SUM

    def negative(self, expression: Apply) -> tuple[str, int]:
        # Between a sum and a product: "a + (-b)" needs its brackets and "-b + a" does not.
        return self.put("-", self.write(expression.args[0], PRODUCT)), SUM

    def bracket(self, text: str) -> str:
        raise NotImplementedError

    def constant(self, value: Fraction) -> tuple[str, int]:
        raise NotImplementedError

    def name(self, name: str) -> str:
        raise NotImplementedError

    def partial(self, of: str, wrt: str) -> tuple[str, int]:
        raise NotImplementedError

    def second(self, expression: Partial) -> tuple[str, int]:
        raise NotImplementedError

    def differentiate(self, expression: Differentiate) -> tuple[str, int]:
        raise NotImplementedError

    def product(self, expression: Apply) -> tuple[str, int]:
        raise NotImplementedError

    def quotient(self, expression: Apply) -> tuple[str, int]:
        raise NotImplementedError

    def power(self, expression: Apply) -> tuple[str, int]:
        raise NotImplementedError

    def function(self, expression: Apply) -> tuple[str, int]:
        raise NotImplementedError


def _is_named_function(expression: Expression) -> bool:
    return (
        isinstance(expression, Apply)
        and PRIMITIVES[expression.primitive].head.startswith("\\")
        and bool(expression.args)
    )


def _decimal(value: Fraction) -> str | None:
    """A fraction as a finite decimal, where that is shorter to read than the fraction."""
    if value.denominator <= LARGEST_WRITTEN_DENOMINATOR:
        return None
    text = repr(float(value))
    return text if Fraction(text) == value else None


class TextPrinter(_Printer):
    """Python's notation; kernels are printed by a subclass that spells functions and numbers for its backend."""

    def bracket(self, text: str) -> str:
        return f"({text})"

    def constant(self, value: Fraction) -> tuple[str, int]:
        decimal = _decimal(value)
        if decimal is not None or value.denominator == 1:
            return decimal or str(value), ATOM
        return f"{value.numerator}/{value.denominator}", PRODUCT

    def name(self, name: str) -> str:
        return name

    def partial(self, of: str, wrt: str) -> tuple[str, int]:
        return f"d{of}/d{wrt}", POWER

    def second(self, expression: Partial) -> tuple[str, int]:
        first, then = expression.wrt, expression.then
        below = f"d{first}**2" if first == then else f"(d{then} d{first})"
        return f"d2{expression.of}/{below}", POWER

    def differentiate(self, expression: Differentiate) -> tuple[str, int]:
        return f"d/d{expression.wrt} {self.write(expression.formula, ATOM)}", POWER

    def product(self, expression: Apply) -> tuple[str, int]:
        first, *rest = expression.args
        return "*".join([self.write(first, PRODUCT), *(self.write(x, POWER) for x in rest)]), PRODUCT

    def quotient(self, expression: Apply) -> tuple[str, int]:
        over, under = expression.args
        return f"{self.write(over, PRODUCT)}/{self.write(under, POWER)}", PRODUCT

    def power(self, expression: Apply) -> tuple[str, int]:
        base, exponent = expression.args
        written = self.write(exponent, POWER)
        return f"{self.write(base, ATOM)}**{written}", POWER

    def function(self, expression: Apply) -> tuple[str, int]:
        if not expression.args:
            return expression.primitive, ATOM
        return f"{expression.primitive}({', '.join(map(self.write, expression.args))})", ATOM


@lru_cache(maxsize=16)
def _printer(symbols: tuple[tuple[str, str], ...]) -> LatexPrinter:
    """One that knows what it has written: a derivation writes its formulas again and again."""
    made = LatexPrinter(dict(symbols))
    made.pieces = lru_cache(maxsize=2048)(made.pieces)
    return made


class LatexPrinter(_Printer):
    """LaTeX as on paper; formulas over arrays are printed by a subclass."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self.symbols = symbols

    def put(self, *pieces: str) -> str:
        return Written(*pieces)

    def bracket(self, text: str) -> str:
        tall = r"\frac" in text or r"\sum" in text or r"\left" in text
        return Written(r"\left(", text, r"\right)") if tall else Written("(", text, ")")

    def constant(self, value: Fraction) -> tuple[str, int]:
        decimal = _decimal(value)
        if decimal is not None and "e" in decimal:
            digits, _, exponent = decimal.partition("e")
            return rf"{digits} \cdot 10^{{{int(exponent)}}}", PRODUCT
        if decimal is not None or value.denominator == 1:
            return decimal or str(value), ATOM
        return rf"\frac{{{value.numerator}}}{{{value.denominator}}}", PRODUCT

    def name(self, name: str) -> str:
        return self.symbols.get(name) or latex_of_name(name)

    def partial(self, of: str, wrt: str) -> tuple[str, int]:
        return Written(rf"\frac{{\partial {self.name(of)}}}{{\partial {self.name(wrt)}}}"), PRODUCT

    def second(self, expression: Partial) -> tuple[str, int]:
        first, then = self.name(expression.wrt), self.name(expression.then)
        squared = f"({first})^2" if "^" in first else f"{first}^2"
        below = rf"\partial {squared}" if first == then else rf"\partial {then} \, \partial {first}"
        return rf"\frac{{\partial^2 {self.name(expression.of)}}}{{{below}}}", PRODUCT

    def differentiate(self, expression: Differentiate) -> tuple[str, int]:
        formula = self.write(expression.formula, ATOM)
        operator = Written(rf"\frac{{\partial}}{{\partial {self.name(expression.wrt)}}}")
        return Written(operator, " ", formula), PRODUCT

    def product(self, expression: Apply) -> tuple[str, int]:
        factors = expression.args
        first, *middle, last = factors
        # Letters may stand side by side, and before log x; beside a bracket that would read as a function's argument.
        beside = all(isinstance(x, Ref) for x in middle) and (isinstance(last, Ref) or _is_named_function(last))
        if is_apply(first, "add") and not _is_named_function(last):
            beside = False
        if isinstance(first, Const) and first.value.denominator == 1 and not middle:
            beside = first not in (ZERO, ONE) and not is_apply(last, "div")
        written = [*map(self.factor, factors[:-1]), self.write(last, PRODUCT)]
        beside = beside and not any(text[0].isdigit() for text in written[1:])
        return Written.joined(" " if beside else r" \cdot ", written), PRODUCT

    def factor(self, expression: Expression) -> str:
        """A factor before others: log x needs brackets there, or it would read as the logarithm of the whole."""
        row = PRIMITIVES[expression.primitive] if isinstance(expression, Apply) else None
        if row is not None and row.bare and isinstance(expression.args[0], Ref):
            return Written(f"{row.head.format()}(", self.write(expression.args[0]), ")")
        return self.write(expression, PRODUCT)

    def quotient(self, expression: Apply) -> tuple[str, int]:
        over, under = expression.args
        return Written(r"\frac{", self.write(over), "}{", self.write(under), "}"), PRODUCT

    def power(self, expression: Apply) -> tuple[str, int]:
        base, exponent = expression.args
        written = self.write(base, ATOM)
        # A second superscript on e^x, z^{(1)} or a fraction needs brackets of its own.
        if "^" in written and not (written.startswith((r"\left(", "(")) and written.endswith(")")):
            written = self.bracket(written)
        shown = self.write(exponent)
        raised = (f"^{shown}",) if len(shown) == 1 else ("^{", shown, "}")
        return Written(written, *raised), POWER

    def function(self, expression: Apply) -> tuple[str, int]:
        row, args = PRIMITIVES[expression.primitive], expression.args
        if not row.head and (meant := definition_of(expression)) is not None:
            return self.pieces(meant)
        if "{0}" in row.head:
            shown = {str(i): self.write(arg) for i, arg in enumerate(args)}
            parts = row.head.format(*(f"\0{i}\0" for i in shown)).split("\0")
            return Written(*(shown[part] if i % 2 else part for i, part in enumerate(parts))), ATOM
        head = row.head.format()
        if not args:
            return head, ATOM
        # As on paper: log x and sin x without brackets, for a plain name only.
        if row.bare and isinstance(args[0], Ref):
            return Written(f"{head} ", self.write(args[0])), PRODUCT
        return Written(head, self.bracket(Written.joined(", ", map(self.write, args)))), ATOM
