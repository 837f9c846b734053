"""What a template asks for: its statements, which of them are homework, and what each check needs of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from gradlab.labs._template import Template
from gradlab.labs._versions import Check, Version, Versions
from gradlab.labs.grade.matching._names import ARGUMENTS
from gradlab.labs.grade.matching._statements import Statement, linked, root_of, statements_of


@dataclass(frozen=True, slots=True)
class Part:
    """A statement of the solution.

    Args:
        statement: the statement.
        cell: index of the template's cell that it stands in.
        line: the template line of its cell.
        is_homework: whether the question has another statement in its place, or none.
        is_asked: whether the question has this cell at all; what stands in the solution alone is nobody's homework.
        cell_id: the id of the question's cell, "" where it has none.
        stepped: the names of what it changes through optimisers, or by a call and nothing besides.
    """

    statement: Statement
    cell: int
    line: int
    is_homework: bool
    is_asked: bool
    cell_id: str
    stepped: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """The names that a student has to give a meaning to, or a part of it: `answers[1] = ..`, `rows.append(..)`."""
        statement = self.statement
        named = statement.binds - statement.runs - {"_"} or statement.touches - statement.runs
        return (named or statement.fills) | self.stepped if self.is_homework else frozenset()


@dataclass(frozen=True, slots=True)
class Task:
    """A check with what it needs.

    Args:
        check: the check.
        parts: indices of the parts that are run for it, in order.
        own: the homework names that it is about.
        others: the homework names that it uses beside them.
        start: index of the part from which on it differs from the key: what is before comes from there.
        prelude: what of the checks before it gives a meaning to names that it uses and nothing else does, in lines.
    """

    check: Check
    parts: tuple[int, ...]
    own: frozenset[str]
    others: frozenset[str]
    start: int
    prelude: tuple[str, ...] = ()

    @property
    def code(self) -> list[str]:
        """The lines that are run for it."""
        return [*self.prelude, *self.check.source.split("\n")]


@dataclass(frozen=True)
class Plan:
    """What a template asks for.

    Args:
        parts: the statements of the solution that stand in code cells, in order.
        stubs: the shapes of the statements that stand in the question where the homework is to be done.
        checks: the shapes of the statements of the checks that students see, and may have copied.
        tasks: one for each check.
    """

    parts: tuple[Part, ...]
    stubs: frozenset[str]
    checks: frozenset[str]
    tasks: tuple[Task, ...]

    def opened(self) -> Plan:
        """The same with no text to be replaced, and no check hidden."""
        tasks = [replace(task, check=replace(task.check, hidden=False)) for task in self.tasks]
        return replace(self, stubs=frozenset(), tasks=tuple(tasks))

    @cached_property
    def homework(self) -> dict[str, Part]:
        """The part that answers for each name that is asked for."""
        return {name: part for part in self.parts for name in part.names}

    @cached_property
    def given(self) -> frozenset[str]:
        """The names that the question gives a meaning to by itself."""
        asked = (part for part in self.parts if part.is_asked and not part.is_homework)
        return frozenset(name for part in asked for name in part.statement.binds) - set(self.homework)

    @cached_property
    def base(self) -> tuple[Part, ...]:
        """The given statements that need no homework when they are run, and that may be needed."""
        return tuple(part for part, _ in self._runnable)

    @cached_property
    def unsure(self) -> frozenset[int]:
        """Which of `base`, by number, may need homework all the same: a loop of it may have filled what they use."""
        return frozenset(number for number, (_, sure) in enumerate(self._runnable) if not sure)

    @cached_property
    def _runnable(self) -> list[tuple[Part, bool]]:
        # What homework only changes has its given meaning before.
        tainted = {name for name, part in self.homework.items() if name not in part.stepped}
        filled, chosen = set[str](), list[tuple[Part, bool]]()
        modules = {name for part in self.parts for name in part.statement.imports}
        for part in self.parts:
            statement = part.statement
            runs = part.is_asked and not part.is_homework
            if runs and (statement.is_definition or not statement.uses & tainted):
                if statement.is_definition or statement.binds or statement.has_effect:
                    chosen.append((part, statement.is_definition or not statement.uses & filled))
                if statement.is_definition and statement.uses & tainted:
                    tainted |= statement.binds
            else:
                tainted |= statement.binds | (part.stepped if part.is_homework else set())
                filled |= (statement.touches | statement.asks) - modules
        return chosen


def changed(statements: Sequence[Statement], given: Iterable[Statement] = ()) -> list[frozenset[str]]:
    """What each statement may change: by itself, by what it calls, or as a part of something else that it changes.

    Args:
        statements: the statements.
        given: others, of which it is known what holds what.
    """
    every = [*given, *statements]
    modules = frozenset(name for each in every for name in each.imports)
    acts, shares = _acts(every), _shares(every, modules)

    def may_change(each: Statement) -> frozenset[str]:
        acted = set(each.touches | each.asks).union(*(acts.get(name, ()) for name in each.calls))
        acted |= each.uses if ARGUMENTS in acted else set()
        found = linked(acted - modules, shares, modules)
        found = found.union(*(acts.get(name, ()) for name in found))
        return each.changes | (found - modules - {ARGUMENTS}) if not each.is_definition else each.changes

    return [may_change(each) for each in statements]


def _acts(every: Sequence[Statement]) -> dict[str, set[str]]:
    """What each function and class changes when it is used, also by others that it calls."""
    acts = {name: set(each.acts) for each in every if each.acts or each.is_definition for name in each.binds}
    calls = [(name, each.calls & acts.keys()) for each in every for name in each.binds & acts.keys()]
    grows = True
    while grows:
        before = sum(map(len, acts.values()))
        for name, called in calls:
            acts[name].update(*(acts[other] for other in called))
        grows = sum(map(len, acts.values())) > before
    return acts


def _shares(every: Sequence[Statement], modules: frozenset[str]) -> dict[str, set[str]]:
    """For each name those that may mean a part of the same thing: `out = rows`, `meter = Meter(rows)`."""
    code = {name for each in every if each.is_definition for name in each.binds}
    bound = frozenset(name for each in every for name in each.binds) - modules
    shares = dict[str, set[str]]()
    for name, held in (pair for each in every for pair in each.holds):
        for other in held & bound - {name}:
            shares.setdefault(name, set()).add(other)
            if other not in code:  # what a class has made are different things
                shares.setdefault(other, set()).add(name)
    return {name: held for name, held in shares.items() if name not in code}


def _stepped(statements: Sequence[Statement]) -> list[frozenset[str]]:
    """What each statement changes through optimisers that it lets take a step: the names of what they hold."""
    holds = dict[str, set[str]]()
    for name, held in (pair for each in statements for pair in each.holds):
        holds.setdefault(name, set()).update(held)
    code = {name for each in statements for name in each.imports | (each.binds if each.is_definition else frozenset())}
    return [frozenset().union(*(linked({name}, holds, code) - {name} for name in each.steps)) for each in statements]


def needed(
    statements: Sequence[Statement], names: Iterable[str], changes: Sequence[frozenset[str]] | None = None
) -> list[int]:
    """Find the statements that give some names their meaning.

    Args:
        statements: in the order in which they are run.
        names: what is needed.
        changes: what each of them may change. Default what `changed` says.

    Returns:
        The indices of the statements, in order.
    """
    changes = changed(statements) if changes is None else changes
    things = {name for each in statements for name in each.binds - each.imports}
    # What functions read they read when they are called, which is anywhere as far as can be known.
    late, known = set[str](), -1
    chosen: list[int] = []
    while len(late) > known:
        known, wanted, chosen = len(late), set(names) | late, []
        for index in reversed(range(len(statements))):
            statement = statements[index]
            if not (changes[index] & wanted or (statement.has_effect and not statement.acted & things)):
                continue
            chosen.append(index)
            late |= statement.late
            if statement.always_binds:
                wanted -= statement.binds - late
            if statement.is_definition:
                late |= statement.uses
            else:
                wanted |= statement.uses
    return chosen[::-1]


def make_plan(template: Template, versions: Versions) -> Plan:
    """Read off what a template asks for."""
    question, solution = _cells(versions.question), _cells(versions.solution)
    parts: list[Part] = []
    stubs: set[str] = set()
    for origin in sorted(solution):
        source, line, _ = solution[origin]
        _, _, cell_id = question.get(origin, ("", 0, ""))
        empty = [statement.shape for statement in statements_of(question.get(origin, ("", 0, ""))[0])[0]]
        own = statements_of(source)[0]
        stubs |= set(empty) - {statement.shape for statement in own}
        for statement in own:
            asked = origin in question
            parts.append(Part(statement, origin, line, asked and statement.shape not in empty, asked, cell_id))
    modules = {name for part in parts for name in part.statement.imports}
    parts = [replace(part, statement=part.statement.without(modules)) for part in parts]
    stepped = _stepped([part.statement for part in parts])
    parts = [
        part
        if part.statement.is_definition
        else replace(part, stepped=(held | part.statement.acted) - part.statement.runs)
        for part, held in zip(parts, stepped, strict=True)
    ]
    checks = versions.solution.checks
    seen = [check.source for check in checks if not check.hidden]
    shapes = frozenset(statement.shape for source in seen for statement in statements_of(source)[0])
    tasks = tuple(_task(parts, check, checks) for check in checks)
    if idle := {name for task in tasks if not task.own for s in statements_of(task.check.source)[0] for name in s.uses}:
        # What methods that are called in a loop may change is homework where a check would else be about nothing.
        parts = [
            replace(part, stepped=(part.statement.asks - part.statement.runs - modules) & idle)
            if part.is_homework and not part.names
            else part
            for part in parts
        ]
        tasks = tuple(_task(parts, check, checks) for check in checks)
    return Plan(tuple(parts), frozenset(stubs), shapes, tasks)


def _cells(version: Version) -> dict[int, tuple[str, int, str]]:
    cells = zip(version.origins, version.notebook.cells, version.lines, strict=True)
    return {
        origin: (c.source, line, c.get("id", "")) for origin, c, line in cells if origin >= 0 and c.cell_type == "code"
    }


def _task(parts: Sequence[Part], check: Check, checks: Sequence[Check]) -> Task:
    own = statements_of(check.source)[0]
    # In a notebook, checks see what the checks before them have imported and made.
    earlier = [s for other in checks[: checks.index(check)] for s in statements_of(other.source)[0] if s.binds]
    known = {name for part in parts if part.cell <= check.origin for name in part.statement.binds}
    prelude = [earlier[index] for index in needed(earlier, _asked_by(own) - known)]
    direct = _asked_by([*prelude, *own])
    places, chosen = _places(parts, check, direct)
    before = [parts[index] for index in places]
    homework = {name: index for index in chosen for name in before[index].names}
    previous = max((other.origin for other in checks if other.origin < check.origin), default=-1)
    reached = _reached(before, chosen, direct, homework)
    near = {name: index for name, index in reached.items() if before[index].cell > previous}
    direct_near = {name: index for name, index in near.items() if name in direct}
    about = direct_near or near or _last_cell(before, reached) or _last_cell(before, homework)
    start = min((places[index] for index in about.values()), default=len(parts))
    used = tuple(places[index] for index in chosen)
    lines = tuple(line for statement in prelude for line in statement.source.split("\n"))
    return Task(check, used, frozenset(about), frozenset(homework) - frozenset(about), start, lines)


def _asked_by(statements: Iterable[Statement]) -> set[str]:
    """The names that a check's statements need from elsewhere."""
    asked, bound = set[str](), set[str]()
    for statement in statements:
        asked |= statement.uses - bound - (set() if statement.always_binds else statement.binds)
        bound |= statement.binds
    return asked


