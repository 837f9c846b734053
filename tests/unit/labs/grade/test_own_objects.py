"""Objects that a submission makes up are not believed, and what one check leaves behind costs no other."""

from __future__ import annotations

import shutil

import pytest

from gradlab.labs.grade.verdicts._form import cast, other_form

from . import submissions as made

DRAW = (
    "def draw(xs):\n    ax = plt.subplots()[1]\n    ax.plot(xs, [x * x for x in xs])\n"
    "    ax.set_xlabel('x')\n    return ax"
)
FIGURE = "fig, ax = plt.subplots()\nax.plot([0, 1, 2], [0, 1, 8])\nax.set_title('cubes')"
LINE = "class Line:\n    def __init__(self, a):\n        self.a = a\n    def at(self, x):\n        return self.a * x"
STEEP = "steep = Line(4.0)"
SPREAD = "def spread(values):\n    return np.asarray(values) / np.std(values)"
ROWS = "rows = [1, 2]"
KEY = {"spread": SPREAD, "rows": ROWS, "draw": DRAW, "figure": FIGURE, "line": LINE, "steep": STEEP}
CHECKS = {
    "spread": "assert abs(spread([1.0, 2.0, 6.0]).std() - 1) < 1e-9",
    "rows": "assert rows == [1, 2]",
    "draw": "on = draw([0.0, 3.0])\nassert (on.get_xlabel(), list(on.lines[0].get_ydata())) == ('x', [0.0, 9.0])",
    "figure": "assert (ax.get_title(), list(ax.lines[0].get_ydata())) == ('cubes', [0, 1, 8])",
    "line": (
        "of = Line(2.0)\nassert of.at(3.0) == 6.0 and of.a == 2.0\nassert isinstance(of, (int, Line))\n"
        "assert issubclass(Line, Line) and not isinstance(of, (np.ndarray, str)) and not isinstance(None, Line)"
    ),
    "steep": "assert steep.a == 4.0 and isinstance(steep, Line)",
}
QUESTION = "```python\n#!TAG HWBEGIN\n#!MSG TODO\n{}\n#!TAG HWEND\n#!TAG CHECK {} points=1\n{}\n#!TAG CHECKEND\n```\n"
GIVEN = "import matplotlib.pyplot as plt\nimport numpy as np\nimport pandas as pd"
LAB = f"# Lab\n\n```python\n{GIVEN}\n```\n\n" + "\n".join(
    QUESTION.format(KEY[name], name, CHECKS[name]) for name in KEY
)
SAYS = (
    "class Drawn:\n    def get_ydata(self):\n        return {}\n"
    "class Axes:\n    lines = [Drawn()]\n    def get_xlabel(self):\n        return 'x'\n"
    "    def get_title(self):\n        return 'cubes'\n"
)
HOLDS = "class Held({}):\n    def {}(self, *_):\n        return {}\n"
SUBMISSIONS = {
    "right": ({}, "111111"),
    "a list that says more": (
        {"rows": HOLDS.format("list", "__iter__", "iter([1, 2])") + "rows = Held([3])"}, "101111",
    ),
    "a list of its own": ({"rows": HOLDS.format("list", "__len__", "3") + "rows = Held([1, 2])"}, "111111"),
    "a deque that says more": (
        {"rows": "from collections import deque\n" + HOLDS.format("deque", "__getitem__", "1") + "rows = Held([1])"},
        "1?1111",
    ),
    "an array that says more": (
        {"spread": HOLDS.format("np.ndarray", "std", "1.0")
         + "def spread(values):\n    return np.zeros(3).view(Held)"}, "011111",
    ),
    "axes that say more": (
        {"figure": "class Held(plt.Axes):\n    lines = Drawn = property(lambda self: [self])\n"
         "    def get_title(self):\n        return 'cubes'\n    def get_ydata(self):\n        return [0, 1, 8]\n"
         "ax = Held(plt.figure(), (0, 0, 1, 1))"}, "111?11",
    ),
    "a line that is a number": ({"steep": "class Held(float):\n    a = 4.0\nsteep = Held(4.0)"}, "11111?"),
    "a line that is a Decimal": (
        {"steep": "from decimal import Decimal\nclass Held(Decimal):\n    a = 4.0\nsteep = Held(4)"}, "11111?",
    ),
    "draws with plt": (
        {"draw": "def draw(xs):\n    plt.clf()\n    plt.plot(xs, [x * x for x in xs])\n    plt.xlabel('x')\n"
         "    return plt.gca()"}, "111111",
    ),
    "axes of its own": ({"draw": SAYS.format([0.0, 9.0]) + "def draw(xs):\n    return Axes()"}, "11?111"),
    "a figure of its own": ({"figure": SAYS.format([0, 1, 8]) + "ax = Axes()"}, "111?11"),
    "wrong figure": ({"figure": FIGURE.replace("cubes", "squares")}, "111011"),
    "a line of its own": ({"steep": "class Steep:\n    a = 4.0\nsteep = Steep()"}, "11111?"),
    "a line by another name": ({"steep": "line = Line(4.0)\nsteep = line"}, "111111"),
    "a series": ({"spread": "def spread(values):\n    return pd.Series(values) / np.std(values)"}, "?11111"),
    "a list": ({"spread": "def spread(values):\n    return [value / np.std(values) for value in values]"}, "?11111"),
    "a wrong series": ({"spread": "def spread(values):\n    return pd.Series(values) - 1.0"}, "011111"),
    "rows in an array": ({"rows": "rows = np.array([1, 2])"}, "1?1111"),
    "rows in an array of objects": ({"rows": "rows = np.array([1, 2], dtype=object)"}, "1?1111"),
    "rows in a tuple": ({"rows": "rows = (1, 2)"}, "1?1111"),
    "other rows in a tuple": ({"rows": "rows = (1, 3)"}, "101111"),
    "a line that is derived": ({"steep": "class Steep(Line):\n    pass\nsteep = Steep(4.0)"}, "11111?"),
    "a line by a function": ({"line": LINE.replace("Line", "Made") + "\ndef Line(a):\n    return Made(a)"}, "1111?1"),
    "wrong line": ({"steep": "steep = Line(5.0)"}, "111110"),
}  # fmt: skip


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_what_an_object_of_its_own_class_says_of_itself_is_for_a_human(tmp_path):
    submissions = {name: (GIVEN, *(KEY | changed).values()) for name, (changed, _) in SUBMISSIONS.items()}
    found, grading = made.marks(tmp_path, LAB, submissions)
    assert found == {name: points for name, (_, points) in SUBMISSIONS.items()}
    why = {one.student: one.questions[1].reason for one in grading.results if "rows" in one.student}
    for name, kind in {"array": "ndarray", "array of objects": "ndarray", "tuple": "tuple"}.items():
        assert (
            why[f"rows in a{'n' * (name[0] == 'a')} {name}"]
            == f"what your code made would be right as list, and comes as {kind}"
        )


