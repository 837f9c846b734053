"""Grade a folder of submissions: who changed is graded again, everybody gets a row."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gradlab._errors import GradlabError
from gradlab.labs._manifest import hash_file
from gradlab.labs._template import Template, read_template
from gradlab.labs._versions import make_versions
from gradlab.labs.grade.feedback import overview_page, student_page
from gradlab.labs.grade.gradebook import apply_decisions, read_queue, write_queue, write_table
from gradlab.labs.grade.matching import asked_answers, lab_keys, make_plan
from gradlab.labs.grade.reading import Submission, find_submissions
from gradlab.labs.grade.sandbox import THREADS, try_isolation
from gradlab.labs.grade.verdicts import SubmissionResult, from_json

_STATE = ".state"  # what the next run needs; the key's answers are in it
Watch = Callable[[str, str, str], None]


class GradingError(GradlabError):
    """Nothing could be graded; the message says why."""


@dataclass(frozen=True, slots=True)
class GradeOptions:
    """How to grade.

    Args:
        out: the folder for the gradebook and the feedback.
        jobs: how many submissions are graded at once. Default 1.
        isolated: whether submissions run in a sandbox. Default yes.
        limit: seconds that one submission may take in all. Default 600.
    """

    out: Path
    jobs: int = 1
    isolated: bool = True
    limit: float = 600.0


@dataclass(frozen=True, slots=True)
class Grading:
    """What came of it.

    Args:
        results: one for each submission, in order.
        fresh: how many were graded now; the others were as they had been before.
        waiting: how many answers wait for a human.
        moved: whose points are others than before, with both.
        remarks: what is to be said about the whole.
    """

    results: tuple[SubmissionResult, ...]
    fresh: int
    waiting: int
    moved: tuple[tuple[str, float, float], ...]
    remarks: tuple[str, ...]


def grade(template: Path, source: Path, options: GradeOptions, watch: Watch = lambda *_: None) -> Grading:
    """Grade submissions.

    Args:
        template: the lab's template.
        source: a folder or zip of submissions, or a single one.
        options: how.
        watch: called with what happens, a submission's name, and more: "begun" and how many there are, "at" and the
            question that is judged, "done"; and at the start with "waits" and what for.

    Returns:
        The results; the gradebook, the feedback and the queue lie in `options.out`.

    Raises:
        GradlabError: if the template, the submissions or the sandbox do not allow it.
    """
    # What judges goes to the template's folder, so that a lab finds its tables there.
    template, source, options = template.resolve(), source.resolve(), replace(options, out=options.out.resolve())
    lab = read_template(template)
    if options.isolated:
        try_isolation()
    out = options.out
    for folder in (out / _STATE, out / "results", out / "feedback"):
        folder.mkdir(parents=True, exist_ok=True)
    decisions = read_queue(out / "human.toml")
    with TemporaryDirectory(prefix="gradlab-grade-") as scratch:
        submissions = find_submissions(source, Path(scratch), template.stem.removesuffix("-template"))
        keys = _Keys(lab, (source, out), options)
        before = {one.name: _read(out, one.name) for one in submissions}
        orders = [keys.order(one, before[one.name]) for one in submissions]
        changed = [order for order in orders if order is not None]
        remarks = _run(template, source, changed, keys.lab.questions, options, watch) if changed else ()
    results = [_result(out, one, before[one.name], keys) for one in submissions]
    waiting = write_queue(out / "human.toml", results, decisions)
    for old in before.values():
        apply_decisions([old] if old else [], decisions)
    apply_decisions(results, decisions)
    title = lab.settings.title or template.stem
    _write_pages(out, results, title)
    moved = [
        (result.student, old.points, result.points)
        for result in results
        if (old := before[result.name]) is not None and old.points != result.points
    ]
    return Grading(tuple(results), len(changed), waiting, tuple(moved), tuple(remarks))


def _write_pages(out: Path, results: Sequence[SubmissionResult], title: str) -> None:
    write_table(out / "gradebook.csv", results)
    for result in results:
        text = json.dumps(result.for_student(), indent=1)
        (out / "results" / f"{result.name}.json").write_text(text, encoding="utf-8")
        (out / "feedback" / f"{result.name}.html").write_text(student_page(result, title), encoding="utf-8")
    (out / "index.html").write_text(overview_page(results, title), encoding="utf-8")


class _Keys:
    """What results depend on, and what of it has changed."""

    def __init__(self, template: Template, private: tuple[Path, Path], options: GradeOptions) -> None:
        versions = make_versions(template)
        plan = make_plan(template, versions)
        self.lab = lab_keys(template, versions, plan, asked_answers(template, versions.question), private)
        self._common = (self.lab.common, options.isolated)
        self._made: dict[str, tuple[str, str]] = {}

    def of(self, submission: Submission) -> tuple[str, str]:
        """The hash of everything that a result depends on, and of that without the questions; made once for each."""
        if submission.name not in self._made:
            content = hash_file(submission.path) if submission.path is not None else ""
            base = _hash(content, submission.problem, submission.remarks, self._common)
            self._made[submission.name] = _hash(base, self.lab.questions), base
        return self._made[submission.name]

    def order(self, one: Submission, before: SubmissionResult | None) -> dict[str, Any] | None:
        """What the service is to do for a submission, None where nothing has changed."""
        key, base = self.of(one)
        if before is not None and before.key == key:
            return None
        same = before.questions if before is not None and before.base == base and not before.problem else []
        kept = [asdict(question) for question in same if self.lab.questions.get(question.identity) == question.key]
        old = {"repairs": before.repairs, "printed": before.printed} if before is not None and kept else None
        return {
            "name": one.name, "student": one.student, "identity": one.identity, "file": one.file,
            "path": str(one.path or ""), "problem": one.problem, "remarks": one.remarks, "key": key, "base": base,
            "kept": kept, "old": old,
        }  # fmt: skip


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _result(out: Path, one: Submission, before: SubmissionResult | None, keys: _Keys) -> SubmissionResult:
    found = _read(out, one.name)
    return found if found is not None and found.key == keys.of(one)[0] else _lost(one, before)


def _read(out: Path, name: str) -> SubmissionResult | None:
    try:
        return from_json(json.loads((out / _STATE / f"{name}.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _lost(submission: Submission, before: SubmissionResult | None) -> SubmissionResult:
    """The row of a submission whose grading itself ended."""
    questions = [] if before is None else before.questions
    for question in questions:
        question.points, question.status, question.reason = 0.0, "human", "grading it ended before its time"
    problem = "grading it was stopped: it took too long, or more memory than it may; look at it yourself"
    return SubmissionResult(
        submission.name, submission.student, submission.identity, submission.file, problem, questions=questions
    )


def _run(
    template: Path,
    source: Path,
    orders: Sequence[dict[str, Any]],
    questions: dict[str, str],
    options: GradeOptions,
    watch: Watch,
) -> tuple[str, ...]:
    """Let the service grade what has changed; returns what it remarked."""
    start = {
        "template": str(template.resolve()), "private": [str(path) for path in (template, source, options.out)],
        "isolated": options.isolated, "jobs": options.jobs, "limit": options.limit,
        "folder": str((options.out / _STATE).resolve()), "questions": questions,
    }  # fmt: skip
    watch("waits", "", "the sandbox is started and the answer key is run")
    with _service() as service:
        assert service.stdin is not None
        assert service.stdout is not None
        service.stdin.write(json.dumps(start) + "\n")
        service.stdin.flush()
        ready: dict[str, Any] = json.loads(service.stdout.readline() or '{"error": "the grader does not start"}')
        if "error" in ready:
            raise GradingError(ready["error"])
        # One order after the other: a pipe that is full must not keep either side waiting for the other.
        for order in orders[: options.jobs]:
            _order(service, order)
        for order in [*orders[options.jobs :], *[None] * min(len(orders), options.jobs)]:
            _wait_for_one(service, watch, len(orders))
            if order is not None:
                _order(service, order)
        service.stdin.close()
        service.wait(timeout=60)
    return tuple(f"a given cell fails where submissions run, {said}" for said in ready["failed"])


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


@contextmanager
def _service() -> Iterator[subprocess.Popen[str]]:
    values = {**os.environ, **dict.fromkeys(THREADS, "1"), "MPLBACKEND": "agg", "PYTHONHASHSEED": "0"}
    process = subprocess.Popen(
        [sys.executable, "-m", "gradlab.labs.grade.verdicts._service"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=values, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        # Ctrl-C is for this process alone; it ends that one with all that grade for it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                stream.close() if stream is not None else None
        process.wait()
