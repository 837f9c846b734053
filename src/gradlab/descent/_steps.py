"""The steps of an update rule, with what it keeps from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from gradlab.codegen import numpy_update, update_exactly
from gradlab.descent._errors import DescentError
from gradlab.descent._numbers import is_rational
from gradlab.descent._problem import Problem
from gradlab.graph import NotRationalError, evaluate
from gradlab.rules import COUNT, GRADIENT, PARAMETER, RATE, GradientDescent, Rule, RuleError, read


def chosen_rule(rule: Any, learning_rate: Any, steps: Any) -> tuple[Rule, Any]:
    """The rule that was given (a rule, its text, or None for gradient descent), and the size of its steps.

    Raises a DescentError if the rule cannot be used, or has a learning rate beside another one.
    """
    if rule is None:
        return GradientDescent(), learning_rate
    try:
        made = read(Rule, rule)
    except RuleError as error:
        raise DescentError(str(error)) from None
    if made.several or made.by_layer:
        raise DescentError(f"the rule {made} has several values for a number; a descent takes one of each.")
    if learning_rate is None and steps is None:
        return made, made.learning_rate
    if made.learning_rate != type(made)().learning_rate:
        beside = "learning_rate" if steps is None else "steps"
        raise DescentError(
            f"the rule has the learning rate {made.learning_rate}, and there is {beside} beside it; give the size of "
            "the steps in one of the two places."
        )
    return made, learning_rate


def is_plain(rule: Rule) -> bool:
    """Tell whether a rule steps against the gradient and keeps nothing."""
    return rule.update() == GradientDescent.update()


def is_exact(rule: Rule) -> bool:
    """Tell whether fractions give fractions: no roots in the formulas, and all numbers written exactly."""
    numbers = {name: value for name, value in rule.settings.items() if name != "learning_rate"}
    update = rule.update()
    values = {name: Fraction(1) for name in (PARAMETER, GRADIENT, RATE, COUNT, *update.numbers, *update.state)}
    try:
        for name, formula in update.statements:
            values[name] = Fraction(1)
            evaluate(formula, values)
    except NotRationalError:
        return False
    except ZeroDivisionError:
        pass
    return rule.schedule.constant and all(is_rational(value) for value in numbers.values())


@dataclass(frozen=True, slots=True, eq=False)
class RuleState:
    """What a rule goes on from; the arrays are read-only.

    Attributes:
        done: How many steps were taken, by which schedules and some rules go.
        kept: What the rule keeps beside each variable, by the rule's names, each of shape (n,).
    """

    done: int
    kept: Mapping[str, np.ndarray]

    @property
    def exact(self) -> bool:
        """Whether it holds Fractions, or nothing at all."""
        return all(array.dtype == object for array in self.kept.values())

    def check(self, rule: Rule, count: int) -> None:
        """Say if it is that of another rule, or of a point with another number of variables.

        Raises:
            DescentError: It is.
        """
        names = rule.update().state
        if set(self.kept) != set(names):
            there, wanted = (", ".join(sorted(each)) or "nothing" for each in (self.kept, names))
            raise DescentError(
                f"the state is that of another rule: it holds {there}, but {type(rule).__name__} keeps {wanted}; go on "
                "with the rule that made it, or leave state out."
            )
        wrong = next((array.shape for array in self.kept.values() if array.shape != (count,)), None)
        if wrong:
            raise DescentError(f"the state is for {wrong[0]} variables, but the start has {count}.")


class Steps:
    """Takes one step after another.

    Args:
        rule: The rule, with one value for each number.
        problem: What is descended on.
        before: What the rule goes on from; None to begin.

    Raises:
        DescentError: The state is that of another rule.
    """

    def __init__(self, rule: Rule, problem: Problem, before: RuleState | None = None) -> None:
        self.rule, self.problem, self.update = rule, problem, rule.update()
        self.before = 0 if before is None else before.done
        count = len(problem.start)
        if before is not None:
            before.check(rule, count)
            self.state = tuple(before.kept[name] for name in self.update.state)
        elif problem.exact:
            self.state = tuple(np.array([Fraction(0)] * count, dtype=object) for _ in self.update.state)
        else:
            self.state = tuple(np.zeros_like(problem.start) for _ in self.update.state)
        self.reached = 0, self.state
        self.numbers = tuple(rule.settings[name] for name in self.update.numbers)

    def arrive(self, steps: int) -> None:
        """Say that the point after so many steps of this run is known: what the rule keeps there goes with it."""
        self.reached = steps, self.state

    @property
    def known(self) -> RuleState:
        """What the rule keeps at the last point that is known."""
        steps, state = self.reached
        kept = {name: array.copy() for name, array in zip(self.update.state, state, strict=True)}
        for array in kept.values():
            array.setflags(write=False)
        return RuleState(self.before + steps, kept)

    def take(self, point: np.ndarray, rate: Any, gradient: np.ndarray, count: int) -> np.ndarray:
        """The next point, in the problem's arithmetic.

        Args:
            point: Where it is, shape (n,).
            rate: The size of the step.
            gradient: The gradient there, shape (n,).
            count: The number of the step in this run, from 1.

        Raises:
            DescentError: Exact numbers have grown beyond use, or a schedule gives a float after them.
        """
        count += self.before
        if self.problem.exact:
            return self.problem.settled(self._exactly(point, self.problem.exact_rate(rate), gradient, count))
        numbers = [float(number) for number in self.numbers]
        moved, self.state = numpy_update(self.update)(point, gradient, float(rate), count, *numbers, *self.state)
        return self.problem.settled(moved)

    def _exactly(self, point: np.ndarray, rate: Any, gradient: np.ndarray, count: int) -> np.ndarray:
        moved, state = point.copy(), tuple(kept.copy() for kept in self.state)
        shared = {RATE: rate, COUNT: Fraction(count), **dict(zip(self.update.numbers, self.numbers, strict=True))}
        for place in range(len(point)):
            kept = {name: values[place] for name, values in zip(self.update.state, state, strict=True)}
            values = update_exactly(self.update, {**shared, **kept, PARAMETER: point[place], GRADIENT: gradient[place]})
            moved[place] = values[PARAMETER]
            for name, array in zip(self.update.state, state, strict=True):
                array[place] = values[name]
        self.state = state
        return moved
