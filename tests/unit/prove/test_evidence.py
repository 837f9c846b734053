"""A step of a text is false only if its names are beyond doubt and nothing that was said before makes it hold."""

from __future__ import annotations

import pytest

from gradlab.prove import Step, Truth, prove, prove_document


def verdicts(text: str) -> list[str]:
    return [step.verdict for step in steps_of(text)]


def steps_of(text: str) -> list[Step]:
    table = prove_document(text)
    steps = [step for row in (*table.rows, *table.others) for step in row.proof.steps]
    return sorted(steps, key=lambda step: (step.place.line, step.place.column))


HOLDS = r"Because $\sin y = x$: $\cos y = \sqrt{1 - \sin^2 y} = \sqrt{1 - x^2}$"


def test_an_equation_said_before_is_used_by_the_next():
    assert verdicts(HOLDS)[-1] == "TRUE"
    assert verdicts(HOLDS.replace(r"\sqrt{1 - x^2}", r"\sqrt{1 + x^2}"))[-1] != "TRUE"


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("Take $y = 0$. Then $(a - y) a = a^2$.", "VALUE"),
        (r"Take $y = 0$. Then $\frac{d}{da} (a - y)^2 = 3a$.", "FALSE"),
        (r"Take $y = 0$. Then $\frac{d}{da} (a - y)^2 = 2a$.", "VALUE"),
        (r"The minimum is at $x = 1$. In general $\frac{d}{dx} x^3 = 3$.", "FALSE"),
    ],
)
def test_values_may_be_put_in_but_not_for_what_one_differentiates_by(text, last):
    assert verdicts(text)[-1] == last


def test_what_is_not_beyond_doubt_is_not_false():
    reasons = {
        r"The sum is $\hat a + b$. So $\hat a + b = \tilde c + b$.": r"\tilde",
        r"With $[QAQ^\top]^{-1} = (Q^\top)^{-1} A^{-1} Q^{-1} = Q A^{-1} Q^\top$ we go on.": "Q is orthogonal",
        "Let its inverse be its own transpose:\n\n$H^{-1} = H^T$\n\nTherefore $H H^T = H^T H$.": "H is orthogonal",
        r"Let $L_i = -\log p_{y_i}$. Then $\frac{\partial L_i}{\partial p_k} = -\frac{1}{p_k}$.": "index",
        "# A\n\nLet $h(t) = t^2$.\n\n# B\n\nText.\n\n$x = 1$\n\n# C\n\n$x = 2$\n\nSo $h'(t) = 3t$.": "heading",
    }
    for text, reason in reasons.items():
        steps = steps_of(text)
        assert not [str(step) for step in steps if step.verdict == "FALSE"]
        assert any(reason in step.reason for step in steps), [str(step) for step in steps]


def test_a_line_that_goes_on_does_so_with_the_formula_that_stands_on_its_own_line():
    text = "$$(x+h)^2 = x^2 + 2xh + h^2$$\n\nas $y^2 + 1 = 1 + y^2$ here:\n\n$$= x^2 + h^2 + 2xh$$"
    assert verdicts(text) == ["TRUE", "TRUE", "TRUE"]
    assert verdicts(text.replace("h^2 + 2xh$$", "h^2 + 3xh$$"))[-1] == "NOT_UNDERSTOOD"  # words stand between
    assert verdicts("At $t = 1000$: $\\approx 1.0$")[-1] != "FALSE"


def test_a_prime_on_a_quantity_of_one_variable_differentiates_it():
    text = r"Let $u = x^2$, $v = \cos x$. So $u'v + uv' = 2x\cos x "
    assert verdicts(text + r"- x^2 \sin x$.")[-1] == "TRUE"
    assert verdicts(text + r"+ x^2 \sin x$.")[-1] == "FALSE"
    assert verdicts("Let $x = 2t$. The new one is $x' = x + 1$. So $x' - x = 1$.")[-1] == "TRUE"


@pytest.mark.parametrize(
    ("text", "last"),
    [
        (r"For $0 < y < 1$ it is $\cos y = \sqrt{1 - \sin^2 y}$.", "TRUE"),
        (r"For $0 < y < 1$ it is $\cos y = \sqrt{1 + \sin^2 y}$.", "NOT_UNDERSTOOD"),
        (r"Let $f(x) = 1/x$. So $\lim_{x \to c} f(x) g(x) = \lim_{x \to c} f(x) \lim_{x \to c} g(x)$.", "TRUE"),
        (r"$y = w x$. Then $y_n = a_n + 1$, so $\frac{\partial y_n}{\partial a_n} = 1$.", "TRUE"),
        (r"Here $p(y = 1 \mid x)$ is given.", "NOT_UNDERSTOOD"),
    ],
)
def test_bounds_rules_and_families_are_read_as_a_person_reads_them(text, last):
    assert verdicts(text)[-1] == last


@pytest.mark.parametrize(
    ("latex", "last"),
    [
        (
            r"\frac{dy}{dx} = \frac{dy}{du} \cdot \frac{du}{dx} = 6u^2 x = 6(x^2 + 1)^2 x",
            "NOT_UNDERSTOOD",
        ),
        (r"\frac{dy}{dx} = \frac{dy}{du} \cdot \frac{du}{dx} = 6u^2 x = 6 u^2", "FALSE"),
        (r"27 \frac{\mbox{dollars}}{\mbox{share}} \cdot 2 \mbox{ shares} = 54 \mbox{ dollars}", "NOT_UNDERSTOOD"),
    ],
)
def test_what_a_chain_or_a_unit_leaves_open_is_not_false(latex, last):
    assert prove(latex).steps[-1].verdict.replace(" ", "_") == last


def test_what_no_mistake_explains_is_left_open_where_the_text_alone_says_what_its_names_are():
    text = r"Let $f(x) = x^2$. Then $f'(x) = e^x + \cos x$."
    step = prove_document(text).rows[-1].proof.steps[0]
    assert step.truth is Truth.NOT_UNDERSTOOD
    assert "no small mistake explains it" in step.reason
    assert prove_document(text.replace(r"e^x + \cos x", "3x")).count(Truth.FALSE) == 1
    assert prove_document(r"We have $e^x + \cos x = x^2 e^{-x}$ and $2 + 2 = 5$.").count(Truth.FALSE) == 2
