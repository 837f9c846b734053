from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

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


def test_directions_are_the_sine_and_cosine_of_their_share_of_a_turn():
    words = np.random.default_rng(1).integers(0, 2**64, 20_000, dtype=np.uint64)
    found = _draw._directions(words)
    with mpmath.workdps(30):
        for word, point in zip(words[:500].tolist(), found, strict=False):
            turn = 2 * mpmath.pi * (mpmath.mpf(word >> 12) + 0.5) / 2**52
            assert abs(mpmath.cos(turn) - point.real) < 5e-16
            assert abs(mpmath.sin(turn) - point.imag) < 5e-16
    np.testing.assert_allclose(abs(found), 1.0, rtol=0, atol=4e-16)
