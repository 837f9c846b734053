"""How others would train many small networks at once: PyTorch compiled, JAX in its layouts, and the lab's own loop.

Each peer is made for given data and gives a function from initial parameters (R, P) and a learning rate to the final
parameters and losses. They are written as their own users would write them for speed: number type and number of steps
known, everything compiled before it is timed, arrays laid out so that networks lie beside each other where that helps.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Trained = tuple[Any, Any]
Peer = Callable[[np.ndarray, float], Trained]


def torch_compiled(x: np.ndarray, y: np.ndarray, steps: int) -> Callable[[np.ndarray | int, float], Trained]:
    """A batched step with its gradient written out, through ``torch.compile``.

    Networks are in the last axis and the points are unrolled, so that all of a step is element-wise and becomes one
    loop; with a points' axis and sums over it the same step took several times as long.
    """
    import torch

    points = [(float(a), float(b), float(label)) for (a, b), label in zip(x, y, strict=True)]
    share = 1 / len(points)

    def forward(p: tuple[torch.Tensor, ...], x1: float, x2: float) -> tuple[torch.Tensor, ...]:
        b1, b2, w11, w12, w21, w22, c, u1, u2 = p
        z1 = torch.tanh(b1 + x1 * w11 + x2 * w21)
        z2 = torch.tanh(b2 + x1 * w12 + x2 * w22)
        return z1, z2, c + u1 * z1 + u2 * z2

    @torch.compile(dynamic=False)
    def step(p: tuple[torch.Tensor, ...], rate: float) -> tuple[torch.Tensor, ...]:
        total = [torch.zeros_like(p[0]) for _ in p]
        for x1, x2, label in points:
            z1, z2, f = forward(p, x1, x2)
            d = torch.sigmoid(f) - label
            d1, d2 = d * p[7] * (1 - z1 * z1), d * p[8] * (1 - z2 * z2)
            parts = (d1, d2, d1 * x1, d2 * x1, d1 * x2, d2 * x2, d, d * z1, d * z2)
            total = [a + b for a, b in zip(total, parts, strict=True)]
        return tuple(q - rate * share * g for q, g in zip(p, total, strict=True))

    @torch.compile(dynamic=False)
    def loss(p: tuple[torch.Tensor, ...]) -> torch.Tensor:
        fs = [(forward(p, x1, x2)[2], label) for x1, x2, label in points]
        return share * sum(torch.nn.functional.softplus(f) - label * f for f, label in fs)

    def run(parameters: np.ndarray | int, rate: float) -> Trained:
        """From given parameters, or from so many networks drawn here."""
        with torch.no_grad():
            if isinstance(parameters, int):
                p = torch.randn(9, parameters).unbind()
            else:
                p = tuple(torch.from_numpy(np.ascontiguousarray(column, dtype=np.float32)) for column in parameters.T)
            for _ in range(steps):
                p = step(p, rate)
            return torch.stack(p, 1).numpy(), loss(p).numpy()

    return run


def torch_with_axis(x: np.ndarray, y: np.ndarray, steps: int) -> Peer:
    """The same with an axis of points and sums over it, as one writes it first."""
    import torch

    xs, ys = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
    x1, x2, labels = xs[:, 0, None], xs[:, 1, None], ys[:, None]

    def forward(p: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        b1, b2, w11, w12, w21, w22, c, u1, u2 = p.unbind(0)
        z1 = torch.tanh(b1 + x1 * w11 + x2 * w21)
        z2 = torch.tanh(b2 + x1 * w12 + x2 * w22)
        return z1, z2, c + u1 * z1 + u2 * z2

    @torch.compile(dynamic=False)
    def step(p: torch.Tensor, rate: float) -> torch.Tensor:
        z1, z2, f = forward(p)
        d = (torch.sigmoid(f) - labels) / len(xs)
        d1, d2 = d * p[7] * (1 - z1 * z1), d * p[8] * (1 - z2 * z2)
        parts = (d1, d2, d1 * x1, d2 * x1, d1 * x2, d2 * x2, d, d * z1, d * z2)
        return p - rate * torch.stack([part.sum(0) for part in parts])

    @torch.compile(dynamic=False)
    def loss(p: torch.Tensor) -> torch.Tensor:
        f = forward(p)[2]
        return (torch.nn.functional.softplus(f) - labels * f).mean(0)

    def run(parameters: np.ndarray, rate: float) -> Trained:
        with torch.no_grad():
            p = torch.from_numpy(np.ascontiguousarray(parameters.T, dtype=np.float32))
            for _ in range(steps):
                p = step(p, rate)
            return p.T.numpy(), loss(p).numpy()

    return run


def _jax_loss(jnp: Any, x: Any, y: Any) -> Callable[[Any], Any]:
    def loss(p: Any) -> Any:
        b1, b2, w11, w12, w21, w22, c, u1, u2 = p
        shape = (-1,) + (1,) * (b1.ndim)
        x1, x2, labels = x[:, 0].reshape(shape), x[:, 1].reshape(shape), y.reshape(shape)
        z1 = jnp.tanh(b1 + x1 * w11 + x2 * w21)
        z2 = jnp.tanh(b2 + x1 * w12 + x2 * w22)
        f = c + u1 * z1 + u2 * z2
        return jnp.mean(jnp.logaddexp(f, 0.0) - labels * f, axis=0)

    return loss


def jax_vmap_scan(x: np.ndarray, y: np.ndarray, steps: int) -> Peer:
    """One network's training as a ``scan``, mapped over networks."""
    import jax
    import jax.numpy as jnp

    loss = _jax_loss(jnp, jnp.asarray(x, jnp.float32), jnp.asarray(y, jnp.float32))

    def train(p: Any, rate: Any) -> Trained:
        end, _ = jax.lax.scan(lambda q, _: (q - rate * jax.grad(loss)(q), None), p, None, length=steps)
        return end, loss(end)

    compiled = jax.jit(jax.vmap(train, in_axes=(0, None)))
    return lambda parameters, rate: jax.block_until_ready(compiled(jnp.asarray(parameters, jnp.float32), rate))


