from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit, types
from scipy import stats

from gradlab._errors import GradlabError
from gradlab.codegen import Drawn, _normal, numpy_transforms
from gradlab.codegen._drawing import Drawing, words_of
from gradlab.codegen._numba_draw import draw_operations
from gradlab.train import Normal, Uniform, _draw
from gradlab.train._draw import draw_parameters, draw_standard
from gradlab.train._initialise import Layers

# Counter, key and output of Philox-4x64-10, words of lower weight first: the three lines for this generator in
# `kat_vectors` of the Random123 library, by the authors of Salmon et al. 2011.
KNOWN_ANSWERS = [
    (
        "0000000000000000 0000000000000000 0000000000000000 0000000000000000",
        "0000000000000000 0000000000000000",
        "16554d9eca36314c db20fe9d672d0fdc d7e772cee186176b 7e68b68aec7ba23b",
    ),
    (
        "ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff",
        "ffffffffffffffff ffffffffffffffff",
        "87b092c3013fe90b 438c3c67be8d0224 9cc7d7c69cd777b6 a09caebf594f0ba0",
    ),
    (
        "243f6a8885a308d3 13198a2e03707344 a4093822299f31d0 082efa98ec4e6c89",
        "452821e638d01377 be5466cf34e90c6c",
        "a528f45403e61d95 38c72dbd566e9788 a5a1610e72fd18b5 57bd43b5e52b7fe6",
    ),
]


def number(words: str) -> int:
    return sum(int(word, 16) << (64 * place) for place, word in enumerate(words.split()))


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_the_draw_gives_the_known_answers_of_its_generator(counter, key, answer):
    # The generator counts up before it draws, so run r of a network with 4 parameters has the counter r + 1.
    run = (number(counter) - 1) % 2**256
    drawn = draw_standard("uniform", number(key), restarts=1, parameters=4, first=run)
    expected = [2.0 * (((int(word, 16) >> 12) + 0.5) * 2.0**-52) - 1.0 for word in answer.split()]
    np.testing.assert_array_equal(drawn, [expected])


@given(
    seed=st.integers(0, 2**128 - 1),
    hidden=st.integers(1, 6),
    first=st.integers(0, 10**12),
    restarts=st.integers(1, 6),
)
def test_any_stretch_of_runs_can_be_drawn_alone(seed, hidden, first, restarts):
    layers = Layers((2, hidden, 1))
    together = draw_parameters(Normal(), seed, restarts=restarts, layers=layers, first=first)
    for row in range(restarts):
        alone = draw_parameters(Normal(), seed, restarts=1, layers=layers, first=first + row)
        np.testing.assert_array_equal(together[row], alone[0])
    assert np.isfinite(together).all()


@pytest.mark.parametrize("shape", ["normal", "uniform"])
def test_a_draw_in_slices_and_threads_is_the_draw_of_one_run_after_another(shape, monkeypatch):
    whole = draw_standard(shape, 5, restarts=3000, parameters=9)
    for slice_of_words in (1, 100, 10**9):
        monkeypatch.setattr(_draw, "_SLICE", slice_of_words)
        rows = 40 if slice_of_words == 1 else 3000
        np.testing.assert_array_equal(draw_standard(shape, 5, restarts=rows, parameters=9), whole[:rows])


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [(Normal(0.5), stats.norm(0, 0.5)), (Uniform(0.5), stats.uniform(-0.5, 1.0))],
)
def test_the_draw_has_the_distribution_it_names(distribution, expected):
    values = draw_parameters(distribution, 12, restarts=4000, layers=Layers((4, 1)))
    assert stats.kstest(values.ravel(), expected.cdf).pvalue > 1e-3
    across = np.corrcoef(values.T)[~np.eye(5, dtype=bool)]
    along = np.corrcoef(values[:-1].ravel(), values[1:].ravel())[0, 1]
    assert max(abs(across).max(), abs(along)) < 5 / np.sqrt(4000)


def test_the_first_and_the_last_random_word_give_finite_numbers():
    words = np.array([0, 0, 2**64 - 1, 0, 0, 2**64 - 1, 2**64 - 1, 2**64 - 1], dtype=np.uint64)
    assert np.isfinite(_draw._normal(words)).all()
    assert abs(_draw._uniform(words)).max() < 1


