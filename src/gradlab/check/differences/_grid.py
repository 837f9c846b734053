"""Whether values lie on a grid that is coarse beside them, as where larger numbers cancel out."""

from __future__ import annotations

import numpy as np

from gradlab.check.inputs._function import Function

# Where it is looked for, in sizes of the coordinates: far off, what is hidden near the point shows.
_NEAR, _FAR = 2.0**-6, np.outer([1.0, -1.0], 2.0 ** np.arange(-4, 41, 4)).reshape(-1)
# Values are short that are fewer units of their lowest bit: at first sight, and where so many of them show a grid.
_LONG, _SHORT, _FEWEST = 2.0**37, 2.0**20, 3
# Steps of more than this are meant, as those of whole numbers are.
_COARSEST = 2.0**-10


def grid(function: Function, flat: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """The power of two that all values of each output are multiples of, though far smaller numbers could be told.

    A difference of larger numbers is rounded as these are, and stands still where its slope makes less of it.

    Returns:
        It, shape (M,); 0 where no grid shows.
    """
    random = np.random.default_rng(14)
    direction = scales * random.uniform(0.5, 1.0, len(flat)) * random.choice([-1.0, 1.0], len(flat))
    near = function(flat + _NEAR * direction)
    found = np.zeros(len(near))
    if not np.any(np.abs(near) < _LONG * _lowest(near)):
        return found
    for output, values in enumerate(np.abs(function.many(flat + _FAR[:, None] * direction)).T):
        seen = np.unique(values[np.isfinite(values) & (values > 0)])
        unit = float(_lowest(seen).min(initial=np.inf))
        if unit <= _COARSEST and np.sum(seen < _SHORT * unit) >= _FEWEST:
            found[output] = unit
    return found


def _lowest(values: np.ndarray) -> np.ndarray:
    """The worth of the lowest bit that is set; inf of 0."""
    mantissa, exponent = np.frexp(np.abs(values))
    whole = np.nan_to_num(mantissa * 2.0**53, posinf=0.0).astype(np.int64)
    return np.where(whole == 0, np.inf, np.ldexp((whole & -whole).astype(np.float64), exponent - 53))
