"""The complex step: exact derivatives of functions that can be followed into the complex numbers."""

from __future__ import annotations

import warnings

import numpy as np

from gradlab.check.differences._fit import Slope
from gradlab.check.inputs._function import Function
from gradlab.check.inputs._point import Mode

_STEPS = (1e-20, 1e-12)


def complex_step(function: Function, flat: np.ndarray, index: int, scale: float, output: int) -> float | None:
    """Derive a function by an imaginary step, which loses nothing to cancellation.

    Whether the function is analytic in what it does is not known: |x|, or a comparison, are not. So what this says
    counts only if it agrees with every difference that can be believed.

    Returns:
        The derivative, or None if the function does not accept complex numbers or two steps disagree.

    Source:
        W. Squire and G. Trapp, Using complex variables to estimate derivatives of real functions, SIAM Rev. 40 (1998).
    """
    found = []
    for size in _STEPS:
        moved = flat.astype(np.complex128)
        moved[index] += 1j * size * scale
        value = _imaginary(function, moved, output)
        if value is None:
            return None
        found.append(value / (size * scale))
    first, second = found
    return first if np.isfinite(first) and abs(first - second) <= 1e-9 * abs(first) and first != 0 else None


def _imaginary(function: Function, moved: np.ndarray, output: int) -> float | None:
    point = function.point.using(Mode.COMPLEX)
    function.budget.spend(1)
    try:
        with warnings.catch_warnings(), function.setting():
            # A cast to real numbers warns and drops what is asked for.
            warnings.simplefilter("error")
            result = function.call(point.build(moved))
    except Exception:
        # Not every function takes complex numbers: then there is no complex step.
        function.budget.give_back(1)
        return None
    if isinstance(result, list | tuple | dict):
        return None
    detached = result.detach().cpu().numpy() if hasattr(result, "detach") else np.asarray(result)
    if detached.dtype.kind != "c":
        return None
    values = np.imag(detached).reshape(-1)
    if function.mixing is not None:
        values = function.mixing @ values
    return float(values[output])


def fits(value: float, slopes: list[Slope]) -> bool:
    """Tell whether a value lies in the interval of every scale up to the first that contradicts a smaller one."""
    for position, slope in enumerate(slopes):
        if any(abs(slope.value - other.value) > slope.bar + other.bar for other in slopes[:position]):
            break
        if abs(value - slope.value) > slope.bar:
            return False
    return True
