"""What documentation tells people to use is there for them, and every error is a GradlabError."""

from __future__ import annotations

import builtins
import importlib
import inspect
import re

import pytest

import gradlab as gl

PACKAGES = ["check", "codegen", "derive", "descent", "graph", "labs", "plot", "prove", "rules", "train"]


def documented(namespace: object) -> dict[str, str]:
    """The docstring of each function, class and public method that a namespace shows."""
    found = {}
    shown = {name: getattr(namespace, name) for name in dir(namespace) if not name.startswith("_")}
    for name, thing in shown.items():
        if (inspect.isclass(thing) or callable(thing)) and getattr(thing, "__module__", "gradlab").startswith(
            "gradlab"
        ):
            found[name] = inspect.getdoc(thing) or ""
            members = vars(thing).items() if inspect.isclass(thing) else ()
            found |= {f"{name}.{m}": inspect.getdoc(v) or "" for m, v in members if not m.startswith("_")}
    return found


def names_to_use(text: str) -> set[str]:
    """Errors that are said to be raised, things to be made as in `Normal(2.0)`, and paths such as gl.plot.save."""
    raised = re.search(r"^Raises:\n((?: .*\n?)*)", text, re.M)
    errors = re.findall(r"^ {4}(\w+):", raised[1], re.M) if raised else []
    made = re.findall(r"`([A-Z]\w*[a-z]\w*)[`(]", text)
    paths = re.findall(r"\b(?:gl|gradlab)\.([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)\b(?!/)", text)
    return {*errors, *made, *(path for path in paths if not path.startswith("check.report"))}


def is_there(path: str, *namespaces: object) -> bool:
    for namespace in namespaces:
        found = namespace
        for part in path.split("."):
            found = getattr(found, part, None)
        if found is not None:
            return True
    return False


@pytest.mark.parametrize(("name", "text"), documented(gl).items(), ids=documented(gl))
def test_what_gradlab_tells_people_to_use_is_in_gradlab(name, text):
    owner = getattr(gl, name.partition(".")[0])
    assert not {path for path in names_to_use(text) if not is_there(path, gl, builtins, owner)}


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_tells_people_to_use_is_public(package):
    module = importlib.import_module(f"gradlab.{package}")
    missing = {
        (name, path)
        for name, text in documented(module).items()
        for path in names_to_use(text)
        if not is_there(path, gl, module, builtins, getattr(module, name.partition(".")[0]))
    }
    assert not missing


def test_names_to_use_are_found():
    assert names_to_use(str(inspect.getdoc(gl.descend))) >= {"DescentError", "DescentInterrupted"}
    assert names_to_use("As `Glorot()` or `gl.plot.save` or gradlab.function.") == {"Glorot", "plot.save", "function"}


# What graph and codegen raise among themselves never reaches a person.
@pytest.mark.parametrize("package", ["", *(name for name in PACKAGES if name not in ("graph", "codegen"))])
def test_every_public_error_is_a_gradlab_error(package):
    module = importlib.import_module(f"gradlab.{package}".rstrip("."))
    shown = [getattr(module, name) for name in dir(module)]
    errors = [thing for thing in shown if inspect.isclass(thing) and issubclass(thing, Exception)]
    assert [error for error in errors if not issubclass(error, gl.GradlabError)] == []


def test_whoever_catches_a_gradlab_error_catches_the_checker():
    with pytest.raises(gl.GradlabError, match="complex"):
        gl.check_gradient(lambda x: x @ x, lambda x: 2 * x, at=[1j])
