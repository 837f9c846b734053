"""The axes of a sweep: each setting that is varied, with its values, checked and in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from gradlab.rules import Rule
from gradlab.train._errors import TrainError, real_number, whole_number
from gradlab.train._experiment import chosen_batches
from gradlab.train._initialise import check_kind

Value = float | int | str


@dataclass(frozen=True, slots=True)
class Axis:
    """One setting of a sweep.

    Args:
        name: its name, which is that of the result's dimension.
        values: its values, without repetition; numbers in rising order.
        swept: whether it was given as several values, so that the result has a dimension for it.
    """

    name: str
    values: tuple[Value, ...]
    swept: bool = False

    def __len__(self) -> int:
        return len(self.values)

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers, so that some are neighbours."""
        return not isinstance(self.values[0], str)


def rate_axes(value: object, layers: int) -> tuple[Axis, ...]:
    """Returns the axes of the learning rate: one, or one for each layer of weights by its number, from 1."""
    if not isinstance(value, Mapping):
        return (make_axis("learning_rate", value, _rate),)
    if sorted(value, key=str) != [*range(1, layers + 1)]:
        example = "{" + ", ".join(f"{layer}: [0.1, 1.0]" for layer in range(1, layers + 1)) + "}"
        raise TrainError(
            f"learning_rate by layer needs the layers {', '.join(map(str, range(1, layers + 1)))} of this network, "
            f"but it has {', '.join(map(repr, value)) or 'none'}; write for example learning_rate={example}."
        )
    return tuple(make_axis(f"learning_rate_{layer}", value[layer], _rate) for layer in range(1, layers + 1))


def make_axis(name: str, value: object, check: Callable[[str, object], Value]) -> Axis:
    """Returns the axis of one value or of several, each checked; refuses what is empty or stands there twice."""
    if isinstance(value, str) or not isinstance(value, Iterable) or (isinstance(value, np.ndarray) and not value.ndim):
        return Axis(name, (check(name, value.item() if isinstance(value, np.ndarray) else value),))
    values = [check(f"{name}[{index}]", each) for index, each in enumerate(value)]
    if not values:
        raise TrainError(f"{name} is empty; give one value or several.")
    twice = next((each for each in values if values.count(each) > 1), None) if len(set(values)) < len(values) else None
    if twice is not None:
        raise TrainError(f"{name} has {twice!r} more than once; give each value once.")
    return Axis(name, tuple(values) if isinstance(values[0], str) else tuple(sorted(values)), swept=True)


def _rate(name: str, value: object) -> float:
    return real_number(name, value, example=1.0, positive=True)


def scale_axis(value: object) -> Axis:
    """Returns the axis of the scale of the initial parameters: numbers of 0 or more."""
    return make_axis("init_scale", value, lambda name, each: real_number(name, each, example=1.0, positive=False))


def number_axes(rule: Rule) -> tuple[Axis, ...]:
    """Returns the axis of each of a rule's own numbers; refuses a value that stands there twice."""
    return tuple(make_axis(each.name, getattr(rule, each.name), _as_float) for each in rule.own_numbers())


def _as_float(_: str, value: Any) -> float:
    """A number that the rule has checked."""
    return float(value)


def count_axis(name: str, value: object, *, example: int, most: int | None = None) -> Axis:
    """Returns the axis of a setting that is counted from 1 up: steps or units."""
    return make_axis(name, value, partial(whole_number, least=1, example=example, most=most))


def batches_axis(value: object) -> Axis:
    """Returns the axis of the batches, each as its text."""
    return make_axis("batches", value, lambda _, each: str(chosen_batches(each)))


def initialisation_axis(value: object) -> Axis:
    """Returns the axis of the initialisation's kind, by its name."""
    return make_axis("initialisation", value, check_kind)
