"""Notebooks of courses that put comments around their solutions."""

from __future__ import annotations

import nbformat.v4 as v4
import pytest

from gradlab import GradlabError
from taken_over import codes, imported

PAIRS = [
    ("### START CODE HERE ### (≈ 1 line of code)", "### END CODE HERE ###"),
    ("# START CODE HERE (REPLACE INSTANCES OF 'None' with your code)", "# END CODE HERE"),
    ("## BEGIN YOUR CODE", "## END YOUR CODE"),
    ("# BEGIN_YOUR_CODE (our solution is 1 line of code)", "# END_YOUR_CODE"),
    ("# YOUR CODE STARTS HERE", "# YOUR CODE ENDS HERE"),
    ("### YOUR CODE HERE", "### END YOUR CODE"),
    ("# *****START OF YOUR CODE (DO NOT DELETE/MODIFY THIS LINE)*****", "# *****END OF YOUR CODE*****"),
]


@pytest.mark.parametrize(("start", "end"), PAIRS)
def test_what_stands_between_two_comments_is_homework(tmp_path, start, end):
    source = f"def f(x):\n    # what f does\n    {start}\n    y = x * 3\n    {end}\n    return y"
    made, versions = imported(tmp_path, v4.new_markdown_cell("# Lab"), v4.new_code_cell(source))
    assert (made.tool, made.remarks) == ("another course", ())
    assert codes(versions.solution) == ["def f(x):\n    # what f does\n    y = x * 3\n    return y"]
    (question,) = codes(versions.question)
    assert "x * 3" not in question
    told = {"### ST": "≈ 1 line of code", "# STAR": "REPLACE", "# BEGI": "our solution is 1 line"}.get(
        start[:6], "write your"
    )
    assert f"    # TODO {told}" in question


def test_they_count_in_a_solution_cell_of_nbgrader_too(tmp_path):
    source = "def f(x):\n    # YOUR CODE STARTS HERE\n    y = x * 3\n    # YOUR CODE ENDS HERE\n    return y"
    cell = v4.new_code_cell(source, metadata={"nbgrader": {"solution": True, "grade": False, "grade_id": "f"}})
    made, versions = imported(tmp_path, cell)
    assert made.tool == "nbgrader"
    (question,) = codes(versions.question)
    assert question.startswith("def f(x):\n    # TODO write your code here.")
    assert question.endswith("return y")


def test_what_is_no_pair_is_left_or_refused(tmp_path):
    banner = "#####\n#        END OF YOUR CODE       #\n#####\n# YOUR CODE HERE"
    pair = "### START CODE HERE ###\nW = None\n### END CODE HERE ###\n"
    made, versions = imported(
        tmp_path, v4.new_code_cell(pair + banner), v4.new_code_cell("# start of your code review")
    )
    assert made.remarks == ("cell 1 has no solution between its marks: write one between the tags",)
    assert codes(versions.solution) == ["W = None\n" + banner, "# start of your code review"]
    with pytest.raises(GradlabError, match="cell 2: '### START CODE HERE ###' is never closed"):
        imported(tmp_path, v4.new_code_cell(pair), v4.new_code_cell("### START CODE HERE ###\n1"))
    line = "s = None ### START CODE HERE ### s = 1 ### END CODE HERE ###"
    with pytest.raises(GradlabError, match=r"cell 2: .* has both marks in one line"):
        imported(tmp_path, v4.new_code_cell(pair), v4.new_code_cell(line))
    with pytest.raises(GradlabError, match="nor a pair of comments around each solution"):
        imported(tmp_path, v4.new_code_cell("### START CODE HERE ###\n1"))
