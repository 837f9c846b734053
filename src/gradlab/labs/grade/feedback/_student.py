"""The page that a student gets: what was asked, what came out, what is wrong with it; nothing hidden is shown."""

from __future__ import annotations

from html import escape

from gradlab.labs.grade.feedback._page import block, page, prose
from gradlab.labs.grade.gradebook import points
from gradlab.labs.grade.verdicts import QuestionResult, SubmissionResult

_WORDS = {
    "right": "right", "partly": "partly right", "wrong": "not right", "missing": "not answered",
    "human": "waits for a human's judgement",
}  # fmt: skip


def student_page(result: SubmissionResult, title: str) -> str:
    """Write a student's page."""
    waiting = sum(question.possible for question in result.questions if question.status == "human")
    told = f"; up to {points(waiting)} more wait for a human's judgement" * bool(waiting)
    score = f"<b>{points(result.points)} of {points(result.possible)} points</b>{told}"
    body = [f"<p>{escape(result.student)}: {score}</p>"]
    if result.problem:
        body.append(f"<p>Nothing could be graded: {escape(result.problem)}.</p>")
    if result.repairs:
        items = "".join(f"<li>{escape(text)}</li>" for text in result.repairs)
        body.append(f"<h2>About your file</h2><ul>{items}</ul>")
    said = [*result.repairs, *(text for one in result.questions for text in (one.reason, *one.notes))]
    if any("cell " in text for text in said):
        body.append("<p>Cells are counted from the first on, those with text too.</p>")
    if not result.problem:
        body += [_question(question) for question in result.questions]
    if result.printed:
        body.append("<h2>What your cells printed</h2>")
        body += [f"<p>Cell {escape(cell)}:</p>{block(text)}" for cell, text in result.printed.items()]
    return page(title, "".join(body))


def _question(question: QuestionResult) -> str:
    name = escape(question.name) + " (a hidden check)" * question.hidden
    head = f"{name}: {points(question.points)} of {points(question.possible)} &ndash; "
    parts = [f"<section class='{question.status}'><h3>{head}{_WORDS[question.status]}</h3>"]
    if question.reason:
        parts.append(f"<p>{escape(question.reason)}</p>")
    parts += [f"<p>{escape(note)}</p>" for note in question.notes]
    if question.asked and not question.hidden:
        shown = prose(question.asked) if question.kind == "answer" else block(question.asked)
        parts.append(f"<details><summary>what was asked</summary>{shown}</details>")
    if question.given:
        parts.append(f"<details><summary>what you wrote</summary>{block(question.given)}</details>")
    return "".join([*parts, "</section>"])
