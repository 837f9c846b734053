"""Make the student's version and the solution from a template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from gradlab.labs._blocks import Line, Role
from gradlab.labs._cut import CutCode, OutLine, cut_code
from gradlab.labs._diagnostics import Diagnostic, TemplateError
from gradlab.labs._images import ImageReference, find_images
from gradlab.labs._pieces import Piece, check_lines, option_line, to_markdown, to_notebook
from gradlab.labs._prose import cut_prose, in_dollars, strip_blank
from gradlab.labs._python import parse
from gradlab.labs._template import Cell, Template

if TYPE_CHECKING:
    from nbformat import NotebookNode

Kind = Literal["question", "solution"]
_SHOWN = {
    "question": frozenset({Role.CONTENT, Role.MESSAGE}),
    "solution": frozenset({Role.CONTENT, Role.HOMEWORK}),
}


@dataclass(frozen=True, slots=True)
class Check:
    """A graded check.

    Args:
        name: unique in the template.
        points: what passing it is worth.
        hidden: whether no version shows it.
        timeout: seconds that it may run.
        source: its code.
        cell: index of the notebook cell that it runs after, -1 where it stands before any.
        line: the template line of its tag.
        lines: its lines with the template line of each.
        origin: index of the template's cell that it stands in.
        costs: the points that an assertion costs whose message holds a text, instead of its share of all.
    """

    name: str
    points: float
    hidden: bool
    timeout: float
    source: str
    cell: int
    line: int
    lines: tuple[OutLine, ...]
    origin: int
    costs: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a lab, not yet executed.

    Args:
        kind: "question" or "solution".
        notebook: nbformat 4, with stable cell ids.
        markdown: the same cells as a Jupytext Markdown file.
        lines: the template line of each notebook cell's first line.
        skip: indices of the cells that are not run in this version.
        images: the images by relative path that its prose shows.
        checks: the graded checks.
        cell_lines: each notebook cell's lines with the template line of each (0: put in by gradlab).
        origins: index of the template's cell that each notebook cell was made from, -1 for checks and the header.
    """

    kind: Kind
    notebook: NotebookNode
    markdown: str
    lines: tuple[int, ...]
    skip: frozenset[int]
    images: tuple[ImageReference, ...]
    checks: tuple[Check, ...]
    cell_lines: tuple[tuple[OutLine, ...], ...]
    origins: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Versions:
    """Both versions of a lab.

    Args:
        question: what the students get.
        solution: the same with the homework done.
        warnings: what the build went on in spite of.
    """

    question: Version
    solution: Version
    warnings: tuple[Diagnostic, ...]


def make_versions(template: Template) -> Versions:
    r"""Make the question and the solution.

    Args:
        template: what `read_template` read.

    Raises:
        TemplateError: if a code cell of either version is no Python; it names every such place.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from gradlab.labs._template import read_template
    >>> path = Path(tempfile.mkdtemp()) / "lab.md"
    >>> block = "#!TAG HWBEGIN\n#!MSG TODO\n    return x\n#!TAG HWEND\n"
    >>> _ = path.write_text(f"```python\ndef f(x):\n{block}```\n")
    >>> print(make_versions(read_template(path)).question.markdown)
    ```python
    def f(x):
    # TODO
        raise NotImplementedError
    ```
    <BLANKLINE>
    """
    errors: list[Diagnostic] = []
    warnings: list[Diagnostic] = []
    pieces: dict[Kind, list[Piece]] = {"question": [], "solution": []}
    for index, cell in enumerate(template.cells):
        python = template.is_python and cell.span.prefix is None
        cut = cut_code(cell.lines, python) if cell.kind == "code" else CutCode(())
        if cut.problem is not None:
            errors.append(Diagnostic(template.path, cut.problem[0] or cell.line, "error", cut.problem[1]))
        if not cell.skip_in_question:
            warnings += [
                Diagnostic(
                    template.path,
                    line,
                    "warning",
                    "the question raises NotImplementedError here when it is run; "
                    "mark the cell with '#!TAG SKIPQUESTEXEC'.",
                )
                for line in cut.raising
            ]
        errors += _check_problems(template, cell)
        for kind, made in pieces.items():
            made += _pieces(kind, index, cell, cut)
    if errors:
        raise TemplateError(sorted(errors))
    question, solution = (_version(kind, template, made) for kind, made in pieces.items())
    return Versions(question, solution, tuple(sorted(warnings)))


def _check_problems(template: Template, cell: Cell) -> list[Diagnostic]:
    problems = []
    for lines in _checks(cell):
        source = check_lines([OutLine(line.text, line.number) for line in lines if line.role is Role.CHECK])
        try:
            parse([line.text for line in source] if template.is_python else [])
        except SyntaxError as error:
            row = min((error.lineno or 1) - 1, len(source) - 1)
            message = f"the check is no Python: {error.msg}."
            problems.append(Diagnostic(template.path, source[row].line, "error", message))
    return problems


def _checks(cell: Cell) -> list[list[Line]]:
    """The lines of each check in a cell, tags included."""
    lines = [line for line in cell.lines if line.block is not None and line.block.check is not None]
    return [list(group) for _, group in groupby(lines, key=lambda line: line.block)]


