"""The thorough way to a verdict on one coordinate: the ladder of steps, then whatever may still decide."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from gradlab.check._outcomes import NEAR, Cause, Entry, Verdict
from gradlab.check.differences._fit import Noise, Samples, Slope, dense, fit
from gradlab.check.differences._repeated import repeated
from gradlab.check.differences._texture import look_along
from gradlab.check.scale._rounding import is_lost, is_rounding
from gradlab.check.verdict._edge import judge_at_edge
from gradlab.check.verdict._exact import by_complex_step, is_told_apart
from gradlab.check.verdict._knowledge import Claim, Knowledge, Rules, agreement, make_entry
from gradlab.check.verdict._rules import confirmed, judge, speaks_against

if TYPE_CHECKING:
    from gradlab.check.verdict._engine import Engine

# What more values may still decide.
_NOISY = {Cause.NOISE, Cause.OUT_OF_PRECISION}
# What a derivative without rounding errors may still decide.
_SMALL = {*_NOISY, Cause.SATURATION}
# What smaller steps may still decide.
_NEAR = {Cause.KINK, Cause.NOT_FINITE}
# So many values to a step, if it takes them.
_DENSE = (64, 512)
# A bar of so many tolerances, or of so many times what is as good as zero, is brought down by repetition.
_REPEATED, _REPEATED_ZERO = 100, 16
LOST = "small slopes are lost in rounding: the loss jumps nearby, by no more than numbers on the way are rounded"
VARYING = "the claimed value is another one each time it is computed"


def climb(engine: Engine, index: int, outputs: list[int]) -> Iterator[Entry]:
    """Judge entries of one coordinate at all scales."""
    if not outputs:
        return
    probe = engine.probe
    samples = probe.sample(index, probe.steps(index))
    if not len(samples.steps) and probe.noise.fine:
        # The domain may end very near.
        samples = probe.sample(index, probe.finer_steps(index))
    if not len(samples.steps) and (found := judge_at_edge(engine, index, outputs)) is not None:
        yield from found
        return
    for output in outputs:
        yield _judge(engine, index, output, samples)


def _judge(engine: Engine, index: int, output: int, samples: Samples) -> Entry:
    probe, noise = engine.probe, engine.probe.noise_of(samples, output)
    if probe.noise.fine and not noise.fine:
        # Of a function in float64, what it makes of this coordinate alone may be in float32.
        samples = samples.beyond(probe.smallest(index, noise))
    known, claim = (
        _knowledge(engine, index, output, noise),
        engine.claim(output, index, engine.jitter.of(output, index)),
    )
    rules = engine.rules_in_single if noise.is_single else engine.asked
    slopes = fit(samples, output, noise)
    if math.isinf(claim.jitter):
        slope = min(slopes, key=lambda each: each.bar, default=None)
        return make_entry(claim, slope, Verdict.UNDECIDED, VARYING, Cause.NOT_DETERMINISTIC)
    entry = judge(claim, slopes, known, rules)
    if entry.verdict is Verdict.CORRECT and is_told_apart(engine, entry, output, index):
        known = replace(known, zero=0.0, near=0.0)
        entry = judge(claim, slopes, known, rules)
    entry = _confirm(engine, entry, claim, index, output, noise)
    if entry.cause in _NEAR and noise.fine and len(samples.steps):
        samples = samples.joined(probe.sample(index, probe.finer_steps(index)))
        slopes = fit(samples, output, noise)
        entry = _confirm(engine, judge(claim, slopes, known, rules), claim, index, output, noise)
    if entry.cause in _SMALL:
        entry = by_complex_step(engine, entry, claim, slopes, index, output)
    for parts in _DENSE:
        if entry.cause in _NOISY and math.isfinite(entry.step) and _is_worth(entry, parts, rules):
            more = fit(probe.dense(index, entry.step, parts), output, noise)
            slopes = sorted([*slopes, *more], key=lambda slope: slope.step)
            entry = _confirm(engine, judge(claim, slopes, known, rules), claim, index, output, noise)
    if entry.cause in _NOISY and not noise.fine:
        entry = _by_repetition(engine, entry, claim, known, rules, (index, output))
    if entry.verdict is Verdict.CORRECT:
        return entry
    if not (claim.value == 0 and known.grid() > 0) and is_rounding(engine, entry, output, index):
        return replace(entry, verdict=Verdict.CORRECT, reason="differs by its own rounding alone", cause=None)
    if noise.fine and entry.verdict is Verdict.WRONG and is_lost(engine, entry, output, index):
        return replace(entry, verdict=Verdict.UNDECIDED, reason=LOST, cause=Cause.FINE_STRUCTURE)
    return entry


def _knowledge(engine: Engine, index: int, output: int, noise: Noise) -> Knowledge:
    level = float(noise.level[output])
    return Knowledge(
        centre=float(engine.centre[output]),
        level=level,
        fine=noise.fine,
        grain=noise.grain,
        deterministic=noise.deterministic,
        scale=float(engine.scales[index]),
        zero=engine.zero(output, index, noise.is_single),
        near=float(engine.near(output, index)) if noise.is_single else 0.0,
        reach=float(noise.reach[output]),
        anywhere=float(engine.probe.noise.level[output]),
        levels=lru_cache(lambda: engine.levels(output, index)),
        grid=lru_cache(lambda: float(engine.grid[output]) if noise.fine else 0.0),
        texture=lru_cache(lambda reach: look_along(engine.probe.line(index), reach, output, level)),
    )


def _is_worth(entry: Entry, parts: int, rules: Rules) -> bool:
    """Tell whether more values may bring the bar to where it decides."""
    size = max(abs(entry.claimed), abs(entry.numeric))
    return parts == _DENSE[0] or entry.error_bar < 16 * rules.tolerance * size


def _by_repetition(
    engine: Engine, entry: Entry, claim: Claim, known: Knowledge, rules: Rules, place: tuple[int, int]
) -> Entry:
    """An entry that the rounding of its function hides: CORRECT if many stencils bear it out, else as it was."""
    size = max(abs(entry.claimed), abs(entry.numeric))
    if entry.error_bar > max(_REPEATED * rules.tolerance * size, _REPEATED_ZERO * known.zero):
        return entry
    best = Slope(entry.numeric, entry.error_bar, entry.step)
    # Where each value takes a call, one step has to do.
    for share in (1.0, 0.5, 2.0) if engine.function.maps else (1.0,):
        step = share * entry.step
        slope = repeated(engine.function, engine.flat, engine.scales, *place, step)
        if slope is None or abs(slope.value - entry.numeric) > slope.bar + entry.error_bar:
            continue
        if rules.compare(claim, slope.value, slope.bar, zero=known.zero, near=known.near) is Verdict.CORRECT:
            return replace(
                make_entry(claim, slope, Verdict.CORRECT, agreement(claim, slope, rules)), scales=entry.scales
            )
        best = min(best, slope, key=lambda each: each.bar)
    if rules.barely(claim, best, known.near):
        return replace(make_entry(claim, best, Verdict.CORRECT, NEAR), scales=entry.scales)
    return entry


def _confirm(engine: Engine, entry: Entry, claim: Claim, index: int, output: int, noise: Noise) -> Entry:
    """A WRONG entry has to be so at fresh places, too."""
    if entry.verdict is not Verdict.WRONG or not math.isfinite(entry.step):
        return entry
    steps = np.array([0.3125, 0.625]) * entry.step
    slopes: list[Slope] = fit(engine.probe.sample(index, steps), output, noise)
    kinked = entry.cause is Cause.KINK
    if not slopes or all(speaks_against(claim, slope, kinked, noise.fine) for slope in slopes):
        return confirmed(entry, claim, slopes, noise.fine)
    # Few values at a smaller scale may be too noisy to say anything: many are not.
    more = fit(engine.probe.sample(index, steps, dense(_DENSE[0])), output, noise)
    return confirmed(entry, claim, more, noise.fine)
