"""Whether a name given to a mistake is a true one: put to the test where the check has not been."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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
        random, seen = np.random.default_rng([self.program.seed, 4]), 0
        for _ in range(TRIES):
            view = evidence.look(random.normal(size=evidence.context.point.shape))
            if view is None or not self._is_right(view):
                continue
            found = fit.hypothesis.predict(view)
            if found is None:
                continue
            # By no more are the right ones known to be autograd's.
            view = replace(view, bars=view.bars + KNOWN * np.abs(view.right[view.known]).max(initial=0.0))
            if self.program.inputs[0].dtype == torch.float32:
                view = replace(view, bars=view.bars + ROUNDED * np.abs(view.right))
            if not view.close(np.where(fit.made, found, view.right)).all():
                return False
            seen += 1
            if seen == POINTS:
                break
        return seen > 0

    def _is_right(self, view: Any) -> bool:
        sizes = [x.numel() for x in self.program.inputs]
        parts = torch.from_numpy(view.point).split(sizes)
        point = tuple(part.reshape(x.shape) for part, x in zip(parts, self.program.inputs, strict=True))
        rows = torch.autograd.functional.jacobian(self.program.right, point)
        count = view.right.size // len(view.point)
        right = torch.cat([row.reshape(count, -1) for row in rows], 1).reshape(-1).numpy()
        known = np.isfinite(view.bars)
        return np.allclose(view.right[known], right[known], rtol=1e-4, atol=KNOWN * np.abs(right).max())


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
