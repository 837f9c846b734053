"""A tag is a row: two made up here, a block of neither version and one of the solution, go through the labs."""

from __future__ import annotations

import json

import pytest

from gradlab.cli import main
from gradlab.labs import TemplateError, _kinds, check_template
from gradlab.labs._kinds import Kind, Role
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions
from gradlab.labs.interchange import export_template

DRAFT = Kind("DRAFT", "DRAFTEND", Role.NOTE, common=True)
WORKED = Kind("WORKEDOUT", "WORKEDEND", Role.HOMEWORK)
LAB = """# Lab

#!TAG DRAFT
What the instructor alone may read.
#!TAG DRAFTEND

A draft of the loss, told in ordinary words, is no tag.

```python
def loss(pred, target):
    #!TAG WORKEDOUT
    #!MSG TODO: the mean of the squares.
    return ((pred - target) ** 2).mean() + offset_of(pred)
    #!TAG WORKEDEND
```
"""


@pytest.fixture(autouse=True)
def rows(monkeypatch):
    for kind in (DRAFT, WORKED):
        monkeypatch.setitem(_kinds._kinds, kind.word, kind)
    kept = (_kinds.words, _kinds.telltale, _kinds.as_comment)
    for made in kept:
        made.cache_clear()
    yield
    monkeypatch.undo()
    for made in kept:
        made.cache_clear()


def written(tmp_path, text):
    path = tmp_path / "lab.md"
    path.write_text(text)
    return path


def test_versions_and_the_audit(tmp_path):
    template = read_template(written(tmp_path, LAB))
    assert template.warnings == ()
    versions = make_versions(template)
    question, solution = versions.question.markdown, versions.solution.markdown
    assert "# TODO: the mean of the squares." in question
    assert "offset_of" not in question
    assert "offset_of" in solution
    assert not {"instructor", "#!TAG"} & {*question.split(), *solution.split()}
    assert "A draft of the loss" in question
    leaking = LAB + "\n```python\n# return ((pred - target) ** 2).mean() + offset_of(pred)\n```\n"
    (leak,) = check_template(written(tmp_path, leaking)).leaks
    assert leak.line == 18


@pytest.mark.parametrize(
    ("slip", "message"),
    [
        (("#!TAG DRAFT\n", "#!TAG DRAFFT\n"), "the nearest known is DRAFT"),
        (("#!TAG WORKEDEND", "WORKEDEND"), "a tag has to stand on a line of its own"),
        (("#!TAG WORKEDEND", "# TAG WORKEDEND"), "is not written as a tag"),
        (("    #!TAG WORKEDEND\n", ""), "WORKEDOUT is never closed; write '#!TAG WORKEDEND'"),
        (("#!TAG DRAFT\n", ""), "DRAFTEND closes nothing; write '#!TAG DRAFT' before it"),
        (("What the", "#!TAG WORKEDOUT"), "blocks cannot be nested: close that one with '#!TAG DRAFTEND'"),
    ],
)
def test_a_slip_is_told_in_the_words_of_the_row(tmp_path, slip, message):
    with pytest.raises(TemplateError) as caught:
        read_template(written(tmp_path, LAB.replace(*slip)))
    assert any(message in found.message for found in caught.value.diagnostics)


def test_what_stands_behind_a_word_without_arguments_is_told(tmp_path):
    template = read_template(written(tmp_path, LAB.replace("#!TAG DRAFT\n", "#!TAG DRAFT of mine\n")))
    assert [found.message for found in template.warnings] == ["'of mine' behind DRAFT is ignored; delete it."]


def test_export_and_the_command_line(tmp_path, capsys):
    path = written(tmp_path, LAB)
    cells = json.loads(export_template(path, "nbgrader").data)["cells"]
    assert any("### BEGIN SOLUTION" in "".join(cell["source"]) for cell in cells)
    assert not any("instructor" in "".join(cell["source"]) for cell in cells)
    # What grades is a process of its own, in which nothing was made up.
    assert main(("lab", "check", str(path), "--no-execute")) == 0
    assert "lab.md" in capsys.readouterr().out
