"""What a verdict is made from: one function at one point, the claims there, and what has been found out about both.

From points to a word: `_many` takes many entries together and hands single ones to `_few`, which measures them once.
What that settles is in `_settle`; a difference that is clear is convicted in `_quick`; all else climbs in `_climb`,
whose estimates `_rules` judges. Entries at a kink are judged once more, together, in `_ties`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from gradlab.check._outcomes import Cause, Entry, Verdict
from gradlab.check.differences._fit import EXACT, is_single
from gradlab.check.differences._ladder import Probe, make_probe
from gradlab.check.differences._screen import STEP, coordinates
from gradlab.check.inputs._claims import Claims
from gradlab.check.inputs._function import Function
from gradlab.check.scale._rounding import Jitter
from gradlab.check.scale._scales import scales_of
from gradlab.check.verdict._climb import VARYING
from gradlab.check.verdict._columns import Measured
from gradlab.check.verdict._exact import followed
from gradlab.check.verdict._knowledge import Claim, Rules, make_entry


class Engine:
    """A claimed Jacobian at one point, and what is known of it.

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
        self.resolved: set[tuple[int, int]] = set()
        # After so many evaluations no other entry is looked at closely.
        self.limit = math.inf
        self._far: dict[int, np.ndarray] = {}
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
        return 0.0 if (output, index) in self.resolved else float(self.shares[output] / self.scales[index])

    def open(self, place: int, reason: str) -> Entry:
        """An entry that was not judged."""
        claim = self.claim(place // len(self.flat), place % len(self.flat))
        return make_entry(claim, None, Verdict.UNDECIDED, reason, Cause.NOT_MEASURED)

    def varying(self, place: int) -> Entry:
        """An entry whose claim is another one each time it is asked for."""
        claim = self.claim(place // len(self.flat), place % len(self.flat))
        return make_entry(claim, None, Verdict.UNDECIDED, VARYING, Cause.NOT_DETERMINISTIC)

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

    @cached_property
    def follows_complex(self) -> np.ndarray:
        """Whether the complex step of each output is borne out by differences, shape (M,)."""
        return followed(self)

    def far(self, index: int, step: float) -> np.ndarray:
        """The function far off to both sides along a coordinate, shape (2, M): asked for once, for all outputs."""
        if index not in self._far:
            points = np.repeat(self.flat[None], 2, axis=0)
            points[:, index] += [step, -step]
            self._far[index] = self.function.many(points)
        return self._far[index]
