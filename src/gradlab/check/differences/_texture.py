"""What a function looks like over a long stretch: smooth with a few bends, jumping, or frayed throughout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradlab.check.differences._fit import EPSILON, Line

_PARTS = 26
# Where it is looked at, from -1 to 1: unevenly, so that nothing periodic looks smooth.
_PLACES = (np.arange(-_PARTS, _PARTS + 1) + 0.4 * np.sin(2.4 * np.arange(-_PARTS, _PARTS + 1))) / (_PARTS + 0.4)
# Changes of the slope below this part of the largest are bends of something smooth.
_SMALL = 0.02
# A network has this many kinks along a stretch; what is rounded inside turns more often.
_TURNS = 16
# A jump stands out so far from what its neighbours do, and the slope is the same again behind it, but for this part.
_STANDS_OUT, _CANCELS = 6.0, 0.25


@dataclass(frozen=True, slots=True)
class Texture:
    """A function along a stretch around the point.

    Attributes:
        frays: Whether its slope goes up and down so often that what single steps say means nothing.
        jumps: The sizes of all jumps that were seen, added up.
        length: The length of the stretch on which it is defined.
    """

    frays: bool
    jumps: float
    length: float

    def explains(self, apart: float) -> bool:
        """Tell whether jumps make up for slopes that differ by so much, a quarter of it at least."""
        return self.jumps > 0 and self.jumps >= 0.25 * apart * self.length


def look_along(line: Line, reach: float, output: int, level: float) -> Texture:
    """Look at one output along a line, up to `reach` to both sides."""
    offsets = reach * _PLACES
    values = line(offsets)[:, output]
    inside = _around(values)
    if inside.stop - inside.start < 8:
        return Texture(frays=False, jumps=0.0, length=0.0)
    offsets, values = offsets[inside], values[inside]
    widths = np.diff(offsets)
    bends = np.diff(np.diff(values) / widths)
    sizes = np.abs(bends)
    noise = max(8 * level, 32 * EPSILON * float(np.abs(values).max())) / float(widths.min())
    least = max(noise, _SMALL * float(sizes.max()))
    turns = np.sign(bends[sizes > least])
    pairs = np.minimum(sizes[:-1], sizes[1:])
    cancelling = np.abs(bends[:-1] + bends[1:]) <= _CANCELS * pairs
    clear = cancelling & (pairs > max(least, _STANDS_OUT * float(np.median(sizes))))
    jumps = float(np.sum((pairs * widths[1:-1])[clear]))
    return Texture(int((turns[1:] != turns[:-1]).sum()) > _TURNS, jumps, float(offsets[-1] - offsets[0]))


def _around(values: np.ndarray) -> slice:
    """The finite values around the middle, up to the first on either side that is not."""
    bad, middle = np.flatnonzero(~np.isfinite(values)).tolist(), len(values) // 2
    first = max((place + 1 for place in bad if place <= middle), default=0)
    return slice(first, min((place for place in bad if place > middle), default=len(values)))
