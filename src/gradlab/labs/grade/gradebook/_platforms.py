"""The gradebook of a course as Canvas or Moodle exports it, with the points filled in, to be handed back."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gradlab._errors import GradlabError
from gradlab.labs._files import read_csv
from gradlab.labs.grade.gradebook._table import points
from gradlab.labs.grade.verdicts import SubmissionResult

_CANVAS_IDS: Final = ("ID", "SIS User ID", "SIS Login ID", "Integration ID")
_MOODLE_ID: Final = ("Identifier", "ID")
_MOODLE_OTHER: Final = ("ID number", "ID-Nummer", "Username", "Email address", "E-Mail-Adresse")
_MOODLE_GRADE: Final = ("Grade", "Bewertung")
_MOODLE_MOST: Final = ("Maximum Grade", "Maximum grade", "Bestwertung")
_MOODLE_OPEN: Final = ("Grade can be changed", "Bewertung kann geändert werden")
_MOODLE_WORDS: Final = ("Feedback comments", "Feedback als Kommentar")
_NO: Final = frozenset({"no", "nein"})
_EXCUSED: Final = frozenset({"EX"})
_CANVAS_COLUMN = re.compile(r".+ \(\d+\)$")


class GradebookError(GradlabError):
    """The course's gradebook does not fit what was graded; nothing was written."""


@dataclass(frozen=True, slots=True)
class FilledGradebook:
    """A gradebook with the points filled in.

    Args:
        platform: "canvas" or "moodle".
        data: the CSV file.
        remarks: whose points were not filled in, and why, and which took the place of others.
    """

    platform: str
    data: bytes
    remarks: tuple[str, ...]


def fill_gradebook(path: Path, results: Sequence[SubmissionResult], column: str = "") -> FilledGradebook:
    """Fill points into a course's gradebook.

    Args:
        path: the CSV that Canvas ("Export", all of the gradebook) or Moodle ("Download grading worksheet") wrote.
        results: what was graded, one for each person; the numbers come from the names in the platform's own download,
            from Gradescope's list of people, or from a roster.
        column: of Canvas, the assignment's column, default the only one; of Moodle in another language than English and
            German, the column of the grade.

    Returns:
        The same file with the points of everybody whose grading is complete.

    Raises:
        UnfitFileError: if it is no ordinary file, too large or not in UTF-8.
        GradebookError: if it is no gradebook, or a submission has no row in it, or counts other points.
        OSError: if it cannot be read.
    """
    text, separator, rows = read_csv(path)
    header = [name.strip() for name in rows[0]] if rows else []
    if {"Student", "ID"} <= set(header):
        platform, table = "canvas", _canvas(path, header, rows, column)
    elif _place(header, (*_MOODLE_GRADE, column)) is not None and _numbered(header, rows) is not None:
        platform, table = "moodle", _moodle(path, header, rows, column)
    else:
        raise GradebookError(
            f"{path}: is no gradebook of Canvas (with the columns Student and ID) and no grading worksheet of Moodle "
            f"(with Identifier and Grade; say with --column what the grade is called in another language); its columns "
            f"are {', '.join(header[:8])}"
        )
    remarks = _fill(path, platform, table, results)
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=separator, lineterminator="\r\n" if "\r\n" in text else "\n").writerows(rows)
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    return FilledGradebook(platform, (mark + stream.getvalue()).encode(), tuple(remarks))


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of people by the platform's number, where their points go, and what they are worth at most.

    Args:
        people: by the platform's number, and by each other column of numbers or addresses.
    """

    people: tuple[dict[str, list[str]], ...]
    grade: int
    most: Callable[[list[str]], str]
    is_open: Callable[[list[str]], bool]
    words: int | None


def _canvas(path: Path, header: list[str], rows: list[list[str]], column: str) -> _Table:
    assignments = [name for name in header if _CANVAS_COLUMN.match(name)]
    if column:
        fitting = [name for name in assignments if name == column or name.rpartition(" (")[0] == column]
    else:
        fitting = assignments
    if len(fitting) != 1:
        names = ", ".join(fitting or assignments) or "none"
        raise GradebookError(f"{path}: say with --column which assignment it is: {names}")
    grade, place = header.index(fitting[0]), header.index("ID")
    possible = next((row for row in rows[1:4] if row and row[0].strip() == "Points Possible"), None)
    rows = [row for row in rows[1:] if len(row) > max(grade, place) and row[place].strip()]
    people = tuple(_by(rows, header.index(name)) for name in _CANVAS_IDS if name in header)
    return _Table(people, grade, lambda _: possible[grade] if possible else "", lambda _: True, None)


def _numbered(header: list[str], rows: list[list[str]]) -> int | None:
    """Where Moodle's numbers stand: in the column called so, or in the first if it has words before a number in all."""
    place = _place(header, _MOODLE_ID)
    if place is None and len(rows) > 1 and all(re.fullmatch(r"\D+\d+\s*", row[0]) for row in rows[1:] if row):
        return 0
    return place


