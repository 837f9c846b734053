"""Factors found from numbers: the c in claimed = rest + c * part."""

from __future__ import annotations

import numpy as np

from gradlab.check.names._evidence import View


def solve(view: View, rest: np.ndarray, part: np.ndarray, where: np.ndarray) -> float | None:
    """The factor that explains the claimed gradient at the entries `where`, or None if no factor does.

    Args:
        view: The point.
        rest: What is taken as it is, shape (P,).
        part: What has the factor, shape (P,).
        where: The entries to explain, shape (P,), bool.
    """
    used = where & view.known & np.isfinite(part) & np.isfinite(rest) & (part != 0)
    if not used.any():
        return None
    ratios = (view.claimed[used] - rest[used]) / part[used]
    # The entries where the part is largest beside the rest tell its factor best.
    weight = np.abs(part[used]) / (np.abs(part[used]) + np.abs(rest[used]) + np.abs(view.claimed[used]))
    factor = float(np.median(ratios[weight >= 0.5 * weight.max()]))
    close = view.close(rest + factor * part)
    return factor if close[where].all() else None
