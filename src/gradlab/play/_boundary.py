"""Boundary: the network of a map of trainability, as a kernel for many learning rates at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradlab._errors import GradlabError
from gradlab.codegen.wasm import WasmNetwork
from gradlab.graph import mlp_graph
from gradlab.play._descend import numbers_of, rule_named

WIDEST, DEEPEST = 16, 4


def trainability(given: Mapping[str, Any]) -> dict[str, Any]:
    """The network of a map of trainability: no biases, mean-field scaling, squared error, as many points as parameters.

    Args:
        given: ``width``, units of each hidden layer, and inputs; ``depth``, layers of weights; ``activation``;
            ``rule``; ``dtype``.

    Returns:
        ``training``, WebAssembly with a learning rate for each layer of weights, and what it is called with, as
        `network` has it; ``points``, how many there are; ``columns``, the numbers of each.

    Raises:
        GradlabError: for a network that is too large here, or names that do not exist.
    """
    width, depth, kind = given["width"], given["depth"], rule_named(given["rule"])
    if not (1 <= width <= WIDEST and 2 <= depth <= DEEPEST):
        raise GradlabError(f"the page maps networks of 1 to {WIDEST} units in each of 2 to {DEEPEST} layers of weights")
    graph = mlp_graph((*[width] * depth, 1), given["activation"], None, "squared_error", "mean_field", False)
    # A linear network can do no more than one of a single layer.
    points = width if graph.hidden == "identity" else len(graph.parameters)
    # The numbers of the points are read when it runs; none that would be left out stands here.
    table = [[0.5] * len(graph.columns)] * points
    made = WasmNetwork(graph).training(table, dtype=given["dtype"], rates=depth, update=kind.update())
    return {
        "training": made.code,
        "scratch": made.scratch,
        "lanes": made.lanes,
        "dtype": made.dtype,
        "factors": [1.0] * len(graph.parameters),
        "numbers": list(numbers_of(kind).values()),
        "kept": len(kind.update().state),
        "rates": depth,
        "gap": -1.0,
        "points": points,
        "columns": len(graph.columns),
        "source": made.source,
    }
