"""A `torch.autograd.Function` from what it computes and from what it hands back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def written(forward: Callable[..., Any], backward: Callable[..., Any]) -> type[torch.autograd.Function]:
    """Of tensors, all of which it saves; ``backward`` is given what comes in and then these."""

    class Written(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *inputs):
            ctx.save_for_backward(*inputs)
            return forward(*inputs)

        @staticmethod
        def backward(ctx, g):
            return backward(g, *ctx.saved_tensors)

    return Written
