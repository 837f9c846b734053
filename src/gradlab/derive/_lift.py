"""From a graph of numbers to the arrays it is made of, found in the structure of the formulas and not in the names.

Quantities that follow one another with formulas of the same form are the entries of one column. A sum in which each
column's entry is multiplied by a parameter of its own is a matrix product; its parameters are the entries of a matrix.
A sum of alike terms over the entries of columns is the sum over a column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gradlab._errors import GradlabError
from gradlab.derive._arrays import (
    Array,
    Entrywise,
    Node,
    Product,
    Shape,
    Softmax,
    Total,
    Transposed,
    as_formula,
    entrywise,
)
from gradlab.graph import (
    PRIMITIVES,
    Apply,
    Expression,
    Graph,
    Quantity,
    Ref,
    Role,
    add,
    as_number,
    is_apply,
    latex_of_name,
    transform,
)


@dataclass(frozen=True, slots=True)
class Named:
    """An array with a name.

    Attributes:
        name: its name.
        latex: its LaTeX.
        cells: the name of the quantity in each row and column.
        node: how it is computed; None if it is given.
    """

    name: str
    latex: str
    cells: tuple[tuple[str, ...], ...]
    node: Node | None = None

    @property
    def shape(self) -> Shape:
        """Its rows and columns."""
        return len(self.cells), len(self.cells[0])


class NoArraysError(GradlabError):
    """A graph that is not made of layers, so that it has no formulas over arrays."""


def lift(graph: Graph) -> tuple[Named, ...]:
    """The arrays that a graph is made of, in an order in which each stands behind those it is computed from.

    Raises a NoArraysError that names the quantity if what it computes from inputs, labels and parameters is not layers.
    """
    return _Lifter(graph).arrays()


@dataclass(slots=True)
class _Lifter:
    graph: Graph
    made: dict[str, Named] = field(default_factory=dict)
    place: dict[str, tuple[str, int]] = field(default_factory=dict)
    layer: int = 0

    def arrays(self) -> tuple[Named, ...]:
        for role, name, latex in ((Role.INPUT, "a0", "a^{(0)}"), (Role.LABEL, "y", "y")):
            given = self.graph.of_role(role)
            if given:
                self.add(Named(name, latex, tuple((cell,) for cell in given)))
        group: list[Quantity] = []
        form: Expression | None = None
        for quantity in self.graph:
            if quantity.expression is None:
                continue
            own = self.form(quantity.expression)
            if group and (own != form or any(member.name in quantity.inputs for member in group)):
                self.finish(group)
                group, own = [], self.form(quantity.expression)
            group.append(quantity)
            form = own
        self.finish(group)
        if not group or len(group) > 1:
            raise NoArraysError("a gradient over arrays is that of one number: the graph's last quantity has to be one")
        return tuple(self.made.values())

    def form(self, expression: Expression) -> Expression:
        """A formula with the column that each name belongs to in its place: alike for the entries of one column."""

        def rule(node: Expression) -> Expression | None:
            if isinstance(node, Ref):
                return Ref(self.place[node.name][0] if node.name in self.place else "?")
            picks = isinstance(node, Apply) and PRIMITIVES[node.primitive].picks
            return Apply(node.primitive, node.args[1:]) if picks and isinstance(node, Apply) else None

        return transform(expression, rule)

    def add(self, array: Named) -> None:
        self.made[array.name] = array
        for i, row in enumerate(array.cells):
            for cell in row:
                self.place[cell] = array.name, i

    def finish(self, group: Sequence[Quantity]) -> None:
        """Make one column of quantities with formulas of one form."""
        if not group:
            return
        before = self.layer
        try:
            node = self.column([quantity.expression for quantity in group if quantity.expression is not None])
        except _NotAlikeError:
            raise NoArraysError(
                f"{group[0].name} is no layer of a network: formulas over arrays exist for sums of parameters times a "
                "layer, for functions of a layer entry by entry, softmax, and sums over a layer"
            ) from None
        name, latex = self.name(group, self.layer > before)
        self.add(Named(name, latex, tuple((quantity.name,) for quantity in group), node))

    def name(self, group: Sequence[Quantity], is_sum: bool) -> tuple[str, str]:
        """The letter z and the layer's number for sums, a for what is made of them, its own name for the rest."""
        if is_sum:
            return f"z{self.layer}", f"z^{{({self.layer})}}"
        if self.layer and f"a{self.layer}" not in self.made:
            return f"a{self.layer}", f"a^{{({self.layer})}}"
        first = group[0]
        letters = (re.match(r"[^\W\d_]+", first.name) or [first.name])[0]
        name, latex = (first.name, first.latex) if len(group) == 1 else (letters, latex_of_name(letters))
        while name in self.made:
            name += "_"
        return name, latex

    def column(self, formulas: Sequence[Expression]) -> Node:
        """Formulas of the entries of a column as one formula over arrays."""
        first = formulas[0]
        if all(formula == first for formula in formulas) and not first.names:
            return Entrywise(first, ())
        if isinstance(first, Ref):
            return self.refs([formula.name for formula in formulas if isinstance(formula, Ref)], len(formulas))
        if not isinstance(first, Apply) or not all(is_apply(formula, first.primitive) for formula in formulas):
            raise _NotAlikeError
        if first.primitive == "softmax":
            return self.softmax(formulas)
        product = self.matrix_product(formulas)
        if product is not None:
            return product
        if first.primitive == "add" and len(formulas) == 1 and (total := self.total(first)) is not None:
            return total
        return self.entry_by_entry(formulas)

    def refs(self, names: Sequence[str], count: int) -> Node:
        if len(names) != count:
            raise _NotAlikeError
        known = {self.place[name][0] for name in names if name in self.place}
        if not known and len(set(names)) == count and all(self.graph[name].role is Role.PARAMETER for name in names):
            name = self.fresh("b")
            self.add(Named(name, _numbered(name), tuple((cell,) for cell in names)))
            return Array(name)
        if len(known) == 1 and all(name in self.place for name in names):
            array = self.made[known.pop()]
            column = [row[0] for row in array.cells]
            if column == list(names) or (len(column) == 1 and {*names} == {*column}):
                return Array(array.name)
        raise _NotAlikeError

    def fresh(self, letter: str) -> str:
        name = f"{letter}{self.layer}"
        while name in self.made:
            name += "_"
        return name

    def softmax(self, formulas: Sequence[Expression]) -> Node:
        numbers = [as_number(formula.args[0]) for formula in formulas]
        logits = formulas[0].args[1:]
        if numbers != [*range(1, len(formulas) + 1)] or len(logits) != len(formulas):
            raise _NotAlikeError
        if any(formula.args[1:] != logits for formula in formulas):
            raise _NotAlikeError
        return Softmax(self.column(logits))

    def matrix_product(self, formulas: Sequence[Expression]) -> Node | None:
        """Sums with a parameter times each entry of a column as a matrix product; None if they are no such sums."""
        found = [self.weighted(formula) for formula in formulas]
        if any(not weights for weights, _, _ in found) or len({column for _, column, _ in found}) != 1:
            return None
        if len({len(rest) for _, _, rest in found}) != 1:
            return None
        cells = tuple(zip(*(weights for weights, _, _ in found), strict=True))
        if len({cell for row in cells for cell in row}) != len(cells) * len(formulas):
            return None
        self.layer += 1
        name = self.fresh("W")
        self.add(Named(name, _numbered(name), cells))
        product = Product(Transposed(Array(name)), Array(found[0][1]))
        atoms: dict[str, Node] = {}
        terms = [as_formula(product, atoms)]
        terms += [as_formula(self.column(rest), atoms) for rest in zip(*(rest for _, _, rest in found), strict=True)]
        return entrywise(add(*terms), atoms)

    def weighted(self, formula: Expression) -> tuple[tuple[str, ...], str, tuple[Expression, ...]]:
        """The parameters of a sum in the order of the column they multiply, the column's name, the other terms."""
        weights: dict[int, str] = {}
        columns: set[str] = set()
        rest: list[Expression] = []
        for term in formula.args if is_apply(formula, "add") else (formula,):
            names = [arg.name for arg in term.args if isinstance(arg, Ref)] if is_apply(term, "mul") else []
            if len(names) != 2 or len(term.args) != 2 or names[0] in self.place or names[1] not in self.place:
                rest.append(term)
            elif self.graph[names[0]].role is Role.PARAMETER:
                column, row = self.place[names[1]]
                columns.add(column)
                weights[row] = names[0]
        if len(columns) != 1 or sorted(weights) != [*range(len(self.made[column := columns.pop()].cells))]:
            return (), "", ()
        return tuple(weights[row] for row in sorted(weights)), column, tuple(rest)

    def total(self, formula: Expression) -> Node | None:
        """A sum of alike terms over the entries of columns; None if it is none."""
        terms = formula.args
        heights = {array.shape[0] for array in self.made.values()} - {1}
        for height in sorted(heights, reverse=True):
            if len(terms) % height == 0:
                each = len(terms) // height
                parts = [add(*terms[i : i + each]) for i in range(0, len(terms), each)]
                try:
                    return Total(self.entry_by_entry(parts))
                except _NotAlikeError:
                    continue
        return None

    def entry_by_entry(self, formulas: Sequence[Expression]) -> Node:
        first = formulas[0]
        if not isinstance(first, Apply):
            return self.column(formulas)
        if any(not is_apply(x, first.primitive) or len(x.args) != len(first.args) for x in formulas):
            raise _NotAlikeError
        atoms: dict[str, Node] = {}
        parts = [
            as_formula(self.column(arguments), atoms) for arguments in zip(*(x.args for x in formulas), strict=True)
        ]
        return entrywise(Apply(first.primitive, tuple(parts)), atoms)


class _NotAlikeError(GradlabError):
    """Formulas that are not entries of one formula over arrays."""


def _numbered(name: str) -> str:
    return f"{name[0]}^{{({name[1:].rstrip('_')})}}" + "'" * name.count("_")


def shapes_of(arrays: Mapping[str, Named]) -> dict[str, Shape]:
    """The shape of every array by its name."""
    return {name: array.shape for name, array in arrays.items()}
