"""Costs over samples, and names that are vectors in one place and numbers in another."""

from __future__ import annotations

import pytest

from gradlab.prove import prove, prove_document

LINEAR = r"$f_{w,b}(x^{(i)}) = wx^{(i)} + b$ and $J(w,b) = \frac{1}{2m}\sum_{i=1}^m (f_{w,b}(x^{(i)}) - y^{(i)})^2$. "
ARROWS = r"$f_{\vec w,b}(\vec x^{(i)}) = \vec w\cdot\vec x^{(i)} + b$ and "
ARROWS += r"$J(\vec w,b) = \frac{1}{2m}\sum_{i=1}^m (f_{\vec w,b}(\vec x^{(i)}) - y^{(i)})^2$. "
LOGISTIC = r"$J(\theta) = -\sum_{i=1}^m [y^{(i)}\log h_\theta(x^{(i)}) + (1-y^{(i)})\log(1-h_\theta(x^{(i)}))]$. "
LOGISTIC = r"$h_\theta(x) = \sigma(\theta^T x)$. " + LOGISTIC
LAYERS = r"$z^l_j = \sum_k w^l_{jk} a^{l-1}_k + b^l_j$, $a^l_j = \sigma(z^l_j)$, $C = \frac12\sum_j (y_j - a^L_j)^2$, "
LAYERS += r"$\delta^l_j = \frac{\partial C}{\partial z^l_j}$. "
WHOLE = r"$z^l = W^l a^{l-1} + b^l$, $a^l = \sigma(z^l)$, $C = \frac12\|y - a^L\|^2$, "
WHOLE += r"$\delta^l = \frac{\partial C}{\partial z^l}$. "
SCRIPT = r"$z_i^{(\ell)} = \sum_j w_{ij}^{(\ell)} a_j^{(\ell-1)}$. "
ARROW = r"(\vec w\cdot\vec x^{(i)} + b - y^{(i)})"
ERROR = r"(f_{w,b}(x^{(i)}) - y^{(i)})"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (LINEAR + rf"$\frac{{\partial J(w,b)}}{{\partial w}} = \frac1m\sum_{{i=1}}^m {ERROR} x^{{(i)}}$", "TRUE"),
        (LINEAR + rf"$\frac{{\partial J(w,b)}}{{\partial b}} = \frac2m\sum_{{i=1}}^m {ERROR}$", "FALSE"),
        (ARROWS + rf"$\frac{{\partial J}}{{\partial w_j}} = \frac1m\sum_{{i=1}}^m {ARROW} x_j^{{(i)}}$", "TRUE"),
        (LOGISTIC + r"$\partial J/\partial\theta_j = \sum_{i=1}^m (h_\theta(x^{(i)}) - y^{(i)}) x_j^{(i)}$", "TRUE"),
        (LOGISTIC + r"$\partial J/\partial\theta_j = \sum_{i=1}^m (h_\theta(x^{(i)}) + y^{(i)}) x_j^{(i)}$", "FALSE"),
        (LOGISTIC + r"$J(2\theta) = 2 J(\theta)$", "NOT_UNDERSTOOD"),
        (r"$f(x) = x^T A x$ and $\nabla f(x) = (A + A^T) x$", "TRUE"),
        (r"$f(x) = x^2$, so $\nabla f(x) = 2x$; elsewhere $\nabla (x^T x) = 2x$", "NOT_UNDERSTOOD TRUE"),
        (r"$f(x) = x^2$, so $f'(x) = 2x$; elsewhere $\nabla (x^T x) = 2x$", "TRUE TRUE"),
        (r"Let $h = b - a$. $\lim_{h \to 0}\frac{(x+h)^2 - x^2}{h} = 2x$.", "TRUE"),
        (r"Let $h = b - a$. $\lim_{h \to 0} (b - a) = 0$.", "NOT_UNDERSTOOD"),
        (r"For any constant $C$, $\frac{d}{dx} C = 0$", "TRUE"),
        (r"The cost $C$ is least where $\frac{d}{dx} C = 0$", "NOT_UNDERSTOOD"),
        (LAYERS + r"$\frac{\partial C}{\partial w^l_{jk}} = a^{l-1}_k \delta^l_j$", "TRUE"),
        (LAYERS + r"$\delta^l_j = \sum_k w^{l+1}_{kj} \delta^{l+1}_k \sigma'(z^l_j)$", "TRUE"),
        (LAYERS + r"$\frac{\partial C}{\partial b^l_j} = 2 \delta^l_j$", "NOT_UNDERSTOOD"),
        (WHOLE + r"$\frac{\partial C}{\partial b^l} = 2\delta^l$", "FALSE"),
        (WHOLE + r"$\delta^l = (W^{l+1} \delta^{l+1}) \odot \sigma'(z^l)$", "FALSE"),
        (SCRIPT + r"$\partial z_i^{(\ell)}/\partial w_{ij}^{(\ell)} = a_j^{(\ell-1)}$", "TRUE"),
        (SCRIPT + r"$\partial z_i^{(\ell)}/\partial w_{ij}^{(\ell)} = a_j^{(\ell)}$", "NOT_UNDERSTOOD"),
        (r"$g(\mathbf w) = \mathbf w^T\mathbf A\mathbf w$, $\nabla^2 g(\mathbf w) = \mathbf A + \mathbf A^T$", "TRUE"),
        (r"$\frac{\partial x_k}{\partial x_i} = 1(k == i)$ and " + "$p \N{EN DASH} q + q = p$", "TRUE TRUE"),
        (r"$y = \sigma(z)$ and ${\partial y}/{\partial z} = y (1 - y)$", "TRUE"),
    ],
)  # fmt: skip
def test_what_is_said(text, wanted):
    steps = prove_document(text).steps
    assert " ".join(step.verdict for step in steps if step.verdict not in ("DEFINITION", "UPDATE")) == wanted


