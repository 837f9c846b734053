"""The solution and the question as they are handed out, graded as if two students had handed them in."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gradlab._words import counted
from gradlab.labs._diagnostics import Diagnostic
from gradlab.labs._scratch import scratch_folder
from gradlab.labs._template import Template
from gradlab.labs._versions import Versions
from gradlab.labs.grade._grade import Grading, grade
from gradlab.labs.grade._run import GradeOptions, GradingError, Watch
from gradlab.labs.grade.matching import Asked, asked_answers, make_plan
from gradlab.labs.grade.sandbox import IsolationError
from gradlab.labs.grade.verdicts import QuestionResult

if TYPE_CHECKING:
    from nbformat import NotebookNode

_MOST_NAMED = 5
_PLACED = re.compile(r"line (\d+): ")
_DELETED = re.compile(r"^[ \t]*del (\w+)", re.MULTILINE)
_LOOK = (
    "what a student's code makes is compared outside of it, so compare numbers, texts, arrays, tensors or tables: "
    "what its methods return, its attributes, len(...), list(...)"
)


def grade_own(template: Template, versions: Versions, watch: Watch = lambda *_: None) -> tuple[Diagnostic, ...]:
    """Grade what a template's author hands out: the solution has to get all points, the empty question none.

    Returns:
        Errors: what keeps the key from running or from passing its own checks, each question in which the solution
        loses points, and each check that holds while its homework is empty. Notes: what of the solution would wait for
        a human, and what else is to be known.
    """
    plan, asked = make_plan(template, versions), asked_answers(template, versions.question)
    if not (plan.tasks or plan.homework or asked):
        return ()
    if not template.is_python:
        return (_note(template, 0, "the checks were not tried: Python alone is graded"),)
    remarks = list[Diagnostic]()
    try:
        grading = _graded(template, versions, asked, watch, remarks)
    except GradingError as problem:
        faults = problem.faults or ((0, str(problem)),)
        return tuple(Diagnostic(template.path, line, "error", _advised(said), "check") for line, said in faults)
    own = {result.name: result for result in grading.results}
    lost = [_lost(template, question) for question in own["solution"].questions]
    free = [_free(template, question) for question in own["question"].questions if not own["solution"].problem]
    if waiting := [
        one
        for one in own["solution"].questions
        if one.kind == "answer" and one.status == "human" and one.expected and not one.notes
    ]:
        told = f"{counted(len(waiting), 'written answer')} will wait for a human, with the key beside what was written"
        lines = ", ".join(str(one.line) for one in waiting[:_MOST_NAMED]) + (", ..." if waiting[_MOST_NAMED:] else "")
        remarks.append(_note(template, waiting[0].line, f"{told} (ANSWER, line{'s' * (len(waiting) > 1)} {lines})"))
    for said in grading.remarks:
        place = _PLACED.search(said)
        remarks.append(_note(template, int(place[1]) if place else 0, said))
    return tuple(sorted([*remarks, *filter(None, lost), *filter(None, free)]))


def _handed_in(versions: Versions, asked: Sequence[Asked]) -> NotebookNode:
    """The solution as a student's: its code, and what it says in the cells in which the question asks for it."""
    from nbformat import v4

    notebook = versions.solution.notebook
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    cells += [v4.new_markdown_cell(one.key, id=one.cell_id) for one in asked if one.key]
    return v4.new_notebook(cells=cells, metadata=notebook.metadata)


def _graded(
    template: Template, versions: Versions, asked: Sequence[Asked], watch: Watch, remarks: list[Diagnostic]
) -> Grading:
    """Both versions through `grade`, in a stand-in for the template's folder: nothing is added to the course."""
    import nbformat

    with scratch_folder(template.path.resolve().parent) as folder, TemporaryDirectory(prefix="gradlab-own-") as place:
        lab, handed_in = folder / template.path.name, Path(place, "submissions")
        lab.unlink()
        shutil.copyfile(template.path, lab)
        handed_in.mkdir()
        nbformat.write(versions.question.notebook, handed_in / "question.ipynb")
        nbformat.write(_handed_in(versions, asked), handed_in / "solution.ipynb")
        options = GradeOptions(Path(place, "grades"), jobs=2, by_author=True)
        try:
            return grade(lab, handed_in, options, watch)
        except IsolationError as problem:
            said = str(problem).partition("; ")[0]
            remarks.append(_note(template, 0, f"the solution was graded without a sandbox: {said}"))
            return grade(lab, handed_in, replace(options, isolated=False), watch)


def _lost(template: Template, question: QuestionResult) -> Diagnostic | None:
    """What is to be said about a question that the solution was graded in."""
    if question.points >= question.possible or (question.kind == "answer" and not question.expected):
        return None
    why = "; ".join(filter(None, (question.reason, *question.notes)))
    by_author = question.kind == "check" and bool(question.asked)
    if by_author and question.status == "human":
        why = f"{why}; {_LOOK}"
    if by_author or question.status != "human":
        return Diagnostic(
            template.path, question.line, "error",
            f"the solution, handed in as a student's, gets {question.points:g} of {question.possible:g} for "
            f"{question.name!r}: {why}{_removed(question.asked)}", "check",
        )  # fmt: skip
    if question.kind == "answer":
        return (
            _note(template, question.line, f"the key of {question.name!r} waits for a human: {why}")
            if (question.notes)
            else None
        )
    return _note(template, question.line, f"{question.name!r} has no CHECK, and even the key waits for a human: {why}")


def _removed(check: str) -> str:
    """What is to be said of a check that takes a name away in order to see whether another function needs it."""
    found = _DELETED.search(check)
    if found is None:
        return ""
    return (
        f"; the check deletes {found[1]}, which the students' other functions do not notice: they run apart from it, "
        "with names of their own; compare what they return instead"
    )


def _free(template: Template, question: QuestionResult) -> Diagnostic | None:
    """What is to be said about a check that the empty question was graded in."""
    if question.kind != "check" or not question.points:
        return None
    if question.status != "right":
        share = round(100 * question.points / question.possible)
        return _note(
            template, question.line,
            f"{share} % of the check {question.name!r} holds although its homework is empty",
        )  # fmt: skip
    return Diagnostic(
        template.path, question.line, "error",
        f"the check {question.name!r} passes although its homework is empty: it tests nothing; assert what only an "
        "answer gives, or write points=0 behind its name.", "check",
    )  # fmt: skip


def _note(template: Template, line: int, message: str) -> Diagnostic:
    return Diagnostic(template.path, line, "note", message, "check")


def _advised(said: str) -> str:
    if "ModuleNotFoundError" in said:
        return f"{said}; submissions are graded by the Python that runs gradlab, {sys.executable}: install it there"
    return said
