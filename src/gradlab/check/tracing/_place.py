"""The line of the user's code that an operation comes from."""

from __future__ import annotations

import linecache
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_OWN = str(Path(__file__).parent.parent)
_LIBRARIES = ("numpy", "torch", "jax", "jaxlib", "scipy")
# What notebooks call the files that hold their cells.
_CELLS = ("ipykernel_", "<ipython-input-", "<cell")
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a program: file, line, the text of the line, and a key that also tells calls on one line apart."""

    file: str = ""
    line: int = 0
    text: str = ""
    key: tuple[Any, ...] = ()

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
            return place(name, frame.f_lineno, (frame.f_code, frame.f_lasti))
        frame = frame.f_back
    return Place()


def place(file: str, line: int, key: tuple[Any, ...] = ()) -> Place:
    """A spot, with the text of its line where the source can be read."""
    return Place(file, line, linecache.getline(file, line).strip(), key or (file, line))
