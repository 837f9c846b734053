"""nbgrader's source notebooks: which cell is what stands in the metadata, the solution between markers.

As in nbgrader 0.9: a solution cell without markers, its own or those of other courses, is solution as a whole, and a
graded cell counts as a whole. A check with hidden tests becomes two: the visible part for the students, worth nothing,
and all of it, hidden, for the points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from gradlab._errors import GradlabError
from gradlab._words import counted
from gradlab.labs._foreign import AUTOTEST
from gradlab.labs.interchange._from_marked import with_tags
from gradlab.labs.interchange._write import Writer, homework, without_ends

if TYPE_CHECKING:
    from nbformat import NotebookNode

SOLUTION: Final = ("BEGIN SOLUTION", "END SOLUTION")
HIDDEN: Final = ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS")
SCHEME: Final = ("=== BEGIN MARK SCHEME ===", "=== END MARK SCHEME ===")
WHOLE: Final = "-all"
"""Behind the name of a check that is the whole of another one, hidden tests included."""
_NEARLY: Final = re.compile(r"#{2,}\s*(begin|end)\s+(hidden\s+tests?|solutions?)\b", re.IGNORECASE)
_SHOWN: Final = 50  # characters of a cell by which it is named
_STUBS: Final = ("YOUR ANSWER HERE", "# YOUR CODE HERE", "raise NotImplementedError()")


def is_ours(notebook: NotebookNode) -> bool:
    """Whether cells have nbgrader's metadata, or code its markers."""
    return any(
        "nbgrader" in cell.metadata or f"### {SOLUTION[0]}" in cell.source or f"### {HIDDEN[0]}" in cell.source
        for cell in notebook.cells
    )


def read(notebook: NotebookNode, writer: Writer) -> None:
    """Put the cells of a notebook into a template.

    Raises:
        GradlabError: if a marker is not closed, or closes nothing.
    """
    for number, cell in enumerate(notebook.cells, 1):
        _refuse_near_miss(number, cell.source)
        given = cell.metadata.get("nbgrader", {})
        lines = cell.source.split("\n")
        if cell.cell_type == "code":
            _code(writer, _named(number, lines, given), lines, given)
        elif cell.cell_type != "markdown":
            writer.prose(lines, "raw", given)
        elif given.get("task"):
            asked, scheme = _two(_parted(lines, f"cell {number}", SCHEME))
            writer.answer(_points(given), [], asked, scheme, given)
        elif given.get("solution") or given.get("grade"):
            _written(writer, f"cell {number}", lines, given)
        else:
            writer.prose(lines, "markdown", given)


def _named(number: int, lines: Iterable[str], given: dict[str, Any]) -> str:
    """A cell as a person finds it: its number, its id and how it begins."""
    first = next((line.strip() for line in lines if line.strip()), "")
    words = first if len(first) <= _SHOWN else f"{first[:_SHOWN].rstrip()}..."
    return f"cell {number} ({', '.join(filter(None, (given.get('grade_id'), repr(words) if words else 'empty')))})"


def _refuse_near_miss(number: int, source: str) -> None:
    """A marker with a slip in it is a comment to nbgrader, and its hidden tests would be shown."""
    for line in source.split("\n"):
        found = _NEARLY.search(line)
        if found is not None and not any(marker in line for marker in (*SOLUTION, *HIDDEN)):
            meant = f"### {found[1].upper()} {'HIDDEN TESTS' if found[2][0] in 'hH' else 'SOLUTION'}"
            raise GradlabError(f"cell {number}: {line.strip()!r} is nearly a marker, and none; write '{meant}'")


