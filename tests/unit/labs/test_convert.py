"""Templates that are notebooks or scripts, and those with another tool's markers."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from PIL import Image

from gradlab.labs import BuildOptions, BuiltLab, build_labs
from gradlab.labs._check import check_template
from gradlab.labs._diagnostics import TemplateError
from gradlab.labs._template import Template, read_template
from gradlab.labs._versions import make_versions

HOMEWORK = "def double(x):\n    #!TAG HWBEGIN\n    #!MSG TODO\n    return x + x\n    #!TAG HWEND"
CUT = "def double(x):\n    # TODO\n    raise NotImplementedError"


def png(colour: str) -> str:
    stream = io.BytesIO()
    Image.new("RGB", (8, 6), colour).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def notebook(*cells, **metadata) -> nbformat.NotebookNode:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return v4.new_notebook(cells=list(cells), metadata={"kernelspec": kernel, **metadata})


def save(path: Path, made: nbformat.NotebookNode) -> Path:
    nbformat.write(made, path)
    return path


def errors_of(path: Path) -> list[tuple[int, str]]:
    with pytest.raises(TemplateError) as caught:
        read_template(path)
    return [(error.line, error.message) for error in caught.value.diagnostics]


def lines_of(template: Template) -> list[tuple[int, str]]:
    return [(line.number, line.text) for cell in template.cells for line in cell.lines]


SCRIPTS = {
    "lab.py": "# %% [markdown]\n# # Title\n#\n# Text\n\n# %%\n" + HOMEWORK + "\n",
    "light.py": "# # Title\n#\n# Text\n\n" + HOMEWORK + "\n",
    "lab.Rmd": "# Title\n\nText\n\n```{python}\n" + HOMEWORK + "\n```\n",
    "first.py": "#!TAG SKIPQUESTEXEC\n" + HOMEWORK + "\n",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_read_cell_by_cell_with_its_own_lines(tmp_path, name):
    path = tmp_path / name
    path.write_text(SCRIPTS[name])
    template = read_template(path)
    for number, text in lines_of(template):
        if text.strip() and "TAG" not in text and "TODO" not in text:
            assert text.strip() in SCRIPTS[name].split("\n")[number - 1]
    versions = make_versions(template)
    code = [cell.source for cell in versions.question.notebook.cells if cell.cell_type == "code"]
    assert code == [CUT]
    assert "return x + x" in versions.solution.markdown
    assert "#!TAG" not in versions.question.markdown


def test_a_tag_in_a_markdown_cell_of_a_script_needs_no_comment_sign_before_its_own(tmp_path):
    path = tmp_path / "lab.py"
    lines = ["# %% [markdown]", "# Text.", "TAG HWBEGIN", "MSG Write it.", "# An answer.", "TAG HWEND"]
    made = []
    for sign in ("#!", "# #!"):
        path.write_text("\n".join(sign + line if line[0] != "#" else line for line in lines) + "\n")
        versions = make_versions(read_template(path))
        made.append((versions.question.notebook.cells[0].source, versions.solution.notebook.cells[0].source))
    assert made == [("Text.\n\nWrite it.", "Text.\n\nAn answer.")] * 2


def test_errors_in_a_script_name_its_line(tmp_path):
    path = tmp_path / "lab.py"
    path.write_text("# %% [markdown]\n# Text\n\n# %%\nx = 1\n#!TAG HWEND\n")
    assert [line for line, _ in errors_of(path)] == [6]
    header = "# ---\n# gradlab:\n#   seed: no\n# jupyter:\n#   kernelspec: {name: python3, display_name: P}\n# ---\n"
    path.write_text(header + "\n# %%\nx = 1\n")
    assert [line for line, _ in errors_of(path)] == [3]


def test_settings_in_the_header_of_a_script(tmp_path):
    path = tmp_path / "lab.py"
    path.write_text("# ---\n# gradlab:\n#   seed: 3\n# ---\n\n# %%\n" + HOMEWORK + "\n")
    template = read_template(path)
    assert (template.settings.seed, template.header_cell) == (3, None)


def test_a_notebook_is_read_with_its_own_lines_and_keeps_its_metadata(tmp_path):
    output = v4.new_output("stream", text="an old output\n")
    made = notebook(
        v4.new_markdown_cell("# Title\n\nText"),
        v4.new_code_cell(HOMEWORK, metadata={"tags": ["keep"], "scrolled": True}, outputs=[output]),
        v4.new_code_cell("#!TAG SKIPQUESTEXEC\n%matplotlib inline"),
        v4.new_code_cell(""),
        v4.new_markdown_cell("#!TAG ANSWER"),
        authors=[{"name": "Noether"}],
        widgets={"state": "secret"},
    )
    path = save(tmp_path / "lab.ipynb", made)
    template = read_template(path)
    written = path.read_text().split("\n")
    for number, text in lines_of(template):
        if text:
            assert json.dumps(text, ensure_ascii=False).strip('"') in written[number - 1]
    question = make_versions(template).question
    assert question.notebook.metadata["authors"] == [{"name": "Noether"}]
    assert "widgets" not in question.notebook.metadata
    code = question.notebook.cells[1]
    assert (code.source, code.metadata, code.outputs) == (CUT, {"tags": ["keep"], "scrolled": True}, [])
    assert question.skip == {2}


def test_a_notebook_in_one_line_is_numbered_as_jupyter_would_write_it(tmp_path):
    path = tmp_path / "lab.ipynb"
    path.write_text(json.dumps(notebook(v4.new_code_cell("x = 1\n#!TAG HWEND"))))
    [(line, _)] = errors_of(path)
    save(path, nbformat.reads(path.read_text(), 4))
    assert "HWEND" in path.read_text().split("\n")[line - 1]
    path.write_text(json.dumps(notebook(v4.new_code_cell(HOMEWORK))))
    assert ["once Jupyter has saved it" in note.message for note in read_template(path).notes] == [True]


@pytest.mark.parametrize("indent", [1, None], ids=["as Jupyter writes it", "in one line"])
def test_what_is_wrong_in_a_notebook_is_named_with_the_cell_and_the_line_in_it(tmp_path, indent):
    line = "total = first + second * third"
    made = notebook(
        v4.new_markdown_cell("# Title"),
        v4.new_code_cell(f"first = 1\n{line}"),
        v4.new_code_cell(f"a = 1\n#!TAG HWBEGIN\n{line}\n#!TAG HWEND"),
        v4.new_markdown_cell("#!TAG HWBEGIN\nOpen."),
    )
    path = tmp_path / "lab.ipynb"
    path.write_text(json.dumps(made, indent=indent) + "\n" * bool(indent))
    with pytest.raises(TemplateError, match=rf"{path}:\d+ \(cell 4, line 1\): error: "):
        read_template(path)
    made.cells.pop()
    path.write_text(json.dumps(made, indent=indent) + "\n" * bool(indent))
    (leak,) = check_template(path).leaks
    assert re.search(r"ipynb:\d+ \(cell 2, line 2\): warning: this repeats line \d+ \(cell 3, line 3\), ", str(leak))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("<html>Log in</html>", 1, "no JSON"),
        ('{"cells": [\n}', 2, "no JSON"),
        ("[]", 1, "no notebook"),
        ('{"cells": 3}', 1, "cannot read"),
        ("", 1, "no JSON"),
    ],
)
def test_a_notebook_that_is_none_is_an_error(tmp_path, text, line, said):
    path = tmp_path / "lab.ipynb"
    path.write_text(text)
    [(found, message)] = errors_of(path)
    assert (found, said in message) == (line, True)


def test_a_table_is_no_template(tmp_path):
    with pytest.raises(TemplateError, match=r"x\.csv: error: a file that ends in \.csv is no template"):
        read_template(tmp_path / "x.csv")  # it is not even opened


def test_pictures_inside_a_notebook_are_kept_and_shown_in_every_format(tmp_path):
    made = notebook(
        v4.new_markdown_cell("# T\n\n![a](attachment:image.png)", attachments={"image.png": {"image/png": png("red")}}),
        v4.new_markdown_cell(
            "#!TAG HWBEGIN\n![b](attachment:image.png)\n#!TAG HWEND\n\nText",
            attachments={"image.png": {"image/png": png("blue")}, "unused.png": {"image/png": png("green")}},
        ),
    )
    path = save(tmp_path / "lab.ipynb", made)
    (result,) = build_labs([(path, tmp_path / "out")], BuildOptions())
    assert isinstance(result, BuiltLab), result
    assert result.warnings == ()
    out = tmp_path / "out"
    assert sorted(file.name for file in (out / "lab-question_files").iterdir()) == ["image.png"]
    assert sorted(file.name for file in (out / "lab-solution_files").iterdir()) == ["image-2.png", "image.png"]
    question = nbformat.read(out / "lab-question.ipynb", 4)
    assert [dict(cell.get("attachments", {})) for cell in question.cells] == [
        {"image.png": {"image/png": png("red")}},
        {},
    ]
    solution = nbformat.read(out / "lab-solution.ipynb", 4)
    assert solution.cells[1].attachments == {"image-2.png": {"image/png": png("blue")}}
    assert "![b](attachment:image-2.png)" in solution.cells[1].source
    assert "![a](lab-question_files/image.png)" in (out / "lab-question.md").read_text()
    for kind, count in (("question", 1), ("solution", 2)):
        assert (out / f"lab-{kind}.html").read_text().count("data:image/png;base64") == count


def test_an_attachment_that_is_no_image_is_not_published(tmp_path):
    data = base64.b64encode(b"password").decode()
    cell = v4.new_markdown_cell("![a](attachment:a.png)", attachments={"a.png": {"image/png": data}})
    (result,) = build_labs([(save(tmp_path / "lab.ipynb", notebook(cell)), tmp_path / "out")], BuildOptions(("md",)))
    assert "the attachment a.png is not published" in getattr(result, "errors", ("",))[0]


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("### BEGIN SOLUTION\nx = 1\n### END SOLUTION", "nbgrader's '### BEGIN SOLUTION' (line 4)"),
        ("# BEGIN SOLUTION\nx = 1\n# END SOLUTION", "Otter's '# BEGIN SOLUTION' (line 4)"),
        ("x = 1 # SOLUTION", "Otter's '# SOLUTION' (line 4)"),
        ("# START CODE HERE\nx = 1\n# END CODE HERE", "another course's '# END CODE HERE' (line 6)"),
        ("x = 1\n### BEGIN HIDDEN TESTS\n", "nbgrader's '### BEGIN HIDDEN TESTS' (line 5)"),
    ],
)
def test_another_tools_markers_without_a_tag_of_ours_are_an_error(tmp_path, code, named):
    path = tmp_path / "lab.md"
    path.write_text(f"# T\n\n```python\n{code}\n```\n")
    [(line, message)] = errors_of(path)
    assert named in message
    assert f"(line {line})" in message
    assert "#!TAG HWBEGIN" in message


def test_nbgraders_metadata_alone_are_a_marker(tmp_path):
    made = notebook(v4.new_code_cell("x = 1", metadata={"nbgrader": {"solution": True}}))
    [(_, message)] = errors_of(save(tmp_path / "lab.ipynb", made))
    assert "nbgrader={...}" in message
    made.cells.append(v4.new_code_cell(HOMEWORK))
    assert read_template(save(tmp_path / "lab.ipynb", made)).warnings == ()


def test_a_marker_that_is_left_in_a_template_of_ours_is_a_warning(tmp_path):
    path = tmp_path / "lab.md"
    path.write_text(f"```python\n{HOMEWORK}\n### BEGIN SOLUTION\n```\n")
    assert [(found.line, found.severity) for found in read_template(path).warnings] == [(7, "warning")]
    path.write_text("```python\n#!TAG HWBEGIN\nx = 1 # SOLUTION\n#!TAG HWEND\n```\n")
    assert read_template(path).warnings == ()


def test_a_template_without_any_tag_is_told_so(tmp_path):
    path = tmp_path / "lab.md"
    path.write_text("# T\n\n```python\n# a solution of the equation\nx = 1\n```\n")
    [note] = read_template(path).notes
    assert (
        str(note)
        == f"{path}: note: no tag marks anything as homework here: the question and the solution are the same."
    )


@pytest.mark.parametrize("text", ["Some words.", "title: a: b", "- a\n- b"])
def test_a_raw_cell_that_looks_like_a_header_and_is_none_is_named(tmp_path, text):
    path = save(tmp_path / "lab.ipynb", notebook(v4.new_raw_cell(f"---\n{text}\n---")))
    [(line, message)] = errors_of(path)
    assert "---" in path.read_text().split("\n")[line - 1]
    assert message.startswith("the first cell is raw and stands between two ---")
