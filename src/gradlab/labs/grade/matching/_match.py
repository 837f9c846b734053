"""Find in a submission what is asked for: by the names that statements define, then by cell, then by content."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from gradlab.labs.grade.matching._names import ARGUMENTS
from gradlab.labs.grade.matching._order import order_of
from gradlab.labs.grade.matching._plan import Part, Plan, Task, changed, needed
from gradlab.labs.grade.matching._statements import Statement, root_of, statements_of
from gradlab.labs.grade.reading import SubmittedCell

_ALIKE = 0.6
_MOST_STOPS = 5  # at which a check is tried, each in a process of its own
# What is copied from a PDF or a web page: blanks that are none to Python, and marks of no width.
_BLANKS = {**dict.fromkeys((0xA0, 0x2007, 0x202F, 0x3000), " "), **dict.fromkeys((0x200B, 0x2060, 0xFEFF))}


@dataclass(frozen=True, slots=True)
class Own:
    """A statement of a student's.

    Args:
        statement: the statement.
        cell: the number of the cell that it stands in, from 1.
        is_own: whether it is the student's, and no copy of a given one.
        is_aside: whether it gives another meaning to what is given, so that it is run only where everything is.
        is_needed: whether what is asked for may be another without it.
        changes: the names of what it may change.
    """

    statement: Statement
    cell: int
    is_own: bool = True
    is_aside: bool = False
    is_needed: bool = False
    changes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Program:
    """What of a submission may be run.

    Args:
        statements: in the order of the submission.
        answers: for each name that is asked for and the template's part that asks, the numbers of the statements that
            answer, the one that counts last.
        borders: the numbers of the statements before which something else begins: a given cell, a check, an answer.
        given: the names of given things that homework changes by a call, and perhaps not at all.
        untouched: the names in whose place the question's own text still stands.
        repairs: what was set right to read it, in words.
        unread: for each name whose answer stands in what cannot be read, where that is and why, in words.
        lacks: the names that seem to be used before they are made.
        reordered: the same in an order in which they are not; None where there is no such.
    """

    statements: tuple[Own, ...]
    answers: dict[str, dict[int, tuple[int, ...]]]
    borders: tuple[int, ...]
    given: frozenset[str]
    untouched: frozenset[str]
    repairs: tuple[str, ...]
    unread: dict[str, str]
    lacks: frozenset[str] = frozenset()
    reordered: Program | None = None

    def answered(self, task: Task) -> frozenset[str]:
        """The names that a check is about and that are answered; what is given need not be while others are."""
        found = frozenset(name for name in task.own if self._places(name, task))
        return found | (task.own & self.given if found else frozenset())

    def answering(self, task: Task) -> list[int]:
        """The numbers of the statements that answer what a check is about."""
        return sorted({places[-1] for name in task.own if (places := self._places(name, task))})

    def source_of(self, task: Task) -> str:
        """What the submission wrote for a check."""
        return "\n\n".join(self.statements[number].statement.source for number in self.answering(task))

    def stops(self, task: Task) -> list[int]:
        """How many statements have been run where a check is run in the notebook, as far as the others matter to it.

        Returns:
            The numbers: behind the cell that answers, where the next text of the template's stands, behind other
            answers, and at the end. What cannot differ from what all statements that are needed come to is left out.
        """
        found = [places for name in sorted(task.own) if (places := self._places(name, task))]
        others = [self._behind(place) for places in found for place in reversed(places[:-1])]
        stops = (self._answered_behind(task), self.shown(task), *others, len(self.statements))
        stops = dict.fromkeys(map(self._settled, stops))
        return [stop for stop in stops if self._differs(stop, task.own)][:_MOST_STOPS]

    def shown(self, task: Task) -> int:
        """How many statements stand before the next text of the template's behind what answers a check."""
        answer = self._answered_behind(task)
        return min((number for number in self.borders if number >= answer), default=len(self.statements))

    def beside(self, task: Task) -> list[int]:
        """The numbers of what is run with an answer to a check: the rest of its cell, up to another answer's text."""
        found = set[int]()
        for place in self.answering(task):
            cell, end = self.statements[place].cell, self._behind(place)
            start = max((number for number in self.borders if number <= place), default=0)
            found |= {number for number in range(start, end) if self.statements[number].cell == cell}
        return sorted(found)

    def _answered_behind(self, task: Task) -> int:
        return max(map(self._behind, self.answering(task)), default=0)

    def rests_on(self, names: Iterable[str]) -> list[int]:
        """The numbers of the statements that give names their meaning at the end."""
        changes = [own.changes for own in self.statements]
        return needed([own.statement for own in self.statements], map(root_of, names), changes)

    def used_by(self, names: Iterable[str]) -> set[str]:
        """The names that what gives some names their meaning uses, and what functions among them use."""
        used, todo = set[str](), {*map(root_of, names)}
        while todo:
            name = todo.pop()
            own = [one.statement for one in self.statements if name in one.statement.binds]
            more = set().union(*(each.uses for each in own)) - used
            used |= more
            todo |= more
        return used

    @cached_property
    def leaves_traces(self) -> bool:
        """Whether what is called for one check may change what another looks at: figures, and what functions change."""
        return any(
            own.statement.acts - {ARGUMENTS} or (own.statement.is_definition and own.statement.draws)
            for own in self.statements
        )

    def _places(self, name: str, task: Task) -> tuple[int, ...]:
        by_part = self.answers.get(name, {})
        index = max((index for index in by_part if index in task.parts), default=max(by_part, default=-1))
        return by_part.get(index, ())

    def _behind(self, place: int) -> int:
        """Behind the rest of a statement's cell, or where something of the template's stands in it."""
        cell = self.statements[place].cell
        end = max(number for number, own in enumerate(self.statements, 1) if own.cell == cell)
        return min((number for number in self.borders if place < number < end), default=end)

    def _settled(self, stop: int) -> int:
        """The same without statements at the end that change nothing."""
        while stop and self.statements[stop - 1].statement.is_idle:
            stop -= 1
        return stop

    def _differs(self, stop: int, names: frozenset[str]) -> bool:
        """Whether names may mean something else there than at the end, where only what is needed has been run."""
        before, behind = self.statements[:stop], self.statements[stop:]
        if any(not own.is_needed and not own.statement.is_idle for own in before):
            return True
        roots = {*map(root_of, names)}
        chosen = needed([own.statement for own in before], roots, [own.changes for own in before])
        about = roots.union(*(before[index].statement.uses for index in chosen))
        return any(own.changes & about for own in behind if own.is_needed)


