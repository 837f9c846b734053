"""A network of the judge's in a sandbox: its parameters are there and can be trained, its results come from here."""

from __future__ import annotations

import copy
import importlib
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from gradlab._errors import GradlabError
from gradlab.labs.grade.protocol._remote import RemoteObject
from gradlab.labs.grade.protocol._values import ValueRefusedError

_MOST: Final = 2_000_000  # numbers in all parameters
_kinds: dict[str, Any] = {}


class UnseenError(ValueRefusedError, AttributeError):
    """What a network has that is not to be seen from the other side."""


def encode_module(value: Any, export: Callable[[Any], int], encode: Callable[[Any], Any]) -> dict[str, Any] | None:
    """Encode a network, so that the other side can make one of the same parameters that is computed here.

    Args:
        value: any.
        export: lets the other side call something.
        encode: encodes a tensor.

    Returns:
        What JSON can hold, None of anything else.
    """
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, torch.nn.Module):
        return None
    if sum(part.numel() for part in value.parameters()) > _MOST:
        return None
    children = [[name, encode_module(child, export, encode)] for name, child in value.named_children()]
    kind, plain = type(value), {name: part for name, part in vars(value).items() if not name.startswith("_")}
    is_library = (
        kind.__module__.startswith("torch.nn.") and vars(value).keys() - plain <= vars(torch.nn.Module()).keys()
    )
    return {
        "r": export(value), "n": kind.__name__, "mod": export(partial(_computed, value)), "on": value.training,
        "kind": [kind.__module__, [[name, encode(part)] for name, part in plain.items()]] if is_library else None,
        "own": [[name, encode(part)] for name, part in value.named_parameters(recurse=False)],
        "more": [[name, encode(part)] for name, part in value.named_buffers(recurse=False)], "parts": children,
    }  # fmt: skip


def decode_module(data: Mapping[str, Any], refer: Callable[[int, str], Any], decode: Callable[[Any], Any]) -> Any:
    """Make such a network of what `encode_module` returned.

    Args:
        data: what was sent.
        refer: makes what stands for something on the other side.
        decode: makes a tensor, or a network of what was sent for a part.
    """
    if data["kind"] is None:
        made = _kind()(refer(data["r"], data["n"]), refer(data["mod"], "forward"))
    else:  # of PyTorch's own: it is there too
        module, plain = data["kind"]
        kind = getattr(importlib.import_module(module), data["n"])
        made = kind.__new__(kind)
        sys.modules["torch"].nn.Module.__init__(made)
        for name, part in plain:
            setattr(made, name, decode(part))
    object.__setattr__(made, "_remote_key", data["r"])
    for name, part in data["own"]:
        tensor = decode(part)
        tensor._is_param = True  # a parameter, and still the tensor that one may differentiate by from outside
        made._parameters[name] = tensor
    for name, part in data["more"]:
        made._buffers[name] = decode(part)
    for name, part in data["parts"]:
        made._modules[name] = decode(part)
    return made.train(data["on"])


def is_opened(value: Any) -> bool:
    """Whether something is a network that is computed on the other side."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module) and "_remote_key" in vars(value)


def state_of(value: Any) -> dict[str, Any]:
    """The parameters and buffers of a network, by name."""
    return {**dict(value.named_parameters()), **dict(value.named_buffers())}


def put_state(module: Any, state: Any) -> None:
    """Give a network other numbers; raises ValueRefusedError where they do not fit."""
    with sys.modules["torch"].no_grad():
        for name, part in _fitting(module, state).items():
            part.copy_(state[name])


def with_state(module: Any, state: Any) -> Any:
    """A network with other numbers: itself where they are the same, else a copy."""
    made = copy.deepcopy(module)
    put_state(made, state)
    known = state_of(module)
    return made if any(bool((part != known[name]).any()) for name, part in state_of(made).items()) else module


def _fitting(module: Any, state: Any) -> dict[str, Any]:
    known = state_of(module)
    fits = isinstance(state, dict) and state.keys() == known.keys()
    if not fits or any(getattr(state[name], "shape", None) != part.shape for name, part in known.items()):
        raise ValueRefusedError("what was sent are not the parameters of this network")
    return known


def _computed(module: Any, state: Any, training: Any, args: Any, kwargs: Any) -> Any:
    """What a network makes of its inputs with the other side's numbers; and its buffers behind that."""
    torch, before = sys.modules["torch"], module.training
    _fitting(module, state)
    module.train(training is True)
    try:
        found = torch.func.functional_call(module, state, tuple(args), dict(kwargs))
    finally:
        module.train(before)
    return found, {name: state[name] for name, _ in module.named_buffers()}


def _kind() -> Any:
    """The class of such networks, made when torch is there."""
    if "made" not in _kinds:
        torch = sys.modules["torch"]

        class OpenedModule(torch.nn.Module):
            def __init__(self, remote: Any, compute: Any) -> None:
                super().__init__()
                object.__setattr__(self, "_remote", remote)
                object.__setattr__(self, "_compute", compute)

            def forward(self, *args: Any, **kwargs: Any) -> Any:
                found, buffers = self._compute(state_of(self), self.training, list(args), kwargs)
                with torch.no_grad():
                    for name, part in self.named_buffers():
                        part.copy_(buffers[name])
                return found

            def __getattr__(self, name: str) -> Any:
                try:
                    return super().__getattr__(name)
                except AttributeError:
                    if name.startswith("_"):
                        raise
                try:
                    found = getattr(self._remote, name)
                except GradlabError as problem:
                    raise UnseenError(f"{name} of this network is not to be used here") from problem
                if isinstance(found, RemoteObject):  # it would be computed with the numbers from before
                    raise UnseenError(f"{name} of this network is not to be used here")
                return found

            def __deepcopy__(self, memo: dict[int, Any]) -> Any:
                made = type(self)(self._remote, self._compute)
                object.__setattr__(made, "_remote_key", self._remote._key)
                for name in ("_parameters", "_buffers", "_modules"):
                    getattr(made, name).update(copy.deepcopy(getattr(self, name), memo))
                return made.train(self.training)

        _kinds["made"] = OpenedModule
    return _kinds["made"]
