"""What stays on the other side of a connection, as it is seen from this one."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradlab.labs.grade.protocol._peer import Peer


class RemoteObject:
    """Something on the other side; it can be called, and its attributes be asked for.

    Args:
        peer: how to reach it.
        key: its name there.
        kind: the name of its type.
    """

    def __init__(self, peer: Peer, key: int | str, kind: str) -> None:
        self._peer, self._key, self._kind = peer, key, kind

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it; raises RemoteCallError where it raises anything."""
        return self._peer.call(self._key, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in ("__name__", "__qualname__"):
            return self._peer.labels.get(self._key, self._kind)
        if name.startswith("__"):
            raise AttributeError(name)
        return self._peer.request({"do": "get", "on": self._key, "name": name})

    def __eq__(self, other: object) -> bool:
        """Raises TypeError: it is no data, and its own word on what it equals is worth nothing.

        Without this two of them would differ, and `success_rate(3.0) != success_rate(4.0)` would hold for nothing done.
        """
        raise TypeError(f"what your code returned is a {self._kind}, and no number, text or array that can be compared")

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        """Raises TypeError, for the same reason."""
        raise TypeError(f"what your code returned is a {self._kind}, which is neither true nor false")

    def __repr__(self) -> str:
        return f"<{self._kind} of the submission>"


class RemoteNumber(RemoteObject):
    """A number of another library (Decimal, SymPy's, mpmath's) on the other side, which computes here as a float.

    Args:
        peer: how to reach it.
        key: its name there.
        kind: the name of its type.
        number: what it is as a float.
    """

    def __init__(self, peer: Peer, key: int | str, kind: str, number: float) -> None:
        super().__init__(peer, key, kind)
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


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    setattr(RemoteNumber, f"__{_name}__", _computing(_name))
    setattr(RemoteNumber, f"__r{_name}__", _turned(_name))
for _name in ("eq", "ne", "lt", "le", "gt", "ge", "neg", "pos", "abs", "round", "int", "bool"):
    setattr(RemoteNumber, f"__{_name}__", _computing(_name))
