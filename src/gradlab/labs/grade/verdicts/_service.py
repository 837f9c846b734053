"""The process that grades: it holds the key and a warm sandbox, and forks for each submission."""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradlab._errors import GradlabError
from gradlab.labs._deadline import MOST_PATIENCE
from gradlab.labs._files import UnfitFileError, read_regular, write_whole
from gradlab.labs._settings import LabSettings
from gradlab.labs._template import read_template
from gradlab.labs._versions import Version, make_versions
from gradlab.labs.grade.made import COMPARE, made_tasks
from gradlab.labs.grade.matching import (
    Asked,
    Plan,
    Program,
    asked_answers,
    beside_files,
    given_answers,
    make_plan,
    match,
)  # fmt: skip
from gradlab.labs.grade.reading import LARGEST, UnreadableError, read_cells
from gradlab.labs.grade.sandbox import IsolationError, Limits, Sandbox
from gradlab.labs.grade.sandbox._warm import warm_up
from gradlab.labs.grade.verdicts._answers import judge_answers
from gradlab.labs.grade.verdicts._judge import judge
from gradlab.labs.grade.verdicts._key import Key, KeyFailedError, seed_source
from gradlab.labs.grade.verdicts._made import Comparison
from gradlab.labs.grade.verdicts._results import QuestionResult, SubmissionResult
from gradlab.labs.grade.verdicts._session import Session, StoppedError
from gradlab.labs.grade.verdicts._tasks import TIMES_THE_KEY, ReadyTask, made_ready, ready_tasks
from gradlab.labs.grade.verdicts._trial import faults_of, tried

_CELL = 30.0  # seconds that a statement has where the key needs none worth speaking of
_MEMORY = 4_000_000_000  # bytes that reading and judging one submission may take


@dataclass(frozen=True, slots=True)
class Bench:
    """All that judging a submission needs.

    Args:
        plan: what the template asks for.
        key: the answer key.
        tasks: the checks.
        asked: the written answers that are asked for.
        question: the version that students get.
        solution: the version with the key's answers.
        sandbox: where submissions run.
        settings: the lab's.
        folder: where results are written.
        questions: the hash of what each question depends on beside the submission.
    """

    plan: Plan
    key: Key
    tasks: tuple[ReadyTask, ...]
    asked: tuple[Asked, ...]
    question: Version
    solution: Version
    sandbox: Sandbox
    settings: LabSettings
    folder: Path
    questions: dict[str, str]

    @property
    def cell_limit(self) -> float:
        """Seconds that one statement of a submission may take: the author's, else by what the key's take."""
        return self.settings.timeout or min(max(_CELL, TIMES_THE_KEY * self.key.slowest), self.settings.cell_limit)


def main() -> None:
    """Set up, then grade what is ordered on the standard input, a line of JSON for each."""
    start = json.loads(_first_line())
    try:
        bench, failed = _set_up(start)
        if not start["by_author"]:  # who asks whether the solution passes hands it in
            bench = _tried(bench)
    except IsolationError as problem:
        _say({"walls": str(problem)})
        return
    except GradlabError as problem:
        _say({"error": str(problem), "faults": problem.faults if isinstance(problem, KeyFailedError) else ()})
        return
    _say({"failed": failed, "faults": faults_of(bench.tasks)})
    try:
        _serve(bench, int(start["jobs"]), max(float(start["limit"]), 2 * bench.cell_limit))
    finally:
        bench.sandbox.close()


