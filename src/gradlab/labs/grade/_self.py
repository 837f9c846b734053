"""What students see at home: their own notebook against the checks that it shows, in the words of the grading."""

from __future__ import annotations

import contextlib
import io
import types
from pathlib import Path

from gradlab.labs._python import parse
from gradlab.labs.grade.matching import statements_of
from gradlab.labs.grade.reading import SubmittedCell, read_cells
from gradlab.labs.grade.sandbox import run_statement
from gradlab.labs.grade.verdicts import QuestionResult, in_words, prepare, run_check

_LIMIT = 60.0


def grade_self(path: Path) -> list[QuestionResult]:
    """Run a notebook of one's own, and the checks in it. It runs as it would in Jupyter, without a sandbox.

    Returns:
        A result for each check that the notebook shows.

    Raises:
        UnreadableError: if it is no notebook.
        OSError: if there is no such file.
    """
    cells, _ = read_cells(path.read_bytes(), path.suffix.lower())
    module = types.ModuleType("__main__")
    names, results, failed = vars(module), list[QuestionResult](), ""
    for number, cell in enumerate(cells, 1):
        if cell.check:
            results.append(_tried(cell, names, failed))
            failed = ""
        elif cell.kind == "code":
            failed = _run(number, cell, names) or failed
    return results


def _run(number: int, cell: SubmittedCell, names: dict[str, object]) -> str:
    """Run a cell, its output thrown away; returns what went wrong."""
    statements, problem = statements_of(cell.source)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for statement in statements:
            order = {"source": statement.source, "cell": number, "line": statement.line}
            try:
                run_statement(names, order)
            except Exception as error:
                return f"cell {number}, line {statement.line}: {type(error).__name__}: {error}"
    return f"cell {number} cannot be read ({problem})" if problem else ""


def _tried(cell: SubmittedCell, names: dict[str, object], failed: str) -> QuestionResult:
    result = QuestionResult(cell.check, "check", cell.points, asked=cell.source)
    check = prepare(parse(cell.source.split("\n")))
    outcome = run_check(check, names, lambda: None, _LIMIT)
    if outcome.holds:
        result.status, result.points = "right", cell.points
        return result
    is_empty = isinstance(outcome.problem, NotImplementedError) or "NotImplementedError" in failed
    result.status = "missing" if is_empty else "wrong"
    words = "not done yet: NotImplementedError is raised" if is_empty else in_words(outcome, check, hidden=False)
    result.reason = f"{words} ({failed})" if failed and not is_empty else words
    return result
