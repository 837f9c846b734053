"""Training kernels in CUDA C: draws, steps and verdicts of many networks in one launch.

The text is plain C but for a handful of the machine's own functions: with other spellings of those, a C compiler runs
it on any machine, thread after thread.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from gradlab.codegen._approximations import FORMATS
from gradlab.codegen._kernel_spec import KernelSpec
from gradlab.codegen._numba_rolled import rolled_kernel
from gradlab.codegen._numba_source import is_straight, straight_kernel
from gradlab.codegen.cuda._lanes import LanesSource
from gradlab.codegen.cuda._translate import translate
from gradlab.codegen.cuda._values import WHOLE, WORD, Functions, number_text

THREADS = 128  # of a block
ROWS = ("initial", "loss", "right", "lived", "success")  # what is said of each run, row by row
MACHINE = r"""
#ifndef INSIDE
#define INSIDE static __device__ __forceinline__
#define SHARED __shared__ __align__(16)
#define ENTRY extern "C" __global__ void __launch_bounds__(%(threads)d)
INSIDE float gl_reciprocal_f(float x) { float y; asm("rcp.approx.ftz.f32 %%0, %%1;" : "=f"(y) : "f"(x)); return y; }
INSIDE double gl_reciprocal(double x) { double y; asm("rcp.approx.ftz.f64 %%0, %%1;" : "=d"(y) : "d"(x)); return y; }
#endif
typedef unsigned long long word;
"""
OPERATIONS = {
    "float32": """
typedef float R;
typedef unsigned int bits;
#define BITS(x) __float_as_uint(x)
#define VALUE(x) __uint_as_float(x)
INSIDE R gl_fma(R a, R b, R c) { return fmaf(a, b, c); }
INSIDE R gl_absolute(R x) { return fabsf(x); }
INSIDE R gl_root(R x) { return sqrtf(x); }
INSIDE R gl_product(R a, R b) { return __fmul_rn(a, b); }
INSIDE R gl_over(R a, R b) { return a * gl_reciprocal_f(b); }
INSIDE R gl_exponent(R x) { return (R)((int)(BITS(x) + ABOVE) >> MANTISSA) - BIAS; }
""",
    # What one instruction gives has 20 bits; an error e of the reciprocal becomes one of e^3.
    "float64": """
