"""Inputs like those that the solution hands to a function: its own, and new ones of the same shapes and ranges."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gradlab.labs.grade._data import copied

_MOST_RECORDED: Final = 6
_NEW: Final = 8
_FURTHER: Final = 12


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of a call.

    Args:
        args: by position.
        kwargs: by name.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def copies(self) -> Call:
        """The same with arrays of its own, so that nobody changes the original."""
        kwargs = {name: copied(value) for name, value in self.kwargs.items()}
        return Call(tuple(copied(value) for value in self.args), kwargs)


class Spread(random.Random):
    """Draws numbers that are spread over their range: of as many turns each has a part of it of its own.

    By chance alone one file of four would have no number in a given sixth of the range, and nobody would see a bound
    that is wrong there.
    """

    def __init__(self, seed: int, turns: int) -> None:
        super().__init__(seed)
        self._turns, self._turn, self._place = turns, -1, 0
        self._parts: list[list[int]] = []

    def next_turn(self) -> None:
        """Begin the next call."""
        self._turn, self._place = self._turn + 1, 0

    def between(self, low: float, high: float) -> float:
        """A number for the next place of this call."""
        if self._place == len(self._parts):
            self._parts.append(self.sample(range(self._turns), self._turns))
        part = self._parts[self._place][self._turn % self._turns]
        self._place += 1
        return low + (high - low) * (part + self.random()) / self._turns


def recorder(function: Callable[..., Any], calls: list[Call]) -> Callable[..., Any]:
    """Wrap a function so that what it is called with is kept."""

    @functools.wraps(function)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        if len(calls) < _MOST_RECORDED:
            calls.append(Call(args, kwargs).copies())
        return function(*args, **kwargs)

    return recorded


def inputs_like(calls: Sequence[Call], seed: int) -> list[Call]:
    """Make inputs for a function.

    Args:
        calls: what the solution called it with.
        seed: others come with another one.

    Returns:
        The first calls themselves, then new ones: numbers from the range between the smallest and the largest that
        stood in this place, whole numbers and labels in another order, everything else as it was.
    """
    generator = Spread(seed, _NEW)
    made = [call.copies() for call in calls]
    for number in range(_NEW if calls else 0):
        generator.next_turn()
        made.append(new_like(calls[number % len(calls)], calls, generator))
    return made


def further_inputs(calls: Sequence[Call], seed: int) -> list[Call]:
    """Make inputs that the solution has none like: whether a function is meant for them only the key can tell.

    Returns:
        Calls in which one argument is another: whole numbers, and numbers that happen to be whole, texts, switches; and
        such in which all that have one length are shorter.
    """
    generator, made = random.Random(seed), list[Call]()
    for call in calls:
        given = dict[int | str, Any]([*enumerate(call.args), *call.kwargs.items()])
        changes = [{place: other} for place, value in given.items() for other in _others(value, generator)]
        sized = {place: len(value) for place, value in given.items() if _is_sequence(value) and len(value) > 1}
        changes += [
            {place: _shorter(given[place]) for place, size in sized.items() if size == length}
            for length in dict.fromkeys(sized.values())
        ]
        for changed in changes:
            args = tuple(changed.get(place, value) for place, value in enumerate(call.args))
            kwargs = {name: changed.get(name, value) for name, value in call.kwargs.items()}
            made.append(Call(args, kwargs).copies())
    return generator.sample(made, min(len(made), _FURTHER))


def _others(value: Any, generator: random.Random) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, *([value - 1] if value > 1 else [])]
    if isinstance(value, float) and value.is_integer():
        return [generator.uniform(*_range([value]))]
    if isinstance(value, str) and len(value) > 1:
        words = value.split(" ")
        return [" ".join(words[1:]) if len(words) > 1 else value[::-1]]
    return []


def _is_sequence(value: Any) -> bool:
    return type(value) in (list, tuple) or (hasattr(value, "shape") and len(value.shape) > 0)


def _shorter(value: Any) -> Any:
    return value.iloc[:-1] if hasattr(value, "iloc") else value[:-1]


def new_like(base: Call, calls: Sequence[Call], generator: Spread) -> Call:
    """Make a call.

    Args:
        base: what it is to be like.
        calls: all that were made of the same function.
        generator: what draws numbers.
    """
    alike = [call for call in calls if len(call.args) == len(base.args)]
    args = tuple(_like(value, [call.args[i] for call in alike], generator) for i, value in enumerate(base.args))
    kwargs = {
        name: _like(value, [call.kwargs[name] for call in calls if name in call.kwargs], generator)
        for name, value in base.kwargs.items()
    }
    return Call(args, kwargs)


def _like(value: Any, seen: Sequence[Any], generator: Spread) -> Any:
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        if value.is_integer():
            return value
        return generator.between(*_range([part for part in seen if isinstance(part, float)]))
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return _array(value, seen, generator)
    if type(value) in (list, tuple) and all(isinstance(part, float) for part in value):
        return type(value)(_like(part, value, generator) for part in value)
    return copied(value)


def _array(value: Any, seen: Sequence[Any], generator: Spread) -> Any:
    made = copied(value.detach() if hasattr(value, "detach") else value)
    flat = made.reshape(-1)
    old: list[Any] = flat.tolist()
    if not old or isinstance(old[0], complex):
        return made
    if any(isinstance(part, float) and not float(part).is_integer() for part in old):
        numbers = [n for array in seen if hasattr(array, "reshape") for n in array.reshape(-1).tolist()]
        low, high = _range(numbers)
        new: list[Any] = [generator.uniform(low, high) for _ in old]
    else:  # labels, or points of a grid: another order keeps them what they are
        new = generator.sample(old, len(old))
    for place, number in enumerate(new):
        flat[place] = number
    made = flat.reshape(made.shape)
    return made.requires_grad_() if getattr(value, "requires_grad", False) else made


def _range(numbers: Sequence[float]) -> tuple[float, float]:
    low, high = min(numbers), max(numbers)
    if low < high:
        return low, high
    margin = 0.3 * max(abs(low), 0.1)
    return low - margin, high + margin
