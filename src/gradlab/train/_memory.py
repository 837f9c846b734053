"""Whether there is memory for a result, asked before the work begins."""

from __future__ import annotations

import os
from pathlib import Path

from gradlab._words import sized
from gradlab.train._errors import TrainError

_MEMORY, _LIMIT, _USED = (
    Path("/proc/meminfo"),
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory.current"),
)

_LITTLE = 1_000_000  # bytes that are not worth the question, which takes as long as a short training


def free_memory() -> int | None:
    """Returns how many bytes this process may still take, or None where the system does not say."""
    known = []
    try:
        lines = _MEMORY.read_text(encoding="ascii").splitlines()
        known += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    except OSError:  # no Linux: then at least no more than there is
        if hasattr(os, "sysconf") and {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= os.sysconf_names.keys():
            known.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    try:
        limit = _LIMIT.read_text(encoding="ascii").strip()
        if limit != "max":
            known.append(int(limit) - int(_USED.read_text(encoding="ascii")))
    except (OSError, ValueError):  # no limit of a container's
        pass
    return min(known, default=None)


def check_memory(size: int, what: str, instead: str) -> None:
    """Refuses before it starts a call that would not fit into memory: says what takes it, and what to write instead."""
    free = free_memory() if size > _LITTLE else None
    if free is not None and size > free:
        raise TrainError(f"{what} would take {sized(size)} of memory, and {sized(free)} are free; {instead}.")