typedef double R;
typedef unsigned long long bits;
#define BITS(x) ((bits)__double_as_longlong(x))
#define VALUE(x) __longlong_as_double((long long)(x))
INSIDE R gl_fma(R a, R b, R c) { return fma(a, b, c); }
INSIDE R gl_absolute(R x) { return fabs(x); }
INSIDE R gl_root(R x) { return sqrt(x); }
INSIDE R gl_product(R a, R b) { return __dmul_rn(a, b); }
INSIDE R gl_over(R a, R b) {
    const R r = gl_reciprocal(b), e = fma(-b, r, 1.0);
    return a * fma(fma(e, e, e), r, r);
}
INSIDE R gl_exponent(R x) { return (R)((int)((long long)(BITS(x) + ABOVE) >> MANTISSA)) - BIAS; }
""",
}
SAME = """
INSIDE R gl_nan(void) { return VALUE(NOT_A_NUMBER); }
INSIDE R gl_inf(void) { return VALUE(INFINITE); }
INSIDE R gl_larger(R a, R b) { return a > b ? a : b; }
INSIDE R gl_smaller(R a, R b) { return a < b ? a : b; }
INSIDE int gl_less(R a, R b) { return a < b; }
INSIDE int gl_equal(R a, R b) { return a == b; }
INSIDE int gl_both(int a, int b) { return a & b; }
INSIDE int gl_least(int a, int b) { return a < b ? a : b; }
INSIDE R gl_where(int mask, R a, R b) { return mask ? a : b; }
INSIDE R gl_scale(R x, R n) { return VALUE(BITS(x) + (BITS(n) << MANTISSA)); }
INSIDE R gl_power(R n) { return VALUE(BITS(n) << MANTISSA); }
INSIDE R gl_shared(R x, int lanes, unsigned mask) {
    int m;
    _Pragma("unroll")
    for (m = 1; m < lanes; m *= 2) x += __shfl_xor_sync(mask, x, m);
    return x;
}
INSIDE R gl_significand(R x) { return VALUE(((BITS(x) + ABOVE) & (((bits)1 << MANTISSA) - 1)) + ROOT_HALF); }
"""
# The normal numbers of four words are two pairs; a number of the last block may be one too many.
DRAW = """
INSIDE void gl_draw{rolled}(R* numbers, int count, int uniform, word counter, word low, word high,
        const double* factors) {{
    word w[4];
    double d[4];
    int block, i;
    {unroll}for (block = 0; block < (count + 3) / 4; ++block) {{
        {philox}(counter + block + 1, low, high, w);
        if (uniform) {{
            _Pragma("unroll")
            for (i = 0; i < 4; ++i) d[i] = {uniform}((long long)(w[i] >> 12));
        }} else {{
            {normal}((long long)(w[0] >> 12), (long long)(w[1] >> 12), d);
            {normal}((long long)(w[2] >> 12), (long long)(w[3] >> 12), d + 2);
        }}
        _Pragma("unroll")
        for (i = 0; i < 4; ++i)
            if (4 * block + i < count) numbers[4 * block + i] = (R)__dmul_rn(d[i], factors[4 * block + i]);
    }}
}}
"""
HEAD = """
ENTRY {name}(const R* starts, word low, word high, word first, int count, int before, const double* factors,
        const int* kinds, const R* rates, R* own, const R* data, R gap, int steps, int runs, int wanted,
        R* ends, R* said, R* curves) {{
    {points}R parameters[{parameters}], scratch[{scratch}], result[5];
    int i;
    const int thread = blockIdx.x * blockDim.x + threadIdx.x, run = thread / {lanes};
    if (run >= runs) return;
    if (starts) {{
        {unroll}for (i = 0; i < {parameters}; ++i) parameters[i] = starts[(word)run * {parameters} + i];
    }} else {{
        const int setting = (before + run) / count;
        const word place = (first + (before + run) % count) * {blocks};
        gl_draw{rolled}(parameters, {parameters}, kinds[setting], place, low, high, factors + setting * {parameters});
    }}
    rates += (word)run * {rates};
    own += (word)run * {owned};
    if (wanted) curves += (word)run * (steps + 1);
    if (ends) ends += (word)run * {parameters};
"""
# A run draws its start where none is given, and leaves in its memory what it ends with.
THREAD = """
    {name}_steps(parameters, rates, own, data, gap, steps, 0, 1, 1, wanted, scratch, result, result + 1, result + 2,
        result + 3, result + 4, curves);
    if (ends) {{
        {unroll}for (i = 0; i < {parameters}; ++i) ends[i] = parameters[i];
    }}
    {unroll}for (i = 0; i < 5; ++i) said[(word)i * runs + run] = result[i];
}}
"""
GROUP = """
    const int lane = thread % {lanes};
    const unsigned mask = ((1u << {lanes}) - 1) << (threadIdx.x % 32 - lane);
"""
# Every group of lanes copies all inputs: all write the same, and none has to wait for the others.
COPY = """
    for (i = thread % {lanes}; i < {points}; i += {lanes}) {{
        int j;
        for (j = 0; j < {inputs}; ++j) points[i * {row} + j] = data[i * {columns} + j];
    }}
    __syncwarp(mask);
