"""Whether a name given to a mistake is a true one: put to the test where the check has not been."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
import torch

from check_wild._programs import Program

POINTS, TRIES = 3, 12
# What comes back in float32 may be off by so much of itself, three times over.
ROUNDED = 2e-3
# The check's right gradient is autograd's to so much of its largest number.
KNOWN = 1e-6
# The mistakes of the programs that are no linear function of grad_output.
NOT_LINEAR = {"ones", "size alone"}


@dataclass
class Names:
    """What was named by one check: the hypothesis that passed behind each diagnosis, with what it was judged by."""

    program: Program
    heard: list[tuple[Any, Any, Any]] = field(default_factory=list)

    def judge(self, diagnosis: Any) -> bool:
        """Whether the mistake that is named gives the wrong gradient at points drawn anew, far from that of the check.

        A point counts where the check's own right gradient, which the mistake is made in, is autograd's.

        What was seen when the backward pass was asked in another way has no hypothesis: it is true of those mistakes
        that are no linear function of grad_output.
        """
        behind = [rest for told, *rest in self.heard if diagnosis.sentence.endswith(told.sentence)]
        if not behind:
            return diagnosis.kind.name == "GRAD_OUTPUT" and self.program.mistake in NOT_LINEAR
        fit, evidence = behind[-1]
        # The search is over: what it might cost bounds this no longer.
        evidence.context.work.left = evidence.context.work.evaluations = math.inf
        random = np.random.default_rng([self.program.seed, 4])
        drawn = (self._seen(evidence, random.normal(size=evidence.context.point.shape)) for _ in range(TRIES))
        views = list(islice((view for view in drawn if view is not None), POINTS))
        # Of several spots one has to be true.
        return any(self._holds(each, views) for each in (fit, *fit.others))

    def _holds(self, fit: Any, views: list[Any]) -> bool:
        found = [(view, fit.hypothesis.predict(view)) for view in views]
        told = [(view, np.where(fit.made, each, view.right)) for view, each in found if each is not None]
        return bool(told) and all(view.close(each).all() for view, each in told)

    def _seen(self, evidence: Any, point: np.ndarray) -> Any:
        """A point at which the right gradient is known; None if it is not one."""
        view, program = evidence.look(point), self.program
        if view is None:
            return None
        right = self._jacobian(program.right, point)
        if view.program is None:
            view = replace(view, right=right, bars=np.zeros_like(right))
        known = view.known
        if not np.allclose(view.right[known], right[known], rtol=1e-4, atol=KNOWN * np.abs(right).max()):
            return None
        # By no more are the right ones known to be autograd's; what float32 makes of the mistake is none.
        bars = view.bars + KNOWN * np.abs(view.right[known]).max(initial=0.0)
        if program.inputs[0].dtype == torch.float32:
            bars = bars + ROUNDED * np.abs(view.right)
        return replace(view, bars=bars, claimed=self._jacobian(program.exact, point))

    def _jacobian(self, function: Any, flat: np.ndarray) -> np.ndarray:
        """What autograd gives of all outputs in a row, in float64."""
        parts = torch.from_numpy(flat).split([x.numel() for x in self.program.inputs])
        point = tuple(part.reshape(x.shape) for part, x in zip(parts, self.program.inputs, strict=True))
        rows = torch.autograd.functional.jacobian(function, point)
        return (
            torch.cat([row.reshape(-1, x.numel()) for row, x in zip(rows, point, strict=True)], 1).reshape(-1).numpy()
        )


@contextmanager
def listening(program: Program) -> Iterator[Names]:
    """Keeps what stands behind the diagnoses of the checks made within."""
    from gradlab.check.names import _diagnose

    names, plain = Names(program), _diagnose._tell

    def tell(fit: Any, evidence: Any) -> Any:
        diagnosis = plain(fit, evidence)
        names.heard.append((diagnosis, fit, evidence))
        return diagnosis

    _diagnose._tell = tell
    try:
        yield names
    finally:
        _diagnose._tell = plain
