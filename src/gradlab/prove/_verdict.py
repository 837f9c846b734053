"""What comes out of judging written mathematics, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from gradlab.prove.read._statements import Kind


class Truth(Enum):
    """What is known about one step of a chain."""

    TRUE = "TRUE"
    FALSE = "FALSE"
    NOT_UNDERSTOOD = "NOT_UNDERSTOOD"

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return {
            Truth.TRUE: "nothing",
            Truth.FALSE: "compare both sides at the witness; where a repair is named, write that instead",
            Truth.NOT_UNDERSTOOD: "write the place that is named in another way",
        }[self]


class Method(Enum):
    """How a step was found to be true."""

    EXACT = "exact simplification"
    NUMERIC = "agreement at random points"
    DEFINITION = "definition of a new name"

    @property
    def remedy(self) -> str:
        """What to do about it: nothing, whichever it was."""
        return "nothing"


class Fault(Enum):
    """The kinds of mistakes that a repair can name; the value says it in general words, without the answer."""

    SIGN = "a sign is wrong"
    CONSTANT_FACTOR = "a constant factor is missing or too much"
    MEAN = "a sum stands where a mean belongs, or a mean where a sum belongs"
    MISSING_FACTOR = "a factor is missing"
    EXTRA_FACTOR = "a factor is too much"
    MISSING_PATH = "a path of the chain rule is missing"
    MISSING_TERM = "a term is missing"
    EXTRA_TERM = "a term is too much"
    WRONG_FUNCTION = "a function is taken for another one, or differentiated as another one"
    WRONG_INDEX = "an index is wrong"
    WRONG_NAME = "one quantity is taken for another"
    WRONG_VARIABLE = "it is differentiated by the wrong variable"
    WRONG_POWER = "a power is wrong: a square is missing or too much"
    RECIPROCAL = "something stands above the fraction bar that belongs below it, or the other way round"
    COMPLEMENT = "something and one minus it are confused"
    TRANSPOSE = "a transpose is missing or too much, or factors stand in the wrong order"
    SEVERAL = "there are two mistakes"

    @property
    def remedy(self) -> str:
        """Where to look."""
        return f"look for it where {self.value}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written.

    Attributes:
        line: the line, from 1.
        column: the column, from 1.
    """

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip of notation that leaves one possible meaning, in which it was read.

    Attributes:
        place: where it is written.
        message: what is wrong and what to write.
    """

    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Witness:
    """A point at which the two sides of a step have different values.

    Attributes:
        point: a number for each quantity that is given from outside.
        left: the value of the left side there.
        right: the value of the right side there.
    """

    point: Mapping[str, str]
    left: str
    right: str

    def __str__(self) -> str:
        at = ", ".join(f"{name} = {value}" for name, value in self.point.items())
        return f"{self.left} against {self.right}" + (f" at {at}" if at else "")


@dataclass(frozen=True, slots=True)
class Repair:
    """A change of one side that makes a step true; it is only ever named after it was verified.

    Attributes:
        fault: the kind of mistake.
        message: what to write instead.
        side: which side of the chain is changed, from 0.
        latex: the side as it should read.
        detail: what the repair is about, in LaTeX: the factor, the path, the name.
    """

    fault: Fault
    message: str
    side: int
    latex: str
    detail: str = ""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Step:
    """One equals sign of a chain, judged.

    Attributes:
        truth: what is known about it.
        left: the left side, as it is written.
        right: the right side, as it is written.
        place: where the right side begins.
        method: how it was found to be true; None for the other verdicts.
        witness: where the sides differ; for a false step only.
        repair: what would make it true, if something simple does.
        reason: the method in numbers, or what was not understood and why.
        slips: slips of notation in either side that were read all the same.
        kind: what it does; anything but a claim says nothing that could be wrong, and counts apart.
        relation: the sign between the sides, as it is written.
        read: both sides as they were read, in LaTeX, a question mark for one that was not; empty where neither was.
    """

    truth: Truth
    left: str
    right: str
    place: Place
    method: Method | None = None
    witness: Witness | None = None
    repair: Repair | None = None
    reason: str = ""
    slips: tuple[Slip, ...] = ()
    kind: Kind = Kind.CLAIM
    relation: str = "="
    read: str = ""

    @property
    def explained(self) -> str:
        """The verdict with how both sides were read: what a derivative is taken of, what is multiplied with what."""
        return f"{self}\n    read as {self.read}" if self.read else str(self)

    @property
    def verdict(self) -> str:
        """What is said about it in one word: the truth of a claim, or what it is instead."""
        return self.truth.value if self.kind is Kind.CLAIM else self.kind.name.replace("_", " ")

    def __str__(self) -> str:
        parts = [f"{self.verdict:<14}  {_short(self.left)} {self.relation} {_short(self.right)}"]
        if self.reason:
            parts.append(f"    {self.reason}")
        if self.witness:
            parts.append(f"    {self.witness}")
        if self.repair:
            parts.append(f"    repair: {self.repair}")
        parts += [f"    {slip.place}: {slip.message}" for slip in self.slips]
        return "\n".join(parts)


@dataclass(frozen=True, slots=True)
class Proof:
    """A chain of equations, judged step by step.

    Attributes:
        steps: a verdict for each equals sign.
        place: where the chain begins.
    """

    steps: tuple[Step, ...]
    place: Place

    @property
    def truth(self) -> Truth:
        """FALSE if a step is false, else NOT_UNDERSTOOD if a step is not understood, else TRUE."""
        found = {step.truth for step in self.steps}
        for truth in (Truth.FALSE, Truth.NOT_UNDERSTOOD):
            if truth in found:
                return truth
        return Truth.TRUE if self.steps else Truth.NOT_UNDERSTOOD

    def explained(self) -> str:
        """The verdicts, each with how its sides were read."""
        return "\n".join(step.explained for step in self.steps)

    def __bool__(self) -> bool:
        return self.truth is Truth.TRUE

    def __str__(self) -> str:
        return "\n".join(map(str, self.steps))


def _short(latex: str) -> str:
    text = " ".join(latex.split())
    return text if len(text) <= 70 else text[:67] + "..."
