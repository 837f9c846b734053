"""WebAssembly as bytes: numbers, sections, and the instructions that kernels use. No other assembler is needed.

Source: the WebAssembly core specification, release 2.0, chapter 5 (binary format); relaxed SIMD is left out, so that
every machine computes the same bits.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

TYPES = MappingProxyType({"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C, "v128": 0x7B})
EMPTY = 0x40  # the type of a block that leaves nothing
VECTOR = 16  # bytes

# Instructions of one byte.
PLAIN = MappingProxyType({
    "block": 0x02, "loop": 0x03, "if": 0x04, "else": 0x05, "end": 0x0B, "br": 0x0C, "br_if": 0x0D, "select": 0x1B,
    "local.get": 0x20, "local.set": 0x21, "local.tee": 0x22, "f32.load": 0x2A, "f64.load": 0x2B, "f32.store": 0x38,
    "f64.store": 0x39, "i32.const": 0x41, "i64.const": 0x42, "f64.const": 0x44, "i32.eqz": 0x45, "i32.eq": 0x46,
    "i32.ne": 0x47, "i32.lt_s": 0x48, "i32.gt_s": 0x4A, "i32.le_s": 0x4C, "i32.ge_s": 0x4E, "i32.add": 0x6A,
    "i32.sub": 0x6B, "i32.mul": 0x6C, "i32.and": 0x71, "i32.or": 0x72, "i32.shl": 0x74, "i64.eq": 0x51, "i64.add": 0x7C,
    "i64.sub": 0x7D, "i64.mul": 0x7E, "i64.and": 0x83, "i64.xor": 0x85, "i64.shl": 0x86, "i64.shr_s": 0x87,
    "i64.shr_u": 0x88, "f64.sqrt": 0x9F, "f64.add": 0xA0, "f64.sub": 0xA1, "f64.mul": 0xA2, "f64.div": 0xA3,
    "f32.demote_f64": 0xB6, "f64.convert_i32_s": 0xB7, "f64.convert_i64_s": 0xB9, "f64.promote_f32": 0xBB,
    "i64.reinterpret_f64": 0xBD, "f64.reinterpret_i64": 0xBF,
})  # fmt: skip
# Instructions on vectors, behind the prefix 0xFD.
SIMD = MappingProxyType({
    "v128.load": 0x00, "v128.load32_splat": 0x09, "v128.load64_splat": 0x0A, "v128.store": 0x0B, "v128.const": 0x0C,
    "f32x4.splat": 0x13, "f64x2.splat": 0x14, "f32x4.eq": 0x41, "f32x4.lt": 0x43, "f64x2.eq": 0x47, "f64x2.lt": 0x49,
    "v128.and": 0x4E, "v128.bitselect": 0x52, "v128.any_true": 0x53, "i32x4.shl": 0xAB, "i32x4.shr_s": 0xAC,
    "i32x4.add": 0xAE, "i32x4.sub": 0xB1, "i64x2.shl": 0xCB, "i64x2.shr_s": 0xCC, "i64x2.add": 0xCE,
    "i64x2.sub": 0xD1, "f32x4.abs": 0xE0, "f32x4.neg": 0xE1, "f32x4.sqrt": 0xE3, "f32x4.add": 0xE4,
    "f32x4.sub": 0xE5, "f32x4.mul": 0xE6, "f32x4.div": 0xE7, "f32x4.pmin": 0xEA, "f32x4.pmax": 0xEB,
    "f64x2.abs": 0xEC, "f64x2.neg": 0xED, "f64x2.sqrt": 0xEF, "f64x2.add": 0xF0, "f64x2.sub": 0xF1,
    "f64x2.mul": 0xF2, "f64x2.div": 0xF3, "f64x2.pmin": 0xF6, "f64x2.pmax": 0xF7, "f32x4.convert_i32x4_s": 0xFA,
})  # fmt: skip
# How much is read or written at a time, as the power of two that addresses may be trusted to be a multiple of.
ALIGNMENTS = MappingProxyType({
    "f32.load": 2, "f32.store": 2, "f64.load": 3, "f64.store": 3, "v128.load": 4, "v128.store": 4,
    "v128.load32_splat": 2, "v128.load64_splat": 3,
})  # fmt: skip


def unsigned(value: int) -> bytes:
    """A whole number from 0 up in LEB128: seven bits a byte, the lowest first."""
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*made, value))


def signed(value: int) -> bytes:
    """Any whole number in LEB128: the highest bit of the last seven is its sign."""
    made = bytearray()
    while not -0x40 <= value < 0x40:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*made, value & 0x7F))


def instruction(name: str, operand: int | float | bytes = 0) -> bytes:
    """One instruction.

    Args:
        name: as in the text format.
        operand: for ``v128.const`` 16 bytes, for loads and stores the offset, for branches and locals a number.
    """
    code = b"\xfd" + unsigned(SIMD[name]) if name in SIMD else bytes((PLAIN[name],))
    if isinstance(operand, bytes):
        return code + operand
    if name == "f64.const":
        return code + struct.pack("<d", operand)
    assert isinstance(operand, int)
    if name in ("i32.const", "i64.const"):
        return code + signed(operand)
    if name in ALIGNMENTS:
        return code + unsigned(ALIGNMENTS[name]) + unsigned(operand)
    if name in ("block", "loop", "if"):
        return code + bytes((EMPTY,))
    return code + unsigned(operand) if name.startswith(("br", "local")) else code


def sequence(items: Iterable[bytes]) -> bytes:
    """How many items there are, and the items."""
    made = list(items)
    return unsigned(len(made)) + b"".join(made)


def named(text: str) -> bytes:
    """A name."""
    return sequence(bytes((byte,)) for byte in text.encode())


def section(number: int, content: bytes) -> bytes:
    """One section of a module."""
    return bytes((number,)) + sequence_of_bytes(content)


def sequence_of_bytes(content: bytes) -> bytes:
    """How many bytes there are, and the bytes."""
    return unsigned(len(content)) + content


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a module.

    Attributes:
        name: under which it is exported.
        parameters: the types of what it is given.
        locals: the types of its own variables.
        code: its instructions, without the ``end`` behind them.
    """

    name: str
    parameters: tuple[str, ...]
    locals: tuple[str, ...]
    code: bytes


