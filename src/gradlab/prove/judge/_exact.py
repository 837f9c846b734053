"""Exact proof that an expression is zero: SymPy's polynomials over the exponentials and logarithms in it.

Every function is written by exponentials, logarithms and roots of its arguments; each of those becomes a generator, and
two sides are equal if the numerator of their difference is the zero polynomial. Polynomials are multiplied one by one,
each within a bound, so that the time is bounded without interrupting SymPy.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gradlab.graph import (
    Apply,
    Const,
    Expression,
    Ref,
    find_loss,
    is_apply,
    number,
    simpler,
)
from gradlab.prove._errors import Deadline, OutOfTimeError
from gradlab.prove.judge._points import Ground
from gradlab.prove.read._nodes import Call

MOST_PRODUCTS = 60_000
# Of an argument of a function, which SymPy brings into its one form: there, too much takes for ever.
LARGEST_DEGREE, MOST_SYMBOLS, MOST_OPERATIONS = 5, 8, 60
LARGEST_BITS = 2_000
_BOTTOM = {"add", "mul", "neg", "div"}


class GivenUpError(Exception):
    """Too large, or outside of what polynomials can say."""


def equal_exactly(ground: Ground, left: Expression, right: Expression, steps: int, outer: Deadline) -> bool:
    """Whether two expressions are proved equal; False says nothing.

    Args:
        ground: how the quantities in the expressions are computed.
        left: one side, without derivatives.
        right: the other.
        steps: after how much work to give up.
        outer: a deadline that may be earlier.
    """
    # SymPy takes a while to load, once; that is no part of the proof.
    import sympy.polys.rings  # noqa: F401

    deadline = Deadline(steps, outer)
    if left == right:
        return True
    for depth in (0, 1, 2):
        try:
            if _Prover(ground, depth, deadline).equal(left, right):
                return True
        except GivenUpError:
            continue
    return False


class _Prover:
    """One attempt.

    Args:
        ground: how quantities are computed.
        depth: which of the quantities are written out: 0 none, 1 those that are no polynomials, 2 all.
        deadline: when to give up.
    """

    def __init__(self, ground: Ground, depth: int, deadline: Deadline) -> None:
        self.ground, self.depth, self.deadline = ground, depth, deadline
        self.generators: dict[Any, Any] = {}
        self.plain: dict[Expression, Any] = {}
        labels = ground.labels if ground.loss and find_loss(ground.loss).labels.shares else ()
        self.last_label = labels[-1] if labels else None
        self.other_labels = labels[:-1]

    def equal(self, left: Expression, right: Expression) -> bool:
        import sympy
        from sympy.polys.rings import ring

        a, b = self.rational(left), self.rational(right)
        symbols = sorted(set(self.generators.values()), key=lambda symbol: symbol.name)
        self.ring = ring([symbol.name for symbol in symbols] or ["unit"], sympy.QQ)[0]
        self.gens = dict(zip(symbols, self.ring.gens, strict=False))
        self.fractions: dict[Any, Any] = {}
        (p, q), (r, s) = self.fraction(a), self.fraction(b)
        return self.times(p, s) == self.times(r, q)

    def generator(self, key: Any) -> Any:
        import sympy

        if key not in self.generators:
            self.generators[key] = sympy.Symbol(f"g{len(self.generators)}")
        return self.generators[key]

    def rational(self, expression: Expression) -> Any:
        """The expression as a rational function of generators, in SymPy, as it stands."""
        known = self.plain.get(expression)
        if known is None:
            self.check(50)
            known = self.plain[expression] = self.translated(expression)
        return known

    def check(self, steps: int) -> None:
        try:
            self.deadline.check(steps)
        except OutOfTimeError:
            raise GivenUpError from None

    def translated(self, expression: Expression) -> Any:
        import sympy

        if isinstance(expression, Const):
            return sympy.Rational(expression.value.numerator, expression.value.denominator)
        if isinstance(expression, Ref):
            return self.named(expression.name)
        if isinstance(expression, Call):
            return self.generator((expression.function, expression.orders, *map(self.key, expression.arguments)))
        if not isinstance(expression, Apply):
            raise GivenUpError
        name = expression.primitive
        if name in _BOTTOM:
            return self.operation(name, [self.rational(arg) for arg in expression.args])
        meant = simpler(expression)
        if meant is not None:
            return self.rational(meant)
        if name == "exp":
            return self.power_of("exp", expression.args[0])
        if name == "pow":
            return self.power(*expression.args)
        if name == "sqrt":
            return self.power(expression.args[0], number(Fraction(1, 2)))
        return self.generator((name, *(self.key(arg) for arg in expression.args)))

    def named(self, name: str) -> Any:
        if name == self.last_label:
            return 1 - sum(self.generator(label) for label in self.other_labels)
        formula = self.ground.formula(name)
        if formula is None or self.depth == 0 or (self.depth == 1 and _is_polynomial(formula)):
            return self.generator(name)
        return self.rational(formula)

    def operation(self, name: str, args: list[Any]) -> Any:
        import sympy

        if name == "add":
            return sympy.Add(*args)
        if name == "mul":
            return sympy.Mul(*args)
        if name == "neg":
            return -args[0]
        if args[1] == 0:
            raise GivenUpError
        return args[0] / args[1]

    def expanded(self, expression: Expression) -> Any:
        """An argument of a function in one form for all that are equal to it."""
        import sympy

        value = self.rational(expression)
        count = sympy.count_ops(value)
        self.check(int(200 * (1 + count)))
        if _degree(value) > LARGEST_DEGREE or len(value.free_symbols) > MOST_SYMBOLS or count > MOST_OPERATIONS:
            raise GivenUpError
        return sympy.expand(sympy.cancel(value))

    def key(self, expression: Expression) -> Any:
        return self.expanded(expression)

    def power(self, base: Expression, exponent: Expression) -> Any:
        import sympy

        value = self.expanded(exponent)
        if value.is_Integer and abs(int(value)) <= 12:
            below = self.rational(base)
            if (below.is_zero and value <= 0) or (below.is_Rational and _bits(below) * abs(int(value)) > LARGEST_BITS):
                raise GivenUpError
            return sympy.Pow(below, value, evaluate=False) if value < 0 else below**value
        return self.power_of(("pow", self.key(base)), exponent, self.rational(base))

    def power_of(self, head: Any, exponent: Expression, base: Any = None) -> Any:
        """A power whose exponent is a sum, as a product of one generator for each of its terms."""
        import sympy

        result = sympy.Integer(1)
        for term in sympy.Add.make_args(self.expanded(exponent)):
            coefficient, rest = term.as_coeff_Mul(rational=True)  # type: ignore[attr-defined]
            numerator, denominator = int(coefficient.p), int(coefficient.q)  # type: ignore[attr-defined]
            if rest == 1 and base is not None:
                whole = sympy.floor(coefficient)
                if abs(int(whole)) > 12:
                    raise GivenUpError
                result *= base**whole
                coefficient -= whole
                if coefficient:
                    result *= self.generator((head, coefficient))
                continue
            result *= self.generator((head, rest, denominator)) ** numerator
        return result

    def fraction(self, value: Any) -> tuple[Any, Any]:
        """Numerator and denominator, as polynomials."""
        known = self.fractions.get(value)
        if known is None:
            self.check(20)
            known = self.fractions[value] = self.fraction_of(value)
        return known

    def fraction_of(self, value: Any) -> tuple[Any, Any]:
        one = self.ring.one
        if value.is_Rational:
            return self.ring.ground_new(self.ring.domain(value.p, value.q)), one
        if value.is_Symbol:
            return self.gens[value], one
        if value.is_Pow and value.exp.is_Integer:
            over, under = self.fraction(value.base)
            if value.exp < 0:
                if over == 0:
                    raise GivenUpError
                over, under = under, over
            return self.raised(over, abs(int(value.exp))), self.raised(under, abs(int(value.exp)))
        parts = [self.fraction(arg) for arg in value.args]
        over, under = parts[0]
        for p, q in parts[1:]:
            if value.is_Mul:
                over, under = self.times(over, p), self.times(under, q)
            elif value.is_Add and q == under:
                over = over + p
            elif value.is_Add:
                over, under = self.times(over, q) + self.times(p, under), self.times(under, q)
            else:
                raise GivenUpError
        return over, under

    def raised(self, base: Any, exponent: int) -> Any:
        result = self.ring.one
        for _ in range(exponent):
            result = self.times(result, base)
        return result

    def times(self, a: Any, b: Any) -> Any:
        products = len(a) * len(b)
        if products > MOST_PRODUCTS:
            raise GivenUpError
        self.check(20 + 2 * products)
        return a * b


def _degree(value: Any) -> int:
    """A bound of the degree of what an expression becomes when it is multiplied out."""
    if value.is_Add:
        return sum(map(_degree, value.args)) if any(arg.is_Pow or arg.is_Mul for arg in value.args) else 1
    if value.is_Mul:
        return sum(map(_degree, value.args))
    if value.is_Pow:
        return _degree(value.base) * (abs(int(value.exp)) if value.exp.is_Integer else 100)
    return 1 if value.is_Symbol else 0


def _bits(value: Any) -> int:
    return max(int(value.p).bit_length(), int(value.q).bit_length())


def _is_polynomial(formula: Expression) -> bool:
    if is_apply(formula, "pow"):
        return (
            isinstance(formula.args[1], Const)
            and formula.args[1].value.denominator == 1
            and _is_polynomial(formula.args[0])
        )
    if isinstance(formula, Apply):
        return formula.primitive in ("add", "mul", "neg") and all(map(_is_polynomial, formula.args))
    return True
