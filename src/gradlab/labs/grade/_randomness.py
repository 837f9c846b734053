"""The state of the sources of random numbers that a lab uses: Python's, NumPy's and PyTorch's."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from typing import Any, Final

_LENGTH: Final = 624  # of the state of a Mersenne twister


def randomness() -> dict[str, Any]:
    """The states of all of them that are there, as data."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    made: dict[str, Any] = {"random": random.getstate()}
    if numpy is not None:
        kind, numbers, *rest = numpy.random.get_state()
        made["numpy"] = (kind, numbers.astype("int64"), *rest)
    if torch is not None:
        made["torch"] = torch.get_rng_state()
    return made


def restore_randomness(state: Mapping[str, Any]) -> None:
    """Bring back what `randomness` returned, and seed what is not in it; raises any error of what is none."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    random.setstate(state["random"]) if "random" in state else random.seed(0)
    if numpy is not None and "numpy" in state:
        kind, numbers, place, has_gauss, gauss = state["numpy"]
        if kind != "MT19937" or numbers.shape != (_LENGTH,) or not 0 <= int(place) <= _LENGTH:
            raise ValueError("this is no state of random numbers")
        numpy.random.set_state((kind, numbers.astype("uint32"), int(place), has_gauss, gauss))
    elif numpy is not None:
        numpy.random.seed(0)
    if torch is not None:
        torch.set_rng_state(state["torch"]) if "torch" in state else torch.manual_seed(0)
