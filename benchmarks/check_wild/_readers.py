"""Reports by readers of somebody else's backward pass, in our own code: each wrong, and right beside it."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

from check_wild._jax_reports import with_rule
from check_wild._report import CORRECT, WRONG, Function, Reports, Right
from check_wild._strangers import Rule, both, by_hand
from check_wild._torch_reports import draw

REPORTS = Reports()
_DRAW = np.random.default_rng(7)


def of_jax(repository: str, number: int, symptom: str, forward: Rule, rules: tuple[Rule, Rule], inputs: Any) -> None:
    """Note a function of jax with the rule of the report, and with the one that is meant."""
    labels: tuple[Right, Right] = (WRONG, CORRECT)
    for rule, label in zip(rules, labels, strict=True):
        told = symptom if label == WRONG else f"not so: {symptom}"
        REPORTS(repository, number, told, label)(lambda rule=rule: Function(with_rule(forward, rule), inputs()))


both(
    "k2-fsa/k2", 341, "the total score's backward ignores the incoming gradient", lambda x: torch.logsumexp(x, 1),
    (
        lambda g, out, x: torch.softmax(x, 1),
        lambda g, out, x: g[:, None] * torch.softmax(x, 1),
    ),
    lambda: (draw(3, 4),), into=REPORTS,
)  # fmt: skip
both(
    "pytorch/pytorch", 995, "the product's backward ignores the incoming gradient", torch.prod,
    (lambda g, out, x: out / x, lambda g, out, x: g * out / x), lambda: (draw(4),), into=REPORTS,
)  # fmt: skip
both(
    "pytorch/tutorials", 216, "the backward of a sum fills with 1", lambda a, b: a + b,
    (lambda g, out, a, b: (torch.ones_like(g), torch.ones_like(g)), lambda g, out, a, b: (g, g)),
    lambda: (draw(3), draw(3, seed=1)), into=REPORTS,
)  # fmt: skip
of_jax(
    "zergtant/pytorch-handbook", 69, "the constant factor is left out on the way back", lambda x: 5 * x,
    (lambda g, x: (g,), lambda g, x: (5 * g,)), lambda: (jnp.array([[0.3, -1.0], [2.0, 0.7]]),),
)  # fmt: skip


def _apart(x: Any, w: Any) -> Any:
    return -(x[:, None] - w).abs().sum(2)


both(
    "huawei-noah/AdderNet", 21, "distances in place of their signs", _apart,
    (
        lambda g, out, x, w: (
            (g[:, :, None] * (w - x[:, None]).clamp(-1, 1)).sum(1), (g[:, :, None] * (x[:, None] - w)).sum(0),
        ),
        lambda g, out, x, w: (
            (g[:, :, None] * (w - x[:, None]).sign()).sum(1), (g[:, :, None] * (x[:, None] - w).sign()).sum(0),
        ),
    ),
    lambda: (draw(3, 4), draw(2, 4, seed=1)), into=REPORTS,
)  # fmt: skip


def _rms(x: Any) -> Any:
    return x / torch.sqrt((x * x).mean(-1, keepdim=True))


def _rms_back(g: Any, x: Any, squared: bool = False) -> Any:
    size = (x * x).mean(-1, keepdim=True)
    inverse = 1 / size if squared else 1 / torch.sqrt(size)
    return inverse * (g - x * (g * x).mean(-1, keepdim=True) / size)


class _PreNorm(torch.autograd.Function):
    """A residual sum and its norm; the sum's own gradient is taken through the norm, too."""

    @staticmethod
    def forward(ctx: Any, x: Any, residual: Any) -> Any:
        ctx.save_for_backward(x + residual)
        return x + residual, _rms(x + residual)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        (total,) = ctx.saved_tensors
        back = _rms_back(grad_outputs[0] + grad_outputs[1], total)
        return back, back


class _PreNormRight(_PreNorm):
    """The same, with the sum's own gradient added."""

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        (total,) = ctx.saved_tensors
        back = grad_outputs[0] + _rms_back(grad_outputs[1], total)
        return back, back


