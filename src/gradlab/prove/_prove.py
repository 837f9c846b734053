"""The front door: written mathematics in, verdicts out."""

from __future__ import annotations

from typing import Any

from gradlab._errors import GradlabError
from gradlab.prove._errors import Deadline
from gradlab.prove._subject import graph_of
from gradlab.prove._text import Text
from gradlab.prove._verdict import Place, Proof, Step, Truth
from gradlab.prove.read._define import Line, lines_of
from gradlab.prove.read._source import blocks_of
from gradlab.tex import Macro

STEPS_FOR_BLOCK = 60_000_000


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
    macros: dict[str, Macro] = {}
    lines: list[Line] = []
    for source in blocks_of(latex):
        lines += lines_of(source, macros)
    text = Text(lines, graph_of(graph), False)
    whole = Deadline(STEPS_FOR_BLOCK)
    steps = [step for line in lines if line.reported for step in text.judge(line, whole)]
    if not steps:
        return Proof((_nothing(latex[:200], Place(1, 1), "there is no equals sign in this"),), Place(1, 1))
    return Proof(tuple(steps), steps[0].place)


def _nothing(latex: str, place: Place, reason: str) -> Step:
    return Step(Truth.NOT_UNDERSTOOD, latex, "", place, reason=reason)
