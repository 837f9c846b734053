"""The sides of a chain, read in every way in which they can be read, and what a chain defines."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from gradlab.graph import Expression, Ref
from gradlab.prove._errors import Deadline, NotUnderstoodError, OutOfTimeError
from gradlab.prove._layout import Block, Chain
from gradlab.prove._names import Names, UserFunction, Written, head_of, index_tokens
from gradlab.prove._parser import Sum, all_items, parse_side
from gradlab.prove._read import Reader
from gradlab.prove._tree import FREE, Vector, names_in

MOST_READINGS = 8
INDEX_LETTERS = frozenset("ijklmn")
LARGEST_INDEX = 12


@dataclass
class Reading:
    """The sides of a chain in one reading of its ambiguous places.

    Attributes:
        sides: the meaning of each side, or why it has none.
        reader: what was noted on the way.
    """

    sides: list[Expression | NotUnderstoodError]
    reader: Reader


@dataclass
class Definitions:
    """What a chain defines: a quantity, or a function."""

    written: Written | None = None
    value: Expression | None = None
    function: UserFunction | None = None


def with_numbers(written: Written, numbers: dict[str, int]) -> Written:
    """A name with numbers for the letters in its index."""
    sub = "".join(str(numbers.get(token, token)) for token in index_tokens(written.sub))
    return Written(written.head, written.layer, sub)


class ChainReader:
    """Reads one chain.

    Args:
        block: the block it stands in.
        chain: its sides.
        names: what the names mean.
        defining: whether a new name at the beginning is a definition.
        deadline: when to stop.
        numbers: for letters in indices, the numbers they are read as.
    """

    def __init__(
        self, block: Block, chain: Chain, names: Names, defining: bool, deadline: Deadline, numbers: dict[str, int]
    ) -> None:
        self.block, self.chain, self.names = block, chain, names
        self.defining, self.deadline, self.numbers = defining, deadline, numbers
        self.trees = [self.parsed(i) for i in range(len(chain.sides))]
        self.defined = Definitions()

    def parsed(self, i: int) -> Sum | NotUnderstoodError:
        side = self.chain.sides[i]
        try:
            return parse_side(self.block.text, side.start, side.end)
        except NotUnderstoodError as error:
            return error

    def only_defines(self, reading: Reading) -> bool:
        """Whether a chain gives a new name to something that is not understood: that cannot be wrong."""
        tree = self.trees[0]
        understood = all(isinstance(side, Expression) for side in reading.sides)
        if understood or isinstance(tree, NotUnderstoodError):
            return False
        kinds = [item.kind for item in tree.row]
        if kinds != ["symbol"]:
            return False
        try:
            written = reading.reader.written(tree.row[0])
        except NotUnderstoodError:
            return True
        return self.names.find(written) is None and not self.names.belongs(written)

    def readings(self) -> list[Reading]:
        """All readings of the chain, the likeliest first."""
        first = self.read({})
        choices = first.reader.open_choices
        readings = [first]
        for picks in product(*(range(choice.count) for choice in choices.values())):
            if any(picks) and len(readings) < MOST_READINGS:
                readings.append(self.read(dict(zip(choices, picks, strict=True))))
        return readings

    def read(self, choices: dict[int, int]) -> Reading:
        reader = Reader(self.names, choices, self.deadline, self.numbers)
        reader.point_free = self.is_point_free
        start = self.function_definition(reader)
        sides: list[Expression | NotUnderstoodError] = []
        for i, tree in enumerate(self.trees):
            if isinstance(tree, NotUnderstoodError):
                sides.append(tree)
            elif start is not None and i == 0:
                sides.append(start)
            else:
                sides.append(self.read_side(reader, tree))
        reading = Reading(sides, reader)
        self.admit(reading)
        return reading

    def read_side(self, reader: Reader, tree: Sum) -> Expression | NotUnderstoodError:
        try:
            return reader.read(tree)
        except NotUnderstoodError as error:
            return error
        except (OutOfTimeError, RecursionError) as error:
            return NotUnderstoodError(str(error) or "this is nested too deeply", tree.at)

    def general_indices(self, reader: Reader) -> list[dict[str, int]]:
        """The numbers that letters in indices, as in w_{ij}, can be: all with which the graph has every such name."""
        written = [name for name, _ in reader.unknown.values() if self.names.belongs(name)]
        letters = sorted({token for name in written for token in index_tokens(name.sub)} & INDEX_LETTERS)
        if self.numbers or not letters or len(letters) > 2:
            return []
        found: list[dict[str, int]] = []
        for values in product(range(1, LARGEST_INDEX + 1), repeat=len(letters)):
            numbers = dict(zip(letters, values, strict=True))
            if all(self.names.find(with_numbers(name, numbers)) for name in written):
                found.append(numbers)
        return found

    @property
    def is_point_free(self) -> bool:
        """Whether nothing but functions and numbers is written, as in sigma' = sigma (1 - sigma)."""
        known = self.names.find(Written(r"\sigma")) is not None
        items = [item for tree in self.trees if isinstance(tree, Sum) for item in all_items(tree)]
        functions = [item for item in items if item.kind == "function" or (item.text == r"\sigma" and not known)]
        named = [item for item in items if item.kind in ("symbol", "partial", "sum_sign") and item not in functions]
        return bool(functions) and not named and all(isinstance(tree, Sum) for tree in self.trees)

    def function_definition(self, reader: Reader) -> Expression | None:
        """A first side such as f(x_1, x_2) with a name that is new: what the chain then defines."""
        tree = self.trees[0]
        if not self.defining or isinstance(tree, NotUnderstoodError):
            return None
        if [item.kind for item in tree.row] != ["symbol", "group"] or tree.row[0].scripts or tree.row[1].scripts:
            return None
        name, group = tree.row
        written = Written(head_of(name.text))
        if self.names.find(written) is not None or reader.is_sigma(name) or written.latex in self.names.functions:
            return None
        parameters: list[str] = []
        for part in group.parts:
            value = reader.symbol(part.row[0]) if [item.kind for item in part.row] == ["symbol"] else None
            if not isinstance(value, Ref):
                return None
            parameters.append(value.name)
        self.defined = Definitions(written, function=UserFunction(tuple(parameters), Ref("?")))
        return Ref(FREE + written.latex)

    @property
    def first_name(self) -> str | None:
        """The LaTeX of the name that is the first side, or of the function that is applied there."""
        tree = self.trees[0]
        if isinstance(tree, NotUnderstoodError):
            return None
        if [item.kind for item in tree.row] not in (["symbol"], ["symbol", "group"]):
            return None
        try:
            return Reader(self.names, {}, self.deadline).written(tree.row[0]).latex
        except NotUnderstoodError:
            return None

    # Names that the graph does not have

    def admit(self, reading: Reading) -> None:
        """Decide what names that the graph does not have are: a definition, variables, or a mistake."""
        reader, sides = reading.reader, reading.sides
        if sum(size is None for size in reader.sizes.values()) > 1:
            sides[0] = NotUnderstoodError(
                "sums over data sets of two sizes are not understood", self.chain.sides[0].start
            )
        first = sides[0]
        new = self.new_name(first, reader)
        others = {name for side in sides[1:] if not isinstance(side, NotUnderstoodError) for name in names_in(side)}
        if new is not None and self.defining and new not in others:
            self.note_definition(new, reading)
            reader.unknown.pop(new, None)
        graph = self.names.graph
        computed = any(name in graph and graph[name].expression is not None for name in reader.known)
        for name, (written, at) in reader.unknown.items():
            mistaken = computed or self.names.belongs(written) or self.stands_alone(name, sides)
            if not mistaken:
                continue
            for i, side in enumerate(sides):
                if not isinstance(side, NotUnderstoodError) and name in names_in(side):
                    place = (
                        at if self.chain.sides[i].start <= at < self.chain.sides[i].end else self.chain.sides[i].start
                    )
                    sides[i] = self.names.unknown(written, place)

    def stands_alone(self, name: str, sides: list[Expression | NotUnderstoodError]) -> bool:
        """Whether a name is a whole side and occurs nowhere else: then nothing says what it is."""
        written = [side for side in sides if not isinstance(side, NotUnderstoodError)]
        return Ref(name) in written and all(side == Ref(name) or name not in names_in(side) for side in written)

    def new_name(self, first: Expression | NotUnderstoodError, reader: Reader) -> str | None:
        """The new name that a chain begins with, if it begins with one."""
        if isinstance(first, Ref) and first.name.startswith(FREE):
            known = reader.unknown.get(first.name)
            if known is None and self.defined.function is not None:
                return first.name
            if known is not None and not self.names.belongs(known[0]):
                return first.name
        return None

    def note_definition(self, name: str, reading: Reading) -> None:
        value = reading.sides[1] if len(reading.sides) > 1 else None
        if value is None or isinstance(value, NotUnderstoodError | Vector):
            self.defined = Definitions()
        elif self.defined.function is not None:
            function = UserFunction(self.defined.function.parameters, value)
            self.defined = Definitions(self.defined.written, function=function)
        else:
            self.defined = Definitions(reading.reader.unknown[name][0], value)
        reading.sides[0] = Ref(name)
