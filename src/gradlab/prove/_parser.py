"""The grammar at work: the text of one side to a tree of rows, with the place of everything in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove._functions import function_commands, function_words

LONGEST_SIDE = 6_000
DEEPEST_NESTING = 40


@dataclass(frozen=True, slots=True)
class Script:
    """What stands above or below something: an index, a layer, a prime, an exponent."""

    kind: str
    at: int
    text: str = ""
    part: Sum | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a row.

    Attributes:
        kind: the name of its rule in the grammar, or times, slash, minus.
        at: where it begins.
        end: where it ends.
        text: as it was written, for a token.
        parts: what is inside.
        scripts: what stands above and below.
    """

    kind: str
    at: int
    end: int
    text: str = ""
    parts: tuple[Sum, ...] = field(default=())
    scripts: tuple[Script, ...] = ()


@dataclass(frozen=True, slots=True)
class Sum:
    """Rows with their signs."""

    terms: tuple[tuple[int, tuple[Item, ...]], ...]
    at: int

    @property
    def row(self) -> tuple[Item, ...]:
        """The only row, if there is one and no minus in front of it; nothing otherwise."""
        sign, items = self.terms[0]
        return items if len(self.terms) == 1 and sign > 0 else ()


def all_items(tree: Sum) -> list[Item]:
    """Everything that stands in a tree, inside of brackets and exponents too."""
    found: list[Item] = []
    waiting = [tree]
    while waiting:
        for _, items in waiting.pop().terms:
            found += items
            for item in items:
                waiting += [*item.parts, *(script.part for script in item.scripts if script.part is not None)]
    return found


def parse_side(text: str, start: int, end: int) -> Sum:
    """Read a slice of a block.

    Raises:
        NotUnderstoodError: if the grammar has no rule for it.
    """
    piece = text[start:end]
    if not piece.strip():
        raise NotUnderstoodError("nothing stands on this side of the equals sign", start)
    if len(piece) > LONGEST_SIDE:
        raise NotUnderstoodError(f"this side has {len(piece):,} characters; {LONGEST_SIDE:,} are the most", start)
    _check_nesting(piece, start)
    lark = _lark()
    try:
        tree = _parser(function_commands(), function_words()).parse(piece)
    except lark.exceptions.UnexpectedInput as error:
        raise _problem(error, piece, start) from None
    return _Builder(start).sum(tree.children[0])


def _check_nesting(piece: str, start: int) -> None:
    depth = 0
    for match in re.finditer(r"[{(\[]|[})\]]|\\begin|\\end|⟦|⟧", piece):
        depth += 1 if match.group() in ("{", "(", "[", r"\begin", "⟦") else -1
        if depth > DEEPEST_NESTING:
            raise NotUnderstoodError(f"this is nested more than {DEEPEST_NESTING} deep", start + match.start())


def _lark() -> Any:
    try:
        import lark
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "reading LaTeX needs lark, which is not installed: pip install 'gradlab[prove]'", name="lark"
        ) from error
    return lark


@lru_cache(maxsize=4)
def _parser(commands: tuple[str, ...], words: tuple[str, ...]) -> Any:
    grammar = files("gradlab.prove").joinpath("_grammar.lark").read_text(encoding="utf-8")
    # The longest first, so that none ends where a longer one goes on; an underscore is written \_ in LaTeX.
    for mark, names in (("COMMANDS", commands), ("WORDS", words)):
        spelled = "|".join(sorted(names, key=len, reverse=True))
        grammar = grammar.replace(mark, spelled.replace("_", r"\\_"))
    return _lark().Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)


_WAYS_OUT = {
    ")": "this bracket closes nothing",
    "]": "this bracket closes nothing",
    "}": "this brace closes nothing",
    "^": "a power needs something below it, and only one exponent: write (x^a)^b or x^{ab}",
    "_": "this index belongs to nothing",
    "=": "an equals sign inside brackets is not understood",
    "&": "a column mark inside brackets is not understood",
}


