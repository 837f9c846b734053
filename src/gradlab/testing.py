"""For test suites: assertions whose failure messages are the report, and gradients that are marked to be checked.

With pytest installed, functions marked by `gradient_of` and `checked` are tests of their own, and the fixture
`gradient_rng` gives a test a generator of random numbers, once for each seed of `--gradient-seeds`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from gradlab.check import Report, Verdict, check_function, check_gradient

Marked = TypeVar("Marked")
_MARK = "__gradlab_marks__"


def assert_gradient(loss: Any, gradient: Any, at: Any, *, allow_undecided: bool = False, **options: Any) -> Report:
    """Fail unless a gradient is CORRECT.

    Args:
        loss: As for `check_gradient`.
        gradient: As for `check_gradient`.
        at: As for `check_gradient`.
        allow_undecided: Whether an UNDECIDED gradient passes, too. Default no: nothing has been shown then.
        options: Whatever else `check_gradient` takes.

    Returns:
        The report.

    Raises:
        AssertionError: The gradient is WRONG or UNDECIDED; the message is the report.
        CheckError: An argument cannot be used.

    Example:
        >>> assert_gradient(lambda x: x @ x, lambda x: 2 * x, at=[1.0, 2.0]).verdict.name
        'CORRECT'
    """
    __tracebackhide__ = True
    return _passed(check_gradient(loss, gradient, at, **options), allow_undecided)


def assert_function(function: Any, inputs: Any, *, allow_undecided: bool = False, **options: Any) -> Report:
    """Fail unless the backward pass that a function brings along is CORRECT.

    Args:
        function: As for `check_function`.
        inputs: As for `check_function`.
        allow_undecided: Whether an UNDECIDED gradient passes, too. Default no: nothing has been shown then.
        options: Whatever else `check_function` takes.

    Returns:
        The report.

    Raises:
        AssertionError: The gradient is WRONG or UNDECIDED; the message is the report.
        CheckError: An argument cannot be used.

    Example:
        >>> import torch
        >>> assert_function(torch.nn.Linear(2, 1), torch.tensor([1.0, 2.0])).verdict.name
        'CORRECT'
    """
    __tracebackhide__ = True
    return _passed(check_function(function, inputs, **options), allow_undecided)


def _passed(report: Report, allow_undecided: bool) -> Report:
    __tracebackhide__ = True
    if not passes(report, allow_undecided):
        raise AssertionError(str(report))
    return report


def passes(report: Report, allow_undecided: bool = False) -> bool:
    """Whether a report lets a test pass: CORRECT, or UNDECIDED where that is allowed."""
    return report.verdict is Verdict.CORRECT or (report.verdict is Verdict.UNDECIDED and allow_undecided)


@dataclass(frozen=True)
class Mark:
    """One check that a function was marked with.

    Attributes:
        name: The function's name.
        run: Makes the report; takes a generator of random numbers if `draws`.
        draws: Whether the point is drawn anew for each seed.
        allow_undecided: Whether UNDECIDED passes.
    """

    name: str
    run: Callable[..., Report]
    draws: bool
    allow_undecided: bool


def gradient_of(loss: Any, at: Any, *, allow_undecided: bool = False, **options: Any) -> Callable[[Marked], Marked]:
    """Mark a function as the gradient of a loss, for `gradlab check FILE` and for pytest; the function stays as it is.

    Args:
        loss: As for `check_gradient`.
        at: As for `check_gradient`, or a callable that draws such a point from a `numpy.random.Generator`.
        allow_undecided: Whether an UNDECIDED gradient passes, too. Default no.
        options: Whatever else `check_gradient` takes.

    Returns:
        A decorator.

    Example:
        >>> @gradient_of(lambda x: x @ x, at=lambda rng: rng.normal(size=3))
        ... def gradient(x):
        ...     return 2 * x
        >>> gradient(1.5), [mark.name for mark in marks_of(gradient)]
        (3.0, ['gradient'])
    """

    def mark(gradient: Marked) -> Marked:
        def run(*rng: Any) -> Report:
            return check_gradient(loss, gradient, at(*rng) if rng else at, **options)

        return _marked(gradient, Mark(_name_of(gradient), run, callable(at), allow_undecided))

    return mark


def checked(inputs: Any, *, allow_undecided: bool = False, **options: Any) -> Callable[[Marked], Marked]:
    """Mark a function whose own backward pass is to be checked, for `gradlab check FILE` and for pytest.

    Args:
        inputs: As for `check_function`, or a callable that draws them from a `numpy.random.Generator`.
        allow_undecided: Whether an UNDECIDED backward pass passes, too. Default no.
        options: Whatever else `check_function` takes.

    Returns:
        A decorator for a subclass of `torch.autograd.Function`, a `jax.custom_vjp` or another function of torch or jax.
    """

    def mark(function: Marked) -> Marked:
        def run(*rng: Any) -> Report:
            return check_function(function, inputs(*rng) if rng else inputs, **options)

        return _marked(function, Mark(_name_of(function), run, callable(inputs), allow_undecided))

    return mark


def marks_of(item: Any) -> tuple[Mark, ...]:
    """What an object was marked with; nothing where it is not marked itself (a subclass does not inherit marks)."""
    inner = getattr(item, "__func__", None) if isinstance(item, staticmethod | classmethod) else None
    try:
        found = vars(item).get(_MARK, ())
    except TypeError:
        return ()
    return (*(found if isinstance(found, tuple) else ()), *(() if inner is None else marks_of(inner)))


def marks_in(container: Any, module: str) -> list[Mark]:
    """What a module or a class has marked, in the classes within it, too; what it has imported is not its own.

    Args:
        container: The module or the class.
        module: The module's name.
    """
    own = [item for item in vars(container).values() if getattr(item, "__module__", None) == module]
    found = []
    for item in own:
        found += [*marks_of(item), *(marks_in(item, module) if isinstance(item, type) else ())]
    return found


def _marked(item: Any, mark: Mark) -> Any:
    setattr(item, _MARK, (*marks_of(item), mark))
    return item


def _name_of(item: Any) -> str:
    return getattr(item, "__qualname__", type(item).__name__).rpartition("<locals>.")[2]
