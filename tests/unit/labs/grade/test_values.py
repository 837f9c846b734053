"""A value counts as plain execution makes it, in whichever way it is made."""

from __future__ import annotations

import json
import shutil

import pytest

from gradlab.labs.grade import GradeOptions, grade

LAB = """# Lab

```python
w = 1.0
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
assert len(history) == 42
#!TAG CHECKEND
```
"""
COUNTER = (
    "def counter():\n    n = 0\n    def up():\n        nonlocal n\n        n += 1\n        return n\n    return up"
)
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
    "wrong": ["r = 41"],
}


def notebook(cells):
    blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    made = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [{**blank, "source": c} for c in cells]}
    return json.dumps(made)


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_a_value_counts_however_it_is_made(tmp_path):
    (tmp_path / "lab.md").write_text(LAB, encoding="utf-8")
    (tmp_path / "in").mkdir()
    key = LAB.split("#!MSG TODO r and history\n")[1].split("#!TAG HWEND")[0]
    for name, cells in {**PROGRAMS, "key": [key]}.items():
        (tmp_path / "in" / f"{name}.ipynb").write_text(notebook(["w = 1.0", *cells]), encoding="utf-8")
    result = grade(tmp_path / "lab.md", tmp_path / "in", GradeOptions(tmp_path / "out", jobs=1, limit=120))
    found = {one.student: [question.points for question in one.questions] for one in result.results}
    assert [name for name, points in found.items() if points[0] != 1] == ["wrong"]
    assert len(found) == len(PROGRAMS) + 1
    assert found["wrong"] == [0, 0]
    assert found["key"] == [1, 1]
