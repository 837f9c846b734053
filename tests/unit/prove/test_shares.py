"""Steps that hold for labels that sum to one: true where the text says so, open where it does not."""

from __future__ import annotations

import pytest

from gradlab.prove import prove_document

STEP = r"$$p_i \sum_k y_k - y_i = p_i - y_i$$"


def step(text: str) -> str:
    found = prove_document(text)
    steps = [step for row in (*found.rows, *found.others) for step in row.proof.steps]
    return next(step.verdict for step in steps if step.right.startswith("p_i - y_i") or "}_{=1}" in step.left)


@pytest.mark.parametrize(
    "said",
    [
        r"given that $\sum_k y_k = 1$ from above.",
        "where $y$ is a one-hot vector.",
        r"since the $y_k$ sum to 1.",
    ],
)
def test_it_is_true_where_the_text_says_so_behind_it(said):
    assert step(f"{STEP}\n\n{said} So $a = 1$.") == "TRUE"


@pytest.mark.parametrize(
    "said",
    [
        r"given that $\sum_k q_k = 1$.",
        "where $t$ is a one-hot vector, and $y$ is any.",
        r"since the $y_k$ sum to 2. So $a = 1$.",
        r"# Else" + "\n\n" + r"given that $\sum_k y_k = 1$.",
    ],
)
def test_it_is_open_where_the_text_does_not(said):
    assert step(f"{STEP}\n\n{said}") != "TRUE"


def test_a_brace_says_so_too():
    assert step(r"$$p_i \underbrace{\sum_k y_k}_{=1} - y_i = p_i - y_i$$") == "TRUE"
