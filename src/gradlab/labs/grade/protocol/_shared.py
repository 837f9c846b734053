"""Networks of a submission that are here too: their parameters are kept the same on both sides of a connection."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from gradlab.labs.grade.protocol._values import ValueRefusedError

_MOST: Final = 256  # networks, their parts counted; the oldest is not watched any more


@dataclass(slots=True)
class _Held:
    module: Any
    tensors: dict[str, tuple[Any, Any]]
    on: bool


class Shared:
    """What both sides have, each its own copy of; told with every message what the other has changed."""

    def __init__(self) -> None:
        self._held: dict[int, _Held] = {}

    def hold(self, key: int, module: Any) -> Any:
        """Watch a part of a network from now on; returns what is known by this key already, or the part."""
        known = self._held.get(key)
        if known is not None and _shapes(known.module) == _shapes(module):
            return known.module
        self._held[key] = _Held(module, _state(module), module.training)
        if len(self._held) > _MOST:
            del self._held[next(iter(self._held))]
        return module

    def news(self, encode: Callable[[Any], Any]) -> list[Any]:
        """What has changed since the other side was last told, or has last told."""
        found = []
        for key, held in self._held.items():
            tensors = {name: part for name, part in _own(held.module) if not _is_same(part, held.tensors.get(name))}
            if tensors or held.on is not held.module.training:
                found.append([key, [[name, encode(part)] for name, part in tensors.items()], held.module.training])
                held.tensors, held.on = _state(held.module), held.module.training
        return found

    def take(self, news: Any, decode: Callable[[Any], Any]) -> None:
        """Bring what is here to what the other side says; raises ValueRefusedError if it does not fit."""
        torch = sys.modules.get("torch")
        for key, tensors, on in news if torch is not None and isinstance(news, list) else ():
            held = self._held.get(int(key))
            if torch is None or held is None:
                continue
            known = dict(_own(held.module))
            for name, data in tensors:
                _put(torch, known.get(name), decode(data))
            held.module.training = on is True
            held.tensors, held.on = _state(held.module), held.module.training


def _own(module: Any) -> list[tuple[str, Any]]:
    return [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]


def _shapes(module: Any) -> list[Any]:
    return [(name, part.shape) for name, part in _own(module)]


def _state(module: Any) -> dict[str, tuple[Any, Any]]:
    def copied(part: Any) -> Any:
        return None if part is None else part.detach().clone()

    return {name: (copied(part), copied(part.grad)) for name, part in _own(module)}


def _is_same(part: Any, known: tuple[Any, Any] | None) -> bool:
    if known is None:
        return False
    pairs = ((part.detach(), known[0]), (part.grad, known[1]))
    return all(
        now is before or (now is not None and before is not None and _is_equal(now.detach(), before))
        for now, before in pairs
    )


def _is_equal(now: Any, before: Any) -> bool:
    return now.shape == before.shape and bool(((now == before) | (now != now) & (before != before)).all())


def _put(torch: Any, part: Any, found: Any) -> None:
    if part is None or getattr(found, "shape", None) != part.shape:
        raise ValueRefusedError("what was sent are not the parameters of this network")
    with torch.no_grad():
        if not _is_equal(part.detach(), found.detach()):  # what is differentiated must not seem to have changed
            part.copy_(found)
        part.grad = None if found.grad is None else found.grad.detach().clone()
