"""The tag language, line by line: which line is a tag, which only looks like one, what its arguments say.

A tag counts wherever its line stands, in a fenced or quoted part of the prose too: a line that is taken for
an example by mistake would put a solution before the students. A text that has to *show* a tag writes
`#&#33;TAG` in prose, or splits the string in code.
"""

from __future__ import annotations

import difflib
import re
import shlex
from dataclasses import dataclass, field, replace

from gradlab._errors import GradlabError
from gradlab.labs._kinds import as_comment, takes_arguments, telltale, words

_TAG = re.compile(r"^(?P<indent>\s*)(?P<comment>(?:#\s*)*)#!(?P<kind>TAG|MSG)(?!\w)(?P<rest>.*)$", re.DOTALL)
_ANYWHERE = re.compile(r"#\s*!\s*(?:TAG|MSG)", re.IGNORECASE)
_BANG = re.compile(r"^\s*(?:#\s*)+!\s*(?P<word>[A-Za-z]+)")


class TagSyntaxError(GradlabError):
    """A line that is meant as a tag and is none; the message says what to write."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag line.

    Args:
        word: one of `words()`, or "MSG".
        indent: the white space before it.
        text: what stands behind the word: arguments, or the message.
        remarks: what was accepted though it should be written otherwise.
    """

    word: str
    indent: str
    text: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckArguments:
    """The arguments of a CHECK tag.

    Args:
        name: unique in the template.
        points: what passing it is worth, default 1.
        hidden: whether neither version shows it, default no.
        timeout: seconds that it may run, default 10.
        costs: what its COST tags say: the points that an assertion costs whose message holds the text.
    """

    name: str
    points: float = 1.0
    hidden: bool = False
    timeout: float = 10.0
    costs: list[tuple[float, str]] = field(default_factory=lambda: list[tuple[float, str]](), repr=False)


def parse_tag(line: str) -> Tag | None:
    """Read one line of a template.

    Args:
        line: the line, without its end.

    Returns:
        The tag, or None where the line is ordinary content.

    Raises:
        TagSyntaxError: if the line is meant as a tag but is not written as one.

    >>> parse_tag("    #!MSG TODO return the loss.").text
    'TODO return the loss.'
    >>> parse_tag("x = 1  # a comment") is None
    True
    """
    match = _TAG.match(line)
    if match is None:
        _refuse_near_miss(line)
        return None
    indent, rest = match["indent"], match["rest"]
    if match["kind"] == "MSG":
        if _ANYWHERE.search(rest):
            raise TagSyntaxError("a second tag stands in this message; each tag needs a line of its own")
        # One blank parts the word from the message; what more there is indents the message.
        return Tag("MSG", indent, rest[1:].rstrip())
    remarks = ()
    if match["comment"]:
        remarks = ("this tag is commented out, and counts all the same; delete the line if it should not",)
    word_match = re.match(r"\s+(\w+)(.*)$", rest, re.DOTALL)
    if word_match is None:
        raise TagSyntaxError(f"#!TAG without a word; write one of {', '.join(words())} behind it")
    word, text = word_match[1], word_match[2].strip()
    if word not in words():
        raise TagSyntaxError(f"unknown tag {word!r}{nearest(word, words())}")
    if word not in ("ALLOW", "COST") and (_ANYWHERE.search(text) or telltale().search(text)):
        raise TagSyntaxError(f"a second tag stands behind {word}; each tag needs a line of its own")
    if text and not takes_arguments(word):
        remarks += (f"{text!r} behind {word} is ignored; delete it",)
    return Tag(word, indent, text, remarks)


def _refuse_near_miss(line: str) -> None:
    bang = _BANG.match(line)
    spelt = bang is not None and (bang["word"].upper() in words() or bang["word"].upper().startswith(("TAG", "MSG")))
    if spelt or as_comment().match(line):
        raise TagSyntaxError(f"{line.strip()!r} is not written as a tag; write '#!TAG WORD' or '#!MSG text'")
    if _ANYWHERE.search(line) or telltale().search(line):
        raise TagSyntaxError(
            "a tag has to stand on a line of its own; put it on one "
            "(in prose, '#&#33;TAG' shows a tag without being one)"
        )


