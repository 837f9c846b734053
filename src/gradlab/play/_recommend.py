"""What the map of success says: a setting that trains reliably, found and told as `gl.recommend` does it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from gradlab.play._descend import numbers_of, rule_named
from gradlab.rules import Full
from gradlab.train._plateau import LEAST_FRESH, PLATEAU, connected, lowest_nearby, ranking
from gradlab.train._recommendation import Recommendation, success_in_words
from gradlab.train._wilson import Share

AXES = ("init_scale", "learning_rate")  # in the order of a sweep
Table = tuple[tuple[float, ...], ...]


def recommendation(given: Mapping[str, Any]) -> dict[str, Any]:
    """The setting of a map that trains most reliably; once it was trained with fresh seeds, the words too.

    Args:
        given: ``rates`` and ``scales``, the axes; ``successes``, for each scale those of each rate; ``runs`` of each
            setting, their ``steps``, ``points``, ``rule`` and ``initialisation``; and once they are known ``fresh``,
            how many runs with fresh seeds succeed, and ``first``, the first step at which each successful run of
            the map had all points right.

    Returns:
        ``rate`` and ``scale``, the places of the setting, or None where no run succeeds; ``fresh``, how many runs with
        fresh seeds are wanted; ``words``, where the fresh ones are known.
    """
    runs, fresh = given["runs"], max(LEAST_FRESH, given["runs"])
    chosen = _chosen(tuple(given["rates"]), tuple(given["scales"]), tuple(map(tuple, given["successes"])), runs)
    if chosen is None:
        return {"rate": None, "scale": None, "fresh": 0}
    scale, rate = chosen.place
    found = {"rate": rate, "scale": scale, "fresh": fresh}
    if given.get("fresh") is None:
        return found
    share = given["successes"][scale][rate] / runs
    first = given["first"]
    told = Recommendation(
        setting={
            **numbers_of(rule_named(given["rule"])),
            "initialisation": given["initialisation"],
            "init_scale": given["scales"][scale],
            "learning_rate": given["rates"][rate],
        },
        share=Share.of(given["successes"][scale][rate], runs),
        fresh=Share.of(given["fresh"], fresh),
        nearby=chosen.nearby,
        plateau=chosen.plateau,
        plateau_settings=chosen.settings,
        plateau_lowest=chosen.lowest,
        edges=chosen.edges,
        median_steps=float(statistics.median(first)),
        expected_steps=statistics.fmean(first) + (1 - share) / share * given["steps"],
        success=success_in_words(given["points"], given["steps"], None),
        table=SimpleNamespace(  # type: ignore[arg-type]  # of which the words need what all settings share alone
            attrs={"rule": str(rule_named(given["rule"])(1.0)), "batches": str(Full()), "resized": False}
        ),
    )
    return {**found, "words": str(told)}


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A setting of a map with what lies around it."""

    place: tuple[int, int]
    nearby: float
    plateau: dict[str, tuple[float, float]]
    settings: int
    lowest: float
    edges: tuple[str, ...]


@lru_cache(maxsize=4)
def _chosen(
    rates: tuple[float, ...], scales: tuple[float, ...], successes: tuple[tuple[int, ...], ...], runs: int
) -> _Chosen | None:
    if not any(map(any, successes)):
        return None
    low = tuple(tuple(Share.of(each, runs).low for each in row) for row in successes)
    places = {axis: [math.log(value) for value in values] for axis, values in enumerate((scales, rates))}
    ranked = ranking(low, places, _lowest, _cap)
    shape = len(scales), len(rates)
    cells = [(i, k) for i in range(shape[0]) for k in range(shape[1])]
    best = min(cells, key=lambda cell: [-round(each[cell[0]][cell[1]], 9) for each in ranked])
    share: dict[tuple[int, ...], float] = {cell: successes[cell[0]][cell[1]] / runs for cell in cells}
    good: dict[tuple[int, ...], bool] = {cell: each >= PLATEAU * share[best] for cell, each in share.items()}
    level = connected(good, shape, best, (0, 1))
    spans = {name: [(scales, rates)[axis][cell[axis]] for cell in level] for axis, name in enumerate(AXES)}
    return _Chosen(
        place=best,
        nearby=ranked[0][best[0]][best[1]],
        plateau={name: (min(span), max(span)) for name, span in spans.items()},
        settings=len(level),
        lowest=min(share[cell] for cell in level),
        edges=tuple(name for name, at, count in zip(AXES, best, shape, strict=True) if at in (0, count - 1)),
    )


def _turned(values: Table) -> Table:
    return tuple(zip(*values, strict=True))


def _lowest(values: Table, axis: int, places: Sequence[float], reach: float) -> Table:
    lines = _turned(values) if axis == 0 else values
    made = tuple(tuple(lowest_nearby(line, places, reach)) for line in lines)
    return _turned(made) if axis == 0 else made


def _cap(values: Table, axis: int, entries: Sequence[float], _: float) -> Table:
    lines = _turned(values) if axis == 0 else values
    made = tuple(tuple(map(min, line, entries)) for line in lines)
    return _turned(made) if axis == 0 else made
