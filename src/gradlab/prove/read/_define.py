r"""What a line does before it is judged: defines a name, gives it a value, updates it, or claims something."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove._names import FREE
from gradlab.prove.read import _differentials as differentials
from gradlab.prove.read import _functions as table
from gradlab.prove.read import _slopes as slopes
from gradlab.prove.read import _words as words
from gradlab.prove.read._label import (
    INDEX_LETTERS,
    Label,
    applied_to,
    is_exponential,
    is_long,
    is_square,
    key_of,
    label_of,
    occurs,
    tokens_of,
)
from gradlab.prove.read._names import in_bold, is_running, labelled, running
from gradlab.prove.read._nodes import letter_of
from gradlab.prove.read._numbers import is_called_constant, is_near_pi, is_numeric, is_pi, is_value
from gradlab.prove.read._part import Part
from gradlab.prove.read._pieces import JUDGED, Piece, pieces_of
from gradlab.prove.read._reader import Reader
from gradlab.prove.read._rows import Row
from gradlab.prove.read._scope import is_conventional
from gradlab.prove.read._source import Source, rows_of
from gradlab.prove.read._statements import Kind
from gradlab.tex import Macro

_CONSTANTS = ("c", "C", "k", "K")


@dataclass
class Line:
    """One claim, definition or condition of a text, with what belongs to it.

    Attributes:
        source: the formula it stands in.
        piece: its sides.
        conditions: under which it is said.
        words: what stands before it in the text.
        sentence: the sentence around it.
        question: the heading above it.
        section: the number of that heading.
        in_key: whether it belongs to a solution.
        items: how many points of numbered lists, and of any list, begin before it.
        error: why its formula could not be taken apart.
        begins: the first side as it is written, where that is the last one of the line before.
    """

    source: Source
    piece: Piece
    conditions: list[Piece] = field(default_factory=list[Piece])
    words: str = ""
    sentence: str = ""
    question: str = ""
    section: int = 0
    in_key: bool = False
    items: tuple[int, int] = (0, 0)
    error: NotUnderstoodError | None = None
    begins: str = ""

    @property
    def reported(self) -> bool:
        """Whether it is an equation, or what could not be read as one."""
        if self.piece.condition:
            return False
        return (
            self.error is not None
            or self.piece.is_equation
            or any(sign.text in ("<-", "+=", "-=") for sign in self.piece.relations)
        )


def lines_of(source: Source, macros: dict[str, Macro]) -> list[Line]:
    """The claims, definitions and conditions of a formula; conditions belong to the claims before them."""
    try:
        rows = rows_of(source, macros)
    except NotUnderstoodError as error:
        return [Line(source, Piece([()]), error=error)]
    found: list[Line] = []
    for row in rows:
        claims: list[Line] = []
        before: list[Piece] = []  # conditions that stand before what they are said of
        pieces = pieces_of(row)
        for piece, behind in zip(pieces, (*pieces[1:], None), strict=False):
            if piece.condition and not _says_what(piece, behind):
                for line in claims:
                    if line is claims[-1] or _letters(piece) <= _letters(line.piece):
                        line.conditions.append(piece)
                before += [] if claims else [piece]
            else:
                last = claims[-1] if claims else None
                claims = [] if last is not None and last.conditions and not before else claims
                claims.append(Line(source, replace(piece, condition=False), list(before)))
            found.append(claims[-1] if not piece.condition or _says_what(piece, behind) else Line(source, piece))
    return [line for line in found if line.piece.relations]


def _letters(piece: Piece) -> set[str]:
    """The letters of a piece, wherever they stand."""
    found, waiting = set[str](), list(piece.sides)
    while waiting:
        for part in waiting.pop():
            found |= {part.text} if part.kind == "letter" else set()
            waiting += [*part.inside, *(row for row in (part.sub, part.sup) if row)]
    return found


def _says_what(piece: Piece, behind: Piece | None) -> bool:
    r"""Whether a piece says what a name of the claim beside it is: ``where z := w``, ``if y = x^2 then ...``."""
    given = re.match(r"\W*if\b", piece.words, re.IGNORECASE) and [sign.text for sign in piece.relations] == ["="]
    if given and behind is not None and re.match(r"\W*then\b", behind.words, re.IGNORECASE):
        name, *more = piece.sides[0]
        called = not more or (len(more) == 1 and more[0].kind == "group" and not is_numeric(more[0].inside[0]))
        return is_name((name,)) and called and not is_numeric(piece.sides[1])
    said = re.match(r"\W*(?:where|with)\b", piece.words, re.IGNORECASE)
    return said is not None and [sign.text for sign in piece.relations] == [":="] and is_name(piece.sides[0])


@dataclass(frozen=True, slots=True)
class Shape:
    """What the first side of a line is, if it is a name that the line may define.

    Attributes:
        name: its free name; for a family the name without its index.
        parameters: for a function, the names in its brackets; None for a quantity.
        below: for a family, the letters below it.
        above: for a family, the letters above it.
        label: the name as it is written.
        own: what the name looks like among the others of the line.
    """

    name: str
    label: Label
    parameters: tuple[Part, ...] | None = None
    below: tuple[str, ...] = ()
    above: tuple[str, ...] = ()

    @property
    def is_family(self) -> bool:
        """Whether it is defined for all values of an index."""
        return bool(self.below or self.above)


def shape_of(reader: Reader, row: Row) -> Shape | None:
    """What a side that is one name, or a function at its variables, may define; None for any other side."""
    if len(row) not in (1, 2):
        return None
    part = row[0]
    own = part.text == r"\sigma" and (len(row) == 2 or part.sup is not None)
    if part.kind not in ("letter", "word", "run", "text") or (table.function_of(reader, part) is not None and not own):
        return None
    if part.kind == "run" and not words.is_word(reader, part):
        return None
    label = labelled(reader, part)
    if label is None or label.power is not None:
        return None
    bare = Label(label.head, label.below, label.above, label.mark, None, label.primes, label.commas)
    if slopes.named(reader, bare) is not None:
        return None
    tokens = running(reader, label)
    if len(row) == 2 and row[1].sub is not None:
        return None if tokens or label.primes else _entry_shape(reader, bare, row[1])
    if len(row) == 2:
        return _function_shape(bare, row[1], bool(tokens))
    if tokens:
        if label.primes or not all(token.letter for token in tokens):
            return None
        if len(tokens) != len(label.below) + len(label.above):
            return None
        below, above = (tuple(token.text for token in group) for group in (label.below, label.above))
        if len(set(below + above)) < len(below + above):
            return None
        return Shape(FREE + key_of(Label(in_bold(reader, label), (), (), label.mark)), bare, None, below, above)
    return Shape(FREE + key_of(bare) + "'" * label.primes, bare)


def _function_shape(label: Label, group: Part, running: bool) -> Shape | None:
    if running or label.primes or group.kind != "group" or group.text not in ("(", "[") or not group.bare:
        return None
    parameters: list[Part] = []
    for row in group.inside:
        bold = len(row) == 1 and row[0].style == "bold" and len(row[0].text) == 1 and row[0].text.isalpha()
        named = bold or (len(row) == 1 and row[0].kind in ("letter", "word"))
        own = label_of(row[0]) if named else None
        if (
            own is None
            or (own.power is not None and not is_square(own))
            or own.primes
            or not all(token.letter for token in own.above)
        ):
            return None
        parameters.append(row[0])
    return Shape(FREE + key_of(label), label, tuple(parameters))


def _entry_shape(reader: Reader, label: Label, group: Part) -> Shape | None:
    r"""The entries of what a function of a whole vector gives: ``\sigma(\mathbf z)_i``."""
    inside, below = applied_to(group), tokens_of(group.sub or ())[0]
    runs = all(token.letter and is_running(reader, token) for token in below)
    if inside is None or group.sup is not None or group.primes or not runs or len(set(below)) < len(below):
        return None
    head = f"{key_of(label)}({inside})"
    return Shape(FREE + head, Label(head), None, tuple(token.text for token in below))


def uses(parameters: tuple[Part, ...], row: Row) -> bool:
    """Whether one of the variables of a function stands in its formula, or it is constant by convention."""
    labels = [label for part in parameters if (label := label_of(part)) is not None]
    constant = len(row) == 1 and row[0].bare and row[0].text in _CONSTANTS
    return constant or is_value(row) or any(occurs(label, row) for label in labels)


def is_of_unknown_function(row: Row, functions: set[str]) -> bool:
    """Whether a row is a function that no line defines, at names."""
    label = label_of(row[0]) if len(row) == 2 and row[0].kind == "letter" and row[1].kind == "group" else None
    if label is None or label.power is not None or not row[1].bare or FREE + key_of(label) in functions:
        return False
    return all(len(inner) == 1 and inner[0].kind == "letter" for inner in row[1].inside)


def names_entries(shape: Shape, row: Row) -> bool:
    r"""Whether a row only says how the entries of a name are called, or which numbers it runs through.

    ``x = (x_1, \dots, x_n)^\top``, ``c = 1, \dots, C``
    """
    if len(row) == 3 and row[1].kind == "dots":
        return shape.parameters is None
    cells = row[0].inside if len(row) == 1 and row[0].kind in ("group", "table") else ()
    parts = [part for cell in cells for part in cell if part.kind not in ("dots", "comma", "gap")]
    letter = letter_of(shape.label.head)
    return bool(parts) and all(part.kind == "letter" and part.sub and part.text == letter for part in parts)


def is_name(row: Row) -> bool:
    """Whether a row is one name."""
    label = label_of(row[0]) if len(row) == 1 else None
    if label is None or label.power is not None:
        return False
    return row[0].kind in ("letter", "word", "text") or is_long(row[0])


def kind_of(reader: Reader, line: Line) -> Kind:
    """What a line does by its form alone; a definition is only one if nothing else gives the name a meaning."""
    piece = line.piece
    relations = [sign.text for sign in piece.relations]
    first = piece.sides[0]
    if any(text in ("<-", "+=", "-=") for text in relations):
        return Kind.UPDATE
    if piece.condition or not piece.is_equation or is_called_constant(line, 1):
        return Kind.CONDITION
    if relations[0] == "=" and _is_next(first, piece.sides[1]):
        return Kind.UPDATE
    if differentials.are_meant(reader.scope, piece):
        return Kind.CLAIM
    shape = shape_of(reader, first)
    if shape is not None and relations[0] == "=" and _is_of_slope(shape.label, piece.sides[1]):
        return Kind.CONDITION
    if shape is not None and relations[0] in (":=", "=") and occurs(shape.label, piece.sides[1]):
        return Kind.UPDATE if relations[0] == ":=" or _is_term(shape.label, piece.sides[1]) else Kind.CLAIM
    if shape is not None and shape.parameters is not None and (kind := _of_function(reader, line, shape)) is not None:
        return kind
    names = [row for row in piece.sides if is_name(row)]
    numbers = [row for row in piece.sides if is_numeric(row)]
    if numbers and any(map(is_pi, names)) and not reader.scope.has(r"\pi"):
        return Kind.CLAIM if all(is_near_pi(row) for row in numbers) else Kind.VALUE
    constant = not reader.scope.has(r"\pi") and not reader.scope.names.graph
    if constant:
        numbers = [row for row in piece.sides if is_value(row) and row not in names]
    if names and numbers and len(names) + len(numbers) == len(piece.sides):
        return Kind.VALUE
    if shape is not None and len(piece.sides) == 2 and is_name(piece.sides[1]) and _is_point(line):
        return Kind.CONDITION
    return Kind.CLAIM if shape is None or relations[0] not in JUDGED or relations[0] == "~" else Kind.DEFINITION


def _is_point(line: Line) -> bool:
    """Whether a line between two names says where something holds: ``at $x = x_0$``."""
    left, right = (row[0] for row in line.piece.sides)
    if line.piece.relations[0].text != "=":
        return False
    same = letter_of(left.text) == letter_of(right.text) and not _SAID.search(line.sentence)
    return same or left.text in INDEX_LETTERS or _AT.search(line.words) is not None


def _of_function(reader: Reader, line: Line, shape: Shape) -> Kind | None:
    """What a line does that begins with a function and its arguments; None if that is all that speaks for a kind."""
    sides = line.piece.sides
    assert shape.parameters is not None
    if is_name(sides[1]):
        own = uses(shape.parameters, sides[1])
        if line.piece.premise and (own or sides[1][0].text in ("C", "c", "k")) and _PRIME.search(line.source.tex):
            return Kind.DEFINITION  # and behind the arrow is its derivative
        own = own and reader.scope.document and not _SOUGHT.search(line.sentence)
        return Kind.DEFINITION if own else Kind.CLAIM
    if _SOMEWHERE.search(line.sentence):
        return Kind.CONDITION
    if shape.label.head == r"\sigma":
        other = [part.kind for part in sides[1]] == ["function", "group"]  # \sigma(z) = \tanh(z)
        own = reader.scope.document and (other or not is_exponential(sides[1])) and not is_numeric(sides[1])
        return Kind.DEFINITION if own else Kind.CLAIM
    if not is_numeric(sides[-1]) or line.piece.relations[-1].text != "=" or not shape.parameters:
        return None
    # The value where something happens, "when r(t) = 3", or everywhere: only words or the derivative behind it tell.
    said = _LET.search(line.words) or (line.piece.premise and _PRIME.search(line.source.tex))
    return None if said else Kind.CONDITION


_SAID = re.compile(r"\b(?:let|define\w*|denot\w*|call\w*|set|write|put|abbreviat\w*)\b", re.IGNORECASE)
_PRIME = re.compile(r"'|\\prime")
_AT = re.compile(r"\b(?:at|if|when(?:ever)?|for|an der Stelle|für|wenn|falls|si|se|en|em)\W*$", re.IGNORECASE)
_SOMEWHERE = re.compile(r"\bholds? (?:for|at|in) (?:one|some|an?)\b", re.IGNORECASE)
_LET = re.compile(r"\b(?:let|define\w*|denot\w*|constant|zero function)\b", re.IGNORECASE)
_SOUGHT = re.compile(
    r"\b(?:solv\w*|solution\w*|fixed|roots?|if|when|where|find|such|satisf\w*|point\w*)\b", re.IGNORECASE
)


def implied_by(reader: Reader, line: Line) -> dict[int, Line]:
    r"""What a line defines that does not begin it, by the number of the step: ``y = f(x) = x^2``, "let x + y = s"."""
    piece, found = line.piece, dict[int, Line]()
    if piece.condition or not piece.is_equation or any(sign.text not in (":=", "=") for sign in piece.relations):
        return found
    for i, row in enumerate(piece.sides[:-1]):
        if not row or shape_of(reader, row) is None:
            break
        if i:
            found[i] = replace(line, piece=replace(piece, sides=piece.sides[i:], relations=piece.relations[i:]))
    left, right = piece.sides[0], piece.sides[1]
    if (
        len(piece.sides) == 2
        and left
        and shape_of(reader, left) is None
        and is_name(right)
        and _SAID.search(line.words)
    ):
        found[0] = replace(line, piece=replace(piece, sides=[right, left]))
    return found


def _is_next(left: Row, right: Row) -> bool:
    """Whether a row is the next member of a sequence, and the other is computed from the one before: ``x_{n+1}``."""
    label = label_of(left[0]) if len(left) == 1 else None
    if label is None or not any(token.formula for token in (*label.below, *label.above)):
        return False
    heads = [other.head for part in right if (other := label_of(part)) is not None]
    return label.head in heads


def is_recursive(shape: Shape, row: Row) -> bool:
    r"""Whether a family stands in what one of its layers is said to be: ``\delta^l = (W^{l+1})^T \delta^{l+1}``."""
    for part in row:
        label = label_of(part)
        if label is not None and label.head == shape.label.head and (label.above or label.power is not None):
            return True
        if any(is_recursive(shape, inner) for inner in part.inside):
            return True
    return False


def claims_on_layers(found: list[tuple[Shape, Row]]) -> set[int]:
    """Which definitions say of a layer, by another one, or of the last, what is said elsewhere of all layers."""
    special = {i for i, (shape, row) in enumerate(found) if shape.above == ("L",) or is_recursive(shape, row)}
    of_all = {shape.name for i, (shape, _) in enumerate(found) if shape.above and i not in special}
    return {i for i in special if found[i][0].above and found[i][0].name in of_all}


def _is_of_slope(name: Label, row: Row) -> bool:
    """Whether a row has the function whose derivative the name is, as in ``f' = f``: an equation that one solves."""
    return name.primes > 0 and is_conventional(name.head) and occurs(replace(name, primes=0), row)


def _is_term(name: Label, row: Row) -> bool:
    r"""Whether a row is a sum of which the name is a term: ``w - \eta g``."""
    if len(row) < 3:
        return False
    label = label_of(row[0])
    same = label is not None and (label.head, label.sub, label.layer) == (name.head, name.sub, name.layer)
    return same and label is not None and label.power is None and row[1].kind in ("plus", "minus")
