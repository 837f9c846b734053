"""Train: a network of two inputs and one output on points of two classes, as kernels for many runs at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from gradlab._errors import GradlabError
from gradlab.codegen import DEVIATIONS, deviations
from gradlab.codegen.wasm import WasmNetwork, drawing_module
from gradlab.graph import NetworkGraph, find_loss, mlp_graph
from gradlab.play._descend import numbers_of, rule_named
from gradlab.train._causes import Facts, Look, Losses, Seen, Train, Trained, investigate

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
    graph = _graph(given)
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
        "factors": deviations(given["initialisation"], graph.sizes),
        "uniform": given["initialisation"] == "uniform",
        "numbers": list(numbers_of(kind).values()),
        "kept": len(kind.update().state),
        "rates": 1,
        "dtype": training.dtype,
        "labels": [low, high],
        "gap": (high - low) / 2 if loss.nearer else 0.0,
        "source": training.source,
    }


def looking(given: Mapping[str, Any]) -> dict[str, Any]:
    """The kernels that `why` is answered with, for what `network` takes: ``module``, WebAssembly."""
    return {"module": WasmNetwork(_graph(given)).looking().code}


def why(given: Mapping[str, Any]) -> dict[str, Any]:
    """Why a run failed, as `Runs.diagnose` finds it: a question back until what is known is enough.

    Args:
        given: what `network` takes; ``facts``, those of `Facts` that a run has; and ``answers``, what came back to the
            questions so far, in order. What is not finite is None in them.

    Returns:
        ``wanted``, what is to be found out next: ``train``, ``losses`` or ``look``, with its details. In the end
        ``cause``, its name; ``words``, what was seen and what to try; and the ``units`` it is about.
    """
    graph, update = _graph(given), rule_named(given["rule"]).update()
    facts = Facts(
        **{name: _numbers(value) for name, value in given["facts"].items()},
        sizes=graph.sizes,
        biases=graph.biases,
        units=graph.layers,
        names=graph.parameters,
        plain=not update.state,
    )
    asking, answers, answer = investigate(facts), iter(given["answers"]), None
    while True:
        try:
            asked = asking.send(answer)
        except StopIteration as end:
            found = end.value
            words = f"{found.why.value[0].upper()}{found.why.value[1:]}: {found.evidence}. Try {found.why.remedy}."
            return {"cause": found.why.name.lower(), "words": words, "units": list(found.units)}
        known = next(answers, None)
        if known is None:
            return {"wanted": {"kind": type(asked).__name__.lower(), **asdict(asked)}}
        answer = _ANSWERS[type(asked)](_numbers(known))


_ANSWERS = {Train: lambda known: Trained(**known), Losses: lambda known: known, Look: lambda known: Seen(**known)}


def _numbers(value: Any) -> Any:
    """What JSON has no word for, back as a number."""
    if isinstance(value, Mapping):
        return {name: _numbers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    return math.nan if value is None else value


def _graph(given: Mapping[str, Any]) -> NetworkGraph:
    return mlp_graph((2, *given["hidden"], 1), given["activation"], None, given["loss"])


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
