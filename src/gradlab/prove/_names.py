r"""The names a person may write: those of the graph in any spelling, and free variables."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from gradlab.graph import Graph
from gradlab.prove._errors import NotUnderstoodError

FREE = "?"  # in front of the names of variables that belong to no graph


_LATEX = re.compile(r"(?P<head>\\?[^_^{}]+(?:\{[^{}]*\})?)(?:\^\{\((?P<layer>\w+)\)\})?(?:_(?P<sub>\{[^{}]*\}|.))?")
_STYLE = re.compile(r"\\(?:mathcal|mathscr|mathrm|mathit|mathsf|text|textrm|operatorname)\s*\{?\s*(\\?[A-Za-z]+)\s*\}?")
_WORD = re.compile(r"\\(?:text|mathrm|mathit|textrm|mathsf|operatorname)\s*")


@dataclass(frozen=True, slots=True)
class Written:
    """A name as it was written: its letter, its layer and its index."""

    head: str
    layer: str = ""
    sub: str = ""

    @property
    def latex(self) -> str:
        """The usual LaTeX of it."""
        below = f"_{self.sub}" if len(self.sub) == 1 else f"_{{{self.sub}}}" if self.sub else ""
        return self.head + (f"^{{({self.layer})}}" if self.layer else "") + below

    @property
    def key(self) -> tuple[str, str, str]:
        """What is the same for all spellings."""
        return self.head, self.layer, self.sub.replace(",", "")


def head_of(text: str) -> str:
    r"""The letter of a name without what styles it: ``\mathcal{L}`` is ``L``; bold and accented ones are others."""
    styled = _STYLE.fullmatch(text.strip())
    bare = styled.group(1) if styled else re.sub(r"\s+", "", text)
    return {r"\varepsilon": r"\epsilon", r"\vartheta": r"\theta", r"\varphi": r"\phi"}.get(bare, bare)


def index_of(text: str) -> str:
    r"""An index without braces and spaces: ``_{2,\text{in}}`` is ``2,in``."""
    bare = _WORD.sub("", text.lstrip("_^ "))
    bare = re.sub(r"[{}\s]", "", bare).replace(r"\star", "*").replace(r"\ast", "*")
    swapped = re.fullmatch(r"(in|out),(.+)", bare)
    return f"{swapped.group(2)},{swapped.group(1)}" if swapped else bare


@dataclass
class Names:
    """What can be named.

    Attributes:
        graph: its quantities have their meaning from here.
    """

    graph: Graph

    def __post_init__(self) -> None:
        self._exact: dict[tuple[str, str, str], str] = {}
        self._loose: dict[tuple[str, str, str], list[str]] = {}
        self._families: set[str] = set()
        for quantity in self.graph:
            match = _LATEX.fullmatch(quantity.latex)
            if match is None:
                written = Written(quantity.latex)
            else:
                written = Written(head_of(match["head"]), match["layer"] or "", index_of(match["sub"] or ""))
            self._families.add(written.head)
            self._exact[written.head, written.layer, written.sub] = quantity.name
            self._loose.setdefault(written.key, []).append(quantity.name)
        self.used = {name for quantity in self.graph for name in quantity.inputs}

    def find(self, written: Written, at: int = 0) -> str | None:
        """The graph's name for it, if there is one.

        Raises:
            NotUnderstoodError: if it could be two.
        """
        exact = self._exact.get((written.head, written.layer, written.sub))
        if exact is not None:
            return exact
        loose = self._loose.get(written.key, [])
        if len(loose) > 1:
            raise NotUnderstoodError(f"{written.latex} could be {' or '.join(loose)}: put a comma into the index", at)
        return loose[0] if loose else None

    def is_sink(self, name: str) -> bool:
        """Whether a quantity is computed and nothing is computed from it: the loss, the value of a function."""
        return name in self.graph and self.graph[name].expression is not None and name not in self.used

    def upstream(self, name: str) -> set[str]:
        """The quantities that one is computed from, directly or not."""
        found: set[str] = set()
        waiting = [name] if name in self.graph else []
        while waiting:
            for source in self.graph[waiting.pop()].inputs:
                if source not in found:
                    found.add(source)
                    waiting.append(source)
        return found

    def belongs(self, written: Written) -> bool:
        """Whether a name that the graph does not have looks like one of its own: its letter, with an index."""
        return bool(written.sub or written.layer) and written.head in self._families

    def has_family(self, head: str) -> bool:
        """Whether the graph has quantities with this letter."""
        return head in self._families

    def unknown(self, written: Written, at: int) -> NotUnderstoodError:
        """The error for a name that nothing gives a meaning to; offers the nearest."""
        shown = {quantity.latex: quantity.name for quantity in self.graph}
        near = difflib.get_close_matches(written.latex, shown, n=2, cutoff=0.5)
        listed = list(shown)
        offer = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(listed[:12])}"
        if not listed:
            offer = "no graph was given"
        elif not near and len(listed) > 12:
            offer += ", ..."
        return NotUnderstoodError(f"there is no quantity {written.latex}: {offer}", at)


_FREE_LATEX = re.compile(r"(?P<head>.+?)(?:\^\{\((?P<layer>[^()]*)\)\})?(?:_(?:\{(?P<long>.*)\}|(?P<short>.)))?")


def written_parts(name: str) -> Written:
    """The parts of a free name."""
    match = _FREE_LATEX.fullmatch(name.removeprefix(FREE))
    if match is None:
        return Written(name.removeprefix(FREE))
    return Written(head_of(match["head"]), match["layer"] or "", match["long"] or match["short"] or "")