for _made, _label in ((_PreNorm, WRONG), (_PreNormRight, CORRECT)):
    REPORTS("Dao-AILab/quack", 53, f"a residual's gradient goes through the norm, {_label}", _label)(
        lambda made=_made: Function(made, (draw(2, 3), draw(2, 3, seed=1)))
    )


def _layer(x: Any) -> Any:
    return torch.nn.functional.layer_norm(x, x.shape[-1:])


def _layer_back(g: Any, x: Any) -> Any:
    inverse = 1 / torch.sqrt(x.var(-1, correction=0, keepdim=True) + 1e-5)
    normal = (x - x.mean(-1, keepdim=True)) * inverse
    return inverse * (g - g.mean(-1, keepdim=True) - normal * (g * normal).mean(-1, keepdim=True))


both(
    "flagos-ai/FlagGems", 5392, "layer norm of three axes goes back as if there were two", _layer,
    (
        lambda g, out, x: _layer_back(g.reshape(len(g), -1), x.reshape(len(x), -1)).reshape(x.shape),
        lambda g, out, x: _layer_back(g, x),
    ),
    lambda: (draw(2, 3, 4),), into=REPORTS,
)  # fmt: skip
both(
    "flagos-ai/FlagGems", 1082, "a gradient that is not contiguous is read in the order of memory", _rms,
    (
        lambda g, out, x: _rms_back(g if g.is_contiguous() else g.t().reshape(g.shape), x),
        lambda g, out, x: _rms_back(g, x),
    ),
    lambda: (draw(3, 3),), into=REPORTS,
)  # fmt: skip
both(
    "flagos-ai/FlagGems", 5771, "the mean square was saved where its inverse root is meant", _rms,
    (lambda g, out, x: _rms_back(g, x, squared=True), lambda g, out, x: _rms_back(g, x)),
    lambda: (draw(3, 4),), into=REPORTS,
)  # fmt: skip


def _batch(x: Any, scale: Any) -> Any:
    return scale * (x - x.mean(0)) / jnp.sqrt(x.var(0) + 1e-5)


def _batch_back(g: Any, x: Any, scale: Any, count: float) -> Any:
    inverse = 1 / jnp.sqrt(x.var(0) + 1e-5)
    normal = (x - x.mean(0)) * inverse
    taken = (g * scale).sum(0) + normal * (g * scale * normal).sum(0)
    return inverse / len(x) * (count * g * scale - taken), (g * normal).sum(0)


of_jax(
    "ROCm/MIOpen", 104, "batch normalisation: the count is left out", _batch,
    (lambda g, x, scale: _batch_back(g, x, scale, 1.0), lambda g, x, scale: _batch_back(g, x, scale, len(x))),
    lambda: (jnp.asarray(_DRAW.normal(size=(5, 2))), jnp.array([1.3, 0.7])),
)  # fmt: skip
TARGET = np.array([1.0, 0.0, 1.0, 1.0, 0.0])


def _dice(p: Any) -> Any:
    return 2 * (p @ TARGET) / (p.sum() + TARGET.sum())


def _dice_back(p: Any, sign: float, square: bool) -> Any:
    union, common = p.sum() + TARGET.sum(), p @ TARGET
    top = 2 * (TARGET * union + sign * common)
    return top / union**2 if square else top / union * union


P = np.array([0.7, 0.4, 0.9, 0.2, 0.3])
by_hand(
    "milesial/Pytorch-UNet", 35, "the quotient rule with a plus", _dice,
    (lambda p: _dice_back(p, 1.0, True), lambda p: _dice_back(p, -1.0, True)), P, into=REPORTS,
)  # fmt: skip
by_hand(
    "milesial/Pytorch-UNet", 35, "divided by the union and multiplied by it again", _dice,
    (lambda p: _dice_back(p, -1.0, False), lambda p: _dice_back(p, -1.0, True)), P, into=REPORTS,
)  # fmt: skip
by_hand(
    "faustomilletari/VNet", 32, "the score is made larger by the gradient of a loss", _dice,
    (lambda p: -_dice_back(p, -1.0, True), lambda p: _dice_back(p, -1.0, True)), P, into=REPORTS,
)  # fmt: skip
ANCHORS = {"a": _DRAW.normal(size=(3, 2)), "p": _DRAW.normal(size=(3, 2)), "n": 3 * _DRAW.normal(size=(3, 2))}


