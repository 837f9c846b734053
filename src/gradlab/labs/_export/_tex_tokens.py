"""TeX source as tokens, and the macros a lab defines for itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gradlab._errors import GradlabError

_TOKEN = re.compile(r"\\(?:[A-Za-z]+\*?|.|\n)|%[^\n]*(?:\n\s*|$)|\s+|.", re.DOTALL)
# The star belongs to the name only where TeX has a starred command; elsewhere it is an asterisk.
_STARRED = frozenset({"operatorname*", "tag*", "hspace*", "DeclareMathOperator*"})
_EXPANSIONS = 2000


class TexError(GradlabError):
    """A formula that cannot be typeset; the message says which command or character is at fault."""


@dataclass(frozen=True, slots=True)
class Macro:
    r"""A definition made with `\newcommand` or `\def`: how many arguments, and what it becomes."""

    arguments: int
    body: tuple[str, ...]
    default: tuple[str, ...] | None = None


def tokenise(source: str) -> list[str]:
    """Return the tokens of a formula: commands, single characters, runs of white space; comments are dropped."""
    tokens: list[str] = []
    for match in _TOKEN.finditer(source):
        token = match.group()
        if token.startswith("%"):
            continue
        if token.endswith("*") and len(token) > 2 and token[1:] not in _STARRED:
            tokens += [token[:-1], "*"]
        else:
            tokens.append(token)
    return tokens


@dataclass(slots=True)
class Tokens:
    """A stream of tokens with look-ahead, in which macros can be expanded in place."""

    items: list[str]
    macros: dict[str, Macro]
    position: int = 0
    expansions: int = field(default=0)

    def peek(self) -> str | None:
        """Return the next token that is not white space, its macro expanded, without taking it."""
        while self.position < len(self.items):
            token = self.items[self.position]
            if token.isspace():
                self.position += 1
            elif token.startswith("\\") and token[1:] in self.macros:
                self._expand(token[1:])
            else:
                return token
        return None

    def take(self) -> str:
        """Take the next token that is not white space."""
        token = self.peek()
        if token is None:
            raise TexError("the formula ends too early")
        self.position += 1
        return token

    def group(self) -> tuple[str, ...]:
        """Take one argument as raw tokens: a braced group without its braces, or one token."""
        while self.position < len(self.items) and self.items[self.position].isspace():
            self.position += 1
        if self.position >= len(self.items):
            raise TexError("an argument is missing at the end of the formula")
        first = self.items[self.position]
        self.position += 1
        return tuple(self._until_brace()) if first == "{" else (first,)

    def optional(self) -> tuple[str, ...] | None:
        """Take an argument in square brackets, if one is next."""
        start = self.position
        while self.position < len(self.items) and self.items[self.position].isspace():
            self.position += 1
        if self.position >= len(self.items) or self.items[self.position] != "[":
            self.position = start
            return None
        depth, taken = 0, list[str]()
        self.position += 1
        while self.position < len(self.items):
            token = self.items[self.position]
            self.position += 1
            if token == "]" and depth == 0:
                return tuple(taken)
            depth += {"{": 1, "}": -1}.get(token, 0)
            taken.append(token)
        raise TexError("a [ is never closed")

    def _until_brace(self) -> Iterator[str]:
        depth = 1
        while self.position < len(self.items):
            token = self.items[self.position]
            self.position += 1
            depth += {"{": 1, "}": -1}.get(token, 0)
            if depth == 0:
                return
            yield token
        raise TexError("a { is never closed")

    def _expand(self, name: str) -> None:
        self.expansions += 1
        if self.expansions > _EXPANSIONS:
            raise TexError(f"the macro \\{name} expands without end")
        macro = self.macros[name]
        start = self.position
        self.position += 1
        arguments: list[tuple[str, ...]] = []
        if macro.default is not None:
            arguments.append(self.optional() or macro.default)
        while len(arguments) < macro.arguments:
            arguments.append(self.group())
        body: list[str] = []
        items = iter(macro.body)
        for token in items:
            following = next(items, "") if token == "#" else ""
            if token == "#" and following.isdigit() and 0 < int(following) <= len(arguments):
                body += arguments[int(following) - 1]
            else:
                body += [token, following] if following else [token]
        if len(self.items) - self.position + len(body) > 100_000:
            raise TexError(f"the macro \\{name} makes the formula too long")
        self.items[start : self.position] = body
        self.position = start

    def define(self, command: str) -> None:
        """Read a macro definition that follows `command` (newcommand, renewcommand, def, DeclareMathOperator)."""
        name = "".join(self.group()).strip().removeprefix("\\")
        if command == "def":
            count = 0
            while self.position < len(self.items) and self.items[self.position] != "{":
                count += self.items[self.position] == "#"
                self.position += 1
            macro = Macro(count, self.group())
        elif command.startswith("DeclareMathOperator"):
            star = "*" if command.endswith("*") else ""
            macro = Macro(0, (f"\\operatorname{star}", "{", *self.group(), "}"))
        else:
            count_text = "".join(self.optional() or ("0",))
            default = self.optional()
            if not count_text.strip().isdigit():
                raise TexError(f"\\{command}{{\\{name}}}[{count_text}]: the number of arguments is not a number")
            macro = Macro(int(count_text), self.group(), default)
        self.macros[name] = macro
