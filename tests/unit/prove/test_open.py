"""Derivatives of names that nothing computes: true by the chain rule, never where the text has another way."""

from __future__ import annotations

import pytest

from gradlab.prove import prove_document

LAYER = r"Let $z = w x + b$ and $a = \sigma(z)$." + "\n\n"
CHAIN = (
    r"\frac{\partial L}{\partial w} = "
    r"\frac{\partial L}{\partial a}\frac{\partial a}{\partial z}\frac{\partial z}{\partial w}"
)
FAMILY = "The loss is $L$.\n\n" + r"$$z_i = \sum_j w_{ij} a_j + b_i$$" + "\n\n"


def last(text: str) -> str:
    rows = prove_document(text)
    steps = [step for row in (*rows.rows, *rows.others) for step in row.proof.steps]
    return max(steps, key=lambda step: (step.place.line, step.place.column)).verdict


@pytest.mark.parametrize(
    "claim",
    [
        CHAIN,
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial z} x",
        r"\frac{\partial L}{\partial b} = \frac{\partial L}{\partial z}",
        r"\frac{dL}{dw} = \frac{dL}{da} a (1 - a) x",
        r"\frac{\partial L}{\partial z} = \frac{\partial a}{\partial z} \frac{\partial L}{\partial a}",
    ],
)
def test_what_holds_for_every_loss_is_true(claim):
    assert last(f"{LAYER}${claim}$") == "TRUE"


@pytest.mark.parametrize(
    "claim",
    [
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial z} w",
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial a}\frac{\partial z}{\partial w}",
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial a} a x",
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial z} \frac{\partial z}{\partial b}",
        r"\frac{\partial L}{\partial a} = a \frac{\partial L}{\partial z}",
    ],
)
def test_what_holds_for_no_loss_is_never_true(claim):
    assert last(f"{LAYER}${claim}$") != "TRUE"


@pytest.mark.parametrize(
    "more",
    [
        r"The cost is $L = (a - y)^2 + w^2$. ",
        r"There is also $r = \lambda w^2$. ",
        r"A second output is $o = \tanh(w + x)$. ",
        r"The weight acts on the loss directly, too: ",
    ],
)
def test_another_way_that_the_text_has_leaves_it_open(more):
    assert last(f"{LAYER}{more}${CHAIN}$") != "TRUE"


def test_a_chain_of_names_of_which_nothing_is_said_is_true_in_its_order_alone():
    assert last(r"We have $\frac{dE}{dW} = \frac{dE}{dA} \frac{dA}{dZ} \frac{dZ}{dW}$.") == "TRUE"
    assert last(r"We have $\frac{dE}{dW} = \frac{dE}{dA} \frac{dZ}{dW} \frac{dA}{dZ}$.") != "TRUE"
    assert last(r"We have $\frac{dE}{dW} = \frac{dE}{dA} \frac{dA}{dZ} \frac{dW}{dZ}$.") != "TRUE"


def test_members_of_families_are_all_on_the_way():
    assert last(FAMILY + r"$\frac{\partial L}{\partial w_{ij}} = \frac{\partial L}{\partial z_i} a_j$") == "TRUE"
    assert last(FAMILY + r"$\frac{\partial L}{\partial a_j} = \sum_i \frac{\partial L}{\partial z_i} w_{ij}$") == "TRUE"
    assert last(FAMILY + r"$\frac{\partial L}{\partial a_j} = \frac{\partial L}{\partial z_i} w_{ij}$") != "TRUE"
    assert last(FAMILY + r"$\frac{\partial L}{\partial w_{ij}} = \frac{\partial L}{\partial z_j} a_i$") != "TRUE"
    rule = r"\frac{\partial f}{\partial x_i} = \sum_k \frac{\partial f}{\partial y_k} \frac{\partial y_k}{\partial x_i}"
    assert last(f"Let $f$ be computed from the $y_k$. ${rule}$") == "TRUE"
    assert last("${}$".format(rule.replace(r"\sum_k ", ""))) != "TRUE"


def test_steps_of_time_are_left_open():
    assert last(r"$\frac{dL}{dh_t} = \frac{dL}{dh_{t+1}} \frac{dh_{t+1}}{dh_t}$") != "TRUE"
    text = r"$$h_t = \tanh(w h_{t-1} + x_t)$$ $$o_t = v h_t$$"
    assert (
        last(
            f"{text}\n\n"
            + r"$\frac{\partial L}{\partial w} = \frac{\partial L}{\partial h_t} \frac{\partial h_t}{\partial w}$"
        )
        != "TRUE"
    )


def test_a_name_that_stands_on_both_sides_is_no_proof():
    claim = r"\frac{dL}{dh} = \frac{dL}{dz} \cdot \frac{dz}{dh} + \frac{dL}{dh}"
    assert last(f"Let $z = h v + c$. ${claim}$") != "TRUE"


def test_layers_in_turn_are_a_way():
    claim = r"\frac{\partial L}{\partial h_1} = \frac{\partial f_2}{\partial h_1}(\frac{\partial h_2}{\partial f_2}%s)"
    assert last("We have ${}$".format(claim % r"\frac{\partial L}{\partial h_2}")) == "TRUE"
    assert last("We have ${}$".format(claim % r"\frac{\partial L}{\partial f_2}")) != "TRUE"
    other = "Let $f_2 = u h_1$, $h_2 = \\tanh(f_2)$ and $f_3 = v h_2 + h_1$. "
    assert last(other + "We have ${}$".format(claim % r"\frac{\partial L}{\partial h_2}")) != "TRUE"
