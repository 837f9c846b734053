"""A gradient that belongs to another point."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis, View
from gradlab.check.names._mistakes import Mistake

_NEWTON = 6
_CUT = "Compute the gradient from the point it is asked for, or add the part that depends on it: one that is 0 there."
_RATES = tuple(digit * 10.0**power for power in range(-5, 1) for digit in (1, 2, 5))


def stale(evidence: Evidence) -> Iterator[Hypothesis]:
    """A gradient that does not follow the point, or that is the right one of a point that can be named."""
    yield from _constant(evidence)
    if evidence.context.output_shape not in {(), (1,)}:
        return
    point = evidence.context.point
    fixed = {"the origin": lambda at: np.zeros_like(at), "ones everywhere": lambda at: np.ones_like(at)}
    for name, move in fixed.items():
        if not np.array_equal(move(point), point) and evidence.may_be_of(move(point)):
            told = f"The gradient stays the same when the point changes: it is that at {name}."
            yield _at(evidence, move, told, _CUT)
    places = {
        "minus the point": lambda at: -at,
        "the absolute values of the point": np.abs,
        "the point rounded to integers": np.round,
    }
    for told, move in places.items():
        if not np.array_equal(move(point), point) and evidence.may_be_of(move(point)):
            yield _at(evidence, move, f"It is the gradient at {told}.")


def _constant(evidence: Evidence) -> Iterator[Hypothesis]:
    here, there = evidence.here, evidence.there
    if there is None or not np.any(here.claimed != 0) or not np.array_equal(here.claimed, there.claimed):
        return
    known = there.known & here.known & evidence.wrong
    if np.allclose(here.right[known], there.right[known], rtol=1e-6, atol=0):
        return
    kept = here.claimed
    yield Hypothesis(
        Mistake.STALE,
        lambda view: kept,
        "The gradient stays the same when the point changes: it does not depend on what it is given.",
        rank=8,
        partly=False,
    )


def _at(evidence: Evidence, move: object, sentence: str, remedy: str = "") -> Hypothesis:
    def predict(view: View) -> np.ndarray | None:
        return evidence.gradient_at(move(view.point))  # type: ignore[call-arg]

    return Hypothesis(Mistake.STALE, predict, sentence, rank=5, partly=False, remedy=remedy)


def after_a_step(evidence: Evidence) -> Iterator[Hypothesis]:
    """The gradient after a step of descent of some length, which is sought."""
    if evidence.context.output_shape not in {(), (1,)}:
        return
    here = evidence.here
    if not np.isfinite(here.right).all():
        return
    length = _length_of_step(evidence)
    if length is None:
        return
    side = "after" if length > 0 else "before"

    def predict(view: View) -> np.ndarray | None:
        return evidence.gradient_at(view.point - length * view.right)

    told = f"It is the gradient at the point {side} a step of gradient descent with the rate {abs(length):.4g}."
    yield Hypothesis(Mistake.STALE, predict, told, rank=4, partly=False)


def _length_of_step(evidence: Evidence) -> float | None:
    """The length by Newton's method, or else the usual one that fits."""
    length = _by_newton(evidence)
    if length is not None:
        return length
    here = evidence.here
    for rate in _RATES:
        found = evidence.gradient_at(here.point - rate * here.right)
        if found is not None and np.isfinite(found).all() and here.close(found).all():
            return rate
    return None


def _by_newton(evidence: Evidence) -> float | None:
    here = evidence.here
    size = np.abs(here.point).max(initial=1.0)
    small = 1e-4 * size / max(np.abs(here.right).max(), 1e-300)
    length, current = 0.0, here.right
    for _ in range(_NEWTON):
        ahead = evidence.gradient_at(here.point - (length + small) * here.right)
        if ahead is None or not np.isfinite(ahead).all():
            return None
        slope, gap = ((ahead - current) / small)[here.known], (here.claimed - current)[here.known]
        if not np.any(slope):
            return None
        length += float(slope @ gap / (slope @ slope))
        found = evidence.gradient_at(here.point - length * here.right)
        if found is None or not np.isfinite(found).all():
            return None
        current = found
        if here.close(current).all():
            # A rate that somebody wrote down is told as one.
            rounded = float(f"{length:.2g}")
            return rounded if abs(rounded - length) <= 1e-3 * abs(length) else length
    return None