def _triplet(x: Any) -> Any:
    near, far = ((x["a"] - x[other]) ** 2 for other in "pn")
    return (near.sum(1) - far.sum(1) + 100).mean()


by_hand(
    "luhaofang/tripletloss", 41, "the other half of a distance is forgotten", _triplet,
    (
        lambda x: {"a": 2 / 3 * (x["n"] - x["p"]), "p": -2 / 3 * x["a"], "n": 2 / 3 * x["a"]},
        lambda x: {
            "a": 2 / 3 * (x["n"] - x["p"]), "p": 2 / 3 * (x["p"] - x["a"]), "n": 2 / 3 * (x["a"] - x["n"]),
        },
    ),
    ANCHORS, into=REPORTS,
)  # fmt: skip


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


SERIES = np.array([0.5, -1.1, 0.8, 0.3])


def _cell(w: Any, b: Any) -> list[Any]:
    """What each turn of an LSTM with two units sees, with its gates, and its outputs and cells at the end."""
    h, c, seen = np.zeros(2), np.zeros(2), []
    for number in SERIES:
        inputs = np.concatenate([[number], h])
        z = w @ inputs + b
        f, i, o, u = _sigmoid(z[:2]), _sigmoid(z[2:4]), _sigmoid(z[4:6]), np.tanh(z[6:])
        seen.append((inputs, c, f, i, o, u))
        c = f * c + i * u
        h = o * np.tanh(c)
    return [*seen, (h, c)]


def _last(w: Any, b: Any) -> Any:
    return np.sum(_cell(w, b)[-1][0] ** 2)


def _lstm(w: Any, b: Any, forget: bool = True, through: bool = True, add: bool = True, twice: bool = False) -> Any:
    *seen, (h, c) = _cell(w, b)
    of_w, of_b, dh, dc = np.zeros_like(w), np.zeros_like(b), 2 * h, np.zeros(2)
    for inputs, before, f, i, o, u in reversed(seen):
        step = o * (1 - np.tanh(c) ** 2) * dh
        dc = step + (dc if add else 0.0)
        du = dc * i * (1 - np.tanh(u) ** 2 if twice else 1 - u**2)
        df = dc * before * (f * (1 - f) if forget else _sigmoid(f))
        dz = np.concatenate([df, dc * u * i * (1 - i), dh * np.tanh(c) * o * (1 - o), du])
        of_w, of_b = of_w + np.outer(dz, inputs), of_b + dz
        dh, dc, c = ((w.T @ dz)[1:] if through else dh), dc * f, before
    return of_w, of_b


W = (_DRAW.normal(size=(8, 3)), _DRAW.normal(size=8))
for _number, _repository, _symptom, _wrong in (
    (1, "CaptainE/RNN-LSTM-in-numpy", "sigmoid for its derivative at the forget gate", {"forget": False}),
    (1, "CaptainE/RNN-LSTM-in-numpy", "each turn gets the last turn's gradient", {"through": False}),
    (1, "cthorey/CS231", "the cell's gradient is set, not added to", {"add": False}),
    (44, "jinzishuai/learn2deeplearn", "tanh is taken of what is a tanh already", {"twice": True}),
):
    by_hand(
        _repository,
        _number,
        _symptom,
        _last,
        (lambda w, b, _wrong=_wrong: _lstm(w, b, **_wrong), _lstm),
        W,
        into=REPORTS,
    )


