"""A network in matrix notation, its gradient derived there by the rules for arrays, and proved equal to the scalar one.

Rules, with delta for the derivative of the loss by an array: z = W^T a has W delta for a and the outer product
a delta^T for W; a function taken entry by entry has delta times its derivative entry by entry; a sum over a column has
its delta for every entry. Source: Magnus and Neudecker, *Matrix Differential Calculus* (1988); the form of the result
is that of Nielsen, *Neural Networks and Deep Learning* (2015), chapter 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gradlab.derive._arrays import (
    Array,
    Entrywise,
    Node,
    Product,
    Softmax,
    Total,
    Transposed,
    as_formula,
    entrywise,
    to_latex,
    to_text,
    with_shape,
)
from gradlab.derive._lift import Named, NoArraysError, lift, shapes_of
from gradlab.derive._local import local_gradient
from gradlab.derive._simplify import cancel, has_division, with_names
from gradlab.graph import ONE, Expression, Graph, Ref, Role, add, is_apply, mul, neg, substitute, subtract, transform

if TYPE_CHECKING:
    from gradlab.derive._vector_proof import VectorProof


@dataclass(frozen=True, slots=True)
class Delta:
    """The derivative of the output by a sum of a layer.

    Attributes:
        name: its name.
        latex: its LaTeX.
        by: the array by which the output is differentiated.
        node: its formula.
        related: its formula where the graph's relations hold (labels that sum to one); None if that is the same.
    """

    name: str
    latex: str
    by: str
    node: Node
    related: Node | None


@dataclass(frozen=True, repr=False)
class VectorForm:
    r"""A graph and its gradient as formulas over arrays.

    Attributes:
        graph: the graph of numbers it was found in.
        arrays: all arrays by name, each behind those it is computed from.
        deltas: the derivatives by the sums of the layers, from the output inwards.
        gradient: for the name of each array of parameters, the derivative of the output by it.

    >>> import gradlab as gl
    >>> print(gl.mlp([2, 2, 1]).vector_form())
    z1 = W1.T @ a0 + b1                                # 2 x 1
    a1 = tanh(z1)                                      # 2 x 1
    z2 = W2.T @ a1 + b2                                # 1 x 1
    a2 = sigmoid(z2)                                   # 1 x 1
    L = -y * log(a2) - (1 - y) * log(1 - a2)           # 1 x 1
    delta2 = dL/dz2 = a2 - y                           # 1 x 1
    delta1 = dL/dz1 = (W2 @ delta2) * (1 - a1**2)      # 2 x 1
    dL/dW1 = a0 @ delta1.T                             # 2 x 2
    dL/db1 = delta1                                    # 2 x 1
    dL/dW2 = a1 @ delta2.T                             # 2 x 1
    dL/db2 = delta2                                    # 1 x 1
    """

    graph: Graph
    arrays: Mapping[str, Named]
    deltas: tuple[Delta, ...]
    gradient: Mapping[str, Node]

    def proof(self) -> VectorProof:
        """Prove each entry of each delta and of the gradient equal to the derivative by that number alone."""
        from gradlab.derive._vector_proof import prove_entries

        return prove_entries(self)

    @property
    def output(self) -> str:
        """The name of what is differentiated."""
        return [*self.arrays][-1]

    @cached_property
    def _shapes(self) -> dict[str, tuple[int, int]]:
        return shapes_of(self.arrays) | {delta.name: self.arrays[delta.by].shape for delta in self.deltas}

    @cached_property
    def _symbols(self) -> dict[str, str]:
        return {name: array.latex for name, array in self.arrays.items()} | {d.name: d.latex for d in self.deltas}

    def text(self) -> str:
        """The formulas in NumPy's notation, ``@`` for matrix products and ``*`` entry by entry, with their shapes."""
        output = self.output
        lines = [(f"{x.name} = {to_text(x.node)}", x.shape) for x in self.arrays.values() if x.node is not None]
        for delta in self.deltas:
            shape = self._shapes[delta.name]
            lines.append((f"{delta.name} = d{output}/d{delta.by} = {to_text(delta.node)}", shape))
            if delta.related is not None:
                lines.append((f"{delta.name} = {to_text(delta.related)}, {self._since()[0]}", shape))
        lines += [(f"d{output}/d{name} = {to_text(node)}", self._shapes[name]) for name, node in self.gradient.items()]
        width = max(50, *(len(line) for line, _ in lines))
        return "\n".join(f"{line:<{width}} # {rows} x {columns}" for line, (rows, columns) in lines)

    def _since(self) -> tuple[str, str]:
        """The graph's relations, as text and in LaTeX."""
        symbols = self.graph.symbols
        pairs = self.graph.relations
        words = ", ".join(f"{a} = {b}" for a, b in pairs)
        return f"since {words}", ", ".join(f"{a.latex(symbols)} = {b.latex(symbols)}" for a, b in pairs)

    def latex(self, *, shapes: bool = True) -> str:
        """The formulas as one ``align*`` block.

        Args:
            shapes: whether each symbol has its shape under it.
        """
        return _align([*self._forward_rows(shapes), *self._backward_rows(shapes)])

    def forward_latex(self, *, shapes: bool = True) -> str:
        """How the output is computed, as one ``align*`` block."""
        return _align(self._forward_rows(shapes))

    def backward_latex(self, *, shapes: bool = True) -> str:
        """The deltas and the gradient, as one ``align*`` block."""
        return _align(self._backward_rows(shapes))

    def dictionary_latex(self) -> str:
        """What the arrays hold, as one ``align*`` block: what is given, then a row for each layer."""
        symbols = self.graph.symbols
        rows: list[list[str]] = [[]]
        previous = ""
        for array in self.arrays.values():
            if array.name == self.output:
                continue
            # A layer begins with its parameters.
            if array.name in self.gradient and previous not in self.gradient:
                rows.append([])
            previous = array.name
            table = r" \\ ".join(" & ".join(symbols[cell] for cell in row) for row in array.cells)
            rows[-1].append(rf"{array.latex} = \begin{{pmatrix}} {table} \end{{pmatrix}}")
        return _align([r"&" + r", \quad ".join(row) for row in rows if row])

    def _forward_rows(self, shapes: bool) -> list[str]:
        return [
            f"{self._symbol(x.name, shapes)} &= {to_latex(x.node, self._symbols, self._shapes, shapes)}"
            for x in self.arrays.values()
            if x.node is not None
        ]

    def _backward_rows(self, shapes: bool) -> list[str]:
        rows = []
        for delta in self.deltas:
            left = f"{self._symbol(delta.name, shapes)} = {self._partial(delta.by)}"
            rows.append(f"{left} &= {to_latex(delta.node, self._symbols, self._shapes, shapes)}")
            if delta.related is not None:
                shown = to_latex(delta.related, self._symbols, self._shapes, shapes)
                rows.append(rf"&= {shown} \qquad \text{{since }} {self._since()[1]}")
        for name, node in self.gradient.items():
            left = self._partial(name)
            left = with_shape(left, self._shapes[name]) if shapes else left
            rows.append(f"{left} &= {to_latex(node, self._symbols, self._shapes, shapes)}")
        return rows

    def _symbol(self, name: str, shapes: bool) -> str:
        return with_shape(self._symbols[name], self._shapes[name]) if shapes else self._symbols[name]

    def _partial(self, name: str) -> str:
        return rf"\frac{{\partial {self._symbols[self.output]}}}{{\partial {self._symbols[name]}}}"

    def _repr_latex_(self) -> str:
        return self.latex()

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<{self.output} and its gradient over the arrays {', '.join(self.arrays)}>"


