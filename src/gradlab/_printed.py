"""Collections of expressions that print as what they are: a gradient as a vector, a Hessian as a matrix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gradlab._errors import GradlabError
from gradlab.graph import Expression, Written


class Gradient(Mapping[str, Expression]):
    """The partial derivatives of a function by name; prints as a mapping, and as a column vector in LaTeX."""

    def __init__(self, parts: Mapping[str, Expression]) -> None:
        if not isinstance(parts, Mapping):
            raise GradlabError(f"a Gradient is made by gl.function('x**2').gradient(), and not of {parts!r}")
        self._parts = dict(parts)

    def __getitem__(self, name: str) -> Expression:
        return self._parts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name}: {part}" for name, part in self._parts.items()) + "}"

    def latex(self) -> str:
        """The derivatives as a column vector, without dollar signs."""
        return _matrix((part,) for part in self._parts.values())

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


class Hessian(Mapping[tuple[str, str], Expression]):
    """The second derivatives of a function by pairs of names; prints as a matrix, in text and in LaTeX."""

    def __init__(self, entries: Mapping[tuple[str, str], Expression]) -> None:
        self._entries = dict(entries)
        self._names = tuple(dict.fromkeys(first for first, _ in self._entries))

    def __getitem__(self, pair: tuple[str, str]) -> Expression:
        return self._entries[pair]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        rows = [[str(self[first, second]) for second in self._names] for first in self._names]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        padded = ["  ".join(f"{text:>{width}}" for text, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join(f"[{row}]" for row in padded)

    def latex(self) -> str:
        """The matrix without dollar signs."""
        return _matrix((self[first, second] for second in self._names) for first in self._names)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


def _matrix(rows: Iterable[Iterable[Expression]]) -> Written:
    pieces = [piece for row in rows for i, cell in enumerate(row) for piece in (" & " if i else r" \\ ", cell.latex())]
    return Written(r"\begin{pmatrix} ", *pieces[1:], r" \end{pmatrix}")
