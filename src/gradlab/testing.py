"""For test suites: `gl.testing.assert_gradient` and `assert_function`, whose failure messages are the report."""

from __future__ import annotations

from typing import Any

from gradlab.check import Report, Verdict, check_function, check_gradient


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
    if report.verdict is Verdict.WRONG or (report.verdict is Verdict.UNDECIDED and not allow_undecided):
        raise AssertionError(f"\n{report}")
    return report
