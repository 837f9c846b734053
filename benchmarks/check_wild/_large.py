"""A network of a million parameters: autograd's gradient, and the same with one entry off by a hundredth."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from check_wild._report import CORRECT, WRONG, Loss, Right

SIZES, SAMPLES = (784, 1013, 200, 10), 16
COUNT = sum((a + 1) * b for a, b in pairwise(SIZES))


def large(dtype: torch.dtype, wrong: int) -> Iterator[tuple[str, Right, Loss]]:
    """The right gradient, and so many wrong ones, each with what it is called and what is right.

    The entry that is off is drawn among those that are not 0: in a network with relu many are, and a hundredth more
    of nothing is right.
    """
    torch.manual_seed(0)
    layers = [part for a, b in pairwise(SIZES) for part in (torch.nn.Linear(a, b), torch.nn.ReLU())]
    network = torch.nn.Sequential(*layers[:-1]).to(dtype)
    x, labels = torch.randn(SAMPLES, SIZES[0], dtype=dtype), torch.randint(SIZES[-1], (SAMPLES,))

    def loss(module: Any) -> torch.Tensor:
        return cross_entropy(module(x.to(next(module.parameters()).dtype)), labels)

    def gradient(module: Any) -> list[torch.Tensor]:
        return list(torch.autograd.grad(loss(module), list(module.parameters())))

    def spoiled(module: Any, place: int) -> dict[str, torch.Tensor]:
        flat = torch.cat([part.reshape(-1) for part in gradient(module)])
        flat[place] *= 1.01
        names, sizes = zip(*((name, part.shape) for name, part in module.named_parameters()), strict=True)
        parts = flat.split([size.numel() for size in sizes])
        return {name: part.reshape(size) for name, part, size in zip(names, parts, sizes, strict=True)}

    yield "right", CORRECT, Loss(loss, None, network)
    places = torch.cat([part.reshape(-1) for part in gradient(network)]).nonzero().reshape(-1)
    for number in torch.randperm(len(places))[:wrong].tolist():
        place = int(places[number])
        yield f"entry {place}", WRONG, Loss(loss, lambda module, place=place: spoiled(module, place), network)