def module(functions: Sequence[Function]) -> bytes:
    """A module that takes its memory as ``env.memory`` from whoever makes an instance of it, and exports functions.

    Args:
        functions: without results; what they make lies in the memory.
    """
    types = [
        b"\x60" + sequence(bytes((TYPES[kind],)) for kind in function.parameters) + sequence(())
        for function in functions
    ]
    memory = named("env") + named("memory") + b"\x02\x00" + unsigned(1)  # at least one page, without a limit
    exports = [named(function.name) + b"\x00" + unsigned(i) for i, function in enumerate(functions)]
    bodies = [
        sequence_of_bytes(
            sequence(unsigned(count) + bytes((TYPES[kind],)) for kind, count in _runs(function.locals))
            + function.code
            + instruction("end")
        )
        for function in functions
    ]
    return b"".join((
        b"\0asm", struct.pack("<I", 1), section(1, sequence(types)), section(2, sequence([memory])),
        section(3, sequence(unsigned(i) for i in range(len(functions)))), section(7, sequence(exports)),
        section(10, sequence(bodies)),
    ))  # fmt: skip


def _runs(kinds: Sequence[str]) -> list[tuple[str, int]]:
    """Kinds in a row as a kind and how many there are."""
    runs: list[tuple[str, int]] = []
    for kind in kinds:
        if runs and runs[-1][0] == kind:
            runs[-1] = kind, runs[-1][1] + 1
        else:
            runs.append((kind, 1))
    return runs
