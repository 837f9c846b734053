"""Which side of a false step is wrong, and the simplest change that makes it right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradlab.graph import Differentiate, Expression, Partial, Ref
from gradlab.prove._errors import Deadline, NotUnderstoodError, OutOfTimeError
from gradlab.prove._tree import Vector, Writer
from gradlab.prove._verdict import Repair, Truth
from gradlab.prove.judge._compare import compare
from gradlab.prove.judge._points import Undefined
from gradlab.prove.repairs import ALL, Search

if TYPE_CHECKING:
    from gradlab.prove._judge import Finding
    from gradlab.prove._sides import Sides

SECONDS_FOR_SIDE = 1.0
POINTS_TO_COMPARE = 6


def repair_chain(sides: Sides, findings: list[Finding], writer: Writer, deadline: Deadline) -> dict[int, Repair]:
    """Repairs for the false steps of a chain.

    A side is wrong if it differs from the first one, which says what the chain is about. Of a false step the wrong side
    is repaired, so that two steps beside one wrong side get one repair.

    Args:
        sides: the sides.
        findings: the verdicts on the steps.
        writer: writes LaTeX.
        deadline: when to stop.

    Returns:
        For each step that can be repaired, the repair.
    """
    repairer = _Repairer(sides, writer, deadline)
    found: dict[int, Repair] = {}
    for i, finding in enumerate(findings):
        if finding.truth is not Truth.FALSE:
            continue
        try:
            repair = repairer.step(i)
        except (OutOfTimeError, NotUnderstoodError, RecursionError):
            continue
        if repair is not None:
            found[i] = repair
    return found


class _Repairer:
    def __init__(self, sides: Sides, writer: Writer, deadline: Deadline) -> None:
        self.sides, self.writer, self.deadline = sides, writer, deadline
        self.done: dict[tuple[int, int], Repair | None] = {}
        self.right: dict[int, bool] = {0: True}

    def is_right(self, i: int) -> bool:
        """Whether a side is equal to the first."""
        if i not in self.right:
            first, side = self.sides.written[0], self.sides.written[i]
            self.right[i] = self.equal(first, side)
        return self.right[i]

    def equal(self, a: Expression | NotUnderstoodError, b: Expression | NotUnderstoodError) -> bool:
        if not (isinstance(a, Expression) and isinstance(b, Expression)):
            return False
        if isinstance(a, Vector) or isinstance(b, Vector):
            return False
        meaning = self.sides.meaning
        try:
            sides = self.sides.points, lambda size: ((meaning(a, size), meaning(b, size)),)
            result = compare(*sides, wanted=POINTS_TO_COMPARE)
        except (*Undefined, NotUnderstoodError):
            return False
        return result.differing is None and bool(result.agreeing)

    def step(self, i: int) -> Repair | None:
        """The repair of one step."""
        order = [(i + 1, i), (i, i + 1)]
        if not self.is_right(i) and self.is_right(i + 1):
            order.reverse()
        for wrong, other in order:
            repair = self.side(wrong, other)
            if repair is not None:
                return repair
        return None

    def side(self, wrong: int, other: int) -> Repair | None:
        """The repair of one side, after which it is equal to another."""
        # What the chain is about is not repaired, unless nothing else helps: the derivative that was asked for.
        key = wrong, 0 if self.is_right(other) else other
        if key not in self.done:
            self.done[key] = self.searched(wrong, other)
        return self.done[key]

    def repeats(self, side: Expression, target: Expression) -> bool:
        """Whether a repaired side would be what was asked for: a derivative not yet worked out, or a name."""
        return side == target and isinstance(target, Partial | Differentiate | Ref)

    def searched(self, wrong: int, other: int) -> Repair | None:
        side, target = self.sides.written[wrong], self.sides.written[other]
        if not (isinstance(side, Expression) and isinstance(target, Expression)):
            return None
        entry = ""
        rest = None
        if isinstance(side, Vector) and isinstance(target, Vector):
            differing = [
                k for k, (a, b) in enumerate(zip(side.parts, target.parts, strict=True)) if not self.equal(a, b)
            ]
            if len(differing) != 1:
                return None
            rest, entry = (side, differing[0]), f"entry {differing[0] + 1}: "
            side, target = side.parts[differing[0]], target.parts[differing[0]]
        if isinstance(side, Vector) or isinstance(target, Vector):
            return None
        search = Search(self.sides, side, target, self.writer, Deadline(SECONDS_FOR_SIDE, self.deadline))
        if not search.possible:
            return None
        for kind in ALL:
            if wrong == 0 and isinstance(side, Partial | Differentiate) and kind not in ALL[:2]:
                continue
            for change in kind(search):
                if self.repeats(change.side, target):
                    continue
                if search.fits(change.side) and search.verified(change.side):
                    whole = change.side
                    if rest is not None:
                        whole = Vector(
                            tuple(change.side if k == rest[1] else part for k, part in enumerate(rest[0].parts))
                        )
                    return Repair(change.fault, entry + change.message, wrong, self.writer.latex(whole), change.detail)
        return None