def _first_line() -> bytes:
    """The first line of the standard input, and nothing behind it: that is for `_serve`."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(0, 1)):
        line += byte
    return line


def _set_up(start: dict[str, Any]) -> tuple[Bench, list[str]]:
    """Make everything ready; the second is what the lab's own statements raise in the sandbox."""
    template = read_template(Path(start["template"]))
    versions = make_versions(template)
    plan = make_plan(template, versions)
    plan = plan.opened() if start["by_author"] else plan
    settings = template.settings
    seed = {"source": seed_source(plan, settings.seed), "cell": 0, "line": 1}
    given = [
        {
            "source": part.statement.source, "cell": 0, "line": part.statement.line, "place": part.line,
            "unsure": number in plan.unsure,
        }
        for number, part in enumerate(plan.base)
    ]  # fmt: skip
    private = [Path(path) for path in start["private"]]
    files = beside_files(template, versions, private)
    sandbox = Sandbox([seed, *given], template.path.resolve().parent, files, private,
                      isolated=start["isolated"], engine=start["engine"])  # fmt: skip
    # The sandbox gets warm beside this process, which makes the same imports.
    os.chdir(template.path.resolve().parent)
    sys.path.insert(0, os.getcwd())
    key = Key(plan, settings.seed, record=not plan.tasks)
    tasks = ready_tasks(key, settings.cell_limit) if plan.tasks else made_ready(key, made_tasks(plan))
    warm_up()
    asked = asked_answers(template, versions.question)
    folder, questions = Path(start["folder"]), start["questions"]
    bench = Bench(plan, key, tasks, asked, versions.question, versions.solution, sandbox, settings, folder, questions)
    return bench, sandbox.wait()


def _tried(bench: Bench) -> Bench:
    """The same, with the checks marked that the key's own answer does not pass."""

    def judged(program: Program) -> tuple[list[QuestionResult], dict[str, set[str]]]:
        _limit_memory()
        return _judged_checks(bench, program, {}, 0, 0, lambda _: None)[:2]

    return replace(bench, tasks=tried(bench.key, bench.tasks, bench.solution, judged))


def _judged_checks(
    bench: Bench, program: Program, kept: dict[str, QuestionResult], slot: int, seed: int, tell: Callable[[str], None]
) -> tuple[list[QuestionResult], dict[str, set[str]], Session, Program]:
    """The results of the checks, what kinds of values they were handed, and by which process and program."""
    session = Session(bench.sandbox, program, bench.key, Limits(), slot, bench.cell_limit)
    if program.reordered is not None and session.is_disordered():
        session.stop()
        program = program.reordered
        session = Session(bench.sandbox, program, bench.key, Limits(), slot, bench.cell_limit)
    bench.key.extra[COMPARE] = Comparison(bench.key, seed)
    return *judge(bench.key, bench.tasks, program, session, kept, seed, tell), session, program


def _say(message: dict[str, Any]) -> None:
    with suppress(OSError):  # nobody listens any more
        sys.__stdout__.write(json.dumps(message) + "\n")  # type: ignore[union-attr]
        sys.__stdout__.flush()  # type: ignore[union-attr]


def _serve(bench: Bench, jobs: int, limit: float) -> None:
    """Grade as many at once as allowed; each in a fork, so that none can harm the key or another."""
    running: dict[int, tuple[dict[str, Any], float, int, int]] = {}
    free, buffer, ended = list(range(jobs)), b"", False
    while running or not ended:
        watched: list[Any] = [pid_descriptor for _, _, pid_descriptor, _ in running.values()]
        if not ended and b"\n" not in buffer:
            watched.append(0)
        ready, _, _ = select.select(watched, [], [], 0.5)
        for pid in list(running):
            order, begun, descriptor, slot = running[pid]
            late = time.monotonic() - begun > limit * _patience()
            if late:
                os.kill(pid, signal.SIGKILL)
            done, status = os.waitpid(pid, 0 if late else os.WNOHANG)
            if done:
                os.close(descriptor)
                del running[pid]
                free.append(slot)
                _say({"done": order["name"], "status": "late" if late else status})
        if 0 in ready:
            data = os.read(0, 1 << 16)
            ended, buffer = not data, buffer + data
            for pid in running if ended else ():  # who has ordered this was ended before it was done
                os.kill(pid, signal.SIGKILL)
        while free and b"\n" in buffer:
            line, _, buffer = buffer.partition(b"\n")
            order, slot = json.loads(line), free.pop()
            _say({"begun": order["name"]})
            service, pid = os.getpid(), os.fork()
            if pid == 0:
                _grade_one(bench, order, slot, service)
            running[pid] = order, time.monotonic(), os.pidfd_open(pid), slot


