"""The rules by which a claimed derivative is judged against a measured one."""

from __future__ import annotations

import math
from dataclasses import replace

from gradlab.check._outcomes import Cause, Entry, Verdict
from gradlab.check.differences._fit import EPSILON, ERROR, Slope, best, jumps
from gradlab.check.verdict._knowledge import LOOSE, Claim, Knowledge, Rules, agreement, make_entry
from gradlab.check.verdict._steps import (
    flat_among_few_values,
    flat_up_to_a_bend,
    is_label,
    is_step,
    judge_label,
    judge_step,
    stands_still,
)

# A kink that is seen at steps of this share of the coordinate's size is at the point, not beside it.
_BESIDE = 2.0**-16
# A constant so large beside the steps may hide a slope of 1e-6 in its rounding.
_HIDDEN = 1e-6
# So well, in part, does a slope over large steps have to meet a claim at least.
_AVERAGE = 1e-3
# So many bars away a claim has to be where the function is known in low precision alone.
_ROUNDED_BARS = 3
# Where the difference makes fewer changes from number to number than this over a step, a bend within it may not show.
_UNSEEN = 64
# A solver may leave so many times its tolerance in a derivative.
_LEFT = 100
_STILL = {Cause.STEP_FUNCTION, Cause.SATURATION}
_GRID = "the loss stands still, but as if it were rounded with larger numbers that cancel out in it"
CONSTANT = "the loss changes with nothing, whatever the step"


def judge(claim: Claim, slopes: list[Slope], known: Knowledge, rules: Rules) -> Entry:
    """Judge a claim by a ladder of estimates.

    Returns:
        The entry with its verdict; a WRONG one is still to be confirmed.
    """
    entry = _judge(claim, slopes, known, rules)
    if entry.verdict is Verdict.WRONG and _may_bend(entry, slopes, known):
        reason = _GRID if known.fine else "the slope may turn nearer to the point than the rounding of the loss shows"
        entry = replace(entry, verdict=Verdict.UNDECIDED, reason=reason, cause=Cause.FINE_STRUCTURE)
    if entry.verdict is Verdict.CORRECT and claim.value == 0 and _may_be_hidden(slopes, known):
        entry = replace(entry, verdict=Verdict.UNDECIDED, reason=_GRID, cause=Cause.FINE_STRUCTURE)
    if entry.cause in _STILL and entry.verdict is Verdict.UNDECIDED and known.deterministic:
        flat = flat_among_few_values(claim, slopes, known)
        if flat is not None:
            reason = "a step function: it takes few values, and this one around the point"
            entry = make_entry(claim, flat, Verdict.WRONG, reason, Cause.STEP_FUNCTION)
    if entry.verdict is Verdict.UNDECIDED and slopes and _is_noise_alone(claim, slopes, known):
        reason = "the loss does not change with this entry, but for rounding"
        entry = make_entry(claim, slopes[-1], Verdict.CORRECT, reason)
    return replace(entry, scales=tuple((slope.step, slope.value, slope.bar) for slope in slopes))


def _judge(claim: Claim, slopes: list[Slope], known: Knowledge, rules: Rules) -> Entry:
    changing = [slope for slope in slopes if slope.spread > 0]
    if slopes and not changing:
        return _judge_constant(claim, slopes[-1], known, rules)
    if known.deterministic and is_label(slopes, known):
        return judge_label(claim, slopes[0])
    # A function that does not follow small steps may be rounded: that it is flat over some then says nothing.
    rounded = not known.fine and jumps(slopes)
    usable = [slope for slope in slopes if not _is_plateau(slope)] or changing if rounded else slopes
    if not known.fine and changing:
        # Standing still says nothing of a slope that moves it by less than the first change that is seen.
        least = changing[0].unit
        usable = [each for each in usable if each.spread > 0 or abs(claim.value) * each.step > least] or changing
    found = best(usable)
    if found is None:
        reason = "at no step is the loss finite on both sides of the point, as at the edge of its domain"
        return make_entry(claim, None, Verdict.UNDECIDED, reason, Cause.NOT_FINITE)
    slope, other = found
    kinked = is_kinked(slope, other, slopes, known.scale)
    if not math.isfinite(claim.value):
        return _judge_infinite(claim, slope, slopes, kinked is not False)
    if (still := _judge_still(claim, slope, slopes, known, rules, kinked)) is not None:
        return still
    if kinked is not False:
        return _judge_kink(claim, slope, rules, certain=kinked is True)
    verdict = rules.compare(claim, slope.value, slope.bar, zero=known.zero, near=known.near)
    if verdict is Verdict.CORRECT:
        return make_entry(claim, slope, verdict, agreement(claim, slope, rules))
    if claim.value == 0 and slope.flat < 1 and stands_still(slope, slopes, known):
        return judge_step(claim, slope, slopes, known, rules)
    if verdict is Verdict.WRONG:
        return _judge_outside(claim, slope, slopes, known)
    if _is_zero(claim, slope, slopes):
        return make_entry(claim, slope, Verdict.CORRECT, "zero within the error bar")
    cause, reason = _why_undecided(claim, slope, known)
    return make_entry(claim, slope, Verdict.UNDECIDED, reason, cause)