@dataclass(slots=True)
class _Found:
    own: list[Own] = field(default_factory=lambda: list[Own]())
    shapes: dict[int, set[str]] = field(default_factory=lambda: dict[int, set[str]]())
    stubs: set[str] = field(default_factory=lambda: set[str]())
    borders: list[int] = field(default_factory=lambda: list[int]())
    repairs: list[str] = field(default_factory=lambda: list[str]())
    unread: list[tuple[str, str]] = field(default_factory=lambda: list[tuple[str, str]]())


def match(cells: Sequence[SubmittedCell], plan: Plan) -> Program:
    """Match a submission with what its template asks for.

    Returns:
        What is run of it.
    """
    numbered = list(enumerate(cells, 1))
    found = _sorted_out(numbered, plan)
    statements = [(own.cell, own.statement) for own in found.own if not own.is_aside]
    order, why, lacks = order_of(statements, (part.statement for part in plan.base))
    program = replace(_program(found, cells, plan), lacks=lacks)
    if not why:
        return program
    again = _sorted_out(sorted(numbered, key=lambda one: order.index(one[0]) if one[0] in order else -1), plan)
    again.repairs.append(why)
    return replace(program, reordered=_program(again, cells, plan))


def _program(found: _Found, cells: Sequence[SubmittedCell], plan: Plan) -> Program:
    _take_misnamed(found, cells, plan)
    statements = [own.statement for own in found.own]
    changes = changed(statements, (part.statement for part in plan.base))
    answers: dict[str, dict[int, tuple[int, ...]]] = {}
    for index, part in enumerate(plan.parts):
        for name in part.names:
            if places := _answer(name, part, found, cells, plan, changes):
                answers.setdefault(name, {})[index] = places
    endless = {number for number, own in enumerate(found.own) if own.is_own and own.statement.may_not_end}
    needs = _targets(plan).union(*(statements[number].uses for number in endless))
    chosen = endless.union(needed(statements, needs, changes))
    places = {places[-1] for by_part in answers.values() for places in by_part.values()}
    cells_of_answers = {found.own[place].cell for place in places}
    for number, own in enumerate(found.own):
        if own.cell in cells_of_answers and not own.statement.is_idle and not own.statement.draws:
            chosen.add(number)
        if own.is_aside:
            chosen.discard(number)
    own = tuple(
        replace(own, is_needed=number in chosen, changes=changes[number]) for number, own in enumerate(found.own)
    )
    starts = {min(number for number, one in enumerate(own) if one.cell == cell) for cell in cells_of_answers}
    untouched, repairs = frozenset(found.stubs - set(answers)), tuple(dict.fromkeys(found.repairs))
    given = {name for part in plan.base for name in part.statement.binds}
    acted = frozenset(given) & {name for part in plan.parts if part.is_homework for name in part.statement.acted}
    unread = {name: said for source, said in reversed(found.unread) for name in _targets(plan) if _makes(source, name)}
    return Program(own, answers, tuple(sorted({*found.borders, *starts})), acted, untouched, repairs, unread)