def _elman(w: Any) -> Any:
    h = 0.2
    for number in SERIES:
        h = np.tanh(w[0] * number + w[1] * h)
    return h**2


def _elman_back(w: Any, derivative: Rule, turns: int = 4) -> Any:
    seen = [0.2]
    for number in SERIES:
        seen.append(np.tanh(w[0] * number + w[1] * seen[-1]))
    found, dh = np.zeros(2), 2 * seen[-1]
    for turn in range(4, 4 - turns, -1):
        dz = derivative(dh, seen[turn])
        found += dz * np.array([SERIES[turn - 1], seen[turn - 1]])
        dh = dz * w[1]
    return found


by_hand(
    "oreilly-japan/deep-learning-from-scratch-2", 26, "1 over the derivative of tanh", _elman,
    (
        lambda w: _elman_back(w, lambda g, h: g / (1 - h**2)),
        lambda w: _elman_back(w, lambda g, h: g * (1 - h**2)),
    ),
    np.array([0.8, -0.6]), into=REPORTS,
)  # fmt: skip
by_hand(
    "rsokl/MyGrad", 4, "through two turns of the loop alone", _elman,
    (
        lambda w: _elman_back(w, lambda g, h: g * (1 - h**2), turns=2),
        lambda w: _elman_back(w, lambda g, h: g * (1 - h**2)),
    ),
    np.array([0.8, -0.6]), into=REPORTS,
)  # fmt: skip
by_hand(
    "javaidnabi31/RNN-from-scratch", 2, "an output's bias is given its own sum twice", _elman,
    (
        lambda w: np.array([1.0, 2.0]) * _elman_back(w, lambda g, h: g * (1 - h**2)),
        lambda w: _elman_back(w, lambda g, h: g * (1 - h**2)),
    ),
    np.array([0.8, -0.6]), into=REPORTS,
)  # fmt: skip
INDEX = torch.tensor([0, 2, 2, 1, 2])
ROWS, COLUMNS = torch.tensor([1, 1, 0]), torch.tensor([1, 1, 0])
both(
    "pytorch/pytorch", 1631, "an index that comes again overwrites", lambda x: x[INDEX],
    (
        lambda g, out, x: torch.zeros_like(x).index_copy(0, INDEX, g),
        lambda g, out, x: torch.zeros_like(x).index_add(0, INDEX, g),
    ),
    lambda: (draw(4),), into=REPORTS,
)  # fmt: skip
both(
    "apache/mxnet", 9172, "pairs of indices that come again overwrite", lambda x: x[ROWS, COLUMNS] * 2,
    (
        lambda g, out, x: torch.zeros_like(x).index_put((ROWS, COLUMNS), 2 * g),
        lambda g, out, x: torch.zeros_like(x).index_put((ROWS, COLUMNS), 2 * g, accumulate=True),
    ),
    lambda: (draw(3, 3),), into=REPORTS,
)  # fmt: skip
both(
    "ooples/AiDotNet.Tensors", 894, "the way back of gathering gathers", lambda x: x[INDEX],
    (
        lambda g, out, x: g[INDEX[torch.arange(len(x)) % len(INDEX)]],
        lambda g, out, x: torch.zeros_like(x).index_add(0, INDEX, g),
    ),
    lambda: (draw(5),), into=REPORTS,
)  # fmt: skip


def _put(base: Any, values: Any) -> Any:
    return base.index_copy(0, INDEX[:2], values)


