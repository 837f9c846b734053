"""Everything that was given is checked, or the report says what was not: structures, fixed parts, outputs, layouts."""

from __future__ import annotations

import functools
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch.nn import functional

from gradlab.check import CheckError, Verdict, check_function, check_gradient
from written import written

DOUBLE = torch.float64
Pair = namedtuple("Pair", "w b")


@dataclass(frozen=True)
class Layer:
    w: Any
    b: Any
    name: str = "dense"


def wrong_names(report):
    return {entry.name.split(" by ")[-1].split("[")[0] for entry in report.entries if entry.verdict is Verdict.WRONG}


# x @ w, with the gradient by w twice as large as it should be.
Doubled = written(lambda w, x: x @ w, lambda g, w, x: (2 * x.T @ g, g @ w.T))


@jax.custom_vjp
def doubled(w, x):
    return x @ w


doubled.defvjp(lambda w, x: (x @ w, (w, x)), lambda kept, g: (2 * kept[1].T @ g, g @ kept[0].T))

STRUCTURES = {
    "a list": (lambda w, b: [w, b], lambda p: (p[0], p[1])),
    "a dict": (lambda w, b: {"w": w, "b": b}, lambda p: (p["w"], p["b"])),
    "a nested dict": (lambda w, b: {"dense": {"w": w}, "out": [b]}, lambda p: (p["dense"]["w"], p["out"][0])),
    "an ordered dict": (lambda w, b: OrderedDict(w=w, b=b), lambda p: (p["w"], p["b"])),
    "a named tuple": (Pair, lambda p: (p.w, p.b)),
    "a dataclass": (Layer, lambda p: (p.w, p.b)),
    "a namespace": (lambda w, b: SimpleNamespace(w=w, b=b), lambda p: (p.w, p.b)),
    "a tuple in a list": (lambda w, b: [(w, b), None], lambda p: p[0]),
}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize(("make", "take"), STRUCTURES.values(), ids=STRUCTURES.keys())
def test_what_a_torch_function_is_given_in_a_structure_is_checked(make, take, dtype):
    def layer(params, x):
        w, b = take(params)
        return torch.tanh(Doubled.apply(w, x) + b).sum()

    params = make(torch.full((3, 2), 0.3, dtype=dtype), torch.zeros(2, dtype=dtype))
    report = check_function(layer, (params, torch.ones(4, 3, dtype=dtype)))
    assert report.verdict is Verdict.WRONG
    assert len(report.entries) == 6 + 2 + 12
    assert len([entry for entry in report.entries if entry.verdict is Verdict.WRONG]) == 6


@pytest.mark.parametrize("name", ["a list", "a dict", "a nested dict", "a named tuple", "a tuple in a list"])
def test_what_a_jax_function_is_given_in_a_structure_is_checked(name):
    make, take = STRUCTURES[name]

    def layer(params, x):
        w, b = take(params)
        return jnp.tanh(doubled(w, x) + b).sum()

    report = check_function(layer, (make(jnp.full((3, 2), 0.3), jnp.zeros(2)), jnp.ones((4, 3))))
    assert report.verdict is Verdict.WRONG
    assert len([entry for entry in report.entries if entry.verdict is Verdict.WRONG]) == 6


@pytest.mark.parametrize(("make", "take"), STRUCTURES.values(), ids=STRUCTURES.keys())
def test_points_of_numpy_may_have_any_structure(make, take):
    def loss(params):
        w, b = take(params)
        return np.sum(np.tanh(w @ np.array([0.3, 0.7]) + b))

    def gradient(params, factor=1.0):
        w, b = take(params)
        delta = 1 - np.tanh(w @ np.array([0.3, 0.7]) + b) ** 2
        return make(factor * np.outer(delta, [0.3, 0.7]), delta)

    at = make(np.array([[0.2, 0.5], [1, -0.3]]), np.array([0.1, 0.4]))
    assert check_gradient(loss, gradient, at).ok
    report = check_gradient(loss, functools.partial(gradient, factor=2.0), at)
    assert len([entry for entry in report.entries if entry.verdict is Verdict.WRONG]) == 4


def test_entries_are_named_as_they_are_written():
    params = {"dense": {"W": torch.ones(2, 1, dtype=DOUBLE)}, "scale": [torch.tensor(0.5, dtype=DOUBLE)]}
    report = check_function(
        lambda params, x: (x @ params["dense"]["W"] * params["scale"][0]).sum(), (params, torch.ones(1, 2))
    )
    assert [entry.name for entry in report.entries][:3] == [
        'params["dense"]["W"][0, 0]', 'params["dense"]["W"][1, 0]', 'params["scale"][0]',
    ]  # fmt: skip
    report = check_gradient(lambda p: p.w @ p.w * p.b, lambda p: Pair(2 * p.w * p.b, p.w @ p.w), Pair(np.ones(2), 3.0))
    assert report.ok
    assert [entry.name for entry in report.entries] == ["w[0]", "w[1]", "b"]


