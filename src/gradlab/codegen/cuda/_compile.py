"""CUDA C -> machine code of a GPU, by NVRTC: it needs no toolkit, and no GPU either. What it gives is kept on disk."""

from __future__ import annotations

import hashlib
from typing import Any

from gradlab._errors import GradlabError
from gradlab.codegen._numba_cache import cache_folder, write_whole

STANDARD = "c++17"
DIGEST = 32  # bytes before the machine code, which tell whether it is as it was written


def import_cuda() -> Any:
    """cuda.core, or an error that says how to install it.

    Raises:
        GradlabError: if it is missing, or a part of it.
    """
    try:
        import cuda.bindings.nvrtc  # cuda.core comes without it
        import cuda.core
    except ImportError as error:
        raise GradlabError(f"a GPU needs NVIDIA's compiler: pip install 'gradlab[cuda]' ({error})") from None
    return cuda.core


def compiled(source: str, arch: str) -> bytes:
    """The machine code (a cubin) of a program, from the disk if it has been compiled before.

    Args:
        source: the program.
        arch: what it is for, such as "sm_90".

    Raises:
        GradlabError: if CUDA's compiler is not installed.
    """
    core = import_cuda()
    from cuda.bindings.nvrtc import nvrtcVersion

    version = nvrtcVersion()[1:]
    key = hashlib.sha256("\0".join([source, arch, STANDARD, *map(str, version)]).encode()).hexdigest()[:24]
    path = cache_folder() / f"gpu_{key}.cubin"
    if path.exists():
        kept = path.read_bytes()
        if hashlib.sha256(kept[DIGEST:]).digest() == kept[:DIGEST]:
            return kept[DIGEST:]
    program = core.Program(source, "c++", core.ProgramOptions(std=STANDARD, arch=arch))
    code = bytes(program.compile("cubin").code)
    write_whole(path, hashlib.sha256(code).digest() + code)
    return code
