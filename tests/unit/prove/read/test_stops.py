"""A full stop multiplies, ends, or may do either."""

from __future__ import annotations

import pytest

from gradlab.prove import Truth, prove

T, N = Truth.TRUE, Truth.NOT_UNDERSTOOD


@pytest.mark.parametrize(
    ("latex", "truths"),
    [
        (r"t + t = 2 . t", [T]),
        (r"t . s = s . t", [T]),
        (r"\frac{s . s}{t} = \frac{1}{t} . s^2", [T]),
        (r"\frac{d}{dt} \frac{g(t)}{h(t)} = \frac{g'(t) . h(t) - g(t) . h'(t)}{h(t)^2}", [T]),
        (r"t + t = 2t. s + s = 2s", [T, T]),
        (r"t + t = 2t . s + s = 2s", [N, N]),
        (r"t + t = 2t.", [T]),
    ],
)
def test_a_full_stop(latex: str, truths: list[Truth]) -> None:
    assert [step.truth for step in prove(latex).steps] == truths


def test_an_exponential_behind_a_d_is_no_error() -> None:
    for latex in (r"\frac{\partial e^t}{\partial t} = e^t", r"\frac{d e^{-2t}}{dt} = -2e^{-2t}"):
        assert prove(latex)
    assert prove(r"\frac{\partial e^2}{\partial w} = 2 e \frac{\partial e}{\partial w}")
