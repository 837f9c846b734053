"""From cheap to thorough: what the first pass does not settle goes up the ladder, entry by entry."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property

import numpy as np

from gradlab.check._adapters import Mode
from gradlab.check._complex_step import complex_step, fits
from gradlab.check._differences import Noise, Samples, Slope, dense, fit, is_single
from gradlab.check._functions import Claims, Function
from gradlab.check._ladder import Probe, make_probe
from gradlab.check._outcomes import Cause, Entry, Verdict
from gradlab.check._screen import SINGLE_STEP, STEP, coordinates
from gradlab.check._verdict import Claim, Knowledge, Rules, confirmed, judge, make_entry, settled

# The point is moved by a rounding this many times, to see how much the claim jitters.
_JITTERS = 4
_SINGLE, _DOUBLE = 2.0**-23, 2.0**-51
# How many coordinates have to show that a function can be followed into the complex numbers.
_WITNESSES = 3
# What more values may still decide.
_NOISY = {Cause.NOISE, Cause.OUT_OF_PRECISION}


class Engine:
    """Judges entries of a claimed Jacobian at one point.

    Args:
        function: The function.
        claims: Its claimed derivatives.
        names: One name for each of the M * P entries.
        rules: When a difference counts.
        centre: The function at the point, shape (M,).
        claimed: The claims there, shape (M, P).
    """

    def __init__(
        self,
        function: Function,
        claims: Claims,
        names: list[str],
        rules: Rules,
        centre: np.ndarray,
        claimed: np.ndarray,
    ) -> None:
        self.function, self.claims, self.names, self.rules = function, claims, names, rules
        self.centre, self.claimed = centre, claimed
        self.flat = function.point.values
        self.scales = scales_of(function)

    @cached_property
    def probe(self) -> Probe:
        """The noise is measured only where an entry needs it."""
        return make_probe(self.function, self.flat, self.centre, self.scales)

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
        jitter = np.zeros_like(claimed)
        with np.errstate(invalid="ignore"):
            again = self.claims(self.flat)
            unstable = (again != claimed) & ~(np.isnan(again) & np.isnan(claimed))
            for _ in range(_JITTERS):
                moved = self.claims(self.flat * (1 + size * random.choice([-1.0, 1.0], len(self.flat))))
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

    def run(self, columns: dict[int, list[int]]) -> list[Entry]:
        """Judge entries one by one: the coordinates and, for each, the outputs."""
        entries: list[Entry] = []
        pending = dict(columns)
        cheap = coordinates(
            self.function, self.flat, self.centre, self.scales, list(columns), SINGLE_STEP if self.is_single else STEP
        )
        for index, step, found in cheap:
            left = []
            for output in columns[index]:
                slope, bar, believed = (part[output] for part in found)
                entry = None
                if believed:
                    entry = settled(self.claim(output, index), Slope(float(slope), float(bar), step), self.rules)
                if entry is None:
                    left.append(output)
                else:
                    entries.append(entry)
            pending[index] = left
        for index, outputs in pending.items():
            if outputs:
                entries += self._climb(index, outputs)
        return entries

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
        if entry.cause in _NOISY and self.function.point.mode is Mode.DOUBLE:
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

    @cached_property
    def _follows_complex(self) -> np.ndarray:
        """For which outputs the complex step is borne out by clear differences along other coordinates, shape (M,)."""
        shares = np.abs(np.nan_to_num(self.claimed)).max(axis=0) * self.scales
        largest = np.argsort(-shares, kind="stable")[:_WITNESSES].tolist()
        confirmed = np.zeros(len(self.centre), dtype=int)
        for index, _, (slopes, bars, believed) in coordinates(
            self.function, self.flat, self.centre, self.scales, largest
        ):
            for output in np.flatnonzero(believed & (bars < 1e-3 * np.abs(slopes))):
                value = complex_step(self.function, self.flat, index, float(self.scales[index]), int(output))
                agrees = value is not None and abs(value - slopes[output]) <= bars[output]
                confirmed[output] += 1 if agrees else -_WITNESSES
        return confirmed > 0

    def _by_complex_step(self, entry: Entry, claim: Claim, slopes: list[Slope], index: int, output: int) -> Entry:
        if not self._follows_complex[output]:
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
