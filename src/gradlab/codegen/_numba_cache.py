"""Compiled kernels, kept on disk: a printed kernel is a file of its own, beside which Numba keeps the machine code.

The name of the file holds a hash of all that determines the machine code: the source, the operations and
approximations it is compiled with, the versions of Python, Numba and LLVM, and what the processor can do.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from gradlab._errors import GradlabError
from gradlab._files import replacing

CACHE_VARIABLE = "GRADLAB_CACHE_DIR"
BY_SIZE = {"float32": 4, "float64": 8}
log = logging.getLogger("gradlab.codegen")
_LONG, _LONGEST = 2**18, 2**21  # letters of a kernel: a layer of two units has 7,000

HEADER = '''"""A kernel that gradlab printed; it is run from here, so that its machine code can be kept."""

from numba import njit, types

from gradlab.codegen._numba_passes import KernelCompiler
from gradlab.codegen._vectors import operations

globals().update(operations("{dtype}", {lanes}))
number, numbers, whole = types.{dtype}, types.{dtype}[::1], types.intp


@njit(
    types.void(
        numbers, numbers, numbers, numbers, number, whole, whole, whole, whole, types.boolean, numbers,
        numbers, numbers, numbers, numbers, numbers, numbers,
    ),
    nogil=True,
    cache=True,
    pipeline_class=KernelCompiler,
)
'''

DRAWING = '''"""Draws random numbers; it is run from here, so that its machine code can be kept."""

from numba import njit, types

from gradlab.codegen._numba_draw import draw_operations

globals().update(draw_operations())
whole, word, numbers, words = types.intp, types.uint64, types.float64[::1], types.uint64[::1]


@njit(
    types.void(
        types.{dtype}[::1], whole, whole, whole, whole, whole, word, word,
        numbers, types.intp[::1], words, words, numbers,
    ),
    nogil=True,
    cache=True,
    error_model="numpy",
)
'''


def import_numba() -> Any:
    """Numba, or an error that says how to install it."""
    try:
        import numba
    except ModuleNotFoundError:
        raise GradlabError("kernels need Numba: pip install 'gradlab[sweep]'") from None
    return numba


@cache
def processor() -> tuple[str, int]:
    """What the processor can do, in words, and the bytes of its longest vectors."""
    import_numba()
    from llvmlite import binding

    features = binding.get_host_cpu_features()
    size = 64 if features.get("avx512f") else 32 if features.get("avx2") else 16
    return f"{binding.get_host_cpu_name()} {features.flatten()}", size


def lanes_for(dtype: str, vectors: int) -> int:
    """How many networks are worked on at once in so many of the processor's vectors."""
    return processor()[1] // BY_SIZE[dtype] * vectors


def load_kernel(
    source: str, dtype: str, lanes: int, notice: Callable[[str], object] | None, what: str
) -> Callable[..., None]:
    """The compiled kernel, from the disk if it has been compiled before.

    Args:
        source: the printed function ``kernel``.
        dtype: its number type.
        lanes: how many networks its vectors hold.
        notice: called with a message before a kernel is compiled; otherwise it is logged.
        what: it trains, for the message.
    """
    return _loaded(HEADER.format(dtype=dtype, lanes=lanes) + source, notice, f"the kernel that trains {what}")


def load_drawing(source: str, dtype: str) -> Callable[..., None]:
    """The compiled drawing, from the disk if it has been compiled before.

    Args:
        source: the printed function ``kernel``.
        dtype: the number type of its results.
    """
    return _loaded(DRAWING.format(dtype=dtype) + source, None, "the kernel that draws starts")


def _loaded(text: str, notice: Callable[[str], object] | None, what: str) -> Callable[..., None]:
    name = f"kernel_{_key(text)}"
    folder = cache_folder()
    try:
        return _from_disk(folder / f"{name}.py", text, notice, what)
    except OSError as error:  # such as a disk that is full
        _not_kept(folder, str(error))
        return _from_disk(_temporary_folder() / f"{name}.py", text, notice, what)


def _from_disk(path: Path, text: str, notice: Callable[[str], object] | None, what: str) -> Callable[..., None]:
    """The kernel, compiled unless its machine code stands beside its file as it was written.

    Numba reads what it finds without looking: an empty index is an error for ever, other damage would be run. So a
    seal, the hash of what was written, is looked at first, and what does not fit it is taken away.
    """
    seal = path.with_suffix(".sha256")
    sealed = seal.read_text(encoding="utf-8") if seal.exists() else None
    kept = sealed is not None and sealed == _machine_code(path)
    if not kept:
        for file in path.parent.glob(f"__pycache__/{path.stem}.*"):
            file.unlink(missing_ok=True)
        damaged = "what was kept of it is damaged: " if sealed is not None else ""
        passing = _temporary_folder.cache_info().currsize and path.parent == _temporary_folder()
        until = "while this process runs" if passing else "for the next time"
        if (long := len(text) > _LONG) and len(text) > _LONGEST:
            raise GradlabError(
                f"{what} has too many layers to be compiled: each is written out, 40 of two units take half a minute, "
                "and twice as many three times as long; take fewer."
            )
        message = f"compiling {what}, which takes {'minutes' if long else 'seconds'}; {damaged}it is kept {until}"
        if notice is not None:
            notice(message)
        else:
            log.log(logging.WARNING if damaged or long else logging.INFO, message)
    if not path.exists() or path.read_bytes() != text.encode():
        write_whole(path, text.encode())
    module = ModuleType(path.stem)
    sys.modules[path.stem] = module  # where Numba looks for it when it reads machine code from the disk
    exec(compile(text, str(path), "exec"), module.__dict__)
    if not kept:
        write_whole(seal, _machine_code(path).encode())
    return module.kernel


def _machine_code(path: Path) -> str:
    """The hash of all that Numba keeps of a kernel."""
    files = sorted(path.parent.glob(f"__pycache__/{path.stem}.*.nb[ic]"))
    return hashlib.sha256(
        b"\0".join(part for file in files for part in (file.name.encode(), file.read_bytes()))
    ).hexdigest()


def _key(text: str) -> str:
    numba = import_numba()
    import llvmlite

    from gradlab.codegen import _approximations, _circular, _normal, _numba_draw, _numba_passes, _special, _vectors

    modules = (_approximations, _circular, _normal, _numba_draw, _numba_passes, _special, _vectors)
    own = [Path(str(module.__file__)).read_text(encoding="utf-8") for module in modules]
    parts = [text, *own, sys.version, numba.__version__, llvmlite.__version__, processor()[0]]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def cache_folder() -> Path:
    """Where kernels are kept: GRADLAB_CACHE_DIR, or gradlab's part of the user's cache; else for this process only."""
    chosen = os.environ.get(CACHE_VARIABLE)
    base = Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gradlab"
    folder = base / "kernels"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.access(folder, os.W_OK):
            return folder
        _not_kept(folder, "it may not be written to")
    except OSError as error:
        _not_kept(folder, str(error))
    return _temporary_folder()


@cache
def _not_kept(folder: Path, reason: str) -> None:
    """Say once a process why kernels are not kept."""
    log.warning("kernels cannot be kept in %s (%s): each process compiles its own", folder, reason)


@cache
def _temporary_folder() -> Path:
    """A folder that is gone when the process ends."""
    folder = tempfile.mkdtemp(prefix="gradlab-kernels-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file in one step, as other processes may want the same kernel.

    Raises:
        OSError: if that cannot be done; then nothing is there.
    """
    with replacing(path) as scratch:
        scratch.write_bytes(content)