def _judge_still(
    claim: Claim, slope: Slope, slopes: list[Slope], known: Knowledge, rules: Rules, kinked: bool | None
) -> Entry | None:
    """What stands still around the point, up to a bend or a step; None if it does not."""
    # Slopes that larger steps agree on are no bend.
    may_be_zero = kinked is not False or abs(slope.value) <= _ROUNDED_BARS * slope.bar
    steps, zero = is_step(slopes, known), claim.value == 0 and may_be_zero
    flat = flat_up_to_a_bend(slopes, known) if steps or zero else None
    if flat is not None and zero:
        return make_entry(claim, flat, Verdict.CORRECT, "the loss does not change with this entry nearby")
    # A ramp up to where it is flat again is no step.
    return judge_step(claim, slope, slopes, known, rules) if steps and (flat is None or rules.is_single) else None


def _judge_outside(claim: Claim, slope: Slope, slopes: list[Slope], known: Knowledge) -> Entry:
    """A claim outside the bar is WRONG, unless the function is not what small steps make of it."""
    if (wide := _on_average(claim, slope, slopes, known)) is not None:
        reason = f"on average {wide.value:.4g} over steps of {wide.step:.1g}: rounded inside, or it varies finely"
        return make_entry(claim, slope, Verdict.UNDECIDED, reason, Cause.FINE_STRUCTURE)
    if known.may_be_structure(claim, slope):
        reason = f"the loss varies by {slope.deviation:.0e} in a way that no step resolves: noise or fast oscillation"
        return make_entry(claim, slope, Verdict.UNDECIDED, reason, Cause.NOISE)
    if not speaks_against(claim, slope, kinked=False, fine=known.fine):
        cause, reason = _why_undecided(claim, slope, known)
        return make_entry(claim, slope, Verdict.UNDECIDED, reason, cause)
    if known.is_loose(claim, slope):
        reason = "the loss jumps nearby, as a solver or an iteration does that stops at a tolerance"
        return make_entry(claim, slope, Verdict.UNDECIDED, reason, Cause.FINE_STRUCTURE)
    return make_entry(claim, slope, Verdict.WRONG, "outside the error bar")


def excused(entry: Entry, tolerance: float) -> Entry:
    """Keep a WRONG verdict only if the difference is more than what a solver with this tolerance leaves."""
    is_small = entry.relative_difference <= min(LOOSE, _LEFT * tolerance)
    if entry.verdict is not Verdict.WRONG or tolerance == 0 or not (is_small and math.isfinite(entry.claimed)):
        return entry
    reason = f"the loss solves to a tolerance of {tolerance:.0e}, which may leave such a difference"
    return replace(entry, verdict=Verdict.UNDECIDED, reason=reason, cause=Cause.FINE_STRUCTURE)


def confirmed(entry: Entry, claim: Claim, fresh: list[Slope], fine: bool) -> Entry:
    """Keep a WRONG verdict only if estimates from fresh points at the same and at a smaller scale give it, too."""
    if not math.isfinite(claim.value):
        return entry
    if fresh and all(speaks_against(claim, slope, entry.cause is Cause.KINK, fine) for slope in fresh):
        return entry
    return replace(
        entry, verdict=Verdict.UNDECIDED, reason="other steps do not confirm the difference", cause=Cause.NOISE
    )


def speaks_against(claim: Claim, slope: Slope, kinked: bool, fine: bool) -> bool:
    """Tell whether a slope excludes a claim; at a kink, the slopes of both sides and all between them have to.

    What a function in lower precision rounds on the way is no chance: it comes again from step to step, and small
    steps, which would tell it from how the function bends, show nothing.
    """
    times = 1 if fine else _ROUNDED_BARS
    if kinked:
        # The claim jitters between both sides of the kink; that is what a kink does, and no excuse out here.
        return abs(claim.value - slope.value) > abs(slope.kink) + times * (slope.bar + slope.kink_bar)
    return abs(claim.value - slope.value) > times * slope.bar + 2 * claim.jitter


