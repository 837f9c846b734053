"""How arrays lie in memory: a function may treat transposed, strided and expanded ones in another way."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

# A part of a much larger array is copied without what lies between its numbers.
_SPARSEST = 16


def order_of(item: Any) -> Literal["C", "F"]:
    """How an array of NumPy is to be laid out like another one: by rows or by columns."""
    flags = getattr(item, "flags", None)
    return "F" if isinstance(item, np.ndarray) and flags is not None and flags.fnc else "C"


def arrangement_of(tensor: Any) -> Callable[[Any], Any] | None:
    """A function that lays a contiguous tensor out as another one of its shape; None if that is contiguous, too.

    What lies between the numbers of a slice is copied with it, so that code which reads past them reads what it would.
    Where several numbers share their place, as in an expanded tensor, they do so again only as long as they are equal.
    """
    torch = sys.modules["torch"]
    if tensor.layout is not torch.strided or tensor.is_contiguous() or tensor.numel() == 0:
        return None
    size, stride = tensor.shape, tensor.stride()
    span = 1 + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    if span > _SPARSEST * tensor.numel():
        return None
    if _overlaps(size, stride):
        return None
    around = tensor.detach().as_strided((span,), (1,)).clone()
    shared = [axis for axis, step in enumerate(stride) if step == 0 and size[axis] > 1]

    def arrange(dense: Any) -> Any:
        single = dense
        for axis in shared:
            single = single.narrow(axis, 0, 1)
        if shared and not torch.equal(single.expand(size), dense):
            return dense
        memory = around.to(dtype=dense.dtype, device=dense.device, copy=True)
        memory.as_strided(single.shape, stride).copy_(single)
        return memory.as_strided(size, stride)

    return arrange


def _overlaps(size: Any, stride: Any) -> bool:
    """Tell whether numbers share their place in another way than all along an axis."""
    reach = 0
    for step, length in sorted(zip(stride, size, strict=True)):
        if step and length > 1:
            if step <= reach:
                return True
            reach += (length - 1) * step
    return False
