"""`gradlab derive`: the chain rule, step by step, on the terminal or as a sheet."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import gradlab
from gradlab.cli._options import FORMULA, Hidden, Loss, Output
from gradlab.cli._terminal import file_to_write

if TYPE_CHECKING:
    from gradlab import Function, Network


class Form(StrEnum):
    """How a derivation is printed."""

    TEXT = "text"
    LATEX = "latex"


class Kind(StrEnum):
    """What a sheet is written as."""

    MD = "md"
    HTML = "html"
    PDF = "pdf"


def _kind(text: str) -> Kind:
    """A kind of sheet; LaTeX, which is none, is told where it is."""
    if text in [*Kind]:
        return Kind(text)
    hint = " For LaTeX on the terminal write --format latex." if text.lower() in ("latex", "tex") else ""
    raise typer.BadParameter(f"{text!r} is not one of {', '.join(repr(str(kind)) for kind in Kind)}.{hint}")


To = Annotated[
    Kind | None,
    typer.Option(metavar="md|html|pdf", help="Write a sheet of all derivatives to a file instead.", parser=_kind),
]


def derive(
    expression: Annotated[str | None, typer.Argument(help=FORMULA)] = None,
    mlp: Annotated[
        str | None,
        typer.Option(metavar="SIZES", help="A network instead: inputs, hidden neurons, outputs, as in 2,2,1."),
    ] = None,
    hidden: Hidden = "tanh",
    output: Output = None,
    loss: Loss = "binary_cross_entropy",
    weighted: Annotated[bool, typer.Option("--weighted", help="The network's points have a weight s each.")] = False,
    of: Annotated[
        str | None, typer.Option(metavar="NAME", help="What is differentiated. Default: the formula, or the loss L.")
    ] = None,
    wrt: Annotated[
        str | None, typer.Option(metavar="NAME", help="By what: a variable, w_12, x_1 ... Default: each in turn.")
    ] = None,
    then: Annotated[
        str | None, typer.Option(metavar="NAME", help="By what the derivative is differentiated again.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="As text, or as LaTeX to paste into a notebook.")] = Form.TEXT,
    whole: Annotated[
        bool, typer.Option("--all", help="All derivatives, what sharing saves, and a network in matrix notation.")
    ] = False,
    to: To = None,
    # No -o beside it: that would be read out of -x*log(y).
    out: Annotated[Path | None, typer.Option(metavar="FILE", dir_okay=False, help="The sheet's file.")] = None,
) -> None:
    """Derive a gradient by the chain rule, each step with its reason.

    For example:

    * `gradlab derive "(x1 - 6)**2 + x2**2 - x1*x2"`
    * `gradlab derive "log(1 + exp(-x))" --wrt x --format latex`
    * `gradlab derive --mlp 2,2,1 --wrt w_12`
    * `gradlab derive --mlp 2,3,1 --hidden relu --loss squared_error --of f_in --wrt x_1`
    * `gradlab derive --mlp 2,2,1 --wrt w_12 --then u_1`
    * `gradlab derive --mlp 2,2,1 --all --to pdf --out derivatives.pdf`
    """
    if (expression is None) == (mlp is None):
        raise typer.BadParameter("give either a formula or --mlp with the sizes of the layers, as in --mlp 2,2,1")
    subject: Function | Network
    if expression is not None:
        subject = gradlab.function(expression)
        names, default = subject.variables, subject.output
    else:
        subject = gradlab.mlp(_sizes(mlp or ""), hidden=hidden, output=output, loss=loss, weighted=weighted)
        names, default = subject.parameters, "L"
    if weighted and mlp is None:
        raise typer.BadParameter("--weighted goes with --mlp, as in --mlp 2,2,1 --weighted")
    if then is not None and wrt is None:
        raise typer.BadParameter("--then goes with --wrt, as in --wrt w_12 --then u_1")
    if whole and wrt is not None:
        raise typer.BadParameter("give either --all or one quantity with --wrt")
    if out is not None and to is None:
        raise typer.BadParameter("--out is the file of a sheet: add --to md, --to html or --to pdf")
    chosen = (wrt,) if wrt is not None else names
    if to is not None:
        if then is not None:
            raise typer.BadParameter("a sheet has no second derivatives of its own choosing: leave out --then")
        _write(subject, of or default, chosen, to, out)
        return
    for number, name in enumerate(chosen):
        derivation = subject.derive(of or default, name, then)
        if number:
            print()
        print(derivation.latex() if form is Form.LATEX else derivation.text())
    if whole:
        _print_whole(subject, form)


def _print_whole(subject: Function | Network, form: Form) -> None:
    """Print what the derivatives share, what that saves, and a network in matrix notation."""
    shared = subject.backprop()
    saved, expanded = shared.multiplications()
    if shared.deltas:
        print(f"\n{shared.latex() if form is Form.LATEX else shared}")
    if expanded:
        print(f"\nmultiplications of the chain rule's factors: {expanded} path by path, {saved} with shared deltas")
    if isinstance(subject, gradlab.Network):
        if subject.graph.weighted:
            return  # there are no formulas over arrays
        vectors = subject.vector_form()
        print(f"\n{vectors.latex() if form is Form.LATEX else vectors}")
        print(f"\n{vectors.proof()}")
    elif form is Form.LATEX:
        print(f"\n{subject.hessian().latex()}")
    else:
        print(f"\nsecond derivatives:\n{subject.hessian()}")


def _write(subject: Function | Network, output: str, names: tuple[str, ...], kind: Kind, out: Path | None) -> None:
    """Write a sheet to a file, its pictures inside it, or beside it where it is Markdown."""
    from gradlab.cli._sheet import write_sheet

    if isinstance(subject, gradlab.Network):
        stem = "derivatives-" + "-".join(map(str, subject.sizes))
    else:
        stem = f"derivatives-{subject.output}"
    path = out or Path(f"{stem}.{kind.value}")
    file_to_write(f".{kind.value}")(path)
    for line in write_sheet(subject, output, names, path, kind.value):
        print(line)


def _sizes(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as problem:
        raise typer.BadParameter(
            f"{text!r} are not the sizes of layers; write numbers with commas, as in 2,2,1"
        ) from problem
