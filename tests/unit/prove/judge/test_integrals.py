r"""Integrals: right ones are true, wrong ones false, and where a pole or no antiderivative is nothing is said."""

from __future__ import annotations

import pytest

from gradlab.prove import Truth, prove

RIGHT_AND_WRONG = [
    (r"\int_0^1 t^2 \, dt", r"\frac13", r"\frac12"),
    (r"\int_0^b 3 t^2 dt", r"b^3", r"b^2"),
    (r"\int_0^\pi \sin t \, dt", "2", "0"),
    (r"\int_1^2 \frac{dt}{t}", r"\ln 2", "2"),
    (r"\int_0^\infty e^{-3t} dt", r"\frac13", "3"),
    (r"\int_0^1 \int_0^1 s t \, ds \, dt", r"\frac14", r"\frac12"),
    (r"\frac{d}{dx} \int_0^x e^{-t^2} dt", r"e^{-x^2}", r"-2x e^{-x^2}"),
    (r"\frac{d}{dx} \int_a^x f(t) \, dt", r"f(x)", r"f'(x)"),
    (r"\frac{d}{dx} \int_0^{x^2} g(t) \, dt", r"2x g(x^2)", r"g(x^2)"),
    (r"\int \cos t \, dt", r"\sin t + C", r"-\sin t + C"),
    (r"\int t^3 dt", r"\frac{t^4}{4}", r"t^4"),
    (r"\int e^{at} dt", r"\frac{1}{a} e^{at} + C", r"a e^{at} + C"),
]
OPEN = [
    r"\int p(t) dt = 1",  # over all that t may be
    r"\int t p(t) dt = \mu",
    r"\int f'(t) g(t) dt = -\int f(t) g'(t) dt",
    r"\int_{-1}^1 \frac{dt}{t^3} = 0",  # a pole between the bounds
    r"\int_{-1}^1 \frac{dt}{t^2} = -2",
    r"\int_{-\infty}^\infty \frac{dt}{t^2} = 0",
    r"\int_0^{2\pi} \frac{dt}{2 + \cos t} = 0",  # the antiderivative jumps
    r"\int_0^1 f(t) dt = f(1)",
    r"\int_0^1 e^{-t^3} dt = 1",
    r"\int_\Omega f = 1",
    r"\oint f(t) dt = 0",
    r"\int u \, dv = uv - \int v \, du",
    r"t \int f(t) dt = 1",
]


@pytest.mark.parametrize(("left", "right", "wrong"), RIGHT_AND_WRONG)
def test_what_is_integrated_is_judged(left, right, wrong):
    assert prove(f"{left} = {right}").truth is Truth.TRUE
    assert prove(f"{left} = {wrong}").truth is Truth.FALSE


def test_integrals_of_unknown_functions_add_up():
    assert prove(r"\int (f(t) + 2t) dt = \int f(t) dt + t^2").truth is Truth.TRUE
    assert prove(r"\int (f(t) + 2t) dt = \int f(t) dt + t").truth is Truth.NOT_UNDERSTOOD


@pytest.mark.parametrize("latex", OPEN)
def test_nothing_is_said_of_what_was_not_found(latex):
    assert prove(latex).truth is Truth.NOT_UNDERSTOOD
