"""Random programs of torch: chains and braids of operations, with autograd's gradient or with one that went wrong.

The right gradient is autograd's. A wrong one is made by a node in the middle of the program that hands on its input
and spoils what comes back; it counts only where the whole gradient differs by more than a thousandth of its size.

Which programs count is decided without the check: those whose gradient in float64 is more than 1e-12 of the largest
number that goes in or comes out (below that the output is constant but for rounding, such as the sum of a softmax, and
"the gradient" is the rounding itself), and, in float32, is autograd's to a thousandth (else nobody gave a right one).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.nn import functional as nnf

Tensor = torch.Tensor
SMALLEST_DIFFERENCE = 1e-3
SMALLEST_GRADIENT = 1e-12

ELEMENTWISE: tuple[Callable[[Tensor], Tensor], ...] = (
    torch.tanh, torch.sigmoid, nnf.softplus, nnf.relu, nnf.gelu, nnf.silu, nnf.elu, nnf.leaky_relu, torch.sin,
    torch.cos, torch.square, torch.atan, torch.erf, torch.abs, nnf.hardtanh, nnf.softsign,
    lambda x: torch.exp(-x * x), lambda x: torch.sqrt(1 + x * x), lambda x: torch.log1p(x * x),
    lambda x: 1 / (1 + x * x), lambda x: x**3 / 5, lambda x: torch.where(x > 0.3, x, 0.2 * x - 1),
    lambda x: torch.clamp(x, -1.0, 2.0), lambda x: x * torch.sigmoid(1.7 * x), lambda x: torch.expm1(0.3 * x),
)  # fmt: skip
BY_ROW: tuple[Callable[[Tensor], Tensor], ...] = (
    lambda x: torch.softmax(x, -1), lambda x: torch.log_softmax(x, -1), lambda x: nnf.layer_norm(x, x.shape[-1:]),
    lambda x: torch.cumsum(x, -1), lambda x: x / torch.linalg.vector_norm(x, dim=-1, keepdim=True),
    lambda x: x - x.mean(0, keepdim=True), lambda x: torch.sort(x, -1).values, lambda x: x.flip(-1),
    lambda x: torch.roll(x, 1, -1), lambda x: x.transpose(0, 1).reshape(x.shape[::-1]).t(),
    lambda x: torch.cat([x[:, 1:], x[:, :1] * 2], 1), lambda x: x * torch.logsumexp(x, -1, keepdim=True),
    lambda x: x + torch.amax(x, 0), lambda x: torch.cumprod(1 + 0.3 * torch.tanh(x), -1),
    lambda x: nnf.conv1d(x[:, None], x.new_tensor([[[0.3, -1.0, 0.5]]]), padding=1)[:, 0],
)  # fmt: skip
ENDS: tuple[Callable[[Tensor], Tensor], ...] = (
    torch.sum, torch.mean, lambda x: (x**2).mean(), lambda x: torch.logsumexp(x.flatten(), 0),
    lambda x: torch.linalg.vector_norm(x), lambda x: x, lambda x: x.sum(-1), lambda x: x.std(),
    lambda x: nnf.cross_entropy(x, torch.arange(len(x)) % x.shape[1]),
)  # fmt: skip


class _Spoil(torch.autograd.Function):
    """Hands on its input; what comes back is spoiled."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, mistake: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        ctx.save_for_backward(x)
        ctx.mistake = mistake
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        return ctx.mistake(grad_outputs[0], ctx.saved_tensors[0]), None


def _one_entry(g: Tensor, factor: float) -> Tensor:
    changed = g.clone()
    changed.view(-1)[g.numel() // 2] *= factor
    return changed


MISTAKES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "sign": lambda g, x: -g,
    "twice": lambda g, x: 2 * g,
    "half": lambda g, x: g / 2,
    "detached": lambda g, x: torch.zeros_like(g),
    "5 %": lambda g, x: 1.05 * g,
    "one entry's sign": lambda g, x: _one_entry(g, -1.0),
    "one entry 2 %": lambda g, x: _one_entry(g, 1.02),
    "a factor too much": lambda g, x: g * x,
    "flipped": lambda g, x: g.flip(-1),
    "averaged": lambda g, x: g / len(g),
    "one row alone": lambda g, x: torch.cat([g[:1], 0 * g[1:]]),
    "ones": lambda g, x: torch.ones_like(g),
    "size alone": lambda g, x: g.abs(),
}


@dataclass(frozen=True)
class Program:
    """A program, the same in the precision it is given, and with the right gradient; its inputs, and what is wrong."""

    function: Callable[..., Tensor]
    exact: Callable[..., Tensor]
    right: Callable[..., Tensor]
    inputs: tuple[Tensor, ...]
    mistake: str
    seed: int


