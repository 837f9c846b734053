"""Primes that transpose in texts on regression, and primes that differentiate."""

from __future__ import annotations

import pytest

from gradlab.prove import Truth, prove, prove_document

T, F = Truth.TRUE, Truth.FALSE


@pytest.mark.parametrize(
    ("latex", "truth"),
    [
        (r"\frac{\partial}{\partial b} b'Z'Z b = 2Z'Z b", T),
        (r"\frac{\partial}{\partial \beta} \beta'X'X\beta = X'X\beta", F),
        (r"(y - Zb)'(y - Zb) = y'y - 2y'Zb + b'Z'Zb", T),
        (r"(y - Zb)'(y - Zb) = y'y - y'Zb + b'Z'Zb", F),
        (r"\frac{\partial}{\partial b} (y - Zb)'(y - Zb) = -2Z'(y - Zb)", T),
        (r"X'Y + XY' = (XY)'", T),
        (r"(u^2)' = 2u'u", T),
        (r"f'f + f f' = (f^2)'", T),
    ],
)
def test_a_prime_transposes_where_a_matrix_stands_behind_itself(latex: str, truth: Truth) -> None:
    assert [step.truth for step in prove(latex).steps] == [truth]


def test_the_rest_of_such_a_text_means_it_too() -> None:
    text = r"""Let $S = (y - Zb)'(y - Zb)$. Then
$$\frac{\partial S}{\partial b} = -2Z'y + 2Z'Zb$$
For $g(t) = t^2$ we have $g'(t) = 2t$."""
    truths = [step.truth for row in prove_document(text).rows for step in row.proof.steps]
    assert truths == [T, T, T, T]
