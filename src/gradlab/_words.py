"""Words that several parts of gradlab say alike."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeVar

Documented = TypeVar("Documented", bound=Callable[..., object])


def listed(words: Iterable[str], last: str = "or") -> str:
    """Return words with commas between them and a word before the last.

    >>> listed(["tanh", "relu", "identity"])
    'tanh, relu or identity'
    """
    *first, end = words
    return f"{', '.join(first)} {last} {end}" if first else end


def bare(word: str) -> str:
    """Return a word without what people write differently: GradientDescent, gradient_descent, gradient-descent."""
    return re.sub(r"[\W_]", "", word).lower()


def called_so(wanted: object, known: Iterable[str]) -> list[str]:
    """Return the words that are the same but for capitals and signs, else those that other libraries call so.

    Args:
        wanted: what was written.
        known: the words that there are; as a mapping to rows, those may say what others call it, as `elsewhere`.
    """
    name, rows = bare(str(wanted)), known if isinstance(known, Mapping) else dict.fromkeys(known)
    same = [word for word in rows if bare(word) == name]
    return same or [word for word, row in rows.items() if name in map(bare, getattr(row, "elsewhere", ()))]


def meant(wanted: object, known: Iterable[str], most: int = 1) -> list[str]:
    """Return which words a person may have meant: those that are called so, else those that are near.

    Args:
        wanted: what was written.
        known: the words that there are, as in `called_so`.
        most: how many are returned at most.

    >>> meant("ReLU", ["relu", "elu"]), meant("tanhh", ["tanh", "sin"]), meant("softmax", ["softsign", "softplus"])
    (['relu'], ['tanh'], [])
    """
    return called_so(wanted, known)[:most] or get_close_matches(str(wanted).lower(), [*known], n=most, cutoff=0.7)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "cell"), counted(0, "cell")
    ('1 cell', '0 cells')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def sized(size: float) -> str:
    """Return a number of bytes in words.

    >>> sized(512), sized(999_999), sized(14_400_000_000)
    ('512 bytes', '1 MB', '14.4 GB')
    """
    units = ["bytes", "kB", "MB", "GB", "TB", "PB"]
    while size >= 999.5 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.3g} {units[0]}"


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


def in_columns(rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Return a table with its columns aligned to the right, two blanks between them.

    Args:
        rows: the cells of each row, those of the header first.
        width: how many characters a line may have. A wider table is cut into several, one below the other, each with
            the first column. Default: any number.

    >>> print(in_columns([["k", "x1", "x2"], ["0", "6.5", "6.5"], ["1", "8", "4"]], width=8))
    k   x1
    0  6.5
    1    8
    <BLANKLINE>
    k   x2
    0  6.5
    1    4
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    parts, room = [[0]], 0
    for column in range(1, len(widths)):
        if width is not None and parts[-1] != [0] and room + 2 + widths[column] > width:
            parts.append([0])
        room = (room if parts[-1] != [0] else widths[0]) + 2 + widths[column]
        parts[-1].append(column)
    return "\n\n".join(
        "\n".join("  ".join(row[i].rjust(widths[i]) for i in part).rstrip() for row in rows) for part in parts
    )
