"""A template without a check: its answers are compared with the key's, and doubt goes to a human."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions
from gradlab.labs.grade import GradeOptions, grade
from gradlab.labs.grade.made import Call, PartialError, inputs_like, shortened
from gradlab.labs.grade.matching import make_plan
from gradlab.labs.grade.verdicts._key import Key
from gradlab.labs.grade.verdicts._made import Comparison, _judged

from . import submissions as made

LAB = Path(__file__).with_name("plain.md")
SIGMOID = "import math\nimport numpy as np\n\n\ndef sigmoid(t):\n    return 1 / (1 + math.exp(-t))"
LOSS = "def loss(p, x):\n    s = sigmoid(p[0] * x + p[1])\n    return s * s - s / 2 + 1 / 16"
GRADIENT = (
    "def gradient(p, x):\n"
    "    s = sigmoid(p[0] * x + p[1])\n"
    "    slope = 2 * (s - 0.25) * s * (1 - s)\n"
    "    return np.array([slope * x, slope])"
)
WALKER = (
    "class Walker:\n"
    "    def __init__(self, place):\n"
    "        self.place = place\n"
    "    def step(self, length):\n"
    "        self.place += length\n"
    "        return self.place"
)
METER = (
    "class Meter:\n"
    "    def __init__(self, unit, offset=0.5):\n"
    "        self.count, self.total, self.offset = 0, 0.0, offset\n"
    "    def add(self, value, weight=1.0):\n"
    "        self.count, self.total = self.count + 1, self.total + weight * (value - self.offset)\n"
    "        return self\n"
    "    def mean(self):\n"
    "        return self.total / self.count"
)
READINGS = "readings = [-1.1875, 3.375]"
RIGHT = {
    "sigmoid": SIGMOID, "loss": LOSS, "gradient": GRADIENT, "walker": WALKER, "rate": "rate = 0.3", "meter": METER,
    "readings": READINGS,
}  # fmt: skip
NAMES = ("sigmoid", "loss", "gradient", "Walker", "rate", "Meter", "readings")
# What the given code makes no use of is judged by how the key itself uses it.
METERS = {
    "meter: weights forgotten": (METER.replace("weight *", "1 *"), "partly", "after Meter('cm'), then add(1.25)"),
    "meter: always wrong": (METER.replace("/ self.count", "/ 7"), "wrong", "It agrees with the key on 0 of 6"),
    "meter: another name": (METER.replace("def mean", "def average"), "human", "no attribute 'mean'"),
    "meter: other arguments": (METER.replace("weight", "factor"), "human", "unexpected keyword argument 'weight'"),
    "meter: raises": (METER.replace("/ self.count", "/ n"), "wrong", "your code raised NameError: name 'n'"),
}
CASES = {
    "right": ({}, ("right",) * 5, ""),
    "sign": (
        {"gradient": GRADIENT.replace("np.array(", "-np.array(")},
        ("right", "right", "wrong", "right", "right"),
        "The sign is wrong in every entry",
    ),
    "constant": (
        {"sigmoid": SIGMOID.replace("1 / (1 + math.exp(-t))", "0.5")},
        ("wrong", "right", "right", "right", "right"),
        "where 0.0758582 is right; called with -2.5",
    ),
    "only for positive": (
        {"sigmoid": SIGMOID.replace("1 / (1", "(t > 0) / (1")},
        ("partly", "right", "right", "right", "right"),
        "% of what is tested holds",
    ),
    "shape": (
        {"gradient": GRADIENT.replace("np.array([slope * x, slope])", "np.array([[slope * x, slope]])")},
        ("right", "right", "human", "right", "right"),
        "the numbers are right",
    ),
    "tuple": (
        {"gradient": GRADIENT.replace("np.array([slope * x, slope])", "slope * x, slope")},
        ("right", "right", "human", "right", "right"),
        "the numbers are right",
    ),
    "raises": (
        {"loss": "def loss(p, x):\n    return y"}, ("right", "wrong", "right", "right", "right"), "NameError",
    ),
    "another rate": (
        {"rate": "rate = 0.25"}, ("right", "right", "right", "right", "human"), "may be right all the same: 0.25 where "
        "0.3 is the key's",
    ),
    "wrong class": (
        {"walker": WALKER.replace("+=", "-=")},
        ("right", "right", "right", "wrong", "right"), "agrees with the key in 0",
    ),
    "a class of constants": (
        {"walker": "class Walker:\n    def __init__(self, p):\n        self.n = [1.75, 1.0]\n    def step(self, l):\n"
         "        return self.n.pop(0)"},
        ("right", "right", "right", "wrong", "right"), "as one that always returns the same may",
    ),
    "empty": (dict.fromkeys(RIGHT, "x = 1"), ("missing",) * 5, ""),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "factor", "said"), [(2, 2, "a sum where a mean is"), (4, 4, "takes their mean"),
                                                      (4, 2, "2 times the right value")])  # fmt: skip
def test_a_factor_that_may_be_the_length_of_an_array_is_no_number(rows, factor, said):
    draw = np.random.default_rng(3)
    features, targets, weights = draw.normal(size=(rows, 3)), draw.normal(size=rows), draw.normal(size=3)

    def loss(w, x, y):
        return np.mean((x @ w - y) ** 2)

    def gradient(w, x, y):
        return 2 * x.T @ (x @ w - y) / rows

    call = Call((weights, features, targets), {})
    assert said in _judged(loss, gradient, lambda *values: factor * gradient(*values), call, 0)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    place = tmp_path_factory.mktemp("plain")
    for name, (changed, _, _) in CASES.items():
        made.write(place / "in", name, made.Case(tuple({**RIGHT, **changed}.values())))
    for name, (source, _, _) in METERS.items():
        made.write(place / "in", name, made.Case(tuple({**RIGHT, "meter": source}.values())))
    result = grade(LAB, place / "in", GradeOptions(place / "out", jobs=2))
    return {one.student: one for one in result.results}


@pytest.mark.parametrize("name", CASES)
def test_the_row_that_it_deserves(graded, name):
    _, wanted, words = CASES[name]
    questions = graded[name].questions
    assert tuple(question.name for question in questions) == NAMES
    said = [f"{question.reason} {question.notes}" for question in questions]
    rest = ("missing" if name == "empty" else "right",) * 2
    assert tuple(question.status for question in questions) == wanted + rest, said
    assert words in " ".join(said)


@pytest.mark.parametrize("name", METERS)
def test_a_class_that_the_given_code_does_not_use_is_judged_by_its_methods(graded, name):
    _, status, words = METERS[name]
    questions = {question.name: question for question in graded[name].questions}
    assert (questions["Meter"].status, questions["readings"].status) == (status, "right"), questions["Meter"].reason
    assert words in questions["Meter"].reason


def test_one_that_is_partly_right_gets_part_of_the_points(graded):
    assert 0 < graded["only for positive"].questions[0].points < 1


SLOPES = """# Lab

