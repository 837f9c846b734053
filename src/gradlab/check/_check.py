"""The calls: is this the gradient of that function?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradlab.check._adapters import Point
from gradlab.check._context import Context
from gradlab.check._diagnose import diagnose
from gradlab.check._engine import Engine
from gradlab.check._errors import CheckError
from gradlab.check._functions import Claims, Function, make_subject
from gradlab.check._many import FEW, run_many
from gradlab.check._outcomes import Entry, Verdict
from gradlab.check._report import Report
from gradlab.check._screen import coordinates
from gradlab.check._structures import to_array
from gradlab.check._verdict import Rules

# A Jacobian with more entries than this is checked through random combinations of its rows.
_LARGE = 4096
_COMBINATIONS = 2


def check_gradient(
    loss: Callable[..., Any],
    gradient: Any,
    at: Any,
    *,
    names: str | Sequence[str] | None = None,
    entries: Sequence[int | str] | None = None,
    tolerance: float = 2e-4,
    cotangent: Any = None,
) -> Report:
    """Compare a gradient, a Jacobian or a vector-Jacobian product with differences, entry by entry.

    Works in float64, also where `at` is given in less, as long as the function accepts it. Each numeric derivative
    carries an error bar from truncation, rounding and the measured noise of the function: where the bar is too wide
    to tell, the verdict is UNDECIDED, with the reason and what would decide it. The point is never changed. More than
    64 entries are checked together along random directions; entries that disagree are measured one by one.

    Args:
        loss: A callable from a point to one real number or to an array of them: of NumPy, torch or jax, a
            `torch.nn.Module`, or the `apply` of a `torch.autograd.Function`.
        gradient: A callable from a point to the gradient, or the gradient at `at` itself, in the structure and
            the shapes of `at`; or None for the backward pass of a torch or jax function. Where the function returns
            an array, the Jacobian: each array has the function's shape, then that of `at`.
        at: The point: a number, an array or tensor of any shape, or a list, tuple or dict of them; a list of
            numbers alone is an array; or a `torch.nn.Module`, which stands for its parameters. The callables get it
            as one argument; a tuple is spread over several if they ask for that many.
        names: One name for each entry, or one for each array of `at`. Default "at[3]", or a dict's keys "w[0, 1]".
        entries: The entries to check, by position or by name. Default all.
        tolerance: The relative difference from which an entry is wrong. Default 2e-4.
        cotangent: Check the vector-Jacobian product with this array, of the shape that the function returns; the
            gradient is called with it as its last argument.

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
    # Steps may overflow or leave the domain; what comes of it is judged, so NumPy need not warn as well.
    with np.errstate(all="ignore"):
        return _check(loss, gradient, at, names, entries, Rules(tolerance), cotangent)


def _check(loss: Any, gradient: Any, at: Any, names: Any, entries: Any, rules: Rules, cotangent: Any) -> Report:
    subject = make_subject(loss, at)
    function, flat = subject.function, subject.function.point.values
    weights = _cotangent(cotangent, function)
    claims = Claims(gradient, function, at, weights)
    labels, notes = _labels(function.point, names), []
    if weights is not None:
        function.mixing = weights[None]
    elif _mix(function, flat, gradient):
        notes.append(f"the Jacobian was checked through {_COMBINATIONS} random combinations of its rows.")
    claimed = claims(flat)
    if claims.passes:
        claimed, found = _proportional(claims, flat, claimed)
        notes += found
    labels = _row_labels(function, labels, len(claimed))
    chosen = _chosen(entries, labels)
    engine = Engine(function, claims, labels, rules, function.at_point(flat), claimed)
    judged, probability = _judge_all(engine, chosen, measure_each=entries is not None)
    report = Report(
        tuple(judged), function.evaluations, notes=(*_warnings(engine), *notes), miss_probability=probability
    )
    if report.verdict is Verdict.WRONG:
        context = _context(engine, judged, loss, gradient, at)
        report = Report(
            report.entries, function.evaluations, diagnose(context), None, report.notes, report.miss_probability
        )
    return report


