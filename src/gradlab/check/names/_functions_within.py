"""Functions of one array inside a loss, and a gradient with another derivative in the place of theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gradlab.check.names._traced import Change
from gradlab.check.tracing import Program
from gradlab.check.tracing._program import Backward
from gradlab.check.tracing._regions import Region

Derivative = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""From a function's argument, value and right derivative to a wrong derivative."""

_MOST_SINGLES = 8


def groups(program: Program) -> Iterator[list[Region]]:
    """The functions of each kind at each spot: those of a loop together, of all spots together, each by itself."""
    by_spot: dict[object, list[Region]] = {}
    by_name: dict[str, list[Region]] = {}
    for region in program.regions:
        by_spot.setdefault((region.name, *(region.place.key or (region.value,))), []).append(region)
        by_name.setdefault(region.name, []).append(region)
    for found in by_spot.values():
        yield found
    for found in by_name.values():
        if len({region.place.key or region.value for region in found}) > 1:
            yield found
    for found in by_spot.values():
        if 1 < len(found) <= _MOST_SINGLES:
            yield from ([region] for region in found)


def described(found: list[Region]) -> str:
    """The function's name and how often it occurs."""
    return found[0].name if len(found) == 1 else f"{found[0].name} (all {len(found)} times)"


def replace(found: list[Region], derivative: Derivative) -> Change:
    """Put another derivative in the place of these functions'."""
    spots = [(region.value, region.source) for region in found]

    def change(program: Program) -> dict[int, Backward]:
        known = {(region.value, region.source): region for region in program.regions}
        return {spot[0]: _backward(program, known[spot], derivative) for spot in spots if spot in known}

    return change


def _backward(program: Program, region: Region, derivative: Derivative) -> Backward:
    x, y = program.values[region.source], program.values[region.value]
    with np.errstate(all="ignore"):
        weights = derivative(x, y, region.derivative)
    return lambda cotangent: [(region.source, cotangent * weights)]
