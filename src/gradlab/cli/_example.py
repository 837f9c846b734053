"""`gradlab example`: writes a script to begin with."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Annotated

import typer

import gradlab
from gradlab._errors import GradlabError


def example(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which one; without a name, all are listed.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write it into.")] = Path(),
) -> None:
    """Write an example that runs as it stands, or list what there is.

    For example:

    * `gradlab example`
    * `gradlab example descend_on_a_bowl`
    """
    scripts = {path.stem: path for path in sorted(_folder().glob("*.py"))}
    if name is None:
        width = max(map(len, scripts))
        for stem, path in scripts.items():
            about = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            print(f"{stem:<{width}}  {about.splitlines()[0]}")
        print("\ngradlab example NAME writes one of them into this folder.")
        return
    if name.removesuffix(".py") not in scripts:
        raise GradlabError(f"there is no example {name!r}; there are {', '.join(scripts)}")
    source = scripts[name.removesuffix(".py")]
    target = out / source.name
    if target.exists():
        raise GradlabError(f"{target} is there already; move it away, or choose another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    print(f"{target}: run it with python {target}")


def _folder() -> Path:
    """Inside the package where it is installed, and beside the sources in a checkout."""
    package = Path(gradlab.__file__).parent
    return next(place for place in (package / "_examples", package.parents[1] / "examples") if place.is_dir())
