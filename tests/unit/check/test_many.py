"""Many entries: the cost grows with those that are suspicious."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from gradlab.check import Cause, Verdict, check_function, check_gradient

SIZE = 20_000
WEIGHTS = np.random.default_rng(1).normal(size=SIZE)
AT = np.linspace(0.1, 1, SIZE)


def loss(x):
    return np.mean(np.sin(x * WEIGHTS))


def gradient(x):
    return np.cos(x * WEIGHTS) * WEIGHTS / SIZE


def test_a_right_gradient_costs_a_few_directions():
    report = check_gradient(loss, gradient, AT)
    assert report.verdict is Verdict.CORRECT
    assert len(report.entries) == SIZE
    assert report.evaluations < 600
    assert 0 < report.miss_probability < 1e-6


@pytest.mark.parametrize("seed", range(2))
def test_wrong_entries_are_found_among_many(seed):
    wrong = np.random.default_rng(seed).choice(np.flatnonzero(np.abs(WEIGHTS) > 0.1), 3, replace=False)

    def spoiled(x):
        found = gradient(x)
        found[wrong] *= [1.02, -1, 0]
        return found

    report = check_gradient(loss, spoiled, AT, thorough=True)
    assert [entry.index for entry in report.entries if entry.verdict is Verdict.WRONG] == sorted(wrong)
    assert all(entry.verdict is Verdict.CORRECT for entry in report.entries if entry.index not in wrong)
    assert report.evaluations < 6000
    first = check_gradient(loss, spoiled, AT)
    found = [entry.index for entry in first.entries if entry.verdict is Verdict.WRONG]
    assert found
    assert set(found) <= set(wrong)


def test_one_that_is_wrong_throughout_is_not_taken_apart():
    report = check_gradient(loss, lambda x: -gradient(x), AT)
    assert report.verdict is Verdict.WRONG
    assert report.evaluations < 6000
    left = [entry for entry in report.entries if entry.verdict is Verdict.UNDECIDED]
    assert {entry.cause for entry in left} == {Cause.NOT_MEASURED}
    assert "entries=" in left[0].remedy


def test_any_entry_is_measured_on_request():
    report = check_gradient(loss, gradient, AT, entries=[777, "at[1234]"])
    assert report.ok
    assert all(np.isfinite(entry.step) for entry in report.entries)
    assert report.miss_probability == 0


def test_zeros_among_many_have_to_be_zeros():
    def half(x):
        return np.sum(x[: SIZE // 2] ** 2)

    def half_gradient(x):
        return np.concatenate([2 * x[: SIZE // 2], np.zeros(SIZE // 2)])

    assert check_gradient(half, half_gradient, AT).ok
    report = check_gradient(lambda x: half(x) + np.sin(x[-5]), half_gradient, AT)
    assert [entry.name for entry in report.entries if entry.verdict is Verdict.WRONG] == [f"at[{SIZE - 5}]"]


def mlp(*sizes):
    torch.manual_seed(0)
    layers = [part for a, b in pairwise(sizes) for part in (torch.nn.Linear(a, b), torch.nn.ReLU())]
    return torch.nn.Sequential(*layers[:-1])


@pytest.mark.parametrize(
    ("place", "dtype"), [(3, torch.float64), (2900, torch.float32), (5100, torch.float32)], ids=str
)
def test_one_entry_of_a_network_with_relu_that_is_off_by_a_hundredth_is_found(place, dtype):
    net = mlp(100, 60, 30, 10).to(dtype)
    x, y = torch.randn(16, 100, dtype=dtype).clamp(min=0), torch.randint(0, 10, (16,))

    def cost(module):
        return cross_entropy(module(x.to(module[0].weight.dtype)), y)

    def spoiled(module):
        params = dict(module.named_parameters())
        found = dict(zip(params, torch.autograd.grad(cost(module), list(params.values())), strict=True))
        flat = found["0.weight"].reshape(-1)
        flat[place + int(flat[place:].nonzero()[0])] *= 1.01
        return found

    right = check_gradient(cost, None, net)
    assert right.ok, str(right)
    assert right.evaluations < 4000
    report = check_gradient(cost, spoiled, net)
    assert report.verdict is Verdict.WRONG, str(report)
    assert sum(entry.verdict is Verdict.WRONG for entry in report.entries) == 1


MODULES = {
    "Linear and BatchNorm1d": (lambda: torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3)), [(5, 2)]),
    "Conv2d and BatchNorm2d": (
        lambda: torch.nn.Sequential(torch.nn.Conv2d(1, 2, 2), torch.nn.BatchNorm2d(2)), [(2, 1, 3, 3)],
    ),
    "LayerNorm": (lambda: torch.nn.LayerNorm(4), [(2, 4)]),
    "GroupNorm": (lambda: torch.nn.GroupNorm(2, 4), [(2, 4, 2)]),
    "MultiheadAttention": (lambda: torch.nn.MultiheadAttention(4, 2), [(3, 1, 4)] * 3),
    "TransformerEncoderLayer": (
        lambda: torch.nn.TransformerEncoderLayer(4, 2, 8, batch_first=True).eval(), [(1, 3, 4)],
    ),
    "LSTM": (lambda: torch.nn.LSTM(2, 3), [(3, 1, 2)]),
    "GRU": (lambda: torch.nn.GRU(2, 3), [(3, 1, 2)]),
    "RNN": (lambda: torch.nn.RNN(2, 3), [(3, 1, 2)]),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize(("make", "shapes"), MODULES.values(), ids=MODULES.keys())
def test_standard_modules_are_right(make, shapes, dtype):
    torch.manual_seed(0)
    report = check_function(make().to(dtype), tuple(torch.randn(shape, dtype=dtype) for shape in shapes))
    assert report.ok, str(report)
    assert report.evaluations < 3000


def test_a_large_layer_costs_few_evaluations():
    # A seed with entries of 1e-7 beside those of 1.
    torch.manual_seed(5)
    report = check_function(torch.nn.Linear(300, 300), torch.randn(4, 300))
    assert report.ok
    assert report.evaluations <= 1000