def jax_batch_last(x: np.ndarray, y: np.ndarray, steps: int) -> Peer:
    """All networks in one array, the networks in its last axis, and one ``scan``."""
    import jax
    import jax.numpy as jnp

    loss = _jax_loss(jnp, jnp.asarray(x, jnp.float32), jnp.asarray(y, jnp.float32))
    slope = jax.grad(lambda p: loss(p).sum())

    @jax.jit
    def train(p: Any, rate: Any) -> Trained:
        end, _ = jax.lax.scan(lambda q, _: (q - rate * slope(q), None), p, None, length=steps)
        return end.T, loss(end)

    def run(parameters: np.ndarray, rate: float) -> Trained:
        return jax.block_until_ready(train(jnp.asarray(parameters.T, jnp.float32), rate))

    return run


def jax_map(x: np.ndarray, y: np.ndarray, width: int, chunk: int) -> Callable[[Any, Any, int], Trained]:
    """The paper's way: ``jit(vmap(value_and_grad))`` a step, for a mean-field network without biases, in float64.

    Args:
        x: the points.
        y: the labels.
        width: of the inputs and of the hidden layer.
        chunk: how many networks are given to it at once.
    """
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    xs, ys, root = jnp.asarray(x), jnp.asarray(y), float(np.sqrt(width))

    def loss(p: Any) -> Any:
        hidden = jnp.tanh(np.sqrt(2.0) * (xs @ p[0] / root))
        return jnp.mean((hidden @ p[1] / root / root - ys) ** 2)

    def step(p: Any, rates: Any) -> Any:
        value, slope = jax.value_and_grad(loss)(p)
        return value, (p[0] - rates[0] * slope[0], p[1] - rates[1] * slope[1])

    steps_of_all, losses_of_all = jax.jit(jax.vmap(step)), jax.jit(jax.vmap(loss))

    def run(parameters: np.ndarray, rates: np.ndarray, steps: int) -> Trained:
        ends, losses = [], []
        for start in range(0, len(parameters), chunk):
            part = jnp.asarray(parameters[start : start + chunk])
            p = (part[:, : width * width].reshape(-1, width, width), part[:, width * width :])
            rate = jnp.asarray(rates[start : start + chunk])
            for _ in range(steps):
                _, p = steps_of_all(p, rate)
            losses.append(losses_of_all(p))
            ends.append(p)
        jax.block_until_ready((ends, losses))
        return ends, np.concatenate(losses)

    return run


@dataclass(frozen=True)
class Map:
    """The paper's way with the best number of networks at once."""

    run: Callable[[Any, Any, int], Trained]
    note: str


def best_chunk(x: np.ndarray, y: np.ndarray, width: int, start: np.ndarray, rates: np.ndarray) -> Map:
    """Try some numbers of networks at once, from what fits in the caches to all of them."""
    found = []
    for chunk in sorted({64, 256, 2048, len(start)}):
        run, some = jax_map(x, y, width, chunk), slice(0, max(chunk, 2048))
        run(start[some], rates[some], 1)
        begun = time.perf_counter()
        run(start[some], rates[some], 2)
        found.append(((time.perf_counter() - begun) / len(start[some]), chunk, run))
    _, chunk, run = min(found, key=lambda each: each[0])
    return Map(run, f"{chunk:,} networks at once, the best of {', '.join(f'{c:,}' for _, c, _ in found)}")


def lab_loop(x: np.ndarray, y: np.ndarray, steps: int) -> Callable[[np.ndarray, float], float]:
    """One network, step by step, as the lab does it: tensors of five numbers and a formula for every derivative."""
    import torch

    xs, ys = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)

    def outputs(p: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        b1, b2, w11, w12, w21, w22, c, u1, u2 = p
        z1 = torch.tanh(b1 + xs[:, 0] * w11 + xs[:, 1] * w21)
        z2 = torch.tanh(b2 + xs[:, 0] * w12 + xs[:, 1] * w22)
        return z1, z2, 1 / (1 + torch.exp(-(c + u1 * z1 + u2 * z2)))

    def slopes(p: torch.Tensor) -> torch.Tensor:
        z1, z2, f = outputs(p)
        by_sum = (-ys / (f + 1e-15) + (1 - ys) / (1 - f + 1e-15)) * f * (1 - f)
        by_z1, by_z2 = by_sum * p[7] * (1 - z1**2), by_sum * p[8] * (1 - z2**2)
        parts = (by_z1, by_z2, by_z1 * xs[:, 0], by_z2 * xs[:, 0], by_z1 * xs[:, 1], by_z2 * xs[:, 1])
        return torch.stack([torch.mean(part) for part in (*parts, by_sum, by_sum * z1, by_sum * z2)])

    def run(parameters: np.ndarray, rate: float) -> float:
        p = torch.tensor(parameters, dtype=torch.float32)
        for _ in range(steps):
            p -= rate * slopes(p)
        f = outputs(p)[2]
        return float(-torch.mean(ys * torch.log(f + 1e-15) + (1 - ys) * torch.log(1 - f + 1e-15)))

    return run
