"""A wrong entry is established early where the function is smooth: slopes at all scales agree, the claim does not."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gradlab.check._outcomes import Entry, Verdict
from gradlab.check.differences._fit import Slope
from gradlab.check.differences._texture import look_along
from gradlab.check.verdict._columns import LARGE, Columns, Measured
from gradlab.check.verdict._knowledge import make_entry

if TYPE_CHECKING:
    from gradlab.check.verdict._engine import Engine

# Shares of the size of a coordinate, on either side of the step of the first pass; no powers of two, so that nothing
# periodic meets them all.
_STEPS = (0.75 * 2.0**-18, 0.8 * 2.0**-8)
_WIDE, _WIDEST = 0.7 * 2.0**-2, 0.9
# A difference of so many bars is no chance.
_BARS = 4.0
# So near to the claim, as a part of the difference, a wide step bears it out.
_FAVOUR = 0.25


def convict(engine: Engine, measured: Columns, index: int, outputs: list[int]) -> dict[int, Entry]:
    """Entries of one coordinate that are wrong at every scale, so that the whole ladder has nothing to add.

    Where a function is rounded inside, noisy, kinked nearby or the result of a loose solver, small steps and large ones
    differ: then this says nothing.

    Returns:
        The wrong entries by their outputs.
    """
    if not outputs or engine.is_single or not engine.is_deterministic:
        return {}
    scales = [measured.found[index]]
    for step in _STEPS:
        scales.append(_at(engine, index, step))
        outputs = [output for output in outputs if _are_one([_slope(each, output) for each in scales])]
        if not outputs:
            return {}
    wide = _at(engine, index, _WIDE)
    found: dict[int, Entry] = {}
    for output in outputs:
        slopes = sorted((_slope(each, output) for each in scales), key=lambda each: each.step)
        entry = _convicted(engine, index, output, slopes)
        if entry is None:
            continue
        far = _slope(wide, output)
        if _is_smooth(entry, far) or (
            _stands(entry, far, _secant(engine, index, output))
            and (_is_large(entry) or not _is_loose(engine, entry, index, output))
        ):
            found[output] = entry
    return found


def _at(engine: Engine, index: int, step: float) -> tuple[float, Measured]:
    """A coordinate at one more scale."""
    _, size, found = next(engine.coordinates([index], step))
    return size, found


def _slope(found: tuple[float, Measured], output: int) -> Slope:
    step, (slopes, bars, believed, _) = found
    return Slope(float(slopes[output]), float(bars[output]) if believed[output] else math.inf, step)


def _are_one(slopes: list[Slope]) -> bool:
    """Tell whether slopes are finite and agree in pairs."""
    known = all(math.isfinite(each.value) and math.isfinite(each.bar) for each in slopes)
    return known and all(abs(a.value - b.value) <= a.bar + b.bar for a in slopes for b in slopes)


def _convicted(engine: Engine, index: int, output: int, slopes: list[Slope]) -> Entry | None:
    claim = engine.claim(output, index, engine.plain_jitter.of(output, index))
    chosen = min(slopes, key=lambda each: each.bar)
    scales = tuple((each.step, each.value, each.bar) for each in slopes)
    margin = _BARS * max(each.bar for each in slopes)
    if not math.isfinite(claim.value):
        reason = f"the claimed value is not finite, the derivative is {chosen.value:.4g}"
        entry = make_entry(claim, chosen, Verdict.WRONG, reason) if margin < LARGE * abs(chosen.value) else None
        return None if entry is None else replace(entry, scales=scales)
    size, apart = max(abs(claim.value), abs(chosen.value)), abs(claim.value - chosen.value)
    margin += 2 * claim.jitter
    if margin >= LARGE * size or apart <= margin + engine.rules.tolerance * size:
        return None
    if size <= engine.zero(output, index):
        return None
    return replace(make_entry(claim, chosen, Verdict.WRONG, "outside the error bar"), scales=scales)


def _stands(entry: Entry, wide: Slope, widest: float) -> bool:
    """Tell whether large steps leave a claim wrong: as the only ones to see what happens to be flat in small ones."""
    near = _FAVOUR * abs(entry.claimed - entry.numeric)
    return not any(abs(value - entry.claimed) < near for value in (wide.value, widest))


def _is_large(entry: Entry) -> bool:
    """Tell whether a difference is larger than what the tolerance of a solver leaves."""
    if not math.isfinite(entry.claimed):
        return True
    return abs(entry.claimed - entry.numeric) > LARGE * max(abs(entry.claimed), abs(entry.numeric))


def _is_smooth(entry: Entry, wide: Slope) -> bool:
    """Tell whether large steps speak against a claim as clearly as small ones do, which a loose solver's do not."""
    resolved = _BARS * wide.bar < abs(entry.claimed - entry.numeric)
    return resolved and abs(wide.value - entry.numeric) <= wide.bar + entry.error_bar


def _is_loose(engine: Engine, entry: Entry, index: int, output: int) -> bool:
    """Tell whether jumps or fine structure nearby may explain a difference."""
    reach = float(engine.scales[index]) / 2
    texture = look_along(lambda offsets: engine.along(index, offsets), reach, output, 0.0)
    return texture.frays or texture.explains(abs(entry.claimed - entry.numeric))


def _secant(engine: Engine, index: int, output: int) -> float:
    """The slope between two points far off."""
    step = _WIDEST * max(float(engine.scales[index]), 1.0)
    ahead, behind = engine.along(index, np.array([step, -step]))[:, output]
    return float(ahead - behind) / (2 * step)
