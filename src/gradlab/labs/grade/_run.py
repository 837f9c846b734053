"""The process that grades is started, given its orders, and ended, whatever comes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradlab._errors import GradlabError
from gradlab.labs._diagnostics import in_cells
from gradlab.labs.grade.sandbox import THREADS, IsolationError

STATE = ".state"  # what the next run needs; the key's answers are in it
Watch = Callable[[str, str, str], None]


class GradingError(GradlabError):
    """Nothing could be graded; the message says why.

    Args:
        message: why.
        faults: where the answer key is to blame, its faults with their template lines.
    """

    def __init__(self, message: str, faults: Sequence[tuple[int, str]] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class GradeOptions:
    """How to grade.

    Args:
        out: the folder for the gradebook and the feedback.
        jobs: how many submissions are graded at once. Default 1.
        isolated: whether submissions run in a sandbox. Default yes.
        engine: "docker" or "podman", for a sandbox in a container instead of in bubblewrap. Default "".
        limit: seconds that one submission may take in all. Default 600.
        by_author: whether the author's own notebooks are graded: what stands as it was handed out is judged as an
            answer, and reasons say all about hidden checks. Default no.
        roster: a CSV file of people with their numbers and groups: who submissions count for. Default: who they name.
    """

    out: Path
    jobs: int = 1
    isolated: bool = True
    engine: str = ""
    limit: float = 600.0
    by_author: bool = False
    roster: Path | None = None


def run(
    template: Path,
    source: Path,
    orders: Sequence[dict[str, Any]],
    questions: dict[str, str],
    options: GradeOptions,
    watch: Watch,
) -> tuple[str, ...]:
    """Lets the service grade what has changed.

    Args:
        template: the lab's template.
        source: where submissions lie, which they must not see.
        orders: what is to be graded.
        questions: the hash of what each question depends on beside the submission.
        options: how; results are written to a folder of its `out`.
        watch: called with what happens.

    Raises:
        GradlabError: if it cannot grade.
    """
    start = {
        "template": str(template.resolve()), "private": [str(path) for path in (template, source, options.out)],
        "isolated": options.isolated, "engine": options.engine, "jobs": options.jobs, "limit": options.limit,
        "folder": str((options.out / STATE).resolve()), "questions": questions, "by_author": options.by_author,
    }  # fmt: skip
    watch("waits", "", "the sandbox is started and the answer key is run")
    with _service() as service:
        assert service.stdin is not None
        assert service.stdout is not None
        service.stdin.write(json.dumps(start) + "\n")
        service.stdin.flush()
        ready: dict[str, Any] = json.loads(service.stdout.readline() or '{"error": "the grader does not start"}')
        if "walls" in ready:
            raise IsolationError(ready["walls"])
        if "error" in ready:
            faults = [(line, said) for line, said in ready.get("faults", ())]
            told = "; ".join(f"line {line}{in_cells(template, line)}: {said}" for line, said in faults)
            raise GradingError(told or ready["error"], faults)
        # One order after the other: a pipe that is full must not keep either side waiting for the other.
        for order in orders[: options.jobs]:
            _order(service, order)
        for order in [*orders[options.jobs :], *[None] * min(len(orders), options.jobs)]:
            _wait_for_one(service, watch, len(orders))
            if order is not None:
                _order(service, order)
        service.stdin.close()
        service.wait(timeout=60)
    doubts = (f"{template.name}:{line}{in_cells(template, line)}: {said}" for line, said in ready["faults"])
    return (*(f"a given cell fails where submissions run, {said}" for said in ready["failed"]), *doubts)


def _order(service: subprocess.Popen[str], order: dict[str, Any]) -> None:
    assert service.stdin is not None
    service.stdin.write(json.dumps(order) + "\n")
    service.stdin.flush()


def _wait_for_one(service: subprocess.Popen[str], watch: Watch, count: int) -> None:
    assert service.stdout is not None
    while line := service.stdout.readline():
        said = json.loads(line)
        if "begun" in said:
            watch("begun", said["begun"], str(count))
        elif "at" in said:
            watch("at", said["at"], said["question"])
        else:
            watch("done", said["done"], "")
            return
    raise GradingError("the grader ended before its time; run the same command again, and it goes on where it was")


_graders: set[int] = set()


def end_graders() -> None:
    """End what grades for other threads of this process; they raise GradingError then."""
    for pid in tuple(_graders):
        _end(pid)


def _end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


@contextmanager
def _service() -> Iterator[subprocess.Popen[str]]:
    values = {**os.environ, **dict.fromkeys(THREADS, "1"), "MPLBACKEND": "agg", "PYTHONHASHSEED": "0"}
    process = subprocess.Popen(
        [sys.executable, "-m", "gradlab.labs.grade.verdicts._service"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=values, start_new_session=True,
    )  # fmt: skip
    _graders.add(process.pid)
    try:
        yield process
    finally:
        # Ctrl-C is for this process alone; it ends that one with all that grade for it.
        _graders.discard(process.pid)
        _end(process.pid)
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                stream.close() if stream is not None else None
        process.wait()
