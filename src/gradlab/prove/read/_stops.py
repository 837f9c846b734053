r"""Full stops between factors: ``\frac{1}{a} . b`` multiplies, ``a = b. c = d`` parts, ``a = b . c = d`` is open."""

from __future__ import annotations

from dataclasses import replace

from gradlab.prove.read._part import Part

Row = tuple[Part, ...]
_NO_FACTORS = frozenset("plus minus times slash hadamard outer circ relation comma stop gap text dots error".split())
_MESSAGE = r"a full stop here may multiply, or end an equation: write \cdot, or an equation by itself"


def as_products(row: Row) -> Row:
    """A row that holds no equations, where a full stop can only multiply."""
    return tuple(_times(part) if _is_between(row, i) else part for i, part in enumerate(row))


def parted(row: Row) -> Row:
    """A row that may hold several equations: a full stop multiplies where what it parts is none without it.

    One with a space behind it alone ends a sentence.
    """
    between = [i for i in range(len(row)) if _is_between(row, i) and not _ends_a_sentence(row, i)]
    result = list(row)
    for i in between:
        before, after = _stretch(row[:i][::-1]), _stretch(row[i + 1 :])
        result[i] = replace(row[i], kind="error", text=_MESSAGE) if before and after else _times(row[i])
    return tuple(result)


def _is_between(row: Row, i: int) -> bool:
    """Whether a part is a full stop between two factors."""
    if row[i].kind != "stop" or row[i].text != "." or not 0 < i < len(row) - 1:
        return False
    return row[i - 1].kind not in _NO_FACTORS and row[i + 1].kind not in _NO_FACTORS


def _ends_a_sentence(row: Row, i: int) -> bool:
    return row[i - 1].end == row[i].at and row[i].end < row[i + 1].at


def _stretch(parts: Row) -> bool:
    """Whether a relation stands among the parts up to where an equation begins or ends."""
    for part in parts:
        if part.kind in ("comma", "text", "gap"):
            return False
        if part.kind == "relation":
            return True
    return False


def _times(part: Part) -> Part:
    return replace(part, kind="times", text="⋅")
