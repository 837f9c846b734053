"""What is wrong with a formula, and where."""

from __future__ import annotations


class TexError(ValueError):
    """A formula that cannot be read; the message says which command or character is at fault.

    Args:
        message: what is wrong, and what to write instead.
        offset: where in the formula's source; None until it is known.
    """

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset
