"""One check from start to end: function, claims, judgement, diagnosis, precision."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradlab.check._errors import CheckError
from gradlab.check._outcomes import Cause, Entry, Verdict
from gradlab.check.differences._screen import PER_COORDINATE, coordinates
from gradlab.check.inputs._budget import Budget, Exhausted
from gradlab.check.inputs._claims import Claims
from gradlab.check.inputs._function import ByMode, Function, Subject, make_subject
from gradlab.check.inputs._names import chosen_entries, entry_names, jacobian_names
from gradlab.check.inputs._solvers import with_tolerance
from gradlab.check.inputs._torch import frozen_of
from gradlab.check.inputs._trees import is_module, to_array
from gradlab.check.inputs._trials import Deviation, deviation
from gradlab.check.names import Diagnosis, Mistake
from gradlab.check.names._context import Context
from gradlab.check.names._derivative_left_out import stand_in
from gradlab.check.names._diagnose import diagnose
from gradlab.check.precision._precision import examine_precision
from gradlab.check.report._report import Report
from gradlab.check.verdict._climb import VARYING
from gradlab.check.verdict._engine import Engine
from gradlab.check.verdict._few import run_few
from gradlab.check.verdict._iterations import excused_by_turns
from gradlab.check.verdict._knowledge import Claim, Rules, make_entry
from gradlab.check.verdict._many import FEW, run_many
from gradlab.check.verdict._rules import CONSTANT, excused
from gradlab.check.verdict._ties import judge_ties

# A Jacobian with more entries than this is checked through random combinations of its rows.
_LARGE = 4096
_COMBINATIONS = 2
_EACH = 256
_REMEDY_OF_COUNT = (
    "return one gradient for each argument of forward in their order, each of its argument's shape, and None for those "
    "that have none"
)
# What may stand beside the numbers of a call without a word in the report.
_NO_NUMBERS = {"None", "str", "function", "builtin_function_or_method", "dtype", "type", "booleans"}

_WRITES = {
    into: Diagnosis(kind, told, kind.remedy)
    for into, kind, told in (
        ("argument", Mistake.CHANGES_ARGUMENT, "The gradient changes its argument: the caller's point is another one."),
        ("grad_output", Mistake.CHANGES_GRAD_OUTPUT, "The backward pass changes grad_output in place."),
    )
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a function, its gradient, a point, and how they are looked at.

    Attributes:
        function: The user's function.
        gradient: A callable, an array, or None for the backward pass.
        at: The point as the user wrote it.
        names: Names for entries or arrays.
        entries: Which entries; None for all.
        rules: When a difference counts.
        cotangent: The vector of a vector-Jacobian product, or None.
        precision: The lower precision in which the formula is examined, or None for that of the point.
        budget: What it may cost.
    """

    function: Callable[..., Any]
    gradient: Any
    at: Any
    names: str | Sequence[str] | None
    entries: Sequence[int | str] | None
    rules: Rules
    cotangent: Any = None
    precision: str | None = None
    budget: Budget = field(default_factory=Budget)


def answer(question: Question) -> Report:
    """Run a check.

    Raises:
        CheckError: Something in the question cannot be used.
    """
    # Steps may overflow or leave the domain; what comes of it is judged, so NumPy need not warn as well.
    with np.errstate(all="ignore"):
        try:
            return _answer(question)
        except Exhausted as bound:
            raise CheckError(f"{bound} is too little to evaluate the loss at the point; allow more.") from None
        finally:
            question.budget.close()


def _answer(question: Question) -> Report:
    subject = make_subject(question.function, question.at, question.gradient is None, question.budget)
    function = subject.function
    weights = _cotangent(question.cotangent, function)
    claims = Claims(question.gradient, function, question.at, weights)
    notes: list[str] = []
    flat = function.point.values
    if weights is not None:
        function.mixing = weights[None]
    elif _mix(function, flat):
        notes.append(f"the Jacobian was checked through {_COMBINATIONS} random combinations of its rows.")
    plain = _heard(lambda: _first(claims, function))
    flat = function.point.values
    notes += _left_out(question, function)
    other = None if claims.writes == "grad_output" else deviation(claims, function, flat, plain)
    if claims.problem and claims.call is not None and claims.cotangent is None:
        # It ran once: what a second call raises is worth saying, and no reason to stop.
        notes.append(f"the gradient raised an error when it was called once more: {claims.problem}.")
    if other is not None:
        mixing = function.mixing
        function.mixing = other.rows if len(other.rows) == 1 else mixing
        claims.way = other.way
        with question.budget.alarm():
            report = _judged(question, subject, claims, other.claimed, [*notes, other.note], _observed(other))
        if report.verdict is Verdict.WRONG:
            return report
        function.mixing, claims.way = mixing, None
    with question.budget.alarm():
        return _judged(question, subject, claims, plain, notes)


