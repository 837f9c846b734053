"""One way to run a check: with some of the submission's names, and the key's in the place of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from gradlab.labs.grade.protocol import ChannelError, RemoteCallError, ValueRefusedError
from gradlab.labs.grade.verdicts._evaluate import UNSEEN, Outcome, in_words
from gradlab.labs.grade.verdicts._key import Key
from gradlab.labs.grade.verdicts._session import Session
from gradlab.labs.grade.verdicts._tasks import ReadyTask, evaluate

_AFTER_TIMEOUT: Final = 2.0


@dataclass(slots=True)
class Try:
    """One way to run a check.

    Args:
        own: the names that are the submission's in the check.
        stand_ins: the names of which the key's versions stand in, inside the submission's own functions too.
        outcome: what became of it.
        words: why it did not hold.
        refused: what could not be looked at, in words; "" where everything could.
        forms: what kinds of values the submission has handed to the check.
        when: how many of the submission's statements have been run, None for all that are needed.
    """

    own: frozenset[str]
    stand_ins: frozenset[str]
    outcome: Outcome
    words: str
    refused: str = ""
    when: int | None = None
    forms: frozenset[str] = frozenset()


class Attempts:
    """Runs checks with a submission's process.

    Args:
        key: the answer key.
        tasks: all checks.
        session: the process.

    Attributes:
        slow: the names that have run out of time in a check.
        doubt: why that may not be their own fault, "" where it is.
        forms: what kinds of values each check was handed.
    """

    def __init__(self, key: Key, tasks: tuple[ReadyTask, ...], session: Session) -> None:
        self._key, self._tasks, self._session = key, tasks, session
        self.slow: set[str] = set()
        self.doubt = ""
        self.forms: dict[str, set[str]] = {}

    def run(
        self,
        ready: ReadyTask,
        own: frozenset[str],
        stand_ins: frozenset[str],
        when: int | None = None,
        cast: tuple[str, str] = ("", ""),
    ) -> Try:
        """Run a check.

        Args:
            ready: the check.
            own: the names that are the submission's in it.
            stand_ins: the names of which the key's versions stand in, inside the submission's own functions too.
            when: how many of the submission's statements have been run. Default all that are needed.
            cast: a kind of collection, and which it is made into before the check sees it. Default none.
        """
        self._session.cast = cast
        limit = ready.task.check.timeout + ready.given_limit
        if own & self.slow:
            limit = min(limit, _AFTER_TIMEOUT + 5 * ready.seconds)
        outcome, words = self._once(ready, own, stand_ins, limit, when=when)
        if outcome.holds and self._session.mutated:
            outcome, words = self._once(ready, own, stand_ins, limit, when=when, write_back=True)
            self._session.undo()
            words = words and f"{words}; your code changes what it is given, and the solution leaves that as it is"
        refused = UNSEEN if outcome.refused and ready.task.check.hidden else outcome.refused
        if not stand_ins and not any(cast):
            self.forms.setdefault(ready.task.check.name, set()).update(self._session.forms)
        return Try(own, stand_ins, outcome, words, refused, when, frozenset(self._session.forms))

    def _once(
        self,
        ready: ReadyTask,
        own: frozenset[str],
        stand_ins: frozenset[str],
        limit: float,
        *,
        when: int | None = None,
        write_back: bool = False,
    ) -> tuple[Outcome, str]:
        session = self._session
        session.mutated, session.write_back = False, write_back
        session.forms.clear()
        values: dict[str, Any] = {}
        try:
            session.stop_at(when)
            session.ready()
            values = self._values(own, limit)
            # An entry that is not answered is what the question has in its place.
            values |= {name: ... for name in ready.task.own - own - stand_ins if not name.isidentifier()}
        except (RemoteCallError, ValueRefusedError) as problem:
            outcome = Outcome(problem=problem)
            outcome.refuse(problem)
            return outcome, in_words(outcome, ready.check, hidden=ready.task.check.hidden)
        except ChannelError as problem:
            outcome = Outcome(problem=problem, stopped=True)
            return outcome, self._stopped_words(outcome, ready, own, limit)
        session.deadline(limit)
        outcome = evaluate(
            self._key, ready.task, ready.check, values, limit, lambda: session.bind(stand_ins), clock=session.clock
        )
        if outcome.stopped:
            # Calls of what stands in for other names take longer than one's own would.
            return outcome, self._stopped_words(outcome, ready, own, limit, is_own=not stand_ins)
        if stand_ins:
            session.deadline(limit)
            session.release()
            later = self._tasks[self._tasks.index(ready) + 1 :] if ready in self._tasks else self._tasks
            if any(other.task.own & stand_ins for other in later):
                session.renew()  # what it was lent it may have kept
        return outcome, in_words(outcome, ready.check, hidden=ready.task.check.hidden)

    def _values(self, own: frozenset[str], limit: float) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name in own:
            try:
                values[name] = self._session.value(name, limit)
            except RemoteCallError:
                if name.isidentifier():
                    raise
                values[name] = ...
        return values

    def _stopped_words(
        self, outcome: Outcome, ready: ReadyTask, own: frozenset[str], limit: float, *, is_own: bool = True
    ) -> str:
        session, running = self._session, self._session.running or "the code"
        if isinstance(outcome.problem, ChannelError):
            reason = session.stop(outcome.problem, limit)
        else:
            reason = f"was called again and again for longer than {limit:.0f} s"
            session.stop()
        noted = "; ".join(getattr(outcome.problem, "__notes__", ()))  # why it need not have ended
        outcome.doubt = noted or (session.doubt(reason, limit, ready.seconds) if not own & self.slow else self.doubt)
        if "longer than" in reason and is_own:
            self.slow |= own
            self.doubt = self.doubt or outcome.doubt
        return f"{running} {reason}"
