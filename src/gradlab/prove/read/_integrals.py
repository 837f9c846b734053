r"""Integrals: ``\int_0^1 x^2 \, dx``, ``\int \frac{dx}{x}``; where what is integrated ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradlab.graph import ONE, Expression, Ref, add, is_apply
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read._infinitesimals import Integral
from gradlab.prove.read._nodes import Infinity
from gradlab.prove.read._part import Part

if TYPE_CHECKING:
    from gradlab.prove.read._reader import Reader

Row = tuple[Part, ...]
Side = Expression | NotUnderstoodError
_CONSTANTS = tuple(Ref(f"?{name}") for name in ("C", "c", "K", "k", r"\mathrm{const}"))
_ENDS = frozenset(("plus", "minus", "comma", "relation", "gap", "text", "stop"))
_BY_WHAT = "it is not clear where this integral ends: write by what is integrated, as in \\int f(x) \\, dx"


def joined(reader: Reader, row: Row) -> Row:
    """A row in which every integral is one part, with what is integrated and by what inside."""
    start = next((i for i, part in enumerate(row) if part.kind == "integral" and not part.inside), None)
    if start is None or reader.scope.is_name("d"):
        return row
    found = _end(row, start)
    if found is None:
        return row
    body, variable, end = found
    whole = replace(row[start], end=variable.end, inside=(body, (variable,)))
    return joined(reader, (*row[:start], whole, *row[end:]))


def _end(row: Row, start: int) -> tuple[Row, Part, int] | None:
    """What an integral is of, by what it is taken, and where the row goes on."""
    depth = 1
    for i in range(start + 1, len(row)):
        depth += row[i].kind == "integral" and not row[i].inside
        found = _differential(row, i)
        depth -= found is not None
        if found is not None and i == start + 1 and row[i].kind != "fraction" and _integrand_end(row, i + found[2]):
            return None  # what stands behind is integrated: without the d at its end it is not clear how far
        if found is not None and depth == 0:
            before, variable, count = found
            return (*row[start + 1 : i], *before), variable, i + count
    return None


def _integrand_end(row: Row, start: int) -> int:
    r"""Where what stands behind a differential ends, as in ``\int dx \, x^2``; 0 where nothing stands there."""
    end = next((i for i in range(start, len(row)) if row[i].kind in _ENDS), len(row))
    return end if end > start else 0


def _differential(row: Row, i: int) -> tuple[Row, Part, int] | None:
    r"""The parts before a differential at a place, its variable, how many parts it takes: ``dx``, ``\frac{dx}{x}``."""
    part, following = row[i], row[i + 1] if i + 1 < len(row) else None
    if part.kind in ("letter", "word") and part.text == "d" and part.bare and not part.accent:
        return ((), following, 2) if following is not None and following.kind == "letter" else None
    if part.kind == "run" and part.text[-2] == "d":
        letters = part.inside[0]
        last = replace(letters[-1], sub=part.sub, sup=part.sup)
        return letters[:-2], last, 1
    if part.kind == "fraction" and part.bare and part.inside[0]:
        above = part.inside[0]
        for k in range(len(above)):
            found = _differential(above, k)
            if found is not None and k + found[2] == len(above):
                left = (*above[:k], *found[0]) or (Part("number", part.at, part.at, "1"),)
                return (replace(part, inside=(left, part.inside[1])),), found[1], 1
    return None


def integral(reader: Reader, part: Part) -> Expression:
    """An integral."""
    if not part.inside or part.text != "∫":
        raise NotUnderstoodError(
            _BY_WHAT if part.text == "∫" else "only integrals over one variable are judged", part.at
        )
    body_row, (name,) = part.inside
    variable = reader.name(name)
    if not isinstance(variable, Ref):
        raise NotUnderstoodError("one integrates by one name: write it behind the d, as in \\int f(x) \\, dx", name.at)
    body = reader.sum(body_row) if body_row else ONE
    if part.sub is None and part.sup is None:
        return Integral(body, variable)
    if part.sub is None or part.sup is None:
        raise NotUnderstoodError("write both bounds of this integral, as in \\int_a^b", part.at)
    return Integral(body, variable, _bound(reader, part.sub), _bound(reader, part.sup))


def without_constants(sides: tuple[Side, ...]) -> tuple[Side, ...]:
    r"""Sides without the ``+ C`` of an integral without bounds that stands in another: they are equal up to that."""
    if not any(isinstance(side, Expression) and _is_indefinite(side) for side in sides):
        return sides

    def without(side: Side) -> Side:
        if not isinstance(side, Expression) or not is_apply(side, "add") or _is_indefinite(side):
            return side
        kept = [term for term in side.args if term not in _CONSTANTS]
        return add(*kept)

    return tuple(map(without, sides))


def _is_indefinite(side: Expression) -> bool:
    own = isinstance(side, Integral) and side.lower is None
    return own or any(map(_is_indefinite, side.args))


def _bound(reader: Reader, row: Row) -> Expression:
    if row and row[-1].kind == "infinity" and [part.kind for part in row[:-1]] in ([], ["plus"], ["minus"]):
        return Infinity(-1 if row[0].kind == "minus" else 1)
    return reader.sum(row)