def test_keyword_arguments_are_checked():
    def scaled(x, *, weight):
        return Doubled.apply(weight, x)

    report = check_function(scaled, torch.ones(2, 3), kwargs={"weight": torch.full((3, 1), 0.2)})
    assert wrong_names(report) == {"weight"}
    assert check_function(functional.softmax, torch.ones(3), kwargs={"dim": 0}).ok
    report = check_gradient(
        lambda w, b: (w**2).sum() * b, lambda w, b: {"w": 2 * w * b, "b": (w**2).sum()}, {"w": np.ones(2), "b": 3.0}
    )
    assert report.ok


@jax.custom_vjp
def scaled_sine(x, y):
    return jnp.sin(x) * y


scaled_sine.defvjp(
    lambda x, y: (scaled_sine(x, y), (x, y)), lambda kept, g: (jnp.cos(kept[0]) * kept[1] * g, -jnp.sin(kept[0]) * g)
)


@pytest.mark.parametrize("y", [3.0, np.float32(3.0), np.array(3.0), jnp.array(3.0)], ids=lambda y: type(y).__name__)
def test_numbers_of_python_beside_arrays_of_jax_are_checked(y):
    assert wrong_names(check_function(scaled_sine, (jnp.array(2.0), y))) == {"y"}


def test_numbers_of_python_that_torch_does_not_derive_by_are_told():
    report = check_function(lambda x, alpha: functional.elu(x, alpha), (torch.tensor([0.3, -1.0]), 0.5))
    assert report.ok
    assert any("alpha (a number of Python" in note for note in report.notes)


class CrossEntropy(torch.autograd.Function):
    """A loss whose target has no gradient."""

    factor = 1.0

    @classmethod
    def scaled(cls, factor):
        return type("Scaled", (cls,), {"factor": factor})

    @staticmethod
    def forward(ctx, z, t):
        ctx.save_for_backward(z, t)
        return functional.binary_cross_entropy_with_logits(z, t)

    @staticmethod
    def backward(ctx, g):
        z, t = ctx.saved_tensors
        return g * (torch.sigmoid(z) - t) / z.numel(), None


class Summed(CrossEntropy):
    @staticmethod
    def backward(ctx, g):
        z, t = ctx.saved_tensors
        return g * (torch.sigmoid(z) - t), None


