r"""What is computed from the like of itself: ``h_t = \tanh(w h_{t-1})`` hides that ``h_{t-1}`` depends on w, too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradlab.graph import Expression
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove._names import FREE
from gradlab.prove._verdict import Step, Truth
from gradlab.prove.judge._doubts import every, names_of, reached
from gradlab.prove.read._nodes import Derivative, Indexed
from gradlab.prove.read._statements import Kind, Known

_NUMBERED = re.compile(r"(.+[_^])([a-z])(?:[+-]\d+)?")
Pair = tuple[Expression | NotUnderstoodError, ...]


def forgotten(pair: Pair, known: Known, step: Step) -> str:
    """Which name a step with a verdict takes as a constant that the text computes as the like of it; empty if none."""
    if step.kind is not Kind.CLAIM or step.truth is Truth.NOT_UNDERSTOOD:
        return ""
    sides = tuple(side for side in pair if isinstance(side, Expression))
    slopes = [node for side in sides for node in every(side) if isinstance(node, Derivative)]
    taken = {name for node in slopes for name in names_of((node.body,))}
    for node in slopes:
        below = names_of(reached((node.body,), known))
        for by in names_of(node.wrt):
            for name in sorted(below - taken - set(known.quantities)):
                if by != name and any(_is_like(name, other, by, known) for other in known.quantities):
                    a, b = name.removeprefix(FREE), by.removeprefix(FREE)
                    depends = f"{a} may depend on {b}, as what is computed from it does"
                    return f"{depends}: write \\frac{{d {a}}}{{d {b}}} in it"
    head = next(_unlinked(sides, known), "") if step.truth is Truth.TRUE else ""
    return f"nothing says how {head} with one index depends on {head} with another" if head else ""


def _is_like(name: str, other: str, by: str, known: Known) -> bool:
    """Whether a quantity is the like of a name at another time, and is computed from a variable of all times."""
    own, its = (_NUMBERED.fullmatch(re.sub(r"[{}()]", "", each)) for each in (name, other))
    if own is None or its is None or name == other or own.groups() != its.groups():
        return False
    tail = re.split(r"[_^]", by, maxsplit=1)[1:]
    if tail and its[2] in re.sub(r"\\[a-zA-Z]+", "", tail[0]):
        return False
    return by in names_of(reached((known.quantities[other],), known))


def _unlinked(sides: tuple[Expression, ...], known: Known) -> Iterator[str]:
    """The families of which an entry is differentiated by another in a side, though none is computed from others."""
    for node in (node for side in sides for node in every(side) if node is not side):
        if not (isinstance(node, Derivative) and isinstance(node.body, Indexed)):
            continue
        head = node.body.head
        same = any(isinstance(by, Indexed) and by.head == head and by != node.body for by in node.wrt)
        if same and head not in names_of(
            reached((known.families[head].body,), known) if head in known.families else ()
        ):
            yield head.removeprefix(FREE)
