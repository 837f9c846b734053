"""The answer key, run once: its names, as they were before each of its statements."""

from __future__ import annotations

import ast
import contextlib
import io
import random
import sys
import time
import types
from dataclasses import dataclass
from typing import Any

from gradlab._errors import GradlabError
from gradlab.labs.grade.made import Call, recorder
from gradlab.labs.grade.matching import Part, Plan, Task


class KeyFailedError(GradlabError):
    """The answer key does not run, or does not pass its own checks."""


@dataclass(frozen=True, slots=True)
class _Snapshot:
    names: dict[str, Any]
    randomness: Any


class Key:
    """The answer key's names.

    Args:
        plan: what the template asks for.
        seed: the lab's seed, None without.
        record: whether the calls of its functions are kept, for checks that are made from it. Default no.

    Raises:
        KeyFailedError: if a statement of it fails.
    """

    def __init__(self, plan: Plan, seed: int | None, *, record: bool = False) -> None:
        self.plan = plan
        self.extra: dict[str, Any] = {}
        self.calls: dict[str, list[Call]] = {}
        self._module = types.ModuleType("__main__")
        self._snapshots: dict[int, _Snapshot] = {}
        self.seconds: dict[int, float] = {}
        used = {index for task in plan.tasks for index in task.parts}
        used |= {index for index, part in enumerate(plan.parts) if part.is_homework}
        base = {id(part) for part in plan.base}
        used |= {index for index, part in enumerate(plan.parts) if id(part) in base or record}
        tasks = {id(plan.parts[index]) for task in plan.tasks for index in task.parts}
        self._unsure = {id(plan.base[number]) for number in plan.unsure} - tasks
        sys.modules["__main__"] = self._module
        self.names["get_ipython"] = types.SimpleNamespace
        self.names["display"] = lambda *_: None
        execute(seed_source(plan, seed), self.names)
        starts = {task.start for task in plan.tasks}
        for index, part in enumerate(plan.parts):
            if index in starts:
                self._snapshots[index] = _Snapshot(dict(self.names), _randomness())
            if index in used:
                begun = time.perf_counter()
                self._run_first(part, record=record)
                self.seconds[index] = time.perf_counter() - begun
        for name in self.calls:
            self.names[name] = self.names[name].__wrapped__
        self._snapshots[len(plan.parts)] = _Snapshot(dict(self.names), _randomness())
        self.final = dict(self.names)
        self.given = {
            name: self.final[name] for part in plan.base for name in part.statement.binds if name in self.final
        }

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
        except Exception as problem:
            if record and not part.is_homework and not part.statement.binds:
                return  # a picture, or a setting of Jupyter
            if id(part) in self._unsure:
                return  # no check needs it, and so nothing has filled what it reads
            said = f"{type(problem).__name__}: {problem}"
            raise KeyFailedError(f"line {part.line}: this cell of the solution fails with {said}") from problem

    def reset(self, task: Task) -> None:
        """Bring the names back to what they were before the statement from which on a task differs from the key."""
        snapshot = self._snapshots[task.start]
        self.names.clear()
        self.names.update(snapshot.names)
        self.names.update(self.extra)
        _restore(snapshot.randomness)

    def value(self, name: str) -> Any:
        """What the key means by a name, or by an entry such as `answers[1]`; None where it has none."""
        return self.final.get(name) if name.isidentifier() else eval(name, dict(self.final))

    def run(self, part: Part) -> None:
        """Run a statement of the key."""
        execute(part.statement.source, self.names)


def execute(source: str | ast.AST, names: dict[str, Any]) -> None:
    """Run trusted code with some names, its output thrown away.

    Args:
        source: the code.
        names: the names.
    """
    code: Any = compile(source, "<lab>", "exec", dont_inherit=True)  # pyright: ignore[reportArgumentType]
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


def _randomness() -> tuple[Any, Any, Any]:
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    return (
        random.getstate(),
        numpy.random.get_state() if numpy else None,
        torch.get_rng_state() if torch else None,
    )


def _restore(state: tuple[Any, Any, Any]) -> None:
    own, of_numpy, of_torch = state
    random.setstate(own)
    if of_numpy is not None:
        sys.modules["numpy"].random.set_state(of_numpy)
    if of_torch is not None:
        sys.modules["torch"].set_rng_state(of_torch)
