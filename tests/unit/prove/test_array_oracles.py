"""Verdicts on gradients by vectors and matrices, against autograd of torch: a claim is true where that gives it."""

from __future__ import annotations

import pytest
import torch

import gradlab as gl
from gradlab.derive import vector_form
from gradlab.prove import Kind, Truth, prove

N, M = 3, 4


def values() -> dict[str, torch.Tensor]:
    """Arrays by their names, from a fixed seed."""
    shapes = {"w": (N,), "x": (N,), "v": (N,), "a": (N, N), "b": (M, N), "c": (M,)}
    generator = torch.Generator().manual_seed(7)
    return {
        name: torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
        for name, shape in shapes.items()
    }


def squared_error(t: dict[str, torch.Tensor]) -> torch.Tensor:
    """The squared length of B w - c."""
    return (t["b"] @ t["w"] - t["c"]).square().sum()


# What is differentiated and by what, in LaTeX and in torch; then what it is claimed to be.
CLAIMS = [
    (r"\nabla_{\mathbf w} (\mathbf w^\top \mathbf x)", lambda t: t["w"] @ t["x"], "w", {
        r"\mathbf x": lambda t: t["x"], r"\mathbf w": lambda t: t["w"], r"2 \mathbf x": lambda t: 2 * t["x"],
    }),
    (r"\nabla_{\mathbf w} \|\mathbf w\|^2", lambda t: t["w"] @ t["w"], "w", {
        r"2 \mathbf w": lambda t: 2 * t["w"], r"\mathbf w": lambda t: t["w"],
    }),
    (r"\nabla_{\mathbf w} \|\mathbf w\|", lambda t: t["w"].norm(), "w", {
        r"\frac{\mathbf w}{\|\mathbf w\|}": lambda t: t["w"] / t["w"].norm(),
        r"\frac{2 \mathbf w}{\|\mathbf w\|}": lambda t: 2 * t["w"] / t["w"].norm(),
    }),
    (r"\nabla_{\mathbf x} (\mathbf x^\top \mathbf A \mathbf x)", lambda t: t["x"] @ t["a"] @ t["x"], "x", {
        r"(\mathbf A + \mathbf A^\top) \mathbf x": lambda t: (t["a"] + t["a"].T) @ t["x"],
        r"3 \mathbf A \mathbf x": lambda t: 3 * t["a"] @ t["x"],
        r"(\mathbf A - \mathbf A^\top) \mathbf x": lambda t: (t["a"] - t["a"].T) @ t["x"],
    }),
    (r"\nabla_{\mathbf x} (\mathbf v^\top \mathbf A \mathbf x)", lambda t: t["v"] @ t["a"] @ t["x"], "x", {
        r"\mathbf A^\top \mathbf v": lambda t: t["a"].T @ t["v"], r"\mathbf A \mathbf v": lambda t: t["a"] @ t["v"],
    }),
    (r"\nabla_{\mathbf A} (\mathbf v^\top \mathbf A \mathbf x)", lambda t: t["v"] @ t["a"] @ t["x"], "a", {
        r"\mathbf v \mathbf x^\top": lambda t: t["v"].outer(t["x"]),
        r"2 \mathbf v \mathbf x^\top": lambda t: 2 * t["v"].outer(t["x"]),
    }),
    (r"\nabla_{\mathbf w} \|\mathbf B \mathbf w - \mathbf c\|^2", squared_error, "w", {
        r"2 \mathbf B^\top (\mathbf B \mathbf w - \mathbf c)": lambda t: 2 * t["b"].T @ (t["b"] @ t["w"] - t["c"]),
        r"\mathbf B^\top (\mathbf B \mathbf w - \mathbf c)": lambda t: t["b"].T @ (t["b"] @ t["w"] - t["c"]),
        r"2 \mathbf B^\top (\mathbf c - \mathbf B \mathbf w)": lambda t: 2 * t["b"].T @ (t["c"] - t["b"] @ t["w"]),
    }),
    (r"\nabla_{\mathbf B} \|\mathbf B \mathbf w - \mathbf c\|^2", squared_error, "b", {
        r"2 (\mathbf B \mathbf w - \mathbf c) \mathbf w^\top": lambda t: 2 * (t["b"] @ t["w"] - t["c"]).outer(t["w"]),
        r"(\mathbf B \mathbf w - \mathbf c) \mathbf w^\top": lambda t: (t["b"] @ t["w"] - t["c"]).outer(t["w"]),
    }),
    (r"\nabla_{\mathbf x} \mathbf 1^\top \tanh(\mathbf A \mathbf x)", lambda t: (t["a"] @ t["x"]).tanh().sum(), "x", {
        r"\mathbf A^\top (1 - \tanh^2(\mathbf A \mathbf x))": lambda t: t["a"].T @ (1 - (t["a"] @ t["x"]).tanh() ** 2),
        r"\mathbf A (1 - \tanh^2(\mathbf A \mathbf x))": lambda t: t["a"] @ (1 - (t["a"] @ t["x"]).tanh() ** 2),
    }),
    (r"\nabla_{\mathbf A} \operatorname{tr}(\mathbf A^\top \mathbf A)", lambda t: (t["a"].T @ t["a"]).trace(), "a", {
        r"2 \mathbf A": lambda t: 2 * t["a"], r"\mathbf A + \mathbf A^\top": lambda t: t["a"] + t["a"].T,
    }),
    (r"\nabla_{\mathbf x} \sigma(\mathbf w^\top \mathbf x)", lambda t: (t["w"] @ t["x"]).sigmoid(), "x", {
        r"\sigma(\mathbf w^\top \mathbf x) (1 - \sigma(\mathbf w^\top \mathbf x)) \mathbf w":
            lambda t: (t["w"] @ t["x"]).sigmoid() * (1 - (t["w"] @ t["x"]).sigmoid()) * t["w"],
        r"\sigma(\mathbf w^\top \mathbf x) \mathbf w": lambda t: (t["w"] @ t["x"]).sigmoid() * t["w"],
    }),
    (r"\nabla_{\mathbf x} (\mathbf w^\top (\mathbf x \odot \mathbf v))", lambda t: t["w"] @ (t["x"] * t["v"]), "x", {
        r"\mathbf w \odot \mathbf v": lambda t: t["w"] * t["v"], r"\mathbf w + \mathbf v": lambda t: t["w"] + t["v"],
    }),
]  # fmt: skip


