"""The key's own answer is judged first, as if a student had handed it in: what it does not pass judges nobody."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable
from dataclasses import replace

from gradlab.labs._versions import Version
from gradlab.labs.grade.matching import Program, match
from gradlab.labs.grade.reading import SubmittedCell
from gradlab.labs.grade.verdicts._key import Key
from gradlab.labs.grade.verdicts._results import QuestionResult
from gradlab.labs.grade.verdicts._tasks import ReadyTask

_LOST = "judging it ended before its time"
_SAID = "does not get its points when it is handed in as a student's"


def tried(
    key: Key,
    tasks: tuple[ReadyTask, ...],
    solution: Version,
    judged: Callable[[Program], tuple[list[QuestionResult], dict[str, set[str]]]],
) -> tuple[ReadyTask, ...]:
    """Find the checks that judge nobody.

    Args:
        key: the answer key.
        tasks: the checks.
        solution: the version that has the key's answers.
        judged: judges what of a submission is run, and says what kinds of values each check was handed; it is called in
            a fork, twice where something was not right: on a machine that has much else to do it may run out of time.

    Returns:
        The checks, those marked that the key's own answer does not pass on the very way that a student's goes; and with
        the kinds of values that they are handed.
    """
    cells = [SubmittedCell("code", cell.source) for cell in solution.notebook.cells if cell.cell_type == "code"]
    program = match(cells, key.plan.opened())
    found: dict[str, tuple[str, list[str]]] = {}
    for _ in range(2):
        found = {ready.task.check.name: (_LOST, []) for ready in tasks} | _in_a_fork(program, judged)
        if not any(fault for fault, _ in found.values()):
            break
    return tuple(
        replace(ready, fault=fault, forms=frozenset(forms))
        for ready in tasks
        for fault, forms in [found[ready.task.check.name]]
    )


def faults_of(tasks: tuple[ReadyTask, ...]) -> list[tuple[int, str]]:
    """The template lines of the checks that judge nobody, and what is wrong with each."""
    return [
        (
            ready.task.check.line,
            f"the check {ready.task.check.name!r} judges nobody, and each answer to it waits for a human: the solution "
            f"{_SAID}: {ready.fault}",
        )
        for ready in tasks
        if ready.fault
    ]


def _in_a_fork(
    program: Program, judged: Callable[[Program], tuple[list[QuestionResult], dict[str, set[str]]]]
) -> dict[str, tuple[str, list[str]]]:
    """Why the key's own answer does not pass each check, "" where it does, and the kinds of values; {} if it ended."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            results, forms = judged(program)
            said = {one.name: (_fault(one), sorted(forms.get(one.name, ()))) for one in results}
            with open(writing, "w", encoding="utf-8") as pipe:
                json.dump(said, pipe)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(text) if text else {}


def _fault(result: QuestionResult) -> str:
    if result.status == "right":
        return ""
    return "; ".join(filter(None, (result.reason, *result.notes))) or result.status
