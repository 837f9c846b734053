"""The solution and the empty question are graded as if students had handed them in."""

from __future__ import annotations

import shutil
from pathlib import Path

from gradlab.labs._diagnostics import Diagnostic
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions
from gradlab.labs.grade._release import grade_own


def check(name: str, code: str, options: str = "") -> str:
    return f"#!TAG CHECK {name} {options}\n{code}\n#!TAG CHECKEND"


def cell(*parts: str) -> str:
    return "```python\n" + "\n".join(parts) + "\n```\n\n"


DOUBLE = "def double(x):\n    #!TAG HWBEGIN\n    return x + x\n    #!TAG HWEND"
TRIPLE = "def triple(x):\n    #!TAG HWBEGIN\n    return 3 * x\n    #!TAG HWEND"
SOLVE = "def solve(a):\n    #!TAG HWBEGIN\n    return np.linalg.solve(a, [1.0, 2.0])\n    #!TAG HWEND"
SKIP = "#!TAG SKIPQUESTEXEC"
OPTIMISER = (
    "class Slide:\n    def __init__(self, held, rate):\n        self.held, self.rate = held, rate\n"
    "    def step(self):\n        for part in self.held:\n            part -= self.rate * part\n"
    "place = np.array([8.0])\nslide = Slide([place], rate=0.5)"
)
RATE = "def rate():\n    #!TAG HWBEGIN\n    return 0.5\n    #!TAG HWEND"


def found(folder: Path, text: str) -> list[Diagnostic]:
    path = folder / "lab.md"
    path.write_text(text)
    template = read_template(path)
    remarks = grade_own(template, make_versions(template))
    assert all(remark.rule == "check" for remark in remarks)
    assert [entry.name for entry in folder.iterdir()] == ["lab.md"]
    return list(remarks)


def test_a_key_that_gets_all_and_a_question_that_gets_none_are_accepted(tmp_path):
    text = (
        cell("import math")
        + cell(DOUBLE, check("a", "assert double(2) == 4"), check("b", "assert double(3) == 6", "hidden"))
        + cell("four = double(2)")
        + cell(TRIPLE)
        + cell("six = triple(2)", check("c", "assert six == 6"), check("again", "assert double(7) == 14", "hidden"))
        + cell("print(four)", check("later", "assert four == 4", "hidden"))
        + cell("#!TAG HWBEGIN\nanswer = 42\n#!TAG HWEND", check("d", "assert answer == 42"))
        + cell("1", check("e", "assert answer > 40", "hidden"))
        + cell("total = 0\nfor i in [1, 2, 3]:\n    #!TAG HWBEGIN\n    total = total + i\n    #!TAG HWEND\n    pass",
               check("f", "assert total == 6", "hidden"))
        + cell("items = []")
        + cell("#!TAG HWBEGIN\nitems.append(2)\n#!TAG HWEND\nitems.append(9)", check("g", "assert items == [2, 9]"))
        + cell("import numpy as np\nhistory = []\nw = np.zeros(2)")
        + cell(f"{SKIP}\nfor k in range(3):\n    history.append(double(k))", check("h", "assert history == [0, 2, 4]"))
        + cell("#!TAG HWBEGIN\nw -= 1\n#!TAG HWEND", check("i", "assert (w == -1).all()"))
        + cell('table = {"a": 1}\n#!TAG HWBEGIN\ntable.update(c=3)\n#!TAG HWEND\ntable["d"] = len(table)',
               check("j", 'assert table == {"a": 1, "c": 3, "d": 2}'))
        + cell(f"{SKIP}\nfor k in range(3):\n    history.append(double(k))\nprint(history.pop(), w.tolist())",
               check("k", "assert history == [0, 2, 4, 0, 2]"))
        + cell(OPTIMISER)
        + cell(f"{SKIP}\nfor k in range(3):\n    #!TAG HWBEGIN\n    slide.step()\n    #!TAG HWEND\n    pass",
               check("steps", "assert place.tolist() == [1.0]"))
        + cell(f"{SKIP}\n{RATE}", check("l", "assert rate() == 0.5"),
               check("m", "assert double(1) == 2\nassert rate() == 0.5"))
    )  # fmt: skip
    assert found(tmp_path, text) == []