@pytest.mark.parametrize(("left", "scalar", "by", "claims"), CLAIMS, ids=[claim[0] for claim in CLAIMS])
def test_verdicts_are_those_of_autograd(left, scalar, by, claims):
    arrays = values()
    (gradient,) = torch.autograd.grad(scalar(arrays), arrays[by])
    found = set()
    for right, value in claims.items():
        claimed = value(arrays)
        same = claimed.shape == gradient.shape and torch.allclose(claimed, gradient)
        step = prove(f"{left} = {right}").steps[0]
        assert step.truth is (Truth.TRUE if same else Truth.FALSE), str(step)
        found.add(same)
    assert found == {True, False}


def test_what_holds_for_symmetric_matrices_asks_for_the_word():
    step = prove(r"\nabla_{\mathbf x} (\mathbf x^\top \mathbf A \mathbf x) = 2 \mathbf A \mathbf x").steps[0]
    assert step.truth is Truth.NOT_UNDERSTOOD
    assert "symmetric" in str(step)


@pytest.mark.parametrize(
    ("sizes", "options"),
    [
        ([3, 4, 2], {"hidden": "tanh", "loss": "squared_error"}),
        ([2, 3, 1], {"hidden": "sigmoid", "output": "sigmoid"}),
        ([2, 3, 2, 2], {"hidden": "sigmoid", "output": "sigmoid"}),
    ],
)
def test_the_vector_form_of_a_network_is_true(sizes, options):
    steps = prove(vector_form(gl.mlp(sizes, **options).graph).latex()).steps
    claims = [step for step in steps if step.kind is Kind.CLAIM]
    assert len(claims) >= 2 * (len(sizes) - 1)
    assert [str(step) for step in steps if step.truth is not Truth.TRUE] == []


def test_a_vector_form_with_a_mistake_is_not_true():
    latex = vector_form(gl.mlp([3, 4, 2], hidden="tanh", loss="squared_error").graph).latex()
    for right, wrong in ((r"\delta^{(1)\top}", r"\delta^{(2)\top}"), (r"2 \cdot (", r"3 \cdot (")):
        assert right in latex
        assert prove(latex.replace(right, wrong)).truth is not Truth.TRUE