@pytest.mark.parametrize("wants", [True, False], ids=["logits require grad", "nothing requires grad"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_a_target_without_a_gradient_is_not_wrong(wants, dtype):
    torch.manual_seed(0)
    logits, target = torch.randn(5, dtype=dtype, requires_grad=wants), (torch.rand(5) > 0.5).to(dtype)
    report = check_function(CrossEntropy, (logits, target))
    assert report.ok, str(report)
    assert any(note.startswith("not checked") and "t (" in note for note in report.notes)
    assert check_function(lambda z, t: CrossEntropy.apply(z, t) * 2, (logits, target)).ok
    report = check_function(Summed, (logits, target))
    assert report.verdict is Verdict.WRONG
    assert report.diagnoses[0].kind.name == "SUM_FOR_MEAN"


def test_a_detached_input_is_wrong_where_it_counts():
    report = check_function(lambda x, y: (x.detach() * y).sum(), (torch.ones(2), torch.ones(2)))
    assert wrong_names(report) == {"x"}


def test_arguments_that_a_custom_vjp_does_not_derive_by_are_told():
    @jax.custom_vjp
    def loss(z, t):
        return jnp.sum(jnp.logaddexp(0, z) - t * z)

    loss.defvjp(lambda z, t: (loss(z, t), (z, t)), lambda kept, g: (g * (jax.nn.sigmoid(kept[0]) - kept[1]), None))
    report = check_function(loss, (jnp.array([0.3, -1.0]), jnp.array([1.0, 0.0])))
    assert report.ok, str(report)
    assert [entry.name for entry in report.entries] == ["z[0]", "z[1]"]


def test_integers_flags_and_frozen_parts_are_handed_on():
    report = check_function(functional.nll_loss, (torch.log_softmax(torch.randn(3, 4), 1), torch.tensor([0, 1, 3])))
    assert report.ok
    assert any("(integers)" in note for note in report.notes)
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    net[0].requires_grad_(False)
    report = check_function(net, torch.ones(1, 2))
    assert report.ok
    assert any("0.weight" in note for note in report.notes)
    report = check_gradient(
        lambda p: np.sum(p["w"][p["rows"]] ** 2), lambda p: {"w": np.array([2.0, 0, 2]) * p["w"], "rows": None},
        {"w": np.array([0.3, 1, 2]), "rows": np.array([0, 2])},
    )  # fmt: skip
    assert report.ok, str(report)


SPECIAL_OUTPUTS = {
    "values and indices": lambda x: torch.max(x, 1),
    "topk": lambda x: x.topk(2),
    "sort": lambda x: torch.sort(x, 1),
    "median": lambda x: x.median(1),
    "a constant": lambda x: (x**2, torch.ones(2)),
    "None": lambda x: (x**2, None),
    "a dict": lambda x: {"loss": x.sum(), "hits": (x > 0).sum(), "logits": x},
    "a dataclass": lambda x: Layer(x.sum(), x**2),
    "a mask": lambda x: (x.tanh(), x > 0),
    "a length": lambda x: (x.exp(), len(x)),
}


@pytest.mark.parametrize("function", SPECIAL_OUTPUTS.values(), ids=SPECIAL_OUTPUTS.keys())
def test_outputs_without_derivatives_are_left_out(function):
    report = check_function(function, torch.tensor([[0.3, 1.0, 2.0], [0.5, -1, 4]]))
    assert report.ok, str(report)


def test_outputs_are_named():
    report = check_function(lambda x: {"loss": x.sum(), "z": x}, torch.ones(1))
    assert [entry.name for entry in report.entries] == ['f["loss"] by x[0]', 'f["z"][0] by x[0]']


@pytest.mark.parametrize(
    ("function", "match"),
    [
        (lambda x: (x**2).sum().item(), "without .item"),
        (lambda x: x.detach().numpy().sum(), "no backward pass can begin"),
        (lambda x: x.argmax(), "integers or flags"),
        (lambda x: None, "None"),
        (lambda x: "text", "str"),
        (lambda x: [], "no numbers"),
    ],
)
def test_outputs_that_cannot_be_checked_are_clear_errors(function, match):
    with pytest.raises(CheckError, match=match):
        check_function(function, torch.tensor([0.3, 1.0]))


def test_sparse_gradients_are_read():
    assert check_function(torch.nn.Embedding(5, 3, sparse=True), torch.tensor([1, 1, 4])).ok
    bag = torch.nn.EmbeddingBag(5, 2, mode="sum", sparse=True)
    assert check_function(bag, torch.tensor([[1, 1], [4, 0]])).ok


# Right only for inputs that lie in memory row by row.
Square = written(lambda x: x**2, lambda g, x: 2 * torch.as_strided(x, (x.numel(),), (1,)).reshape(x.shape) * g)


NUMBERS = torch.arange(1.0, 13.0, dtype=DOUBLE)
LAYOUTS = {
    "transposed": NUMBERS.reshape(3, 4).t(),
    "permuted": NUMBERS.reshape(2, 3, 2).permute(2, 0, 1),
    "strided": NUMBERS[::3],
    "a column": NUMBERS.reshape(3, 4)[:, 1],
    "channels last": NUMBERS.reshape(1, 3, 2, 2).contiguous(memory_format=torch.channels_last),
}


@pytest.mark.parametrize("x", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_inputs_keep_their_layout(x):
    assert check_function(Square, x).verdict is Verdict.WRONG
    assert check_function(Square, x.contiguous()).ok
    assert check_function(lambda x: x**2, x).ok


def test_expanded_inputs_keep_their_layout():
    x = torch.tensor([[1.5], [2.5]], dtype=DOUBLE).expand(2, 3)
    assert check_function(lambda x: x**2, x).ok

    Strict = written(lambda x: x**2, lambda g, x: 2 * x * g * (x.stride(1) != 0))

    assert check_function(Strict, x).verdict is Verdict.WRONG


def test_a_gradient_may_run_its_own_backward_pass_through_a_module():
    net, x = torch.nn.Linear(3, 1), torch.ones(2, 3)

    def by_grad(m):
        params = dict(m.named_parameters())
        return dict(zip(params, torch.autograd.grad(m(x).pow(2).sum(), list(params.values())), strict=True))

    def by_backward(m):
        m.zero_grad()
        m(x).pow(2).sum().backward()
        return {name: value.grad for name, value in m.named_parameters()}

    for gradient in (by_grad, by_backward):
        assert check_gradient(lambda m: m(x).pow(2).sum(), gradient, net).ok
    assert net.weight.grad is None


def test_a_function_that_insists_on_float32_is_judged():
    def loss(x):
        assert x.dtype == np.float32
        return np.sum(np.tanh(x))

    at = np.float32([0.3, 1.0])
    assert check_gradient(loss, lambda x: 1 - np.tanh(x) ** 2, at).ok
    assert check_gradient(loss, lambda x: -(1 - np.tanh(x) ** 2), at).verdict is Verdict.WRONG


@pytest.mark.parametrize(
    "backward", [lambda g: (g, g), lambda g: g[0, 0, 0], lambda g: g.undefined], ids=["a tuple", "an index", "a typo"]
)
def test_a_backward_pass_that_raises_is_a_clear_error(backward):
    function = type(
        "Broken", (torch.autograd.Function,),
        {"forward": staticmethod(lambda ctx, x: x * 2), "backward": staticmethod(lambda ctx, g: backward(g))},
    )  # fmt: skip
    with pytest.raises(CheckError, match="the gradient raised"):
        check_function(function, torch.ones(2))


def test_what_hands_on_any_arguments_gets_a_tuple_as_those():
    def right(w, b, times=1):
        return times * b, times * w

    at = (np.array([1.0, 2.0]), np.array([0.5, -3.0]))
    assert check_gradient(lambda w, b: w @ b, lambda *both: right(*both), at).ok
    assert check_gradient(lambda *both: both[0] @ both[1], right, at).ok
    report = check_gradient(lambda w, b: w @ b, lambda *both: right(*both, times=2), at)
    assert report.verdict is Verdict.WRONG, str(report)
    assert check_gradient(lambda *parts: parts[0] @ parts[0], lambda *parts: 2 * parts[0], at[0]).ok


@pytest.mark.parametrize("by_hand", [False, True], ids=["its own", "by backward()"])
def test_hooks_of_parameters_are_part_of_the_gradient(by_hand):
    net, x = torch.nn.Linear(2, 1).double(), torch.tensor([[1.0, -0.5], [0.3, 2.0]], dtype=torch.float64)

    def by_backward(m):
        m(x).pow(2).sum().backward()
        return {name: value.grad for name, value in m.named_parameters()}

    def report():
        return check_gradient(lambda m: m(x).pow(2).sum(), by_backward, net) if by_hand else check_function(net, x)

    calls = []
    net.bias.register_hook(lambda g: calls.append(g.shape))
    assert report().ok
    assert calls
    net.weight.register_hook(lambda g: 2 * g)
    for _ in range(2):
        assert wrong_names(report()) == {"weight"}
    assert net.weight.grad is None


@pytest.mark.parametrize("row", [lambda x: 2 * x, lambda x: 2 * x[None], lambda x: 2 * x[None, None]])
def test_the_jacobian_of_one_number_may_be_written_as_a_row(row):
    at = np.array([0.3, 1, -2])
    for function in (lambda x: x @ x, lambda x: np.array([x @ x]), lambda x: np.array([[x @ x]])):
        assert check_gradient(function, row, at).ok
        assert not check_gradient(function, lambda x: 1.1 * row(x), at).ok
    with pytest.raises(CheckError, match="shape"):
        check_gradient(lambda x: x @ x, lambda x: 2 * x[:, None], at)


class SparseProduct(torch.autograd.Function):
    """A @ x, by the places and the numbers of a sparse matrix."""

    @staticmethod
    def forward(ctx, A, x):
        ctx.save_for_backward(A)
        (rows, columns), numbers = A._indices(), A._values().to(x.dtype)
        return x.new_zeros(len(A)).index_add(0, rows, numbers * x[columns])

    @staticmethod
    def backward(ctx, g):
        (A,) = ctx.saved_tensors
        (rows, columns), numbers = A._indices(), A._values().to(g.dtype)
        return None, g.new_zeros(A.shape[1]).index_add(0, columns, numbers * g[rows])


def test_a_sparse_tensor_is_handed_on_as_it_is():
    places, numbers = torch.tensor([[0, 1, 1], [2, 0, 2]]), torch.tensor([3.0, 4, 5])
    A = torch.sparse_coo_tensor(places, numbers, (2, 3), check_invariants=True)
    report = check_function(SparseProduct, (A, torch.tensor([1.0, 2, 3])))
    assert report.ok
    assert "A (a sparse tensor without requires_grad)" in report.notes[0]
