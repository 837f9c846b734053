"""Kernels' text -> WebAssembly: each kind of statement, against Python running the same text."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from gradlab.codegen._kernel_text import TranslationError
from gradlab.codegen.wasm import WasmModule
from gradlab.codegen.wasm._bytes import module
from gradlab.codegen.wasm._translate import translate
from gradlab.codegen.wasm._values import Kind, Machine
from wasm_engine import Instance


def both(source, values, *wholes, dtype="float64"):
    """What the text leaves in an array: run by Python, number by number, and by an engine."""
    machine = Machine(dtype)
    run = Instance(WasmModule(module([translate(source, machine)]), source, dtype, machine.lanes))
    place = run.put(values)
    run.call("kernel", place, *wholes)
    scope: dict = {"min": min}
    exec(source, scope)
    plain = np.array(values, dtype)
    scope["kernel"](plain, *wholes)
    return run.get(place, plain.shape), plain


LOOPS = """
def kernel(a, n, m):
    for i in range(n):
        for j in range(2, m, 3):
            for k in range(min(j, 4)):
                a[(i*m + j)*2 + k] = a[i + 7*k + 1]
            if j == 5 or i == 1:
                break
        if not i < 2:
            a[0] = a[i]
        else:
            a[n + i] = a[3*i + 2]
"""


@settings(max_examples=40)
@given(st.integers(-1, 4), st.integers(0, 9))
def test_loops_conditions_and_breaks(n, m):
    made, expected = both(LOOPS, np.arange(120.0), n, m)
    np.testing.assert_array_equal(made, expected)


@st.composite
def sums(draw):
    """A whole number made of the variables of three nested loops, all of it from 0 up."""
    terms = [f"{draw(st.integers(0, 9))}*{name}" for name in ("i", "j", "k", "n")]
    product = draw(st.sampled_from(["i*j", "(i + 1)*(n + j)", "min(k, n)", "min(i, 2)*j"]))
    return " + ".join([*draw(st.permutations(terms)), product, str(draw(st.integers(0, 5)))])


@settings(max_examples=60)
@given(sums(), sums(), st.integers(1, 3))
def test_addresses_are_what_they_say_in_every_loop(first, second, n):
    source = f"""
def kernel(a, n):
    for i in range(n):
        for j in range(i + 1):
            a[{second.replace("k", "i")}] = a[i + j]
            for k in range(1, n + 1):
                a[{first}] = a[{second}]
"""
    made, expected = both(source, np.random.default_rng(0).normal(size=400), n)
    np.testing.assert_array_equal(made, expected)


VECTORS = """
def kernel(x, out, gap):
    v = load(x, 0)
    w = spread(x, 1)
    near = less(v, gap - 1.0)
    u = where(both(near, equal(v, v)), v*v - w/2, -v + 3) + (v*v)*(v*v)
    if any_lane(near):
        u = larger(u, every(x, 7)) - smaller(v, 0.5)*absolute(v) + root(u*u)
    store(out, 0, u + nan*0.0*0.0)
    store(out, 4, u)
"""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_vectors(dtype):
    machine = Machine(dtype)
    made = translate(VECTORS, machine, {"gap": Kind.NUMBER})
    run = Instance(WasmModule(module([made]), VECTORS, dtype, machine.lanes))
    x = np.array([0.25, 2.0, -3.0, 1.5][: machine.lanes], dtype)
    given, out = run.put(x), run.put(np.zeros(8))
    run.call("kernel", given, out, 2.5)
    u = np.where(x < 1.5, x * x - x[1] / 2, -x + 3) + x**4
    u = np.maximum(u, 7) - np.minimum(x, 0.5) * abs(x) + abs(u)
    np.testing.assert_allclose(run.get(out, (8,))[4 : 4 + machine.lanes], u, rtol=1e-6)
    assert np.isnan(run.get(out, (8,))[: machine.lanes]).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_of_a_nan_the_second_counts_and_no_order_holds(dtype):
    source = """
def kernel(x, out):
    v = load(x, 0)
    store(out, 0, larger(0.0, v))
    store(out, 4, larger(v, 0.0))
    store(out, 8, where(less(v, inf), 1.0, where(equal(v, v), 2.0, 3.0)))
"""
    machine = Machine(dtype)
    run = Instance(WasmModule(module([translate(source, machine)]), source, dtype, machine.lanes))
    given, out = run.put(np.full(4, math.nan)), run.put(np.zeros(12))
    run.call("kernel", given, out)
    made = run.get(out, (12,))
    assert math.isnan(made[0])
    assert (made[4], made[8]) == (0, 3)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x = y", "y is read before it is assigned"),
        ("while a:\n        a = 1", "kernels have no While"),
        ("x = a ** 2", "kernels have no BinOp: a \\*\\* 2"),
        ("x = a @ a", "kernels have no BinOp"),
        ("x = unknown(a)", "kernels have no Call: unknown"),
        ("x = 1 < a < 2", "kernels have no Compare"),
        ("a, b = 1", "kernels have no Assign"),
        ("print(a)", "kernels have no Expr"),
        ("x = a if a else a", "kernels have no IfExp"),
    ],
)
def test_what_kernels_do_not_have_is_named(line, message):
    with pytest.raises(TranslationError, match=message):
        translate(f"def kernel(a):\n    {line}\n", Machine("float32"))


def test_a_variable_keeps_its_kind():
    with pytest.raises(ValueError, match="x holds a whole number and is given a number in each lane"):
        translate("def kernel(a):\n    x = 1\n    x = load(a, 0)\n", Machine("float32"))
