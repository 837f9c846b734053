"""Cut the homework out of a prose cell so that the paragraphs around it stay apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gradlab.labs._blocks import Line, Role
from gradlab.labs._cut import OutLine

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_ENVIRONMENT = re.compile(r"\\(begin|end)\{")
_LIST_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s")


def cut_prose(lines: Sequence[Line], keep: Iterable[Role]) -> tuple[OutLine, ...]:
    """Make a version's prose cell from the template's.

    Args:
        lines: the cell's lines.
        keep: the roles of the lines that this version shows.

    Returns:
        The lines. Where some were cut there is exactly one blank line, unless a table, a list, a formula or
        fenced code goes on there.
    """
    roles = frozenset(keep)
    out: list[OutLine] = []
    context = _Context()
    seam = False
    for line in lines:
        if line.role not in roles:
            seam = True
            continue
        if seam and out and not context.holds:
            if out[-1].text.strip() and line.text.strip() and not _go_on(out[-1].text, line.text):
                out.append(OutLine("", 0))
            elif not out[-1].text.strip() and not line.text.strip():
                continue  # the blank line of the other side of the cut
        seam = False
        context.read(line.text)
        out.append(OutLine(line.text, line.number))
    return tuple(out)


def strip_blank(lines: Sequence[OutLine]) -> tuple[OutLine, ...]:
    """Leave out the blank lines at both ends.

    Args:
        lines: the lines of a cell.

    Returns:
        The lines between.

    >>> strip_blank([OutLine("", 1), OutLine("text", 2)])
    (OutLine(text='text', line=2),)
    """
    rows = [row for row, line in enumerate(lines) if line.text.strip()]
    return tuple(lines[rows[0] : rows[-1] + 1]) if rows else ()


def _go_on(before: str, after: str) -> bool:
    """Whether two lines are of one table or one list, which a blank line would tear apart."""
    tables = before.lstrip().startswith("|") and after.lstrip().startswith("|")
    return tables or (_LIST_ITEM.match(before) is not None and _LIST_ITEM.match(after) is not None)


class _Context:
    """Knows whether a line stands inside fenced code, display mathematics or a LaTeX environment."""

    def __init__(self) -> None:
        self.fence = ""
        self.dollars = False
        self.depth = 0

    @property
    def holds(self) -> bool:
        return bool(self.fence) or self.dollars or self.depth > 0

    def read(self, text: str) -> None:
        match = _FENCE.match(text)
        if self.fence:
            if match and match[1].startswith(self.fence) and not text.strip().strip(self.fence[0]):
                self.fence = ""
            return
        if match:
            self.fence = match[1]
            return
        if text.count("$$") % 2:
            self.dollars = not self.dollars
        for word in _ENVIRONMENT.findall(text):
            self.depth = max(0, self.depth + (1 if word == "begin" else -1))
