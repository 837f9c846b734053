"""TeX source as tokens that know where they stand, and the macros a document defines for itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from gradlab.tex._errors import TexError

if TYPE_CHECKING:
    from gradlab.tex._tree import Node

_TOKEN = re.compile(r"\\(?:[A-Za-z]+\*?|.|\n)|%[^\n]*(?:\n\s*|$)|\s+|.", re.DOTALL)
# The star belongs to the name only where TeX has a starred command; elsewhere it is an asterisk.
_STARRED = frozenset({"operatorname*", "tag*", "hspace*", "DeclareMathOperator*"})
_EXPANSIONS = 2000
_LONGEST = 100_000


class Token(str):
    r"""A command with its backslash, one character, or a run of white space, with its place in the formula's source.

    What a macro expands to has the place of its call. A `primitive` command keeps its first meaning, whatever is
    defined later.
    """

    __slots__ = ("end", "primitive", "start")
    start: int
    end: int
    primitive: bool

    def __new__(cls, text: str, start: int, end: int, primitive: bool = False) -> Self:
        """Make a token of a text that stands at `start` up to `end`."""
        made = str.__new__(cls, text)
        made.start, made.end, made.primitive = start, end, primitive
        return made


class Known(Token):
    """Something that has been read before, with what it was read as; no text means it."""

    __slots__ = ("nodes",)
    nodes: tuple[Node, ...]

    @classmethod
    def of(cls, nodes: tuple[Node, ...]) -> Self:
        """Make one, which stands nowhere."""
        made = cls("\ue000", 0, 0)
        made.nodes = nodes
        return made


@dataclass(frozen=True, slots=True)
class Macro:
    r"""A definition made with `\newcommand` or `\def`: how many arguments, and what it becomes."""

    arguments: int
    body: tuple[Token, ...]
    default: tuple[Token, ...] | None = None


def tokenise(source: str) -> list[Token]:
    r"""Return the tokens of a formula; comments are dropped.

    Args:
        source: TeX.

    Returns:
        Commands, single characters and runs of white space, in order.

    >>> [(token, token.start) for token in tokenise(r"\frac ab*")]
    [('\\frac', 0), (' ', 5), ('a', 6), ('b', 7), ('*', 8)]
    """
    tokens: list[Token] = []
    end = 0
    for token in _TOKEN.findall(source):  # every character belongs to one
        start, end = end, end + len(token)
        if token[0] == "%":
            continue
        if len(token) > 2 and token[-1] == "*" and token[1:] not in _STARRED:
            tokens += [Token(token[:-1], start, end - 1), Token("*", end - 1, end)]
        else:
            tokens.append(Token(token, start, end))
    return tokens


class Tokens:
    """A stream of tokens with look-ahead, in which macros are expanded in place."""

    def __init__(self, items: list[Token], macros: dict[str, Macro], at: int = 0) -> None:
        self.items = items
        self.macros = macros
        self.position = 0
        self.expansions = 0
        self.end = at  # of the last token taken

    def peek(self) -> Token | None:
        """Return the next token that is not white space, its macro expanded, without taking it."""
        items = self.items
        while self.position < len(items):
            token = items[self.position]
            if token[0] != "\\":
                if not token.isspace():
                    return token
                self.position += 1
            elif self.macros and token[1:] in self.macros and not token.primitive:
                self._expand(token)
            else:
                return token
        return None

    def take(self) -> Token:
        """Take the next token that is not white space."""
        token = self.peek()
        if token is None:
            raise TexError("the formula ends too early", self.end)
        return self.next()

    def digits(self) -> str:
        """Take the rest of a number: what stands without a space after its first digit."""
        taken, items = "", self.items
        while self.position < len(items):
            token = items[self.position]
            following = items[self.position + 1] if self.position + 1 < len(items) else ""
            if not (token.isdecimal() or (token == "." and following.isdecimal())):
                break
            taken += self.next()
        return taken

    def length(self) -> str:
        r"""Take a length that stands without braces, as in `\kern 1.5em`: a number and two letters."""
        taken = ""
        while (token := self.peek()) is not None and len(token) == 1 and (token in "+-." or token.isalnum()):
            taken += self.take()
            if len(taken) > 2 and taken[-2:].isalpha():
                break
        return taken

    def give_back(self, token: Token) -> None:
        """Put the token that was taken last back."""
        self.position -= 1
        self.end = token.start

    def here(self) -> int:
        """Return where the next token that is not white space stands; the end of the last where there is none."""
        token = self.peek()
        return self.end if token is None else token.start

    def group(self) -> tuple[Token, ...]:
        """Take one argument as raw tokens: a braced group without its braces, or one token."""
        self._skip_space()
        if self.position >= len(self.items):
            raise TexError("an argument is missing at the end of the formula", self.end)
        first = self.next()
        return tuple(self._until_brace(first)) if first == "{" else (first,)

    def optional(self) -> tuple[Token, ...] | None:
        """Take an argument in square brackets, if one is next."""
        start = self.position
        self._skip_space()
        if self.position >= len(self.items) or self.items[self.position] != "[":
            self.position = start
            return None
        depth, taken = 0, list[Token]()
        opening = self.next()
        while self.position < len(self.items):
            token = self.next()
            if token == "]" and depth == 0:
                return tuple(taken)
            depth += {"{": 1, "}": -1}.get(token, 0)
            taken.append(token)
        raise TexError("a [ is never closed", opening.start)

    def next(self) -> Token:
        """Take the next token as it stands; there is one, as `peek` has told or its place has."""
        token = self.items[self.position]
        self.position += 1
        self.end = token.end
        return token

    def _skip_space(self) -> None:
        while self.position < len(self.items) and self.items[self.position].isspace():
            self.position += 1

    def _until_brace(self, opening: Token) -> Iterator[Token]:
        depth = 1
        while self.position < len(self.items):
            token = self.next()
            depth += {"{": 1, "}": -1}.get(token, 0)
            if depth == 0:
                return
            yield token
        raise TexError("a { is never closed", opening.start)

    def _expand(self, call: Token) -> None:
        name = call[1:]
        self.expansions += 1
        if self.expansions > _EXPANSIONS:
            raise TexError(f"the macro \\{name} expands without end", call.start)
        macro, start, end = self.macros[name], self.position, self.end
        self.next()
        arguments: list[Iterable[Token]] = []
        if macro.default is not None:
            arguments.append(self.optional() or macro.default)
        while len(arguments) < macro.arguments:
            arguments.append(self.group())
        body: list[Token] = []
        items = iter(macro.body)
        for token in items:
            following = next(items, None) if token == "#" else None
            if following is not None and following.isdecimal() and 0 < int(following) <= len(arguments):
                body += arguments[int(following) - 1]
            else:
                body += [token] if following is None else [token, following]
        if len(self.items) - self.position + len(body) > _LONGEST:
            raise TexError(f"the macro \\{name} makes the formula too long", call.start)
        self.items[start : self.position] = [Token(token, call.start, self.end, token.primitive) for token in body]
        self.position, self.end = start, end

    def define(self, command: str) -> None:
        r"""Read a definition behind `command`: `newcommand` and its like, `def`, `let` or `DeclareMathOperator`."""
        if self.peek_raw() == "*":
            self.next()
        named = self.group()
        name = "".join(named).strip().removeprefix("\\")
        if not name:
            raise TexError(f"\\{command} defines nothing: write a command behind it", self.end)
        macro = self._definition(command, name)
        if command != "providecommand" or name not in self.macros:
            self.macros[name] = macro

    def _definition(self, command: str, name: str) -> Macro:
        if command == "let":
            if self.peek_raw() == "=":
                self.next()
            (meant,) = self.group()[:1] or (Token("{", self.end, self.end),)
            known = self.macros.get(meant[1:]) if meant.startswith("\\") else None
            return known or Macro(0, (Token(meant, meant.start, meant.end, primitive=True),))
        if command == "def":
            count = 0
            while self.position < len(self.items) and self.items[self.position] != "{":
                count += self.next() == "#"
            return Macro(count, self.group())
        if command.startswith("DeclareMathOperator"):
            star = "*" if command.endswith("*") else ""
            before, after = tokenise(f"\\operatorname{star}{{"), tokenise("}")
            return Macro(0, (*before, *self.group(), *after))
        count_text = "".join(self.optional() or ("0",))
        default = self.optional()
        if not count_text.strip().isdecimal():
            message = f"\\{command}{{\\{name}}}[{count_text}]: the number of arguments is not a number"
            raise TexError(message, self.end)
        return Macro(int(count_text), self.group(), default)

    def peek_raw(self) -> Token | None:
        """Return the next token that is not white space as it stands, no macro expanded."""
        self._skip_space()
        return self.items[self.position] if self.position < len(self.items) else None
