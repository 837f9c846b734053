"""How large everything is: the ranges of indices, the sizes of families, the rows and columns of arrays.

Sizes that must be the same are put together; what is not a number then gets several numbers, one after the other, and a
claim has to hold for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TypeVar

from gradlab.graph import Expression, Ref, as_number
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read._nodes import COUNTED, Call, Condition, Index, Indexed, Operation, Tensor, Total
from gradlab.prove.read._statements import Known

SIZES = (2, 3, 5)
SMALL_SIZES = (2, 3, 4)  # where there are more than two, or arrays
_UNUSUAL = (7, 11)
MOST_SETTINGS = 40
MOST_COMBINATIONS = 10_000  # of values of letters, of which the settings are taken
LARGEST_SUM = 50
Key = Hashable
T = TypeVar("T")


class ShapeError(ValueError):
    """Two sizes that cannot be the same."""


class Dims:
    """Sizes, some of which must be equal."""

    def __init__(self) -> None:
        self.parent: dict[Key, Key] = {}
        self.entries: dict[Expression, list[tuple[Key | None, ...]]] = {}  # the ranges of indices behind brackets
        self.long: set[Key] = set()  # sizes that are not meant to be one

    def copy(self) -> Dims:
        """The same, to try something."""
        other = Dims()
        other.entries = self.entries
        other.parent, other.long = dict(self.parent), set(self.long)
        return other

    def find(self, key: Key) -> Key:
        """What stands for all that are equal: a number, if one of them is."""
        while key in self.parent:
            key = self.parent[key]
        return key

    def unify(self, a: Key, b: Key) -> None:
        """Two sizes are the same.

        Raises:
            ShapeError: if they cannot be.
        """
        a, b = self.find(a), self.find(b)
        if a == b:
            return
        if isinstance(a, int):
            a, b = b, a
        if isinstance(a, int) or (b == 1 and a in self.long):
            raise ShapeError(f"{shown(a)} is not {shown(b)}")
        if a in self.long and not isinstance(b, int):
            self.long.add(b)
        self.parent[a] = b

    @property
    def count(self) -> int:
        """How many sizes are left open."""
        keys = {*self.parent, *self.long}
        return len({root for key in keys if not isinstance(root := self.find(key), int)})

    def number(self, key: Key) -> int | None:
        """The size, where it is a number."""
        root = self.find(key)
        return root if isinstance(root, int) else None


def shown(key: Key) -> str:
    """A size as one writes it."""
    if isinstance(key, tuple) and len(key) > 1:
        return str(key[1]).removeprefix("?")
    return str(key)


@dataclass(eq=False)
class Setting:
    """Numbers for everything that a claim leaves open.

    Attributes:
        sizes: for each size that is not a number, one.
        indices: for each letter in an index that no sum runs over, one.
    """

    sizes: Mapping[Key, int] = field(default_factory=dict[Key, int])
    indices: Mapping[str, int] = field(default_factory=dict[str, int])


class Axes:
    """Finds all sizes in expressions.

    Args:
        known: what the text says; what is computed is looked into.
        graph_size: gives for an entry of a family and a place of its indices how many such the graph has, or 0.
    """

    def __init__(self, known: Known, graph_size: Callable[[Indexed, int], int]) -> None:
        self.known, self.dims, self.graph_size = known, Dims(), graph_size
        self.free: dict[str, None] = {}  # letters that no sum runs over
        self.names: dict[str, None] = {}  # names that are sizes
        self.numbers: set[str] = set()  # names that stand as numbers somewhere
        self.families: dict[tuple[str, int, int], None] = {}
        self.tensors: dict[str, int] = {}
        self.ahead: list[tuple[str, int, Key]] = []  # letters, how much is added to them in an index above, of what
        self.last: set[Key] = set()  # the numbers of last layers
        self.numbered: dict[str, None] = {}  # heads with an index above alone: x^{(i)}
        self.from_zero: set[Key] = set()  # ranges of sums from 0 to one less than a size
        self.from_one: set[Key] = set()  # those of all other sums
        self._seen: set[Hashable] = set()
        self._count = 0

    def see(self, expression: Expression, bound: Mapping[str, Key] | None = None) -> None:
        """Note all sizes in an expression."""
        bound = bound or {}
        if isinstance(expression, Total):
            self._total(expression, bound)
            return
        if isinstance(expression, Index):
            self.letter(expression.letter, bound)
        elif isinstance(expression, Indexed):
            self._indexed(expression, bound)
        elif isinstance(expression, Operation) and expression.kind in COUNTED:
            for name in sorted(name for name in expression.names if self.known.quantities.get(name) is None):
                self.size(name)
                self.numbers.add(name)
        elif isinstance(expression, Operation) and expression.kind == "entry":
            at = expression.operands[1:]
            keys = tuple(self.letter(part.letter, bound) if isinstance(part, Index) else None for part in at)
            self.dims.entries.setdefault(expression, []).append(keys)
        elif isinstance(expression, Tensor):
            self.tensors[expression.name] = max(expression.rank, self.tensors.get(expression.name, 0))
            self._defined(expression.name)
            self._family(expression.name)
        elif isinstance(expression, Call) and expression.function in self.known.functions:
            self._once(("function", expression.function), self.known.functions[expression.function].body)
        elif isinstance(expression, Ref):
            self.numbers.add(expression.name)
            self._defined(expression.name)
        for part in expression.args:
            self.see(part, bound)

    @property
    def samples(self) -> list[str]:
        r"""Vectors that are told apart by an index above: ``x^{(i)}`` beside ``x_j^{(i)}``, or beside a vector x."""
        heads = [(head, plain_of(head)) for head in self.numbered]
        return [head for head, plain in heads if head in self.tensors or (plain, 0, 0) in self.families]

    def letter(self, letter: str, bound: Mapping[str, Key]) -> Key:
        """The size of the range of a letter."""
        if letter not in bound:
            self.free[letter] = None
        return bound.get(letter, ("letter", letter))

    def _defined(self, name: str) -> None:
        formula = self.known.quantities.get(name)
        if formula is not None:
            self._once(("quantity", name), formula)

    def _once(self, key: Hashable, formula: Expression) -> None:
        if key not in self._seen:
            self._seen.add(key)
            self.see(formula)

    def _indexed(self, node: Indexed, bound: Mapping[str, Key]) -> None:
        for side, indices in enumerate((node.below, node.above)):
            for place, index in enumerate(indices):
                axis = ("axis", node.head, side, place)
                self.families[node.head, side, place] = None
                if side and isinstance(index, Ref) and self._is_last(index.name, node.head):
                    self.size(index.name)
                    self.last.add(("size", index.name))
                    self._ranged(axis, ("size", index.name))
                shift = _shift(index) if side else None
                if shift is not None:
                    self.ahead.append((*shift, axis))
                if isinstance(index, Index):
                    self._ranged(axis, self.letter(index.letter, bound))
                    count = self.graph_size(node, place + side * len(node.below))
                    if count and self.dims.number(axis) is None:
                        self.dims.unify(axis, count)
        if node.above and not node.below:
            self.numbered[node.head] = None
        self._defined(node.head)
        self._family(node.head)

    def _family(self, head: str) -> None:
        family = self.known.families.get(head)
        key = ("family", head)
        if family is not None and key not in self._seen:
            self._seen.add(key)
            places = {letter: ("axis", head, 0, place) for place, letter in enumerate(family.below)}
            places |= {letter: ("axis", head, 1, place) for place, letter in enumerate(family.above)}
            self.see(family.body, {**places})

    def _is_last(self, name: str, head: str) -> bool:
        """Whether a letter above an entry is the number of the last layer: a capital that nothing computes."""
        family = self.known.families.get(head)
        return family is not None and bool(family.above) and name[1:].isupper() and name not in self.known.quantities

    def _ranged(self, axis: Key, letter: Key) -> None:
        """An index runs over a family; a sum that ends at a number may end anywhere."""
        try:
            self.dims.unify(axis, letter)
        except ShapeError:
            if self.dims.number(letter) is None:
                raise

    def _total(self, node: Total, bound: Mapping[str, Key]) -> None:
        self._count += 1
        key: Key = ("range", node.letter, self._count)
        whole = _counted_from_zero(node)
        (self.from_zero if whole else self.from_one).add(key)
        if whole:
            self.size(whole)
            self.dims.unify(key, ("size", whole))
        elif node.upper is not None:
            number = as_number(node.upper)
            if number is not None and number.denominator == 1:
                self.dims.unify(key, int(number))
            elif isinstance(node.upper, Ref):
                self.size(node.upper.name)
                self.dims.unify(key, ("size", node.upper.name))
            else:
                for name in node.upper.names:
                    self.size(name)
        inner = {**bound, node.letter: key}
        for part in (node.body, *node.conditions):
            self.see(part, inner)
        for condition in node.conditions:
            sides = condition.left, condition.right
            if Index(node.letter) in sides:
                others = [side for side in sides if isinstance(side, Index) and side.letter != node.letter]
                for other in others:
                    self._ranged(self.letter(other.letter, inner), key)
        for part in (node.lower, node.upper):
            if part is not None and not isinstance(part, Ref):
                self.see(part, bound)

    def made_equal(self, dims: Dims) -> str:
        """Which sizes are tried only where they are the same, or a number, so that nothing is proved; empty if none."""
        roots: dict[Key, str] = {}
        for name in self.names:
            root, written = dims.find(("size", name)), name.removeprefix("?")
            if isinstance(root, int):
                return f"this was tried for {written} = {root} alone"
            if root in roots:
                return f"this was tried for {roots[root]} = {written} alone"
            roots[root] = written
        return ""

    def size(self, name: str) -> None:
        """A name is a size."""
        self.names[name] = None


def plain_of(head: str) -> str:
    r"""The name of a vector as that of its entries is written: ``?x`` for ``?\mathbf{x}``."""
    return re.sub(r"^\?\\mathbf\{(.*)\}$", r"?\1", head)


def settings(axes: Axes, dims: Dims, conditions: tuple[Condition, ...]) -> list[Setting]:
    """Numbers for all sizes and free letters, several times.

    Raises:
        NotUnderstoodError: if the conditions on the letters leave nothing.
    """
    keys: list[Key] = [("size", name) for name in axes.names]
    keys += [("axis", *family) for family in axes.families] + [("letter", letter) for letter in axes.free]
    keys += [key for key in (*dims.parent, *sorted(dims.long - {*dims.parent}, key=str)) if isinstance(key, tuple)]
    roots = list(dict.fromkeys(root for key in keys if not isinstance(root := dims.find(key), int)))
    ladder = SIZES if len(roots) <= 2 and not axes.tensors else SMALL_SIZES
    turns = 2 if axes.tensors else len(ladder)
    made: list[Setting] = []
    if not axes.tensors and axes.numbers & {*axes.names}:
        # What is said of a size as a number may hold for the usual ones alone.
        ladder = (*ladder, *_UNUSUAL)
        turns = len(ladder)
    for turn in range(2 if axes.last else turns if roots else 1):
        # In the second turn of arrays what had fewer rows has more, so has what is square.
        order = roots if not (turn and axes.tensors) else roots[::-1]
        shift = 0 if axes.tensors and len(roots) > 1 else turn
        chosen = {root: ladder[(shift + i) % len(ladder)] for i, root in enumerate(order)}
        if axes.last:  # layers are computed one from the other, so that formulas grow with their width
            layers = {dims.find(key) for key in axes.last}
            chosen = {root: 2 + turn * (root in layers) for root in roots}
        sizes = {key: value if isinstance(value := dims.find(key), int) else chosen[value] for key in keys}
        sizes |= chosen
        made += [Setting(sizes, indices) for indices in _letters(axes, sizes, dims)]
    last = [(letter, shift, ends[0]) for letter, shift, axis in axes.ahead if (ends := _named_ends(axes, dims, axis))]
    made = [each for each in made if all(each.indices.get(x, 0) + shift <= each.sizes[end] for x, shift, end in last)]
    kept = [setting for setting in made if _allowed(setting, conditions)]
    if not kept:
        raise NotUnderstoodError("no indices meet the conditions that are written", 0)
    return list(_from_all_over(kept, MOST_SETTINGS))


def _counted_from_zero(node: Total) -> str:
    r"""The size n of ``\sum_{i=0}^{n-1}``; empty for any other sum."""
    parts = node.upper.args if node.upper is not None and getattr(node.upper, "primitive", "") == "add" else ()
    whole = len(parts) == 2 and isinstance(parts[0], Ref) and index_value(parts[1], {}) == -1
    zero = node.lower is not None and as_number(node.lower) == 0
    return parts[0].name if whole and zero and isinstance(parts[0], Ref) else ""


def _shift(index: Expression) -> tuple[str, int] | None:
    """The letter and the number of ``l + 1``; None for anything else."""
    parts = index.args if getattr(index, "primitive", "") == "add" else ()
    number = as_number(parts[1]) if len(parts) == 2 and isinstance(parts[0], Index) else None
    return (parts[0].letter, int(number)) if number is not None and number > 0 else None  # type: ignore[union-attr]


def _named_ends(axes: Axes, dims: Dims, axis: Key) -> list[Key]:
    """The named sizes at which an axis ends: no layer comes after the last."""
    return [("size", name) for name in axes.names if dims.find(("size", name)) == dims.find(axis)]


def _letters(axes: Axes, sizes: Mapping[Key, int], dims: Dims) -> Iterator[dict[str, int]]:
    """Values of the letters that no sum runs over: all of them, or some from all over where these are very many."""
    letters = list(axes.free)
    ends = [sizes.get(dims.find(("letter", letter)), sizes.get(("letter", letter), 3)) for letter in letters]
    zero, one = ({dims.find(key) for key in keys} for keys in (axes.from_zero, axes.from_one))
    if zero & one:
        raise NotUnderstoodError("one sum counts from 0 and another one from 1", 0)
    starts = [0 if dims.find(("letter", letter)) in zero else 1 for letter in letters]
    most = int(MOST_COMBINATIONS ** (1 / max(1, len(letters))))
    ranges = [range(start, start + end) for start, end in zip(starts, ends, strict=True)]
    for values in product(*(_from_all_over(each, most) for each in ranges)):
        yield dict(zip(letters, values, strict=True))


def _allowed(setting: Setting, conditions: tuple[Condition, ...]) -> bool:
    return all(holds_for_indices(condition, setting.indices) is not False for condition in conditions)


def holds_for_indices(condition: Condition, indices: Mapping[str, int]) -> bool | None:
    """Whether a condition on letters of indices holds; None for one on something else."""
    left, right = (index_value(side, indices) for side in (condition.left, condition.right))
    if left is None or right is None:
        return None
    lead = left - right
    return {
        "=": lead == 0, "!=": lead != 0, "<": lead < 0, "<=": lead <= 0, ">": lead > 0, ">=": lead >= 0,
    }[condition.relation]  # fmt: skip


def index_value(expression: Expression, indices: Mapping[str, int]) -> int | None:
    """The number that a formula of index letters is."""
    if isinstance(expression, Index):
        return indices.get(expression.letter)
    number = as_number(expression)
    if number is not None:
        return int(number) if number.denominator == 1 else None
    primitive = getattr(expression, "primitive", "")
    if primitive not in ("add", "neg", "mul"):
        return None
    parts = [index_value(part, indices) for part in expression.args]
    numbers = [part for part in parts if part is not None]
    if len(numbers) != len(parts):
        return None
    if primitive == "mul":
        result = 1
        for value in numbers:
            result *= value
        return result
    return -numbers[0] if primitive == "neg" else sum(numbers)


def _from_all_over(found: Sequence[T], most: int) -> Sequence[T]:
    """At most so many of them, from all over."""
    step = max(1.0, len(found) / most)
    return found if step == 1 else [found[int(i * step)] for i in range(most)]
