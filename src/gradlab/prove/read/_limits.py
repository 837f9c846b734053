r"""Limits: ``\lim_{h \to 0}``, from one side, at infinity; where the formula behind one ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradlab.graph import Expression, Ref, walk
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read._label import Label, label_of, occurs
from gradlab.prove.read._nodes import Index, Limit, Total, mapped
from gradlab.prove.read._part import Part
from gradlab.prove.read._rows import Item, Row
from gradlab.prove.read._scope import free

if TYPE_CHECKING:
    from gradlab.prove.read._reader import Reader

_WRITE = "write below the \\lim what tends to what, as in \\lim_{h \\to 0}"
_SIDES = {"plus": 1, "minus": -1}


def is_limit(item: Item) -> bool:
    r"""Whether something is a ``\lim`` with its range below it."""
    return isinstance(item, Part) and item.kind == "function" and item.text == "lim" and item.sub is not None


def limit_of(reader: Reader, sign: Part, rest: list[Item]) -> Expression:
    r"""A ``\lim`` and the row behind it."""
    if not rest:
        raise NotUnderstoodError("nothing stands behind this \\lim", sign.at)
    name, target = _range(sign)
    variable = reader.sum(name)
    if not isinstance(variable, Ref):
        raise NotUnderstoodError(f"what tends to something is one name that nothing computes: {_WRITE}", sign.at)
    reader.sizes.add(variable.name)
    label = label_of(name[0])
    assert label is not None
    member = next(_members(label, tuple(item for item in rest if isinstance(item, Part))), None)
    reader.tending.append(label)
    try:
        body = reader.product(tuple(rest))
    finally:
        reader.tending.pop()
    runs = variable.name in body.names or any(
        isinstance(node, Index) and node.letter == label.head for node in walk(body)
    )
    if member is not None and (not runs or not _is_family(reader, member)):
        said = f"nothing says what {member.head} with this index is, so its limit is not judged"
        raise NotUnderstoodError(said, sign.at)
    if any(
        isinstance(node, Total) and node.upper is not None and variable.name in node.upper.names for node in walk(body)
    ):
        raise NotUnderstoodError("a limit of more and more terms is not judged", sign.at)
    if reader.scope.computed(variable.name) is not None:
        body, variable = _bound(reader, body, variable, sign)
    target, side = _side(target)
    kinds = [part.kind for part in target]
    if "infinity" in kinds:
        if kinds not in (["infinity"], ["plus", "infinity"], ["minus", "infinity"]) or side:
            raise NotUnderstoodError(_WRITE, sign.at)
        return Limit(body, variable, None, -1 if kinds[0] == "minus" else 1)
    value = reader.sum(target)
    if variable.name in value.names:
        raise NotUnderstoodError(_WRITE, sign.at)
    return Limit(body, variable, value, side)


def _is_family(reader: Reader, member: Label) -> bool:
    return any(name.startswith(free(member.head)) for name in reader.scope.known.families)


def _members(label: Label, row: Row) -> Iterator[Label]:
    r"""The names in a row that have one as their index: the x of ``x_n`` for n."""
    for part in row:
        own = label_of(part)
        if own is not None and any(token.text == label.head for token in (*own.below, *own.above)):
            yield own
        for inner in (*part.inside, part.sup or ()):
            yield from _members(label, inner)


def _bound(reader: Reader, body: Expression, variable: Ref, sign: Part) -> tuple[Expression, Ref]:
    """What tends to something as a name of its own, where the text says elsewhere how one of that name is computed."""
    scope, own = reader.scope, Ref(f"{variable.name} bound")
    given = {name for name in scope.reached(variable.name) if scope.computed(name) is None}
    others = set[str]().union(*(scope.reached(name) for name in body.names if name != variable.name))
    # It may tend to something by itself as long as one of those that it is computed from is left free.
    if variable.name in scope.names.graph or variable.name in others or given <= others:
        raise NotUnderstoodError(f"what tends to something is one name that nothing computes: {_WRITE}", sign.at)
    return mapped(body, lambda node: own if node == variable else None), own


def _range(sign: Part) -> tuple[Row, Row]:
    """What tends, and to what."""
    row = tuple(part for part in sign.sub or () if part.kind != "gap")
    arrows = [i for i, part in enumerate(row) if part.kind == "relation" and part.text == "arrow"]
    if len(arrows) != 1 or arrows[0] != 1 or label_of(row[0]) is None or len(row) < 3 or sign.sup is not None:
        raise NotUnderstoodError(_WRITE, sign.at)
    return row[:1], row[2:]


def _side(target: Row) -> tuple[Row, int]:
    """The target without the sign that says from which side: ``0^+``, ``0+``."""
    last = target[-1]
    if last.kind in _SIDES and len(target) > 1:
        return target[:-1], _SIDES[last.kind]
    if last.sup is not None and len(last.sup) == 1 and last.sup[0].kind in _SIDES:
        bare = Part(last.kind, last.at, last.end, last.text, last.inside, last.sub, None, last.primes)
        return (*target[:-1], bare), _SIDES[last.sup[0].kind]
    return target, 0


def bound_by(item: Item) -> Label | None:
    """The name that a limit binds."""
    if not is_limit(item):
        return None
    assert isinstance(item, Part)
    row = [part for part in item.sub or () if part.kind != "gap"]
    return label_of(row[0]) if row else None


def is_free_in(label: Label, items: list[Item]) -> bool:
    """Whether a name stands in a term, not bound by a limit in the same."""
    for i, item in enumerate(items):
        other = bound_by(item)
        if other is not None and (other.head, other.sub) == (label.head, label.sub):
            return False
        if isinstance(item, Part) and occurs(label, (items[i],)):  # type: ignore[arg-type]
            return True
    return False
