"""A check that the key's own answer does not pass as a student's judges nobody: it is named, and a human looks."""

from __future__ import annotations

import shutil

import pytest

from . import submissions as made

LAB = """# Lab

```python
#!TAG HWBEGIN
#!MSG TODO
def half(number):
    return number / 2

def quarter(number):
    return half(half(number))
#!TAG HWEND
#!TAG CHECK halves points=1
assert half(3.0) == 1.5
#!TAG CHECKEND
#!TAG CHECK calls_half points=2 hidden
seen = []
def half(number):
    seen.append(number)
    return number / 2
assert quarter(8.0) == 2.0
assert seen == [8.0, 4.0], "quarter calls half twice"
#!TAG CHECKEND
```
"""
RIGHT = "def half(number):\n    return number / 2\n\ndef quarter(number):\n    return half(half(number))"
SUBMISSIONS = {
    "as the key": (RIGHT, "1?"),
    "without half": (RIGHT.replace("half(half(number))", "number / 4"), "1?"),
    "wrong": (RIGHT.replace("/ 2", "/ 3"), "0?"),
    "as handed out": ("# TODO", "0?"),
}


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_nobody_loses_points_by_a_check_that_the_key_does_not_pass_as_a_student(tmp_path):
    found, result = made.marks(tmp_path, LAB, {name: (source,) for name, (source, _) in SUBMISSIONS.items()})
    assert found == {name: points for name, (_, points) in SUBMISSIONS.items()}
    assert "the lab's own solution, graded as yours is" in result.results[0].questions[1].reason
    assert "quarter calls half twice" not in str(result.results[0].for_student())
    (remark,) = result.remarks
    assert remark.startswith("lab.md:15: the check 'calls_half' judges nobody"), remark
    assert "quarter calls half twice" in remark
