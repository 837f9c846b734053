"""How long `import gradlab` takes, and its core loaded, beside the libraries that it does not wait for.

Each is a process of its own, with byte code written before; Python's own start is taken off. Run it with
``make bench-import``; it writes its section of RESULTS.md.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

from _results import write_section

REPEATS = 5
CODE = "import time; t = time.perf_counter(); exec({what!r}); print(time.perf_counter() - t)"
CORE = "import gradlab as gl; gl.function, gl.mlp"
ROWS = {
    "`import gradlab`": "import gradlab",
    "and `gl.function`, `gl.mlp`: what derives and prints": CORE,
    "and `gl.prove`": f"{CORE}, gl.prove",
    "and `gl.train`, with NumPy": f"{CORE}, gl.prove, gl.train",
    "numpy": "import numpy",
    "sympy": "import sympy",
    "torch": "import torch",
}


def seconds(what: str, repeats: int) -> list[float]:
    """How long a fresh interpreter takes for it, sorted; the first run, which may write byte code, does not count."""
    command = [sys.executable, "-c", CODE.format(what=what)]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(repeats + 1)]
    return sorted(float(run) for run in runs[1:])


def table(repeats: int = REPEATS, rows: dict[str, str] = ROWS) -> str:
    lines = ["| loaded | median | fastest | slowest |", "| :-- | --: | --: | --: |"]
    for name, what in rows.items():
        took = seconds(what, repeats)
        lines.append(f"| {name} | {statistics.median(took):.3f} s | {took[0]:.3f} s | {took[-1]:.3f} s |")
    return "\n".join(lines)


if __name__ == "__main__":
    measured = table()
    print(measured)
    write_section("Import", f"{REPEATS} processes each, with byte code.\n\n{measured}")