def _problem(error: Any, piece: str, start: int) -> NotUnderstoodError:
    lark = _lark()
    at = getattr(error, "pos_in_stream", None)
    token = getattr(error, "token", None)
    if token is not None and token.type == "$END":
        opened = _last_open(piece)
        if opened is not None:
            return NotUnderstoodError(f"this {piece[opened]} is never closed", start + opened)
        return NotUnderstoodError("something is missing at the end of this", start + len(piece.rstrip()))
    at = len(piece) if at is None else at
    if token is not None and isinstance(error, lark.exceptions.UnexpectedToken):
        at = token.start_pos
    rest = piece[at:]
    command = re.match(r"\\([A-Za-z]+|.)", rest)
    what = command.group() if command else rest[:1]
    message = _WAYS_OUT.get(what) or f"{what} is not understood here"
    if command and isinstance(error, lark.exceptions.UnexpectedCharacters):
        message = f"the command {what} is not known; docs/latex.md lists those that are"
    return NotUnderstoodError(message, start + at)


def _last_open(piece: str) -> int | None:
    opened: list[int] = []
    for match in re.finditer(r"\\[{}]|[{}()\[\]⟦⟧]", piece):
        if match.group() in ("{", "(", "[", r"\{", "⟦"):
            opened.append(match.start())
        elif opened:
            opened.pop()
    return opened[-1] if opened else None


class _Builder:
    """Lark's tree to ours; the depth is that of the brackets, which is limited."""

    def __init__(self, start: int) -> None:
        self.start = start

    def sum(self, tree: Any) -> Sum:
        terms: list[tuple[int, tuple[Item, ...]]] = []
        sign = 1
        for child in tree.children:
            if child.data == "sign":
                sign = -sign if child.children[0].type == "MINUS" else sign
            else:
                terms.append((sign, self.term(child)))
                sign = 1
        return Sum(tuple(terms), self.start + tree.meta.start_pos)

    def term(self, tree: Any) -> tuple[Item, ...]:
        """The rule is left-recursive, so a long row is a deep tree: it is read in a loop."""
        reversed_items: list[Item] = []
        while True:
            first, rest = tree.children[0], tree.children[1:]
            if first.data == "factor":
                reversed_items.append(self.factor(first))
                break
            reversed_items += [self.joint(child) for child in reversed(rest)]
            tree = first
        return tuple(reversed(reversed_items))

    def joint(self, child: Any) -> Item:
        if hasattr(child, "type"):
            kind = "times" if child.type == "TIMES" else "slash"
            return Item(kind, self.start + child.start_pos, self.start + child.end_pos, str(child))
        if child.data == "sign":
            token = child.children[0]
            kind = "minus" if token.type == "MINUS" else "plus"
            return Item(kind, self.start + token.start_pos, self.start + token.end_pos, str(token))
        return self.factor(child)

    def factor(self, tree: Any) -> Item:
        atom, *scripts = tree.children
        at, end = self.start + tree.meta.start_pos, self.start + tree.meta.end_pos
        text, parts = "", []
        for child in atom.children:
            if hasattr(child, "type"):
                text = text or str(child)
            elif child.data == "sum":
                parts.append(self.sum(child))
            elif child.data in ("list", "rows"):
                parts += [self.sum(part) for part in child.children if not hasattr(part, "type")]
            else:
                parts.append(self.argument(child))
        return Item(atom.data, at, end, text, tuple(parts), tuple(map(self.script, scripts)))

    def argument(self, tree: Any) -> Sum:
        if tree.data in ("argument", "numerator"):
            return self.sum(next(child for child in tree.children if not hasattr(child, "type")))
        token = tree.children[0]
        kind = "number" if tree.data == "digit" else "symbol"
        at, end = self.start + token.start_pos, self.start + token.end_pos
        return Sum(((1, (Item(kind, at, end, str(token)),)),), at)

    def script(self, tree: Any) -> Script:
        at = self.start + tree.meta.start_pos
        if tree.data == "superscript":
            return Script("superscript", at, "", self.argument(tree.children[-1]))
        return Script(tree.data, at, str(tree.children[0]))
