"""From a place in a text to its line and column, without counting from the beginning each time."""

from __future__ import annotations

import re
from bisect import bisect_right

_LINE_END = re.compile(r"\n")


class LineIndex:
    r"""The lines of a text.

    >>> LineIndex("a\nbc").at(3)
    (2, 2)
    """

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(text))]

    def at(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of a character, both counted from 1."""
        row = bisect_right(self._starts, offset)
        return row, offset - self._starts[row - 1] + 1
