"""What the random numbers of each initialisation are multiplied with before they are parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

# For an initialisation of scale 1, from the units below, the units above, and whether it is for biases.
DEVIATIONS: Mapping[str, Callable[[int, int, bool], float]] = MappingProxyType({
    "normal": lambda below, above, bias: 1.0,
    "uniform": lambda below, above, bias: 1.0,
    "glorot": lambda below, above, bias: 0.0 if bias else math.sqrt(2.0 / (below + above)),
    "he": lambda below, above, bias: 0.0 if bias else math.sqrt(2.0 / below),
})  # fmt: skip


def blocks(sizes: Sequence[int], biases: bool = True) -> Iterator[tuple[int, int, bool]]:
    """For each block of equally drawn parameters: the units below, the units above, whether they are biases."""
    for below, above in pairwise(sizes):
        if biases:
            yield below, above, True
        yield below, above, False


def deviations(kind: str, sizes: Sequence[int], biases: bool = True) -> list[float]:
    """What each parameter's standard number is multiplied with for an initialisation of scale 1.

    >>> [round(each, 3) for each in deviations("glorot", (2, 2, 1))]
    [0.0, 0.0, 0.707, 0.707, 0.707, 0.707, 0.0, 0.816, 0.816]
    """
    made: list[float] = []
    for below, above, bias in blocks(sizes, biases):
        made += [DEVIATIONS[kind](below, above, bias)] * (above if bias else below * above)
    return made
