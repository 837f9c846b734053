"""What a check asserts of given names is about what the submission's cells have made of them."""

from __future__ import annotations

import shutil

import pytest

from . import submissions as made

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")

LAB = """
# Lab

```python
import statistics

rows = [3, 1, 2]
seen = []
limits = {"low": 0, "high": 9}
```

```python
#!TAG HWBEGIN
#!MSG TODO
back = rows[::-1]
#!TAG HWEND
#!TAG CHECK back points=2 hidden
first = rows[0]
assert back[0] == 2
assert first == 3, "rows is to stay as it is"
#!TAG CHECKEND
```

```python
#!TAG SKIPQUESTEXEC
def middle(numbers):
    #!TAG HWBEGIN
    #!MSG TODO
    return sorted(numbers)[1]
    #!TAG HWEND
#!TAG CHECK middle
assert middle(rows) == 2 and limits["high"] == 9
assert middle([4, 8, 7]) == 7
#!TAG CHECKEND
```

```python
#!TAG SKIPQUESTEXEC
for end in (2, 3):
    seen.append(middle([0, 1, end]))
#!TAG CHECK seen points=0
assert seen == [1, 1]
#!TAG CHECKEND
```
"""
BACK, MIDDLE = "back = rows[::-1]", "def middle(numbers):\n    return sorted(numbers)[1]"
IN_PLACE = "def middle(numbers):\n    numbers.sort()\n    return numbers[1]"
SEEN = "your cells changed `{}`, which the check looks at"
ANSWERS = {
    "right": ((BACK, MIDDLE), "210", ""),
    "looks at it": (("where = rows.index(1)\nback = list(reversed(rows))\nback.count(1)", MIDDLE), "210", ""),
    "in place": (("rows.reverse()\nback = rows", MIDDLE), "?10", SEEN.format("rows")),
    "by another name": (("back = rows\nback.reverse()", MIDDLE), "?10", SEEN.format("rows")),
    "another meaning": (("rows = rows[::-1]\nback = rows", MIDDLE), "?10", SEEN.format("rows")),
    "by a function": (
        ("def turn(r):\n    r.reverse()\nturn(rows)\nback = list(rows)", MIDDLE),
        "?10",
        SEEN.format("rows"),
    ),
    "put back": (("rows.reverse()\nback = list(rows)\nrows.reverse()", MIDDLE), "210", ""),
    "longer": (("rows = [*rows, 9]\nback = [2, 1, 3]\nlast = rows[3]", MIDDLE), "210", ""),
    "longer, not enough": (("rows = [*rows, 9]\nback = [2, 1, 3]\nlast = rows[4]", MIDDLE), "210", ""),
    "before, beside the answer": (("rows.sort()", "back = [2, 1, 3]", MIDDLE), "?10", SEEN.format("rows")),
    # What is done to what the checks behind it call a function with is nothing that they are about.
    "behind its check": ((BACK, "rows.sort()\n" + MIDDLE), "210", ""),
    "a right function that sorts": ((BACK, IN_PLACE + "\nmiddle(rows)"), "210", ""),
    "what the last one looks at": ((BACK, MIDDLE + "\nlimits['high'] = 3"), "2?0", SEEN.format("limits")),
}


def test_what_the_cells_made_of_a_given_name_is_what_a_check_of_it_is_about(tmp_path):
    found, grading = made.marks(tmp_path, LAB, {name: answers for name, (answers, _, _) in ANSWERS.items()})
    assert found == {name: points for name, (_, points, _) in ANSWERS.items()}
    assert all(one.questions[2].status == "right" for one in grading.results)
    errors = {one.student: [said for said in one.repairs if "Error" in said] for one in grading.results}
    said = {"longer, not enough": ["cell 1, line 3: IndexError: list index out of range"]}  # from the top, all run
    assert errors == {name: said.get(name, []) for name in ANSWERS}
    reasons = {
        one.student: "".join(asked.reason for asked in one.questions if asked.status == "human")
        for one in grading.results
    }
    assert reasons == {name: said for name, (_, _, said) in ANSWERS.items()}
