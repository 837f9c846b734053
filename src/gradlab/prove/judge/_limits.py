r"""Limits: what a formula tends to, as a formula of the other names.

A formula that stays defined at the limit is taken there. A quotient of two formulas that both vanish there, and are
smooth there, is by de l'Hôpital's rule the quotient of their first derivatives that do not both vanish; that holds for
unknown functions too. Whether something vanishes is decided as all other claims are, at points in high precision: it
vanishes at all, or at none. Whatever else there is (a function of something infinite, a quotient of two of them, a kink
exactly at the limit) is taken from one side, and from both where the limit is two-sided: they have to agree.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from gradlab.graph import ONE, PRIMITIVES, ZERO, Apply, Expression, Ref, add, as_number, div, mul, neg, number
from gradlab.graph import power as raised
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.judge._slopes import direct
from gradlab.prove.read._nodes import Call, mapped, rebuilt

MOST_TURNS = 5  # of de l'Hôpital's rule
HALF = number(Fraction(1, 2))
Sign = Callable[[Expression], int | None]

UP, DOWN = 1, -1
Extended = Expression | int  # a formula, or the sign of infinity

_ONE_SIDED = frozenset(("log", "sqrt", "log1p"))  # these become infinite at plus infinity, and have no value at minus
_SMOOTH = frozenset((
    "add", "mul", "neg", "div", "pow", "exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "softplus", "swish",
    "gelu", "gelu_tanh", "arctan", "erf", "log1p", "expm1", "pi",
))  # fmt: skip


_POSITIVE = frozenset(("exp", "sigmoid", "softplus"))


def _extended(limit: Expression | float) -> Extended:
    """A limit of the table of primitives, where infinity is a float."""
    return (UP if limit > 0 else DOWN) if isinstance(limit, float) else limit


class LimitError(NotUnderstoodError):
    """There is no limit, or none that is found."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 0)


