"""Notation as it is met outside of our own texts: what is true, false, a definition, a condition, or left open."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradlab.prove import Kind, Truth, prove, prove_document

LOSS = "L = (w*x - y)**2/2"

TRUE = [
    (r"\frac{\partial}{\partial s} h(s,t) = \frac{\partial h}{\partial s}", None),
    (r"\cos(0) = 1", None),
    (r"\sigma(0) = \frac12", "a*b"),
    (r"\sigma'(0) = \frac14", None),
    (r"f(4) = 16", "x**2"),
    (r"\frac{df}{dx}(4) = 8", "x**2"),
    (r"\nabla f(1, 2) = \begin{pmatrix} 2 \\ 4 \end{pmatrix}", "x**2 + y**2"),
    (r"\frac{d}{dt} sin(t) = cos(t)", None),
    (r"exp(u) = e^u", None),
    (r"\frac{\partial}{\partial v} v^T u = u", None),
    (r"v^T u = \sum_{i=1}^n v_i u_i", None),
    (r"E = e^2", "E = e**2"),
    (r"t^2 = t t \text{ for } t > 0", None),
    (r"t + t = 2t \quad (7)", None),
    (r"\frac{1}{7} = 0.143", None),
    (r"\boxed{t + t = 2t}", None),
    (r"\hat{y_i} + \hat y_i = 2 \hat{y}_i", None),
    (r"|t| = \begin{cases} t & t > 0 \\ -t & \text{otherwise} \end{cases}", None),
    (r"\frac{d}{dt}|t| = \frac{t}{|t|}", None),
    (r"\frac{d}{dt} t^3 \bigg|_{t=2} = 12", None),
    (r"f^{'}(x) = 2x", "x**2"),
    (r"f\prime(x) = 2x", "x**2"),
    (r"f''(x) = 2", "x**2"),
    (r"(uv)' = u'v + uv'", None),
    (r"\frac{d}{dt} g(h(t)) = g'(h(t)) h'(t)", None),
    (r"\mbox{e}^t = e^t", None),
    (r"θ + θ = 2 θ", None),
    (r"∑_{i=1}^3 i = 6", None),
    (r"\sum_{j \ne i} q_j = \sum_j q_j - q_i", None),
    (r"\frac{\partial}{\partial v_j} \sum_{k=1}^n v_k u_k = u_j", None),
    (r"\frac{\partial}{\partial v_i} v_j = \delta_{ij}", None),
    (r"\frac{\partial L}{\partial \hat y} = 2 (\hat y - y)", "L = (y_hat - y)**2"),
    (r"\newcommand{\half}{\frac12} \half + \half = 1", None),
    (r"\nabla_w \|w\|^2 = 2w", None),
]


@pytest.mark.parametrize(("latex", "graph"), TRUE)
def test_true(latex, graph):
    proof = prove(latex, graph)
    assert [step.truth for step in proof.steps] == [Truth.TRUE], str(proof)
    assert proof.steps[0].kind is Kind.CLAIM


FALSE = [
    (r"\cos(0) = 0", None),
    (r"\log(10) = 10 \log(1)", None),
    (r"(\sum_{i=1}^m u^{(i)})^2 = m \sum_{i=1}^m (u^{(i)})^2", None),
    (r"\frac{\partial}{\partial v_j} \sum_{k=1}^n v_k u_k = 0", None),
    (r"\frac{d}{dt} \psi(t)^2 = 2 \psi(t)", None),
    (r"u'(v(t)) = u'(t) v'(t)", None),
    (r"e^{i\pi} = 1", None),
    (r"4i + 3i = 8i", None),
    (r"\frac{d}{di} i^3 = 2i^2", None),
    (r"\sum_{k=1}^{i} k = i^2", None),
    (r"\max(t, -7) = t", None),
    (r"\operatorname{relu}(t - 90) = 0", None),
    (r"e^{-300 - t^2} = 0", None),
    (r"2000 = 2003", None),
    (r"f''(x) = 6x", "x**2"),
    (r"\sum_{i=1}^n i = n^2", None),
    (r"(uv)' = u'v'", None),
    (r"\frac{\partial}{\partial v_i} \sum_j v_j^2 = 2 \sum_j v_j", None),
]


@pytest.mark.parametrize(("latex", "graph"), FALSE)
def test_false(latex, graph):
    proof = prove(latex, graph)
    assert [step.truth for step in proof.steps] == [Truth.FALSE], str(proof)


NEVER_FALSE = [
    r"\psi(3t) = 3 \psi(t)",
    r"u''(t) = -u(t)",
    r"u'(t) = 3t u(t)",
    r"\frac{d}{dt}\psi(t) = \psi",
    r"\frac{\partial h(s,t)}{\partial t} = c \frac{\partial h(s,t)}{\partial s}",
    r"e^{i\pi} = -1",
    r"e^{-j\omega} = \cos\omega - j\sin\omega",
    r"|e^{i\beta}| = 1",
    r"\frac{1}{i} = -i",
    r"j^2 = -1",
]


@pytest.mark.parametrize("latex", NEVER_FALSE)
def test_equations_for_functions_and_imaginary_units_are_left_open(latex):
    assert [step.truth for step in prove(latex).steps] == [Truth.NOT_UNDERSTOOD]


def test_a_derivative_behind_a_comma_is_no_condition_on_an_index():
    steps = prove(r"a + a = 2a, \frac{d(3t)}{dt} = m, t + t = 2t, t = \frac12").steps
    assert len(steps) == 3
    assert steps[1].right == "m"


@pytest.mark.parametrize("text", ["$7.5$ & $\\approx 0.2$ \\\\", "| $7.5$ | $= 3$ |"])
def test_the_cells_of_a_table_are_no_chain(text):
    assert all(step.truth is Truth.NOT_UNDERSTOOD for step in prove_document(text).steps)


OTHERS = [
    (r"S(t) = \frac{1}{1 + e^{-t}}", None, [Kind.DEFINITION]),
    (r"A(t) = t^2", None, [Kind.DEFINITION]),
    (r"s = sigmoid(z)", None, [Kind.DEFINITION]),
    (r"net_{h2} = w_3 i_1 + w_4 i_2 + b_1", None, [Kind.DEFINITION]),
    (r"E(\textbf{w}) = c + d", None, [Kind.DEFINITION]),
    (r"\Delta u = 1", None, [Kind.VALUE]),
    (r"\theta := \theta - \alpha u", None, [Kind.UPDATE]),
    (r"\theta \leftarrow \theta - \alpha u", None, [Kind.UPDATE]),
    (r"u_{t+1} = u_t - \eta g_t", None, [Kind.UPDATE]),
    (r"w = w - \eta (wx - y) x", LOSS, [Kind.UPDATE]),
    (r"\frac{\partial L}{\partial w} = (wx - y) x = 0", LOSS, [Kind.CLAIM, Kind.CONDITION]),
    (r"\frac{\partial q}{\partial u} = v = 3", "q = u*v", [Kind.CLAIM, Kind.VALUE]),
    (r"a + b = c + d", None, [Kind.CONDITION]),
    (r"\frac{d}{du}(u^2 - 4u) = 0", None, [Kind.CONDITION]),
]


@pytest.mark.parametrize(("latex", "graph", "kinds"), OTHERS)
def test_what_claims_nothing_is_never_false(latex, graph, kinds):
    proof = prove(latex, graph)
    assert [step.kind for step in proof.steps] == kinds, str(proof)
    assert all(step.truth is not Truth.FALSE for step in proof.steps)


def test_the_gradient_in_an_update_rule_is_checked():
    right, wrong = prove(r"w = w - \eta (wx - y) x", LOSS), prove(r"w = w - \eta (wx + y) x", LOSS)
    assert right.steps[0].truth is Truth.TRUE
    assert "gradient of L" in right.steps[0].reason
    assert wrong.steps[0].truth is Truth.NOT_UNDERSTOOD


OPEN = [
    (r"p \cdot exp ( q ) = e \, x \, q \, p^2", r"did you mean \exp?"),
    (r"\frac{\partial (\hat y - y)^2}{\partial w} = 3 \frac{\partial (\hat y - y)}{\partial w}", "depends on w"),
    (r"f^{-1}(x) = \sqrt{x}", "inverse"),
    (r"p(y|x) = p(x|y)", "p(y|x)"),
    (r"1/2t = t/2", "denominator"),
    (r"\log t u = \log(t) u + 1 - 1", "argument of log"),
    (r"\sum_i (u_i + v_i) = \sum_i u_i + v_i", "where this sum ends"),
    (r"a = \foo", r"\foo is not known: write what it stands for"),
]


@pytest.mark.parametrize(("latex", "words"), OPEN)
def test_what_is_open_is_said(latex, words):
    step = prove(latex, "x**2" if "f^" in latex else None).steps[0]
    assert step.truth is Truth.NOT_UNDERSTOOD
    assert words in step.reason, step.reason


def test_no_advice_is_given_where_there_is_no_other_way():
    assert prove(r"\oint x dx = 3").steps[0].reason == "line 1, column 1: only integrals over one variable are judged"


@pytest.mark.parametrize(
    ("latex", "count"),
    [
        (r"\frac{\partial f}{\partial x} = y \quad \frac{\partial f}{\partial y} = x", 2),
        (r"\frac{\partial f}{\partial x} = y \hspace{1cm} \frac{\partial f}{\partial y} = x", 2),
        (r"\begin{eqnarray} x + x &=& 2x \\ &=& x + x \end{eqnarray}", 2),
        (r"\begin{array}{rcl} x + x &=& 2x \\ &=& x + x \end{array}", 2),
        (r"x = x \textrm{ and } y = y \newline x y = y x", 3),
        (r"x + x = 2x, \quad y + y = 2y", 2),
    ],
)
def test_several_claims_are_parted(latex, count):
    proof = prove(latex, "x*y")
    assert [step.truth for step in proof.steps] == [Truth.TRUE] * count, str(proof)


# ---- documents --------------------------------------------------------------------------------------------------


def judged(text, graph=None):
    """What is said about each line of a text, in one word."""
    table = prove_document(text, graph)
    rows = sorted((*table.rows, *table.others), key=lambda row: (row.place.line, row.place.column))
    return [step.verdict for row in rows for step in row.proof.steps]


def test_definitions_may_come_in_any_order():
    text = (
        r"$L = \frac12 (a - y)^2$, $a = \sigma(z)$ and $z = wx + b$ give "
        r"$\frac{\partial L}{\partial w} = (a - y) a (1 - a) x$, not $\frac{\partial L}{\partial b} = (a - y) a$."
    )
    assert judged(text) == ["DEFINITION"] * 3 + ["TRUE", "FALSE"]


def test_a_value_that_is_met_at_one_place_defines_nothing():
    text = r"It is least at $x = \sqrt{3}$. In general $\frac{d}{dx} x^3 = 3 \sqrt{3}\, x$."
    assert judged(text) == ["VALUE", "FALSE"]


def test_what_contradicts_a_definition_is_never_true():
    text = r"We have $r = p - y$, and then $r = p + y$. So $r + y = p$ and $r - y = p$."
    table = prove_document(text)
    assert judged(text) == ["DEFINITION", "NOT_UNDERSTOOD", "NOT_UNDERSTOOD", "NOT_UNDERSTOOD"]
    assert "otherwise in line 1" in table.rows[1].proof.steps[0].reason


def test_a_function_is_defined_anew_where_it_is_written_anew():
    text = "With $f(t) = t^2$ it is $f'(t) = 2t$.\n\nWith $f(t) = t^3$ it is $f'(t) = 3t^2$, not $f'(t) = 2t^2$."
    assert judged(text) == ["DEFINITION", "TRUE", "DEFINITION", "TRUE", "FALSE"]


def test_an_activation_of_the_text_s_own():
    text = r"Let $\sigma(x) = \mathrm{max}(0, x)$. Then $\sigma(3) = 3$ and $\sigma(-3) = \sigma(3)$."
    assert judged(text) == ["DEFINITION", "TRUE", "FALSE"]


def test_constants_yield_to_names_of_the_text():
    text = r"With $e = wx - y$ and $L = e^2$ we get $\frac{\partial L}{\partial e} = 2e$."
    assert judged(text) == ["DEFINITION", "DEFINITION", "TRUE"]


def test_conditions_of_the_text_hold_for_its_claims():
    text = r"The labels have $\sum_k t_k = 1$. Thus $\sum_{k} t_k q = q$."
    assert judged(text)[-1] == "TRUE"


def test_values_put_in_accuse_nobody():
    text = r"""
