"""Steps that hold whatever the gradients and derivatives in them are that nothing computes."""

import pytest

from gradlab.prove import prove


@pytest.mark.parametrize(
    "latex",
    [
        r"\nabla f(x)^T[-t\nabla f(x)] + \|-t\nabla f(x)\|_2^2 = (t^2 - t)\|\nabla f(x)\|_2^2",
        r"\sum_k \frac{\partial L}{\partial y_k} \delta_{ki} x_j = \frac{\partial L}{\partial y_i} x_j",
        r"\nabla (F G) = G\nabla F + F\nabla G",
        r"\nabla (c f) = c \nabla f",
        r"\frac{\partial}{\partial x}\left(\frac{\partial u}{\partial y} - \frac{\partial v}{\partial x}\right) = "
        r"\frac{\partial^2 u}{\partial x\partial y} - \frac{\partial^2 v}{\partial x^2}",
        r"f = x^2 + y^2,\quad \nabla f = (2x, 2y)",
        r"f(x) = \lVert x \rVert^2, \nabla f(x)^T y = 2x^T y",
    ],
)
def test_true_whatever_they_are(latex):
    assert prove(latex).steps[-1].verdict == "TRUE"


@pytest.mark.parametrize(
    "latex",
    [
        r"\nabla f(x)^T[-t\nabla f(x)] + \|-t\nabla f(x)\|_2^2 = (t^2 + t)\|\nabla f(x)\|_2^2",
        r"\sum_k \frac{\partial L}{\partial y_k} \delta_{ki} x_j = \frac{\partial L}{\partial y_j} x_j",
        r"\nabla f(x) = \nabla f(y)",
        r"\nabla\left(\frac{F}{G}\right) = \frac{G\nabla F + F\nabla G}{G^2}",
        r"\nabla (F)^2 = 2F\nabla F",
        r"\nabla f^2(x) = \nabla f(x)",
        r"\nabla (w f) = w \nabla f",
        r"g = \nabla f(x), \nabla_x (g^T x) = g",
        r"\frac{\partial}{\partial x}\left(x \frac{\partial u}{\partial x}\right) = \frac{\partial u}{\partial x}",
    ],
)
def test_open_where_they_matter(latex):
    assert prove(latex).steps[-1].verdict not in ("TRUE", "FALSE")
