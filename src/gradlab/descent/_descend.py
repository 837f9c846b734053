"""The loop of gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradlab.descent._advice import advice, message
from gradlab.descent._errors import DescentError
from gradlab.descent._problem import Problem, make_problem
from gradlab.descent._schedule import Schedule, make_schedule
from gradlab.descent._steps import RuleState, Steps, chosen_rule, is_exact, is_plain
from gradlab.descent._stopping import History, Rules, Stop, make_rules, outcome
from gradlab.descent._trace import Trace
from gradlab.rules import Rule


class DescentInterrupted(KeyboardInterrupt):
    """A descent was stopped from the keyboard; it has no outcome, but it can be taken up again.

    `descend(function, error.points[-1], state=error.state, ...)` goes on from there.

    Attributes:
        points: The points reached so far, shape (T + 1, n).
        values: The function there, shape (T + 1,).
        state: What the rule keeps there; None if there was no step.
    """

    def __init__(self, points: np.ndarray, values: np.ndarray, state: RuleState | None = None) -> None:
        super().__init__(f"interrupted after {len(points) - 1} steps; the points so far are in .points")
        self.points = points
        self.values = values
        self.state = state

    def __reduce__(self) -> tuple[type[DescentInterrupted], tuple[np.ndarray, np.ndarray, RuleState | None]]:
        # The default would hand the message to __init__.
        return DescentInterrupted, (self.points, self.values, self.state)


def descend(
    function: Any,
    start: Any,
    *,
    learning_rate: float | str | Callable[[int], Any] | None = None,
    rule: Rule | str | None = None,
    steps: Sequence[Any] | None = None,
    max_steps: int | None = None,
    tolerance: float = 1.5e-8,
    value_tolerance: float | None = None,
    gradient: Callable[[Any], Any] | None = None,
    state: RuleState | None = None,
) -> Trace:
    """Go down a function, each step against its gradient, x <- x - rate * gradient(x), or by another rule.

    The run is exact, in Fractions, if `function` has an `exact` evaluation and both the start and the step
    sizes are written exactly: as ints, Fractions or strings such as "1/2". With a float among them it is
    floating-point work. It stops where the norm of the gradient is within `tolerance`, where the value
    settles within `value_tolerance`, when the value has risen ten times in a row at an unreduced rate, or
    after the last step. A run that ends without having come below a value it rose from is DIVERGED, for
    whatever reason it stopped. By another rule than gradient descent the value may rise on its way: there a run
    is DIVERGED if it ends above its start, and has CONVERGED once the gradient is within `tolerance` at two
    points in a row.

    Args:
        function: A gradlab function; or a callable from a point (n,), or from a float where `start` is one,
            to a value (with `gradient`) or to a pair of value and gradient; or a torch callable, an autograd
            Function or its `apply`, whose backward pass gives the gradient.
        start: n numbers or, for one variable, one. It is never changed.
        learning_rate: The size of every step, or a callable from the step's index 0, 1, ... to its size.
        rule: One of `gradlab.rules`, as ``gl.rules.Adam(0.1)``, or its text; default: gradient descent. Its
            learning rate is used where neither `learning_rate` nor `steps` is given.
        steps: The size of each step instead, one step for each.
        max_steps: The most steps to take. Default 1000, or as many as `steps` has.
        tolerance: The norm of the gradient at which to stop. Default 1.5e-8, the square root of float64's
            epsilon.
        value_tolerance: The change of the value in a step at which to stop, given that the slope promises
            no more. Default None, to look at the gradient alone.
        gradient: A callable from a point (n,) to the gradient there (n,), for a function without its own.
        state: The `state` of a trace, to go on from its last point as if it had not ended there: what the rule keeps,
            and the number of steps from which a schedule counts on. When to stop is asked anew.

    Returns:
        The trace of the run: points, values, gradients, steps, and how it ended.

    Raises:
        DescentError: An argument cannot be used.
        DescentInterrupted: The run was stopped from the keyboard; the error holds the points so far.

    Source:
        A. Cauchy, Méthode générale pour la résolution des systèmes d'équations simultanées, 1847.

    Example:
        >>> trace = descend(lambda x: (x - 3) ** 2, 0.0, gradient=lambda x: 2 * (x - 3), learning_rate=0.25)
        >>> trace.outcome.name, round(float(trace.last[0]), 6)
        ('CONVERGED', 3.0)
    """
    made, learning_rate = chosen_rule(rule, learning_rate, steps)
    if state is not None and not isinstance(state, RuleState):
        raise DescentError(f"state is {type(state).__name__!r}; give that of a trace, as state=trace.state.")
    done = 0 if state is None else state.done
    schedule = make_schedule(learning_rate, steps, max_steps, made.schedule, done)
    rules = make_rules(tolerance, value_tolerance, schedule.max_steps, is_plain(made))
    rational = schedule.rational and is_exact(made) and (state is None or state.exact)
    problem = make_problem(function, gradient, start, rational)
    history, taken = History(problem.epsilon), Steps(made, problem, state)
    try:
        stop = _run(problem, taken, schedule, rules, history)
    except KeyboardInterrupt as error:
        known = slice(taken.reached[0] + 1)
        points, values = _stack(history.points[known], problem), np.array(history.values[known])
        raise DescentInterrupted(points, values, taken.known) from error
    return _trace(problem, schedule, rules, history, stop, taken.known)


def _run(problem: Problem, steps: Steps, schedule: Schedule, rules: Rules, history: History) -> Stop:
    point = problem.start
    # Overflow and invalid values are outcomes of the run, named there; NumPy's warnings would only repeat them.
    with np.errstate(all="ignore"):
        history.add(point, *problem.evaluate(point))
        while (stop := rules.judge(history)) is None:
            rate = schedule.rate(len(history.rates))
            point = steps.take(point, rate, history.gradients[-1], len(history.rates) + 1)
            value, slope = problem.evaluate(point)
            history.rates.append(rate)
            history.add(point, value, slope)
            steps.arrive(len(history.rates))
    return stop


def _trace(problem: Problem, schedule: Schedule, rules: Rules, history: History, stop: Stop, state: RuleState) -> Trace:
    end = outcome(stop, history, rules.plain)
    unused = schedule.planned[len(history.rates) : schedule.max_steps]
    steps = history.rates if problem.exact else [float(rate) for rate in history.rates]
    kind = object if problem.exact else np.float64
    return Trace(
        points=_stack(history.points, problem),
        values=np.array(history.values, dtype=kind),
        gradients=_stack(history.gradients, problem),
        steps=np.array(steps, dtype=kind),
        outcome=end,
        message=message(end, stop, history, rules, unused),
        advice=advice(end, history, rules, problem.derived),
        names=problem.names,
        unused=unused,
        state=state,
    )


def _stack(rows: list[np.ndarray], problem: Problem) -> np.ndarray:
    return np.array(rows, dtype=object if problem.exact else np.float64).reshape(-1, len(problem.start))
