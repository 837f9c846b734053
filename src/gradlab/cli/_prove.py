"""`gradlab prove`: written mathematics, judged line by line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradlab._errors import GradlabError
from gradlab.cli._formats import Format
from gradlab.cli._options import Hidden, Loss, Output

if TYPE_CHECKING:
    from gradlab.prove import DocumentProof, Proof

_DOCUMENTS = (".md", ".tex", ".ipynb", ".rst")
_Found = list[tuple[Path | None, "DocumentProof | Proof"]]


def prove(
    latex: Annotated[
        list[str] | None,
        typer.Argument(metavar="LATEX", help=r"A chain of equations, such as '\frac{...}{...} = ... = ...'."),
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
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="Judge every equation of a document: .md, .tex, .rst, .ipynb."),
    ] = None,
    files: Annotated[
        bool, typer.Option("--files", help="Take the arguments as names of documents, as a pre-commit hook gives them.")
    ] = False,
    form: Annotated[Format, typer.Option("--format", help="How to print what was found.")] = Format.TEXT,
    explain: Annotated[bool, typer.Option("--explain", help="Show how each line was read.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail also where an equation of a document is not understood.")
    ] = False,
) -> None:
    r"""Judge equations step by step: TRUE, FALSE with a witness and a repair, or NOT_UNDERSTOOD with the place.

    The exit status is 1 if a claim is false, or if one is not understood that was given on the command line or in a
    document with `--strict`; 2 for wrong usage; otherwise 0. Definitions, conditions, update rules and values that are
    put in claim nothing.

    For example:

    * `gradlab prove --mlp 2,2,1 '\frac{\partial f_{in}}{\partial u_1} = z_{1,out}'`
    * `gradlab prove --function "x1**2 + x1*x2" '\partial f/\partial x_1 = 2 x_1 + x_2'`
    * `gradlab prove '\frac{d}{dx} \tanh(x) = 1 - \tanh(x)^2'`
    * `gradlab prove --file my-lab.md --explain`
    * `gradlab prove --files notes.md paper.tex lab.ipynb --format sarif`
    """
    # `--file paper.tex notes.md`: what stands behind a document and is one is one more.
    more = files or bool(file and latex and all(Path(each).suffix in _DOCUMENTS for each in latex))
    given = [*(file or []), *(map(_existing, latex or []) if more else [])]
    chains = [] if more else latex or []
    if (not chains) == (not given) or len(chains) > 1:
        raise typer.BadParameter("give either one chain of equations or --file with a document")
    if chains and Path(chains[0]).suffix in _DOCUMENTS:
        raise typer.BadParameter(f"{chains[0]} is a document: write --file {chains[0]}")
    if mlp is not None and function is not None:
        raise typer.BadParameter("give either --mlp or --function")
    from gradlab.prove import prove, prove_document

    subject = _subject(mlp, hidden, output, loss, function)
    found: _Found = [(None, prove(chain, subject)) for chain in chains]
    found += [(path, prove_document(_text(path), subject, path.name)) for path in given]
    print(_printed(found, form, explain, strict))
    if any(_fails(proof, strict or path is None) for path, proof in found):
        raise typer.Exit(1)


def _existing(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise typer.BadParameter(f"{name} is no file")
    return path


def _printed(found: _Found, form: Format, explain: bool, strict: bool) -> str:
    from gradlab.cli._formats import as_github, as_json, as_sarif, entries_of

    if form is Format.JSON:
        return as_json(found)
    if form is not Format.TEXT:
        entries = [entry for path, proof in found for entry in entries_of(path or Path("-"), proof, strict)]
        return as_sarif(entries) if form is Format.SARIF else as_github(entries)
    parts: list[str] = []
    for path, proof in found:
        parts += [str(path)] if len(found) > 1 else []
        parts.append(proof.explained() if explain else str(proof))
    return "\n".join(parts)


def _fails(proof: DocumentProof | Proof, strict: bool) -> bool:
    """Whether a claim of a proof is false, or not understood where that counts."""
    from gradlab.prove import Kind, Truth

    bad = (Truth.FALSE, Truth.NOT_UNDERSTOOD) if strict else (Truth.FALSE,)
    return any(step.truth in bad and step.kind is Kind.CLAIM for step in proof.steps)


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