def _pieces(kind: Kind, index: int, cell: Cell, cut: CutCode) -> list[Piece]:
    span = cell.span
    whole = Piece(
        cell.kind, (), cell.metadata, span.opening, span.closing, span.prefix, index, cell.line, None,
        skip=cell.kind != "code" or (kind == "question" and cell.skip_in_question),
    )  # fmt: skip
    is_code = cell.kind == "code"
    made = _code_pieces(kind, cell, cut, whole) if is_code else _prose_pieces(kind, cell, whole)
    if made:
        made[-1] = replace(made[-1], tail=span.tail)
    return made


def _code_pieces(kind: Kind, cell: Cell, cut: CutCode, whole: Piece) -> list[Piece]:
    if kind == "question":
        lines = cut.lines
    else:
        lines = tuple(OutLine(line.text, line.number) for line in cell.lines if line.role in _SHOWN[kind])
    made = []
    if _changed(cell.lines):
        lines = strip_blank(lines)
    if lines or _stays(kind, cell):
        made.append(replace(whole, lines=lines))
    for group in _checks(cell):
        check = group[0].block.check if group[0].block else None
        source = check_lines([OutLine(line.text, line.number) for line in group if line.role is Role.CHECK])
        assert check is not None
        metadata = {} if check.hidden else {"gradlab": {"check": check.name, "points": check.points}}
        fence = (cell.span.closing or "```").strip()
        made.append(
            replace(
                whole,
                lines=strip_blank(source),
                metadata=metadata,
                opening=option_line(fence + "python", metadata),
                closing=fence,
                prefix=None,
                line=group[0].number,
                # Before the homework is done a check fails; it is the student who runs it.
                skip=kind == "question",
                check=check,
            )
        )
    return made


def _prose_pieces(kind: Kind, cell: Cell, whole: Piece) -> list[Piece]:
    made: list[Piece] = []
    split = kind == "question" and any(line.role is Role.ANSWER for line in cell.lines)
    groups = groupby(cell.lines, key=lambda line: split and line.role is Role.ANSWER)
    for is_answer, group in groups:
        own = list(group)
        if is_answer:
            made += [_answer(whole, line) for line in own]
            continue
        lines = in_dollars(cut_prose(own, _SHOWN[kind]))
        if _changed(cell.lines):
            lines = strip_blank(lines)
        if lines or (not split and _stays(kind, cell)):
            made.append(replace(whole, lines=lines))
    return made


def _answer(whole: Piece, line: Line) -> Piece:
    metadata = {"gradlab": {"answer": True, "points": line.points}}
    opening = option_line("<!-- #region", metadata) + " -->"
    return replace(
        whole, kind="markdown", lines=(), metadata=metadata, opening=opening, closing="<!-- #endregion -->",
        line=line.number,
    )  # fmt: skip


def _changed(lines: Sequence[Line]) -> bool:
    return any(line.role is not Role.CONTENT for line in lines)


def _stays(kind: Kind, cell: Cell) -> bool:
    """Whether a cell that was left without a line is shown all the same.

    A cell in which homework begins is where the student works; one that lies inside a block that began
    earlier is part of that block.
    """
    roles = {line.role for line in cell.lines}
    if roles <= {Role.CONTENT, Role.FLAG}:
        return cell.kind == "code" or Role.FLAG not in roles
    begins = (
        line.block for line in cell.lines if line.role is Role.TAG and line.block and line.block.line == line.number
    )
    return kind == "question" and any(block.kind.role is Role.HOMEWORK for block in begins)


def _version(kind: Kind, template: Template, pieces: Sequence[Piece]) -> Version:
    shown = [piece for piece in pieces if piece.check is None or not piece.check.hidden]
    markdown, line = to_markdown(template, shown)
    if markdown is None:
        message = f"the {kind} cannot be written as Markdown that reads back the same; simplify this cell."
        raise TemplateError([Diagnostic(template.path, line, "error", message)])
    offset = int(template.header_cell is not None)
    header = tuple(OutLine(text, 1) for text in (template.header_cell or "").split("\n"))
    cell_lines = [*([header] if offset else []), *(piece.notebook_lines for piece in shown)]
    firsts = (next((out.line for out in piece.lines if out.line), piece.line) for piece in shown)
    return Version(
        kind=kind,
        notebook=to_notebook(template, shown),
        markdown=markdown,
        lines=(*([1] if offset else []), *firsts),
        skip=frozenset(row for row, piece in enumerate(shown, offset) if piece.skip and piece.kind == "code"),
        images=find_images(piece.lines for piece in shown if piece.kind == "markdown"),
        checks=_placed_checks(pieces, offset),
        cell_lines=tuple(cell_lines),
        origins=(*([-1] if offset else []), *(piece.cell if piece.check is None else -1 for piece in shown)),
    )


def _placed_checks(pieces: Sequence[Piece], offset: int) -> tuple[Check, ...]:
    """The checks of a version, each with the index of the code cell that it runs after."""
    checks = []
    index, last = offset - 1, -1
    for piece in pieces:
        index += piece.check is None or not piece.check.hidden
        check = piece.check
        if check is None:
            last = index if piece.kind == "code" else last
        else:
            kept = (check.name, check.points, check.hidden, check.timeout, piece.source, last, piece.line)
            checks.append(Check(*kept, piece.lines, piece.cell, tuple(check.costs)))
    return tuple(checks)
