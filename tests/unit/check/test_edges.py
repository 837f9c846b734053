"""At the edge of a domain the slope into it is right, on a terrace 0 is; and what is not is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradlab.check import Verdict, check_function, check_gradient


def guarded(x):
    if x[0] < 1:
        raise ValueError("outside")
    return x[0] ** 2 + np.sin(x[1])


EDGES = {
    "x^1.5 at 0": (lambda x: np.sum(x**1.5), [0.0, 1.0], [0.0, 1.5]),
    "(1 - x)^1.5 at 1": (lambda x: np.sum((1 - x) ** 1.5), [1.0, 0.5], [0.0, -1.5 * 0.5**0.5]),
    "x^2.5 + x at 0": (lambda x: np.sum(x**2.5 + x), [0.0, 1.0], [1.0, 3.5]),
    "raises below 1": (guarded, [1.0, 0.4], [2.0, np.cos(0.4)]),
    "exp of sqrt^3 at 0": (lambda x: np.sum(np.exp(np.sqrt(x) ** 3 + 2 * x)), [0.0, 0.25], [2.0, 2.75 * np.exp(0.625)]),
    "x^1.5 + 3 x at 0": (lambda x: np.sum(x * np.sqrt(x)) + 3 * x[0], [0.0, 4.0], [3.0, 3.0]),
}


@pytest.mark.parametrize(("loss", "at", "right"), EDGES.values(), ids=EDGES.keys())
def test_the_slope_into_the_domain_is_right(loss, at, right):
    at, right = np.array(at), np.array(right)
    report = check_gradient(loss, right, at)
    assert report.ok, str(report)
    assert any("slope into its domain" in entry.reason for entry in report.entries)


@pytest.mark.parametrize(("loss", "at", "right"), EDGES.values(), ids=EDGES.keys())
@pytest.mark.parametrize("spoil", [lambda g: g + 0.5, lambda g: -g - 1], ids=["more", "turned"])
def test_another_slope_is_wrong(loss, at, right, spoil):
    claims = np.array(right)
    claims[0] = spoil(claims[0])
    report = check_gradient(loss, claims, np.array(at))
    assert report.entries[0].verdict is Verdict.WRONG, str(report)


ENDLESS = {
    "sqrt": (lambda x: np.sum(np.sqrt(x)), [np.inf, 0.5]),
    "x log x": (lambda x: np.sum(np.where(x == 0, 0, x * np.log(x))), [-np.inf, 1.0]),
    "minus cube root": (lambda x: np.sum(np.where(x < 0, np.nan, -np.cbrt(x))), [-np.inf, -1 / 3]),
}


@pytest.mark.parametrize(("loss", "right"), ENDLESS.values(), ids=ENDLESS.keys())
def test_a_slope_that_grows_without_end_is_infinite(loss, right):
    at = np.array([0.0, 1.0])
    assert check_gradient(loss, np.array(right), at).ok
    for claim in (0.0, 1.0, -right[0], np.nan):
        report = check_gradient(loss, np.array([claim, right[1]]), at)
        assert report.entries[0].verdict is Verdict.UNDECIDED, str(report)


def test_torch_says_infinite_for_the_root_of_0():
    assert check_gradient(lambda x: torch.sqrt(x).sum(), None, torch.tensor([0.0, 1.0])).ok


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_any_slope_between_is_right_at_the_bound_of_a_clamp(share):
    at = np.array([1.0, 0.5])
    assert check_gradient(lambda x: np.sum(np.clip(x, 0, 1)), np.array([share, 1.0]), at).ok
    report = check_gradient(lambda x: np.sum(np.clip(x, 0, 1)), np.array([share + 1.2, 1.0]), at)
    assert report.verdict is Verdict.WRONG


@pytest.mark.parametrize("at", [1e-3, 1e-9, 1e-12])
def test_near_an_edge_both_sides_count(at):
    point = np.array([at, 1.0])
    assert check_gradient(lambda x: np.sum(np.log(x)), lambda x: 1 / x, point).ok
    report = check_gradient(lambda x: np.sum(np.log(x)), lambda x: [1.5, 1] / x, point)
    assert report.entries[0].verdict is Verdict.WRONG


TERRACES = {
    "round": (lambda x: np.sum(np.round(x)), [0.0, 0.0]),
    "floor beside a square": (lambda x: np.floor(10 * x[0]) + x[1] ** 2, [0.0, 1.2]),
    "int": (lambda x: float(int(10 * x[0])) + x[1] ** 2, [0.0, 1.2]),
    "a table": (lambda x: [3.0, 1.0, 4.0][int(x[0] * 3)] * x[1], [0.0, 4.0]),
    "an index": (lambda x: float(np.argmax(x)) + x[1], [0.0, 1.0]),
}


@pytest.mark.parametrize(("loss", "right"), TERRACES.values(), ids=TERRACES.keys())
def test_on_a_terrace_0_is_right(loss, right):
    at = np.array([0.73, 0.6])
    report = check_gradient(loss, np.array(right), at)
    assert report.ok, str(report)
    if right[1]:
        wrong = check_gradient(loss, np.array(right) * [1, 1.5], at)
        assert wrong.verdict is Verdict.WRONG, str(wrong)


@pytest.mark.parametrize("step", [np.round, np.floor, np.ceil, np.trunc])
def test_so_it_is_wherever_the_point_stands_on_it(step):
    at = np.array([1.54, -8.03, 15.987, 2.477, -12.77, 4.0335, 0.71, -5.007])
    assert check_gradient(step, lambda x: np.zeros((8, 8)), at).ok
    assert check_gradient(step, lambda x: np.diag([0.0] * 7 + [3.0]), at).verdict is not Verdict.CORRECT


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_the_nearest_pixel_does_not_move(padding):
    torch.manual_seed(0)
    image, grid = torch.randn(1, 1, 4, 4).double(), torch.rand(1, 2, 2, 2).double() - 0.5

    def sample(image, grid):
        return torch.nn.functional.grid_sample(
            image, grid, mode="nearest", padding_mode=padding, align_corners=False
        )  # fmt: skip

    assert check_function(sample, (image, grid)).ok


def test_what_is_rounded_as_numbers_are_is_no_terrace():
    """A gradient that is forgotten in lower precision is 0, too."""

    def brain(x):
        low = torch.tensor(x).bfloat16()
        return float((low * low).sum()) + 0.0 * x[0]

    at = np.array([0.73, 0.61])
    assert check_gradient(brain, np.zeros(2), at).verdict is not Verdict.CORRECT
    half = lambda x: np.sum(np.float16(x) * np.float16(3)).astype(float)  # noqa: E731
    assert check_gradient(half, np.zeros(2), at).verdict is not Verdict.CORRECT
