"""The sides of a chain, read in every way in which they can be read."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gradlab.graph import Expression, Ref
from gradlab.prove._errors import READING, Deadline, NotUnderstoodError, OutOfTimeError
from gradlab.prove._names import FREE
from gradlab.prove.read import _functions as table
from gradlab.prove.read import _sums as sums
from gradlab.prove.read._integrals import without_constants
from gradlab.prove.read._label import Label, holds_a_name, key_of, label_of
from gradlab.prove.read._nodes import Condition, Derivative, Infinity
from gradlab.prove.read._part import Part
from gradlab.prove.read._pieces import Piece
from gradlab.prove.read._reader import Reader
from gradlab.prove.read._rows import Choice
from gradlab.prove.read._scope import Scope, is_conventional
from gradlab.prove.read._slopes import CONSTANTS
from gradlab.prove.read._statements import Chain

Row = tuple[Part, ...]
Place = tuple[int, str]  # where something can be read in several ways, and what kind of choice it is
MOST_READINGS = 16  # of the two sides of a step
LONGEST_SIDE = 1_500  # parts


@dataclass
class Reading:
    """A chain in one reading of its ambiguous places.

    Attributes:
        chain: the sides.
        choices: which way each place was read.
        reader: what was noted on the way.
    """

    chain: Chain
    choices: dict[Place, int]
    reader: Reader

    def usual(self) -> bool:
        """Whether every place that has a usual reading is read in it."""
        open_choices = self.reader.open_choices
        return all(not way or not open_choices[key].usual for key, way in self.choices.items() if key in open_choices)


@dataclass
class Readings:
    """All readings of a chain, or the first few where there are too many.

    Attributes:
        found: the likeliest first.
        complete: whether these are all.
    """

    found: list[Reading]
    complete: bool

    @property
    def open_choices(self) -> dict[Place, Choice]:
        """All places with several readings."""
        merged: dict[Place, Choice] = {}
        for reading in self.found:
            merged.update(reading.reader.open_choices)
        return merged


def readings(scope: Scope, piece: Piece, conditions: list[Piece], deadline: Deadline) -> Readings:
    """Read a chain in every way."""
    waiting: deque[dict[Place, int]] = deque([{}])
    found: list[Reading] = []
    implicit, by = implicit_variable(scope, piece), _by_first(scope, piece)
    most = MOST_READINGS * len(piece.relations)
    while waiting and len(found) + len(waiting) <= most:
        fixed = waiting.popleft()
        reading = _read(scope, piece, conditions, fixed, (implicit, by), deadline)
        found.append(reading)
        so_far = dict(fixed)
        for key, choice in reading.reader.open_choices.items():
            if key in fixed:
                continue
            ways = ({**so_far, key: way} for way in range(1, choice.count))
            waiting.extend(way for way in ways if steps_touched(piece, way))
            so_far[key] = 0
    return Readings(found, not waiting)


def steps_touched(piece: Piece, choices: Mapping[Place, int]) -> list[int]:
    """The steps that have to be judged in a reading: those with all that is read in another way than the first."""
    sides: set[int] = set()
    for (at, _), way in choices.items():
        if way and at >= 0:
            sides |= {i for i, row in enumerate(piece.sides) if row and row[0].at <= at <= row[-1].end}
    return [i for i in range(len(piece.relations)) if sides <= {i, i + 1}]


def _read(
    scope: Scope,
    piece: Piece,
    conditions: list[Piece],
    fixed: dict[Place, int],
    open_by: tuple[Expression | None, Expression | None],
    deadline: Deadline,
) -> Reading:
    reader = Reader(scope, fixed, deadline)
    reader.implicit, reader.by_first = open_by
    reader.both_signs = all(map(_has_both_signs, piece.sides))
    sides = without_constants(tuple(_side(reader, row, piece) for row in piece.sides))
    if are_crossed(piece.sides):
        why = r"both \times and \cdot between letters may be products of vectors: write \cdot alone for numbers"
        sides = tuple(NotUnderstoodError(why, row[0].at if row else piece.at) for row in piece.sides)
    read: list[Condition] = []
    problem: NotUnderstoodError | None = None
    for condition in conditions:
        try:
            read += _condition(reader, condition)
        except NotUnderstoodError as error:
            problem = problem or error
    if problem is not None:
        sides = tuple(side if isinstance(side, NotUnderstoodError) else problem for side in sides)
    digits = tuple(_digits(piece, i) for i in range(len(piece.relations)))
    return Reading(Chain(sides, digits, tuple(read)), fixed, reader)


def are_crossed(rows: list[Row]) -> bool:
    r"""Whether letters are multiplied by ``\times`` and by ``\cdot``, or by ``\times`` in a bracket and before it."""
    crossed: set[str] = set()
    dotted: set[str] = set()
    waiting = list(rows)
    while waiting:
        row = waiting.pop()
        waiting += [inner for part in row for inner in part.inside]
        for before, sign, after in zip(row, row[1:], row[2:], strict=False):
            if sign.kind == "times" and all(part.kind in ("letter", "run", "group") for part in (before, after)):
                groups = [inner for part in (before, after) if part.text == "(" for inner in part.inside]
                if sign.text == "×" and any(other.text == "×" for inner in groups for other in inner):
                    return True
                (crossed if sign.text == "×" else dotted).update((before.text, after.text))
    return not crossed.isdisjoint(dotted - {"("})


def _has_both_signs(row: Row) -> bool:
    return any(part.kind == "plusminus" or any(map(_has_both_signs, part.inside)) for part in row)


def _side(reader: Reader, row: Row, piece: Piece) -> Expression | NotUnderstoodError:
    if not row:
        return NotUnderstoodError("nothing stands on this side of the equals sign", piece.end)
    if len(row) > LONGEST_SIDE:
        return NotUnderstoodError("this side is too long to be judged: split it into smaller steps", row[0].at)
    unread = next((part for part in row if part.kind == "error"), None)
    if unread is not None:
        return NotUnderstoodError(reader.reason(unread), unread.at)
    if row[-1].kind == "infinity" and [part.kind for part in row[:-1]] in ([], ["plus"], ["minus"]):
        return Infinity(-1 if row[0].kind == "minus" else 1)
    try:
        return reader.sum(row)
    except NotUnderstoodError as error:
        return NotUnderstoodError(str(error), error.at or row[0].at)
    except (OutOfTimeError, RecursionError) as error:
        return NotUnderstoodError(str(error) or "this is nested too deeply", row[0].at)


def _condition(reader: Reader, piece: Piece) -> list[Condition]:
    """What a condition says; membership in a set and ranges of an index restrict nothing that is tried."""
    if not piece.relations or all(sign.text == "in" for sign in piece.relations):
        return []
    if piece.words == "\0dots":
        return []
    return [
        sums.condition_of(reader, piece.sides[i], sign.text, piece.sides[i + 1])
        for i, sign in enumerate(piece.relations)
        if sign.text != "in"
    ]


def _digits(piece: Piece, i: int) -> int | None:
    """How many decimals the rounded number of a step has; None if it is no rounded number."""
    about = piece.relations[i].text == "~"
    for row in (piece.sides[i + 1], piece.sides[i]):
        signless = row[1:] if row[:1] and row[0].kind == "minus" else row
        for number in signless if len(signless) == 1 else ():
            if number.kind == "number" and ("." in number.text or about):
                return len(number.text.partition(".")[2])
    return None


# ---- functions without arguments --------------------------------------------------------------------------------


def implicit_variable(scope: Scope, piece: Piece) -> Expression | None:
    r"""The variable of functions that are written without one: ``\sigma' = \sigma (1 - \sigma)``, ``(x^3)' = 3x^2``.

    None where every function has its argument, or where it is not clear by what a bracket with a prime is
    differentiated.
    """
    probe = Reader(scope, {}, Deadline(READING))
    found = _Bare(probe)
    for row in piece.sides:
        found.look(row)
    bare = any(table.stands_bare(probe, row) for row in piece.sides)
    if not (bare or found.primed):
        return None
    for key in sorted(scope.here.primed):
        function = scope.known.functions.get(FREE + key)
        if function is not None and len(function.parameters) == 1:
            return Ref(function.parameters[0])
    variables = {**_varying(scope, found.primed), **(found.variables if bare else {})}
    if len(variables) == 1:
        part = next(iter(variables.values()))
        try:
            return probe.sum((part,))
        except NotUnderstoodError:
            return Ref("?t")
    unclear = variables or (_letters_in(found.primed, scope) and not scope.here.primed)
    return None if found.primed and unclear else Ref("?t")


def _by_first(scope: Scope, piece: Piece) -> Expression | None:
    r"""By what the first side of a chain differentiates: the brackets with primes behind it do, too."""
    row = piece.sides[0]
    if not row or row[0].kind != "fraction" or not any(map(_has_primed_bracket, piece.sides)):
        return None
    try:
        value = Reader(scope, {}, Deadline(READING)).sum(row)
    except (NotUnderstoodError, OutOfTimeError, RecursionError):
        return None
    return value.wrt[0] if isinstance(value, Derivative) and len(value.wrt) == 1 else None


def _has_primed_bracket(row: Row) -> bool:
    return any((part.kind == "group" and part.primes > 0) or any(map(_has_primed_bracket, part.inside)) for part in row)


def _varying(scope: Scope, rows: list[Row]) -> dict[str, Part]:
    """The letters in brackets with primes by which may be differentiated: no functions, and no usual constants."""
    letters = _letters_in(rows, scope)
    return {key: part for key, part in letters.items() if part.text not in CONSTANTS}


def _letters_in(rows: list[Row], scope: Scope) -> dict[str, Part]:
    """The names of numbers in rows, by how they are written."""
    found: dict[str, Part] = {}
    waiting = list(rows)
    while waiting:
        row = waiting.pop()
        for part, after in zip(row, (*row[1:], None), strict=True):
            waiting += [*part.inside, *([] if part.sup is None else [part.sup])]
            label = label_of(part) if part.kind == "letter" else None
            if label is None:
                continue
            key = key_of(Label(label.head, label.below, label.above, label.mark, None, 0, label.commas))
            called = after is not None and after.kind == "group" and key in scope.use.applied
            constant = part.text == r"\pi" or (part.text == "e" and not scope.has("e"))
            if not (called or constant or key in scope.here.primed or scope.has(key) or is_conventional(label.head)):
                found[key] = replace(part, sup=None, primes=0)
    return found


class _Bare:
    """Looks for brackets with primes, and for the variables of functions of the table."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.primed: list[Row] = []
        self.variables: dict[str, Part] = {}

    def look(self, row: Row) -> None:
        """Look through a row."""
        for before, part, after in zip((None, *row), row, (*row[1:], None), strict=False):
            for inner in (*(part.inside if part.kind != "run" else ()), *filter(None, (part.sup,))):
                self.look(inner)
            if part.kind == "group" and part.primes:
                applied = before is not None and before.kind in ("letter", "function", "word")
                if not (applied and holds_a_name(part)):
                    self.primed += part.inside
            if after is None or after.kind != "group" or not table.names_function(self.reader, part):
                continue
            if [each.kind for inner in after.inside for each in inner] == ["letter"]:
                variable = after.inside[0][0]
                if not table.names_function(self.reader, variable):
                    self.variables[repr((variable.text, variable.sub))] = variable
