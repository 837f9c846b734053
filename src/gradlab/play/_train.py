"""Train: a network of two inputs and one output on points of two classes, as kernels for many runs at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradlab._errors import GradlabError
from gradlab.codegen import DEVIATIONS, deviations
from gradlab.codegen.wasm import WasmNetwork, drawing_module
from gradlab.graph import find_loss, mlp_graph
from gradlab.play._descend import numbers_of, rule_named

MOST_POINTS, MOST_UNITS, MOST_LAYERS = 400, 8, 4  # what a page trains while somebody watches


def network(given: Mapping[str, Any]) -> dict[str, Any]:
    """A network on points in the plane: kernels of its training and of its predictions, and what they are called with.

    Args:
        given: ``hidden``, the units of each hidden layer; ``activation``; ``loss``; ``rule``; ``initialisation``; and
            ``points``, rows of two coordinates and a class, 0 or 1.

    Returns:
        ``training`` and ``prediction``, WebAssembly; ``scratch`` and ``lanes`` of the training; ``parameters``, their
        names; ``units``, the names of each layer's; ``factors``, what each standard number is multiplied with for an
        initialisation of scale 1, and ``uniform``, whether it is a uniform one; ``numbers`` of the rule, and how many
        it keeps for each parameter, ``kept``; how many learning rates there are, ``rates``, and the ``dtype``;
        ``labels`` of the two classes, and the ``gap`` below which a point is right; ``source``, the kernel as text.

    Raises:
        GradlabError: for a network that is too large here, points of one class alone, or names that do not exist.
    """
    hidden, points = given["hidden"], given["points"]
    _check(hidden, points, given["initialisation"])
    kind, loss = rule_named(given["rule"]), find_loss(given["loss"])
    if loss.softmax:
        raise GradlabError(f"{loss.name} is for several outputs; here is one: choose binary_cross_entropy")
    sizes = (2, *hidden, 1)
    graph = mlp_graph(sizes, given["activation"], None, given["loss"])
    low, high = loss.labels.values or (0.0, 1.0)
    table = [[x, y, high if label else low] for x, y, label in points]
    printed = WasmNetwork(graph)
    training = printed.training(table, update=kind.update())
    return {
        "training": training.code,
        "prediction": printed.module().code,
        "scratch": training.scratch,
        "lanes": training.lanes,
        "parameters": list(graph.parameters),
        "units": [list(layer) for layer in graph.layers],
        "factors": deviations(given["initialisation"], sizes),
        "uniform": given["initialisation"] == "uniform",
        "numbers": list(numbers_of(kind).values()),
        "kept": len(kind.update().state),
        "rates": 1,
        "dtype": training.dtype,
        "labels": [low, high],
        "gap": (high - low) / 2 if loss.nearer else 0.0,
        "source": training.source,
    }


def drawing(given: Mapping[str, Any]) -> dict[str, Any]:
    """The kernel that draws where runs start: ``module``, WebAssembly."""
    return {"module": drawing_module().code}


def _check(hidden: Sequence[int], points: Sequence[Sequence[float]], initialisation: str) -> None:
    if len(hidden) > MOST_LAYERS or any(not 1 <= units <= MOST_UNITS for units in hidden):
        raise GradlabError(f"the page trains up to {MOST_LAYERS} hidden layers of 1 to {MOST_UNITS} units")
    if not 0 < len(points) <= MOST_POINTS:
        raise GradlabError(f"the page trains on 1 to {MOST_POINTS} points; here are {len(points)}")
    if {label for _, _, label in points} != {0, 1}:
        raise GradlabError("points of both classes are needed, 0 and 1: add one of the class that is missing")
    if initialisation not in DEVIATIONS:
        raise GradlabError(f"there is no initialisation {initialisation!r}: choose one of {', '.join(DEVIATIONS)}")
