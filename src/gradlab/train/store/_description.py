"""What a store says of the experiment in it: in words that can be compared, and as a hash."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from gradlab.rules import Batches, Rule, Schedule
from gradlab.train._data import Data
from gradlab.train._experiment import chosen_batches
from gradlab.train._grid import Grid
from gradlab.train._keep import NOTHING, Keep

FORMAT = 1


def described(grid: Grid, data: Data, keep: Keep) -> dict[str, Any]:
    """Returns all that determines the bits of a sweep's result, in plain words and numbers."""
    scaled = () if data.scaling is None else (data.scaling.mean, data.scaling.deviation)
    arrays = [array for array in (data.x, data.y, data.weights, *scaled) if array is not None]
    content = hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()
    batches = [chosen_batches(text) for text in grid.batches.values]
    own = of_ones_own(grid.rule, batches, int(max(grid.steps.values)), len(data))
    return {
        "network": grid.architecture.described,
        "data": [data.name, [list(array.shape) for array in arrays], content],
        **{axis.name: list(axis.values) for axis in grid.axes},
        "rule": [type(grid.rule).__name__, str(grid.rule.schedule), *own],  # its numbers are axes
        "batches": list(grid.batches.values) if grid.batches.swept else grid.batches.values[0],
        "restarts": grid.restarts,
        "seed": str(grid.seed),
        "dtype": grid.dtype,
        **({} if keep == NOTHING else {"keep": [keep.stride, list(keep.quantiles), keep.parameters]}),
    }


def of_ones_own(rule: Rule, batches: list[Batches], steps: int, points: int) -> list[Any]:
    """Returns what a person's own rule, schedule and batches do, by which another of the same name is told from them.

    Nothing for what is gradlab's own: its name says it.
    """
    made: list[Any] = []
    if _own(type(rule)):
        made += [list(rule.state), list(rule.statements)]
    if any(_own(kind) and f"{kind.__name__}(" in str(rule.schedule) for kind in Schedule.all()):
        made.append(hashlib.sha256(repr(rule.schedule.factors(0, steps)).encode()).hexdigest())
    for each in batches:
        if _own(type(each)):
            stretches = [each.stretch(step, points) for step in range(steps)]
            made.append(hashlib.sha256(repr((each.shuffled, stretches)).encode()).hexdigest())
    return made


def _own(kind: type) -> bool:
    return not kind.__module__.startswith("gradlab.")


def hashed(description: dict[str, Any]) -> str:
    """Returns the hash of an experiment."""
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()