def _makes(source: str, name: str) -> bool:
    """Whether what cannot be read seems to give a name its meaning."""
    made = rf"^\s*(?:(?:async\s+)?def|class)\s+{re.escape(name)}\b|^\s*{re.escape(name)}\b[^=\n]*=(?!=)"
    return re.search(made, source, re.MULTILINE) is not None


def _answer(
    name: str,
    part: Part,
    found: _Found,
    cells: Sequence[SubmittedCell],
    plan: Plan,
    changes: Sequence[frozenset[str]],
) -> tuple[int, ...]:
    """Which of the statements give a name the meaning that a part of the template asks for; the last counts."""
    own_places = [(place, own.statement) for place, own in enumerate(found.own) if own.is_own]
    # An entry such as answers[1] may be set with all others at once: answers = {...}, or in a loop.
    places = [place for place, statement in own_places if name in statement.changes] or [
        place for place, statement in own_places if root_of(name) in statement.changes and not name.isidentifier()
    ]
    places = places or [place for place, statement in own_places if name in statement.fills]
    places = places or [place for place, _ in own_places if name in changes[place]]
    places = places or [place for place, statement in own_places if statement.binds_anything]
    # What is given is drawn on, or filled, by what does not name it too: plt.hist(x) behind fig, ax = plt.subplots().
    beside = {other.statement.shape for other in plan.parts if other.cell == part.cell and not other.is_homework}
    if not places and name not in part.statement.binds:
        places = [
            place
            for place, own in enumerate(found.own)
            if own.is_own
            and not own.statement.is_idle
            and (cells[own.cell - 1].id == part.cell_id or beside & found.shapes[own.cell])
        ]
    # Where a name is asked for several times, what stands in the cell of another is the answer to that.
    ids = {other.cell_id for other in plan.parts if name in other.names} - {part.cell_id, ""}
    places = [place for place in places if cells[found.own[place].cell - 1].id not in ids]
    if not places:
        return ()
    if part.statement.is_definition:
        places = [place for place in places if name not in found.own[place].statement.runs] or places
        if len(where := sorted({found.own[place].cell for place in places})) > 1:
            numbers = " and ".join(map(str, where))
            found.repairs.append(
                f"{name} is defined in the cells {numbers}; the last counts, or the first if it is right"
            )
        return tuple(places)

    def fits(place: int) -> tuple[bool, int]:
        own = found.own[place]
        return cells[own.cell - 1].id == part.cell_id, len(beside & found.shapes[own.cell])

    best = max(fits(place) for place in places)
    near = [place for place in places if fits(place) == best]
    # What a loop merely runs through is no answer while there is another: `for rate in rates` behind `rate = 5`.
    return tuple(place for place in near if name not in found.own[place].statement.runs or place == near[0])


def _targets(plan: Plan) -> set[str]:
    """The names that are asked for, and those of the things that an entry is asked of."""
    return {*plan.homework, *map(root_of, plan.homework)}


