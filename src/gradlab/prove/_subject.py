"""What written names are judged against: a graph, given as an object or in words."""

from __future__ import annotations

from typing import Any

from gradlab._errors import GradlabError
from gradlab.graph import Expression as Expression
from gradlab.graph import Graph, NetworkGraph, mlp_graph

DEFAULT = "mlp 2,2,1"
_OPTIONS = {"hidden": "tanh", "output": None, "loss": "binary_cross_entropy"}


def labels_of(graph: Graph) -> tuple[tuple[str, ...], str]:
    """The labels of a network and the name of its loss; nothing for another graph."""
    if isinstance(graph, NetworkGraph):
        return graph.labels, graph.loss
    return (), ""


def graph_of(subject: Any) -> Graph:
    """The graph itself, that of a network or function, or one given in words.

    Args:
        subject: an object, None for no graph, or text: ``mlp 2,2,1``, ``mlp 2,3,1 hidden=relu loss=squared_error``, or
            a formula such as ``x1**2 + x2**2``, whose value is called f.

    Raises:
        GradlabError: for anything else.
    """
    if subject is None:
        return Graph([])
    if isinstance(subject, str):
        return _from_words(subject)
    graph = getattr(subject, "graph", subject)
    if not isinstance(graph, Graph):
        message = f"equations are judged against a graph, such as gl.mlp([2, 2, 1]).graph, not {type(graph).__name__}"
        raise GradlabError(message)
    return graph


def _from_words(text: str) -> Graph:
    kind, _, rest = text.strip().partition(" ")
    if kind != "mlp":
        name, equals, formula = text.partition("=")
        return Graph.from_text({name.strip(): formula} if equals else {"f": text})
    sizes, *given = rest.split() or [""]
    options = dict(_OPTIONS)
    for option in given:
        key, _, value = option.partition("=")
        if key not in options or not value:
            raise GradlabError(f"{option!r} is no option of a network: write hidden=tanh, output=sigmoid or loss=...")
        options[key] = value
    try:
        numbers = [int(size) for size in sizes.split(",")]
    except ValueError:
        raise GradlabError(f"{sizes!r} are not the sizes of layers; write mlp 2,2,1") from None
    return mlp_graph(numbers, options["hidden"] or "tanh", options["output"], options["loss"] or "binary_cross_entropy")
