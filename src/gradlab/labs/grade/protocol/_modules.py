"""A network of one side on the other: its parameters are there and can be trained, its results come from here."""

from __future__ import annotations

import copy
import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from gradlab._errors import GradlabError
from gradlab.labs.grade.protocol._remote import RemoteObject
from gradlab.labs.grade.protocol._values import ValueRefusedError

_MOST: Final = 2_000_000  # numbers in all parameters
_kinds: dict[str, Any] = {}


class UnseenError(ValueRefusedError, AttributeError):
    """What a network has that is not to be seen from the other side."""


def encode_module(
    value: Any, export: Callable[[Any], tuple[int, int]], encode: Callable[[Any], Any]
) -> dict[str, Any] | None:
    """Encode a network, so that the other side can make one of the same parameters that is computed here.

    Returns:
        What JSON can hold, None of anything else.
    """
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, torch.nn.Module):
        return None
    try:
        if sum(part.numel() for part in value.parameters()) > _MOST or _is_tied(value):
            return None
    except (RuntimeError, ValueError):  # parameters that get their size at the first call
        return None
    called, computes = export(value)
    children = [[name, encode_module(child, export, encode)] for name, child in value.named_children()]
    kind, plain = type(value), {name: part for name, part in vars(value).items() if not name.startswith("_")}
    is_library = (
        kind.__module__.startswith("torch.nn.") and vars(value).keys() - plain <= vars(torch.nn.Module()).keys()
    )
    return {
        "r": called, "n": kind.__name__, "mod": computes, "on": value.training,
        "kind": [kind.__module__, [[name, encode(part)] for name, part in plain.items()]] if is_library else None,
        "own": [[name, encode(part)] for name, part in value.named_parameters(recurse=False)],
        "more": [[name, encode(part)] for name, part in value.named_buffers(recurse=False)], "parts": children,
    }  # fmt: skip


def decode_module(
    data: Mapping[str, Any], refer: Callable[[int, str], Any], decode: Callable[[Any], Any], *, sees_all: bool
) -> Any:
    """Make such a network of what `encode_module` returned.

    Args:
        data: what was sent.
        refer: makes what stands for something on the other side.
        decode: makes a tensor, or a network of what was sent for a part.
        sees_all: whether what else the network has is to be seen, and set: a submission's by the judge.
    """
    importlib.import_module("torch")
    made = _of_library(data, decode) if data["kind"] is not None else None
    if made is None:
        made = _kind()(refer(int(data["r"]), str(data["n"])), refer(int(data["mod"]), "forward"), sees_all)
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


def _is_tied(value: Any) -> bool:
    """Whether a parameter or a part stands in a network twice."""
    parts = [*value.named_parameters(remove_duplicate=False)]
    modules = [*value.named_modules(remove_duplicate=False)]
    return len(parts) > len({id(part) for _, part in parts}) or len(modules) > len({id(part) for _, part in modules})


def _of_library(data: Mapping[str, Any], decode: Callable[[Any], Any]) -> Any:
    """One of PyTorch's own networks, which is here too; None where it is none, or holds more than plain data."""
    torch, (module, plain) = sys.modules["torch"], data["kind"]
    kind = getattr(sys.modules.get(str(module)), str(data["n"]), None)
    if not (
        str(module).startswith("torch.nn.modules.") and isinstance(kind, type) and issubclass(kind, torch.nn.Module)
    ):
        return None
    values = {str(name): decode(part) for name, part in plain}
    if not all(map(_is_plain, values.values())):
        return None
    made = torch.nn.Module.__new__(kind)
    torch.nn.Module.__init__(made)
    for name, value in values.items():
        setattr(made, name, value)
    return made


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


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


def computed(module: Any, state: Any, training: Any, args: Any, kwargs: Any) -> Any:
    """What a network makes of its inputs with the other side's numbers; and its buffers behind that."""
    torch, before = sys.modules["torch"], module.training
    _fitting(module, state)
    module.train(training is True)
    try:
        found = torch.func.functional_call(module, state, tuple(args), dict(kwargs))
    finally:
        module.train(before)
    return found, {name: state[name] for name, _ in module.named_buffers()}


def _seen(module: Any, name: str) -> Any:
    """What a network has on the other side beside its parameters and parts."""
    if module._sees_all:
        return getattr(module._remote, name)
    try:
        found = getattr(module._remote, name)
    except GradlabError as problem:
        raise UnseenError(f"{name} of this network is not to be used here") from problem
    if isinstance(found, RemoteObject):  # it would be computed with the numbers from before
        raise UnseenError(f"{name} of this network is not to be used here")
    return found


def _copied(module: Any, memo: dict[int, Any]) -> Any:
    made = type(module)(module._remote, module._compute, module._sees_all)
    object.__setattr__(made, "_remote_key", module._remote._key)
    for name in ("_parameters", "_buffers", "_modules"):
        getattr(made, name).update(copy.deepcopy(getattr(module, name), memo))
    return made.train(module.training)


def _is_part(module: Any, name: str, value: Any) -> bool:
    nn = sys.modules["torch"].nn
    return name in ("training", *module._parameters) or isinstance(value, nn.Module | nn.Parameter)


class _Container:
    """Its parts by number, as far as the other side has such; and never empty, whatever length that says."""

    _remote: Any

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self._remote)

    def __getitem__(self, place: Any) -> Any:
        return self._remote[place]

    def __iter__(self) -> Any:
        return iter(self._remote)


def _kind() -> Any:
    """The class of such networks, made when torch is there."""
    if "made" not in _kinds:
        torch = sys.modules["torch"]

        class OpenedModule(_Container, torch.nn.Module):
            def __init__(self, remote: Any, compute: Any, sees_all: bool) -> None:
                super().__init__()
                for name, value in (("_remote", remote), ("_compute", compute), ("_sees_all", sees_all)):
                    object.__setattr__(self, name, value)

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
                return _seen(self, name)

            def __setattr__(self, name: str, value: Any) -> None:
                if self._sees_all and not _is_part(self, name, value):
                    setattr(self._remote, name, value)
                else:
                    super().__setattr__(name, value)

            def __deepcopy__(self, memo: dict[int, Any]) -> Any:
                return _copied(self, memo)

        _kinds["made"] = OpenedModule
    return _kinds["made"]
