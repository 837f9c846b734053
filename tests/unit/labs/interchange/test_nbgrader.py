"""nbgrader: its source notebooks read, ours written, and both accepted by nbgrader itself."""

from __future__ import annotations

import json

import nbformat.v4 as v4
import pytest

from gradlab import GradlabError
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions
from gradlab.labs.interchange import export_template, import_notebook
from taken_over import checks, codes, imported


def cell(kind, source, **given):
    make = v4.new_code_cell if kind == "code" else v4.new_markdown_cell
    metadata = {"nbgrader": {"schema_version": 3, "grade_id": "x", **given}} if given else {}
    return make(source, metadata=metadata)


def test_solutions_tests_and_written_answers_become_homework_checks_and_answer_cells(tmp_path):
    made, versions = imported(
        tmp_path,
        cell("markdown", "# Squares"),
        cell("code", "import math"),
        cell("code", "def square(x):\n    # TODO square it\n    ### BEGIN SOLUTION\n    return x * x\n"
             "    ### END SOLUTION", solution=True, grade=False),
        cell("code", "assert square(2) == 4, 'two'\n### BEGIN HIDDEN TESTS\nassert square(3) == 9\n"
             "### END HIDDEN TESTS", grade=True, solution=False, points=3, grade_id="test square"),
        cell("code", "### BEGIN HIDDEN TESTS\nassert square(5) == 25\n### END HIDDEN TESTS",
             grade=True, solution=False, points=1, grade_id="deep"),
        cell("code", "side = math.sqrt(16)", solution=True, grade=False),
        cell("markdown", "A square has equal sides.", grade=True, solution=True, points=2),
        cell("markdown", "Draw.\n=== BEGIN MARK SCHEME ===\nFour lines.\n=== END MARK SCHEME ===", task=True, points=4),
    )  # fmt: skip
    assert (made.tool, made.remarks) == ("nbgrader", ())
    assert checks(versions) == [
        ("test-square", 0.0, False, "assert square(2) == 4, 'two'"),
        ("test-square-all", 3.0, True, "assert square(2) == 4, 'two'\nassert square(3) == 9"),
        ("deep", 1.0, True, "assert square(5) == 25"),
    ]
    question = codes(versions.question)
    assert question[1] == "def square(x):\n    # TODO square it\n    raise NotImplementedError"
    assert question[-1] == "# TODO write your code here."
    assert codes(versions.solution)[1] == "def square(x):\n    return x * x"
    answers = [c for c in versions.question.notebook.cells if c.metadata.get("gradlab", {}).get("answer")]
    assert [answer.metadata["gradlab"]["points"] for answer in answers] == [2.0, 4.0]
    assert "equal sides" not in versions.question.markdown
    assert "equal sides" in versions.solution.markdown
    assert "Four lines" not in versions.question.markdown + versions.solution.markdown
    assert "#!TAG NOTE\nFour lines." in made.text


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("### BEGIN SOLUTION\nx = 1", "cell 1: BEGIN SOLUTION is never closed"),
        ("x = 1\n### END SOLUTION", "cell 1: END SOLUTION closes nothing"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "stands inside another one"),
        (
            "###BEGIN HIDDEN TEST\nassert x\n### END HIDDEN TEST",
            "nearly a marker, and none; write '### BEGIN HIDDEN TESTS'",
        ),
    ],
)
def test_a_marker_without_its_partner_is_named(tmp_path, source, said):
    with pytest.raises(GradlabError, match=said):
        imported(tmp_path, cell("code", source, solution=True))


def test_code_that_a_person_grades_and_an_empty_solution_are_remarked(tmp_path):
    made, _ = imported(
        tmp_path,
        cell("code", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION", solution=True, grade=True, points=2),
        cell("code", "# YOUR CODE HERE\nraise NotImplementedError()", solution=True, grade=False),
    )
    assert "cell 1 is code that a person grades with 2 points" in made.remarks[0]
    assert "cell 2 is a solution cell without a solution" in made.remarks[1]


@pytest.mark.parametrize("data", [b"", b"<html>", b"[]", b'{"cells": 3}'])
def test_what_is_no_notebook_is_told(tmp_path, data):
    (tmp_path / "x.ipynb").write_bytes(data)
    with pytest.raises(GradlabError, match=r"x\.ipynb: "):
        import_notebook(tmp_path / "x.ipynb")


def test_a_plain_notebook_is_told_what_a_template_needs(tmp_path):
    (tmp_path / "x.ipynb").write_text(json.dumps(v4.new_notebook(cells=[v4.new_code_cell("x = 1")])))
    with pytest.raises(GradlabError, match="#!TAG HWBEGIN"):
        import_notebook(tmp_path / "x.ipynb")


def test_there_and_back_the_checks_and_the_solution_are_the_same(template, tmp_path):
    exported = export_template(template, "nbgrader")
    assert exported.remarks == ("line 9: a note is left out: nbgrader would show it to the students",)
    (tmp_path / "there.ipynb").write_bytes(exported.data)
    back = import_notebook(tmp_path / "there.ipynb")
    assert back.remarks == ()
    (tmp_path / "back.md").write_text(back.text)
    ours, theirs = (make_versions(read_template(path)) for path in (template, tmp_path / "back.md"))
    assert checks(ours) == checks(theirs)
    assert codes(ours.solution) == codes(theirs.solution)
    # Within brackets nbgrader has no stub that parses: there the whole statement is homework.
    assert [*codes(ours.question)[:3]] == [*codes(theirs.question)[:3]]
    assert codes(theirs.question)[3] == "# TODO a half\n# TODO begin with: half = (\nprint(slope(half))"
    (tmp_path / "again.ipynb").write_bytes(export_template(tmp_path / "back.md", "nbgrader").data)
    first, again = (json.loads((tmp_path / name).read_text()) for name in ("there.ipynb", "again.ipynb"))
    assert [c["source"] for c in first["cells"]] == [c["source"] for c in again["cells"]]


# One process for all three, since each would import nbgrader anew.
ITSELF = """
import json, shutil
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

api = NbGraderAPI(config=Config({"CourseDirectory": {"course_id": "c", "root": "."}}))
made = api.generate_assignment("ps1", create=True)
assert made["success"], made
for who, version in (("good", "source"), ("empty", "release")):
    shutil.copytree(f"{version}/ps1", f"submitted/{who}/ps1")
    graded = api.autograde("ps1", who)
    assert graded["success"], graded
given = {who: api.get_submission("ps1", who) for who in ("good", "empty")}
print(json.dumps({who: [one["score"], one["max_score"]] for who, one in given.items()}))
"""


def test_nbgrader_itself_generates_and_grades_what_was_exported(template, tmp_path, tool):
    course = tmp_path / "course"
    (course / "source" / "ps1").mkdir(parents=True)
    (course / "source" / "ps1" / "p1.ipynb").write_bytes(export_template(template, "nbgrader").data)
    said = tool("python", "-c", ITSELF, folder=course)
    released = (course / "release" / "ps1" / "p1.ipynb").read_text()
    for secret in ("2 * x", "0.5\n", "a float", "-1.5", "everybody", "For me alone"):
        assert secret not in released
    # The two points of the written answer are for a person to give.
    assert '{"good": [4.5, 6.5], "empty": [0.0, 6.5]}' in said