def _steps(rng: np.random.Generator) -> tuple[list[Callable[[Tensor, Tensor, Tensor], Tensor]], bool]:
    """Operations on a matrix x with a square matrix w and a row b at hand, and whether these are used."""
    steps: list[Callable[[Tensor, Tensor, Tensor], Tensor]] = []
    kinds = rng.integers(6, size=rng.integers(2, 7))
    for kind in kinds:
        f = ELEMENTWISE[rng.integers(len(ELEMENTWISE))]
        h = BY_ROW[rng.integers(len(BY_ROW))]
        made: tuple[Callable[[Tensor, Tensor, Tensor], Tensor], ...] = (
            lambda x, w, b, f=f: f(x),
            lambda x, w, b, f=f: f(x) + 0.5 * x,
            lambda x, w, b, h=h: h(x),
            lambda x, w, b: x @ w + b,
            lambda x, w, b, f=f: f(x + b) @ w.t(),
            lambda x, w, b, f=f: x * f(x @ w - b),
        )
        steps.append(made[kind])
    return steps, bool((kinds > 2).any())


def _program(seed: int, mistake: str, dtype: torch.dtype) -> Program:
    rng = np.random.default_rng([seed, 1])
    rows, width = int(rng.integers(2, 5)), int(rng.integers(2, 5))
    (steps, uses_all), end = _steps(rng), ENDS[rng.integers(len(ENDS))]
    place = int(rng.integers(len(steps) + 1))
    x, w, b = (torch.tensor(rng.normal(size=shape), dtype=dtype) for shape in ((rows, width), (width, width), (width,)))

    def make(mistake: str) -> Callable[..., Tensor]:
        def function(x: Tensor, w: Tensor = w, b: Tensor = b) -> Tensor:
            for i, step in enumerate(steps):
                x = step(_spoiled(x, mistake) if mistake and i == place else x, w.to(x.dtype), b.to(x.dtype))
            return end(_spoiled(x, mistake) if mistake and place == len(steps) else x)

        return function

    return Program(make(mistake), make(mistake), make(""), (x, w, b) if uses_all else (x,), mistake, seed)


def _spoiled(x: Tensor, mistake: str) -> Tensor:
    spoiled = _Spoil.apply(x, MISTAKES[mistake])
    assert isinstance(spoiled, Tensor)
    return spoiled


def gradients(program: Program) -> tuple[Tensor, ...]:
    """The program's gradient by autograd, of its output's sum with weights drawn from the seed."""
    inputs = tuple(tensor.detach().clone().requires_grad_() for tensor in program.inputs)
    output = program.function(*inputs)
    weights = torch.tensor(np.random.default_rng([program.seed, 2]).normal(size=output.shape), dtype=output.dtype)
    found = torch.autograd.grad((output * weights).sum(), inputs, allow_unused=True)
    return tuple(torch.zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True))


def programs(
    seeds: range, dtype: torch.dtype = torch.float64, black_box: bool = False
) -> Iterator[tuple[Program, Program | None]]:
    """Each seed's program with its right gradient, and one with a wrong one; None where the mistake changes nothing.

    Args:
        seeds: One program each.
        dtype: The precision of the inputs. Default float64.
        black_box: Whether the programs compute in float32 whatever they are given.
    """
    names = tuple(MISTAKES)
    for seed in seeds:
        right = _program(seed, "", dtype)
        wrong = _program(seed, names[seed % len(names)], dtype)
        if _counts(right):
            spoiled = _difference(gradients(right), gradients(wrong)) > SMALLEST_DIFFERENCE
            hide = _in_float32 if black_box else lambda program: program
            yield hide(right), hide(wrong) if spoiled else None


def _counts(right: Program) -> bool:
    """Whether the program has a gradient, and autograd gives it."""
    exact = replace(right, inputs=tuple(x.double() for x in right.inputs))
    found = gradients(exact)
    largest = max(float(value.abs().max()) for value in (exact.function(*exact.inputs), *exact.inputs))
    size = max(float(g.abs().max()) for g in found)
    return SMALLEST_GRADIENT * largest < size < math.inf and _difference(found, gradients(right)) < SMALLEST_DIFFERENCE


def _difference(some: tuple[Tensor, ...], others: tuple[Tensor, ...]) -> float:
    """Of the largest number of the first."""
    size = max(float(g.abs().max()) for g in some)
    return max(float((g - h).abs().max()) for g, h in zip(some, others, strict=True)) / size


def _in_float32(program: Program) -> Program:
    return replace(program, function=lambda *inputs: program.function(*(x.float() for x in inputs)))