class Limits:
    """Takes the limits of formulas as one name tends to zero, or to infinity.

    Args:
        name: the name.
        infinite: the sign of the infinity to which it tends; 0 for the number zero.
        sign: gives for a formula without the name 1 where it is positive at all points, -1, 0 where it vanishes at
            all, 2 where it vanishes at none but has both signs; None where that differs or is not known.
    """

    def __init__(self, name: str, infinite: int, sign: Sign) -> None:
        self.name, self.infinite, self.sign = name, infinite, sign
        self.side = UP
        self.sided = False

    def of(self, formula: Expression, side: int) -> Expression:
        """The limit of a formula; ``side`` is 0 where it is to be the same from both.

        Raises:
            NotUnderstoodError: if there is none, or none is found.
        """
        return self.finite(self.extended(formula, side))

    def extended(self, formula: Expression, side: int) -> Extended:
        """The limit of a formula, or the sign of infinity.

        Raises:
            LimitError: if there is none, or none is found.
        """
        self.side, self.sided = side or UP, False
        result = self.value(self.without_kinks(formula), MOST_TURNS)
        if self.sided and not side and not self.infinite:
            self.side = DOWN
            other = self.value(self.without_kinks(formula), MOST_TURNS)
            both = not isinstance(result, int) and not isinstance(other, int)
            if other != result and not (both and self.sign(add(result, neg(other))) == 0):  # type: ignore[arg-type]
                raise LimitError("the limits from above and from below differ: say which, as in \\lim_{h \\to 0^+}")
        return result

    def finite(self, value: Extended) -> Expression:
        """A value that has to be a number."""
        if isinstance(value, int):
            raise LimitError("this limit is infinite, so it is no number")
        return value

    def value(self, e: Expression, turns: int) -> Extended:
        """What a formula tends to."""
        if self.name not in e.names:
            return e
        if not self.infinite and self.is_regular(e):
            return self.there(e)
        if isinstance(e, Ref):
            return self.infinite
        if not isinstance(e, Apply) or turns <= 0:
            raise LimitError("this limit is not found: write how what stands in it is computed")
        method = getattr(self, f"_{e.primitive}", None)
        try:
            if method is not None:
                return method(e, turns)
            return self.function(e, turns)
        except LimitError:
            return self.quotient(e, turns)

    # ---- where nothing is singular

    def there(self, e: Expression) -> Expression:
        """A formula with zero put in for the name."""
        return mapped(e, lambda node: ZERO if isinstance(node, Ref) and node.name == self.name else None)

    def is_regular(self, e: Expression) -> bool:
        """Whether a formula is made of continuous functions that are defined at the limit."""
        return self.is_smooth(e) and self.sign(self.there(e)) is not None

    def is_smooth(self, e: Expression) -> bool:
        """Whether all functions in which the name stands have all derivatives where they are defined."""
        if self.name not in e.names:
            return True
        if isinstance(e, Apply) and e.primitive not in _SMOOTH:
            kink = _kink(e)
            if self.infinite or kink is None or self.sign(self.there(kink)) in (None, 0):
                return False
        return isinstance(e, Ref | Apply | Call) and all(map(self.is_smooth, e.args))

    def without_kinks(self, e: Expression) -> Expression:
        """A formula in which what has its kink at the limit is what it is on the side that is looked at."""
        if self.infinite or self.name not in e.names or not isinstance(e, Apply | Call):
            return e
        e = rebuilt(e, tuple(map(self.without_kinks, e.args)))
        kink = _kink(e) if isinstance(e, Apply) else None
        if kink is None or self.name not in kink.names or self.sign(self.there(kink)) != 0:
            return e
        assert isinstance(e, Apply)
        self.sided = True
        above = self.approach(kink) > 0
        if e.primitive == "sign":
            return ONE if above else neg(ONE)
        if e.primitive == "abs":
            return e.args[0] if above else neg(e.args[0])
        return e.args[0] if above == (e.primitive != "min") else e.args[1] if len(e.args) > 1 else ZERO

    # ---- one function of something

    def function(self, e: Apply, turns: int) -> Extended:
        """A function of one thing, which may be infinite."""
        if len(e.args) != 1:
            raise LimitError("this limit is not found: write how what stands in it is computed")
        inner = self.value(e.args[0], turns)
        name = e.primitive
        if not isinstance(inner, int):
            if name == "log" and self.sign(inner) == 0:
                self.sided = True
                if self.approach(e.args[0]) > 0:
                    return DOWN
            return self.continuous(Apply(name, (inner,)))
        self.sided = True
        if limits := PRIMITIVES[name].far:
            return _extended(limits[inner > 0])
        if name in _ONE_SIDED and inner > 0:
            return UP
        raise LimitError("this limit is not found: write how what stands in it is computed")

    def approach(self, e: Expression) -> int:
        """The sign of something that tends to zero, near the limit.

        Raises:
            LimitError: if it is not found.
        """
        if isinstance(e, Apply) and e.primitive in _POSITIVE:
            return UP
        for turn in range(1, MOST_TURNS):
            if self.infinite or not self.is_smooth(e):
                break
            e = direct(e).get(self.name, ZERO)
            sign = self.sign(self.there(e))
            if sign in (UP, DOWN):
                return sign * (self.side**turn)
            if sign != 0:
                break
        raise LimitError("the sign of this near the limit is not known")

    def continuous(self, e: Apply) -> Expression:
        """A function of something that has a limit.

        Raises:
            LimitError: if it may jump there, or has no value.
        """
        kink = _kink(e)
        if e.primitive not in _SMOOTH and (kink is None or self.sign(kink) in (None, 0)):
            raise LimitError("a jump or a kink stands exactly at this limit")
        return self.defined(e)

    def defined(self, e: Expression) -> Expression:
        """A formula that has a value.

        Raises:
            LimitError: if it has none.
        """
        if self.sign(e) is None and as_number(e) is None:
            raise LimitError("this is not defined at the limit")
        return e

    # ---- sums, products, powers

    def _neg(self, e: Apply, turns: int) -> Extended:
        inner = self.value(e.args[0], turns)
        return -inner if isinstance(inner, int) else neg(inner)

    def _add(self, e: Apply, turns: int) -> Extended:
        found = [self.value(arg, turns) for arg in e.args]
        infinite = {value for value in found if isinstance(value, int)}
        if len(infinite) > 1:
            raise LimitError("infinite terms of both signs")
        if infinite:
            return infinite.pop()
        return add(*(value for value in found if not isinstance(value, int)))

    def _mul(self, e: Apply, turns: int) -> Extended:
        found = [self.value(arg, turns) for arg in e.args]
        numbers = [value for value in found if not isinstance(value, int)]
        if len(numbers) == len(found):
            return mul(*numbers)
        sign = self.signed(mul(*numbers) if numbers else ONE)
        for value in found:
            sign *= value if isinstance(value, int) else 1
        return sign

    def signed(self, e: Expression) -> int:
        """The sign of a factor of something infinite.

        Raises:
            LimitError: if it vanishes, or has no sign.
        """
        sign = self.sign(e)
        if sign not in (UP, DOWN) or e.names:
            raise LimitError("zero times infinity")
        return sign

    def _div(self, e: Apply, turns: int) -> Extended:
        over, under = (self.value(arg, turns) for arg in e.args)
        if isinstance(under, int):
            if isinstance(over, int):
                raise LimitError("infinity by infinity")
            return ZERO
        below = self.sign(under)
        if below == 0:
            if isinstance(over, int) or self.sign(over) in (UP, DOWN):
                self.sided = True
                above = over if isinstance(over, int) else self.signed(over)
                return above * self.approach(e.args[1])
            raise LimitError("zero by zero")
        if isinstance(over, int):
            return over * self.signed(under)
        if below is None:
            raise LimitError("this may be a division by zero")
        return div(over, under)

    def _pow(self, e: Apply, turns: int) -> Extended:
        base, exponent = e.args
        whole = as_number(exponent)
        if whole is None:
            inner = self.value(mul(exponent, Apply("log", (base,))), turns - 1)
            return _extended(PRIMITIVES["exp"].far[inner > 0]) if isinstance(inner, int) else Apply("exp", (inner,))
        inner = self.value(base, turns)
        if isinstance(inner, int):
            if whole.denominator != 1 and inner < 0:
                raise LimitError("this is not defined at the limit")
            self.sided = True
            return ZERO if whole < 0 else inner if whole % 2 == 1 or whole.denominator != 1 else UP
        return self.defined(raised(inner, exponent))

    # ---- quotients

    def quotient(self, e: Apply, turns: int) -> Extended:
        """A quotient by de l'Hôpital's rule."""
        over, under = parted(e)
        if self.infinite:
            at_zero = Limits(self.name, 0, self.sign)
            at_zero.side = UP
            turned = div(number(self.infinite), Ref(self.name))
            again = mapped(e, lambda node: turned if isinstance(node, Ref) and node.name == self.name else None)
            top, bottom = parted(tidied(again))
            if at_zero.is_regular(top) and at_zero.is_regular(bottom):
                return at_zero.by_derivatives(top, bottom)
        elif self.is_regular(over) and self.is_regular(under):
            return self.by_derivatives(over, under)
        return self.by_turns(e, over, under, turns)

    def by_derivatives(self, over: Expression, under: Expression) -> Extended:
        """Two smooth formulas: their first derivatives that do not both vanish."""
        for _ in range(2 * MOST_TURNS):
            top, bottom = self.sign(self.there(over)), self.sign(self.there(under))
            if top is None or bottom is None:
                break
            if bottom != 0:
                return div(self.there(over), self.there(under))
            if top != 0:
                self.sided = True
                return self.signed(self.there(over)) * self.approach(under)
            over, under = (direct(part).get(self.name, ZERO) for part in (over, under))
        raise LimitError("this limit is not found: write how what stands in it is computed")

    def by_turns(self, e: Apply, over: Expression, under: Expression, turns: int) -> Extended:
        """Two formulas that are not smooth at the limit: the quotient of their derivatives, if that has a limit."""
        if under == ONE:
            if e.primitive != "mul":
                raise LimitError("this limit is not found: write how what stands in it is computed")
            over, under = self.as_quotient(e, turns)
        if not (self.is_smooth(over) and self.is_smooth(under)):
            raise LimitError("this limit is not found: write how what stands in it is computed")
        top, bottom = (self.value(part, turns - 1) for part in (over, under))
        both = isinstance(top, int) and isinstance(bottom, int)
        if not both and (isinstance(top, int) or isinstance(bottom, int) or self.sign(top) or self.sign(bottom)):
            raise LimitError("this limit is not found: write how what stands in it is computed")
        self.sided = True
        slopes = (direct(part).get(self.name, ZERO) for part in (over, under))
        return self.value(div(*slopes), turns - 1)

    def as_quotient(self, e: Apply, turns: int) -> tuple[Expression, Expression]:
        """A product of something infinite and something that vanishes, as a quotient of two infinite things."""
        values = [self.value(arg, turns - 1) for arg in e.args]
        large = [arg for arg, value in zip(e.args, values, strict=True) if isinstance(value, int)]
        small = [arg for arg, value in zip(e.args, values, strict=True) if not isinstance(value, int)]
        return mul(*large), div(ONE, mul(*small))


