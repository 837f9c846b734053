"""Which settings lie around one, and whether it stands on a plateau or on a cliff; for arrays and for plain numbers."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

PLATEAU = 0.9  # of the recommendation's success rate is what the plateau has at least
FRESH = 1 << 127  # a seed that differs from the sweep's in this bit alone is one that nobody writes by hand
LEAST_FRESH = 1000
QUARTER = 1.25
WIDER = (2.0, 4.0, 16.0)
Index = tuple[int, ...]
Lowest = Callable[[Any, int, Sequence[float], float], Any]


def lowest_nearby(
    rows: Sequence[Any], places: Sequence[float], reach: float, least: Callable[[Any, Any], Any] = min
) -> list[Any]:
    """Returns for each entry the lowest value within a distance along a line, straight lines drawn between entries.

    With the distance in the coordinate's terms, and not in entries, a coarse grid is not taken for a row of cliffs.
    Beyond the ends nothing is known, and nothing counts.

    Args:
        rows: the entries, numbers or arrays.
        places: where they lie, in rising order.
        reach: the distance.
        least: the smaller of two entries.

    >>> lowest_nearby([0.0, 4.0, 6.0, 0.0], [0.0, 1.0, 2.0, 2.2], 0.5)
    [0.0, 2.0, 0.0, 0.0]
    """
    found = list(rows)
    for entry, place in enumerate(places):
        for end in (max(place - reach, places[0]), min(place + reach, places[-1])):
            after = min(max(bisect_left(places, end), 1), max(1, len(places) - 1))
            if len(places) > 1:
                part = (end - places[after - 1]) / (places[after] - places[after - 1])
                found[entry] = least(found[entry], (1 - part) * rows[after - 1] + part * rows[after])
        for other, at in zip(rows, places, strict=True):
            if abs(at - place) <= reach:
                found[entry] = least(found[entry], other)
    return found


def surroundings(
    low: Any,
    places: Mapping[int, Sequence[float]],
    factor: float,
    lowest: Lowest,
    cap: Lowest,
    beyond: float = math.inf,
) -> Any:
    """The lowest of values within a factor of each setting, with one value for all beyond the sweep's ends.

    `places` are those of the entries of each axis, as logarithms, without axes that are set exactly; `lowest` is
    `lowest_nearby` along an axis; `cap` is the smaller of each value and its entry's along an axis: of the values, the
    axis, the entries and 0.
    """
    reach = math.log(factor)
    for axis, line in places.items():
        low = lowest(low, axis, line, reach)
        low = cap(low, axis, [beyond if at - reach < line[0] or at + reach > line[-1] else math.inf for at in line], 0)
    return low


def ranking(low: Any, places: Mapping[int, Sequence[float]], lowest: Lowest, cap: Lowest) -> list[Any]:
    """By what settings are ranked, the first counts first: each value within a quarter, itself, and in wider views.

    Among equals the middle of a plateau is wanted, and what was not tried may be a fall. `low` is the lower end of each
    setting's interval; the rest is as for `surroundings`.
    """
    wider = [surroundings(low, places, factor, lowest, cap, 0.0) for factor in WIDER]
    return [surroundings(low, places, QUARTER, lowest, cap), low, *wider]


def connected(good: Any, shape: Sequence[int], start: Index, axes: Sequence[int]) -> set[Index]:
    """Returns the entries that can be reached from one by steps to good neighbours along one axis at a time.

    Args:
        good: which entries may be stepped on, by index.
        shape: how many there are along each axis.
        start: where to begin; it belongs to the result.
        axes: the axes along which entries are neighbours.

    >>> sorted(connected({(0,): True, (1,): True, (2,): False, (3,): True}, (4,), (0,), [0]))
    [(0,), (1,)]
    """
    reached, waiting = {start}, [start]
    while waiting:
        at = waiting.pop()
        for axis in axes:
            for step in (-1, 1):
                place = at[axis] + step
                beside = (*at[:axis], place, *at[axis + 1 :])
                if 0 <= place < shape[axis] and beside not in reached and good[beside]:
                    reached.add(beside)
                    waiting.append(beside)
    return reached
