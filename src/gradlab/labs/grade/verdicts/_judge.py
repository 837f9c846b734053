"""Judge one submission: each check by itself, with the key in the place of what is wrong elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from gradlab.labs._python import parse
from gradlab.labs.grade.made import DoubtError
from gradlab.labs.grade.matching import Program
from gradlab.labs.grade.protocol import CheckTimeoutError, RemoteCallError
from gradlab.labs.grade.verdicts._attempt import Attempts, Try
from gradlab.labs.grade.verdicts._evaluate import Ended, Outcome, named, prepare, reseeded
from gradlab.labs.grade.verdicts._form import may_be_form, may_be_layout, other_form
from gradlab.labs.grade.verdicts._given import given_changed
from gradlab.labs.grade.verdicts._key import Key
from gradlab.labs.grade.verdicts._results import QuestionResult
from gradlab.labs.grade.verdicts._session import Session, is_misfit
from gradlab.labs.grade.verdicts._tasks import ReadyTask, evaluate, free_of

_ROUNDING = 100
_FAULT = "the check is at fault, not you: the lab's own solution, graded as yours is, does not pass it"
_QUICK = 10.0  # seconds that its author gives a hidden check that is run once more with other inputs


def judge(
    key: Key,
    tasks: tuple[ReadyTask, ...],
    program: Program,
    session: Session,
    kept: Mapping[str, QuestionResult],
    seed: int,
    tell: Callable[[str], None],
) -> tuple[list[QuestionResult], dict[str, set[str]]]:
    """Judge the checks of a submission.

    Args:
        key: the answer key.
        tasks: the checks.
        program: the submission's statements.
        session: its process.
        kept: results of checks that need not be judged again, by identity.
        seed: others come with another one: what hidden checks draw at random differs from submission to submission.
        tell: told the name of each check that is judged now.

    Returns:
        A result for each check, in order; and what kinds of values the submission has handed to each.
    """
    bench = _Bench(key, tasks, program, session, 1 + seed % 1_000_000)
    try:
        results = []
        for ready in tasks:
            known = bench.kept(ready, kept)
            if known is None:
                tell(ready.task.check.name)
            results.append(known or bench.question(ready))
        return results, bench.forms
    finally:
        session.stop()


class _Bench:
    def __init__(self, key: Key, tasks: tuple[ReadyTask, ...], program: Program, session: Session, offset: int) -> None:
        self._key, self._tasks, self._program, self._session = key, tasks, program, session
        self._offset = offset
        self._right: dict[str, bool] = {}
        self._attempts = Attempts(key, tasks, session)
        self._endless: set[str] = set()  # what has run out of time again, though it was given little
        self._waiting: set[str] = set()  # what a human has to judge
        self._charged: set[str] = set()  # what a check was about that was not right

    @property
    def forms(self) -> dict[str, set[str]]:
        """What kinds of values the submission has handed to each check."""
        return self._attempts.forms

    def kept(self, ready: ReadyTask, results: Mapping[str, QuestionResult]) -> QuestionResult | None:
        """The result of a check that was judged before, if there is one."""
        result = results.get(f"check {ready.task.check.name}")
        if result is not None:
            self._remember(ready, holds=result.status == "right")
            self._charge(ready, result)
        return result

    def question(self, ready: ReadyTask) -> QuestionResult:
        self._charge(ready, result := self._question(ready))
        return result

    def _charge(self, ready: ReadyTask, result: QuestionResult) -> None:
        if result.status != "right":
            self._charged |= ready.task.own
        if result.status == "human":
            self._waiting |= ready.task.own

    def _question(self, ready: ReadyTask) -> QuestionResult:
        check = ready.task.check
        result = QuestionResult(check.name, "check", check.points, hidden=check.hidden, line=check.line)
        result.asked = "" if check.hidden else check.source
        missing = ready.task.own - self._program.answered(ready.task)
        if ready.fault and not (missing and missing <= self._program.untouched):
            return self._for_human(ready, result, _FAULT)
        if missing == ready.task.own or any(not self._backed(name, ready) for name in missing if name.isidentifier()):
            result.reason = self._missing_words(missing)
            result.status = "wrong" if missing & self._program.unread.keys() else "missing"
            return result
        tried = self._tries(ready, ready.task.own - missing)
        fraction, _, best = max(
            (
                (
                    one.outcome.fraction(self._free(ready, one)),
                    (isinstance(one.outcome.problem, DoubtError), self._says_enough(one)),
                    one,
                )
                for one in tried
            ),
            key=lambda judged: judged[:2],
        )
        unblamed = self._unblamed(ready, best)
        passed = sorted(name for name in unblamed if self._right.get(name))
        self._charged |= unblamed
        self._right |= dict.fromkeys(unblamed, False)
        if passed:
            said = f"it holds with the key's {', '.join(passed)} alone, and yours passed what checks it"
            return self._for_human(ready, result, said)
        if unblamed:  # nothing else charges for what only the key's version mends
            own = [one for one in tried if not one.stand_ins]
            fraction, best = max(((one.outcome.fraction(ready.free), one) for one in own), key=lambda judged: judged[0])
        if doubt := self._doubt(ready, best, tried):
            return self._for_human(ready, result, doubt)
        cost = best.outcome.cost(check.costs, ready.vague) if not best.outcome.holds else None
        if cost is not None:
            fraction = max(0.0, 1 - cost / check.points) if check.points else 0.0
        if fraction and (changed := given_changed(self._key, ready, self._program, self._session)):
            return self._for_human(ready, result, changed)
        part = round(check.points * fraction * _ROUNDING) / _ROUNDING
        result.points = check.points if best.outcome.holds else part
        result.status = "right" if best.outcome.holds else "partly" if result.points else "wrong"
        result.notes = _notes(best, missing, self._why(tried[0]))
        if not best.outcome.holds:
            beside = f"{round(100 * fraction)} % of what is tested holds" if cost is None else f"costs {cost:g}"
            result.reason = f"{best.words} ({beside})" if fraction > 0 or cost is not None else best.words
            self._add_cause(best, result)
        if best.when is not None and best.outcome.holds and not best.stand_ins:
            cell = self._program.statements[best.when - 1].cell
            result.notes.append(f"judged as it is behind your cell {cell}, and not as it is at the end")
        self._remember(ready, holds=best.outcome.holds)
        return result

    def _for_human(self, ready: ReadyTask, result: QuestionResult, why: str) -> QuestionResult:
        """The result of what a human has to look at: what was written, beside the key's and a hidden check."""
        result.status, result.reason = "human", why
        result.given = self._program.source_of(ready.task)
        parts = dict.fromkeys(self._key.plan.homework[name].statement.source for name in sorted(ready.task.own))
        hidden = f"# the hidden check:\n{ready.task.check.source}" if result.hidden and ready.task.parts else ""
        result.expected = "\n\n".join(filter(None, (*parts, hidden)))
        return result

    def _doubt(self, ready: ReadyTask, best: Try, tried: Sequence[Try]) -> str:
        """Why only a human can judge an answer, in words; "" where its check does."""
        if isinstance(best.outcome.problem, DoubtError):
            return str(best.outcome.problem)
        if best.outcome.holds:
            knows = self._knows_inputs(ready, best)
            if knows:
                return "it holds for the inputs of the hidden check, and not for others like them"
            # What ends with the key's version of an earlier answer is charged there.
            return "" if best.stand_ins else self._session.stuck(self._program.beside(ready.task))
        if stopped := next((one for one in tried if one.outcome.doubt), None):
            return f"{stopped.words}: {stopped.outcome.doubt}"
        late = next((one for one in tried if one.stand_ins and one.outcome.stopped), None)
        if late is not None and not tried[0].outcome.stopped:  # calls of what stands in take longer than one's own
            return (
                f"it could not be judged with the key's {', '.join(sorted(late.stand_ins))} in its place: {late.words}"
            )
        cause = self._cause(best)
        if cause is not None and (cause.doubt or (cause.is_stopped and not self._answers(ready, cause))):
            return (
                f"{cause.words}, and the check asks for what it would have made{'; ' * bool(cause.doubt)}{cause.doubt}"
            )
        if cause is not None and cause.is_for_want_of(self._program.lacks):
            return f"{cause.words}: a later cell makes it, and there is no order in which nothing is missing"
        form = "" if cause is not None and cause.is_stopped else self._form(ready, best)
        if form:
            return form
        right = {name for name, holds in self._right.items() if holds}
        # On top of answers that are all right its own try says enough.
        refused = [one.refused for one in tried if one.refused and (not one.stand_ins or one.stand_ins - right)]
        return f"it cannot be judged from here: {refused[0]}" if refused else ""

    def _cause(self, one: Try) -> Ended | None:
        """What did not run to its end first, of all that the answers rest on."""
        if one.outcome.holds:
            return None
        statements, ended = self._program.statements, self._session.ended
        numbers = self._program.rests_on(one.own) if ended else ()
        cells = {statements[number].cell for number in numbers}
        for number, found in sorted(ended.items()):
            statement = statements[number].statement
            is_near = number in numbers or (found.is_stopped and statements[number].cell in cells)
            # Where the key's stands in, what raised an error for want of it is run anew.
            if is_near and not (one.stand_ins & (statement.uses | statement.changes)):
                if found.is_stopped or not one.stand_ins:
                    return found
        return None

    def _says_enough(self, one: Try) -> bool:
        """Whether what a check says is about the answer, and not about what was not run, or about what stands in."""
        problem, cause = one.outcome.problem, self._cause(one)
        if one.stand_ins:
            return not isinstance(problem, RemoteCallError) and not one.outcome.stopped
        return cause is None or not (cause.is_stopped or isinstance(problem, NameError))

    def _answers(self, ready: ReadyTask, cause: Ended) -> bool:
        """Whether what was stopped is in the place of an answer to a check, or of none."""
        cells = {self._program.statements[number].cell for number in self._program.answering(ready.task)}
        return cause.cell in cells or not cause.changes & self._key.plan.homework.keys() - ready.task.own

    def _why(self, one: Try) -> str:
        """Why something did not hold: what came first, where it is only the `NameError` that came of that."""
        cause = self._cause(one) if isinstance(one.outcome.problem, NameError) else None
        return cause.words if cause is not None else one.words

    def _add_cause(self, best: Try, result: QuestionResult) -> None:
        """Say what came first where an answer is not there, or not as it would be, because of it."""
        if (cause := self._cause(best)) is None:
            return
        if cause.is_stopped or isinstance(best.outcome.problem, NameError):
            loop = "is there a loop that does not end? " if "longer than" in cause.words else ""
            result.reason = f"{cause.words}, so that what the check asks for was not made; {loop}".rstrip("; ")
        elif cause.changes & (best.own | self._program.used_by(best.own)):
            result.notes.append(f"not all that it rests on was run: {cause.words}")

    def _form(self, ready: ReadyTask, best: Try) -> str:
        """What is said where a check could not use an answer that may be right in another form."""
        said = "" if ready.task.check.hidden else f" ({named(best.outcome.problem)})"
        for name in sorted(best.own):
            key = self._key.plan.homework[name].statement
            if key.is_definition and may_be_layout(best.outcome, key.source, self._program.source_of(ready.task)):
                return f"{name} has other methods or arguments than the check uses, and may be right all the same{said}"
        found, wanted = form = other_form(best.forms, ready.forms)
        if wanted and self._attempts.run(ready, best.own, best.stand_ins, best.when, form).outcome.holds:
            return f"what your code made would be right as {wanted}, and comes as {found}"
        if may_be_form(best.outcome, best.forms, self._session.kinds):
            return (
                f"what your code returned has another form than the check can use, and may be right all the same{said}"
            )
        return ""

    def _unblamed(self, ready: ReadyTask, best: Try) -> frozenset[str]:
        """Of which names the key's stands in though no check was, or will be, lost by them."""
        if not best.outcome.holds or best.stand_ins & self._charged:
            return frozenset()
        later = self._tasks[self._tasks.index(ready) + 1 :] if ready in self._tasks else ()
        to_come = {
            name for other in later if len(other.task.own) == 1 and other.task.check.points for name in other.task.own
        }
        return frozenset() if best.stand_ins & to_come - self._right.keys() else best.stand_ins

    def _free(self, ready: ReadyTask, one: Try) -> frozenset[int]:
        """The assertions that add nothing: where the key's stands in for some names, those too that are about them."""
        if one.outcome.holds or one.own == ready.task.own or not ready.task.parts:
            return ready.free
        limit = ready.task.check.timeout + ready.given_limit
        more, _ = free_of(self._key, ready.task, ready.check, one.own, limit, halves=False)
        return ready.free | more

    def _knows_inputs(self, ready: ReadyTask, best: Try) -> bool:
        """Whether what passes a hidden check fails with other random inputs, on which the key does pass it."""
        if not ready.task.check.hidden or ready.task.check.timeout > _QUICK:
            return False
        tree = reseeded(parse(ready.task.code), self._offset)
        if tree is None:
            return False
        other = replace(ready, check=prepare(tree))
        tried = [self._with_key(other, best.own, best.stand_ins)] if best.stand_ins else self._looked(other, best.own)
        limit = ready.task.check.timeout + ready.given_limit
        fails = not any(one.outcome.holds or one.outcome.stopped for one in tried)
        return fails and evaluate(self._key, other.task, other.check, {}, limit).holds

    def _tries(self, ready: ReadyTask, own: frozenset[str]) -> list[Try]:
        slow = self._attempts.slow
        if own & self._endless:
            return [_not_called(own, own & self._endless, self._attempts.doubt)]
        if own & slow:
            made = self._attempts.run(ready, own, frozenset())
            if made.outcome.stopped:
                self._endless |= own & slow
                made.words += "; it had little time, since it ran too long in a check before"
                return [made]
        others = self._others(ready)
        tried = [_not_called(own, others & slow, self._attempts.doubt)] if others & slow else self._looked(ready, own)
        failed = self._waiting | {name for name, right in self._right.items() if not right}
        doubtful = others - {name for name, right in self._right.items() if right}
        alone = [frozenset({name}) for name in sorted(others)]
        for names in filter(None, dict.fromkeys((others & (failed | slow), doubtful, others, *alone))):
            enough = tried[-1].stand_ins == others and not tried[-1].refused
            if not enough and not any(one.outcome.holds for one in tried):
                tried.append(self._with_key(ready, own, names))
        rest = frozenset(name for name in own if name not in failed or not self._backed(name, ready))
        if not any(one.outcome.holds for one in tried) and rest and rest != own:
            tried.append(self._with_key(ready, rest, others | (own - rest)))
        if tried[0].outcome.stopped and tried[-1].outcome.holds:  # it was not what the check is about
            slow -= own
            slow |= tried[-1].stand_ins
        return tried

    def _looked(self, ready: ReadyTask, own: frozenset[str]) -> list[Try]:
        """Run a check with what the names mean at the end, and in doubt with what they mean where they are answered."""
        was_running = self._session.is_running
        tried = [self._attempts.run(ready, own, frozenset())]
        if not tried[0].outcome.holds and was_running and self._program.leaves_traces:
            self._session.renew()
            tried.append(self._attempts.run(ready, own, frozenset()))
            if tried[-1].outcome.holds:
                return tried
        for stop in () if tried[0].outcome.holds else self._program.stops(ready.task):
            tried.append(self._attempts.run(ready, own, frozenset(), stop))
            if tried[-1].outcome.holds:
                break
        return tried

    def _others(self, ready: ReadyTask) -> frozenset[str]:
        """What is homework beside a check's own names and may be replaced by the key's: values, if they stay so."""
        homework, key = self._key.plan.homework, self._key
        # An answer may use other functions that are asked for than the key's does.
        charged = {name for other in self._tasks if other.task.check.points for name in other.task.own}
        used = self._program.used_by(ready.task.own) & charged - ready.task.own
        beside = {name for name in used if homework[name].statement.is_definition}
        cells = {homework[name].cell for name in ready.task.own}
        return frozenset(
            name for name in (ready.task.others & homework.keys()) | beside
            if homework[name].statement.is_definition or name in key.fixed
            or (name in key.steady and homework[name].cell not in cells)
        )  # fmt: skip

    def _with_key(self, ready: ReadyTask, own: frozenset[str], names: frozenset[str]) -> Try:
        """Run a check with the key's versions in the place of what the answers to it build on."""
        homework = self._key.plan.homework
        functions = all(homework[name].statement.is_definition for name in own)
        when = next(iter(self._program.stops(ready.task)), None)
        if functions:
            made = self._attempts.run(ready, own, names, when)
        else:  # a value was made of what may be wrong: the cells are run anew
            self._session.renew(names)
            made = self._attempts.run(ready, own, frozenset(), when)
        said = f"your code raises an error with the key's {', '.join(sorted(names))} in its place"
        if self._session.misfit or self._session.is_handed_back or is_misfit(made.outcome.problem):
            made.refused = made.refused or said
        if "your code raised" in made.words:  # by its message the key's could be told
            made.words = said
        made.stand_ins = names
        if not functions:
            self._session.renew()
        return made

    def _backed(self, name: str, ready: ReadyTask) -> bool:
        """Whether another check, of fewer names, charges for a name by itself."""
        return any(
            name in other.task.own and len(other.task.own) < len(ready.task.own) and other.task.check.points
            for other in self._tasks
        )

    def _missing_words(self, missing: frozenset[str]) -> str:
        names, verb = ", ".join(sorted(missing)), "is" if len(missing) == 1 else "are"
        if not missing:
            return "the check uses nothing that is homework, so that nobody gets its points"
        if said := next((self._program.unread[name] for name in sorted(missing) if name in self._program.unread), ""):
            return f"{said}, so that {names} {verb} not defined"
        given = {name for name, part in self._key.plan.homework.items() if name in part.stepped}
        if missing & (self._program.untouched | given):
            return f"not answered: {names} {verb} as handed out"
        cell = next((self._session.errors[number] for number in self._session.errors), "")
        return f"not answered: {names} {verb} not defined" + (f" ({cell})" if cell else "")

    def _remember(self, ready: ReadyTask, *, holds: bool) -> None:
        """Who is to blame is known where a check is about one name alone."""
        if len(ready.task.own) == 1:
            for name in ready.task.own:
                self._right[name] = self._right.get(name, True) and holds


def _not_called(own: frozenset[str], slow: Iterable[str], doubt: str) -> Try:
    words = f"{', '.join(sorted(slow))} ran too long in a check before, and is not called again"
    return Try(own, frozenset(), Outcome(problem=CheckTimeoutError(words), stopped=True, doubt=doubt), words)


def _notes(best: Try, missing: Iterable[str], own: str) -> list[str]:
    notes = list[str]()
    if entries := sorted(name for name in missing if not name.isidentifier()):
        notes.append(f"not answered: {', '.join(entries)}")
    missing = [name for name in missing if name.isidentifier()]
    if missing:
        notes.append(f"the key's {', '.join(sorted(missing))} stands in for what is missing")
    if best.stand_ins and best.outcome.holds:
        notes.append(
            "with the key's version of what it builds on in the place of yours "
            f"({', '.join(sorted(best.stand_ins))}); with your own: {own}"
        )
    return notes
