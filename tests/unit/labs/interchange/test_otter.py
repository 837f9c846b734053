"""Otter: its assign format read, ours written, and accepted by `otter assign`."""

from __future__ import annotations

import json

import nbformat.v4 as v4
import pytest

from gradlab import GradlabError
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions
from gradlab.labs.interchange import export_template, import_notebook
from taken_over import checks, codes, imported


def raw(*lines):
    return v4.new_raw_cell("\n".join(lines))


def test_questions_solutions_and_tests_are_taken_over(tmp_path):
    shown = v4.new_output("execute_result", data={"text/plain": "9"}, execution_count=1)
    made, versions = imported(
        tmp_path,
        raw("# ASSIGNMENT CONFIG", "name: hw", "files:", "  - data.csv"),
        v4.new_markdown_cell("# Squares"),
        raw("# BEGIN QUESTION", "name: q1", "points: 3"),
        v4.new_markdown_cell("Write it."),
        raw("# BEGIN SOLUTION"),
        v4.new_code_cell(
            "def square(x):\n    # BEGIN SOLUTION\n    return x * x\n    # END SOLUTION\nside = 4 # SOLUTION\n"
            "print(side) # SOLUTION NO PROMPT"
        ),
        raw("# END SOLUTION"),
        raw("# BEGIN TESTS"),
        v4.new_code_cell("square(3)", outputs=[shown]),
        v4.new_code_cell("# HIDDEN\nassert side == 4"),
        v4.new_code_cell(
            '""" # BEGIN TEST CONFIG\npoints: 2\nhidden: true\n""" # END TEST CONFIG\nassert square(5) == 25'
        ),
        raw("# END TESTS"),
        raw("# END QUESTION"),
        raw("# BEGIN QUESTION", "name: q2", "points: 4", "manual: true"),
        v4.new_markdown_cell("Why?"),
        raw("# BEGIN SOLUTION"),
        v4.new_markdown_cell("Because of its equal sides."),
        raw("# END SOLUTION"),
        raw("# END QUESTION"),
        v4.new_markdown_cell("## Ignore ##\nSay hello first."),
    )
    assert made.tool == "Otter"
    told = "Otter's settings of the assignment do nothing here: name, files; a note keeps them for the way back"
    assert made.remarks == (told,)
    assert checks(versions) == [
        ("q1", 0.5, False, "assert repr(square(3)) == '9'"),
        ("q1-2", 0.5, True, "assert side == 4"),
        ("q1-3", 2.0, True, "assert square(5) == 25"),
    ]
    assert codes(versions.solution)[0] == (
        "def square(x):\n    return x * x\nside = (\n        4\n)\nprint(side)"
    ).replace("        4", "    4")
    assert "side = (\n    # TODO write your code here.\n    ...\n)" in codes(versions.question)[0]
    assert "equal sides" not in versions.question.markdown
    assert "#!TAG NOTE\nSay hello first." in made.text
    answers = [c for c in versions.question.notebook.cells if c.metadata.get("gradlab", {}).get("answer")]
    assert [answer.metadata["gradlab"]["points"] for answer in answers] == [4.0]


def test_fences_in_prose_and_functions_that_test_are_read_too(tmp_path):
    made, versions = imported(
        tmp_path,
        v4.new_markdown_cell(
            "```otter\n# BEGIN QUESTION\nname: q1\npoints: 2\n```\n\nAssign x.\n\n```otter\n# BEGIN SOLUTION\n```"
        ),
        v4.new_code_cell("x = 2 # SOLUTION"),
        v4.new_markdown_cell("```otter\n# END SOLUTION\n```\n```otter\n# BEGIN TESTS\n```"),
        v4.new_code_cell("def test_it(env):\n    assert env['x'] == 2"),
        v4.new_code_cell("def test_more(x):\n    assert x < 3"),
        raw("# END TESTS"),
        raw("# END QUESTION"),
    )
    assert made.remarks == ()
    assert [source.split("\n")[-1] for *_, source in checks(versions)] == ["test_it(globals())", "test_more(x)"]
    assert "Assign x." in versions.question.markdown


