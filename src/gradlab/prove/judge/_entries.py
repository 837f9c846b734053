"""Names of entries: of a family, of a vector or matrix, in the graph where it has them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradlab.graph import Expression, Ref
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove._names import Names, Written
from gradlab.prove.read._nodes import Index, Indexed

LARGEST_INDEX = 12


def entry(head: str, below: Sequence[str], above: Sequence[str] = ()) -> str:
    """The free name of an entry, as it is read where it is written with numbers: ``?w_{12}``."""
    sub = "".join(below) if all(len(text) == 1 for text in below) else ",".join(below)
    shown = f"_{sub}" if len(sub) == 1 else f"_{{{sub}}}" if sub else ""
    return head + shown + (f"^{{({','.join(above)})}}" if above else "")


def in_one_spelling(name: str) -> str:
    """A free name without commas between single digits of its index: ``?w_{1,2}`` is ``?w_{12}``."""
    return re.sub(r"_\{(\d(?:,\d)+)\}", lambda match: "_{" + match.group(1).replace(",", "") + "}", name)


def in_graph(names: Names, head: str, below: Sequence[str], above: Sequence[str]) -> str | None:
    """The graph's name for an entry of a family, if it has it."""
    for order in (tuple(below), tuple(reversed(below)) if len(below) > 1 and not below[-1].isdigit() else ()):
        if order or not below:
            try:
                found = names.find(Written(head[1:], ",".join(above), "".join(order)))
            except NotUnderstoodError:
                found = names.find(Written(head[1:], ",".join(above), ",".join(order)))
            if found is not None:
                return found
    return None


def count_in_graph(names: Names, node: Indexed, place: int) -> int:
    """How many entries of a family the graph has, one after the other in one place of its indices."""
    for other in range(1, 5):
        count = 0
        while count < LARGEST_INDEX and _has(names, node, place, count + 1, other):
            count += 1
        if count:
            return count
    return 0


def _has(names: Names, node: Indexed, place: int, number: int, other: int) -> bool:
    texts = [
        str(number if i == place else other) if isinstance(index, Index) else text_of(index)
        for i, index in enumerate(node.args)
    ]
    split = len(node.below)
    return in_graph(names, node.head, texts[:split], texts[split:]) is not None


def text_of(index: Expression) -> str:
    """An index that is no letter, as text."""
    if isinstance(index, Ref):
        return index.name.removeprefix("?")
    value = getattr(index, "value", None)
    return str(value) if value is not None else "?"
