"""A value counts as plain execution makes it, in whichever way it is made."""

from __future__ import annotations

import json
import shutil

import pytest

from gradlab.labs._python import parse
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions
from gradlab.labs.grade import GradeOptions, grade
from gradlab.labs.grade.matching import make_plan
from gradlab.labs.grade.verdicts._evaluate import in_words, prepare, run_check

LAB = """# Lab

```python
w = 1.0
class Sheet:
    drawn = []
    def __init__(self):
        self.title, self.note = "", ""
        Sheet.drawn.append(self)
    def set_title(self, title):
        self.title = title
given = Sheet()
```

```python
#!TAG HWBEGIN
#!MSG TODO r and history
history = []
r = 0
for step in range(42):
    history.append(r)
    r = r + 1
#!TAG HWEND
```

```python
#!TAG SKIPQUESTEXEC
#!TAG CHECK r points=1
assert r == 42, f"r is {r}"
#!TAG CHECKEND
#!TAG CHECK history points=1
counted = len(history)
assert counted == 42
#!TAG CHECKEND
```

```python
#!TAG SKIPQUESTEXEC
#!TAG HWBEGIN
#!MSG TODO a sheet with title and note
ax = Sheet()
ax.set_title("k")
setattr(ax, "note", "n")
#!TAG HWEND
#!TAG CHECK ax points=2
assert ax.title == "k"
assert ax.note == "n"
#!TAG CHECKEND
```

```python
#!TAG SKIPQUESTEXEC
#!TAG HWBEGIN
#!MSG TODO give the given sheet a title
given.set_title("g")
#!TAG HWEND
#!TAG CHECK given points=1
assert given.title == "g"
#!TAG CHECKEND
```

```python
#!TAG SKIPQUESTEXEC
def twice(x):
    #!TAG HWBEGIN
    #!MSG TODO twice x
    return 2 * x
    #!TAG HWEND
#!TAG CHECK twice points=1 hidden
seen = 1234321
assert twice(3) + twice(seen) == 2468648
#!TAG CHECKEND
```

```python
#!TAG SKIPQUESTEXEC
class Pile:
    #!TAG HWBEGIN
    #!MSG TODO put and height
    def __init__(self):
        self.held = []
    def put(self, x):
        self.held.append(x)
    def height(self):
        return len(self.held)
    #!TAG HWEND
#!TAG CHECK pile points=2
first = Pile()
first.put(1)
assert first.height() == 1
other = Pile()
other.put(1)
assert other.height() == 1
#!TAG CHECKEND
```

```python
#!TAG SKIPQUESTEXEC
#!TAG HWBEGIN
#!MSG TODO r again
r = -1
#!TAG HWEND
#!TAG CHECK again points=1
assert r == -1
#!TAG CHECKEND
```
"""
COUNTER = (
    "def counter():\n    n = 0\n    def up():\n        nonlocal n\n        n += 1\n        return n\n    return up"
)
HISTORY = "history = list(range(42))"
PROGRAMS = {
    "augmented": ["r = 40\nr += 2"],
    "augmented in two cells": ["r = 40", "r += 2"],
    "loop in two cells": ["r = 0", "for i in range(42):\n    r = r + 1"],
    "while": ["r = 0\nwhile r < 42:\n    r = r + 1"],
    "condition": ["r = 41\nif r < 42:\n    r = r + 1"],
    "best of a loop": ["r = None\nfor k in range(50):\n    if k * k <= 1764:\n        r = k"],
    "loop variable": ["for r in range(43):\n    pass"],
    "global": ["r = 0\ndef f():\n    global r\n    r = 42\nf()"],
    "closure": [COUNTER, "up = counter()\nfor _ in range(41):\n    up()\nr = up()"],
    "calls by themselves": ["g = iter(range(40, 50))\nnext(g)\nnext(g)\nr = next(g)"],
    "shuffled by a function": ["import bisect\nrow = [42]\nbisect.insort(row, 1)\nr = row[1]"],
    "read when called": ["k = 1\nf = lambda: k\nk = 42\nr = f()"],
    "changed behind": ["k = 42\ndef f():\n    return k\nr = f()\nk = 1"],
    "behind the answer": ["r = 42", "for r in range(3):\n    print(r)"],
    "data class": [
        "import dataclasses\n@dataclasses.dataclass\nclass C:\n    n: int\n    def up(self):\n        return self.n",
        "r = C(42).up()",
    ],
    "by what a check makes": [HISTORY, "counted = len(history)", "r = counted"],
    "by what a hidden check makes": ["seen = 1234321\nr = seen - 1234279"],
    "wrong": ["r = 41"],
}
SHEET = "ax = Sheet()"
PILE = (
    "class Pile:\n    held = []\n    def put(self, x):\n        self.held.append(x)\n"
    "    def height(self):\n        return len(self.held)"
)
COUNTED = "history = []\ndef put(row, n):\n    row.extend(range(n))\n    return n"
ALIAS = ["history = []", "out = history", "for n in range(42):\n    out.append(n)"]
TWICE = "k = 2\ndef twice(x):\n    return k * x"
FILL = "history = []\ndef fill():\n    for n in range(42):\n        history.append(n)"
# What a cell of the key does is done to nothing of the student's; what a later cell does is no part of the answer.
STATES = {
    "sheet alone": ([SHEET], {}),
    "title alone": ([SHEET, 'ax.set_title("k")'], {"ax": 1}),
    "note alone": ([SHEET + '\nax.note = "n"'], {"ax": 1}),
    "both": ([SHEET + '\nax.note = "n"\nax.title = "k"'], {"ax": 2}),
    "the last that was drawn": (["Sheet()", 'Sheet.drawn[-1].set_title("k")', "ax = Sheet.drawn[-1]"], {"ax": 1}),
    "given titled": (['given.set_title("g")'], {"given": 1}),
    "given titled wrongly": (['given.set_title("h")'], {}),
    "given titled by an attribute": (['given.title = "g"'], {"given": 1}),
    "filled by a function": ([FILL, "fill()"], {"history": 1}),
    "filled by main": ([FILL.replace("fill", "main") + "\nmain()\ndel main"], {"history": 1}),
    "filled by a comprehension": (["history = []\n[history.append(n) for n in range(42)]"], {"history": 1}),
    "filled by another name": (ALIAS, {"history": 1}),
    "filled by a method": (
        ["class S:\n    def __init__(self):\n        self.out = []\n    def run(self):\n        self.out += range(42)\n"
         "s = S()\nhistory = s.out\ns.run()"], {"history": 1},
    ),
    "filled by what counts": ([COUNTED, "count = put(history, 42)"], {"history": 1}),
    "cut later": ([HISTORY, "history = history[:1]"], {"history": 1}),
    "emptied later": ([HISTORY, "while history:\n    print(history.pop())"], {"history": 1}),
    "emptied at once": ([HISTORY + "\nhistory.clear()"], {}),
    "cut at once": ([HISTORY + "\ndel history[0]"], {}),
    "filled in two cells": (["history = []", "history += range(42)", "r = 0", "history.clear()"], {"history": 1}),
    "made of what is given otherwise": (["w = 42 * w\nr = int(w)"], {"r": 1}),
    "filled by a text": (["exec('history = list(range(42))')"], {"history": 1}),
    "changed later by a function": ([HISTORY, "def add():\n    history.append(0)\nadd()"], {"history": 1}),
    "constant later": ([TWICE, "k = 10"], {"twice": 1}),
    "constant before": ([TWICE + "\nk = 10"], {}),
    "shared by all": ([PILE, "p = Pile()\np.put(1)\np.put(2)"], {"pile": 1}),
    "tells what it is given": (["def twice(x):\n    raise type(f'E{x}', (ValueError,), {})(x)"], {}),
    "asked twice": (["r = 42", "r = -1"], {"r": 1, "again": 1}),
    "asked twice, once wrong": (["r = 41", "r = -1"], {"again": 1}),
}  # fmt: skip


