"""One call for everything: Functions, modules, Jacobians, vector-Jacobian products, number types."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradlab.check import CheckError, Verdict, check_function, check_gradient
from written import written

MATRIX = np.random.default_rng(0).normal(size=(3, 4))


class Power(torch.autograd.Function):
    """Two inputs, a number beside them, a vector out."""

    factor = 1.0

    @staticmethod
    def forward(ctx, x, w, exponent):
        ctx.save_for_backward(x, w)
        ctx.exponent = exponent
        return (x * w) ** exponent

    @classmethod
    def backward(cls, ctx, grad_output):
        x, w = ctx.saved_tensors
        inner = cls.factor * grad_output * ctx.exponent * (x * w) ** (ctx.exponent - 1)
        return inner * w, inner * x, None


class WrongPower(Power):
    """Forgets a factor."""

    factor = 0.5


# Right as long as the incoming gradient is 1.
Forgetful = written(lambda x: (x**2).sum(), lambda grad_output, x: 2 * x)


def two_tensors(dtype=torch.float64):
    random = torch.Generator().manual_seed(1)
    return tuple(torch.rand(3, generator=random).to(dtype) + 0.5 for _ in range(2))


class TestOwnBackward:
    @pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
    def test_a_right_one_in_every_number_type(self, dtype):
        report = check_function(Power, (*two_tensors(dtype), 3))
        assert report.verdict is Verdict.CORRECT, str(report)
        assert [entry.name for entry in report.entries][:4] == [
            "f[0] by x[0]", "f[0] by x[1]", "f[0] by x[2]", "f[0] by w[0]",
        ]  # fmt: skip
        assert len(report.entries) == 18

    def test_a_wrong_one(self):
        report = check_function(WrongPower, (*two_tensors(), 3))
        assert report.verdict is Verdict.WRONG
        assert sum(entry.verdict is Verdict.WRONG for entry in report.entries) == 6
        assert report.diagnoses

    def test_one_that_forgets_grad_output(self):
        report = check_function(Forgetful, torch.tensor([0.5, -2.0]))
        assert report.verdict is Verdict.WRONG
        assert "forgets grad_output" in report.notes[0]

    def test_a_product_with_one_cotangent(self):
        report = check_function(Power, (*two_tensors(), 2), cotangent=[1.0, -2.0, 0.5])
        assert report.ok
        assert [entry.name for entry in report.entries] == ["x[0]", "x[1]", "x[2]", "w[0]", "w[1]", "w[2]"]

    @pytest.mark.parametrize(
        ("function", "inputs", "match"),
        [
            (3.0, torch.ones(2), "no backward pass"),
            (dict, torch.ones(2), "no backward pass"),
            (Power, (1, 2, 3), "none of the inputs"),
            (Forgetful, np.ones(2, dtype=complex), "complex"),
        ],
    )
    def test_errors(self, function, inputs, match):
        with pytest.raises(CheckError, match=match):
            check_function(function, inputs)


# One argument, and a gradient for each of its entries.
Twice = written(lambda x: (x**2).sum(), lambda grad_output, x: (grad_output, grad_output))


def test_a_gradient_too_many_is_told_what_to_return():
    with pytest.raises(CheckError, match="one gradient for each argument of forward"):
        check_function(Twice, torch.tensor([1.0, 3.0]))


class TestModules:
    def test_inputs_and_parameters_and_the_users_module_stays_as_it_is(self):
        torch.manual_seed(0)
        network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
        before = [parameter.clone() for parameter in network.parameters()]
        report = check_function(network, torch.randn(1, 3))
        assert report.verdict is Verdict.CORRECT, str(report)
        assert {"f[0, 1] by input[0, 2]", "f[0, 0] by 0.weight[3, 2]"} <= {entry.name for entry in report.entries}
        assert all(torch.equal(old, new) for old, new in zip(before, network.parameters(), strict=True))
        assert all(parameter.grad is None and parameter.dtype is torch.float32 for parameter in network.parameters())

    def test_a_loss_of_a_module(self):
        torch.manual_seed(0)
        network, x = torch.nn.Linear(3, 2), torch.randn(5, 3)

        def loss(module):
            return (module(x) ** 2).mean()

        def gradient(module):
            outputs = module(x)
            return {"weight": outputs.T @ x / 5, "bias": outputs.mean(0)}

        def summed(module):
            return {**gradient(module), "bias": module(x).sum(0)}

        assert check_gradient(loss, None, network).ok
        assert check_gradient(loss, gradient, network).ok
        wrong = check_gradient(loss, summed, network)
        assert [entry.name for entry in wrong.entries if entry.verdict is Verdict.WRONG] == ["bias[0]", "bias[1]"]

    def test_tied_parameters_are_one(self):
        first, second = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
        second.weight = first.weight
        report = check_function(torch.nn.Sequential(first, torch.nn.Tanh(), second), torch.tensor([0.3, -0.7]))
        assert report.verdict is Verdict.CORRECT
        assert not any("2.weight" in entry.name for entry in report.entries)

    def test_dropout_in_a_module_is_found_and_eval_switches_it_off(self):
        network = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 1))
        assert check_function(network, torch.randn(3)).verdict is Verdict.UNDECIDED
        assert check_function(network.eval(), torch.randn(3)).verdict is Verdict.CORRECT

    def test_a_float32_constant_of_the_loss_is_promoted(self):
        weights = torch.tensor([1.0, 2.0, 3.0])
        report = check_gradient(lambda x: torch.sin(weights @ x), None, torch.tensor([0.1, 0.2, 0.3]))
        assert report.verdict is Verdict.CORRECT
        assert max(entry.error_bar for entry in report.entries) < 1e-7
        assert torch.get_default_dtype() is torch.float32

    def test_a_cast_inside_makes_promotion_useless_and_is_noted(self):
        at = torch.tensor([0.1, 0.2, 0.3])
        report = check_gradient(lambda x: torch.sin(x.float().sum()) * 3, None, at)
        assert report.verdict is not Verdict.WRONG
        assert "returns what lower precision holds" in report.notes[0]


class TestJacobians:
    def test_a_jacobian(self):
        report = check_gradient(
            lambda x: np.tanh(MATRIX @ x), lambda x: (1 - np.tanh(MATRIX @ x) ** 2)[:, None] * MATRIX, np.ones(4)
        )
        assert report.ok
        assert report.entries[5].name == "f[1] by at[1]"

    def test_a_transposed_jacobian_has_the_wrong_shape(self):
        with pytest.raises(CheckError, match=r"return the Jacobian, of the shape \(3, 4\)"):
            check_gradient(lambda x: MATRIX @ x, MATRIX.T, np.ones(4))

    def test_a_jacobian_of_several_arrays(self):
        at = {"w": np.ones((2, 2)), "b": np.zeros(2)}

        def gradient(point):
            jacobian = np.zeros((2, 2, 2))
            jacobian[0, 0], jacobian[1, 1] = [1, 2], [1, 2]
            return {"w": jacobian, "b": np.eye(2)}

        assert check_gradient(lambda point: point["w"] @ [1.0, 2.0] + point["b"], gradient, at).ok

    def test_a_vector_jacobian_product(self):
        cotangent = np.array([1.0, 2.0, 3.0])

        def product(x, v):
            return MATRIX.T @ (v * (1 - np.tanh(MATRIX @ x) ** 2))

        def function(x):
            return np.tanh(MATRIX @ x)

        assert check_gradient(function, product, np.ones(4), cotangent=cotangent).ok
        wrong = check_gradient(function, lambda x, v: MATRIX.T @ v, np.ones(4), cotangent=cotangent)
        assert wrong.verdict is Verdict.WRONG
        with pytest.raises(CheckError, match="cotangent has the shape"):
            check_gradient(function, product, np.ones(4), cotangent=np.ones(2))

    def test_a_large_jacobian_is_checked_through_combinations_of_its_rows(self):
        at = torch.linspace(0.1, 1, 80, dtype=torch.float64)
        report = check_gradient(lambda x: torch.sin(x) * x.sum(), None, at)
        assert report.verdict is Verdict.CORRECT
        assert len(report.entries) == 160
        assert "random combinations" in report.notes[0]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_number_types_of_numpy(dtype):
    at = np.array([0.5, 1.5], dtype=dtype)
    assert check_gradient(lambda x: np.sum(np.sin(x)), np.cos, at).ok
    assert check_gradient(lambda x: np.sum(np.sin(x)), lambda x: -np.cos(x), at).verdict is Verdict.WRONG


def test_a_module_is_given_as_an_instance():
    with pytest.raises(CheckError, match=r"Linear is a class; give an instance of it: linear = Linear\(\.\.\.\)"):
        check_function(torch.nn.Linear, torch.ones(3))
