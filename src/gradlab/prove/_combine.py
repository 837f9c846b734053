"""One verdict from all readings of a line: it stands only where they agree; what else a false step may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from gradlab.graph import Expression, Partial, Ref, as_number
from gradlab.prove._definitions import names_in, walk
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove._mood import Mood, is_primed, is_rule, mood_of, same_names
from gradlab.prove._rounding import of_numbers
from gradlab.prove._verdict import Slip, Step, Truth
from gradlab.prove.judge import Finding, findings
from gradlab.prove.read._chains import Reading, Readings, steps_touched
from gradlab.prove.read._define import Line
from gradlab.prove.read._infinitesimals import Differential, Integral
from gradlab.prove.read._nodes import Array, At, Call, Derivative, Limit, Total
from gradlab.prove.read._part import Part
from gradlab.prove.read._rows import Choice
from gradlab.prove.read._statements import Chain, Kind, Known

Judge = Callable[[Chain, Known, Deadline], Sequence[Finding]]
Show = Callable[[Expression], str]


@dataclass
class Judged:
    """A line with its verdicts.

    Attributes:
        steps: one for each relation.
        first: the likeliest reading.
        findings: the verdicts of that reading.
        line: what was judged.
    """

    line: Line
    steps: list[Step]
    first: Reading
    findings: list[Finding] = field(default_factory=list[Finding])


def judged(line: Line, found: Readings, known: Known, judge: Judge, deadline: Deadline, show: Show) -> Judged:
    """The verdicts on a line: the first reading is judged, the others where they could change them."""
    count = len(line.piece.relations)
    first = found.found[0]
    verdicts: list[list[Finding]] = [_findings(line, first, known, judge, deadline)]
    needed = [True] * count
    if len(found.found) > 1 and found.complete:
        settled = all(choice.usual for choice in found.open_choices.values())
        needed = [not (settled and finding.truth is Truth.TRUE) for finding in verdicts[0]]
        for reading in found.found[1:]:
            steps = [i for i in steps_touched(line.piece, reading.choices) if needed[i]]
            verdicts.append(_findings_of(steps, line, reading, verdicts[0], known, judge, deadline))
    steps = [_step(line, i, found, verdicts, show) for i in range(count)]
    return Judged(line, steps, first, verdicts[0])


def _findings(line: Line, reading: Reading, known: Known, judge: Judge, deadline: Deadline) -> list[Finding]:
    found = judge(reading.chain, known, deadline)
    return [_read_first(line, reading, i, finding) for i, finding in enumerate(found)]


def _findings_of(
    steps: list[int],
    line: Line,
    reading: Reading,
    first: list[Finding],
    known: Known,
    judge: Judge,
    deadline: Deadline,
) -> list[Finding]:
    """The verdicts of another reading; steps in which nothing is read otherwise keep those of the first."""
    if not steps:
        return first
    wanted = {side for i in steps for side in (i, i + 1)}
    left_out = NotUnderstoodError("this side is not looked at in this reading", line.piece.at)
    sides = tuple(side if i in wanted else left_out for i, side in enumerate(reading.chain.sides))
    again = _findings(line, replace(reading, chain=replace(reading.chain, sides=sides)), known, judge, deadline)
    return [again[i] if i in steps else finding for i, finding in enumerate(first)]


def _step(line: Line, i: int, found: Readings, verdicts: list[list[Finding]], show: Show) -> Step:
    agreed = len(verdicts) == 1 and found.complete
    finding = verdicts[0][i] if agreed else _agreed(line, i, found, verdicts, show)
    piece, source = line.piece, line.source
    left, right = piece.sides[i], piece.sides[i + 1]
    sign = piece.relations[i]
    start = left[0].at if left else sign.at
    end = right[-1].end if right else sign.end
    reader = found.found[0].reader
    slips = tuple(Slip(source.place(at), message) for at, message in reader.slips if start <= at < end)
    return Step(
        finding.truth,
        line.begins if line.begins and not i else source.slice(left[0].at, left[-1].end) if left else "",
        source.slice(right[0].at, right[-1].end) if right else "",
        source.place(right[0].at if right else sign.end),
        finding.method, finding.witness, finding.repair, finding.reason, slips,
        relation=relation_of(line, i), read=_read(found.found[0], i, show, relation_of(line, i)),
    )  # fmt: skip


def repaired(found: Readings, judged: Judged, known: Known, deadline: Deadline) -> list[Finding]:
    """The verdicts of the likeliest reading with repairs; none where more terms may be meant in it."""
    result = findings(judged.first.chain, known, deadline, repairs=True)
    for reading in (reading for reading in found.found[1:] if {kind for _, kind in reading.choices} == {"terms"}):
        for i in steps_touched(judged.line.piece, reading.choices):
            repair = result[i].repair
            if repair is None:
                continue
            one = Chain(reading.chain.sides[i : i + 2], reading.chain.digits[i : i + 1], reading.chain.conditions)
            other = findings(one, known, deadline, repairs=True)[0].repair
            if other is not None and other.message != repair.message:
                result[i] = replace(result[i], repair=None)
    return result


def relation_of(line: Line, i: int) -> str:
    """The sign of a step as it is written."""
    sign = line.piece.relations[i]
    return line.source.slice(sign.at, sign.end) or "="


def _read_first(line: Line, reading: Reading, i: int, finding: Finding) -> Finding:
    """The finding with the place of what was not understood; what cannot be read at all comes first."""
    errors = [side for side in reading.chain.sides[i : i + 2] if isinstance(side, NotUnderstoodError)]
    if errors:
        unread = [error for error in errors if any(p.kind == "error" and p.at == error.at for p in _parts(line, i))]
        error = (unread or errors)[0]
        return Finding(Truth.NOT_UNDERSTOOD, reason=f"{line.source.place(error.at)}: {error}")
    if finding.truth is Truth.NOT_UNDERSTOOD and finding.reason and not finding.reason.startswith("line "):
        at = line.piece.sides[i][0].at if line.piece.sides[i] else line.piece.at
        return replace(finding, reason=f"{line.source.place(at)}: {finding.reason}")
    return finding


def _parts(line: Line, i: int) -> list[Part]:
    return [part for row in line.piece.sides[i : i + 2] for part in row]


def _agreed(line: Line, i: int, found: Readings, verdicts: list[list[Finding]], show: Show) -> Finding:
    """The finding on which all readings of a step agree, or that they do not."""
    if not found.complete:
        choice = next(iter(found.open_choices.values()))
        return _open(line, choice, f"this can be read in too many ways: {choice.why}")
    truths = [findings[i].truth for findings in verdicts]
    first = verdicts[0][i]
    if len(set(truths)) == 1:
        return first
    usual = [truth for truth, reading in zip(truths, found.found, strict=True) if reading.usual()]
    if first.truth is Truth.TRUE and set(usual) == {Truth.TRUE}:
        return first
    other = next(k for k, truth in enumerate(truths) if truth is not first.truth)
    choice = _deciding(found, other)
    ways = [_way(found.found[k], i, truths[k], show) for k in (0, other)]
    reason = f"{choice.why}. It was read as {ways[0]}; and as {ways[1]}"
    return _open(line, choice, reason)


def _open(line: Line, choice: Choice, reason: str) -> Finding:
    at = choice.at if choice.at >= 0 else line.piece.at
    return Finding(Truth.NOT_UNDERSTOOD, reason=f"{line.source.place(at)}: {reason}")


def _deciding(found: Readings, k: int) -> Choice:
    """The place that is read otherwise in a reading than in the first."""
    choices = found.open_choices
    changed = [key for key, way in found.found[k].choices.items() if way]
    return choices[changed[-1]]


def _way(reading: Reading, i: int, truth: Truth, show: Show) -> str:
    word = {Truth.TRUE: "true", Truth.FALSE: "false", Truth.NOT_UNDERSTOOD: "not understood"}[truth]
    return f"{_read(reading, i, show)}: {word}"


def _read(reading: Reading, i: int, show: Show, relation: str = "=") -> str:
    """Both sides of a step as they were read, a question mark for one that was not; empty where neither was."""
    sides = [show(side) if isinstance(side, Expression) else "?" for side in reading.chain.sides[i : i + 2]]
    return "" if sides == ["?", "?"] else f" {relation} ".join(sides)


# ---- what a false step may be -----------------------------------------------------------------------------------


def excused(
    judgement: Judged, i: int, document: bool, degree: Callable[[Expression], int], is_free: Callable[[str], bool]
) -> tuple[Kind, str] | None:
    """What else than a false claim a false step can be, and why: a condition, a value put in; None if it is false.

    Args:
        judgement: the line with its verdicts.
        i: the step.
        document: whether the line stands in a text, where a condition needs no word for it.
        degree: of what is differentiated, in what one differentiates by: 0, 1, or 2 for more.
        is_free: whether no graph has a name.
    """
    chain = judgement.first.chain
    left, right = chain.sides[i], chain.sides[i + 1]
    if not (isinstance(left, Expression) and isinstance(right, Expression)):
        return None
    names_left, names_right = names_in(left), names_in(right)
    if not names_left and not names_right:
        return of_numbers(judgement.line.piece, i, judgement.steps[i], left, right)
    last = i + 1 == len(chain.sides) - 1
    if _is_number(left) and not _is_number(right) and document:
        return _against_number(right, left, i, True, document, degree, False)
    if _is_number(right) and not _is_number(left) and (last or as_number(right) is None or document):
        if judgement.line.piece.premise and not any(
            isinstance(node, Partial | Derivative | Array) for node in walk(left)
        ):
            return Kind.CONDITION, "an arrow follows: this may be an equation to solve"
        primed = is_primed(judgement.line, i) and not _has_meaning(left)
        return _against_number(left, right, i, last, document, degree, primed)
    if _has_meaning(left) or _has_meaning(right) or i:
        return None
    if all(map(is_free, names_left | names_right)):
        if document and same_names(left, right):
            return _said_of_same_names(judgement, i, left, right)
        if document or not (names_left <= names_right or names_right <= names_left):
            return Kind.CONDITION, "nothing says what these names are: this may be a condition on them"
    if document and 0 in (as_number(left), as_number(right)):
        return Kind.CONDITION, "this may be a condition, not a claim"
    return None


def _said_of_same_names(judgement: Judged, i: int, left: Expression, right: Expression) -> tuple[Kind, str] | None:
    """What a step of a text is whose sides have the same names and are not equal; None if it is false."""
    mood = mood_of(judgement.line)
    if mood is Mood.CONDITION:
        return Kind.CONDITION, "the words beside this may make it a condition"
    if mood is Mood.CLAIMED or is_rule(left, right, judgement.line, i):
        return None
    return Kind.CLAIM, "this does not hold for all values: a condition is written with 'if' or 'let' before it"


def _against_number(
    left: Expression,
    right: Expression,
    i: int,
    last: bool,
    document: bool,
    degree: Callable[[Expression], int],
    primed: bool,
) -> tuple[Kind, str] | None:
    """What a formula may be that is equal to a number at the end of a chain."""
    zero = as_number(right) == 0
    slope = (isinstance(left, Call) and any(left.orders)) or primed
    differentiated = slope or isinstance(left, Partial | Derivative | Array)
    if zero and differentiated:
        can_vanish = slope or isinstance(left, Array) or degree(left) > 1
        return (Kind.CONDITION, "this is a condition: it says where the derivative is zero") if can_vanish else None
    if (i or not last) and not differentiated:
        return (Kind.CONDITION, "this is a condition: it says where this is zero") if zero else (Kind.VALUE, _PUT_IN)
    if document and isinstance(left, Total):
        return Kind.CONDITION, "this is a condition on what is added up"
    if document and not zero and not _is_worked(left):
        return Kind.VALUE, _PUT_IN
    if document and zero and not _has_meaning(left):
        return Kind.CONDITION, "this may be a condition, not a claim"
    return None


_PUT_IN = "this may hold for the values that were put in; it claims nothing that could be judged"


def _is_number(expression: Expression) -> bool:
    return not names_in(expression)


def _is_worked(expression: Expression) -> bool:
    """Whether a derivative is one of a written formula, not of a name."""
    return any(
        (isinstance(node, Derivative) and not isinstance(node.body, Ref | Call)) or isinstance(node, At)
        for node in walk(expression)
    )


def _has_meaning(expression: Expression) -> bool:
    """Whether something in an expression is computed: a derivative, a limit, a function at a point."""
    return any(
        isinstance(node, Derivative | Partial | At | Call | Limit | Integral | Differential)
        for node in walk(expression)
    )


def with_kind(step: Step, kind: Kind, reason: str = "") -> Step:
    """A step that claims nothing."""
    return replace(
        step,
        truth=Truth.NOT_UNDERSTOOD,
        kind=kind,
        reason=reason or step.reason,
        witness=None,
        repair=None,
        method=None,
    )


def unexplained(step: Step) -> Step:
    """A false step that no small mistake explains, left open."""
    seen = f": {step.witness}" if step.witness is not None else ""
    reason = f"{step.place}: as it was read this does not hold{seen}; no small mistake explains it, so something"
    return with_kind(step, Kind.CLAIM, f"{reason} may be meant otherwise: say what its names are")
