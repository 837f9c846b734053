"""One equation parted into claims and conditions: at relations, commas, wide spaces and words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from gradlab.prove.read import _stops as stops
from gradlab.prove.read._part import Part

Row = tuple[Part, ...]

JUDGED = frozenset(("=", ":=", "==", "~"))
_RELATIONS = JUDGED | {"!=", "<", ">", "<=", ">=", "in", "<-", "+=", "-="}
_OPERATORS = frozenset(("plus", "minus", "times", "slash", "hadamard", "plusminus", "circ", "relation"))
_CONDITION = frozenset(
    "for if when whenever with given at assuming provided unless on since because as such suppose assume where".split()
)
_CLAIM = frozenset("so thus hence then therefore thereby or gives yields implies which ie i.e. that is".split())
_WITHIN = re.compile(r"\W*(?:in|over|modulo|mod)\W*", re.IGNORECASE)
_EXISTS = (r"\exists", r"\nexists")
_JOINING = frozenset(("and", "or", "&", "also", "et", "ou", "und", "oder"))
_LETTERS = frozenset(("e", "y", "o"))  # and, or
_OTHER_WORDS = frozenset(
    "otherwise else all by using from the a an we have let define recall note both any every some eq rule is".split()
)
WORDS = _CONDITION | _CLAIM | _JOINING | _OTHER_WORDS


@dataclass(slots=True)
class Piece:
    """Sides with relations between them, or a condition.

    Attributes:
        sides: the sides.
        relations: what stands between each two.
        condition: whether words or place make it a condition of what stands before it.
        words: the words before it.
        premise: whether an arrow follows.
    """

    sides: list[Row] = field(default_factory=list[Row])
    relations: list[Part] = field(default_factory=list[Part])
    condition: bool = False
    words: str = ""
    premise: bool = False

    @property
    def at(self) -> int:
        """Where it begins."""
        rows = [row for row in self.sides if row]
        return rows[0][0].at if rows else self.relations[0].at

    @property
    def end(self) -> int:
        """Where it ends."""
        return max([row[-1].end for row in self.sides if row] + [sign.end for sign in self.relations])

    @property
    def is_equation(self) -> bool:
        """Whether it has a relation that is judged."""
        return any(sign.text in JUDGED for sign in self.relations)


def is_words(part: Part, before: Part | None, after: Part | None) -> bool:
    """Whether a text is words between formulas, not the name of a quantity."""
    words = re.findall(r"[A-Za-z.]+", part.text.lower())
    if not words:
        return part.kind == "text" and not part.text.strip().isdigit()
    if words[0] in WORDS or words[-1] in _CONDITION | _JOINING:
        return True
    if len(words) == 1:
        # A word with a space at its side and a formula there is a remark: "x = 3 \text{ here}".
        joins = part.kind == "text" and words[0] in _LETTERS and after is not None and after.kind not in _OPERATORS
        spaced = part.text != part.text.strip() or joins
        return spaced and before is not None and before.kind not in _OPERATORS and not part.sub and not part.sup
    operand = (before is None or before.kind in _OPERATORS) and (after is None or after.kind in _OPERATORS)
    return not (operand and (before is not None or after is not None))


def is_remark(text: str) -> bool:
    """Whether words only say why the step before them holds: ``(by the chain rule)``."""
    bare = text.strip()
    return bare.startswith("(") and bare.endswith(")") and not begins_condition(bare)


def begins_condition(text: str) -> bool:
    """Whether words say that what follows is a condition."""
    words = re.findall(r"[A-Za-z.]+", text.lower())
    return bool(words) and words[0] in _CONDITION - {"by", "using"} and words[0] not in ("as", "because", "since", "on")


def pieces_of(row: Row) -> list[Piece]:
    """The claims and conditions of one equation, in order."""
    return _Splitter(row).run()


class _Splitter:
    def __init__(self, row: Row) -> None:
        self.row = row
        self.done: list[Piece] = []
        self.piece = Piece()
        self.side: list[Part] = []
        self.condition = False
        self.words = ""
        self.cuts: list[int] = []  # the pieces that begin behind an arrow
        self.limits: list[int] = []  # those that begin behind a limit and a colon
        self.worded: dict[int, tuple[str, bool]] = {}  # those that begin behind words, and whether something is before

    def run(self) -> list[Piece]:
        self.row = stops.parted(_with_decimals(self.row))
        for i, part in enumerate(self.row):
            before = self.row[i - 1] if i else None
            after = self.row[i + 1] if i + 1 < len(self.row) else None
            self.take(part, before, after)
        self.finish()
        for i in self.cuts:
            if 0 < i < len(self.done) and _goes_on(self.done[i]):
                _leave_open(self.done[i - 1], "an arrow stands in the middle of this side: write \\lim, or words")
        for i, (words, goes_on) in self.worded.items():
            if i and i < len(self.done) and _WITHIN.fullmatch(words) and not self.done[i].relations:
                _leave_open(self.done[i - 1], "this is said of numbers of another kind, which are not judged")
            known = not WORDS.isdisjoint(re.findall(r"[a-z.]+", words.lower()))
            if i < len(self.done) and not known:
                bare = goes_on and not self.done[i - 1].relations
                if bare or all(part.kind == "number" for part in self.done[i].sides[0]):
                    _leave_open(self.done[i], f"'{words.strip()}' before this may belong to it: write signs for words")
        for i in self.limits:
            if i < len(self.done):
                _leave_open(self.done[i], "a limit stands before this: write it with \\lim")
        bars = [i for i, piece in enumerate(self.done) if any(map(_has_bar, piece.sides))]
        for piece in self.done[bars[0] + 1 :] if bars else ():
            _leave_open(piece, "a bar before this may divide it from other equations: write each by itself")
        return _with_ranges(self.done)

    def take(self, part: Part, before: Part | None, after: Part | None) -> None:
        if part.kind == "text" and is_words(part, before, after):
            if after is not None and after.kind == "relation" and after.text in JUDGED and is_remark(part.text):
                return  # the chain goes on behind it
            self.finish()
            self.worded[len(self.done)] = part.text, bool(self.done) and before is not None and before.kind != "comma"
            self.hear(part.text)
        elif part.kind == "gap":
            inside = before is None or before.kind in _OPERATORS or after is None or after.kind in _OPERATORS
            if not inside:
                self.finish()
        elif part.kind == "comma" or (part.kind == "stop" and part.text != "?"):
            self.finish()
            self.condition = self.condition and part.kind == "comma"
        elif part.kind == "relation" and part.text in _RELATIONS:
            self.piece.sides.append(tuple(self.side))
            self.piece.relations.append(part)
            self.side = []
        elif part.text == "colon" and before is not None and after is not None and not self.is_label(after):
            self.side.append(_divided(part, before, after))
        elif part.kind == "relation" and part.text != "bar":
            # Another relation cuts the chain: what follows is a claim of its own.
            self.finish(cut=True)
            self.condition = False
            behind = self.cuts[-1:] == [len(self.done) - 1]
            self.limits += [len(self.done)] if behind and part.text == "colon" else []
            if part.text == "arrow":
                self.cuts.append(len(self.done))
                for piece in self.done[-1:]:
                    piece.premise = True
        elif part.kind != "stop":
            self.side.append(part)

    def is_label(self, after: Part) -> bool:
        r"""Whether what stands before a colon only introduces what follows: ``\forall x:``, ``f: A \to B``."""
        if self.condition and self.piece.relations and after.kind != "number":
            return True  # "if i = j: ..."
        if self.piece.relations or after.kind in ("gap", "text"):
            return self.piece.relations[:1] != [] and self.piece.relations[0].text == "in"
        words = all(part.kind in ("text", "word") or (part.kind == "group" and _is_number(part)) for part in self.side)
        arrow = any(part.kind == "relation" and part.text == "arrow" for part in self.row)
        return words or arrow or any(part.kind == "forall" or part.text in _EXISTS for part in self.side)

    def hear(self, text: str) -> None:
        """What words between formulas make of what follows."""
        words = re.findall(r"[A-Za-z.]+", text.lower())
        if not words:
            return
        self.words = text
        if words[-1] in _CONDITION or words[0] in _CONDITION:
            self.condition = True
        elif not all(word in _JOINING for word in words):
            self.condition = False

    def finish(self, cut: bool = False) -> None:
        """Close the piece; one without a relation may be the number of the equation, or a condition in brackets."""
        if not self.side and not self.piece.relations:
            return
        self.piece.sides.append(tuple(self.side))
        piece, self.piece, self.side = self.piece, Piece(), []
        piece.words, self.words = self.words, ""
        row = piece.sides[0] = _without_title(piece.sides[0])
        group = row[0] if len(row) == 1 and row[0].kind == "group" and row[0].text == "(" else None
        if not piece.relations and group is not None and self.done and not cut:
            if _is_number(group):
                return
            if len(group.inside) == 1 and any(part.kind == "relation" for part in group.inside[0]):
                for inner in pieces_of(group.inside[0]):
                    self.done.append(replace(inner, condition=True))
                return
        exists = next((part for part in self.row if part.text in _EXISTS), None)
        if exists is not None and piece.relations:
            _leave_open(piece, "that something exists is not judged: write an equation that holds for all values")
        piece.condition = self.condition or (bool(self.done) and _is_index_condition(piece))
        self.done.append(piece)


def _goes_on(piece: Piece) -> bool:
    r"""Whether a formula without a relation goes on behind its first number: ``0 + \cos x``."""
    return not piece.relations and any(part.kind in ("plus", "minus") for part in piece.sides[0][1:])


def _has_bar(row: Row) -> bool:
    return any(part.kind == "relation" and part.text == "bar" for part in row)


def _leave_open(piece: Piece, message: str) -> None:
    """Say of the sides of an equation why they are not judged."""
    if piece.relations:
        at = piece.at
        piece.sides = [(Part("error", side[0].at if side else at, at, message), *side) for side in piece.sides]


def _without_title(row: Row) -> Row:
    r"""A side without what it is called before it: ``(Mean) \mu``."""
    if len(row) < 2 or row[0].kind != "group" or row[0].text != "(" or not row[0].bare or len(row[0].inside) != 1:
        return row
    words = [part.text for part in row[0].inside[0] if part.kind == "run"]
    title = len(words) == len(row[0].inside[0]) == 1 and re.fullmatch(r"[A-Z][a-z]{3,}", words[0])
    return row[1:] if title and row[1].kind == "letter" else row


def _divided(colon: Part, before: Part, after: Part) -> Part:
    """A colon inside of a formula: between two numbers it divides, elsewhere it may."""
    if before.kind == after.kind == "number":
        return replace(colon, kind="slash", text="/")
    return replace(colon, kind="error", text="a colon may divide, or introduce what follows: write \\frac, or words")


def _with_decimals(row: Row) -> Row:
    """A row in which a comma directly between two digits may be that of a decimal, except in a list of values."""
    result: list[Part] = []
    listed = False
    for i, part in enumerate(row):
        before, after = row[i - 1] if i else None, row[i + 1] if i + 1 < len(row) else None
        if part.kind == "relation":
            listed = before is not None and before.kind == "letter" and (i == 1 or row[i - 2].kind == "comma")
        if part.kind == "comma" and not listed and _are_digits(before, part, after):
            message = "a comma between digits may be that of a decimal: write a point, or a space behind the comma"
            result.append(replace(part, kind="error", text=message))
        else:
            result.append(part)
    return tuple(result)


def _are_digits(before: Part | None, comma: Part, after: Part | None) -> bool:
    """Whether digits stand on both sides of a comma, without a space."""
    if before is None or after is None:
        return False
    return before.kind == after.kind == "number" and before.end == comma.at and comma.end == after.at


def _is_number(group: Part) -> bool:
    """Whether a bracket is the number of an equation: (3), (3.1), (3a), (*)."""
    inside = group.inside[0] if len(group.inside) == 1 else ()
    kinds = [part.kind for part in inside]
    text = "".join(part.text for part in inside)
    return kinds in (["number"], ["times"], ["number", "letter"], ["letter"]) or bool(
        re.fullmatch(r"[\d.]+[a-z]?", text)
    )


def _is_index_condition(piece: Piece) -> bool:
    r"""Whether a piece behind a comma is a condition by its form: i = j, j \ne k, x > 0, i = 1, \dots, n."""
    if not piece.relations:
        return False
    if all(sign.text in ("!=", "<", ">", "<=", ">=", "in") for sign in piece.relations):
        return True
    rows = [row for row in piece.sides if len(row) == 1 and row[0].bare and not _is_formula(row[0])]
    index = [row for row in rows if row[0].kind == "letter" and row[0].text in "ijklmnpqrst" and not row[0].accent]
    return len(index) >= 1 and len(rows) == len(piece.sides)


def _is_formula(part: Part) -> bool:
    """Whether a part is a fraction of more than numbers: a derivative, a formula."""
    return part.kind == "fraction" and any(inner.kind != "number" for row in part.inside for inner in row)


def _with_ranges(pieces: list[Piece]) -> list[Piece]:
    r"""Pieces without what belongs to a range of an index: the ``\dots`` and ``n`` of ``i = 1, \dots, n``."""
    result: list[Piece] = []
    for piece in pieces:
        dots = not piece.relations and all(part.kind == "dots" for part in piece.sides[0])
        behind = not piece.relations and result and result[-1].words == "\0dots"
        if dots and result:
            result[-1].words, result[-1].condition = "\0dots", True
        elif behind:
            result[-1].words = ""
        else:
            result.append(piece)
    return result


def restricts(piece: Piece) -> bool:
    r"""Whether a condition holds for some values alone; not ``i = 1, \dots, n`` and not membership in a set."""
    ranges = any(part.kind == "dots" for side in piece.sides for part in side)
    return piece.words != "\0dots" and not ranges and any(sign.text != "in" for sign in piece.relations)
