"""What words say of matrices makes steps true, and never one false."""

import pytest

from gradlab.prove import prove_document


def _last(text):
    proof = prove_document(text)
    return max((step for row in (*proof.rows, *proof.others) for step in row.proof.steps), key=lambda s: s.place.column)


@pytest.mark.parametrize(
    "text",
    [
        r"$f(x) = x^T A x$ with symmetric $A$. $\nabla f(x) = 2Ax$",
        r"Let $f(x) = \frac{1}{2}x^TAx + b^Tx$, with $A$ symmetric and $b \in \mathbb{R}^n$. $\nabla^2 f(x) = A$",
        r"Let $Q$ be orthogonal. Then $Q^T Q x = x$.",
        r"Let $D$ be a diagonal matrix. $D^T x = D x$.",
        r"As $\mathbf{S}$ is positive definite, $\mathbf{S}^\top \mathbf{x} = \mathbf{S} \mathbf{x}$.",
    ],
)
def test_true_by_words(text):
    assert _last(text).verdict == "TRUE"
    assert "as the text says" in _last(text).reason


@pytest.mark.parametrize(
    "text",
    [
        r"If $A$ is symmetric, $x^T A y = y^T A x$ follows.",
        r"$A$ is not symmetric. $f(x) = x^T A x$. $\nabla f(x) = 2Ax$",
        r"$f(x) = x^T A x$ with symmetric $B$. $\nabla f(x) = 2Ax$",
        r"Let $f(x) = \frac{1}{2}x^TAx + b^Tx$, with $A \in \mathbb{R}^{n \times n}$. $\nabla^2 f(x) = A$",
    ],
)
def test_not_true_by_other_words(text):
    assert _last(text).verdict not in ("TRUE", "FALSE")
