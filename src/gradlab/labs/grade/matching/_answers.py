"""The places where a template asks for a text or a derivation, and what a submission says there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from gradlab.labs._blocks import Role
from gradlab.labs._template import Template
from gradlab.labs._versions import Version
from gradlab.labs.grade.matching._statements import statements_of
from gradlab.labs.grade.reading import SubmittedCell

_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_BADGE = re.compile(r'<a href="https://colab\.research\.google\.com/[^>]*>.*</a>', re.DOTALL)  # Colab puts it above all
_FAR = 1_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """An ANSWER tag.

    Args:
        name: unique, what nbgrader knew its cell by, or else from the heading above it.
        heading: that heading.
        points: what it is worth.
        line: the template line of the tag.
        text: the prose before it, as students see it.
        key: the answer key's prose behind it.
        place: index of its cell in the question.
        cell_id: the id of that cell.
    """

    name: str
    heading: str
    points: float
    line: int
    text: str
    key: str
    place: int
    cell_id: str


@dataclass(slots=True)
class _Draft:
    points: float
    line: int
    name: str
    heading: str
    text: str
    key: list[str] = field(default_factory=lambda: list[str]())


def asked_answers(template: Template, question: Version) -> tuple[Asked, ...]:
    """Find the ANSWER tags of a template.

    Returns:
        One for each tag, in order.
    """
    drafts: list[_Draft] = []
    heading, prose, answering = "", list[str](), False
    for cell in template.cells:
        known = cell.metadata.get("nbgrader")
        own = str(known.get("grade_id") or "") if isinstance(known, dict) else ""
        for line in cell.lines:
            if line.role is Role.ANSWER:
                text = "\n".join(prose).strip()
                drafts.append(_Draft(line.points, line.number, own or heading or "answer", heading or "answer", text))
                prose, answering = [], True
            elif line.role is Role.HOMEWORK and answering:
                drafts[-1].key.append(line.text if cell.kind == "markdown" else f"    {line.text}")
            elif line.role is Role.CONTENT and cell.kind == "markdown":
                found = _HEADING.match(line.text)
                answering = answering and not line.text.strip()
                heading = found[1] if found else heading
                prose = [] if found else [*prose, line.text] if line.text.strip() or prose else prose
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
        made.append(Asked(name, draft.heading, draft.points, draft.line, draft.text, key, place, cell_id))
    return tuple(made)


def given_answers(cells: Sequence[SubmittedCell], asked: Sequence[Asked], question: Version) -> dict[str, str]:
    """Find what a submission says where an answer is asked for.

    Returns:
        The text for each that has one, by name: by the cell's id, else by its place among the template's own cells.
    """
    texts = {_plain(cell.source): place for place, cell in enumerate(question.notebook.cells) if cell.source.strip()}
    ids = {cell.get("id", ""): place for place, cell in enumerate(question.notebook.cells)}
    by_place = {one.place: one for one in asked}
    shapes = _shapes(question)
    found: dict[str, list[str]] = {}
    anchor = 0
    for cell in cells:
        place = texts.get(_plain(cell.source))
        if place is None and cell.kind == "code":
            place = next((shapes[s.shape] for s in statements_of(cell.source)[0] if s.shape in shapes), None)
        if place is not None and place not in by_place:
            anchor = place
            continue
        text = cell.source.strip()
        if cell.kind != "markdown" or not text or _BADGE.fullmatch(text):
            continue
        own = by_place.get(ids.get(cell.id, -1)) if cell.id else None
        if own is None and cell.id in ids:  # written into the cell that asks
            text = _added(question.notebook.cells[ids[cell.id]].source, text)
            anchor = ids[cell.id]
        one = own or min(
            asked, key=lambda one: one.place - anchor if one.place >= anchor else _FAR - one.place, default=None
        )
        if one is not None and text:
            found.setdefault(one.name, []).append(text)
            anchor = max(anchor, one.place)
    return {name: "\n\n".join(parts) for name, parts in found.items()}


def _shapes(question: Version) -> dict[str, int]:
    return {
        statement.shape: place
        for place, cell in enumerate(question.notebook.cells)
        if cell.cell_type == "code"
        for statement in statements_of(cell.source)[0]
    }


def _plain(text: str) -> str:
    return " ".join(text.split())


def _added(original: str, text: str) -> str:
    known = {_plain(line) for line in original.split("\n")}
    return "\n".join(line for line in text.split("\n") if _plain(line) not in known or not line.strip()).strip()
