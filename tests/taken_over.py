"""Notebooks of other graders read into a template, and what the template then asks."""

from __future__ import annotations

import json

import nbformat.v4 as v4

from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions
from gradlab.labs.interchange import import_notebook


def imported(folder, *cells):
    path = folder / "hw.ipynb"
    path.write_text(json.dumps(v4.new_notebook(cells=list(cells))))
    made = import_notebook(path)
    (folder / "template.md").write_text(made.text)
    return made, make_versions(read_template(folder / "template.md"))


def codes(version):
    return [cell.source for cell in version.notebook.cells if cell.cell_type == "code"]


def checks(versions):
    return [(check.name, check.points, check.hidden, check.source) for check in versions.solution.checks]
