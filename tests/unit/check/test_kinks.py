"""Kinks and ties: a claim between both slopes is right, one outside is wrong, and ties have to be met together."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradlab.check import Verdict, check_function, check_gradient

C = np.array([1.0, 2, 0.5])
TABLE = np.array([0.2, 1.0, -0.3, 0.8, 2.0])


def sample(x):
    x = np.clip(x, 0, 4)
    i = np.minimum(np.floor(x).astype(int), 3)
    return np.sum(TABLE[i] * (1 - x + i) + TABLE[i + 1] * (x - i))


def padded(x):
    i = np.minimum(np.floor(x).astype(int), 3)
    return np.where(x == 4, -TABLE[4], TABLE[i + 1] - TABLE[i])


OUTSIDE = {
    "clamp": (lambda x: np.sum(np.clip(x, -1, 1) * C), lambda x: np.where(np.abs(x) < 1, 1, 2) * C, [1.0, -1, 0.25]),
    "hardswish": (
        lambda x: np.sum(x * np.clip(x + 3, 0, 6) / 6), lambda x: np.where(x == 3, 2, (2 * x + 3) / 6), [3.0, -1, 3],
    ),
    "grid_sample": (sample, padded, [0.0, 4, 2.5]),
    "relu": (lambda x: np.sum(np.maximum(x, 0) * C), lambda x: np.where(x >= 0, 1 + (x == 0), 0) * C, [0.0, 1, -1]),
    "abs": (lambda x: np.sum(np.abs(x)), lambda x: np.sign(x) + 1.5 * (x == 0), [0.0, 2, -1]),
    "leaky relu": (
        lambda x: np.sum(np.where(x > 0, x, 0.1 * x)), lambda x: np.where(x > 0, 1, 0.1) * (x != 0), [0.0, 1],
    ),
    "two powers": (
        lambda x: np.sum(np.where(x < 1, x**2, 3 * x - 2)), lambda x: np.where(x < 1, 2 * x, 3 + (x == 1)), [0.5, 1],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("loss", "gradient", "at"), OUTSIDE.values(), ids=OUTSIDE.keys())
def test_a_claim_outside_both_slopes_is_wrong(loss, gradient, at):
    report = check_gradient(loss, gradient, np.array(at, dtype=float))
    assert report.verdict is Verdict.WRONG, str(report)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_a_claim_between_both_slopes_is_right(share):
    at = np.array([0.0, 1.0, -2.0, 0.0])
    assert check_gradient(
        lambda x: np.sum(np.maximum(x, 0)), lambda x: np.where(x == 0, share, (x > 0) * 1.0), at
    ).ok  # fmt: skip


TIES = np.array([1.0, 2, 2, 2])
SUBGRADIENTS = {
    "the first": [0, 1, 0, 0],
    "the last": [0, 0, 0, 1],
    "in equal parts": [0, 1 / 3, 1 / 3, 1 / 3],
    "two of them": [0, 0.5, 0, 0.5],
}
NONE = {"all": [0, 1, 1, 1], "two": [0, 1, 1, 0], "none": [0, 0, 0, 0], "too little": [0, 0.3, 0.3, 0.3]}


@pytest.mark.parametrize("claim", SUBGRADIENTS.values(), ids=SUBGRADIENTS.keys())
def test_subgradients_of_a_tie_are_right(claim):
    assert check_gradient(lambda x: x.max(), np.array(claim, dtype=float), TIES).ok
    assert check_gradient(lambda x: -3 * x.max(), -3 * np.array(claim, dtype=float), TIES).ok


@pytest.mark.parametrize("claim", NONE.values(), ids=NONE.keys())
@pytest.mark.parametrize("factor", [1.0, -3.0])
def test_what_is_no_subgradient_of_a_tie_is_wrong(claim, factor):
    claims = factor * np.array(claim, dtype=float)
    report = check_gradient(lambda x: factor * x.max(), claims, TIES)
    assert report.verdict is Verdict.WRONG, str(report)
    assert "no subgradient" in report.worst.reason


def test_many_ties_and_ties_of_other_kinds():
    at = np.full(30, 2.0)
    assert check_gradient(lambda x: x.max(), lambda x: (x == x.max()) * 1.0, at).verdict is Verdict.WRONG
    assert check_gradient(lambda x: x.max(), lambda x: (x == x.max()) / 30, at).ok
    pair = np.array([0.5, 0.5])
    assert check_gradient(lambda x: np.abs(x[0] - x[1]), np.array([0.3, -0.3]), pair).ok
    assert check_gradient(lambda x: np.abs(x[0] - x[1]), np.array([0.5, 0.5]), pair).verdict is Verdict.WRONG
    assert check_gradient(lambda x: np.sum(np.abs(x)), np.array([0.4, -0.9, 0.0]), np.zeros(3)).ok
    assert check_gradient(lambda x: np.sort(x)[1], np.array([0.0, 1.0, 0.0]), np.array([1.0, 2.0, 2.0])).ok


def test_a_kink_that_noise_hides_beside_the_point_decides_nothing():
    def loss(x):
        one = np.float32
        return one(1000) + one(3) * np.maximum(one(x[0]) - one(1), one(0))

    for claim in (0.0, 1.5):
        assert (
            check_gradient(loss, lambda x, claim=claim: np.array([claim]), np.array([1.0001])).verdict
            is not Verdict.CORRECT
        )


NEAR = np.array([1e-4, 1.0, -0.5])


def test_a_kink_nearby_hides_no_wrong_entry():
    """A step that reaches across the kink may see any slope between both, the claimed one, too."""

    def loss(x):
        return np.sum(np.maximum(x, 0))

    right = (NEAR > 0) * 1.0
    assert check_gradient(loss, right, NEAR).ok
    for share in (0.5, 0.7, 0.99, 1.01):
        report = check_gradient(loss, right * [share, 1, 1], NEAR)
        assert [entry.verdict.name for entry in report.entries] == ["WRONG", "CORRECT", "CORRECT"], str(report)


@pytest.mark.parametrize("factor", [0.99, 1.01, 1.2])
def test_nor_does_one_within_the_reach_of_a_large_step(factor):
    def huber(x):
        return np.sum(np.where(np.abs(x) < 1, x**2 / 2, np.abs(x) - 0.5))

    at = np.array([0.96, 0.3, -1.4])
    right = np.clip(at, -1, 1)
    assert check_gradient(huber, right, at).ok
    report = check_gradient(huber, right * [factor, 1, 1], at)
    assert report.entries[0].verdict is Verdict.WRONG, str(report)


@pytest.mark.parametrize(("seed", "dtype"), [(0, torch.float64), (1, torch.float32), (2, torch.float32)])
def test_nor_do_the_kinks_of_a_network_behind_batch_norm(dtype, seed):
    torch.manual_seed(seed)
    net = torch.nn.Sequential(
        torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5), torch.nn.ReLU(), torch.nn.Linear(5, 3)
    ).to(dtype)  # fmt: skip
    x, w = torch.randn(8, 4, dtype=dtype), torch.randn(8, 3, dtype=dtype)

    def loss(module):
        return (torch.log_softmax(module(x), -1) * w).sum()

    def one_off(module):
        parameters = dict(module.named_parameters())
        found = dict(zip(parameters, torch.autograd.grad(loss(module), list(parameters.values())), strict=True))
        weight = found["0.weight"] = found["0.weight"].clone()
        weight.view(-1)[weight.abs().argmax()] *= 1.01
        return found

    assert check_gradient(loss, None, net).ok
    report = check_gradient(loss, one_off, net)
    assert [e.verdict for e in report.entries].count(Verdict.WRONG) == 1, str(report)


@pytest.mark.parametrize("seed", [22, 32, 36, 40])
def test_an_entry_that_stands_still_up_to_a_ramp_nearby_is_no_step_function(seed):
    at = np.random.default_rng(seed).normal(size=4)
    assert check_gradient(np.sort, lambda x: np.eye(4)[np.argsort(at)], at).verdict is Verdict.CORRECT
    assert check_gradient(np.sort, lambda x: np.eye(4)[np.argsort(-at)], at).verdict is Verdict.WRONG


@pytest.mark.parametrize("steep", [1, 10, 100])
@pytest.mark.parametrize("at", [[5.0, -3.0], [0.5, -1.9, 1.5, -0.3, 0.8]])
def test_the_slope_of_a_surrogate_is_wrong_for_a_step_function_however_steep(steep, at):
    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return (x > 0).to(x.dtype)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g / (steep * x.abs() + 1) ** 2

    report = check_function(Spike, torch.tensor(at))
    assert report.verdict is Verdict.WRONG
    assert "flat at this point and jumps elsewhere" in report.diagnoses[0].sentence


def test_outside_of_a_table_the_mask_forgotten_is_no_surrogate():
    places, values = np.linspace(0, 1, 6), np.array([0.3, 1, -0.4, 0.8, 0.2, 1.1])

    def unmasked(x):
        return 5 * np.diff(values)[np.clip(np.floor(x * 5).astype(int), 0, 4)]

    at = np.array([0.1, 0.33, 0.81, 1.4, 0.37])
    report = check_gradient(lambda x: np.sum(np.interp(x, places, values)), unmasked, at)
    assert [entry.name for entry in report.entries if entry.verdict is Verdict.WRONG] == ["at[3]"]
    assert "jumps" not in str(report)
