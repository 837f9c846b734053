"""The right numbers in another form: by the logarithm, cut to whole numbers, symmetrised."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis, View
from gradlab.check.names._mistakes import Mistake

# So many different numbers tell that they were cut.
_FEWEST = 2


def truncated(evidence: Evidence) -> Iterator[Hypothesis]:
    """The right gradient in an array of integers."""
    here = evidence.here
    known = here.known
    claimed, right = here.claimed[known], here.right[known]
    # Zeros alone are no numbers that were cut, whole numbers lose nothing, and one number for all is a constant.
    cut = (claimed != 0) & (right != np.rint(right))
    if (
        not np.array_equal(claimed, np.trunc(claimed))
        or min(len(np.unique(each)) for each in (right[cut], np.abs(claimed[cut]))) < _FEWEST
    ):
        return
    for told, cut in (("cut to whole numbers", np.trunc), ("rounded to whole numbers", np.rint)):
        sentence = f"{{where}}: {told}, as an array of integers does."
        yield Hypothesis(Mistake.TRUNCATED, lambda view, cut=cut: cut(view.right), sentence, rank=0, partly=False)


def by_logarithm(evidence: Evidence) -> Iterator[Hypothesis]:
    """The derivative by the logarithm of a parameter."""

    def predict(view: View) -> np.ndarray:
        return view.right * np.tile(view.point, len(view.right) // len(view.point))

    # A function's own derivative with a factor too many says more.
    told = "{where}: the derivative by the logarithm of the parameter: times the parameter."
    yield Hypothesis(Mistake.LOGARITHM, predict, told, rank=5)


def symmetrised(evidence: Evidence) -> Iterator[Hypothesis]:
    """Both triangles of a symmetric matrix counted together, as Cholesky's and eigenvalues' gradients do."""
    outputs, count = int(np.prod(evidence.context.output_shape)), len(evidence.context.point)
    start = 0
    for shape in evidence.context.shapes:
        size = int(np.prod(shape))
        if len(shape) >= 2 and shape[-1] == shape[-2] > 1:
            place = (outputs, count, start, size, shape)
            for told, change in _FORMS.items():
                sentence = f"{{where}}: the gradient {told}; it is right where the matrix stays symmetric."
                yield Hypothesis(Mistake.SYMMETRIC, _in_place(place, change), sentence, rank=1, partly=False)
        start += size


def _turned(G: np.ndarray) -> np.ndarray:
    return np.swapaxes(G, -1, -2)


_FORMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "is symmetrised": lambda G: (G + _turned(G)) / 2,
    "holds both triangles in the lower one": lambda G: np.tril(G + _turned(G)) - G * np.eye(G.shape[-1]),
    "holds both triangles in the upper one": lambda G: np.triu(G + _turned(G)) - G * np.eye(G.shape[-1]),
    "holds the sum of both triangles in each": lambda G: G + _turned(G) - G * np.eye(G.shape[-1]),
}


def _in_place(
    place: tuple[int, int, int, int, tuple[int, ...]], change: Callable[[np.ndarray], np.ndarray]
) -> Callable[[View], np.ndarray]:
    outputs, count, start, size, shape = place

    def predict(view: View) -> np.ndarray:
        found = view.right.reshape(outputs, count).copy()
        part = found[:, start : start + size].reshape(outputs, *shape)
        found[:, start : start + size] = change(part).reshape(outputs, size)
        return found.reshape(-1)

    return predict


def of_grad_output(evidence: Evidence) -> Iterator[Hypothesis]:
    """One number for all of grad_output: its first entry, its sum or its mean."""
    rows = int(np.prod(evidence.context.output_shape))
    if rows < 2:
        return

    def spread(weights: np.ndarray) -> Callable[[View], np.ndarray]:
        return lambda view: np.outer(weights, view.right.reshape(rows, -1).sum(axis=0)).reshape(-1)

    for told, weights in (
        ("the first entry", np.eye(rows)[0]),
        ("the sum", np.ones(rows)),
        ("the mean", np.full(rows, 1 / rows)),
    ):
        sentence = f"Every output is given {told} of grad_output, not its own."
        yield Hypothesis(Mistake.GRAD_OUTPUT, spread(weights), sentence, rank=1, partly=False)
