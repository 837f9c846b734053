"""The order in which a submission's cells are run: their own, unless one uses what only a later one makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from gradlab.labs.grade.matching._statements import Statement, linked


@dataclass(slots=True)
class _Cell:
    number: int
    uses: set[str] = field(default_factory=lambda: set[str]())
    binds: set[str] = field(default_factory=lambda: set[str]())
    reached: set[str] = field(default_factory=lambda: set[str]())
    lacks: set[str] = field(default_factory=lambda: set[str]())


def order_of(
    statements: Sequence[tuple[int, Statement]], given: Iterable[Statement]
) -> tuple[list[int], str, frozenset[str]]:
    """Find the order in which cells can be run.

    Args:
        statements: those of a submission with the numbers of their cells, in its order.
        given: those that are run before.

    Returns:
        The numbers of the cells in order, none where there is no such; why that is another than theirs, "" where it is
        not; and the names that seem to be used before they are made.
    """
    cells = _read(statements, list(given))
    lacking = [cell for cell in cells if cell.lacks]
    if not lacking:
        return [cell.number for cell in cells], "", frozenset()
    # What a method may change stays behind or before it if it can; what is made, and what uses it, does so in any case.
    order = _sorted(cells, lambda cell: cell.reached) or _sorted(cells, lambda cell: cell.binds)
    lacks = frozenset(name for cell in lacking for name in cell.lacks)
    if not order:
        return [], "", lacks
    first = lacking[0]
    other = next(cell for cell in cells if first.lacks & cell.binds and cell.number > first.number)
    names, numbers = ", ".join(sorted(first.lacks & other.binds)), ", ".join(map(str, order))
    words = f"cell {first.number} uses {names} of cell {other.number}: the cells were run in the order {numbers}"
    return order, words, lacks


def _sorted(cells: Sequence[_Cell], changed: Callable[[_Cell], set[str]]) -> list[int]:
    """The numbers of cells in an order in which none lacks anything, else in their own; none if there is no such."""
    before = {cell.number: set[int]() for cell in cells}
    for index, late in enumerate(cells):
        for early in cells[:index]:
            made, there = changed(early), changed(late)
            if early.lacks & there:
                before[early.number].add(late.number)
            if (early.uses & there | made & (late.uses | there)) - early.lacks:
                before[late.number].add(early.number)
    order = list[int]()
    while len(order) < len(cells):
        free = (number for number in before if number not in order and before[number] <= set(order))
        if (number := next(free, None)) is None:
            return []
        order.append(number)
    return order


def _read(statements: Sequence[tuple[int, Statement]], given: Sequence[Statement]) -> list[_Cell]:
    """What each cell uses when it is run, in functions that it calls too, makes, and lacks as only later ones do."""
    bodies = dict[str, set[str]]()
    for _, statement in statements:
        for name in statement.binds if statement.is_definition else ():
            bodies.setdefault(name, set()).update(statement.uses)
    modules = {name for one in (*given, *(one for _, one in statements)) for name in one.imports}
    cells, bound = dict[int, _Cell](), {name for one in given for name in one.binds}
    left = [name for _, statement in statements for name in statement.binds]
    for number, statement in statements:
        cell = cells.setdefault(number, _Cell(number))
        used = set(statement.uses - statement.late - (statement.runs if statement.always_binds else statement.binds))
        used |= set() if statement.is_definition else linked(statement.calls & bodies.keys(), bodies)
        for name in statement.binds:
            left.remove(name)
        cell.lacks |= (used - bound) & set(left)
        cell.uses |= used - modules
        cell.binds |= statement.binds
        cell.reached |= statement.reached - (modules - statement.imports)
        bound |= statement.binds
    return list(cells.values())
