from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

# One thread for each test process: the tests run side by side.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
# Many tests start gradlab in a process of its own: its modules are compiled once, and not by each of these.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import pytest
from hypothesis import settings

sys.dont_write_bytecode = False
# With it jsonschema, which reads notebooks, would make a grammar of web addresses for a second.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
# What PyTorch, SymPy and jax bring is not searched for garbage again and again.
gc.set_threshold(20_000)
WITHOUT_GPU = pytest.StashKey[tuple[int, str]]()

settings.register_profile("gradlab", deadline=None, derandomize=True)
settings.load_profile("gradlab")


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew instead of comparing")


def pytest_collection_finish():
    gc.freeze()


def pytest_collection_modifyitems(config, items):
    """Leaves out what needs a GPU where there is none."""
    wanting = [item for item in items if item.get_closest_marker("gpu")]
    if wanting and (why := _no_gpu()):
        items[:] = [item for item in items if item not in wanting]
        config.hook.pytest_deselected(items=wanting)
        _left_out(config, len(wanting), why)


def _no_gpu() -> str:
    from gradlab import GradlabError
    from gradlab.codegen import cuda

    try:
        cuda.gpus()
    except GradlabError as error:
        return str(error).partition(";")[0]
    return ""


def _left_out(config, count, why):
    """Kept for the summary; by the workers of xdist for the process that writes it."""
    if hasattr(config, "workeroutput"):
        config.workeroutput["without_gpu"] = count, why
    else:
        config.stash[WITHOUT_GPU] = count, why


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    if "without_gpu" in getattr(node, "workeroutput", {}):
        node.config.stash[WITHOUT_GPU] = tuple(node.workeroutput["without_gpu"])


def pytest_terminal_summary(terminalreporter, config):
    if WITHOUT_GPU in config.stash:
        count, why = config.stash[WITHOUT_GPU]
        terminalreporter.write_line(f"{count} tests of a GPU were left out: {why}")


@pytest.fixture
def golden(request):
    """Compare a text with a golden file; with --update-golden write the file."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: run pytest --update-golden and read what it wrote"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def double_precision():
    """PyTorch's default precision float64, for as long as one test runs: tests of other modules may run between two."""
    import torch

    precision = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(precision)
