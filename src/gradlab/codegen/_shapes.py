"""What both backends check about the arrays they are given, in one place."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from gradlab._errors import GradlabError
from gradlab.graph import NetworkGraph


def sizes_of_layers(graph: NetworkGraph) -> list[int]:
    """How many parameters each layer has."""
    return [(below + graph.biases) * above for below, above in pairwise(graph.sizes)]


def check_point(shape: tuple[int, ...], variables: tuple[str, ...]) -> None:
    """A point has its coordinates along the last axis.

    Raises:
        GradlabError: if it has not; says what to write.
    """
    if not shape or shape[-1] != len(variables):
        example = ", ".join(str(float(i)) for i in range(len(variables)))
        raise GradlabError(
            f"a point has one number for each of {', '.join(variables)} along its last axis, as in "
            f"[{example}]; this one has the shape {tuple(shape)}"
        )


def check_network_arrays(graph: NetworkGraph, parameters: Any, x: Any, y: Any = None, weights: Any = None) -> None:
    """Parameters (..., P), inputs (N, d) and, if there are any, labels (N,) or (N, K) and weights (N,) fit a network.

    Raises:
        GradlabError: if they do not; says what to write.
    """
    count, width, labels = len(graph.parameters), len(graph.inputs), len(graph.labels)
    if not parameters.shape or parameters.shape[-1] != count:
        raise GradlabError(
            f"the network {list(graph.sizes)} has {count} parameters along the last axis "
            f"({', '.join(graph.parameters[:4])}, ...); these have the shape {tuple(parameters.shape)}"
        )
    if len(x.shape) != 2 or x.shape[1] != width:
        raise GradlabError(
            f"x has a row for each point and a column for each of {', '.join(graph.inputs)}: shape (N, {width}); "
            f"this one has the shape {tuple(x.shape)}"
        )
    if y is None:
        return
    wanted = ((x.shape[0],), (x.shape[0], 1)) if labels == 1 else ((x.shape[0], labels),)
    if tuple(y.shape) not in wanted:
        raise GradlabError(f"y has the shape {' or '.join(map(str, wanted))} here, not {tuple(y.shape)}")
    if weights is not None:
        if not graph.weighted:
            raise GradlabError("this network has no weights of points: make it with gl.mlp(..., weighted=True)")
        if tuple(weights.shape) != (x.shape[0],):
            raise GradlabError(
                f"there is one weight for each of {x.shape[0]} points; these have the shape {tuple(weights.shape)}"
            )
    if x.shape[0] == 0:
        raise GradlabError("the mean over no points is not defined: give at least one point")


def check_weights(weights: Any, what: str) -> None:
    """No weight of a point is negative.

    Raises:
        GradlabError: if one is; says which.
    """
    if (weights < 0).any():
        place = int((weights < 0).nonzero()[0].reshape(-1)[0])
        raise GradlabError(
            f"{what}[{place}] is {float(weights[place]):g}: a weight is what a point counts, 0 or more; to leave a "
            "point out give it the weight 0"
        )
