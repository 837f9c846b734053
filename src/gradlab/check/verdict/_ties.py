"""Several entries at a kink at once: a claim has to be a subgradient as a whole, not entry by entry.

What counts as one is the convex hull of the gradients around the point (F. H. Clarke, Optimization and Nonsmooth
Analysis, 1983): a claim g lies outside if there is a direction d along which no slope near the point reaches g . d.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gradlab.check._outcomes import Cause, Entry, Verdict

if TYPE_CHECKING:
    from gradlab.check.verdict._engine import Engine

_MOST = 12
_NEAR, _STEP = 2.0**-12, 2.0**-18
_MARGIN = 1e-3
_ROUNDS = 300


def judge_ties(engine: Engine, entries: list[Entry]) -> list[Entry]:
    """Judge the entries of each output that were accepted at a kink together.

    Returns:
        The same; those are WRONG whose claims are no subgradient together.
    """
    size = len(engine.flat)
    tied: dict[int, list[int]] = {}
    for entry in entries:
        if entry.cause is Cause.KINK and entry.verdict is Verdict.CORRECT:
            tied.setdefault(entry.index // size, []).append(entry.index % size)
    outside: set[int] = set()
    for output, indices in tied.items():
        if len(indices) > 1 and _is_outside(engine, output, np.array(indices)):
            outside |= {engine.entry_of(output, index) for index in indices}
    reason = "within both slopes at a kink, but with the other entries there no subgradient"
    return [replace(e, verdict=Verdict.WRONG, reason=reason) if e.index in outside else e for e in entries]


def _is_outside(engine: Engine, output: int, indices: np.ndarray) -> bool:
    """Tell whether the claims at some coordinates lie outside the hull of the gradients around the point."""
    claim, scales = engine.claimed[output, indices], engine.scales[indices]
    random = np.random.default_rng(8)
    shares = claim * scales
    directions = [np.ones(len(indices)), -np.ones(len(indices)), np.sign(shares), -np.sign(shares)]
    if len(indices) <= _MOST:
        around = [random.normal(size=len(indices)) for _ in range(2 * len(indices) + 4)]
        corners = np.array([_gradient(engine, output, indices, place) for place in around])
        if not np.isfinite(corners).all():
            return False
        directions.insert(0, shares - _nearest(corners, shares))
    places = [random.normal(size=len(indices)) for _ in range(4 * len(indices) + 8)]
    for direction in directions:
        length = float(np.linalg.norm(direction))
        if length <= _MARGIN * float(np.linalg.norm(shares)):
            continue
        unit = direction / length
        steepest = max(_slope(engine, output, indices, place, unit) for place in [0 * unit, unit, -unit, *places])
        if float(shares @ unit) > steepest + _MARGIN * (abs(steepest) + float(np.linalg.norm(shares))):
            return True
    return False


def _points(engine: Engine, indices: np.ndarray, moves: np.ndarray) -> np.ndarray:
    points = np.repeat(engine.flat[None], len(moves), axis=0)
    points[:, indices] += moves * engine.scales[indices]
    return points


def _gradient(engine: Engine, output: int, indices: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The shares of the coordinates near the point, by central differences."""
    steps = _STEP * np.concatenate([np.eye(len(indices)), -np.eye(len(indices))])
    values = engine.function.many(_points(engine, indices, _NEAR * place + steps))[:, output]
    ahead, behind = np.split(values, 2)
    return (ahead - behind) / (2 * _STEP)


def _slope(engine: Engine, output: int, indices: np.ndarray, place: np.ndarray, direction: np.ndarray) -> float:
    """The slope along a direction near the point; at it, that of the side ahead. inf where it is not defined."""
    behind = 0.0 if not place.any() else -1.0
    moves = _NEAR * place + _STEP * np.array([[1.0], [behind]]) * direction
    ahead, other = engine.function.many(_points(engine, indices, moves))[:, output]
    slope = (ahead - other) / (_STEP * (1 - behind))
    return float(slope) if np.isfinite(slope) else np.inf


def _nearest(corners: np.ndarray, target: np.ndarray) -> np.ndarray:
    """About the nearest place to a target in the hull of some corners.

    Source:
        E. G. Gilbert, An iterative procedure for computing the minimum of a quadratic form on a convex set, SIAM J.
        Control 4 (1966).
    """
    place = corners[np.argmin(np.linalg.norm(corners - target, axis=1))]
    for _ in range(_ROUNDS):
        corner = corners[np.argmax(corners @ (target - place))]
        way = corner - place
        length = float(way @ way)
        if length == 0:
            break
        share = float(np.clip(way @ (target - place) / length, 0.0, 1.0))
        if share == 0:
            break
        place = place + share * way
    return place
