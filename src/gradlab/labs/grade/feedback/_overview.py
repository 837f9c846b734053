"""The results page: everybody's points, and how each question went."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from gradlab.labs.grade.feedback._page import page
from gradlab.labs.grade.gradebook import points
from gradlab.labs.grade.verdicts import SubmissionResult

_WIDEST = 12  # em


def overview_page(results: Sequence[SubmissionResult], title: str) -> str:
    """Write the results page.

    Returns:
        The HTML document; students' names link to their pages.
    """
    return page(title, f"<h2>Questions</h2>{_questions(results)}<h2>Submissions</h2>{_submissions(results)}")


def _questions(results: Sequence[SubmissionResult]) -> str:
    graded = [result for result in results if not result.problem]
    by_name: dict[str, list[tuple[float, float, str]]] = {}
    for result in graded:
        for question in result.questions:
            by_name.setdefault(question.name, []).append((question.points, question.possible, question.status))
    rows = ["<tr><th>question</th><th>mean</th><th>of</th><th></th><th>right</th><th>partly</th><th>wrong</th>"
            "<th>missing</th><th>human</th></tr>"]  # fmt: skip
    for name, found in by_name.items():
        mean, possible = sum(part[0] for part in found) / len(found), found[0][1]
        counts = [sum(part[2] == kind for part in found) for kind in ("right", "partly", "wrong", "missing", "human")]
        width = _WIDEST * mean / possible if possible else 0
        cells = "".join(f"<td class='n'>{count}</td>" for count in counts)
        bar = f"<td><span class='bar' style='width:{width:.1f}em'></span></td>"
        numbers = f"<td class='n'>{points(mean)}</td><td class='n'>{points(possible)}</td>"
        rows.append(f"<tr><td>{escape(name)}</td>{numbers}{bar}{cells}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _submissions(results: Sequence[SubmissionResult]) -> str:
    rows = ["<tr><th>student</th><th>points</th><th>of</th><th>state</th><th>remarks</th></tr>"]
    for result in results:
        link = f"<a href='feedback/{escape(result.name)}.html'>{escape(result.student)}</a>"
        remarks = escape("; ".join([result.problem] * bool(result.problem) + result.repairs))
        rows.append(
            f"<tr><td>{link}</td><td class='n'>{points(result.points)}</td><td class='n'>{points(result.possible)}</td>"
            f"<td>{result.state}</td><td>{remarks}</td></tr>"
        )
    return f"<table>{''.join(rows)}</table>"
