"""Hard cases by name, each with the outcomes that are right for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Hard:
    """One hard case.

    Attributes:
        name: What is hard about it.
        check: Runs gradlab on it; gives the report.
        allowed: The outcomes that are right: names of verdicts, or "error" for a CheckError that says what to write.
    """

    name: str
    check: Callable[[], Any]
    allowed: tuple[str, ...]


def outcome(hard: Hard) -> tuple[str, str]:
    """What gradlab says: the verdict, and the reason or the message."""
    import gradlab as gl

    try:
        report = hard.check()
    except gl.check.CheckError as error:
        return "error", str(error)
    notes = "; ".join(report.notes)
    return report.verdict.name, f"{report.worst.reason}{'; ' if notes else ''}{notes}"


def hard_cases() -> list[Hard]:
    """All of them, the right gradient and a wrong one where both make sense."""
    import torch

    import gradlab as gl

    check = gl.check_gradient
    wide = np.linspace(-20, 20, 5)
    saturated = np.array([0.0, 50.0, -50.0])
    weights = torch.linspace(0.5, 2, 20, dtype=torch.float64)

    def half(x: np.ndarray) -> Any:
        return np.sum(np.sin(x).astype(np.float16).astype(x.dtype) * x)

    def half_gradient(x: np.ndarray) -> Any:
        return np.cos(x) * x + np.sin(x)

    def share(x: np.ndarray) -> Any:
        e = np.exp(x - np.max(x))
        return e[0] / np.sum(e)

    def share_gradient(x: np.ndarray) -> Any:
        e = np.exp(x - np.max(x))
        p = e / np.sum(e)
        return p[0] * ((np.arange(len(x)) == 0) - p)

    def writes(x: np.ndarray) -> Any:
        x *= 2
        return np.sum(x * x) / 4

    def raises(x: np.ndarray) -> Any:
        raise RuntimeError("no such file")

    def dropout(x: Any) -> Any:
        return (torch.nn.functional.dropout(x, 0.5) * weights).sum()

    point, ones = np.array([0.3, 0.7, -1.2]), np.ones(3)
    far = np.array([0.5])
    not_wrong, not_correct = ("CORRECT", "UNDECIDED"), ("WRONG", "UNDECIDED")

    def total(x: np.ndarray) -> Any:
        return np.sum(np.exp(x))

    def kinked(x: float) -> float:
        return abs(x - 1e-12)

    def shifted(x: np.ndarray) -> Any:
        return (x[0] + 1e6) - 1e6

    return [
        Hard("dropout without a seed", lambda: check(dropout, lambda x: weights, 0 * weights + 1), ("UNDECIDED",)),
        Hard("(x + 1e6) - 1e6, right", lambda: check(shifted, [1.0], far), ("CORRECT",)),
        Hard("(x + 1e6) - 1e6, doubled", lambda: check(shifted, [2.0], far), ("WRONG",)),
        Hard("a float16 intermediate, right", lambda: check(half, half_gradient, point), not_wrong),
        Hard("a float16 intermediate, negated", lambda: check(half, lambda x: -half_gradient(x), point), ("WRONG",)),
        Hard("exp over e^+-20, right", lambda: check(total, np.exp, wide), not_wrong),
        Hard(
            "exp over e^+-20, the smallest entry doubled",
            lambda: check(total, lambda x: np.exp(x) * [2, 1, 1, 1, 1], wide),
            not_correct,
        ),
        Hard("saturated softmax, right", lambda: check(share, share_gradient, saturated), not_wrong),
        Hard("saturated softmax, negated", lambda: check(share, lambda x: -share_gradient(x), saturated), not_correct),
        Hard("a kink inside the finest step, right", lambda: check(kinked, -1.0, 0.0), not_wrong),
        Hard("a kink inside the finest step, outside", lambda: check(kinked, 2.0, 0.0), ("WRONG",)),
        Hard("a function that changes its input", lambda: check(writes, lambda x: 2 * x, point), ("CORRECT",)),
        Hard("one that raises", lambda: check(raises, lambda x: x, point), ("error",)),
        Hard("NaN at the point", lambda: check(lambda x: np.sum(np.log(x)), lambda x: 1 / x, point), ("error",)),
        Hard("an empty array", lambda: check(np.sum, np.ones_like, np.array([])), ("error",)),
        Hard("a gradient of the wrong shape", lambda: check(lambda x: x @ x, lambda x: x[:2], ones), ("error",)),
    ]
