"""One error costs one question: what is built on it is judged with the key's in its place, or by a human."""

from __future__ import annotations

import shutil

import pytest

from . import submissions as made

ADDER = """class Adder:
    def __init__(self):
        self.sum = 0
    def add(self, number):
        self.sum += number
    def total(self):
        return self.sum
    def __len__(self):
        return 2
"""
TWICE = "def twice(number):\n    return 2 * number"
SUMS = "sums, adding = [], Adder()\nfor number in data:\n    adding.add(twice(number))\n    sums.append(adding.total())"
TOP = "top = max(sums)"
THIRDS = "def thirds(values):\n    return np.asarray(values) / 3"
KEY = {"adder": ADDER, "twice": TWICE, "sums": SUMS, "top": TOP, "thirds": THIRDS}
CHECKS = {
    "adder": "adder = Adder()\nfor number in (2, 3):\n    adder.add(number)\nassert adder.total() == 5",
    "twice": "assert (twice(4), twice(-3)) == (8, -6)",
    "sums": "assert np.allclose(sums, [2, 6, 18])",
    "top": "assert top == 18",
    "thirds": "x = [3.0, 6.0]\nassert np.allclose(thirds(x), [1, 2]) and thirds([9.0])[0] == 3 and x == [3.0, 6.0]",
}
QUESTION = (
    "```python\n#!TAG SKIPQUESTEXEC\n#!TAG HWBEGIN\n#!MSG TODO\n{}\n#!TAG HWEND\n"
    "#!TAG CHECK {} points=1\n{}\n#!TAG CHECKEND\n```\n"
)


def questions(*rows: tuple[str, str, str], limit: str = "") -> str:
    """The questions of a lab: for each its name, the key's answer, and the check."""
    return "".join(QUESTION.format(answer, f"{name}{limit}", check) for name, answer, check in rows)


GIVEN = "```python\nimport numpy as np\nfrom collections import deque\ndata = [1.0, 2.0, 6.0]\n```\n"
LAB = "# Lab\n\n" + "\n".join([GIVEN, *(QUESTION.format(KEY[name], name, CHECKS[name]) for name in KEY)])
OTHER = ADDER.replace("+= number", "= number")
EVIL = "class Evil:\n    def __bool__(self):\n        return True\n" + "".join(
    f"    def __{name}__(self, *_):\n        return {value}\n"
    for name, value in {"eq": True, "sub": "self", "rsub": "self", "abs": 0, "le": True, "lt": True}.items()
)
SUBMISSIONS = {
    "right": ({}, "11111"),
    "wrong class": ({"adder": OTHER}, "01111"),
    "wrong function": ({"twice": "def twice(number):\n    return number ** 2"}, "10111"),
    "wrong beyond its check": ({"twice": "def twice(number):\n    return {4: 8, -3: -6}.get(number, 0)"}, "11?11"),
    "changes its list": (
        {"thirds": "def thirds(values):\n    values[:] = [value / 3 for value in values]\n    return values"},
        "11110",
    ),
    "builds on more than the key": (
        {
            "twice": "def twice(number):\n    return number ** 2",
            "thirds": "def thirds(x):\n    return twice(np.asarray(x)) / 6",
        },
        "10111",
    ),
    "both wrong": ({"adder": OTHER, "twice": "def twice(number):\n    print(number)"}, "00111"),
    "no class": ({"adder": ""}, "01111"),
    "asks how long": ({"adder": OTHER, "sums": SUMS + "\nassert len(adding) == 2"}, "01111"),
    "wrong value": ({"sums": "sums = [1, 2]"}, "11011"),
    "wrong above wrong": ({"adder": OTHER, "sums": SUMS.replace("twice(number)", "number")}, "01011"),
    "another class": (
        {"adder": OTHER.replace("self)", "self, start)", 1), "sums": SUMS.replace("Adder()", "Adder(0)")},
        "?1?11",
    ),
    "other methods": ({"adder": ADDER.replace("def add(", "def more(")}, "?1111"),
    "a method is missing": ({"adder": ADDER.replace("def total", "def _total")}, "01111"),
    "a dict": ({"thirds": "def thirds(values):\n    return dict(enumerate(np.asarray(values) / 3))"}, "1111?"),
    "a tuple": ({"sums": SUMS + "\nsums = tuple(sums)"}, "11111"),
    "a tensor": (
        {"thirds": "import torch\ndef thirds(values):\n    return torch.as_tensor(values) / 3"},
        "11111",
    ),
    "chains nothing": (
        {"adder": ADDER.replace("        self.sum += number\n", "        self.sum += number\n        return 0\n")},
        "11111",
    ),
    "nothing": ({"thirds": "def thirds(values):\n    values = np.asarray(values) / 3"}, "11110"),
    "a deque": ({"thirds": "def thirds(values):\n    return deque(value / 3 for value in values)"}, "11111"),
    "yields": ({"thirds": "def thirds(values):\n    yield from np.asarray(values) / 3"}, "1111?"),
    "agrees": ({"thirds": f"{EVIL}\ndef thirds(values):\n    return Evil()"}, "1111?"),
    "says a number": ({"top": "class Says:\n    def __float__(self):\n        return 18.0\ntop = Says()"}, "111?1"),
    "says a whole number": ({"top": "class Says:\n    def __index__(self):\n        return 18\ntop = Says()"}, "111?1"),
    "says an array": (
        {
            "thirds": "class Says:\n    def __init__(self, values):\n        self.values = values\n"
            "    def __array__(self, dtype=None, copy=None):\n        return np.asarray(self.values) / 3\n"
            "    def __getitem__(self, place):\n        return 3\n"
            "def thirds(values):\n    return Says(values)"
        },
        "1111?",
    ),
    "is a function": ({"thirds": "def thirds(values):\n    return thirds"}, "11110"),
    "seems refused": (
        {"thirds": "class ValueRefusedError(Exception):\n    pass\ndef thirds(values):\n    raise ValueRefusedError"},
        "1111?",
    ),
}


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_one_error_costs_one_question(tmp_path):
    submissions = {name: tuple((KEY | changed).values()) for name, (changed, _) in SUBMISSIONS.items()}
    found, _ = made.marks(tmp_path, LAB, submissions)
    assert found == {name: points for name, (_, points) in SUBMISSIONS.items()}


