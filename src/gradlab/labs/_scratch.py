"""A stand-in for the template's folder, in which cells may write without anything being added to the course.

`data.csv` and `../utils/plot.py` are found as they would be beside the template, and what a cell writes lands in the
stand-in and goes with it. The template's own folder is copied (what is large or plentiful is linked), the folders
above it are linked.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LEVELS_UP = 3  # how far above the template's folder relative paths are followed
_UNLINKED = frozenset({"__pycache__", ".ipynb_checkpoints", ".git"})
_COPIED_BYTES, _COPIED_ENTRIES = 1_000_000, 2000


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """Make a stand-in for a folder, and for those above it, that a run may write to.

    Yields:
        The stand-in; it is removed afterwards.
    """
    root = Path(tempfile.mkdtemp(prefix="gradlab-run-"))
    try:
        chain = [folder, *folder.parents][:_LEVELS_UP]
        place = root
        for position, original in enumerate(reversed(chain)):
            if position:
                place = place / original.name
                place.unlink(missing_ok=True)
                place.mkdir()
            if original != folder:
                _link_entries(original, place)
        _copy_entries(folder, place)
        yield place
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _link_entries(original: Path, place: Path) -> None:
    with suppress(PermissionError):
        for entry in original.iterdir():
            if entry.name not in _UNLINKED:
                (place / entry.name).symlink_to(entry)


def _copy_entries(original: Path, place: Path) -> None:
    """Copy a folder file by file; large files, hidden folders and what exceeds the count are linked instead."""
    copied = 0
    waiting = [(original, place)]
    while waiting:
        source, target = waiting.pop(0)
        with suppress(PermissionError):
            for entry in sorted(source.iterdir()):
                copied += 1
                goal = target / entry.name
                if entry.name in _UNLINKED:
                    continue
                if copied > _COPIED_ENTRIES or entry.is_symlink() or (entry.is_dir() and entry.name.startswith(".")):
                    goal.symlink_to(entry)
                elif entry.is_dir():
                    goal.mkdir()
                    waiting.append((entry, goal))
                elif entry.is_file() and entry.stat().st_size <= _COPIED_BYTES and os.access(entry, os.R_OK):
                    shutil.copy2(entry, goal)
                else:
                    goal.symlink_to(entry)
