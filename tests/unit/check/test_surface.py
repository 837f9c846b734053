"""The public functions of torch.nn.functional, jax.nn and jax.scipy.special: an answer, or an error of ours."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest
import torch
from torch.nn import functional

from gradlab.check import CheckError, Verdict, check_function

# What is not a function of its arrays alone, what draws at random, and what asks for a GPU or another process.
_LEFT_OUT = {
    "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout", "feature_dropout",
    "gumbel_softmax", "fractional_max_pool2d", "fractional_max_pool3d", "rrelu", "has_torch_function",
    "handle_torch_function", "assert_int_or_pair", "boolean_dispatch",
}  # fmt: skip


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
    "pixel_unshuffle": (IMAGE, 2), "channel_shuffle": (IMAGE, 2), "native_channel_shuffle": (IMAGE, 2),
    "interpolate": (IMAGE, 6), "upsample": (IMAGE, 6), "upsample_nearest": (IMAGE, 6), "upsample_bilinear": (IMAGE, 6),
    "grid_sample": (IMAGE, 0.3 * _point(1, 2, 2, 2)), "affine_grid": (_point(1, 2, 3), [1, 1, 2, 2]),
    "embedding": (torch.tensor([1, 0]), W), "embedding_bag": (torch.tensor([[1, 0]]), W), "one_hot": (CLASSES,),
    "layer_norm": (X, (3,)), "rms_norm": (X, (3,)), "group_norm": (IMAGE, 2), "instance_norm": (IMAGE,),
    "batch_norm": (X, torch.zeros(3), torch.ones(3)), "local_response_norm": (IMAGE, 2), "normalize": (X,),
    "softmax": (X, 1), "log_softmax": (X, 1), "softmin": (X, 1), "glu": (_point(2, 4),),
    "prelu": (X, torch.tensor([0.2])),
    "threshold": (X, 0.1, 0.0),
    "scaled_dot_product_attention": (_point(1, 2, 3), _point(1, 2, 3, seed=1), _point(1, 2, 3, seed=2)),
    "ctc_loss": (torch.log_softmax(_point(4, 1, 3), 2), torch.tensor([[1, 2]]), torch.tensor([4]), torch.tensor([2])),
}  # fmt: skip
_HOMES = {"torch.nn.functional", "torch._C._nn", "torch", None, "torch._jit_internal"}
NAMES = sorted(
    name for name in dir(functional)
    if callable(getattr(functional, name)) and not name.startswith("_") and not name.endswith("_")
    and name[0].islower() and name not in _LEFT_OUT
    and getattr(getattr(functional, name), "__module__", "") in _HOMES
)  # fmt: skip


class Scaled(torch.autograd.Function):
    """Its input, with another gradient."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        return 1.5 * g


def outcome(function, arguments):
    """The verdict, or None for an error of ours."""
    try:
        return check_function(function, arguments).verdict
    except CheckError:
        return None


@pytest.mark.parametrize("name", NAMES)
def test_torch_nn_functional(name):
    function, arguments = getattr(functional, name), ARGUMENTS.get(name, (X,))
    right = outcome(function, arguments)
    assert right is not Verdict.WRONG
    assert right is not None or name not in ARGUMENTS or name == "one_hot"

    def mutated(*given):
        return function(
            *[Scaled.apply(a) if isinstance(a, torch.Tensor) and a.is_floating_point() else a for a in given]
        )

    if right is Verdict.CORRECT:
        assert outcome(mutated, arguments) is Verdict.WRONG


POSITIVE, UNIT = jnp.array([0.4, 1.3, 2.6]), jnp.array([0.2, 0.5, 0.7])
JAX_ARGUMENTS = {
    "glu": (jnp.array([0.3, -0.7, 0.2, 0.5]),), "one_hot": (jnp.array([0, 1]), 3), "standardize": (POSITIVE,),
    "scaled_matmul": None, "scaled_dot_general": None, "get_scaled_dot_general_config": None,
    "dot_product_attention": (jnp.ones((1, 2, 1, 3)) * 0.3, jnp.ones((1, 2, 1, 3)) * 0.2, jnp.ones((1, 2, 1, 3))),
    "beta": (POSITIVE, UNIT), "betaln": (POSITIVE, UNIT), "xlogy": (POSITIVE, POSITIVE), "xlog1py": (POSITIVE, UNIT),
    "entr": (POSITIVE,), "rel_entr": (POSITIVE, UNIT), "kl_div": (POSITIVE, UNIT), "zeta": (POSITIVE + 1, UNIT),
    "gammainc": (POSITIVE, UNIT), "gammaincc": (POSITIVE, UNIT), "betainc": (POSITIVE, POSITIVE + 1, UNIT),
    "logit": (UNIT,), "ndtri": (UNIT,), "erfinv": (UNIT,), "digamma": (POSITIVE,), "gamma": (POSITIVE,),
    "gammaln": (POSITIVE,), "loggamma": (POSITIVE,), "poch": (POSITIVE, UNIT), "bdtr": None, "bdtrc": None,
}  # fmt: skip
JAX_NAMES = [
    (module, name) for module in (jax.nn, jax.scipy.special) for name in sorted(dir(module))
    if callable(getattr(module, name)) and not name.startswith("_") and JAX_ARGUMENTS.get(name, ()) is not None
]  # fmt: skip


@jax.custom_vjp
def scaled(x):
    return x


scaled.defvjp(lambda x: (x, None), lambda _, g: (1.5 * g,))


@pytest.mark.parametrize(("module", "name"), JAX_NAMES, ids=[f"{m.__name__}.{n}" for m, n in JAX_NAMES])
def test_jax_functions(module, name):
    function = getattr(module, name)
    arguments = JAX_ARGUMENTS.get(name, (UNIT,))
    right = outcome(function, arguments)
    assert right is not Verdict.WRONG

    def mutated(*given):
        return function(*[scaled(a) if isinstance(a, jax.Array) and a.dtype.kind == "f" else a for a in given])

    if right is Verdict.CORRECT:
        assert outcome(mutated, arguments) is not Verdict.CORRECT
