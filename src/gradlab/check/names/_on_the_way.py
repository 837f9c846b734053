"""What comes back to a value on the way is changed: turned around, cut down to a row, or taken times a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis, View
from gradlab.check.names._fit import solve
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._numbers import sizes, spell
from gradlab.check.names._traced import describe, of_program, place
from gradlab.check.tracing import Program, UntraceableError

Change = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From what comes back to a value, shape (M, ...), and the value itself to what is made of it."""

_MOST, _MOST_SPOTS = 100, 4
_CLOSE = 1e-3
# A number that all of the gradient is times is simpler.
_RANK = 7


@of_program
def on_the_way(evidence: Evidence, program: Program) -> Iterator[Hypothesis]:
    """A change of what comes back to one value; what lies before it is right."""
    if evidence.there is None:
        return
    with suppress(UntraceableError):
        for value in _values(program):
            for kind, told, change, rank in _changes(evidence, program, value):
                told = f"{{where}}: what comes back to {{spot}} {told}."
                line, spot = (
                    "" if program.is_given(value) else place(program, (value,)),
                    _name(evidence, program, value),
                )
                yield Hypothesis(kind, _changed(value, change), told, line, rank, partly=False, spot=spot)


def _values(program: Program) -> list[int]:
    """The values on the way, the last first, but for copies."""
    steps = [value for value in program.used[-_MOST:] if program.step(value).operation != "copy"]
    return [*reversed(steps), *range(len(program.inputs))]


def _name(evidence: Evidence, program: Program, value: int) -> str:
    if program.is_given(value):
        return evidence.columns()[sum(array.size > 0 for array in program.inputs[:value])][0]
    return f"the result of {describe(program, (value,))}"


def _changed(value: int, change: Change) -> Callable[[View], np.ndarray | None]:
    def predict(view: View) -> np.ndarray | None:
        if view.program is None:
            return None
        try:
            dense = view.program.dense
            arriving, at = dense.arriving[value], view.program.values[value]
            made = change(arriving.reshape(-1, *at.shape), at).reshape(arriving.shape)
        except (UntraceableError, ValueError):
            # Elsewhere the value may have another shape.
            return None
        return view.right + ((made - arriving) @ dense.onwards[value]).reshape(-1)

    return predict


def _changes(evidence: Evidence, program: Program, value: int) -> Iterator[tuple[Mistake, str, Change, int]]:
    shape = program.values[value].shape
    yield Mistake.PATH_DROPPED, "is dropped", lambda g, x: 0 * g, _RANK
    # By a parameter itself is by its logarithm.
    for told, change in _MULTIPLIED.items() if not program.is_given(value) else ():
        yield Mistake.FACTOR, told, change, _RANK
    yield from _factor(evidence, value)
    if len(shape) > 0:
        yield from _single(evidence.here, program, value)
    for axis in range(len(shape)):
        if shape[axis] > 1:
            along = f" along axis {axis}" if len(shape) > 1 else ""
            yield from _along(axis, along, shape[axis])
    if len(shape) > 1 and shape[-1] == shape[-2] > 1:
        yield Mistake.TRANSPOSED, "is transposed", lambda g, x: np.swapaxes(g, -1, -2), _RANK


_MULTIPLIED: dict[str, Change] = {
    "is multiplied by the value itself": lambda g, x: g * x,
    "is divided by the value itself": lambda g, x: g / x,
    "is multiplied by the sign of the value": lambda g, x: g * np.sign(x),
}


def _along(axis: int, along: str, length: int) -> Iterator[tuple[Mistake, str, Change, int]]:
    at = axis + 1

    def only(places: list[int]) -> Change:
        kept = np.isin(np.arange(length), places)
        return lambda g, x: g * kept.reshape([-1 if place == at else 1 for place in range(g.ndim)])

    yield Mistake.SWAPPED, f"is turned around{along}", lambda g, x: np.flip(g, at), _RANK
    for shift in (1, -1) if length > 2 else ():
        yield Mistake.SWAPPED, f"is moved by one place{along}", lambda g, x, shift=shift: np.roll(g, shift, at), _RANK
    for told, places in (
        ("is missing at the first place", list(range(1, length))),
        ("is missing at the last place", list(range(length - 1))),
    ):
        yield Mistake.LAST_SAMPLE, f"{told}{along}", only(places), _RANK
    for told, number in (("the mean", 1 / length), ("the sum", 1.0)):
        spread = lambda g, x, number=number: 0 * g + number * g.sum(axis=at, keepdims=True)  # noqa: E731
        yield Mistake.SUM_FOR_MEAN, f"is {told}{along} everywhere", spread, _RANK


def _factor(evidence: Evidence, value: int) -> Iterator[tuple[Mistake, str, Change, int]]:
    """All of it times the same number."""
    view = evidence.here
    rest = _changed(value, lambda g, x: 0 * g)(view)
    if rest is None:
        return
    factor = solve(view, rest, view.right - rest, evidence.wrong)
    if factor is None or abs(factor) < _CLOSE or abs(factor - 1) < _CLOSE:
        return
    if abs(factor + 1) < _CLOSE:
        yield Mistake.SIGN, "has the wrong sign", lambda g, x: -g, _RANK
        return
    spelled = spell(factor, sizes(evidence))
    yield (
        Mistake.FACTOR,
        f"comes in {spelled or f'{factor:.5g}'} times",
        lambda g, x: factor * g,
        _RANK if spelled is not None else _RANK + 1,
    )


def _single(view: View, program: Program, value: int) -> Iterator[tuple[Mistake, str, Change, int]]:
    """One number of it times another number."""
    arriving, onwards = program.dense.arriving[value], program.dense.onwards[value]
    known = view.known.reshape(len(arriving), -1)
    apart = np.where(known, (view.claimed - view.right).reshape(len(arriving), -1), 0.0)
    # How much of the difference each number explains, and with which factor.
    squares = np.einsum("mn,mp,np->n", arriving**2, known, onwards**2)
    along = np.einsum("mn,mp,np->n", arriving, apart, onwards)
    with np.errstate(all="ignore"):
        explained = np.where(squares > 0, along**2 / squares, 0.0)
    enough = (1 - _CLOSE) * np.sum(apart**2)
    # Which of several it is, the other points tell.
    for spot in np.argsort(-explained, kind="stable")[:_MOST_SPOTS]:
        if explained[spot] >= enough:
            mask = np.arange(len(explained)).reshape(program.values[value].shape) == spot
            yield _at(mask, 1 + float(along[spot] / squares[spot]))


def _at(mask: np.ndarray, factor: float) -> tuple[Mistake, str, Change, int]:
    index = ", ".join(str(int(*place)) for place in np.nonzero(mask))
    if abs(factor) < _CLOSE:
        return Mistake.PATH_DROPPED, f"is dropped at [{index}]", lambda g, x: np.where(mask, 0.0, g), _RANK + 1
    if abs(factor + 1) < _CLOSE:
        return Mistake.SIGN, f"has the wrong sign at [{index}]", lambda g, x: np.where(mask, -g, g), _RANK + 1
    told = f"comes in {spell(factor) or f'{factor:.5g}'} times at [{index}]"
    return Mistake.ONE_OFF, told, lambda g, x: np.where(mask, factor * g, g), _RANK + 1
