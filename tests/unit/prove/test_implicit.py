r"""Along a curve a name is a function of the other: what its derivative is follows from the curve."""

from __future__ import annotations

import pytest

from gradlab.prove import prove, prove_document

CIRCLE = r"x^2 + y^2 = 25"


@pytest.mark.parametrize(
    ("latex", "verdict"),
    [
        (rf"{CIRCLE} \implies 2x + 2y y' = 0", "TRUE"),
        (rf"{CIRCLE} \implies 2x + y' = 0", "FALSE"),
        (rf"{CIRCLE} \implies \frac{{dy}}{{dx}} = -\frac{{x}}{{y}}", "TRUE"),
        (rf"{CIRCLE} \implies \frac{{dy}}{{dx}} = \frac{{x}}{{y}}", "FALSE"),
        (rf"{CIRCLE} \implies \frac{{d}}{{dx}}(x^2 + y^2) = 0", "TRUE"),
        (rf"{CIRCLE} \implies \frac{{dx}}{{dy}} = -\frac{{y}}{{x}}", "TRUE"),
        # True on the curve alone: there x^2 is 25 - y^2.
        (rf"{CIRCLE} \implies \left(\frac{{dy}}{{dx}}\right)^2 = \frac{{25 - y^2}}{{y^2}}", "TRUE"),
        (rf"{CIRCLE} \implies \left(\frac{{dy}}{{dx}}\right)^2 = \frac{{25 + y^2}}{{y^2}}", "FALSE"),
        (r"\sin(xy) = x \implies \cos(xy)(y + x y') = 1", "TRUE"),
        (r"x y = k \implies y' = -\frac{y}{x}", "TRUE"),
    ],
)
def test_what_follows_from_a_curve(latex, verdict):
    assert prove(latex).steps[-1].verdict == verdict


def test_a_prime_is_a_derivative_only_if_the_text_says_so():
    turned = prove_document(f"The circle ${CIRCLE}$. In other coordinates $y' = x - y$.")
    assert turned.steps[-1].verdict != "FALSE"
    slope = prove_document(f"The circle ${CIRCLE}$.\n\nDifferentiating implicitly we find $y' = \\frac{{x}}{{y}}$.")
    assert slope.steps[-1].verdict == "FALSE"
