"""A template taken apart into what other tools know: given cells, homework, checks and written answers."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from gradlab.labs._blocks import Line, Role
from gradlab.labs._cut import comment
from gradlab.labs._python import parses
from gradlab.labs._tags import CheckArguments
from gradlab.labs._template import Cell, Template
from gradlab.labs.interchange._write import MESSAGE, without_ends

_STUB = "raise NotImplementedError()"


@dataclass(frozen=True, slots=True)
class Region:
    """Rows of a code cell that are homework.

    Args:
        start: the first row.
        stop: the row behind the last; the same where the block holds messages alone.
        messages: what the students are told, as comments.
    """

    start: int
    stop: int
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """Where a part stands.

    Args:
        line: its first line in the template, or that of its cell.
        cell: the index of its cell.
        origin: what nbgrader knew of the cell that it was read from.
    """

    line: int = 0
    cell: int = -1
    origin: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class CodePart(_Placed):
    """A code cell without its checks; `regions` do not overlap and are in order."""

    rows: tuple[str, ...]
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class CheckPart(_Placed):
    """A graded check; of one that is the whole of a visible one, `shown` says which rows that has.

    `ours` names what it has that no other tool knows.
    """

    name: str
    points: float
    hidden: bool
    rows: tuple[str, ...]
    shown: frozenset[int] = frozenset()
    ours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProsePart(_Placed):
    """Prose, the same in both versions."""

    rows: tuple[str, ...]
    kind: str = "markdown"


@dataclass(frozen=True, slots=True)
class AnswerPart(_Placed):
    """Room for a written answer, with the key to it."""

    points: float
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AsidePart(_Placed):
    """What the students never see and a person does not grade: notes, and key without a question of its own."""

    rows: tuple[str, ...]
    kind: str
    is_note: bool


Part = CodePart | CheckPart | ProsePart | AnswerPart | AsidePart


@dataclass(slots=True)
class _Prose:
    """The prose of a cell while it is taken apart."""

    shown: list[str] = field(default_factory=lambda: list[str]())
    parts: list[Part] = field(default_factory=lambda: list[Part]())

    def settle(self) -> None:
        if without_ends(self.shown):
            self.parts.append(ProsePart(tuple(without_ends(self.shown))))
        self.shown = []


def parts_of(template: Template, *, statements: bool) -> list[Part]:
    """Take a template apart.

    Args:
        template: the template.
        statements: whether the other tool puts a statement in the place of homework, so that homework within brackets
            has to grow to its statement.

    Returns:
        Its parts in order; a visible check without points and a hidden one that contains it are one.
    """
    parts: list[Part] = []
    for index, cell in enumerate(template.cells):
        made = _code(cell, statements and template.is_python) if cell.kind == "code" else _prose(cell)
        origin = cell.metadata.get("nbgrader")
        known = origin if isinstance(origin, dict) else {}
        parts += [replace(part, line=part.line or cell.line, cell=index, origin=known) for part in made]
    return list(_joined(parts))


def _code(cell: Cell, statements: bool) -> Iterator[Part]:
    prefix = [cell.span.prefix] if cell.span.prefix is not None else []
    rows: list[str] = list(prefix)
    regions: list[Region] = []
    own = [line for line in cell.lines if line.role is not Role.FLAG]
    for (block, is_work), group in groupby(own, key=lambda line: (line.block, _is_homework(line))):
        lines = list(group)
        if is_work:
            start = len(rows)
            rows += [line.text for line in lines if line.role is Role.HOMEWORK]
            told = tuple(comment(line.indent, line.text) for line in lines if line.role is Role.MESSAGE)
            regions.append(Region(start, len(rows), told))
        elif block is None:
            rows += [line.text for line in lines if line.role is Role.CONTENT]
    notes = [line for line in own if line.role is Role.NOTE]
    if any(row.strip() for row in rows) or regions:
        whole = len(regions) == 1 and not any(row.strip() for row in rows[: regions[0].start] + rows[regions[0].stop :])
        begins = any(line.role is Role.TAG and line.block and line.block.line == line.number for line in own)
        if whole and not begins:
            # It lies inside a block that began in prose: no student works here.
            yield AsidePart(tuple(rows), "code", is_note=False)
        else:
            yield CodePart(*_fitted(rows, regions) if statements and not prefix else (tuple(rows), tuple(regions)))
    if notes:
        yield AsidePart(tuple(line.text for line in notes), "code", is_note=True, line=notes[0].number)
    for block, group in groupby((line for line in own if line.role is Role.CHECK), key=lambda line: line.block):
        assert block is not None
        assert block.check is not None
        check, rows = block.check, without_ends(line.text for line in group)
        timed = check.timeout != CheckArguments(check.name).timeout
        ours = (*(["what mistakes cost"] if check.costs else []), *(["its time limit"] if timed else []))
        yield CheckPart(check.name, check.points, check.hidden, tuple(rows), ours=ours, line=block.line)


def _is_homework(line: Line) -> bool:
    return line.block is not None and line.block.kind.role is Role.HOMEWORK


def _fitted(rows: Sequence[str], regions: Sequence[Region]) -> tuple[tuple[str, ...], tuple[Region, ...]]:
    """Regions that a statement can take the place of: one inside of brackets grows to its statement."""
    tree = parses(list(rows))
    fitted: list[Region] = []
    if tree is None:
        return tuple(rows), tuple(regions)
    spans = sorted(
        {
            (
                min(node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []) or [node])) - 1,
                node.end_lineno or 0,
            )
            for node in ast.walk(tree)
            if isinstance(node, ast.stmt)
        },
        key=lambda span: span[1] - span[0],
    )
    for region in regions:
        if fitted and region.start < fitted[-1].stop:
            # Inside of a statement that another block has grown to.
            fitted[-1] = replace(fitted[-1], messages=fitted[-1].messages + region.messages)
            continue
        around = [span for span in spans if span[0] <= region.start and region.stop <= span[1]]
        choices = [(region.start, region.stop), *around]
        start, stop = next((span for span in choices if _parses_with_stub(rows, *span)), choices[0])
        while fitted and start < fitted[-1].stop:
            before = fitted.pop()
            region = replace(region, messages=before.messages + region.messages)
            start = min(start, before.start)
        told = _indented(region.messages, indent := _indent_of(rows, start, stop))
        grown = (f"{indent}# TODO begin with: {rows[start].strip()}",) if start < region.start else ()
        fitted.append(Region(start, stop, told + grown))
    return tuple(rows), tuple(fitted)


def _parses_with_stub(rows: Sequence[str], start: int, stop: int) -> bool:
    stub = _indent_of(rows, start, stop) + _STUB
    return parses([*rows[:start], stub, *rows[stop:]]) is not None


def marked(part: CodePart, begin: str, end: str) -> list[str]:
    """The rows of a cell with another tool's marks around its homework, and what students are told before them."""
    out: list[str] = []
    done = 0
    for region in part.regions:
        told = [
            message for message in region.messages if message.strip(" #") != MESSAGE
        ]  # they have stubs of their own
        out += [*part.rows[done : region.start], *told]
        if region.start < region.stop:
            indent = _indent_of(part.rows, region.start, region.stop)
            out += [indent + begin, *part.rows[region.start : region.stop], indent + end]
        done = region.stop
    return [*out, *part.rows[done:]]


