"""What sharing saves: the multiplications of a gradient with every path written out, and with shared deltas.

Both are counted in the same way. The factors of the chain rule are the local derivatives; what it takes to work out a
local derivative itself (the square in 1 - z^2) is counted on neither side, and a factor 1 or -1 takes no multiplication
on either. Source: Griewank and Walther, *Evaluating Derivatives*, 2nd edition (2008), chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gradlab.derive._local import local_gradient
from gradlab.graph import Graph, NetworkGraph, as_number, mlp_graph

DEPTHS = range(1, 9)
WIDTHS = range(1, 17)
USUAL_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Savings:
    """The multiplications that a gradient takes.

    Attributes:
        expanded: with the product along every path written out.
        shared: with each derivative of the output worked out once.
        paths: how many paths there are.
    """

    expanded: int
    shared: int
    paths: int


@dataclass(frozen=True, slots=True)
class Growth:
    """How the multiplications grow with a network.

    Attributes:
        sizes: the network it was asked about.
        own: what that network takes.
        width: the width of the hidden layers while their number grows.
        by_depth: for numbers of hidden layers, what the network takes.
        depth: the number of hidden layers while their width grows.
        by_width: for widths of all hidden layers, what the network takes.
    """

    sizes: tuple[int, ...]
    own: Savings
    width: int
    by_depth: tuple[tuple[int, Savings], ...]
    depth: int
    by_width: tuple[tuple[int, Savings], ...]


def count_multiplications(graph: Graph, output: str, wrt: Iterable[str]) -> Savings:
    """Count the multiplications of a gradient with and without sharing.

    Args:
        graph: the graph.
        output: the name of the quantity that is differentiated.
        wrt: the names of the quantities by which it is differentiated.

    Raises:
        GradlabError: if the graph has no quantity of that name.

    >>> count_multiplications(mlp_graph([2, 2, 1], "tanh", None, "binary_cross_entropy"), "L", ["w_12"])
    Savings(expanded=4, shared=4, paths=1)
    """
    output = graph.find(output)
    wanted = [graph.find(name) for name in wrt]
    needed = set(wanted)
    for quantity in graph.quantities:
        if any(name in needed for name in quantity.inputs):
            needed.add(quantity.name)
    tally = _Tally(output)
    for quantity in reversed(graph.quantities):
        if quantity.name in tally.paths and quantity.expression is not None:
            for name, local in local_gradient(quantity.expression).items():
                if name in needed:
                    tally.edge(quantity.name, name, abs(as_number(local) or 0) == 1)
    zero = (0, 0, 0)
    return Savings(
        expanded=sum(
            factors - paths + bare for paths, bare, factors in (tally.paths.get(name, zero) for name in wanted)
        ),
        shared=tally.shared,
        paths=sum(tally.paths.get(name, zero)[0] for name in wanted),
    )


class _Tally:
    """For each quantity its paths from the output, those without any factor, and the factors on all of them."""

    def __init__(self, output: str) -> None:
        self.paths: dict[str, tuple[int, int, int]] = {output: (1, 1, 0)}
        self.shared = 0

    def edge(self, above: str, below: str, is_one: bool) -> None:
        paths, bare, factors = self.paths[above]
        before = self.paths.get(below, (0, 0, 0))
        new = (paths, bare if is_one else 0, factors if is_one else factors + paths)
        self.paths[below] = before[0] + new[0], before[1] + new[1], before[2] + new[2]
        # The derivative above is 1 where its only path has no factor; nothing is multiplied then.
        self.shared += not is_one and (paths, bare) != (1, 1)


def growth_of(graph: NetworkGraph) -> Growth:
    """How the multiplications of a network's gradient grow with its depth and with its width.

    Args:
        graph: the network; its inputs, outputs, activations and loss stay.

    Returns:
        The counts for 1 to 8 hidden layers as wide as its widest one (2 to 16), and for widths of 1 to 16 of as many
        hidden layers as it has (8 at most), or of three where it has fewer than two.
    """
    hidden = graph.sizes[1:-1]
    width = min(max(*hidden, 2, 2), WIDTHS[-1])
    depth = min(len(hidden), DEPTHS[-1]) if len(hidden) > 1 else USUAL_DEPTH

    def like(*sizes: int) -> Savings:
        layers = (graph.sizes[0], *sizes, graph.sizes[-1])
        made = mlp_graph(layers, graph.hidden, graph.output, graph.loss, graph.scaling, graph.biases, graph.weighted)
        return count_multiplications(made, "L", made.parameters)

    return Growth(
        graph.sizes,
        count_multiplications(graph, "L", graph.parameters),
        width,
        tuple((count, like(*[width] * count)) for count in DEPTHS),
        depth,
        tuple((wide, like(*[wide] * depth)) for wide in WIDTHS),
    )
