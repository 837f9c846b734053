"""The formulas of Markdown, LaTeX and notebooks, with their places."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradlab.tex import LineIndex, TexError, formulas, parse


def test_markdown_gives_lines_columns_and_headings():
    text = "---\ntitle: $no$\n---\n# One\nA $a$\n```\n# not\n```\n## Two #\n$$\nb\n= c$$ \\[d\\]\n"
    found = formulas(text)
    assert [(one.tex, one.line, one.column, one.heading) for one in found] == [
        ("a", 5, 4, "One"),
        ("\nb\n= c", 10, 3, "Two"),
        ("d", 12, 9, "Two"),
    ]
    assert all(text[one.offset :].startswith(one.tex) for one in found)
    assert found[1].lines == (10, 11, 12)
    assert found[1].place(5) == (12, 3)


LATEX = r"""\documentclass{article}
\newcommand{\R}{\mathbb{R}} % \newcommand{\no}{$x$}
\DeclareMathOperator{\relu}{relu}
\begin{document}
\section{First
 part} In $\R$ 100\% of $a$ % $b$
\verb|$c$| \[ d \] \\[2em] \(e\)
\begin{verbatim} $f$ \end{verbatim}
\begin{itemize}\item \begin{align}g &= 1\end{align}\end{itemize}
\def\v#1{\vec #1}
\end{document} $h$
"""


def test_latex_has_comments_verbatim_text_and_a_preamble():
    found = formulas(LATEX)
    shown = [one.tex for one in found if not one.tex.startswith(("\\newcommand", "\\Declare", "\\def"))]
    assert shown == [r"\R", "a", " d ", "e", r"\begin{align}g &= 1\end{align}"]
    assert [one.heading for one in found if one.tex == "a"] == ["First part"]
    macros = {}
    for one in found:
        parse(one.tex, macros)
    assert set(macros) == {"R", "relu", "v"}
    assert [one.line for one in found][:3] == [2, 3, 6]


def test_a_notebook_counts_lines_in_its_cells():
    cells = [
        {"cell_type": "markdown", "source": ["# One\n", "$a$"]},
        {"cell_type": "code", "source": "'$b$'"},
        {"cell_type": "markdown", "source": "text\n\n$$c$$"},
    ]
    found = formulas(json.dumps({"cells": cells, "nbformat": 4}), "lab.ipynb")
    assert [(one.tex, one.cell, one.line, one.heading) for one in found] == [("a", 1, 2, "One"), ("c", 3, 3, "One")]
    with pytest.raises(TexError, match="no Jupyter notebook"):
        formulas("[]", "lab.ipynb")


@given(st.text(alphabet="a\n"))
def test_the_index_counts_as_a_person_does(text):
    index = LineIndex(text)
    for at in range(len(text) + 1):
        before = text[:at].split("\n")
        assert index.at(at) == (len(before), len(before[-1]) + 1)


DIRECTIVES = """````{solution} one
Here $x+x=2x$.

```python
z = "$q = 1$"
```
```{note}
In $u = v$ too.
```
Still $a = b$.
````
```{code-cell} python
"$c = d$"
```
```
$no = code$
```
After $k = l$.
"""


def test_the_body_of_a_directive_is_text_and_code_is_not():
    assert [found.tex for found in formulas(DIRECTIVES, "x.md")] == ["x+x=2x", "u = v", "a = b", "k = l"]


def test_mathematics_of_restructured_text_keeps_its_places():
    text = "One\n===\n\nLet :math:`f(x) = x^2`.\n\n.. math::\n   :label: a\n\n   f'(x) = 2x\n\n   f''(x)\n     = 2"
    text += "\n\nIt costs $5.\n\nTwo\n~~~\n\n.. math:: (x^3)' = 3x^2\n\n* item\n\n  .. math::\n\n     g = 4\n"
    found = [("".join(each.tex.split()), each.line, each.heading) for each in formulas(text, "notes.rst")]
    equations = [("f(x)=x^2", 4, "One"), ("f'(x)=2x", 9, "One"), ("f''(x)=2", 11, "One")]
    assert found == [*equations, ("(x^3)'=3x^2", 19, "Two"), ("g=4", 25, "Two")]
    assert text.split("\n")[3][formulas(text, "notes.rst")[0].column - 1 :].startswith("f(x)")


def test_an_exercise_begins_as_a_heading_does():
    text = "# A\n$a$\n\nProblem 1. Let $b$ be.\n\n**Exercise 2** $c$\n\n```\nProblem 3\n```\n$d$"
    assert [formula.heading for formula in formulas(text)] == ["A", "Problem 1. Let", "Exercise 2**", "Exercise 2**"]
    text = "\\begin{document}\\section{A}\n$a$\n\\question One: $b$\n\\question{Two} $c$"
    assert [formula.heading for formula in formulas(text)] == ["A", "\\question One:", "Two"]
