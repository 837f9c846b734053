"""The errors of training, and the checks of plain numbers that every function of this package shares."""

from __future__ import annotations

from gradlab._checks import checked_real, checked_whole
from gradlab._errors import GradlabError


class DataError(GradlabError):
    """The points or their labels cannot be trained on."""


class TrainError(GradlabError):
    """A setting of the training cannot be used."""


class NoBestRunError(GradlabError):
    """Every run diverged, so none of them is the best."""


def whole_number(name: str, value: object, *, least: int, example: int, most: int | None = None) -> int:
    """Returns the value as an int.

    Raises:
        TrainError: if it is not a whole number (True and 10.0 are not) is too small or too large.
    """
    return checked_whole(TrainError, name, value, least=least, example=example, most=most)


def real_number(name: str, value: object, *, example: float, positive: bool) -> float:
    """Returns the value as a float.

    Raises:
        TrainError: if it is not a finite real number, or is too small.
    """
    return checked_real(TrainError, name, value, example=example, positive=positive)
