"""What the names of a line mean to somebody who reads a text from its beginning: what was last said of them."""

from __future__ import annotations

from collections.abc import Iterable

from gradlab.prove._definitions import Defined, Definitions
from gradlab.prove._errors import NotUnderstoodError, OutOfTimeError
from gradlab.prove._names import FREE
from gradlab.prove.read._define import Line
from gradlab.prove.read._scope import Row, Use


class Nearest:
    """Finds for a line the definitions before it that are nearest to it.

    Args:
        said: all that the text defines.
    """

    def __init__(self, said: Definitions) -> None:
        self.said = said
        self.order = {id(line): number for number, line in enumerate(said.lines)}
        self.named: dict[str, list[Defined]] = {}
        for item in said.found:
            self.named.setdefault(item.shape.name, []).append(item)

    def definitions(self, line: Line, instead: Defined | None = None) -> list[Line] | None:
        """The lines that say what its names mean; None where nothing else holds, or what holds is unclear.

        One of them may be given ``instead`` of the nearest of its name.
        """
        lines, differs = self.used(line, instead)
        return lines if differs or instead else None

    def used(self, line: Line, instead: Defined | None = None) -> tuple[list[Line] | None, bool]:
        """The lines that say what its names mean, None where that is unclear; and whether elsewhere others hold."""
        chosen: dict[str, Defined] = {}
        differs = False
        met, waiting = set[str](), _names(line)
        while waiting:
            name = waiting.pop()
            if name in met:
                continue
            met.add(name)
            item = instead if instead is not None and instead.shape.name == name else self._nearest(name, line)
            differs = differs or not _same(item, self.said.defined.get(name))
            if instead is None and name in self.said.disputed:
                return None, False  # said in two ways in one place
            if item is not None:
                chosen[name] = item
                waiting |= _names(item.line)
        lines = {id(item.line): item.line for item in sorted(chosen.values(), key=lambda item: item.order)}
        return list(lines.values()), differs

    def before_last(self, line: Line) -> list[Defined]:
        """Of the names of a line that its section says twice before it, what it says otherwise than at last."""
        at = self.order[id(line)]
        found: list[Defined] = []
        for name in sorted(_names(line)):
            items = [i for i in self.named.get(name, ()) if i.order < at and i.line.section == line.section]
            others = [item for item in items if item.formula != items[-1].formula]
            found += others[-1:] if others and self._is_readable(items[-1]) else []
        return found

    def _is_readable(self, item: Defined) -> bool:
        """Whether what a line says that its name is can be read."""
        try:
            self.said.formula(item.line)
        except (NotUnderstoodError, OutOfTimeError, RecursionError):
            return False
        return True

    def _nearest(self, name: str, line: Line) -> Defined | None:
        """The definition of a name before a line; the first one behind it, if that belongs to its section."""
        at = self.order[id(line)]
        items = self.named.get(name, ())
        before = [item for item in items if item.order < at]
        behind = [item for item in items if item.order > at and item.line.section == line.section]
        return before[-1] if before else behind[0] if behind else None


def _same(one: Defined | None, other: Defined | None) -> bool:
    """Whether a name is said to be the same in two lines."""
    return one is other or (one is not None and other is not None and one.formula == other.formula)


def _names(line: Line) -> set[str]:
    return names_of((*line.piece.sides, *(row for piece in line.conditions for row in piece.sides)))


def names_of(rows: Iterable[Row]) -> set[str]:
    """The names that rows may hold, each with and without its index."""
    use = Use.of(rows)
    return {FREE + part for key in use.keys for part in (key, key.partition("_")[0].partition("^")[0])}


def may_hold(said: Definitions, item: Defined, names: set[str]) -> bool:
    """Whether some names may stand in what a line says that its name is, or in what that is computed from."""
    met, waiting = set[str](), [item]
    while waiting:
        rows = waiting.pop().line.piece.sides[1:]
        found = names_of(rows) - met
        if found & names or any(map(_has_error, rows)):
            return True
        met |= found
        waiting += [other for other in said.found if other.shape.name in found]
    return False


def _has_error(row: Row) -> bool:
    """Whether something in a row could not be taken apart."""
    return any(part.kind == "error" or any(map(_has_error, part.inside)) for part in row)
