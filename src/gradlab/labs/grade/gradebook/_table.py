"""The gradebook as CSV: a row for everyone, a column for each question."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from gradlab.labs._files import write_whole
from gradlab.labs.grade.verdicts import SubmissionResult


def write_table(path: Path, results: Sequence[SubmissionResult]) -> None:
    """Write the gradebook."""
    names = list(dict.fromkeys(question.name for result in results for question in result.questions))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    grouped = ["group"] if any(result.group for result in results) else []
    table.writerow(["student", "id", *grouped, "file", *names, "points", "possible", "state", "remarks"])
    for result in results:
        got = {question.name: question.points for question in result.questions}
        remarks = "; ".join([result.problem] * bool(result.problem) + result.repairs)
        own = [points(got[name]) if name in got else "" for name in names]
        table.writerow(
            [
                *map(harmless, (result.student, result.identity, *([result.group] if grouped else []), result.file)),
                *own, points(result.points), points(result.possible), result.state, harmless(remarks),
            ]
        )  # fmt: skip
    write_whole(path, text.getvalue(), "utf-8-sig")


def points(value: float) -> str:
    """Points as they are written: no more digits than needed."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    plain = " ".join(text.split())[:1000]
    return f"'{plain}" if plain[:1] in ("=", "+", "-", "@") else plain