def _judged(
    question: Question,
    subject: Subject,
    claims: Claims,
    claimed: np.ndarray,
    notes: list[str],
    cause: Diagnosis | None = None,
) -> Report:
    """The report on one set of claims; where a cause was seen, no mistake with the same effect is looked for."""
    function, flat = subject.function, subject.function.point.values
    names = jacobian_names(function, entry_names(function.point, question.names), len(claimed))
    chosen = chosen_entries(question.entries, names)
    try:
        centre, tolerance = with_tolerance(lambda: function.again(flat))
        first = subject.first if function.mixing is None else function.mixing @ subject.first
        engine = Engine(function, claims, names, question.rules, centre, claimed, np.array_equal(first, centre))
    except Exhausted as bound:
        return _nothing_judged(names, claimed, chosen, function.evaluations, notes, str(bound))
    judged, probability, stopped = _judge_steady(engine, chosen, question.entries is not None)
    judged, stopped = _excused(engine, [excused(entry, tolerance) for entry in judged], stopped)
    wrong = any(entry.verdict is Verdict.WRONG for entry in judged)
    if any(entry.reason == CONSTANT for entry in judged):
        notes = [*notes, "the loss changes with nothing: constant, or saturated here; 0 says no more."]
    diagnoses, found, precision = (), [], None
    if not stopped:
        try:
            if claims.writes == "grad_output" or (claims.writes and not wrong):
                diagnoses = (_WRITES[claims.writes],)
            elif wrong:
                named = (cause,) if cause is not None else _named(_context(engine, judged, question), notes)
                diagnoses = named or stand_in(engine, judged)
            precision = examine_precision(
                question.function, question.gradient, question.at, claims, engine, question.precision
            )
            found = _warnings(engine, subject)
            if claims.writes == "argument" and wrong:
                notes = [*notes, _WRITES[claims.writes].sentence]
        except Exhausted as bound:
            stopped = f"{bound} was reached after the entries had been judged; what is wrong was not looked for."
    return Report(
        tuple(judged),
        function.evaluations,
        diagnoses,
        precision,
        (*found, *notes, *([stopped] if stopped else [])),
        probability,
        engine.relevance,
    )


def _excused(engine: Engine, judged: list[Entry], stopped: str) -> tuple[list[Entry], str]:
    """The entries, of which none is WRONG by what an iteration leaves, and what stopped the check."""
    try:
        return excused_by_turns(engine, judged), stopped
    except Exhausted as bound:
        stopped = f"{bound} was reached before it was known whether an iteration leaves such a difference."
        return [engine.open(each.index, stopped) if each.verdict is Verdict.WRONG else each for each in judged], stopped


def _nothing_judged(
    names: list[str], claimed: np.ndarray, chosen: list[int], evaluations: int, notes: list[str], bound: str
) -> Report:
    """The report where a bound was reached before anything could be compared."""
    stopped = f"{bound} was reached before any entry was judged."
    values = claimed.reshape(-1)
    entries = tuple(
        make_entry(Claim(names[at], at, float(values[at])), None, Verdict.UNDECIDED, stopped, Cause.NOT_MEASURED)
        for at in chosen
    )
    return Report(entries, evaluations, (), None, (*notes, stopped))


def _first(claims: Claims, function: Function) -> np.ndarray:
    """What is claimed at the point; what has no derivative by its owner's word is left out of it."""
    try:
        claimed, undefined = claims.first(function.point.values)
    except RuntimeError as problem:
        refused = claims.refused(function.point.values, problem)
        if not refused:
            raise
        function.point = function.point.without(refused, "its library has no derivative by it")
        function.forget_batches()
        claimed, undefined = claims.first(function.point.values)
    return _without(function, claimed, undefined) if undefined else claimed


