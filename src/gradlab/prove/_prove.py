"""The front door: written mathematics in, verdicts out."""

from __future__ import annotations

from typing import Any

from gradlab._errors import GradlabError
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove._judge import SECONDS_FOR_CHAIN, ChainJudge
from gradlab.prove._layout import place_of, take_apart
from gradlab.prove._names import Names
from gradlab.prove._subject import graph_of
from gradlab.prove._verdict import Place, Proof, Step, Truth

SECONDS_FOR_BLOCK = 30.0


def prove(latex: str, graph: Any = None) -> Proof:
    r"""Judge a chain of equations, one equals sign after the other.

    Args:
        latex: what is written, with or without dollar signs or an environment; several chains are judged in order.
        graph: a graph, a network or a function: what its names mean. Without one, the names are free variables.

    Returns:
        For each equals sign TRUE, FALSE with a witness and a repair, or NOT_UNDERSTOOD with the place.

    Raises:
        GradlabError: if what is given is no text, or no graph.

    >>> import gradlab as gl
    >>> net = gl.mlp([2, 2, 1])
    >>> proof = prove(r"\frac{\partial z_{2,in}}{\partial w_{12}} = x_1 = x_2", net)
    >>> [step.truth.name for step in proof.steps]
    ['TRUE', 'FALSE']
    """
    if not isinstance(latex, str):
        raise GradlabError(f"an equation is given as text, not as {type(latex).__name__}")
    names = Names(graph_of(graph))
    try:
        block = take_apart(latex)
    except NotUnderstoodError as error:
        place = place_of(latex, error.at)
        return Proof((_nothing(latex[:200], place, f"{place}: {error}"),), place)
    steps: list[Step] = []
    whole = Deadline(SECONDS_FOR_BLOCK)
    for chain in block.chains:
        if len(chain.sides) > 1:
            steps += ChainJudge(block, chain, names, False, Deadline(SECONDS_FOR_CHAIN, whole)).steps()
    if not steps:
        return Proof((_nothing(latex[:200], Place(1, 1), "there is no equals sign in this"),), Place(1, 1))
    return Proof(tuple(steps), steps[0].place)


def _nothing(latex: str, place: Place, reason: str) -> Step:
    return Step(Truth.NOT_UNDERSTOOD, latex, "", place, reason=reason)
