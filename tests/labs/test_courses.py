"""Every lab of the course: what it says of itself, its checks, and the mistakes that they tell in words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gradlab.labs._audit import audit_text
from gradlab.labs._lint import lint
from gradlab.labs._python import parse
from gradlab.labs._template import Template, read_template
from gradlab.labs._versions import Versions, make_versions
from gradlab.prove import Truth, prove_document
from labs.course import solve, with_mistake, worth
from labs.mistakes import LOGISTIC, SOFTMAX

COURSES = Path(__file__).parents[2] / "courses"
SECTIONS = {"gradient-descent": 16, "logistic-regression": 7, "softmax-network": 7}
PROVED = {"gradient-descent": 81, "logistic-regression": 17, "softmax-network": 17}
TOLD = [("logistic-regression", *row) for row in LOGISTIC] + [("softmax-network", *row) for row in SOFTMAX]


@pytest.fixture(params=SECTIONS)
def template(request) -> Template:
    return read_template(COURSES / f"{request.param}.md")


@pytest.fixture
def versions(template) -> Versions:
    return make_versions(template)


def test_each_lab_of_the_course_is_known_here():
    assert {path.stem for path in COURSES.glob("*.md")} == set(SECTIONS)


def test_nothing_is_to_be_remarked_and_nothing_left_unproved(template, versions):
    from gradlab.labs import check_template

    remarks = [*template.warnings, *versions.warnings, *lint(template, versions)]
    assert [*remarks, *audit_text(template, versions, {}).warnings] == []
    proof = prove_document(check_template(template.path).formulas, template.settings.graph)
    assert proof.count(Truth.FALSE) == proof.count(Truth.NOT_UNDERSTOOD) == 0
    assert proof.count(Truth.TRUE) >= PROVED[template.path.stem]


def test_points_and_minutes_stand_at_each_task_and_add_up(template, versions):
    sections = [row for row in worth(template) if row[1] or row[2]]
    assert len(sections) == SECTIONS[template.path.stem]
    assert [(name, tags) for name, tags, _, _ in sections] == [(name, said) for name, _, said, _ in sections]
    assert all(minutes >= 5 for _, _, _, minutes in sections)
    table = re.findall(r"^\| (\d) \|.*\| (\d+) \| (\d+) \|$", versions.question.markdown, re.MULTILINE)
    assert len(table) == 3
    for exercise, points, minutes in table:
        own = [row for row in sections if row[0].startswith(exercise)]
        assert sum(row[1] for row in own) == float(points)
        assert sum(row[3] for row in own) == float(minutes)


def test_every_question_has_an_answer_cell(versions):
    """Where something is asked in prose, the next cell that is not prose of the template is room for the answer."""
    cells = versions.question.notebook.cells
    asked = 0
    for cell, after in pairwise(cells):
        last = cell.source.rstrip().split("\n\n")[-1]
        if cell.cell_type == "markdown" and re.search(r"(Compute|Show that|Write down|\?$|Explain|Describe)", last):
            if after.cell_type == "code":
                continue
            asked += 1
            assert after.metadata.get("gradlab", {}).get("answer"), cell.source[-200:]
    assert asked >= 8


def test_every_assert_of_the_lab_says_something(versions):
    sources = [cell.source for cell in versions.solution.notebook.cells if cell.cell_type == "code"]
    sources += [check.source for check in versions.solution.checks if check.hidden]
    asserts = [
        node for source in sources for node in ast.walk(parse(source.split("\n"))) if isinstance(node, ast.Assert)
    ]
    assert len(asserts) > 30
    silent = [ast.unparse(node) for node in asserts if node.msg is None]
    assert silent == []


SOLVED: dict[str, tuple[Template, Versions, dict[str, Any]]] = {}


@pytest.fixture
def solved(double_precision: None) -> Iterator[Any]:
    """The template, the versions and the names of a solution, by the lab's name; put back afterwards."""
    import matplotlib.pyplot as plt

    def get(lab: str) -> tuple[Template, Versions, dict[str, Any]]:
        if lab not in SOLVED:
            template = read_template(COURSES / f"{lab}.md")
            versions = make_versions(template)
            SOLVED[lab] = template, versions, solve(versions)
        template, versions, names = SOLVED[lab]
        return template, versions, {**names, "answers": dict(names["answers"])}

    yield get
    plt.close("all")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("row", TOLD, ids=lambda row: f"{row[0]}, {row[1]}")
def test_a_usual_mistake_is_told_in_words_by_a_visible_check(row, solved):
    lab, _, right, wrong, check_name, words = row
    template, versions, names = solved(lab)
    check = next(check for check in versions.solution.checks if check.name == check_name)
    assert not check.hidden
    with pytest.raises(AssertionError, match=words):
        with_mistake(versions.solution, template, names, right, wrong, check)