def test_checks_may_use_what_earlier_ones_made_and_set_what_libraries_hold(tmp_path):
    first = "from numpy.testing import assert_allclose\nplace = 1.5\nassert_allclose(double(place), 3)"
    patching = "np.linalg.solve = None\nassert triple(place) == 4.5"
    text = (
        cell("import numpy as np")
        + cell(DOUBLE, check("a", first))
        + cell(f"{SKIP}\nmore = place + 1")  # only the check has made it
        + cell(TRIPLE, check("b", patching, "hidden"), check("c", "assert_allclose(triple(place), 4.5)"))
        + cell(SOLVE, check("d", "assert np.allclose(solve(np.eye(2)), np.linalg.solve(np.eye(2), [1, 2]))", "hidden"))
    )
    [note] = found(tmp_path, text)
    assert (note.severity, note.message) == (
        "note",
        f"a given cell fails where submissions run, line {note.line}: NameError: name 'place' is not defined",
    )


def test_each_check_that_the_solution_does_not_pass_is_named_in_its_line_with_its_reason(tmp_path):
    slow = "double(1)\nimport time\ntime.sleep(1.5)"
    text = cell(
        DOUBLE,
        check("a", "x = double(2)\nassert x == 5, 'it is five'", "hidden"),
        check("b", "assert double(2) == 5"),
        check("c", "double(2).size"),
        check("slow", slow, "timeout=0.5"),
    )
    lines = text.splitlines()
    said = [(lines[error.line - 1], error.message.partition(": ")[2]) for error in found(tmp_path, text)]
    assert said == [
        ("assert x == 5, 'it is five'", "it is five"),
        ("assert double(2) == 5", "this does not hold: double(2) == 5"),
        ("double(2).size", "AttributeError: 'int' object has no attribute 'size'"),
        ("time.sleep(1.5)", "it runs longer than 0.5 s; give it more time with timeout="),
    ]


def test_a_check_that_holds_while_the_homework_is_empty_is_an_error(tmp_path):
    caught = "try:\n    assert double(2) == 4\nexcept Exception:\n    pass"
    loose = "try:\n    bounded = rate() <= 1\nexcept NotImplementedError:\n    bounded = four == 4\nassert bounded"
    text = (
        cell(DOUBLE, check("a", "assert callable(double)"), check("free", caught, "points=0"))
        + cell(RATE, check("c", "four = double(2)\n" + loose))
        + cell("3", check("none", "assert True"), check("also none", "assert True", "points=0").replace(" none", ""))
    )
    remarks = found(tmp_path, text)
    empty = [r.message.split("'")[1] for r in remarks if "passes although its homework is empty" in r.message]
    assert empty == ["a", "c"]
    [lost] = [r for r in remarks if "handed in as a student's" in r.message]
    assert lost.message.endswith("gets 0 of 1 for 'none': the check uses nothing that is homework, so that nobody "
                                 "gets its points")  # fmt: skip


def test_a_check_that_holds_at_home_alone_is_an_error_that_says_what_to_write_instead(tmp_path):
    fourfold = "def fourfold(x):\n    #!TAG HWBEGIN\n    return double(double(x))\n    #!TAG HWEND"
    uses = "del double\ntry:\n    fourfold(1)\n    assert False, 'not by double'\nexcept NameError:\n    pass"
    point = (
        "class Point:\n    #!TAG HWBEGIN\n    def __init__(self, x):\n        self.x = x\n"
        "    def __eq__(self, other):\n        return self.x == other.x\n    #!TAG HWEND"
    )
    text = (
        cell(DOUBLE)
        + cell(fourfold, check("uses", uses))
        + cell(point, check("equal", "assert Point(3) == Point(3) and Point(3).x == 3"))
    )
    said = {remark.message.split("'")[2]: remark.message for remark in found(tmp_path, text)}
    assert "deletes double" in said["uses"]
    assert "compare what they return instead" in said["uses"]
    assert "is a Point, and no number" in said["equal"]
    assert "len(...), list(...)" in said["equal"]


