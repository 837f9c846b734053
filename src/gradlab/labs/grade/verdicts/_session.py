"""A submission while it is being graded: its process, started again whenever it has ended or had to be stopped."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import is_dataclass
from typing import Any

from gradlab.labs.grade._data import copied, has_state, is_own, overwrite, same
from gradlab.labs.grade._randomness import set_source, source_state
from gradlab.labs.grade.matching import Own, Program
from gradlab.labs.grade.protocol import (
    Channel,
    ChannelError,
    CheckTimeoutError,
    Peer,
    RemoteCallError,
    RemoteObject,
    ValueRefusedError,
    class_tests,
    is_refusal,
    looked,
    put_state,
)
from gradlab.labs.grade.protocol import ChannelTimeoutError as Timeout
from gradlab.labs.grade.sandbox import OUTSIDE, TOO_MUCH, Cage, Limits, Sandbox
from gradlab.labs.grade.verdicts._clock import Clock, alarm
from gradlab.labs.grade.verdicts._evaluate import Ended
from gradlab.labs.grade.verdicts._form import cast, form_of
from gradlab.labs.grade.verdicts._key import Key
from gradlab.labs.grade.verdicts._tasks import TIMES_THE_KEY

_MOST_STARTS = 12
_AGAIN = "ended again and again, so that it is not run any more"
_MISFITS = (TypeError, AttributeError)
_CALLABLE_ATTRIBUTES = ("apply", "forward", "backward")
_HIDDEN_ATTRIBUTES = ("_", "gi_", "f_", "tb_", "cr_", "ag_", "co_", "func_")


class StoppedError(ChannelError):
    """The submission's process ended, or had to be stopped; the message says which, to stand behind what ran."""