```python
#!TAG SKIPQUESTEXEC
import torch


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        #!TAG HWBEGIN
        ctx.save_for_backward(x)
        return x**3
        #!TAG HWEND

    @staticmethod
    def backward(ctx, slope):
        #!TAG HWBEGIN
        (x,) = ctx.saved_tensors
        return slope * 3 * x**2
        #!TAG HWEND


place = torch.tensor([1.5, 2.0], requires_grad=True)
Cube.apply(place).sum().backward()
```
"""


@pytest.mark.parametrize(("found", "right"), [("slope * x * x * 3", True), ("3 * x**2", False)])
def test_a_backward_that_forgets_what_comes_in_is_not_right(tmp_path, monkeypatch, found, right):
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # the key puts itself there
    (tmp_path / "lab.md").write_text(SLOPES, encoding="utf-8")
    template = read_template(tmp_path / "lab.md")
    key = Key(make_plan(template, make_versions(template)), None, record=True)
    theirs: dict = {}
    own = next(part.statement.source for part in key.plan.parts if part.names)
    exec("import torch\n" + own.replace("slope * 3 * x**2", found), theirs)
    with nullcontext() if right else pytest.raises(PartialError, match=r"in 1 of 4 runs"):
        Comparison(key, 1)("Cube", theirs["Cube"])


BODIES = {
    "is_late(minutes)": ("minutes > 5.5", "True", "minutes > 7.0", "5.5 < minutes"),
    "corners(count)": ("[(n, n) for n in range(count)]", "[(0, 0), (1, 1)]", "[]", "[(n,) * 2 for n in range(count)]"),
    "limit(minutes)": ("5.5", "5.5 + 0 * minutes", "minutes", "11 / 2"),
}
DESERVED = ("111", "0?1", "p00", "111")
SAME = """# Lab

