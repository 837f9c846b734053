"""Wrong gradients: those that a case knows from its own formulas, and those made from the right numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from check_cases._case import Case, Point, flatten, unflatten


@dataclass(frozen=True)
class Wrong:
    """A wrong gradient of a case.

    Attributes:
        case: What it is a gradient of.
        name: The mistake.
        mistake: Its class, a name of gradlab's `Mistake`.
        gradient: From the point to the wrong gradient.
    """

    case: Case
    name: str
    mistake: str
    gradient: Callable[[Point], Point]


def mutants(case: Case, random: np.random.Generator) -> Iterator[Wrong]:
    """All wrong gradients of a case, those from its own formulas first."""
    for name, mistake in case.mistakes.items():
        yield Wrong(case, name, mistake, lambda point, name=name: case.gradient(point, name))
    for name, mistake, change in _on_numbers(case, random):
        yield Wrong(case, name, mistake, _changed(case, change))
    if not case.random:
        yield from _at_other_points(case, random)


def _changed(case: Case, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Point], Point]:
    def gradient(point: Point) -> Point:
        return unflatten(change(flatten(case.gradient(point, ""))), point)

    return gradient


def _on_numbers(case: Case, random: np.random.Generator) -> Iterator[tuple[str, str, Callable]]:
    size = len(flatten(case.point))
    yield "negated", "NEGATED", lambda g: -g
    factor = float(random.choice([2.0, 0.5, 3.0, 0.1]))
    yield f"times {factor:g}", "FACTOR", lambda g: g * g.dtype.type(factor)
    if case.samples:
        yield "sum for mean", "SUM_FOR_MEAN", lambda g: g * g.dtype.type(case.samples)
    index = int(random.integers(size))
    if size > 1:
        yield "one entry off by 1 %", "ONE_OFF", lambda g: _scaled(g, index, 1.01)
        yield "one entry negated", "ONE_OFF", lambda g: _scaled(g, index, -1.0)
        yield "one entry zero", "ZEROED", lambda g: _scaled(g, index, 0.0)
        other = int((index + random.integers(1, size)) % size)
        yield "two entries swapped", "SWAPPED", lambda g: _swapped(g, index, other)
    if size > 2 and not isinstance(case.point, dict):
        yield "turned around", "SWAPPED", lambda g: g[::-1].copy()
    if isinstance(case.point, dict) and len(case.point) > 1:
        start, end = _leaf(case.point, random)
        yield "one array zero", "ZEROED", lambda g: np.concatenate([g[:start], 0 * g[start:end], g[end:]])
        yield "one array negated", "NEGATED", lambda g: np.concatenate([g[:start], -g[start:end], g[end:]])


def _at_other_points(case: Case, random: np.random.Generator) -> Iterator[Wrong]:
    flat = flatten(case.point)
    old = flat * (1 + 0.3 * random.uniform(0.3, 1.0, len(flat)) * random.choice([-1, 1], len(flat)))

    size = np.abs(flatten(case.gradient(case.point, ""))).max()
    rate = 10.0 ** np.floor(np.log10(0.2 * np.abs(flat).max() / size)) if size > 0 else 1.0

    def kept(point: Point) -> Point:
        dtype = flatten(point).dtype
        return case.gradient(unflatten(old.astype(dtype), case.point), "")

    def after_step(point: Point) -> Point:
        numbers = flatten(point)
        moved = numbers - numbers.dtype.type(rate) * flatten(case.gradient(point, ""))
        return case.gradient(unflatten(moved, point), "")

    yield Wrong(case, "kept from an earlier point", "STALE", kept)
    yield Wrong(case, "after the step", "STALE", after_step)


def _leaf(point: dict, random: np.random.Generator) -> tuple[int, int]:
    sizes = [int(np.size(part)) for part in point.values()]
    chosen = int(random.integers(len(sizes)))
    start = sum(sizes[:chosen])
    return start, start + sizes[chosen]


def _scaled(gradient: np.ndarray, index: int, factor: float) -> np.ndarray:
    result = gradient.copy()
    result[index] *= gradient.dtype.type(factor)
    return result


def _swapped(gradient: np.ndarray, first: int, second: int) -> np.ndarray:
    result = gradient.copy()
    result[[first, second]] = gradient[[second, first]]
    return result
