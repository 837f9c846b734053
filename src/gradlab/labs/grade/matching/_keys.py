"""What a result depends on, question by question: what has not changed is not graded again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradlab.labs._manifest import hash_file, named_files, own_source
from gradlab.labs._template import Template
from gradlab.labs._versions import Versions
from gradlab.labs.grade.matching._answers import Asked
from gradlab.labs.grade.matching._plan import Plan, Task


@dataclass(frozen=True, slots=True)
class LabKeys:
    """Hashes of what results depend on beside the submission.

    Args:
        common: of what all of them depend on: gradlab, the given cells, the files beside the template.
        questions: of what a check or a written answer depends on alone, by "check" or "answer" and its name.
    """

    common: str
    questions: dict[str, str]


def lab_keys(
    template: Template, versions: Versions, plan: Plan, asked: Sequence[Asked], private: Iterable[Path]
) -> LabKeys:
    """Hash what results depend on.

    Returns:
        The hashes. Prose is in none of them but in those of the written answers that it asks for.
    """
    settings = template.settings
    parts = [
        [part.names and sorted(part.names), part.statement.arguments] if part.is_homework
        else [part.statement.shape, part.is_asked]
        for part in plan.parts
    ]  # fmt: skip
    beside = beside_files(template, versions, private)
    files = {name: hash_file(path) for name, path in beside.items()}
    common = _hash(own_source(), settings.timeout, settings.seed, parts, sorted(plan.stubs), files)
    questions: dict[str, str] = {}
    for task in plan.tasks:
        questions[f"check {task.check.name}"] = _of_task(task, plan, questions)
    for name in () if plan.tasks else plan.homework:  # then checks are made from the whole key
        questions[f"check {name}"] = _hash([part.statement.source for part in plan.parts])
    for one in asked:
        group = [other for other in asked if other.heading == one.heading]
        questions[f"answer {one.name}"] = _hash(
            settings.graph, [[o.name, o.text, o.own, o.key, o.points] for o in group], one.name
        )
    return LabKeys(common, questions)


def _of_task(task: Task, plan: Plan, before: dict[str, str]) -> str:
    check = task.check
    about = [[sorted(other.own), bool(other.check.points)] for other in plan.tasks if other.own & task.own]
    # Who is to blame for what a check builds on is known from those before it that are about one name alone.
    blamed = [
        before.get(f"check {other.check.name}", "") for other in plan.tasks
        if len(task.own) > 1 and len(other.own) == 1 and other.own < task.own
    ]  # fmt: skip
    sources = [plan.parts[index].statement.source for index in task.parts]
    own = [plan.homework[name].statement.source for name in sorted(task.own | task.others)]
    what = [check.name, check.points, check.hidden, check.timeout, task.code, check.costs]
    return _hash(what, sorted(task.own), sorted(task.others), sources, own, about, blamed)


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, default=sorted).encode()).hexdigest()


def beside_files(template: Template, versions: Versions, private: Iterable[Path]) -> dict[str, Path]:
    """The files beside a template that its cells speak of, for submissions to read.

    Args:
        template: the template.
        versions: what was made of it; of cells that the solution alone has nothing is looked at, nor of checks.
        private: what must not be seen: the submissions, the grades.

    Returns:
        The files by their place below the template's folder.
    """
    folder = template.path.resolve().parent
    question = set(versions.question.origins)
    solution = versions.solution
    cells = zip(solution.origins, solution.notebook.cells, strict=True)
    sources = [cell.source for origin, cell in cells if cell.cell_type == "code" and origin in question]
    hidden = [template.path.resolve(), *(path.resolve() for path in private)]
    found: dict[str, Path] = {}
    for path in sorted(named_files(sources, folder)):
        inside = path.is_relative_to(folder) and ".." not in path.relative_to(folder).parts
        if inside and not any(path.resolve().is_relative_to(place) for place in hidden):
            found[path.relative_to(folder).as_posix()] = path.resolve()
    return found
