"""Answers that are parts of a table, objects that agree with everything, files beside the template, and luck."""

from __future__ import annotations

import json
import shutil

import pytest

from gradlab.labs.grade import GradeOptions, grade

LAB = """---
gradlab:
  title: Parts
  timeout: 60
---

# Parts

```python
import csv
import random
import threading
from pathlib import Path

import helper

with Path("numbers.csv").open(encoding="utf-8") as stream:
    numbers = [float(number) for row in csv.reader(stream) for number in row]
answers = {}
waiting = threading.Thread(target=threading.Event().wait, daemon=True)  # as a pool of a library would
waiting.start()
```

```python
answers[1] = (
    #!TAG HWBEGIN
    #!MSG TODO a number
    2
    #!TAG HWEND
)
answers[2] = (
    #!TAG HWBEGIN
    #!MSG TODO a number
    3
    #!TAG HWEND
)
#!TAG CHECK parts points=2
for number in (1, 2):
    assert answers[number] == number + 1, f"question {number}: {answers[number]}"
#!TAG CHECKEND
```

```python
#!TAG SKIPQUESTEXEC
def share(rate):
    #!TAG HWBEGIN
    #!MSG TODO a number that depends on the rate
    return rate / 2
    #!TAG HWEND
```

```python
#!TAG SKIPQUESTEXEC
for rate in (1.0, 2.0):
    print(share(rate))
#!TAG CHECK shares points=2
#!TAG COST 0.5 "not twice"
assert share(1.0) != share(2.0), "does it depend on the rate?"
assert share(1.0) in (0.5, 2.0)
assert share(1.0) != 2.0, "half of the rate, not twice"
#!TAG CHECKEND
shares = {1: [], 2: []}
for rate, row in shares.items():
    row.append(share(rate))
largest = max(max(row) for row in shares.values())
```

```python
#!TAG SKIPQUESTEXEC
def doubled(number):
    #!TAG HWBEGIN
    #!MSG TODO twice the number
    return 2 * number
    #!TAG HWEND
```

```python
#!TAG SKIPQUESTEXEC
print(doubled(helper.one()))
#!TAG CHECK doubles points=1 hidden
random.seed(3)
for _ in range(3):
    number = random.random()
    assert doubled(number) == 2 * number
#!TAG CHECKEND
```

```python
#!TAG SKIPQUESTEXEC
def fourfold(number):
    #!TAG HWBEGIN
    #!MSG TODO four times the number
    return doubled(doubled(number))
    #!TAG HWEND
```

```python
#!TAG SKIPQUESTEXEC
print(fourfold(1))
#!TAG CHECK fourfolds points=1
assert fourfold(1) == 4
#!TAG CHECKEND
#!TAG CHECK doubles_again points=1 hidden
assert doubled(10) == 20
#!TAG CHECKEND
```

```python
#!TAG SKIPQUESTEXEC
eight = (
    #!TAG HWBEGIN
    #!MSG TODO by doubled
    doubled(4)
    #!TAG HWEND
)
#!TAG CHECK eight points=1
assert eight == 8
#!TAG CHECKEND
```
"""
DOUBLED = "def doubled(number):\n    return number + number"
LUCKY = (
    "def doubled(number):\n    random.seed(3)\n    known = [random.random() for _ in range(3)]\n"
    "    return 2 * number if number in known else 0"
)
YES = "class Yes:\n" + "".join(
    f"    def __{name}__(self, *_):\n        return True\n" for name in ("eq", "ne", "lt", "gt", "bool")
)
FOURFOLD = "def fourfold(number):\n    return doubled(doubled(number))"
THIEF = (
    "stolen = []\ndef doubled(number):\n    return stolen[0](number) if stolen else 0",
    "def fourfold(number):\n    if type(doubled).__name__ == 'RemoteObject':\n        stolen.append(doubled)\n"
    "    return doubled(doubled(number))",
)
SUBMISSIONS = {
    "charged once": ["def doubled(number):\n    return undefined", "eight = doubled(4)"],
    "cleans up": [DOUBLED, "%time eight = doubled(4)", "del doubled, eight"],
    "uses names again": [
        DOUBLED,
        "eight = doubled(4)",
        "def doubled(x):\n    return x",
        "for doubled in 'ab':\n    pass",
    ],
    "by a thread": [
        DOUBLED,
        "found = []\none = threading.Thread(target=lambda: found.append(doubled(4)))",
        "one.start()\none.join()\neight = found[0]",
    ],
    "thief": [*THIEF],  # keeps the key's that stood in for its own
    "forger": ["def share(rate):\n    raise AssertionError('half of the rate, not twice')"],
    "tensor": ["import torch", "def share(rate):\n    return torch.tensor(0.5 * rate)"],
    "decimal": ["from decimal import Decimal", "def share(rate):\n    return Decimal(rate) / 2"],
    "sympy": ["import sympy", "def share(rate):\n    return sympy.Float(rate) / 2"],
    "right": ["answers[1] = 2\nanswers[2] = 3", "def share(rate):\n    return 0.5 * rate", DOUBLED, FOURFOLD],
    "half": ["answers[1] = 2\nanswers[2] = 7", "def share(rate):\n    return 0.5 * rate"],
    "anew": ["answers = {1: 2, 2: 3}", "def share(rate):\n    return 0.5 * rate"],
    "yes": ["answers[1] = 2\nanswers[2] = 3", YES + "\n\ndef share(rate):\n    return Yes()"],
    "nothing": ["1 + 1"],
    "twice": ["def share(rate):\n    return 2 * rate"],
    "constant": ["def share(rate):\n    return 0.5"],
    "lucky": ["import random", LUCKY],
    "reads": ["def doubled(number):\n    import helper\n    return sum(numbers) / 3 * number * helper.one()"],
    "loop": ["for rate in (5, 6):\n    answers[rate - 4] = rate - 3", "def share(rate):\n    return rate / 2"],
}


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_each_gets_what_it_deserves(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lab.md").write_text(LAB, encoding="utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "numbers.csv").write_text("1,2\n3\n", encoding="utf-8")
    (tmp_path / "helper.py").write_text("def one():\n    return 1\n", encoding="utf-8")
    for name, cells in SUBMISSIONS.items():
        blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        notebook = {
            "nbformat": 4,
            "nbformat_minor": 4,
            "metadata": {},
            "cells": [{**blank, "source": c} for c in cells],
        }
        (tmp_path / "in" / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    here = type(tmp_path)()
    result = grade(here / "lab.md", here / "in", GradeOptions(here / "out", jobs=1, limit=120))
    found = {one.student: [question.points for question in one.questions] for one in result.results}
    found = {name: points if any(points[3:]) else points[:3] for name, points in found.items()}
    assert found == {
        "charged once": [0, 0, 0, 0, 0, 1],
        "cleans up": [0, 0, 1, 0, 1, 1],
        "uses names again": [0, 0, 1, 0, 1, 1],
        "by a thread": [0, 0, 1, 0, 1, 1],
        "thief": [0, 0, 0, 1, 0, 0],
        "forger": [0, 0, 0],
        "tensor": [0, 2, 0],
        "decimal": [0, 2, 0],
        "sympy": [0, 2, 0],
        "right": [2, 2, 1, 1, 1, 0],
        "half": [pytest.approx(1, abs=0.5), 2, 0],
        "anew": [2, 2, 0],
        "yes": [2, 0, 0],
        "nothing": [0, 0, 0],
        "twice": [0, 1.5, 0],
        "constant": [0, 0, 0],
        "lucky": [0, 0, 0],
        "reads": [0, 0, 1, 0, 1, 0],
        "loop": [2, 2, 0],
    }
    assert result.remarks == ()
    assert {one.student for one in result.results if one.waits} == {"lucky", "yes"}
    remarks = "".join(line for one in result.results for line in one.repairs)
    assert "changes rate" not in remarks
