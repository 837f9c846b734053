"""What a store says of the experiment in it: in words that can be compared, and as a hash."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from gradlab.train._data import Data
from gradlab.train._grid import Grid
from gradlab.train._keep import NOTHING, Keep

FORMAT = 1


def described(grid: Grid, data: Data, keep: Keep) -> dict[str, Any]:
    """Returns all that determines the bits of a sweep's result, in plain words and numbers.

    Args:
        grid: the settings.
        data: what is trained on.
        keep: what is kept beside the outcomes.
    """
    scaled = () if data.scaling is None else (data.scaling.mean, data.scaling.deviation)
    arrays = [array for array in (data.x, data.y, data.weights, *scaled) if array is not None]
    content = hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()
    return {
        "network": grid.architecture.described,
        "data": [data.name, [list(array.shape) for array in arrays], content],
        **{axis.name: list(axis.values) for axis in grid.axes},
        "rule": [type(grid.rule).__name__, str(grid.rule.schedule)],  # its numbers are axes
        "batches": list(grid.batches.values) if grid.batches.swept else grid.batches.values[0],
        "restarts": grid.restarts,
        "seed": str(grid.seed),
        "dtype": grid.dtype,
        **({} if keep == NOTHING else {"keep": [keep.stride, list(keep.quantiles), keep.parameters]}),
    }


def hashed(description: dict[str, Any]) -> str:
    """Returns the hash of an experiment."""
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()
