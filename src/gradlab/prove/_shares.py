r"""Shares that sum to one, as one-hot labels do: steps that hold for them alone, and where a text says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from gradlab.graph import ONE, Expression
from gradlab.prove import _combine as combine
from gradlab.prove._definitions import Definitions, names_in, walk
from gradlab.prove._errors import READING, Deadline, NotUnderstoodError, OutOfTimeError
from gradlab.prove._names import FREE
from gradlab.prove._verdict import Method, Step, Truth
from gradlab.prove.read._define import Line
from gradlab.prove.read._nodes import Condition, Index, Indexed, Total
from gradlab.prove.read._reader import Reader
from gradlab.prove.read._statements import Chain, Kind

_SAID = r"(?:\bone[- ]hot\b|\bsums? (?:up )?to (?:one|\$?1\b))"
_MOST_TRIED = 4
Holds = Callable[[Chain, int, tuple[Condition, ...], Deadline], bool]


def step_of_shares(said: Definitions, judged: combine.Judged, i: int, step: Step, holds: Holds, by: Deadline) -> Step:
    """A false step; true where it holds for shares and the text says that they are such, open where it does not say so.

    Args:
        said: what the text defines.
        judged: the line with its verdicts.
        i: the step.
        step: its verdict so far.
        holds: whether a step is true under more conditions.
        by: when to stop.
    """
    chain = judged.first.chain
    pair = [side for side in chain.sides[i : i + 2] if isinstance(side, Expression)]
    singles = {n.head for side in pair for n in walk(side) if isinstance(n, Indexed) and len(n.below) == 1}
    if any(isinstance(side, Total) for side in pair) and ONE in pair:
        return step  # it says so itself
    for head in sorted(singles & {name for side in pair for name in names_in(side)})[:_MOST_TRIED]:
        whole = Condition(Total("sum", Indexed(head, (Index("k"),)), "k"), "=", ONE)
        if not holds(chain, i, (whole,), by):
            continue
        if number := _said_in(said, head, judged.line):
            true = {"truth": Truth.TRUE, "witness": None, "repair": None, "method": Method.NUMERIC}
            return replace(step, reason=f"under the condition of line {number}", **true)
        shown = head.removeprefix(FREE)
        reason = f"{step.place}: this holds if the {shown}_k sum to 1: say so, as in \\sum_k {shown}_k = 1"
        return combine.with_kind(step, Kind.CLAIM, reason)
    return step


def _said_in(said: Definitions, head: str, line: Line) -> int:
    """In which line a text says that the members of a family sum to one, or that they are one-hot; 0 if in none."""
    name = rf"(?<![A-Za-z\\]){re.escape(head.removeprefix(FREE))}(?![A-Za-z])"
    brace = re.search(r"\\underbrace\s*\{(.*?)\}\s*_\s*\{\s*=\s*1\s*\}", line.source.tex, re.DOTALL)
    if brace is not None and r"\sum" in brace[1] and re.search(name, brace[1]):
        return line.source.place(line.piece.at).line
    before = rf"{name}[\w{{}}^]*\$?[^.;,$]{{0,40}}?{_SAID}"
    words = re.compile(rf"{before}|\bone[- ]hot(?: (?!and\b)\w+){{0,2}} \$?{name}")
    for other in said.lines:
        near = other is not line and other.section == line.section
        if words.search(other.sentence) or (near and _states(said, other, head)):
            return other.source.place(other.piece.at).line
    return 0


def _states(said: Definitions, line: Line, head: str) -> bool:
    """Whether a line states that the members of a family sum to one."""
    if line.error is not None or [sign.text for sign in line.piece.relations] != ["="]:
        return False
    try:
        reader = Reader(said.scope(), {}, Deadline(READING))
        left, right = (reader.sum(side) for side in line.piece.sides)
    except (NotUnderstoodError, OutOfTimeError, RecursionError):
        return False
    if not isinstance(left, Total) or left.kind != "sum" or left.conditions or right != ONE:
        return False
    return isinstance(left.body, Indexed) and left.body.head == head