$$n = w_1 i_1 + b$$
$$n = 0.1 * 0.5 + 0.2 = 0.25$$
$$o = \frac{1}{1 + e^{-n}} = \frac{1}{1 + e^{-0.25}} = 0.562$$
"""
    assert judged(text) == ["DEFINITION", "VALUE", "TRUE", "DEFINITION", "VALUE", "TRUE"]


def test_a_chain_goes_on_in_the_next_display():
    text = "$$(u + 1)^2 = u^2 + 2u + 1$$\nand further\n$$= u (u + 2) + 1 = u^2 + 1$$"
    assert judged(text) == ["TRUE", "TRUE", "FALSE"]


def test_one_equation_takes_no_other_with_it():
    broken = [r"$x = \left( 3$", r"$f(\mathbf x) = 3$", r"$a = \foo$", r"$\begin{align} a = \end{matrix}$"]
    text = f"{' and '.join(broken)} but $x + x = 2x$."
    assert judged(text)[-1] == "TRUE"


def test_no_graph_is_imposed():
    assert judged("$L = w y$ gives $\\frac{\\partial L}{\\partial w} = y$.") == ["DEFINITION", "TRUE"]
    assert judged("$\\frac{\\partial f_{in}}{\\partial c} = 1$") == ["TRUE"]


def test_the_report_counts_apart():
    table = prove_document(r"Let $g = a b$. With $a = 2$, $\frac{\partial g}{\partial a} = b$ and $\int g = 1$.")
    assert table.summary == "2 steps: 1 TRUE, 0 FALSE, 1 NOT_UNDERSTOOD; apart from them 1 definition, 1 value"
    assert "a new name is defined" in table.explained()


# ---- anything ---------------------------------------------------------------------------------------------------

ATOMS = st.sampled_from(
    r"x y_i \theta_j 2 0.5 \hat{y} w' \mathbf{v} e \pi f(x) g'(x) net_{h1} \sigma(z) a^{(l)}_j T \Delta x \delta_{ij} "
    r"sin(x) \mathbb{1}[i=j] z^l_k \|v\| |x| v^\top".split()
)


def _larger(inner):
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda p: f"{p[0]} + {p[1]}"),
        pair.map(lambda p: f"{p[0]} {p[1]}"),
        pair.map(lambda p: rf"\frac{{{p[0]}}}{{{p[1]}}}"),
        pair.map(lambda p: rf"({p[0]})({p[1]})"),
        pair.map(lambda p: rf"{{{p[0]}}}^{{{p[1]}}}"),
        pair.map(lambda p: rf"{p[0]} \odot {p[1]}"),
        inner.map(lambda a: rf"\sum_i {a}"),
        inner.map(lambda a: rf"\sum_{{k \ne i}}^{{n}} \left[ {a} \right]"),
        inner.map(lambda a: rf"\frac{{\partial}}{{\partial x}} {a}"),
        inner.map(lambda a: rf"\frac{{d ({a})}}{{d y_i}}"),
        inner.map(lambda a: rf"\nabla_v {a}"),
        inner.map(lambda a: rf"\log {a}"),
        inner.map(lambda a: rf"\left. {a} \right|_{{x = 1}}"),
        pair.map(lambda p: rf"\begin{{cases}} {p[0]} & x > 0 \\ {p[1]} & \text{{else}} \end{{cases}}"),
        pair.map(lambda p: rf"\begin{{pmatrix}} {p[0]} \\ {p[1]} \end{{pmatrix}}"),
    )


FORMULAS = st.recursive(ATOMS, _larger, max_leaves=8)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(FORMULAS, st.sampled_from(["=", r"\approx", ":=", r"\leftarrow", "&="]), FORMULAS)
def test_every_formula_gets_a_verdict_and_no_mark_of_ours_is_shown(left, relation, right):
    proof = prove(f"{left} {relation} {right}")
    for step in proof.steps:
        assert "failed here" not in step.reason, step.reason
        assert not any(mark in step.reason for mark in ("⍰", "⟨", "@", "?x", "?y")), step.reason


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(FORMULAS)
def test_what_is_equal_to_itself_is_never_false(formula):
    assert all(step.truth is not Truth.FALSE for step in prove(f"{formula} = {formula}").steps)