both(
    "pytorch/pytorch", 188843, "what is overwritten gets a gradient all the same", _put,
    (
        lambda g, out, base, values: (g, g[INDEX[:2]]),
        lambda g, out, base, values: (g.index_fill(0, INDEX[:2], 0.0), g[INDEX[:2]]),
    ),
    lambda: (draw(4), draw(2, seed=1)), into=REPORTS,
)  # fmt: skip
both(
    "tracel-ai/burn", 4909, "a product over indices without its other factors",
    lambda base, values: base.index_reduce(0, INDEX, values, "prod"),
    (
        lambda g, out, base, values: (g * out / base, g[INDEX] * base[INDEX]),
        lambda g, out, base, values: (g * out / base, g[INDEX] * out[INDEX] / values),
    ),
    lambda: (draw(3), draw(5, seed=1)), into=REPORTS,
)  # fmt: skip
of_jax(
    "jax-ml/jax", 540, "the sigmoid far out has the gradient NaN", jax.nn.sigmoid,
    (
        lambda g, x: (g * jnp.exp(-x) / (1 + jnp.exp(-x)) ** 2,),
        lambda g, x: (g * jax.nn.sigmoid(x) * jax.nn.sigmoid(-x),),
    ),
    lambda: (jnp.array([-800.0, 0.4, 2.0]),),
)  # fmt: skip


def _long(x: Any) -> Any:
    size = jnp.sqrt((x**2).sum(1))
    return jnp.where(size > 0.5, size, 1.0).sum()


def _long_back(g: Any, x: Any, safe: bool) -> tuple[Any]:
    size = jnp.sqrt((x**2).sum(1, keepdims=True))
    inner = x / (jnp.where(size > 0, size, 1.0) if safe else size)
    return (g * (size > 0.5) * inner,)


of_jax(
    "jax-ml/jax", 383, "0 times infinity in a branch that is not taken", _long,
    (lambda g, x: _long_back(g, x, False), lambda g, x: _long_back(g, x, True)),
    lambda: (jnp.array([[1.0, 2.0], [3.0, 4.0], [0.0, 0.0]]),),
)  # fmt: skip
X, Y = _DRAW.normal(size=(4, 3)), np.eye(3)[[0, 2, 1, 1]]


def _probabilities(w: Any) -> Any:
    e = np.exp(X @ w - (X @ w).max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def _squared(w: Any) -> Any:
    return np.sum((_probabilities(w) - Y) ** 2) / Y.size


def _squared_back(w: Any, mixed: bool) -> Any:
    p = _probabilities(w)
    g = 2 * (p - Y) / Y.size
    return X.T @ (p * (g - (g * p).sum(1, keepdims=True)) if mixed else g * p * (1 - p))


by_hand(
    "casper-hansen/Neural-Network-From-Scratch", 1, "softmax goes back element by element", _squared,
    (lambda w: _squared_back(w, False), lambda w: _squared_back(w, True)), _DRAW.normal(size=(3, 3)), into=REPORTS,
)  # fmt: skip
both(
    "paiml/aprender", 2196, "a norm's scale and shift get no gradient", lambda x, w, b: _layer(x) * w + b,
    (
        lambda g, out, x, w, b: (_layer_back(g * w, x), torch.zeros_like(w), torch.zeros_like(b)),
        lambda g, out, x, w, b: (_layer_back(g * w, x), (g * _layer(x)).sum(0), g.sum(0)),
    ),
    lambda: (draw(3, 4), draw(4, seed=1), draw(4, seed=2)), into=REPORTS,
)  # fmt: skip


class _TwoWays(torch.autograd.Function):
    """A sequence read from both ends; the way back of the first writes into what the second is given."""

    @staticmethod
    def forward(ctx: Any, x: Any, a: Any, b: Any) -> Any:
        ctx.save_for_backward(x, a, b)
        return torch.cumsum(x, 0) * a + torch.cumsum(x.flip(0), 0).flip(0) * b

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        x, a, b = ctx.saved_tensors
        g = grad_outputs[0]
        of_a = (g * torch.cumsum(x, 0)).sum()
        first = g.mul_(a).flip(0).cumsum(0).flip(0)
        return first + (g * b).cumsum(0), of_a, (g * torch.cumsum(x.flip(0), 0).flip(0)).sum()


@REPORTS("apache/mxnet", 18203, "the gradient that comes in is overwritten before it is used again", WRONG)
def two_ways() -> Function:
    return Function(_TwoWays, (draw(4), torch.tensor(1.7, requires_grad=True), torch.tensor(0.6, requires_grad=True)))
