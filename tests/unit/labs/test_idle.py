"""A check that asserts nothing is an error; one that may is none."""

from __future__ import annotations

import pytest

from gradlab.labs import check_template

LAB = """```python
import numpy as np
from helpers import same
from unittest import TestCase

def sure(value):
    assert value > 0

def shown(value):
    print(value)

def f(x):
    #!TAG HWBEGIN
    if x < 0:
        raise ValueError
    return x + x
    #!TAG HWEND
#!TAG CHECK a {options}
{code}
#!TAG CHECKEND
```
"""


def errors(folder, code, options=""):
    (folder / "helpers.py").write_text("")
    (folder / "lab.md").write_text(LAB.format(code=code, options=options))
    return [(e.line, e.message) for e in check_template(folder / "lab.md").remarks if e.severity == "error"]


@pytest.mark.parametrize(
    ("code", "write"),
    [
        ("print(f(1))", "assert f(1) == ..."),
        ("f(1) == 2", "assert f(1) == 2"),
        ("np.allclose(f(1), 2)", "assert np.allclose(f(1), 2)"),
        ("y = f(1)", "assert answer == ..."),
        ("shown(f(1))", "assert shown(f(1)) == ..."),
        ("import gradlab as gl\ngl.check_gradient(f, f, at=1.0)", "assert gl.check_gradient(f, f, at=1.0) == ..."),
    ],
)
def test_what_compares_nothing_is_told_what_to_write(tmp_path, code, write):
    [(line, message)] = errors(tmp_path, code)
    assert line == 18
    assert message.endswith(f'whatever runs gets its points; write for example: {write}, "what is wrong then"')
    assert errors(tmp_path, code, "points=0") == []


def test_tests_that_only_nbgrader_writes_are_named(tmp_path):
    [(_, message)] = errors(tmp_path, '"""Doc."""\n### AUTOTEST f(3); f(4)')
    assert "its ### AUTOTEST lines are for nbgrader alone; write for example: assert f(3) == ..." in message


@pytest.mark.parametrize(
    "code",
    [
        "assert f(1) == 2",
        "if f(1) != 2:\n    raise AssertionError('no')",
        "np.testing.assert_allclose(f(1), 2)",
        "TestCase().assertEqual(f(1), 2)",
        "sure(f(1))",
        "same(f(1), 2)",
    ],
)
def test_what_may_raise_is_accepted(tmp_path, code):
    assert errors(tmp_path, code) == []
