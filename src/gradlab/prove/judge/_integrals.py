r"""Integrals: one without bounds by the derivative of what it is said to be, one with bounds by an antiderivative.

SymPy finds antiderivatives by the rules that a student knows; what it finds is used where its derivative is what is
integrated, and only where numbers between the bounds agree with it: an antiderivative may jump, a pole lie between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from gradlab.derive._sympy import Bridge
from gradlab.graph import ZERO, Apply, Expression, Ref, add, as_number, is_apply, neg, power, simpler
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.judge._balls import UndefinedError
from gradlab.prove.read._infinitesimals import Integral
from gradlab.prove.read._nodes import Derivative, mapped

MOST_OPERATIONS = 60
PANELS = 24
TOLERANCE = 1e-7
# The points and weights of Gauss and Legendre of five points on [-1, 1].
_GAUSS = (
    (0.0, 0.5688888888888889), (-0.5384693101056831, 0.47862867049936647), (0.5384693101056831, 0.47862867049936647),
    (-0.906179845938664, 0.23692688505618908), (0.906179845938664, 0.23692688505618908),
)  # fmt: skip
_NAMES = {"exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "arctan": "atan", "erf": "erf", "sqrt": "sqrt"}
NO_ANTIDERIVATIVE = "no antiderivative of this was found: only integrals of elementary functions are judged"


# ---- without bounds


def has_indefinite(expression: Expression) -> bool:
    """Whether an integral without bounds stands in an expression."""
    own = isinstance(expression, Integral) and expression.lower is None
    return own or any(map(has_indefinite, expression.args))


def may_have_bounds(pair: tuple[object, object]) -> bool:
    r"""Whether an integral is written without the bounds that it has: ``\int p(x) dx = 1``.

    For certain it has none where the other side is a formula of its variable, without an integral.
    """
    sides = [side for side in pair if isinstance(side, Expression)]
    plain = [side for side in sides if not has_indefinite(side)]
    by = {name for side in sides for name in bound_in(side)}
    return not any(by & side.names for side in plain)


def differentiated(pair: tuple[Expression, Expression]) -> tuple[Expression, ...]:
    """Two sides, differentiated by what is integrated by: integrals without bounds are equal up to a constant.

    Raises:
        NotUnderstoodError: if they stand within formulas, or are taken by several names.
    """
    sides = tuple(mapped(side, _undone) for side in pair)
    by = {node.variable for side in sides for node in _every(side) if isinstance(node, Integral) and node.lower is None}
    if not by:
        return sides
    if len(by) > 1:
        raise NotUnderstoodError("these integrals are taken by several names", 0)
    variable = by.pop()
    return tuple(_slope(side, variable) for side in sides)


def _undone(node: Expression) -> Expression | None:
    """The derivative of an integral without bounds is what is integrated."""
    if isinstance(node, Derivative) and isinstance(node.body, Integral) and node.body.lower is None:
        return node.body.body if node.wrt == (node.body.variable,) else None
    return None


def _slope(side: Expression, by: Expression) -> Expression:
    if not has_indefinite(side):
        return Derivative(side, (by,), "total") if as_number(side) is None else ZERO
    if isinstance(side, Integral):
        return side.body
    if is_apply(side, "add") or is_apply(side, "neg"):
        return Apply(side.primitive, tuple(_slope(part, by) for part in side.args))  # type: ignore[attr-defined]
    if is_apply(side, "mul") or (is_apply(side, "div") and not has_indefinite(side.args[1])):
        inside = [part for part in side.args if has_indefinite(part)]
        others = [part for part in side.args if part not in inside]
        if len(inside) == 1 and not any(by.names & part.names for part in others):
            parts = tuple(_slope(part, by) if part in inside else part for part in side.args)
            return Apply(side.primitive, parts)  # type: ignore[attr-defined]
    raise NotUnderstoodError("an integral without bounds stands within a formula: write it as a term by itself", 0)


def _every(expression: Expression) -> Iterator[Expression]:
    yield expression
    for part in expression.args:
        yield from _every(part)


def bound_in(expression: Expression) -> frozenset[str]:
    """The names by which is integrated in an expression."""
    own = expression.variable.names if isinstance(expression, Integral) else frozenset[str]()
    return own.union(*map(bound_in, expression.args))


# ---- with bounds


def between_bounds(node: Integral, at: Callable[[Expression, float], float]) -> Expression:
    """The value of an integral by an antiderivative, at a point at which numbers agree with it.

    Args:
        node: the integral; its bounds are numbers.
        at: gives the value of an expression in machine numbers, where the variable has a value.

    Raises:
        UndefinedError: if they do not agree.
        NotUnderstoodError: if there is no antiderivative.
    """
    value = closed(node)
    assert node.lower is not None
    assert node.upper is not None
    low, high = at(node.lower, 0.0), at(node.upper, 0.0)
    places = [(low + (high - low) * (k + (1 + x) / 2) / PANELS, w) for k in range(PANELS) for x, w in _GAUSS]
    for part in below_fractions(node.body):
        if len({at(part, x) > 0 for x, _ in places}) > 1:
            raise UndefinedError("a pole lies between the bounds of this integral")
    heights = [(at(node.body, x), w) for x, w in places]
    scale = abs(high - low) / (2 * PANELS)
    sum_ = (high - low) / (2 * PANELS) * sum(w * y for y, w in heights)
    most = scale * sum(w * abs(y) for y, w in heights)
    if not abs(sum_ - at(value, 0.0)) <= TOLERANCE * max(most, 1e-12):
        raise UndefinedError("numbers do not agree with the antiderivative of this integral")
    return value


def closed(node: Integral) -> Expression:
    """The difference of an antiderivative at the two bounds of an integral.

    Raises:
        NotUnderstoodError: if there is none.
    """
    assert isinstance(node.variable, Ref)
    assert node.lower is not None
    assert node.upper is not None
    body = mapped(node.body, lambda part: closed(part) if isinstance(part, Integral) else None)
    whole = antiderivative(body, node.variable.name)
    if whole is None:
        raise NotUnderstoodError(NO_ANTIDERIVATIVE, 0)
    upper = mapped(whole, lambda part: node.upper if part == node.variable else None)
    lower = mapped(whole, lambda part: node.lower if part == node.variable else None)
    return add(upper, neg(lower))


def below_fractions(body: Expression) -> Iterator[Expression]:
    """What stands below a fraction, or has an exponent that is not positive: it may vanish."""
    for node in _every(body):
        if is_apply(node, "div"):
            yield node.args[1]
        elif is_apply(node, "pow"):
            number = as_number(node.args[1])
            if number is None or number < 0:
                yield node.args[0]


@lru_cache(maxsize=256)
def antiderivative(body: Expression, name: str) -> Expression | None:
    """An antiderivative of a formula by a name, or None where none is found."""
    import sympy
    from sympy.integrals.manualintegrate import manualintegrate

    bridge = _Elementary(name)
    try:
        formula = bridge.to_sympy(body)
        if formula.count_ops() > MOST_OPERATIONS:
            return None
        found = manualintegrate(formula, bridge.to_sympy(Ref(name)))
        if found.has(sympy.Integral):
            return None
        return bridge.from_sympy(found)
    except (TypeError, ValueError, RecursionError, NotImplementedError):
        return None


class _Elementary(Bridge):
    """Formulas of one variable in SymPy; what does not depend on it is a symbol there."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def to_sympy(self, expression: Expression) -> Any:
        """The expression in SymPy.

        Raises:
            TypeError: for a function that is not elementary.
        """
        import sympy

        if self.name not in expression.names or isinstance(expression, Ref):
            return super().to_sympy(expression)
        if not isinstance(expression, Apply):
            raise TypeError("this is no elementary function")
        name = expression.primitive
        if name in ("add", "mul", "neg", "div"):
            return super().to_sympy(expression)
        args = [self.to_sympy(arg) for arg in expression.args]
        if name == "pow":
            return args[0] ** args[1]
        if name in _NAMES:
            return getattr(sympy, _NAMES[name])(*args)
        meant = simpler(expression)
        if meant is None:
            raise TypeError("this is no elementary function")
        return self.to_sympy(meant)

    def from_sympy(self, value: Any) -> Expression:
        """The expression that SymPy's result stands for."""
        import sympy

        if isinstance(value, sympy.Piecewise):
            return self.from_sympy(value.args[0][0])  # type: ignore[index]
        if value is sympy.pi:
            return Apply("pi", ())
        if value is sympy.E:
            return Apply("exp", (self.from_sympy(sympy.Integer(1)),))
        if isinstance(value, sympy.exp):
            return Apply("exp", (self.from_sympy(value.args[0]),))
        if value.is_Pow:
            return power(self.from_sympy(value.base), self.from_sympy(value.exp))
        for own, theirs in _NAMES.items():
            if value.is_Function and value.func.__name__ == theirs:
                return Apply(own, (self.from_sympy(value.args[0]),))
        return super().from_sympy(value)
