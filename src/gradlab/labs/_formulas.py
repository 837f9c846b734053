"""The formulas that a lab's versions show, with their template lines: what is typeset is what is judged."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from gradlab.labs._blocks import Role
from gradlab.labs._export import cell_line_numbers
from gradlab.labs._template import Template
from gradlab.labs._versions import Version, Versions
from gradlab.tex import Formula, find_math, placed

_HEADING = re.compile(r"#{1,6}\s+(.+?)\s*#*$")
# What stands above a solution names no question.
_OF_A_SOLUTION = re.compile(
    r"(?:sample |model |muster)?(?:solution|answer|proof|key|lösung|antwort|beweis)", re.IGNORECASE
)


def formulas_of(version: Version) -> tuple[Formula, ...]:
    """Find the formulas that the prose of a version shows.

    Returns:
        The formulas in order, their lines those of the template.
    """
    numbers = cell_line_numbers(version.cell_lines)
    return tuple(
        replace(formula, lines=tuple(lines[row - 1] for row in formula.lines))
        for cell, lines in zip(version.notebook.cells, numbers, strict=True)
        if cell.cell_type == "markdown"
        for formula in placed(cell.source, find_math(cell.source))
    )


def all_formulas(template: Template, versions: Versions) -> tuple[Formula, ...]:
    """Find the formulas of both versions, each once, in the template's order.

    Returns:
        The formulas; those of the homework alone are `in_key`. The heading above each is one that asks, not one that
            says "Solution".
    """
    homework = {
        line.number
        for cell in template.cells
        for line in cell.lines
        if cell.kind == "markdown" and line.role is Role.HOMEWORK
    }
    once: dict[tuple[tuple[int, ...], int, str], Formula] = {}
    for version in (versions.solution, versions.question):
        for formula in formulas_of(version):
            once.setdefault((formula.lines, formula.column, formula.tex), formula)
    headings = list(_headings(template))
    starts = [line for line, _ in headings]

    def above(line: int) -> str:
        row = bisect_right(starts, line)
        return headings[row - 1][1] if row else ""

    return tuple(
        replace(formula, in_key=not homework.isdisjoint(formula.lines), heading=above(formula.line))
        for formula in sorted(once.values(), key=lambda formula: (formula.line, formula.column))
    )


def _headings(template: Template) -> Iterator[tuple[int, str]]:
    for cell in template.cells:
        for line in cell.lines if cell.kind == "markdown" else ():
            found = _HEADING.match(line.text)
            in_key = line.role is Role.HOMEWORK
            if found and (line.role is Role.CONTENT or (in_key and not _OF_A_SOLUTION.match(found[1]))):
                yield line.number, found[1]
