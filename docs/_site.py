"""Parts of the site's build that no extension has.

MathML, pictures that examples save, the commands' help, tables out of the benchmarks' results, and what `make page` and
`make lab` have built, alive in a page.
"""

from __future__ import annotations

import html
import importlib
import inspect
import re
import shutil
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.inspect import stringify_signature
from sphinx_gallery.scrapers import figure_rst
from typer.main import get_command
from typer.testing import CliRunner

from gradlab.cli._app import app as commands
from gradlab.tex import parse, to_mathml


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(_mathml(node, display=False))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="math">{_mathml(node, display=True)}</div>')
    raise nodes.SkipNode


def _mathml(node: nodes.Element, *, display: bool) -> str:
    return to_mathml(parse(node.astext()), node.astext(), display=display)


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
        # One below the other: side by side they are too small to read.
        return "\n".join(figure_rst([picture], gallery_conf["src_dir"]) for picture in moved)

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
    plain = {"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"}
    said = CliRunner().invoke(commands, [*words, "--help"], env=plain, catch_exceptions=False, prog_name="gradlab")
    return "\n".join(line.rstrip() for line in said.output.strip().splitlines())


class ResultsTable(SphinxDirective):
    """A table of benchmarks/RESULTS.md by its heading and its number there, so that no figure is written down twice."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"table": directives.positive_int, "columns": directives.positive_int_list}

    def run(self) -> list[nodes.Node]:
        """Called by Sphinx where the directive stands."""
        source = Path(self.env.srcdir).parent / "benchmarks" / "RESULTS.md"
        self.env.note_dependency(str(source))
        heading, number = self.arguments[0], self.options.get("table", 1)
        text = source.read_text(encoding="utf-8")
        section = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^## |\Z)", text, re.M | re.S)
        if section is None:
            raise self.error(f"benchmarks/RESULTS.md has no heading {heading!r}")
        tables = re.findall(r"(?:^\|.*\n)+", section[1], re.M)
        if len(tables) < number:
            raise self.error(f"benchmarks/RESULTS.md has no table {number} under {heading!r}")
        rows = tables[number - 1].splitlines()
        if columns := self.options.get("columns"):
            rows = ["|".join(["", *(row.split("|")[column] for column in columns), ""]) for row in rows]
        return _parsed(self, [f"_{_date(text[: section.end()])}_", "", *rows], str(source))


class Remedies(SphinxDirective):
    """How something may end, and what to do about it, as the code itself says: `module:Enumeration`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Called by Sphinx where the directive stands."""
        module, _, name = self.arguments[0].partition(":")
        members = list(getattr(importlib.import_module(module), name))
        rows = [("it says", "that is", "what to do"), ("---", "---", "---")]
        rows += [(member.name, member.value, member.remedy) for member in members]
        if all(member.value == member.name.lower().replace("_", " ") for member in members):
            rows = [(said, remedy) for said, _, remedy in rows]
        return _parsed(self, [f"| {' | '.join(row)} |" for row in rows], module)


def _parsed(directive: SphinxDirective, lines: list[str], source: str) -> list[nodes.Node]:
    holder = nodes.container()
    directive.state.nested_parse(StringList(lines, source=source), 0, holder)
    return holder.children


def _date(text: str) -> str:
    """When and on what it was measured: the first line below the last heading of the second order."""
    return re.findall(r"^## .*\n\s*(.*?)\.?$", text, re.M)[-1]


class Built(SphinxDirective):
    """What another target has built, in a frame; where that was not built, the directive's content stands instead."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"title": directives.unchanged_required, "height": directives.positive_int}

    def run(self) -> list[nodes.Node]:
        """Called by Sphinx where the directive stands."""
        path, _, state = self.arguments[0].partition("#")
        folder = Path(self.env.srcdir, self.config.built_folder)
        if not (folder / path).exists():
            return _parsed(self, list(self.content), self.env.docname)
        up = "../" * self.env.docname.count("/")
        address = html.escape(f"{up}{_SHOWN}/{path}" + (f"#{state}" if state else ""))
        title, height = html.escape(self.options["title"]), self.options.get("height", 720)
        frame = f'<iframe class="built" src="{address}" title="{title}" height="{height}" loading="lazy"></iframe>'
        link = f'<p><a href="{address}">{title}, in a window of its own</a></p>'
        return [nodes.raw("", frame + link, format="html")]


# Under this name what was built lies in the site.
_SHOWN = "built"
_KINDS = ("page", "gradient-descent")


def _take_built(app: Sphinx, failed: Exception | None) -> None:
    folder = Path(app.srcdir, app.config.built_folder)
    for kind in _KINDS:
        if failed is None and (folder / kind).is_dir():
            shutil.copytree(folder / kind, Path(app.outdir, _SHOWN, kind), dirs_exist_ok=True)


def _links(app: Sphinx, page: str, source: list[str]) -> None:
    # In the repository the results stand with the benchmarks; here they are a page.
    source[0] = source[0].replace("(../benchmarks/RESULTS.md)", "(results.md)")


def _signature(_app: Sphinx, what: str, _name: str, item: Any, _options: Any, said: str, _returns: str) -> Any:
    # Sphinx asks `__new__`, which rules and schedules have to refuse what is none; what they take, their fields say.
    if what != "class" or said != "(*_, **__)":
        return None
    return stringify_signature(inspect.signature(item), show_annotation=False, show_return_annotation=False), ""


def _members(_app: Sphinx, _what: str, _name: str, item: Any, _skipped: bool, _options: Any) -> bool | None:
    # A word that an enumeration has needs no docstring to be shown.
    return False if isinstance(item, Enum) else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.add_directive("commands", CommandHelp)
    app.add_directive("results", ResultsTable)
    app.add_directive("remedies", Remedies)
    app.add_directive("built", Built)
    app.add_config_value("built_folder", "../build", "env", str)
    app.connect("build-finished", _take_built)
    app.connect("source-read", _links)
    app.connect("autodoc-process-signature", _signature)
    app.connect("autodoc-skip-member", _members)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
