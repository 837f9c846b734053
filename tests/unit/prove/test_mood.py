"""Equations of a text that do not hold everywhere: false claims, conditions, what one solves, what is left open."""

from __future__ import annotations

import pytest

from gradlab.prove import prove_document

FALSE = [
    r"$$\frac{d}{dt} u(v(t)) = u'(t) v'(t)$$",
    r"$$(uv)' = u'v'$$",
    r"$$\ln(a+b) = \ln a + \ln b$$",
    r"$$\cos(a+b) = \cos a\cos b + \sin a\sin b$$",
    r"$$\sum_{i=1}^n c = c$$",
    r"$$\sigma'(t) = \sigma(t)(1+\sigma(t))$$",
    r"Hence $t + t = 3t$.",
    r"Note that $(a-b)^2 = a^2 - b^2$.",
    r"We have $a = t^2$, so $\frac{da}{dt}$ $= 3t$.",
]


@pytest.mark.parametrize("text", FALSE)
def test_what_is_claimed_and_does_not_hold_is_false(text):
    assert last(text) == "FALSE"


OPEN = [
    r"$$t + t = 3t$$",
    r"$$(a-b)^2 = a^2 - b^2$$",
    r"$$\sin 2t = 2\sin t$$",
    r"$$(AB)^\top = A^\top B^\top$$",
    r"Plot $y = h(t) = t^3 - \frac1t$. Let $h(t) = 3t^2$ be another one.",
]


@pytest.mark.parametrize("text", OPEN)
def test_what_may_be_a_condition_is_neither_true_nor_false(text):
    assert last(text) in ("NOT_UNDERSTOOD", "DEFINITION")
    assert "FALSE" not in verdicts(text)


CONDITIONS = [
    r"Solve $t + t = 3t$.",
    r"The two lines meet where $$2t + 1 = 3t - 4.$$",
    r"It is tempting to write $(a+b)^2 = a^2 + b^2$.",
    r"If $\ln(a+b) = \ln a + \ln b$, then something is special.",
    r"$\cos(a+b) = \cos a\cos b + \sin a\sin b$ is wrong.",
    r"$$\frac{d}{dt}u(t) = u(t)$$",
    r"$$u(t+h) = u(t) + h u'(t)$$",
    r"We know $G(t) = kt^3$. Pick $k$ such that $G'(t) = 3kt^2 = t^2$.",
    r"$h(t) = 2b^3t^2$. Swap $2b^3$ with a constant c: $h(t) = ct^2$. Then $h'(t) = 4b^3t$",
    r"Thus $\frac12\sin t\cos t < \frac t2 < \frac{\tan t}{2}$.",
]


@pytest.mark.parametrize("text", CONDITIONS)
def test_what_words_make_a_condition_is_one(text):
    assert last(text) == "CONDITION"
    assert "FALSE" not in verdicts(text)


def test_an_inequality_is_shown_with_its_own_sign():
    assert "t < 2t" in prove_document("So $t < 2t < 3t$.").explained()


def test_a_function_that_is_defined_in_two_ways_gives_no_false_step():
    text = r"Let $g(t) = 2t^3$. With another one, $g(t) = 4t$. Here $g'(t) = 6t^2$."
    assert verdicts(text)[-1] == "NOT_UNDERSTOOD"
    assert verdicts(text.replace("6t^2", "6t^3"))[-1] == "NOT_UNDERSTOOD"
    assert verdicts(r"Let $g(t) = 2t^3$. Here $g'(t) = 6t^3$.")[-1] == "FALSE"


def test_the_sigmoid_in_two_ways_gives_no_true_step_that_is_false_for_the_real_one():
    text = r"Call $\sigma(t) = \frac{2t}{1 + t^2}$. Also $\sigma(t) = \frac{1}{1+e^{-t}}$. So $\sigma(1) = 1$."
    assert verdicts(text)[-1] == "NOT_UNDERSTOOD"


def test_a_word_in_an_index_keeps_its_own_index():
    text = r"$$\sum_{i=1}^n Q_{{\rm node}_i} = n Q_{{\rm node}_i}$$"
    assert "TRUE" not in verdicts(text)


def test_a_number_that_is_set_as_text_is_a_number():
    assert verdicts(r"$a = \text{2}$. Then $\hat y = a = \sigma(z)$.") == ["VALUE", "DEFINITION", "DEFINITION"]
    assert verdicts(r"Hence $\text{2} + 2 = 5$.") == ["FALSE"]


def verdicts(text: str) -> list[str]:
    """The verdicts on all steps of a text, in order."""
    proof = prove_document(text)
    rows = sorted((*proof.rows, *proof.others), key=lambda row: (row.place.line, row.place.column))
    return [step.verdict for row in rows for step in row.proof.steps]


def last(text: str) -> str:
    """The verdict on the last step that is not a definition, or DEFINITION."""
    found = [verdict for verdict in verdicts(text) if verdict != "DEFINITION"]
    return found[-1] if found else "DEFINITION"


@pytest.mark.parametrize(
    "text",
    [
        r"The curves have the same slope if and only if $$ \frac{d f}{d x} = \frac{d g}{d x} $$",
        r"The points where the two firms' marginal costs are equal: $$ f'(x) = g'(x) $$",
        r"In terms of marginal utility: $$\frac{d f}{d x} = \frac{d g}{d x}$$",
        r"A fixed point satisfies $$f(x) = x$$",
        r"The boundary is where $$f(x) = 1 - f(x)$$",
        r"Newton's step solves $$f(x) + f'(x) h = 0$$",
    ],
)
def test_what_is_looked_for_is_a_condition(text):
    proof = prove_document(f"Let $f(x) = x^2 - 2$ and $g(x) = (1-x)^3$. {text}")
    assert [step.verdict for row in proof.others for step in row.proof.steps] == ["CONDITION"]


def test_a_wrong_slope_stays_false():
    assert prove_document(r"Let $f(x) = x^2$. The derivative is $$f'(x) = 3x$$").steps[-1].verdict == "FALSE"


def test_the_word_on_numbers_and_arrays_is_not_turned_round():
    reason = prove_document(r"$$\nabla_w\|Xw-y\|^2 = 2X(Xw-y)$$").steps[-1].reason
    assert "true if some names are numbers and false if they are arrays" in reason
