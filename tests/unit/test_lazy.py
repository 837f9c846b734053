from __future__ import annotations

import ast
import importlib
import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import gradlab as gl

LAZY = ["gradlab", "gradlab.codegen"]
CORE = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "numpy":
            raise ModuleNotFoundError(f"{name} is blocked: a browser may not have it")

sys.meta_path.insert(0, Blocked())
import gradlab as gl
bowl = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")
network = gl.mlp([2, 2, 1])
print(bowl, bowl.latex(), network, gl.prove, gl.answer, gl.derive_rule)
assert "sympy" not in sys.modules
print(network.derive("f_in", "u_1").latex(), bowl.source, network.source)
print(bowl.derive("f", "x1").latex(), bowl.gradient(), bowl.hessian(), bowl.exact((6, 6)))
print(network.backprop(), network.savings(), network.vector_form().proof())
print(gl.derive_rule("tanh"))
proof = gl.prove(r"f_{in} = c + u_1 z_{1,out} + u_2 z_{2,out} \\\\\\\\ 1 = 2", network)
print(*[step.truth.name for step in proof.steps])
print(gl.answer(r"\\frac{\\partial f_{in}}{\\partial u_1}", "z_{1,out}", network).outcome)
print(len(bowl.compile("wasm").code), len(network.compile("wasm").module().code))
for wide in (network, gl.mlp([2, 8, 8, 1])):
    print(len(wide.compile("wasm").training([[0.0, 0.5, 1.0]], rates=len(wide.sizes) - 1).code))
assert "numpy" not in sys.modules
"""


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_core_runs_without_numpy_and_loads_sympy_when_it_is_used():
    printed = python(CORE)
    assert "2*x1 - x2 - 12" in printed
    assert "np.tanh" in printed
    assert "TRUE" in printed
    assert "FALSE" in printed


def test_importing_gradlab_imports_the_standard_library_alone():
    code = "import sys; before = set(sys.modules); import gradlab; print(*set(sys.modules) - before)"
    loaded = {name.partition(".")[0] for name in python(code).split()}
    assert loaded - sys.stdlib_module_names == {"gradlab"}


@pytest.mark.parametrize("package", LAZY)
def test_type_checkers_and_python_see_the_same_names(package):
    module = importlib.import_module(package)
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    (face,) = (node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in (*tree.body, *face.body) if isinstance(node, ast.ImportFrom)]
    seen = {alias.asname: (node.module, alias.name) for node in imports for alias in node.names if alias.asname}
    assert dir(module) == sorted(seen)
    for name, (home, original) in seen.items():
        found = getattr(importlib.import_module(str(home)), original)
        assert getattr(module, name) is found or name in ("prove", "train")


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'gradlab' has no attribute 'numpy'"):
        gl.numpy  # noqa: B018


@pytest.mark.parametrize("name", ["prove", "train"])
def test_a_function_and_its_package_share_a_name(name):
    package = importlib.import_module(f"gradlab.{name}")
    function = getattr(package, name)
    assert getattr(gl, name) is package
    assert inspect.ismodule(package)
    assert inspect.isfunction(function)
    assert inspect.signature(package) == inspect.signature(function)
    assert inspect.getdoc(package) == inspect.getdoc(function)
    assert pickle.loads(pickle.dumps(package)) is package


def test_the_package_does_what_the_function_does():
    assert gl.prove("1 = 1").steps == importlib.import_module("gradlab.prove").prove("1 = 1").steps
    with pytest.raises(TypeError):
        gl.prove()


def test_the_types_are_shipped():
    assert Path(str(gl.__file__)).with_name("py.typed").is_file()