```python
#!TAG HWBEGIN
#!MSG TODO
{}
#!TAG HWEND
```

```python
#!TAG SKIPQUESTEXEC
late = [is_late(2.5), is_late(7.25), is_late(9.5)]
shown = corners(2), limit(3.5)
```
"""


def test_what_a_constant_would_get_too_earns_nothing(tmp_path):
    answers = [
        "\n".join(f"def {head}:\n    return {bodies[number]}" for head, bodies in BODIES.items())
        for number in range(len(DESERVED))
    ]
    _, result = made.marks(
        tmp_path, SAME.format(answers[0]), {str(number): (answer,) for number, answer in enumerate(answers)}
    )
    signs = {"human": "?", "partly": "p", "right": "1", "wrong": "0"}
    found = ["".join(signs[asked.status] for asked in one.questions) for one in result.results]
    assert tuple(found) == DESERVED


FURTHER = {  # the key's, what agrees with it on all that the solution asks, and the same written in another way
    "period(a, m=2.0)": ("a ** 1.5 / m", "{9.0: 27.0, 4.0: 8.0}[a] / m", "a * a ** 0.5 / m"),
    "most(words, n)": ("sorted(words.split())[:n]", "sorted(words.split())[:2]", "sorted(words.split(' '))[0:n]"),
    "mean(xs)": ("sum(xs) / len(xs)", "sum(xs) / 3", "sum(x / len(xs) for x in xs)"),
    "back(word)": ("word[::-1]", "{'lab': 'bal', 'loop': 'pool'}[word]", "''.join(reversed(word))"),
}
CALLS = "shown = period(9.0), period(4.0), most('c a b', 2), mean([1.5, 2.5, 3.0]), back('lab'), back('loop')"


def test_what_agrees_on_what_the_solution_asks_alone_is_for_a_human(tmp_path):
    answers = ["\n".join(f"def {head}:\n    return {row[n]}" for head, row in FURTHER.items()) for n in range(3)]
    lab = SAME.replace("late = [is_late(2.5), is_late(7.25), is_late(9.5)]\nshown = corners(2), limit(3.5)", CALLS)
    found, result = made.marks(
        tmp_path, lab.format(answers[0]), {str(number): (answer,) for number, answer in enumerate(answers)}
    )
    assert found == {"0": "1111", "1": "????", "2": "1111"}
    said = "it agrees with the key on inputs like the solution's, and not on others: "
    assert all(asked.reason.startswith(said) for asked in result.results[1].questions)


def test_what_does_not_end_on_what_the_solution_never_asks_is_for_a_human(tmp_path):
    lab = SAME.replace(
        "late = [is_late(2.5), is_late(7.25), is_late(9.5)]\nshown = corners(2), limit(3.5)", "shown = half(4)"
    )
    lab = lab.replace("# Lab\n", "---\ngradlab:\n  timeout: 2\n---\n\n# Lab\n", 1)
    ways = ("return n // 2", "half = 0\n    while n:\n        n, half = n - 2, half + 1\n    return half")
    key, endless = (f"def half(n):\n    {way}" for way in ways)
    found, result = made.marks(tmp_path, lab.format(key), {"endless": (endless,)})
    assert found == {"endless": "?"}
    assert "agrees with the key on inputs like the solution's" in result.results[0].questions[0].reason


def test_what_of_a_text_is_left_out_is_told():
    assert shortened(repr("a cat on a mat"), 16) == "'a cat on a mat'"
    assert shortened(repr("a cat on two mats"), 16) == "'a cat on two …'"
    assert shortened(repr([1, 2, 3, 4, 5, 6]), 12) == "[1, 2, 3, …]"


@given(st.integers(0, 2**32), st.floats(-1e3, 1e3), st.floats(0.01, 1e3))
def test_new_numbers_are_spread_over_their_range(seed, low, width):
    ends = low, low + width
    assume(not any(end.is_integer() for end in ends))
    calls = [Call((end, "same"), {"rate": end}) for end in ends]
    new = inputs_like(calls, seed)[len(calls) :]
    for number in (lambda call: call.args[0], lambda call: call.kwargs["rate"]):
        in_order = sorted((number(call) - low) / width * len(new) for call in new)
        assert all(part - 1e-6 < place < part + 1 + 1e-6 for part, place in enumerate(in_order))
    assert all(call.args[1] == "same" for call in new)
