"""TeX's mathematics read into a tree, as MathJax reads it.

What typesets and what judges reads this tree, so a formula cannot mean one thing here and another there. A command
that is not known is an error that names it: nothing is guessed and nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from gradlab.tex._commands import READERS, SWITCHES
from gradlab.tex._errors import TexError
from gradlab.tex._symbols import (
    CHARACTERS,
    FUNCTIONS,
    LIMIT_FUNCTIONS,
    LOWERED,
    RAISED,
    SPACES,
    SYMBOLS,
    TYPED,
    UPRIGHT,
    UPRIGHT_GREEK,
    VAR_CAPITALS,
)
from gradlab.tex._tables import ENVIRONMENTS, read_environment, read_rows
from gradlab.tex._tokens import Known, Macro, Token, Tokens, tokenise
from gradlab.tex._tree import (
    Fence,
    Fraction,
    Name,
    Node,
    Parsed,
    Row,
    Scripts,
    Space,
    Symbol,
    Variant,
    moved,
    place,
)

_DEFINITIONS = set("newcommand renewcommand providecommand def let DeclareMathOperator DeclareMathOperator*".split())
_IGNORED = set(
    "nonumber notag allowbreak strut mathstrut displaylimits hfil hfill nobreak goodbreak badbreak nonscript".split()
)
_STOPS = {"}", "&", "\\\\", "\\cr", "\\end", "\\right", None}
_INFIX = {"\\over": ("", ""), "\\atop": ("", ""), "\\choose": ("(", ")"), "\\brace": ("{", "}"), "\\brack": ("[", "]")}
_PRIMES = {"'": 1, "′": 1, "″": 2, "‴": 3}
_SCRIPTS = {"^", "_", "\\limits", "\\nolimits", *_PRIMES, *RAISED, *LOWERED}
_MAX_DEPTH = 50  # what is read here and printed later stays far from the deepest that Python calls


_NO_NUMBERS: Mapping[str, str] = {}


class Parser:
    """Reads one formula; `macros` are the document's own and grow as the formula defines more."""

    def __init__(
        self, tokens: list[Token], macros: dict[str, Macro], at: int = 0, numbers: Mapping[str, str] = _NO_NUMBERS
    ) -> None:
        self.tokens = Tokens(tokens, macros, at)
        self.variant: Variant | None = None
        self.tag: str | None = None
        self.labels: list[str] = []
        self.numbers = numbers
        self._depth = 0
        self.fences = 0

    def formula(self) -> Parsed:
        """Read everything there is."""
        try:
            body = read_rows(self)
            self.tag = self.tag or self.number(self.labels)
            following = self.tokens.peek()
            if following is not None:
                raise TexError(f"{following} stands here without what it belongs to", following.start)
        except TexError as error:
            if error.offset is None:
                error.offset = self.tokens.end
            raise
        return Parsed(body, self.tag, tuple(self.labels))

    def row(self, also_stop: frozenset[str] = frozenset()) -> Row:
        """Read until something that ends a row: a brace, an alignment point, the end of a line or of a fence."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise TexError(f"the formula is nested more than {_MAX_DEPTH} levels deep")
        outer, at = self.variant, self.tokens.here()
        items: list[Node] = []
        while (token := self.tokens.peek()) not in _STOPS and token not in also_stop:
            assert token is not None
            if token in _INFIX:
                self.tokens.take()
                below = self.row(also_stop)
                start = items[0].start if items else token.start
                items = [place(self._infix(token, self._row(items, token.start), below), start, below.end, token[1:])]
                break
            items += self._scripted(also_stop)
        self.variant = outer
        self._depth -= 1
        return self._row(items, at)

    @staticmethod
    def _row(items: list[Node], at: int) -> Row:
        start, end = (items[0].start, items[-1].end) if items else (at, at)
        return Row(tuple(items), start=start, end=end)

    def argument(self) -> Node:
        """Read one argument: a braced group or a single token."""
        token = self.tokens.take()
        if token == "{":
            return self._braced(token)
        if token in _STOPS:
            raise TexError(f"an argument is missing before {token}", token.start)
        if token.isdecimal():
            return place(Symbol(token, variant=self.variant or "normal"), token.start, token.end)
        atom = self._atom(token, frozenset())
        return atom[0] if len(atom) == 1 else self._row(atom, token.start)

    def typed(self, token: Token) -> Node:
        """Read a character as if it were typed."""
        return self._atom(token, frozenset())[0]

    def under_and_over(self, base: Node) -> Node:
        """Read the scripts of what carries them below and above it, if there are any."""
        if self.tokens.peek() not in _SCRIPTS:
            return base
        scripts = self._scripts(base)
        return replace(scripts, limits=True) if scripts.limits is None else scripts

    def number(self, labels: Iterable[str]) -> str | None:
        """Return the number in brackets of what has some labels, None where it has none."""
        return next((f"({self.numbers[label]})" for label in labels if label in self.numbers), None)

    def words(self) -> str:
        """Read one argument as plain text."""
        return "".join(self.tokens.group())

    def sub_parser(self, tokens: tuple[Token, ...]) -> Node:
        """Parse tokens that were taken raw, in the present font."""
        start = tokens[0].start if tokens else self.tokens.end
        inner = Parser(list(tokens), self.tokens.macros, start, self.numbers)
        inner.variant = self.variant
        inner._depth = self._depth
        return inner.formula().body

    def _braced(self, opening: Token) -> Row:
        body = self.row()
        if self.tokens.peek() != "}":
            raise TexError("a { is never closed", opening.start)
        self.tokens.take()
        body.braced, body.start, body.end = True, opening.start, self.tokens.end
        return body

    @staticmethod
    def _infix(command: str, above: Row, below: Row) -> Node:
        fraction, (opening, closing) = Fraction(above, below, bar=command == "\\over"), _INFIX[command]
        return Fence(opening, fraction, closing) if opening else fraction

    def _scripted(self, also_stop: frozenset[str]) -> list[Node]:
        token = self.tokens.next()
        atoms: list[Node]
        if token in _SCRIPTS:  # with nothing before it, as in {}^{2}x, it hangs on an empty base
            atoms = [place(Row(), token.start, token.start)]
            self.tokens.give_back(token)
        else:
            atoms = self._atom(token, also_stop)
        if not atoms or self.tokens.peek() not in _SCRIPTS:
            return atoms
        scripts = place(self._scripts(atoms[-1]), atoms[-1].start, self.tokens.end)
        return [*atoms[:-1], scripts]

    def _scripts(self, base: Node) -> Scripts:
        sub: Node | None = None
        sup: Node | None = None
        limits: bool | None = None
        primes = 0
        while (mark := self.tokens.peek()) in _SCRIPTS:
            assert mark is not None
            if mark == "_" or mark in LOWERED:
                if sub is not None:
                    raise TexError("a symbol has two subscripts: put the first in braces, as in {a_1}_2", mark.start)
                sub = self._script(mark, LOWERED)
            elif mark == "^" or mark in RAISED:
                if sup is not None:
                    raise TexError("a symbol has two superscripts: put the first in braces, as in {a^2}^3", mark.start)
                sup = self._script(mark, RAISED)
                if marks := _only_primes(sup):
                    primes, sup = primes + marks, None
            else:
                self.tokens.take()
                primes += _PRIMES.get(mark, 0)
                limits = mark == "\\limits" if mark.startswith("\\") else limits
        return Scripts(base, sub, sup, limits, primes)

    def _script(self, mark: Token, typed: dict[str, str]) -> Node:
        """Read a script: the argument after a mark, or a run of small characters such as ²."""
        if mark in ("^", "_"):
            self.tokens.take()
            return self.argument()
        items: list[Node] = []
        while (small := self.tokens.peek()) in typed:
            assert small is not None
            self.tokens.take()
            items += self._atom(Token(typed[small], small.start, small.end), frozenset())
        return self._row(items, mark.start)

    def _atom(self, token: Token, also_stop: frozenset[str]) -> list[Node]:
        if type(token) is Known:
            return list(token.nodes)
        if token == "{":
            return [self._braced(token)]
        if token.startswith("\\"):
            return self._command(token, token[1:], also_stop)
        if token == "~":
            return [place(Space(1 / 4), token.start, token.end, "~")]
        if token.isdecimal():
            text = token + self.tokens.digits()
            return [place(Symbol(text, variant=self.variant or "normal"), token.start, self.tokens.end)]
        if token in TYPED:
            return [place(self._symbol(TYPED[token]), token.start, token.end, TYPED[token])]
        if token in ("#", "$"):
            raise TexError(f"{token} stands in a formula: write \\{token}", token.start)
        character, role = CHARACTERS.get(token, (token, "ord"))
        variant = "normal" if token in CHARACTERS else self.variant or ("italic" if token.isalpha() else "normal")
        return [place(Symbol(character, role, variant), token.start, token.end)]

    def _command(self, token: Token, name: str, also_stop: frozenset[str]) -> list[Node]:
        made = SWITCHES[name](self, name, also_stop) if name in SWITCHES else self._made(token, name)
        return [place(node, token.start, self.tokens.end, "" if name == "begin" else name) for node in made]

    def _made(self, token: Token, name: str) -> list[Node]:
        if name in READERS:
            node = place(READERS[name](self, name), token.start, self.tokens.end, name)
            return [moved(node, token.start, self.tokens.end)]
        if name in SYMBOLS:
            return [self._symbol(name)]
        if name in SPACES:
            return [Space(SPACES[name])]
        if name in FUNCTIONS or name in LIMIT_FUNCTIONS:
            return [Name(LIMIT_FUNCTIONS.get(name, name), limits=name in LIMIT_FUNCTIONS)]
        if name in _DEFINITIONS:
            self.tokens.define(name)
        elif name == "label":
            self.labels.append(self.words())
        elif name == "require":
            self.tokens.group()
        elif name in ("tag", "tag*"):
            words = self.words()
            self.tag = words if name == "tag*" else f"({words})"
        elif name == "begin":
            return [self._environment(token)]
        elif name not in _IGNORED:
            raise TexError(_unknown(name), token.start)
        return []

    def _symbol(self, name: str) -> Node:
        character, role = SYMBOLS[name]
        upright = role != "ord" or (character in UPRIGHT and name not in VAR_CAPITALS) or name in UPRIGHT_GREEK
        face: Variant = "normal" if upright else "italic"
        bold = self.variant in ("bold", "bold-italic") and role == "ord"
        return Symbol(character, role, self.variant if bold and self.variant else face)

    def _environment(self, begin: Token) -> Node:
        name = self.words().strip()
        if name not in ENVIRONMENTS:
            hint = _meant(name, ENVIRONMENTS, "")
            raise TexError(f"\\begin{{{name}}} is not an environment of mathematics{hint}", begin.start)
        node = read_environment(self, name)
        if self.tokens.peek() != "\\end":
            raise TexError(f"\\begin{{{name}}} has no \\end{{{name}}}", begin.start)
        end = self.tokens.take()
        closing = self.words().strip()
        if closing != name:
            raise TexError(f"\\begin{{{name}}} is closed by \\end{{{closing}}}", end.start)
        return node

    def delimiter(self) -> str:
        r"""Read a delimiter after \left, \right, \middle or \big; a full stop stands for none."""
        token = self.tokens.take()
        if token == ".":
            return ""
        known = SYMBOLS.get(token[1:]) if token.startswith("\\") else CHARACTERS.get(token)
        if known is None:
            raise TexError(
                f"{token} cannot be a delimiter: write ( ) [ ] \\{{ \\}} | or \\langle \\rangle", token.start
            )
        return {"<": "⟨", ">": "⟩"}.get(known[0], known[0])


@lru_cache(maxsize=256)
def _unknown(name: str) -> str:
    known = {*SYMBOLS, *READERS, *SWITCHES, *FUNCTIONS, *LIMIT_FUNCTIONS}
    hint = _meant(name, known, "\\")
    return f"\\{name} is not a command that can be typeset{hint}"


def _meant(name: str, known: Iterable[str], sign: str) -> str:
    """Ask for the only name that is one letter away: a letter more, less, other, or two changed about."""
    near = [word for word in known if _one_edit(name, word)] if len(name) > 2 else []
    return f"; did you mean {sign}{near[0]}?" if len(near) == 1 else ""


def _one_edit(name: str, word: str) -> bool:
    at = next((row for row, (one, other) in enumerate(zip(name, word, strict=False)) if one != other), len(word))
    left, right = name[at:], word[at:]
    swapped = left[:2] == right[1::-1] and left[2:] == right[2:]
    return swapped or left[1:] == right[1:] or left[1:] == right or left == right[1:]


def _only_primes(sup: Node) -> int:
    r"""Return how many primes a superscript is, as in f^{\prime\prime}; 0 where it is something else."""
    items = sup.items if isinstance(sup, Row) else (sup,)
    return len(items) if all(isinstance(item, Symbol) and item.text == "′" for item in items) else 0


def parse(source: str, macros: dict[str, Macro] | None = None, numbers: Mapping[str, str] = _NO_NUMBERS) -> Parsed:
    r"""Parse one formula.

    Args:
        source: TeX, without the dollars around it.
        macros: The definitions made so far; those the formula makes are added.
        numbers: What each label of the document is numbered, as `reference_numbers` tells; by default nothing is.

    Returns:
        The formula's tree; its nodes know where they stand in `source`.

    Raises:
        TexError: A command is not known, or something is not closed; it says where.

    >>> tree = parse(r"\hat{x} = 1").body
    >>> [(type(node).__name__, node.start, node.end) for node in tree.items]
    [('Accent', 0, 7), ('Symbol', 8, 9), ('Symbol', 10, 11)]
    """
    return Parser(tokenise(source), {} if macros is None else macros, numbers=numbers).formula()
