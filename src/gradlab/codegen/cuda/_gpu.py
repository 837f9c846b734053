"""A GPU of NVIDIA's as trainers ask for it, through cuda.core: nothing of a toolkit is needed, but NVIDIA's driver."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from numpy.typing import NDArray

from gradlab._errors import GradlabError
from gradlab.codegen.cuda._compile import compiled, import_cuda

BUSY = 128  # threads, about as many as keep a multiprocessor at work that is done in registers


@cache
def gpus() -> tuple[Any, ...]:
    """The GPUs of this machine, by number.

    Raises:
        GradlabError: if there is none that can be used; says what is missing.
    """
    core = import_cuda()
    try:
        found = core.Device.get_all_devices()
    except RuntimeError:  # that of the library that looks for the driver
        raise GradlabError('there is no NVIDIA driver here, so no GPU can train; write device="cpu"') from None
    except Exception as error:
        if not _is_of_cuda(error):
            raise
        raise GradlabError(f'NVIDIA\'s driver has no GPU to offer; write device="cpu" ({error})') from None
    if not found:
        raise GradlabError('NVIDIA\'s driver sees no GPU here; write device="cpu"')
    return tuple(found)


def has_gpu() -> bool:
    """Whether there is a GPU, and all that it takes to use it."""
    if importlib.util.find_spec("cuda") is None:
        return False
    try:
        return bool(gpus())
    except GradlabError:
        return False


@cache
def gpu(number: int) -> Gpu:
    """A GPU by its number, which is made ready once.

    Raises:
        GradlabError: if there is none of that number; says what is missing.
    """
    found = gpus()
    if number >= len(found):
        there = ", ".join(f'"cuda:{i}"' for i in range(len(found)))
        raise GradlabError(f"there is no GPU number {number} here, but {there}")
    return Gpu(found[number])


class Gpu:
    """A GPU.

    Args:
        device: which.
    """

    def __init__(self, device: Any) -> None:
        self.device = device
        device.set_current()
        self.stream = device.create_stream()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.device.name

    @property
    def busy(self) -> int:
        """How many threads keep it busy."""
        return BUSY * self.device.properties.multiprocessor_count

    def free(self) -> int:
        """How many bytes of its memory are free."""
        from cuda.bindings.driver import cuMemGetInfo

        self.device.set_current()
        return int(_checked(cuMemGetInfo())[0])

    @contextmanager
    def memory(self) -> Iterator[_Memory]:
        """Some of its memory."""
        self.device.set_current()  # contexts are threads' own
        memory = _Memory(self)
        try:
            yield memory
        except Exception as error:
            if not _is_of_cuda(error):
                raise
            raise GradlabError(f"{self.name} failed: {error}") from error
        finally:
            memory.close()

    def kernel(self, source: str, name: str) -> _Kernel:
        """The kernel of that name in a program."""
        self.device.set_current()
        code = import_cuda().ObjectCode.from_cubin(compiled(source, f"sm_{self.device.arch}"))
        return _Kernel(self, code.get_kernel(name))


class _Memory:
    def __init__(self, gpu: Gpu) -> None:
        self.gpu, self.buffers = gpu, list[Any]()

    def close(self) -> None:
        """Gives all of it back."""
        for buffer in self.buffers:
            buffer.close(self.gpu.stream)

    def put(self, array: NDArray[Any]) -> int:
        from cuda.bindings.driver import cuMemcpyHtoDAsync

        place = self.room(array)
        if array.nbytes:
            _checked(cuMemcpyHtoDAsync(place, array.ctypes.data, array.nbytes, self.gpu.stream.handle))
        return place

    def room(self, array: NDArray[Any]) -> int:
        self.buffers.append(self.gpu.device.allocate(max(1, array.nbytes), stream=self.gpu.stream))
        return int(self.buffers[-1].handle)

    def get(self, place: int, array: NDArray[Any]) -> None:
        from cuda.bindings.driver import cuMemcpyDtoHAsync

        _checked(cuMemcpyDtoHAsync(array.ctypes.data, place, array.nbytes, self.gpu.stream.handle))
        self.gpu.stream.sync()


class _Kernel:
    def __init__(self, gpu: Gpu, kernel: Any) -> None:
        self.gpu, self.kernel = gpu, kernel

    def launch(self, blocks: int, threads: int, *arguments: Any) -> None:
        core = import_cuda()
        core.launch(self.gpu.stream, core.LaunchConfig(grid=blocks, block=threads), self.kernel, *arguments)


def _is_of_cuda(error: Exception) -> bool:
    return type(error).__module__.startswith("cuda.")


def _checked(result: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a function of the driver gives beside its success.

    Raises:
        GradlabError: if it had none.
    """
    error, *rest = result
    if int(error):
        raise GradlabError(f"the GPU failed: {error.name}")
    return tuple(rest)
