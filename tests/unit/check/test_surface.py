"""The public functions of torch.nn.functional, jax.nn and jax.scipy.special, each right and spoiled."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest
import torch
from torch.nn import functional

from gradlab.check import Verdict, check_function
from written import written

# What is not a function of its arrays alone, what draws at random, and what asks for a GPU or another process.
_LEFT_OUT = {
    "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout", "feature_dropout",
    "gumbel_softmax", "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d_with_indices", "fractional_max_pool2d_with_indices", "fractional_max_pool3d_with_indices",
    "grouped_mm", "scaled_grouped_mm", "scaled_mm", "native_channel_shuffle", "fractional_max_pool2d",
    "fractional_max_pool3d", "rrelu", "has_torch_function", "handle_torch_function", "assert_int_or_pair",
    "boolean_dispatch", "one_hot",
}  # fmt: skip
# Some warn of defaults that will change.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")


def _point(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 0.7


X, W = _point(2, 3), _point(3, 3, seed=1)
IMAGE, SIGNAL, VOLUME = _point(1, 2, 4, 4), _point(1, 2, 6), _point(1, 1, 3, 3, 3)
CLASSES, LABELS = torch.tensor([0, 2]), (_point(2, 3, seed=2) > 0).double()
ARGUMENTS = {
    "linear": (X, W), "bilinear": (X, X, _point(2, 3, 3)), "cross_entropy": (X, CLASSES), "nll_loss": (X, CLASSES),
    "binary_cross_entropy": (torch.sigmoid(X), LABELS), "binary_cross_entropy_with_logits": (X, LABELS),
    "mse_loss": (X, W[:2]), "l1_loss": (X, W[:2]), "smooth_l1_loss": (X, W[:2]), "huber_loss": (X, W[:2]),
    "kl_div": (X, torch.softmax(W[:2], 1)), "poisson_nll_loss": (X, LABELS), "soft_margin_loss": (X, 2 * LABELS - 1),
    "gaussian_nll_loss": (X, W[:2], X**2 + 0.5), "hinge_embedding_loss": (X, 2 * LABELS - 1),
    "multi_margin_loss": (X, CLASSES), "multilabel_soft_margin_loss": (X, LABELS),
    "multilabel_margin_loss": (X, torch.tensor([[0, 2, -1], [1, -1, -1]])),
    "margin_ranking_loss": (X, W[:2], 2 * LABELS - 1), "triplet_margin_loss": (X, W[:2], W[1:]),
    "triplet_margin_with_distance_loss": (X, W[:2], W[1:]), "cosine_embedding_loss": (X, W[:2], torch.tensor([1, -1])),
    "cosine_similarity": (X, W[:2]), "pairwise_distance": (X, W[:2]), "pdist": (W,),
    "conv1d": (SIGNAL, _point(2, 2, 3)), "conv2d": (IMAGE, _point(2, 2, 3, 3)),
    "conv3d": (VOLUME, _point(1, 1, 2, 2, 2)),
    "conv_transpose1d": (SIGNAL, _point(2, 2, 3)), "conv_transpose2d": (IMAGE, _point(2, 1, 2, 2)),
    "conv_transpose3d": (VOLUME, _point(1, 1, 2, 2, 2)), "conv_tbc": (_point(4, 1, 2), _point(2, 2, 2), _point(2)),
    "avg_pool1d": (SIGNAL, 2), "avg_pool2d": (IMAGE, 2), "avg_pool3d": (VOLUME, 2), "max_pool1d": (SIGNAL, 2),
    "max_pool2d": (IMAGE, 2), "max_pool3d": (VOLUME, 2), "max_pool1d_with_indices": (SIGNAL, 2),
    "max_pool2d_with_indices": (IMAGE, 2), "max_pool3d_with_indices": (VOLUME, 2), "lp_pool1d": (SIGNAL, 2, 2),
    "lp_pool2d": (IMAGE, 2, 2), "lp_pool3d": (VOLUME, 2, 2), "adaptive_avg_pool1d": (SIGNAL, 3),
    "adaptive_avg_pool2d": (IMAGE, 3), "adaptive_avg_pool3d": (VOLUME, 2), "adaptive_max_pool1d": (SIGNAL, 3),
    "adaptive_max_pool2d": (IMAGE, 3), "adaptive_max_pool3d": (VOLUME, 2), "unfold": (IMAGE, 2),
    "fold": (_point(1, 8, 4), (3, 3), 2), "pad": (X, (1, 1)), "pixel_shuffle": (_point(1, 4, 2, 2), 2),
    "pixel_unshuffle": (IMAGE, 2), "channel_shuffle": (IMAGE, 2),
    "interpolate": (IMAGE, 6), "upsample": (IMAGE, 6), "upsample_nearest": (IMAGE, 6), "upsample_bilinear": (IMAGE, 6),
    "grid_sample": (IMAGE, 0.3 * _point(1, 2, 2, 2)), "affine_grid": (_point(1, 2, 3), [1, 1, 2, 2]),
    "embedding": (torch.tensor([1, 0]), W), "embedding_bag": (torch.tensor([[1, 0]]), W),
    "layer_norm": (X, (3,)), "rms_norm": (X, (3,)), "group_norm": (IMAGE, 2), "instance_norm": (IMAGE,),
    "batch_norm": (X, torch.zeros(3), torch.ones(3)), "local_response_norm": (IMAGE, 2), "normalize": (X,),
    "softmax": (X, 1), "log_softmax": (X, 1), "softmin": (X, 1), "glu": (_point(2, 4),),
    "prelu": (X, torch.tensor([0.2])),
    "threshold": (X, 0.1, 0.0),
    "scaled_dot_product_attention": (_point(1, 2, 3), _point(1, 2, 3, seed=1), _point(1, 2, 3, seed=2)),
    "ctc_loss": (_point(4, 1, 3), torch.tensor([[1, 2]]), torch.tensor([4]), torch.tensor([2])),
    "max_unpool1d": (_point(1, 2, 3), torch.tensor([[[0, 3, 5], [1, 2, 4]]]), 2),
    "max_unpool2d": (_point(1, 1, 2, 2), torch.tensor([[[[0, 2], [9, 15]]]]), 2),
    "max_unpool3d": (_point(1, 1, 1, 2, 2), torch.tensor([[[[[0, 2], [9, 15]]]]]), 2),
    "linear_cross_entropy": (X, W, CLASSES),
    "multi_head_attention_forward": None,
}  # fmt: skip


def attend(query, key, value, weights, bias, out, out_bias):
    return functional.multi_head_attention_forward(
        query, key, value, 4, 2, weights, bias, None, None, False, 0.0, out, out_bias, need_weights=False
    )[0]  # fmt: skip


# The gradient of ctc_loss is that by the logits, whatever it is given.
AS_CALLED = {
    "ctc_loss": lambda logits, *rest: functional.ctc_loss(torch.log_softmax(logits, 2), *rest),
    "multi_head_attention_forward": attend,
}
ARGUMENTS["multi_head_attention_forward"] = (
    *(_point(3, 1, 4, seed=seed) for seed in range(3)), _point(12, 4), _point(12), _point(4, 4), _point(4),
)  # fmt: skip
_HOMES = {"torch.nn.functional", "torch._C._nn", "torch", None, "torch._jit_internal"}
NAMES = sorted(
    name for name in dir(functional)
    if callable(getattr(functional, name)) and not name.startswith("_") and not name.endswith("_")
    and name[0].islower() and name not in _LEFT_OUT
    and getattr(getattr(functional, name), "__module__", "") in _HOMES
)  # fmt: skip


# Its input, with another gradient.
Scaled = written(torch.clone, lambda g, x: 1.5 * g)


def spoiled(function, scaled, is_number):
    return lambda *given: function(*[scaled(item) if is_number(item) else item for item in given])


def is_real_tensor(item):
    return isinstance(item, torch.Tensor) and item.is_floating_point()


def test_the_table_reaches_the_functions():
    assert len(NAMES) > 100
    assert not set(ARGUMENTS) - set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_torch_nn_functional(name):
    function, arguments = AS_CALLED.get(name, getattr(functional, name)), ARGUMENTS.get(name, (X,))
    right = check_function(function, arguments)
    assert right.ok, str(right)
    wrong = check_function(spoiled(function, Scaled.apply, is_real_tensor), arguments)
    assert wrong.verdict is Verdict.WRONG, str(wrong)
    assert wrong.evaluations <= 1500


POSITIVE, UNIT = jnp.array([0.4, 1.3, 2.6]), jnp.array([0.2, 0.5, 0.7])
# Of jax some, since it compiles each anew for a second or more.
OF_JAX = {
    "relu": (jax.nn.relu, (UNIT - 0.4,)),
    "glu": (jax.nn.glu, (jnp.array([0.3, -0.7, 0.2, 0.5]),)),
    "hard_tanh": (jax.nn.hard_tanh, (3 * UNIT - 1.3,)),
    "silu": (jax.nn.silu, (UNIT,)),
    "sparse_plus": (jax.nn.sparse_plus, (UNIT,)),
    "logsumexp, with defaults that have no derivative": (jax.scipy.special.logsumexp, (POSITIVE,)),
}


@jax.custom_vjp
def scaled(x):
    return x


scaled.defvjp(lambda x: (x, None), lambda _, g: (1.5 * g,))


@pytest.mark.parametrize(("function", "arguments"), OF_JAX.values(), ids=OF_JAX.keys())
def test_jax_functions(function, arguments):
    right = check_function(function, arguments)
    assert right.ok, str(right)
    wrong = check_function(spoiled(function, scaled, lambda item: isinstance(item, jax.Array)), arguments)
    assert wrong.verdict is Verdict.WRONG, str(wrong)


LABELLED = {
    "hinge_embedding_loss": (X, 2 * LABELS - 1),
    "cosine_embedding_loss": (X, W[:2], torch.tensor([1.0, -1.0]).double()),
    "soft_margin_loss": (X, 2 * LABELS - 1),
}


class Off(torch.autograd.Function):
    """Its input; the largest entry of what comes back has a factor."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        return torch.where(g.abs() == g.abs().max(), ctx.factor, 1.0) * g, None


@pytest.mark.parametrize(("name", "arguments"), LABELLED.items(), ids=LABELLED.keys())
@pytest.mark.parametrize("factor", [1.01, -1.0])
def test_labels_that_are_floats_hide_no_mistake(name, arguments, factor):
    function = getattr(functional, name)
    assert check_function(function, arguments).ok
    report = check_function(lambda x, *rest: function(Off.apply(x, factor), *rest), arguments)
    assert report.verdict is Verdict.WRONG, str(report)


def test_what_torch_refuses_to_derive_by_is_told():
    report = check_function(functional.soft_margin_loss, LABELLED["soft_margin_loss"])
    assert any("target" in note and "not checked" in note for note in report.notes)
