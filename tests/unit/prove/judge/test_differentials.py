r"""Differentials: of formulas, of names that are computed, of matrices; a d that is part of a name stays one."""

from __future__ import annotations

import pytest

from gradlab.prove import prove

SUM = r"\frac{\partial f}{\partial u} du"


@pytest.mark.parametrize(
    ("latex", "verdicts"),
    [
        (r"d(t^2) = 2t \, dt", "TRUE"),
        (r"d(t^2) = t \, dt", "FALSE"),
        (r"\mathrm{d}(uv) = u \, \mathrm{d}v + v \, \mathrm{d}u", "TRUE"),
        (r"d(uv) = u \, dv - v \, du", "FALSE"),
        (r"d(uv) = u \, dv", "NOT_UNDERSTOOD"),  # true if u is constant
        (r"d(a t^2) = 2 a t \, dt", "TRUE"),
        (r"u = t^3, \quad du = 3t^2 dt", "DEFINITION TRUE"),
        (r"u = t^3, \quad du = t^2 dt", "DEFINITION FALSE"),
        (rf"df = {SUM} + \frac{{\partial f}}{{\partial v}} dv", "TRUE"),
        (r"d(\operatorname{tr}(AX)) = \operatorname{tr}(A \, dX)", "TRUE"),
        (r"d(\operatorname{tr}(AX)) = \operatorname{tr}(A^\top dX)", "FALSE"),
        (r"d(XY) = (dX) Y + X \, dY", "TRUE"),
        (r"d(XY) = Y \, dX + X \, dY", "NOT_UNDERSTOOD"),  # of numbers, not of matrices
        (r"d(X^{-1}) = -X^{-1} (dX) X^{-1}", "TRUE"),
        (r"d \log\det X = \operatorname{tr}(X^{-1} dX)", "TRUE"),
        (r"d(\mathbf x^\top \mathbf A \mathbf x) = \mathbf x^\top (\mathbf A + \mathbf A^\top) d\mathbf x", "TRUE"),
        (r"d(\mathbf x^\top \mathbf A \mathbf x) = 2 \mathbf x^\top \mathbf A \, d\mathbf x", "NOT_UNDERSTOOD"),
        # A loss's derivatives by these names: z is no function of a.
        (r"z = wx, \quad a = \sigma(z), \quad dz = da \cdot \sigma'(z)", "DEFINITION DEFINITION DEFINITION"),
        (r"d(u, v) = |u - v|", "DEFINITION"),
    ],
)
def test_differentials(latex, verdicts):
    assert " ".join(step.verdict for step in prove(latex).steps) == verdicts
