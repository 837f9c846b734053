"""What is emitted, read instruction by instruction as the specification has it (5.4): none is of relaxed SIMD."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import gradlab as gl
from gradlab.codegen.wasm import WasmModule, WasmNetwork, curvature_module, descent_module, drawing_module
from gradlab.codegen.wasm._bytes import PLAIN, SIMD
from gradlab.graph import mlp_graph
from gradlab.rules import Rule

RELAXED = range(0x100, 0x200)  # behind 0xFD: i8x16.relaxed_swizzle and all that came with it, and after it
VECTORS = 0xFD
NAMES = {(code,): name for name, code in PLAIN.items()} | {(VECTORS, code): name for name, code in SIMD.items()}
NUMBERS = {"br", "br_if", "local.get", "local.set", "local.tee", "i32.const", "i64.const"}  # each in LEB128
BYTES = {"block": 1, "loop": 1, "if": 1, "f64.const": 8, "v128.const": 16}


def number(code: bytes, place: int) -> tuple[int, int]:
    """An unsigned number in LEB128, and the place behind it."""
    value = shift = 0
    while True:
        value |= (code[place] & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if code[place - 1] < 0x80:
            return value, place


def bodies(code: bytes) -> Iterator[bytes]:
    """The instructions of each function of a module."""
    place = 8
    while place < len(code):
        kind, (size, start) = code[place], number(code, place + 1)
        place = start + size
        if kind != 10:
            continue
        count, at = number(code, start)
        for _ in range(count):
            length, at = number(code, at)
            groups, first = number(code, at)
            for _ in range(groups):
                first = number(code, first)[1] + 1
            yield code[first : at + length]
            at += length


def instructions(body: bytes) -> Iterator[str]:
    """The names of a function's instructions; each operand is read as long as it is."""
    place = 0
    while place < len(body):
        opcode, place = (body[place],), place + 1
        if opcode == (VECTORS,):
            vector, place = number(body, place)
            assert vector not in RELAXED
            opcode = (VECTORS, vector)
        name = NAMES[opcode]
        yield name
        place += BYTES.get(name, 0)
        for _ in range(2 if "load" in name or "store" in name else name in NUMBERS):
            place = number(body, place)[1]
    assert place == len(body)


def emitted() -> Iterator[WasmModule]:
    """Modules of every kind: straight and rolled, in both number types, with every rule."""
    bowl = gl.function("(x1 - 6)**2 + exp(sin(x2))/log(2 + x1**2) + abs(x2)**1.5", name="f").graph
    variables = ("x1", "x2")
    yield drawing_module()
    yield curvature_module(bowl, "f", variables)
    for i, rule in enumerate(Rule.all()):
        yield descent_module(bowl, "f", variables, rule.update(), ("float32", "float64")[i % 2])
    for dtype in ("float32", "float64"):
        for sizes, hidden, loss in (
            ((2, 2, 1), "tanh", "binary_cross_entropy"),
            ((3, 6, 3), "gelu", "softmax_cross_entropy"),
        ):
            network = WasmNetwork(graph := mlp_graph(sizes, hidden, None, loss))
            yield network.module(dtype)
            yield network.training([[0.5] * len(graph.columns)] * 5, dtype=dtype, scheduled=True)


@pytest.fixture(scope="module")
def modules() -> list[WasmModule]:
    return list(emitted())


def test_no_instruction_of_relaxed_simd_is_emitted(modules):
    found = {name for each in modules for body in bodies(each.code) for name in instructions(body)}
    assert all(body.endswith(b"\x0b") for each in modules for body in bodies(each.code))
    assert {"f32x4.mul", "f64x2.mul", "f32x4.sqrt", "loop", "v128.bitselect"} <= found <= {*PLAIN, *SIMD}
    assert not any("relaxed" in name for name in (*PLAIN, *SIMD))
    assert not set(SIMD.values()) & set(RELAXED)
