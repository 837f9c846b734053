"""Mistakes in the middle of a program are told by the value that they are made at."""

from __future__ import annotations

import pytest
import torch

from gradlab.check import Verdict, check_function
from gradlab.check.names import Mistake
from written import written

W = torch.tensor([[0.4, -1.1, 0.3], [0.9, 0.2, -0.7], [-0.5, 0.6, 1.2]], dtype=torch.float64)
X = torch.tensor([[0.3, -0.8, 1.1], [1.4, 0.2, -0.6]], dtype=torch.float64)


def through(change, single=False):
    """A small network; what comes back to its hidden layer is changed."""

    Node = written(torch.clone, change)

    def function(x):
        x, w = (x.float(), W.float()) if single else (x, W)
        return torch.logsumexp(torch.sin(Node.apply(torch.tanh(x @ w) + 0.5 * x)) @ w.t(), -1)

    return function


CHANGES = {
    "is turned around along axis 1": (Mistake.SWAPPED, lambda g, h: g.flip(-1)),
    "is moved by one place along axis 1": (Mistake.SWAPPED, lambda g, h: g.roll(1, -1)),
    "comes in 1.07 times": (Mistake.FACTOR, lambda g, h: 1.07 * g),
    "has the wrong sign": (Mistake.SIGN, lambda g, h: -g),
    "is multiplied by the value itself": (Mistake.FACTOR, lambda g, h: g * h),
    "only the first counts": (
        Mistake.LAST_SAMPLE, lambda g, h: torch.cat([g[:, :1], 0 * g[:, 1:]], 1)
    ),
    "is the mean along axis 1 everywhere": (Mistake.SUM_FOR_MEAN, lambda g, h: g.mean(1, keepdim=True).expand_as(g)),
    "is dropped at [1, 2]": (
        Mistake.PATH_DROPPED, lambda g, h: g * torch.tensor([[1, 1, 1], [1, 1, 0]], dtype=g.dtype)
    ),
    "comes in 1.02 times at [0, 1]": (
        Mistake.ONE_OFF, lambda g, h: g * torch.tensor([[1, 1.02, 1], [1, 1, 1]], dtype=g.dtype)
    ),
}  # fmt: skip


@pytest.mark.parametrize(("told", "kind", "change"), [(told, *case) for told, case in CHANGES.items()], ids=CHANGES)
def test_it_is_named_by_its_value(told, kind, change):
    # A multiple of the whole gradient would be told as that: here the input goes past the layer, too.
    function = through(change)
    report = check_function(lambda x: function(x) + (x**2).sum(-1), X)
    found = [each for each in report.diagnoses if told in each.sentence]
    assert found, report
    assert found[0].kind is kind
    assert found[0].confirmed == 2


def test_what_is_no_known_change_has_no_name():
    report = check_function(through(lambda g, h: g * torch.cos(3 * h) + 0.1 * g.roll(1, -1)), X)
    assert report.verdict is Verdict.WRONG
    assert not report.diagnoses, report


@pytest.mark.parametrize("factor", [1.0, -1.0])
def test_rounding_in_single_precision_is_no_misuse_of_grad_output(factor):
    report = check_function(through(lambda g, h: factor * g, single=True), X.float())
    assert (report.verdict is Verdict.WRONG) == (factor < 0)
    assert not any("grad_output" in note for note in report.notes)
    assert all(each.kind is not Mistake.GRAD_OUTPUT for each in report.diagnoses)


def test_a_mistake_of_an_array_is_told_of_the_entries_that_are_wrong_alone():
    function = through(lambda g, h: g / 2)
    at = torch.cat([X, torch.zeros(1, 3, dtype=X.dtype)])
    report = check_function(lambda x, y: function(x * x).sum() + (y**3).sum(), (at, X[0]))
    (found,) = [each for each in report.diagnoses if each.kind is Mistake.FACTOR and not each.place]
    assert "1/2 times" in found.sentence
    assert len(found.entries) == X.numel()


def test_a_mistake_before_a_sort_is_not_told_of_what_was_sorted():
    Spoiled = written(torch.clone, lambda g, h: torch.where(torch.arange(g.numel()).view_as(g) == 8, -g, g))

    x = torch.randn(4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    x[2, 0] = 3.0  # so that its number is the smallest of its row, as elsewhere only by chance
    kernel = x.new_tensor([[[0.3, -1.0, 0.5]]])

    def function(x):
        return torch.sort(Spoiled.apply(torch.nn.functional.conv1d(x[:, None], kernel, padding=1)[:, 0]), -1).values

    report = check_function(function, x)
    assert report.verdict is Verdict.WRONG
    assert not any("result of sort" in each.sentence for each in report.diagnoses), report


def test_two_values_between_which_nothing_tells_are_both_named():
    """What turns a row around does so before its mean over the batch is taken off, too."""
    Spoiled = written(torch.clone, lambda g, h: g.flip(-1))

    def function(x):
        h = Spoiled.apply(torch.tanh(x @ W))
        return torch.sin(h - h.mean(0, keepdim=True)).sum(-1)

    (found,) = check_function(function, X).diagnoses
    assert "to the result of h - h.mean(0, keepdim=True) or to the result of tanh is turned around" in found.sentence


def test_a_row_alone_is_no_path_that_some_outputs_lack():
    Spoiled = written(torch.clone, lambda g, h: torch.cat([g[:1], 0 * g[1:]]))
    report = check_function(lambda x, w: torch.nn.functional.softplus(9 * Spoiled.apply(x @ w)) @ w.t(), (X, W))
    assert all(each.kind is not Mistake.PATH_DROPPED for each in report.diagnoses), report
