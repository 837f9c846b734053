"""The rules by which a claimed derivative is judged against a measured one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from gradlab.check._differences import EPSILON, Noise, Slope, best
from gradlab.check._outcomes import Entry, Verdict


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed derivative: its value and how much it jitters when the point moves by a rounding."""

    value: float
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class Rules:
    """When a difference counts.

    A claim is WRONG if it lies outside the error bar by more than `tolerance` of its size, with a bar below a tenth
    of its size; it is CORRECT only if the bar resolves `4 * tolerance` of its size.
    """

    tolerance: float

    def compare(self, claim: Claim, numeric: float, bar: float, nearest: float | None = None) -> Verdict:
        """Judge a claim by a value with a bar; `nearest` is the acceptable value closest to the claim."""
        target = numeric if nearest is None else nearest
        size, margin = max(abs(claim.value), abs(numeric)), bar + 2 * claim.jitter
        difference = abs(claim.value - target)
        allowed = max(margin, self.tolerance * size)
        if difference <= allowed and margin <= 4 * self.tolerance * size:
            return Verdict.CORRECT
        if difference > allowed and margin < 0.1 * size:
            return Verdict.WRONG
        return Verdict.UNDECIDED


def judge_cheaply(name: str, claim: Claim, slope: Slope | None, rules: Rules) -> Entry | None:
    """Settle a clear case: the cheap estimate resolves the claim and agrees with it. None if it does not."""
    if slope is None or not math.isfinite(claim.value):
        return None
    if rules.compare(claim, slope.value, slope.bar) is not Verdict.CORRECT:
        return None
    return _entry(name, claim, slope, Verdict.CORRECT, "agrees")


def judge(name: str, claim: Claim, slopes: list[Slope], centre: float, noise: Noise, rules: Rules) -> Entry:
    """Judge a claim by a ladder of estimates.

    Args:
        name: Which entry it is.
        claim: The claimed derivative.
        slopes: Estimates from the smallest scale to the largest.
        centre: The loss at the point.
        noise: What is known of the loss's noise.
        rules: When a difference counts.

    Returns:
        The entry with its verdict; a WRONG one is still to be confirmed.
    """
    changing = [slope for slope in slopes if slope.spread > 0]
    if slopes and not changing:
        return _judge_constant(name, claim, slopes[-1], centre, noise)
    # A loss that does not follow small steps may be rounded: that it is flat over some says nothing.
    found = best(slopes if noise.fine else changing)
    if found is None:
        return _entry(name, claim, None, Verdict.UNDECIDED, "the loss is not finite at any step around the point")
    slope, smaller = found
    if not math.isfinite(claim.value):
        resolved = slope.bar < 0.1 * abs(slope.value)
        reason = "the claimed value is not finite" + ("" if resolved else ", and the loss has no clear slope")
        return _entry(name, claim, slope, Verdict.WRONG if resolved else Verdict.UNDECIDED, reason)
    kinked = _is_kinked(slope, smaller)
    if kinked is not False:
        return _judge_kink(name, claim, slope, rules, certain=kinked is True)
    verdict = rules.compare(claim, slope.value, slope.bar)
    if verdict is Verdict.UNDECIDED and _is_zero(claim, slope, slopes):
        return _entry(name, claim, slope, Verdict.CORRECT, "zero within the error bar")
    reasons = {
        Verdict.CORRECT: "agrees",
        Verdict.WRONG: "outside the error bar",
        Verdict.UNDECIDED: _why_undecided(claim, slope, centre, noise),
    }
    return _entry(name, claim, slope, verdict, reasons[verdict])


def confirmed(entry: Entry, claim: Claim, fresh: Slope | None) -> Entry:
    """Keep a WRONG verdict only if an estimate from fresh points gives it, too."""
    if fresh is not None:
        if not math.isfinite(claim.value):
            return entry
        if abs(claim.value - fresh.value) > fresh.bar + 2 * claim.jitter:
            return entry
    return replace(entry, verdict=Verdict.UNDECIDED, reason="other steps do not confirm the difference")