def _may_bend(entry: Entry, slopes: list[Slope], known: Knowledge) -> bool:
    """Tell whether a slope as claimed may turn into the measured one so near the point that rounding hides it.

    Over a part of the longest step that shows the measured one the difference makes no more than a change from number
    to number: what the function does there is not seen, whatever fits to values farther off.
    """
    slope = next((each for each in slopes if each.step == entry.step), None)
    if slope is None or entry.cause is Cause.STEP_FUNCTION or not math.isfinite(entry.claimed):
        return False
    longest = max(each.step for each in slopes if abs(each.value - slope.value) <= each.bar + slope.bar)
    apart = abs(entry.claimed - slope.value) - (abs(slope.kink) if entry.cause is Cause.KINK else 0.0)
    if known.fine:
        return apart * longest <= _UNSEEN * known.grid()
    unit = known.grain * 2.0 ** (math.frexp(known.centre)[1] - 1) if known.centre else 0.0
    return apart * longest <= _UNSEEN * max(known.level / ERROR, unit)


def _may_be_hidden(slopes: list[Slope], known: Knowledge) -> bool:
    """Tell whether a function in float64 that stands still may have a slope that counts, but for larger numbers."""
    still = max((each.step for each in slopes if each.flat == 1), default=0.0)
    return still > 0 and known.fine and known.grid() > known.zero * still


def _is_plateau(slope: Slope) -> bool:
    """Most values are that at the point, or all changes are of one size: what is seen is the rounding alone."""
    return slope.flat > 0.5 or slope.spread <= 2 * slope.unit


def _judge_constant(claim: Claim, widest: Slope, known: Knowledge, rules: Rules) -> Entry:
    """The function has the same value at every step along this entry."""
    expected = abs(claim.value) * widest.step
    if known.fine:
        level = max(10 * known.level, 100 * EPSILON * abs(known.centre))
        negligible = abs(claim.value) <= known.zero
        if expected < EPSILON * abs(known.centre) or claim.value == 0 or negligible:
            return make_entry(claim, widest, Verdict.CORRECT, "the loss does not change with this entry")
    elif known.level > 0:
        level = max(10 * known.level, 2.0**-18 * abs(known.centre))
        if claim.value == 0 or abs(claim.value) + widest.bar <= known.zero:
            return make_entry(claim, widest, Verdict.CORRECT, "the loss does not change with this entry")
    else:
        # Nor along any other: it is constant, saturated, or rounded as coarsely as bfloat16 does, to eight bits.
        level = 0.01 * max(abs(known.centre), 1.0)
        if claim.value == 0 and known.deterministic and EPSILON * abs(known.centre) < _HIDDEN * widest.step:
            return make_entry(claim, widest, Verdict.CORRECT, CONSTANT)
    if not expected <= level:
        return make_entry(claim, widest, Verdict.WRONG, "the loss does not change with this entry")
    reason = "the loss does not change at all: constant, saturated or rounded"
    return make_entry(claim, widest, Verdict.UNDECIDED, reason, Cause.SATURATION)


def is_kinked(slope: Slope, other: Slope | None, slopes: list[Slope], scale: float) -> bool | None:
    """A kink's jump stays when the step shrinks; what curvature leaves in the fit does not. None: it may be one.

    One that is only seen at large steps may as well lie beside the point.
    """
    if abs(slope.kink) <= max(slope.kink_bar, 1e-3 * abs(slope.value)):
        return False
    if other is None:
        return None
    narrow, wide = sorted((slope, other), key=lambda each: each.step)
    if abs(narrow.kink) + narrow.kink_bar < 0.5 * abs(wide.kink):
        return False
    stays = abs(narrow.kink) > max(narrow.kink_bar, 0.5 * abs(wide.kink))
    same = (each for each in slopes if abs(each.kink - slope.kink) <= each.kink_bar + slope.kink_bar)
    nearest = min((each.step for each in same if abs(each.kink) > each.kink_bar), default=math.inf)
    return True if stays and nearest <= _BESIDE * scale else None