def _judge_all(engine: Engine, chosen: list[int], measure_each: bool) -> tuple[list[Entry], float]:
    size = len(engine.flat)
    if len(chosen) > FEW and len(engine.centre) == 1 and not measure_each:
        outcome = run_many(engine, np.array(chosen))
        return outcome.entries, outcome.miss_probability
    columns: dict[int, list[int]] = {}
    for place in chosen:
        columns.setdefault(place % size, []).append(place // size)
    found = {entry.index: entry for entry in engine.run(columns)}
    return [found[place] for place in chosen], 0.0


def _mix(function: Function, flat: np.ndarray, gradient: Any) -> bool:
    """Reduce a large Jacobian to random combinations of its rows; tell whether that was done."""
    count = int(np.prod(function.shape))
    if count <= _COMBINATIONS or count * len(flat) <= _LARGE:
        return False
    random = np.random.default_rng(3)
    signs = random.choice([-1.0, 1.0], (_COMBINATIONS, count))
    function.mixing = signs * random.uniform(0.5, 1.0, (_COMBINATIONS, count))
    return True


def _cotangent(cotangent: Any, function: Function) -> np.ndarray | None:
    if cotangent is None:
        return None
    array = to_array(cotangent, "the cotangent")
    if array.shape != function.shape and not array.size == int(np.prod(function.shape)) == 1:
        raise CheckError(
            f"the cotangent has the shape {array.shape}, the function returns the shape {function.shape}; "
            "give one number for each number that it returns."
        )
    return array.reshape(-1)


def _proportional(claims: Claims, flat: np.ndarray, claimed: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """A backward pass has to be proportional to grad_output: with 1 alone, one that forgets it would look right."""
    doubled = claims(flat, scale=2.0)
    if np.allclose(doubled, claimed, rtol=1e-3, atol=0, equal_nan=True):
        return claimed, []
    if not np.array_equal(claims(flat), claimed, equal_nan=True):
        return claimed, []
    note = "the backward pass is not proportional to grad_output: with twice the grad_output it does not double."
    return doubled, [f"{note} The claimed values are those for grad_output = 2, halved."]


def _warnings(engine: Engine) -> list[str]:
    """What else was seen, the gravest first."""
    notes = []
    probed = "probe" in engine.__dict__
    if probed and not engine.probe.noise.deterministic:
        notes.append("the loss is not deterministic: it gives different values at the same point.")
    if engine.function.changes_its_argument(engine.flat):
        notes.append("the loss writes into its argument; it was given a new copy each time.")
    return notes


def _context(engine: Engine, judged: list[Entry], loss: Any, gradient: Any, at: Any) -> Context:
    function, size = engine.function, engine.claimed.size
    numeric, bars, wrong = np.full(size, np.nan), np.full(size, np.inf), np.zeros(size, dtype=bool)
    for entry in judged:
        numeric[entry.index], bars[entry.index] = entry.numeric, entry.error_bar
        wrong[entry.index] = entry.verdict is Verdict.WRONG

    def numeric_at(point: np.ndarray, places: list[int]) -> tuple[np.ndarray, np.ndarray]:
        centre, count = function(point), len(point)
        columns = sorted({place % count for place in places})
        measured = {index: found for index, _, found in coordinates(function, point, centre, engine.scales, columns)}
        pairs = [(place // count, measured[place % count]) for place in places]
        values = np.array([slopes[row] for row, (slopes, _, _) in pairs])
        widths = np.array([bars[row] for row, (_, bars, _) in pairs])
        return values, widths

    return Context(
        point=engine.flat,
        output_shape=function.shape if function.mixing is None else (len(function.mixing),),
        shapes=tuple(leaf.value.shape for leaf in function.point.leaves),
        names=tuple(engine.names),
        claimed=engine.claimed.reshape(-1),
        numeric=numeric,
        bars=bars,
        wrong=wrong,
        evaluate=function,
        claimed_at=(lambda point: engine.claims(point).reshape(-1)) if engine.claims.is_callable else None,
        numeric_at=numeric_at,
        build=function.point.build,
        function=loss,
        gradient=gradient,
        at=at,
    )


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


def _row_labels(function: Function, labels: list[str], rows: int) -> list[str]:
    """A name for each entry of a Jacobian, such as "f[2] by at[0]"."""
    if rows == 1:
        return labels
    if function.mixing is not None:
        outputs = [f"combination {row + 1}" for row in range(rows)]
    else:
        outputs = [f"f[{', '.join(map(str, index))}]" for index in np.ndindex(function.shape)]
    return [f"{output} by {label}" for output in outputs for label in labels]


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
