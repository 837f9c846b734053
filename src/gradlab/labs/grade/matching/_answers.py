"""The places where a template asks for a text or a derivation, and what a submission says there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from gradlab.labs._blocks import Role
from gradlab.labs._template import Template
from gradlab.labs._versions import Version
from gradlab.labs.grade.matching._statements import statements_of
from gradlab.labs.grade.reading import SubmittedCell

_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_TICKS = re.compile("`+")
_FAR = 1_000_000
_ENOUGH = 4  # words


@dataclass(frozen=True, slots=True)
class Asked:
    """An ANSWER tag.

    Args:
        name: unique, what nbgrader knew its cell by, or else from the heading above it.
        heading: the template line of that heading, 0 without.
        points: what it is worth.
        line: the template line of the tag.
        text: the prose before it, as students see it.
        own: what of that stands behind the last question that code answers, where it says enough by itself.
        key: the answer key's prose behind it.
        place: index of its cell in the question.
        cell_id: the id of that cell.
    """

    name: str
    heading: int
    points: float
    line: int
    text: str
    key: str
    place: int
    cell_id: str
    own: str = ""


@dataclass(slots=True)
class _Draft:
    points: float
    line: int
    name: str
    heading: int
    text: str
    own: str
    key: list[str] = field(default_factory=lambda: list[str]())


def asked_answers(template: Template, question: Version) -> tuple[Asked, ...]:
    """Find the ANSWER tags of a template.

    Returns:
        One for each tag, in order.
    """
    drafts: list[_Draft] = []
    heading, place, prose, answering = "answer", 0, list[str](), False
    begin = 0  # of what is asked behind the last question that code answers
    before = list[str]()  # a key that stands right before its tag
    for cell in template.cells:
        known = cell.metadata.get("nbgrader")
        own = str(known.get("grade_id") or "") if isinstance(known, dict) else ""
        for line in cell.lines:
            if line.role is Role.ANSWER:
                text, last = ("\n".join(lines).strip() for lines in (prose, prose[begin:]))
                last = last if len(last.split()) >= _ENOUGH else text
                drafts.append(_Draft(line.points, line.number, own or heading, place, text, last, before))
                prose, begin, before, answering = [], 0, [], True
            elif line.role is Role.HOMEWORK and answering:
                drafts[-1].key.append(line.text if cell.kind == "markdown" else f"    {line.text}")
            elif line.role is Role.HOMEWORK and cell.kind == "markdown":
                before.append(line.text)
            elif line.role in (Role.HOMEWORK, Role.CHECK) and not answering:
                begin = len(prose)
            elif line.role is Role.CONTENT and cell.kind == "markdown":
                found = _HEADING.match(line.text)
                before = [] if line.text.strip() else before
                answering = answering and not line.text.strip()
                heading, place = (found[1], line.number) if found else (heading, place)
                prose = [] if found else [*prose, line.text] if line.text.strip() or prose else prose
                begin = min(begin, len(prose))
        prose = [*prose, ""] if prose else prose
    cells = [
        (place, cell.get("id", ""))
        for place, cell in enumerate(question.notebook.cells)
        if cell.metadata.get("gradlab", {}).get("answer")
    ]
    made, seen = list[Asked](), dict[str, int]()
    for draft, (place, cell_id) in zip(drafts, cells, strict=True):
        seen[draft.name] = seen.get(draft.name, 0) + 1
        name = draft.name if seen[draft.name] == 1 else f"{draft.name} ({seen[draft.name]})"
        key = "\n".join(draft.key).strip()
        made.append(Asked(name, draft.heading, draft.points, draft.line, draft.text, key, place, cell_id, draft.own))
    return tuple(made)


def given_answers(
    cells: Sequence[SubmittedCell], asked: Sequence[Asked], question: Version, homework: Set[str]
) -> dict[str, str]:
    """Find what a submission says where an answer is asked for.

    Args:
        cells: the submission's.
        asked: the ANSWER tags.
        question: the version that was handed out.
        homework: the names that code answers.

    Returns:
        The text for each that has one, by name, and fenced the code that stands there and answers nothing else: by the
        cell's id, or else by its place among the template's own cells.
    """
    template = question.notebook.cells
    ids = {cell.get("id", ""): place for place, cell in enumerate(template)}
    by_place, filled = {one.place: one for one in asked}, [n for n, cell in enumerate(template) if cell.source.strip()]
    places = _places(cells, question, ids)
    top = next((place for place in places if place is not None), _FAR)
    above, found = dict[str, list[str]](), dict[str, list[str]]()
    anchor, is_open, has_begun = 0, True, False
    for cell, place in zip(cells, places, strict=True):
        has_begun = has_begun or place is not None
        if place is not None and place not in by_place:
            anchor, is_open = place, True
            continue
        text, own = cell.source.strip(), by_place.get(ids.get(cell.id, -1)) if cell.id else None
        one: Asked | None = own
        if cell.kind == "code":
            if any(each.changes & homework for each in statements_of(cell.source)[0]):
                is_open = False
            elif own is None and is_open:
                behind = next((each for each in filled if each > anchor), _FAR)
                one = next((each for each in asked if anchor <= each.place < behind), None)
            text = _fenced(text)
        elif own is None:
            if cell.id in ids:  # written into the cell that asks
                text, anchor = _added(template[ids[cell.id]].source, text), ids[cell.id]
            one = min(
                asked, key=lambda one: one.place - anchor if one.place >= anchor else _FAR - one.place, default=None
            )
        if one is not None and text:
            # What platforms put above all that was handed out is no part of what is written where it is asked.
            is_above = own is None and not has_begun and one.place > top
            (above if is_above else found).setdefault(one.name, []).append(text)
            anchor = anchor if is_above else max(anchor, one.place)
    return {name: "\n\n".join(parts) for name, parts in (above | found).items()}


def _places(cells: Sequence[SubmittedCell], question: Version, ids: Mapping[str, int]) -> list[int | None]:
    """Which cell of the question each cell of a submission is, None where it is the submission's own."""
    template = question.notebook.cells
    texts = dict[str, list[int]]()
    for place, cell in enumerate(template):
        texts.setdefault(_plain(cell.source), []).append(place)
    shapes = {
        statement.shape: place
        for place, cell in enumerate(template)
        if cell.cell_type == "code"
        for statement in statements_of(cell.source)[0]
    }
    found, last = list[int | None](), -1
    for cell in cells:
        alike = texts.get(_plain(cell.source), ()) if cell.source.strip() else ()
        place = next((each for each in alike if each > last), alike[-1] if alike else None)
        if place is None and cell.kind == "code":
            place = next((shapes[s.shape] for s in statements_of(cell.source)[0] if s.shape in shapes), None)
            if place is None and cell.id in ids and template[ids[cell.id]].source.strip():
                place = ids[cell.id]
        found.append(place)
        last = last if place is None else place
    return found


def _fenced(code: str) -> str:
    fence = "`" * max(3, *(len(run) + 1 for run in _TICKS.findall(code)), 0)
    return f"{fence}python\n{code}\n{fence}" if code else ""


def _plain(text: str) -> str:
    return " ".join(text.split())


def _added(original: str, text: str) -> str:
    known = {_plain(line) for line in original.split("\n")}
    return "\n".join(line for line in text.split("\n") if _plain(line) not in known or not line.strip()).strip()
