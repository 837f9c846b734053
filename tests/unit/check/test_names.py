"""Names for mistakes: the true cause first, and none that was not verified."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradlab.check import Verdict, check_function, check_gradient
from gradlab.check.names import Mistake
from written import written

C = np.array([0.3, -1.2, 0.7])


def softmax(z):
    return np.exp(z - z.max()) / np.sum(np.exp(z - z.max()))


def rms_norm(p):
    return np.sum(p["w"] * p["x"] / np.sqrt(np.mean(p["x"] ** 2)) * C)


def rms_norm_without_weight(p):
    r = np.sqrt(np.mean(p["x"] ** 2))
    return {"x": C / r - p["x"] * np.sum(C * p["x"]) / (3 * r**3), "w": C * p["x"] / r}


def layer(p):
    return np.sum(np.tanh(p["W"] @ [0.3, 0.7] + p["b"]))


def two_factors(p):
    t = 1 - np.tanh(p["W"] @ [0.3, 0.7] + p["b"]) ** 2
    return {"W": 2 * np.outer(t, [0.3, 0.7]), "b": 4 * t}


def determinant(A):
    return A[0, 0] * A[1, 1] - A[0, 1] * A[1, 0]


def by_cofactors(A):
    return np.array([[A[1, 1], -A[1, 0]], [-A[0, 1], A[0, 0]]])


PLACES = torch.tensor([0, 2, 2, 3, 0])
A = np.array([[1.0, 2.5], [0.7, 3.0]])
CASES = {
    "the incoming gradient passed on": (
        lambda z: np.sum(softmax(z) * C), lambda z: C, np.array([0.1, -0.4, 1.3]), Mistake.DERIVATIVE_LEFT_OUT,
    ),
    "an array of integers": (
        lambda x: 0.3 * (x @ x), lambda x: (0.6 * x).astype(int), np.array([1.5, 2.5, 4.0]), Mistake.TRUNCATED,
    ),
    "relu's derivative for |x|": (
        lambda x: np.sum(np.abs(x) * C), lambda x: (x > 0) * C, np.array([0.0, -1, 0]), Mistake.WRONG_DERIVATIVE,
    ),
    "a weight forgotten": (
        rms_norm, rms_norm_without_weight, {"x": np.array([0.5, -1, 2]), "w": np.array([0.5, 2, 1.5])},
        Mistake.OPERAND_FORGOTTEN,
    ),
    "a point left out of its own distance": (
        lambda p: np.sum((p["a"] - p["b"]) ** 2 * C),
        lambda p: {"a": 2 * C * (p["a"] - p["b"]), "b": -2 * C * p["a"]},
        {"a": np.array([0.5, -1, 2]), "b": np.array([1.5, 0.4, 0.3])},
        Mistake.PATH_DROPPED,
    ),
    "a quotient without its square": (
        lambda p: 2 * (p @ C) / p.sum(), lambda p: 2 * (C * p.sum() - p @ C), np.array([0.7, 0.4, 0.9]),
        Mistake.OPERAND_FORGOTTEN,
    ),
    "by the logarithm": (
        lambda s: np.sum(np.exp(-s) * C), lambda s: -s * np.exp(-s) * C, np.array([0.5, 1.3, 2.0]), Mistake.LOGARITHM,
    ),
    "symmetrised": (
        determinant, lambda A: (by_cofactors(A) + by_cofactors(A).T) / 2, A, Mistake.SYMMETRIC,
    ),
    "one triangle": (
        determinant, lambda A: np.tril(by_cofactors(A) + by_cofactors(A).T) - by_cofactors(A) * np.eye(2), A,
        Mistake.SYMMETRIC,
    ),
    "zeros but for rounding": (
        lambda x: np.sum(np.exp(x)), lambda x: np.array([4e-18, -6e-18, 1e-17]), np.array([0.5, 1.3, 2.0]),
        Mistake.ZEROED,
    ),
    "one sign": (
        lambda x: (x[0] - 6) ** 2 + x[1] ** 2 - x[0] * x[1],
        lambda x: np.array([2 * (x[0] - 6) - x[1], 2 * x[1] + x[0]]), np.array([1.0, 3.0]), Mistake.SIGN,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("loss", "gradient", "at", "mistake"), CASES.values(), ids=CASES.keys())
def test_the_mistake_is_named_first(loss, gradient, at, mistake):
    report = check_gradient(loss, gradient, at)
    assert report.verdict is Verdict.WRONG
    assert report.diagnoses[0].kind is mistake, [each.sentence for each in report.diagnoses]


@pytest.mark.parametrize(
    ("loss", "gradient", "sentence"),
    [
        (lambda x: np.sum(np.exp(-x * x)), lambda x: 1.05 * -2 * x * np.exp(-x * x), "1.05 times the right value"),
        (lambda x: np.mean(np.tanh(x) ** 2), lambda x: np.tanh(x) / np.cosh(x) ** 2, "3/2 times the right value"),
        (lambda x: np.mean(x[:2] ** 2) + x[2] ** 2 / 2, lambda x: x / 2 * [1, 1, 1], "1/2 times the right value"),
        (lambda x: np.sum(np.sin(x)), lambda x: 0 * x, "0 instead of the derivative"),
    ],
)
def test_a_factor_of_the_whole_is_told_alone(loss, gradient, sentence):
    (found,) = check_gradient(loss, gradient, np.array([0.5, 0.7, 1.3])).diagnoses
    assert sentence in found.sentence
    assert not found.place


def test_a_term_does_not_come_in_by_an_odd_factor():
    diagnoses = check_gradient(
        lambda x: np.sum(np.exp(x)) + np.sum(np.sin(x)), lambda x: np.exp(x) + 1.1 * np.cos(x), np.array([0.5, 0.7])
    ).diagnoses
    assert not [each for each in diagnoses if "11/10" in each.sentence and "term" in each.sentence]


def test_two_mistakes_at_once_are_both_named():
    at = {"W": np.array([[0.2, 0.5], [1, -0.3]]), "b": np.array([0.1, 0.4])}
    first, second = check_gradient(layer, two_factors, at).diagnoses
    assert "2 times" in first.sentence
    assert "4 times" in second.sentence
    assert "2 mistakes at once" in first.sentence


@pytest.mark.parametrize(
    ("backward", "match"),
    [
        (lambda g, x: torch.exp(x), "forgets grad_output"),
        (lambda g, x: g.reshape(-1)[0] * torch.exp(x), "first entry"),
        (lambda g, x: g.abs() * torch.exp(x), "not proportional"),
    ],
)
def test_how_grad_output_is_misused_is_named(backward, match):

    report = check_function(written(torch.exp, backward), torch.tensor([0.3, -1.0, 0.8]))
    assert report.diagnoses[0].kind is Mistake.GRAD_OUTPUT
    assert match in report.diagnoses[0].sentence


def test_divisions_by_integer_tensors_are_followed():
    mask = torch.tensor([1, 1, 0, 1])
    at = torch.tensor([0.3, 1.0, 2.0, -1.0])
    report = check_gradient(lambda x: (x**2 * mask).sum() / mask.sum(), lambda x: 2 * x * mask, at)
    assert report.verdict is Verdict.WRONG
    assert report.diagnoses
    assert not any("could not be told" in note for note in report.notes)


def test_a_random_gradient_has_no_name():
    random = np.random.default_rng(0)
    for _ in range(20):
        claim = random.normal(size=4)
        report = check_gradient(lambda x: np.sum(np.tanh(x) * np.roll(x, 1)), claim, random.normal(size=4))
        assert report.verdict is Verdict.WRONG
        assert not report.diagnoses, report.diagnoses[0].sentence


def test_a_sum_that_is_constant_has_the_derivative_zero():
    at = np.array([0.3, 1.7, -2.2])
    assert check_gradient(lambda x: np.sum(x - np.mean(x)), np.zeros(3), at).ok
    assert check_gradient(lambda x: np.sum(x - np.mean(x)), np.ones(3), at).verdict is Verdict.WRONG


def test_a_sign_is_told_at_the_term_as_it_is_written():
    report = check_gradient(
        lambda x: (x[0] - 6) ** 2 + x[1] ** 2 - x[0] * x[1],
        lambda x: np.array([2 * (x[0] - 6) - x[1], 2 * x[1] + x[0]]),
        at=np.array([1.0, 3.0]),
    )
    assert report.diagnoses[0].sentence == "at[1]: the term through x[0] * x[1] has the wrong sign."


def test_entries_that_are_right_are_not_named():
    Linear = written(lambda x, b: x + b, lambda g, x, b: (g, g.mean(0)))

    report = check_function(Linear, (torch.randn(4, 3, dtype=torch.float64), torch.zeros(3)))
    wrong = {entry.name for entry in report.entries if entry.verdict is Verdict.WRONG}
    assert set(report.diagnoses[0].entries) == wrong


def test_zeros_that_show_elsewhere_alone_belong_to_the_name():
    # Rows but for the first are dropped behind a clamp, which holds some entries here and others elsewhere.
    FirstRow = written(torch.clone, lambda g, x: torch.cat([g[:1], 0 * g[1:]]))

    x = torch.tensor([[0.3, -0.5, 1.4], [0.2, 0.6, -1.7], [-0.4, 1.6, 0.1]])
    report = check_function(lambda x: FirstRow.apply(torch.clamp(x, -1, 1)) * 1.5, x)
    assert report.diagnoses[0].kind is Mistake.ZEROED


def test_a_number_that_is_left_out_is_told_beside_the_factor_that_comes_of_it():
    report = check_gradient(lambda x: np.sum(np.sin(37.0 * x)), lambda x: np.cos(37.0 * x), np.array([0.1, 0.7]))
    assert {each.kind for each in report.diagnoses} == {Mistake.FACTOR, Mistake.OPERAND_FORGOTTEN}


def test_claims_that_are_tiny_are_not_named_by_whatever_is_tiny():
    at = np.array([1.3e-6, -0.7e-6], dtype=np.float32)
    report = check_gradient(
        lambda x: np.sum(np.sin(x.astype(np.float32) * np.float32(1e6))), lambda x: np.cos(x * 1e6), at
    )
    assert report.diagnoses[0].kind is Mistake.FACTOR
    assert Mistake.LOGARITHM not in {each.kind for each in report.diagnoses}


def test_as_many_terms_as_a_mean_has_are_told_though_other_arrays_are_as_long():
    at = np.array([0.5, -0.2, 0.3])
    report = check_gradient(lambda x: np.mean(1 / (1 + np.exp(-x))), lambda x: 0.25 / np.cosh(x / 2) ** 2, at)
    assert report.diagnoses[0].kind is Mistake.SUM_FOR_MEAN


def test_the_shift_of_a_softmax_is_let_be_where_it_is_saturated():
    x, hot = np.random.default_rng(1).normal(size=(10, 3)), np.eye(3)[np.arange(10) % 3]

    def loss(w):
        z = x @ w
        z = z - np.max(z, axis=1, keepdims=True)
        return -np.mean(np.sum(hot * (z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))), axis=1))

    def gradient(w):
        return x.T @ np.apply_along_axis(softmax, 1, x @ w) / 10

    report = check_gradient(loss, gradient, np.random.default_rng(2).normal(size=(3, 3)))
    assert report.diagnoses[0].kind is Mistake.PATH_DROPPED


def convolved(to_input, to_kernel):
    Convolved = written(
        lambda x, w: torch.conv1d(x, w, stride=2, padding=1), lambda g, x, w: (to_input(x, w, g), to_kernel(x, w, g))
    )

    return lambda x, w: torch.sum(Convolved.apply(x, w) ** 2)


def padded(x, before, after):
    return torch.nn.functional.pad(x, (before, after))


def to_input(x, w, g, **options):
    return torch.nn.grad.conv1d_input(x.shape, w, g, **{"stride": 2, "padding": 1, **options})


def to_kernel(x, w, g, **options):
    return torch.nn.grad.conv1d_weight(x, w.shape, g, **{"stride": 2, "padding": 1, **options})


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (
            convolved(lambda x, w, g: to_input(x, w.flip(2), g), to_kernel),
            "its input is that of a kernel that is turned",
        ),
        (convolved(lambda x, w, g: to_input(x, w.swapaxes(0, 1), g), to_kernel), "whose channels are exchanged"),
        (convolved(to_input, lambda x, w, g: to_kernel(padded(x, 0, 2), w, g, padding=0)), "padding 0, not 1"),
        (
            convolved(to_input, lambda x, w, g: to_kernel(padded(x, 1, -3), w, g, stride=1, padding=0)),
            "stride 1, not 2",
        ),
    ],
    ids=["flipped", "channels", "padding", "stride"],
)
def test_another_convolution_on_the_way_back_is_told(function, told):
    random = np.random.default_rng(3)
    x, w = (torch.tensor(random.normal(size=shape)) for shape in ((1, 2, 9), (2, 2, 3)))
    assert check_function(convolved(to_input, to_kernel), (x, w)).ok
    report = check_function(function, (x, w))
    assert report.diagnoses[0].kind is Mistake.CONVOLUTION
    assert told in report.diagnoses[0].sentence


def recurrent(x, w, back):
    state = cell = torch.zeros(2, dtype=torch.float64)
    for turn, each in enumerate(x):
        if turn == len(x) - back:
            state, cell = state.detach(), cell.detach()
        cell = 0.5 * cell + torch.tanh(w @ state + each)
        state = torch.sin(cell)
    return torch.sum(state**2)


def test_what_a_detach_cuts_off_is_told():
    at = (torch.tensor([[0.2, -0.4], [0.5, 0.1], [-0.3, 0.6], [0.1, 0.3]]), torch.tensor([[0.7, -0.2], [0.3, 0.5]]))
    report = check_function(lambda x, w: recurrent(x, w, 2), at)
    assert report.diagnoses[0].kind is Mistake.CUT_OFF
    assert "nothing comes back through" in report.diagnoses[0].sentence


def test_a_gradient_through_the_last_turns_alone_is_told():
    def gradient(p):
        given = [part.detach().clone().requires_grad_(True) for part in p]
        return list(torch.autograd.grad(recurrent(*given, 2), given))

    at = [torch.tensor([[0.2, -0.4], [0.5, 0.1], [-0.3, 0.6], [0.1, 0.3]]), torch.tensor([[0.7, -0.2], [0.3, 0.5]])]
    report = check_gradient(lambda p: recurrent(*p, 0), gradient, at)
    assert report.diagnoses[0].kind is Mistake.CUT_OFF
    assert "the turns of the loop before" in report.diagnoses[0].sentence


@pytest.mark.parametrize(
    ("forward", "backward", "inputs", "told"),
    [
        (lambda x: 2 * x, lambda g, x: torch.where(x == 0, g, 2 * g), [[0.0, 1.0]], "input 0[0] is exactly 0"),
        (
            lambda x: torch.cumprod(x, 0), lambda g, x: (g * torch.cumprod(x, 0)).flip(0).cumsum(0).flip(0) / x,
            [[2.0, 0.0, 3.0]], "input 0[1] is exactly 0",
        ),
        (lambda a, b: a + b, lambda g, a, b: (g * (1 + (a == b)),) * 2, [3.0, 3.0], "exactly equal"),
        (torch.sigmoid, lambda g, x: g * torch.exp(-x) / (1 + torch.exp(-x)) ** 2, [[0.3, -800.0]], "at 0.1 times"),
        (lambda x: x**2, lambda g, x: torch.full_like(x, torch.nan), [[0.3, -2.0]], "at other points either"),
    ],
)  # fmt: skip
def test_what_is_wrong_at_this_point_alone_is_told_from_what_is_wrong_beside_it(forward, backward, inputs, told):
    at = [torch.tensor(each, dtype=torch.float64) for each in inputs]
    (found,) = check_function(written(forward, backward), at).diagnoses
    assert told in found.sentence


def test_the_sign_is_named_where_the_matrix_must_stay_symmetric():
    root = np.array([[1.0, 0.3], [-0.2, 1.5]])
    (found, *_) = check_gradient(
        lambda S: np.log(S[0, 0] * S[1, 1] - S[0, 1] * S[1, 0]), lambda S: -np.linalg.inv(S), root @ root.T + np.eye(2)
    ).diagnoses
    assert found.kind is Mistake.NEGATED


def braid(x, w):
    h = cut(x @ w)
    h = torch.where(h > 0.3, h, 0.2 * h - 1) + 0.5 * h
    h = torch.clamp(h, -1.0, 2.0) + 0.5 * h
    return (h * torch.clamp(h @ w, -1.0, 2.0)).sum(-1)


cut = written(torch.clone, lambda g, x: 0 * g).apply


def test_a_path_is_not_missing_where_nothing_comes_back_at_all():
    x, w = (torch.tensor(each, dtype=torch.float64) for each in ([[2.0, 9.0], [7.0, -8.0]], [[4.0, -3.0], [1.0, 5.0]]))
    diagnoses = check_function(braid, (x, w)).diagnoses
    assert not [each.sentence for each in diagnoses if "the path through 0.5 * h" in each.sentence]


def test_a_derivative_that_is_zero_throughout_is_not_taken_for_another_ones():
    diagnoses = check_function(
        lambda x: (x - x.mean(0)) / torch.sqrt(x.var(0).detach() + 1e-5),
        (torch.tensor([[0.3, -1.0], [1.2, 0.4], [-0.7, 2.0]], dtype=torch.float64),),
    ).diagnoses
    assert not [each for each in diagnoses if each.kind is Mistake.WRONG_DERIVATIVE]


@pytest.mark.parametrize(
    ("forward", "backward", "told"),
    [
        (lambda x: x.softmax(0), lambda g, x: g * x.softmax(0), "without taking off y times the sum of y * g"),
        (lambda x: x.log_softmax(0), lambda g, x: g - x.log_softmax(0) * g.sum(), "the exponential of it belongs"),
        (lambda x: x.softmax(0), lambda g, x: g, "grad_output is handed back as it is"),
        (
            lambda x: (x - x.mean()) / (x.var() + 1), lambda g, x: g / (x.var() + 1),
            "the paths through mean and var are missing",
        ),
        (
            lambda x: torch.where(x > 0, x, 3 * x.cos()), lambda g, x: g * (1 - 3 * x.sin()),
            "its mask is left out, so that each branch gets all",
        ),
    ],
)  # fmt: skip
def test_half_of_a_formula_is_told(forward, backward, told):
    x = torch.tensor([0.3, -1.2, 0.7], dtype=torch.float64)
    (found, *_) = check_function(written(forward, backward), (x,)).diagnoses
    assert told in found.sentence


def test_a_path_through_a_loop_that_begins_with_a_constant_is_missing():
    series = (0.5, -1.1, 0.8)

    def run(w):
        c, seen = np.zeros(2), []
        for number in series:
            z = np.tanh(w @ np.concatenate([[number], c]))
            f, u = z[:2], z[2:]
            seen.append((c, f, u, number))
            c = f * c + u
        return c, seen

    def without_carry(w):
        c, seen = run(w)
        found, back = np.zeros_like(w), 2 * c
        for before, f, u, number in reversed(seen):
            delta = np.concatenate([back * before * (1 - f**2), back * (1 - u**2)])
            found += np.outer(delta, [number, *before])
            back = (w.T @ delta)[1:]
        return found

    w = np.random.default_rng(2).normal(size=(4, 3))
    report = check_gradient(lambda w: np.sum(run(w)[0] ** 2), without_carry, at=w)
    assert report.diagnoses[0].sentence == "Every entry: the path through f * c (all 3 times) is missing."


def test_the_bias_is_given_the_sum_of_the_weights_gradient():
    X = np.array([[0.3, -1.0], [1.2, 0.4], [-0.7, 2.0]])

    def gradient(p):
        t = np.tanh(X @ p["W"] + p["b"])
        by_weights = X.T @ (2 * t * (1 - t * t))
        return {"W": by_weights, "b": by_weights.sum(0)}

    at = {"W": np.array([[0.2, -1.0, 0.5], [0.3, 1.1, 0.4]]), "b": np.array([0.1, -0.2, 0.6])}
    (found, *_) = check_gradient(lambda p: np.sum(np.tanh(X @ p["W"] + p["b"]) ** 2), gradient, at).diagnoses
    assert "b is given the sum of the gradient of W over axis 0" in found.sentence


def test_what_windows_that_overlap_hand_back_is_added_up():
    def backward(g, x):
        found = torch.zeros_like(x)
        for number, place in enumerate(x.unfold(0, 3, 1).argmax(-1) + torch.arange(len(g))):
            found[place] = g[number]
        return found

    x = torch.tensor([0.1, 0.3, 2.0, 0.2, -1.0, 0.5, 0.4, 1.5], dtype=torch.float64)
    function = written(lambda x: x.unfold(0, 3, 1).amax(-1), backward)
    (found, *_) = check_function(function, (x,)).diagnoses
    assert "only the last counts" in found.sentence


def test_a_backward_pass_is_not_told_a_mistake_of_single_outputs_and_inputs():
    class Normal(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return (x - x.mean(0)) / torch.sqrt(x.var(0, correction=0))

        @staticmethod
        def backward(ctx, *grad_outputs):
            (x,), g = ctx.saved_tensors, grad_outputs[0]
            size = torch.sqrt(x.var(0, correction=0))
            normal = (x - x.mean(0)) / size
            return (g - g.sum(0) - normal * (g * normal).sum(0)) / (len(x) * size)  # len(x) * g is meant

    x = torch.tensor([[0.4, -1.0], [1.3, 0.2], [-0.7, 2.0], [0.1, 0.9], [2.1, -0.3]], dtype=torch.float64)
    sentence = check_function(Normal, x).diagnoses[0].sentence
    assert sentence.endswith("the term through x - x.mean(0) comes in 1/5 times."), sentence


def test_a_sum_of_terms_for_their_mean_is_no_derivative_of_a_function_before_it():
    random = np.random.default_rng(3)
    rows, labels, w = random.normal(size=(8, 5)), random.choice([-1.0, 1.0], size=8), random.normal(size=5)

    def loss(w):
        return np.mean(np.log1p(np.exp(-labels * (rows @ w)))) + 0.3 * (w @ w)

    def gradient(w):
        return 0.6 * w - rows.T @ (labels / (1 + np.exp(labels * (rows @ w))))

    found = check_gradient(loss, gradient, w).diagnoses
    assert {found[0].kind, found[1].kind} == {Mistake.FACTOR, Mistake.SUM_FOR_MEAN}
    assert "8" in found[0].sentence


def test_which_turn_of_a_loop_is_meant_is_told():
    random = np.random.default_rng(4)
    inputs, w = random.normal(size=(5, 3)), random.normal(size=(3, 3)) / 2

    def states(w):
        found = [np.zeros(3)]
        for x in inputs:
            found.append(np.tanh(x + w @ found[-1]))
        return found

    def gradient(w):
        *_, before, last = (hidden := states(w))
        delta = 1 - last**2
        earlier = (w.T @ delta) * (1 - before**2)
        return np.outer(delta, before) + np.outer(earlier, hidden[-3])

    found = check_gradient(lambda w: states(w)[-1].sum(), gradient, w).diagnoses
    assert all("of 5)" in each.sentence for each in found)
    assert Mistake.CUT_OFF in {each.kind for each in found}


def test_a_constant_gradient_is_not_told_to_be_of_another_point_alone():
    report = check_gradient(lambda x: np.sum(x) + float(x @ x), np.ones_like, np.array([0.5, -1.2, 2.0]))
    assert all("stays the same" in each.sentence for each in report.diagnoses if each.kind is Mistake.STALE)
    report = check_function(lambda x: x.sum() + sum(v.item() ** 2 for v in x), torch.tensor([0.5, -1.2, 2.0]))
    (found,) = report.diagnoses
    assert "stays the same" in found.sentence


def test_arrays_are_told_by_the_names_that_their_entries_have():
    at = (np.array([0.3, -0.8, 0.5]), np.array([1.2, 0.4, -0.6]))
    report = check_gradient(lambda a, b: np.exp(a) @ b, lambda a, b: (np.exp(a), b * np.exp(a)), at)
    assert report.diagnoses[0].sentence == "The gradients of at[0] and at[1] are exchanged."
    nested = {"dense": {"W": np.array([[0.3, -0.8], [0.5, 0.1]])}, "shift": 0.0}

    def gradient(p):
        return {"dense": {"W": np.outer([1.0, 2.0], np.exp(p["dense"]["W"] @ [1.0, 2.0]))}, "shift": 1.0}

    report = check_gradient(lambda p: np.exp(p["dense"]["W"] @ [1.0, 2.0]).sum() + p["shift"], gradient, nested)
    assert report.diagnoses[0].sentence == 'dense["W"] is transposed.'


def test_what_to_do_about_a_claim_that_jumps_or_grows_fits_it():
    singular = torch.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=torch.float64)
    report = check_function(torch.linalg.det, singular)
    assert report.verdict is Verdict.UNDECIDED
    assert "at a point beside this one" in report.worst.remedy
    kept = []

    def backward(g, x):
        kept.append(g.clone())
        return 2 * sum(kept)

    report = check_function(written(lambda x: 2 * x, backward), torch.ones(3))
    assert report.verdict is Verdict.UNDECIDED
    assert "begin anew" in report.worst.remedy


def test_the_gradients_of_two_factors_are_told_to_be_exchanged_in_a_jacobian_too():
    function = written(lambda a, b: a * b, lambda g, a, b: (g * a, g * b))
    report = check_function(function, [torch.tensor([0.3, -1.2, 0.7]), torch.tensor([1.1, 0.4, -0.6])])
    assert report.diagnoses[0].sentence == "The gradients of input 0 and input 1 are exchanged."


def test_a_square_matrix_that_is_not_transposed_on_the_way_back_is_told():
    w = torch.tensor([[0.4, -1.1, 0.3], [0.9, 0.2, -0.7], [-0.5, 0.6, 1.2]])
    x = torch.tensor([[0.3, -0.8, 1.1], [1.4, 0.2, -0.6]])
    function = written(lambda x, w: x @ w.t(), lambda g, x, w: (g @ w.t(), g.t() @ x))
    found = check_function(function, [x, w]).diagnoses
    assert found[0].kind is Mistake.TRANSPOSED
    assert found[0].sentence.startswith("What comes back to input 0 is multiplied by a transposed matrix")


STAND_INS = {
    "a surrogate": (lambda x: (x > 0).to(x), lambda g, x: g * 2 / (1 + (2 * x) ** 2)),
    "a bump": (torch.sign, lambda g, x: g * torch.exp(-2 * x * x)),
}


@pytest.mark.parametrize(("forward", "backward"), STAND_INS.values(), ids=STAND_INS)
def test_a_stand_in_for_the_slope_of_a_step_is_called_one(forward, backward):
    report = check_function(written(forward, backward), torch.tensor([0.4, -1.3, 2.0]))
    (found,) = report.diagnoses
    assert found.kind is Mistake.STRAIGHT_THROUGH
    assert "stand-in" in found.sentence


def test_and_a_function_that_stands_still_for_good_has_none():
    report = check_gradient(lambda x: x[0] ** 2 + 0 * x[1], lambda x: np.array([2 * x[0], x[0]]), np.array([0.7, 1.1]))
    assert report.verdict is Verdict.WRONG
    assert all("stand-in" not in each.sentence for each in report.diagnoses)


@pytest.mark.parametrize(
    ("forward", "backward", "told"),
    [
        (torch.relu, lambda g, x: 0.2 * g, "of relu stands the constant 0.2"),
        (
            torch.nn.functional.silu,
            lambda g, x: g * torch.sigmoid(x) * (2 - torch.sigmoid(x)),
            "of silu stands silu's with a factor x forgotten",
        ),
    ],
)
def test_a_derivative_that_is_no_function_s_own_is_named(forward, backward, told):
    op = written(forward, backward)
    report = check_function(lambda x: op.apply(x**2 - 1).sum() + (x**2).sum(), torch.tensor([0.4, -1.3, 2.0, 0.6]))
    assert told in report.diagnoses[0].sentence, report


@pytest.mark.parametrize(
    ("loss", "gradient", "told"),
    [
        (lambda x: np.sum(x**2), lambda x: 2 + 0 * x, "of square stands that over its argument x: a factor x is forg"),
        (lambda x: np.sum(x**3), lambda x: 3 * x, "of power stands that over its argument x: a factor x is forgotten"),
        (lambda x: np.sum(np.log(x)), lambda x: 1 / x**2, "of log stands that over its argument x: a factor x is for"),
        (lambda x: 1.3 * np.sum(x), lambda x: np.ones(3), "the other operand is left out"),
        (
            lambda x: np.sum(np.exp(-((x[:, None] - x) ** 2))),
            lambda x: np.sum(np.exp(-((x[:, None] - x) ** 2)) * -2 * (x[:, None] - x), axis=1),
            "1/2 times the right value",
        ),
    ],
)
def test_what_is_forgotten_comes_first_and_nothing_that_the_claims_do_not_determine(loss, gradient, told):
    report = check_gradient(loss, gradient, at=np.array([0.7, 1.3, 2.1]))
    assert told in report.diagnoses[0].sentence
    assert not {Mistake.LOGARITHM, Mistake.TRUNCATED} & {each.kind for each in report.diagnoses}


def test_two_whole_numbers_are_no_array_of_integers():
    def nearest(x):
        return (np.argsort(np.argsort(x)) == 2) * 1.0

    report = check_gradient(lambda x: np.quantile(x, 0.3), nearest, at=np.random.default_rng(0).normal(size=9))
    assert report.verdict.name == "WRONG"
    assert not report.diagnoses


def test_a_rule_that_fails_leaves_the_others_names():
    def loss(x):
        return sum(np.sum(np.stack([x[i] for i in range(count)]) ** 2) for count in (1, 2))

    report = check_gradient(loss, lambda x: -np.array([4 * x[0], 2 * x[1], 0]), at=np.array([1.0, 2, 3]))
    assert report.diagnoses[0].kind is Mistake.NEGATED
    # At the origin, where it is tried whether the claims are those of there, no matrix has an inverse.
    at = np.array([[2.0, 0.3], [0.1, 1.5]])
    report = check_gradient(lambda A: np.sum(np.linalg.inv(A)), np.linalg.inv, at)
    assert report.verdict.name == "WRONG"
    assert "Singular" not in str(report)


def test_entries_that_are_set_and_not_added_to_are_told_before_the_zeros_that_come_of_it():
    Taken = written(lambda x: x[[0, 2, 2, 3, 0]], lambda g, x: torch.zeros_like(x).index_put((PLACES,), g))
    report = check_function(Taken, torch.tensor([0.3, -1.0, 2.0, 0.5]))
    assert report.diagnoses[0].kind is Mistake.LAST_SAMPLE


def test_two_roundings_are_no_factor():
    report = check_gradient(
        lambda x: np.sum(x**2), lambda x: (2 * x).astype(np.float16), at=np.array([0.123, 0.777, 3.3331, 2.2219])
    )
    assert Mistake.FACTOR not in {each.kind for each in report.diagnoses}


def test_a_function_that_tiny_numbers_hide_has_no_name():
    report = check_gradient(lambda p: p[0] * p[1] ** 2, lambda p: np.array([p[1] ** 2, p[0] * p[1]]), [1.0, 1e-12])
    assert not any("tanh" in each.sentence for each in report.diagnoses)


def simplex(x):
    falling = np.sort(x)[::-1]
    sums, counts = np.cumsum(falling), np.arange(1, len(x) + 1)
    inside = 1 + counts * falling > sums
    return np.maximum(x - (sums[inside][-1] - 1) / counts[inside][-1], 0)


def test_a_place_that_has_another_shape_elsewhere_spoils_no_name():
    weights = np.array([0.3, 1, 0.2, -0.4, 0.8])

    def gradient(x):
        inside = simplex(x) > 0
        return inside * weights - np.sum(inside * weights) / inside.sum()

    report = check_gradient(lambda x: simplex(x) @ weights, gradient, np.array([0.9, 0.2, -1.0, 0.6, -2.0]))
    assert report.verdict.name == "WRONG"
    assert not any("could not be told" in note or "jumps" in note for note in (*report.notes, str(report)))


def test_what_a_helper_computes_is_no_loop():
    y = np.array([0.1, 0.9, -0.7, 0.4])

    def kernel(a, b):
        return np.mean(np.exp(-((a[:, None] - b) ** 2)))

    def one_side(x):
        own, other = x[:, None] - x, x[:, None] - y
        return np.sum(-2 * own * np.exp(-(own**2)), 1) / 9 + 2 * np.sum(2 * other * np.exp(-(other**2)), 1) / 12

    report = check_gradient(lambda x: kernel(x, x) - 2 * kernel(x, y), one_side, np.array([0.7, -1.3, 2.1]))
    assert report.diagnoses
    assert not any("loop" in each.sentence for each in report.diagnoses)


def test_a_term_that_is_forgotten_on_both_sides_of_a_product_has_no_wrong_sign():
    mean = np.array([0.2, -0.4, 1.0])

    def loss(x):
        z = np.tanh(x - mean)
        return -0.5 * z @ z + np.sum(np.sin(x))

    report = check_gradient(loss, np.cos, np.array([0.7, -1.3, 2.1]))
    assert report.diagnoses
    assert Mistake.SIGN not in {each.kind for each in report.diagnoses}
