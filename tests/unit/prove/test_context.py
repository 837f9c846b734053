"""What stands around a line says what it means: cases of indices, letters for entries, functions of whole vectors."""

from __future__ import annotations

import pytest

from gradlab.prove import prove_document

SHARES = "Let $p_i = \\frac{e^{z_i}}{\\sum_k e^{z_k}}$.\n\n"
OWN = "$$\\frac{\\partial p_i}{\\partial z_j} = p_i (1 - p_i)$$"
OTHER = "$$\\frac{\\partial p_i}{\\partial z_j} = -p_i p_j$$"
SOFTMAX = "Let $\\sigma(\\mathbf z)_i = \\frac{e^{z_i}}{\\sum_k e^{z_k}}$. "


def verdicts(text: str) -> list[str]:
    found = prove_document(text)
    steps = [step for row in (*found.rows, *found.others) for step in row.proof.steps]
    return [step.verdict for step in sorted(steps, key=lambda step: (step.place.line, step.place.column))]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"If $i = j$,\n\n{OWN}", "TRUE"),
        (f"when $i \\neq j$, we find\n\n{OTHER}", "TRUE"),
        (f"if $$i=j:$$ {OWN}", "TRUE"),
        (f"when $i = j$:\n\n{OTHER}", "NOT_UNDERSTOOD"),
        (f"for $i \\neq j$\n\n{OWN}", "NOT_UNDERSTOOD"),
    ],
)
def test_a_case_of_indices_before_a_display_holds_for_it(text, wanted):
    assert verdicts(SHARES + text)[-1] == wanted


@pytest.mark.parametrize(
    "text",
    [
        f"If $i = j$,\n\n{OWN}\n\nand then\n\n{OWN}",
        f"If $i = j$ the first term vanishes. In general, {OWN}",
        f"This fails for $i = j$, so in all other cases\n\n{OWN}",
        f"If $i = j$ nothing is to be shown.\n\n{OWN}",
    ],
)
def test_it_holds_for_nothing_else(text):
    assert verdicts(SHARES + text)[-1] == "NOT_UNDERSTOOD"


def test_what_a_function_gives_of_a_vector_has_entries():
    slope = r"\frac{\partial \sigma(\mathbf z)_i}{\partial z_j}"
    assert verdicts(SOFTMAX + rf"${slope} = \sigma(\mathbf z)_i (\delta_{{ij}} - \sigma(\mathbf z)_j)$")[-1] == "TRUE"
    assert verdicts(SOFTMAX + rf"${slope} = \sigma(\mathbf z)_i (\delta_{{ij}} + \sigma(\mathbf z)_j)$")[-1] == "FALSE"
    assert verdicts(SOFTMAX + r"$\sigma(\mathbf a)_j = \frac{e^{a_j}}{\sum_i e^{a_i}}$")[-1] == "TRUE"
    twice = r"Let $f(\mathbf z)_i = 2 z_i$. $\frac{\partial f(\mathbf z)_i}{\partial z_i} = 2$"
    assert verdicts(twice) == ["DEFINITION", "TRUE"]


def test_a_loss_of_whole_families_is_known_of_these_alone():
    loss = r"Let $E(y, o) = -\sum_i y_i \log o_i$. "
    assert verdicts(loss + r"$\frac{\partial E}{\partial o_i} = -\frac{y_i}{o_i}$") == ["DEFINITION", "TRUE"]
    assert verdicts(loss + r"$\frac{\partial E}{\partial o_i} = \frac{y_i}{o_i}$")[-1] == "FALSE"
    assert verdicts(loss + r"$E(q, o) = -\sum_i y_i \log o_i$")[-1] not in ("TRUE", "FALSE")


def test_a_deviation_is_known_by_its_square():
    text = r"The variance is $\sigma^2 = \frac1n \sum_i x_i^2$. "
    assert verdicts(text + r"$\frac{\partial \sigma^2}{\partial x_i} = \frac2n x_i$") == ["DEFINITION", "TRUE"]
    assert verdicts(text + r"$\frac{\partial \sigma^2}{\partial x_i} = \frac1n x_i$")[-1] == "FALSE"
    assert verdicts(text + r"$\frac{\partial \sigma}{\partial x_i} = \frac{x_i}{n \sigma}$")[-1] == "TRUE"


def test_a_letter_may_stand_for_an_entry_of_its_own():
    text = r"Let $z^{(k)} = w x^{(k)}$. We write $z = z^{(k)}$ for short. "
    assert verdicts(text + r"$\frac{\partial}{\partial w} \sum_k z^2 = \sum_k 2 z x^{(k)}$")[-1] == "TRUE"
    assert verdicts(text + r"$\frac{\partial}{\partial w} \sum_k z^2 = \sum_k z x^{(k)}$")[-1] == "FALSE"


def test_what_names_entries_defines_nothing():
    text = r"Let $\mathbf x = (x_1, \dots, x_n)^\top$ and $i = 1 \dots n$, $f = \sum_i x_i^2$. "
    assert verdicts(text + r"$\frac{\partial f}{\partial x_i} = 2 x_i$")[-1] == "TRUE"


def test_a_bracket_with_a_prime_is_differentiated_as_the_first_side_is():
    start = r"$\frac{\partial}{\partial u} u v^2 = (u v^2)' = "
    assert verdicts(start + "v^2$") == ["TRUE", "TRUE"]
    assert verdicts(start + "2 u v$")[-1] != "TRUE"


