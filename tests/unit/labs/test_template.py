from __future__ import annotations

import pickle
from pathlib import Path

import jupytext
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradlab import GradlabError
from gradlab.labs._diagnostics import TemplateError
from gradlab.labs._layout import read_layout
from gradlab.labs._template import Template, read_template


def template_of(tmp_path: Path, text: str | bytes, name: str = "lab.md") -> Template:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_template(path)


def errors_of(tmp_path: Path, text: str | bytes) -> list[tuple[int, str]]:
    with pytest.raises(TemplateError) as caught:
        template_of(tmp_path, text)
    assert isinstance(caught.value, GradlabError)
    return [(found.line, found.message) for found in caught.value.diagnostics]


FRAGMENTS = [
    "text", "", "", "   ", "# Heading", "```python", "```", "```bash", "```json", "~~~", "<!-- #region -->",
    '<!-- #region pycharm={"name": "#%% md\\n"} -->', '```python pycharm={"name": "#%%\\n"}', "<!-- #endregion -->",
    "<!-- #raw -->", "<!-- #endraw -->", "    four", "````python", "````", 'x = """', "---", "Huffman coding: fine",
    "\tx",
]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text("ab #`-<>!$", max_size=6)), max_size=15))
def test_the_layout_loses_no_line_and_agrees_with_jupytext(lines):
    text = "\n".join(lines) + "\n" if lines else ""
    layout = read_layout(text)
    again = list(layout.header)
    for span in layout.spans:
        assert len(again) + 1 == span.line
        again += [line for line in (span.opening, *span.lines, span.closing, *span.tail) if line is not None]
    assert again == lines
    # Where a first line looks like the start of a header, Jupytext itself cannot read the file.
    if not text.startswith(("#!", "---")) and "coding" not in text:
        sources = ["\n".join([*([s.prefix] if s.prefix else []), *(s.lines or ("",))]) for s in layout.spans]
        theirs = jupytext.reads(text, fmt="md").cells
        assert sources == [cell.source for cell in theirs if cell.source != layout.header_cell or cell is not theirs[0]]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_windows_line_ends_and_byte_order_mark(tmp_path, mark):
    text = mark + "Größe\r\n\r\n```python\r\n#!TAG SKIPQUESTEXEC\r\nx = 1\r\n```\r\n"
    template = template_of(tmp_path, text)
    assert [cell.source for cell in template.cells] == ["Größe", "#!TAG SKIPQUESTEXEC\nx = 1"]
    assert template.cells[1].skip_in_question
    assert template.warnings == ()


def test_characters_that_end_no_line_keep_the_line_numbers(tmp_path):
    template = template_of(tmp_path, "a\u2028b\n\n```python\nx = 1\n```\n")
    assert template.cells[1].line == 3
    assert [warning.line for warning in template.warnings] == [1]


def test_an_empty_file_and_a_file_without_a_header(tmp_path):
    assert template_of(tmp_path, "").cells == ()
    template = template_of(tmp_path, "Text.\n")
    assert template.metadata["kernelspec"]["name"] == "python3"


def test_settings_are_read_and_taken_out_of_the_header(tmp_path):
    own = 'gradlab:\n  graph: "mlp: 2, 2, 1"\n  timeout: 30\n'
    text = f"---\ntitle: Kept\n{own}\njupyter:\n  kernelspec:\n    name: python3\n    display_name: P\n---\n\nText\n"
    template = template_of(tmp_path, text)
    assert template.settings.graph == "mlp 2,2,1"
    assert template.settings.timeout == 30.0
    assert not any("mlp" in line for line in template.header)
    assert template.header_cell == "---\ntitle: Kept\n---"
    assert template.cells[0].line == 13


