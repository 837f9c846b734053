"""Arrows and reasons between equations: what is a claim, what is solved, what only says why."""

from __future__ import annotations

import pytest

from gradlab.prove import Kind, Truth, prove, prove_document

T, F, N = Truth.TRUE, Truth.FALSE, Truth.NOT_UNDERSTOOD


@pytest.mark.parametrize(
    ("latex", "truths"),
    [
        (r"u = t^2 => \frac{du}{dt} = 2t", [T, T]),
        (r"\begin{align} => t + t &= 2t \\ ==> \frac{1}{1+e^t} &= \frac{e^{-t}}{1+e^{-t}} \end{align}", [T, T]),
        (
            r"\begin{align} \frac{d}{dt} t^2 &= 2t \quad \because \frac{d}{dt} t^n = n t^{n-1} \\ &= t + t \end{align}",
            [T] * 3,
        ),
        (r"\because 1 + 2 = 3 \therefore t + 2t = 3t", [T, T]),
    ],
)
def test_arrows_and_reasons_part_equations(latex: str, truths: list[Truth]) -> None:
    assert [step.truth for step in prove(latex).steps] == truths


def test_what_an_arrow_follows_may_be_an_equation_to_solve() -> None:
    step = prove(r"\frac{1}{s^2}\sum_{i=1}^n (t_i-m) = 0 \implies \sum_{i=1}^n t_i - nm = 0").steps[0]
    assert step.kind is Kind.CONDITION
    assert prove(r"\frac{d}{dt} 5 = 1 \Rightarrow t = 2").steps[0].truth is F


def test_both_sides_of_an_equation_are_differentiated() -> None:
    steps = prove(
        r"\begin{aligned} \frac{d}{dx}(x^2 + 3y^2) &= \frac{d}{dx} 7 \\ 2x + 6y\frac{dy}{dx} &= 0 \\"
        r"\frac{dy}{dx} &= \frac{x}{3y} \end{aligned}"
    ).steps
    assert steps[0].kind is Kind.CONDITION
    assert [step.truth for step in steps[1:]] == [T, F]
    assert prove(r"\frac{d}{dx} x^2 = \frac{d}{dx} 7").truth is F


def test_the_second_derivative_along_a_curve() -> None:
    text = r"""For $x^2 + 3y^2 = 7$ the derivative is $y' = -\frac{x}{3y}$. Then
$$y'' = \frac{d}{dx}\left[-\frac{x}{3y}\right]$$
$$= -\frac{3y - 3xy'}{9y^2}$$"""
    assert [step.truth for row in prove_document(text).rows for step in row.proof.steps] == [T, T, T]


def test_a_second_derivative_of_what_another_heading_defines_is_no_mistake() -> None:
    text = "# One\nFor example $y = x^2 + 3x$.\n\n# Two\nFind the second derivative\n$$y'' = \\frac{d}{dx}[-x/y]$$\n"
    assert all(step.truth is not F for row in prove_document(text).rows for step in row.proof.steps)


def test_an_update_is_none_the_less_one_where_its_derivative_vanishes() -> None:
    steps = prove(r"\begin{aligned} L &= 3c \\ w &= w - \eta \frac{\partial L}{\partial w} \end{aligned}").steps
    assert steps[1].kind is Kind.UPDATE


def test_where_a_function_vanishes_it_is_not_said_to_do_so_everywhere() -> None:
    step = r"$-g(t) = \nabla g(t)^T p$ with $p = -(\nabla g(t)^T)^{-1} g(t)$."
    text = f"We solve $g(t) = 0$. Here $g(t + 1) = 0$ and {step}"
    found = prove_document(text)
    truths = [step.truth for row in (*found.rows, *found.others) for step in row.proof.steps if step.kind is Kind.CLAIM]
    assert set(truths) == {N}


