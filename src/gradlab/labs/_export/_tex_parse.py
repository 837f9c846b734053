"""TeX's mathematics read into a tree, as MathJax reads it.

Both printers (MathML for HTML, Typst for PDF) read this tree, so a formula cannot mean one thing in one
file and another in the other. A command that is not known is an error that names it: nothing is guessed
and nothing is dropped.
"""

from __future__ import annotations

import difflib

from ._tex_commands import READERS, SWITCHES
from ._tex_symbols import (
    CHARACTERS,
    FUNCTIONS,
    LIMIT_FUNCTIONS,
    SPACES,
    SYMBOLS,
    UPRIGHT,
)
from ._tex_tables import ENVIRONMENTS, read_environment, read_rows
from ._tex_tokens import Macro, TexError, Tokens, tokenise
from ._tex_tree import (
    Fence,
    Formula,
    Fraction,
    Name,
    Node,
    Row,
    Scripts,
    Space,
    Symbol,
    Variant,
)

_DEFINITIONS = {"newcommand", "renewcommand", "providecommand", "def", "DeclareMathOperator", "DeclareMathOperator*"}
_IGNORED = {"label", "require"}
_STOPS = {"}", "&", "\\\\", "\\cr", "\\end", "\\right", None}
_MAX_DEPTH = 200