def _patience() -> float:
    """How much longer a submission may take in all because this machine has more to do than it has processors."""
    return min(max(os.getloadavg()[0] / (os.cpu_count() or 1), 1.0), MOST_PATIENCE)


def _grade_one(bench: Bench, order: dict[str, Any], slot: int, service: int) -> None:
    """In the fork: judge one submission, write its result, and end."""
    status = 1
    try:
        _limit_memory()
        begun = time.perf_counter()
        result = SubmissionResult(order["name"], order["student"], order["identity"], order["file"])
        result.key, result.base = order["key"], order["base"]
        _judged(bench, order, slot, result)
        result.seconds = round(time.perf_counter() - begun, 3)
        if os.getppid() != service:
            raise IsolationError("the process that holds the sandbox has ended")
        write_whole(bench.folder / f"{order['name']}.json", json.dumps(result.as_json(), indent=1, ensure_ascii=False))
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _judged(bench: Bench, order: dict[str, Any], slot: int, result: SubmissionResult) -> None:
    try:
        if order["problem"]:
            raise UnreadableError(order["problem"])
        path = Path(order["path"])
        data, _ = read_regular(path, LARGEST + 1, "the file")
        cells, remark = read_cells(data, path.suffix.lower())
    except (UnreadableError, UnfitFileError, OSError) as problem:
        result.problem = str(problem)
        result.questions = [_ungraded(ready, str(problem)) for ready in bench.tasks]
        result.questions += judge_answers(bench.asked, {}, None)
        for question in result.questions:
            question.reason = str(problem)
        return
    kept = {one.identity: one for one in (QuestionResult(**question) for question in order["kept"])}
    tasks = tuple(ready for ready in bench.tasks if f"check {ready.task.check.name}" not in kept)
    asked = tuple(one for one in bench.asked if f"answer {one.name}" not in kept)
    old = order["old"] or {"repairs": [], "printed": {}}
    result.repairs, result.printed = old["repairs"], old["printed"]
    if tasks or not kept:
        program = match(cells, bench.plan)
        seed = int(order["seed"][:8], 16)

        def tell(question: str) -> None:
            _say({"at": order["name"], "question": question})

        result.questions, _, session, program = _judged_checks(bench, program, kept, slot, seed, tell)
        result.printed = {str(cell): text for cell, text in session.printed.items()}
        result.repairs = [*order["remarks"], *([remark] * bool(remark)), *program.repairs]
        result.repairs += [f"cell {cell}, {said}" for cell, said in _errors(session, program).items()]
    else:
        result.questions = [kept[f"check {ready.task.check.name}"] for ready in bench.tasks]
    given = given_answers(cells, bench.asked, bench.question, bench.plan.homework.keys()) if asked else {}
    result.questions += [kept[name] for name in kept if name.startswith("answer ")]
    result.questions += judge_answers(bench.asked, given, bench.settings.graph, asked)
    lines = {f"check {ready.task.check.name}": ready.task.check.line for ready in bench.tasks}
    lines |= {f"answer {one.name}": one.line for one in bench.asked}
    for question in result.questions:
        question.line, question.key = lines[question.identity], bench.questions[question.identity]
    result.questions.sort(key=lambda question: question.line)


def _errors(session: Session, program: Program) -> dict[int, str]:
    """What cells raised, by number, but what comes only of given names that mean here what they meant before."""
    if not session.errors or not any(own.is_aside for own in program.statements):
        return session.errors
    session.renew()
    session.stop_at(len(program.statements))
    session.errors_of_all.clear()
    with suppress(StoppedError):
        session.ready()
    session.stop()
    stopped = {one.cell for one in session.ended.values() if one.is_stopped}
    found = session.errors_of_all
    return {cell: found.get(cell, said) for cell, said in session.errors.items() if cell in found or cell in stopped}


def _ungraded(ready: ReadyTask, why: str) -> QuestionResult:
    check = ready.task.check
    return QuestionResult(check.name, "check", check.points, reason=why, hidden=check.hidden, line=check.line)


def _limit_memory() -> None:
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + _MEMORY, mapped + _MEMORY))


if __name__ == "__main__":
    main()
