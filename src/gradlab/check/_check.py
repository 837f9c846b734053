"""The calls: is this the gradient of that function?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradlab.check._errors import CheckError
from gradlab.check._run import Question, answer
from gradlab.check.inputs._budget import Budget
from gradlab.check.inputs._own_backward import point_of
from gradlab.check.inputs._pairs import as_pairs
from gradlab.check.inputs._second import second_order
from gradlab.check.report._report import Report
from gradlab.check.verdict._knowledge import Rules


def check_gradient(
    loss: Callable[..., Any],
    gradient: Any,
    at: Any,
    *,
    names: str | Sequence[str] | None = None,
    entries: Sequence[int | str] | None = None,
    tolerance: float = 2e-4,
    cotangent: Any = None,
    precision: str | None = None,
    relevance: float = 1e-8,
    thorough: bool = False,
    max_evaluations: int | None = None,
    time_limit: float | None = None,
    progress: bool | None = None,
) -> Report:
    """Compare a gradient, a Jacobian or a vector-Jacobian product with differences, entry by entry.

    Works in float64, also where `at` is given in less, as long as the function accepts it. Each numeric derivative
    carries an error bar from truncation, rounding and the measured noise of the function: where the bar is too wide
    to tell, the verdict is UNDECIDED, with the reason and what would decide it. The point is never changed. More than
    64 entries are checked together along random directions; entries that disagree are measured one by one.

    Args:
        loss: A callable from a point to one real number or to an array of them: of NumPy, torch or jax, a
            `torch.nn.Module`, or the `apply` of a `torch.autograd.Function`.
        gradient: A callable from a point to the gradient, or the gradient at `at` itself, in the structure and
            the shapes of `at`; or None for the backward pass of a torch or jax function. Where the function returns
            an array, the Jacobian: each array has the function's shape, then that of `at`.
        at: The point: a number, an array or tensor of any shape, or a list, tuple, dict, named tuple, dataclass or
            other pytree of them; a list of numbers alone is an array; or a `torch.nn.Module`, which stands for its
            parameters. Arrays of integers beside others, flags and objects are handed on, and the report says so. The
            callables get it as one argument; a tuple or a dict is spread over several if they ask for those or for
            ``*args``.
        names: One name for each entry, or one for each array of `at`. Default "at[3]", or a dict's keys "w[0, 1]".
        entries: The entries to check, by position or by name. Default all.
        tolerance: The relative difference from which an entry is wrong. Default 2e-4; at least 1e-3 where the function
            computes in float32 whatever it is given, and differences of less than 1e-4 of the largest do not show.
        cotangent: Check the vector-Jacobian product with this array, of the shape that the function returns; the
            gradient is called with it as its last argument.
        precision: Examine the gradient's formula in this precision, too: "float32", "float16" or "bfloat16".
            Default that of `at` if it is lower than float64.
        relevance: Entries whose share (derivative times size of the coordinate) is below this part of the largest share
            are as good as zero, claimed and measured. Default 1e-8.
        thorough: Whether all entries are judged even after one is known to be wrong. Default not: then those that
            need many evaluations are left UNDECIDED.
        max_evaluations: How often the function may be evaluated; what is not judged then is UNDECIDED. Default as often
            as it takes.
        time_limit: How long it may take, in seconds, in the same way; a function in Python that does not come back at
            some point is interrupted, in the main thread of Unix alone. Default as long as it takes.
        progress: Whether a line on the error stream names the entry that is being judged. Default where a check takes
            longer than two seconds in a terminal.

    Returns:
        The report; it counts as true if every entry is CORRECT.

    Raises:
        CheckError: An argument cannot be used; the message says what to write instead.

    Example:
        >>> report = check_gradient(lambda x: x[0] ** 2 * x[1], lambda x: [2 * x[0] * x[1], x[0]], at=[3, 5])
        >>> report.verdict.name, report.worst.name, report.worst.claimed, round(report.worst.numeric, 6)
        ('WRONG', 'at[1]', 3.0, 9.0)
    """
    budget = Budget(max_evaluations, time_limit, progress)
    return answer(
        Question(
            loss, gradient, at, names, entries, _rules(tolerance, relevance, thorough), cotangent, precision, budget
        )
    )


def check_function(
    function: Any,
    inputs: Any,
    *,
    entries: Sequence[int | str] | None = None,
    tolerance: float = 2e-4,
    cotangent: Any = None,
    precision: str | None = None,
    kwargs: Mapping[str, Any] | None = None,
    order: int = 1,
    relevance: float = 1e-8,
    thorough: bool = False,
    max_evaluations: int | None = None,
    time_limit: float | None = None,
    progress: bool | None = None,
) -> Report:
    """Check the backward pass that a function brings along, with respect to all its inputs and parameters.

    Besides the derivatives themselves it is tested that they are linear in the incoming gradient, whatever its signs
    and its layout in memory, and stay the same when they are asked for again.

    Args:
        function: A subclass of `torch.autograd.Function`, a `torch.nn.Module`, whose parameters are checked together
            with its inputs, a `jax.custom_vjp` function, or any other function of torch or jax.
        inputs: Its argument, or a tuple or list of its arguments, each of any structure. Real numbers in them are
            checked, and complex ones of torch and jax as pairs of real ones; integers, flags, tensors with
            requires_grad=False where others have True, those for which the backward pass returns None, and anything
            else are handed on, and the report says so.
        entries: The entries to check, by position or by name. Default all.
        tolerance: The relative difference from which an entry is wrong. Default 2e-4; at least 1e-3 where the function
            computes in float32 whatever it is given, and differences of less than 1e-4 of the largest do not show.
        cotangent: Check the vector-Jacobian product with this array alone instead of the whole Jacobian.
        precision: Examine the backward pass in this precision, too: "float32", "float16" or "bfloat16".
            Default that of the inputs if it is lower than float64.
        kwargs: Its keyword arguments, checked like the others.
        order: 2 to check the derivatives of the backward pass itself, by the inputs and by grad_output. Default 1.
        relevance: Entries whose share (derivative times size of the coordinate) is below this part of the largest share
            are as good as zero, claimed and measured. Default 1e-8.
        thorough: Whether all entries are judged even after one is known to be wrong. Default not: then those that
            need many evaluations are left UNDECIDED.
        max_evaluations: How often the function may be evaluated; what is not judged then is UNDECIDED. Default as often
            as it takes.
        time_limit: How long it may take, in seconds, in the same way; a function in Python that does not come back at
            some point is interrupted, in the main thread of Unix alone. Default as long as it takes.
        progress: Whether a line on the error stream names the entry that is being judged. Default where a check takes
            longer than two seconds in a terminal.

    Returns:
        The report; it counts as true if every entry is CORRECT.

    Raises:
        CheckError: An argument cannot be used; the message says what to write instead.

    Example:
        >>> import torch
        >>> class Square(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x * x
        ...
        ...     @staticmethod
        ...     def backward(ctx, grad_output):
        ...         return grad_output * ctx.saved_tensors[0]
        >>> report = check_function(Square, torch.tensor([1.0, 3.0]))
        >>> report.verdict.name, [entry.name for entry in report.entries if entry.verdict.name == "WRONG"]
        ('WRONG', ['f[0] by x[0]', 'f[1] by x[1]'])
    """
    if order not in (1, 2):
        raise CheckError(f"order is {order}; write 1, or 2 for the derivatives of the backward pass.")
    call, at = as_pairs(*point_of(function, inputs, kwargs or {}))
    if order == 2:
        call, at = second_order(call, at)
    budget = Budget(max_evaluations, time_limit, progress)
    return answer(
        Question(call, None, at, None, entries, _rules(tolerance, relevance, thorough), cotangent, precision, budget)
    )


def _rules(tolerance: float, relevance: float, thorough: bool) -> Rules:
    if not 0 < tolerance < 0.1:
        raise CheckError(f"tolerance is {tolerance}; write a relative difference between 0 and 0.1, such as 2e-4.")
    if not 0 <= relevance < 0.1:
        raise CheckError(f"relevance is {relevance}; write a part of the largest entry, from 0 to below 0.1.")
    return Rules(tolerance, relevance, thorough)
