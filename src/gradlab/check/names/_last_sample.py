"""One sample's contribution in place of all samples'."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis, View
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._traced import Change, changed, describe, drop_edge, fullest, of_program, place
from gradlab.check.tracing import Program
from gradlab.check.tracing._program import Backward

_ADD = "Add to the gradient of an entry, dx[i] += g, wherever the entry is used."
_MOST_VALUES = 60
_TAKES = {"getitem", "gather", "take", "index_put", "embedding", "scatter", "repeat"}


@of_program
def last_sample(evidence: Evidence, program: Program) -> Iterator[Hypothesis]:
    """Only the last, or the first, index of an axis comes back; so does only the last turn of a loop."""
    for value in program.used[:_MOST_VALUES]:
        shape = program.values[value].shape
        for axis, length in enumerate(shape):
            for index, told in ((-1, "last"), (0, "first")) if length > 1 else ():
                sentence = (
                    f"{{where}}: of the {length} samples in {describe(program, (value,))}, only the {told} counts"
                )
                rest, keep = _mask(value, axis, index, 0.0), _mask(value, axis, index, 1.0)
                yield from _propose(evidence, rest, keep, length, sentence, place(program, (value,)))
    for values in program.places.values():
        step = fullest(program, values)
        if len(values) > 1 and step.operation == "add":
            for position, operand in enumerate(step.operands):
                for turn, told in ((-1, "last"), (0, "first")) if operand is not None else ():
                    others = tuple(value for value in values if value != values[turn])
                    sentence = f"{{where}}: of the {len(values)} turns of the loop, only the {told} counts"
                    rest, keep = drop_edge(values, (position,)), drop_edge(others, (position,))
                    yield from _propose(evidence, rest, keep, len(values), sentence, place(program, values))


def overwritten(evidence: Evidence) -> Iterator[Hypothesis]:
    """What comes back to an entry from several outputs is set, not added up."""
    outputs, program = int(np.prod(evidence.context.output_shape)), evidence.here.program
    # Where entries are taken by their places, it says more than that some are 0.
    taken = program is not None and any(program.step(value).operation in _TAKES for value in program.used)
    for told, step in (("last", -1), ("first", 1)) if outputs > 1 else ():

        def predict(view: View, step: int = step) -> np.ndarray:
            rows = view.right.reshape(outputs, -1)[::step]
            kept = (rows != 0) & (np.cumsum(rows != 0, axis=0) == 1)
            return np.where(kept, rows, 0.0)[::step].reshape(-1)

        sentence = (
            f"{{where}}: of the outputs that an entry goes into, only the {told} counts: it is set, not added to."
        )
        yield Hypothesis(Mistake.LAST_SAMPLE, predict, sentence, rank=0 if taken else 3, remedy=_ADD, partly=False)


def _propose(
    evidence: Evidence, without: Change, with_one: Change, count: int, sentence: str, line: str
) -> Iterator[Hypothesis]:
    """The sample may be divided by the number of samples or not, or stand for all."""
    here = evidence.here
    rest, kept = changed(here, without), changed(here, with_one)
    if rest is None or kept is None or np.array_equal(rest, kept):
        return
    fits = (each for each in (1.0, count, 1 / count) if here.close(rest + each * (kept - rest))[evidence.wrong].all())
    factor = next(fits, None)
    if factor is None:
        return

    def predict(view: View) -> np.ndarray | None:
        base, one = changed(view, without), changed(view, with_one)
        return None if base is None or one is None else base + factor * (one - base)

    ending = "." if factor == 1 else f", {'times' if factor > 1 else 'over'} {count}."
    yield Hypothesis(Mistake.LAST_SAMPLE, predict, sentence + ending, line, 3)


def _mask(value: int, axis: int, index: int, factor: float) -> Change:
    def change(program: Program) -> dict[int, Backward]:
        shape = program.values[value].shape
        weights = np.zeros(shape)
        weights[(slice(None),) * axis + (index,)] = factor
        right = program.backward(value)
        return {value: lambda cotangent: right(cotangent * weights)}

    return change
