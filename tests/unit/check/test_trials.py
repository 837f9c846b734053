"""A backward pass is asked as it will be used: any sign, size and layout of grad_output, and more than once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradlab.check import Verdict, check_function, check_gradient
from gradlab.check.names import Mistake
from written import written

POINT = torch.tensor([[0.3, 1.0], [-0.4, 0.8]])
TOTAL = {
    "abs": lambda g: g.abs(),
    "clamp": lambda g: g.clamp(min=0),
    "relu": lambda g: torch.relu(g) - 0.01 * torch.relu(-g),
    "forgotten": lambda g: torch.ones_like(g),
    "sign": lambda g: g.sign(),
    "square": lambda g: g * g,
    "clipped": lambda g: g.clamp(-1, 1) if g.numel() > 1 else g.clamp(-0.5, 1),
}


@pytest.mark.parametrize("bend", TOTAL.values(), ids=TOTAL.keys())
def test_a_backward_pass_that_is_not_linear_is_wrong(bend):
    total = written(
        lambda x: torch.logsumexp(x, (0, 1)), lambda g, x: bend(g) * torch.softmax(x.flatten(), 0).view_as(x)
    )
    each = written(torch.exp, lambda g, x: bend(g) * torch.exp(x))
    for function in (total, each):
        report = check_function(function, POINT)
        assert report.verdict is Verdict.WRONG, str(report)
        assert any("grad_output" in note for note in report.notes)


BACKWARD = {
    "its first entry": lambda g, x: g.reshape(-1)[0] * torch.exp(x),
    "its mean": lambda g, x: g.mean() * torch.exp(x),
    "raw memory": lambda g, x: torch.as_strided(g, (g.numel(),), (1,), 0).reshape(g.shape) * torch.exp(x)
    if g.untyped_storage().nbytes() >= g.numel() * g.element_size() else 0 * x,
    "transposed memory": lambda g, x: (g if g.is_contiguous() else g.t()) * torch.exp(x),
}  # fmt: skip


@pytest.mark.parametrize("backward", BACKWARD.values(), ids=BACKWARD.keys())
def test_a_backward_pass_that_reads_grad_output_wrongly_is_wrong(backward):
    assert check_function(written(torch.exp, backward), POINT).verdict is Verdict.WRONG


def test_a_backward_pass_that_keeps_what_it_needs_outside_ctx_is_wrong():
    class Forgetful(torch.autograd.Function):
        kept = None

        @staticmethod
        def forward(ctx, x):
            Forgetful.kept = x.detach().clone()
            return x**2

        @staticmethod
        def backward(ctx, g):
            return 2 * Forgetful.kept * g

    report = check_function(Forgetful, POINT)
    assert report.verdict is Verdict.WRONG
    assert any("another forward pass" in note for note in report.notes)


def test_right_backward_passes_stay_right():
    for function, point in [
        (written(torch.exp, lambda g, x: g * torch.exp(x)), POINT),
        (written(torch.exp, lambda g, x: g * torch.exp(x)), POINT[0, 0]),
        (torch.nn.Linear(2, 3), POINT),
        (lambda x: (x.sum(), x * 2), POINT),
        (lambda x: x.double().sum(), POINT),
    ]:
        report = check_function(function, point)
        assert report.ok, str(report)


class Net:
    """A gradient that is added to what was there before."""

    def __init__(self):
        self.g = np.zeros(2)

    def grad(self, x):
        self.g = self.g + 2 * x
        return self.g

    def grad_in_place(self, x):
        self.g += 2 * x
        return self.g


@pytest.mark.parametrize("name", ["grad", "grad_in_place"])
def test_a_gradient_that_accumulates_is_wrong(name):
    report = check_gradient(lambda x: x @ x, getattr(Net(), name), at=np.array([1.5, -2.5]))
    assert report.verdict is Verdict.WRONG
    assert any("accumulates" in note for note in report.notes)


def test_a_random_gradient_is_not_decided():
    random = np.random.default_rng(0)
    report = check_gradient(lambda x: x @ x, lambda x: 2 * x * (1 + random.normal(size=2)), at=np.array([1.5, -2.5]))
    assert report.verdict is not Verdict.CORRECT


def test_a_gradient_that_changes_its_argument_is_told():
    def gradient(x):
        found = 2 * x.copy()
        x += 0.1
        return found

    for at in (np.array([1.5, -2.5]), [np.array([1.5, -2.5])]):

        def loss(p):
            return (p[0] if isinstance(p, list) else p) @ (p[0] if isinstance(p, list) else p)

        report = check_gradient(loss, lambda p: [gradient(p[0])] if isinstance(p, list) else gradient(p), at)
        assert report.headline == "WRONG: 2 correct of 2 entries, but the gradient changes its argument"
        assert [each.kind for each in report.diagnoses] == [Mistake.CHANGES_ARGUMENT]
        assert "Work on a copy" in str(report)


def test_a_check_under_no_grad_is_the_same():
    with torch.no_grad():
        assert check_function(torch.nn.Linear(2, 3), POINT).ok
        assert check_gradient(lambda x: (x**2).sum(), None, POINT).ok


SIZES = {
    "clipped far out": lambda g: g.clamp(-100, 100),
    "small ones dropped": lambda g: torch.where(g.abs() < 1e-3, 0.0, g),
}


@pytest.mark.parametrize("bend", SIZES.values(), ids=SIZES.keys())
def test_grad_output_may_have_any_size(bend):
    total = written(
        lambda x: torch.logsumexp(x, (0, 1)), lambda g, x: bend(g) * torch.softmax(x.flatten(), 0).view_as(x)
    )
    each = written(torch.exp, lambda g, x: bend(g) * torch.exp(x))
    for function in (total, each):
        report = check_function(function, POINT)
        assert report.verdict is Verdict.WRONG, str(report)
        assert any("not proportional to grad_output" in note for note in report.notes)


def counted(gradient):
    """A gradient that is told the number of its call."""
    calls = []

    def told(x):
        calls.append(1)
        return gradient(x, len(calls))

    return told


def test_a_gradient_that_is_right_the_first_time_only_is_wrong():
    report = check_gradient(lambda x: x @ x, counted(lambda x, call: (2 if call == 1 else 3) * x), np.array([1.0, 2.0]))
    assert report.verdict is Verdict.WRONG
    assert any("remembers its first call" in note for note in report.notes)


VARYING = {
    "random": lambda x, call: 2 * x * np.random.default_rng(call).normal(size=x.shape),
    "alternating": lambda x, call: (2 if call % 2 else 3) * x,
    "decaying": lambda x, call: 2 * x * 0.9**call,
}


@pytest.mark.parametrize("gradient", VARYING.values(), ids=VARYING.keys())
def test_a_gradient_that_is_another_one_each_time_is_undecided_at_once(gradient):
    report = check_gradient(lambda x: x @ x, counted(gradient), np.linspace(1, 2, 50))
    assert report.verdict is Verdict.UNDECIDED
    assert "another one each time" in report.worst.reason
    assert report.evaluations < 20


def test_a_function_that_refuses_points_nearby_is_not_accused():
    x, target = torch.sigmoid(POINT), (POINT > 0).to(POINT.dtype)
    assert check_function(torch.nn.functional.binary_cross_entropy, (x, target)).verdict is not Verdict.WRONG
    assert check_function(torch.nn.functional.binary_cross_entropy, (x, 0.2 + 0.6 * target)).ok

    def strict(x):
        if (x != POINT.double()).sum() > 1:
            raise ValueError("only here")
        return x.exp().sum()

    assert check_function(strict, POINT).ok


def test_a_backward_pass_that_refuses_a_layout_is_not_accused():
    class Strict(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.exp()

        @staticmethod
        def backward(ctx, g):
            if not g.is_contiguous():
                raise RuntimeError("contiguous only")
            return g * ctx.saved_tensors[0].exp()

    assert check_function(Strict, POINT).ok


def test_a_seen_cause_costs_no_search_for_another():
    function = written(torch.exp, lambda g, x: torch.exp(x))
    report = check_function(function, torch.linspace(0.1, 2, 20, dtype=torch.float64))
    assert len(report.diagnoses) == 1
    assert "forgets grad_output" in report.diagnoses[0].sentence
    assert report.evaluations < 500


def test_a_backward_pass_that_changes_grad_output_is_told_first():
    tripled = written(lambda x: 3 * x, lambda g, x: g.mul_(3))
    for function in (tripled, lambda x: tripled.apply(x) + x):
        report = check_function(function, POINT)
        assert [each.kind for each in report.diagnoses] == [Mistake.CHANGES_GRAD_OUTPUT]
        assert report.verdict is Verdict.WRONG


@pytest.mark.parametrize(
    ("told", "bend"),
    [
        ("clipped", lambda g: g.clamp(-0.5, 0.5)),
        ("not its size", lambda g: g / g.norm()),
        ("not proportional to grad_output", lambda g: g.clamp(0, 1e9)),
        ("not proportional to grad_output", lambda g: (3.7 * g).int().to(g)),
        ("forgets", lambda g: torch.ones_like(g)),
    ],
)
def test_how_grad_output_is_used_is_told(told, bend):
    for at in (POINT, torch.tensor(2.0)):
        report = check_function(written(lambda x: 2 * x, lambda g, x: 2 * bend(g)), at)
        assert told in report.diagnoses[0].sentence
