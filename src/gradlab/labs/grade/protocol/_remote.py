"""What stays on the other side of a connection, as it is seen from this one."""

from __future__ import annotations

import builtins
import importlib
import inspect
import itertools
import operator
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from gradlab.labs.grade._data import is_own
from gradlab.labs.grade.protocol._values import ValueRefusedError

if TYPE_CHECKING:
    from gradlab.labs.grade.protocol._peer import Peer

_MOST_AT_ONCE: Final = 256  # items that are fetched ahead
_WORD: Final = ("eq", "ne", "lt", "le", "gt", "ge", "bool", "float", "int", "index", "complex")
_COMPARES: Final = {"__eq__", "__lt__"}
_COMPUTES: Final = {"__len__", "__array__", "__float__", "__int__", "__index__", "__complex__", "__add__", "__sub__",
                    "__mul__"}  # fmt: skip
_COMPUTED: Final = ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow")
_ALONE: Final = ("neg", "pos", "abs", "round")


class OpaqueError(ValueRefusedError, TypeError):
    """What is on the other side would have to say itself what it equals, is more than, or comes to."""


class RemoteObject:
    """Something on the other side: called, looked into, its attributes asked for; what it says itself is no data.

    Args:
        peer: how to reach it.
        key: its name there.
        kind: the name of its type.
        is_data: whether it may be compared or computed with over there, so that only a human can say what it is worth.
        is_read: whether what it says of itself when it is asked is taken for what it is; what it returns when it is
            called is so always.
    """

    def __init__(self, peer: Peer, key: int | str, kind: str, is_data: bool = False, is_read: bool = True) -> None:
        self._peer, self._key, self._kind, self._is_data, self._is_read = peer, key, kind, is_data, is_read

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it; raises RemoteCallError where it raises anything."""
        return self._peer.call(self._key, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in ("__name__", "__qualname__"):
            return self._peer.labels.get(self._key, self._kind)
        if name.startswith("__"):
            raise AttributeError(name)
        self._believe()
        return self._peer.request({"do": "get", "on": self._key, "name": name})

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or not self._peer.is_judge:
            super().__setattr__(name, value)
        else:
            self._peer.request({"do": "set", "on": self._key, "name": name, "value": self._peer.encode(value)})

    def _believe(self) -> None:
        if not self._is_read:
            said = f"what your code returned is of a class of its own, {self._kind}, that the lab does not ask for"
            raise OpaqueError(f"{said}; what such an object says of itself is for a human to look at")

    def _look(self, how: str, **more: Any) -> Any:
        self._believe()
        return self._peer.request({"do": "look", "on": self._key, "how": how, **more})

    def __len__(self) -> int:
        """How long it says that it is."""
        return operator.index(self._look("len"))

    def __getitem__(self, place: Any) -> Any:
        """The entry at a place, a key or a slice."""
        return self._look("item", at=self._peer.encode(place))

    def __iter__(self) -> Iterator[Any]:
        """Its items in turn, of which some are fetched ahead."""
        source, count, more = self._look("iter"), 1, True
        while more:
            found, more = source._look("next", at=count)
            yield from found
            count = min(2 * count, _MOST_AT_ONCE)

    def __next__(self) -> Any:
        """The next item of what is gone through once."""
        found, _ = self._look("next", at=1)
        if not found:
            raise StopIteration
        return found[0]

    def __instancecheck__(self, value: Any) -> bool:
        """Whether something is an instance of it, a class."""
        return self._tests(isinstance, value)

    def __subclasscheck__(self, value: Any) -> bool:
        """Whether another class is derived from it."""
        return self._tests(issubclass, value)

    def _tests(self, how: Callable[[Any, Any], bool], value: Any) -> bool:
        there = _there(value)
        return _unless_data(value, self.__name__) if there is None else there._is_one(how, self, {})

    def _is_one(self, how: Callable[[Any, Any], bool], kind: Any, given: Mapping[str, Any]) -> bool:
        if isinstance(kind, type) and is_own(kind):
            name = kind.__name__
            kind = given[name] if name in given else self._peer.request({"do": "value", "name": name})
        order = {"do": "look", "on": self._key, "how": how.__name__, "at": self._peer.encode(kind)}
        return self._peer.request(order) is True

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """What it is as an array, for NumPy."""
        import numpy

        found = self._look("array")
        return numpy.asarray(found if isinstance(found, list | numpy.ndarray) else self._refuse(), dtype)

    def _refuse(self, *_: Any) -> Any:
        """What it must not say itself: with its own word for what it equals or comes to, anything would be right.

        Without this two of them would differ, and `success_rate(3.0) != success_rate(4.0)` would hold for nothing done.
        """
        said = f"what your code returned is a {self._kind}, and no number, text or array that can be compared"
        raise (OpaqueError if self._is_data else TypeError)(said)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<{self._kind} of the submission>"


def looked(value: Any, how: str, at: Any) -> Any:
    """What a look from the other side into something of ours finds.

    Args:
        value: what is ours.
        how: in which way it is looked at.
        at: where, or how many items are asked for.

    Raises:
        TypeError: if there is nothing of the kind to be seen.
    """
    if how == "item":
        return value[at]
    if how in ("isinstance", "issubclass"):
        found = any(at is base for base in (type(value) if how == "isinstance" else value).__mro__)
        if found is not getattr(builtins, how)(value, at):
            raise ValueRefusedError(f"{at} says itself what is one of its kind")
        return found
    if how == "next":
        found = list(itertools.islice(value, at))
        return found, len(found) == at
    if how == "array":
        made = importlib.import_module("numpy").asarray(value)
        return made if made.dtype != object else made.tolist() if made.ndim else None
    return {"len": len, "iter": iter}[how](value)


def class_tests(given: Mapping[str, Any]) -> dict[str, Callable[[Any, Any], bool]]:
    """`isinstance` and `issubclass` for a check: the classes that something has on the other side decide there.

    Args:
        given: the classes that both sides have, by name.
    """

    def holds(how: Callable[[Any, Any], bool], value: Any, kinds: Any) -> bool:
        there, each = _there(value), kinds if isinstance(kinds, tuple) else (kinds,)
        if there is not None:
            return any(there._is_one(how, kind, given) for kind in each)
        own = next((kind.__name__ for kind in each if isinstance(kind, type) and is_own(kind)), "")
        return how(value, kinds) or (bool(own) and not is_own(type(value)) and _unless_data(value, own))

    return {how.__name__: partial(holds, how) for how in (isinstance, issubclass)}


def _unless_data(value: Any, name: str) -> bool:
    """False of what is of no class that a notebook makes; a number or a list may be of one there, and is not here."""
    if value is None or isinstance(value, bool | type):
        return False
    raise OpaqueError(f"whether a {type(value).__name__} is of the class {name} cannot be seen here")


def _there(value: Any) -> RemoteObject | None:
    """What stands for something on the other side, also where that is a network which is computed there."""
    found = value if isinstance(value, RemoteObject) else getattr(value, "__dict__", {}).get("_remote")
    return found if isinstance(found, RemoteObject) else None


def may_be_data(value: Any) -> bool:
    """Whether what stays here can be compared or computed with: a series of another library, and no function."""
    names = {name for base in type(value).__mro__[:-1] for name in vars(base)}
    return bool(names & _COMPUTES) or (bool(names & _COMPARES) and not inspect.isroutine(value))


class RemoteNumber(RemoteObject):
    """A number of another library (Decimal, SymPy's, mpmath's) on the other side, which computes here as a float.

    Args:
        peer: how to reach it.
        key: its name there.
        kind: the name of its type.
        number: what it is as a float.
    """

    def __init__(self, peer: Peer, key: int | str, kind: str, number: float) -> None:
        super().__init__(peer, key, kind, is_data=True)
        self._number = number

    def __float__(self) -> float:
        """Its value."""
        return self._number

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """Its value, for NumPy."""
        import numpy

        return numpy.array(self._number, dtype)

    __hash__ = object.__hash__


def _computing(name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(operator, name, None) or getattr(builtins, name)

    def method(self: RemoteNumber, *others: Any) -> Any:
        return function(self._number, *(part._number if isinstance(part, RemoteNumber) else part for part in others))

    return method


def _turned(name: str) -> Callable[[RemoteNumber, Any], Any]:
    return lambda self, other: getattr(operator, name)(other, self._number)


for _name in (*_WORD, *_ALONE, *_COMPUTED, *(f"r{name}" for name in _COMPUTED)):
    setattr(RemoteObject, f"__{_name}__", RemoteObject._refuse)
for _name in _COMPUTED:
    setattr(RemoteNumber, f"__{_name}__", _computing(_name))
    setattr(RemoteNumber, f"__r{_name}__", _turned(_name))
for _name in ("eq", "ne", "lt", "le", "gt", "ge", *_ALONE, "int", "bool"):
    setattr(RemoteNumber, f"__{_name}__", _computing(_name))
