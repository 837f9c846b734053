"""Are a lab's checks worth their points? The solution has to pass each of them, and the empty question none.

One kernel does both: where checks stand, the question's cells before them are run first, with the homework left
empty, then the checks, which have to fail; then the solution's cells, then the checks again. So each check meets
homework that is empty in a lab that is solved up to there, as in grading, where an earlier answer that fails is
stood in for. What this finds is confirmed in kernels that run one version from top to bottom and nothing else.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from gradlab.labs._cut import OutLine
from gradlab.labs._diagnostics import Diagnostic
from gradlab.labs._kernel import Failure, KernelError, kernel_for
from gradlab.labs._names import bound_names
from gradlab.labs._python import parses
from gradlab.labs._scratch import scratch_folder
from gradlab.labs._template import Template
from gradlab.labs._versions import Check, Version, Versions

OnCell = Callable[[int, int, int], None]
_Kind = Literal["empty", "key", "forget"]


@dataclass(frozen=True, slots=True)
class _Step:
    """A cell to be run: of the question (empty), of the solution (key), or a check behind either."""

    kind: _Kind
    lines: Sequence[OutLine]
    line: int
    check: Check | None = None


@dataclass(frozen=True, slots=True)
class _Task:
    """The cells between two places with checks, and the checks behind them.

    Args:
        earlier: indices of the cells of the task before, from its homework on, where this one has no homework.
        cells: indices of the template's code cells that belong to it.
        homework: those of all of them that hold homework.
        checks: the checks.
    """

    earlier: tuple[int, ...]
    cells: tuple[int, ...]
    homework: tuple[int, ...]
    checks: tuple[Check, ...]


@dataclass(slots=True)
class _Outcome:
    """What became of the checks of one run."""

    passed_empty: set[str] = field(default_factory=lambda: set[str]())
    failed_key: dict[str, Failure] = field(default_factory=lambda: dict[str, Failure]())
    broken: tuple[_Step, Failure] | None = None


class _Lab:
    """The code cells of both versions by the template's cell that they were made from."""

    def __init__(self, versions: Versions) -> None:
        self.question, self.solution = _by_origin(versions.question), _by_origin(versions.solution)
        self.order = sorted({*self.question, *self.solution})
        self.checks = versions.solution.checks

    def tasks(self) -> Iterator[_Task]:
        before, homework = -1, ()
        for origin, checks in groupby(self.checks, key=lambda check: check.origin):
            cells = tuple(index for index in self.order if before < index <= origin)
            own = tuple(index for index in cells if self._is_homework(index))
            earlier = () if own or not homework else tuple(i for i in self.order if homework[0] <= i <= before)
            homework = own or homework
            yield _Task(earlier, cells, homework, tuple(checks))
            before = origin

    def _is_homework(self, index: int) -> bool:
        return self._text(self.question, index) != self._text(self.solution, index)

    def _text(self, cells: dict[int, Sequence[OutLine]], index: int) -> list[str]:
        return [line.text for line in cells.get(index, ())]

    def steps(self, kind: _Kind, cells: Iterable[int]) -> list[_Step]:
        source = self.question if kind == "empty" else self.solution
        return [_Step(kind, source[index], _first(source[index])) for index in cells if index in source]

    def bound(self, task: _Task) -> set[str]:
        """The names that a task's cells give a meaning to in the solution."""
        trees = (parses(self._text(self.solution, index)) for index in (*task.earlier, *task.cells))
        return {name for tree in trees if tree is not None for node in ast.walk(tree) for name in bound_names(node)}


def _by_origin(version: Version) -> dict[int, Sequence[OutLine]]:
    cells = zip(version.origins, version.notebook.cells, version.cell_lines, strict=True)
    return {origin: lines for origin, cell, lines in cells if origin >= 0 and cell.cell_type == "code"}


def _first(lines: Sequence[OutLine]) -> int:
    return next((line.line for line in lines if line.line), 0)


