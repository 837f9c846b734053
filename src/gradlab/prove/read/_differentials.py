r"""Differentials: ``dy = f'(x) \, dx``, ``d(\operatorname{tr}(AX)) = \operatorname{tr}(A \, dX)``.

A d before a letter is part of a name in texts on networks (``dW``, the derivative of the loss). It is a differential
where the same line applies it to a formula, or where what stands on the left is computed from what stands behind the d
on the right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gradlab.prove.read._label import key_of, label_of
from gradlab.prove.read._part import Part
from gradlab.prove.read._pieces import Piece
from gradlab.prove.read._scope import Scope, free

Row = tuple[Part, ...]
_FORMULAS = frozenset(("group", "function", "fraction", "root", "text"))


def are_meant(scope: Scope, piece: Piece) -> bool:
    """Whether the letters d of a line stand for differentials."""
    if scope.is_name("d") or len(piece.sides) < 2:
        return False
    found = [list(_differentials(row)) for row in piece.sides]
    names = [[part for part, formula in each if not formula] for each in found]
    if any(formula for each in found for _, formula in each):
        return sum(map(bool, found)) > 1 and any(names)
    left = names[0][0] if len(names[0]) == 1 and len(piece.sides[0]) <= 2 else None
    if left is None or not any(names[1:]) or not _begins(piece.sides[0]):
        return False
    below = [name for each in names[1:] for name in each]
    return all(_is_made_of(scope, left, name) for name in below) or _is_total(piece.sides[1], left)


def _begins(row: Row) -> bool:
    return next(_differentials(row), None) is not None


def _differentials(row: Row) -> Iterator[tuple[Part, bool]]:
    """What stands behind a d in a row and in all that it holds, and whether that is a formula, not a name."""
    for i, part in enumerate(row):
        if part.kind == "fraction":
            continue  # of differentials, or of what has none
        following = row[i + 1] if i + 1 < len(row) else None
        if is_sign(part) and following is not None:
            if following.kind == "letter":
                yield following, False
            elif following.kind in _FORMULAS and len(following.inside) < 2:
                yield following, True
        elif part.kind == "run" and len(part.text) == 2 and part.text[0] == "d":
            yield named(part), False
        for inner in part.inside if part.kind != "run" else ():
            yield from _differentials(inner)


def is_sign(part: Part) -> bool:
    """Whether a part may be the d of a differential."""
    return part.kind in ("letter", "word", "text") and part.text.strip() == "d" and part.bare and not part.accent


def named(part: Part) -> Part:
    """The name in a ``dx`` that is typed without a space."""
    return replace(part.inside[0][1], sub=part.sub, sup=part.sup, primes=part.primes)


def _is_made_of(scope: Scope, whole: Part, name: Part) -> bool:
    keys = [_key(part) for part in (whole, name)]
    function = scope.known.functions.get(keys[0])
    if function is not None:
        return keys[1] in function.parameters
    return keys[0] != keys[1] and scope.computed(keys[0]) is not None and keys[1] in scope.reached(keys[0])


def _key(part: Part) -> str:
    label = label_of(replace(part, sup=None))
    return free(key_of(label)) if label is not None else ""


def _is_total(row: Row, left: Part) -> bool:
    r"""Whether a side has derivatives of what stands on the left alone: ``\frac{\partial f}{\partial x} dx``."""
    above = [part.inside[0] for part in row if part.kind == "fraction"]
    own = [len(inner) > 1 and inner[0].kind == "partial" and _key(inner[1]) == _key(left) for inner in above]
    return bool(own) and all(own)
