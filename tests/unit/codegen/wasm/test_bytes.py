"""The emitter: numbers in LEB128, sections, and modules that an engine takes."""

from __future__ import annotations

import struct

import hypothesis.strategies as st
import pytest
import wasmtime
from hypothesis import given, settings

from gradlab.codegen.wasm._bytes import PLAIN, SIMD, TYPES, Function, instruction, module, section, signed, unsigned


def read(data: bytes, with_sign: bool) -> tuple[int, int]:
    """A number in LEB128 and how many bytes it takes, as the specification says it is read (5.2.2)."""
    value = 0
    for place, byte in enumerate(data):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            negative = with_sign and byte & 0x40
            return value - (1 << 7 * (place + 1)) * bool(negative), place + 1
    raise AssertionError("the number has no end")


@given(st.integers(0, 2**64 - 1), st.binary(max_size=3))
def test_numbers_from_0_up_are_read_again(value, behind):
    made = unsigned(value)
    assert read(made + behind, False) == (value, len(made))
    assert len(made) == max(1, -(-value.bit_length() // 7))


@given(st.integers(-(2**63), 2**63 - 1), st.binary(max_size=3))
def test_numbers_of_both_signs_are_read_again_in_the_fewest_bytes(value, behind):
    made = signed(value)
    assert read(made + behind, True) == (value, len(made))
    assert len(made) == (value if value >= 0 else ~value).bit_length() // 7 + 1


@given(st.integers(0, 12), st.binary(max_size=400))
def test_a_section_says_how_long_it_is(number, content):
    made = section(number, content)
    size, taken = read(made[1:], False)
    assert (made[0], size, made[1 + taken :]) == (number, len(content), content)


def sections(code: bytes) -> list[int]:
    """The numbers of a module's sections."""
    assert code[:8] == b"\0asm" + struct.pack("<I", 1)
    found, place = [], 8
    while place < len(code):
        size, taken = read(code[place + 1 :], False)
        found.append(code[place])
        place += 1 + taken + size
    assert place == len(code)
    return found


kinds = st.lists(st.sampled_from(list(TYPES)), max_size=9).map(tuple)
names = st.text(st.characters(codec="utf-8"), max_size=9)


@settings(max_examples=60)
@given(st.dictionaries(names, st.tuples(kinds, kinds), min_size=1, max_size=4))
def test_any_functions_make_a_module_that_an_engine_takes(functions):
    made = module([Function(name, given, own, b"") for name, (given, own) in functions.items()])
    assert sections(made) == [1, 2, 3, 7, 10]
    engine = wasmtime.Engine()
    found = wasmtime.Module(engine, made)
    assert [(each.name, len(each.type.params)) for each in found.exports] == [
        (name, len(given)) for name, (given, _) in functions.items()
    ]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(0, 4000)), max_size=6))
def test_numbers_arrive_in_the_memory_of_an_engine(pairs):
    code = b"".join(
        instruction("i32.const", 0)
        + instruction("i32.const", value)
        + instruction("f64.convert_i32_s")
        + instruction("f64.store", 8 * place)
        for value, place in pairs
    )
    store = wasmtime.Store()
    memory = wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(1, None)))
    made = wasmtime.Module(store.engine, module([Function("go", (), (), code)]))
    wasmtime.Instance(store, made, [memory]).exports(store)["go"](store)
    for place, value in {place: value for value, place in pairs}.items():
        assert struct.unpack("<d", memory.read(store, 8 * place, 8 * place + 8)) == (value,)


def test_no_instruction_is_of_relaxed_simd_and_none_has_two_codes():
    assert max(SIMD.values()) < 0x100
    for table in (PLAIN, SIMD):
        assert len(set(table.values())) == len(table)


def test_an_unknown_instruction_is_an_error():
    with pytest.raises(KeyError):
        instruction("f32x4.relaxed_madd")
