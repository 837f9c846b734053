"""What the engine hands to the diagnosis: the judged gradient, what was measured, and ways to measure elsewhere.

The engine calls `diagnose(context)` once a gradient is WRONG. With M numbers returned by the function (M = 1 for a
loss) and P numbers in the point, the Jacobian is read row by row into one vector: entry `j * P + i` is the derivative
of output j by input i.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradlab.check.inputs._budget import Work
from gradlab.check.inputs._point import Point


@dataclass(frozen=True, slots=True)
class Context:
    """A WRONG gradient and everything known about it.

    Attributes:
        point: The flat point, float64, shape (P,).
        output_shape: The shape of what the function returns; () for a loss. Its size is M.
        shapes: The shape of each array of the point, in the order of `point`.
        names: One name for each entry, length M * P.
        claimed: The judged derivatives, shape (M * P,).
        numeric: The measured ones, shape (M * P,); NaN where nothing was measured. Where an entry was borne out by
            random directions together with others, its claimed value.
        bars: How far `numeric` may be off, shape (M * P,); inf where nothing was measured.
        wrong: Which entries are WRONG, shape (M * P,), bool.
        unjudged: Which were not looked at closely, since others are WRONG.
        evaluate: The function of a flat point, in the precision of the check: (P,) -> (M,). NaN outside its domain.
        claimed_at: The judged derivatives at another flat point, (P,) -> (M * P,); None if only their value was given.
        numeric_at: Measured derivatives at another flat point: (point, entries) -> (values, bars), for the entries at
            these positions of the M * P. Cheap: two scales, no verdict.
        form: From a flat point to the structure that the user's callables take, and which of its leaves are judged.
        function: The loss or function as the user wrote it.
        gradient: The gradient as the user wrote it; None where it is the backward pass of `function`.
        at: The point as the user wrote it.
        work: Counts what the search costs.
    """

    point: np.ndarray
    output_shape: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]
    names: tuple[str, ...]
    claimed: np.ndarray
    numeric: np.ndarray
    bars: np.ndarray
    wrong: np.ndarray
    unjudged: np.ndarray
    evaluate: Callable[[np.ndarray], np.ndarray]
    claimed_at: Callable[[np.ndarray], np.ndarray] | None
    numeric_at: Callable[[np.ndarray, list[int]], tuple[np.ndarray, np.ndarray]]
    form: Point
    function: Callable[..., Any]
    gradient: Any
    at: Any
    work: Work = field(default_factory=Work)
