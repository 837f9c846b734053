"""What a primitive is made of: its application written in simpler ones, and its value in as many digits as wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from gradlab.graph._expression import Apply, Const, Expression, Ref, as_number, transform
from gradlab.graph._parse import parse
from gradlab.graph._primitives import PRIMITIVES

LARGEST_ARGUMENT = 10_000  # of a function: an exponential of more, or a sine, would take for ever
LARGEST_EXPONENT = 100_000  # of two, in a power
EASY = frozenset(("log", "log1p", "sqrt", "tanh", "atan", "erf"))  # for mpmath, however large the argument


class UndefinedError(ValueError):
    """A value that does not exist among the real numbers, or is too large to be computed."""


class ImpreciseError(ValueError):
    """A primitive whose row says only how to compute it in machine numbers."""


def definition_of(node: Apply) -> Expression | None:
    """A primitive's application in simpler primitives, as its row defines it; None if the row has no definition.

    >>> from gradlab.graph import parse
    >>> str(definition_of(parse("sigmoid(a + b)")))
    '1/(1 + exp(-(a + b)))'
    """
    definition = PRIMITIVES[node.primitive].definition
    if callable(definition):
        return definition(node.args)
    if not definition:
        return None
    return transform(_parsed(definition), lambda part: node.args[0] if part == Ref("x") else None)


def simpler(node: Apply) -> Expression | None:
    """A primitive's application in other primitives, as its row defines or lowers it; None if the row says neither."""
    found = definition_of(node)
    lower = PRIMITIVES[node.primitive].lower
    return lower(node.args) if found is None and lower is not None else found


@lru_cache(maxsize=256)
def _parsed(text: str) -> Expression:
    return parse(text)


def precise_value(node: Apply, values: Sequence[Any], mp: Any) -> Any:
    """The value of a primitive at numbers of mpmath, to the digits of their context: never by way of machine numbers.

    Args:
        node: the application; of its arguments only exponents and indices are looked at.
        values: the arguments' values.
        mp: the context of mpmath.

    Raises:
        UndefinedError: where it is undefined among the real numbers, or too large to be computed.
        ZeroDivisionError: for a division by zero.
        ImpreciseError: if the row has neither mpmath's name for it nor a definition nor a lower form.
    """
    row = PRIMITIVES[node.primitive]
    if row.name == "pow":
        return _power(node, values[0], values[1], mp)
    if row.exact:
        return row.value(*values)
    if row.precise:
        return _by_mpmath(row.precise, values, mp)
    form = _form(row.name, tuple(_places(node.args)))
    if form is None:
        raise ImpreciseError(f"the table says of {row.name} only how to compute it in machine numbers")
    return evaluate_precisely(form, {f"?{i}": value for i, value in enumerate(values)}, mp)


def _places(arguments: tuple[Expression, ...]) -> Iterator[Expression]:
    """A name for each argument; a number stays, as it may be an index."""
    return (arg if as_number(arg) is not None else Ref(f"?{i}") for i, arg in enumerate(arguments))


@lru_cache(maxsize=256)
def _form(name: str, arguments: tuple[Expression, ...]) -> Expression | None:
    return simpler(Apply(name, arguments))


def evaluate_precisely(form: Expression, values: Mapping[str, Any], mp: Any) -> Any:
    """The value of a formula at numbers of mpmath, to the digits of their context; raises what `precise_value` does."""
    if isinstance(form, Const):
        return mp.mpf(form.value.numerator) / form.value.denominator
    if isinstance(form, Ref):
        return values[form.name]
    assert isinstance(form, Apply)
    return precise_value(form, [evaluate_precisely(arg, values, mp) for arg in form.args], mp)


def _by_mpmath(name: str, values: Sequence[Any], mp: Any) -> Any:
    function = getattr(mp, name)
    if not values:
        return +function
    if name not in EASY and any(abs(value) > LARGEST_ARGUMENT for value in values):
        raise UndefinedError("too large to be computed")
    result = function(*values)
    if isinstance(result, mp.mpc) or not mp.isfinite(result):
        raise UndefinedError(f"{name} of {', '.join(map(str, values))} is no real number")
    return result


def _power(node: Apply, base: Any, exponent: Any, mp: Any) -> Any:
    number = as_number(node.args[1])
    if number is not None and number.denominator == 1:
        if base == 0 and number <= 0:
            raise UndefinedError("a power of zero")
        if base != 0 and abs(mp.mag(base) * number) > LARGEST_EXPONENT:
            raise UndefinedError("too large to be computed")
        return base ** int(number)
    if base < 0 or (base == 0 and exponent <= 0):
        raise UndefinedError("a power of a negative number")
    if abs(exponent) * (abs(mp.mag(base)) + 1) > LARGEST_EXPONENT:
        raise UndefinedError("too large to be computed")
    return mp.power(base, exponent)