def nearest(word: str, known: tuple[str, ...]) -> str:
    """Say which known word may have been meant.

    Returns:
        A clause to put behind the complaint.

    >>> nearest("HWBEGN", words())
    '; the nearest known is HWBEGIN'
    """
    spelling = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), list(spelling), n=1, cutoff=0.5)
    return f"; the nearest known is {spelling[close[0]]}" if close else f"; known are {', '.join(known)}"


def check_arguments(text: str) -> CheckArguments:
    """Read what stands behind CHECK.

    Args:
        text: for example `loss points=2 hidden timeout=5`.

    Returns:
        The arguments, defaults filled in.

    Raises:
        TagSyntaxError: if the name is missing or an argument is unknown or no number.

    >>> check_arguments("loss points=2 hidden")
    CheckArguments(name='loss', points=2.0, hidden=True, timeout=10.0)
    """
    words = _split(text, "CHECK")
    if not words or not re.fullmatch(r"[A-Za-z_][\w.-]*", words[0]) or words[0] == "hidden":
        raise TagSyntaxError("CHECK needs a name of letters, digits, '_', '-' or '.': #!TAG CHECK name points=2")
    numbers: dict[str, float] = {}
    hidden = False
    for word in words[1:]:
        if word == "hidden":
            hidden = True
        else:
            key, number = _number(word, ("points", "timeout"), ("points", "timeout", "hidden"))
            numbers[key] = number
    if numbers.get("timeout", 1.0) == 0:
        raise TagSyntaxError("timeout=0 leaves the check no time; give it seconds, such as timeout=10")
    given = CheckArguments(words[0], hidden=hidden)
    return replace(given, points=numbers.get("points", given.points), timeout=numbers.get("timeout", given.timeout))


def answer_points(text: str) -> float:
    """Read what stands behind ANSWER.

    Args:
        text: empty, or for example `points=2`.

    Returns:
        The points, default 1.

    Raises:
        TagSyntaxError: if an argument is unknown or no number.

    >>> answer_points("points=2")
    2.0
    """
    points = 1.0
    for word in _split(text, "ANSWER"):
        points = _number(word, ("points",), ("points",))[1]
    return points


def named_cost(text: str) -> tuple[float, str]:
    """Read what stands behind COST.

    Args:
        text: the points, and in double quotes a part of the message of what costs them.

    Raises:
        TagSyntaxError: if it is something else.

    >>> named_cost('0.5 "mind the sign"')
    (0.5, 'mind the sign')
    """
    match = re.fullmatch(r'(\d+(?:\.\d*)?|\.\d+)\s+"(.*\S.*)"', text)
    if match is None:
        raise TagSyntaxError('COST needs points and a part of a message in double quotes: #!TAG COST 0.5 "the sign"')
    return float(match[1]), match[2]


def allowed_text(text: str) -> str:
    """Read what stands behind ALLOW.

    Args:
        text: the allowed text in double quotes; a quote or a backslash in it may be escaped with a backslash.

    Returns:
        The text without its quotes.

    Raises:
        TagSyntaxError: if it is not one quoted text.

    >>> allowed_text('"return x"')
    'return x'
    """
    match = re.fullmatch(r'"(.+)"', text)
    if match is None or not match[1].strip():
        raise TagSyntaxError('ALLOW needs the repeated text in double quotes: #!TAG ALLOW "return x"')
    return re.sub(r'\\(["\\])', r"\1", match[1])


def _split(text: str, word: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise TagSyntaxError(f"a quotation mark behind {word} is not closed") from error


def _number(word: str, numeric: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, float]:
    key, equals, value = word.partition("=")
    if not equals or key not in numeric:
        raise TagSyntaxError(f"unknown argument {word!r}{nearest(key, known)}")
    try:
        number = float(value)
    except ValueError as error:
        raise TagSyntaxError(f"{key}={value} is not a number; write for example {key}=2") from error
    if not 0 <= number < float("inf"):
        raise TagSyntaxError(f"{key}={value} cannot be; write a number from 0 up, for example {key}=2")
    return key, number
