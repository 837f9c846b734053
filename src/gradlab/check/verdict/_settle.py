"""What the first pass settles by itself: agreement, zeros and rounding."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gradlab.check._outcomes import Entry, Verdict
from gradlab.check.differences._fit import EPSILON, Slope
from gradlab.check.verdict._columns import Columns
from gradlab.check.verdict._exact import is_told_apart
from gradlab.check.verdict._knowledge import Claim, agreement, make_entry

if TYPE_CHECKING:
    from gradlab.check.verdict._engine import Engine

# So many times the size of the inputs a value may have, and so many roundings may add up in it.
_BESIDE = 64
_ROUNDED = 1024

Places = dict[int, list[int]]
"""Coordinates and, for each, outputs."""


def settle(engine: Engine, measured: Columns, wanted: Places) -> tuple[list[Entry], Places]:
    """What the first pass decides.

    Returns:
        The entries that are settled, all CORRECT, and the places of the others.
    """
    if not measured.found:
        return [], dict(wanted)
    indices = np.array(list(wanted))
    steps, (slopes, bars, believed, moved) = measured.table(wanted)
    engine.note(indices, np.where(believed, slopes, 0.0))
    asked = np.zeros(slopes.shape, dtype=bool)
    for row, outputs in enumerate(wanted.values()):
        asked[row, outputs] = True
    rules = engine.rules
    claims, places = engine.claimed.T[indices], (np.arange(len(engine.centre)), indices[:, None])
    zeros, near = engine.zeros(*places, rules.is_single), engine.near(*places) if rules.is_single else 0.0
    size, apart = np.maximum(np.abs(claims), np.abs(slopes)), np.abs(claims - slopes)
    right = believed & np.isfinite(claims) & rules.accepts(apart, size, bars, bars, zeros, near)
    # An output that nothing moves, as that of a dead unit, is known to stand still if others follow such steps.
    known = measured.moving | (bool(np.asarray(measured.moving).any()) and not rules.is_single)
    zero = ~believed & (claims == 0) & ~moved & known
    still = _stay(engine, indices, asked & zero)
    if not rules.is_single and still.any():
        # What stands still up to here may do so because larger numbers are rounded.
        still &= engine.grid <= zeros * np.array(steps)[:, None]
    entries, pending = [], Places()
    listed = list(wanted)
    values, widths, agrees = slopes.tolist(), bars.tolist(), right.tolist()
    for row, output in np.argwhere(asked).tolist():
        index = listed[row]
        claim = engine.claim(output, index)
        slope = Slope(values[row][output], widths[row][output], steps[row])
        if agrees[row][output]:
            entry = make_entry(claim, slope, Verdict.CORRECT, agreement(claim, slope, rules))
            entry = None if is_told_apart(engine, entry, output, index) else entry
        elif zero[row, output] and still[row, output]:
            entry = _zero(engine, claim, index, output)
        else:
            entry = _rounding(engine, claim, replace(slope, bar=0.0) if zero[row, output] else slope, index, output)
        if entry is None:
            pending.setdefault(index, []).append(output)
        else:
            entries.append(entry)
    return entries, pending


def _stay(engine: Engine, indices: np.ndarray, zero: np.ndarray) -> np.ndarray:
    """Which outputs do not change with coordinates over large steps either, shape (C, M) as `zero`, which are asked.

    Outputs for which the same coordinates are asked, as those of one row of a batch, are looked at with all of these
    moved at once; where one of them changes, coordinate by coordinate.
    """
    if not zero.any():
        return zero
    found, alone = np.zeros_like(zero), zero.copy()
    patterns, outputs_of = np.unique(zero, axis=1, return_inverse=True)
    if patterns.any(axis=0).sum() < zero.any(axis=1).sum():
        random = np.random.default_rng(9)
        for number, pattern in enumerate(patterns.T):
            outputs = np.flatnonzero(outputs_of.reshape(-1) == number)
            if not pattern.any():
                continue
            moved = indices[pattern]
            offset = engine.scales[moved] / 4 * random.uniform(0.5, 1.0, len(moved))
            points = np.repeat(engine.flat[None], 2, axis=0)
            points[:, moved] += np.stack([offset, -offset])
            stays = (engine.function.many(points)[:, outputs] == engine.centre[outputs]).all(axis=0)
            found[np.ix_(pattern, outputs[stays])] = True
            alone[:, outputs[stays]] = False
    for row in np.flatnonzero(alone.any(axis=1)).tolist():
        index = int(indices[row])
        far = engine.far(index, float(engine.scales[index]) / 4)
        found[row] |= alone[row] & (far == engine.centre).all(axis=0)
    return found


def _zero(engine: Engine, claim: Claim, index: int, output: int) -> Entry:
    """A claimed zero: the output changes with other entries, and with this one not even over large steps."""
    step = float(engine.scales[index]) / 4
    slope = Slope(0.0, 2.0**-51 * abs(float(engine.centre[output])) / step, step)
    return make_entry(claim, slope, Verdict.CORRECT, "the loss does not change with this entry")


def _rounding(engine: Engine, claim: Claim, slope: Slope, index: int, output: int) -> Entry | None:
    """A claim that is no more than rounding, of an output that moves by no more than that, over large steps too."""
    scale, centre = float(engine.scales[index]), float(engine.centre[output])
    size = max(scale, engine.typical)
    if abs(centre) > _BESIDE * size:
        # The rounding of so large a value may hide a slope.
        return None
    rounding = EPSILON * max(abs(centre), size)
    near = (abs(slope.value) + slope.bar) * slope.step or rounding
    if not (abs(claim.value) * scale <= _ROUNDED * rounding and 0 < near <= _ROUNDED * rounding):
        return None
    far = float(np.max(np.abs(engine.far(index, scale / 4)[:, output] - centre)))
    # What is not rounding grows with the step, here by a thousand.
    if not (far <= 64 * near and abs(claim.value) * scale <= max(near, far)):
        return None
    if not engine.is_single and engine.grid[output] > rounding:
        return None
    reason = "the loss does not change with this entry, but for rounding"
    return make_entry(claim, Slope(0.0, max(near, far) / scale, scale / 4), Verdict.CORRECT, reason)
