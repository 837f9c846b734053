"""The list of what a human has to judge: equal answers together, the key beside them, and room for points."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gradlab._errors import GradlabError
from gradlab.labs._files import write_whole
from gradlab.labs.grade.verdicts import QuestionResult, SubmissionResult

_HEAD = """# What a human has to judge, written by `gradlab lab grade`. Write a number behind `points`, and if you
# like a comment for the student behind `comment`, then run the same command again. Nothing that you wrote is lost, not
# even where a submission or the template has changed. Equal answers stand together and are judged once.
"""


class QueueError(GradlabError):
    """The list cannot be read as it is; nothing of it was overwritten."""


_KNOWN = frozenset(
    ("id", "question", "submissions", "why", "asked", "given", "expected", "possible", "points", "comment")
)


@dataclass(slots=True)
class Decision:
    """What a human decided.

    Args:
        points: the points, None where nothing is decided yet.
        comment: for the student.
        possible: of how many points, None where that is not known.
    """

    points: float | None = None
    comment: str = ""
    possible: float | None = None


@dataclass(slots=True)
class _Entry:
    question: QuestionResult
    submissions: list[str] = field(default_factory=lambda: list[str]())


def read_queue(path: Path) -> dict[str, Decision]:
    """Read what was decided.

    Args:
        path: the TOML file; it need not be there.

    Returns:
        The decisions by the answer's id.

    Raises:
        QueueError: if the file is damaged.
    """
    if not path.exists():
        return {}
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("answer", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise QueueError(f"{path} is no TOML any more: {problem}; correct it, and run the command again") from problem
    found: dict[str, Decision] = {}
    for number, entry in enumerate(entries if isinstance(entries, list) else [entries], 1):
        key, decision = _decision(f"{path}, row {number}", entry)
        if found.setdefault(key, decision) != decision:
            raise QueueError(
                f"{path}, row {number}: {key} is decided in a row before, and differently; keep one of them"
            )
    return found


def _decision(where: str, entry: object) -> tuple[str, Decision]:
    """The answer that a row is about, and what is decided."""
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise QueueError(
            f"{where}: it has no id; gradlab makes the rows, one for all equal answers: write points into those"
        )
    key, given, possible = entry["id"], entry.get("points", ""), entry.get("possible", 0.0)
    if unknown := sorted(entry.keys() - _KNOWN):
        raise QueueError(f"{where} ({key}): nothing is known of {unknown[0]!r}; write behind points and comment alone")
    comment = str(entry.get("comment", ""))
    if given == "":
        return key, Decision(None, comment)
    try:
        points = float(str(given).replace(",", "."))
    except ValueError as problem:
        raise QueueError(f"{where} ({key}): the points are {given!r}; write a number") from problem
    if not 0 <= points <= float(str(possible)):
        raise QueueError(f"{where} ({key}): the points are {points:g}; a number from 0 to {possible:g} can be given")
    return key, Decision(points, comment, float(str(possible)))


def answer_id(question: QuestionResult) -> str:
    """What equal answers to a question have in common; in code other blanks may mean something else."""
    given = "\n".join(line.rstrip() for line in question.given.strip().splitlines())
    digest = hashlib.sha256(given.encode()).hexdigest()
    return f"{question.name}:{digest[:16]}"


def apply_decisions(results: Sequence[SubmissionResult], decisions: Mapping[str, Decision]) -> tuple[str, ...]:
    """Put what humans decided into the results.

    Args:
        results: the results, changed in place.
        decisions: by the answer's id.

    Returns:
        What could not be put there, in words.
    """
    remarks: dict[str, None] = {}
    for result in results:
        for question in result.questions:
            decision = decisions.get(answer_id(question)) if question.status == "human" else None
            if decision is not None and decision.points is not None:
                if decision.points > question.possible:
                    remarks[
                        f"{answer_id(question)} in human.toml has {decision.points:g} points, and {question.name} is "
                        f"worth {question.possible:g} now: it waits again"
                    ] = None
                    continue
                if decision.possible not in (None, question.possible):
                    remarks[
                        f"{answer_id(question)} in human.toml has {decision.points:g} points of {decision.possible:g}, "
                        f"and {question.name} is worth {question.possible:g} now: look at it again"
                    ] = None
                question.points = decision.points
                full = question.points >= question.possible
                question.status = "right" if full else "partly" if question.points else "wrong"
                question.reason = decision.comment or "judged by a human"
    return tuple(remarks)


def write_queue(path: Path, results: Sequence[SubmissionResult], decisions: Mapping[str, Decision]) -> int:
    """Write the list anew, with what was decided before.

    Args:
        path: the TOML file, replaced whole.
        results: as they were before `apply_decisions`.
        decisions: what was decided, kept even where no answer asks for it any more.
    """
    entries: dict[str, _Entry] = {}
    for result in results:
        for question in result.questions:
            if question.status == "human":
                entries.setdefault(answer_id(question), _Entry(question)).submissions.append(result.name)
    text, waiting = [_HEAD], 0
    for key, entry in entries.items():
        decision, question = decisions.get(key, Decision()), entry.question
        if decision.points is not None and decision.points > question.possible:
            decision = Decision(None, decision.comment)
        waiting += decision.points is None
        rows: dict[str, object] = {
            "id": key, "question": question.name, "submissions": sorted(entry.submissions),
            "why": question.reason, "asked": question.asked, "given": question.given, "expected": question.expected,
            "possible": question.possible,
        }  # fmt: skip
        text.append(_table({**rows, **_decided(decision)}))
    for key in sorted(set(decisions) - set(entries)):
        if decisions[key].points is not None or decisions[key].comment:
            kept = {
                "id": key, "question": key.rpartition(":")[0], "why": "no submission asks for this any more",
                "possible": decisions[key].points or 0.0,
            }  # fmt: skip
            text.append(_table({**kept, **_decided(decisions[key])}))
    write_whole(path, "\n".join(text))
    return waiting


def _decided(decision: Decision) -> dict[str, object]:
    return {"points": "" if decision.points is None else decision.points, "comment": decision.comment}


def _table(rows: Mapping[str, object]) -> str:
    return "[[answer]]\n" + "".join(f"{name} = {_value(value)}\n" for name, value in rows.items())


def _value(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, int | float):
        return f"{float(value):g}"
    text = str(value)
    escaped = "".join(
        _ESCAPES.get(sign, sign if sign >= " " or sign == "\n" else f"\\u{ord(sign):04x}") for sign in text
    )
    escaped = escaped.replace("\x7f", "\\u007f")
    return f'"""\n{escaped}"""' if "\n" in escaped else f'"{escaped}"'


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\r": "\\r"}