def test_prompts_are_told_and_what_a_test_prints_is_compared(tmp_path):
    printing = v4.new_code_cell("print(2)\nstr(print(x))")
    printing.outputs = [
        v4.new_output("stream", text="2\n3\n"),
        v4.new_output("execute_result", {"text/plain": "'None'"}),
    ]
    _, versions = imported(
        tmp_path,
        raw("# BEGIN QUESTION", "name: q1"),
        raw("# BEGIN SOLUTION"),
        v4.new_code_cell('x = 3 # SOLUTION NO PROMPT\n""" # BEGIN PROMPT\nx = ...  # a number\n""" # END PROMPT'),
        raw("# END SOLUTION"),
        raw("# BEGIN TESTS"),
        printing,
        raw("# END TESTS"),
        raw("# END QUESTION"),
    )
    assert codes(versions.question)[0] == "# x = ...  # a number"
    ((*_, source),) = checks(versions)
    exec(source, {"x": 3})
    with pytest.raises(AssertionError):
        exec(source, {"x": 4})


@pytest.mark.parametrize(
    ("points", "worth"),
    [
        ("points: 3", [0.5, 2.5]),
        ("points:\n  each: 2", [0.5, 2.0]),
        ("points:\n  - 1\n  - 4", [0.5, 4.0]),
        ("", [0.5, 1.0]),
    ],
)
def test_points_of_a_question_go_to_its_tests(tmp_path, points, worth):
    first = '""" # BEGIN TEST CONFIG\npoints: 0.5\n""" # END TEST CONFIG\nassert x == 1'
    made, versions = imported(
        tmp_path, raw("# BEGIN QUESTION", "name: q1", points), v4.new_code_cell("x = 1 # SOLUTION"),
        raw("# BEGIN TESTS"), v4.new_code_cell(first), v4.new_code_cell("assert x < 2"), raw("# END TESTS"),
        raw("# END QUESTION"),
    )  # fmt: skip
    assert [check[1] for check in checks(versions)] == worth
    assert made.remarks == ()


def test_shares_of_a_question_add_up_to_its_points(tmp_path):
    tests = [v4.new_code_cell(f"assert x < {n}") for n in (2, 3, 4)]
    _, versions = imported(
        tmp_path, raw("# BEGIN QUESTION", "name: q1", "points: 4"), v4.new_code_cell("x = 1 # SOLUTION"),
        raw("# BEGIN TESTS"), *tests, raw("# END TESTS"), raw("# END QUESTION"),
    )  # fmt: skip
    assert sum(check[1] for check in checks(versions)) == pytest.approx(4, abs=1e-10)


def test_settings_and_plugins_come_back_and_what_does_nothing_here_is_named(tmp_path):
    config = "# ASSIGNMENT CONFIG\nname: hw\nrequirements: all.txt\nstrip_solutions_from_all_cells: true"
    plugin = '""" # BEGIN PLUGIN\nplugin: some.place.Plugin\n""" # END PLUGIN'
    made, versions = imported(
        tmp_path,
        raw(config),
        v4.new_code_cell(f"x = 1\n{plugin}"),
        raw("# BEGIN QUESTION", "name: q1", "points: all", "check_cell: false"),
        raw("# BEGIN PROMPT"),
        v4.new_code_cell("y = ...  # twice x"),
        raw("# END PROMPT"),
        raw("# BEGIN SOLUTION"),
        v4.new_markdown_cell("Stays.", metadata={"tags": ["otter_include"]}),
        v4.new_code_cell("y = 2 * x # SOLUTION NO PROMPT"),
        v4.new_markdown_cell("Goes."),
        raw("# END SOLUTION"),
        raw("# BEGIN TESTS"),
        v4.new_code_cell("assert y == 2"),
        raw("# END TESTS"),
        raw("# END QUESTION"),
    )
    assert made.remarks[0].startswith("Otter's settings of the assignment do nothing here: name, requirements")
    assert made.remarks[1].startswith("cell 2 calls a plugin of Otter's")
    assert made.remarks[-1].endswith("of the question 'q1' is not taken over: points, check_cell")
    assert codes(versions.question)[:2] == ["x = 1", "# y = ...  # twice x"]
    assert "Stays." in versions.question.markdown
    assert "Goes." not in versions.question.markdown
    cells = json.loads(export_template(tmp_path / "template.md", "otter").data)["cells"]
    assert ["".join(one["source"]) for one in cells[:3]] == [config, "x = 1", plugin]


