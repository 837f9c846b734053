"""The root of every error that a person's input can cause."""

from __future__ import annotations

from typing import Any


class GradlabError(ValueError):
    """What was given cannot be used; the message says what was wrong, where, and what to write instead.

    Every error that gradlab raises on purpose derives from it, so it stands where also `gradlab.check`, which shares
    no code with what it judges, may import it.

    Attributes:
        finished: of work in memory that failed in the middle, what was done until then.
    """

    finished: Any = None
