"""`check_all`: each autograd.Function of a running program, once, with what it met there."""

from __future__ import annotations

import pytest
import torch

from gradlab.check import CheckError, GradientError, check_all


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, *grad_outputs):
        return grad_outputs[0] * 2 * ctx.saved_tensors[0]


class Shifted(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, by):
        ctx.save_for_backward(x)
        return torch.sin(x + by)

    @staticmethod
    def backward(ctx, *grad_outputs):
        return grad_outputs[0] * torch.cos(ctx.saved_tensors[0]), None  # the shift is forgotten


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([[0.5, -1.0], [0.3, 0.7]]))
        self.runs = 0

    def forward(self, x):
        self.runs += 1
        return Shifted.apply(Square.apply(x @ self.weight), 0.5)


def test_each_function_is_checked_once_and_a_wrong_one_is_named():
    model, x = Model(), torch.ones(3, 2)
    with check_all(model, raises=False) as checks:
        model(x)
        model(2 * x)
    assert {name: report.verdict.name for name, report in checks.reports.items()} == {
        "Square": "CORRECT",
        "Shifted": "WRONG",
    }
    assert not checks.ok
    assert model.runs == 2  # checking runs the functions, not the model
    with pytest.raises(GradientError, match="Shifted: WRONG"), check_all(model):
        model(x)


def test_what_is_computed_stays_as_it_is_and_torch_is_put_back():
    before = torch.autograd.Function.__dict__["apply"]
    x = torch.tensor([1.0, 3.0], requires_grad=True)
    with check_all() as checks:
        y = Square.apply(x).sum()
        y.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2.0, 6.0]
    assert checks.ok
    with pytest.raises(ZeroDivisionError), check_all():
        raise ZeroDivisionError
    assert torch.autograd.Function.__dict__["apply"] is before


def test_outside_the_model_and_without_a_gradient_nothing_is_checked():
    with check_all(Model()) as checks:
        Square.apply(torch.ones(2, requires_grad=True))
    assert not checks.reports
    with check_all() as checks:
        Square.apply(torch.ones(2))
    assert str(checks) == "no torch.autograd.Function was applied"
    assert not checks.ok


def test_inputs_are_those_of_the_first_application_even_if_they_are_changed_later():
    x = torch.tensor([2.0], requires_grad=True)
    with check_all(raises=False) as checks:
        Shifted.apply(x, 0.0)  # right for a shift of 0
        with torch.no_grad():
            x.fill_(float("nan"))
    assert checks.ok


def test_no_module_is_said():
    with pytest.raises(CheckError, match=r"torch\.nn\.Module"), check_all("model"):
        pass