def _judge_infinite(claim: Claim, slope: Slope, slopes: list[Slope], kinked: bool) -> Entry:
    """NaN and infinity are wrong where there is a derivative, also where that is 0."""
    phrase = "the claimed value is not finite"
    if kinked:
        return make_entry(claim, slope, Verdict.UNDECIDED, f"{phrase}, and there is a kink", Cause.KINK)
    # A slope that grows without end as the step shrinks is none.
    grows = slope.step == slopes[0].step and len(slopes) > 1 and abs(slope.value) > 1.5 * abs(slopes[1].value)
    resolved = slope.bar < max(0.1 * abs(slope.value), 1e-3 * _typical(slope, slopes))
    if resolved and not grows:
        return make_entry(claim, slope, Verdict.WRONG, f"{phrase}, the derivative is {slope.value:.4g}")
    return make_entry(claim, slope, Verdict.UNDECIDED, f"{phrase}, and the loss has no clear slope", Cause.NOISE)


def _typical(slope: Slope, slopes: list[Slope]) -> float:
    """How steep the function is a small way off; at smaller steps than the chosen one, noise looks steep."""
    return max(each.spread / each.step for each in slopes if each.step >= slope.step)


def _judge_kink(claim: Claim, slope: Slope, rules: Rules, certain: bool) -> Entry:
    """Any slope between those of both sides is right, if both meet at the point and not just near it."""
    left, right = slope.value - slope.kink, slope.value + slope.kink
    low, high, margin = min(left, right), max(left, right), slope.bar + slope.kink_bar
    phrase = f"a kink{'' if certain else ' nearby'}: the slope is {left:.4g} before it, {right:.4g} after it"
    if low - margin <= claim.value <= high + margin:
        verdict = Verdict.CORRECT if certain else Verdict.UNDECIDED
        return make_entry(claim, slope, verdict, phrase, Cause.KINK)
    nearest = min(max(claim.value, low), high)
    verdict = rules.compare(replace(claim, jitter=0.0), slope.value, margin, nearest)
    return make_entry(claim, slope, verdict, phrase, Cause.KINK)


def _on_average(claim: Claim, slope: Slope, slopes: list[Slope], known: Knowledge) -> Slope | None:
    """A larger scale that bears the claim out with a good fit, where fine structure speaks against it.

    What is rounded inside keeps its slope over large steps alone: in small ones the rounded part stands still. A kink
    nearby gives as many slopes as there are steps, and one of them may be the claim by chance.
    """
    for wide in slopes:
        size = abs(claim.value)
        near = abs(claim.value - wide.value) <= max(wide.bar, _AVERAGE * size) and wide.bar < 0.1 * size
        apart = abs(slope.value - wide.value) > slope.bar + wide.bar
        if wide.step > slope.step and near and apart and wide.deviation < 0.02 * wide.spread:
            return wide if known.frays(wide.step) else None
    return None


def _is_zero(claim: Claim, slope: Slope, slopes: list[Slope]) -> bool:
    """Tell whether both are 0 compared with the slopes a small way off."""
    typical = _typical(slope, slopes)
    exact = claim.value == 0 and slope.flat == 1
    return max(abs(claim.value), abs(slope.value)) <= slope.bar <= (1e-3 if exact else 1e-6) * typical


def _is_noise_alone(claim: Claim, slopes: list[Slope], known: Knowledge) -> bool:
    """Tell whether the function moves by rounding alone, in all steps up to large ones, and the claim is no more."""
    deviations = sorted(each.deviation for each in slopes)
    rounding = EPSILON * max(abs(known.centre), known.scale)
    noise = max(known.level, deviations[len(deviations) // 2], rounding)
    widest = max(each.spread for each in slopes)
    small = noise <= 1e3 * rounding and slopes[-1].step >= known.scale / 4
    return small and 0 < widest <= 16 * noise and abs(claim.value) * known.scale <= 4 * noise


def _why_undecided(claim: Claim, slope: Slope, known: Knowledge) -> tuple[Cause, str]:
    if not known.deterministic:
        return Cause.NOT_DETERMINISTIC, "the loss gives different values at the same point"
    if 2 * claim.jitter > slope.bar:
        reason = f"the claimed value itself varies by {claim.jitter:.1e} when the point moves by a rounding"
        return Cause.OUT_OF_PRECISION, reason
    if known.level > 1e3 * EPSILON * abs(known.centre) and known.level > 0:
        cause = Cause.NOISE if known.fine else Cause.OUT_OF_PRECISION
        return cause, f"the loss is only known to about {known.level:.0e}, as if computed in lower precision"
    return Cause.OUT_OF_PRECISION, "the differences are not exact enough to tell"