def _indent_of(rows: Sequence[str], start: int, stop: int) -> str:
    """The indentation of a stretch of code: that of its first line with something on it."""
    first = next((row for row in rows[start:stop] if row.strip()), "")
    return first[: len(first) - len(first.lstrip())]


def _indented(messages: Sequence[str], indent: str) -> tuple[str, ...]:
    return tuple(indent + message.lstrip() for message in messages)


def _prose(cell: Cell) -> list[Part]:
    if cell.kind != "markdown":
        return [ProsePart(tuple(line.text for line in cell.lines), "raw")]
    made = _Prose()
    asked: float | None = None
    for role, group in groupby(
        cell.lines, key=lambda line: line.role if line.role is not Role.MESSAGE else Role.CONTENT
    ):
        lines = list(group)
        texts = without_ends(line.text for line in lines)
        if role is Role.ANSWER:
            made.settle()
            made.parts += [AnswerPart(line.points, ()) for line in lines]
            asked = lines[-1].points
        elif role is Role.CONTENT:
            made.shown += [line.text for line in lines]
            asked = None if texts else asked
        elif role is Role.HOMEWORK and asked is not None:
            made.parts[-1] = AnswerPart(asked, tuple(texts))
            asked = None
        elif role in (Role.HOMEWORK, Role.NOTE) and texts:
            made.settle()
            made.parts.append(AsidePart(tuple(texts), "markdown", role is Role.NOTE, line=lines[0].number))
    made.settle()
    return made.parts


def _joined(parts: Sequence[Part]) -> Iterator[Part]:
    waiting: CheckPart | None = None
    for part in parts:
        shown = _within(waiting, part) if waiting is not None and isinstance(part, CheckPart) else None
        if waiting is not None and isinstance(part, CheckPart) and shown is not None:
            yield replace(part, name=waiting.name, hidden=False, shown=shown, origin=waiting.origin)
            waiting = None
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        if isinstance(part, CheckPart) and not part.hidden and not part.points:
            waiting = part
        else:
            yield part
    if waiting is not None:
        yield waiting


def _within(shown: CheckPart, whole: Part) -> frozenset[int] | None:
    """Which rows of a hidden check are those of a visible one, None where not all of them are."""
    if not isinstance(whole, CheckPart) or not whole.hidden:
        return None
    rows: set[int] = set()
    at = 0
    for text in shown.rows:
        while at < len(whole.rows) and whole.rows[at] != text:
            at += 1
        if at == len(whole.rows):
            return None
        rows.add(at)
        at += 1
    return frozenset(rows)
