"""What was last said of a name before a line is what it means there, wherever else it is said otherwise."""

from __future__ import annotations

import pytest

from gradlab.prove import prove_document


def verdicts(text: str) -> list[str]:
    rows = prove_document(text)
    steps = [step for row in (*rows.rows, *rows.others) for step in row.proof.steps]
    return [step.verdict for step in sorted(steps, key=lambda step: (step.place.line, step.place.column))]


TWO = "# One\n\nLet $y = u^5$ and $u = x^2 + 1$.\n\n# Two\n\nLet $y = e^u$, $u = 3x$.\n\n"


def test_examples_one_after_the_other_each_have_their_own_names():
    assert verdicts(TWO + r"So $\frac{dy}{du} = e^u$ and $\frac{dy}{dx} = 3e^{3x}$.")[4:] == ["TRUE", "TRUE"]
    assert verdicts(TWO + r"So $\frac{dy}{dx} = 10x(x^2+1)^4$.")[-1] != "TRUE"


def test_rows_of_a_table_of_derivatives_are_judged_each_by_itself():
    rows = [r"| $f(x) = k$ | $f'(x) = 0$ |", r"| $f(x) = x$ | $f'(x) = 1$ |", r"| $f(x) = \ln x$ | $f'(x) = 1/x$ |"]
    assert verdicts("\n".join(rows)) == ["DEFINITION", "TRUE"] * 3
    assert verdicts("\n".join([*rows, r"| $f(x) = x^3$ | $f'(x) = 3x$ |"]))[-1] == "FALSE"


def test_a_definition_far_below_is_not_meant_above():
    text = "# One\n\nLet $f(t) = t^2$. $f'(t) = 2t$ and $f(t) + t = t^2 + t$.\n\n# Two\n\n$t = x_1 + \\dots + \\dots$."
    assert verdicts(text)[:3] == ["DEFINITION", "TRUE", "TRUE"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r"$y = f(x) = x^2$, so $f'(x) = 2x$.", ["DEFINITION", "DEFINITION", "TRUE"]),
        (r"$y = f(x) = x^2$. $f'(x) = x$.", ["DEFINITION", "DEFINITION", "FALSE"]),
        (r"Call $e^a + e^b = Z$. $\frac{\partial}{\partial a} \ln Z = e^a / Z$.", ["DEFINITION", "TRUE"]),
    ],
)
def test_names_that_do_not_begin_a_line_are_defined_too(text, wanted):
    assert verdicts(text) == wanted


def test_a_function_may_be_defined_anew_in_the_middle_of_a_line():
    text = "# One\n\n$y = f(x) = x^2$\n\n# Two\n\n$y = f(x) = x^3$. $f'(x) = 3x^2$. $f'(x) = 2x$."
    assert verdicts(text)[-2:] == ["TRUE", "FALSE"]
