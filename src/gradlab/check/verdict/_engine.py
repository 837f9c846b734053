"""From cheap to thorough: what the first pass does not settle goes up the ladder, entry by entry."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, lru_cache

import numpy as np

from gradlab.check._outcomes import Cause, Entry, Verdict
from gradlab.check.differences._complex_step import complex_step, fits
from gradlab.check.differences._fit import DEVIATIONS, EPSILON, EXACT, Noise, Samples, Slope, dense, fit, is_single
from gradlab.check.differences._ladder import Probe, make_probe
from gradlab.check.differences._screen import SINGLE_STEP, STEP, coordinates
from gradlab.check.differences._texture import look_along
from gradlab.check.inputs._claims import Claims
from gradlab.check.inputs._function import Function
from gradlab.check.inputs._point import Mode
from gradlab.check.scale._rounding import Jitter, is_rounding
from gradlab.check.scale._scales import scales_of
from gradlab.check.verdict._columns import Columns, Measured, bear_out
from gradlab.check.verdict._edge import judge_at_edge
from gradlab.check.verdict._knowledge import Claim, Knowledge, Rules, make_entry
from gradlab.check.verdict._quick import convict
from gradlab.check.verdict._rules import confirmed, judge, settled, speaks_against

# How many coordinates have to show that a function can be followed into the complex numbers.
_WITNESSES = 3
# What more values may still decide.
_NOISY = {Cause.NOISE, Cause.OUT_OF_PRECISION}
# What a derivative without rounding errors may still decide.
_SMALL = {*_NOISY, Cause.SATURATION}
# What smaller steps may still decide.
_NEAR = {Cause.KINK, Cause.NOT_FINITE}
# So many entries are looked at after one is known to be wrong.
_ALSO = 2
# So many entries that differ clearly are looked at by few values, before the first of them is by many.
_CANDIDATES = 3
# So many times the size of the inputs a value may have, and so many roundings may add up in it.
_BESIDE = 64
_ROUNDED = 1024
VARYING = "the claimed value is another one each time it is computed"
STOPPED = "not judged, since a wrong entry is known; thorough=True judges all"


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
        self.scales = scales_of(function.point)
        # The largest share of each output that was measured, shape (M,): what its variation is about.
        self.shares = np.zeros(len(centre))
        # From which part of the largest share on differences would show.
        self.relevance = rules.relevance
        # Entries that are as good as zero beside the others, and known all the same.
        self._resolved: set[tuple[int, int]] = set()
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
    def jitter(self) -> Jitter:
        """How much the claims vary when the point moves by a rounding."""
        return Jitter(self.claims, self.flat, self.claimed, self.probe.noise)

    @cached_property
    def plain_jitter(self) -> Jitter:
        """The same for a function that is computed in float64."""
        known = "probe" in self.__dict__ and self.probe.noise.fine
        return self.jitter if known else Jitter(self.claims, self.flat, self.claimed, EXACT)

    def entry_of(self, output: int, index: int) -> int:
        """The position in the Jacobian read row by row."""
        return output * len(self.flat) + index

    def claim(self, output: int, index: int, jitter: float = 0.0) -> Claim:
        """One claimed derivative."""
        place = self.entry_of(output, index)
        return Claim(self.names[place], place, float(self.claimed[output, index]), jitter)

    def unit(self, output: int, index: int) -> float:
        """The slope that the largest share of an output would have along a coordinate."""
        return 0.0 if (output, index) in self._resolved else float(self.shares[output] / self.scales[index])

    def open(self, place: int, reason: str) -> Entry:
        """An entry that was not judged."""
        claim = self.claim(place // len(self.flat), place % len(self.flat))
        return make_entry(claim, None, Verdict.UNDECIDED, reason, Cause.NOT_MEASURED)

    def varying(self, place: int) -> Entry:
        """An entry whose claim is another one each time it is asked for."""
        claim = self.claim(place // len(self.flat), place % len(self.flat))
        return make_entry(claim, None, Verdict.UNDECIDED, VARYING, Cause.NOT_DETERMINISTIC)

    def run(self, columns: dict[int, list[int]]) -> list[Entry]:
        """Judge entries one by one: the coordinates and, for each, the outputs."""
        entries: list[Entry] = []
        for entry in self._run(columns):
            self.found[entry.index] = entry
            entries.append(entry)
        return entries

    def _run(self, columns: dict[int, list[int]]) -> Iterator[Entry]:
        measured = self._measure(columns)
        pending: dict[int, list[int]] = {}
        for index, outputs in columns.items():
            for output in outputs:
                entry = self._settle(measured, index, output)
                if entry is None:
                    pending.setdefault(index, []).append(output)
                else:
                    yield entry
        clear = {
            (index, output) for index in pending for output in pending[index] if measured.differs(self, index, output)
        }
        # The clearest differences come first: one that is confirmed may end the check.
        order = sorted(pending, key=lambda index: -measured.contrast(self, index, [o for i, o in clear if i == index]))
        first = self._first_convicted(measured, order, clear)
        order.sort(key=lambda index: index not in first)
        for position, index in enumerate(order):
            self.function.budget.now_at(lambda index=index: self.names[index])
            known = first.get(index, {})
            rest = [output for output in pending[index] if output not in known]
            look = (
                self._climb(index, rest)
                if known or not self.rules.thorough
                else self._look(measured, index, rest, clear)
            )
            entries = [*known.values(), *look]
            yield from entries
            if not self.rules.thorough and any(entry.verdict is Verdict.WRONG for entry in entries):
                rest = order[position + 1 :]
                sure = bear_out(self, measured, self._clear_among(pending, rest, clear))
                # What is clear and yet not borne out is looked at, unless that is much.
                doubtful = [each for each in rest if any((each, o) in clear - sure for o in pending[each])][:_ALSO]
                for each in doubtful:
                    yield from self._look(measured, each, pending[each], clear)
                yield from self._conclude(
                    measured, {each: pending[each] for each in rest if each not in doubtful}, sure
                )
                return

    def _measure(self, columns: dict[int, list[int]]) -> Columns:
        """The first pass: every coordinate at two scales."""
        # Of a random function two values say nothing.
        first = list(columns) if self.is_deterministic else []
        step = SINGLE_STEP if first and self.is_single else STEP
        found = Columns()
        for index, size, measured in self.coordinates(first, step):
            found.add(index, size, measured)
            slopes, _, believed, _ = measured
            self.shares = np.fmax(self.shares, np.where(believed, np.abs(slopes) * self.scales[index], 0.0))
        return found

    def _settle(self, measured: Columns, index: int, output: int) -> Entry | None:
        """What the first pass decides: agreement, and zeros of outputs that move with other entries."""
        slope = measured.slope(index, output)
        if slope is None:
            return None
        claim = self.claim(output, index)
        if measured.is_believed(index, output):
            entry = settled(claim, slope, self.rules, self.unit(output, index))
            if entry is not None:
                return None if self._is_told_apart(entry, output, index) else entry
        elif claim.value == 0 and not measured.moves(index, output) and measured.moves_at_all(output):
            return self._settle_zero(claim, index, output)
        return self._settle_rounding(claim, slope, index, output)

    def _is_told_apart(self, entry: Entry, output: int, index: int) -> bool:
        """Whether the complex step knows an entry that is as good as zero, and to be another one than is claimed."""
        negligible = entry.claimed != 0 and entry.error_bar > 0.1 * abs(entry.claimed)
        if not negligible or self.function.point.mode is not Mode.DOUBLE or not self.follows_complex(output):
            return False
        value = complex_step(self.function, self.flat, index, float(self.scales[index]), output)
        if value is None or abs(value - entry.claimed) <= self.rules.tolerance * abs(value):
            return False
        self._resolved.add((output, index))
        return True

    def _settle_zero(self, claim: Claim, index: int, output: int) -> Entry | None:
        """A claimed zero: the output changes with other entries, and with this one not even over large steps."""
        step = float(self.scales[index]) / 4
        if not (self._far(index, step)[:, output] == self.centre[output]).all():
            return None
        slope = Slope(0.0, 2.0**-51 * abs(float(self.centre[output])) / step, step)
        return make_entry(claim, slope, Verdict.CORRECT, "the loss does not change with this entry")

    def _settle_rounding(self, claim: Claim, slope: Slope, index: int, output: int) -> Entry | None:
        """A claim that is no more than rounding, of an output that moves by no more than that, over large steps too."""
        scale, centre = float(self.scales[index]), float(self.centre[output])
        size = max(scale, float(np.median(self.scales)))
        if abs(centre) > _BESIDE * size:
            # The rounding of so large a value may hide a slope.
            return None
        rounding = EPSILON * max(abs(centre), size)
        near = (abs(slope.value) + slope.bar) * slope.step
        if not (abs(claim.value) * scale <= _ROUNDED * rounding and 0 < near <= _ROUNDED * rounding):
            return None
        far = float(np.max(np.abs(self._far(index, scale / 4)[:, output] - centre)))
        # What is not rounding grows with the step, here by a thousand.
        if not (far <= 64 * near and abs(claim.value) * scale <= max(near, far)):
            return None
        reason = "the loss does not change with this entry, but for rounding"
        return make_entry(claim, Slope(0.0, max(near, far) / scale, scale / 4), Verdict.CORRECT, reason)

    def _far(self, index: int, step: float) -> np.ndarray:
        """The function far off along a coordinate, which all outputs share."""
        if index not in self._seen:
            points = np.repeat(self.flat[None], 2, axis=0)
            points[:, index] += [step, -step]
            self._seen[index] = self.function.many(points)
        return self._seen[index]

    @cached_property
    def _seen(self) -> dict[int, np.ndarray]:
        return {}

    def _clear_among(
        self, pending: dict[int, list[int]], indices: list[int], clear: set[tuple[int, int]]
    ) -> dict[int, list[int]]:
        found = {index: [output for output in pending[index] if (index, output) in clear] for index in indices}
        return {index: outputs for index, outputs in found.items() if outputs}

    def _conclude(
        self, measured: Columns, pending: dict[int, list[int]], sure: set[tuple[int, int]]
    ) -> Iterator[Entry]:
        """A wrong entry is known: others are wrong, too, where the first pass is borne out; the rest stays open."""
        for index, outputs in pending.items():
            for output in outputs:
                slope = measured.slope(index, output)
                if (index, output) in sure and slope is not None:
                    reason = "outside the error bar, which a random direction bears out"
                    yield make_entry(self.claim(output, index), slope, Verdict.WRONG, reason)
                else:
                    entry = self.open(self.entry_of(output, index), STOPPED)
                    yield replace(entry, numeric=slope.value, error_bar=slope.bar) if slope is not None else entry

    def coordinates(self, indices: list[int], step: float = STEP) -> Iterator[tuple[int, float, Measured]]:
        """Measure coordinates at one scale."""
        double = ~self._single if indices else False
        yield from coordinates(self.function, self.flat, self.centre, self.scales, indices, step, double)

    @property
    def is_single(self) -> bool:
        """Whether the function seems to compute in float32: its values tell, whatever it was given."""
        return bool(self._single.all())

    @cached_property
    def _single(self) -> np.ndarray:
        near = self.function(self.flat + STEP / 3 * self.scales)
        return np.asarray(is_single(np.stack([self.centre, near])).all(axis=0))

    def _first_convicted(
        self, measured: Columns, order: list[int], clear: set[tuple[int, int]]
    ) -> dict[int, dict[int, Entry]]:
        """The first coordinate of which few values show that it is wrong, with its wrong entries by their outputs."""
        for index in order[:_CANDIDATES]:
            self.function.budget.now_at(lambda index=index: self.names[index])
            if found := convict(self, measured, index, [output for at, output in clear if at == index]):
                return {index: found}
        return {}

    def _look(self, measured: Columns, index: int, outputs: list[int], clear: set[tuple[int, int]]) -> Iterator[Entry]:
        """Judge the entries of one coordinate, by few values where that is enough."""
        found = convict(self, measured, index, [output for output in outputs if (index, output) in clear])
        yield from found.values()
        yield from self._climb(index, [output for output in outputs if output not in found])

    def _climb(self, index: int, outputs: list[int]) -> Iterator[Entry]:
        if not outputs:
            return
        probe = self.probe
        samples = probe.sample(index, probe.steps(index))
        if not len(samples.steps) and probe.noise.fine:
            # The domain may end very near.
            samples = probe.sample(index, probe.finer_steps(index))
        if not len(samples.steps) and (found := judge_at_edge(self, index, outputs)) is not None:
            yield from found
            return
        for output in outputs:
            yield self._judge(index, output, samples)

    def _judge(self, index: int, output: int, samples: Samples) -> Entry:
        probe, noise = self.probe, self.probe.noise_of(samples)
        known = Knowledge(
            float(self.centre[output]),
            float(noise.level[output]),
            noise.fine,
            noise.grain,
            noise.deterministic,
            float(self.scales[index]),
            self.unit(output, index),
            float(noise.reach[output]),
            lru_cache(lambda reach: look_along(probe.line(index), reach, output, float(noise.level[output]))),
        )
        claim = self.claim(output, index, self.jitter.of(output, index))
        slopes = fit(samples, output, noise)
        if math.isinf(claim.jitter):
            slope = min(slopes, key=lambda each: each.bar, default=None)
            return make_entry(claim, slope, Verdict.UNDECIDED, VARYING, Cause.NOT_DETERMINISTIC)
        entry = judge(claim, slopes, known, self.rules)
        if entry.verdict is Verdict.CORRECT and self._is_told_apart(entry, output, index):
            known = replace(known, unit=0.0)
            entry = judge(claim, slopes, known, self.rules)
        entry = self._confirm(entry, claim, index, output, noise)
        if entry.cause in _NEAR and noise.fine and len(samples.steps):
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
        if entry.verdict is not Verdict.CORRECT and is_rounding(self, entry, output, index):
            return replace(entry, verdict=Verdict.CORRECT, reason="differs by its own rounding alone", cause=None)
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
        kinked = entry.cause is Cause.KINK
        if not slopes or all(speaks_against(claim, slope, kinked) for slope in slopes):
            return confirmed(entry, claim, slopes)
        # Few values at a smaller scale may be too noisy to say anything: many are not.
        return confirmed(entry, claim, fit(self.probe.sample(index, steps, dense(64)), output, noise))

    def follows_complex(self, output: int) -> bool:
        """Whether the complex step of an output is borne out by clear differences along some coordinates."""
        return bool(self._follow_complex[output])

    @cached_property
    def _follow_complex(self) -> np.ndarray:
        shares = np.abs(np.nan_to_num(self.claimed)).max(axis=0) * self.scales
        largest = np.argsort(-shares, kind="stable")[:_WITNESSES].tolist()
        confirmed = np.zeros(len(self.centre), dtype=int)
        for index, step, (slopes, bars, believed, _) in self.coordinates(largest):
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
