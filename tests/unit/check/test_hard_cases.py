"""Hard cases by name, each with the verdict that is right for it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradlab.check import Cause, CheckError, Verdict, check_gradient

POINT = np.array([0.3, 0.7, -1.2])


def exponentials(x):
    return np.sum(np.exp(x))


WIDE = np.linspace(-20, 20, 5)


def test_dropout_without_a_seed_is_reported_first():
    weights = torch.linspace(0.5, 2, 20)
    report = check_gradient(
        lambda x: (torch.nn.functional.dropout(x, 0.5) * weights).sum(), lambda x: weights, torch.ones(20)
    )
    assert report.verdict is Verdict.UNDECIDED
    assert {entry.cause for entry in report.entries} == {Cause.NOT_DETERMINISTIC}
    assert report.notes[0].startswith("the loss is not deterministic")
    assert "seed" in report.worst.remedy


def test_a_random_backward_pass_is_undecided():
    random = np.random.default_rng(1)
    report = check_gradient(lambda x: x @ x, lambda x: 2 * x * random.uniform(0.5, 2, 3), POINT)
    assert report.verdict is Verdict.UNDECIDED
    assert {entry.cause for entry in report.entries} == {Cause.NOT_DETERMINISTIC}


@pytest.mark.parametrize(("claimed", "verdict"), [(1.0, Verdict.CORRECT), (2.0, Verdict.WRONG)])
def test_a_sum_with_a_million_taken_off_again(claimed, verdict):
    assert check_gradient(lambda x: (x[0] + 1e6) - 1e6, [claimed], np.array([0.5])).verdict is verdict


@pytest.mark.parametrize(("large", "slope"), [(1e8, 1e-4), (1e6, 1e-8), (1e10, 1e-5)])
def test_a_row_in_which_larger_numbers_cancel_is_not_accused_beside_another(large, slope):
    def rows(x):
        return np.array([(large + slope * x[0]) - large, x.sum()])

    right = np.array([[slope, 0, 0], [1, 1, 1]])
    at = np.array([0.5, -2, 1.5])
    assert check_gradient(rows, lambda x: right, at).verdict is not Verdict.WRONG
    assert check_gradient(rows, lambda x: right * [[1], [2]], at).verdict is Verdict.WRONG
    assert check_gradient(rows, lambda x: right + np.eye(2, 3), at).verdict is Verdict.WRONG


def _root(x):
    return np.sqrt(1e16 + x[0] ** 2 + 1e3 * x[1]) - 1e8


def _root_slopes(x):
    return np.array([x[0] / 1e8, 5e-6, 0])


@pytest.mark.parametrize(
    ("row", "slopes"),
    [
        (_root, _root_slopes),
        (lambda x: (1e10 + 1e-7 * x[0]) - 1e10, lambda x: np.array([1e-7, 0, 0])),
        (lambda x: (1e10 + 1e-6 * x[0]) - 1e10, lambda x: np.array([1e-6, 0, 0])),
        (lambda x: (1e8 + 1e-7 * x[0]) - 1e8, lambda x: np.array([1e-7, 0, 0])),
        (lambda x: np.sum(np.sqrt(x**2 + 1e16)) - 3e8, lambda x: x / 1e8),
    ],
)
def test_of_a_row_that_larger_numbers_hold_still_neither_its_slope_nor_zero_is_known(row, slopes):
    at = np.array([0.5, -2, 1.5])
    for factor in (1.0, 0.0):
        claims = np.array([factor * slopes(at), np.ones(3)])
        report = check_gradient(lambda x: np.array([row(x), x.sum()]), lambda x, claims=claims: claims, at)
        assert report.entries[0].verdict is Verdict.UNDECIDED, str(report)


@pytest.mark.parametrize("row", [lambda x: np.maximum(x[0] - 4, 0), lambda x: np.floor(x[0]), lambda x: 0 * x[0]])
def test_a_row_that_stands_still_by_itself_has_the_derivative_0(row):
    at = np.array([0.5, -2, 1.5])
    for slope, verdict in ((0.0, Verdict.CORRECT), (0.1, Verdict.WRONG)):
        claims = np.array([[slope, 0, 0], [1, 1, 1]])
        report = check_gradient(lambda x: np.array([row(x), x.sum()]), lambda x, claims=claims: claims, at)
        assert report.entries[0].verdict is verdict, str(report)


def test_a_million_in_float32_hides_the_slope():
    def loss(x):
        return (x[0].astype(np.float32) + np.float32(1e6)) - np.float32(1e6)

    assert check_gradient(loss, [1.0], np.array([0.5])).verdict is not Verdict.WRONG
    assert check_gradient(loss, [-3.0], np.array([0.5])).verdict is not Verdict.CORRECT


def half_inside(x):
    return np.sum(np.sin(x).astype(np.float16).astype(x.dtype) * x)


def test_a_float16_intermediate_is_never_accused():
    report = check_gradient(half_inside, lambda x: np.cos(x) * x + np.sin(x), POINT)
    assert report.verdict is Verdict.UNDECIDED
    assert report.worst.cause is Cause.FINE_STRUCTURE
    assert "float64" in report.worst.remedy


def test_a_float16_intermediate_hides_no_sign():
    assert check_gradient(half_inside, lambda x: -np.cos(x) * x - np.sin(x), POINT).verdict is Verdict.WRONG


def test_exp_over_a_wide_range_by_the_complex_step():
    report = check_gradient(exponentials, np.exp, WIDE, relevance=0)
    assert report.verdict is Verdict.CORRECT
    assert report.entries[0].reason == "agrees with the complex step"
    doubled = check_gradient(exponentials, lambda x: np.exp(x) * [2, 1, 1, 1, 1], WIDE)
    assert doubled.entries[0].verdict is Verdict.UNDECIDED
    assert doubled.entries[0].cause is Cause.OUT_OF_PRECISION


def test_exp_over_a_wide_range_as_a_black_box():
    report = check_gradient(lambda x: float(exponentials(x.real.astype(float))), np.exp, WIDE, relevance=0)
    assert [entry.verdict for entry in report.entries][1:] == [Verdict.UNDECIDED, *[Verdict.CORRECT] * 3]


def softmax(x):
    shares = np.exp(x - np.max(x))
    return shares / np.sum(shares)


@pytest.mark.parametrize("logits", [[0.0, 50.0, -50.0], [0.0, 5.0, -5.0]])
def test_saturated_softmax(logits):
    def gradient(x):
        shares = softmax(x)
        return shares[0] * ((np.arange(3) == 0) - shares)

    at = np.array(logits)
    assert check_gradient(lambda x: softmax(x)[0], gradient, at).verdict is not Verdict.WRONG
    assert check_gradient(lambda x: softmax(x)[0], lambda x: -gradient(x), at).verdict is not Verdict.CORRECT


def test_a_saturated_loss_is_named():
    report = check_gradient(lambda x: np.tanh(1e3 + x[0] ** 2), [1e-30], np.array([2.0]))
    assert report.verdict is Verdict.UNDECIDED
    assert report.worst.cause is Cause.SATURATION


@pytest.mark.parametrize("distance", [1e-12, 1e-9, 1e-6])
def test_a_kink_very_near_is_seen_at_finer_steps(distance):
    assert check_gradient(lambda x: abs(x - distance), -1.0, 0.0).verdict is Verdict.CORRECT
    assert check_gradient(lambda x: abs(x - distance), 1.0, 0.0).verdict is Verdict.WRONG


def test_a_kink_inside_the_finest_step_is_no_excuse_outside_its_slopes():
    def kinked(x):
        return abs(x - 1 - 2e-16)

    assert check_gradient(kinked, -1.0, 1.0).verdict is not Verdict.WRONG
    assert check_gradient(kinked, 2.0, 1.0).verdict is Verdict.WRONG


def test_a_function_that_changes_its_input():
    def writes(x):
        x *= 2
        return np.sum(x * x) / 4

    report = check_gradient(writes, lambda x: 2 * x, POINT)
    assert report.verdict is Verdict.CORRECT
    assert "writes into its argument" in report.notes[0]
    at = torch.tensor(POINT)
    assert check_gradient(lambda x: x.mul_(2).square().sum(), None, at).verdict is Verdict.CORRECT
    assert at.tolist() == POINT.tolist()


def test_one_that_raises_is_an_error_with_its_cause():
    def raises(x):
        raise RuntimeError("no such file")

    with pytest.raises(CheckError, match="raised RuntimeError at the point: no such file") as caught:
        check_gradient(raises, lambda x: x, POINT)
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_one_that_raises_near_the_point_loses_these_steps_alone():
    def picky(x):
        if np.abs(x - POINT).max() > 1e-3:
            raise RuntimeError("too far")
        return x @ x

    assert check_gradient(picky, lambda x: 2 * x, POINT).verdict is Verdict.CORRECT
    assert check_gradient(picky, lambda x: -2 * x, POINT).verdict is Verdict.WRONG


def test_work_that_is_still_to_do_stays_what_it_is():
    def todo(x):
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        check_gradient(todo, lambda x: x, POINT)


@pytest.mark.parametrize(
    ("loss", "gradient", "at", "match"),
    [
        (lambda x: np.sum(np.log(x)), lambda x: 1 / x, POINT, "nan at the point"),
        (np.sum, np.ones_like, np.array([]), "empty"),
        (lambda x: x @ x, lambda x: x[:2], POINT, r"shape \(2,\), at has the shape \(3,\)"),
    ],
)
def test_what_cannot_be_checked_is_an_error(loss, gradient, at, match):
    with pytest.raises(CheckError, match=match):
        check_gradient(loss, gradient, at)


def test_a_step_function_has_the_derivative_0_and_others_are_undecided():
    def check(claimed):
        return check_gradient(lambda x: np.sum(np.floor(x)), [claimed], np.array([0.5]))

    assert check(0.0).verdict is Verdict.CORRECT
    assert check(1.0).worst.cause is Cause.STEP_FUNCTION


def test_a_constant_has_the_derivative_0():
    report = check_gradient(lambda x: 3.0, np.zeros_like, POINT)
    assert report.verdict is Verdict.CORRECT
    assert any("changes with nothing" in note for note in report.notes)
    assert check_gradient(lambda x: 3.0, lambda x: 0 * x + 1e-3, POINT).verdict is not Verdict.CORRECT
    assert check_gradient(lambda x: 1e20 + x @ x, np.zeros_like, POINT).verdict is not Verdict.CORRECT


def test_at_the_edge_of_a_domain_the_reason_is_true():
    report = check_gradient(lambda x: np.sum(x**1.5), np.zeros_like, np.array([0.0]))
    assert report.verdict is Verdict.UNDECIDED
    assert "both sides" in report.worst.reason


def test_a_fast_oscillation_below_every_step_is_undecided():
    def loss(x):
        return np.sum(np.sin(1e12 * x))

    report = check_gradient(loss, lambda x: 1e12 * np.cos(1e12 * x), POINT)
    assert report.verdict is Verdict.UNDECIDED


def test_a_fast_oscillation_that_steps_resolve():
    def loss(x):
        return np.sum(np.sin(1e5 * x))

    assert check_gradient(loss, lambda x: 1e5 * np.cos(1e5 * x), POINT).ok
    assert check_gradient(loss, lambda x: -1e5 * np.cos(1e5 * x), POINT).verdict is Verdict.WRONG


def test_a_small_gradient_with_its_sign_turned():
    report = check_gradient(lambda x: 1e-9 * np.sum(np.sin(x)), lambda x: -1e-9 * np.cos(x), POINT)
    assert report.verdict is Verdict.WRONG


def test_a_quantised_input_that_stands_still_in_small_steps_is_no_mistake():
    at = np.array([2.21331573, 0.77039099, 2.37780309, 1.1109165])
    report = check_gradient(lambda x: np.sum(np.round(x * 8) ** 2), np.zeros_like, at)
    assert {entry.cause for entry in report.entries} <= {Cause.STEP_FUNCTION, None}
    assert report.verdict is not Verdict.WRONG


def test_a_part_in_float32_of_a_function_in_float64_is_seen_coordinate_by_coordinate():
    """As in jax.nn.dot_product_attention: the scores are cast down, the values they weigh are not."""
    at = {"scores": np.array([0.3, -1.2]), "values": np.array([0.7, 2.1])}

    def weights(p):
        shares = np.exp(p["scores"].astype(np.float32))
        return shares / shares.sum()

    def gradient(p, factor=1.0):
        shares = weights(p).astype(np.float64)
        back = shares * (p["values"] - shares @ p["values"])
        return {"scores": factor * back, "values": shares}

    assert check_gradient(lambda p: weights(p) @ p["values"], gradient, at).ok
    report = check_gradient(lambda p: weights(p) @ p["values"], lambda p: gradient(p, 1.01), at)
    assert report.verdict is Verdict.WRONG
