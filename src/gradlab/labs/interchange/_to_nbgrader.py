"""A template as nbgrader's source notebook; what it was read from once is written as nbgrader had it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from gradlab.labs.interchange._from_nbgrader import HIDDEN, SCHEME, SOLUTION
from gradlab.labs.interchange._pieces import AnswerPart, AsidePart, CheckPart, CodePart, Part, ProsePart, marked

_SCHEMA = 3


def cells(parts: Sequence[Part]) -> tuple[list[dict[str, Any]], list[str]]:
    """Write the parts of a template as nbgrader's cells.

    Returns:
        The cells, and what nbgrader has no place for.
    """
    writer = _Writer(parts)
    for _, group in groupby(enumerate(parts), key=lambda pair: _group(*pair)):
        writer.write([part for _, part in group])
    return writer.made, writer.remarks


def _group(index: int, part: Part) -> tuple[int, int]:
    """What becomes one cell: the parts of a cell of prose that was one cell of nbgrader's."""
    whole = not isinstance(part, CodePart | CheckPart) and part.origin and (part.origin.get("grade") or _task(part))
    return (part.cell, -1) if whole else (part.cell, index)


def _task(part: Part) -> bool:
    return bool(part.origin.get("task"))


class _Writer:
    def __init__(self, parts: Sequence[Part]) -> None:
        self.made: list[dict[str, Any]] = []
        self.remarks: list[str] = []
        self.free = {str(part.origin.get("grade_id")) for part in parts if part.origin.get("grade_id")}
        self.taken: set[str] = set()
        self.number = -1

    def write(self, parts: Sequence[Part]) -> None:
        answer = next((part for part in parts if isinstance(part, AnswerPart)), None)
        if len(parts) > 1 and answer is not None:
            self.number += len(parts)
            self._whole(parts, answer)
            return
        for part in parts:
            self.number += 1
            self._one(part)

    def _whole(self, parts: Sequence[Part], answer: AnswerPart) -> None:
        """A cell of nbgrader's that asks, says how it is marked, and has the answer."""
        asked = _lines(part.rows for part in parts if isinstance(part, ProsePart))
        scheme = _lines(part.rows for part in parts if isinstance(part, AsidePart) and part.is_note)
        for part in parts:
            if isinstance(part, AsidePart) and not (part.is_note and _task(answer)):
                self._aside(part)
        task = _task(answer)
        if task:
            rows = [*asked, *([SCHEME[0], *scheme, SCHEME[1]] if scheme else [])]
            if answer.key:
                self.remarks.append(f"line {answer.line}: the key is left out: a task of nbgrader's has none")
        else:
            rows = [*asked, f"### {SOLUTION[0]}", *(answer.key or ("YOUR ANSWER HERE",)), f"### {SOLUTION[1]}"]
        name = self._name(answer, f"answer-{self.number}")
        given = _given(
            name, kind="markdown", grade=not task, solution=not task, locked=task, task=task, points=answer.points
        )
        self.made.append(_cell("markdown", rows, given))

    def _one(self, part: Part) -> None:
        match part:
            case ProsePart(rows, kind):
                self.made.append(_cell(kind, rows, self._kept(part, kind)))
            case CodePart():
                rows = marked(part, *(f"### {text}" for text in SOLUTION))
                self.made.append(_cell("code", rows, self._code(part)))
            case CheckPart():
                wanted = re.sub(r"[^\w-]", "-", part.name)
                known = re.sub(r"[^\w.-]+", "-", str(part.origin.get("grade_id", "")))
                name = self._name(part, wanted) if known == part.name else self._fresh(wanted)
                locked = bool(part.origin.get("locked", True))
                given = _given(name, grade=True, locked=locked, points=part.points, kind="code")
                self.made.append(_cell("code", _tests(part), given))
            case AnswerPart(points, key):
                name = self._name(part, f"answer-{self.number}")
                given = _given(name, grade=True, solution=True, points=points, kind="markdown")
                self.made.append(_cell("markdown", key or ("YOUR ANSWER HERE",), given))
            case AsidePart():
                self._aside(part)

    def _aside(self, part: AsidePart) -> None:
        what = "a note" if part.is_note else "key that belongs to no answer cell"
        self.remarks.append(f"line {part.line}: {what} is left out: nbgrader would show it to the students")

    def _code(self, part: CodePart) -> dict[str, Any] | None:
        if not part.regions:
            return self._kept(part, "code")
        name = self._name(part, f"cell-{self.number}")
        graded = bool(part.origin.get("grade") and part.origin.get("solution"))
        points = float(part.origin.get("points") or 0) if graded else None
        return _given(name, solution=True, grade=graded, points=points, kind="code")

    def _kept(self, part: Part, kind: str) -> dict[str, Any] | None:
        """Of a given cell what nbgrader had: that it is locked."""
        if not part.origin.get("locked"):
            return None
        return _given(self._name(part, f"cell-{self.number}"), locked=True, kind=kind)

    def _name(self, part: Part, default: str) -> str:
        """The id that nbgrader had for a cell, where it is the first that has it; else a new one."""
        wanted = str(part.origin.get("grade_id") or "")
        if wanted and wanted not in self.taken:
            self.taken.add(wanted)
            return wanted
        name = self._fresh(default)
        if wanted:
            told = f"line {part.line}: nbgrader's id {wanted!r} stands at a cell before too; here it is {name!r}"
            self.remarks.append(told)
        return name

    def _fresh(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self.taken or name in self.free:
            number += 1
            name = f"{wanted}-{number}"
        self.taken.add(name)
        return name


def _lines(blocks: Iterable[Sequence[str]]) -> list[str]:
    return [row for block in blocks for row in block]


def _given(
    name: str,
    *,
    kind: str,
    grade: bool = False,
    solution: bool = False,
    locked: bool = False,
    task: bool = False,
    points: float | None = None,
) -> dict[str, Any]:
    given: dict[str, Any] = {"grade": grade, "solution": solution, "locked": locked, "task": task}
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
