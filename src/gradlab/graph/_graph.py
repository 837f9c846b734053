"""WHAT is computed: an immutable graph of named scalar quantities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType

from gradlab._errors import GradlabError
from gradlab.graph._expression import Expression, Ref, count_operations, ordered_names, substitute, walk
from gradlab.graph._names import check_name, find_name, latex_of_name
from gradlab.graph._parse import parse
from gradlab.graph._primitives import PRIMITIVES, functions

# Above this many operations a formula with every intermediate quantity written out is nothing to read.
LARGEST_WRITTEN_OUT = 5_000


class GraphError(GradlabError):
    """Quantities that make no graph: a cycle, a name twice, or a name that nothing defines."""


class Role(Enum):
    """What a quantity is in its graph."""

    INPUT = "input"
    PARAMETER = "parameter"
    LABEL = "label"
    WEIGHT = "weight"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One named number.

    Attributes:
        name: the name, an identifier.
        expression: how it is computed from other quantities; None if it is given from outside.
        role: what it is in its graph.
        latex: its LaTeX; the usual one of its name by default.
    """

    name: str
    expression: Expression | None = None
    role: Role = Role.DERIVED
    latex: str = ""

    def __post_init__(self) -> None:
        check_name(self.name, PRIMITIVES)
        if not self.latex:
            object.__setattr__(self, "latex", latex_of_name(self.name))
        if (self.expression is None) == (self.role is Role.DERIVED):
            raise GraphError(f"{self.name}: a derived quantity has an expression, and no other one has")

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names it is computed from, in the order in which they are written."""
        return () if self.expression is None else ordered_names(self.expression)


class Graph:
    """An immutable graph of named scalar quantities.

    Args:
        quantities: in any order; they are kept in an order in which each stands behind what it is computed from.
        relations: expressions known to be equal (labels that sum to one), used in written steps only.

    Raises:
        GraphError: for a cycle, a name twice or a name that nothing defines.

    >>> g = Graph.from_text({"z": "w*x + b", "L": "(tanh(z) - y)**2"})
    >>> [q.name for q in g.quantities]
    ['w', 'x', 'b', 'y', 'z', 'L']
    """

    def __init__(self, quantities: Iterable[Quantity], relations: Iterable[tuple[Expression, Expression]] = ()) -> None:
        given = tuple(quantities)
        by_name: dict[str, Quantity] = {}
        for quantity in given:
            if quantity.name in by_name:
                raise GraphError(f"{quantity.name} is defined twice: give one of the two another name")
            by_name[quantity.name] = quantity
        for quantity in given:
            for name in quantity.inputs:
                if name not in by_name:
                    raise GraphError(f"{quantity.name} is computed from {name}, which nothing defines: define it too")
        self._quantities = _in_order(by_name)
        self._by_name = MappingProxyType({quantity.name: quantity for quantity in self._quantities})
        self._relations = tuple(relations)

    @classmethod
    def from_text(cls, definitions: Mapping[str, str]) -> Graph:
        """A graph from formulas; names that no formula defines are its inputs, in the order of first use.

        Args:
            definitions: for each computed quantity its formula, in any order.

        Raises:
            ParseError: for a text that is no formula.
            GraphError: for a cycle.
        """
        taken = functions()
        expressions = {check_name(name, taken): parse(text) for name, text in definitions.items()}
        used = dict.fromkeys(name for expression in expressions.values() for name in ordered_names(expression))
        inputs = [Quantity(name, role=Role.INPUT) for name in used if name not in expressions]
        return cls([*inputs, *(Quantity(name, expression) for name, expression in expressions.items())])

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """All quantities, each behind those it is computed from."""
        return self._quantities

    @property
    def relations(self) -> tuple[tuple[Expression, Expression], ...]:
        """Pairs of expressions that are equal for all values the graph is meant for."""
        return self._relations

    @property
    def symbols(self) -> Mapping[str, str]:
        """The LaTeX of every name."""
        return MappingProxyType({quantity.name: quantity.latex for quantity in self._quantities})

    def of_role(self, role: Role) -> tuple[str, ...]:
        """The names of the quantities with a role, in order."""
        return tuple(quantity.name for quantity in self._quantities if quantity.role is role)

    def find(self, name: str) -> str:
        """The name as the graph has it; ``z_{2,in}`` and ``z_2,in`` find ``z_2in``.

        Raises:
            GradlabError: if the graph has no such quantity; offers the nearest.
        """
        return find_name(name, self._by_name, "quantity")

    def below(self, output: str) -> set[str]:
        """A quantity and all that it is computed from."""
        found = {output}
        for quantity in reversed(self._quantities):
            if quantity.name in found:
                found.update(quantity.inputs)
        return found

    def __getitem__(self, name: str) -> Quantity:
        return self._by_name[self.find(name)]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self):
        return iter(self._quantities)

    def __len__(self) -> int:
        return len(self._quantities)

    def __setattr__(self, name: str, value: object) -> None:
        # The relations are what __init__ sets last.
        if "_relations" in self.__dict__:
            raise AttributeError(f"a graph never changes: {name} cannot be set; make a new graph")
        super().__setattr__(name, value)

    def __reduce__(self) -> tuple[type[Graph], tuple[object, ...]]:
        return type(self), (self._quantities, self._relations)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Graph):
            return NotImplemented
        return self._quantities == other._quantities and self._relations == other._relations

    def __hash__(self) -> int:
        return hash((self._quantities, self._relations))

    def __repr__(self) -> str:
        lines = [
            f"{q.name} = {q.expression}" if q.expression else f"{q.name}: {q.role.value}" for q in self._quantities
        ]
        return "\n".join(lines)


def written_out(graph: Graph, output: str) -> Expression:
    """A quantity's formula with every intermediate quantity written out.

    Raises:
        GradlabError: if that is too long to be of use.
    """
    too_long = GradlabError(
        f"{output} is too long to be written as one formula: use backprop(), which keeps the names of its parts"
    )
    written: dict[str, Expression] = {}
    sizes: dict[str, int] = {}
    for name, formula in ((q.name, q.expression) for q in graph if q.expression is not None):
        refs = (node.name for node in walk(formula) if isinstance(node, Ref))
        sizes[name] = count_operations(formula) + sum(sizes.get(ref, 0) for ref in refs)
        # What is too long here is too long for everything above it, so no formula is left half written.
        if sizes[name] <= LARGEST_WRITTEN_OUT:
            written[name] = substitute(formula, written)
    if output not in written:
        raise too_long
    try:
        hash(str(written[output]))
    except RecursionError:
        raise too_long from None
    return written[output]


def _in_order(by_name: Mapping[str, Quantity]) -> tuple[Quantity, ...]:
    sorter = TopologicalSorter({name: quantity.inputs for name, quantity in by_name.items()})
    try:
        order = tuple(sorter.static_order())
    except CycleError as error:
        cycle = " -> ".join(reversed(error.args[1]))
        raise GraphError(f"these are computed from each other: {cycle}; break the cycle") from None
    # Given quantities first, as they were given; then the computed ones, as early as they can be.
    given = [quantity for quantity in by_name.values() if quantity.expression is None]
    position = {name: i for i, name in enumerate(by_name)}
    done = {quantity.name for quantity in given}
    waiting = sorted((name for name in order if name not in done), key=position.__getitem__)
    result = list(given)
    while waiting:
        ready = [name for name in waiting if done.issuperset(by_name[name].inputs)]
        result += [by_name[name] for name in ready]
        done.update(ready)
        waiting = [name for name in waiting if name not in done]
    return tuple(result)