def _parted(lines: Iterable[str], cell: str, markers: tuple[str, str]) -> list[tuple[str | None, list[str]]]:
    """The stretches of a cell: outside the markers with None, inside with the marker's indentation."""
    parts: list[tuple[str | None, list[str]]] = [(None, [])]
    for line in lines:
        if markers[0] in line:
            if parts[-1][0] is not None:
                raise GradlabError(f"{cell}: {markers[0]} stands inside another one")
            parts.append((line[: len(line) - len(line.lstrip())], []))
        elif markers[1] in line:
            if parts[-1][0] is None:
                raise GradlabError(f"{cell}: {markers[1]} closes nothing")
            parts.append((None, []))
        else:
            parts[-1][1].append(line)
    if parts[-1][0] is not None:
        raise GradlabError(f"{cell}: {markers[0]} is never closed; write '### {markers[1]}' where it ends")
    return parts


def _two(parts: list[tuple[str | None, list[str]]]) -> tuple[list[str], list[str]]:
    """The lines outside of the markers, and those inside."""
    outside = [line for indent, part in parts if indent is None for line in part]
    inside = [line for indent, part in parts if indent is not None for line in part]
    return outside, without_ends(inside)


def _code(writer: Writer, cell: str, lines: list[str], given: dict[str, Any]) -> None:
    if given.get("grade") and not given.get("solution"):
        _check(writer, cell, lines, given)
        return
    parts = _parted(lines, cell, SOLUTION)
    marked = len(parts) > 1
    if not marked and not given.get("solution"):
        writer.code(lines, origin=given)
        return
    tagged: list[str] = []
    for indent, part in parts:
        if indent is not None:
            tagged += homework(tagged, part, indent)
        elif marked:
            tagged += part
    if not marked and (own := with_tags(writer, cell, lines)) != lines:
        tagged = own
    elif not marked and without_ends(lines) and not all(line.strip() in ("", *_STUBS) for line in lines):
        tagged = homework([], lines, "")
    elif not marked:
        tagged = homework([], [], "")
        writer.remarks.append(f"{cell} is a solution cell without a solution: write one between the tags")
    writer.code(tagged, homework=True, origin=given)
    if given.get("grade"):
        writer.remarks.append(
            f"{cell} is code that a person grades with {_points(given):g} points, which here checks do: "
            "add one behind the cell; nbgrader gets the person's points back as they were"
        )


def _check(writer: Writer, cell: str, lines: list[str], given: dict[str, Any]) -> None:
    visible, _ = _two(parts := _parted(lines, cell, HIDDEN))
    visible = without_ends(visible)
    whole = without_ends(line for _, part in parts for line in part)
    name, points = str(given.get("grade_id") or f"check-{cell.split()[1]}"), _points(given)
    tests = [found[1] for line in whole if (found := AUTOTEST.match(line))]
    if tests:
        writer.remarks.append(
            f"{cell} has {counted(len(tests), 'test')} that nbgrader writes itself, from what the solution gives "
            f"(### AUTOTEST); here the lines are comments that test nothing: write what each has to be, as "
            f"assert {tests[0] or 'f(3)'} == ...; nbgrader gets them back as they were"
        )
    if not whole:
        writer.remarks.append(f"{cell} is graded with {points:g} points and empty: it is left out")
    elif visible == whole:
        writer.check(name, points, whole, origin=given)
    elif not _says_something(visible):
        writer.check(name, points, whole, hidden=True, origin=given)
    else:
        writer.check(name, 0, visible, origin=given)
        writer.check(name + WHOLE, points, whole, hidden=True)


def _says_something(lines: list[str]) -> bool:
    return any(line.strip() and (AUTOTEST.match(line) or not line.lstrip().startswith("#")) for line in lines)


def _written(writer: Writer, cell: str, lines: list[str], given: dict[str, Any]) -> None:
    parts = _parted(lines, cell, SOLUTION)
    shown, key = _two(parts)
    if len(parts) == 1:
        key, shown = ([] if "\n".join(lines).strip() in _STUBS else lines), []
    writer.answer(_points(given), without_ends(key), shown, origin=given)


def _points(given: dict[str, Any]) -> float:
    try:
        return max(0.0, float(given.get("points", 0)))
    except (TypeError, ValueError):
        return 0.0
