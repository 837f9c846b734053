"""What a derivative without rounding errors, by the complex step, adds where a function can be followed there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gradlab.check._outcomes import Entry, Verdict
from gradlab.check.differences._complex_step import complex_step, fits
from gradlab.check.differences._fit import DEVIATIONS, Slope
from gradlab.check.inputs._point import Mode
from gradlab.check.verdict._knowledge import Claim, make_entry

if TYPE_CHECKING:
    from gradlab.check.verdict._engine import Engine

# How many coordinates have to show that a function can be followed into the complex numbers.
_WITNESSES = 3


def is_told_apart(engine: Engine, entry: Entry, output: int, index: int) -> bool:
    """Whether the complex step knows an entry that is as good as zero, and to be another one than is claimed."""
    negligible = entry.claimed != 0 and entry.error_bar > 0.1 * abs(entry.claimed)
    if not negligible:
        return False
    value = _derivative(engine, index, output)
    if value is None or abs(value - entry.claimed) <= engine.rules.tolerance * abs(value):
        return False
    engine.resolved.add((output, index))
    return True


def by_complex_step(engine: Engine, entry: Entry, claim: Claim, slopes: list[Slope], index: int, output: int) -> Entry:
    """An entry that differences could not decide: CORRECT if the complex step bears it out, else as it was."""
    value = _derivative(engine, index, output)
    if value is None or not fits(value, slopes):
        return entry
    exact = Slope(value, 1e-9 * abs(value), 0.0)
    verdict = engine.rules.compare(claim, exact.value, exact.bar)
    if verdict is not Verdict.CORRECT:
        return entry
    return replace(make_entry(claim, exact, verdict, "agrees with the complex step"), scales=entry.scales)


def followed(engine: Engine) -> np.ndarray:
    """For which outputs clear differences along some coordinates bear the complex step out, shape (M,)."""
    shares = np.abs(np.nan_to_num(engine.claimed)).max(axis=0) * engine.scales
    largest = np.argsort(-shares, kind="stable")[:_WITNESSES].tolist()
    confirmed = np.zeros(len(engine.centre), dtype=int)
    for index, step, (slopes, bars, believed, _) in engine.coordinates(largest):
        bars = bars + 2 * DEVIATIONS * engine.probe.noise.level / step
        for output in np.flatnonzero(believed & (bars < 1e-3 * np.abs(slopes))):
            value = complex_step(engine.function, engine.flat, index, float(engine.scales[index]), int(output))
            agrees = value is not None and abs(value - slopes[output]) <= bars[output]
            confirmed[output] += 1 if agrees else -_WITNESSES
    return confirmed > 0


def _derivative(engine: Engine, index: int, output: int) -> float | None:
    """The derivative by the complex step; None where that cannot be relied on."""
    if engine.function.point.mode is not Mode.DOUBLE or not engine.follows_complex[output]:
        return None
    return complex_step(engine.function, engine.flat, index, float(engine.scales[index]), output)