def stretches(count, parameters):
    """Settings of both kinds, some runs each, from a high number on."""
    kinds = np.array([0, 1, 0, 0])
    factors = np.linspace(0.1, 2.0, 4 * parameters).reshape(4, parameters)
    return Drawn(2**100 + 7, 10**9, count, kinds, factors)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("parameters", [1, 4, 9, 88])
@pytest.mark.parametrize("count", [1, 50, 400])
def test_threads_draw_the_bits_that_numpy_draws(dtype, parameters, count):
    drawn = stretches(count, parameters)
    expected = _draw.starts_of(drawn, parameters).astype(dtype)
    drawing, words = Drawing(drawn, parameters, dtype), words_of(parameters)
    for low, high in ((0, len(drawn)), (1, 3), (count - 1, count + 2), (len(drawn) - 1, len(drawn))):
        found = np.empty((high - low, parameters), dtype)
        drawing.fill(found, low, high, words)
        np.testing.assert_array_equal(found, expected[low:high])


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS[:1])
def test_threads_draw_the_known_answers_of_the_generator(counter, key, answer):
    # The counter of 0 is one before that of the first run, so it is reached from the end of all counters of 64 bits.
    philox = draw_operations()["philox"]

    @njit
    def drawn(count, low, high):
        return philox(types.uint64(count), types.uint64(low), types.uint64(high))

    assert [int(word) for word in drawn(number(counter), 0, number(key))] == [int(word, 16) for word in answer.split()]


def test_more_runs_than_the_generator_has_places_for_are_refused():
    with pytest.raises(GradlabError, match="more than can be drawn"):
        Drawing(Drawn(0, 2**63, 1, np.zeros(1, np.intp), np.ones((1, 9))), 9, "float32")


def test_normal_numbers_are_mpmaths_to_the_stated_bound():
    whole = np.random.default_rng(1).integers(0, 2**52, 4000)
    edges = np.array([0, 1, 2**49 - 1, 2**49, 2**50 - 1, 2**50, 2**51, 3 * 2**50, 2**52 - 2, 2**52 - 1])
    first = np.concatenate([whole[0::2], np.repeat(edges, len(edges)), 2**52 - 1 - np.arange(300)])
    second = np.concatenate([whole[1::2], np.tile(edges, len(edges)), whole[:300]])
    pairs = numpy_transforms()["normal"](first, second)
    with mpmath.workdps(40):
        for k, direction, *found in zip(first.tolist(), second.tolist(), *pairs, strict=True):
            radius = mpmath.sqrt(-2 * mpmath.log((mpmath.mpf(k) + 0.5) / 2**52))
            angle = 2 * mpmath.pi * (mpmath.mpf(direction) + 0.5) / 2**52
            for got, exact in zip(found, (radius * mpmath.cos(angle), radius * mpmath.sin(angle)), strict=True):
                assert abs(got - exact) <= 5 * 2.0**-53 * abs(exact)


def rest_of(name, square):
    """What the series of the table stand for, as functions of the square of the argument."""
    x = mpmath.sqrt(square)
    return {
        "ARTANH": lambda: (mpmath.atanh(x) / x - 1) / square,
        "SINE": lambda: (mpmath.sin(x) / x - 1) / square,
        "COSINE": lambda: (mpmath.cos(x) - 1 + square / 2) / square**2,
    }[name]()


@pytest.mark.parametrize(
    ("name", "limit", "first"), [("ARTANH", 0.1716, 1 / 3), ("SINE", 0.7854, -1 / 6), ("COSINE", 0.7854, 1 / 24)]
)
def test_the_coefficients_are_those_of_their_functions(name, limit, first):
    row = getattr(_normal, name)
    assert row[0] == pytest.approx(first, rel=1e-15)
    with mpmath.workdps(50):
        for square in mpmath.linspace(limit**2 / 100, limit**2, 100):
            made = sum(mpmath.mpf(c) * square**k for k, c in enumerate(row))
            # Of the function itself, which is about x, or 1: less than an eighth of a unit in the last place.
            power = 2 if name == "COSINE" else 1
            assert abs(made - rest_of(name, square)) * square**power < 2.0**-55