def test_what_otter_takes_out_is_not_shown(tmp_path):
    source = "np.seed(42) # SEED\nx = 1 # IGNORE\n# BEGIN IGNORE\ny = 2\n# END IGNORE\nz = 3"
    _, versions = imported(tmp_path, raw("# ASSIGNMENT CONFIG"), v4.new_code_cell(source))
    assert codes(versions.question) == ["z = 3"]
    assert codes(versions.solution) == ["np.seed(42) # SEED\nz = 3"]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([raw("# ASSIGNMENT CONFIG"), v4.new_code_cell("f(1)  # SOLUTION NO PROMPT)")], "ends in nearly a mark"),
        ([raw("# BEGIN QUESTION", "name: q1")], "'q1' is never closed"),
        ([raw("# BEGIN QUESTION", "name: a"), raw("# BEGIN QUESTION", "name: b")], "cell 2: a question begins inside"),
        ([raw("# BEGIN TESTS")], "cell 1: # BEGIN TESTS stands outside of a question"),
        ([raw("# BEGIN QUESTION", "name: a"), raw("# BEGIN TESTS"), raw("# END SOLUTION")], "cell 3: .* does not fit"),
        ([raw("# BEGIN QUESTION", "name: ["), raw("# END QUESTION")], "cell 1: the settings of the question"),
        (
            [raw("# ASSIGNMENT CONFIG"), v4.new_code_cell("# BEGIN SOLUTION\nx = 1")],
            "cell 2: # BEGIN SOLUTION is never",
        ),
    ],
)
def test_what_does_not_fit_together_is_named(tmp_path, cells, said):
    with pytest.raises(GradlabError, match=said):
        imported(tmp_path, *cells)


def test_there_and_back_both_versions_and_the_checks_are_the_same(template, tmp_path):
    exported = export_template(template, "otter")
    assert exported.remarks == ()
    (tmp_path / "there.ipynb").write_bytes(exported.data)
    back = import_notebook(tmp_path / "there.ipynb")
    (tmp_path / "back.md").write_text(back.text)
    assert "For me alone." in back.text
    ours, theirs = (make_versions(read_template(path)) for path in (template, tmp_path / "back.md"))
    assert checks(ours) == checks(theirs)
    assert codes(ours.solution) == codes(theirs.solution)
    assert codes(ours.question) == codes(theirs.question)


def test_otter_itself_assigns_what_was_exported_and_its_tests_accept_the_solution(template, tmp_path, tool):
    # Otter compares what a test shows with what it is to show.
    shows = 'assert slope(-1.5) == -3, "elsewhere"\nfor é in [1]: slope(é); slope(2)'
    template.write_text(template.read_text().replace('assert slope(-1.5) == -3, "elsewhere"', shows))
    (tmp_path / "hw.ipynb").write_bytes(export_template(template, "otter").data)
    tool("otter", "assign", "hw.ipynb", "dist", folder=tmp_path)
    student = (tmp_path / "dist" / "student" / "hw.ipynb").read_text()
    for secret in ("2 * x", "0.5\\n", "a float", "-1.5", "everybody", "For me alone"):
        assert secret not in student
    tests = json.loads(student)["metadata"]["otter"]["tests"]
    assert {name: test["points"] for name, test in tests.items()} == {"slope_shown": 2, "half_value": 2.5}
    assert "_Type your answer here" in student
