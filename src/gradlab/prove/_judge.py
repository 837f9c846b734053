"""Chains of equations, judged step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gradlab.graph import Expression, Ref, as_number, ordered_names
from gradlab.prove._errors import Deadline, NotUnderstoodError, OutOfTimeError
from gradlab.prove._layout import Block, Chain
from gradlab.prove._names import Names
from gradlab.prove._reading import ChainReader, Definitions, Reading
from gradlab.prove._repair import repair_chain
from gradlab.prove._sides import Sides
from gradlab.prove._tree import FREE, Writer, has_derivative, names_in
from gradlab.prove._verdict import Method, Repair, Slip, Step, Truth, Witness
from gradlab.prove.judge._compare import AGREEMENT, Comparison, compare, distinguishable
from gradlab.prove.judge._exact import equal_exactly
from gradlab.prove.judge._points import Ground, Point, short

SECONDS_FOR_CHAIN = 1.5
SECONDS_FOR_EXACT = 0.4
SIZES = (2, 3, 5)
ROUNDING = 5e-3


@dataclass
class Finding:
    """What was found out about one step in one reading."""

    truth: Truth
    method: Method | None = None
    witness: Witness | None = None
    reason: str = ""
    repair: Repair | None = None


class ChainJudge:
    """Judges one chain.

    Args:
        block: the block it stands in.
        chain: its sides.
        names: what the names mean.
        document: whether it stands in a document, where a new name at the beginning is a definition, and where zero on
            one side may be a condition.
        deadline: when to stop.
        numbers: for letters in indices, the numbers they are read as.
    """

    def __init__(
        self,
        block: Block,
        chain: Chain,
        names: Names,
        document: bool,
        deadline: Deadline,
        numbers: dict[str, int] | None = None,
    ) -> None:
        self.block, self.chain, self.names = block, chain, names
        self.document, self.deadline = document, deadline
        self.chain_reader = ChainReader(
            block, chain, names, document or len(chain.sides) > 2, self.deadline, numbers or {}
        )
        self.claims = True  # whether the chain claims anything that can be judged
        self.writer = Writer(names.graph.symbols)

    def steps(self) -> tuple[Step, ...]:
        """The verdicts."""
        readings = self.chain_reader.readings()
        if self.document and self.count == 1 and self.chain_reader.only_defines(readings[0]):
            self.claims = False
        general = self.chain_reader.general_indices(readings[0].reader)
        if general:
            return self.for_all(general)
        found = [self.findings(reading) for reading in readings]
        slips = readings[0].reader.slips
        return tuple(self.step(i, [findings[i] for findings in found], readings, slips) for i in range(self.count))

    def for_all(self, general: list[dict[str, int]]) -> tuple[Step, ...]:
        """The verdicts on a chain with letters in its indices: a step is true if it is for every number."""
        every: list[tuple[dict[str, int], tuple[Step, ...]]] = []
        for numbers in general:
            judge = ChainJudge(self.block, self.chain, self.names, self.document, self.deadline, numbers)
            every.append((numbers, judge.steps()))
        result: list[Step] = []
        for i in range(self.count):
            steps = [(numbers, steps[i]) for numbers, steps in every]
            ranked = sorted(
                steps, key=lambda pair: (Truth.FALSE, Truth.NOT_UNDERSTOOD, Truth.TRUE).index(pair[1].truth)
            )
            numbers, step = ranked[0]
            shown = ", ".join(f"{letter} = {number}" for letter, number in numbers.items())
            if step.truth is Truth.TRUE:
                step = next((other for _, other in steps if other.method is Method.NUMERIC), step)
                shown = f"all {len(steps)} values of {', '.join(numbers)}"
            result.append(replace(step, reason=f"for {shown}" + (f": {step.reason}" if step.reason else "")))
        return tuple(result)

    @property
    def defined(self) -> Definitions:
        """What the chain defines."""
        return self.chain_reader.defined

    @property
    def first_name(self) -> str | None:
        """The name that is the first side."""
        return self.chain_reader.first_name

    def last_side(self) -> Expression | NotUnderstoodError:
        """The last side, as it is read."""
        return self.chain_reader.readings()[0].sides[-1]

    @property
    def count(self) -> int:
        return len(self.chain.sides) - 1

    def step(self, i: int, findings: list[Finding], readings: list[Reading], slips: list[tuple[int, str]]) -> Step:
        left, right = self.chain.sides[i], self.chain.sides[i + 1]
        finding = findings[0]
        if len({other.truth for other in findings}) > 1:
            choices = readings[0].reader.open_choices
            if finding.truth is not Truth.TRUE or not all(choice.usual for choice in choices.values()):
                at, choice = next(iter(choices.items()))
                finding = Finding(Truth.NOT_UNDERSTOOD, reason=f"{self.block.place(at)}: {choice.why}")
        inside = [Slip(self.block.place(at), message) for at, message in slips if left.start <= at < right.end]
        return Step(
            finding.truth, self.source(left.start, left.end), self.source(right.start, right.end),
            self.block.place(self.first_visible(right.start, right.end)),
            finding.method, finding.witness, finding.repair, finding.reason, tuple(inside),
        )  # fmt: skip

    def first_visible(self, start: int, end: int) -> int:
        piece = self.block.text[start:end]
        return start + len(piece) - len(piece.lstrip())

    def source(self, start: int, end: int) -> str:
        return " ".join(self.block.text[start:end].replace("⟦", "|").replace("⟧", "|").split())

    def findings(self, reading: Reading) -> list[Finding]:
        """The verdicts in one reading, the derivatives of formulas taken through the graph if that can be."""
        setting = self.setting(reading)
        if setting:
            self.claims = False
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
        sides = Sides(self.names, reading.sides, through, sizes, size_names, self.deadline)
        findings = [self.finding(i, sides) for i in range(self.count)]
        if any(finding.truth is Truth.FALSE for finding in findings):
            self.repair(sides, findings)
        return findings, sides.differs

    def repair(self, sides: Sides, findings: list[Finding]) -> None:
        for i, repair in repair_chain(sides, findings, self.writer, self.deadline).items():
            findings[i].repair = repair
            if repair.side == i and i > 0:
                findings[i].reason = "the side before this step is wrong already; with its repair this step holds"

    def finding(self, i: int, sides: Sides) -> Finding:
        """The verdict on one step."""
        defined = sides.written[i]
        if i == 0 and isinstance(defined, Ref) and defined.name.startswith(FREE) and self.defines(defined.name):
            if isinstance(sides.written[1], NotUnderstoodError):
                return self.not_understood(sides.written[1])
            return Finding(Truth.TRUE, Method.DEFINITION, reason="a new name is defined")
        errors = [side for side in (sides.written[i], sides.written[i + 1]) if isinstance(side, NotUnderstoodError)]
        if errors:
            # What cannot be read at all is said before what cannot be understood.
            unread = [error for error in errors if error in self.chain_reader.trees]
            return self.not_understood((unread or errors)[0])
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
        return Finding(Truth.NOT_UNDERSTOOD, reason=f"{self.block.place(error.at)}: {error}")

    def compared(self, left: Expression, right: Expression, sides: Sides) -> Finding:
        """The verdict on two expressions: first by numbers, and where these agree, exactly if that can be done."""
        result = compare(sides.points, lambda size: ((sides.meaning(left, size), sides.meaning(right, size)),))
        if result.differing is not None:
            condition = self.condition(left, right, result)
            if condition:
                self.claims = self.claims and self.count > 1
                return Finding(Truth.NOT_UNDERSTOOD, reason=condition)
            return Finding(Truth.FALSE, witness=self.witness(result, result.differing, sides, (left, right)))
        if not result.enough:
            return Finding(Truth.NOT_UNDERSTOOD, reason="hardly a point was found at which both sides are defined")
        if sides.sizes == (None,):
            a, b = sides.meaning(left, None), sides.meaning(right, None)
            if equal_exactly(Ground(self.names.graph), a, b, SECONDS_FOR_EXACT, self.deadline):
                return Finding(Truth.TRUE, Method.EXACT, reason="by exact simplification")
        count = f"the sides agree to {AGREEMENT} digits at {len(result.agreeing)} random points"
        if sides.sizes != (None,):
            count += f", for data sets of {', '.join(map(str, SIZES))} points"
        return Finding(Truth.TRUE, Method.NUMERIC, reason=count)

    def condition(self, left: Expression, right: Expression, result: Comparison) -> str:
        """Why two sides that differ may not claim to be equal, or nothing."""
        names = set(names_in(left)), set(names_in(right))
        if not any(names):
            a, b = result.values
            return "these numbers are equal up to rounding" if abs(a - b) <= abs(a) * ROUNDING else ""
        free = all(name.startswith(FREE) for name in names[0] | names[1])
        if free and not (names[0] <= names[1] or names[1] <= names[0]) and not has_derivative(left):
            return "nothing says what these names are: this may be a condition on them"
        zero = [other for side, other in ((left, right), (right, left)) if as_number(side) == 0]
        if self.document and zero and names_in(zero[0]) and not has_derivative(zero[0]):
            return "this may be a condition, not a claim"
        return ""

    def witness(
        self, result: Comparison, point: Point, sides: Sides, written: tuple[Expression, Expression]
    ) -> Witness:
        size = sides.points.variant(point.number)
        names = dict.fromkeys(name for side in written for name in ordered_names(sides.meaning(side, size)))
        shown = {self.writer.name(name): short(point.balls.machine(point.value(Ref(name)))) for name in names}
        return Witness(shown, *distinguishable(*result.values))