@pytest.mark.parametrize(
    ("latex", "wanted"),
    [
        (r"\sum_{k \ne i} u_k v_i - u_i (1 - v_i) = -u_i + \sum_k u_k v_k", "v_{i}"),
        (r"\frac{e^{z_j} \sum_k e^{z_k} - e^{2 z_j}}{\sum_k e^{z_k}} = e^{z_j} + e^{2 z_j} / \sum_k e^{z_k}", "sign"),
        (r"\frac{d}{dx} \frac{u(x)}{v(x)} = \frac{u'(x) v(x) - u(x) v'(x)}{v(x)}", "square"),
        (r"\frac{d}{dx} u(v(u(x))) = u'(v(u(x))) v'(u(x))", "the factor u'(x) is missing"),
        (r"\frac{d}{dx} x e^{-x} = e^{-x}", r"the term -x \cdot e^{-x} is missing"),
        (r"\frac{d}{dx} \sin(x^2) = \cos(x^2)", "the factor 2 x is missing"),
    ],
)  # fmt: skip
def test_repairs_of_what_is_made_of_entries_and_unknown_functions(latex, wanted):
    (step,) = prove(latex).steps
    assert step.repair is not None
    assert wanted in step.repair.message


@pytest.mark.parametrize(
    "text",
    [
        r"The identity $P^2 = P$ says that it projects.",
        r"So $\log_{10}(3.23) \approx 0.5091$.",
        r"$\frac{d}{dx}|x| = 1 (x > 0)$",
        r"$\frac{\partial}{\partial x_i} x_k^2 = 2 x_i \cdot 1 (k = i)$",
        r"$\frac{\partial}{\partial x_i} \frac1N\sum_{j=1}^N (x_j - \mu)^2 = \frac2N (x_i - \mu)(1 - \frac1N)$",
        r"$f(x_1, x_2) = x_1 x_2$, so $f'(x_1) = \frac{\partial f}{\partial x_1}$.",
        r"$f(x) = x^T A x$. $\nabla f(x) = 2Ax$",
    ],
)
def test_what_more_than_one_reading_makes_right_is_neither_true_nor_false(text):
    rows = prove_document(text)
    steps = [step for row in (*rows.rows, *rows.others) for step in row.proof.steps]
    assert steps[-1].verdict not in ("TRUE", "FALSE")


@pytest.mark.parametrize(
    "latex",
    [
        r"\mathrm{ReLU}'(x) = 1",
        r"\frac{a+b}{a} = b",
        r"\frac{a+b}{b} = a",
        r"\frac{d}{dx} x\sigma(x) = \sigma(x)(1-\sigma(x))",
        r"\frac{d}{dx} 2^x = x 2^{x-1}",
    ],
)
def test_no_repair_is_named_that_is_nobodys_mistake(latex):
    (step,) = prove(latex).steps
    assert step.verdict == "FALSE"
    assert step.repair is None
