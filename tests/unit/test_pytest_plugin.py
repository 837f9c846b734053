"""The pytest plugin in a session of its own: marked gradients are tests, seeds are parameters."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

SUITE = """
import gradlab as gl


def loss(x):
    return x @ x


@gl.testing.gradient_of(loss, at=[1.0, 2.0])
def right(x):
    return 2 * x


@gl.testing.gradient_of(loss, at=lambda rng: rng.normal(size=3))
def wrong(x):
    return 3 * x


@gl.testing.gradient_of(lambda x: 3.0, at=[1.0], allow_undecided=True)
def flat(x):
    return 0 * x + 1e-3


class Model:
    class Layer:
        @staticmethod
        @gl.testing.gradient_of(loss, at=[1.0, 2.0])
        def inside(x):
            return 2 * x


class TestMethods:
    @gl.testing.gradient_of(loss, at=[1.0, 2.0])
    @staticmethod
    def method(x):
        return 2 * x


def test_with_seeds(gradient_rng):
    gl.testing.assert_gradient(loss, right, at=gradient_rng.normal(size=2))


def test_message():
    gl.testing.assert_gradient(loss, wrong, at=[1.0, 2.0])
"""


@pytest.fixture
def session(tmp_path):
    """Run pytest in a folder with the suite and return its output."""
    (tmp_path / "test_gradients.py").write_text(SUITE, encoding="utf-8")

    def run(*options: str) -> str:
        command = [sys.executable, "-m", "pytest", "-p", "gradlab._pytest", "-p", "no:cacheprovider", "-rA", *options]
        # By its name alone: where gradlab is installed, pytest would load it a second time.
        environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
        return done.stdout + done.stderr

    return run


def test_marked_gradients_and_seeds_are_tests(session):
    out = session("--gradient-seeds", "2")
    for passed in ("right", "test_with_seeds[seed0]", "test_with_seeds[seed1]", "flat"):
        assert f"PASSED test_gradients.py::{passed}" in out
    for within_a_class in ("Model.Layer.inside", "TestMethods::method"):
        assert f"PASSED test_gradients.py::{within_a_class}" in out
    assert "FAILED test_gradients.py::wrong[seed0] - WRONG: 3 wrong of 3 entries" in out
    assert "FAILED test_gradients.py::wrong[seed1] - WRONG" in out
    assert "FAILED test_gradients.py::test_message - AssertionError: WRONG: 2 wrong" in out
    assert "3 failed, 6 passed" in out


def test_without_an_option_three_seeds_are_drawn_and_none_is_refused(session):
    assert "test_with_seeds[seed2]" in session("-k", "with_seeds")
    assert "write 1 or more" in session("--gradient-seeds", "0")


def test_pytest_finds_the_plugin_where_gradlab_is_installed():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["entry-points"]["pytest11"] == {"gradlab": "gradlab._pytest"}
