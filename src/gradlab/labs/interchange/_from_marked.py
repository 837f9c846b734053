"""Notebooks whose solutions stand between comments such as `### START CODE HERE ###` and `### END CODE HERE ###`.

Many courses have such pairs, each in its own words; what a cell tells the students behind the first of them stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gradlab._errors import GradlabError
from gradlab.labs._foreign import END, YOURS
from gradlab.labs.interchange._write import Writer, homework, without_ends

if TYPE_CHECKING:
    from nbformat import NotebookNode

# `YOUR CODE HERE` opens a solution only where something closes it.
_START: Final = re.compile(
    rf"^\s*#[#*\s]*(?:(?:START|BEGIN)[\s_]+(?:OF[\s_]+)?{YOURS}|{YOURS}[\s_]+(?:STARTS|BEGINS)|YOUR[\s_]+CODE(?=\s+HERE))"
    r"\b(?:\s+HERE)?(?P<told>.*)$"
)
_BOTH: Final = re.compile(rf"#.*\b(?:START|BEGIN)[\s_]+{YOURS}\b.*#.*\bEND[\s_]+(?:OF[\s_]+)?{YOURS}\b")
_NOTHING: Final = re.compile(
    r"(?:[\w\s,.\[\]]+=\s*)?(?:None|pass|\.\.\.|raise NotImplementedError.*)\s*(?:#.*)?|#.*|\s*"
)


def is_ours(notebook: NotebookNode) -> bool:
    """Whether a code cell has a pair of such comments."""
    return any(cell.cell_type == "code" and _pairs(cell.source.split("\n")) for cell in notebook.cells)


def read(notebook: NotebookNode, writer: Writer) -> None:
    """Put the cells of a notebook into a template.

    Raises:
        GradlabError: if a solution is opened and not closed.
    """
    for number, cell in enumerate(notebook.cells, 1):
        lines = cell.source.split("\n")
        if cell.cell_type == "code":
            tagged = with_tags(writer, f"cell {number}", lines)
            writer.code(tagged, homework=tagged != lines)
        else:
            writer.prose(lines, cell.cell_type)


def _pairs(lines: list[str]) -> list[tuple[int, int]]:
    """The rows of each comment that opens a solution and of the one that closes it; others are comments."""
    found: list[tuple[int, int]] = []
    opened: int | None = None
    for row, line in enumerate(lines):
        if _START.match(line):
            opened = row
        elif opened is not None and END.match(line):
            found.append((opened, row))
            opened = None
    return found


def with_tags(writer: Writer, cell: str, lines: list[str]) -> list[str]:
    """Put our tags in the place of the comments around the solutions of a cell.

    Args:
        writer: where what is to be said of them is collected.
        cell: how the cell is named.
        lines: its code.

    Returns:
        The lines; the same where there are no such comments.

    Raises:
        GradlabError: if a solution is opened and not closed.
    """
    pairs = _pairs(lines)
    tagged: list[str] = []
    done = 0
    for start, end in pairs:
        _refuse_open(lines[done:start], cell)
        tagged += lines[done:start]
        opening = _START.match(lines[start])
        indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
        told = opening["told"].strip(" #*():") if opening else ""
        if told and "DO NOT" not in told:
            tagged.append(f"{indent}# TODO {told}")
        solution = lines[start + 1 : end]
        if all(_NOTHING.fullmatch(line.strip()) for line in without_ends(solution)):
            writer.remarks.append(f"{cell} has no solution between its marks: write one between the tags")
        tagged += homework(tagged, solution, indent)
        done = end + 1
    _refuse_open(lines[done:], cell)
    return [*tagged, *lines[done:]]


def _refuse_open(lines: list[str], cell: str) -> None:
    for line in lines:
        if _BOTH.search(line):
            raise GradlabError(f"{cell}: {line.strip()!r} has both marks in one line; give each a line of its own")
        if _START.match(line) and "YOUR CODE HERE" not in line:
            message = f"{cell}: {line.strip()!r} is never closed; write '### END CODE HERE ###' where it ends"
            raise GradlabError(message)
