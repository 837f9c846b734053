"""What the first pass settles by itself: agreement, zeros and rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradlab.check._outcomes import Entry, Verdict
from gradlab.check.differences._fit import EPSILON, Slope
from gradlab.check.verdict._columns import Columns
from gradlab.check.verdict._exact import is_told_apart
from gradlab.check.verdict._knowledge import Claim, make_entry
from gradlab.check.verdict._rules import settled

if TYPE_CHECKING:
    from gradlab.check.verdict._engine import Engine

# So many times the size of the inputs a value may have, and so many roundings may add up in it.
_BESIDE = 64
_ROUNDED = 1024


def settle(engine: Engine, measured: Columns, index: int, output: int) -> Entry | None:
    """What the first pass decides of an entry.

    Args:
        engine: The check.
        measured: What the first pass found.
        index: The coordinate.
        output: The output.

    Returns:
        The entry, which is CORRECT; None where it takes more to tell.
    """
    slope = measured.slope(index, output)
    if slope is None:
        return None
    claim = engine.claim(output, index)
    if measured.is_believed(index, output):
        entry = settled(claim, slope, engine.rules, engine.unit(output, index))
        if entry is not None:
            return None if is_told_apart(engine, entry, output, index) else entry
    elif claim.value == 0 and not measured.moves(index, output) and measured.moves_at_all(output):
        return _zero(engine, claim, index, output)
    return _rounding(engine, claim, slope, index, output)


def _zero(engine: Engine, claim: Claim, index: int, output: int) -> Entry | None:
    """A claimed zero: the output changes with other entries, and with this one not even over large steps."""
    step = float(engine.scales[index]) / 4
    if not (engine.far(index, step)[:, output] == engine.centre[output]).all():
        return None
    slope = Slope(0.0, 2.0**-51 * abs(float(engine.centre[output])) / step, step)
    return make_entry(claim, slope, Verdict.CORRECT, "the loss does not change with this entry")


def _rounding(engine: Engine, claim: Claim, slope: Slope, index: int, output: int) -> Entry | None:
    """A claim that is no more than rounding, of an output that moves by no more than that, over large steps too."""
    scale, centre = float(engine.scales[index]), float(engine.centre[output])
    size = max(scale, float(np.median(engine.scales)))
    if abs(centre) > _BESIDE * size:
        # The rounding of so large a value may hide a slope.
        return None
    rounding = EPSILON * max(abs(centre), size)
    near = (abs(slope.value) + slope.bar) * slope.step
    if not (abs(claim.value) * scale <= _ROUNDED * rounding and 0 < near <= _ROUNDED * rounding):
        return None
    far = float(np.max(np.abs(engine.far(index, scale / 4)[:, output] - centre)))
    # What is not rounding grows with the step, here by a thousand.
    if not (far <= 64 * near and abs(claim.value) * scale <= max(near, far)):
        return None
    reason = "the loss does not change with this entry, but for rounding"
    return make_entry(claim, Slope(0.0, max(near, far) / scale, scale / 4), Verdict.CORRECT, reason)
