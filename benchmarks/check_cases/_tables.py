"""Tables of who answered what."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from check_cases._hard import hard_cases, outcome


@dataclass(frozen=True)
class Record:
    """One answer.

    Attributes:
        checker: Who answered.
        mode: In which precision.
        kind: About which function.
        mistake: The class of the mistake; "" for a right gradient.
        name: The mistake itself.
        question: Which question of this kind and seed it is.
        seed: Where the question was drawn from.
        answer: CORRECT, WRONG, UNDECIDED, or "error: ..." if it raised.
        named: The mistakes that were named.
        seconds: How long it took, in processor time.
    """

    checker: str
    mode: str
    kind: str
    mistake: str
    name: str
    question: int
    seed: int
    answer: str
    named: tuple[str, ...]
    seconds: float


def table(records: list[Record]) -> str:
    """Who accused right gradients, passed wrong ones, did not know, and how long it took."""
    lines = [
        "| check | precision | right: accepted | undecided | **false alarms** | wrong: found | undecided | **misses** "
        "| median ms, right | wrong |",
        "| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    groups: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records:
        groups[record.checker, record.mode].append(record)
    for (checker, mode), found in groups.items():
        right, wrong = ([r for r in found if bool(r.mistake) is is_wrong] for is_wrong in (False, True))
        by_right, by_wrong = (Counter(_column(r) for r in part) for part in (right, wrong))
        times = [f"{1e3 * median(r.seconds for r in part):.1f}" for part in (right, wrong)]
        cells = [
            *(str(by_right[answer]) for answer in ("CORRECT", "UNDECIDED", "WRONG")),
            *(str(by_wrong[answer]) for answer in ("WRONG", "UNDECIDED", "CORRECT")),
            *times,
        ]
        lines.append(f"| {checker} | {mode} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _column(record: Record) -> str:
    """A check that raises has rejected the gradient."""
    return "WRONG" if record.answer.startswith("error") else record.answer


def diagnosis_table(records: list[Record]) -> str:
    """How often gradlab named the mistake, by its class, among the gradients that it found to be wrong."""
    lines = ["| mistake | wrong gradients found | named | named first |", "| --- | --: | --: | --: |"]
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.checker == "gradlab" and record.mistake and record.answer == "WRONG":
            groups[record.mistake].append(record)
    total = [0, 0, 0]
    for mistake in sorted(groups):
        found = groups[mistake]
        counts = [len(found), sum(r.mistake in r.named for r in found), sum(r.mistake in r.named[:1] for r in found)]
        total = [a + b for a, b in zip(total, counts, strict=True)]
        lines.append(f"| {mistake.lower().replace('_', ' ')} | {counts[0]} | {counts[1]} | {counts[2]} |")
    share = [f"{100 * count / max(total[0], 1):.1f} %" for count in total[1:]]
    lines.append(f"| **all** | {total[0]} | {total[1]} ({share[0]}) | {total[2]} ({share[1]}) |")
    return "\n".join(lines)


def hard_table() -> tuple[str, bool]:
    """The hard cases with what was said, and whether all of it was right."""
    lines = ["| hard case | right outcome | gradlab says | |", "| --- | --- | --- | --- |"]
    all_right = True
    for hard in hard_cases():
        said, reason = outcome(hard)
        is_right = said in hard.allowed
        all_right &= is_right
        mark = "" if is_right else "**not right**"
        lines.append(f"| {hard.name} | {' or '.join(hard.allowed)} | {said}: {reason.splitlines()[0]} | {mark} |")
    return "\n".join(lines), all_right


def failures(records: Iterable[Record]) -> list[str]:
    """gradlab's false alarms, misses and errors, one a line."""
    found = []
    for record in records:
        if record.checker.startswith("gradlab"):
            column = _column(record)
            if record.answer.startswith("error") or column == ("CORRECT" if record.mistake else "WRONG"):
                gradient = record.name or "right"
                found.append(
                    f"{record.checker}, seed {record.seed}, {record.mode}: {record.kind}, {gradient}: {record.answer}"
                )
    return found


def time_ratio(records: list[Record]) -> str:
    """The median of gradlab's time over gradcheck's, each question on the same autograd.Function."""
    times: dict[tuple[object, ...], dict[str, float]] = defaultdict(dict)
    for record in records:
        if not record.mistake:
            key = (record.seed, record.kind, record.mode, record.question)
            times[key][record.checker] = record.seconds
    pairs = [found for found in times.values() if {"gradlab on torch", "torch gradcheck"} <= set(found)]
    ratios = [found["gradlab on torch"] / found["torch gradcheck"] for found in pairs]
    return f"{median(ratios):.2f}" if ratios else "not measured"