ROWS = "# Lab\n\n```python\nrows = []\n#!TAG HWBEGIN\n#!MSG Fill it.\nrows.append(1)\nrows.append(2)\n#!TAG HWEND\n"
ANEW = {
    "as the key": (("rows = []\nrows.append(1)\nrows.append(2)",), "1"),
    "begins anew": (("rows = []\nrows.append(1)\nrows = []\nrows.append(2)",), "0"),
    "begins anew in another cell": (("rows = []\nrows.append(1)", "rows = []\nrows.append(2)"), "0"),
    "has tried before": (("rows = []\nrows.append(7)", "rows = []\nrows.append(1)\nrows.append(2)"), "1"),
    "goes on behind it": (("rows = []\nrows.append(1)\nrows.append(2)", "rows = []\nrows.append(3)"), "1"),
}


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_what_is_given_once_and_stands_there_again_begins_anew(tmp_path):
    lab = f"{ROWS}#!TAG CHECK rows points=1\nassert rows == [1, 2]\n#!TAG CHECKEND\n```\n"
    found, result = made.marks(tmp_path, lab, {name: cells for name, (cells, _) in ANEW.items()})
    assert found == {name: points for name, (_, points) in ANEW.items()}, result


ENDLESS = "def twice(number):\n    while number:\n        time.sleep(0.01)"
TIMED = "# Lab\n\n```python\nimport time\n```\n" + questions(
    ("once", TWICE, "assert twice(4) == 8"),
    ("again", "more = 1", "assert twice(3) == 6 and more == 1"),
    ("sums", "doubled = [twice(3)]", "assert doubled == [6]"),
    ("four", "def four_times(number):\n    return twice(twice(number))", "assert four_times(1) == 4"),
    limit=" timeout=1",
)


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_what_runs_without_end_is_not_called_again_and_again(tmp_path):
    answers = (ENDLESS, "more = 1", "doubled = [twice(3)]", "def four_times(number):\n    return twice(twice(number))")
    lab = "---\ngradlab:\n  timeout: 2\n---\n\n" + TIMED
    found, result = made.marks(tmp_path, lab, {"endless": answers})
    assert found == {"endless": "0111"}, result
    said = [f"{one.reason} {one.notes}" for one in result.results[0].questions]
    assert "was stopped" in said[0]
    assert all("is not called again" in words for words in said[1:]), said


HALF = "def half(x):\n    return x / 2"
ODD = "class Half:\n    pass\ndef half(x):\n    return x / 2 if x < 3 else Half()"
WAITS = "# Lab\n" + questions(
    ("half", HALF, "assert half(2.0) == 1.0"),
    ("more", "def other(x):\n    return half(x)", "assert half(8.0) == 4.0"),
    ("quarter", "def quarter(x):\n    return half(half(x))\nvalue = quarter(8.0)", "assert value == 2.0"),
    ("last", "last = 1", "assert last == 1 and quarter(2.0) == 0.5"),
)


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_what_builds_on_an_answer_that_waits_for_a_human_is_judged_with_the_keys(tmp_path):
    rest = (
        "def other(x):\n    return half(x)",
        "def quarter(x):\n    return half(half(x))\nvalue = quarter(8.0)",
        "last = 1",
    )
    found, result = made.marks(tmp_path, WAITS, {"odd": (ODD, *rest), "right": (HALF, *rest)})
    assert found == {"odd": "1?11", "right": "1111"}, result
