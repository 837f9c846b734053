"""A filter of system calls for submissions: what reaches into the kernel, and what no answer to a lab needs."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
from collections.abc import Mapping
from typing import Any, Final

_SET_SECCOMP, _FILTER = 22, 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in what the kernel shows a filter
_X32: Final = 0x40000000  # calls of another numbering in the same architecture

# Mounts, other processes' memory, keys, modules, programs in the kernel, and rings of calls that pass a filter by.
# Sources: the kernel's arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
_EVERYWHERE: Final = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 440, 442)
_REFUSED: Final[Mapping[str, tuple[int, int, tuple[int, ...]]]] = {  # architecture, `socket`, the others
    "x86_64": (0xC000003E, 41, (
        101, 154, 155, 161, 163, 165, 166, 167, 168, 169, 175, 176, 179, 246, 248, 249, 250, 272, 298, 303, 304, 308,
        310, 311, 313, 320, 321, 323,
    )),
    "aarch64": (0xC00000B7, 198, (
        39, 40, 41, 51, 60, 89, 97, 104, 105, 106, 117, 142, 217, 218, 219, 224, 225, 241, 264, 265, 268, 270, 271,
        273, 280, 282, 294,
    )),
}  # fmt: skip
_FAMILIES: Final = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)


def filter_calls(libc: Any) -> None:
    """Refuse dangerous system calls to this process and what it starts, for good; no new privileges must be set.

    Raises:
        OSError: if the kernel takes no filter. On other processors than x86-64 and arm64 there is none.
    """
    known = _REFUSED.get(platform.machine())
    if known is None:
        return
    steps = _program(*known)
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(code))
    if libc.prctl(_SET_SECCOMP, _FILTER, ctypes.create_string_buffer(program), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"filter of system calls: {os.strerror(number)}")


def _program(architecture: int, open_socket: int, others: tuple[int, ...]) -> list[tuple[int, int, int, int]]:
    """The filter as instructions of the kernel: what to do, how far to jump if so and if not, and a number."""
    refuse, unknown = (_RETURN, 0, 0, _REFUSE | errno.EPERM), (_RETURN, 0, 0, _REFUSE | errno.EAFNOSUPPORT)
    allow = (_RETURN, 0, 0, _ALLOW)
    steps = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), refuse, (_LOAD, 0, 0, _NUMBER)]
    steps += [(_AT_LEAST, 0, 1, _X32), refuse]
    for number in (*others, *_EVERYWHERE):
        steps += [(_EQUAL, 0, 1, number), refuse]
    steps += [(_EQUAL, 1, 0, open_socket), allow, (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    for family in _FAMILIES:
        steps += [(_EQUAL, 0, 1, int(family)), allow]
    return [*steps, unknown]
