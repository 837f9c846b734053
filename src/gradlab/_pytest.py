"""The pytest plugin: marked gradients are tests, and `gradient_rng` runs a test with several seeds.

Pytest loads it in every session of an environment that has gradlab, so it imports nothing heavy until it is used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

DEFAULT_SEEDS = 3


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many seeds, on the command line or in the configuration."""
    group = parser.getgroup("gradlab", "gradient checks")
    group.addoption(
        "--gradient-seeds",
        type=int,
        default=None,
        metavar="N",
        help=f"how many points are drawn for each gradient check (default {DEFAULT_SEEDS})",
    )
    parser.addini("gradient_seeds", "how many points are drawn for each gradient check", default=str(DEFAULT_SEEDS))


def _seeds(config: pytest.Config) -> range:
    given = config.getoption("--gradient-seeds")
    count = int(config.getini("gradient_seeds")) if given is None else given
    if count < 1:
        raise pytest.UsageError(f"gradient seeds: {count} is too few; write 1 or more")
    return range(count)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `gradient_rng` once for each seed."""
    if "gradient_rng" in metafunc.fixturenames:
        metafunc.parametrize("gradient_rng", _seeds(metafunc.config), indirect=True, ids=lambda seed: f"seed{seed}")


@pytest.fixture
def gradient_rng(request: pytest.FixtureRequest) -> Any:
    """A `numpy.random.Generator`, one for each seed of `--gradient-seeds`."""
    import numpy as np

    return np.random.default_rng(request.param)


def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> Any:
    """Collect what `gl.testing.gradient_of` and `gl.testing.checked` have marked in a test module."""
    testing = sys.modules.get("gradlab.testing")
    if testing is None:
        return None
    module = collector.obj.__name__ if isinstance(collector, pytest.Module) else collector.obj.__module__
    # Imported marks belong to the module that wrote them.
    if getattr(obj, "__module__", "") != module:
        return None
    marks = testing.marks_of(obj)
    if isinstance(obj, type) and not collector.classnamefilter(name):
        # Into its own test classes pytest looks by itself.
        marks = (*marks, *testing.marks_in(obj, module))
    return list(_items(collector, marks)) or None


def _items(collector: pytest.Collector, marks: tuple[Any, ...]) -> Iterator[GradientItem]:
    for mark in marks:
        told = mark.name.rpartition(".")[2] if isinstance(collector, pytest.Class) else mark.name
        for seed in _seeds(collector.config) if mark.draws else (None,):
            name = told if seed is None else f"{told}[seed{seed}]"
            yield GradientItem.from_parent(collector, name=name, mark=mark, seed=seed)


class GradientFailedError(Exception):
    """A marked gradient is not CORRECT; the message is the report."""


class GradientItem(pytest.Item):
    """One marked gradient at one point."""

    def __init__(self, *, mark: Any, seed: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check, self.seed = mark, seed

    def runtest(self) -> None:
        """Check it."""
        import numpy as np

        from gradlab.testing import passes

        report = self.check.run(*(() if self.seed is None else (np.random.default_rng(self.seed),)))
        if not passes(report, self.check.allow_undecided):
            raise GradientFailedError(str(report))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report alone: where Python was when it was made says nothing about the gradient."""
        from gradlab._errors import GradlabError

        if isinstance(excinfo.value, GradientFailedError | GradlabError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where it stands."""
        return self.path, None, f"gradient {self.name}"