def _align(rows: list[str]) -> str:
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"


def vector_form(graph: Graph) -> VectorForm:
    """Find the arrays that a graph is made of, and derive its gradient over them.

    Args:
        graph: a graph that is made of layers, its last quantity the one to differentiate.

    Raises:
        NoArraysError: if it is not made of layers, and names the quantity that is none; or if its points have weights.
    """
    if graph.of_role(Role.WEIGHT):
        raise NoArraysError(
            "there are no formulas over arrays of a network whose points have weights; take the network without "
            "weighted=True: each of its derivatives by a parameter, times the weight, is one of this network's"
        )
    arrays = lift(graph)
    return _Backwards(graph, {array.name: array for array in arrays}).form()


class _Backwards:
    """Reverse accumulation over arrays."""

    def __init__(self, graph: Graph, arrays: dict[str, Named]) -> None:
        self.graph, self.arrays = graph, arrays
        self.names: dict[Expression, str] = {
            array.node.formula: name
            for name, array in arrays.items()
            if isinstance(array.node, Entrywise) and all(isinstance(node, Array) for _, node in array.node.atoms)
        }
        self.terms: dict[str, list[Node]] = {}
        self.deltas: list[Delta] = []

    def form(self) -> VectorForm:
        output = [*self.arrays][-1]
        for name, array in reversed(self.arrays.items()):
            if array.node is None or (name != output and name not in self.terms):
                continue
            self.backwards(array.node, Entrywise(ONE, ()) if name == output else self.derivative(name, array.node))
        parameters = set(self.graph.of_role(Role.PARAMETER))
        order = [name for name, array in self.arrays.items() if array.cells[0][0] in parameters]
        gradient = {name: self.sum(self.terms[name]) for name in order}
        return VectorForm(self.graph, self.arrays, tuple(self.deltas), gradient)

    def derivative(self, name: str, node: Node) -> Node:
        """The derivative of the output by an array; by the sum of a layer it gets a name."""
        total = self.sum(self.terms[name])
        if not _has_product(node):
            return total
        number = name[1:]
        delta = Delta(f"delta{number}", rf"\delta^{{({number})}}", name, total, self.related(total))
        self.deltas.append(delta)
        return Array(delta.name)

    def sum(self, terms: list[Node]) -> Node:
        if len(terms) == 1:
            return terms[0]
        atoms: dict[str, Node] = {}
        return _tidied(add(*(as_formula(term, atoms) for term in terms)), atoms)

    def backwards(self, node: Node, outer: Node) -> None:
        """Add what a formula contributes to the derivatives by the arrays in it; ``outer`` is that by its value."""
        match node:
            case Array(name):
                self.terms.setdefault(name, []).append(outer)
            case Total(of):
                self.backwards(of, outer)
            case Product(Transposed(Array(weights)), Array(below)):
                self.terms.setdefault(weights, []).append(Product(Array(below), Transposed(outer)))
                self.terms.setdefault(below, []).append(Product(Array(weights), outer))
            case Softmax(Array(logits)):
                softmax = next(name for name, array in self.arrays.items() if array.node == node)
                self.terms.setdefault(logits, []).append(_softmax_backwards(softmax, outer))
            case Entrywise(formula, inner):
                for name, local in local_gradient(formula).items():
                    atoms = dict(inner)
                    factor = as_formula(outer, atoms)
                    product = mul(factor, with_names(local, self.names))
                    for mentioned in product.names - atoms.keys():
                        atoms[mentioned] = Array(mentioned)
                    self.backwards(atoms[name], _tidied(product, atoms))

    def related(self, node: Node) -> Node | None:
        """The formula where the relations hold: the sum of a column that is known to be a number is that number."""
        if not isinstance(node, Entrywise):
            return None
        values: dict[str, Expression] = {}
        for name, atom in node.atoms:
            if isinstance(atom, Total) and isinstance(atom.of, Array):
                whole = add(*(Ref(row[0]) for row in self.arrays[atom.of.name].cells))
                values.update((name, right) for left, right in self.graph.relations if left == whole)
        if not values:
            return None
        formula = substitute(node.formula, values)
        return _tidied(transform(formula, _again), dict(node.atoms))


def _again(node: Expression) -> Expression | None:
    return mul(*node.args) if is_apply(node, "mul") else None


def _tidied(formula: Expression, atoms: dict[str, Node]) -> Node:
    """The formula with what cancels taken out, where there are fractions."""
    return entrywise(cancel(formula) if has_division(formula) else formula, atoms)


def _softmax_backwards(softmax: str, outer: Node) -> Node:
    """The derivative by the logits: p times (delta - 1^T (p delta)), entry by entry."""
    atoms: dict[str, Node] = {}
    factor, probabilities = as_formula(outer, atoms), as_formula(Array(softmax), atoms)
    weighted = mul(probabilities, factor)
    weighted = cancel(weighted) if has_division(weighted) else weighted
    negative = is_apply(weighted, "neg")
    inside = entrywise(neg(weighted) if negative else weighted, atoms)
    total = as_formula(Total(inside), atoms)
    centred = add(factor, total) if negative else subtract(factor, total)
    return _tidied(mul(probabilities, centred), atoms)


def _has_product(node: Node) -> bool:
    parts = [part for _, part in node.atoms] if isinstance(node, Entrywise) else [node]
    return any(isinstance(part, Product) for part in parts)
