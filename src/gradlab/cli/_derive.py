"""`gradlab derive`: the chain rule, step by step."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

import gradlab

if TYPE_CHECKING:
    from gradlab import Function, Network


class Form(StrEnum):
    """How a derivation is printed."""

    TEXT = "text"
    LATEX = "latex"


def derive(
    expression: Annotated[str | None, typer.Argument(help='A formula, such as "(x1 - 6)**2 + x2**2 - x1*x2".')] = None,
    mlp: Annotated[
        str | None,
        typer.Option(metavar="SIZES", help="A network instead: inputs, hidden neurons, outputs, as in 2,2,1."),
    ] = None,
    hidden: Annotated[str, typer.Option(help="Hidden layers: tanh, sigmoid, relu, identity or softplus.")] = "tanh",
    output: Annotated[
        str | None, typer.Option(help="Outputs: the same choice. Default: what goes with the loss.")
    ] = None,
    loss: Annotated[
        str, typer.Option(help="binary_cross_entropy, squared_error or softmax_cross_entropy.")
    ] = "binary_cross_entropy",
    of: Annotated[
        str | None, typer.Option(metavar="NAME", help="What is differentiated. Default: the formula, or the loss L.")
    ] = None,
    wrt: Annotated[
        str | None, typer.Option(metavar="NAME", help="By what: a variable, w_12, x_1 ... Default: each in turn.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="As text, or as LaTeX to paste into a notebook.")] = Form.TEXT,
) -> None:
    """Derive a gradient by the chain rule, each step with its reason.

    For example:

    * `gradlab derive "(x1 - 6)**2 + x2**2 - x1*x2"`
    * `gradlab derive "log(1 + exp(-x))" --wrt x --format latex`
    * `gradlab derive --mlp 2,2,1 --wrt w_12`
    * `gradlab derive --mlp 2,3,1 --hidden relu --loss squared_error --of f_in --wrt x_1`
    """
    if (expression is None) == (mlp is None):
        raise typer.BadParameter("give either a formula or --mlp with the sizes of the layers, as in --mlp 2,2,1")
    subject: Function | Network
    if expression is not None:
        subject = gradlab.function(expression)
        names, default = subject.variables, subject.output
    else:
        subject = gradlab.mlp(_sizes(mlp or ""), hidden=hidden, output=output, loss=loss)
        names, default = subject.parameters, "L"
    chosen = (wrt,) if wrt is not None else names
    for number, name in enumerate(chosen):
        derivation = subject.derive(of or default, name)
        if number:
            print()
        print(derivation.latex() if form is Form.LATEX else derivation.text())


def _sizes(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as problem:
        raise typer.BadParameter(
            f"{text!r} are not the sizes of layers; write numbers with commas, as in 2,2,1"
        ) from problem
