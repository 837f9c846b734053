r"""Functions made of functions, at a point: ``(f \circ g)(x)``, ``(fg)'(x)``, ``\left(\frac{f}{g}\right)'(x)``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradlab.graph import Expression, Ref
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read._label import key_of, label_of
from gradlab.prove.read._nodes import Derivative
from gradlab.prove.read._part import Part
from gradlab.prove.read._rows import Item, Row
from gradlab.prove.read._scope import is_conventional

if TYPE_CHECKING:
    from gradlab.prove.read._reader import Reader


def composed(reader: Reader, part: Part, following: Item | None) -> Expression | None:
    """The value at a point of a bracket that holds functions and no argument of theirs; None for anything else."""
    row = part.inside[0] if part.kind == "group" and part.text in ("(", "[") and len(part.inside) == 1 else ()
    if not row or part.sub is not None or part.sup is not None or not isinstance(following, Part):
        return None
    if following.kind != "group" or following.text not in ("(", "["):
        return None
    argument = replace(following, sup=None, sub=None, primes=0)
    composition = _is_composition(row)
    if not (composition or part.primes):
        return None
    inside = _in_turn(row, argument) if composition else _each(reader, row, argument)
    if inside is None:
        return None
    value = reader.sum(inside)
    if part.primes:
        variable = reader.sum_of(following.inside[0], following)
        if not isinstance(variable, Ref):
            why = "a prime behind a bracket needs a variable: write \\frac{d}{dx} before it"
            raise NotUnderstoodError(why, part.at)
        value = Derivative(value, (variable,) * part.primes, "total")
    return reader.with_scripts(value, replace(following, primes=0))


def _is_composition(row: Row) -> bool:
    names, signs = row[::2], row[1::2]
    alternating = bool(signs) and len(row) % 2 == 1 and all(sign.kind == "circ" for sign in signs)
    return alternating and all(part.kind == "letter" and _is_letter_of_functions(part) for part in names)


def _in_turn(row: Row, argument: Part) -> Row:
    inside = argument
    for name in reversed(row[::2]):
        inside = Part("group", name.at, argument.end, "(", ((name, inside),))
    return inside.inside[0]


def _each(reader: Reader, row: Row, argument: Part) -> Row | None:
    """A row with every function at the argument; None where there is none, and the bracket behind it is a factor."""
    found: list[Part] = []
    result = _applied(reader, row, argument, found)
    own = [_key(letter) for letter in argument.inside[0] if letter.kind == "letter"]
    return result if found and not any(_key(letter) in own for letter in found) else None


def _applied(reader: Reader, row: Row, argument: Part, found: list[Part]) -> Row:
    result: list[Part] = []
    for i, part in enumerate(row):
        following = row[i + 1] if i + 1 < len(row) else None
        if part.kind == "run" and part.bare:
            result += _applied(reader, part.inside[0], argument, found)
        elif part.kind == "letter" and _is_function(reader, part, following):
            found.append(part)
            value = Part("group", part.at, part.end, "{", ((replace(part, sup=None), argument),))
            result.append(replace(value, sup=part.sup))
        elif part.kind in ("group", "fraction", "root"):
            rows = tuple(_applied(reader, inner, argument, found) for inner in part.inside)
            result.append(replace(part, inside=rows))
        else:
            power = None if part.sup is None else _applied(reader, part.sup, argument, found)
            result.append(replace(part, sup=power))
    return tuple(result)


def _is_function(reader: Reader, part: Part, following: Part | None) -> bool:
    if following is not None and following.kind == "group" and following.text in ("(", "["):
        return False
    inverse = part.sup is not None and any(inner.kind == "minus" for inner in part.sup)
    return not inverse and (_is_letter_of_functions(part) or _key(part) in reader.scope.use.applied)


def _is_letter_of_functions(part: Part) -> bool:
    label = label_of(replace(part, sup=None, primes=0))
    return label is not None and is_conventional(label.head)


def _key(part: Part) -> str:
    label = label_of(replace(part, sup=None, primes=0))
    return key_of(label) if label is not None else ""
