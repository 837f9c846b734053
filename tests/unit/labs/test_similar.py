"""Which submissions share unusual code."""

from __future__ import annotations

import json

import nbformat.v4 as v4
import pytest

from gradlab.cli import main
from gradlab.labs import find_similar

TEMPLATE = '''# Means

```python
import math

def described(value):
    """What a value is, in words; given to everybody, and long enough to be seen."""
    if value is None:
        return "nothing"
    if isinstance(value, float) and math.isnan(value):
        return "not a number"
    return f"{value!r} of the type {type(value).__name__}"
```

```python
#!TAG SKIPQUESTEXEC
def mean(numbers):
    #!TAG HWBEGIN
    #!MSG TODO return the mean.
    return sum(numbers) / len(numbers)
    #!TAG HWEND
#!TAG CHECK mean_value points=1
assert mean([2, 4]) == 3, described(mean([2, 4]))
#!TAG CHECKEND
```
'''
GIVEN = TEMPLATE.split("```python\n")[1].split("```")[0]
KEY = "def mean(numbers):\n    return sum(numbers) / len(numbers)\n"
LOOP = (
    "def mean(numbers):\n    total = 0\n    for number in numbers:\n        total += number\n"
    "    return total / len(numbers)\n"
)
WHILE = (
    "def mean(values):\n    at, whole = 0, 0.0\n    while at < len(values):\n        whole = whole + values[at]\n"
    "        at = at + 1\n    return whole / at if at else float('nan')\n"
)
ODD = (
    "def mean(numbers):\n    halves = [numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :]]\n"
    "    parts = [math.fsum(half) * 2 ** 1 for half in halves if half]\n"
    "    return (parts[0] + (parts[1] if len(parts) > 1 else 0)) / (2 * len(numbers)) ** 1\n"
)
COPIED = (
    ODD.replace("numbers", "xs").replace("halves", "pieces").replace("parts", "sums").replace("half", "p")
    .replace("    return", "    # my own idea\n    return")
)  # fmt: skip
CLASS = {
    "key": KEY,
    "key2": KEY,
    "loop1": LOOP,
    "loop2": LOOP,
    "loop3": LOOP,
    "loop4": LOOP,
    "while": WHILE,
    "odd": ODD,
}


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "lab.md").write_text(TEMPLATE)
    folder = tmp_path / "submitted"
    folder.mkdir()

    def hand_in(**more):
        for who, code in {**CLASS, **more}.items():
            cells = [v4.new_code_cell(GIVEN), v4.new_code_cell(code)]
            (folder / who).mkdir()
            (folder / who / "lab.ipynb").write_text(json.dumps(v4.new_notebook(cells=cells)))
        return tmp_path / "lab.md", folder

    return hand_in


def test_what_the_lab_gives_and_what_many_wrote_is_nobody_s_own(lab):
    found = find_similar(*lab())
    assert (found.pairs, found.compared, found.unreadable) == ((), 8, ())


def test_a_copy_with_other_names_is_found_and_its_passages_shown(lab):
    (pair,) = find_similar(*lab(copy=COPIED)).pairs
    assert {pair.first, pair.second} == {"odd", "copy"}
    assert pair.share > 0.8
    shown = {pair.first: pair.passages[0][0], pair.second: pair.passages[0][1]}
    assert "halves = [numbers[: len(numbers) // 2]" in shown["odd"]
    assert "pieces = [xs[: len(xs) // 2]" in shown["copy"]


def test_the_command_prints_pairs_and_who_could_not_be_compared(lab, capsys):
    template, folder = lab(copy=COPIED)
    (folder / "broken").mkdir()
    (folder / "broken" / "lab.ipynb").write_text("<html>log in</html>")
    assert main(["lab", "similar", str(template), str(folder), "--out", str(folder.parent / "found")]) == 0
    page = (folder.parent / "found" / "similar.html").read_text(encoding="utf-8")
    assert "pieces = [xs[: len(xs) // 2]" in page
    assert "broken was not compared" in page
    table = (folder.parent / "found" / "similar.csv").read_text(encoding="utf-8-sig").splitlines()
    assert table[1].startswith("copy,odd,")
    said = capsys.readouterr()
    assert "copy and odd: " in said.out
    assert "9 submissions compared, 1 pairs to look at" in said.out
    assert "broken: not compared: " in said.err
    assert main(["lab", "similar", str(template), str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["compared"] == 9