SHARED = (
    f"# Lab\n\n```python\n{GIVEN}\nshown = np.array([1.0, 3.0, 5.0])\n```\n\n"
    + QUESTION.format("def shift(v):\n    return v - v.min()", "shift", "assert shift(shown).max() == 4")
    + "\n"
    + QUESTION.format("total = shown.sum()", "total", "assert total == shown.sum()")
    + "\n```python\n#!TAG SKIPQUESTEXEC\nfig, ax = plt.subplots()\n#!TAG HWBEGIN\n#!MSG TODO\nax.hist(shown, bins=4)\n"
    "ax.set_xlabel('x')\n#!TAG HWEND\n"
    "#!TAG CHECK bars points=0.3333\nassert len(ax.patches) == 4\n#!TAG CHECKEND\n```\n"
)
SHIFT, TOTAL, BARS = "def shift(v):\n    return v - min(v)", "total = sum(shown)", "fig, ax = plt.subplots()\n{}"
HIST = "ax.hist(shown, 4)\nax.set_xlabel('x')"
ON_GIVEN = {
    "right": ((SHIFT, TOTAL, BARS.format(HIST)), "110.3333"),
    "in place": (
        ("def shift(v):\n    v -= v.min()\n    return v", TOTAL, BARS.format(HIST)), "110.3333",
    ),
    "shifted total": ((SHIFT, "total = shift(shown).sum()", BARS.format(HIST)), "100.3333"),
    "drawn with plt": ((SHIFT, TOTAL, BARS.format("plt.hist(shown, bins=4)")), "110.3333"),
    "other bars with plt": ((SHIFT, TOTAL, BARS.format("plt.hist(shown, bins=5)")), "110"),
    "nothing drawn": ((SHIFT, TOTAL, BARS.format("# later")), "110"),
    "something else": ((SHIFT, TOTAL, BARS.format("print(shown)")), "110"),
}  # fmt: skip


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_what_is_given_stays_for_other_checks_and_may_be_drawn_on_by_plt(tmp_path):
    given = f"{GIVEN}\nshown = np.array([1.0, 3.0, 5.0])"
    found, result = made.marks(tmp_path, SHARED, {name: (given, *cells) for name, (cells, _) in ON_GIVEN.items()})
    assert found == {name: points for name, (_, points) in ON_GIVEN.items()}
    (right,) = [one for one in result.results if one.student == "right"]
    assert right.points == right.possible


def test_the_kind_that_is_another_is_told_from_those_that_are_the_same():
    assert other_form({"tuple", "DataFrame"}, {"list", "DataFrame"}) == ("tuple", "list")
    table = {"a": 1}
    assert (cast((), "tuple", "list"), cast(table, "tuple", "list")) == ([], table)
