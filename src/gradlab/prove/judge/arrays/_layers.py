r"""Layers of a network as whole arrays: ``\delta^l = ((w^{l+1})^T \delta^{l+1}) \odot \sigma'(z^l)``.

A claim on a layer l is one on each layer of a network: all its layers get numbers, every one its own arrays, computed
as the text says it of all of them. Then it is judged as any other claim on vectors and matrices. A cost of which
nothing is said is any function of what comes out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gradlab.graph import Apply, Expression, Ref, as_number, is_apply
from gradlab.prove._verdict import Truth
from gradlab.prove.judge import _entries as entries
from gradlab.prove.judge._agreed import Finding, open_finding
from gradlab.prove.judge._axes import holds_for_indices
from gradlab.prove.judge._doubts import every, names_of, of_whole_layers, reached
from gradlab.prove.judge.arrays._choices import is_bold
from gradlab.prove.read._nodes import (
    Call,
    Derivative,
    Index,
    Indexed,
    Operation,
    Tensor,
    Total,
    letter_of,
    mapped,
)
from gradlab.prove.read._statements import Chain, Family, Known

DEPTH = 3  # layers of the networks that are tried
_LAST = "L"
_LETTERS = frozenset(("l", r"\ell"))
_WEIGHTS = frozenset(r"w W \theta \Theta U V".split())
_ERRORS = frozenset(r"\delta \epsilon \eta \sigma".split())
_OF_ARRAYS = frozenset(("transpose", "hadamard", "outer", "norm", "norm 2"))
NUMBERED = re.compile(r"\^\{\((\d+)\)\}")


class _NoSuchLayerError(Exception):
    """A network of this depth has no such layer."""


@dataclass(frozen=True)
class Numbered:
    """A claim for one layer.

    Attributes:
        chain: with numbers for all layers.
        known: what holds of each of them.
        letters: the number of each letter.
        written: how the number of a layer is written in the claim.
        firm: whether all names in the claim are those of layers that the text says how to compute, or what it needs.
        certain: whether its layers are arrays for certain; a capital may be a number.
    """

    chain: Chain
    known: Known
    letters: Mapping[str, int] = field(default_factory=dict[str, int])
    written: Mapping[int, str] = field(default_factory=dict[int, str])
    firm: bool = False
    certain: bool = True

    @property
    def of_costs(self) -> bool:
        """Whether nothing but costs is differentiated, which are numbers."""
        sides = tuple(side for side in self.chain.sides if isinstance(side, Expression))
        bodies = [node.body for node in reached(sides, self.known) if isinstance(node, Derivative)]
        return all(isinstance(body, Ref | Tensor) and not NUMBERED.search(body.name) for body in bodies)

    def as_written(self, text: str) -> str:
        """LaTeX with the letters of the claim instead of the numbers of its layers."""
        return NUMBERED.sub(lambda m: f"^{{({self._number(int(m[1]))})}}", text)

    def _number(self, number: int) -> str:
        if number in self.written or not self.letters:
            return self.written.get(number, str(number))
        ((letter, own),) = self.letters.items()
        return f"{letter}{number - own:+}"


def numbered(chain: Chain, known: Known) -> list[Numbered]:
    """A chain on whole layers, once for each layer; none where it is not about such."""
    sides = tuple(side for side in chain.sides if isinstance(side, Expression))
    nodes = list(reached(sides, known))
    layers = _Layers(nodes, known)
    certain = layers.as_arrays(nodes)
    if not layers.whole or not (certain or of_whole_layers(sides, known)) or _is_definition(chain, known):
        return []
    own = [node for side in sides for node in every(side) if isinstance(node, Indexed) and node in layers.entries]
    letters = sorted({layers.entries[node][0] for node in own} - {"", _LAST})
    if len(letters) > 1:
        return []
    found: list[Numbered] = []
    for number in range(1, DEPTH + 1) if letters else (0,):
        at = {letters[0]: number} if letters else {}
        if any(holds_for_indices(condition, at) is False for condition in chain.conditions):
            continue
        try:
            found.append(replace(layers.at(chain, at, own), certain=certain))
        except _NoSuchLayerError:
            continue
    return [*found[:1], *found[1:][-1:]]  # the first and the last layer that it may be about


def _is_definition(chain: Chain, known: Known) -> bool:
    """Whether a chain says what the text knows from it."""
    first, second = chain.sides[0], chain.sides[1]
    family = known.families.get(first.head) if isinstance(first, Indexed) else None
    return len(chain.sides) == 2 and family is not None and family.body == second


def _place(node: Indexed) -> tuple[str, int]:
    r"""Of which layer an entry is: its letter, empty for a number, and what is added to it.

    Raises:
        _NoSuchLayerError: if that is not known.
    """
    index = node.above[0]
    parts = index.args if is_apply(index, "add") else (index,)
    letter, shift = "", 0
    for part in parts:
        number = as_number(part)
        negative = as_number(part.args[0]) if number is None and is_apply(part, "neg") else None
        if isinstance(part, Index) and not letter:
            letter = part.letter
        elif isinstance(part, Ref) and part.name == f"?{_LAST}" and not letter:
            letter = _LAST
        elif number is not None and number.denominator == 1:
            shift += int(number)
        elif negative is not None and negative.denominator == 1:
            shift -= int(negative)
        else:
            raise _NoSuchLayerError
    return letter, shift


def in_every_layer(found: list[tuple[Numbered, list[Finding]]]) -> list[Finding]:
    """The verdicts on a claim on all layers, from those on each."""
    result: list[Finding] = []
    for each in zip(*(findings for _, findings in found), strict=True):
        truths = {finding.truth for finding in each}
        if truths == {Truth.FALSE}:
            each = tuple(replace(f, firm=one.firm) for (one, _), f in zip(found, each, strict=True))
        first, finding = next(
            ((one, f) for (one, _), f in zip(found, each, strict=True) if f.truth is not Truth.TRUE),
            (found[0][0], each[0]),
        )
        if len(truths) == 1 or Truth.NOT_UNDERSTOOD in truths:
            result.append(_as_written(first, finding))
            continue
        good = [
            ", ".join(map(str, one.letters.values()))
            for (one, _), f in zip(found, each, strict=True)
            if f.truth is Truth.TRUE
        ]
        reason = f"in a network of {DEPTH} layers this holds for layer {' and '.join(good)} alone: say for which"
        result.append(open_finding(reason))
    return result


def _as_written(one: Numbered, finding: Finding) -> Finding:
    """A finding whose repair has the letters of the claim."""
    repair = finding.repair
    if repair is None:
        return finding
    texts: dict[str, Any] = {name: one.as_written(getattr(repair, name)) for name in ("message", "latex", "detail")}
    return replace(finding, repair=replace(repair, **texts))


def _usual_rank(head: str) -> int:
    """How many indices the entries of an array usually have, by its letter; 0 where that is open."""
    bare = re.sub(r"\\(?:mathbf|hat|tilde|bar)\{|[?}]", "", head)
    if bare in _WEIGHTS:
        return 2
    return 1 if letter_of(head).islower() or bare in _ERRORS else 0


class _Layers:
    """The arrays of the layers in a claim and in what it rests on."""

    def __init__(self, nodes: list[Expression], known: Known) -> None:
        self.known = known
        bound = {node.letter for node in nodes if isinstance(node, Total)}
        places: dict[Indexed, tuple[str, int]] = {}
        for node in nodes:
            if isinstance(node, Indexed) and len(node.above) == 1:
                try:
                    places[node] = _place(node)
                except _NoSuchLayerError:
                    continue
        letters = {letter for letter, shift in places.values() if letter and (shift or letter in _LETTERS)} - bound
        self.letters = letters | {_LAST}
        self.heads = {node.head for node, (letter, _) in places.items() if letter in self.letters}
        self.entries = {node: place for node, place in places.items() if node.head in self.heads}
        self.whole = {node.head for node in self.entries if not node.below}
        self.ranks: dict[str, int] = {}
        for node in self.entries:
            self.ranks[node.head] = max(len(node.below), self.ranks.get(node.head, 0))
        self.ranks = {head: rank or _usual_rank(head) for head, rank in self.ranks.items()}
        # What comes in is what a layer is computed from; nothing else has a layer before the first.
        computed = [node for head, f in known.families.items() if head in self.heads for node in every(f.body)]
        entering = {n.head for n in computed if isinstance(n, Indexed) and n in self.entries and self.entries[n][1] < 0}
        self.first = dict.fromkeys(self.heads, 1 if entering else 0) | dict.fromkeys(entering, 0)
        self.applied = {
            node.function
            for node in nodes
            if isinstance(node, Call) and len(node.arguments) == 1 and self._has_layer(node.arguments[0])
        }

    def _has_layer(self, expression: Expression) -> bool:
        return any(isinstance(node, Indexed) and node.head in self.heads for node in every(expression))

    def as_arrays(self, nodes: list[Expression]) -> bool:
        """Whether the layers are vectors and matrices: they are transposed, multiplied entry by entry, have entries."""
        if any(is_bold(node.head) or node.below for node in self.entries if node.head in self.whole):
            return True
        if self.heads & self.known.arrays:
            return True
        operations = (node for node in nodes if isinstance(node, Operation) and node.kind in _OF_ARRAYS)
        return any(map(self._has_layer, operations))

    def at(self, chain: Chain, letters: dict[str, int], own: list[Indexed]) -> Numbered:
        """The chain for one layer.

        Raises:
            _NoSuchLayerError: if the claim is not about this layer.
        """
        sides = tuple(self.put_in(side, letters) if isinstance(side, Expression) else side for side in chain.sides)
        conditions = tuple(
            replace(c, left=self.put_in(c.left, letters), right=self.put_in(c.right, letters))
            for c in chain.conditions
            if holds_for_indices(c, letters) is None
        )
        known = self.of_all(self.known)
        read = tuple(side for side in sides if isinstance(side, Expression))
        known = with_costs(read, known)
        written: dict[int, str] = {}
        for node in own:
            letter, shift = self.entries[node]
            if letter:
                written[{**letters, _LAST: DEPTH}[letter] + shift] = letter + (f"{shift:+}" if shift else "")
        return Numbered(
            replace(chain, sides=sides, conditions=conditions), known, letters, written, _is_said(read, known)
        )

    def put_in(self, expression: Expression, letters: Mapping[str, int]) -> Expression:
        """An expression with numbers for its layers.

        Raises:
            _NoSuchLayerError: if it is about one that is not there.
        """

        def rule(node: Expression) -> Expression | None:
            if isinstance(node, Call) and node.function in self.applied and node.function not in self.known.functions:
                inside = tuple(mapped(argument, rule) for argument in node.arguments)
                return Call(_entrywise(node.function), inside, node.orders, node.shown)
            if isinstance(node, Derivative) and node.style == "gradient" and len(node.wrt) == 1:
                by = node.wrt[0]  # that by the activations is by those of the last layer
                name = by.name if isinstance(by, Ref | Tensor) and by.name in self.whole else ""
                last = Indexed(name, (), (Ref(f"?{_LAST}"),))
                return replace(node, body=mapped(node.body, rule), wrt=(mapped(last, rule),)) if name else None
            if not isinstance(node, Indexed) or node.head not in self.heads or len(node.above) != 1:
                return None
            name = entries.entry(node.head, (), (str(self.number(node, letters)),))
            if node.below:
                return Indexed(name, tuple(mapped(index, rule) for index in node.below))
            return Tensor(name, self.ranks[node.head])

        return mapped(expression, rule)

    def number(self, node: Indexed, letters: Mapping[str, int]) -> int:
        """The number of the layer of an entry."""
        letter, shift = _place(node)
        if letter and letter not in letters and letter != _LAST:
            raise _NoSuchLayerError
        number = shift + ({**letters, _LAST: DEPTH}[letter] if letter else 0)
        if not self.first[node.head] <= number <= DEPTH:
            raise _NoSuchLayerError
        return number

    def of_all(self, known: Known) -> Known:
        """What a text says of layers, of each by its number."""
        quantities, families = dict(known.quantities), dict(known.families)
        for head, family in known.families.items():
            if head not in self.heads or len(family.above) != 1:
                continue
            del families[head]
            letter = family.above[0]
            for number in (DEPTH,) if letter == _LAST else range(1, DEPTH + 1):
                name = entries.entry(head, (), (str(number),))
                try:
                    body = self.put_in(family.body, {letter: number})
                except _NoSuchLayerError:
                    continue
                if not family.below:
                    quantities.setdefault(name, body)
                elif name not in quantities:
                    families[name] = Family(family.below, (), body)
        for name, formula in known.quantities.items():
            try:
                quantities[name] = self.put_in(formula, {})
            except _NoSuchLayerError:
                del quantities[name]
        functions = {}
        for name, function in known.functions.items():
            try:
                functions[name] = replace(function, body=self.put_in(function.body, {}))
            except _NoSuchLayerError:
                continue
        quantities = {name: _by_names(name, formula, quantities) for name, formula in quantities.items()}
        return replace(known, quantities=quantities, families=families, functions=functions)


def _by_names(name: str, formula: Expression, quantities: Mapping[str, Expression]) -> Expression:
    r"""A formula with names for those of other layers that stand in it: ``\sigma(w^l a^{l-1} + b^l)`` is one of z."""
    own: dict[Expression, str] = {
        other: key for key, other in quantities.items() if key != name and isinstance(other, Apply)
    }
    if formula in own:
        return formula
    return mapped(formula, lambda node: Tensor(own[node]) if node in own and NUMBERED.search(own[node]) else None)


def _is_said(sides: tuple[Expression, ...], known: Known) -> bool:
    """Whether all that stands in sides is computed layer by layer as the text says it, or is what that needs."""
    said = {name: formula for name, formula in known.quantities.items() if NUMBERED.search(name)}
    said |= {name: family.body for name, family in known.families.items() if NUMBERED.search(name)}
    bodies = [node for formula in said.values() for node in every(formula)]
    own = [node for side in sides for node in every(side)]
    slopes = [node.body for node in (*bodies, *own) if isinstance(node, Derivative)]
    costs = {body.name for body in slopes if isinstance(body, Ref | Tensor)}
    functions, met = ({n.function for n in nodes if isinstance(n, Call)} for nodes in (own, bodies))
    allowed = names_of(bodies) | set(said) | {name for name in costs if name in known.quantities}
    return names_of(own) <= allowed and functions <= met and bool(said)


def _entrywise(function: str) -> str:
    """The name of a function that is applied to each entry, where a letter such as f might be one of the whole."""
    return f"?{{{function[1:]}}}"


def with_costs(sides: tuple[Expression, ...], known: Known) -> Known:
    """What is known; a cost that is differentiated, and of which nothing is said, is any function of what comes out."""
    costs = {
        node.body.name
        for node in reached(sides, known)
        if isinstance(node, Derivative) and isinstance(node.body, Ref | Tensor) and _is_open(node.body.name, known)
        if any(map(_is_numbered, node.wrt))
    }
    output = _output(known) if costs else None
    if output is None:
        return known
    quantities = dict(known.quantities)
    for name in sorted(costs):
        # For its first derivatives any function is as good as a linear one, with any coefficients.
        slopes = Tensor(f"?{'G' if letter_of(output.name).isupper() else 'g'}_{{{name[1:]}}}", output.rank)
        quantities[name] = Operation("sum", (Operation("hadamard", (slopes, output)),))
    return replace(known, quantities=quantities)


def _is_open(name: str, known: Known) -> bool:
    return name.startswith("?") and name not in known.quantities and not NUMBERED.search(name)


def _is_numbered(node: Expression) -> bool:
    name = node.head if isinstance(node, Indexed) else getattr(node, "name", "")
    return NUMBERED.search(name) is not None


def _output(known: Known) -> Tensor | None:
    """What comes out of the last layer: what is computed there, of no derivative, and of which nothing else is made."""
    bodies = {name: formula for name, formula in known.quantities.items() if NUMBERED.search(name)}
    bodies |= {name: family.body for name, family in known.families.items() if NUMBERED.search(name)}
    plain = {name: body for name, body in bodies.items() if not any(isinstance(n, Derivative) for n in every(body))}
    last = max((int(NUMBERED.findall(name)[-1]) for name in plain), default=0)
    used = {getattr(node, "name", "") or getattr(node, "head", "") for body in plain.values() for node in every(body)}
    found = [name for name in plain if name not in used and int(NUMBERED.findall(name)[-1]) == last]
    if len(found) != 1:
        return None
    head = NUMBERED.sub("", found[0])
    return Tensor(found[0], 1 if found[0] in known.families else _usual_rank(head))
