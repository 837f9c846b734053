"""Rows that are numbers, by how they are written."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from gradlab.prove.read._part import Row

if TYPE_CHECKING:
    from gradlab.prove.read._define import Line

_NEAR = 0.01
_KINDS = frozenset(("number", "infinity", "minus", "plus", "slash", "times", "fraction", "root", "group"))
_CONSTANT = re.compile(
    r"(?:\\[a-z]+\s*)?\{?\s*(?:cte|ctte|const|cst|c\^te|konst|constant[es]?|konstante?|costante)\.?\s*\}?",
    re.IGNORECASE,
)


def is_numeric(row: Row) -> bool:
    r"""Whether nothing but numbers stands in a row: ``2``, ``-\frac13``, ``\sqrt 2``."""
    return bool(row) and all(
        part.kind in _KINDS and part.text != "⟨" and all(is_numeric(inner) for inner in part.inside) for part in row
    )


def is_value(row: Row) -> bool:
    r"""Whether a row is a number that may be written with functions and constants: ``\pi/4``, ``2\ln 3``."""
    parts = [part for part in row if part.kind not in ("function", "word") and part.text != r"\pi"]
    inside = [inner for part in row for inner in (*part.inside, *([part.sup] if part.sup else []))]
    known = all(part.kind in _KINDS and part.text != "⟨" for part in parts) and not any(part.sub for part in row)
    return bool(row) and known and all(map(is_value, inside))


def is_pi(row: Row) -> bool:
    r"""Whether a row is the letter ``\pi``."""
    return len(row) == 1 and row[0].text == r"\pi" and row[0].bare and not row[0].accent


def is_near_pi(row: Row) -> bool:
    r"""Whether a number, or the quotient of two, is so near to the constant that ``\pi`` is no other quantity."""
    inside = row[0].inside if len(row) == 1 and row[0].kind == "fraction" else (row[:1], row[2:])
    texts = [part.text for side in inside for part in side if part.kind == "number"]
    if len(texts) != sum(map(len, inside)) or not texts:
        return False
    value = float(texts[0]) / float(texts[1] if len(texts) > 1 else 1)
    cut = len(texts) == 1 and str(math.pi).startswith(texts[0])  # 3.1415, which is not rounded, but no mistake
    return abs(value / math.pi - 1) < _NEAR and not (cut and len(texts[0]) > len("3.14"))


def is_called_constant(line: Line, i: int) -> bool:
    """Whether a side is but a word for a constant: what is equal to it does not change, whatever it is."""
    row = line.piece.sides[i]
    return bool(row) and _CONSTANT.fullmatch(line.source.slice(row[0].at, row[-1].end).strip()) is not None
