"""Who a submission counts for: a list of people with their numbers and groups, as a platform exports it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gradlab._errors import GradlabError
from gradlab.labs._files import read_csv
from gradlab.labs.grade.reading._layouts import Person, Submission

# The first that a row has is the number of its person; the others are what a submission may be known by.
_IDS: Final = (
    "canvas_user_id", "id", "identifier", "user_id", "sis user id", "sid", "student id", "id number", "login_id",
    "sis login id", "username", "email", "email address",
)  # fmt: skip
_NAMES: Final = ("name", "student", "full name", "vollständiger name")
_GROUPS: Final = ("group_name", "group", "gruppe", "team", "canvas_group_id", "group_id")


class RosterError(GradlabError):
    """A list of people that cannot be read as one."""


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    ids: tuple[str, ...]
    group: str

    @property
    def person(self) -> Person:
        return Person(self.name or self.ids[0], self.ids[0] if self.ids else "", self.group)


class Roster:
    """A list of people.

    Args:
        path: a CSV file with a column for names or numbers, and perhaps one for groups, as Canvas exports groups and
            gradebooks, Moodle grading worksheets, and Gradescope rosters.

    Raises:
        RosterError: if it is none.
        OSError: if it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._people = _read(path)
        self._known: dict[str, _Row | None] = {}
        for person in self._people:
            for text in {*map(_plain, (person.name, *person.ids))} - {""}:
                # What two people are called is nobody's name.
                self._known[text] = None if text in self._known else person
        self._groups: dict[str, list[_Row]] = {}
        for person in self._people:
            if person.group:
                self._groups.setdefault(_plain(person.group), []).append(person)

    def assign(self, submissions: Sequence[Submission]) -> None:
        """Say of each submission who it counts for: all of a group, if nobody else of it handed in.

        Args:
            submissions: their people are set anew, with a remark where the list does not know who it is.
        """
        groups = [self._group(one) for one in submissions]
        for one, group in zip(submissions, groups, strict=True):
            if group and groups.count(group) == 1:
                one.people = [row.person for row in self._groups[group]]
                continue
            if group:
                one.remarks.append(f"{groups.count(group)} of its group handed in; this counts for who did alone")
            people = [self._find(who.identity, who.student) for who in one.people]
            if None in people:
                one.remarks.append("the roster does not say who this is")
            one.people = [p.person if p else m for p, m in zip(people, one.people, strict=True)]

    def _group(self, submission: Submission) -> str:
        people = [self._find(who.identity, who.student) for who in submission.people]
        named = {_plain(person.group) for person in people if person is not None}
        own = _plain(submission.student)
        return named.pop() if len(named) == 1 else own if own in self._groups else ""

    def _find(self, *texts: str) -> _Row | None:
        return next((found for text in texts if (found := self._known.get(_plain(text)))), None)


def _read(path: Path) -> list[_Row]:
    _, _, rows = read_csv(path)
    header = [name.strip().lower() for name in rows[0]] if rows else []
    ids, names, groups = (_columns(header, known) for known in (_IDS, _NAMES, _GROUPS))
    if not ids and not names:
        raise RosterError(
            f"{path}: no column holds names or numbers of people (such as Student, ID, SIS User ID, login_id, email); "
            f"its columns are {', '.join(rows[0][:8]) if rows else 'none'}"
        )

    def of(row: Sequence[str], columns: Iterable[int]) -> list[str]:
        return [text for place in columns if place < len(row) and (text := row[place].strip())]

    people = []
    for row in rows[1:]:
        numbers = [re.sub(r"^\D+(?=\d+$)", "", text) if " " in text or "/" in text else text for text in of(row, ids)]
        name = next(iter(of(row, names)), "")
        if numbers or (name and not name.startswith("Points Possible")):
            people.append(_Row(name, tuple(dict.fromkeys(numbers)), next(iter(of(row, groups)), "")))
    return list(dict.fromkeys(people))


def _columns(header: Sequence[str], known: Sequence[str]) -> list[int]:
    return [header.index(name) for name in known if name in header]


def _plain(text: str) -> str:
    """A name as platforms put it into the names of files."""
    return re.sub(r"[^\w@]", "", text).casefold()
