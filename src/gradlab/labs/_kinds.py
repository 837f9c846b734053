"""The one table of tags: which words there are, which open a block, and what the lines of the block are for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final


class Role(Enum):
    """What a line of a cell is for."""

    CONTENT = "in both versions"
    HOMEWORK = "in the solution alone"
    MESSAGE = "in the question alone"
    NOTE = "in neither"
    CHECK = "in the check's own cell"
    ANSWER = "an empty cell in the question"
    FLAG = "a tag that takes no content with it"
    TAG = "a tag that opens or closes a block"


@dataclass(frozen=True, slots=True)
class Kind:
    """A tag that there is.

    Args:
        word: what stands behind `#!TAG`.
        closing: the word that closes the block which it opens; empty where it opens none.
        role: what the lines of that block are for.
        arguments: whether something may stand behind the word.
        common: whether it is a word of ordinary texts, which by itself betrays no tag with a slip in it.
    """

    word: str
    closing: str = ""
    role: Role = Role.FLAG
    arguments: bool = False
    common: bool = False


_kinds: Final = {
    kind.word: kind
    for kind in (
        Kind("HWBEGIN", "HWEND", Role.HOMEWORK),
        Kind("SKIPQUESTEXEC"),
        Kind("CHECK", "CHECKEND", Role.CHECK, arguments=True, common=True),
        Kind("COST", arguments=True, common=True),
        Kind("NOTE", "NOTEEND", Role.NOTE, common=True),
        Kind("ANSWER", arguments=True, common=True),
        Kind("ALLOW", arguments=True, common=True),
    )
}


def kind_of(word: str) -> Kind | None:
    """Return the tag of a word; None for one that closes a block, and for what is no tag."""
    return _kinds.get(word)


def opens(word: str) -> bool:
    """Return whether a word opens a block."""
    return word in _kinds and bool(_kinds[word].closing)


def opener(word: str) -> str:
    """Return the word that opens the blocks which a word closes; empty where it closes none."""
    return next((kind.word for kind in _kinds.values() if word and kind.closing == word), "")


def takes_arguments(word: str) -> bool:
    """Return whether something may stand behind a word."""
    return word in _kinds and _kinds[word].arguments


@cache
def words() -> tuple[str, ...]:
    """Return every word that may stand behind `#!TAG`."""
    return tuple(word for kind in _kinds.values() for word in (kind.word, kind.closing) if word)


@cache
def telltale() -> re.Pattern[str]:
    """Return what finds words that nobody writes but to tag: a line with one of them is a tag with a slip in it."""
    common = {kind.word for kind in _kinds.values() if kind.common}
    return re.compile(rf"\b(?:{'|'.join(word for word in words() if word not in common)})\b")


@cache
def as_comment() -> re.Pattern[str]:
    """Return what finds a tag that is written as a comment."""
    return re.compile(rf"^\s*#+\s*(?:TAG|MSG)\s+(?:{'|'.join(words())})\b")
