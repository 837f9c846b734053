"""Equations that look like definitions and define nothing: a point, a word for a constant, functions that meet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradlab.prove.read._scope import is_conventional
from gradlab.prove.read._statements import Kind

if TYPE_CHECKING:
    from gradlab.prove.read._define import Line

_CONSTANT = re.compile(
    r"(?:\\[a-z]+\s*)?\{?\s*(?:cte|ctte|const|cst|c\^te|konst|constant[es]?|konstante?|costante)\.?\s*\}?",
    re.IGNORECASE,
)
_AT = re.compile(
    r"\b(?:at|around|near|(?:at|in) the point|bei|im Punkt|an der Stelle|en el punto|au point)\s*$", re.IGNORECASE
)


def is_called_constant(line: Line, i: int) -> bool:
    """Whether a side is but a word for a constant: what is equal to it does not change, whatever it is."""
    row = line.piece.sides[i]
    return bool(row) and _CONSTANT.fullmatch(line.source.slice(row[0].at, row[-1].end).strip()) is not None


def aside_of(line: Line, document: bool) -> Kind | None:
    """What a line does that says a constant or a point; None for any other line."""
    if is_called_constant(line, 1):
        return Kind.CONDITION
    return Kind.VALUE if document and is_point(line) else None


def is_point(line: Line) -> bool:
    """Whether the name that a line begins with has its value at a point alone: "at x = a", ``x = x_0``."""
    first, second = line.piece.sides[:2]
    if len(line.piece.sides) > 2 or [part.kind for part in first] != ["letter"]:
        return False
    sub = second[0].sub if len(second) == 1 and second[0].text == first[0].text else None
    return _AT.search(line.words) is not None or (first[0].bare and [part.text for part in sub or ()] == ["0"])


def meet(line: Line) -> bool:
    """Whether a line says that one function has the value of another: ``f(a) = g(a)``."""
    first, second = line.piece.sides[:2]
    called = [part.kind for part in second] == ["letter", "group"] and is_conventional(second[0].text)
    same = called and line.source.slice(first[-1].at, first[-1].end) == line.source.slice(second[-1].at, second[-1].end)
    return same and line.piece.relations[0].text == "="
