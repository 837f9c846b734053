"""A check for each name that is homework, where the author wrote none."""

from __future__ import annotations

from typing import Final

from gradlab.labs._versions import Check
from gradlab.labs.grade.matching import Plan, Task, needed

COMPARE: Final = "__gradlab_compare__"
"""The name by which such a check calls the comparison with the key."""


def made_tasks(plan: Plan) -> tuple[Task, ...]:
    """Make a task for each name that a student has to give a meaning to.

    Returns:
        The tasks, one point each.
    """
    statements = [part.statement for part in plan.parts]
    end, made = len(plan.parts), list[Task]()
    for index, part in enumerate(plan.parts):
        for name in sorted(part.names):
            if plan.homework[name] is not part or not name.isidentifier():
                continue
            check = Check(name, 1.0, True, 10.0, f"{COMPARE}({name!r}, {name})", part.cell, part.line, (), part.cell)
            reached = needed(statements[: index + 1], part.statement.uses)
            others = {other for place in reached for other in plan.parts[place].names} - {name}
            made.append(Task(check, (), frozenset({name}), frozenset(others), end))
    return tuple(made)
