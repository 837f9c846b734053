"""The checks made ready to be run: what an empty answer passes is known, and how long the key takes."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from gradlab.labs._python import parse
from gradlab.labs.grade.matching import Task, statements_of
from gradlab.labs.grade.protocol import CheckTimeoutError
from gradlab.labs.grade.verdicts._clock import Clock, stopwatch
from gradlab.labs.grade.verdicts._evaluate import (
    CHECK_FILE,
    Outcome,
    PreparedCheck,
    in_words,
    prepare,
    run_check,
)
from gradlab.labs.grade.verdicts._key import Key, KeyFailedError, execute

_AT_LEAST = 2.0
TIMES_THE_KEY = 20.0
"""How much longer than the key an answer may take before it is slow beyond doubt."""


@dataclass(frozen=True, slots=True)
class ReadyTask:
    """A check made ready.

    Args:
        task: the check and what it needs.
        check: its code.
        free: the assertions that an empty answer passes.
        seconds: how long the key takes.
        vague: the messages that an empty answer gets, so that a rubric's costs are not for them.
        given_limit: seconds beyond the check's own that what is run before it may take.
        forms: what kinds of values the key's own answer, handed in as a student's, hands over.
        fault: why the key's own answer, handed in as a student's, does not pass it, "" where it does.
    """

    task: Task
    check: PreparedCheck
    free: frozenset[int]
    seconds: float
    given_limit: float
    vague: frozenset[str] = frozenset()
    fault: str = ""
    forms: frozenset[str] = frozenset()


def ready_tasks(key: Key, timeout: float) -> tuple[ReadyTask, ...]:
    """Run every check against the key, and against answers that are empty or the same everywhere.

    Raises:
        KeyFailedError: if the key does not pass some of them.
    """
    made, faults = list[ReadyTask](), list[tuple[int, str]]()
    for task in key.plan.tasks:
        try:
            made.append(_ready(key, task, timeout))
        except KeyFailedError as problem:
            faults += problem.faults
    if faults:
        raise KeyFailedError(faults)
    return tuple(made)


def _ready(key: Key, task: Task, timeout: float) -> ReadyTask:
    check = prepare(parse(task.code))
    taken = stopwatch()
    right = evaluate(key, task, check, {}, timeout, own=task.check.timeout)
    if not right.holds and task.parts and not right.stopped:
        # What the key has drawn or filled may be no data that could be brought back: it is made anew each time.
        taken, first, whole = stopwatch(), right, replace(task, start=0)
        right = evaluate(key, whole, check, {}, timeout, own=task.check.timeout)
        task, right = (whole, right) if right.holds else (task, first)
    seconds = taken()
    if not right.holds:
        raise KeyFailedError([_failed(task, right, check)])
    free, vague = free_of(key, task, check, task.own, timeout + task.check.timeout, halves=True)
    limit = min(timeout, _AT_LEAST + TIMES_THE_KEY * seconds)
    return ReadyTask(task, check, free, seconds, limit, vague)


def free_of(
    key: Key, task: Task, check: PreparedCheck, names: Set[str], limit: float, *, halves: bool
) -> tuple[frozenset[int], frozenset[str]]:
    """Run a check with some of its names empty, or the same everywhere, and the key's in the place of all others.

    Args:
        key: the answer key; its names are changed.
        task: the check and what it needs.
        check: its code.
        names: the names.
        limit: seconds that each run may take.
        halves: whether one more kind of answer that is none is tried.

    Returns:
        The assertions that hold all the same, and the messages of those that do not.
    """
    free, vague = set[int](), set[str]()
    for empty in (_raising, _zeros, *((_halves,) if halves else ())):
        outcome = evaluate(key, task, check, {name: empty(key.value(name)) for name in names}, limit)
        free |= outcome.always()
        vague |= outcome.said
    return frozenset(free), frozenset(vague)


def _failed(task: Task, outcome: Outcome, prepared: PreparedCheck) -> tuple[int, str]:
    """The template line in which the key fails, and why."""
    check, problem = task.check, outcome.problem
    frames = traceback.extract_tb(problem.__traceback__ if problem is not None else None)
    row = next((frame.lineno for frame in frames if frame.filename == CHECK_FILE), None) or 0
    if isinstance(problem, CheckTimeoutError):
        why = (
            f"it runs longer than {check.timeout:g} s; give it more time with timeout="
            if row
            else (
                "the cells before it run longer than one cell may; give them more time with 'timeout:' under 'gradlab:'"
            )
        )
    elif isinstance(problem, AssertionError):
        why = in_words(outcome, prepared, hidden=False)
    else:
        why = f"{type(problem).__name__}: {problem}"
    row -= len(task.prelude)
    line = check.lines[row - 1].line if 0 < row <= len(check.lines) else 0
    return line or check.line, f"the solution does not pass the check {check.name!r}: {why}"


def evaluate(
    key: Key, task: Task, check: PreparedCheck, values: Mapping[str, Any], limit: float,
    before: Callable[[], None] = lambda: None, own: float | None = None, clock: Clock | None = None,
) -> Outcome:  # fmt: skip
    """Run a check with some values in the place of the key's.

    Args:
        key: the answer key; its names are changed.
        task: the check and what it needs.
        check: its code.
        values: what stands in the place of the key's, by name.
        limit: seconds that it may take.
        before: what is done first, within the same time.
        own: seconds that the check alone may take. Default all that is left.
        clock: knows which time does not count. Default one of this process alone.
    """

    def build() -> None:
        before()
        # What is theirs, and what holds anything of it: no statement of the key's homework gets hold of that.
        reached = {name for name in values if name.isidentifier()}
        for index in task.parts:
            if index < task.start:
                continue
            part = key.plan.parts[index]
            if part.is_homework and part.statement.meets(reached):
                key.give(index, part.names - values.keys())
            elif not part.is_homework or not values or _is_wanted(key, task, index):
                key.run(part)
                reached |= part.statement.reached if part.statement.uses & reached else frozenset()
            for name in part.names & values.keys():
                _assign(key.names, name, values[name])
        # Of a check that is made from the key nothing but the value itself is looked at.
        homework = key.plan.homework if task.parts else ()
        key.names.update({name: value for name, value in values.items() if name not in homework})

    key.reset(task)
    return run_check(check, key.names, build, limit, own, clock)


def _is_wanted(key: Key, task: Task, index: int) -> bool:
    """Whether the check, or what else is run for it, has a use for a statement of the key's homework."""
    statement = key.plan.parts[index].statement
    wanted = {name for each in statements_of("\n".join(task.code))[0] for name in each.uses}
    wanted = wanted.union(*(key.plan.parts[other].statement.uses for other in task.parts if other != index))
    return statement.has_effect or bool(statement.reached & wanted)


