"""Each autograd.Function that a running program applies is checked, once, with the inputs that it met there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gradlab.check._check import check_function
from gradlab.check._errors import CheckError, GradientError
from gradlab.check._outcomes import Verdict
from gradlab.check.inputs._trees import is_module, is_tensor
from gradlab.check.report._report import Report

MOST_EVALUATIONS = 2000
MOST_SECONDS = 10.0


@dataclass
class Checks:
    """What `check_all` found.

    Attributes:
        reports: for each subclass of `torch.autograd.Function` that was applied, its report.
        not_checked: for each that could not be checked, why not.
    """

    reports: dict[str, Report] = field(default_factory=dict)
    not_checked: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether something was checked, and everything is CORRECT."""
        return bool(self.reports) and not self.not_checked and all(report.ok for report in self.reports.values())

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        lines = [f"{name}: {report.headline}" for name, report in self.reports.items()]
        lines += [f"{name}: not checked: {why}" for name, why in self.not_checked.items()]
        return "\n".join(lines) or "no torch.autograd.Function was applied"


@contextmanager
def check_all(
    model: Any = None,
    *,
    raises: bool = True,
    tolerance: float = 2e-4,
    max_evaluations: int = MOST_EVALUATIONS,
    time_limit: float = MOST_SECONDS,
) -> Iterator[Checks]:
    """Check every `torch.autograd.Function` that is applied inside the block, each one once.

    The inputs of its first application are kept, and it is checked with them when the block ends; what the program
    computes stays as it is.

    Args:
        model: A `torch.nn.Module`: functions that are applied outside its forward pass are let be. Default all are
            checked.
        raises: Whether a WRONG one ends the block with an error. Default yes.
        tolerance: As for `check_function`.
        max_evaluations: How often each function may be evaluated. Default 2,000.
        time_limit: How long each may take, in seconds. Default 10.

    Yields:
        The checks, which are filled when the block ends.

    Raises:
        CheckError: `model` is no module, or torch has not been imported.
        GradientError: A backward pass is WRONG; the message has its report.

    Example:
        >>> import torch
        >>> class Double(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return 2 * x
        ...
        ...     @staticmethod
        ...     def backward(ctx, grad_output):
        ...         return grad_output
        >>> with check_all(raises=False) as checks:
        ...     y = Double.apply(torch.ones(3, requires_grad=True))
        >>> print(checks)
        Double: WRONG: 3 wrong, 6 correct of 9 entries
    """
    torch = sys.modules.get("torch")
    if torch is None:
        raise CheckError("torch has not been imported, so there is no function of it to check.")
    if model is not None and not is_module(model):
        raise CheckError(f"model is of type {type(model).__name__}; give a torch.nn.Module, or nothing.")
    watch = _Watch(model)
    with watch.watching(torch):
        yield watch.checks
    for function, inputs in watch.met.items():
        try:
            report = check_function(
                function, inputs, tolerance=tolerance, max_evaluations=max_evaluations, time_limit=time_limit
            )
        except CheckError as error:
            watch.checks.not_checked[function.__qualname__] = str(error)
        else:
            watch.checks.reports[function.__qualname__] = report
    wrong = {name: report for name, report in watch.checks.reports.items() if report.verdict is Verdict.WRONG}
    if wrong and raises:
        raise GradientError("\n\n".join(f"{name}: {report}" for name, report in wrong.items()))


class _Watch:
    """The functions met, with copies of their inputs."""

    def __init__(self, model: Any) -> None:
        self.model, self.depth = model, 0
        self.met: dict[Any, tuple[Any, ...]] = {}
        self.checks = Checks()

    @contextmanager
    def watching(self, torch: Any) -> Iterator[None]:
        """Stand before torch's own `apply`, and put it back whatever happens."""
        base = torch.autograd.Function
        original = base.__dict__["apply"]

        def apply(function: Any, *inputs: Any, **keywords: Any) -> Any:
            self.note(function, inputs, keywords)
            return original.__func__(function, *inputs, **keywords)

        hooks = []
        if self.model is not None:
            hooks.append(self.model.register_forward_pre_hook(lambda *_: self.step(1)))
            hooks.append(self.model.register_forward_hook(lambda *_: self.step(-1), always_call=True))
        base.apply = classmethod(apply)
        try:
            yield
        finally:
            base.apply = original
            for hook in hooks:
                hook.remove()

    def step(self, by: int) -> None:
        """Enter or leave the model's forward pass."""
        self.depth += by

    def note(self, function: Any, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        """Keep the inputs of a function's first application."""
        inside = self.model is None or self.depth > 0
        differentiated = any(is_tensor(item) and item.requires_grad for item in inputs)
        if inside and differentiated and not keywords and function not in self.met:
            self.met[function] = tuple(_copy(item) for item in inputs)


def _copy(item: Any) -> Any:
    if not is_tensor(item):
        return item
    return item.detach().clone().requires_grad_(item.requires_grad)