def _sorted_out(numbered: Sequence[tuple[int, SubmittedCell]], plan: Plan) -> _Found:
    """The statements that are the student's own: neither the template's text nor the text to be replaced."""
    found = _Found()
    given = Counter(part.statement.shape for part in plan.parts if not part.is_homework and part.is_asked)
    seen = Counter[str]()
    homework, asked_cells = set(plan.homework), {part.cell_id for part in plan.parts if part.is_homework}
    before = {part.statement.shape for part in plan.base}
    given_cells = {part.cell_id for part in plan.parts if part.cell_id} - asked_cells
    bound = {
        name for _, cell in numbered if cell.kind == "code" for s in statements_of(cell.source)[0] for name in s.changes
    }  # fmt: skip
    for number, cell in numbered:
        statements, problem = _statements(number, cell, _targets(plan) - bound, found.repairs)
        found.shapes[number] = {statement.shape for statement in statements}
        if problem:
            rest = "; the rest of the cell was run" if statements else ""
            found.unread.append((cell.source, f"cell {number} cannot be read ({problem})"))
            found.repairs.append(f"{found.unread[-1][1]}{rest}")
        for statement in statements:
            seen[statement.shape] += 1
            if statement.shape in given.keys() | plan.checks | plan.stubs:
                found.borders.append(len(found.own))
            if statement.shape in plan.stubs:
                found.stubs |= statement.changes & homework
            elif statement.shape in given.keys() | plan.checks:
                # What a check makes for itself, a student may have taken from it to go on with.
                is_used = statement.shape in given or not statement.changes & _targets(plan)
                # What is given once and stands there once more begins anew: fig, ax = plt.subplots().
                is_again = seen[statement.shape] > given[statement.shape] > 0 and not statement.is_definition
                if (statement.shape not in before or is_again) and statement.binds and is_used:
                    found.own.append(Own(statement, number, is_own=False))
            elif not (statement.changes & _targets(plan) or statement.steps) and (
                cell.id in given_cells or (statement.binds and statement.binds <= plan.given)
            ):
                what = ", ".join(sorted(statement.binds)) or "a given cell"
                if statement.always_binds or not statement.binds:  # what a loop runs through is nothing to speak of
                    found.repairs.append(
                        f"cell {number} changes {what}, which is given: checks are run with what the lab gives"
                        + (
                            ""
                            if cell.id in given_cells
                            else ", and those that fail once more with what this cell makes"
                        )
                    )
                if cell.id not in given_cells:
                    found.own.append(Own(statement, number, is_own=False, is_aside=True))
            else:
                found.own.append(Own(statement, number))
    return found


def _statements(
    number: int, cell: SubmittedCell, missing: set[str], repairs: list[str]
) -> tuple[tuple[Statement, ...], str]:
    """The statements of a cell, also of one that is no code cell any more but holds an answer that no other does."""
    if cell.kind != "code":
        fenced = re.fullmatch(r"\s*(`{3,}|~{3,})[^\n]*\n(.*?)\n\1\s*", cell.source, re.DOTALL)
        statements, problem = statements_of(fenced[2] if fenced else cell.source)
        if problem or not any(statement.changes & missing for statement in statements):
            return (), ""
        repairs.append(f"cell {number} is no code cell; its code was run all the same")
        return statements, ""
    statements, problem = statements_of(cell.source)
    if problem and (plain := cell.source.translate(_BLANKS)) != cell.source:
        again, still = statements_of(plain)
        if not still:
            repairs.append(f"cell {number} holds blanks that Python cannot read; they were set right")
            return again, ""
    return statements, problem


def _take_misnamed(found: _Found, cells: Sequence[SubmittedCell], plan: Plan) -> None:
    """Take a function of another name for one that is missing, where its cell leaves no doubt."""
    bound = {name for own in found.own for name in own.statement.binds}
    for name, part in plan.homework.items():
        if name in bound or not part.statement.is_definition:
            continue
        alike = [
            own
            for own in found.own
            if own.is_own
            and own.statement.is_definition
            and own.statement.arguments == part.statement.arguments
            and not own.statement.binds & (set(plan.homework) | plan.given)
            and (cells[own.cell - 1].id == part.cell_id or _is_alike(own.statement, name))
        ]
        if len(alike) == 1:
            (other,) = alike[0].statement.binds
            copied = statements_of(f"{name} = {other}")[0][0]
            found.own.append(Own(copied, alike[0].cell))
            found.repairs.append(f"{other} in cell {alike[0].cell} was taken for {name}, which is not defined")


def _is_alike(statement: Statement, name: str) -> bool:
    (other,) = statement.binds
    return difflib.SequenceMatcher(None, other.lower().replace("_", ""), name.lower().replace("_", "")).ratio() > _ALIKE