async def try_checks(
    template: Template, versions: Versions, on_cell: OnCell, kernel: str | None = None
) -> tuple[Diagnostic, ...]:
    """Run all checks against the solution and against the question with its homework empty.

    Args:
        template: the template.
        versions: what was made of it.
        on_cell: called as each cell starts.
        kernel: name of the Jupyter kernel, by default the one that the template names.

    Returns:
        An error for each check that the solution fails, and for each worth points that the empty question passes.
    """
    if not versions.solution.checks:
        return ()
    lab = _Lab(versions)
    tasks = list(lab.tasks())

    async def outcome(steps: list[_Step]) -> _Outcome:
        return await _run(template, steps, on_cell, kernel)

    both = await outcome([step for task in tasks for step in _both_ways(lab, task)])
    failed, broken = both.failed_key, both.broken
    if failed or broken:
        # What an empty cell left behind may be to blame: only a run of the solution alone tells.
        alone = await outcome([step for task in tasks for step in _one_way(lab, task, "key")])
        if alone.broken is not None:
            return (_broken(template, *alone.broken),)
        failed = alone.failed_key
    doubtful = both.passed_empty
    if broken or any(
        not _mentions(lab, task, check) for task in tasks for check in task.checks if check.name in doubtful
    ):
        straight = (await outcome([step for task in tasks for step in _one_way(lab, task, "empty")])).passed_empty
        sure = {check.name for task in tasks for check in task.checks if _mentions(lab, task, check)}
        doubtful = straight | (doubtful & sure)
    errors = [_fails(template, check, failed[check.name]) for check in lab.checks if check.name in failed]
    errors += [
        _passes(template, lab, task, check)
        for task in tasks
        for check in task.checks
        if check.name in doubtful and check.points and check.name not in failed
    ]
    return tuple(sorted(errors))


def _mentions(lab: _Lab, task: _Task, check: Check) -> bool:
    """Whether a check uses a name that its task's cells define, and so belongs to them."""
    tree = parses(check.source.split("\n"))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} if tree is not None else set()
    return bool(used & lab.bound(task))


def _both_ways(lab: _Lab, task: _Task) -> list[_Step]:
    forget: list[_Step] = []
    if task.earlier:
        names = json.dumps(sorted(lab.bound(task)))
        forget = [_Step("forget", [OutLine(f"for _ in {names}: globals().pop(_, None)", 0)], 0)]
    cells = (*task.earlier, *task.cells)
    return [*forget, *_one_way(lab, task, "empty", cells), *_one_way(lab, task, "key", cells)]


def _one_way(lab: _Lab, task: _Task, kind: _Kind, cells: Iterable[int] | None = None) -> list[_Step]:
    checks = (_Step(kind, check.lines, check.line, check) for check in task.checks)
    return [*lab.steps(kind, task.cells if cells is None else cells), *checks]


async def _run(template: Template, steps: list[_Step], on_cell: OnCell, kernel: str | None) -> _Outcome:
    from nbformat import v4

    outcome = _Outcome()
    cells = [v4.new_code_cell("\n".join(line.text for line in step.lines)) for step in steps]
    notebook = v4.new_notebook(cells=cells, metadata=template.metadata)
    index = 0
    with scratch_folder(template.path.resolve().parent) as folder:
        try:
            async with kernel_for(notebook, folder, template.settings, kernel) as running:
                for index, step in enumerate(steps):
                    on_cell(index, len(steps), step.line)
                    limit = template.settings.timeout if step.check is None else step.check.timeout
                    failure = await running.run(index, index + 1, limit)
                    cells[index].outputs = []
                    if step.check is not None and step.kind == "key" and failure is not None:
                        outcome.failed_key[step.check.name] = failure
                    elif step.check is not None and step.kind == "empty" and failure is None:
                        outcome.passed_empty.add(step.check.name)
                    elif step.kind == "key" and failure is not None:
                        outcome.broken = step, failure
                        break
        except KernelError as problem:
            outcome.broken = steps[index], Failure(str(problem))
    return outcome


def _line(lines: Sequence[OutLine], failure: Failure, first: int) -> int:
    row = failure.row or 0
    return (lines[row - 1].line if 0 < row <= len(lines) else 0) or first


def _broken(template: Template, step: _Step, failure: Failure) -> Diagnostic:
    what = f"the check {step.check.name!r}" if step.check is not None else "this cell of the solution"
    return Diagnostic(template.path, _line(step.lines, failure, step.line), "error", f"{what} {failure.what}", "check")


def _fails(template: Template, check: Check, failure: Failure) -> Diagnostic:
    limit = "; give it more time with timeout=" if failure.is_timeout else ""
    message = f"the solution does not pass the check {check.name!r}, which {failure.what}{limit}"
    return Diagnostic(template.path, _line(check.lines, failure, check.line), "error", message, "check")


def _passes(template: Template, lab: _Lab, task: _Task, check: Check) -> Diagnostic:
    lines = [_first(lab.solution.get(index) or lab.question.get(index, ())) for index in task.homework]
    state = (
        f"although the homework of line {', '.join(map(str, lines))} is empty"
        if lines
        else "and no homework is before it"
    )
    message = (
        f"the check {check.name!r} passes {state}: it tests nothing; "
        "assert what only an answer gives, or write points=0 behind its name."
    )
    return Diagnostic(template.path, check.line, "error", message, "check")
