r"""Derivatives of names that nothing computes: true by the chain rule, over what depends on what as the text has it.

In ``\frac{\partial L}{\partial w} = \frac{\partial L}{\partial z} x`` nothing may say what L is. It is then taken as
any function of what it is differentiated by, but for what that is computed from: here of z alone, as z is computed
from w. A first derivative says no more of a function than the line that touches it, so such a line stands for it, with
a slope and a height of its own. A step that holds for all of them is true, unless the text has another way from w to L
in which it may depend on it; one that does not hold for all of them is left open.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from itertools import pairwise

from gradlab.graph import Apply, Expression, Ref, add, as_number, mul
from gradlab.prove._definitions import Definitions, names_in, steps, walk
from gradlab.prove._errors import Deadline
from gradlab.prove._meant import verdicts
from gradlab.prove._names import FREE
from gradlab.prove._nearest import Nearest, names_of
from gradlab.prove._verdict import Truth
from gradlab.prove.judge._axes import plain_of
from gradlab.prove.judge._entries import entry
from gradlab.prove.read._define import Line
from gradlab.prove.read._label import key_of, label_of
from gradlab.prove.read._nodes import Call, Derivative, Index, Indexed, Tensor, Total, letter_of, mapped
from gradlab.prove.read._scope import Row
from gradlab.prove.read._statements import Chain, Family, Known

_OTHER_WAYS = re.compile(r"\b(?:directly|both|regulari[sz]\w*|decay|penalty|paths?|ways)\b", re.IGNORECASE)
Pair = tuple[Expression, Expression]
Links = dict[str, dict[str, Expression]]  # for each name that is differentiated, by what, with how that stands there


class Uses:
    """What the names of a document are used for: which other names are computed from them.

    Args:
        said: what the document defines.
    """

    def __init__(self, said: Definitions) -> None:
        self.said, self.nearest = said, Nearest(said)
        self._known: dict[frozenset[int], Uses] = {}
        self.after: dict[str, set[str]] = {}
        self.own: dict[str, set[str]] = {}  # for each name the functions of which it is a variable

    def around(self, line: Line) -> Uses:
        """Those under its heading, and under the headings where the names of a line are defined."""
        lines = self.nearest.used(line)[0] or []
        sections = frozenset((line.section, *(other.section for other in lines)))
        if sections not in self._known:
            self._known[sections] = self._within(sections)
        return self._known[sections]

    def _within(self, sections: frozenset[int]) -> Uses:
        found = Uses(self.said)
        items = [item for item in self.said.found if item.line.section in sections]
        gradients = {item.shape.name for item in items if _has_derivative(item.line.piece.sides[1])}
        for item in (item for item in items if item.shape.name not in gradients):
            own = {
                FREE + key_of(label) for part in item.shape.parameters or () if (label := label_of(part)) is not None
            }
            for name in names_of(item.line.piece.sides[1:]):
                (found.own if name in own else found.after).setdefault(name, set()).add(
                    item.shape.name.removesuffix("^2")
                )
        return found

    def sources(self, name: str) -> set[str]:
        """All names that a name is computed from, by any line."""
        found, waiting = set[str](), [name]
        while waiting:
            new = self.before(waiting.pop()) - found
            found |= new
            waiting += new
        return found

    def before(self, name: str) -> set[str]:
        """The names in the lines that define a name."""
        return {before for before, users in self.after.items() if name in users}

    def goes_through(self, name: str, through: set[str], bodies: set[str]) -> bool:
        """Whether nothing is computed from a name but what some names are computed from.

        A function has it as its variable: that counts for those in ``bodies`` alone, which are meant without their own.
        """
        inner = {inner for stop in through for inner in self.sources(stop)}
        met, waiting = set[str](), [*self.after.get(name, ()), *(self.own.get(name, set()) & bodies)]
        while waiting:
            user = waiting.pop()
            if user in met or user in through:
                continue
            if user not in inner:
                return False
            met.add(user)
            waiting += self.after.get(user, ())
        return True

    @cached_property
    def looped(self) -> set[str]:
        """The letters of what is computed from the like of it, with another index."""
        after: dict[str, set[str]] = {}
        for name, users in self.after.items():
            after.setdefault(_letter(name), set()).update(map(_letter, users))

        def reached(start: str) -> set[str]:
            found, waiting = set[str](), [start]
            while waiting:
                new = after.get(waiting.pop(), set()) - found
                found |= new
                waiting += new
            return found

        return {name for name in after if name in reached(name)}


class OpenNames:
    """Judges steps on derivatives of names that nothing computes.

    Args:
        said: what the text defines.
        document: what the names of the whole document are used for.
    """

    def __init__(self, said: Definitions, document: Uses | None = None) -> None:
        self.said, self.document = said, document or Uses(said)
        self.uses = self.document

    def is_true(self, pair: Pair, line: Line, deadline: Deadline) -> str:
        """Why a step holds for whatever its open names are; empty if it may not."""
        if _OTHER_WAYS.search(f"{line.words} {line.sentence}"):
            return ""
        self.uses = self.document.around(line)
        pair = mapped(pair[0], _bare), mapped(pair[1], _bare)
        links = _links(pair)
        if links is None:
            return ""
        if self._is_chain(pair):
            return "by the chain rule"
        apart = _are_apart([*links, *(name for by in links.values() for name in by if name not in links)])
        known = self._with_lines(links, pair) if apart else None
        if known is None or verdicts(Chain(pair, (None,)), known, deadline)[0].truth is not Truth.TRUE:
            return ""
        shown = ", ".join(sorted(name.removeprefix(FREE) for name in links if self._is_open(name, links)))
        return f"by the chain rule, whatever {shown} is"

    # ---- a product of derivatives as they stand

    def _is_chain(self, pair: Pair) -> bool:
        """Whether one side is the product of derivatives along a way, and the other the derivative along all of it."""
        for whole, product in (pair, pair[::-1]):
            factors = _factors(product)
            parts = [*factors, whole]
            if len(factors) < 2 or not all(isinstance(part, Derivative) and len(part.wrt) == 1 for part in parts):
                continue
            ends = [(part.body, part.wrt[0]) for part in parts if isinstance(part, Derivative)]
            own = ends.pop()
            for way in (ends, ends[::-1]):
                joined = all(a[1] == b[0] for a, b in pairwise(way)) and (way[0][0], way[-1][1]) == own
                stops = [way[0][0], *(by for _, by in way)]
                names = [_name_of(stops[0]), *map(_stop, stops[1:])]
                if joined and all(names) and len(set(names)) == len(names):
                    numbered = all(name[-1:].isdigit() for name in names[1:])
                    turns = numbered and all(_letter(a) != _letter(b) for a, b in pairwise(names))
                    apart = (turns or _are_apart(names)) and self._are_of_one_layer(stops[1:])
                    return (apart or (numbered and self._is_defined(names))) and self._is_only_way(names)
        return False

    def _is_defined(self, names: list[str]) -> bool:
        """Whether the text says how each name of a way is computed from the one behind it; of a loss it need not."""
        return all(name in self.uses.after.get(behind, ()) for name, behind in pairwise(names[1:]))

    def _is_only_way(self, names: list[str]) -> bool:
        """Whether all that the text computes from a name goes through the one before it, to the first."""
        pairs = [(name, stop) for i, stop in enumerate(names[1:], 2) for name in names[i:]]
        return all(self.uses.goes_through(name, {stop}, set(names)) for name, stop in pairs)

    def _are_of_one_layer(self, nodes: list[Expression]) -> bool:
        """Whether names have the same index, if one of them is computed from the like of it: of layers, or in time.

        A weight that is the same at all times acts on a loss through all of them.
        """
        return not any(_letter(_name_of(node)) in self.uses.looped for node in nodes) or (
            len(indices := {_index_of(node) for node in nodes}) == 1 and "" not in indices and () not in indices
        )

    def _before(self, name: str, links: Links) -> set[str]:
        """All names that a name is computed from in its own layer."""
        families = self.said.known.families
        found, waiting = set[str](), [name]
        while waiting:
            after = waiting.pop()
            family = families.get(after)
            inner = self.uses.before(after)
            if family is not None:
                inner = {before for before, back in steps(family.body) if not back}
            new = (inner | set(links.get(after, {}))) - found
            found |= new
            waiting += new
        return found

    # ---- lines in the place of what is open

    def _is_open(self, name: str, links: Links) -> bool:
        """Whether nothing says how a name is computed from what it is differentiated by."""
        known = self.said.known
        said = name in known.quantities or name in known.functions or name in known.families
        return name.startswith(FREE) and not (said and self.uses.sources(name) & set(links[name]))

    def _with_lines(self, links: Links, pair: Pair) -> Known | None:
        """What is known with a line for each open name that is differentiated; None where that cannot be."""
        nodes = {name: node for name, node in _bodies(pair).items() if self._is_open(name, links)}
        every = [node for by in links.values() for node in by.values()]
        if not nodes or any(map(_may_be_matrix, (*nodes, *(n for node in every for n in names_in(node))))):
            return None
        known = self.said.known
        quantities, families = dict(known.quantities), dict(known.families)
        for name, node in nodes.items():
            direct = self._direct(name, links)
            if direct is None:
                return None
            made = _line_of(node, list(direct.values()))
            if made is None:
                return None
            if isinstance(node, Indexed):
                families[name] = made  # type: ignore[assignment]
            else:
                quantities[name] = made  # type: ignore[assignment]
        functions = {name: function for name, function in known.functions.items() if name not in nodes}
        return replace(known, quantities=quantities, families=families, functions=functions)

    def _direct(self, name: str, links: Links) -> dict[str, Expression] | None:
        """What a name is a function of; None if the text has other ways to it, or nothing begins."""
        by = links[name]
        behind = {other: self._before(other, links) for other in by}
        if not self._are_of_one_layer(list(by.values())):
            return None
        direct = {
            other: node for other, node in by.items() if not any(other in behind[last] for last in by if last != other)
        }
        others = set(by) - set(direct)
        return (
            direct
            if direct and all(self.uses.goes_through(other, set(direct), set(links)) for other in others)
            else None
        )


def _links(pair: Pair) -> Links | None:
    """By what each name is differentiated; None where a derivative is of higher order, or a name has two layers."""
    found: dict[str, dict[str, Expression]] = {}
    for node in (node for side in pair for node in walk(side) if isinstance(node, Derivative)):
        if len(node.wrt) != 1 or any(isinstance(inner, Derivative) for inner in walk(node.body)):
            return None
        body, by = _name_of(node.body), _name_of(node.wrt[0])
        if not body:
            continue
        if not by:
            return None
        before = found.setdefault(body, {}).setdefault(by, node.wrt[0])
        if getattr(before, "above", ()) != getattr(node.wrt[0], "above", ()):
            return None
    return found or None


def _are_apart(names: list[str]) -> bool:
    """Whether no two of different names have the same letter, as layers and steps of time do."""
    return len(set(map(_letter, names))) == len(set(names))


def _factors(product: Expression) -> list[Expression]:
    """The factors of a product, those of its brackets among them."""
    if not isinstance(product, Apply) or product.primitive != "mul":
        return [product]
    return [inner for factor in product.args for inner in _factors(factor)]


def _stop(node: Expression) -> str:
    """The name of what stands on a way: of an entry with a number the one that it has elsewhere; empty for others."""
    if isinstance(node, Indexed):
        numbers = [str(value) for index in node.below if (value := as_number(index)) is not None]
        known = not node.above and len(numbers) == len(node.below)
        return entry(plain_of(node.head), numbers) if known else ""
    return node.name if isinstance(node, Ref | Tensor) else ""


def _has_derivative(row: Row) -> bool:
    """Whether a derivative stands in a row: what it defines is no quantity on the way to a loss."""
    return any(part.kind in ("partial", "nabla") or any(map(_has_derivative, part.inside)) for part in row)


def _bodies(pair: Pair) -> dict[str, Expression]:
    """The names that are differentiated, as they stand."""
    nodes = (node.body for side in pair for node in walk(side) if isinstance(node, Derivative))
    return {name: body for body in nodes if (name := _name_of(body))}


def _bare(node: Expression) -> Expression | None:
    """A function that is written without its variables as a name."""
    return Ref(node.function) if isinstance(node, Call) and not node.shown and not any(node.orders) else None


def _letter(name: str) -> str:
    """A name without its index."""
    return re.split("[_^]", name)[0]


def _index_of(node: Expression) -> object:
    """The index of a name: the layer above it, if it has one."""
    return (
        (node.above or node.below)
        if isinstance(node, Indexed)
        else _name_of(node).removeprefix(_letter(_name_of(node)))
    )


def _name_of(node: Expression) -> str:
    return node.head if isinstance(node, Indexed) else node.name if isinstance(node, Ref | Tensor) else ""


def _line_of(node: Expression, by: list[Expression]) -> Expression | Family | None:
    """A line with slopes and a height of its own, of all members of the families that one differentiates by."""
    own: tuple[Expression, ...] = ()
    if isinstance(node, Indexed):
        if not all(isinstance(index, Index) for index in node.args):
            return None
        own = node.args
    name = _name_of(node)
    terms = [_member(f"{name} at nought", own)]
    for other in by:
        if isinstance(other, Ref):
            terms.append(mul(_member(f"{name} by {other.name}", own), other))
            continue
        if not isinstance(other, Indexed):
            return None
        doubled = [Index(f"{i.letter}{i.letter}") if isinstance(i, Index) else i for i in other.below]
        letters = [index.letter for index in doubled if isinstance(index, Index)]
        entry = replace(other, below=tuple(doubled))
        slope = Indexed(f"{name} by {other.head}", (*own, *map(Index, letters)))
        term: Expression = mul(slope, entry)
        for letter in letters:
            term = Total("sum", term, letter)
        terms.append(term)
    line = add(*terms)
    if not isinstance(node, Indexed):
        return line
    below, above = (tuple(i.letter for i in part if isinstance(i, Index)) for part in (node.below, node.above))
    return Family(below, above, line)


def _member(name: str, indices: tuple[Expression, ...]) -> Expression:
    return Indexed(name, indices) if indices else Ref(name)


def _may_be_matrix(name: str) -> bool:
    r"""Whether a name may be that of an array: a capital, or bold; a loss such as ``L`` and ``\mathcal{L}`` is not."""
    letter = letter_of(name)
    return name.startswith(rf"{FREE}\mathbf") or (letter.isupper() and letter not in "LJCE")
