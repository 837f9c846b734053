"""The numbers that rules, schedules and batches are made of: each checked when it is given, and described once."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from enum import Enum
from fractions import Fraction
from functools import cache
from numbers import Rational
from typing import Any

from gradlab._checks import checked_real, checked_whole
from gradlab._errors import GradlabError
from gradlab.graph import latex_of_name


class RuleError(GradlabError):
    """A rule, a schedule or a batch was asked for with numbers it cannot use, or is written in a way it cannot be."""


class Kind(Enum):
    """Which values a number may have, in words."""

    RATE = "greater than 0"
    AMOUNT = "0 or greater"
    SHARE = "from 0 to below 1"
    COUNT = "a whole number from 1 up"


@dataclass(frozen=True, slots=True)
class Number:
    """What is known of one number.

    Attributes:
        name: how it is written in Python and in formulas.
        meaning: what it is, in words.
        kind: which values it may have.
        example: a value that works.
        latex: its symbol.
    """

    name: str
    meaning: str
    kind: Kind
    example: Any
    latex: str

    def check(self, value: object, where: str) -> Any:
        """The value as a float, as a Fraction if it is written as one ("1/2"), or as an int if it is counted.

        Raises:
            RuleError: if it is none of the values allowed.
        """
        if self.kind is Kind.COUNT:
            return checked_whole(RuleError, where, value, least=1, example=self.example)
        exact = _fraction(value)
        plain = value.item() if exact is None and hasattr(value, "item") else value  # type: ignore[attr-defined]
        positive = self.kind is Kind.RATE
        number = checked_real(
            RuleError, where, plain if exact is None else exact, example=self.example, positive=positive
        )
        if self.kind is Kind.SHARE and number >= 1:
            raise RuleError(f"{where} must be below 1, but it is {number:g}; write for example {where}={self.example}.")
        return number if exact is None else exact


def number(default: Any, kind: Kind, meaning: str, *, latex: str = "") -> Any:
    """A field of a rule, a schedule or a batch that is a number.

    Args:
        default: its value where none is given.
        kind: which values it may have.
        meaning: what it is, in words.
        latex: its symbol; default: that of its name.
    """
    return field(default=default, metadata={"number": (meaning, kind, default, latex)})


@cache
def numbers_of(cls: type) -> tuple[Number, ...]:
    """The numbers of a dataclass, in the order of its fields."""
    found = [(each.name, each.metadata["number"]) for each in fields(cls) if "number" in each.metadata]
    return tuple(
        Number(name, meaning, kind, example, latex or latex_of_name(name))
        for name, (meaning, kind, example, latex) in found
    )


def several(value: object, check: Callable[[object, str], Any], where: str) -> Any:
    """One value checked, or a tuple of several in rising order.

    Raises:
        RuleError: if there are none, or one of them is not allowed.
    """
    if isinstance(value, str) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0:
        return check(value, where)
    values = tuple(sorted(check(each, f"{where}[{place}]") for place, each in enumerate(value)))
    if not values:
        raise RuleError(f"{where} is empty; give one value or several.")
    return values


def _fraction(value: object) -> Fraction | None:
    """A number that is written exactly, as "1/2" or Fraction(1, 2), but not as a plain int."""
    if isinstance(value, str):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            return None
    if isinstance(value, Rational) and not hasattr(value, "__index__"):
        return Fraction(operator.index(value.numerator), operator.index(value.denominator))
    return None