def notebook(cells):
    blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    made = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [{**blank, "source": c} for c in cells]}
    return json.dumps(made)


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_a_value_counts_however_it_is_made(tmp_path):
    (tmp_path / "lab.md").write_text(LAB, encoding="utf-8")
    (tmp_path / "in").mkdir()
    key = LAB.split("#!MSG TODO r and history\n")[1].split("#!TAG HWEND")[0]
    programs = {**PROGRAMS, "key": [key], **{f"state: {name}": cells for name, (cells, _) in STATES.items()}}
    for name, cells in programs.items():
        (tmp_path / "in" / f"{name}.ipynb").write_text(notebook(["w = 1.0", *cells]), encoding="utf-8")
    result = grade(tmp_path / "lab.md", tmp_path / "in", GradeOptions(tmp_path / "out", jobs=1, limit=120))
    rows = {one.student: {q.name: q.points for q in one.questions} for one in result.results}
    states = {name: {q: n for q, n in rows.pop(f"state: {name}").items() if n} for name in STATES}
    assert states == {name: points for name, (_, points) in STATES.items()}
    found = {name: list(points.values()) for name, points in rows.items()}
    assert [name for name, points in found.items() if points[0] != 1] == ["wrong"]
    assert len(found) == len(PROGRAMS) + 1
    assert found["wrong"][:2] == [0, 0]
    (told,) = [one for one in result.results if "tells" in one.student]
    assert "your code raised an error (cell 2, line 2)" in [q.reason for q in told.questions]
    assert not any("1234321" in path.read_text(encoding="utf-8") for path in (tmp_path / "out").rglob("*tells*"))
    assert found["key"][:2] == [1, 1]


def test_what_a_function_of_a_module_fills_is_the_homework(tmp_path):
    cells = [
        "from torch import nn\nlayer = nn.Linear(1, 1)",
        "#!TAG HWBEGIN\nnn.init.zeros_(layer.weight)\n#!TAG HWEND",
    ]
    text = "# Lab\n" + "".join(f"\n```python\n{cell}\n```\n" for cell in cells)
    (tmp_path / "lab.md").write_text(text, encoding="utf-8")
    template = read_template(tmp_path / "lab.md")
    assert set(make_plan(template, make_versions(template)).homework) == {"layer"}


@pytest.mark.parametrize(
    ("check", "shown"),
    [
        ("import numpy as np\nnp.testing.assert_allclose(f(2), 41)", ""),
        ("from unittest import TestCase\nTestCase().assertEqual(f(2), 41)", ""),
        ("assert f(2) == 41, 'mind the sign'", "mind the sign"),
        ("def same(a, b):\n    assert a == b, 'mind the sign'\nsame(f(2), 41)", "mind the sign"),
    ],
)
def test_of_a_hidden_check_its_authors_words_alone_are_shown(check, shown):
    prepared = prepare(parse(check.split("\n")))
    outcome = run_check(prepared, {"__name__": "__main__", "f": abs}, lambda: None, 20)
    assert in_words(outcome, prepared, hidden=True) == (shown or "a hidden check fails")
    assert ("41" in in_words(outcome, prepared, hidden=False)) is not bool(shown)