@pytest.mark.parametrize(
    "latex",
    [
        r"\lim_{n \to \infty} h_n = 0",
        r"\lim_{n \to \infty} t_n^2 = 4",
        r"\lim_{n \to \infty} \sum_{i=1}^n \frac{1}{2^i} = 1",
        r"\frac{\partial}{\partial A} A B = B^T",
        r"\frac{\partial t_{kl}^2}{\partial t_{ij}} = 0",
    ],
)
def test_what_is_left_open(latex: str) -> None:
    assert prove(latex).truth is N


def test_the_zeros_of_a_rough_number_are_rounding() -> None:
    assert prove(r"e^5 \approx 150").steps[0].kind is Kind.APPROXIMATION
    assert prove(r"e^5 \approx 160").truth is F
    assert prove(r"e^5 = 150").truth is F


@pytest.mark.parametrize(
    ("latex", "truth"),
    [(r"g(t)=C \rightarrow g'(t)=0", T), (r"g(t)=t \rightarrow g'(t)=1", T), (r"g(t)=t \rightarrow g'(t)=2", F)],
)
def test_a_function_and_behind_an_arrow_its_derivative(latex: str, truth: Truth) -> None:
    definition, claim = prove(latex).steps
    assert (definition.kind, claim.truth) == (Kind.DEFINITION, truth)


def test_where_a_function_is_its_argument_it_is_not_defined() -> None:
    assert prove(r"g(t) = t \Rightarrow t = 2").steps[0].kind is not Kind.DEFINITION


def test_an_index_on_one_side_alone_may_be_added_up() -> None:
    assert prove(r"-v_a + u_j z_a = -v_a + z_a").truth is N
    assert prove(r"\sum_i u_i v_i = u_i v_i").truth is F


def test_a_dot_between_columns_is_their_inner_product() -> None:
    columns = r"\begin{pmatrix} 2 \\ 1 \end{pmatrix} \cdot \frac{1}{5} \begin{pmatrix} 3 \\ 4 \end{pmatrix}"
    assert [prove(f"{columns} = {value}").truth for value in ("2", r"\frac{11}{5}")] == [T, F]


@pytest.mark.parametrize(
    ("latex", "truth"),
    [
        (r"\frac{\partial}{\partial t_j} \sum_{q=0}^{n-1} t_q^2 = 2 t_j", T),
        (r"\frac{\partial}{\partial t_j} \sum_{q=0}^{n-1} t_q^2 = t_j", F),
        (r"\sum_{q=0}^{n-1} t_q = \sum_q t_q", N),
    ],
)
def test_sums_that_count_from_zero(latex: str, truth: Truth) -> None:
    assert prove(latex).truth is truth


def test_a_reason_in_brackets_ends_where_they_do() -> None:
    latex = r"\begin{align} 1 + 1 &= 2 \quad (\because 1 = 1) \\ &= 2 \cdot 1 \\ \\ t + t &= 2t \end{align}"
    assert all(step.truth is not F for step in prove(latex).steps)
    assert [step.truth for step in prove(latex).steps][-1] is T


def test_the_limit_of_a_member_of_what_another_letter_numbers_is_left_open() -> None:
    text = r"With $h_t = \|w_t - w\|^2$ we find $\lim_{q \to \infty} h_q = 0$."
    assert all(step.truth is not F for row in prove_document(text).rows for step in row.proof.steps)


def test_the_value_where_something_happens_is_no_constant_function() -> None:
    text = r"We have $v(t) = 4 \cdot r(t)^3$. At the point of interest $r(t) = 3$. Now $v'(t) = {} \cdot r(t)^2 r'(t)$."
    right, wrong = (prove_document(text.replace("{}", factor)) for factor in ("12", "24"))
    assert right.rows[-1].proof.steps[-1].truth is T
    steps = [step for row in (*wrong.rows, *wrong.others) for step in row.proof.steps if "24" in step.right]
    assert [step.truth for step in steps] != [T]
    assert prove_document("Let $g(t) = 5$. Then $g'(t) = 0$.").rows[-1].proof.truth is T
