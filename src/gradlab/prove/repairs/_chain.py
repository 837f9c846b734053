"""Which side of a false step is wrong, and the simplest change that makes it right."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradlab.graph import Expression, Partial, Ref, as_number
from gradlab.prove._errors import Deadline, NotUnderstoodError, OutOfTimeError
from gradlab.prove._verdict import Fault, Repair
from gradlab.prove.judge._axes import ShapeError
from gradlab.prove.judge._points import Undefined
from gradlab.prove.judge._trial import Trial
from gradlab.prove.read._nodes import Array, Call, Derivative
from gradlab.prove.read._write import Writer
from gradlab.prove.repairs import ALL, Change, Search, two
from gradlab.prove.repairs._paths import children, nodes

STEPS_FOR_SIDE = 2_000_000
POINTS_TO_COMPARE = 6
FEWEST_LEAVES, FEWEST_PARTS = 4, 9  # names and numbers, or parts of any kind, in which any two mistakes are looked for
_PLAIN = frozenset((Fault.SIGN, Fault.CONSTANT_FACTOR, Fault.WRONG_POWER, Fault.WRONG_NAME, Fault.WRONG_FUNCTION))


class Repairer:
    """Repairs the false steps of a chain.

    A side is wrong if it differs from the first one, which says what the chain is about. Of a false step the wrong side
    is repaired, so that two steps beside one wrong side get one repair.

    Args:
        trial: the chain in the way in which it was judged.
        sides: its sides.
        deadline: when to stop.
    """

    def __init__(self, trial: Trial, sides: tuple[Expression | NotUnderstoodError, ...], deadline: Deadline) -> None:
        self.trial, self.sides, self.deadline = trial, sides, deadline
        self.writer = Writer(trial.known.graph.symbols)
        self.done: dict[tuple[int, int], Repair | None] = {}
        self.right: dict[int, bool] = {0: True}

    def step(self, i: int) -> Repair | None:
        """The repair of one step, if one is found."""
        try:
            order = [(i + 1, i), (i, i + 1)]
            around = i > 0 and self.equal(self.sides[i - 1], self.sides[i + 1])
            if not self.is_right(i) and (self.is_right(i + 1) or around):
                order.reverse()
            elif i and self.is_right(i):
                order.pop()  # what is right is not repaired
            for wrong, other in order:
                repair = self.side(wrong, other)
                if repair is not None:
                    return repair
        except (OutOfTimeError, NotUnderstoodError, RecursionError, ShapeError):
            return None
        return None

    def is_right(self, i: int) -> bool:
        """Whether a side is equal to the first."""
        if i not in self.right:
            self.right[i] = self.equal(self.sides[0], self.sides[i])
        return self.right[i]

    def equal(self, a: Expression | NotUnderstoodError, b: Expression | NotUnderstoodError) -> bool:
        """Whether two sides agree at a few points."""
        if not (isinstance(a, Expression) and isinstance(b, Expression)):
            return False
        try:
            result = self.trial.compared(a, b, wanted=POINTS_TO_COMPARE)
        except (*Undefined, NotUnderstoodError, ShapeError):
            return False
        return result.differing is None and bool(result.agreeing)

    def side(self, wrong: int, other: int) -> Repair | None:
        """The repair of one side, after which it is equal to another."""
        # What the chain is about is not repaired, unless nothing else helps: the derivative that was asked for.
        key = wrong, 0 if self.is_right(other) else other
        if key not in self.done:
            self.done[key] = self.searched(wrong, other)
        return self.done[key]

    def searched(self, wrong: int, other: int) -> Repair | None:
        """The repair of one side, looked for."""
        side, target = self.sides[wrong], self.sides[other]
        if not (isinstance(side, Expression) and isinstance(target, Expression)):
            return None
        if isinstance(side, Array) and isinstance(target, Array) and len(side.args) == len(target.args):
            return self.of_entries(wrong, side, target)
        found = self.change(wrong, side, target)
        return None if found is None else self.made(found, wrong, found[-1].side)

    def of_entries(self, wrong: int, side: Array, target: Array) -> Repair | None:
        """The repair of an array that is written out and has one wrong entry."""
        pairs = list(zip(side.args, target.args, strict=True))
        differing = [k for k, (a, b) in enumerate(pairs) if not self.equal(a, b)]
        if len(differing) != 1:
            return None
        k = differing[0]
        found = self.change(wrong, *pairs[k])
        if found is None:
            return None
        whole = side.with_args((*side.args[:k], found[-1].side, *side.args[k + 1 :]))
        return self.made(found, wrong, whole, f"entry {k + 1}: ")

    def made(self, found: list[Change], wrong: int, whole: Expression, entry: str = "") -> Repair:
        """Changes as a repair."""
        message = entry + "; and ".join(change.message for change in found)
        fault = found[0].fault if len(found) == 1 else Fault.SEVERAL
        detail = found[0].detail if len(found) == 1 else ", ".join(change.fault.value for change in found)
        return Repair(fault, message, wrong, self.writer.latex(whole), detail)

    def change(self, wrong: int, side: Expression, target: Expression) -> list[Change] | None:
        """The simplest change of a side, or two, after which it is equal to another."""
        written = tuple(other for other in self.sides if isinstance(other, Expression))
        search = Search(self.trial, written, side, target, Deadline(STEPS_FOR_SIDE, self.deadline))
        if not search.possible or not search.speaks:
            return None
        if wrong == 0 and as_number(target) is not None:
            return None  # what is asked for is not changed until it is that number
        asked = wrong == 0 and (isinstance(side, Partial | Derivative) or getattr(side, "kind", "") == "det")
        found = self.first(search, ALL[:2] if asked else ALL)
        if found is not None:
            return found
        leaves = [node for _, node in search.nodes if not children(node)]
        small = len(leaves) < FEWEST_LEAVES and len(search.nodes) < FEWEST_PARTS  # much of it has to stay
        if wrong == 0 or (small and len(leaves) < 2):
            return None
        for first, second in two(search):
            if small and not are_plain(first, second):
                continue
            if not repeats(second.side, search) and search.verified(second.side):
                return [first, second]
        return None

    @staticmethod
    def first(search: Search, kinds: tuple[Callable[[Search], Iterator[Change]], ...]) -> list[Change] | None:
        """The first change of some kinds after which the side is equal to the target."""
        for change in (change for kind in kinds for change in kind(search)):
            if not repeats(change.side, search) and search.fits(change.side) and search.verified(change.side):
                return [change]
        return None


def are_plain(first: Change, second: Change) -> bool:
    """Whether two changes of a short side are mistakes that somebody makes at once, a sign being that of all of it."""
    faults = {first.fault, second.fault}
    inner = [change for change in (first, second) if change.fault is Fault.SIGN and "whole" not in change.message]
    return len(faults) == 2 and faults <= _PLAIN and not (inner and Fault.WRONG_FUNCTION in faults)


def repeats(side: Expression, search: Search) -> bool:
    """Whether a repaired side would say again what was asked for: a derivative, a function at a number, or a name.

    A derivative where another stood says nothing again, unless it is the one that was asked for by its variable alone.
    """
    asked, before = search.target, dict(search.nodes)
    if not _is_asked(asked):
        return side in search.written and (isinstance(side, Ref) or _is_asked(side))
    for path, node in nodes(side):
        if not _is_asked(node) or node in before.values():
            continue
        old = before.get(path)
        again = old is None or not _is_asked(old) or (node == asked and _differ(old, node))
        if again and search.fits(node):
            return True
    return False


def _is_asked(node: Expression) -> bool:
    """Whether a part may be what a chain is about: a derivative, or a function at a number."""
    if isinstance(node, Call):
        return any(node.orders) or not any(argument.names for argument in node.arguments)
    return isinstance(node, Partial | Derivative)


def _differ(old: Expression, new: Expression) -> bool:
    """Whether two parts are no derivatives by the same variable."""
    by = getattr(new, "wrt", None)
    return by is None or getattr(old, "wrt", None) != by
