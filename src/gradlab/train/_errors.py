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
    """As `checked_whole`, with a TrainError."""
    return checked_whole(TrainError, name, value, least=least, example=example, most=most)


def real_number(name: str, value: object, *, example: float, positive: bool) -> float:
    """As `checked_real`, with a TrainError."""
    return checked_real(TrainError, name, value, example=example, positive=positive)
