from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from fractions import Fraction

import pytest

import gradlab as gl
from gradlab.graph import (
    Apply,
    Const,
    Differentiate,
    Partial,
    Ref,
    as_number,
    count_operations,
    is_apply,
    number,
    ordered_names,
    parse,
    transform,
    walk,
)

X = Ref("x")


def test_expressions_are_values():
    assert parse("x*sin(y) + 1") == parse("x * sin( y ) + 1")
    assert hash(parse("x*sin(y) + 1")) == hash(parse("x * sin( y ) + 1"))
    assert parse("x + y") != parse("y + x")
    assert parse("x") != "x"
    assert Const(Fraction(2)) == number(2)
    assert Partial("L", "x") == Partial("L", "x") != Differentiate(Ref("L"), "x")


@pytest.mark.parametrize("expression", [X, number(2), parse("x + 1"), Partial("L", "x"), Differentiate(X, "x")])
def test_nothing_can_be_changed(expression):
    for name in ("name", "value", "arguments", "primitive", "of", "formula", "anything"):
        # A frozen class with slots raises TypeError for a name it does not have.
        with pytest.raises((AttributeError, TypeError)):
            setattr(expression, name, 1)


def test_a_constant_is_never_negative():
    with pytest.raises(ValueError, match="never negative"):
        Const(Fraction(-1))
    assert number(-2) == Apply("neg", (number(2),))


@pytest.mark.parametrize(("text", "value"), [("3", 3), ("-3", -3), ("1/4", Fraction(1, 4)), ("x", None), ("2*3", None)])
def test_as_number(text, value):
    assert as_number(parse(text)) == value


def test_names_and_their_order():
    formula = parse("z + x*(y + x)/z")
    assert formula.names == {"x", "y", "z"}
    assert ordered_names(formula) == ("z", "x", "y")
    assert number(3).names == frozenset()


def test_walk_and_count():
    assert [type(node).__name__ for node in walk(parse("x*2"))] == ["Apply", "Ref", "Const"]
    assert count_operations(parse("a + b + c*d")) == 3
    assert count_operations(X) == 0


def test_transform_works_from_the_leaves_up():
    assert transform(parse("x*sin(x)"), lambda node: Ref("y") if node == X else None) == parse("y*sin(y)")
    seen = []
    transform(parse("sin(x) + 1"), seen.append)
    assert [repr(node) for node in seen] == ["Ref(x)", "sin(Ref(x))", "Const(1)", "add(sin(Ref(x)), Const(1))"]


def test_is_apply():
    assert is_apply(parse("x + 1"), "add")
    assert not is_apply(X, "add")


def test_jupyter_shows_latex():
    assert gl.function("x**2").gradient()["x"]._repr_latex_() == r"$\displaystyle 2 x$"


def test_copies_are_equal():
    formula = parse("x*sin(y) + 1/3")
    assert copy.deepcopy(formula) == formula
    assert pickle.loads(pickle.dumps(formula)) == formula


def test_a_pickle_from_another_process_is_equal():
    program = (
        "import pickle, sys; from gradlab.graph import parse; "
        "sys.stdout.buffer.write(pickle.dumps(parse('x*sin(y) + 1')))"
    )
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", program], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        assert pickle.loads(run.stdout) == parse("x*sin(y) + 1")
        assert len({pickle.loads(run.stdout), parse("x*sin(y) + 1")}) == 1
