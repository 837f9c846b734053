"""Chains of equations, judged step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from gradlab.graph import Expression, Ref, as_number, ordered_names
from gradlab.prove._errors import Deadline, NotUnderstoodError, OutOfTimeError
from gradlab.prove._exact import equal_exactly
from gradlab.prove._layout import Block, Chain, place_of
from gradlab.prove._meaning import Meaning
from gradlab.prove._names import Names, UserFunction, Written, head_of
from gradlab.prove._numeric import AGREEMENT, ENOUGH_POINTS, Comparison, Point, Points, compare, distinguishable, short
from gradlab.prove._parser import Sum, parse_side
from gradlab.prove._read import Reader
from gradlab.prove._tree import FREE, Vector, Writer, names_in
from gradlab.prove._verdict import Method, Repair, Slip, Step, Truth, Witness

SECONDS_FOR_CHAIN = 1.8
SECONDS_FOR_EXACT = 0.4
SIZES = (2, 3, 5)
MOST_READINGS = 8


@dataclass
class Reading:
    """The sides of a chain in one reading of its ambiguous places.

    Attributes:
        sides: the meaning of each side, or why it has none.
        reader: what was noted on the way.
    """

    sides: list[Expression | NotUnderstoodError]
    reader: Reader
    unknown: list[set[str]] = field(default_factory=list)


@dataclass
class Finding:
    """What was found out about one step in one reading."""

    truth: Truth
    method: Method | None = None
    witness: Witness | None = None
    reason: str = ""
    repair: Repair | None = None


@dataclass
class Definitions:
    """What a chain defines: a quantity, or a function."""

    written: Written | None = None
    value: Expression | None = None
    function: UserFunction | None = None


class ChainJudge:
    """Judges one chain.

    Args:
        block: the block it stands in.
        chain: its sides.
        names: what the names mean.
        defining: whether a new name at the beginning of two sides is a definition, as it is in a document.
        seconds: how long it may take.
    """

    def __init__(self, block: Block, chain: Chain, names: Names, defining: bool, seconds: float) -> None:
        self.block, self.chain, self.names = block, chain, names
        self.defining = defining or len(chain.sides) > 2
        self.deadline = Deadline(seconds)
        self.trees = [self.parsed(i) for i in range(len(chain.sides))]
        self.defined = Definitions()
        self.writer = Writer(names.graph.symbols)

    def parsed(self, i: int) -> Sum | NotUnderstoodError:
        side = self.chain.sides[i]
        try:
            return parse_side(self.block.text, side.start, side.end)
        except NotUnderstoodError as error:
            return error

    def steps(self) -> tuple[Step, ...]:
        """The verdicts."""
        readings = self.readings()
        found = [self.findings(reading) for reading in readings]
        slips = readings[0].reader.slips
        return tuple(self.step(i, [findings[i] for findings in found], readings, slips) for i in range(self.count))

    @property
    def count(self) -> int:
        return len(self.chain.sides) - 1

    def step(self, i: int, findings: list[Finding], readings: list[Reading], slips: list[tuple[int, str]]) -> Step:
        left, right = self.chain.sides[i], self.chain.sides[i + 1]
        finding = findings[0]
        if len({other.truth for other in findings}) > 1:
            why = next(iter(readings[0].reader.open_choices.items()))
            finding = Finding(Truth.NOT_UNDERSTOOD, reason=f"{place_of(self.block.source, why[0])}: {why[1][1]}")
        inside = [
            Slip(place_of(self.block.source, at), message) for at, message in slips if left.start <= at < right.end
        ]
        return Step(
            finding.truth, self.source(left.start, left.end), self.source(right.start, right.end),
            place_of(self.block.source, self.first_visible(right.start, right.end)),
            finding.method, finding.witness, finding.repair, finding.reason, tuple(inside),
        )  # fmt: skip

    def first_visible(self, start: int, end: int) -> int:
        piece = self.block.text[start:end]
        return start + len(piece) - len(piece.lstrip())

    def source(self, start: int, end: int) -> str:
        return " ".join(self.block.text[start:end].split())

    # Readings

    def readings(self) -> list[Reading]:
        """All readings of the chain, the likeliest first."""
        first = self.read({})
        choices = first.reader.open_choices
        readings = [first]
        for picks in product(*(range(count) for count, _ in choices.values())):
            if any(picks) and len(readings) < MOST_READINGS:
                readings.append(self.read(dict(zip(choices, picks, strict=True))))
        return readings

    def read(self, choices: dict[int, int]) -> Reading:
        reader = Reader(self.names, choices, self.deadline)
        start = self.function_definition(reader)
        sides: list[Expression | NotUnderstoodError] = []
        unknown: list[set[str]] = []
        for i, tree in enumerate(self.trees):
            before = set(reader.unknown)
            if isinstance(tree, NotUnderstoodError):
                sides.append(tree)
            elif start is not None and i == 0:
                sides.append(start)
            else:
                sides.append(self.read_side(reader, tree))
            unknown.append(set(reader.unknown) - before)
        reading = Reading(sides, reader, unknown)
        self.admit(reading)
        return reading

    def read_side(self, reader: Reader, tree: Sum) -> Expression | NotUnderstoodError:
        try:
            return reader.read(tree)
        except NotUnderstoodError as error:
            return error
        except (OutOfTimeError, RecursionError) as error:
            return NotUnderstoodError(str(error) or "this is nested too deeply", tree.at)

    def function_definition(self, reader: Reader) -> Expression | None:
        """A first side such as f(x_1, x_2) with a name that is new: what the chain then defines."""
        tree = self.trees[0]
        if not self.defining or isinstance(tree, NotUnderstoodError) or len(tree.terms) != 1 or tree.terms[0][0] < 0:
            return None
        items = tree.terms[0][1]
        if len(items) != 2 or items[0].kind != "symbol" or items[1].kind != "group" or items[0].scripts:
            return None
        written = Written(head_of(items[0].text))
        if self.names.find(written) is not None or reader.is_sigma(items[0]):
            return None
        parameters: list[str] = []
        for part in items[1].parts:
            inside = part.terms[0][1] if len(part.terms) == 1 else ()
            if len(inside) != 1 or inside[0].kind != "symbol":
                return None
            value = reader.symbol(inside[0])
            if not isinstance(value, Ref):
                return None
            parameters.append(value.name)
        self.defined = Definitions(written, function=UserFunction(tuple(parameters), Ref("?")))
        return Ref(FREE + written.latex)

    # Names that the graph does not have

    def admit(self, reading: Reading) -> None:
        """Decide what names that the graph does not have are: a definition, variables, or a mistake."""
        reader, sides = reading.reader, reading.sides
        if sum(size is None for size in reader.sizes.values()) > 1:
            sides[0] = NotUnderstoodError(
                "sums over data sets of two sizes are not understood", self.chain.sides[0].start
            )
        first = sides[0]
        new = self.new_name(first, reader)
        others = {name for side in sides[1:] if not isinstance(side, NotUnderstoodError) for name in names_in(side)}
        if new is not None and self.defining and new not in others:
            self.note_definition(new, reading)
            reader.unknown.pop(new, None)
        graph = self.names.graph
        computed = any(name in graph and graph[name].expression is not None for name in reader.known)
        for name, (written, at) in reader.unknown.items():
            mistaken = computed or self.names.belongs(written) or any(side == Ref(name) for side in sides)
            if not mistaken:
                continue
            for i, side in enumerate(sides):
                if not isinstance(side, NotUnderstoodError) and name in names_in(side):
                    place = (
                        at if self.chain.sides[i].start <= at < self.chain.sides[i].end else self.chain.sides[i].start
                    )
                    sides[i] = self.names.unknown(written, place)

    def new_name(self, first: Expression | NotUnderstoodError, reader: Reader) -> str | None:
        """The new name that a chain begins with, if it begins with one."""
        if isinstance(first, Ref) and first.name.startswith(FREE):
            known = reader.unknown.get(first.name)
            if known is None and self.defined.function is not None:
                return first.name
            if known is not None and not self.names.belongs(known[0]):
                return first.name
        return None

    def note_definition(self, name: str, reading: Reading) -> None:
        value = reading.sides[1] if len(reading.sides) > 1 else None
        if value is None or isinstance(value, NotUnderstoodError | Vector):
            self.defined = Definitions()
        elif self.defined.function is not None:
            function = UserFunction(self.defined.function.parameters, value)
            self.defined = Definitions(self.defined.written, function=function)
        else:
            self.defined = Definitions(reading.reader.unknown[name][0], value)
        reading.sides[0] = Ref(name)

    # Verdicts

    def findings(self, reading: Reading) -> list[Finding]:
        """The verdicts in one reading, the derivatives of formulas taken through the graph if that can be."""
        setting = self.setting(reading)
        if setting:
            return [Finding(Truth.NOT_UNDERSTOOD, reason=setting) for _ in range(self.count)]
        findings, differs = self.findings_in(reading, through=True)
        if differs and any(finding.truth is not Truth.TRUE for finding in findings):
            local, _ = self.findings_in(reading, through=False)
            if all(finding.truth is Truth.TRUE for finding in local):
                return local
        return findings

    def setting(self, reading: Reading) -> str:
        """Why a chain such as x_1 = x_2 = 6 claims nothing, or nothing."""
        sides = reading.sides
        names = [side for side in sides if isinstance(side, Ref)]
        numbers = [side for side in sides if not isinstance(side, NotUnderstoodError) and as_number(side) is not None]
        if names and numbers and len(names) + len(numbers) == len(sides):
            return "this gives a quantity a value; it claims nothing that could be judged"
        return ""

    def findings_in(self, reading: Reading, through: bool) -> tuple[list[Finding], bool]:
        sizes = SIZES if None in reading.reader.sizes.values() else (None,)
        size_names = {name for name, size in reading.reader.sizes.items() if size is None}
        sides = Sides(self, reading.sides, through, sizes, size_names)
        findings = [self.finding(i, sides) for i in range(self.count)]
        if any(finding.truth is Truth.FALSE for finding in findings):
            self.repair(sides, findings)
        return findings, sides.differs

    def repair(self, sides: Sides, findings: list[Finding]) -> None:
        from gradlab.prove._repair import repair_chain

        for i, repair in repair_chain(sides, findings, self.writer, self.deadline).items():
            findings[i].repair = repair

    def finding(self, i: int, sides: Sides) -> Finding:
        """The verdict on one step."""
        defined = sides.written[i]
        if i == 0 and isinstance(defined, Ref) and defined.name.startswith(FREE) and self.defines(defined.name):
            if isinstance(sides.written[1], NotUnderstoodError):
                return self.not_understood(sides.written[1])
            return Finding(Truth.TRUE, Method.DEFINITION, reason="a new name is defined")
        for side in (sides.written[i], sides.written[i + 1]):
            if isinstance(side, NotUnderstoodError):
                return self.not_understood(side)
        try:
            pairs = list(sides.pairs(i))
            found = [self.compared(a, b, sides) for a, b in pairs]
        except NotUnderstoodError as error:
            return self.not_understood(NotUnderstoodError(str(error), error.at or self.chain.sides[i + 1].start))
        except (OutOfTimeError, RecursionError) as error:
            return Finding(Truth.NOT_UNDERSTOOD, reason=str(error) or "this is nested too deeply")
        for truth in (Truth.FALSE, Truth.NOT_UNDERSTOOD):
            for finding in found:
                if finding.truth is truth:
                    return finding
        return next((finding for finding in found if finding.method is Method.NUMERIC), found[0])

    def defines(self, name: str) -> bool:
        return self.defined.written is not None and FREE + self.defined.written.latex == name

    def not_understood(self, error: NotUnderstoodError) -> Finding:
        return Finding(Truth.NOT_UNDERSTOOD, reason=f"{place_of(self.block.source, error.at)}: {error}")

    def compared(self, left: Expression, right: Expression, sides: Sides) -> Finding:
        """The verdict on two expressions: first by numbers, and where these agree, exactly if that can be done."""
        result = compare(sides.points, lambda size: (sides.meaning(left, size), sides.meaning(right, size)))
        if result.differing is not None:
            return Finding(Truth.FALSE, witness=self.witness(result, result.differing, sides, (left, right)))
        if len(result.agreeing) < ENOUGH_POINTS:
            return Finding(Truth.NOT_UNDERSTOOD, reason="hardly a point was found at which both sides are defined")
        if sides.sizes == (None,):
            deadline = Deadline(SECONDS_FOR_EXACT, self.deadline)
            a, b = sides.meaning(left, None), sides.meaning(right, None)
            if equal_exactly(self.names.graph, a, b, deadline):
                return Finding(Truth.TRUE, Method.EXACT, reason="by exact simplification")
        count = f"the sides agree to {AGREEMENT} digits at {len(result.agreeing)} random points"
        if sides.sizes != (None,):
            count += f", for data sets of {', '.join(map(str, SIZES))} points"
        return Finding(Truth.TRUE, Method.NUMERIC, reason=count)

    def witness(
        self, result: Comparison, point: Point, sides: Sides, written: tuple[Expression, Expression]
    ) -> Witness:
        names = dict.fromkeys(name for side in written for name in ordered_names(sides.meaning(side, point.size)))
        shown = {self.writer.name(name): short(point.named(name)) for name in names}
        return Witness(shown, *distinguishable(*result.values))


class Sides:
    """The sides of a chain in one reading, with their meaning and their values."""

    def __init__(
        self,
        judge: ChainJudge,
        written: list[Expression | NotUnderstoodError],
        through: bool,
        sizes: tuple[int | None, ...],
        size_names: set[str],
    ) -> None:
        self.written, self.sizes, self.size_names = written, sizes, size_names
        self.names = judge.names
        self.points = Points(judge.names.graph, judge.deadline, sizes)
        self._meanings = {size: Meaning(judge.names, size, through, judge.deadline, size_names) for size in sizes}
        self._known: dict[tuple[Any, int | None], Expression] = {}

    @property
    def differs(self) -> bool:
        """Whether a derivative of a formula has two readings in this chain."""
        return any(meaning.differs for meaning in self._meanings.values())

    def meaning(self, expression: Expression, size: int | None) -> Expression:
        """An expression without sums over an index and with its derivatives worked out."""
        key = expression, size
        if key not in self._known:
            self._known[key] = self._meanings[size].of(expression)
        return self._known[key]

    def partial(self, of: str, wrt: str, size: int | None) -> Expression:
        """The derivative of one quantity of the graph by another."""
        return self._meanings[size].partial(of, wrt)

    def pairs(self, i: int) -> Iterator[tuple[Expression, Expression]]:
        """The two sides of a step, entry by entry if they are vectors."""
        left, right = self.written[i], self.written[i + 1]
        assert isinstance(left, Expression)
        assert isinstance(right, Expression)
        if not (isinstance(left, Vector) or isinstance(right, Vector)):
            yield left, right
            return
        if not (isinstance(left, Vector) and isinstance(right, Vector)) or len(left.parts) != len(right.parts):
            raise NotUnderstoodError("a vector stands against something of another shape", 0)
        yield from zip(left.parts, right.parts, strict=True)
