"""One run of a check: which of its assertions hold, and what is said about those that do not."""

from __future__ import annotations

import ast
import builtins
import inspect
import traceback
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from gradlab.labs.grade.made import PartialError
from gradlab.labs.grade.protocol import ChannelError, CheckTimeoutError, RemoteCallError, is_refusal
from gradlab.labs.grade.verdicts._clock import Clock, alarm
from gradlab.labs.grade.verdicts._key import execute

_SEEDING = frozenset({"manual_seed", "seed", "default_rng", "RandomState", "Random"})
CHECK_FILE = "<check>"
"""What the frames of a check's code say they come from."""
UNSEEN = "what your code returned cannot be looked at"
"""What is said where it may not be said of what kind that is."""
_KNOWN_ERRORS = frozenset(
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, BaseException)
)
_LONGEST = 2000  # characters of a message, into which an author may have put what a submission returned
_BEHIND = 1.0  # seconds by which the clock of the calls is ahead of this one, so that it can name what was called


@dataclass(slots=True)
class Outcome:
    """What became of a check.

    Args:
        passed: how often each assertion held, by its number.
        failed: how often it did not.
        count: how many assertions there are.
        problem: the first that did not hold, or what ended the check.
        where: the number of that assertion, None where something else ended it.
        stopped: whether the submission's process ended or had to be stopped.
        said: the message of each assertion that failed, "" without one.
        refused: what could not be looked at, in words; "" where everything could.
        doubt: why what ended it may not be the submission's fault, "" where it is.
    """

    passed: dict[int, int] = field(default_factory=lambda: dict[int, int]())
    failed: dict[int, int] = field(default_factory=lambda: dict[int, int]())
    count: int = 0
    problem: BaseException | None = None
    where: int | None = None
    stopped: bool = False
    said: set[str] = field(default_factory=lambda: set[str]())
    refused: str = ""
    doubt: str = ""

    @property
    def holds(self) -> bool:
        """Whether everything held."""
        return self.problem is None and not self.failed

    def refuse(self, problem: BaseException) -> None:
        """Keep what could not be looked at, where that is the problem."""
        if not self.refused and is_refusal(problem):
            self.refused = getattr(problem, "message", "") or str(problem)

    def always(self) -> set[int]:
        """The assertions that held whenever they were reached."""
        return {number for number in self.passed if number not in self.failed}

    def fraction(self, free: frozenset[int]) -> float:
        """The part of the assertions that held.

        Args:
            free: those that an empty answer passes too; they add nothing where they hold.

        Returns:
            1 only if everything held, the free ones too.
        """
        if self.holds:
            return 1.0
        if isinstance(self.problem, PartialError):
            return min(self.problem.fraction, 0.99)
        counted = [number for number in range(self.count) if number not in free or number in self.failed]
        if not counted or (self.problem is not None and self.where is None):
            counted_done = 0.0
        else:
            counted_done = sum(self._share(number) for number in counted) / len(counted)
        return min(counted_done, 0.99)

    def cost(self, costs: Sequence[tuple[float, str]], vague: frozenset[str]) -> float | None:
        """The points that an author's rubric takes off.

        Args:
            costs: the points, and a part of the message that they stand for.
            vague: messages that an empty answer gets too; they name no mistake.

        Returns:
            Their sum, None where something failed that the rubric does not name.
        """
        if self.where is None or -1 in self.failed or self.said & vague:
            return None
        named = {said: next((line for line in costs if line[1] in said), None) for said in self.said}
        found = {line for line in named.values() if line is not None}
        return sum(points for points, _ in found) if None not in named.values() else None

    def _share(self, number: int) -> float:
        passed, failed = self.passed.get(number, 0), self.failed.get(number, 0)
        return passed / (passed + failed) if passed + failed else 0.0


@dataclass(frozen=True, slots=True)
class Ended:
    """A statement that did not run to its end.

    Args:
        cell: the number of its cell.
        changes: the names of what it may change.
        words: where, and why.
        is_stopped: whether it had to be stopped, or ended the process, and raised nothing.
        doubt: why that may not be its own fault, "" where it is.
    """

    cell: int
    changes: frozenset[str]
    words: str
    is_stopped: bool = False
    doubt: str = ""

    def is_for_want_of(self, names: Set[str]) -> bool:
        """Whether that is because one of some names means nothing yet."""
        return any(f"NameError: name {name!r} is not defined" in self.words for name in names)


class _Tracked(ast.NodeTransformer):
    """Puts a recorder around each assertion, so that those behind one that fails are tried all the same."""

    def __init__(self) -> None:
        self.asserts: list[ast.Assert] = []

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        number = len(self.asserts)
        self.asserts.append(node)
        with_block = ast.With(
            items=[ast.withitem(context_expr=_call("__gradlab_assert__", number))], body=[node], type_comment=None
        )
        return ast.fix_missing_locations(ast.copy_location(with_block, node))


def _call(name: str, number: int) -> ast.Call:
    return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[ast.Constant(value=number)], keywords=[])


@dataclass(frozen=True, slots=True)
class PreparedCheck:
    """A check's code with its assertions counted.

    Args:
        tree: the code.
        asserts: the text of each assertion's condition.
        patched: the attributes that it sets: `np.linalg.solve = None` keeps answers from using it.
    """

    tree: ast.Module
    asserts: tuple[str, ...]
    patched: tuple[tuple[str, str], ...] = ()


