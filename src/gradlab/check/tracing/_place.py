"""The line of the user's code that an operation comes from."""

from __future__ import annotations

import linecache
import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import CodeType
from typing import Any

_OWN = str(Path(__file__).parent.parent)
_LIBRARIES = ("numpy", "torch", "jax", "jaxlib", "scipy")
# What notebooks call the files that hold their cells.
_CELLS = ("ipykernel_", "<ipython-input-", "<cell")
_LONGEST, _LONGEST_PART = 60, 40


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a program: file, line, the text of the line, and a key that also tells calls on one line apart.

    `part` is the expression on the line, such as "x[0] * x[1]"; "" if it is not known, long or on several lines.
    """

    file: str = ""
    line: int = 0
    text: str = ""
    key: tuple[Any, ...] = ()
    part: str = ""

    def __str__(self) -> str:
        if not self.text:
            return ""
        text = self.text if len(self.text) <= _LONGEST else f"{self.text[: _LONGEST - 3]}..."
        if not self.file:
            return text
        if any(mark in self.file for mark in _CELLS):
            return f"this notebook's cell, line {self.line}: {text}"
        return f"{Path(self.file).name}:{self.line}: {text}"


def place_of_caller() -> Place:
    """The innermost spot on the stack that belongs neither to the judge nor to a numerical library."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not (name.startswith(_OWN) or any(f"/site-packages/{library}/" in name for library in _LIBRARIES)):
            return _place_in(frame.f_code, frame.f_lasti, frame.f_lineno)
        frame = frame.f_back
    return Place()


@lru_cache(maxsize=4096)
def _place_in(code: CodeType, instruction: int, line: int) -> Place:
    spot = place(code.co_filename, line, (code, instruction))
    first, last, start, end = next(islice(code.co_positions(), instruction // 2, None))
    if first != last or start is None or end is None or end - start > _LONGEST_PART:
        return spot
    written = linecache.getline(code.co_filename, line).encode()[start:end]
    return replace(spot, part=written.decode(errors="ignore"))


def place(file: str, line: int, key: tuple[Any, ...] = ()) -> Place:
    """A spot, with the text of its line where the source can be read."""
    return Place(file, line, linecache.getline(file, line).strip(), key or (file, line))
