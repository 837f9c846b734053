r"""Networks whose layers are told apart by the letters of their indices: ``z_k = \sum_j w_{jk} a_j``, ``a_j = g(z_j)``.

Read as entries of one vector each, ``a`` is computed from itself. In a text on layers that is no circle: the units of
a layer have a letter of their own. A step that holds in that reading is true; nothing is called false by it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from gradlab.prove._errors import Deadline
from gradlab.prove._verdict import Step, Truth
from gradlab.prove.read._define import Line
from gradlab.prove.read._statements import Kind

if TYPE_CHECKING:
    from gradlab.prove._text import Text

_OF_LAYERS = re.compile(r"\b(?:layers?|neurons?|hidden|networks?)\b", re.IGNORECASE)
_CIRCULAR = "computed from others of it"


class Lettered:
    """Judges the lines of a text with a vector for each letter.

    Args:
        text: it.
    """

    def __init__(self, text: Text) -> None:
        self.text = text
        circular = [item for item in text.said.defined.values() if _CIRCULAR in item.problem and not item.shape.above]
        words = any(_OF_LAYERS.search(f"{line.words} {line.sentence} {line.question}") for line in text.lines)
        letters = {letter for item in text.said.found for letter in item.shape.below} | text.said.use.bound
        self.letters = frozenset(letters & set("hijklmn")) if circular and words else frozenset[str]()
        self._other: Text | None = None

    def judged(self, line: Line, steps: list[Step], outer: Deadline | None) -> list[Step]:
        """The steps of a line; those that are open are true if they are with a vector for each letter."""
        if not self.letters or all(step.truth is not Truth.NOT_UNDERSTOOD for step in steps):
            return steps
        if self._other is None:
            self._other = self.text.of(self.text.lines, replace(self.text.said.use, layers=self.letters))
        pairs = zip(steps, self._other.judge(line, outer), strict=False)
        by = "with a vector for each letter of an index"
        return [
            replace(b, reason=f"{b.reason}, {by}")
            if a.truth is Truth.NOT_UNDERSTOOD and a.kind is b.kind is Kind.CLAIM and b.truth is Truth.TRUE
            else a
            for a, b in pairs
        ]
