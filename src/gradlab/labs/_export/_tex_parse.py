"""TeX's mathematics read into a tree, as MathJax reads it.

Both printers (MathML for HTML, Typst for PDF) read this tree, so a formula cannot mean one thing in one
file and another in the other. A command that is not known is an error that names it: nothing is guessed
and nothing is dropped.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import Literal

from ._colours import css_colour
from ._tex_symbols import (
    ACCENTS,
    CHARACTERS,
    FUNCTIONS,
    LIMIT_FUNCTIONS,
    NEGATED,
    SPACES,
    SYMBOLS,
    UPRIGHT,
    WIDE_ACCENTS,
    Role,
)
from ._tex_tables import ENVIRONMENTS, read_environment, read_rows
from ._tex_tokens import Macro, TexError, Tokens, tokenise
from ._tex_tree import (
    Accent,
    Fence,
    Formula,
    Fraction,
    Middle,
    Name,
    Node,
    Root,
    Row,
    Scripts,
    Sized,
    Space,
    Stack,
    Styled,
    Symbol,
    Text,
    Variant,
)

_FONTS: dict[str, Variant] = {
    "mathrm": "normal", "mathup": "normal", "mathnormal": "italic", "mathit": "italic", "mathbf": "bold",
    "boldsymbol": "bold-italic", "bm": "bold-italic", "pmb": "bold-italic", "mathbb": "double-struck",
    "mathcal": "script", "mathscr": "script", "mathfrak": "fraktur", "mathsf": "sans-serif", "mathtt": "monospace",
    "symbf": "bold", "symup": "normal", "Bbb": "double-struck",
}  # fmt: skip
_FONT_SWITCHES: dict[str, Variant] = {
    "rm": "normal", "bf": "bold", "it": "italic", "cal": "script", "sf": "sans-serif", "tt": "monospace"
}  # fmt: skip
_TEXTS: dict[str, Variant] = {
    "text": "normal", "textrm": "normal", "textnormal": "normal", "textup": "normal", "mbox": "normal",
    "hbox": "normal", "textbf": "bold", "textit": "italic", "emph": "italic", "textsf": "sans-serif",
    "texttt": "monospace",
}  # fmt: skip
_CLASSES: dict[str, Role] = {
    "mathord": "ord", "mathbin": "bin", "mathrel": "rel", "mathopen": "open", "mathclose": "close",
    "mathpunct": "punct", "mathinner": "ord",
}  # fmt: skip
_SIZES = {"big": 1.2, "Big": 1.8, "bigg": 2.4, "Bigg": 3.0}
_SIZE_ROLES: dict[str, Role] = {"": "ord", "l": "open", "r": "close", "m": "rel"}
_FRACTIONS = {"frac": None, "dfrac": True, "tfrac": False, "cfrac": True}
_BINOMIALS = {"binom": None, "dbinom": True, "tbinom": False}
_ARROWS = {"xrightarrow": "→", "xleftarrow": "←", "xRightarrow": "⇒", "xLeftarrow": "⇐", "xmapsto": "↦",
           "xleftrightarrow": "↔", "xhookrightarrow": "↪", "xrightleftharpoons": "⇌"}  # fmt: skip
_BRACES = {"underbrace": "⏟", "overbrace": "⏞", "underbracket": "⎵", "overbracket": "⎴"}
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
        self._fences = 0

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
        if name in _SWITCHES:
            return _SWITCHES[name](self, name, also_stop)
        if name in _READERS:
            return [_READERS[name](self, name)]
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
        """Read a delimiter after \\left, \\right, \\middle or \\big; a full stop stands for none."""
        token = self.tokens.take()
        if token == ".":
            return ""
        known = SYMBOLS.get(token[1:]) if token.startswith("\\") else CHARACTERS.get(token)
        if known is None:
            raise TexError(f"{token} cannot be a delimiter: write ( ) [ ] \\{{ \\}} | or \\langle \\rangle")
        return {"<": "⟨", ">": "⟩"}.get(known[0], known[0])

    def _fence(self, _: str) -> Node:
        opening = self.delimiter()
        self._fences += 1
        body = self.row()
        self._fences -= 1
        if self.tokens.peek() != "\\right":
            raise TexError("\\left has no \\right")
        self.tokens.take()
        return Fence(opening, body, self.delimiter())

    def _middle(self, _: str) -> Node:
        if not self._fences:
            raise TexError("\\middle stands outside \\left … \\right")
        return Middle(self.delimiter())

    def _font(self, name: str) -> Node:
        outer, self.variant = self.variant, _FONTS[name]
        if name in ("boldsymbol", "bm", "pmb") and outer == "normal":
            self.variant = "bold"
        body = self.argument()
        self.variant = outer
        return body

    def _text(self, name: str) -> Node:
        tokens = self.tokens.group()
        parts: list[Node] = []
        pending = ""
        items = iter(tokens)
        for token in items:
            if token == "$":
                inner: list[str] = []
                for following in items:
                    if following == "$":
                        break
                    inner.append(following)
                parts += [Text(pending, _TEXTS[name]), self.sub_parser(tuple(inner))]
                pending = ""
            else:
                pending += _plain(token)
        parts.append(Text(pending, _TEXTS[name]))
        kept = [part for part in parts if not (isinstance(part, Text) and not part.text)]
        return kept[0] if len(kept) == 1 else Row(tuple(kept))

    def _operator(self, name: str) -> Node:
        inner = self.tokens.group()
        return Name("".join(_plain(token) for token in inner), limits=name.endswith("*"))

    def _fraction(self, name: str) -> Node:
        if name == "cfrac":
            self.tokens.optional()
        return Fraction(self.argument(), self.argument(), _FRACTIONS[name])

    def _binomial(self, name: str) -> Node:
        return Fence("(", Fraction(self.argument(), self.argument(), _BINOMIALS[name], bar=False), ")")

    def _root(self, _: str) -> Node:
        index = self.tokens.optional()
        return Root(self.argument(), self.sub_parser(index) if index is not None else None)

    def _accent(self, name: str) -> Node:
        return Accent(self.argument(), ACCENTS[name], wide=name in WIDE_ACCENTS)

    def _underline(self, _: str) -> Node:
        return Accent(self.argument(), "_", wide=True, under=True)

    def _brace(self, name: str) -> Node:
        return Accent(self.argument(), _BRACES[name], wide=True, under=name.startswith("under"))

    def _arrow(self, name: str) -> Node:
        below = self.tokens.optional()
        over = self.argument()
        return Stack(Symbol(_ARROWS[name], "rel", "normal"), over, self.sub_parser(below) if below else None)

    def _stack(self, name: str) -> Node:
        annotation, base = self.argument(), self.argument()
        return Stack(base, under=annotation) if name == "underset" else Stack(base, over=annotation)

    def _size(self, name: str) -> Node:
        stem = name.rstrip("lrm")
        return Sized(self.delimiter(), _SIZES[stem], _SIZE_ROLES[name[len(stem) :]])

    def _class(self, name: str) -> Node:
        body = self.argument()
        text = body.items[0] if isinstance(body, Row) and len(body.items) == 1 else body
        return Symbol(text.text, _CLASSES[name], text.variant) if isinstance(text, Symbol) else body

    def _mathop(self, _: str) -> Node:
        body = self.argument()
        items = body.items if isinstance(body, Row) else (body,)
        words = [_letters(item) for item in items]
        return Name("".join(words), limits=True) if all(words) else body

    def _not(self, _: str) -> Node:
        body = self.argument()
        if not isinstance(body, Symbol):
            raise TexError("\\not strikes out one symbol: put it before a relation, as in \\not\\subset")
        return Symbol(NEGATED.get(body.text, body.text + "\u0338"), "rel", body.variant)

    def _modulo(self, name: str) -> Node:
        if name == "bmod":
            return Row((Space(2 / 9), Text("mod"), Space(2 / 9)))
        inner: tuple[Node, ...] = (Text("mod"), Space(1 / 3), self.argument())
        if name == "mod":
            return Row((Space(1.0), *inner))
        shown = inner if name == "pmod" else inner[2:]
        return Row((Space(1.0), Symbol("(", "open", "normal"), *shown, Symbol(")", "close", "normal")))

    def _space(self, name: str) -> Node:
        text = self.words() if name != "mskip" else self.tokens.take()
        return Space(_width(text))

    def _wrapped(self, name: str) -> Node:
        return Styled(self.argument(), _WRAPPERS[name])

    def _coloured(self, _: str) -> Node:
        colour = css_colour(self.words())
        return Styled(self.argument(), "colour", colour)

    def _substack(self, _: str) -> Node:
        inner = self.tokens.group()
        return self.sub_parser(("\\begin", "{", "subarray", "}", "{", "c", "}", *inner, "\\end", "{", "subarray", "}"))

    def _transparent(self, _: str) -> Node:
        return self.argument()

    def _switch_style(self, name: str, also_stop: frozenset[str]) -> list[Node]:
        return [Styled(self.row(also_stop), "display" if name == "displaystyle" else "inline")]

    def _switch_font(self, name: str, also_stop: frozenset[str]) -> list[Node]:
        self.variant = _FONT_SWITCHES[name]  # until the group ends: row() restores it
        return list(self.row(also_stop).items)

    def _switch_colour(self, _: str, also_stop: frozenset[str]) -> list[Node]:
        colour = css_colour(self.words())
        return [Styled(self.row(also_stop), "colour", colour)]


_WRAPPERS: dict[str, Literal["boxed", "phantom", "cancel"]] = {
    "boxed": "boxed", "fbox": "boxed", "phantom": "phantom", "hphantom": "phantom", "vphantom": "phantom",
    "cancel": "cancel", "bcancel": "cancel", "xcancel": "cancel",
}  # fmt: skip
_SWITCHES: dict[str, Callable[[Parser, str, frozenset[str]], list[Node]]] = {
    **dict.fromkeys(("displaystyle", "textstyle", "scriptstyle", "scriptscriptstyle"), Parser._switch_style),
    **dict.fromkeys(_FONT_SWITCHES, Parser._switch_font),
    "color": Parser._switch_colour,
}
_READERS: dict[str, Callable[[Parser, str], Node]] = {
    **dict.fromkeys(_FONTS, Parser._font),
    **dict.fromkeys(_TEXTS, Parser._text),
    **dict.fromkeys(_FRACTIONS, Parser._fraction),
    **dict.fromkeys(_BINOMIALS, Parser._binomial),
    **dict.fromkeys(ACCENTS, Parser._accent),
    **dict.fromkeys(_BRACES, Parser._brace),
    **dict.fromkeys(_ARROWS, Parser._arrow),
    **dict.fromkeys(_CLASSES, Parser._class),
    **dict.fromkeys(_WRAPPERS, Parser._wrapped),
    **dict.fromkeys((size + side for size in _SIZES for side in _SIZE_ROLES), Parser._size),
    **dict.fromkeys(("operatorname", "operatorname*"), Parser._operator),
    **dict.fromkeys(("overset", "underset", "stackrel"), Parser._stack),
    **dict.fromkeys(("bmod", "pmod", "mod", "pod"), Parser._modulo),
    **dict.fromkeys(("hspace", "hspace*", "mspace", "hskip", "mskip", "kern", "mkern"), Parser._space),
    **dict.fromkeys(("ensuremath", "mathstrut", "smash", "mathclap"), Parser._transparent),
    "left": Parser._fence,
    "middle": Parser._middle,
    "not": Parser._not,
    "sqrt": Parser._root,
    "underline": Parser._underline,
    "mathop": Parser._mathop,
    "substack": Parser._substack,
    "textcolor": Parser._coloured,
}
_LENGTHS = {"em": 1.0, "mu": 1 / 18, "ex": 0.43, "pt": 0.1, "px": 1 / 16, "cm": 2.845, "mm": 0.2845, "in": 7.227}
_LENGTH = re.compile(r"\s*(-?\d*\.?\d+)\s*([a-z]{2})\s*")


def _letters(node: Node) -> str:
    """Return the letters of an operator's name, or nothing where it is more than a name."""
    if isinstance(node, Row):
        words = [_letters(item) for item in node.items]
        return "".join(words) if all(words) else ""
    if isinstance(node, Space):
        return " "
    return node.text if isinstance(node, (Symbol, Text, Name)) else ""


def _width(text: str) -> float:
    match = _LENGTH.fullmatch(text)
    if match is None or match[2] not in _LENGTHS:
        raise TexError(f"{text!r} is not a length: write a number and a unit, as in 1em")
    return float(match[1]) * _LENGTHS[match[2]]


def _plain(token: str) -> str:
    """Return what a token is in text: escapes undone, ties and spacing commands as spaces."""
    if token.isspace() or token == "~":
        return " "
    if not token.startswith("\\"):
        return "" if token in "{}" else token
    name = token[1:]
    if name in SPACES:
        return " " if SPACES[name] > 0 else ""
    if name in SYMBOLS:
        return SYMBOLS[name][0]
    raise TexError(f"\\{name} is not known inside text")


def _unknown(name: str) -> str:
    known = [*SYMBOLS, *_READERS, *_SWITCHES, *FUNCTIONS, *LIMIT_FUNCTIONS]
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
