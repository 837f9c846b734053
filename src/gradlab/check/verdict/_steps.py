"""Functions that do not move: steps, terraces between them, and labels, at which alone a function is what it is."""

from __future__ import annotations

import math
from itertools import takewhile

import numpy as np

from gradlab.check._outcomes import SINGLE_RELEVANCE, Cause, Entry, Verdict
from gradlab.check.differences._fit import Slope, jumps
from gradlab.check.verdict._knowledge import Claim, Knowledge, Rules, agreement, make_entry

# A step function that is flat over this share of the coordinate's size to both sides.
_TERRACE = 2.0**-3
# A smaller terrace, over all, ends in a jump of this share of the values; bfloat16 rounds both to a hundredth at most.
_LEDGE = 2.0**-5
# So many roundings of the value are no jump.
_ROUNDINGS, _ROUNDED, _CANCELLED = 16, 2.0**-16, 2.0**-12
# Jumps in float64 by a power of two that is no more than this, or of which a claim makes so many over the coordinate's
# size, may be roundings of something larger.
_FINE, _MANY = 2.0**-10, 64
# So many values are few, and by this part of them float32 would change over a step.
_LEVELS, _SHOWS = 3, 2.0**-17
# A flat stretch is looked at up to so many times its length.
_AROUND = 8


def is_step(slopes: list[Slope], known: Knowledge) -> bool:
    """Tell whether the function is flat, then jumps by much more than single precision rounds, and is flat again."""
    return bool(slopes) and stands_still(slopes[-1], slopes, known) and jumps(slopes)


def stands_still(slope: Slope, slopes: list[Slope], known: Knowledge) -> bool:
    """Tell whether the function does not move in smaller steps, and then by more than single precision rounds."""
    units = [each.unit for each in slopes if each.spread > 0]
    flat = any(each.flat == 1 and each.step < slope.step for each in slopes)
    size = max(abs(known.centre), slopes[-1].spread) if known.near > 0 else abs(known.centre)
    return flat and min(units, default=0.0) > 2.0**-20 * size


def _is_cancelled(slopes: list[Slope], known: Knowledge) -> bool:
    """Tell whether steps of a function in float32 are roundings of something larger that cancels out on the way.

    Those show along any direction, as a step function's do not.
    """
    unit = min((each.unit for each in slopes if each.spread > 0), default=0.0)
    size = max(abs(known.centre), slopes[-1].spread)
    return known.near > 0 and unit <= min(_ROUNDINGS * known.anywhere, _CANCELLED * size)


def _may_be_cancelled(claim: Claim, slope: Slope, slopes: list[Slope], known: Knowledge) -> bool:
    """Tell whether steps of a function in float64 may be those, by powers of two, and hide what is claimed."""
    unit = min((each.unit for each in slopes if each.spread > 0), default=0.0)
    rounded = known.near == 0 and unit > 0 and math.frexp(unit)[0] == 0.5
    many = abs(claim.value) * known.scale >= _MANY * unit
    return rounded and abs(claim.value) * slope.step <= unit and (unit <= _FINE or many)


def _is_terrace(slopes: list[Slope], known: Knowledge) -> bool:
    """Tell whether the function is flat so far around the point, and then jumps so far, as no rounding makes it."""
    flat = max((each.step for each in slopes if each.flat == 1), default=0.0)
    unit = min((each.unit for each in slopes if each.spread > 0), default=0.0)
    size = max(abs(known.centre), *(each.spread for each in slopes if each.step <= known.scale))
    behind, ahead = (max(each.still[side] for each in slopes) for side in (0, 1))
    wide = min(behind, ahead) > 0 and behind + ahead >= _LEDGE * known.scale
    return flat >= _TERRACE * known.scale or (wide and unit >= _LEDGE * size)


def _flat(slopes: list[Slope]) -> list[Slope]:
    return list(takewhile(lambda each: each.flat == 1, slopes))


