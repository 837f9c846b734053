"""What a trainer asks of a GPU: kernels from source, memory, and launches."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

from numpy.typing import NDArray


class Memory(Protocol):
    """Some of the machine's memory, given back at the end of a ``with`` block; places are addresses."""

    def put(self, array: NDArray[Any]) -> int:
        """The place of a copy of an array."""
        ...

    def room(self, array: NDArray[Any]) -> int:
        """A place where there is room for such an array."""
        ...

    def get(self, place: int, array: NDArray[Any]) -> None:
        """Copies what stands at a place into an array, once all launches are done."""
        ...


class Kernel(Protocol):
    """A compiled kernel."""

    def launch(self, blocks: int, threads: int, *arguments: Any) -> None:
        """Starts so many blocks of so many threads; an argument is a place, or a number of ctypes."""
        ...


class Machine(Protocol):
    """A GPU."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def busy(self) -> int:
        """How many threads keep it busy."""
        ...

    def free(self) -> int:
        """How many bytes of its memory are free."""
        ...

    def memory(self) -> AbstractContextManager[Memory]:
        """Some of its memory."""
        ...

    def kernel(self, source: str, name: str) -> Kernel:
        """The kernel of that name in a program, compiled unless it is kept from before."""
        ...
