"""What the tests of the course's labs share: running a solution in this process, and putting a mistake into it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from gradlab.labs._blocks import Role
from gradlab.labs._template import Template
from gradlab.labs._versions import Check, Version, Versions
from labs.mistakes import TWO


def solve(versions: Versions) -> dict[str, Any]:
    """What the solution's cells leave behind, every check included; they run in this process."""
    import matplotlib.pyplot as plt
    import torch

    names: dict[str, Any] = {"__name__": "__main__"}
    precision = torch.get_default_dtype()
    try:
        for index, cell in enumerate(versions.solution.notebook.cells):
            if cell.cell_type == "code":
                run(cell.source, names)
                for check in versions.solution.checks:
                    if check.hidden and check.cell == index:
                        run(check.source, names)
    finally:
        torch.set_default_dtype(precision)
        plt.close("all")
    return names


def run(source: str, names: dict[str, Any]) -> None:
    exec(compile(source.rstrip().rstrip(";"), "<cell>", "exec"), names)


def worth(template: Template) -> Iterator[tuple[str, float, float, float]]:
    """Each section's number, the points of its tags, and the points and minutes that its first line says."""
    section, tags, said, minutes = "", 0.0, 0.0, 0.0
    for cell in template.cells:
        for line in cell.lines:
            heading = re.match(r"#{2,3} (?:Exercise )?(\d(?:\.\d)?)[: ]", line.text)
            if heading and line.role is Role.CONTENT and cell.kind == "markdown":
                yield section, tags, said, minutes
                section, tags, said, minutes = heading[1], 0.0, 0.0, 0.0
            worth = re.match(r"\*(\d+) points?, about (\d+) minutes", line.text)
            if worth:
                said, minutes = float(worth[1]), float(worth[2])
            if line.role is Role.ANSWER:
                tags += line.points
            if line.role is Role.TAG and line.block and line.block.check and line.block.line == line.number:
                tags += line.block.check.points
    yield section, tags, said, minutes


def change(source: str, right: str, wrong: str) -> str:
    for old, new in zip(right.split(TWO), wrong.split(TWO), strict=True):
        assert old in source, f"the solution has changed; write the wrong answer anew: {old}"
        source = source.replace(old, new, 1)
    return source


def with_mistake(
    solution: Version, template: Template, names: dict[str, Any], right: str, wrong: str, check: Check
) -> None:
    """Run the cell with a mistake, those behind it as far as they work, and the check."""
    cells = [cell.source for cell in solution.notebook.cells]
    places = [
        index
        for index, source in enumerate(cells)
        if all(piece in source for piece in right.split(TWO))
        and is_homework(solution, index, template)
        and index <= check.cell
    ]
    assert places, "the solution has changed; write the wrong answer anew"
    place = places[-1]
    changed = change(cells[place], right, wrong)
    # What a cell prints may fail, and the cell with the check be run all the same.
    with contextlib.suppress(Exception):
        run(changed, names)
    if check.cell != place:
        with contextlib.suppress(Exception):
            run(cells[check.cell], names)
    run(check.source, names)


def is_homework(solution: Version, index: int, template: Template) -> bool:
    own = {line.line for line in solution.cell_lines[index]}
    return any(line.number in own and line.role is Role.HOMEWORK for cell in template.cells for line in cell.lines)
