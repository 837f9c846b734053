"""Grade a folder of submissions: who changed is graded again, everybody gets a row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gradlab._cluster import workers
from gradlab._errors import GradlabError
from gradlab.labs._files import write_whole
from gradlab.labs._manifest import hash_file
from gradlab.labs._template import Template, read_template
from gradlab.labs._versions import make_versions
from gradlab.labs.grade._run import STATE, GradeOptions, Watch, run
from gradlab.labs.grade._workers import run_on
from gradlab.labs.grade.feedback import overview_page, student_page
from gradlab.labs.grade.gradebook import apply_decisions, read_queue, write_queue, write_table
from gradlab.labs.grade.matching import asked_answers, lab_keys, make_plan
from gradlab.labs.grade.reading import Roster, Submission, find_submissions
from gradlab.labs.grade.sandbox import try_isolation
from gradlab.labs.grade.verdicts import SubmissionResult, from_json


@dataclass(frozen=True, slots=True)
class Grading:
    """What came of it.

    Args:
        results: one for each submission, in order.
        rows: the same for each person that a submission counts for.
        fresh: how many were graded now; the others were as they had been before.
        waiting: how many answers wait for a human.
        moved: whose points are others than before, with both.
        remarks: what is to be said about the whole.
    """

    results: tuple[SubmissionResult, ...]
    rows: tuple[SubmissionResult, ...]
    fresh: int
    waiting: int
    moved: tuple[tuple[str, float, float], ...]
    remarks: tuple[str, ...]


def grade(
    template: Path,
    source: Path,
    options: GradeOptions,
    watch: Watch = lambda *_: None,
    scheduler: str | None = None,
) -> Grading:
    """Grade submissions.

    Args:
        template: the lab's template.
        source: a folder or zip of submissions, or a single one.
        options: how.
        watch: called with what happens, a submission's name, and more: "begun" and how many there are, "at" and the
            question that is judged, "done"; and at the start with "waits" and what for.
        scheduler: the address of a scheduler of dask.distributed, whose workers grade, each in sandboxes of its own.

    Returns:
        The results; the gradebook, the feedback and the queue lie in `options.out`.

    Raises:
        GradlabError: if the template, the submissions or the sandbox do not allow it.
    """
    # What judges goes to the template's folder, so that a lab finds its tables there.
    template, source, options = template.resolve(), source.resolve(), replace(options, out=options.out.resolve())
    lab = read_template(template)
    if options.isolated and scheduler is None:
        try_isolation(options.engine)
    out = options.out
    try:
        for folder in (out / STATE, out / "results", out / "feedback"):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise GradlabError(f"{problem.filename or out} cannot be written: {problem.strerror}") from problem
    read_queue(out / "human.toml")  # what is wrong with it is said before the work
    with TemporaryDirectory(prefix="gradlab-grade-") as scratch, workers(None, scheduler) as found:
        submissions = find_submissions(source, Path(scratch), template.stem.removesuffix("-template"))
        if options.roster is not None:
            Roster(options.roster).assign(submissions)
        keys = _Keys(lab, (source, out), options)
        every = [file for one in submissions for file in (one, *one.beside)]
        before = {one.name: _read(out, one.name) for one in every}
        orders = [keys.order(one, before[one.name]) for one in every]
        changed = [order for order in orders if order is not None]
        asked = (template, source, changed, keys.lab.questions, options, watch)
        remarks: tuple[str, ...] = ()
        if changed:
            remarks = run(*asked) if found is None else run_on(found, *asked)
    made = {one.name: _result(out, one, before[one.name], keys) for one in every}
    for one in submissions:
        _weigh(one, made)
        _weigh(one, before)
    results = [made[one.name] for one in submissions]
    decisions = read_queue(out / "human.toml")  # with what was written into it meanwhile
    waiting = write_queue(out / "human.toml", results, decisions)
    for old in before.values():
        apply_decisions([old] if old else [], decisions)
    remarks += apply_decisions(results, decisions)
    title = lab.settings.title or template.stem
    rows = [
        replace(result, student=person.student, identity=person.identity, group=person.group)
        for one, result in zip(submissions, results, strict=True)
        for person in one.people
    ]
    write_table(out / "gradebook.csv", rows)
    _write_pages(out, results, title)
    moved = [
        (result.student, old.points, result.points)
        for result in results
        if (old := before[result.name]) is not None and old.points != result.points
    ]
    fresh = len({order["name"] for order in changed} & {one.name for one in submissions})
    return Grading(tuple(results), tuple(rows), fresh, waiting, tuple(moved), remarks)


def _write_pages(out: Path, results: Sequence[SubmissionResult], title: str) -> None:
    for result in results:
        text = json.dumps(result.for_student(), indent=1)
        write_whole(out / "results" / f"{result.name}.json", text)
        write_whole(out / "feedback" / f"{result.name}.html", student_page(result, title))
    write_whole(out / "index.html", overview_page(results, title))


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
        kept = [
            asdict(question)
            for question in same
            if self.lab.questions.get(question.identity) == question.key
            # What stood in for what the submission builds on is in no key.
            and not any("the key's version" in note for note in question.notes)
        ]
        old = {"repairs": before.repairs, "printed": before.printed} if before is not None and kept else None
        return {
            "name": one.name, "student": one.student, "identity": one.identity, "file": one.file,
            "path": str(one.path or ""), "problem": one.problem, "remarks": one.remarks, "key": key, "base": base,
            "kept": kept, "old": old,
            # What is drawn at random stays what it was when gradlab itself, or another question, changes.
            "seed": _hash(hash_file(one.path) if one.path is not None else one.name),
        }  # fmt: skip


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _result(out: Path, one: Submission, before: SubmissionResult | None, keys: _Keys) -> SubmissionResult:
    found = _read(out, one.name)
    return found if found is not None and found.key == keys.of(one)[0] else _lost(one, before)


def _weigh(one: Submission, results: Mapping[str, SubmissionResult | None]) -> None:
    """Leave to a human what another file of the same submission would get more points for."""
    made, others = results[one.name], [results[other.name] for other in one.beside]
    for question in made.questions if made is not None else ():
        theirs = [(o.file, q) for o in others if o is not None for q in o.questions if q.identity == question.identity]
        file, best = max(theirs, key=lambda pair: pair[1].points, default=("", question))
        if question.status != "human" and best.points > question.points:
            own = Path(one.file).name, f"{question.points:g}"
            question.reason = f"{Path(file).name} would get {best.points:g} points here, and {own[0]} gets {own[1]}"
            question.given = f"{file}: {best.points:g}\n{best.given}\n\n{one.file}: {own[1]}\n{question.given}"
            question.points, question.status = 0.0, "human"


def _read(out: Path, name: str) -> SubmissionResult | None:
    try:
        return from_json(json.loads((out / STATE / f"{name}.json").read_text(encoding="utf-8")))
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
