"""The table of approximations in WebAssembly, where a product and a sum are rounded twice."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from gradlab.codegen.wasm import WasmModule
from gradlab.codegen.wasm._bytes import module
from gradlab.codegen.wasm._translate import translate
from gradlab.codegen.wasm._values import Machine
from ulps import ULPS
from wasm_engine import Instance

EXACT = {
    "tanh": mpmath.tanh, "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)), "exp": mpmath.exp, "log": mpmath.log,
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)), "arctan": mpmath.atan, "erf": mpmath.erf, "log1p": mpmath.log1p,
    "expm1": mpmath.expm1, "sin": mpmath.sin, "cos": mpmath.cos,
}  # fmt: skip
TWICE = 2  # how much more is lost where nothing is fused


def over(name, x, dtype):
    source = f"def each(x, out, n):\n    for i in range(0, n, 2):\n        store(out, i, {name}(load(x, i)))\n"
    machine = Machine(dtype)
    source = source.replace("n, 2", f"n, {machine.lanes}")
    run = Instance(WasmModule(module([translate(source, machine)]), source, dtype, machine.lanes))
    padded = np.pad(x, (0, -len(x) % machine.lanes))
    given, out = run.put(padded), run.put(padded)
    run.call("each", given, out, len(padded))
    return run.get(out, padded.shape)[: len(x)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", EXACT)
def test_errors_stay_below_twice_the_bound(name, dtype):
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.uniform(-3, 3, 150), rng.uniform(-80, 80, 150), 10 ** rng.uniform(-30, 0, 60)])
    quarters = np.arange(-30, 30) * np.pi / 2
    x = np.concatenate([x, np.nextafter(quarters, 9), quarters]).astype(dtype)
    x = x[{"log": x > 0, "log1p": x > -1}.get(name, x == x)]
    bound = TWICE * ULPS[name]
    made, info = over(name, x, dtype), np.finfo(dtype)
    with mpmath.workdps(40):
        for value, argument in zip(made, x, strict=True):
            exact = EXACT[name](mpmath.mpf(float(argument)))
            if abs(exact) < info.tiny:
                assert abs(value) <= 2 * info.tiny
            else:
                unit = mpmath.ldexp(1, int(mpmath.mag(exact)) - 1 - info.nmant)
                assert abs(mpmath.mpf(float(value)) - exact) <= bound * unit, argument
