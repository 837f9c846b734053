"""From cheap to thorough: what the first pass does not settle goes up the ladder, entry by entry."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np

from gradlab.check._outcomes import Cause, Entry, Verdict
from gradlab.check.differences._complex_step import complex_step, fits
from gradlab.check.differences._fit import DEVIATIONS, Noise, Samples, Slope, dense, fit, is_single
from gradlab.check.differences._ladder import Probe, make_probe
from gradlab.check.differences._screen import SINGLE_STEP, STEP, coordinates
from gradlab.check.inputs._claims import Claims
from gradlab.check.inputs._function import Function
from gradlab.check.inputs._point import Mode
from gradlab.check.verdict._rules import Claim, Knowledge, Rules, confirmed, judge, make_entry, settled

# The point is moved by a rounding this many times, to see how much the claim jitters.
_JITTERS = 4
_SINGLE, _DOUBLE = 2.0**-23, 2.0**-51
# How many coordinates have to show that a function can be followed into the complex numbers.
_WITNESSES = 3
# What more values may still decide.
_NOISY = {Cause.NOISE, Cause.OUT_OF_PRECISION}
# What a derivative without rounding errors may still decide.
_SMALL = {*_NOISY, Cause.SATURATION}


class Engine:
    """Judges entries of a claimed Jacobian at one point.

    Args:
        function: The function.
        claims: Its claimed derivatives.
        names: One name for each of the M * P entries.
        rules: When a difference counts.
        centre: The function at the point, shape (M,).
        claimed: The claims there, shape (M, P).
        is_stable: Whether the function gave the same at the point when it was first tried.
    """

    def __init__(
        self,
        function: Function,
        claims: Claims,
        names: list[str],
        rules: Rules,
        centre: np.ndarray,
        claimed: np.ndarray,
        is_stable: bool = True,
    ) -> None:
        self.function, self.claims, self.names, self.rules = function, claims, names, rules
        self.centre, self.claimed, self._is_stable = centre, claimed, is_stable
        self.flat = function.point.values
        self.scales = scales_of(function)
        # What has been judged so far, by its position: it counts even if the check is stopped.
        self.found: dict[int, Entry] = {}

    @cached_property
    def probe(self) -> Probe:
        """The noise is measured only where an entry needs it."""
        return make_probe(self.function, self.flat, self.centre, self.scales)

    @property
    def is_deterministic(self) -> bool:
        """Whether the function always gave the same value at the point, as far as it was asked."""
        return self._is_stable and ("probe" not in self.__dict__ or self.probe.noise.deterministic)

    @cached_property
    def jitter(self) -> np.ndarray:
        """How much the claims vary when the point moves by a rounding, shape (M, P); inf where they are random."""
        claimed = self.claimed
        if not self.claims.is_callable:
            return np.zeros_like(claimed)
        with np.errstate(invalid="ignore", over="ignore"):
            narrow = np.array_equal(claimed.astype(np.float32).astype(np.float64), claimed, equal_nan=True)
        size = self.probe.noise.grain if not self.probe.noise.fine else (_SINGLE if narrow else _DOUBLE)
        random = np.random.default_rng(1)
        values, places = np.unique(self.flat, return_inverse=True)
        jitter = np.zeros_like(claimed)
        with np.errstate(invalid="ignore"):
            again = self.claims(self.flat)
            unstable = (again != claimed) & ~(np.isnan(again) & np.isnan(claimed))
            for _ in range(_JITTERS):
                # Equal numbers move alike: they may be the same place in memory.
                signs = random.choice([-1.0, 1.0], len(values))[places]
                moved = self.claims(self.flat * (1 + size * signs))
                jitter = np.fmax(jitter, np.abs(moved - claimed))
        jitter[unstable] = np.inf
        return jitter

    def entry_of(self, output: int, index: int) -> int:
        """The position in the Jacobian read row by row."""
        return output * len(self.flat) + index

    def claim(self, output: int, index: int, jitter: float = 0.0) -> Claim:
        """One claimed derivative."""
        place = self.entry_of(output, index)
        return Claim(self.names[place], place, float(self.claimed[output, index]), jitter)

    def open(self, place: int, reason: str) -> Entry:
        """An entry that was not judged."""
        claim = self.claim(place // len(self.flat), place % len(self.flat))
        return make_entry(claim, None, Verdict.UNDECIDED, reason, Cause.NOT_MEASURED)

    def run(self, columns: dict[int, list[int]]) -> list[Entry]:
        """Judge entries one by one: the coordinates and, for each, the outputs."""
        entries: list[Entry] = []
        for entry in self._run(columns):
            self.found[entry.index] = entry
            entries.append(entry)
        return entries

    def _run(self, columns: dict[int, list[int]]) -> Iterator[Entry]:
        pending = dict(columns)
        step = SINGLE_STEP if self.is_single else STEP
        # Of a random function two values say nothing.
        first = list(columns) if self.is_deterministic else []
        cheap = coordinates(self.function, self.flat, self.centre, self.scales, first, step)
        still: dict[int, list[int]] = {}
        moving = np.zeros(len(self.centre), dtype=bool)
        for index, step, found in cheap:
            slopes, bars, believed, moved = found
            moving |= moved
            left = []
            for output in columns[index]:
                claim, entry = self.claim(output, index), None
                if believed[output]:
                    entry = settled(claim, Slope(float(slopes[output]), float(bars[output]), step), self.rules)
                if entry is not None:
                    yield entry
                elif claim.value == 0 and not moved[output]:
                    still.setdefault(index, []).append(output)
                else:
                    left.append(output)
            pending[index] = left
        for index, outputs in still.items():
            found_still, others = self._settle_zeros(index, outputs, moving)
            yield from found_still
            pending[index] += others
        for index, outputs in pending.items():
            if outputs:
                yield from self._climb(index, outputs)

    def _settle_zeros(self, index: int, outputs: list[int], moving: np.ndarray) -> tuple[list[Entry], list[int]]:
        """Claimed zeros: an output that changes with other entries, and with this one not even over large steps."""
        step = float(self.scales[index]) / 4
        points = np.repeat(self.flat[None], 2, axis=0)
        points[:, index] += [step, -step]
        same = (self.function.many(points) == self.centre).all(axis=0)
        entries, others = [], []
        for output in outputs:
            if moving[output] and same[output]:
                slope = Slope(0.0, _DOUBLE * abs(float(self.centre[output])) / step, step)
                reason = "the loss does not change with this entry"
                entries.append(make_entry(self.claim(output, index), slope, Verdict.CORRECT, reason))
            else:
                others.append(output)
        return entries, others

    @cached_property
    def is_single(self) -> bool:
        """Whether the function seems to compute in float32: its values tell, whatever it was given."""
        near = self.function(self.flat + STEP / 3 * self.scales)
        return bool(is_single(np.stack([self.centre, near])).all())

    def _climb(self, index: int, outputs: list[int]) -> list[Entry]:
        probe = self.probe
        samples = probe.sample(index, probe.steps(index))
        return [self._judge(index, output, samples) for output in outputs]

    def _judge(self, index: int, output: int, samples: Samples) -> Entry:
        probe, noise = self.probe, self.probe.noise_of(samples)
        known = Knowledge(
            float(self.centre[output]),
            float(noise.level[output]),
            noise.fine,
            noise.grain,
            noise.deterministic,
            float(self.scales[index]),
        )
        claim = self.claim(output, index, float(self.jitter[output, index]))
        if math.isinf(claim.jitter):
            slopes = fit(samples, output, noise)
            slope = min(slopes, key=lambda each: each.bar, default=None)
            reason = "the claimed value is another one each time it is computed"
            return make_entry(claim, slope, Verdict.UNDECIDED, reason, Cause.NOT_DETERMINISTIC)
        slopes = fit(samples, output, noise)
        entry = self._confirm(judge(claim, slopes, known, self.rules), claim, index, output, noise)
        if entry.cause is Cause.KINK and noise.fine:
            samples = samples.joined(probe.sample(index, probe.finer_steps(index)))
            slopes = fit(samples, output, noise)
            entry = self._confirm(judge(claim, slopes, known, self.rules), claim, index, output, noise)
        if entry.cause in _SMALL and self.function.point.mode is Mode.DOUBLE:
            entry = self._by_complex_step(entry, claim, slopes, index, output)
        for parts in (64, 512):
            if entry.cause in _NOISY and math.isfinite(entry.step) and self._is_worth(entry, parts):
                more = fit(probe.dense(index, entry.step, parts), output, noise)
                slopes = sorted([*slopes, *more], key=lambda slope: slope.step)
                entry = self._confirm(judge(claim, slopes, known, self.rules), claim, index, output, noise)
        return entry

    def _is_worth(self, entry: Entry, parts: int) -> bool:
        """Tell whether more values may bring the bar to where it decides."""
        size = max(abs(entry.claimed), abs(entry.numeric))
        return parts == 64 or entry.error_bar < 16 * self.rules.tolerance * size

    def _confirm(self, entry: Entry, claim: Claim, index: int, output: int, noise: Noise) -> Entry:
        if entry.verdict is not Verdict.WRONG or not math.isfinite(entry.step):
            return entry
        steps = np.array([0.3125, 0.625]) * entry.step
        slopes = fit(self.probe.sample(index, steps), output, noise)
        if not slopes or self._is_decided_by(slopes, claim):
            return confirmed(entry, claim, slopes)
        # Few values at a smaller scale may be too noisy to say anything: many are not.
        return confirmed(entry, claim, fit(self.probe.sample(index, steps, dense(64)), output, noise))

    def _is_decided_by(self, slopes: list[Slope], claim: Claim) -> bool:
        return all(abs(claim.value - slope.value) > slope.bar + 2 * claim.jitter for slope in slopes)

    def follows_complex(self, output: int) -> bool:
        """Whether the complex step of an output is borne out by clear differences along some coordinates."""
        return bool(self._follow_complex[output])

    @cached_property
    def _follow_complex(self) -> np.ndarray:
        shares = np.abs(np.nan_to_num(self.claimed)).max(axis=0) * self.scales
        largest = np.argsort(-shares, kind="stable")[:_WITNESSES].tolist()
        confirmed = np.zeros(len(self.centre), dtype=int)
        for index, step, (slopes, bars, believed, _) in coordinates(
            self.function, self.flat, self.centre, self.scales, largest
        ):
            bars = bars + 2 * DEVIATIONS * self.probe.noise.level / step
            for output in np.flatnonzero(believed & (bars < 1e-3 * np.abs(slopes))):
                value = complex_step(self.function, self.flat, index, float(self.scales[index]), int(output))
                agrees = value is not None and abs(value - slopes[output]) <= bars[output]
                confirmed[output] += 1 if agrees else -_WITNESSES
        return confirmed > 0

    def _by_complex_step(self, entry: Entry, claim: Claim, slopes: list[Slope], index: int, output: int) -> Entry:
        if not self.follows_complex(output):
            return entry
        value = complex_step(self.function, self.flat, index, float(self.scales[index]), output)
        if value is None or not fits(value, slopes):
            return entry
        exact = Slope(value, 1e-9 * abs(value), 0.0)
        verdict = self.rules.compare(claim, exact.value, exact.bar)
        if verdict is not Verdict.CORRECT:
            return entry
        return replace(make_entry(claim, exact, verdict, "agrees with the complex step"), scales=entry.scales)


def scales_of(function: Function) -> np.ndarray:
    """The size of each entry; that of its array, a thousandth of it, where the entry is smaller; 1 where all are 0."""
    sizes = []
    for leaf in function.point.leaves:
        absolute = np.abs(leaf.value).reshape(-1)
        largest = absolute.max() if absolute.size else 0.0
        sizes.append(np.maximum(absolute, 1e-3 * largest) if largest > 0 else np.ones_like(absolute))
    return np.concatenate(sizes)
