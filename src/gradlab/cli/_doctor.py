"""`gradlab doctor`: what is installed, what is missing for what, and how fast this machine is."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator

from gradlab._version import __version__

# What a person wants to do, by the extra that it takes.
_FOR = {
    "torch": "compile for PyTorch, run the course lab",
    "plot": "draw pictures",
    "video": "write films as MP4 where there is no ffmpeg",
    "cli": "use the command line",
    "sweep": "train and sweep with compiled kernels",
    "store": "keep sweeps in a store, and go on with them",
    "cuda": "train and sweep on a GPU of NVIDIA's",
    "cluster": "train, sweep and grade on the workers of a scheduler",
    "play": "serve the page without building it",
    "widgets": "show the page's views in a notebook",
    "tables": "read data from Parquet files",
    "labs": "build, check and grade labs",
}
_WIDTH = max(map(len, _FOR.values()))
_Line = tuple[str, str]


def doctor() -> None:
    """Say what is installed, what is missing for what, and how fast gradlab's own work is here.

    It takes about five seconds, most of them for the measurements; nothing is changed. For example:

    * `gradlab doctor`
    """
    for title, lines in (("Here", _here()), ("To", _extras()), ("Measured, the second time each", _measured())):
        print(title)
        for name, text in lines:
            print(f"  {name:<{_WIDTH}} {text}")
        print()


def _here() -> Iterator[_Line]:
    yield "gradlab, Python", f"{__version__}, {platform.python_version()} ({sys.executable})"
    yield "system", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    if importlib.util.find_spec("numba") is not None:
        from gradlab.codegen import cache_folder, processor

        words, width = processor()
        yield "processor", f"{words.split()[0]}, vectors of {width} bytes"
        yield "compiled kernels are kept in", str(cache_folder())
    yield "GPU", _gpus()
    found = shutil.which("bwrap")
    yield "bubblewrap, to run submissions apart", found or "missing; on Debian: apt-get install bubblewrap"


def _gpus() -> str:
    """The GPUs that can train, or why there is none; nothing of gradlab needs one."""
    from gradlab import GradlabError
    from gradlab.codegen import cuda

    try:
        return ", ".join(f"cuda:{number} {device.name}" for number, device in enumerate(cuda.gpus()))
    except GradlabError as error:
        return str(error).partition(";")[0]


def _extras() -> Iterator[_Line]:
    needed = _requirements()
    for extra, purpose in _FOR.items():
        missing = [name for name in needed.get(extra, []) if not _installed(name)]
        install = f"missing {', '.join(missing)}: pip install 'gradlab[{extra}]'"
        ready = "installed, but see the line GPU" if extra == "cuda" and not _gpus().startswith("cuda:") else "ready"
        yield purpose, install if missing else ready


def _requirements() -> dict[str, list[str]]:
    """The packages of each extra, as gradlab's own metadata say."""
    found: dict[str, list[str]] = {}
    for line in importlib.metadata.requires("gradlab") or []:
        name, extra = re.match(r"[\w.-]+", line), re.search(r"extra == ['\"]([\w-]+)", line)
        if name and extra:
            found.setdefault(extra[1], []).append(name[0])
    return found


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _measured() -> Iterator[_Line]:
    import gradlab as gl

    net, data = gl.mlp([2, 2, 1]), gl.datasets.five_points()
    yield "derive the gradient of a 2-2-1 network", _timed(lambda: gl.mlp([2, 2, 1]).backprop().latex())
    yield "judge an equation", _timed(lambda: gl.prove(r"\frac{d}{dx} \tanh(x) = 1 - \tanh(x)^2"))
    loss, gradient = (lambda w: w[0] ** 2 * w[1]), (lambda w: [2 * w[0] * w[1], w[0] ** 2])
    yield "check a gradient of two numbers", _timed(lambda: gl.check_gradient(loss, gradient, at=[2.0, 5.0]))
    if importlib.util.find_spec("numba") is not None:
        networks, steps = 10_000, 100
        spent = _seconds(lambda: gl.train(net, data, learning_rate=1.0, steps=steps, restarts=networks))
        yield (
            f"train {networks:,} networks for {steps} steps",
            f"{spent * 1e3:,.0f} ms, {_each(spent, networks * steps)}",
        )


def _each(spent: float, times: int) -> str:
    return f"{spent / times * 1e9:.2g} ns a step of one network"


def _timed(work: Callable[[], object]) -> str:
    return f"{_seconds(work) * 1e3:.3g} ms"


def _seconds(work: Callable[[], object]) -> float:
    """The time of the second call: the first one loads and compiles."""
    work()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
