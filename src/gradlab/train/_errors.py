"""The errors of training, and the checks of plain numbers that every function of this package shares."""

from __future__ import annotations

import math
import operator
from numbers import Real

from gradlab._errors import GradlabError


class DataError(GradlabError):
    """The points or their labels cannot be trained on."""


class TrainError(GradlabError):
    """A setting of the training cannot be used."""


class NoBestRunError(GradlabError):
    """Every run diverged, so none of them is the best."""


def whole_number(name: str, value: object, *, least: int, example: int) -> int:
    """Returns the value as an int.

    Args:
        name: what the person wrote it as, for the message.
        value: what they gave.
        least: the smallest number allowed.
        example: a value that works, for the message.

    Raises:
        TrainError: if it is not a whole number (True and 10.0 are not) or is too small.
    """
    hint = f"write for example {name}={example}."
    if isinstance(value, bool):
        raise TrainError(f"{name} is {value!r}, which is no number; {hint}")
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # whatever is not an integer raises here
    except TypeError:
        raise TrainError(f"{name} must be a whole number, but it is {value!r}; {hint}") from None
    if number < least:
        raise TrainError(f"{name} must be at least {least}, but it is {number}; {hint}")
    return number


def real_number(name: str, value: object, *, example: float, positive: bool) -> float:
    """Returns the value as a float.

    Args:
        name: what the person wrote it as, for the message.
        value: what they gave.
        example: a value that works, for the message.
        positive: whether zero is too small; negative numbers always are.

    Raises:
        TrainError: if it is not a finite real number, or is too small.
    """
    hint = f"write for example {name}={example}."
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TrainError(f"{name} must be a number, but it is {value!r}; {hint}")
    number = float(value)
    if not math.isfinite(number):
        raise TrainError(f"{name} must be finite, but it is {number}; {hint}")
    if number < 0 or (positive and number == 0):
        wanted = "greater than 0" if positive else "0 or greater"
        raise TrainError(f"{name} must be {wanted}, but it is {number}; {hint}")
    return number
