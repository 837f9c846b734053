"""What a verdict is made from: one function at one point, the claims there, and what has been found out about both.

From points to a word: `_many` takes many entries together and hands single ones to `_few`, which measures them once,
by two values each where `differences._paired` finds that enough. What that settles is in `_settle`; a difference that
is clear is convicted in `_quick`; all else climbs in `_climb`, whose estimates `_rules` judges: by what stands still
(`_steps`), ends (`_edge`) or can be followed into complex numbers (`_exact`), too. Entries at a kink are judged once
more, together, in `_ties`; what is WRONG by no more than an iteration leaves is excused in `_iterations`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from gradlab.check._outcomes import SINGLE_RELEVANCE, SINGLE_ZERO, Cause, Entry, Verdict
from gradlab.check.differences._fit import EXACT, is_single
from gradlab.check.differences._grid import grid
from gradlab.check.differences._ladder import Probe, make_probe
from gradlab.check.differences._paired import first_pass
from gradlab.check.differences._screen import SINGLE_STEP, STEP, coordinates
from gradlab.check.inputs._claims import Claims
from gradlab.check.inputs._function import Function
from gradlab.check.scale._rounding import Jitter
from gradlab.check.scale._scales import scales_of
from gradlab.check.verdict._columns import Measured
from gradlab.check.verdict._exact import followed
from gradlab.check.verdict._knowledge import Claim, Rules, make_entry

# An array whose slopes are smaller than this part of the steepest of all is judged beside that.
_AMONG_ARRAYS = 0.01
# Places on both sides, in sizes of a coordinate, so near to each other that a ramp of any width shows.
_NEAR_AND_FAR = np.outer([-1.0, 1.0], 2.0 ** np.arange(-6, 6, 0.25)).reshape(-1)


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
        self.function, self.claims, self.names, self.asked = function, claims, names, rules
        self.centre, self.claimed, self._is_stable = centre, claimed, is_stable
        self.flat = function.point.values
        self.scales = scales_of(function, centre)
        # The largest share of each output that was measured, shape (M,): what its variation is about.
        self.shares = np.zeros(len(centre))
        # Of each coordinate its array, and of each output and array the steepest slope that was measured.
        sizes = [leaf.value.size for leaf in function.point.leaves]
        self.arrays = np.repeat(np.arange(len(sizes)), sizes)
        self.steepest = np.zeros((len(centre), len(sizes)))
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

    @cached_property
    def grid(self) -> np.ndarray:
        """What the values of each output are multiples of, if larger numbers may have been rounded; 0 if not."""
        return grid(self.function, self.flat, self.scales)

    @cached_property
    def typical(self) -> float:
        """The size of a coordinate in the middle."""
        return float(np.median(self.scales))

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

    @property
    def rules(self) -> Rules:
        """When a difference counts, by what the function shows."""
        return self.rules_in_single if self.is_single else self.asked

    @cached_property
    def rules_in_single(self) -> Rules:
        """When a difference counts where the function computes in float32."""
        return self.asked.in_single()

    def zero(self, output: int, index: int, is_single: bool = False) -> float:
        """The slope that is as good as zero: a part of that which the largest share would have there."""
        return 0.0 if (output, index) in self.resolved else float(self.zeros(output, index, is_single))

    def zeros(self, output: Any, index: Any, is_single: bool) -> Any:
        """The same of several, by outputs and coordinates, whatever is known of them."""
        share = self.shares[output] / self.scales[index]
        steepest = np.minimum(share, self.steepest.max(axis=1)[output])
        return np.maximum(self.asked.relevance * share, SINGLE_ZERO * steepest if is_single else 0.0)

    def near(self, output: Any, index: Any) -> Any:
        """What differences float32 shows at most, by outputs and coordinates: a part of the largest slope or share.

        The largest slope is that of the array, or a little of that of all.
        """
        least = _AMONG_ARRAYS * self.steepest.max(axis=1)[output]
        steepest = np.maximum(self.steepest[output, self.arrays[index]], least)
        return SINGLE_RELEVANCE * np.minimum(self.shares[output] / self.scales[index], steepest)

    def note(self, indices: np.ndarray, slopes: np.ndarray) -> None:
        """Note down what was measured along C coordinates, shape (C, M); 0 where it is not believed."""
        sizes = np.abs(slopes)
        self.shares = np.fmax(self.shares, np.fmax.reduce(sizes * self.scales[indices, None]))
        np.fmax.at(self.steepest.T, self.arrays[indices], sizes)

    def open(self, place: int, reason: str, cause: Cause = Cause.NOT_MEASURED) -> Entry:
        """An entry that was not judged."""
        return make_entry(self.claim(*divmod(place, len(self.flat))), None, Verdict.UNDECIDED, reason, cause)

    def along(self, index: int, offsets: np.ndarray) -> np.ndarray:
        """The function at n places along a coordinate, shape (n, M)."""
        points = np.repeat(self.flat[None], len(offsets), axis=0)
        points[:, index] += offsets
        return self.function.many(points)

    def levels(self, output: int, index: int) -> np.ndarray:
        """The values that an output takes along a coordinate, near and far, in order."""
        return np.unique(self.along(index, float(self.scales[index]) * _NEAR_AND_FAR)[:, output])

    def coordinates(self, indices: list[int], step: float = STEP) -> Iterator[tuple[int, float, Measured]]:
        """Measure coordinates at one scale."""
        double = ~self._single if indices else False
        yield from coordinates(self.function, self.flat, self.centre, self.scales, indices, step, double)

    def first_pass(self, indices: list[int]) -> Iterator[tuple[int, float, Measured]]:
        """Measure coordinates, as coarsely as the function computes."""
        if indices and self.is_single:
            yield from self.coordinates(indices, SINGLE_STEP)
        elif indices:
            about = (self.function, self.flat, self.centre, self.scales)
            yield from first_pass(*about, indices, ~self._single, self.asked.tolerance)

    @property
    def is_single(self) -> bool:
        """Whether the function seems to compute in float32: its values tell, whatever it was given."""
        return bool(self._single.all())

    @cached_property
    def _single(self) -> np.ndarray:
        found = np.asarray(is_single(self.centre))
        if found.any():
            found = found & is_single(self.function(self.flat + STEP / 3 * self.scales))
        return found

    @cached_property
    def follows_complex(self) -> np.ndarray:
        """Whether the complex step of each output is borne out by differences, shape (M,)."""
        return followed(self)

    def far(self, index: int, step: float) -> np.ndarray:
        """The function far off to both sides along a coordinate, shape (2, M): asked for once, for all outputs."""
        if index not in self._far:
            self._far[index] = self.along(index, np.array([step, -step]))
        return self._far[index]