def test_what_cannot_be_compared_is_said_and_no_error(tmp_path):
    text = (
        cell(DOUBLE)
        + cell("def noise():\n    #!TAG HWBEGIN\n    return double(1) * 0\n    #!TAG HWEND")
        + cell("noise()")
    )
    [note] = found(tmp_path, text)
    assert (note.severity, note.line) == ("note", 9)
    assert "'noise' has no CHECK, and even the key waits for a human: the solution never calls" in note.message


def test_homework_that_no_check_asks_for_is_run_with_what_it_rests_on(tmp_path):
    block = "#!TAG HWBEGIN\n#!MSG Do it.\n{}\n#!TAG HWEND"
    text = (
        cell("import numpy as np")
        + cell(SKIP, block.format("heights = [1.0, 2.0]"), check("a", "assert heights[1] == 2"))
        + cell(SKIP, "sizes = [2 * height for height in heights]")
        + cell(SKIP, block.format("print(np.array(sizes))"))
        + cell(SKIP, block.format("total = sum(sizes)"))
    )
    assert found(tmp_path, text) == []


def test_a_derivation_of_the_key_is_judged_where_it_is_asked(tmp_path):
    text = (
        "---\ngradlab:\n  graph: f = x**3\n---\n\n# Slope\n\n1. Compute $\\partial f / \\partial x$.\n\n"
        "#!TAG ANSWER points=2\n\n#!TAG HWBEGIN\n$$\\frac{\\partial f}{\\partial x} = %s$$\n#!TAG HWEND\n"
    )
    assert found(tmp_path, text.replace("\\partial", "d ") % "3 x^2") == []
    words = "\n## Words\n\nWhy?\n\n#!TAG ANSWER points=1\n\n#!TAG HWBEGIN\nBecause.\n#!TAG HWEND\n"
    error, note = found(tmp_path, text % "2 x^2" + words)
    assert error.line == 10
    assert "gets 0 of 2 for 'Slope': 0 of 1 derivatives are right" in error.message
    assert (note.severity, note.line) == ("note", 20)
    assert note.message.startswith("1 written answer will wait for a human")


def test_what_ends_the_grader_or_lasts_for_ever_ends_no_gate(tmp_path):
    header = "---\ngradlab:\n  timeout: 1\n---\n\n"
    loop = "done = False\n#!TAG HWBEGIN\ndone = True\n#!TAG HWEND\nwhile not done: pass"
    assert found(tmp_path, header + cell(loop, check("a", "assert done"))) == []
    end = "import os\n#!TAG HWBEGIN\nvalue = os._exit(1)\n#!TAG HWEND"
    [error] = found(tmp_path, cell(end, check("a", "assert value == 1")))
    assert error.message == "the grader does not start"


def test_without_bubblewrap_it_is_said_and_the_rest_is_done(tmp_path, monkeypatch):
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "bwrap" else which(name))
    note, error = found(tmp_path, cell(DOUBLE, check("a", "assert callable(double)")))
    assert note.message.startswith("the solution was graded without a sandbox: submissions are run inside bubblewrap")
    assert "tests nothing" in error.message


def test_where_nothing_is_asked_nothing_is_graded(tmp_path):
    assert found(tmp_path, cell("raise SystemExit")) == []


def test_what_is_drawn_or_written_and_no_data_is_made_anew_for_its_check(tmp_path):
    bars, lines = "ax.hist(shown, bins=4)", "for k in (1, 2):\n    ax.plot(shown, [k * x for x in shown])"
    written = 'for x in shown:\n    out.write(f"{x:g} ")'
    text = (
        cell("import io\nimport matplotlib.pyplot as plt\nshown, out = [1.0, 2.0, 2.5, 4.0], io.StringIO()")
        + cell(SKIP, "fig, ax = plt.subplots()", f"#!TAG HWBEGIN\n{bars}\n#!TAG HWEND",
               check("bars", "assert len(ax.patches) == 4"))
        + cell("fig, ax = plt.subplots()", f"#!TAG HWBEGIN\n{lines}\n#!TAG HWEND",
               check("lines", "assert len(ax.lines) == 2"))
        + cell(f"#!TAG HWBEGIN\n{written}\n#!TAG HWEND", check("out", "assert out.getvalue() == '1 2 2.5 4 '"))
    )  # fmt: skip
    assert found(tmp_path, text) == []
