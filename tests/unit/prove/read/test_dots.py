"""Sums with dots, and both signs at once."""

import pytest

from gradlab.prove import prove, prove_document


@pytest.mark.parametrize(
    ("latex", "truth"),
    [
        (r"x_1 + x_2 + \dots + x_n = \sum_{i=1}^n x_i", "TRUE"),
        (r"b + w_1x_1 + \dots + w_n x_n = b + \sum_{j=1}^n w_j x_j", "TRUE"),
        (r"\frac{\partial (\exp(x_1) + \exp(x_2) + ... + \exp(x_n))}{\partial x_i} = \exp(x_i)", "TRUE"),
        (r"1^2 + 2^2 + \dots + n^2 = n(n+1)(2n+1)/6", "TRUE"),
        (r"1^2 + 2^2 + \dots + n^2 = n(n+1)(2n+3)/6", "FALSE"),
        (r"1 + 3 + \cdots + n = n(n+1)/2", "NOT_UNDERSTOOD"),
        (r"x_2 + x_3 + \dots + x_n = \sum_{i=1}^n x_i", "NOT_UNDERSTOOD"),
        (r"x_1 + y_2 + \dots + x_n = \sum_{i=1}^n x_i", "NOT_UNDERSTOOD"),
        (r"(a \pm b)^2 = a^2 \pm 2ab + b^2", "TRUE"),
        (r"(a \pm b)^2 = a^2 \mp 2ab + b^2", "FALSE"),
        (r"(a \pm b)^2 = a^2 + 2ab + b^2", "NOT_UNDERSTOOD"),
        (r"\frac{\mathbf y}{\mathbf s} \odot \mathbf s = \mathbf y", "TRUE"),
        (r"|e^{ix}| = e^{ix}", "NOT_UNDERSTOOD"),
        (r"\begin{array}{rcl} x + x &=& 2x \text{(by adding)} \\ &=& 3x - x \end{array}", "TRUE"),
        (r"\begin{array}{rcl} x + x &=& 2x \text{(by adding)} \\ &=& 3x + x \end{array}", "FALSE"),
        (r"|x| = x \text{ (if } x > 0) = x", "NOT_UNDERSTOOD"),
        (r"\color{darkred}{x}^2 = x x", "TRUE"),
    ],
)
def test_dots_and_signs(latex, truth):
    assert prove(latex).steps[-1].truth.name == truth


def test_a_function_that_is_its_own_slope_is_no_claim():
    assert prove("f' = f").steps[0].verdict == "CONDITION"


def test_the_name_of_a_node_is_no_index_but_where_a_sum_runs_over_it():
    text = r"$E = \sum_o e_o$, $e_{o1} = 3 n_{o1}$ and $e_{o2} = n_{o2}$. $\frac{\partial e_{o1}}{\partial n_{o1}} = 3$"
    assert prove_document(text).steps[-1].verdict == "TRUE"
    assert prove(r"\sum_{h=1}^2 w_{h1} = w_{11} + w_{21}").steps[0].verdict == "TRUE"


def test_a_condition_whose_shapes_do_not_fit_stops_nothing():
    (step,) = prove(r"\mathbf{w}^\top \mathbf{x} = \mathbf{x}^\top \mathbf{w} \text{ for } \mathbf{w} = 1").steps
    assert "failed" not in step.reason