def _moodle(path: Path, header: list[str], rows: list[list[str]], column: str) -> _Table:
    place, grade = _numbered(header, rows), _place(header, (*_MOODLE_GRADE, column))
    assert place is not None
    assert grade is not None
    most, changes, words = (_place(header, names) for names in (_MOODLE_MOST, _MOODLE_OPEN, _MOODLE_WORDS))
    if header[grade] == column and most is None:
        most = grade + 1  # whatever it is called
    whole = [row for row in rows[1:] if len(row) == len(header)]
    people = {number[1]: row for row in whole if (number := re.search(r"(\d+)\s*$", row[place]))}
    if not people and len(rows) > 1:
        raise GradebookError(f"{path}: no row has a number in the column {header[place]}")
    others = (_by(whole, header.index(name)) for name in _MOODLE_OTHER if name in header)
    return _Table(
        (people, *others), grade, lambda row: row[most] if most is not None and most < len(row) else "",
        lambda row: changes is None or row[changes].strip().lower() not in _NO, words,
    )  # fmt: skip


def _by(rows: Sequence[list[str]], column: int) -> dict[str, list[str]]:
    """The rows by what stands in a column, where it stands there once."""
    count = Counter(row[column].strip() for row in rows)
    return {text: row for row in rows if (text := row[column].strip()) and count[text] == 1}


def _place(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _fill(path: Path, platform: str, table: _Table, results: Sequence[SubmissionResult]) -> list[str]:
    people = next((by for by in table.people if all(one.identity in by for one in results)), table.people[0])
    strange = [result for result in results if result.identity not in people]
    if strange:
        shown = ", ".join(f"{one.student} ({one.identity or 'no number'})" for one in strange[:5])
        more = f" and {len(strange) - 5} more" if len(strange) > 5 else ""
        raise GradebookError(
            f"{path}: nothing was written, for there is not one row for {shown}{more}; hand over the gradebook of the "
            f"same course, and grade the submissions as {platform.capitalize()} downloads them: their names hold the "
            "numbers; or say with --roster which numbers they have there"
        )
    remarks = list[str]()
    for result in results:
        row = people[result.identity]
        most = _number(table.most(row))
        if most is not None and abs(most - result.possible) > 1e-9 and result.possible:
            raise GradebookError(
                f"{path}: nothing was written, for {platform.capitalize()} counts {most:g} points and the lab "
                f"{result.possible:g}; give the assignment {result.possible:g} points there, and export it anew"
            )
        if result.problem or result.waits:
            why = result.problem or "an answer waits for a human"
            remarks.append(f"{result.student}: no points were filled in: {why}")
        elif not table.is_open(row):
            remarks.append(f"{result.student}: no points were filled in: {platform.capitalize()} has locked the grade")
        elif row[table.grade].strip().upper() in _EXCUSED:
            remarks.append(f"{result.student}: no points were filled in: excused ({row[table.grade].strip()})")
        else:
            got, before = points(result.points), _number(row[table.grade])
            if before is not None and abs(before - float(got)) > 5e-3:
                remarks.append(f"{result.student}: {got} took the place of {row[table.grade].strip()}")
            row[table.grade] = got
            if table.words is not None and not row[table.words].strip():
                row[table.words] = _in_words(result)
    return remarks


def _number(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def _in_words(result: SubmissionResult) -> str:
    lines = [
        f"{q.name}: {q.points:g} of {q.possible:g}{f' - {q.reason}' if q.reason else ''}" for q in result.questions
    ]
    return "\n".join(lines)
