"""Data apart from all else that names may mean: copied with what it shares, and compared."""

from __future__ import annotations

import copy
import random
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

_CONTAINERS: Final = (list, tuple, dict, set)
_LARGEST: Final = 2_000_000  # numbers of an array that is copied


def copied(value: Any, memo: dict[int, Any] | None = None) -> Any:
    """Copy data: numbers, arrays, and lists, tuples, dicts and sets of such.

    Args:
        value: the data.
        memo: what was copied already, by id; what several values share is shared by their copies. Default nothing.

    Returns:
        The copy, also of tables, networks, optimisers and sources of random numbers; of all else, and of what holds
        more than two million numbers, the thing itself.
    """
    memo = {} if memo is None else memo
    if id(value) in memo:
        return memo[id(value)]
    if type(value) in _CONTAINERS:
        return _of_container(value, memo)
    if is_array(value) and _count(value) <= _LARGEST:
        memo[id(value)] = made = _of_array(value, memo)
        return made
    if has_state(value) or _is_table(value):
        with suppress(Exception):  # what its own parts happen to raise: then it is what it is
            return _with_slopes(copy.deepcopy(value, memo), value)
    return value


def _with_slopes(made: Any, value: Any) -> Any:
    """A copy of a network with the gradients too, which a step of descent is made by."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.nn.Module):
        for mine, its in zip(made.parameters(), value.parameters(), strict=True):
            mine.grad = None if its.grad is None else its.grad.clone()
    return made


def _is_table(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.Series | pandas.DataFrame) and value.size <= _LARGEST


def may_change(value: Any) -> bool:
    """Whether a call may change something in place that `copied` copies: an array, a table, a list, a dict or a set."""
    return is_array(value) or _is_table(value) or type(value) in (list, dict, set)


def overwrite(target: Any, value: Any) -> None:
    """Give data in place what a copy of it holds; an array of another shape stays as it is."""
    if type(target) is not type(value):
        return
    if isinstance(target, list):
        target[:] = value
    elif isinstance(target, dict | set):
        target.clear()
        target.update(value)
    elif _is_table(target):
        make: Any = type(target).__init__
        make(target, value)
    elif target.shape == value.shape and hasattr(target, "detach"):
        target.detach().copy_(value)
    elif target.shape == value.shape:
        target[...] = value


def _of_array(value: Any, memo: dict[int, Any]) -> Any:
    if not hasattr(value, "detach"):
        return value.copy()
    return copy.deepcopy(value, memo) if value.is_leaf else value.detach().clone()


def has_state(value: Any) -> bool:
    """Whether something is a network, an optimiser or a source of random numbers, not too large to be copied."""
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch is not None and isinstance(value, torch.nn.Module):
        return sum(part.numel() for part in value.parameters()) <= _LARGEST
    return (
        (torch is not None and isinstance(value, torch.optim.Optimizer | torch.Generator))
        or (numpy is not None and isinstance(value, numpy.random.Generator | numpy.random.RandomState))
        or isinstance(value, random.Random)
        or (is_own(type(value)) and hasattr(value, "__dict__"))
    )


def is_own(kind: type) -> bool:
    """Whether a class is of the notebook's own, and of no library."""
    return kind.__module__ == "__main__"


def _state(value: Any) -> Any:
    """What of such a thing tells whether it has changed."""
    if hasattr(value, "state_dict") and hasattr(value, "register_state_dict_pre_hook"):
        return [getattr(value, "training", None), *_leaves(value.state_dict())]
    if hasattr(value, "bit_generator"):
        return list(_leaves(value.bit_generator.state))
    get: Any = getattr(value, "get_state", None) or getattr(value, "getstate", None)
    return list(_leaves(get() if get is not None and not is_own(type(value)) else vars(value)))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)
    else:
        yield value


def _of_container(value: Any, memo: dict[int, Any]) -> Any:
    if isinstance(value, tuple | set):
        memo[id(value)] = made = type(value)(copied(part, memo) for part in value)
        return made
    memo[id(value)] = made = type(value)()  # it may hold itself
    if isinstance(value, list):
        made += [copied(part, memo) for part in value]
    else:
        made.update({name: copied(part, memo) for name, part in value.items()})
    return made


def same(first: Any, second: Any) -> bool:
    """Whether data is as it was."""
    if first is second or type(first) is not type(second):
        return first is second
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(value, second[name]) for name, value in first.items())
    if is_array(first):
        return tuple(first.shape) == tuple(second.shape) and bool(((first == second) | (first != first)).all())
    if _is_table(first):
        return bool(first.equals(second))
    if has_state(first):
        return same(_state(first), _state(second))
    return isinstance(first, bool | int | float | complex | str | bytes | set) and first == second


def is_array(value: Any) -> bool:
    """Whether something is an array of NumPy or a tensor of PyTorch."""
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    return (torch is not None and isinstance(value, torch.Tensor)) or (
        numpy is not None and isinstance(value, numpy.ndarray)
    )


def _count(value: Any) -> int:
    return value.numel() if hasattr(value, "numel") else value.size
