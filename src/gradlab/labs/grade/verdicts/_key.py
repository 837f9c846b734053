"""The answer key, run once: its names, as they were before each of its statements."""

from __future__ import annotations

import ast
import contextlib
import io
import sys
import types
from collections.abc import Iterable, Set
from typing import Any

from gradlab._errors import GradlabError
from gradlab.labs.grade._data import copied, same
from gradlab.labs.grade.made import Call, LifeRecorder, recorder
from gradlab.labs.grade.matching import Part, Plan, Task, needed
from gradlab.labs.grade.sandbox import Shell
from gradlab.labs.grade.verdicts._clock import stopwatch
from gradlab.labs.grade.verdicts._snapshot import Snapshot


class KeyFailedError(GradlabError):
    """The answer key does not run, or does not pass its own checks.

    Args:
        faults: the template's lines, and what is wrong there.
    """

    def __init__(self, faults: Iterable[tuple[int, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"line {line}: {said}" for line, said in self.faults))


class Key:
    """The answer key's names.

    Args:
        plan: what the template asks for.
        seed: the lab's seed, None without.
        record: whether the calls of its functions are kept, for checks that are made from it. Default no.

    Attributes:
        steady: the values that homework is to make and that nothing else changes.
        fixed: those of them that one statement makes as they stay.

    Raises:
        KeyFailedError: if a statement of it fails.
    """

    def __init__(self, plan: Plan, seed: int | None, *, record: bool = False) -> None:
        self.plan = plan
        self.extra: dict[str, Any] = {}
        self.calls: dict[str, list[Call]] = {}
        self.classes: dict[str, LifeRecorder] = {}
        self._module = types.ModuleType("__main__")
        self._snapshots: dict[int, Snapshot] = {}
        self.seconds: dict[int, float] = {}
        self._made: dict[int, dict[str, Any]] = {}
        self._idle: set[int] = set()
        used = {index for task in plan.tasks for index in task.parts}
        # What homework rests on, too, where no check asks for it.
        asked = [part.statement for part in plan.parts if part.is_homework]
        used |= {index for index, part in enumerate(plan.parts) if part.is_homework}
        used |= {*needed([part.statement for part in plan.parts], frozenset().union(*(each.uses for each in asked)))}
        base = {id(part) for part in plan.base}
        used |= {index for index, part in enumerate(plan.parts) if id(part) in base or record}
        self._tasks = {id(plan.parts[index]) for task in plan.tasks for index in task.parts}
        sys.modules["__main__"] = self._module
        self.names["get_ipython"] = Shell
        self.names["display"] = lambda *_: None
        execute(seed_source(plan, seed), self.names)
        starts = {0, *(task.start for task in plan.tasks)}
        for index, part in enumerate(plan.parts):
            if index in starts:
                self._snapshots[index] = Snapshot(self.names)
            if index in used:
                taken = stopwatch()
                self._run_first(part, record=record)
                self.seconds[index] = taken()
                if not part.statement.is_definition:
                    self._made[index] = copied({name: self.names[name] for name in part.names & self.names.keys()})
        for name in self.calls:
            self.names[name] = self.names[name].__wrapped__
        for kept in self.classes.values():
            kept.stop()
        self._snapshots[len(plan.parts)] = Snapshot(self.names)
        self.final = dict(self.names)
        first, last = dict[str, Any](), dict[str, Any]()
        for made in self._made.values():
            first, last = made | first, last | made
        self.steady = {name for name, value in last.items() if same(value, self.final.get(name))}
        self.fixed = {name for name in self.steady if same(first[name], self.final[name])}
        for snapshot in self._snapshots.values():
            snapshot.settle()
        self.given = {
            name: self.final[name] for part in plan.base for name in part.statement.binds if name in self.final
        }

    @property
    def slowest(self) -> float:
        """Seconds that the slowest of its statements took."""
        return max(self.seconds.values(), default=0.0)

    @property
    def names(self) -> dict[str, Any]:
        """The names as they are now."""
        return vars(self._module)

    def _run_first(self, part: Part, *, record: bool) -> None:
        try:
            self.run(part)
            for name in part.names if record else ():
                if isinstance(self.names[name], types.FunctionType):
                    self.names[name] = recorder(self.names[name], self.calls.setdefault(name, []))
                elif LifeRecorder.fits(self.names[name]):
                    self.classes[name] = LifeRecorder(self.names[name])
        except Exception as problem:
            if not part.is_homework and not (part.statement.binds and id(part) in self._tasks):
                self._idle.add(id(part))  # no check needs it: a picture, a look at what nothing has filled
                return
            said = f"{type(problem).__name__}: {problem}"
            raise KeyFailedError([(part.line, f"this cell of the solution fails with {said}")]) from problem

    def reset(self, task: Task) -> None:
        """Bring the names back to what they were before the statement from which on a task differs from the key."""
        self._snapshots[task.start].restore(self.names)
        if task.start == 0 and (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
            pyplot.close("all")
        self.names.update(self.extra)

    def give(self, index: int, names: Set[str]) -> None:
        """Give names the meaning that they had behind a statement when the key alone was run."""
        made = copied(self._made[index]) if index in self._made else self.final
        self.names.update({name: made[name] for name in names if name in made})

    def value(self, name: str) -> Any:
        """What the key means by a name, or by an entry such as `answers[1]`; None where it has none."""
        return self.final.get(name) if name.isidentifier() else eval(name, dict(self.final))

    def run(self, part: Part) -> None:
        """Run a statement of the key, unless it shows something and could not be run the first time."""
        if id(part) not in self._idle:
            execute(part.statement.source, self.names)


def execute(source: str | ast.AST, names: dict[str, Any], file: str = "<lab>") -> None:
    """Run trusted code with some names, its output thrown away."""
    code: Any = compile(source, file, "exec", dont_inherit=True)  # type: ignore[arg-type]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        exec(code, names)


def seed_source(plan: Plan, seed: int | None) -> str:
    """The code that seeds the random numbers that a lab uses, as building it does."""
    if seed is None:
        return "pass"
    sources = "".join(part.statement.source for part in plan.parts)
    lines = [f"import random as _r; _r.seed({seed})"]
    lines += [f"import numpy as _r; _r.random.seed({seed % 2**32})"] if "numpy" in sources or "torch" in sources else []
    lines += [f"import torch as _r; _r.manual_seed({seed})"] if "torch" in sources else []
    return "\n".join([*lines, "del _r"])
