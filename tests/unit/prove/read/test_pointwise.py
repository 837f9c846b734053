"""Functions made of functions at a point, and what only looks so."""

from __future__ import annotations

import pytest

from gradlab.prove import Truth, prove

TRUE = [
    r"(uv)'(t) = u'(t)v(t) + u(t)v'(t)",
    r"\left(g\cdot h\right)^{\prime}\left(t\right) = g^{\prime}\left(t\right) h\left(t\right) + g(t) h'(t)",
    r"\left(\frac{g}{h}\right)'(t) = \frac{g'(t)h(t) - g(t)h'(t)}{h(t)^2}",
    r"(5 g)'(t) = 5 g'(t)",
    r"(g^3)'(t) = 3 g(t)^2 g'(t)",
    r"(g \circ h)'(t) = g'(h(t)) h'(t)",
    r"(e^{g})'(t) = g'(t) e^{g(t)}",
    r"(t^2)'(t - 1) = 2t(t - 1)",
    r"(g - h)(g + h) = g^2 - h^2",
]
FALSE = [r"(gh)'(t) = g'(t) h'(t)", r"(g + h)'(t) = g'(t) - h'(t)"]


@pytest.mark.parametrize("latex", TRUE)
def test_a_bracket_of_functions_before_an_argument_is_applied_to_it(latex: str) -> None:
    assert [step.truth for step in prove(latex).steps] == [Truth.TRUE]


@pytest.mark.parametrize("latex", FALSE)
def test_a_wrong_rule_is_false(latex: str) -> None:
    assert [step.truth for step in prove(latex).steps] == [Truth.FALSE]


def test_a_value_at_a_number_is_left_open() -> None:
    assert prove(r"(gh)'(2) = g'(2)h(2) + g(2)h'(2)").truth is Truth.NOT_UNDERSTOOD
