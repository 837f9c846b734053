"""The objects that people hold: a function or a network, with everything gradlab does to it as methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab._errors import GradlabError
from gradlab.codegen import (
    NumpyFunction,
    NumpyNetwork,
    TorchNetwork,
    evaluate_exactly,
    function_to_torch,
    network_to_torch,
)
from gradlab.derive import Backprop, Derivation, backprop, derive, local_gradient, tidy
from gradlab.graph import (
    Expression,
    Graph,
    GraphError,
    NetworkGraph,
    Role,
    latex_of_name,
    mlp_graph,
    written_out,
)


class Gradient(Mapping[str, Expression]):
    """The partial derivatives of a function by name; prints as a mapping, and as a column vector in LaTeX."""

    def __init__(self, parts: Mapping[str, Expression]) -> None:
        self._parts = dict(parts)

    def __getitem__(self, name: str) -> Expression:
        return self._parts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name}: {part}" for name, part in self._parts.items()) + "}"

    def latex(self) -> str:
        """The derivatives as a column vector, without dollar signs."""
        rows = r" \\ ".join(part.latex() for part in self._parts.values())
        return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


class Function:
    """A function of named variables with its derived gradient; made by `gradlab.function`.

    Calling it gives the value and the gradient at a point of shape (..., n), computed with NumPy.
    """

    def __init__(self, graph: Graph, output: str) -> None:
        self._graph, self._output = graph, output
        self._variables = tuple(sorted(graph.of_role(Role.INPUT), key=_natural))
        if not self._variables:
            raise GradlabError(f"{output} is a constant: a function needs a variable, as in 'x**2'")

    @property
    def graph(self) -> Graph:
        """The graph of named quantities behind it."""
        return self._graph

    @property
    def output(self) -> str:
        """The name of its value."""
        return self._output

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of its variables in natural order (x2 before x10): the order of every point and gradient."""
        return self._variables

    @property
    def expression(self) -> Expression:
        """Its formula, with every intermediate quantity written out.

        Raises:
            GradlabError: if that is too long to be of use.
        """
        return written_out(self._graph, self._output)

    def derive(self, output: str, wrt: str) -> Derivation:
        """Derive one of its quantities by another, step by step; see `gradlab.derive.derive`.

        Raises:
            GradlabError: if there is no such quantity.
        """
        return derive(self._graph, output, wrt)

    def backprop(self) -> Backprop:
        """The whole gradient with shared deltas."""
        return self._compiled.derivation

    def gradient(self) -> Gradient:
        """The partial derivatives by all variables, multiplied out where that is no longer.

        Raises:
            GradlabError: if the function is too long to be written as one formula.

        >>> import gradlab as gl
        >>> gl.function("(x1 - 6)**2 + x2**2 - x1*x2").gradient()
        {x1: 2*x1 - x2 - 12, x2: 2*x2 - x1}
        """
        local = local_gradient(self.expression)
        return Gradient({name: tidy(local[name]) for name in self._variables})

    def __call__(self, point: ArrayLike) -> tuple[Any, NDArray[Any]]:
        """The value, shape (...), and the gradient, shape (..., n), at points of shape (..., n).

        Raises:
            GradlabError: if the last axis has not one number for each variable.

        >>> import gradlab as gl
        >>> value, gradient = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")([6.0, 6.0])
        >>> float(value), gradient.tolist()
        (0.0, [-6.0, 6.0])
        """
        return self._compiled(point)

    def value(self, point: ArrayLike) -> Any:
        """The value alone, shape (...), at points of shape (..., n).

        Raises:
            GradlabError: if the last axis has not one number for each variable.
        """
        return self._compiled.value(point)

    def exact(self, point: Sequence[Fraction | int]) -> tuple[Fraction, tuple[Fraction, ...]]:
        """The value and the gradient at a rational point, as fractions.

        Raises:
            NotRationalError: if the function is not made of + - * / and whole powers.
            GradlabError: if the point has the wrong length, or a denominator is zero there.
        """
        return evaluate_exactly(self.backprop(), self._variables, point)

    def compile(self, backend: Literal["numpy", "torch"] = "numpy") -> Any:
        """The compiled function: for NumPy a callable like this object, for PyTorch the autograd Function's ``apply``.

        Raises:
            GradlabError: for another backend.
        """
        _check_backend(backend)
        return self._compiled if backend == "numpy" else self.to_torch().apply

    def to_torch(self) -> Any:
        """The ``torch.autograd.Function`` whose backward is the derived one; ``apply(point)`` is (..., n) -> (...).

        Raises:
            GradlabError: if PyTorch is not installed.
        """
        return self._torch

    @property
    def source(self) -> str:
        """The Python source that was printed from the derivation and is run with NumPy."""
        return self._compiled.source

    @cached_property
    def _compiled(self) -> NumpyFunction:
        return NumpyFunction(self._graph, self._output, self._variables)

    @cached_property
    def _torch(self) -> Any:
        return function_to_torch(self._graph, self._output, self._variables)

    def latex(self) -> str:
        """``f(x_1, x_2) = ...`` without dollar signs."""
        arguments = ", ".join(latex_of_name(name) for name in self._variables)
        return rf"{latex_of_name(self._output)}({arguments}) = {self.expression.latex(self._graph.symbols)}"

    def __repr__(self) -> str:
        try:
            return f"{self._output}({', '.join(self._variables)}) = {self.expression}"
        except GradlabError:
            return f"{self._output}({', '.join(self._variables)}), computed in {len(self._graph)} named steps"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