class Session:
    """A submission's process.

    Args:
        sandbox: where it runs.
        program: its statements.
        key: the answer key.
        limits: what it may use.
        slot: a number that no other submission that runs has.
        statement_limit: seconds that one of its statements may run.
    """

    def __init__(
        self, sandbox: Sandbox, program: Program, key: Key, limits: Limits, slot: int, statement_limit: float
    ) -> None:
        self._sandbox, self._program, self._key = sandbox, program, key
        self._limits, self._slot, self._statement_limit = limits, slot, statement_limit
        key.extra |= class_tests(key.given)
        self._named = {id(value): name for name, value in key.given.items() if _stays(value)}
        self._cage: Cage | None = None
        self._starts = 0
        self._skipped: set[int] = set()
        self._skipped_beside: set[int] = set()
        self._hopeless: set[int] = set()
        self._stand_ins: frozenset[str] = frozenset()
        self._stop: int | None = None
        self.errors: dict[int, str] = {}
        self.errors_of_all: dict[int, str] = {}  # where all was run, and not what is needed alone
        self.ended: dict[int, Ended] = {}  # by the statement's number
        self.clock = Clock()
        self.printed: dict[int, str] = {}
        self.mutated = False
        self.misfit = False
        self.write_back = False
        self._before: list[tuple[Callable[[Any, Any], None], Any, Any]] = []
        self.forms = set[str]()
        self.cast = ("", "")
        self.kinds = {
            name
            for name, value in key.final.items()
            if inspect.isclass(value) and value.__name__ == name and is_own(value)
        }

    def ready(self) -> None:
        """Start the process where it is not running; its statements have been run then.

        Raises:
            StoppedError: if it ends again and again.
        """
        while self._cage is None:
            if self._starts >= _MOST_STARTS:
                raise StoppedError(_AGAIN)
            self._starts += 1
            self._cage = self._sandbox.start(self._limits, self._slot)
            self.clock.watch(self._cage)
            self._peer = Peer(
                Channel(self._cage.channel), named=self._name_of, resolve=_refuse, classes=self._classes(),
                on_request={"get": self._get, "look": self._look}, is_judge=True, kinds=self.kinds,
            )  # fmt: skip
            self._peer.on_change, self._peer.on_value = self._changed, self._handed
            if self._stand_ins:
                self.deadline(self._statement_limit)
                self.bind(self._stand_ins)
            for index, own in enumerate(self._program.statements[: self._stop]):
                if self._stop is None and not own.is_needed:
                    continue
                replaced = own.statement.is_definition and own.statement.binds <= self._stand_ins
                skipped = (
                    replaced or index in self._skipped_beside or (index in self._skipped and not self._is_mended(index))
                )
                if not skipped and not self._ran(index, own):
                    break
                # A value that stands in does so behind each statement that makes it another.
                if lost := self._stand_ins & (own.statement.changes | own.statement.asks):
                    self.deadline(self._statement_limit)
                    self.bind(lost)

    def is_disordered(self) -> bool:
        """Whether a statement fails for want of what only a later one makes."""
        with suppress(StoppedError):
            self.ready()
        return any(one.is_for_want_of(self._program.lacks) for one in self.ended.values())

    def _is_mended(self, index: int) -> bool:
        """Whether a statement that had to be stopped uses what stands in now, and may end with that."""
        reached = set(self._stand_ins)
        for own in self._program.statements if reached else ():
            if own.statement.is_definition and own.statement.uses & reached:
                reached |= own.statement.binds
        return index not in self._hopeless and bool(self._program.statements[index].statement.uses & reached)

    def _ran(self, index: int, own: Own) -> bool:
        self.deadline(self._statement_limit)
        order: dict[str, Any] = {
            "do": "run",
            "source": own.statement.source,
            "cell": own.cell,
            "line": own.statement.line,
        }
        try:
            # What stands in for an earlier answer may be called without end.
            with alarm(self._statement_limit + 1, self.clock) if self._stand_ins else nullcontext():
                text = self._peer.request(order)
            if isinstance(text, str) and text and not self._stand_ins and self._stop is None:
                self.printed[own.cell] = (self.printed.get(own.cell, "") + text)[:20_000]
        except RemoteCallError as problem:
            self.misfit |= bool(self._stand_ins) and is_misfit(problem)
            inside = problem.cell in (0, own.cell)
            said = f"line {problem.line if inside and problem.line else own.statement.line}: {problem}"
            said += "" if inside else f" (in line {problem.line} of cell {problem.cell})"
            if not self._stand_ins:  # what stands in is not for the student to see
                (self.errors if self._stop is None else self.errors_of_all).setdefault(own.cell, said)
            if not self._stand_ins and self._stop is None:
                self.ended.setdefault(index, Ended(own.cell, own.changes, f"cell {own.cell}, {said}"))
        except CheckTimeoutError:
            self.stop()
            raise StoppedError(f"called what stands in for longer than {self._statement_limit:.0f} s") from None
        except ChannelError as problem:
            (self._skipped_beside if self._stand_ins else self._skipped).add(index)
            self._hopeless |= {index} & self._skipped_beside
            reason = self.stop(problem, self._statement_limit)
            if not self._stand_ins:
                self.errors[own.cell] = said = f"line {own.statement.line}: this code {reason}"
                doubt = self.doubt(reason, self._statement_limit, self._key.slowest)
                self.ended[index] = Ended(own.cell, own.changes, f"cell {own.cell}, {said}", True, doubt)
            return False
        return True

    def stop(self, problem: ChannelError | None = None, limit: float = 0.0) -> str:
        """End the process.

        Args:
            problem: why, None at the end of everything.
            limit: the seconds that it had.

        Returns:
            The reason, to stand behind what ran.
        """
        cage, self._cage = self._cage, None
        self.clock.watch(None)
        ended = cage.end() if cage is not None else ""
        if isinstance(problem, StoppedError):
            return str(problem)
        if isinstance(problem, Timeout) and ended not in (OUTSIDE, TOO_MUCH):
            return f"ran longer than {limit:.0f} s and was stopped"
        return ended or f"broke the connection to the grader ({problem})"

    def doubt(self, reason: str, limit: float, seconds: float) -> str:
        """Why a stop may not be the submission's fault, "" where it is.

        Args:
            reason: what `stop` said.
            limit: the seconds that it had.
            seconds: what the key takes for the like.
        """
        if reason == OUTSIDE:
            return "this machine may be to blame"
        if reason == _AGAIN:
            return "so this was not looked at"
        if limit < TIMES_THE_KEY * seconds and "longer than" in reason:
            return f"it may only be slow: the solution's takes {seconds:.1f} s"
        if self.clock.is_cut and "longer than" in reason:
            return "this machine was so busy that it did not get its time"
        return "how busy this machine was is not known" if self.clock.is_blind and "longer than" in reason else ""

    def stuck(self, numbers: Iterable[int]) -> str:
        """Which of some statements, by number, had to be stopped, in words; "" where none had."""
        ended = [self.ended[number] for number in numbers if number in self.ended]
        said = next((one.words for one in ended if one.is_stopped), "")
        return f"{said}; what the check asks for is right with that left out" if said else ""

    def value(self, name: str, limit: float) -> Any:
        """What a submission means by a name: data, or a stub for what has to stay in there.

        Raises:
            RemoteCallError: if it has none.
            ChannelError: if the process ended.
        """
        self.deadline(limit)
        value = self._peer.request({"do": "value", "name": name})
        if isinstance(value, RemoteObject):
            self._peer.labels[value._key] = name
        return self._handed(value)

    def bind(self, names: Iterable[str]) -> None:
        """Let the key's versions stand in for some of the submission's names until `release`."""
        order = [
            [name, self._peer.encode(self._key.final[name])]
            for name in names
            if name in self._key.final and name.isidentifier()
        ]
        self._peer.request({"do": "bind", "names": order})
        self._peer.handed_back = False

    def release(self) -> None:
        """Bring the submission's own names back."""
        if self._cage is not None:
            self._peer.request({"do": "release"})

    def renew(self, stand_ins: frozenset[str] = frozenset()) -> None:
        """Let a new process take the place of this one, which knows nothing of what stood in.

        Args:
            stand_ins: the names of which the key's versions are there in place of its own while its cells are run.
        """
        self.stop()
        self._starts -= 1
        self._stand_ins, self.misfit, self._stop = stand_ins, False, None
        self._skipped_beside.clear()

    def stop_at(self, stop: int | None) -> None:
        """Bring the process to where some of its statements have been run.

        Args:
            stop: how many, whether they are needed or not; None for all that are needed.
        """
        if stop != self._stop:
            self.stop()
            self._starts -= 1
            self._stop = stop

    @property
    def is_handed_back(self) -> bool:
        """Whether the submission has handed a network that it was lent to something else that it was lent."""
        return self._cage is not None and self._peer.handed_back

    @property
    def is_running(self) -> bool:
        """Whether there is a process, in which an earlier check may have left something."""
        return self._cage is not None

    @property
    def running(self) -> str:
        """The name of what was called last."""
        return self._peer.running

    def deadline(self, limit: float) -> None:
        """Let everything that is asked from now on be answered within some seconds."""
        self._peer.deadline = self.clock.deadline(limit)

    def _get(self, message: Mapping[str, Any]) -> Any:
        """What may be seen of the key's classes and their instances that stand in: their own methods and data."""
        value, name = self._peer.own(int(message["on"])), str(message["name"])
        shown = _is_own(value, name) or name in _CALLABLE_ATTRIBUTES
        if not shown or name.startswith(_HIDDEN_ATTRIBUTES):
            raise ValueRefusedError(f"{name} is not to be seen here")
        return getattr(value, name)

    def _look(self, message: Mapping[str, Any]) -> Any:
        """The same for `len(meter)`, `meter[0]` and loops, also over what the key's generators make."""
        value, how = self._peer.own(int(message["on"])), str(message["how"])
        names = {"len": ("__len__",), "item": ("__getitem__",), "iter": ("__iter__", "__getitem__")}.get(how, ())
        goes_through = how in ("iter", "next") and isinstance(value, Iterator) and type(value).__module__ == "builtins"
        if not goes_through and not any(_is_own(value, name) for name in names):
            raise ValueRefusedError(f"a {type(value).__name__} is not to be seen here")
        return looked(value, how, self._peer.decode(message.get("at")))

    def _classes(self) -> dict[str, Any]:
        types = {name: value for name, value in self._key.given.items() if isinstance(value, type)}
        # Of other classes nothing may be made out of what a submission sends.
        return {name: kind for name, kind in types.items() if is_dataclass(kind) or hasattr(kind, "_fields")}

    def _name_of(self, value: Any) -> dict[str, Any] | None:
        name = self._named.get(id(value))
        if name is not None and self._key.given.get(name) is value:
            return {"gn": name}
        if has_state(value):  # a copy of what was given, as it was before some question
            known = (name for name, own in self._key.given.items() if type(own) is type(value))
            name = next((name for name in known if self._key.names.get(name) is value), None)
            if name is not None:
                return {"gn": name}
        module, path = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
        if inspect.ismodule(value):
            return {"im": [value.__name__, ""]} if sys.modules.get(value.__name__) is value else None
        if not isinstance(module, str) or not isinstance(path, str) or module == "__main__":
            return None
        found: Any = sys.modules.get(module)
        for part in path.split("."):
            found = getattr(found, part, None)
        return {"im": [module, path]} if found is value and found is not None else None

    def _handed(self, value: Any) -> Any:
        self.forms.add(form_of(value))
        return cast(value, *self.cast)

    def _changed(
        self, key: int | str, args: tuple[Any, ...], named: Mapping[str, Any], changes: list[tuple[int, Any]]
    ) -> None:
        """A call has changed its arguments in place: right where the key does so too, else seen with `write_back`."""
        given = (*args, *named.values())
        meant = self._meant(self._peer.labels.get(key, ""), given, list(named), changes)
        self.mutated |= not meant
        if meant or self.write_back:
            for index, value in changes:
                put, before = overwrite, given[index]
                if isinstance(value, dict) and hasattr(before, "state_dict"):
                    put, before = put_state, before.state_dict()
                elif (state := source_state(before)) is not None:
                    put, before = _put_source, state
                if not meant:
                    self._before.append((put, given[index], copied(before)))
                put(given[index], value)

    def undo(self) -> None:
        """Give what a call has changed, and the key leaves as it is, its values back: other checks read it too."""
        while self._before:
            put, value, before = self._before.pop()
            put(value, before)

    def _meant(self, name: str, given: tuple[Any, ...], named: list[str], changes: list[tuple[int, Any]]) -> bool:
        function, count = self._key.final.get(name), len(given) - len(named)
        if not callable(function):
            return False
        copies = [copied(value) for value in given]
        try:
            function(*copies[:count], **dict(zip(named, copies[count:], strict=True)))
        except Exception:  # whatever the key makes of such arguments: it is not known to change them
            return False
        return all(not same(given[index], copies[index]) for index, _ in changes)


def _put_source(source: Any, state: Any) -> None:
    try:
        set_source(source, state)
    except Exception as problem:  # whatever libraries make of what is no state of theirs
        raise ValueRefusedError("what was sent is no state of random numbers") from problem


def is_misfit(problem: BaseException | None) -> bool:
    """Whether an error may come from what stands in, which is seen in part only and may be used in another way."""
    return is_refusal(problem) or (isinstance(problem, RemoteCallError) and isinstance(problem, _MISFITS))


def _is_own(value: Any, name: str) -> bool:
    """Whether a class of the lab, or an instance of such, has an attribute by itself and not from a library."""
    kind: Any = value if inspect.isclass(value) else type(value)
    own = [base for base in kind.__mro__ if is_own(base)]
    return any(name in vars(base) for base in own) or (bool(own) and name in getattr(value, "__dict__", ()))


def _stays(value: Any) -> bool:
    return not isinstance(value, bool | int | float | complex | str | bytes | list | set | None)


def _refuse(data: Mapping[str, Any]) -> Any:
    raise ValueRefusedError("what was sent is no value")
