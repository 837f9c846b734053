"""How to read on behind a tag that cannot stand where it stands, so that one slip is one error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

from gradlab.labs._kinds import opener, opens
from gradlab.labs._layout import Span
from gradlab.labs._tags import TagSyntaxError, parse_tag

# Behind so many lines or tags nothing more is learned about one slip.
_LINES_AHEAD, _TAGS_AHEAD = 5000, 50


def block_tags(spans: Sequence[Span], cell: int, number: int) -> list[str]:
    """Find the tags that open or close blocks behind a line.

    Returns:
        Their words, as far ahead as it is worth looking.
    """

    def following() -> Iterator[str]:
        for index in range(cell, len(spans)):
            span = spans[index]
            yield from (text for row, text in zip(span.numbers, span.lines, strict=True) if row > number)

    words = (word for text in islice(following(), _LINES_AHEAD) for word in _block_words(text))
    return list(islice(words, _TAGS_AHEAD))


def _block_words(text: str) -> Iterable[str]:
    with suppress(TagSyntaxError):
        tag = parse_tag(text) if "#!" in text else None
        if tag is not None and (opens(tag.word) or opener(tag.word)):
            return (tag.word,)
    return ()


def open_after(word: str, opened: Sequence[str], ahead: Sequence[str]) -> list[str]:
    """Choose what to take for open behind a tag that cannot stand here: what leaves the fewest errors ahead.

    Args:
        word: the tag's word, empty where it cannot be read.
        opened: the openers of the blocks that are open before it, the innermost last.
        ahead: the words of the tags that follow.

    Returns:
        The openers of the blocks that are open after it.

    >>> open_after("HWBEGIN", ["HWBEGIN"], ["HWBEGIN", "HWEND"])  # it should have been HWEND
    []
    >>> open_after("HWBEGIN", ["HWBEGIN"], ["HWEND", "HWEND"])  # nested
    ['HWBEGIN', 'HWBEGIN']
    """
    kept = list(opened)
    if not word:
        choices = [kept, [] if kept else ["HWBEGIN"]]
    elif opens(word):
        choices = [[*kept, word], kept, [word], []] if [word] != kept[-1:] else [[], [*kept, word], [word]]
    else:
        choices = [[], kept]
    return min(choices, key=lambda choice: _errors(choice, ahead))


def _errors(opened: Sequence[str], ahead: Sequence[str]) -> int:
    stack, errors = list(opened), 0
    for word in ahead:
        if opens(word):
            errors += bool(stack)
            stack = [word]
        elif stack and stack[-1] == opener(word):
            stack.pop()
        else:
            errors += 1
            stack = []
    return errors + (bool(stack) if len(ahead) < _TAGS_AHEAD else 0)
