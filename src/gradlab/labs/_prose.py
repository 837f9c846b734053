"""Cut the homework out of a prose cell so that the paragraphs around it stay apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gradlab.labs._blocks import Line, Role
from gradlab.labs._cut import OutLine
from gradlab.tex import LineIndex, find_math, protected

_FENCE = re.compile(r"(?:`{3,}|~{3,})[ \t]*(?:math)?[ \t]*$")
_LIST_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s")


def cut_prose(lines: Sequence[Line], keep: Iterable[Role]) -> tuple[OutLine, ...]:
    """Make a version's prose cell from the template's.

    Returns:
        The lines. Where some were cut there is exactly one blank line, unless a table, a list, a formula or
        fenced code goes on there.
    """
    roles = frozenset(keep)
    kept = [line.text for line in lines if line.role in roles]
    held = _held(kept) if len(kept) < len(lines) else set[int]()
    out: list[OutLine] = []
    seam, row = False, -1
    for line in lines:
        if line.role not in roles:
            seam = True
            continue
        row += 1
        if seam and out and row not in held:
            if out[-1].text.strip() and line.text.strip() and not _go_on(out[-1].text, line.text):
                out.append(OutLine("", 0))
            elif not out[-1].text.strip() and not line.text.strip():
                continue  # the blank line of the other side of the cut
        seam = False
        out.append(OutLine(line.text, line.number))
    return tuple(out)


def in_dollars(lines: Sequence[OutLine]) -> tuple[OutLine, ...]:
    r"""Write GitHub's fences of mathematics as Jupyter shows them: between dollars, and without blank lines.

    >>> [line.text for line in in_dollars([OutLine("```math", 1), OutLine("x", 2), OutLine("```", 3)])]
    ['$$', 'x', '$$']
    """
    text = "\n".join(line.text for line in lines)
    index, made = LineIndex(text), list(lines)
    for formula in find_math(text).formulas if "math" in text else ():
        if formula.is_fence:
            first, last = (
                index.at(place)[0] - 1 for place in (formula.offset, formula.offset + len(formula.source) - 1)
            )
            for row in (first, last):
                made[row] = made[row]._replace(text=_FENCE.sub("$$", made[row].text, count=1))
            for row in range(first + 1, last):
                made[row] = made[row] if made[row].text.strip() else made[row]._replace(text="%")
    return tuple(made)


def strip_blank(lines: Sequence[OutLine]) -> tuple[OutLine, ...]:
    """Leave out the blank lines at both ends.

    >>> strip_blank([OutLine("", 1), OutLine("text", 2)])
    (OutLine(text='text', line=2),)
    """
    rows = [row for row, line in enumerate(lines) if line.text.strip()]
    return tuple(lines[rows[0] : rows[-1] + 1]) if rows else ()


def _go_on(before: str, after: str) -> bool:
    """Whether two lines are of one table or one list, which a blank line would tear apart."""
    tables = before.lstrip().startswith("|") and after.lstrip().startswith("|")
    return tables or (_LIST_ITEM.match(before) is not None and _LIST_ITEM.match(after) is not None)


def _held(texts: Sequence[str]) -> set[int]:
    """The rows before which code or a formula goes on."""
    text = "\n".join(texts)
    index = LineIndex(text)
    spans = [*protected(text), *((f.offset, f.offset + len(f.source)) for f in find_math(text).formulas)]
    return {row for start, end in spans for row in range(index.at(start)[0], index.at(end - 1)[0])}
