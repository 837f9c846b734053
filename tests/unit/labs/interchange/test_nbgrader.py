"""nbgrader: its source notebooks read, ours written, and both accepted by nbgrader itself."""

from __future__ import annotations

import json

import nbformat.v4 as v4
import pytest

from gradlab import GradlabError
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions
from gradlab.labs.interchange import _export, export_template, import_notebook
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
        ("### BEGIN SOLUTION\nx = 1", r"cell 1 \(x, '### BEGIN SOLUTION'\): BEGIN SOLUTION is never closed"),
        ("x = 1\n### END SOLUTION", r"cell 1 \(x, 'x = 1'\): END SOLUTION closes nothing"),
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
    assert "cell 1 (x, '### BEGIN SOLUTION') is code that a person grades with 2 points" in made.remarks[0]
    assert "cell 2 (x, '# YOUR CODE HERE') is a solution cell without a solution" in made.remarks[1]


def test_back_in_nbgrader_each_cell_is_what_it_was(tmp_path):
    cells = [
        cell("markdown", "Do not change this.", locked=True, grade_id="intro"),
        cell("code", "def cube(x):\n    ### BEGIN SOLUTION\n    return x ** 3\n    ### END SOLUTION", solution=True,
             grade_id="cube"),
        cell("code", "assert cube(2) == 8\n### BEGIN HIDDEN TESTS\nassert cube(3) == 27\n### END HIDDEN TESTS",
             grade=True, locked=True, points=2, grade_id="cube.test"),
        cell("code", "### BEGIN SOLUTION\nplot(cube)\n### END SOLUTION", solution=True, grade=True, points=1.5,
             grade_id="plot"),
        cell("markdown", "Why?\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION", solution=True, grade=True, points=3,
             grade_id="why"),
        cell("markdown", "Sketch it.\n=== BEGIN MARK SCHEME ===\nOne for each axis.\n=== END MARK SCHEME ===",
             task=True, locked=True, points=4, grade_id="sketch"),
        cell("code", "### AUTOTEST cube(4)", grade=True, locked=True, points=1, grade_id="auto"),
    ]  # fmt: skip
    made, versions = imported(tmp_path, *cells)
    exported = export_template(tmp_path / "template.md", "nbgrader")
    assert exported.remarks == ()
    back = json.loads(exported.data)["cells"]
    flags = ("grade_id", "points", "grade", "solution", "locked", "task")

    def known(cells):
        found = [one["metadata"]["nbgrader"] for one in cells]
        return [tuple(given.get(flag, False) for flag in flags) for given in found]

    assert known(back) == known(cells)
    assert ["".join(one["source"]) for one in back] == [one["source"] for one in cells]
    assert "Because." not in versions.question.markdown
    assert "One for each axis." not in versions.solution.markdown
    assert [remark.split(" is ")[0].split(" has ")[0] for remark in made.remarks] == [
        "cell 4 (plot, '### BEGIN SOLUTION')", "cell 7 (auto, '### AUTOTEST cube(4)')",
    ]  # fmt: skip
    assert "write what each has to be, as assert cube(4) == ..." in made.remarks[1]


def test_an_id_that_stands_twice_is_given_once(tmp_path):
    _, _ = imported(tmp_path, cell("code", "x = 1", solution=True, grade_id="cell-1"), cell("code", "y = 1"))
    path = tmp_path / "template.md"
    text = path.read_text()
    path.write_text(text + "\n" + text[text.index("```python nbgrader") :])
    exported = export_template(path, "nbgrader")
    assert "nbgrader's id 'cell-1' stands at a cell before too; here it is 'cell-2'" in exported.remarks[0]


def test_settings_come_back_and_what_only_gradlab_has_is_named(template, tmp_path):
    text = template.read_text().replace("  timeout: 30", "  timeout: 30\n  title: Höhen\n  seed: 3")
    text = text.replace(
        "half_type points=1.5 hidden", 'half_type points=1.5 hidden timeout=3\n#!TAG COST 0.5 "a float"'
    )
    template.write_text(text + '\n#!TAG ALLOW "2 * x"\n')
    line = 1 + text[: text.index("#!TAG CHECK half_type")].count("\n")
    exported = export_template(template, "otter")
    assert exported.remarks == (
        "the seed 3 is not set before the first cell: set it there",
        f"line {line}: of the check 'half_type' what mistakes cost and its time limit is left out",
        "1 ALLOW tag left out",
    )
    (tmp_path / "there.ipynb").write_bytes(exported.data)
    (tmp_path / "back.md").write_text(import_notebook(tmp_path / "there.ipynb").text)
    ours, theirs = (read_template(path).settings for path in (template, tmp_path / "back.md"))
    assert ours == theirs


def test_views_of_the_page_are_pictures_inside_the_notebook(template, monkeypatch):
    monkeypatch.setattr(_export, "draw", lambda link: (f"#1/{link}", b"a picture"))
    template.write_text(template.read_text() + "\n![it](gradlab:derive?by=w_11)\n")
    last = json.loads(export_template(template, "nbgrader").data)["cells"][-1]
    assert last["source"][-1].endswith("![it](attachment:view-0.png)")
    assert last["attachments"] == {"view-0.png": {"image/png": "YSBwaWN0dXJl"}}


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
