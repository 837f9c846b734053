"""The helper for test suites."""

from __future__ import annotations

import pytest
import torch

from gradlab.check import CheckError, check_gradient
from gradlab.testing import assert_function, assert_gradient


def loss(x):
    return x @ x


def test_it_passes_and_gives_the_report():
    assert assert_gradient(loss, lambda x: 2 * x, [1.0, 2.0]).ok
    assert assert_function(torch.nn.Tanh(), torch.tensor([0.5])).ok


def test_its_message_is_the_report():
    with pytest.raises(AssertionError) as caught:
        assert_gradient(loss, lambda x: 3 * x, [1.0, 2.0])
    assert str(caught.value).strip() == str(check_gradient(loss, lambda x: 3 * x, [1.0, 2.0])).strip()


def test_undecided_fails_unless_it_is_allowed():
    with pytest.raises(AssertionError, match="UNDECIDED"):
        assert_gradient(lambda x: 3.0, lambda x: 0 * x + 1e-3, [1.0])
    assert not assert_gradient(lambda x: 3.0, lambda x: 0 * x + 1e-3, [1.0], allow_undecided=True).ok


def test_wrong_usage_stays_an_error_of_its_own():
    with pytest.raises(CheckError):
        assert_gradient(loss, lambda x: 2 * x, [])