def _judge_constant(name: str, claim: Claim, widest: Slope, centre: float, noise: Noise) -> Entry:
    """The loss has the same value at every step along this entry."""
    if not noise.fine and noise.level == 0:
        # Nor along any other: it is constant, saturated, or rounded as coarsely as bfloat16 does, to eight bits.
        level = 0.01 * abs(centre)
    else:
        level = max(noise.level * 10, 100 * EPSILON * abs(centre))
        if abs(claim.value) * widest.step < EPSILON * abs(centre) or claim.value == 0:
            return _entry(name, claim, widest, Verdict.CORRECT, "the loss does not change with this entry")
    if claim.value != 0 and not abs(claim.value) * widest.step <= level:
        return _entry(name, claim, widest, Verdict.WRONG, "the loss does not change with this entry")
    return _entry(name, claim, widest, Verdict.UNDECIDED, "the loss does not change at all: constant or rounded")


def _is_kinked(slope: Slope, smaller: Slope | None) -> bool | None:
    """A kink's jump stays when the step shrinks; what curvature leaves in the fit does not. None: it may be one."""
    if abs(slope.kink) <= max(slope.kink_bar, 1e-3 * abs(slope.value)):
        return False
    if smaller is None:
        return None
    if abs(smaller.kink) + smaller.kink_bar < 0.5 * abs(slope.kink):
        return False
    return True if abs(smaller.kink) > max(smaller.kink_bar, 0.5 * abs(slope.kink)) else None


def _judge_kink(name: str, claim: Claim, slope: Slope, rules: Rules, certain: bool) -> Entry:
    """Any slope between those of both sides is right, if both meet at the point and not just near it."""
    left, right = slope.value - slope.kink, slope.value + slope.kink
    low, high, margin = min(left, right), max(left, right), slope.bar + slope.kink_bar
    phrase = f"a kink{'' if certain else ' nearby'}: the slope is {left:.4g} before it, {right:.4g} after it"
    if low - margin <= claim.value <= high + margin:
        return _entry(name, claim, slope, Verdict.CORRECT if certain else Verdict.UNDECIDED, phrase)
    nearest = min(max(claim.value, low), high)
    # The claim jitters between both sides of the kink; that is what a kink does, and no excuse out here.
    verdict = rules.compare(Claim(claim.value), slope.value, margin, nearest)
    return _entry(name, claim, slope, verdict, phrase)


def _is_zero(claim: Claim, slope: Slope, slopes: list[Slope]) -> bool:
    """Tell whether both are 0 compared with the slopes a small way off."""
    # At smaller steps than the chosen one, noise looks like a steep slope.
    typical = max(each.spread / each.step for each in slopes if each.step >= slope.step)
    return max(abs(claim.value), abs(slope.value)) <= slope.bar <= 1e-6 * typical


def _why_undecided(claim: Claim, slope: Slope, centre: float, noise: Noise) -> str:
    if not noise.deterministic:
        return "the loss gives different values at the same point"
    if 2 * claim.jitter > slope.bar:
        return f"the claimed value itself varies by {claim.jitter:.1e} when the point moves by a rounding"
    if noise.level > 1e3 * EPSILON * abs(centre) and noise.level > 0:
        return f"the loss is only known to about {noise.level:.0e}, as if computed in lower precision"
    return "the differences are not exact enough to tell"


def _entry(name: str, claim: Claim, slope: Slope | None, verdict: Verdict, reason: str) -> Entry:
    if slope is None:
        return Entry(name, claim.value, math.nan, math.inf, math.nan, verdict, reason, math.nan)
    size = max(abs(claim.value), abs(slope.value))
    relative = abs(claim.value - slope.value) / size if size > 0 else 0.0
    return Entry(name, claim.value, slope.value, slope.bar, relative, verdict, reason, slope.step)