def prepare(tree: ast.Module) -> PreparedCheck:
    """Get a check's code ready to be run assertion by assertion."""
    tracked = _Tracked()
    set_ones = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)]
    patched = tuple((ast.unparse(node.value), node.attr) for node in set_ones)
    made = ast.fix_missing_locations(tracked.visit(tree))
    return PreparedCheck(made, tuple(ast.unparse(node.test) for node in tracked.asserts), patched)


def reseeded(tree: ast.Module, offset: int) -> ast.Module | None:
    """A check with other random inputs: what its own code seeds is seeded by another number.

    Args:
        tree: the check's code; it is changed.
        offset: what is added to each seed.

    Returns:
        The code, None where it seeds nothing.
    """
    calls = [
        node for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SEEDING
        and len(node.args) == 1 and not node.keywords
    ]  # fmt: skip
    for call in calls:
        added = ast.BinOp(left=call.args[0], op=ast.Add(), right=ast.Constant(value=offset))
        call.args[0] = ast.copy_location(added, call)
    return ast.fix_missing_locations(tree) if calls else None


def run_check(
    check: PreparedCheck, names: dict[str, Any], before: Callable[[], None], limit: float, own: float | None = None,
    clock: Clock | None = None,
) -> Outcome:  # fmt: skip
    """Run a check.

    Args:
        check: the check.
        names: what its code sees.
        before: what is run before it, within the same time.
        limit: seconds that both may take.
        own: seconds that the check alone may take. Default all that is left.
        clock: knows which time does not count. Default one of this process alone.
    """
    outcome = Outcome(count=len(check.asserts))

    @contextmanager
    def recorder(number: int) -> Iterator[None]:
        try:
            yield
        except ChannelError:
            raise
        except Exception as problem:
            outcome.failed[number] = outcome.failed.get(number, 0) + 1
            # What the submission raises is not the author's message, whatever it says.
            own = isinstance(problem, AssertionError) and not isinstance(problem, RemoteCallError)
            outcome.said.add(str(problem) if own else "")
            outcome.refuse(problem)
            if outcome.problem is None:
                outcome.problem, outcome.where = problem, number
        else:
            outcome.passed[number] = outcome.passed.get(number, 0) + 1

    try:
        with alarm(limit + _BEHIND, clock) as begin:
            before()
            if own is not None:
                begin(own)
            names["__gradlab_assert__"] = recorder
            with _unpatched(check, names):
                execute(check.tree, names, CHECK_FILE)
    except ChannelError as problem:
        outcome.problem, outcome.where, outcome.stopped = problem, None, True
    except CheckTimeoutError as problem:
        outcome.problem, outcome.where, outcome.stopped = problem, None, True
    except Exception as problem:
        if outcome.problem is None:
            outcome.problem, outcome.where = problem, None
        outcome.failed.setdefault(-1, 1)
        outcome.refuse(problem)
    finally:
        names.pop("__gradlab_assert__", None)
    return outcome


@contextmanager
def _unpatched(check: PreparedCheck, names: dict[str, Any]) -> Iterator[None]:
    """Bring back what a check sets in modules, which all that are judged behind it share."""
    before = list[tuple[Any, str, Any]]()
    for owner, name in check.patched:
        with suppress(Exception):  # the check says itself what is wrong with it
            module = eval(owner, dict(names))
            if inspect.ismodule(module):
                before.append((module, name, getattr(module, name)))
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)


def in_words(outcome: Outcome, check: PreparedCheck, *, hidden: bool) -> str:
    """Say for the student why a check did not hold."""
    problem = outcome.problem
    if is_refusal(problem):
        return UNSEEN if hidden else f"{UNSEEN}: {outcome.refused}"[:_LONGEST]
    if isinstance(problem, RemoteCallError):
        where = f" (cell {problem.cell}, line {problem.line})" if problem.cell else ""
        if problem.kind == "NotImplementedError":
            return f"not done yet: NotImplementedError is raised{where}"
        # Its words, and a name of the student's own, may hold what a hidden check handed over.
        own = "an error" if problem.kind not in _KNOWN_ERRORS else problem.kind
        return f"your code raised {own if hidden else problem}{where}"
    if isinstance(problem, AssertionError):
        # A library's own words, as those of numpy.testing, hold what a hidden check compares with.
        frames = [frame for frame, _ in traceback.walk_tb(problem.__traceback__)]
        told_by = str(frames[-1].f_globals.get("__name__")).partition(".")[0] if frames else "__main__"
        is_shown = not hidden or told_by in ("__main__", "gradlab")
        if is_shown and problem.args and isinstance(problem.args[0], str):
            return problem.args[0][:_LONGEST]
        if outcome.where is not None and not hidden:
            return f"this does not hold: {check.asserts[outcome.where]}"
        return "a hidden check fails"
    if hidden or problem is None:
        return "a hidden check cannot use what your code returned"
    return f"the check cannot use what your code returned: {named(problem)}"


def named(problem: BaseException | None) -> str:
    """An error's name and words."""
    said = str(problem)[:500]
    return said if isinstance(problem, RemoteCallError) else f"{type(problem).__name__}: {said}"