def test_a_function_in_its_own_bracket_is_a_factor():
    text = r"Let $s(z) = \frac{1}{1+e^{-z}}$. "
    assert verdicts(text + r"$\frac{ds}{dz} = s(1 - s)$")[-1] == "TRUE"
    assert verdicts(text + r"$\frac{ds}{dz} = s(1 + s)$")[-1] == "FALSE"


def test_what_only_names_a_function_gives_way_to_what_says_more():
    text = r"If $y = g(u)$ and $u = f(x)$, let $y = (3x+5)^2$. We can write $y = u^2$ where $u = 3x+5$. "
    assert verdicts(text + r"$\frac{dy}{dx} = \frac{dy}{du} \cdot \frac{du}{dx} = 2u \cdot 3$")[-2:] == ["TRUE", "TRUE"]
    assert verdicts(text + r"$\frac{dy}{dx} = 2 u$")[-1] == "FALSE"


def test_a_name_is_the_first_side_of_its_line_that_can_be_read():
    text = r"$J = \log P(x|p) = x \log p$. "
    assert verdicts(text + r"$\frac{dJ}{dp} = \frac{x}{p}$")[-1] == "TRUE"
    assert verdicts(text + r"$\frac{dJ}{dp} = \frac{x}{p^2}$")[-1] == "FALSE"


def test_what_tends_to_something_is_free_though_a_text_says_where_it_comes_from():
    text = r"Let $\epsilon = b - a$. "
    assert verdicts(text + r"$\lim_{\epsilon \to 0} \frac{(a+\epsilon)^2 - a^2}{\epsilon} = 2a$")[-1] == "TRUE"
    assert verdicts(text + r"$\lim_{\epsilon \to 0} \frac{b^2 - a^2}{\epsilon} = 2a$")[-1] != "TRUE"


def test_plain_entries_of_a_bold_vector_are_numbers():
    text = r"Of $\mathbf y = f(\mathbf z)$ let $y_k = e^{z_k} / S$ with $S = \sum_j e^{z_j}$. "
    assert verdicts(text + r"$\frac{\partial y_i}{\partial z_i} = y_i (1 - y_i)$")[-1] == "TRUE"
    assert verdicts(text + r"$\frac{\partial y_i}{\partial z_i} = y_i (1 + y_i)$")[-1] != "TRUE"


def test_many_functions_are_each_any_function():
    text = r"If $z = \sum_{i=1}^n f_i(x)$, then "
    assert verdicts(text + r"$\frac{dz}{dx} = \sum_{i=1}^n \frac{df_i}{dx}$") == ["DEFINITION", "TRUE"]
    assert verdicts(text + r"$\frac{dz}{dx} = \sum_{i=1}^n f_i'(x)$") == ["DEFINITION", "TRUE"]
    assert verdicts(text + r"$\frac{dz}{dx} = n f_1'(x)$")[-1] != "TRUE"
    assert verdicts(text + r"$\frac{dz}{dx} = \frac{df_i}{dx}$")[-1] != "TRUE"


def test_headings_part_what_letters_mean():
    text = "# One\n\nLet $u = x^2$ and $v = x^3$.\n\n# Two\n\nWith $y = 3 x$ we have "
    assert verdicts(text + r"$\frac{dL}{dx} = \frac{dL}{dy} \frac{dy}{dx}$")[-1] == "TRUE"
    assert verdicts(text.replace("# Two", "") + r"$\frac{dL}{dx} = \frac{dL}{dy} \frac{dy}{dx}$")[-1] != "TRUE"


def test_a_title_in_brackets_is_no_factor():
    text = r"$$(Mean) \space \mu = \frac1n \sum_i x_i$$ "
    assert verdicts(text + r"$\frac{\partial \mu}{\partial x_j} = \frac1n$") == ["DEFINITION", "TRUE"]


def test_what_cannot_be_read_and_has_nothing_to_do_with_a_step_does_not_hold_it_up():
    text = r"Let $q = \int_0^1 r^2 dr$ and $J = q \log p$. "
    assert verdicts(text + r"$\frac{dJ}{dp} = \frac{q}{p}$")[-1] == "TRUE"
    assert verdicts(text.replace("r^2", "p r^2") + r"$\frac{dJ}{dp} = \frac{q}{p}$")[-1] != "TRUE"


def test_an_approximation_says_nothing_else_of_a_function():
    text = r"$g(x) \approx g(a) + g'(a) (x - a)$. Let $g(p) = \frac{p}{1-p}$. "
    assert verdicts(text + r"$g'(p) = 1/(1-p)^2$")[-2:] == ["DEFINITION", "TRUE"]
    assert verdicts(text + r"$g'(p) = 1/(1-p)$")[-1] == "FALSE"


def test_the_variable_of_a_function_is_its_own():
    text = "# One\n\nLet $f(x) = \\sqrt{x}$. Then $f'(a) = %s$.\n\n# Two\n\nHere $x = u^2 + 1$."
    assert verdicts(text % r"\frac{1}{2\sqrt a}")[1] == "TRUE"
    assert verdicts(text % r"\frac{1}{\sqrt a}")[1] == "FALSE"
