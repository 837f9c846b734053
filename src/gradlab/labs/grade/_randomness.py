"""The state of the sources of random numbers that a lab uses: Python's, NumPy's and PyTorch's."""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Mapping
from typing import Any, Final

_LENGTH: Final = 624  # of the state of a Mersenne twister
_BUFFER: Final = 4  # numbers that Philox makes at once


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


def source_state(source: Any) -> list[Any] | None:
    """The state of a generator of random numbers as data, with its kind; None of anything else."""
    numpy, torch, kind = sys.modules.get("numpy"), sys.modules.get("torch"), type(source)
    if kind is random.Random:
        return ["random", source.getstate()]
    if numpy is not None and kind is numpy.random.Generator:
        return [source.bit_generator.state["bit_generator"], _listed(source.bit_generator.state)]
    if numpy is not None and kind is numpy.random.RandomState:
        return ["RandomState", _listed(source.get_state(legacy=False))]
    return ["torch", source.get_state()] if torch is not None and kind is torch.Generator else None


def source_of(state: Any) -> Any:
    """A generator of random numbers in a state; raises any error of what is none."""
    kind = state[0]
    if kind in ("random", "torch"):
        made: Any = random.Random() if kind == "random" else sys.modules["torch"].Generator()
    else:
        numpy_random: Any = importlib.import_module("numpy.random")
        made = numpy_random.RandomState() if kind == "RandomState" else None
        if made is None and kind in _KINDS:
            made = numpy_random.Generator(getattr(numpy_random, kind)())
    set_source(made, state)
    return made


def set_source(source: Any, state: Any) -> None:
    """Bring a generator of random numbers to a state; raises any error of what is none of its kind."""
    kind, inner = state
    if (source_state(source) or [""])[0] != kind:
        raise ValueError("this is a state of other random numbers")
    if kind == "random":
        source.setstate(inner)
    elif kind == "torch":
        source.set_state(inner)
    else:
        # NumPy takes any place in its numbers, also one far behind them.
        place = inner["state"].get("pos", 0), inner.get("buffer_pos", 0)
        if not (0 <= place[0] <= _LENGTH and 0 <= place[1] <= _BUFFER):
            raise ValueError("this is no state of random numbers")
        target = source if kind == "RandomState" else source.bit_generator
        target.set_state(inner) if kind == "RandomState" else setattr(target, "state", inner)


def _listed(state: Any) -> Any:
    if isinstance(state, dict):
        return {name: _listed(part) for name, part in state.items()}
    return state.tolist() if hasattr(state, "tolist") else state


_KINDS: Final = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
