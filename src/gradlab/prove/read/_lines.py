"""Equations in the rows and columns of a formula: what goes on from row to row is put together, remarks left out."""

from __future__ import annotations

from dataclasses import dataclass

from gradlab import tex
from gradlab.prove.read._brackets import matched
from gradlab.prove.read._part import Part
from gradlab.prove.read._parts import flat
from gradlab.prove.read._pieces import begins_condition

_BINARY = frozenset(("plus", "minus", "times", "slash", "hadamard", "plusminus"))
_OPEN_END = _BINARY | {"relation", "comma", "open", "circ"}


@dataclass(slots=True)
class _Column:
    """An equation that may go on in the next row: its parts, and whether it has an equals sign."""

    parts: list[Part]

    @property
    def has_relation(self) -> bool:
        return any(part.kind == "relation" for part in self.parts)

    @property
    def is_open(self) -> bool:
        """Whether something must follow: an operator at the end, a bracket not closed."""
        depth = sum({"open": 1, "close": -1}.get(part.kind, 0) for part in self.parts)
        return bool(self.parts) and (self.parts[-1].kind in _OPEN_END or depth > 0)


def equations(body: tex.Node) -> list[tuple[Part, ...]]:
    """The equations of a formula, each as one row of parts with its brackets matched."""
    done: list[_Column] = []
    current: list[_Column] = []
    for cells, pairs in _rows(body):
        columns = _columns(cells) if pairs else [[part for cell in cells for part in cell]]
        fresh: list[_Column] = []
        for k, column in enumerate(columns):
            parts, aside = _without_aside(column)
            before = current[k] if k < len(current) else None
            if before is not None and _goes_on(
                before, parts, not cells[2 * k] if pairs and 2 * k < len(cells) else False
            ):
                if before.parts[-1].kind == parts[0].kind == "relation":
                    parts = parts[1:]
                before.parts += parts
                fresh.append(before)
            elif parts:
                fresh.append(_Column(parts))
                done.append(fresh[-1])
            done += [_Column(aside)] if aside else []
        current = fresh or current
    return [matched(column.parts) for column in done]


def _without_aside(parts: list[Part]) -> tuple[list[Part], list[Part]]:
    r"""A row without the reason at its end, behind which the next row goes on: ``a &= b \quad \because b = a``."""
    depth = related = 0
    for i, part in enumerate(parts):
        depth += {"open": 1, "close": -1}.get(part.kind, 0)
        if part.kind == "relation" and part.text == "because" and depth == 0 and related:
            return _without_gaps(parts[:i]), parts[i:]
        related += part.kind == "relation"
    return parts, []


def _goes_on(before: _Column, parts: list[Part], first_cell_empty: bool) -> bool:
    """Whether a row goes on with the equation before it."""
    if not parts or not before.parts:
        return False
    if before.is_open:
        return True
    first = parts[0]
    if first.kind == "relation":
        return first.text not in ("arrow", "because", "colon")
    related = any(part.kind == "relation" for part in parts)
    return first.kind in _BINARY and before.has_relation and (first_cell_empty or not related)


def _columns(cells: list[list[Part]]) -> list[list[Part]]:
    """The equations that stand side by side in a row of an alignment; a remark at its end belongs to the last."""
    found: list[list[Part]] = []
    for k in range(0, len(cells), 2):
        left, right = cells[k], cells[k + 1] if k + 1 < len(cells) else []
        both = [*left, *right]
        if not both:
            continue
        before = found[-1] if found else None
        if before is not None and (before[-1].kind in _OPEN_END or both[0].kind in ("relation", *_BINARY)):
            before += both
        elif before is not None and (both[0].kind == "text" or not any(part.kind == "relation" for part in both)):
            # A remark; one that says under which condition the equation holds is kept.
            if any(part.kind == "text" and begins_condition(part.text) for part in both):
                before += [Part("gap", both[0].at, both[0].at), *both]
        else:
            found.append(both)
    return found


def _rows(body: tex.Node) -> list[tuple[list[list[Part]], bool]]:
    """The rows of a formula as cells, and whether the cells are pairs that meet at an alignment point."""
    result: list[tuple[list[list[Part]], bool]] = []
    pending: list[tex.Node] = []
    for item in _items(body):
        table = alignment(item)
        if table is None:
            pending.append(item)
            continue
        for number, row in enumerate(table.rows):
            nested = [inner for inner in row if not _is_blank(inner)]
            if len(nested) == 1 and any(alignment(part) is not None for part in _items(nested[0])):
                result += _rows(nested[0])
                continue
            cells = [_without_gaps(flat([cell])) for cell in row]
            if number == 0 and pending:
                cells[0] = [*_without_gaps(flat(pending)), *cells[0]]
                pending = []
            result.append((cells, table.alternating))
    if pending:
        parts = flat(pending)
        if result and all(part.kind in ("stop", "comma", "gap") for part in parts):
            return result
        result.append(([_without_gaps(parts)], False))
    return result


def _without_gaps(parts: list[Part]) -> list[Part]:
    """A cell without the spaces at its ends."""
    start, end = 0, len(parts)
    while start < end and parts[start].kind == "gap":
        start += 1
    while end > start and parts[end - 1].kind == "gap":
        end -= 1
    return parts[start:end]


def _is_blank(cell: tex.Node) -> bool:
    return all(isinstance(item, tex.Space) for item in _items(cell))


def _items(body: tex.Node) -> list[tex.Node]:
    """What stands side by side in a formula, without the frames, colours and styles around all of it."""
    while True:
        if isinstance(body, tex.Row) and len(body.items) == 1 and not (body.braced and body.command):
            body = body.items[0]
        elif isinstance(body, tex.Styled) and _is_frame(body):
            body = body.body
        else:
            break
    if isinstance(body, tex.Row) and not (body.braced and body.command):
        return [inner for item in body.items for inner in (_items(item) if _is_frame(item) else [item])]
    return [body]


def _is_frame(item: tex.Node) -> bool:
    return isinstance(item, tex.Styled) and item.kind not in ("phantom", "rlap", "llap")


def alignment(node: tex.Node) -> tex.Table | None:
    """The table that a node is, if its rows are equations and not the entries of a matrix."""
    if isinstance(node, tex.Fence) and node.opening in ("{", "") and node.closing in ("", "}"):
        inner = _items(node.body)
        node = inner[0] if len(inner) == 1 else node
        if isinstance(node, tex.Table) and node.environment in ("array", "cases", "dcases", "rcases"):
            return None
    if not isinstance(node, tex.Table):
        return None
    name = node.environment.rstrip("*")
    if name in ("array", "matrix"):
        relations = [any(part.kind == "relation" for part in flat([cell])) for row in node.rows for cell in row]
        return node if any(relations) else None
    if name.endswith(("matrix", "cases")) or name == "subarray":
        return None
    return node
