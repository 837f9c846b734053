"""The sheet of `gradlab derive --to`: text from the derivations, pictures from the plots, pages from the labs."""

from __future__ import annotations

import re
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import gradlab
from gradlab._errors import GradlabError
from gradlab._words import sized
from gradlab.derive import function_sheet, network_sheet

if TYPE_CHECKING:
    from gradlab import Function, Network

PICTURES = ("network", "savings")
# What a sheet is made with; without it one would be told of one package at a time.
_PAGE = ("matplotlib", "nbformat", "markdown_it")
NEEDED = {"md": ("matplotlib",), "html": _PAGE, "pdf": (*_PAGE, "pypandoc", "typst")}


def write_sheet(
    subject: Function | Network, output: str, names: tuple[str, ...], path: Path, kind: Literal["md", "html", "pdf"]
) -> list[str]:
    """Write all derivatives of a function or a network to a file, and say what was made, a line each."""
    drawn = isinstance(subject, gradlab.Network)
    missing = [name for name in NEEDED[kind] if find_spec(name) is None and (drawn or name != "matplotlib")]
    if missing:
        raise GradlabError(
            f"a sheet as {kind} needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not "
            f"installed: pip install 'gradlab[{'plot' if kind == 'md' else 'labs'}]'"
        )
    if isinstance(subject, gradlab.Network):
        text = network_sheet(subject.graph, output, names)
    else:
        text = function_sheet(subject.graph, output, names)
    try:
        return _markdown(subject, text, path) if kind == "md" else _page(subject, text, path, kind)
    except OSError as problem:
        raise GradlabError(f"{problem.filename or path}: cannot be written: {problem.strerror}") from problem


def _markdown(subject: Function | Network, text: str, path: Path) -> list[str]:
    folder = path.with_name(f"{path.stem}_files")
    shown = [name for name in PICTURES if f"]({name})" in text]
    if shown:
        folder.mkdir(exist_ok=True)
        _draw(subject, shown, folder)
    linked = re.sub(r"\]\((\w+)\)", lambda found: f"](<{folder.name}/{found[1]}.svg>)", text) if shown else text
    path.write_text(linked, encoding="utf-8")
    return [str(path), *(str(folder / f"{name}.svg") for name in shown)]


def _page(subject: Function | Network, text: str, path: Path, kind: Literal["html", "pdf"]) -> list[str]:
    from gradlab.labs import make_page

    shown = [name for name in PICTURES if f"]({name})" in text]
    with tempfile.TemporaryDirectory(prefix="gradlab-sheet-") as name:
        _draw(subject, shown, Path(name))
        pictures = {picture: (Path(name) / f"{picture}.svg").read_bytes() for picture in shown}
    page = make_page(text, pictures, kind)
    path.write_bytes(page.data)
    facts = [f"{page.pages} pages"] if page.pages is not None else []
    facts += [f"{page.formulas} formulas", sized(len(page.data))]
    return [f"{path}: {', '.join(facts)}", *page.warnings]


def _draw(subject: Function | Network, shown: list[str], folder: Path) -> None:
    if not isinstance(subject, gradlab.Network) or not shown:
        return
    from gradlab import plot

    plot.save(plot.network(subject), folder / "network.svg")
    if "savings" in shown:
        plot.save(plot.savings(subject.savings()), folder / "savings.svg")
