"""A template as nbgrader's source notebook."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from gradlab.labs.interchange._from_nbgrader import HIDDEN, SOLUTION
from gradlab.labs.interchange._pieces import AnswerPart, AsidePart, CheckPart, CodePart, Part, ProsePart, marked

_SCHEMA = 3


def cells(parts: Sequence[Part]) -> tuple[list[dict[str, Any]], list[str]]:
    """Write the parts of a template as nbgrader's cells.

    Returns:
        The cells, and what nbgrader has no place for.
    """
    made: list[dict[str, Any]] = []
    remarks: list[str] = []
    for number, part in enumerate(parts):
        match part:
            case ProsePart(rows, kind):
                made.append(_cell(kind, rows))
            case CodePart():
                given = _given(f"cell-{number}", solution=True, kind="code") if part.regions else None
                made.append(_cell("code", marked(part, *(f"### {text}" for text in SOLUTION)), given))
            case CheckPart():
                name = re.sub(r"[^\w-]", "-", part.name)
                given = _given(name, grade=True, locked=True, points=part.points, kind="code")
                made.append(_cell("code", _tests(part), given))
            case AnswerPart(points, key):
                given = _given(f"answer-{number}", grade=True, solution=True, points=points, kind="markdown")
                made.append(_cell("markdown", key or ("YOUR ANSWER HERE",), given))
            case AsidePart():
                what = "a note" if part.is_note else "key that belongs to no answer cell"
                remarks.append(f"line {part.line}: {what} is left out: nbgrader would show it to the students")
    return made, remarks


def _given(
    name: str,
    *,
    kind: str,
    grade: bool = False,
    solution: bool = False,
    locked: bool = False,
    points: float | None = None,
) -> dict[str, Any]:
    given: dict[str, Any] = {"grade": grade, "solution": solution, "locked": locked, "task": False}
    given |= {"grade_id": name, "schema_version": _SCHEMA, "cell_type": kind}
    return given if points is None else {**given, "points": int(points) if points == int(points) else points}


def _cell(kind: str, rows: Sequence[str], given: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"cell_type": kind, "source": "\n".join(rows), "metadata": {} if given is None else {"nbgrader": given}}


def _tests(part: CheckPart) -> list[str]:
    if not part.hidden and not part.shown:
        return list(part.rows)
    out: list[str] = []
    for hidden, rows in groupby(range(len(part.rows)), key=lambda row: row not in part.shown):
        texts = [part.rows[row] for row in rows]
        out += [f"### {HIDDEN[0]}", *texts, f"### {HIDDEN[1]}"] if hidden else texts
    return out