def flat_among_few_values(claim: Claim, slopes: list[Slope], known: Knowledge) -> Slope | None:
    """The last of the flat steps of a function that takes few values near and far, as no rounding leaves them.

    None if it is not one, or if not even float32 would show what is claimed over that step.
    """
    flat = _flat(slopes)
    if not flat or known.levels is None or claim.value == 0 or not math.isfinite(claim.value):
        return None
    levels = known.levels()
    shows = abs(claim.value) * flat[-1].step > _SHOWS * float(np.abs(levels).max())
    return flat[-1] if are_few(levels) and shows else None


def are_few(levels: np.ndarray) -> bool:
    """Whether values that a function takes, in order, are few and far apart."""
    few = 1 < len(levels) <= _LEVELS and bool(np.isfinite(levels).all())
    return few and float(np.diff(levels).min()) >= _LEDGE * float(np.abs(levels).max())


def flat_up_to_a_bend(slopes: list[Slope], known: Knowledge) -> Slope | None:
    """The last of the flat steps of a function in float32 that end in no jump, as those of relu do; None without."""
    flat = _flat(slopes)
    if not flat or known.texture is None:
        return None
    beyond = max(each.spread / each.step for each in slopes)
    if flat[-1].bar > SINGLE_RELEVANCE * beyond:
        return None
    around = known.texture(_AROUND * flat[-1].step)
    return None if around.frays or around.jumps > 0 else flat[-1]


def _step_phrase(slope: Slope) -> str:
    return f"a step function: flat near the point, on average {slope.value:.4g} over {slope.step:.1g}"


def judge_step(claim: Claim, slope: Slope, slopes: list[Slope], known: Knowledge, rules: Rules) -> Entry:
    phrase = _step_phrase(slope)
    if claim.value == 0 and _is_terrace(slopes, known):
        return make_entry(claim, slope, Verdict.CORRECT, phrase)
    if claim.value != 0 and _is_cancelled(slopes, known):
        verdict = rules.compare(claim, slope.value, slope.bar, zero=known.zero, near=known.near)
        if verdict is Verdict.CORRECT:
            return make_entry(claim, slope, verdict, agreement(claim, slope, rules))
        if verdict is Verdict.UNDECIDED:
            return make_entry(claim, slope, verdict, phrase, Cause.OUT_OF_PRECISION)
    verdict = rules.compare(claim, slope.value, slope.bar)
    # The derivative of a step function is 0, that of the function before it was rounded is not.
    if verdict is not Verdict.WRONG or claim.value == 0 or _may_be_cancelled(claim, slope, slopes, known):
        verdict = Verdict.UNDECIDED
    return make_entry(claim, slope, verdict, phrase, Cause.STEP_FUNCTION)


def is_label(slopes: list[Slope], known: Knowledge) -> bool:
    """Tell whether the function jumps off the point by as much in the smallest step as in larger ones."""
    near = slopes[:3]
    # What is no more than a few roundings is as large in all small steps; noise that is no rounding is of labels, too.
    rounding = known.level if known.level < _ROUNDED * max(abs(known.centre), known.reach) else 0.0
    least = _ROUNDINGS * max(known.grain * abs(known.centre), rounding)
    if len(near) < 3 or any(each.flat > 0 or each.unit <= least for each in near):
        return False
    return all(
        abs(each.spread - near[0].spread) <= 0.01 * near[0].spread and abs(each.unit - near[0].unit) <= 0.01 * each.unit
        for each in near
    )


def judge_label(claim: Claim, slope: Slope) -> Entry:
    """The function is there at this number alone, as by a label: then 0 stands for no derivative."""
    reason = "the loss jumps at this very number, as it does by a label"
    if claim.value == 0:
        return make_entry(claim, slope, Verdict.CORRECT, reason)
    return make_entry(claim, slope, Verdict.UNDECIDED, reason, Cause.LABEL)
