from __future__ import annotations

import pytest

from gradlab.labs._lint import lint
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions


def remarks(tmp_path, text):
    path = tmp_path / "lab.md"
    path.write_text(text)
    template = read_template(path)
    return [(found.line, found.message) for found in lint(template, make_versions(template))]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a\n\\end{enumerate}\n", 2, r"\end{enumerate} without"),
        ("\\begin{align*}\nx\n", 1, "not closed in its cell"),
        ("$$\n\\begin{align*}\nx\n\\end{align*}\n$$\n", 2, "inside $$"),
        ("$$\\begin{gather}x\\end{gather}$$\n", 1, r"\begin{gathered}"),
        ("\\begin{equation}\n\\begin{align}\nx\n\\end{align}\n\\end{equation}\n", 2, "inside another display"),
        ("$$\nx\n", 1, "not closed"),
        ("$$\\begin{matrix}$$\n", 1, "before the closing $$"),
        ("\\begin{align}\n\\begin{matrix}\n\\end{align}\n", 2, r"before \end{align}"),
        ("\\begin{align*}\n#!TAG HWBEGIN\nx\n\\end{align*}\n#!TAG HWEND\n", 1, "in the question, "),
    ],
)
def test_latex(tmp_path, text, line, said):
    [(found, message)] = remarks(tmp_path, text)
    assert (found, said in message) == (line, True), message


@pytest.mark.parametrize(
    "text",
    [
        "$$\n\\begin{aligned}\nx \\\\\n\\end{aligned}\n$$\n",
        "\\begin{equation}\n\\left\\vert\\begin{matrix} a \\\\\\end{matrix}\\right\\vert\n\\end{equation}\n",
        "`\\end{x}` and\n\n```\n\\begin{y}\n```\n",
        "costs \\$\\$ 5\n",
    ],
)
def test_latex_that_is_right(tmp_path, text):
    assert remarks(tmp_path, text) == []


def test_names_that_only_homework_defines(tmp_path):
    text = (
        "```python\ndef f():\n    #!TAG HWBEGIN\n    a = b = 1\n    #!TAG HWEND\n    return a + b\n```\n\n"
        "```python\n#!TAG HWBEGIN\nimport os\nclass K: pass\n#!TAG HWEND\nprint(os, K, unknown)\n```\n"
    )
    [(first, names), (second, others)] = remarks(tmp_path, text)
    assert (first, second) == (6, 14)
    assert "line 3 defines a, b;" in names
    assert "line 10 defines K, os;" in others


@pytest.mark.parametrize(
    "code",
    [
        "#!TAG HWBEGIN\na = 1\n#!TAG HWEND\na = 2\nprint(a)",
        "#!TAG HWBEGIN\na = 1\nprint(a)\n#!TAG HWEND\ndisplay(1)",
        "#!TAG HWBEGIN\na = 1\n#!TAG HWEND\ndef f(a):\n    return a",
        "#!TAG HWBEGIN\na = 1\n#!TAG HWEND\n[a for a in range(3)]",
        "%matplotlib inline\n!ls\nfiles = !ls\nprint(files)",
        "await something()",
    ],
)
def test_names_that_are_defined_all_the_same(tmp_path, code):
    assert remarks(tmp_path, f"```python\n{code}\n```\n") == []


@pytest.mark.parametrize(
    ("message", "count"), [("Compute the sample `z`.", 0), ("Return z + 1", 0), ("Compute zz.", 1), ("", 1)]
)
def test_a_name_that_the_message_says_needs_no_remark(tmp_path, message, count):
    code = f"def f():\n    #!TAG HWBEGIN\n    #!MSG {message}\n    z = 1\n    #!TAG HWEND\n    return z"
    assert len(remarks(tmp_path, f"```python\n{code}\n```\n")) == count


def test_a_name_that_prose_has_in_backquotes_needs_no_remark(tmp_path):
    code = "```python\n#!TAG HWBEGIN\nrate = 1\n#!TAG HWEND\n```\n\n```python\nprint(rate)\n```\n"
    assert remarks(tmp_path, f"Choose a value `rate`, or `rate(t)`.\n\n{code}") == []
    assert len(remarks(tmp_path, f"Choose a rate.\n\n{code}\nNow `rate` is known.\n")) == 1


def test_the_article_a_is_no_name(tmp_path):
    code = "#!TAG HWBEGIN\n#!MSG Choose a {}.\na = 1\n#!TAG HWEND\nprint(a)"
    assert len(remarks(tmp_path, f"```python\n{code.format('value')}\n```\n")) == 1
    assert remarks(tmp_path, f"```python\n{code.format('value `a`')}\n```\n") == []


def test_a_formula_that_cannot_be_read_is_named_once_with_its_line(tmp_path):
    path = tmp_path / "lab.md"
    path.write_text("Here $\\newcommand{\\R}{\\mathbb{R}} \\R$.\n\n$$\n\\R =\n\\aplha\n$$\n\n$$\\begin{align*}x$$\n")
    template = read_template(path)
    remarks = lint(template, make_versions(template))
    assert [remark.line for remark in remarks] == [5, 8, 8]
    assert "did you mean \\alpha?" in remarks[0].message
