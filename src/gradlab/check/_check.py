"""The one call: is this the gradient of that loss?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradlab.check._adapters import Point
from gradlab.check._differences import Line, Noise, central, fit, ladder, measure_noise, take_sample
from gradlab.check._errors import CheckError
from gradlab.check._functions import Loss, make_gradient, make_loss
from gradlab.check._outcomes import Entry, Verdict
from gradlab.check._report import Report
from gradlab.check._verdict import Claim, Rules, confirmed, judge, judge_cheaply


def check_gradient(
    loss: Callable[..., Any],
    gradient: Any,
    at: Any,
    *,
    names: str | Sequence[str] | None = None,
    entries: Sequence[int | str] | None = None,
    tolerance: float = 2e-4,
) -> Report:
    """Compare a gradient with the differences of its loss, entry by entry.

    Works in float64, also where `at` is given in less, as long as the loss accepts it. Each numeric derivative
    carries an error bar from truncation, rounding and the measured noise of the loss: where the bar is too wide
    to tell, the verdict is UNDECIDED, with the reason. The point is never changed.

    Args:
        loss: A callable from a point to one real number.
        gradient: A callable from a point to the gradient, or the gradient at `at` itself, in the structure and
            the shapes of `at`; or None for the backward pass of a torch loss.
        at: The point: a number, an array or tensor of any shape, or a list, tuple or dict of them; a list of
            numbers alone is an array. The callables get it as one argument; a tuple is spread over several
            if they ask for that many.
        names: One name for each entry, or one for each array of `at`. Default "at[3]", or a dict's keys "w[0, 1]".
        entries: The entries to check, by position or by name. Default all.
        tolerance: The relative difference from which an entry is wrong. Default 2e-4.

    Returns:
        The report; it counts as true if every entry is CORRECT.

    Raises:
        CheckError: An argument cannot be used; the message says what to write instead.

    Example:
        >>> report = check_gradient(lambda x: x[0] ** 2 * x[1], lambda x: [2 * x[0] * x[1], x[0]], at=[3, 5])
        >>> report.verdict.name, report.worst.name, report.worst.claimed, round(report.worst.numeric, 6)
        ('WRONG', 'at[1]', 3.0, 9.0)
    """
    if not 0 < tolerance < 0.1:
        raise CheckError(f"tolerance is {tolerance}; write a relative difference between 0 and 0.1, such as 2e-4.")
    prepared = make_loss(loss, at)
    point = prepared.point
    labels = _labels(point, names)
    chosen = _chosen(entries, labels)
    flat = point.values
    centre = prepared.at_point(flat)
    scales = _scales(point)
    noise = measure_noise(prepared, flat, scales, centre)
    claims = _claims(gradient, loss, point, _relative(noise, centre))
    judged = [
        _judge_entry(
            prepared, flat, index, labels[index], claims[index], scales[index], (centre, noise), Rules(tolerance)
        )
        for index in chosen
    ]
    return Report(tuple(judged), prepared.evaluations)


def _judge_entry(
    loss: Loss,
    flat: np.ndarray,
    index: int,
    name: str,
    claim: Claim,
    scale: float,
    known: tuple[float, Noise],
    rules: Rules,
) -> Entry:
    centre, noise = known
    line = _line(loss, flat, index)
    if noise.fine:
        settled = judge_cheaply(name, claim, central(line, centre, scale, noise), rules)
        if settled is not None:
            return settled
    slopes, noise = ladder(line, centre, float(flat[index]), scale, noise)
    entry = judge(name, claim, slopes, centre, noise, rules)
    if entry.verdict is Verdict.WRONG:
        fresh = take_sample(line, 0.6 * entry.step)
        return confirmed(entry, claim, None if fresh is None else fit(fresh, centre, noise))
    return entry


def _line(loss: Loss, flat: np.ndarray, index: int) -> Line:
    """The loss along one coordinate, by offsets that the function really sees."""

    def line(offset: float) -> tuple[float, float]:
        moved = flat.copy()
        moved[index] += offset
        moved = loss.point.round(moved)
        return float(moved[index] - flat[index]), loss(moved)

    return line


def _claims(gradient: Any, loss: Any, point: Point, relative_noise: float) -> list[Claim]:
    claimed = make_gradient(gradient, loss, point)
    flat = point.values
    if claimed is None:
        return [Claim(float(value)) for value in point.flatten_gradient(gradient)]
    values = claimed(flat)
    # Where the loss is computed in float32, so probably is the gradient: move the point by a rounding of that.
    size = 2.0**-22 if relative_noise > 1e-11 else 2.0**-50
    jitter = np.zeros_like(values)
    for sign in (1.0, -1.0):
        moved = claimed(point.round(flat * (1 + sign * size)))
        with np.errstate(invalid="ignore"):
            jitter = np.fmax(jitter, np.abs(moved - values))
    return [Claim(float(value), float(wobble)) for value, wobble in zip(values, jitter, strict=True)]


def _relative(noise: Noise, centre: float) -> float:
    return noise.level / abs(centre) if centre != 0 else 0.0


def _scales(point: Point) -> np.ndarray:
    """The size of each entry; that of its array, a thousandth of it, where the entry is smaller; 1 where all are 0."""
    sizes = []
    for leaf in point.leaves:
        absolute = np.abs(leaf.value).reshape(-1)
        largest = absolute.max() if absolute.size else 0.0
        sizes.append(np.maximum(absolute, 1e-3 * largest) if largest > 0 else np.ones_like(absolute))
    return np.concatenate(sizes)


def _labels(point: Point, names: str | Sequence[str] | None) -> list[str]:
    if names is None:
        return point.names()
    given = [names] if isinstance(names, str) else list(names)
    count, arrays = len(point.values), len(point.leaves)
    if len(given) == count:
        return given
    if len(given) == arrays:
        return point.names(given)
    each = f"{arrays} for its arrays or " if arrays > 1 or count > 1 else ""
    raise CheckError(f"names has {len(given)} names; write {each}{count} for its entries, in the order of the point.")


def _chosen(entries: Sequence[int | str] | None, labels: list[str]) -> list[int]:
    if entries is None:
        return list(range(len(labels)))
    positions = {label: index for index, label in enumerate(labels)}
    chosen = []
    for entry in [entries] if isinstance(entries, str) else entries:
        index = positions.get(entry) if isinstance(entry, str) else entry
        if index is None or not 0 <= index < len(labels):
            known = ", ".join(labels[:4]) + (", ..." if len(labels) > 4 else "")
            raise CheckError(
                f"entries names {entry!r}, which the point does not have; its {len(labels)} entries are {known}."
            )
        chosen.append(index)
    if not chosen:
        raise CheckError("entries is empty; name at least one entry, or leave it out to check all.")
    return chosen
