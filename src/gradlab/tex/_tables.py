"""TeX's environments of rows and columns: matrices, cases, aligned equations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from gradlab.tex._errors import TexError
from gradlab.tex._tree import Fence, Node, Row, Table, place

if TYPE_CHECKING:
    from gradlab.tex._parse import Parser

_Kind = Literal["matrix", "cases", "align", "gather", "array", "lines"]


@dataclass(frozen=True, slots=True)
class _Environment:
    kind: _Kind
    opening: str = ""
    closing: str = ""
    arguments: int = 0


ENVIRONMENTS: dict[str, _Environment] = {
    "matrix": _Environment("matrix"),
    "pmatrix": _Environment("matrix", "(", ")"),
    "bmatrix": _Environment("matrix", "[", "]"),
    "Bmatrix": _Environment("matrix", "{", "}"),
    "vmatrix": _Environment("matrix", "|", "|"),
    "Vmatrix": _Environment("matrix", "‖", "‖"),
    "smallmatrix": _Environment("matrix"),
    "psmallmatrix": _Environment("matrix", "(", ")"),
    "bsmallmatrix": _Environment("matrix", "[", "]"),
    "cases": _Environment("cases", "{", ""),
    "dcases": _Environment("cases", "{", ""),
    "rcases": _Environment("cases", "", "}"),
    "drcases": _Environment("cases", "", "}"),
    "array": _Environment("array", arguments=1),
    "subarray": _Environment("array", arguments=1),
    **dict.fromkeys(("align", "align*", "aligned", "split", "flalign", "flalign*"), _Environment("align")),
    **dict.fromkeys(("alignat", "alignat*", "alignedat", "xalignat", "xalignat*"), _Environment("align", arguments=1)),
    **dict.fromkeys(("eqnarray", "eqnarray*"), _Environment("array")),
    **dict.fromkeys(("gather", "gather*", "gathered", "multline", "multline*", "multlined"), _Environment("gather")),
    **dict.fromkeys(("equation", "equation*", "displaymath", "math"), _Environment("lines")),
}

PLAIN_TABLES = {
    "matrix": "matrix", "array": "matrix", "pmatrix": "pmatrix", "cases": "cases", "eqalign": "aligned",
    "displaylines": "gathered",
}  # fmt: skip
r"""Plain TeX's commands with their rows in braces, as in `\pmatrix{a & b \cr c & d}`, and the environments they are."""

_RULES = ("\\hline", "\\hdashline", "\\toprule", "\\midrule", "\\bottomrule")


@dataclass(slots=True)
class _Rows:
    cells: list[list[Node]] = field(default_factory=lambda: list[list[Node]]())
    tags: list[str | None] = field(default_factory=lambda: list[str | None]())
    labels: list[tuple[str, ...]] = field(default_factory=lambda: list[tuple[str, ...]]())
    rules: set[int] = field(default_factory=lambda: set[int]())


def _read(parser: Parser) -> _Rows:
    """Read rows of cells until what ends the environment; TeX ignores an empty last row, and so does this."""
    outer, outer_labels, rows = parser.tag, parser.labels, _Rows()
    cells: list[Node] = []
    parser.tag, parser.labels = None, []
    while True:
        while not cells and parser.tokens.peek() in _RULES:
            parser.tokens.take()
            rows.rules.add(len(rows.cells))
        cells.append(parser.row())
        token = parser.tokens.peek()
        if token == "&":
            parser.tokens.take()
            continue
        last = token not in ("\\\\", "\\cr")
        if last and len(cells) == 1 and cells[0] == Row():
            outer, outer_labels = parser.tag or outer, outer_labels + parser.labels
            break
        rows.cells.append(cells)
        rows.tags.append(parser.tag or parser.number(parser.labels))
        rows.labels.append(tuple(parser.labels))
        parser.tag, parser.labels, cells = None, [], []
        if last:
            break
        parser.tokens.take()
        parser.tokens.optional()
    parser.tag, parser.labels = outer, outer_labels
    return rows


def read_rows(parser: Parser) -> Node:
    """Read what may be one row (the usual case) or several lines broken by a double backslash."""
    at = parser.tokens.here()
    rows = _read(parser)
    if len(rows.cells) <= 1 and all(len(row) == 1 for row in rows.cells):
        _hand_up(parser, rows)
        return rows.cells[0][0] if rows.cells else place(Row(), at, at)
    table = _table(rows, "align" if any(len(row) > 1 for row in rows.cells) else "gather", None)
    return place(table, at, parser.tokens.end)


def _hand_up(parser: Parser, rows: _Rows) -> None:
    """Give the tag and labels of the only row to the formula as a whole."""
    if rows.cells:
        parser.tag = rows.tags[0] or parser.tag
        parser.labels = [*parser.labels, *rows.labels[0]]
        rows.tags[:], rows.labels[:] = [None], [()]


def read_environment(parser: Parser, name: str) -> Node:
    r"""Read the inside of an environment whose \begin has just been taken, up to its \end."""
    environment = ENVIRONMENTS[name]
    columns = None
    if environment.arguments:
        if name == "array":
            parser.tokens.optional()
        given = parser.words()
        columns = given if environment.kind == "array" else None
    elif name.startswith("eqnarray"):
        columns = "rcl"
    elif name in ("aligned", "alignedat", "gathered", "multlined"):
        parser.tokens.optional()
    if environment.kind == "lines":
        return read_rows(parser)
    rows = _read(parser)
    if environment.kind in ("align", "gather") and len(rows.cells) == 1:
        _hand_up(parser, rows)
    return _fenced(environment, _table(rows, environment.kind, columns, name))


def read_plain_table(parser: Parser, name: str) -> Node:
    """Read the rows of a table of plain TeX, up to the brace that ends it."""
    like = PLAIN_TABLES[name]
    environment = ENVIRONMENTS[like]
    return _fenced(environment, _table(_read(parser), environment.kind, None, like))


def _fenced(environment: _Environment, table: Table) -> Node:
    if environment.opening or environment.closing:
        return Fence(environment.opening, table, environment.closing)
    return table


def _table(rows: _Rows, kind: _Kind, columns: str | None, name: str = "") -> Table:
    width = max((len(row) for row in rows.cells), default=0)
    vertical: set[int] = set()
    if columns is not None:
        columns, vertical = _preamble(columns)
        columns = columns.ljust(width, "c")
    elif kind == "align":
        columns = "rl" * ((width + 1) // 2)
    else:
        columns = ("l" if kind == "cases" else "c") * width
    return Table(
        rows=tuple(tuple(row) for row in rows.cells),
        columns=columns[:width] if width else "",
        display=kind in ("align", "gather") or columns == "rcl",
        alternating=kind == "align",
        tags=tuple(rows.tags),
        horizontal=frozenset(rows.rules),
        vertical=frozenset(vertical),
        small=name.endswith("smallmatrix") or name == "subarray",
        environment=name,
        labels=tuple(rows.labels),
    )


def _preamble(text: str) -> tuple[str, set[int]]:
    columns, vertical = "", set[int]()
    for character in text:
        if character in "lcr":
            columns += character
        elif character == "|":
            vertical.add(len(columns))
        elif not character.isspace():
            raise TexError(f"{character!r} in the columns of an array: write l, c, r and | only")
    return columns, vertical