def _without(function: Function, claimed: np.ndarray, undefined: list[str]) -> np.ndarray:
    """Leave out what has no derivative by its owner's word."""
    labels = [leaf.label for leaf in function.point.leaves for _ in range(leaf.value.size)]
    function.point = function.point.without(undefined, "its gradient is None")
    if not function.point.leaves:
        raise CheckError("the gradient is None for everything in the point; return an array for what has one.")
    function.forget_batches()
    return claimed[:, ~np.isin(labels, undefined)]


def _observed(other: Deviation) -> Diagnosis:
    """A way of asking that gives something else, told as what is wrong."""
    kind = {"grad_output": Mistake.GRAD_OUTPUT, "repeated": Mistake.REPEATED, "layout": Mistake.LAYOUT}[other.kind]
    sentence = other.note[:1].upper() + other.note[1:]
    return Diagnosis(kind, sentence, kind.remedy)


def _named(context: Context, notes: list[str]) -> tuple[Diagnosis, ...]:
    """What is wrong, if it can be told: the verdict stands without a name, too."""
    try:
        found = diagnose(context)
        if not found and context.work.is_over:
            notes.append(
                "what is wrong was not found within the time and the evaluations that the search for it may take."
            )
        return found
    except Exhausted:
        raise
    except Exception as problem:
        # The loss is called with arrays and at points that it was not written for, and may raise anything.
        notes.append(f"what is wrong could not be told: {type(problem).__name__}: {problem}.")
        return ()


def _left_out(question: Question, function: Function) -> list[str]:
    """Say what is not checked."""
    point = function.point
    notes = list(question.function.notes) if isinstance(question.function, ByMode) else []
    told = [f"{slot.label} ({slot.why})" for slot in point.fixed if slot.why not in _NO_NUMBERS]
    if told:
        notes.append(f"not checked, since there is no derivative by it: {', '.join(told)}.")
    if function.skipped and any("None" not in part for part in function.skipped):
        notes.append(f"not checked, since it has no derivative: {', '.join(function.skipped)}.")
    if is_module(question.at) and (frozen := frozen_of(question.at)):
        notes.append(f"not checked, since requires_grad=False: {', '.join(frozen)}.")
    return notes


def _heard(ask: Callable[[], Any]) -> Any:
    """What the gradient says at the point.

    Raises:
        CheckError: It raises something there.
    """
    try:
        return ask()
    except (CheckError, NotImplementedError):
        raise
    except Exception as problem:
        counts = "incorrect number of gradients" in str(problem)
        wanted = _REMEDY_OF_COUNT if counts else "it must run there to be checked"
        told = f"the gradient raised {type(problem).__name__} at the point: {problem}; {wanted}."
        raise CheckError(told) from problem


def _judge_steady(engine: Engine, chosen: list[int], measure_each: bool) -> tuple[list[Entry], float, str]:
    """As `_judge`, but claims that are others each time they are asked for stay open."""
    random = engine.claims.random
    if random is None:
        return _judge(engine, chosen, measure_each)
    steady = [place for place in chosen if not random.flat[place]]
    entries, probability, stopped = _judge(engine, steady, measure_each) if steady else ([], 0.0, "")
    found = {entry.index: entry for entry in entries}
    return (
        [found.get(place) or engine.open(place, VARYING, Cause.NOT_DETERMINISTIC) for place in chosen],
        probability,
        stopped,
    )


