r"""Primes that transpose, as in econometrics: a text that writes ``X'X`` means no derivative by it."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace
from itertools import pairwise

from gradlab.prove.read._define import Line
from gradlab.prove.read._part import Part
from gradlab.prove.read._scope import FUNCTION_LETTERS

Row = tuple[Part, ...]


def turn_primes(lines: list[Line]) -> None:
    """Read primes as transpositions where a matrix stands behind itself with one: in that formula all of them.

    Elsewhere in such a text it is those on capitals that are no usual names of functions.
    """
    called = FUNCTION_LETTERS.union(*(_called(side) for line in lines for side in line.piece.sides))
    for line in lines:
        line.piece.sides = [_of_whole(side, called) for side in line.piece.sides]
    formulas = {id(line.source) for line in lines if any(map(_has_square, line.piece.sides))}
    for line in lines if formulas else ():
        every = id(line.source) in formulas
        for piece in (line.piece, *line.conditions):
            piece.sides = [_turned(side, every) for side in piece.sides]


def _called(row: Row) -> Iterator[str]:
    """The letters of a row that are functions: they stand before one name in brackets, or have a prime of their own."""
    for part, after in pairwise(row):
        if part.kind == "letter" and after.kind == "group" and not after.primes and len(after.inside) == 1:
            if part.primes or [each.kind for each in after.inside[0]] == ["letter"]:
                yield part.text
    for part in row:
        for inner in part.inside:
            yield from _called(inner)


def _of_whole(row: Row, called: Set[str]) -> Row:
    """A row in which a prime behind ``f(g(x))`` is the derivative of all of it, and one behind ``f(x^2)`` that of f.

    ``called`` are the letters of functions.
    """
    found: list[Part] = []
    for part in row:
        own = replace(part, inside=tuple(_of_whole(inner, called) for inner in part.inside))
        function = found and (found[-1].kind in ("function", "word") or found[-1].text in called)
        named = function and found[-1].kind in ("letter", "function", "word") and part.kind == "group" and part.primes
        inner = part.inside[0] if named else ()
        if [each.kind for each in inner] not in ([], ["letter"], ["number"]):
            function = found.pop()
            whole = function, replace(own, primes=0)
            own = Part("group", function.at, part.end, "(", (whole,), primes=part.primes)
        elif inner and inner[0].sup is not None:
            found[-1] = replace(found[-1], primes=found[-1].primes + part.primes)
            own = replace(own, primes=0)
        found.append(own)
    return tuple(found)


def _has_square(row: Row) -> bool:
    parts = list(_letters(row))
    return any(_is_square(a, b) for a, b in pairwise(parts)) or any(
        _has_square(inner) for part in parts for inner in part.inside
    )


def _is_square(first: Part, second: Part) -> bool:
    """Whether something with a prime stands directly before the same without one, a matrix or made of one."""
    alone = first.primes == 1 and not second.primes and first.sup is None and second.sup is None
    return alone and _like(first) == _like(second) and _holds_matrix(first)


def _holds_matrix(part: Part) -> bool:
    if part.kind == "letter":
        return _is_matrix(part)
    return part.kind == "group" and any(_is_matrix(inner) for row in part.inside for inner in _letters(row))


def _is_matrix(part: Part) -> bool:
    return part.kind == "letter" and part.text.isupper() and part.text not in FUNCTION_LETTERS


def _letters(row: Row) -> Iterator[Part]:
    for part in row:
        if part.kind == "run":
            yield from part.inside[0]
        else:
            yield part


def _like(part: Part) -> tuple[object, ...]:
    """What a part looks like, wherever it stands."""
    scripts = tuple(None if row is None else tuple(map(_like, row)) for row in (part.sub, part.sup))
    inside = tuple(tuple(map(_like, row)) for row in part.inside)
    return (part.kind, part.text, part.style, part.accent, inside, scripts)


def _turned(row: Row, every: bool) -> Row:
    result: list[Part] = []
    for part in row:
        if part.kind == "run" and any(_is_to_turn(letter, every) for letter in part.inside[0]):
            result += _turned(part.inside[0], every)
            continue
        inside = tuple(_turned(inner, every) for inner in part.inside)
        own = replace(part, inside=inside, sup=None if part.sup is None else _turned(part.sup, every))
        if _is_to_turn(part, every):
            own = replace(own, primes=0, sup=(Part("transpose", part.end, part.end, "⊤"),))
        result.append(own)
    return tuple(result)


def _is_to_turn(part: Part, every: bool) -> bool:
    if part.primes != 1 or part.sup is not None:
        return False
    return _is_matrix(part) or (every and part.kind in ("letter", "group") and part.text not in FUNCTION_LETTERS)
