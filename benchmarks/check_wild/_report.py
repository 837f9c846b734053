"""One public report: where it stands, what was seen, the right verdict, and our own code that shows the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

# CORRECT and WRONG are known; for the other two either of two verdicts is right, and the third would be a wrong word.
Right = Literal["CORRECT", "WRONG", "NOT_WRONG", "NOT_CORRECT"]
CORRECT: Right = "CORRECT"
WRONG: Right = "WRONG"
NOT_WRONG: Right = "NOT_WRONG"
NOT_CORRECT: Right = "NOT_CORRECT"


@dataclass(frozen=True)
class Loss:
    """A loss and a gradient, by hand unless it is None, of arrays or a module: for ``gl.check_gradient``."""

    loss: Callable[[Any], Any]
    gradient: Callable[[Any], Any] | None
    at: Any


@dataclass(frozen=True)
class Function:
    """A function with a backward pass of its own, of torch or jax: the question for ``gl.check_function``."""

    function: Any
    inputs: tuple[Any, ...]
    order: int = 1


@dataclass(frozen=True)
class Report:
    """A report and its reconstruction.

    Attributes:
        link: Where it stands.
        symptom: What was seen there.
        right: The verdict that is right.
        question: Makes the question anew.
    """

    link: str
    symptom: str
    right: Right
    question: Callable[[], Loss | Function]

    @property
    def name(self) -> str:
        """The report, short: owner/name#number."""
        owner, name, _, number = self.link.removeprefix("https://github.com/").split("/")[:4]
        return f"{owner}/{name}#{number}: {self.symptom}"


class Reports:
    """Collects the reports of a module, in their order."""

    def __init__(self) -> None:
        self.all: list[Report] = []

    def __call__(
        self, repository: str, number: int, symptom: str, right: Right
    ) -> Callable[[Callable[[], Loss | Function]], Callable[[], Loss | Function]]:
        """A decorator for the function that makes the question."""
        link = f"https://github.com/{repository}/issues/{number}"

        def note(question: Callable[[], Loss | Function]) -> Callable[[], Loss | Function]:
            self.all.append(Report(link, symptom, right, question))
            return question

        return note