def _judge(engine: Engine, chosen: list[int], measure_each: bool) -> tuple[list[Entry], float, str]:
    """The entries, the probability of a miss, and what stopped it; "" if nothing did."""
    size = len(engine.flat)
    columns: dict[int, list[int]] = {}
    for place in chosen:
        columns.setdefault(place % size, []).append(place // size)
    # Up to so many coordinates each is measured on its own; of several outputs, since all are seen at once, more.
    most = FEW if len(engine.centre) <= _COMBINATIONS else _EACH
    try:
        if measure_each or len(columns) <= most or not engine.is_deterministic:
            found = {entry.index: entry for entry in judge_ties(engine, run_few(engine, columns))}
            return [found[place] for place in chosen], 0.0, ""
        rows: dict[int, list[int]] = {}
        for place in chosen:
            rows.setdefault(place // size, []).append(place % size)
        outcomes = [run_many(engine, output, np.array(indices)) for output, indices in rows.items()]
        entries = [entry for outcome in outcomes for entry in outcome.entries]
        engine.relevance = max(outcome.relevance for outcome in outcomes)
        return entries, sum(outcome.miss_probability for outcome in outcomes), ""
    except Exhausted as bound:
        stopped = f"{bound} was reached before all entries were judged."
    except KeyboardInterrupt:
        stopped = "interrupted before all entries were judged."
    return [engine.found.get(place) or engine.open(place, stopped) for place in chosen], 0.0, stopped


def _mix(function: Function, flat: np.ndarray) -> bool:
    """Reduce a large Jacobian to random combinations of its rows; tell whether that was done."""
    count = math.prod(function.shape)
    if count <= _COMBINATIONS or (count * len(flat) <= _LARGE and len(flat) <= _EACH):
        return False
    random = np.random.default_rng(3)
    signs = random.choice([-1.0, 1.0], (_COMBINATIONS, count))
    function.mixing = signs * random.uniform(0.5, 1.0, (_COMBINATIONS, count))
    return True


def _cotangent(cotangent: Any, function: Function) -> np.ndarray | None:
    if cotangent is None:
        return None
    array = to_array(cotangent, "the cotangent")
    if array.shape != function.shape and not array.size == math.prod(function.shape) == 1:
        raise CheckError(
            f"the cotangent has the shape {array.shape}, the function returns the shape {function.shape}; "
            "give one number for each number that it returns."
        )
    return array.reshape(-1)


def _warnings(engine: Engine, subject: Subject) -> list[str]:
    """What else was seen, the gravest first."""
    notes = []
    if not engine.is_deterministic:
        notes.append("the loss is not deterministic: it gives different values at the same point.")
    if engine.function.writes:
        notes.append("the loss writes into its argument; it was given a new copy each time.")
    if subject.promoted and engine.is_single:
        notes.append(
            "the loss was given float64 but returns what lower precision holds: whole numbers, or a cast keeps it low."
        )
    return notes


def _context(engine: Engine, judged: list[Entry], question: Question) -> Context:
    function, size, work = engine.function, engine.claimed.size, question.budget.search()
    numeric, bars = np.full(size, np.nan), np.full(size, np.inf)
    wrong, unjudged = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    for entry in judged:
        numeric[entry.index], bars[entry.index] = entry.numeric, entry.error_bar
        wrong[entry.index], unjudged[entry.index] = entry.verdict is Verdict.WRONG, entry.cause is Cause.NOT_MEASURED

    def numeric_at(point: np.ndarray, places: list[int]) -> tuple[np.ndarray, np.ndarray]:
        count = len(point)
        columns = sorted({place % count for place in places})
        work.evaluate(1 + PER_COORDINATE * len(columns))
        centre = function(point)
        measured = {index: found for index, _, found in coordinates(function, point, centre, engine.scales, columns)}
        pairs = [(place // count, measured[place % count]) for place in places]
        values = np.array([slopes[row] for row, (slopes, *_) in pairs])
        widths = np.array([bars[row] for row, (_, bars, *_) in pairs])
        return values, widths

    return Context(
        point=engine.flat,
        output_shape=function.shape if function.mixing is None else (len(function.mixing),),
        shapes=tuple(leaf.value.shape for leaf in function.point.leaves),
        names=tuple(engine.names),
        claimed=engine.claimed.reshape(-1),
        numeric=numeric,
        bars=bars,
        wrong=wrong,
        unjudged=unjudged,
        evaluate=function,
        claimed_at=(lambda point: engine.claims(point).reshape(-1)) if engine.claims.is_callable else None,
        numeric_at=numeric_at,
        form=function.point,
        function=function.call if is_module(question.at) or is_module(question.function) else question.function,
        gradient=question.gradient,
        at=function.point.original,
        work=work,
    )
