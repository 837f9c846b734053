"""`gradlab lab check`: what it finds, and its exit status."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gradlab.cli import main

KEY = """---
gradlab:
  graph: {graph}
---

# Lab

## Question 1

#!TAG HWBEGIN
### Solution

$$\\frac{{\\partial f_{{in}}}}{{\\partial u_1}} = {answer}$$
#!TAG HWEND
"""


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        status = main(("lab", "check", *arguments))
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def lab(name: str, answer: str, graph: str = "mlp 2,2,1", after: str = "") -> str:
    Path(name).write_text(KEY.format(graph=graph, answer=answer) + after)
    return name


def row(out: str, question: str) -> list[str]:
    """The cells of a question's row, without the bars of the table."""
    line = next(line for line in out.splitlines() if question in line and "│" in line)
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_a_right_key_is_true(run):
    status, out, err = run(lab("lab.md", "z_{1,out}"), "--no-execute", "--strict")
    assert (status, err) == (0, "")
    assert row(out, "Question 1") == ["13", "Question 1", "key", "1", "", "", ""]
    assert "equations against mlp 2,2,1" in out
    assert "lab.md: lint: 0 remarks" in out
    assert "lab.md: leaks: none (1 line of the solution looked for)" in out
    assert "1 equation, 1 step: 1 TRUE, 0 FALSE, 0 NOT_UNDERSTOOD" in out


def test_a_wrong_key_fails_and_is_repaired(run):
    status, out, _ = run(lab("lab.md", "z_{2,out}"))
    assert status == 1
    assert row(out, "Question 1") == ["13", "Question 1", "key", "", "1", "", "write z_{1,out} for z_{2,out}"]


def test_what_is_defined_is_no_true_step(run):
    Path("lab.md").write_text("# Names\n\nLet $q = s + 3$.\n\n# Squares\n\n$(s + 1)^2 = s^2 + 2s + 1$\n")
    status, out, _ = run("lab.md", "--no-execute")
    assert status == 0
    assert row(out, "Names")[2:] == ["text", "", "", "", "definition"]
    assert row(out, "Squares")[2:] == ["text", "1", "", "", ""]
    assert "2 equations, 1 step: 1 TRUE, 0 FALSE, 0 NOT_UNDERSTOOD; apart from them 1 definition" in out


def test_the_graph_of_the_header_counts(run):
    name = lab("lab.md", "h_1", graph='"f = u_1*h_1"')
    Path(name).write_text(Path(name).read_text().replace("f_{in}", "f"))
    status, out, _ = run(name)
    assert status == 0
    assert "equations against f = u_1*h_1" in out


@pytest.mark.parametrize(
    ("before", "key", "status"),
    [
        ("", r"3 t^2 + \frac1t", 0),
        ("", r"3 t^2 + \frac2t", 1),
        ('#!TAG ALLOW "\\\\frac{\\\\partial g}{\\\\partial t} = 3 t^2 + \\\\frac2t"\n', r"3 t^2 + \frac2t", 0),
        ("# Other\n\nLet $g(t) = t^4$.\n\n", r"3 t^2 + \frac2t", 0),
    ],
    ids=["right", "wrong", "allowed", "defined twice"],
)
def test_a_key_that_is_wrong_by_the_one_definition_above_fails(run, before, key, status):
    text = "# Rule\n\nLet $g(t) = t^3 + \\log t$.\n\n" + before + "# Paper\n\n#!TAG HWBEGIN\n"
    Path("lab.md").write_text(f"{text}$$\\frac{{\\partial g}}{{\\partial t}} = {key}$$\n#!TAG HWEND\n")
    assert run("lab.md", "--no-execute")[0] == status


def test_what_is_not_understood_fails_where_that_is_asked_for(run):
    name = lab("lab.md", r"\heartsuit z")
    status, out, _ = run(name)
    assert status == 0
    assert row(out, "Question 1")[:6] == ["13", "Question 1", "key", "", "", "1"]
    assert r"\heartsuit" in row(out, "Question 1")[6]
    assert run(name, "--strict")[0] == 1


def test_leaks_and_remarks_fail(run):
    secret = "#!TAG HWBEGIN\nThe answer is forty-two and a half exactly.\n#!TAG HWEND\n\n"
    status, out, _ = run(
        lab("lab.md", "z_{1,out}", after=secret + "The answer is forty-two and a half exactly.\n\\end{enumerate}\n")
    )
    assert status == 1
    assert "this repeats line" in out
    assert "lint: 1 remark" in out
    assert "leaks: 1 (2 lines of the solution looked for)" in out


