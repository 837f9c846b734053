"""No formula is typeset without being offered to the prover."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from gradlab.labs._export._atoms import mark
from gradlab.labs._export._document import Prose, Source, cell_line_numbers, make_document
from gradlab.labs._formulas import all_formulas, formulas_of
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions
from gradlab.prove import prove_document

ROOT = Path(__file__).resolve().parents[3]
SEED = ROOT.parent / "shared" / "seed" / "lab-03-template.md"
COURSES = [*sorted((ROOT / "courses").glob("*.md")), *([SEED] if SEED.is_file() else [])]


def bare(source):
    """A formula without dollars, blanks, and what begins the lines of a quotation."""
    return re.sub(r"\$|\\\\[()\[\]]|[\s>]", "", source)


def typeset(version):
    """The sources of the formulas that a version's document shows."""
    source = Source(version.notebook, cell_line_numbers(version.cell_lines), {}, None, "")
    document = make_document(source, lambda line, message: None)
    shown = "".join(block.html for block in document.blocks if isinstance(block, Prose))
    formulas = [(index, atom.source) for index, atom in enumerate(document.atoms) if atom.kind == "formula"]
    return [bare(source) for index, source in formulas if mark(index) in shown]


def compare(path):
    """Compare what is typeset with what is offered; return how many formulas each has."""
    template = read_template(path)
    versions = make_versions(template)
    offered = Counter(formula.tex for formula in all_formulas(template, versions))
    numbers = [0, 0]
    for version in (versions.question, versions.solution):
        found = Counter(bare(formula.tex) for formula in formulas_of(version))
        shown = Counter(typeset(version))
        assert not shown - found
        assert all(formula.tex in offered for formula in formulas_of(version))
        numbers = [numbers[0] + shown.total(), numbers[1] + found.total()]
    return numbers


@pytest.mark.parametrize("path", COURSES, ids=lambda path: path.stem)
def test_every_formula_of_the_course_is_offered(path):
    shown, offered = compare(path)
    assert shown == offered > 50


FRAGMENTS = [
    "a $x_{i}$ b", "$ a = b $", r"\\(c = d\\)", r"\\[e\\]", "$$f\n= g$$",
    "\\begin{align*}h &= 1\\\\i &= 2\\end{align*}",
    "- item $j$\n- $k$ and\n  $l$", "1. one\n\n   $m$\n\n       $n$ code\n", "> $o$\n> and $p$", "> $$\n> q\n> $$",
    "| $r$ | $|s|$ |\n|---|---|\n| $t$ | `$u$` |", "`$v$` and ``$w$``", "```\n$x$\n```", "~~~python\n$y$\n~~~",
    "    $z$\n", "text\n    $A$", "<!-- $B$ -->", "<!--\n$C$\n\n$D$ -->", "# Head $E$", "**bold $F$** and *$G$*",
    "$5 and $6", r"\$7 and $H$", "[$I$](url)", "<b>$K$</b>", "$a\n\nb$", "$$open",
    "\\begin{cases}L", "costs 5$", "$\\text{if $M$}$", "${N$", "- ```\n  $O$\n  ```\n- $P$", "a `b\n$Q$", "***", "",
    "R\n===\n$S$", "1) $T$\n   - $U$\n\n     $V$\n", "<pre>$W$</pre>", "$\\$$ and $\\{X\\}$", "  $Y$", "\t$Z$",
    "```math\n\\alpha\n\n= \\beta\n```", "- ```math\n  \\gamma\n  ```\n- $\\delta$", "> ~~~ math\n> \\eta\n> ~~~",
]  # fmt: skip
TAGGED = "#!TAG HWBEGIN\n#!MSG TODO $q$\n{}\n#!TAG HWEND"


def generated(seed):
    choose = random.Random(seed)
    parts = [choose.choice(FRAGMENTS) for _ in range(choose.randrange(1, 8))]
    return choose.choice(["\n", "\n\n"]).join(parts)


def test_every_formula_of_generated_documents_is_offered(tmp_path):
    path = tmp_path / "lab.md"
    shown = offered = 0
    for start in range(0, 1000, 100):
        documents = [generated(seed) for seed in range(start, start + 100)]
        tagged = [TAGGED.format(text) if number % 3 == 0 else text for number, text in enumerate(documents)]
        path.write_text("".join(f"<!-- #region -->\n{text}\n<!-- #endregion -->\n\n" for text in tagged))
        numbers = compare(path)
        shown, offered = shown + numbers[0], offered + numbers[1]
    # Where unbalanced dollars tear lists and tables apart, a formula may be offered that is shown as code.
    assert 4000 < shown <= offered < 1.005 * shown


def test_a_fence_of_github_is_between_dollars_in_the_notebook_with_its_lines(tmp_path):
    path = tmp_path / "lab.md"
    path.write_text("Text\n```math\na\n\n= b\n```\n```mathematica\nc = d\n```\n")
    template = read_template(path)
    versions = make_versions(template)
    assert [(one.tex, one.lines, one.display) for one in all_formulas(template, versions)] == [
        ("\na\n%\n= b\n", (2, 3, 4, 5, 6), True)
    ]
    assert versions.question.notebook.cells[0].source == "Text\n$$\na\n%\n= b\n$$\n```mathematica\nc = d\n```"


def test_lines_and_the_key_are_told_as_the_tags_say(tmp_path):
    path = tmp_path / "lab.md"
    path.write_text(
        "## Question 1\nWhat is $a$?\n#!TAG HWBEGIN\n#!MSG Write $b$.\n### Solution\n$$c\n#!MSG more\n= d$$\n"
        "#!TAG HWEND\n## Question 2\n$e$\n"
    )
    template = read_template(path)
    found = all_formulas(template, make_versions(template))
    assert [(one.tex, one.lines, one.in_key, one.heading) for one in found] == [
        ("a", (2,), False, "Question 1"),
        ("b", (4,), False, "Question 1"),
        ("c\n= d", (6, 8), True, "Question 1"),
        ("e", (11,), False, "Question 2"),
    ]


def test_the_prover_takes_formulas_as_they_were_found(tmp_path):
    path = tmp_path / "lab.md"
    path.write_text("## Sums\n\n- $ \\frac{d}{dx} x^2 = 2x $\n\n\\\\[ \\frac{d}{dx} x^2 = 3x \\\\]\n")
    template = read_template(path)
    rows = prove_document(all_formulas(template, make_versions(template))).rows
    assert [(row.place.line, row.question, bool(row.proof)) for row in rows] == [(3, "Sums", True), (5, "Sums", False)]
