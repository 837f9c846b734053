"""What people hold survives pickle, copy and deepcopy with every argument, fresh and used."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Mapping
from functools import partial

import numpy as np
import pytest
import torch

import gradlab as gl
from gradlab.codegen import NumbaTrainer, NumpyNetwork, TorchNetwork
from gradlab.graph import NetworkGraph
from gradlab.prove import prove_document

WAYS = {"pickle": lambda thing: pickle.loads(pickle.dumps(thing)), "copy": copy.copy, "deepcopy": copy.deepcopy}
# For each argument of gl.mlp another value than its default, with what it needs beside it.
ARGUMENTS = {
    "sizes": {"sizes": [3, 4, 2]},
    "hidden": {"hidden": "relu"},
    "output": {"output": "tanh", "loss": "squared_error"},
    "loss": {"loss": "softmax_cross_entropy", "sizes": [2, 2, 3]},
    "scaling": {"scaling": "mean_field"},
    "biases": {"biases": False},
    "weighted": {"weighted": True},
}
BOWL = gl.function("(x1 - 6)**2 + x2**2 - x1*x2", name="L")
LAB = gl.mlp([2, 2, 1], hidden="sigmoid")


ERRORS = [value for name in dir(gl) if inspect.isclass(value := getattr(gl, name)) and issubclass(value, Exception)]


def used_function():
    function = gl.function("(x1 - 6)**2 + x2**2 - x1*x2", name="L")
    function([1.0, 2.0]), function.compile("torch")(torch.ones(2)), function.backprop()
    return function


def used_network():
    network = gl.mlp([2, 2, 1], hidden="sigmoid", biases=False)
    gl.train(network, gl.datasets.five_points(), steps=2)
    network.predict([0.0] * 6, [[0.0, 1.0]]), network.to_torch(), network.hessian([0.0] * 6, [[0.0, 1.0]], [1.0])
    return network


def trained():
    return gl.train(LAB, gl.datasets.five_points(), steps=200, restarts=3, learning_rate=5, initialisation=gl.He())


def swept():
    return gl.sweep(LAB, gl.datasets.five_points(), learning_rate=[1.0, 5.0], restarts=30, steps=200, progress=None)


THINGS = {
    "function": lambda: BOWL,
    "used function": used_function,
    "network": lambda: gl.mlp([2, 3, 1], biases=False),
    "used network": used_network,
    "graph": lambda: gl.mlp([2, 1], biases=False).graph,
    "expression": lambda: BOWL.expression,
    "quantity": lambda: LAB.graph["L"],
    "gradient": BOWL.gradient,
    "hessian": BOWL.hessian,
    "derivation": lambda: LAB.derive("L", "w_12"),
    "second derivation": lambda: LAB.derive("L", "w_12", "w_11"),
    "backprop": LAB.backprop,
    "savings": LAB.savings,
    "vector form": LAB.vector_form,
    "vector proof": lambda: LAB.vector_form().proof(),
    "rule": lambda: gl.derive_rule("tanh"),
    "proof": lambda: gl.prove("f_{in} = c + u_1 z_{1,out}", LAB),
    "document's proof": lambda: prove_document("$1 = 2$"),
    "answer": lambda: gl.answer("f_in", "c", LAB),
    "report": lambda: gl.check_gradient(lambda x: float(x @ x), lambda x: 3 * x, at=np.ones(2)),
    "report of a function": lambda: gl.check_function(BOWL.to_torch(), torch.ones(2, dtype=torch.float64)),
    "trace": lambda: gl.descend(BOWL, (0.0, 0.0), learning_rate=0.1),
    "exact trace": lambda: gl.descend(BOWL, (6, 6), steps=["1/2", "1/3", "1/4"]),
    "data": gl.datasets.five_points,
    "runs": trained,
    "run": lambda: trained().best,
    "initial model": lambda: trained().initial(1),
    "experiment": lambda: trained().experiment,
    "sweep": swept,
    "recommendation": lambda: gl.recommend(swept()),
    "progress": lambda: gl.Progress(1, 2, 0.5, None),
    "Normal": lambda: gl.Normal(2.0),
    "Uniform": lambda: gl.Uniform(2.0),
    "Glorot": lambda: gl.Glorot(),
    "He": lambda: gl.He(),
    "verdict": lambda: gl.Verdict.WRONG,
    "compiled networks": lambda: [LAB.compile(), LAB.compile("torch")],
    "interrupted descent": lambda: gl.DescentInterrupted(np.ones((2, 1)), np.ones(2)),
    **{kind.__name__: lambda kind=kind: kind("what was wrong") for kind in ERRORS},
    "package that is called": lambda: [gl.train, gl.prove],
}


def state(thing: object) -> object:
    """What a thing holds, down to numbers, texts and arrays; what is compiled or cached does not count."""
    if isinstance(thing, np.ndarray | np.generic):
        return (thing.dtype.str, thing.shape, thing.tolist() if thing.dtype == object else thing.tobytes())
    if isinstance(thing, gl.Network | gl.Function):
        return (type(thing), state(thing.graph), thing.__reduce__()[1][1:])
    if isinstance(thing, NumbaTrainer):
        return (type(thing), state(thing.graph), state(thing.table), thing.dtype)
    if isinstance(thing, NumpyNetwork | TorchNetwork):
        return (type(thing), state(thing.graph), thing.source)
    if isinstance(thing, NetworkGraph):
        return (
            "network",
            {name: getattr(thing, name) for name in inspect.signature(NetworkGraph).parameters},
            repr(thing),
        )
    if isinstance(thing, Mapping):
        return {key: state(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [state(value) for value in thing]
    if dataclasses.is_dataclass(thing):
        return (type(thing), {field.name: state(getattr(thing, field.name)) for field in dataclasses.fields(thing)})
    if isinstance(thing, partial):
        return ("partial", state(thing.func), state(thing.args), state(thing.keywords))
    if inspect.ismethod(thing):
        return (thing.__qualname__, state(thing.__self__))
    if isinstance(thing, BaseException):
        return (type(thing), thing.args, state(vars(thing)))
    return (type(thing), repr(thing))


@pytest.fixture(scope="module")
def things():
    made: dict[str, object] = {}
    return lambda name: made[name] if name in made else made.setdefault(name, THINGS[name]())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", THINGS)
def test_nothing_is_lost(name, way, things):
    thing = things(name)
    again = WAYS[way](thing)
    assert type(again) is type(thing)
    assert state(again) == state(thing)


def test_every_public_class_is_tried(things):
    classes = {value for name in dir(gl) if inspect.isclass(value := getattr(gl, name))}
    assert classes - {type(things(name)) for name in THINGS} == set()  # a new one wants an example among THINGS


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("argument", inspect.signature(gl.mlp).parameters)
def test_a_network_keeps_every_argument(argument, way):
    given = {"sizes": [2, 2, 1], **ARGUMENTS[argument]}
    network = gl.mlp(**given)
    again = WAYS[way](network)
    assert state(again) == state(network)
    assert again.parameters == network.parameters
    assert repr(again) == repr(network)
    assert state(network) != state(gl.mlp([2, 2, 1]))
    assert repr(network) != repr(gl.mlp([2, 2, 1]))
    assert np.ravel(getattr(again.graph, argument)).tolist() == np.ravel(given[argument]).tolist()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("argument", ["bound", "scale", "biases"])
def test_a_draw_keeps_every_argument(argument, way):
    kinds = [
        kind for kind in (gl.Normal, gl.Uniform, gl.Glorot, gl.He) if argument in inspect.signature(kind).parameters
    ]
    for kind in kinds:
        assert WAYS[way](kind(**{argument: 0.5})) == kind(**{argument: 0.5})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_what_was_compiled_computes_the_same(backend, way):
    point = np.array([1.0, 2.0]) if backend == "numpy" else torch.tensor([1.0, 2.0])
    function = BOWL.compile(backend)
    assert str(WAYS[way](function)(point)) == str(function(point))
    network = LAB.compile(backend)
    zeros, x, y = np.zeros(9), np.array([[0.0, 1.0]]), np.array([1.0])
    given = (zeros, x, y) if backend == "numpy" else tuple(map(torch.from_numpy, (zeros, x, y)))
    assert str(WAYS[way](network)(*given)) == str(network(*given))
    autograd = LAB.to_torch()
    assert pickle.loads(pickle.dumps(autograd)).source == autograd.source
