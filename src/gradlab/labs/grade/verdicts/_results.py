"""The outcome of grading, as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class QuestionResult:
    """What became of one question.

    Args:
        name: of the check or the answer.
        kind: "check" or "answer".
        possible: the points that it is worth.
        points: the points that were got; what waits for a human counts as nothing yet.
        status: "right", "partly", "wrong", "missing" (not answered), or "human" (somebody has to look).
        reason: why, in words for the student.
        notes: what else is to be said: what stood in for what.
        hidden: whether the check's text must not be shown.
        line: the template line.
        asked: what was asked, as Markdown or code that students may see.
        given: what the student wrote, for the human queue.
        expected: the key's answer, for the human queue alone.
        key: the hash of what the result depends on beside the submission.
    """

    name: str
    kind: str
    possible: float
    points: float = 0.0
    status: str = "missing"
    reason: str = ""
    notes: list[str] = field(default_factory=lambda: list[str]())
    hidden: bool = False
    line: int = 0
    asked: str = ""
    given: str = ""
    expected: str = ""
    key: str = ""

    @property
    def identity(self) -> str:
        """Its kind and name: a check and an answer may be named alike."""
        return f"{self.kind} {self.name}"


@dataclass(slots=True)
class SubmissionResult:
    """What became of one submission.

    Args:
        name: of the submission, unique.
        student: who handed it in, as the platform says.
        identity: the platform's number for them, "" without one.
        file: where it lay, relative to what was graded.
        problem: why nothing could be graded, "" where it could.
        repairs: what was set right to read it.
        questions: one for each check and each answer cell.
        printed: what its cells printed, by cell.
        seconds: how long it took.
        key: the hash of what the result depends on.
        base: the hash of what each question's result depends on, beside its own key.
        group: in a row for one of several people, what they handed in as.
    """

    name: str
    student: str
    identity: str
    file: str
    problem: str = ""
    repairs: list[str] = field(default_factory=lambda: list[str]())
    questions: list[QuestionResult] = field(default_factory=lambda: list[QuestionResult]())
    printed: dict[str, str] = field(default_factory=lambda: dict[str, str]())
    seconds: float = 0.0
    key: str = ""
    base: str = ""
    group: str = ""

    @property
    def points(self) -> float:
        """The sum of the points."""
        return sum(question.points for question in self.questions)

    @property
    def possible(self) -> float:
        """The points that could be got."""
        return sum(question.possible for question in self.questions)

    @property
    def state(self) -> str:
        """In a word: graded, waits (for a human) or unreadable."""
        return "unreadable" if self.problem else "waits" if self.waits else "graded"

    @property
    def waits(self) -> bool:
        """Whether somebody has to look at an answer."""
        return any(question.status == "human" for question in self.questions)

    def as_json(self) -> dict[str, Any]:
        """The same as plain data, the key's answers in it."""
        return {"format": 1, **asdict(self), "points": self.points, "possible": self.possible}

    def for_student(self) -> dict[str, Any]:
        """The same without what only the instructor may see."""
        made = self.as_json()
        del made["key"], made["base"], made["group"]
        for question in made["questions"]:
            del question["expected"], question["key"]
        return made


def from_json(data: dict[str, Any]) -> SubmissionResult:
    """Make a result of what `as_json` returned."""
    kept = {key: value for key, value in data.items() if key not in ("format", "points", "possible")}
    kept["questions"] = [QuestionResult(**question) for question in kept["questions"]]
    return SubmissionResult(**kept)