@pytest.mark.parametrize(
    ("header", "line", "said"),
    [
        ("gradlab:\n  sed: 3", 3, "nearest known is seed"),
        ("gradlab:\n  seed: -1", 3, "whole number"),
        ("gradlab:\n  image_folders: ..", 3, "a list of folders"),
        ("gradlab:\n  timeout: true", 3, "seconds above 0"),
        ("gradlab: 4", 2, "hold settings"),
        ("jupyter:\n  gradlab:\n    seed: 1", 2, "move it"),
        ("jupyter: 3", 2, "settings"),
        ("gradlab:\n  - [", 4, "cannot be read"),
    ],
)
def test_wrong_settings(tmp_path, header, line, said):
    [(found, message)] = errors_of(tmp_path, f"---\n{header}\n---\n\nText\n")
    assert said in message
    assert abs(found - line) <= 1 if said == "cannot be read" else found == line


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("#!TAG HWBEGIN\nx\n", 1, "never closed"),
        ("a\n#!TAG HWEND\n", 2, "closes nothing"),
        ("#!TAG HWBEGIN\n#!TAG NOTE\n#!TAG HWEND\n", 2, "HWBEGIN in line 1 is open"),
        ("#!TAG NOTE\n#!TAG HWEND\n#!TAG NOTE\n#!TAG NOTEEND\n", 2, "NOTEEND"),
        ("#!TAG HWEDN\n", 1, "nearest known is HWEND"),
        ("#!TAG\n", 1, "without a word"),
        ("#!tag hwbegin\n", 1, "#!TAG WORD"),
        ("# !TAG HWEND\n", 1, "#!TAG WORD"),
        ("#TAG HWBEGIN\n", 1, "#!TAG WORD"),
        ("#!HWBEGIN\n", 1, "#!TAG WORD"),
        ("#!MSGTODO\n", 1, "#!TAG WORD"),
        ("x = 1 #!TAG HWBEGIN\n", 1, "line of its own"),
        ("> #!MSG a\n", 1, "line of its own"),
        ("#!TAG HWBEGIN #!TAG HWEND\n", 1, "second tag"),
        ("<!-- #region -->\na\n", 1, "never closed"),
        ("a\n<!-- #endregion -->\n", 2, "does not belong"),
        ("<!-- #region -->\n<!-- #region -->\n<!-- #endregion -->\n", 2, "does not belong"),
        ("```python\nx = 1\n", 1, "never closed"),
        ("```python\nx = 1\n\n```python\n```\n", 4, "still open"),
        ("#!TAG CHECK a\n#!TAG CHECKEND\n", 1, "code cell"),
        ("```python\n#!TAG CHECK a\n```\n", 2, "not closed in its cell"),
        ("```python\n#!TAG CHECK\n#!TAG CHECKEND\n```\n", 2, "needs a name"),
        ("```python\n#!TAG CHECK a point=2\n#!TAG CHECKEND\n```\n", 2, "nearest known is points"),
        ("```python\n#!TAG CHECK a points=-2\n#!TAG CHECKEND\n```\n", 2, "points=-2"),
        ("```python\n#!TAG CHECK a\n#!TAG CHECKEND\n#!TAG CHECK a\n#!TAG CHECKEND\n```\n", 4, "line 2 already"),
        ("```python\n#!TAG ANSWER\n```\n", 2, "prose"),
        ("#!TAG ALLOW x\n", 1, "double quotes"),
        ("a\n\0\n", 2, "null"),
        (b"a\nb\xff\n", 2, "UTF-8"),
        (
            "---\njupyter:\n  jupytext:\n    text_representation: {extension: .md, format_name: myst}\n---\n",
            1,
            "myst",
        ),
        ("---\njupytext:\n  text_representation:\n    format_name: myst\n---\n# Lab\n", 1, "jupytext --from md:myst"),
        ("# Lab\n\n```{.python .input  n=2}\nx = 1\n```\n", 3, "prose here: write '```python' in"),
        ("# Lab\n\n```{r, echo=FALSE}\nx = 1\n```\n", 3, "prose here: write '```r' in"),
        ("# Lab\n\n```{code-cell} ipython3\nx = 1\n```\n", 3, "code cell of MyST"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path, text, line, said):
    [(found, message)] = errors_of(tmp_path, text)
    assert (found, said in message) == (line, True), message


def test_every_mistake_is_named_at_once(tmp_path):
    assert [line for line, _ in errors_of(tmp_path, "#!TAG HWEND\n\n#!MSG x\n\n```python\n#!TAG WRONG\n")] == [
        1,
        3,
        5,
        6,
    ]


@pytest.mark.parametrize("line", ["# TAG a heading", "#!/bin/bash", "a #hashtag! TAG", "### MSG", "x  # note: end"])
def test_lines_that_are_no_tags(tmp_path, line):
    assert template_of(tmp_path, f"text\n{line}\n").warnings == ()


def test_a_flag_in_prose_and_a_commented_tag_are_remarked(tmp_path):
    template = template_of(tmp_path, "#!TAG SKIPQUESTEXEC\n\n```python\n# #!TAG HWBEGIN\nx = 1\n#!TAG HWEND\n```\n")
    assert [warning.line for warning in template.warnings] == [1, 4]


def test_a_missing_file_and_errors_from_another_process(tmp_path):
    with pytest.raises(TemplateError) as caught:
        read_template(tmp_path / "none.md")
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.diagnostics == caught.value.diagnostics
