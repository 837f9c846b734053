"""What is wrong at the point of the check and right beside it, and what is no number at all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradlab.check.inputs._budget import Exhausted
from gradlab.check.names._evidence import Evidence, View
from gradlab.check.names._mistakes import Diagnosis, Mistake

_AWAY, _POINTS, _TRIES = 1e-2, 2, 6
_LEFT, _NAMED = 0.1, 3
_SMALLER, _OTHERS = (0.1, 0.01), (0.1, 0.7, 1.2)
_OVERFLOW = "Write it by the value of the function, or by the exponential of -|x|, so that no large number is taken."


def of_this_point(evidence: Evidence) -> Diagnosis | None:
    """A mistake that is made where a number is exactly 0, or the same as another one; or a claim that is no number."""
    context = evidence.context
    if context.claimed_at is None:
        return None
    infinite = context.wrong & ~np.isfinite(context.claimed)
    wrong = evidence.wrong | infinite
    for told, places in _special(evidence):
        if _is_right_beside(evidence, places, wrong):
            sentence = f"Wrong only where {told}: beside it, the claims are right."
            return Diagnosis(Mistake.THIS_POINT, sentence, Mistake.THIS_POINT.remedy, _named(evidence, wrong), "", 0, 2)
    if not infinite.any() or not np.array_equal(wrong, infinite):
        return None
    names = _named(evidence, infinite)
    kind, where = Mistake.NOT_FINITE, _list(names)
    for share in _SMALLER:
        at = share * context.point
        view = evidence.look(at) if _is_finite(evidence, at, infinite) else None
        if view is not None and _is_right(view, evidence, infinite):
            sentence = f"{where}: a number is too large on the way; at {share:g} times the point the claims are right."
            return Diagnosis(kind, sentence, _OVERFLOW, names, "", 0, 2)
    # Beside the point, zeros are others, too.
    beside = context.point + _AWAY * np.random.default_rng(evidence.seed).uniform(0.3, 1.0, context.point.shape)
    others = [beside, *(share * context.point for share in _OTHERS)]
    if not any(_is_finite(evidence, at, infinite) for at in others):
        return Diagnosis(kind, f"{where}: not finite at other points either.", kind.remedy, names, "", 0, 2)
    return None


def _is_finite(evidence: Evidence, point: np.ndarray, places: np.ndarray) -> bool:
    """Whether any of these claims is a number at another point."""
    claimed_at = evidence.context.claimed_at
    assert claimed_at is not None
    try:
        return bool(np.isfinite(claimed_at(point)[places]).any())
    except Exhausted:
        raise
    except Exception:
        # The user's gradient meets points that it was not written for; where it raises, nothing is known.
        return True


def _special(evidence: Evidence) -> Iterator[tuple[str, list[int]]]:
    """What is particular about the point, and the numbers that it is about."""
    point, size = evidence.context.point, len(evidence.context.point)
    names = evidence.context.names if evidence.context.claimed.size == size else None
    names = names or [name.rpartition(" by ")[2] for name in evidence.context.names[:size]]
    zeros = np.flatnonzero(point == 0).tolist()
    if zeros:
        yield f"{_list([names[place] for place in zeros])} {'is' if len(zeros) == 1 else 'are'} exactly 0", zeros
    values, first, count = np.unique(point, return_inverse=True, return_counts=True)
    ties = np.flatnonzero((count[first] > 1) & (values[first] != 0)).tolist()
    if ties:
        yield f"{_list([names[place] for place in ties])} are exactly equal", ties


def _is_right_beside(evidence: Evidence, places: list[int], wrong: np.ndarray) -> bool:
    """Whether the claims are right where these numbers alone are others, to all sides that were tried."""
    context, random, seen = evidence.context, np.random.default_rng(evidence.seed), 0
    size = np.abs(context.point[places])
    size = np.where(size > 0, size, max(1e-3, float(np.abs(context.point).max())) if context.point.any() else 1.0)
    for _ in range(_TRIES):
        moved = context.point.copy()
        moved[places] += _AWAY * size * random.uniform(0.3, 1, len(places)) * random.choice([-1, 1], len(places))
        view = evidence.look(moved)
        if view is not None:
            if not _is_right(view, evidence, wrong):
                return False
            seen += 1
        if seen == _POINTS:
            return True
    return False


def _is_right(view: View, evidence: Evidence, wrong: np.ndarray) -> bool:
    """Whether the claims of another point are right there, clearly nearer than they are at the point."""
    gap = np.abs(evidence.here.claimed - evidence.here.right)
    with np.errstate(invalid="ignore"):
        far = np.isfinite(gap) & ~(np.abs(view.claimed - view.right) <= _LEFT * gap)
    return bool(view.known[wrong].all() and view.close(view.right).all() and not far[wrong].any())


def _named(evidence: Evidence, wrong: np.ndarray) -> tuple[str, ...]:
    return () if wrong.all() else tuple(evidence.context.names[place] for place in np.flatnonzero(wrong))


def _list(names: list[str] | tuple[str, ...]) -> str:
    if not names:
        return "Every entry"
    rest = len(names) - _NAMED
    return ", ".join(names) if rest <= 1 else f"{', '.join(names[:_NAMED])} and {rest} more"
