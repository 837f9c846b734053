"""Parts of the site's build that no extension has: MathML, pictures that examples save, the commands' help."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx_gallery.scrapers import figure_rst
from typer.main import get_command

from gradlab.cli._app import app as commands


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


class SavedPictures:
    """Takes the pictures that an example has saved beside itself, which is how gradlab's plots are kept."""

    def __call__(self, block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
        """Move the new pictures to where the gallery looks for them, and show them."""
        moved = []
        folder = Path(block_vars["src_file"]).parent
        for picture in sorted(path for path in folder.iterdir() if path.suffix in (".gif", ".png", ".svg")):
            target = str(Path(next(block_vars["image_path_iterator"])).with_suffix(picture.suffix))
            shutil.move(picture, target)
            moved.append(target)
        return figure_rst(moved, gallery_conf["src_dir"])

    def __repr__(self) -> str:
        """The same in every build, so that unchanged examples are not drawn again."""
        return "SavedPictures"


class CommandHelp(SphinxDirective):
    """What every command says with `--help`, each under a heading of its own."""

    def run(self) -> list[nodes.Node]:
        """Called by Sphinx where the directive stands."""
        return [self._section(words) for words in _paths(get_command(commands), ())]

    def _section(self, words: tuple[str, ...]) -> nodes.Node:
        name = " ".join(("gradlab", *words))
        section = nodes.section(ids=[nodes.make_id(name)])
        section += nodes.title(text=name)
        section += nodes.literal_block(text=_help(words), language="text")
        return section


def _paths(command: Any, words: tuple[str, ...]) -> list[tuple[str, ...]]:
    below = sorted(getattr(command, "commands", {}).items())
    return [words, *(path for name, child in below for path in _paths(child, (*words, name)))]


def _help(words: tuple[str, ...]) -> str:
    call = [sys.executable, "-m", "gradlab", *words, "--help"]
    plain = {**os.environ, "COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"}
    done = subprocess.run(call, env=plain, capture_output=True, text=True, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def _links(app: Sphinx, page: str, source: list[str]) -> None:
    # In the repository the results stand with the benchmarks; here they are a page.
    source[0] = source[0].replace("(../benchmarks/RESULTS.md)", "(results.md)")


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.add_directive("commands", CommandHelp)
    app.connect("source-read", _links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
