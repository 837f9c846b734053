"""Step sizes: a constant rate, a callable of the step's index, or a list of steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradlab._checks import checked_whole
from gradlab.descent._errors import DescentError
from gradlab.descent._numbers import Number, is_rational, parse_number, parse_numbers, show
from gradlab.rules import Constant
from gradlab.rules import Schedule as Factors

DEFAULT_MAX_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Schedule:
    """The size of each step, and how many steps are allowed."""

    rate: Callable[[int], Number]
    max_steps: int
    rational: bool
    planned: tuple[Number, ...] = ()


def make_schedule(
    learning_rate: Any, steps: Any, max_steps: int | None, factors: Factors = Constant(), done: int = 0
) -> Schedule:
    """Turn what `descend` was given into a Schedule; it is `rational` if its rates are exact.

    Args:
        learning_rate: A positive number, a callable from the step's index (0, 1, ...) to one, or None.
        steps: A sequence of positive numbers, or None.
        max_steps: The most steps to take, or None for `DEFAULT_MAX_STEPS` or as many as `steps` has.
        factors: By what each size is multiplied, by the rule's own schedule.
        done: How many steps were taken before, from which callables and the rule's schedule count on; a list of steps
            is one of those to come.

    Raises:
        DescentError: None or both of `learning_rate` and `steps` are given, or a number in them is unusable.
    """
    if isinstance(steps, int):
        raise DescentError(f"steps is {steps!r}, but means step sizes; for so many steps write max_steps={steps!r}.")
    if (learning_rate is None) == (steps is None):
        given = "neither learning_rate nor steps" if steps is None else "both learning_rate and steps"
        raise DescentError(
            f"descend was given {given}; write either learning_rate=0.1 for a constant rate or "
            'steps=["1/2", "1/3"] for one step of each size.'
        )
    if max_steps is not None:
        max_steps = checked_whole(DescentError, "max_steps", max_steps, least=0, example=DEFAULT_MAX_STEPS)
    made = _listed(steps, max_steps) if steps is not None else _sized(learning_rate, max_steps, done)
    if factors.constant:
        return made
    return replace(made, rate=lambda step: float(made.rate(step)) * factors.factor(done + step), rational=False)


def _sized(learning_rate: Any, max_steps: int | None, done: int) -> Schedule:
    limit = DEFAULT_MAX_STEPS if max_steps is None else max_steps
    if callable(learning_rate):
        return _called(learning_rate, limit, done)
    if isinstance(learning_rate, Sequence) and not isinstance(learning_rate, str):
        raise DescentError(
            f"learning_rate is a {type(learning_rate).__name__}; write steps={list(learning_rate)!r} for a "
            f"list of step sizes."
        )
    constant = _positive(parse_number(learning_rate, "learning_rate"), "learning_rate")
    return Schedule(lambda step: constant, limit, is_rational(constant))


def _listed(steps: Any, max_steps: int | None) -> Schedule:
    if isinstance(steps, str | float) or not hasattr(steps, "__iter__"):
        raise DescentError(
            f"steps is {steps!r}; write a list with one step size for each step, such as steps=[0.5, 0.25]. "
            "(The number of steps is max_steps.)"
        )
    sizes = parse_numbers(list(steps), "steps")
    if not sizes:
        raise DescentError('steps is empty; write at least one step size, such as steps=["1/2"].')
    planned = tuple(_positive(size, f"steps[{index}]") for index, size in enumerate(sizes))
    limit = len(planned) if max_steps is None else min(max_steps, len(planned))
    rational = all(is_rational(size) for size in planned)
    return Schedule(planned.__getitem__, limit, rational, planned)


def _called(schedule: Callable[[int], Any], limit: int, done: int) -> Schedule:
    def rate(step: int) -> Number:
        what = f"learning_rate({done + step})"
        return _positive(parse_number(schedule(done + step), what), what)

    return Schedule(rate, limit, limit > 0 and is_rational(rate(0)))


def _positive(rate: Number, what: str) -> Number:
    if rate > 0:
        return rate
    hint = "" if rate == 0 else " Descent already goes against the gradient: to climb, negate the function."
    raise DescentError(f"{what} is {show(rate)}; a step size must be positive, such as 0.1.{hint}")