def _assign(names: dict[str, Any], name: str, value: Any) -> None:
    """Give a name, or an entry such as `answers[1]`, a value."""
    if name.isidentifier():
        names[name] = value
    else:
        execute(f"{name} = __gradlab_value__", names | {"__gradlab_value__": value})


def made_ready(key: Key, tasks: tuple[Task, ...]) -> tuple[ReadyTask, ...]:
    """Make the checks ready that are made from the key."""
    return tuple(ReadyTask(task, prepare(parse([task.check.source])), frozenset(), 0.0, _AT_LEAST) for task in tasks)


def _raising(_: Any) -> Any:
    class Empty:
        def __call__(self, *_: Any, **__: Any) -> Any:
            raise NotImplementedError

        def __getattr__(self, name: str) -> Any:
            raise NotImplementedError

    return Empty()


def _zeros(value: Any) -> Any:
    return _constant(value, 0)


def _halves(value: Any) -> Any:
    return _constant(value, 0.5)


def _constant(value: Any, number: float) -> Any:
    """The same with one number in the place of all; a function returns such."""
    if isinstance(value, type):
        apply = getattr(value, "apply", None)  # of torch.autograd.Function
        return SimpleNamespace(apply=_constant(apply, number)) if apply is not None else _raising(value)
    if callable(value):
        return lambda *args, **kwargs: _constant(value(*args, **kwargs), number)
    if isinstance(value, tuple | list) and type(value) in (tuple, list):
        return type(value)(_constant(part, number) for part in value)
    if isinstance(value, dict):
        return {name: _constant(part, number) for name, part in value.items()}
    if isinstance(value, bool | int | float) or hasattr(value, "dtype"):
        nothing: Any = value * 0
        return nothing + number if number else nothing
    return None
