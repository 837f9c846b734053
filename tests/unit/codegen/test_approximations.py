"""The approximations of kernels against mpmath, over the whole range of both number types."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from numba import njit

from gradlab.codegen import _approximations as table
from gradlab.codegen._approximations import UNITS
from gradlab.codegen._circular import QUARTERS, SINE, farthest
from gradlab.codegen._special import MORE_SERIES
from gradlab.codegen._vectors import operations
from ulps import ULPS

LANES = 16
SERIES = (*table.SERIES.values(), *MORE_SERIES.values(), *SINE.values())
EXACT = {
    "tanh": mpmath.tanh,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "exp": mpmath.exp,
    "log": mpmath.log,
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "tanh_units": lambda x: mpmath.tanh(x * mpmath.log(2) / 2),
    "sigmoid_units": lambda x: 1 / (1 + mpmath.power(2, -x)),
    "arctan": mpmath.atan,
    "erf": mpmath.erf,
    "log1p": lambda x: mpmath.log1p(x) if x > -1 else mpmath.mpf("-inf"),
    "expm1": mpmath.expm1,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
}
EXPANDED = {
    "tanh": mpmath.tanh,
    "artanh": mpmath.atanh,
    "sin": mpmath.sin,
    "arctan": mpmath.atan,
    "erf": lambda x: mpmath.erf(x) * mpmath.sqrt(mpmath.pi) / 2,
    "erfcx": lambda s: s * mpmath.exp((1 + s**2) ** 2 - 1) * mpmath.erfc(1 + s**2) / mpmath.erfc(1),
}
SPECIAL = {
    "tanh": (1.0, -1.0, 0.0),
    "sigmoid": (1.0, 0.0, 0.5),
    "exp": (math.inf, 0.0, 1.0),
    "log": (math.inf, math.nan, -math.inf),
    "softplus": (math.inf, 0.0, math.log(2)),
    "tanh_units": (1.0, -1.0, 0.0),
    "sigmoid_units": (1.0, 0.0, 0.5),
    "arctan": (math.pi / 2, -math.pi / 2, 0.0),
    "erf": (1.0, -1.0, 0.0),
    "log1p": (math.inf, math.nan, 0.0),
    "expm1": (math.inf, -1.0, 0.0),
    "sin": (math.nan, math.nan, 0.0),
    "cos": (math.nan, math.nan, 1.0),
}


@pytest.fixture(scope="module")
def compiled():
    made = {}

    def get(dtype, name):
        if (dtype, name) not in made:
            have = operations(dtype, LANES)
            function, load, store = have[name], have["load"], have["store"]

            @njit
            def over(x, out):
                for i in range(0, x.size, LANES):
                    store(out, i, function(load(x, i)))

            made[dtype, name] = over
        return made[dtype, name]

    return get


def evaluate(kernel, values, dtype):
    x = np.zeros(-(-len(values) // LANES) * LANES, dtype)
    x[: len(values)] = values
    out = np.empty_like(x)
    kernel(x, out)
    return out[: len(values)]


def errors(got, x, function, dtype):
    """The distance from the exact value in units in the last place of it, subnormal numbers included."""
    info = np.finfo(dtype)
    found = np.empty(len(x))
    with mpmath.workdps(40):
        for i, (value, argument) in enumerate(zip(got, x, strict=True)):
            exact = function(mpmath.mpf(float(argument)))
            if not mpmath.isfinite(exact):
                found[i] = 0 if float(value) == float(exact) else math.inf
                continue
            power = max(mpmath.mag(exact) - 1, info.minexp) - info.nmant if exact else info.minexp - info.nmant
            largest = mpmath.mpf(float(info.max)) + mpmath.ldexp(1, info.maxexp - info.nmant - 2)
            if abs(exact) >= largest:
                found[i] = 0 if math.isinf(value) else math.inf
            else:
                found[i] = abs(mpmath.mpf(float(value)) - exact) / mpmath.ldexp(1, int(power))
    return found


def arguments(name, dtype):
    """Numbers of every size and both signs, dense where the function changes, and both sides of every limit."""
    rng = np.random.default_rng(7)
    info = np.finfo(dtype)
    bits = rng.integers(0, 2**info.bits, 700, dtype=np.uint64).astype(f"uint{info.bits}").view(dtype)
    limit = 155 if dtype == "float32" else 1080
    wide, near = rng.uniform(-limit, limit, 500), rng.uniform(-3, 3, 700)
    small = np.ldexp(rng.uniform(-1, 1, 200), rng.integers(info.minexp - info.nmant, -5, 200))
    steps = np.array([9.0, 9.011, 9.02, 9.1, 19.0, 19.06, 19.07, 20.0, 20.1, 40.0, 87.4, 88.72, 88.8, 103.9, 104.1])
    more = np.array([708.3, 709.78, 709.8, 745.1, 746.0])
    if name.endswith("_units"):
        steps, more, near = (array * UNITS[name.removesuffix("_units")] for array in (steps, more, near))
    halves = (np.arange(-40, 40) + 0.5) * math.log(2)
    x = np.concatenate(
        [bits, wide, near, small, steps, -steps, more, -more, halves, halves / 2, np.arange(-40, 40) / 2]
    ).astype(dtype)
    if name == "log":
        x = np.concatenate([np.abs(x), 1 + rng.uniform(-0.3, 0.5, 500)]).astype(dtype)
        x = x[x > 0]
    if name == "log1p":
        x = np.concatenate([x, rng.uniform(-1, 1, 500)]).astype(dtype)
        x = x[x > -1]
    if name in ("arctan", "erf"):
        x = np.concatenate([x, rng.uniform(-7, 7, 700)]).astype(dtype)
    if name in ("sin", "cos"):
        quarters = np.concatenate([np.arange(-400, 400), rng.integers(-30000, 30000, 500)]) * np.pi / 2
        far = rng.uniform(-1, 1, 500) * farthest(dtype)
        x = np.concatenate([x, quarters, np.nextafter(quarters.astype(dtype), np.inf), far]).astype(dtype)
        x = x[abs(x) < farthest(dtype)]
    return x[np.isfinite(x)]


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_stated_bound_holds_everywhere(compiled, dtype, name):
    with np.errstate(all="ignore"):
        x = arguments(name, dtype)
    worst = errors(evaluate(compiled(dtype, name), x, dtype), x, EXACT[name], dtype)
    assert worst.max() <= ULPS[name], f"{worst.max()} ulp at {x[worst.argmax()]!r}"


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_infinities_nan_and_zero(compiled, dtype, name):
    values = [math.inf, -math.inf, 0.0, math.nan]
    up, down, zero, undefined = evaluate(compiled(dtype, name), values, dtype)
    np.testing.assert_allclose([up, down, zero], SPECIAL[name], rtol=1e-6, equal_nan=True)
    assert math.isnan(undefined)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_parts_of_a_quarter_turn_add_up_to_it(dtype):
    with mpmath.workdps(60):
        assert abs(sum(map(mpmath.mpf, QUARTERS[dtype])) - mpmath.pi / 2) < np.finfo(dtype).eps ** 2


@pytest.mark.parametrize("name", ["sin", "cos"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sine_and_cosine_are_nan_where_they_are_not_known(compiled, dtype, name):
    far = farthest(dtype) * np.array([1.01, -1.01, 1e9, -1e9])
    assert np.isnan(evaluate(compiled(dtype, name), far, dtype)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_powers_are_those_of_numpy(dtype):
    have = operations(dtype, LANES)
    raised, load, store = have["raised"], have["load"], have["store"]

    @njit
    def over(x, y, out):
        for i in range(0, x.size, LANES):
            store(out, i, raised(load(x, i), load(y, i)))

    base, exponent = np.array([0.0, 0.5, 3.0, -2.0, -0.3, 7.5, 1.0, -1.0, np.inf, 1e5]), np.arange(-4, 4.5, 0.5)
    x, y = (np.ascontiguousarray(a.reshape(-1)).astype(dtype) for a in np.broadcast_arrays(base[:, None], exponent))
    size = len(x)
    x, y = (np.concatenate([a, np.ones(-size % LANES, dtype)]) for a in (x, y))
    out = np.empty_like(x)
    over(x, y, out)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(out, x**y, rtol=300 * np.finfo(dtype).eps)


def test_a_million_float32_against_float64(compiled):
    bits = np.arange(0, 2**32, 4001, dtype=np.uint64).astype(np.uint32)
    x = bits.view(np.float32)
    x = x[np.isfinite(x)]
    got = evaluate(compiled("float32", "tanh"), x, np.float32).astype(np.float64)
    exact = np.tanh(x.astype(np.float64))
    unit = np.maximum(np.spacing(np.abs(exact).astype(np.float32)), np.finfo(np.float32).smallest_subnormal)
    assert (abs(got - exact) / unit).max() <= ULPS["tanh"]


@pytest.mark.parametrize("row", SERIES, ids=lambda row: f"{row.function}-{row.dtype}")
def test_coefficients_are_what_their_source_says(row):
    """Interpolation at the zeros of a stretched Chebyshev polynomial, anew, with forty digits."""
    with mpmath.workdps(40):
        function = EXPANDED[row.function]
        over, under = len(row.numerator) - 1, len(row.denominator) - 1
        nodes = _stretched_nodes(over + under, mpmath.mpf(row.limit) ** 2)
        matrix, right = mpmath.matrix(len(nodes)), mpmath.matrix(len(nodes), 1)
        for i, v in enumerate(nodes):
            exact = function(mpmath.sqrt(v)) / mpmath.sqrt(v)
            for k in range(over):
                matrix[i, k] = v ** (k + 1)
            for k in range(under):
                matrix[i, over + k] = -exact * v ** (k + 1)
            right[i] = exact - 1
        found = [float(c) for c in mpmath.lu_solve(matrix, right)]
        stated = [*row.numerator[1:], *row.denominator[1:]]
        # The last coefficients answer to the end of the interval in its last digits.
        np.testing.assert_allclose(stated, found, rtol=2e-3)
        worst = max(_error(row, function, mpmath.mpf(row.limit) * k / 200) for k in range(1, 201))
        assert worst <= row.error


def _stretched_nodes(count, end):
    zeros = [mpmath.cos(mpmath.pi * (2 * k + 1) / (2 * count + 2)) for k in range(count + 1)]
    lowest = zeros[-1]
    return [(zero - lowest) / (1 - lowest) * end for zero in zeros[:-1]]


def _error(row, function, x):
    over = sum(mpmath.mpf(c) * x ** (2 * k) for k, c in enumerate(row.numerator))
    under = sum(mpmath.mpf(c) * x ** (2 * k) for k, c in enumerate(row.denominator))
    return abs(x * over / under / function(x) - 1)
