"""Checks of plain numbers that several packages share; each raises the error of its caller."""

from __future__ import annotations

import math
import operator
from numbers import Real

from gradlab._errors import GradlabError


def checked_whole(
    error: type[GradlabError], name: str, value: object, *, least: int, example: int, most: int | None = None
) -> int:
    """Returns the value as an int.

    Args:
        error: what is raised if it cannot be one.
        name: what the person wrote it as, for the message.
        value: what they gave.
        least: the smallest number allowed.
        example: a value that works, for the message.
        most: the largest number allowed; None for any.

    Raises:
        GradlabError: of the kind ``error``, if it is no whole number (True and 10.0 are none), too small or too large.
    """
    hint = f"write for example {name}={example}."
    if isinstance(value, bool):
        raise error(f"{name} is {value!r}, which is no number; {hint}")
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # whatever is not an integer raises here
    except TypeError:
        raise error(f"{name} must be a whole number, but it is {value!r}; {hint}") from None
    if number < least:
        raise error(f"{name} must be at least {least}, but it is {number}; {hint}")
    if most is not None and number > most:
        raise error(f"{name} must be at most {most:,}, but it is {number:,}; {hint}")
    return number


def checked_real(error: type[GradlabError], name: str, value: object, *, example: object, positive: bool) -> float:
    """Returns the value as a float.

    Args:
        error: what is raised if it cannot be one.
        name: what the person wrote it as, for the message.
        value: what they gave.
        example: a value that works, for the message.
        positive: whether zero is too small; negative numbers always are.

    Raises:
        GradlabError: of the kind ``error``, if it is not a finite real number, or is too small.
    """
    hint = f"write for example {name}={example}."
    if isinstance(value, bool) or not isinstance(value, Real):
        raise error(f"{name} must be a number, but it is {value!r}; {hint}")
    number = float(value)
    if not math.isfinite(number):
        raise error(f"{name} must be finite, but it is {number}; {hint}")
    if number < 0 or (positive and number == 0):
        wanted = "greater than 0" if positive else "0 or greater"
        raise error(f"{name} must be {wanted}, but it is {number}; {hint}")
    return number
