"""Functions that compute in float32 whatever they are given, of which nothing is known but their values."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradlab.check import Verdict, check_gradient
from gradlab.check.differences._repeated import repeated
from gradlab.check.inputs._function import make_subject

single = np.float32
CLOSE = [0.3, 0.1]


def _by_autograd(formula, factor):
    def gradient(x):
        y = x.detach().double().requires_grad_()
        (found,) = torch.autograd.grad(formula(y), y)
        return found * torch.tensor([1.0, factor], dtype=torch.float64)

    return gradient


def _small(x):
    return 3 + 0.3 * torch.tanh(x[0]) + 5e-6 * torch.sin(3 * x[1]) * torch.exp(x[1])


@pytest.mark.parametrize(
    ("factor", "verdict"), [(1.0, "CORRECT"), (1.05, "UNDECIDED"), (1.1, "UNDECIDED"), (3.0, "WRONG"), (-1.0, "WRONG")]
)
def test_an_entry_that_rounding_hides_is_borne_out_by_repetition(factor, verdict):
    report = check_gradient(lambda x: _small(x.float()), _by_autograd(_small, factor), at=torch.tensor([0.3, 0.2]))
    assert report.entries[1].verdict is Verdict[verdict], str(report)


def test_the_bar_of_repeated_stencils_holds_what_they_are_off_by():
    at, random = torch.tensor([0.3, 0.2]), np.random.default_rng(0)
    function = make_subject(lambda x: _small(x.float()), at).function
    for _ in range(8):
        flat = np.array([0.3, random.uniform(0.0, 0.5)])
        right = _by_autograd(_small, 1.0)(torch.tensor(flat)).numpy()[1]
        slope = repeated(function, flat, np.ones(2), 1, 0, 0.25)
        assert abs(slope.value - right) <= slope.bar < 0.25 * abs(right)


def _stairs(x):
    return np.tanh(x[0]) * single(0.5) + single(np.round(np.sin(x[1]) * 300) / 300)


def _unit(edge):
    return lambda x: np.tanh(x[0]) * single(0.5) + single(20) * np.maximum(x[1] - single(edge), 0) * (single(2) - x[1])


@pytest.mark.parametrize("edge", [0.101, 0.105, 0.11, 0.12])
def test_zero_beside_a_bend_is_right_and_a_slope_is_not(edge):
    def claims(slope):
        return lambda x: np.array([0.5 * (1 - np.tanh(x[0]) ** 2), slope])

    loss = _unit(edge)
    assert check_gradient(lambda x: loss(single(x)), claims(0.0), at=CLOSE).ok
    for slope in (1e-3, 0.1, 20.0):
        assert check_gradient(lambda x: loss(single(x)), claims(slope), at=CLOSE).verdict is not Verdict.CORRECT
    assert check_gradient(lambda x: _stairs(single(x)), claims(0.995), at=CLOSE).verdict is not Verdict.CORRECT


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "CORRECT"), (1.1, "WRONG"), (0.0, "UNDECIDED")])
def test_the_rounding_of_what_cancels_out_is_no_step_function(factor, verdict):
    def loss(x):
        x = single(x)
        return single(4) + x[0] + single(1e-3) * np.sin(x[1]) - single(4) - x[0] + single(0.05) * x[0]

    report = check_gradient(loss, lambda x: np.array([0.05, factor * 1e-3 * np.cos(x[1])]), at=[0.3, 0.4])
    assert report.verdict is Verdict[verdict], str(report)


def test_a_small_slope_that_large_steps_agree_on_is_not_taken_for_a_flat_stretch():
    sizes = np.array([3e-3, 1e-2, 0.1, 1, 10, 100, 1000], dtype=single)
    at = np.array([1.4, -0.7, 1.9, -0.3, 1.1, -0.8, 0.6])

    def claims(x):
        return 2 * sizes.astype(float) * x * np.array([0.0, 1, 1, 1, 1, 1, 1])

    assert check_gradient(lambda x: np.sum(sizes * single(x) ** 2), claims, at=at).verdict is Verdict.WRONG


@pytest.mark.parametrize("bits", [8, 12])
def test_a_slope_through_a_rounding_to_so_many_bits_is_not_borne_out(bits):
    def loss(x):
        x = single(x)
        return np.tanh(x[0]) * single(0.7) + single(np.round(np.sin(x[1]) * 2.0**bits) / 2.0**bits)

    def claims(x):
        return np.array([0.7 * (1 - np.tanh(x[0]) ** 2), np.cos(x[1])])

    for at in ([0.3, 0.1], [-0.8, 0.62], [1.2, -1.1]):
        assert check_gradient(loss, claims, at=at).verdict is not Verdict.CORRECT


def _bending(share, edge, bend):
    """Along x[0] still up to a place just behind the point, and bending ahead: over all, few numbers of float32."""

    def loss(x):
        x = np.asarray(x).astype(single)
        off = x[0] - single(0.5723)
        ahead = np.where(off > -edge, np.where(off < bend, off, 0.3 * off + 0.7 * bend), -edge)
        return single(3.1) + (single(share) * ahead.astype(single) + single(1e-6) * x[1]).astype(single)

    return loss


@pytest.mark.parametrize(
    ("share", "edge", "bend"), [(3e-6, 0.004, 0.05), (1.1e-5, 0.01, 0.05), (7e-6, 0.02, 0.1), (5e-6, 0.03, 0.05)]
)
def test_a_bend_that_rounding_hides_accuses_no_slope(share, edge, bend):
    at = np.array([0.5723, 0.5])
    report = check_gradient(_bending(share, edge, bend), lambda x: np.array([share, 1e-6]), at=at)
    assert report.entries[0].verdict is Verdict.UNDECIDED, str(report)