def _kink(e: Apply) -> Expression | None:
    """What is zero where a function has its kink or its jump; None for functions of which that is not known."""
    if e.primitive in ("abs", "relu", "sign"):
        return e.args[0]
    if e.primitive in ("max", "min") and len(e.args) == 2:
        return add(e.args[0], neg(e.args[1]))
    return None


def parted(e: Expression) -> tuple[Expression, Expression]:
    """A formula as numerator and denominator."""
    if not isinstance(e, Apply):
        return e, ONE
    if e.primitive == "pow":
        whole = as_number(e.args[1])
        if whole is None or whole.denominator != 1:
            return e, ONE
        over, under = parted(e.args[0])
        if whole < 0:
            over, under = under, over
        return raised(over, number(abs(whole))), raised(under, number(abs(whole)))
    if e.primitive not in ("neg", "add", "mul", "div"):
        return e, ONE
    parts = [parted(arg) for arg in e.args]
    if e.primitive == "neg":
        return neg(parts[0][0]), parts[0][1]
    if e.primitive == "mul":
        return mul(*(over for over, _ in parts)), mul(*(under for _, under in parts))
    if e.primitive == "div":
        return mul(parts[0][0], parts[1][1]), mul(parts[0][1], parts[1][0])
    different = list(dict.fromkeys(under for _, under in parts))
    terms = [mul(over, *(other for other in different if other != under)) for over, under in parts]
    return add(*terms), mul(*different)


def tidied(e: Expression) -> Expression:
    """A formula whose quotients of quotients are single ones."""
    if not isinstance(e, Apply):
        return e if not e.args else mapped(e, lambda node: tidied(node) if isinstance(node, Apply) else None)
    args = tuple(map(tidied, e.args))
    if e.primitive == "pow":
        return raised(*args)
    made = {"neg": neg, "add": add, "mul": mul, "div": div}.get(e.primitive)
    return Apply(e.primitive, args) if made is None else made(*args)
