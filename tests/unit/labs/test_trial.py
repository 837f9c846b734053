"""Checks are tried: the solution passes each, the empty question none."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gradlab.labs._template import read_template
from gradlab.labs._trial import try_checks
from gradlab.labs._versions import make_versions


def check(name: str, code: str, options: str = "") -> str:
    return f"#!TAG CHECK {name} {options}\n{code}\n#!TAG CHECKEND"


def cell(*parts: str) -> str:
    return "```python\n" + "\n".join(parts) + "\n```\n\n"


DOUBLE = "def double(x):\n    #!TAG HWBEGIN\n    return x + x\n    #!TAG HWEND"
TRIPLE = "def triple(x):\n    #!TAG HWBEGIN\n    return 3 * x\n    #!TAG HWEND"


def errors_of(folder: Path, text: str) -> list[tuple[int, str]]:
    path = folder / "lab.md"
    path.write_text(text)
    template = read_template(path)
    found = asyncio.run(try_checks(template, make_versions(template), lambda *_: None))
    assert all(error.rule == "check" for error in found)
    return [(error.line, error.message) for error in found]


def test_checks_that_tell_an_answer_from_none_are_accepted(tmp_path):
    text = (
        cell("import math")
        + cell(DOUBLE, check("a", "assert double(2) == 4"), check("b", "assert double(3) == 6", "hidden"))
        + cell("four = double(2)")
        + cell(TRIPLE)
        + cell("six = triple(2)", check("c", "assert six == 6"))
        + cell("print(four)", check("later", "assert four == 4", "hidden"))
    )
    assert errors_of(tmp_path, text) == []


def test_a_check_that_the_solution_fails_is_an_error_in_its_line(tmp_path):
    text = cell(DOUBLE, check("a", "x = double(2)\nassert x == 5, 'it is five'", "hidden"))
    [(line, message)] = errors_of(tmp_path, text)
    assert line == 8
    assert "the solution does not pass the check 'a', which failed with AssertionError: it is five" in message


def test_a_check_that_the_empty_question_passes_is_an_error(tmp_path):
    caught = "try:\n    assert double(2) == 4\nexcept Exception:\n    pass"
    codes = dict(zip("abc", ("assert True", "assert callable(double)", caught), strict=True))
    found = errors_of(tmp_path, cell(DOUBLE, *(check(name, code) for name, code in codes.items())))
    assert [line for line, _ in found] == [6, 9, 12]
    for name, (_, message) in zip(codes, found, strict=True):
        assert f"the check '{name}' passes although the homework of line 2 is empty: it tests nothing" in message
    assert errors_of(tmp_path, cell(DOUBLE, *(check(name, code, "points=0") for name, code in codes.items()))) == []


def test_an_earlier_task_that_is_empty_hides_no_check_that_tests_nothing(tmp_path):
    # Without the solution's double, rate would be missing and the check fail for that alone.
    rate = "def rate():\n    #!TAG HWBEGIN\n    return 0.5\n    #!TAG HWEND"
    loose = check(
        "loose", "try:\n    bounded = rate() <= 1\nexcept NotImplementedError:\n    bounded = four == 4\nassert bounded"
    )
    text = cell(DOUBLE, check("a", "assert double(1) == 2")) + cell("four = double(2)") + cell(rate, loose)
    assert [message.split("'")[1] for _, message in errors_of(tmp_path, text)] == ["loose"]


def test_a_second_check_of_an_earlier_task_is_accepted(tmp_path):
    text = cell(DOUBLE, check("a", "assert double(1) == 2")) + cell(
        TRIPLE, check("b", "assert triple(1) == 3"), check("again", "assert double(7) == 14", "hidden")
    )
    assert errors_of(tmp_path, text) == []


def test_an_answer_that_is_a_value_is_forgotten_before_its_second_check(tmp_path):
    answer = "#!TAG HWBEGIN\nanswer = 42\n#!TAG HWEND"
    text = cell(answer, check("a", "assert answer == 42")) + cell("1", check("b", "assert answer > 40", "hidden"))
    assert errors_of(tmp_path, text) == []


def test_what_an_empty_cell_leaves_behind_is_not_the_solutions_fault(tmp_path):
    grow = "#!TAG HWBEGIN\nitems.append(2)\n#!TAG HWEND\nitems.append(9)"
    text = cell("items = []") + cell(grow, check("a", "assert items == [2, 9]"))
    assert errors_of(tmp_path, text) == []


def test_an_endless_question_and_one_that_ends_its_kernel_do_not_end_the_trial(tmp_path):
    loop = "done = False\n#!TAG HWBEGIN\ndone = True\n#!TAG HWEND\nwhile not done: pass"
    header = "---\ngradlab:\n  timeout: 2\n---\n\n"
    text = header + cell(loop, check("a", "assert done")) + cell(DOUBLE, check("b", "assert double(1) == 2"))
    assert errors_of(tmp_path, text) == []
    end = "import os\n#!TAG HWBEGIN\nvalue = 1\n#!TAG HWEND\nif 'value' not in globals(): os._exit(1)"
    text = cell(end, check("a", "assert value == 1")) + cell(DOUBLE, check("b", "assert double(1) == 3"))
    assert [line for line, _ in errors_of(tmp_path, text)] == [18]


def test_a_check_that_takes_too_long_is_named_with_its_limit(tmp_path):
    [(line, message)] = errors_of(
        tmp_path, cell(DOUBLE, check("a", "double(1)\nimport time\ntime.sleep(20)", "timeout=1"))
    )
    assert line == 6
    assert "ran longer than 1 s; give it more time with timeout=" in message


def test_a_lab_without_checks_is_not_run(tmp_path):
    assert errors_of(tmp_path, cell("raise SystemExit")) == []
