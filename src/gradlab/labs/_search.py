"""Look for many texts in one at once, in time that grows with their lengths and not with the product of them."""

from __future__ import annotations

import bisect
import html
import re
import unicodedata
from collections.abc import Iterable

_NO_LETTER = re.compile(r"[\W_]+")


def strict_form(text: str) -> str:
    r"""Reduce a text to what does not depend on white space.

    Returns:
        Its characters, HTML entities resolved and compatible characters made equal.

    >>> strict_form("  x  &lt;\t1")
    'x<1'
    """
    plain = "".join(unicodedata.normalize("NFKC", html.unescape(text)).split())
    return plain if plain.isprintable() else "".join(filter(str.isprintable, plain))


def loose_form(text: str) -> str:
    """Reduce a text to its letters and digits.

    Returns:
        The letters and digits, in lower case.

    >>> loose_form("“don’t” – 2.5")
    'dont25'
    """
    return _NO_LETTER.sub("", strict_form(text).casefold())


class Haystack:
    """A text in both forms that knows which of its parts a character comes from.

    Args:
        parts: the parts in their order, each with a number: a line of a file.
    """

    def __init__(self, parts: Iterable[tuple[str, int]]) -> None:
        self._numbers: list[int] = []
        self._starts: list[int] = []
        self._loose_starts: list[int] = []
        strict: list[str] = []
        loose: list[str] = []
        length = loose_length = 0
        for text, number in parts:
            self._numbers.append(number)
            self._starts.append(length)
            self._loose_starts.append(loose_length)
            strict.append(strict_form(text))
            loose.append(_NO_LETTER.sub("", strict[-1].casefold()))
            length += len(strict[-1])
            loose_length += len(loose[-1])
        self.strict = "".join(strict)
        self.loose = "".join(loose)

    def number(self, position: int, *, loose: bool = False) -> int:
        """Return the number of the part that a position in the strict or loose form lies in."""
        starts = self._loose_starts if loose else self._starts
        return self._numbers[bisect.bisect_right(starts, position) - 1]


class Needles:
    """Texts to be looked for.

    Args:
        texts: the texts, each in the form of what will be searched; empty ones are found nowhere.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        from ahocorasick_rs import AhoCorasick

        self._texts = list(dict.fromkeys(filter(None, texts)))
        self._finder = AhoCorasick(self._texts, store_patterns=False) if self._texts else None

    def find(self, text: str) -> dict[str, list[tuple[int, int]]]:
        """Return, for each text that is there, where it begins and ends, in order."""
        found: dict[str, list[tuple[int, int]]] = {}
        if self._finder is not None:
            for index, start, end in self._finder.find_matches_as_indexes(text, overlapping=True):
                found.setdefault(self._texts[index], []).append((start, end))
        return found
