"""Words that several parts of gradlab say alike."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from typing import TypeVar

Documented = TypeVar("Documented", bound=Callable[..., object])


def listed(words: Iterable[str], last: str = "or") -> str:
    """Return words with commas between them and a word before the last.

    >>> listed(["tanh", "relu", "identity"])
    'tanh, relu or identity'
    """
    *first, end = words
    return f"{', '.join(first)} {last} {end}" if first else end


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "cell"), counted(0, "cell")
    ('1 cell', '0 cells')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def documented(**texts: Callable[[], str]) -> Callable[[Documented], Documented]:
    """A decorator that fills in ``{name}`` in a docstring, so that what a table lists is listed in one place.

    Args:
        texts: for each name in braces what makes its text.
    """

    def fill(function: Documented) -> Documented:
        if function.__doc__ is None:  # python -OO keeps none
            return function
        lines = function.__doc__.split("\n")
        for i, line in enumerate(lines):
            for name, make in texts.items():
                line = line.replace(f"{{{name}}}", make())
            if line != lines[i]:
                deep = " " * (len(line) - len(line.lstrip()) + 4)
                lines[i] = textwrap.fill(line, 118, subsequent_indent=deep, break_long_words=False)
        function.__doc__ = "\n".join(lines)
        return function

    return fill
