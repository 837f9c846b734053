"""Where runs start, drawn in WebAssembly: the words of a Philox generator and what is made of them, as everywhere else.

Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from gradlab.codegen._normal import transforms
from gradlab.codegen.wasm._bytes import module
from gradlab.codegen.wasm._modules import WasmModule
from gradlab.codegen.wasm._translate import translate
from gradlab.codegen.wasm._values import Kind, Machine, Value

HALF = 32  # bits of a word: WebAssembly has no product of two words that is twice as long
LOWER = 2**HALF - 1
SOURCE = f"""\
def draw(_numbers, _blocks, _runs, _uniform, _counter, _above, _low, _high):
    for _block in range(_runs*_blocks):
        _counter = _counter + 1
        _c0 = _counter
        _c1 = _above
        _c2 = word(0)
        _c3 = word(0)
        _k0 = _low
        _k1 = _high
        for _round in range(10):
            _h0 = high({0xD2E7470EE14C6C93}, _c0)
            _h1 = high({0xCA5A826395121157}, _c2)
            _l0 = _c0*{0xD2E7470EE14C6C93}
            _c0 = _h1 ^ _c1 ^ _k0
            _c1 = _c2*{0xCA5A826395121157}
            _c2 = _h0 ^ _c3 ^ _k1
            _c3 = _l0
            _k0 = _k0 + {0x9E3779B97F4A7C15}
            _k1 = _k1 + {0xBB67AE8584CAA73B}
        if _uniform:
            _numbers[_block*4] = uniform(upper(_c0))
            _numbers[_block*4 + 1] = uniform(upper(_c1))
            _numbers[_block*4 + 2] = uniform(upper(_c2))
            _numbers[_block*4 + 3] = uniform(upper(_c3))
        else:
            _numbers[_block*4] = normal(upper(_c0), upper(_c1))
            _numbers[_block*4 + 1] = other(upper(_c0), upper(_c1))
            _numbers[_block*4 + 2] = normal(upper(_c2), upper(_c3))
            _numbers[_block*4 + 3] = other(upper(_c2), upper(_c3))
"""


def drawing_module() -> WasmModule:
    """The standard numbers of runs, in float64: ``draw(numbers, blocks, runs, uniform, counter, above, low, high)``.

    A run has four numbers in each of its blocks, of which there are as many as its parameters need: the rest of the
    last block means nothing. The counter is the number of the first run times the blocks, its lowest 64 bits and those
    above; the key is the seed, its lower and its upper half. The numbers are normal with deviation 1, or uniform
    between -1 and 1: times the factors of an initialisation, and rounded to a network's number type, they are where
    training starts in every other backend.
    """
    machine = Machine("float64")
    kinds = {"_counter": Kind.WORD, "_above": Kind.WORD, "_low": Kind.WORD, "_high": Kind.WORD}
    return WasmModule(module([translate(SOURCE, machine, kinds, _words(machine))]), SOURCE, machine.dtype, 1)


def _words(machine: Machine) -> dict[str, Callable[..., Any]]:
    """What the drawing calls, by name."""
    made, double = machine.made, Kind.DOUBLE
    have = SimpleNamespace(
        root=lambda x: made("sqrt", x, kind=double),
        where=lambda truth, a, b: made("select", a, b, truth, kind=double),
        equal=lambda a, b: made("same", a, machine.word(b), kind=Kind.TRUTH),
        bits=lambda x: made("bits", x, kind=Kind.WORD),
        value=lambda x: made("of_bits", x, kind=double),
        number=lambda x: made("of_word", x, kind=double),
    )
    of_words = transforms(have, lambda function: function)

    def down(x: Value, bits: int) -> Value:
        return made("shr_u", x, machine.word(bits), kind=Kind.WORD)

    def high(factor: int, x: Value) -> Value:
        """The upper half of a product, from the products of halves."""
        one, two = factor & LOWER, factor >> HALF
        below, above = x & LOWER, down(x, HALF)
        mixed, crossed = above * one, below * two
        carried = down(below * one, HALF) + (mixed & LOWER) + (crossed & LOWER)
        return above * two + down(mixed, HALF) + down(crossed, HALF) + down(carried, HALF)

    return {
        "word": machine.word,
        "high": high,
        "upper": lambda x: down(x, 12),
        "uniform": of_words["uniform"],
        "normal": lambda k, direction: of_words["normal"](k, direction)[0],
        "other": lambda k, direction: of_words["normal"](k, direction)[1],
    }