"""
LANES = """
    {name}_steps(parameters, rates, own, data, {given}, gap, steps, 1, wanted, lane, mask, scratch, result, result + 1,
        result + 2, result + 3, result + 4, curves, ends, ends != 0);
    if (lane == 0) {{
        {unroll}for (i = 0; i < 5; ++i) said[(word)i * runs + run] = result[i];
    }}
}}
"""
UNROLL = '_Pragma("unroll")\n    '
ROLL = '_Pragma("unroll 1")\n    '


def cuda_source(specs: Iterable[tuple[str, KernelSpec, int]], dtype: str) -> str:
    """A program with a kernel for each specification.

    Args:
        specs: the name of each kernel, what it is for, and how many lanes share a network.
        dtype: the number type of all of them.
    """
    functions = Functions(dtype)
    calls = {
        "philox": functions.called("philox", WORD, WORD, WORD)[0],
        "uniform": functions.called("uniform", WHOLE)[0],
        "normal": functions.called("normal", WHOLE, WHOLE)[0],
    }
    kernels = [
        _thread(name, spec, functions) if lanes == 1 else _shared(name, spec, functions, lanes)
        for name, spec, lanes in specs
    ]
    draws = DRAW.format(**calls, rolled="", unroll=UNROLL), DRAW.format(**calls, rolled="_rolled", unroll=ROLL)
    return "\n".join([_machine(dtype), *functions.printed, *draws, *kernels])


def _machine(dtype: str) -> str:
    """The operations of the machine."""
    form = FORMATS[dtype]
    infinite = (2 * form.bias + 1) << form.mantissa
    numbers = {
        "MANTISSA": form.mantissa, "BIAS": number_text(form.bias, dtype), "ABOVE": f"{form.one - form.root_half:#x}",
        "ROOT_HALF": f"{form.root_half:#x}", "INFINITE": f"{infinite:#x}",
        "NOT_A_NUMBER": f"{infinite | 1 << (form.mantissa - 1):#x}",
    }  # fmt: skip
    suffix = "u" if dtype == "float32" else "ULL"
    defined = "\n".join(
        f"#define {name} {text}{suffix if text.startswith('0x') else ''}"
        for name, text in ((name, str(value)) for name, value in numbers.items())
    )
    return MACHINE.lstrip() % {"threads": THREADS} + defined + OPERATIONS[dtype] + SAME


def _thread(name: str, spec: KernelSpec, functions: Functions) -> str:
    """What trains the networks of one specification, a thread each."""
    spec, straight = replace(spec, lanes=1), is_straight(spec.graph)
    printed = straight_kernel(spec) if straight else rolled_kernel(spec, wide=False)
    words = _words(name, spec, printed.scratch, 1) | {"points": ""} | _loops(straight)
    text = translate(printed.source, functions, f"{name}_steps", unrolled=straight)
    return text + (HEAD + THREAD).format(**words)


def _shared(name: str, spec: KernelSpec, functions: Functions, lanes: int) -> str:
    """What trains the networks of one specification, several lanes of a warp each."""
    made = LanesSource(spec, lanes)
    words = _words(name, spec, made.scratch, lanes) | _loops(False) | {"given": "points" if made.copied else "data"}
    text = translate(made.source(), functions, f"{name}_steps", unrolled=False)
    room = f"SHARED R points[{spec.points * made.row_length}];\n    " if made.copied else ""
    copy = COPY.format(
        lanes=lanes, points=spec.points, inputs=spec.graph.sizes[0], row=made.row_length, columns=made.columns
    )
    group = GROUP.format(lanes=lanes)
    return text + HEAD.format(**words, points=room) + group + (copy if made.copied else "") + LANES.format(**words)


def _loops(unrolled: bool) -> dict[str, str]:
    """How loops over all parameters are written: for few of them, so that they lie in registers."""
    return {"unroll": UNROLL, "rolled": ""} if unrolled else {"unroll": ROLL, "rolled": "_rolled"}


def _words(name: str, spec: KernelSpec, scratch: int, lanes: int) -> dict[str, Any]:
    """What the head of a kernel is made of."""
    count = len(spec.graph.parameters)
    return {
        "name": name, "parameters": count, "scratch": scratch, "lanes": lanes, "rates": spec.rates,
        "owned": spec.owned, "blocks": -(-count // 4),
    }  # fmt: skip
