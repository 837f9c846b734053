"""`gradlab prove`: written mathematics, judged line by line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradlab._errors import GradlabError
from gradlab.cli._options import Hidden, Loss, Output

if TYPE_CHECKING:
    from gradlab.prove import DocumentProof, Proof


def prove(
    latex: Annotated[
        str | None, typer.Argument(help=r"A chain of equations, such as '\frac{...}{...} = ... = ...'.")
    ] = None,
    mlp: Annotated[
        str | None, typer.Option(metavar="SIZES", help="What the names mean: a network, as in 2,2,1.")
    ] = None,
    hidden: Hidden = "tanh",
    output: Output = None,
    loss: Loss = "binary_cross_entropy",
    function: Annotated[
        str | None, typer.Option(metavar="FORMULA", help='A function f instead, such as `"x1**2 + x2**2"`.')
    ] = None,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Judge every equation of a document instead.")
    ] = None,
) -> None:
    r"""Judge equations step by step: TRUE, FALSE with a witness and a repair, or NOT_UNDERSTOOD with the place.

    The exit status is 0 if every step is true, and 1 otherwise.

    For example:

    * `gradlab prove --mlp 2,2,1 '\frac{\partial f_{in}}{\partial u_1} = z_{1,out}'`
    * `gradlab prove --function "x1**2 + x1*x2" '\partial f/\partial x_1 = 2 x_1 + x_2'`
    * `gradlab prove '\frac{d}{dx} \tanh(x) = 1 - \tanh(x)^2'`
    * `gradlab prove --file my-lab.md`
    """
    if (latex is None) == (file is None):
        raise typer.BadParameter("give either a chain of equations or --file with a document")
    if mlp is not None and function is not None:
        raise typer.BadParameter("give either --mlp or --function")
    from gradlab.prove import Truth, prove, prove_document

    subject = _subject(mlp, hidden, output, loss, function)
    found: Proof | DocumentProof
    found = prove(latex or "", subject) if file is None else prove_document(_text(file), subject, file.name)
    print(found)
    if any(step.truth is not Truth.TRUE for step in found.steps):
        raise typer.Exit(1)


def _subject(mlp: str | None, hidden: str, output: str | None, loss: str, function: str | None) -> Any:
    """What the names mean; None leaves it to the document, or to nothing."""
    if function is not None:
        return function
    if mlp is None:
        return None
    options = f"hidden={hidden} loss={loss}" + (f" output={output}" if output else "")
    return f"mlp {mlp} {options}"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise GradlabError(f"{file} cannot be read as text: {problem}") from problem