class Parser:
    """Reads one formula; `macros` are the lab's own and grow as the formula defines more."""

    def __init__(self, source: str, macros: dict[str, Macro]) -> None:
        self.tokens = Tokens(tokenise(source), macros)
        self.variant: Variant | None = None
        self.tag: str | None = None
        self._depth = 0
        self.fences = 0

    def formula(self) -> Formula:
        """Read everything there is."""
        body = read_rows(self)
        following = self.tokens.peek()
        if following is not None:
            raise TexError(f"{following} stands here without what it belongs to")
        return Formula(body, self.tag)

    def row(self, also_stop: frozenset[str] = frozenset()) -> Row:
        """Read until something that ends a row: a brace, an alignment point, the end of a line or of a fence."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise TexError(f"the formula is nested more than {_MAX_DEPTH} levels deep")
        outer = self.variant
        items: list[Node] = []
        while (token := self.tokens.peek()) not in _STOPS and token not in also_stop:
            assert token is not None
            if token in ("\\over", "\\choose", "\\atop"):
                self.tokens.take()
                items = [self._infix(token, Row(tuple(items)), self.row(also_stop))]
                break
            items += self._scripted(also_stop)
        self.variant = outer
        self._depth -= 1
        return Row(tuple(items))

    def argument(self) -> Node:
        """Read one argument: a braced group or a single token."""
        token = self.tokens.take()
        if token == "{":
            return self._braced()
        if token in _STOPS:
            raise TexError(f"an argument is missing before {token}")
        if token.isdigit():
            return Symbol(token, variant=self.variant or "normal")
        atom = self._atom(token, frozenset())
        return atom[0] if len(atom) == 1 else Row(tuple(atom))

    def words(self) -> str:
        """Read one argument as plain text."""
        return "".join(self.tokens.group())

    def sub_parser(self, tokens: tuple[str, ...]) -> Node:
        """Parse tokens that were taken raw, in the present font."""
        inner = Parser("", self.tokens.macros)
        inner.tokens.items = list(tokens)
        inner.variant = self.variant
        inner._depth = self._depth
        return inner.formula().body

    def _braced(self) -> Row:
        body = self.row()
        if self.tokens.peek() != "}":
            raise TexError("a { is never closed")
        self.tokens.take()
        return Row(body.items, braced=True)

    @staticmethod
    def _infix(command: str, above: Row, below: Row) -> Node:
        fraction = Fraction(above, below, bar=command == "\\over")
        return Fence("(", fraction, ")") if command == "\\choose" else fraction

    def _scripted(self, also_stop: frozenset[str]) -> list[Node]:
        token = self.tokens.take()
        # A script with nothing before it hangs on an empty base, as in {}^{2}x.
        atoms: list[Node] = [Row()] if token in "^_'" else self._atom(token, also_stop)
        if token in "^_'":
            self.tokens.position -= 1
        if not atoms:
            return atoms
        sub: Node | None = None
        sup: list[Node] = []
        limits: bool | None = None
        raised = False
        while (mark := self.tokens.peek()) in ("^", "_", "'", "\\limits", "\\nolimits"):
            self.tokens.take()
            if mark == "_":
                if sub is not None:
                    raise TexError("a symbol has two subscripts: put the first in braces, as in {a_1}_2")
                sub = self.argument()
            elif mark == "^":
                if raised:
                    raise TexError("a symbol has two superscripts: put the first in braces, as in {a^2}^3")
                raised = True
                sup.append(self.argument())
            elif mark == "'":
                sup.append(Symbol("′", variant="normal"))
            else:
                limits = mark == "\\limits"
        if sub is None and not sup:
            return atoms
        over = None if not sup else sup[0] if len(sup) == 1 else Row(tuple(sup))
        return [*atoms[:-1], Scripts(atoms[-1], sub, over, limits)]

    def _atom(self, token: str, also_stop: frozenset[str]) -> list[Node]:
        if token == "{":
            return [self._braced()]
        if token == "~":
            return [Space(1 / 4)]
        if token.startswith("\\"):
            return self._command(token[1:], also_stop)
        if token.isdigit():
            return [Symbol(token + self._digits(), variant=self.variant or "normal")]
        if token in CHARACTERS:
            character, role = CHARACTERS[token]
            return [Symbol(character, role, "normal")]
        if token in ("#", "$"):
            raise TexError(f"{token} stands in a formula: write \\{token}")
        return [Symbol(token, variant=self.variant or ("italic" if token.isalpha() else "normal"))]

    def _digits(self) -> str:
        taken, items = "", self.tokens.items
        while self.tokens.position < len(items):
            token = items[self.tokens.position]
            following = items[self.tokens.position + 1] if self.tokens.position + 1 < len(items) else ""
            if not (token.isdigit() or (token == "." and following.isdigit())):
                break
            taken += token
            self.tokens.position += 1
        return taken

    def _command(self, name: str, also_stop: frozenset[str]) -> list[Node]:
        if name in SYMBOLS:
            return [self._symbol(name)]
        if name in SPACES:
            return [Space(SPACES[name])]
        if name in FUNCTIONS or name in LIMIT_FUNCTIONS:
            return [Name(LIMIT_FUNCTIONS.get(name, name), limits=name in LIMIT_FUNCTIONS)]
        if name in _DEFINITIONS:
            self.tokens.define(name)
            return []
        if name in _IGNORED:
            self.tokens.group()
            return []
        if name in ("nonumber", "notag", "allowbreak", "strut", "mathstrut", "displaylimits"):
            return []
        if name in ("tag", "tag*"):
            words = self.words()
            self.tag = words if name == "tag*" else f"({words})"
            return []
        if name == "begin":
            return [self._environment()]
        if name in SWITCHES:
            return SWITCHES[name](self, name, also_stop)
        if name in READERS:
            return [READERS[name](self, name)]
        raise TexError(_unknown(name))

    def _symbol(self, name: str) -> Node:
        character, role = SYMBOLS[name]
        face: Variant = "normal" if role != "ord" or character in UPRIGHT else "italic"
        bold = self.variant in ("bold", "bold-italic") and role == "ord"
        return Symbol(character, role, self.variant if bold and self.variant else face)

    def _environment(self) -> Node:
        name = self.words().strip()
        if name not in ENVIRONMENTS:
            near = difflib.get_close_matches(name, ENVIRONMENTS, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise TexError(f"\\begin{{{name}}} is not an environment of mathematics{hint}")
        node = read_environment(self, name)
        if self.tokens.peek() != "\\end":
            raise TexError(f"\\begin{{{name}}} has no \\end{{{name}}}")
        self.tokens.take()
        closing = self.words().strip()
        if closing != name:
            raise TexError(f"\\begin{{{name}}} is closed by \\end{{{closing}}}")
        return node

    def delimiter(self) -> str:
        r"""Read a delimiter after \left, \right, \middle or \big; a full stop stands for none."""
        token = self.tokens.take()
        if token == ".":
            return ""
        known = SYMBOLS.get(token[1:]) if token.startswith("\\") else CHARACTERS.get(token)
        if known is None:
            raise TexError(f"{token} cannot be a delimiter: write ( ) [ ] \\{{ \\}} | or \\langle \\rangle")
        return {"<": "⟨", ">": "⟩"}.get(known[0], known[0])


def _unknown(name: str) -> str:
    known = [*SYMBOLS, *READERS, *SWITCHES, *FUNCTIONS, *LIMIT_FUNCTIONS]
    near = difflib.get_close_matches(name, known, 1, 0.75) if len(name) > 2 else []
    hint = f"; did you mean \\{near[0]}?" if near else ""
    return f"\\{name} is not a command that Jupyter's mathematics knows{hint}"


def parse(source: str, macros: dict[str, Macro] | None = None) -> Formula:
    """Parse one formula.

    Args:
        source: TeX, without the dollars around it.
        macros: The definitions made so far; those the formula makes are added.

    Returns:
        The formula's tree.

    Raises:
        TexError: A command is not known, or something is not closed.
    """
    return Parser(source, {} if macros is None else macros).formula()
