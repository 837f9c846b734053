"""A convolution's way back as that of another one: of another stride, padding or dilation, of a turned kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._traced import describe, hypothesis, of_program, place, replaced, spots
from gradlab.check.tracing import Program
from gradlab.check.tracing._maps import Adjoint

_OPERATIONS = {"convolution", "conv_general_dilated"}
_STRIDES, _DILATIONS = range(1, 5), range(1, 4)
_TO = {(0,): "its input", (1,): "its kernel", (0, 1): "its input and its kernel"}


@dataclass(frozen=True, slots=True)
class _Form:
    """How a convolution of arrays (N, C, ...) and (O, C, ...) goes along each axis."""

    stride: int
    padding: int
    dilation: int

    def goes(self, length: int, width: int, results: int) -> bool:
        """Whether there are so many results along an axis."""
        return (length + 2 * self.padding - self.dilation * (width - 1) - 1) // self.stride + 1 == results

    def table(self, lengths: tuple[int, ...], widths: tuple[int, ...], results: tuple[int, ...]) -> np.ndarray:
        """Which number of the input each of the kernel meets for each result, shape (K, J); past all for padding."""
        count = len(lengths)
        flat, inside = np.zeros((1,) * 2 * count, dtype=int), np.ones((1,) * 2 * count, dtype=bool)
        for axis, (length, width, result) in enumerate(zip(lengths, widths, results, strict=True)):
            met = np.arange(width)[:, None] * self.dilation + np.arange(result) * self.stride - self.padding
            met = met.reshape([width if at == axis else result if at == count + axis else 1 for at in range(2 * count)])
            flat, inside = flat * length + met, inside & (met >= 0) & (met < length)
        return np.where(inside, flat, np.prod(lengths)).reshape(int(np.prod(widths)), -1)


_Table = Callable[[tuple[int, ...], tuple[int, ...], tuple[int, ...]], np.ndarray]


@of_program
def convolution(evidence: Evidence, program: Program) -> Iterator[Hypothesis]:
    """What a convolution hands back to its input, to its kernel or to both, as another one would."""
    for values in spots(program):
        step = program.step(values[0])
        form = _form(program, values[0]) if step.operation in _OPERATIONS else None
        if form is None:
            continue
        for told, table, exchanged in _others(form):
            for positions, to in _TO.items():
                if all(step.operands[position] is not None for position in positions):
                    sentence = f"{{where}}: what {describe(program, values)} hands back to {to} is that of {told}."
                    back = partial(_back, table, exchanged)
                    change = replaced(values, dict.fromkeys(positions, back))
                    yield hypothesis(Mistake.CONVOLUTION, change, sentence, place(program, values), 4)


def _others(form: _Form) -> Iterator[tuple[str, _Table, bool]]:
    """What may be taken in its place: how it is told, its table, and whether the kernel's channels are exchanged."""
    yield "a kernel that is turned around", lambda *shapes: form.table(*shapes)[::-1], False
    yield "a kernel whose channels are exchanged", form.table, True
    for name, usual in (("stride", 1), ("padding", 0), ("dilation", 1)):
        if getattr(form, name) != usual:
            told = f"{name} {usual}, not {getattr(form, name)}"
            yield told, replace(form, **{name: usual}).table, False


def _form(program: Program, value: int) -> _Form | None:
    """How a convolution goes, found by trying; None if it is none of these."""
    step, arguments = program.step(value), program.arguments(value)
    (x, w), result = arguments[:2], program.values[value]
    if not x.ndim == w.ndim == result.ndim > 2 or x.shape[1] != w.shape[1]:
        return None
    plain = step.call(x, w, *(np.zeros_like(item) for item in arguments[2:]))
    for stride, dilation, padding in product(_STRIDES, _DILATIONS, range(_DILATIONS[-1] * max(w.shape[2:]))):
        form = _Form(stride, padding, dilation)
        if all(map(form.goes, x.shape[2:], w.shape[2:], plain.shape[2:])):
            met = _met(x, form.table(x.shape[2:], w.shape[2:], plain.shape[2:]))
            made = np.einsum("nckj,ock->noj", met, w.reshape(*w.shape[:2], -1))
            if np.allclose(made.reshape(plain.shape), plain, rtol=1e-9, atol=1e-12):
                return form
    return None


def _met(x: np.ndarray, table: np.ndarray) -> np.ndarray:
    """The numbers of the input that a table names, shape (N, C, K, J)."""
    flat = x.reshape(*x.shape[:2], -1)
    return np.concatenate([flat, np.zeros((*x.shape[:2], 1))], axis=2)[:, :, table]


def _back(table: _Table, exchanged: bool, program: Program, value: int, position: int) -> Adjoint:
    x, w = program.arguments(value)[:2]
    places = table(x.shape[2:], w.shape[2:], program.values[value].shape[2:])
    kernel = w.reshape(*w.shape[:2], -1)
    kernel = np.swapaxes(kernel, 0, 1) if exchanged else kernel

    def to_input(cotangent: np.ndarray) -> np.ndarray:
        found = np.zeros((int(np.prod(x.shape[2:])) + 1, *x.shape[:2]))
        parts = np.einsum("noj,ock->kjnc", cotangent.reshape(*cotangent.shape[:2], -1), kernel)
        np.add.at(found, places, parts)
        return np.moveaxis(found[:-1], 0, -1).reshape(x.shape)

    def to_kernel(cotangent: np.ndarray) -> np.ndarray:
        found = np.einsum("noj,nckj->ock", cotangent.reshape(*cotangent.shape[:2], -1), _met(x, places))
        return (np.swapaxes(found, 0, 1) if exchanged else found).reshape(w.shape)

    return Adjoint((to_input, to_kernel)[position])
