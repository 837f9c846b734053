"""Cells in another order, and functions that are handed a generator of random numbers."""

from __future__ import annotations

import shutil

import pytest

from gradlab.labs.grade.matching import order_of, statements_of

from . import submissions as made

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")

ORDERS = (
    (("a = 1", "b = a", "c = b"), [1, 2, 3]),
    (("c = b", "b = a", "a = 1"), [3, 2, 1]),
    (("r = w", "w = train(w)", "w = 0", "def train(w):\n    return w * k", "k = 3"), [3, 4, 5, 2, 1]),
    (("print(rows)", "rows.append(1)", "rows = []"), [3, 2, 1]),
    (("z = f(2)", "def f(x):\n    return x * q", "q = 2"), [2, 3, 1]),
    (("def f(x):\n    return g(x)", "def g(x):\n    return 1", "u = f(2)"), [1, 2, 3]),
    (("drawn = given", "given = 2"), [1, 2]),
    (("x = y", "y = x"), None),
    (("for i in range(3):\n    print(i)", "for i in range(5):\n    print(i)"), [1, 2]),
    (("with open(name) as stream:\n    text = stream.read()", "stream = 2"), [1, 2]),
    (("while n := next(given):\n    print(n)", "n = 3"), [1, 2]),
    (("f = lambda v: v * w", "w = 3", "print(f(2))"), [1, 2, 3]),
    (("ax.plot(t)", "p = f()\nq = np.mean(p)", "def f():\n    return np.ones(2)", "t = frame.get(1)"), [3, 2, 4, 1]),
    (("w = t + len(frame.keys())", "frame.update(a=1)", "t = 1"), [3, 1, 2]),
    (("w = t\nframe.update(b=w)", "t = frame.get(1)"), [2, 1]),
    (("a = 1\nprint(best)", "best = a"), None),
)


@pytest.mark.parametrize(("cells", "wanted"), ORDERS)
def test_cells_are_run_behind_those_that_make_what_they_use(cells, wanted):
    statements = [(number, one) for number, cell in enumerate(cells, 1) for one in statements_of(cell)[0]]
    order, why, left = order_of(statements, statements_of("import numpy as np\ngiven = frame = {}")[0])
    assert order == (wanted or [])
    assert bool(why) == (order != sorted(order))
    assert bool(left) == (order != sorted(order) or not order)


QUESTION = """
```python
#!TAG HWBEGIN
#!MSG TODO
{}
#!TAG HWEND
#!TAG CHECK {}
{}
#!TAG CHECKEND
```
"""
LAB = "# Lab\n\n```python\nimport random\nimport numpy as np\n```\n" + "".join(
    QUESTION.format(*parts)
    for parts in (
        ("data = [3.0, 1.0]", "data", "assert len(data) == 2"),
        ("least = min(data)", "least", "assert least == 1.0"),
        (
            "def walk(n, rng):\n    return rng.normal(size=n).cumsum()",
            "walk",
            "rng = np.random.default_rng(5)\nfirst, second = walk(4, rng), walk(4, rng=rng)\n"
            "assert first.shape == (4,) and (first != second).all()\n"
            "assert (walk(4, np.random.default_rng(1)) == walk(4, np.random.default_rng(1))).all()",
        ),
        (
            "def pick(source):\n    return source.choice([1, 2, 3])",
            "pick",
            "source = random.Random(3)\nassert {pick(source) for _ in range(60)} == {1, 2, 3}",
        ),
    )
)
DATA, LEAST, PICK = (
    "data = [1.0, 3.0]",
    "least = sorted(data)[0]",
    "def pick(source):\n    return source.randrange(1, 4)",
)
WALK = "def walk(n, rng):\n    return np.cumsum(rng.standard_normal(n))"
SUBMISSIONS = {
    "right": ((DATA, LEAST, WALK, PICK), "1111"),
    "shows what it has not": (
        ("def maybe(n):\n    return least if n else 0\nprint(maybe(0))", DATA, LEAST, WALK, PICK),
        "1111",
    ),
    "in a circle": (("least = min(data)\ncount = 2", "data = [1.0, 3.0][:count]", WALK, PICK), "1?11"),
    "reversed": ((PICK, WALK, LEAST, DATA), "1111"),
    "helper": ((LEAST, "data = shown()", WALK, PICK, "def shown():\n    return [1.0, 2.0]"), "1111"),
    "seeds anew": ((DATA, LEAST, WALK.replace("rng.s", "np.random.default_rng(0).s"), PICK), "1101"),
    "breaks it": (
        (DATA, LEAST, WALK.replace("    return", "    rng.bit_generator.state = 3\n    return"), PICK),
        "1101",
    ),
}


def test_neither_the_order_nor_a_generator_keeps_an_answer_from_being_judged(tmp_path):
    found, grading = made.marks(tmp_path, LAB, {name: cells for name, (cells, _) in SUBMISSIONS.items()})
    assert found == {name: points for name, (_, points) in SUBMISSIONS.items()}
    repairs = {one.student: one.repairs for one in grading.results}
    assert repairs["reversed"] == ["cell 3 uses data of cell 4: the cells were run in the order 1, 2, 4, 3"]
    assert repairs["right"] == []
