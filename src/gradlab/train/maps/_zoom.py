"""Where to look closer: windows each of which lies where the boundary winds in the one before."""

from __future__ import annotations

from itertools import chain

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gradlab.train._errors import TrainError
from gradlab.train.maps._axis import FloatArray
from gradlab.train.maps._dimension import edges_of
from gradlab.train.maps._map import COARSE, Map, Window

_SHARE = 0.3  # of a window that the boundary shall fill in such a map: less is smooth, more looks like noise


def zoomed(plan: Map, count: int, factor: float) -> tuple[Window, ...]:
    """Returns the first window of a map and further ones, each so many times smaller than the one before.

    Of each window a coarse map is made; the next lies where the boundary fills about a third of that.

    Args:
        plan: the map.
        count: how many, besides the first.
        factor: how many times smaller, above 1.

    Raises:
        TrainError: if there is no boundary in a window, or Ctrl-C came before it was found.
    """
    if factor <= 1:
        raise TrainError(f"zoom is {factor:g}; write how many times smaller each window is, as zoom=4.")
    windows = [plan.windows[0]]
    for _ in range(count):
        windows.append(_closer(plan, windows[-1], factor))
    return tuple(windows)


def _closer(plan: Map, window: Window, factor: float) -> Window:
    """A smaller window in which the boundary winds."""
    made = plan.coarse(window)
    if made is None:
        raise TrainError("stopped before it was found where to look closer; begin again.")
    edges = edges_of(made[1].reshape(COARSE, COARSE))
    if not edges.any():
        raise TrainError(
            f"there is no boundary in the window {tuple(float(f'{end:.6g}') for end in window)}: look at fewer "
            "windows, or begin with one in which some settings diverge."
        )
    side = max(1, round(len(edges) / factor))
    off = np.abs(sliding_window_view(edges, (side, side)).mean(axis=(2, 3)) - _SHARE)
    # Among equals the one in the middle.
    place = np.indices(off.shape) - (np.array(off.shape)[:, None, None] - 1) / 2
    row, column = np.unravel_index(np.argmin(off + 1e-6 * np.hypot(*place)), off.shape)
    middle = (column + side / 2) / (COARSE - 1), (row + side / 2) / (COARSE - 1)
    ends = (_part(values, share, factor) for values, share in zip((window[:2], window[2:]), middle, strict=True))
    left, right, bottom, top = chain.from_iterable(ends)
    return left, right, bottom, top


def _part(ends: tuple[float, float], middle: float, factor: float) -> tuple[float, float]:
    """A part of an axis, inside of it."""
    low = min(max(middle - 0.5 / factor, 0.0), 1 - 1 / factor)
    shares: FloatArray = np.array([low, low + 1 / factor])
    start, end = ends
    made = start * (end / start) ** shares if start > 0 else start + (end - start) * shares
    return float(made[0]), float(made[1])
