"""The bridge to SymPy, which does the algebra of polynomials and rational functions.

What is no polynomial operation (a logarithm, a power with a name in its exponent) goes over as a symbol of its own, so
that SymPy never rewrites it.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gradlab.graph import Apply, Expression, Ref, add, as_number, mul, number, power, walk


class Bridge:
    """Two-way translation; one bridge keeps the meaning of the symbols it made."""

    def __init__(self) -> None:
        self._symbols: dict[Expression, Any] = {}
        self._meaning: dict[Any, Expression] = {}

    def symbol(self, expression: Expression) -> Any:
        """The SymPy symbol that stands for an expression as a whole."""
        import sympy

        if expression not in self._symbols:
            # SymPy orders by name, so a reference keeps its own; the rest sorts behind all names.
            name = expression.name if isinstance(expression, Ref) else f"~{len(self._symbols)}"
            symbol = sympy.Symbol(name) if isinstance(expression, Ref) else sympy.Dummy(name)
            self._symbols[expression], self._meaning[symbol] = symbol, expression
        return self._symbols[expression]

    def meaning(self, symbol: Any) -> Expression:
        """The expression that a SymPy symbol of this bridge stands for."""
        return self._meaning[symbol]

    def to_sympy(self, expression: Expression) -> Any:
        """The expression in SymPy."""
        import sympy

        value = as_number(expression)
        if value is not None:
            return sympy.Rational(value.numerator, value.denominator)
        if not isinstance(expression, Apply):
            return self.symbol(expression)
        if expression.primitive == "pow":
            exponent = as_number(expression.args[1])
            if exponent is None or exponent.denominator != 1:
                return self.symbol(expression)
            return self.to_sympy(expression.args[0]) ** int(exponent)
        if expression.primitive not in ("add", "mul", "neg", "div"):
            return self.symbol(expression)
        args = [self.to_sympy(arg) for arg in expression.args]
        if expression.primitive == "add":
            return sympy.Add(*args)
        if expression.primitive == "mul":
            return sympy.Mul(*args)
        return -args[0] if expression.primitive == "neg" else args[0] / args[1]

    def from_sympy(self, value: Any) -> Expression:
        """The expression that SymPy's result stands for, its terms in SymPy's printing order."""
        if value.is_Rational:
            return number(Fraction(int(value.p), int(value.q)))
        if value.is_Symbol:
            return self._meaning[value]
        if value.is_Add:
            return add(*(self.from_sympy(term) for term in value.as_ordered_terms()))
        if value.is_Mul:
            return mul(*(self.from_sympy(factor) for factor in value.as_ordered_factors()))
        if value.is_Pow:
            return power(self.from_sympy(value.base), self.from_sympy(value.exp))
        raise TypeError(f"SymPy gave {value}, which no rational operation makes")


def is_polynomial(expression: Expression) -> bool:
    """Whether an expression is made of sums, products and whole powers, and division by numbers, alone."""
    for node in walk(expression):
        if not isinstance(node, Apply):
            continue
        if node.primitive == "div" and as_number(node.args[1]) is None:
            return False
        if node.primitive == "pow" and not _whole(node.args[1]):
            return False
        if node.primitive not in ("add", "mul", "neg", "div", "pow"):
            return False
    return True


def _whole(exponent: Expression) -> bool:
    value = as_number(exponent)
    return value is not None and value.denominator == 1 and value >= 0
