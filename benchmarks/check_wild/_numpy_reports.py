"""Reports about gradients written by hand with NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from check_wild._report import CORRECT, NOT_WRONG, WRONG, Loss, Reports

REPORTS = Reports()
_DRAW = np.random.default_rng(0)
X, LABELS = _DRAW.normal(size=(7, 3)), np.array([0, 1, 2, 1, 0, 2, 1])
ONE_HOT = np.eye(3)[LABELS]


@REPORTS("scipy/scipy", 2993, "sin(phi + a) differentiated with a minus", WRONG)
def sine_sign() -> Loss:
    phi = np.pi / 12
    return Loss(lambda a: np.sum(1 + np.sin(phi + a)), lambda a: -np.cos(phi + a), np.linspace(0, 6, 7))


@REPORTS("scipy/scipy", 12487, "-|x + 1| at -1 with the slope of one side", NOT_WRONG)
def one_sided() -> Loss:
    return Loss(lambda x: -np.sum(np.abs(x + 1)), lambda x: np.array([-1.0]), np.array([-1.0]))


@REPORTS("scipy/scipy", 9122, "a constraint's Jacobian lost its minus signs", WRONG)
def constraint_signs() -> Loss:
    def constraints(x: Any) -> Any:
        return np.array([1 - x[0] - 2 * x[1], 1 - x[0] ** 2 - x[1], 1 - x[0] ** 2 + x[1]])

    def jacobian(x: Any) -> Any:
        return np.array([[1.0, 2.0], [-2 * x[0], -1.0], [-2 * x[0], 1.0]])

    return Loss(constraints, jacobian, np.array([0.5, -0.3]))


@REPORTS("HIPS/autograd", 586, "|x|^2 at 0 by way of the norm: NaN", WRONG)
def squared_norm_nan() -> Loss:
    def gradient(x: Any) -> Any:
        norm = np.linalg.norm(x)
        with np.errstate(invalid="ignore"):
            return 2 * norm * (x / norm)

    return Loss(lambda x: np.linalg.norm(x) ** 2, gradient, np.zeros(3))


@REPORTS("udacity/deep-learning-v2-pytorch", 158, "the mean of squares with the factor of another length", WRONG)
def mean_of_squares() -> Loss:
    return Loss(lambda x: np.mean(x**2), lambda x: x / 2, np.array([0.3, -1.0, 2.0, 0.7, 1.1]))


def _softmax(z: Any) -> Any:
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def _cross_entropy(p: dict[str, Any], regularisation: float = 0.0) -> Any:
    z = X @ p["W"] + p["b"]
    top = z.max(1)
    log_sum = top + np.log(np.exp(z - top[:, None]).sum(1))
    return np.mean(log_sum - z[np.arange(7), LABELS]) + regularisation / 2 * np.sum(p["W"] ** 2)


PARAMETERS = {"W": _DRAW.normal(size=(3, 3)), "b": _DRAW.normal(size=3)}


def _gradient(p: dict[str, Any]) -> dict[str, Any]:
    delta = (_softmax(X @ p["W"] + p["b"]) - ONE_HOT) / 7
    return {"W": X.T @ delta, "b": delta.sum(0)}


@REPORTS("rasbt/stat453-deep-learning-ss21", 5, "the bias gets one sum over all classes", WRONG)
def bias_over_classes() -> Loss:
    def gradient(p: Any) -> Any:
        right = _gradient(p)
        return {**right, "b": np.full(3, right["b"].sum())}

    return Loss(_cross_entropy, gradient, PARAMETERS)


@REPORTS("kvfrans/notes", 5, "the bias gets a mean over the points where the loss asks for a sum", WRONG)
def bias_mean() -> Loss:
    def gradient(p: Any) -> Any:
        right = _gradient(p)
        return {**right, "b": right["b"] / 7}

    return Loss(_cross_entropy, gradient, PARAMETERS)


@REPORTS("dennybritz/nn-from-scratch", 13, "the loss averages the penalty, the gradient does not", WRONG)
def penalty_averaged() -> Loss:
    def loss(p: Any) -> Any:
        return _cross_entropy(p) + 0.01 / 2 * np.sum(p["W"] ** 2) / 7

    def gradient(p: Any) -> Any:
        right = _gradient(p)
        return {**right, "W": right["W"] + 0.01 * p["W"]}

    return Loss(loss, gradient, PARAMETERS)


@REPORTS("hunkim/DeepLearningZeroToAll", 173, "the gradient of a mean is not averaged", WRONG)
def not_averaged() -> Loss:
    return Loss(_cross_entropy, lambda p: {name: 7 * g for name, g in _gradient(p).items()}, PARAMETERS)


@REPORTS("omar-florez/scratch_mlp", 4, "the penalty's gradient is left out", WRONG)
def penalty_left_out() -> Loss:
    return Loss(lambda p: _cross_entropy(p, 0.1), _gradient, PARAMETERS)


@REPORTS("omar-florez/scratch_mlp", 4, "the penalty's gradient, put in", CORRECT)
def penalty() -> Loss:
    def gradient(p: Any) -> Any:
        right = _gradient(p)
        return {**right, "W": right["W"] + 0.1 * p["W"]}

    return Loss(lambda p: _cross_entropy(p, 0.1), gradient, PARAMETERS)


@REPORTS("JWarmenhoven/Coursera-Machine-Learning", 3, "the penalty's gradient also for the bias column", WRONG)
def bias_regularised() -> Loss:
    design = np.c_[np.ones(7), X]

    def loss(theta: Any) -> Any:
        return np.mean((design @ theta - LABELS) ** 2) / 2 + 0.05 * np.sum(theta[1:] ** 2)

    def gradient(theta: Any) -> Any:
        return design.T @ (design @ theta - LABELS) / 7 + 0.1 * theta

    return Loss(loss, gradient, np.array([0.4, -0.2, 0.7, 0.1]))


def _layers(p: dict[str, Any]) -> tuple[Any, Any]:
    hidden = np.maximum(X @ p["W1"] + p["b1"], 0)
    return hidden, 1 / (1 + np.exp(-(hidden @ p["W2"] + p["b2"])))


def _layers_loss(p: dict[str, Any]) -> Any:
    target, out = (LABELS > 0).astype(float), _layers(p)[1]
    return -np.mean(target * np.log(out) + (1 - target) * np.log(1 - out))


LAYERS = {"W1": _DRAW.normal(size=(3, 4)), "b1": _DRAW.normal(size=4), "W2": _DRAW.normal(size=4), "b2": np.array(0.1)}


def _layers_gradient(p: dict[str, Any]) -> dict[str, Any]:
    hidden, out = _layers(p)
    delta = (out - (LABELS > 0)) / 7
    back = np.outer(delta, p["W2"]) * (hidden > 0)
    return {"W1": X.T @ back, "b1": back.sum(0), "W2": hidden.T @ delta, "b2": delta.sum()}


@REPORTS("bighuang624/Andrew-Ng-Deep-Learning-notes", 10, "dW2 doubled and db1 times 4", WRONG)
def two_planted_mistakes() -> Loss:
    def gradient(p: Any) -> Any:
        right = _layers_gradient(p)
        return {**right, "W2": 2 * right["W2"], "b1": 4 * right["b1"]}

    return Loss(_layers_loss, gradient, LAYERS)


@REPORTS("bighuang624/Andrew-Ng-Deep-Learning-notes", 10, "the same network, mended", CORRECT)
def planted_mistakes_mended() -> Loss:
    return Loss(_layers_loss, _layers_gradient, LAYERS)


@REPORTS(
    "rust0258/Deeplearning.ai-Natural-Language-Processing-Specialization",
    64,
    "the bias sums what the weights got",
    WRONG,
)
def bias_from_weights() -> Loss:
    def gradient(p: Any) -> Any:
        right = _layers_gradient(p)
        return {**right, "b1": right["W1"].sum(0)}

    return Loss(_layers_loss, gradient, LAYERS)


@REPORTS("markroxor/fromscratchtoml", 65, "the softmax's gradient is off by a factor of two", WRONG)
def softmax_factor() -> Loss:
    return Loss(_cross_entropy, lambda p: {name: 2 * g for name, g in _gradient(p).items()}, PARAMETERS)


@REPORTS("dipy/dipy", 3155, "a least-squares fit of badly scaled data that forward differences reject", CORRECT)
def badly_scaled() -> Loss:
    design = np.c_[np.ones(9), np.linspace(0, 3000, 9)]
    signal = np.exp(design @ np.array([6.0, -0.8e-3]))

    def loss(w: Any) -> Any:
        return 0.5 * np.sum((np.exp(design @ w) - signal * 1.02) ** 2)

    def gradient(w: Any) -> Any:
        fitted = np.exp(design @ w)
        return design.T @ ((fitted - signal * 1.02) * fitted)

    return Loss(loss, gradient, np.array([6.0, -0.7e-3]))


@REPORTS("mines-oceanography/mantaray", 66, "a depth's gradient with the differences turned round", WRONG)
def depth_sign() -> Loss:
    def depth(x: Any) -> Any:
        return 50 + 3 * np.sin(x[0] / 7) - 0.2 * x[1]

    return Loss(depth, lambda x: np.array([-3 / 7 * np.cos(x[0] / 7), 0.2]), np.array([4.0, 12.0]))
