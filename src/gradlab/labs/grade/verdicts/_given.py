"""What a check asserts of given names alone: that is about what the submission's cells have made of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Final

from gradlab.labs.grade._data import may_change, same
from gradlab.labs.grade.matching import Program, linked, root_of, statements_of
from gradlab.labs.grade.protocol import ChannelError, RemoteCallError, RemoteObject, ValueRefusedError
from gradlab.labs.grade.verdicts._key import Key
from gradlab.labs.grade.verdicts._session import Session
from gradlab.labs.grade.verdicts._tasks import ReadyTask, evaluate

_SAID: Final = "your cells changed `{}`, which the check looks at"


def given_changed(key: Key, ready: ReadyTask, program: Program, session: Session) -> str:
    """Say which given names a submission's cells have changed so that a check fails on them alone.

    Returns:
        The reason for a human to look, "" where there is none.
    """
    about, stop = list(_about_given(key, ready)), program.shown(ready.task)
    changed = set[str]().union(*(own.changes for own in program.statements[:stop]))
    names = sorted(changed & set[str]().union(*(held for _, held in about)))
    if not names:
        return ""
    limit, theirs = ready.task.check.timeout + ready.given_limit, dict[str, Any]()
    try:
        session.stop_at(stop)
        session.ready()
        for name in names:
            theirs[name] = session.value(name, limit)
    except (RemoteCallError, ValueRefusedError):  # deleted, or no data any more
        return _SAID.format(next(name for name in names if name not in theirs))
    except ChannelError:
        return f"what your cells make of {', '.join(names)} could not be looked at, and the check does"
    theirs = {
        name: value
        for name, value in theirs.items()
        if not isinstance(value, RemoteObject) and not same(value, key.given[name])
    }
    # With the key's answers: what fails now fails by these names.
    failed = evaluate(key, ready.task, ready.check, theirs, limit, clock=session.clock).failed if theirs else {}
    found = theirs.keys() & set().union(*(held for number, held in about if number in failed))
    return _SAID.format("`, `".join(sorted(found))) if found else ""


def _about_given(key: Key, ready: ReadyTask) -> Iterator[tuple[int, frozenset[str]]]:
    """The assertions, or parts joined by `and`, that use given data and no homework: their numbers, and which data."""
    plan = key.plan
    data = {name for name, value in key.given.items() if may_change(value) or isinstance(value, int | float | str)}
    data &= plan.given
    homework, from_data = set(map(root_of, plan.homework)), dict[str, set[str]]()
    check = statements_of("\n".join(ready.task.code))[0]
    for part in plan.parts:  # what given cells fill with homework's help is no given data any more
        homework |= part.statement.reached if not part.is_homework and part.statement.uses & homework else set()
    for each in check:
        homework |= each.reached - data if each.uses & homework else set()
    for each in check:
        for name in each.reached - data:
            from_data.setdefault(name, set()).update(each.uses)
    for number, text in enumerate(ready.check.asserts):
        test = ast.parse(text, mode="eval").body
        for part in test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else (test,):
            names = linked({node.id for node in ast.walk(part) if isinstance(node, ast.Name)}, from_data)
            if names & data and not names & homework:
                yield number, frozenset(names & data)
