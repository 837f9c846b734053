"""Where runs start, drawn by the threads that train them: Philox and its transforms for Numba.

Every run owns a stretch of the counter of a Philox generator whose key is the seed, so a run's numbers depend on the
seed and its own number alone. A thread draws as many runs at a time as its nearer caches hold, and trains them there.

Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".

Only what is printed imports this module: it imports Numba.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import types
from numba.extending import intrinsic

from gradlab.codegen._drawing import TOGETHER
from gradlab.codegen._normal import philox, transforms

# `numbers` have a row for each run; `factors` and `kinds` one for each setting, of which each has `count` runs.
# Indices are unsigned, so that none is asked whether it is counted from the end. The last pair of a row's words may be
# one too many: the next row's overwrite it.
SOURCE = f"""\
def kernel(numbers, parameters, first, last, count, run, low, high, factors, kinds, words, others, drawn):
    blocks = (parameters + 3)//4
    pairs = (parameters + 1)//2
    two, columns, length, spare = one + one, unsigned(parameters), unsigned(2*pairs), unsigned(2*blocks - pairs)
    setting, place = first//count, first % count
    start, to = first, unsigned(0)
    while start < last:
        rows = min({TOGETHER}, last - start, count - place)
        counter, at = unsigned((run + place)*blocks), unsigned(0)
        for row in range(rows):
            for block in range(blocks):
                counter += one
                words[at], others[at], words[at + one], others[at + one] = philox(counter, low, high)
                at += two
            at -= spare
        transform(kinds[setting], rows*pairs, words, others, drawn)
        at, taken = unsigned(0), unsigned(setting*parameters)
        for row in range(rows):
            for i in range(columns):
                numbers[to + i] = drawn[at + i]*factors[taken + i]
            at += length
            to += columns
        start += rows
        place += rows
        if place == count:
            setting, place = setting + 1, 0
"""


@intrinsic
def _product(typingctx: Any, a: Any, b: Any) -> Any:
    """The upper and the lower 64 bits of a product of two whole numbers, which are one instruction."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide, word = ir.IntType(128), ir.IntType(64)
        product = builder.mul(*(builder.zext(arg, wide) for arg in args))
        upper = builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), word)
        return context.make_tuple(builder, sig.return_type, (upper, builder.trunc(product, word)))

    return types.UniTuple(types.uint64, 2)(types.uint64, types.uint64), codegen


def _same_bits(result: Any, given: Any) -> Any:
    @intrinsic
    def view(typingctx: Any, number: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.bitcast(args[0], context.get_value_type(result))

        return result(given), codegen

    return view


@intrinsic
def _root(typingctx: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        function = builder.module.declare_intrinsic("llvm.sqrt", [args[0].type])
        return builder.call(function, args)

    return x(x), codegen


@cache
def draw_operations() -> dict[str, Any]:
    """Everything the printed drawing calls, by name."""
    compiled = njit(forceinline=True, error_model="numpy")

    @compiled
    def where(mask: Any, a: Any, b: Any) -> Any:
        return a if mask else b

    @compiled
    def equal(a: Any, b: Any) -> Any:
        return a == b

    @compiled
    def number(whole: Any) -> Any:
        return types.float64(whole)

    @compiled
    def unsigned(whole: Any) -> Any:
        return types.uint64(whole)

    have = SimpleNamespace(
        root=_root,
        where=where,
        equal=equal,
        bits=_same_bits(types.int64, types.float64),
        value=_same_bits(types.float64, types.int64),
        number=number,
        product=_product,
        word=unsigned,
    )
    made = transforms(have, compiled)
    uniform, normal = made["uniform"], made["normal"]

    @njit(error_model="numpy")
    def transform(kind: Any, count: Any, words: Any, others: Any, drawn: Any) -> Any:
        shift = types.uint64(12)
        if kind == 0:
            for i in range(count):
                one, two = normal(types.int64(words[i] >> shift), types.int64(others[i] >> shift))
                drawn[2 * i] = one
                drawn[2 * i + 1] = two
        else:
            for i in range(count):
                drawn[2 * i] = uniform(types.int64(words[i] >> shift))
                drawn[2 * i + 1] = uniform(types.int64(others[i] >> shift))

    return {"philox": philox(have, compiled), "transform": transform, "unsigned": unsigned, "one": np.uint64(1)}