def _places(parts: Sequence[Part], check: Check, names: set[str]) -> tuple[list[int], list[int]]:
    """The parts that stand before a check, and which of them it needs.

    From cells that the key alone has only those count that define what nothing else does.
    """
    lacking = set[str]()
    while True:
        places = [
            index
            for index, part in enumerate(parts)
            if part.cell <= check.origin and (part.is_asked or part.statement.binds & lacking)
        ]
        chosen = needed([parts[index].statement for index in places], names)
        bound = {name for index in places for name in parts[index].statement.binds}
        used = set(names).union(*(parts[places[index]].statement.uses for index in chosen))
        if used - bound <= lacking:
            return places, chosen
        lacking |= used - bound


def _reached(
    before: Sequence[Part], chosen: Sequence[int], direct: set[str], homework: dict[str, int]
) -> dict[str, int]:
    """The homework that a check uses, by itself or through given statements such as `report = ...`."""
    found, todo = set(direct), list(direct)
    while todo:
        name = todo.pop()
        for index in chosen if name not in homework else ():
            if name in before[index].statement.binds:
                more = before[index].statement.uses - found
                found |= more
                todo += more
    return {name: index for name, index in homework.items() if root_of(name) in found}


def _last_cell(before: Sequence[Part], names: dict[str, int]) -> dict[str, int]:
    last = max((before[index].cell for index in names.values()), default=-1)
    return {name: index for name, index in names.items() if before[index].cell == last}
