"""One thing in a row of a formula."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Part:
    """One thing in a row.

    Attributes:
        kind: number, letter, run (letters typed side by side), word, text, function, group, bars, norm, fraction, root,
            sum, integral, table, evaluated, relation, gap, error, or the name of a sign.
        at: where it begins.
        end: where it ends.
        text: as it is called; for a bracket the opening one, for an error the message.
        inside: the rows inside.
        sub: what stands below it.
        sup: what stands above it.
        primes: how many primes stand behind it.
        style: bold, double-struck, script or nothing.
        accent: the commands over a letter, from the inside outwards.
    """

    kind: str
    at: int
    end: int
    text: str = ""
    inside: tuple[tuple[Part, ...], ...] = ()
    sub: tuple[Part, ...] | None = None
    sup: tuple[Part, ...] | None = None
    primes: int = 0
    style: str = ""
    accent: tuple[str, ...] = ()

    @property
    def bare(self) -> bool:
        """Whether nothing is attached to it."""
        return self.sub is None and self.sup is None and not self.primes


Row = tuple[Part, ...]


def moved(part: Part, at: int) -> Part:
    """A part that stands for one of another formula, all of it at one place."""
    inside = tuple(tuple(moved(inner, at) for inner in row) for row in part.inside)
    sub, sup = (None if row is None else tuple(moved(inner, at) for inner in row) for row in (part.sub, part.sup))
    return replace(part, at=at, end=at, inside=inside, sub=sub, sup=sup)
