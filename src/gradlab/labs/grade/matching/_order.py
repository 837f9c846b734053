"""The order in which a submission's cells are run: their own, unless one uses what only a later one makes."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from gradlab.labs.grade.matching._statements import Statement


@dataclass(slots=True)
class _Cell:
    number: int
    uses: set[str] = field(default_factory=lambda: set[str]())
    binds: set[str] = field(default_factory=lambda: set[str]())
    reached: set[str] = field(default_factory=lambda: set[str]())
    lacks: set[str] = field(default_factory=lambda: set[str]())


def order_of(statements: Sequence[tuple[int, Statement]], given: Set[str]) -> tuple[list[int], str, frozenset[int]]:
    """Find the order in which cells can be run.

    Args:
        statements: those of a submission with the numbers of their cells, in its order.
        given: the names that have a meaning before.

    Returns:
        The numbers of the cells in order; why that is another than theirs, "" where it is not; and the cells that use
        what is made behind them though there is no order that mends it.
    """
    cells = _read(statements, given)
    before = {cell.number: set[int]() for cell in cells}
    for index, late in enumerate(cells):
        for early in cells[:index]:
            if early.lacks & late.reached:
                before[early.number].add(late.number)
            if (early.uses & late.reached | early.reached & (late.uses | late.reached)) - early.lacks:
                before[late.number].add(early.number)
    lacking = {cell.number: cell for cell in cells if cell.lacks}
    order = list[int]()
    while len(order) < len(cells):
        free = (number for number in before if number not in order and before[number] <= set(order))
        if (number := next(free, None)) is None:
            return [cell.number for cell in cells], "", frozenset(lacking)
        order.append(number)
    if not lacking:
        return order, "", frozenset()
    first = next(iter(lacking.values()))
    other = next(cell for cell in cells if first.lacks & cell.binds and cell.number > first.number)
    names = ", ".join(sorted(first.lacks & other.binds))
    numbers = ", ".join(map(str, order))
    return (
        order,
        f"cell {first.number} uses {names} of cell {other.number}: the cells were run in the order {numbers}",
        frozenset(),
    )


def _read(statements: Sequence[tuple[int, Statement]], given: Set[str]) -> list[_Cell]:
    """What each cell uses when it is run, in functions that it calls too, makes, and lacks as only later ones do."""
    bodies = dict[str, set[str]]()
    for _, statement in statements:
        for name in statement.binds if statement.is_definition else ():
            bodies.setdefault(name, set()).update(statement.uses)
    cells, bound = dict[int, _Cell](), set(given)
    left = [name for _, statement in statements for name in statement.binds]
    for number, statement in statements:
        cell = cells.setdefault(number, _Cell(number))
        used = set(statement.uses - statement.late if statement.is_definition else statement.uses)
        todo = [] if statement.is_definition else list(statement.calls & bodies.keys())
        while todo:
            more = bodies[todo.pop()] - used
            used |= more
            todo += more & bodies.keys()
        for name in statement.binds:
            left.remove(name)
        cell.lacks |= (used - bound) & set(left)
        cell.uses |= used
        cell.binds |= statement.binds
        cell.reached |= statement.reached
        bound |= statement.binds
    return list(cells.values())
