r"""Sums written with dots, ``x_1 + x_2 + \dots + x_n``, as sums over an index, by how terms differ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradlab.prove.read._label import INDEX_LETTERS
from gradlab.prove.read._part import Part
from gradlab.prove.read._rows import Item

if TYPE_CHECKING:
    from gradlab.prove.read._reader import Reader

Row = tuple[Part, ...]
Term = tuple[int, list[Item]]


def with_sums(reader: Reader, terms: list[Term]) -> list[Term]:
    """Terms in which those beside dots, and the dots, are one sum; as they were where it is not clear which."""
    at = next((i for i, (_, items) in enumerate(terms) if [item.kind for item in items] == ["dots"]), 0)
    if not 0 < at < len(terms) - 1 or len({sign for sign, _ in terms[at - 1 : at + 2]}) > 1:
        return terms
    sign = terms[at][0]
    rows = [tuple(part for part in items if isinstance(part, Part)) for _, items in terms]
    taken = {*reader.scope.use.keys, *reader.scope.use.indexing, *reader.bound}
    letter = next((letter for letter in sorted(INDEX_LETTERS) if letter not in taken), "")
    general = _General(letter)
    body = general.of_rows(rows[at - 1], rows[at + 1])
    if not letter or body is None or len(general.first) != 1 or len(general.last) != 1:
        return terms
    number, last = int(next(iter(general.first))), next(iter(general.last.values()))
    start = at - 1
    while start and number > 0 and terms[start - 1][0] == sign:
        if _bare(rows[start - 1]) != _bare(_with(body, letter, str(number - 1))):
            break
        start, number = start - 1, number - 1
    if number > 1:
        return terms
    here, end = rows[start][0].at, rows[at + 1][-1].end
    below = (
        Part("letter", here, here, letter),
        Part("relation", here, here, "="),
        Part("number", here, here, str(number)),
    )
    total = Part("sum", here, end, "sum", sub=below, sup=(last,))
    return [
        *terms[:start],
        (sign, [total, Part("group", here, end, "(", (body,))]),
        *with_sums(reader, terms[at + 2 :]),
    ]


@dataclass
class _General:
    """Finds what two terms have in common, with a letter where a number stands in the one and the end in the other."""

    letter: str

    def __post_init__(self) -> None:
        self.first: set[str] = set()
        self.last: dict[tuple[object, ...], Part] = {}

    def of_rows(self, a: Row, b: Row) -> Row | None:
        """What two rows have in common; None if they differ otherwise."""
        if len(a) != len(b):
            return None
        found = [self.of(x, y) for x, y in zip(a, b, strict=True)]
        return None if None in found else tuple(part for part in found if part is not None)

    def of(self, a: Part, b: Part) -> Part | None:
        """What two parts have in common."""
        if a.kind == "number" and a.text.isdigit() and b.kind in ("letter", "number") and a.text != b.text:
            if (
                b.accent
                or b.style
                or b.primes
                or _bare((replace(b, kind="", text=""),)) != _bare((replace(a, kind="", text=""),))
            ):
                return None
            self.first.add(a.text)
            self.last[b.kind, b.text] = replace(b, sub=None, sup=None)
            return replace(a, kind="letter", text=self.letter)
        if (a.kind, a.text, a.primes, a.style, a.accent, len(a.inside)) != (
            b.kind, b.text, b.primes, b.style, b.accent, len(b.inside),
        ):  # fmt: skip
            return None
        if (a.sub is None) != (b.sub is None) or (a.sup is None) != (b.sup is None):
            return None
        inside = [self.of_rows(x, y) for x, y in zip(a.inside, b.inside, strict=True)]
        sub, sup = (x and self.of_rows(x, y or ()) for x, y in ((a.sub, b.sub), (a.sup, b.sup)))
        if None in inside or (a.sub and sub is None) or (a.sup and sup is None):
            return None
        return replace(a, inside=tuple(row for row in inside if row is not None), sub=sub, sup=sup)


def _with(row: Row, letter: str, number: str) -> Row:
    """A row with a number for a letter."""

    def put(part: Part) -> Part:
        if part.kind == "letter" and part.text == letter:
            return replace(part, kind="number", text=number)
        sub, sup = (None if inner is None else _with(inner, letter, number) for inner in (part.sub, part.sup))
        return replace(part, inside=tuple(_with(inner, letter, number) for inner in part.inside), sub=sub, sup=sup)

    return tuple(map(put, row))


def _bare(row: Row) -> Row:
    """A row without the places of its parts."""

    def bare(part: Part) -> Part:
        sub, sup = (None if inner is None else _bare(inner) for inner in (part.sub, part.sup))
        return replace(part, at=0, end=0, inside=tuple(map(_bare, part.inside)), sub=sub, sup=sup)

    return tuple(map(bare, row))
