"""The same formula in lower precision: what it loses, where, and what to write instead."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradlab.check import CheckError, PrecisionVerdict, check_gradient


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lost(loss, gradient, at, **options):
    report = check_gradient(loss, gradient, at, **options)
    assert report.precision is not None
    assert report.precision.verdict is PrecisionVerdict.LOST
    return report.precision.findings[0]


def test_nothing_is_examined_in_float64_unless_it_is_asked_for():
    assert check_gradient(lambda x: x @ x, lambda x: 2 * x, np.ones(2)).precision is None
    report = check_gradient(lambda x: x @ x, lambda x: 2 * x, np.ones(2), precision="float16")
    assert report.precision is not None
    assert (report.precision.verdict, report.precision.dtype) == (PrecisionVerdict.KEPT, "float16")


def test_one_minus_a_sigmoid_cancels():
    found = lost(
        lambda z: np.sum(sigmoid(z)),
        lambda z: sigmoid(z) * (1 - sigmoid(z)),
        np.array([1.0, 20.0]),
        precision="float32",
    )
    assert found.name == "at[1]"
    assert (found.low, found.kind.value) == (0.0, "catastrophic cancellation")
    assert found.high == pytest.approx(2.06e-9, rel=1e-3)
    assert found.forced < 1e-5 < found.error
    assert "sigmoid(-z)" in found.stable
    assert "test_precision.py" in found.place


def test_the_stable_form_keeps_its_precision():
    report = check_gradient(
        lambda z: np.sum(sigmoid(z)), lambda z: sigmoid(z) * sigmoid(-z), np.array([1.0, 20.0]), precision="float32"
    )
    assert report.precision is not None
    assert report.precision.verdict is PrecisionVerdict.KEPT


def test_one_minus_a_square_of_tanh_cancels():
    found = lost(lambda z: np.sum(np.tanh(z)), lambda z: 1 - np.tanh(z) ** 2, np.array([9.0, 1.0], np.float32))
    assert found.stable.startswith("1 / cosh(z)**2")


def test_exp_overflows_in_a_softmax():
    found = lost(
        lambda z: np.log(np.sum(np.exp(z))),
        lambda z: np.exp(z) / np.sum(np.exp(z)),
        np.array([100.0, 1.0], np.float32),
    )
    assert np.isnan(found.low)
    assert found.high == pytest.approx(1)
    assert found.kind.value == "overflow"
    assert found.place.startswith("exp")
    assert "largest exponent" in found.stable


def test_a_log_of_zero():
    def gradient(p):
        q = 1 - p
        return np.log(1 - q) + 1

    found = lost(lambda p: np.sum(p * np.log(p)), gradient, np.array([1e-12, 0.5]), precision="float32")
    assert found.name == "at[0]"
    assert np.isinf(found.low)


def test_what_the_inputs_force_is_no_loss():
    at = np.array([1e3, 2e3], np.float32)
    report = check_gradient(lambda x: np.sum(np.sin(x**2)), lambda x: 2 * x * np.cos(x**2), at)
    assert report.precision is not None
    assert report.precision.verdict is PrecisionVerdict.KEPT


def test_torch_backward_passes():
    at = torch.tensor([100.0, 1.0])
    found = lost(lambda z: torch.log(torch.exp(z).sum()), None, at)
    assert found.kind.value == "overflow"
    report = check_gradient(lambda z: torch.logsumexp(z, 0), None, at)
    assert report.precision is not None
    assert report.precision.verdict is PrecisionVerdict.KEPT


def test_what_cannot_be_tested_says_why():
    at = np.ones(2, np.float32)
    value = check_gradient(lambda x: x @ x, 2 * at, at).precision
    assert value is not None
    assert (value.verdict, value.reason[:14]) == (PrecisionVerdict.UNTESTED, "only the value")
    with pytest.raises(CheckError, match="precision is 'float8'"):
        check_gradient(lambda x: x @ x, lambda x: 2 * x, at, precision="float8")