class Network:
    """A multilayer perceptron with its loss; made by `gradlab.mlp`."""

    def __init__(self, graph: NetworkGraph) -> None:
        self._graph = graph

    @property
    def graph(self) -> NetworkGraph:
        """The graph of named quantities behind it, for one example."""
        return self._graph

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of inputs, of neurons in each hidden layer, and of outputs."""
        return self._graph.sizes

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters, in the order of every parameter vector and gradient."""
        return self._graph.parameters

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs, in the order of the columns of x."""
        return self._graph.inputs

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels, in the order of the columns of y."""
        return self._graph.labels

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what is predicted: outputs, or probabilities under softmax."""
        return self._graph.outputs

    @property
    def loss_name(self) -> str:
        """Which loss it has."""
        return self._graph.loss

    def derive(self, output: str, wrt: str) -> Derivation:
        r"""Derive one of its quantities by another, step by step.

        Args:
            output: what is differentiated: ``"L"``, ``"f_in"``, ``"z_2out"``, ...
            wrt: by what: ``"w_12"``, ``"x_1"``, ``"f_out"``, ...; braces and commas as in LaTeX are understood.

        Raises:
            GradlabError: if there is no such quantity, or if more than 1,000 paths lead from one to the other.

        >>> import gradlab as gl
        >>> print(gl.mlp([2, 2, 1]).derive("f_in", "u_1").latex(reasons=False))
        \begin{align*}
        \frac{\partial f_{in}}{\partial u_1} &= \frac{\partial}{\partial u_1} (c + u_1 z_{1,out} + u_2 z_{2,out}) \\
        &= z_{1,out}
        \end{align*}
        """
        return derive(self._graph, output, wrt)

    def backprop(self) -> Backprop:
        """The gradient of the loss by all parameters, with shared deltas."""
        return backprop(self._graph, "L", self.parameters)

    @overload
    def compile(self, backend: Literal["numpy"] = "numpy") -> NumpyNetwork: ...
    @overload
    def compile(self, backend: Literal["torch"]) -> TorchNetwork: ...
    def compile(self, backend: str = "numpy") -> NumpyNetwork | TorchNetwork:
        """The mean loss over data and its gradient, ``f(parameters, x, y)``, and ``f.predict(parameters, x)``.

        Args:
            backend: ``"numpy"`` or ``"torch"``.

        Returns:
            A callable: parameters (..., P), x (N, d), y (N,) or (N, K) -> loss (...), gradient (..., P).

        Raises:
            GradlabError: for another backend, or if PyTorch is not installed.
        """
        _check_backend(backend)
        return self._numpy if backend == "numpy" else self._torch

    def to_torch(self) -> Any:
        """The ``torch.autograd.Function`` of the mean loss, ``apply(parameters, x, y)``, with the derived backward.

        Raises:
            GradlabError: if PyTorch is not installed.
        """
        return network_to_torch(self._graph)

    def predict(self, parameters: ArrayLike, x: ArrayLike) -> NDArray[Any]:
        """What it predicts with parameters (..., P) for inputs (N, d): (..., N), or (..., N, K) for K outputs.

        Raises:
            GradlabError: if a shape does not fit.

        >>> import gradlab as gl
        >>> gl.mlp([2, 2, 1]).predict([0.0] * 9, [[0.0, 1.0]]).tolist()
        [0.5]
        """
        return self._numpy.predict(parameters, x)

    def named(self, parameters: ArrayLike) -> dict[str, float]:
        """A parameter vector of shape (P,) as a mapping from name to number.

        Raises:
            GradlabError: if the vector has another length.
        """
        try:
            vector = np.asarray(parameters, dtype=float)
        except (TypeError, ValueError):
            raise GradlabError(f"a parameter vector is an array of numbers, not {parameters!r:.80}") from None
        if vector.shape != (len(self.parameters),):
            raise GradlabError(f"a parameter vector has {len(self.parameters)} numbers; this has shape {vector.shape}")
        return dict(zip(self.parameters, vector.tolist(), strict=True))

    @cached_property
    def _numpy(self) -> NumpyNetwork:
        return NumpyNetwork(self._graph)

    @cached_property
    def _torch(self) -> TorchNetwork:
        return TorchNetwork(self._graph)

    def __repr__(self) -> str:
        g = self._graph
        return f"mlp({list(g.sizes)}, hidden={g.hidden!r}, output={g.output!r}, loss={g.loss!r})"


def function(formula: str | Mapping[str, str], *, name: str = "f") -> Function:
    """A function of named variables from its formula, with everything derived.

    Args:
        formula: Python notation with + - * / ** and exp, log, sqrt, sin, cos, tanh, sigmoid, softplus, relu, abs,
            max, min; every other name is a variable. Or a mapping from names to formulas, which may use each
            other; the one that no other uses is the function.
        name: what its value is called; for a mapping its own name counts.

    Raises:
        ParseError: for a text that is no formula.
        GraphError: if formulas form a cycle, or if not exactly one of several is used by no other.

    >>> function("x*tanh(w)").variables
    ('w', 'x')
    >>> function({"L": "(a - y)**2", "a": "sigmoid(w*x)"}).output
    'L'
    """
    if not isinstance(formula, Mapping):
        try:
            return Function(Graph.from_text({name: formula}), name)
        except GraphError:  # one formula can form no other cycle
            raise GraphError(
                f"{name} is the name of the value and stands in the formula too: call the value something else, "
                f"function({formula[:40]!r}, name={name + '_out'!r})"
            ) from None
    graph = Graph.from_text(formula)
    used = {below for quantity in graph for below in quantity.inputs}
    ends = [quantity.name for quantity in graph if quantity.name not in used]
    if len(ends) != 1:
        raise GradlabError(f"one formula must be used by no other, and that is the function; here {ends or 'none'} are")
    return Function(graph, ends[0])


def mlp(
    sizes: Sequence[int],
    hidden: str = "tanh",
    output: str | None = None,
    loss: str = "binary_cross_entropy",
) -> Network:
    """A multilayer perceptron with a loss, as a graph of named scalar quantities.

    Args:
        sizes: the number of inputs, of neurons in each hidden layer, of outputs: [2, 2, 1].
        hidden: the activation of the hidden layers: tanh, sigmoid, relu, identity or softplus.
        output: the activation of the outputs; by default the one that goes with the loss: sigmoid for
            binary_cross_entropy, identity for the others.
        loss: of one example, summed over the outputs: binary_cross_entropy, squared_error (without one half), or
            softmax_cross_entropy (of the outputs, with the softmax inside). Over data the mean is taken.

    Raises:
        GradlabError: for sizes, activations or losses that do not exist or do not go together.

    >>> mlp([2, 2, 1]).parameters
    ('b_1', 'b_2', 'w_11', 'w_12', 'w_21', 'w_22', 'c', 'u_1', 'u_2')
    """
    return Network(mlp_graph(sizes, hidden, output, loss))


def _check_backend(backend: str) -> None:
    if backend not in ("numpy", "torch"):
        raise GradlabError(f'there is no backend {backend!r}: write "numpy" or "torch"')


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """A key that sorts x2 before x10."""
    import re

    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.findall(r"\d+|\D+", name)]