def test_a_template_that_cannot_be_read_does_not_hide_the_others(run):
    Path("bad.md").write_text("#!TAG HWBEGIN\nnever closed\n")
    status, out, err = run("bad.md", lab("good.md", "z_{1,out}"))
    assert status == 1
    assert "bad.md:1: error:" in err
    assert "good.md: 1 equation" in out
    Path("plain.md").write_text("# Nothing to prove\n")
    status, out, _ = run("plain.md")
    assert status == 0
    assert "plain.md: no equations to prove" in out


@pytest.mark.parametrize("graph", ["mlp 2,2,1", '"mlp: 2,2,1"', '"mlp:  2, 2, 1"'])
def test_a_graph_may_be_written_with_or_without_a_colon(run, graph):
    status, out, _ = run(lab("lab.md", "z_{1,out}", graph))
    assert status == 0
    assert "equations against mlp 2,2,1" in out


@pytest.mark.parametrize(("graph", "said"), [("mlp 2,x", "not the sizes of layers"), ("x1**", "not an expression")])
def test_a_graph_that_is_none_is_an_error_in_its_line(run, graph, said):
    status, _, err = run(lab("lab.md", "z_{1,out}", graph), lab("good.md", "z_{1,out}"))
    assert status == 1
    assert said in err
    assert re.match(r"lab\.md:\d+: error: graph: ", err)
    line = int(err.split(":")[1])
    assert graph in Path("lab.md").read_text().split("\n")[line - 1]


def test_a_note_is_shown_and_fails_nothing(run):
    Path("plain.md").write_text("# Nothing to prove\n")
    status, out, _ = run("plain.md")
    assert status == 0
    assert "plain.md: note: no tag marks anything as homework" in out
    assert "lint: 0 remarks" in out


CHECKED = """# Lab

```python
def double(x):
    #!TAG HWBEGIN
    #!MSG TODO
    return x + x
    #!TAG HWEND
#!TAG CHECK doubles points=2 hidden
assert {check}
#!TAG CHECKEND
```
"""


@pytest.mark.parametrize(
    ("check", "status", "said"),
    [
        ("double(2) == 4", 0, ""),
        ("double(2) == 5", 1, "lab.md:10: error: the solution does not pass the check 'doubles'"),
        ("callable(double)", 1, "lab.md:9: error: the check 'doubles' passes although its homework is empty"),
        ("True", 1, "lab.md:9: error: the solution, handed in as a student's, gets 0 of 2 for 'doubles'"),
    ],
)
def test_the_checks_are_tried(run, check, status, said):
    Path("lab.md").write_text(CHECKED.format(check=check))
    found, out, err = run("lab.md")
    assert found == status
    assert said in err
    assert ("lab.md: built, searched, and its checks tried" in out) == (status == 0)
    assert [path.name for path in Path.cwd().iterdir()] == ["lab.md"]
    assert run("lab.md", "--no-execute")[0] == 0


def test_a_question_that_does_not_run_as_it_stands_is_not_released(run):
    Path("lab.md").write_text("```python\n#!TAG HWBEGIN\nx = 1\n#!TAG HWEND\nprint(x + 1)\n```\n")
    status, _, err = run("lab.md")
    assert status == 1
    assert re.search(r"lab.md:5: error: code cell 1 of the question .*NameError", err)


def test_an_equation_that_the_author_stands_by_is_acknowledged(run):
    name = lab("lab.md", "z_{2,out}")
    status, _, err = run(name, "--no-execute")
    assert status == 1
    allow = re.search(r"acknowledge it with: (#!TAG ALLOW .*)", err)
    assert allow is not None
    path = Path(name)
    path.write_text(path.read_text() + f"\n{allow[1]}\n")
    assert run(name, "--no-execute")[0] == 0


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_what_the_gate_finds_is_written_for_programs(run, form):
    Path("lab.md").write_text(CHECKED.format(check="True") + "\nWe have $\\frac{d}{dx} x^2 = 3 x$.\n")
    status, out, _ = run("lab.md", "--format", form)
    assert status == 1
    if form == "github":
        assert [line.split(",title")[0] for line in out.splitlines()] == [
            "::error file=lab.md,line=14,col=29",
            "::error file=lab.md,line=9",
        ]
        return
    found = json.loads(out)
    if form == "sarif":
        rules = [result["ruleId"] for result in found["runs"][0]["results"]]
        assert sorted(rules) == ["check", "false-step"]
    else:
        assert [(remark["rule"], remark["line"]) for remark in found["remarks"]] == [("check", 9)]
