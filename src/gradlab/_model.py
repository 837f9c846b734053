"""A network as people hold it, with everything gradlab does to it as methods."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

from gradlab._errors import GradlabError
from gradlab._function import Function as Function
from gradlab._function import check_backend
from gradlab._function import function as function
from gradlab._printed import Gradient as Gradient
from gradlab._words import documented, listed
from gradlab.codegen import Programs, TorchNetwork, network_programs, numpy_source
from gradlab.derive import (
    Backprop,
    Derivation,
    Growth,
    VectorForm,
    derive,
    derive_second,
    growth_of,
    vector_form,
)
from gradlab.graph import NetworkGraph, activations, losses, mlp_graph

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gradlab.codegen import NumpyNetwork
    from gradlab.codegen.wasm import WasmNetwork


class Network:
    """A multilayer perceptron with its loss; made by `gradlab.mlp`."""

    def __init__(self, graph: NetworkGraph) -> None:
        if not isinstance(graph, NetworkGraph):
            raise GradlabError(f"a Network is made by gl.mlp, as gl.mlp([2, 2, 1]), and not of {graph!r}")
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
        """The names of what is predicted, outputs or, under softmax, probabilities."""
        return self._graph.outputs

    @property
    def loss_name(self) -> str:
        """Which loss it has."""
        return self._graph.loss

    def derive(self, output: str, wrt: str | None = None, then: str | None = None) -> Derivation:
        r"""Derive one of its quantities by another, step by step; with one name alone the loss by it.

        Args:
            output: what is differentiated: ``"L"``, ``"f_in"``, ``"z_2out"``, ...
            wrt: by what: ``"w_12"``, ``"x_1"``, ``"f_out"``, ...; braces and commas as in LaTeX are understood.
            then: by what that is differentiated again; default: by nothing.

        Raises:
            GradlabError: if there is no such quantity.

        >>> import gradlab as gl
        >>> print(gl.mlp([2, 2, 1]).derive("f_in", "u_1").latex(reasons=False))
        \begin{align*}
        \frac{\partial f_{in}}{\partial u_1} &= \frac{\partial}{\partial u_1} (c + u_1 z_{1,out} + u_2 z_{2,out}) \\
        &= z_{1,out}
        \end{align*}
        """
        output, wrt = ("L", output) if wrt is None else (output, wrt)
        return derive(self._graph, output, wrt) if then is None else derive_second(self._graph, output, wrt, then)

    def backprop(self) -> Backprop:
        """The gradient of the loss by all parameters, with shared deltas."""
        return self._programs.derivation

    def savings(self) -> Growth:
        """The multiplications of the gradient with and without shared deltas, as depth and width grow.

        >>> import gradlab as gl
        >>> gl.mlp([2, 2, 1]).savings().own
        Savings(expanded=27, shared=11, paths=9)
        """
        return growth_of(self._graph)

    def vector_form(self) -> VectorForm:
        """The network and its gradient in matrix notation, found in the structure of its graph; ``proof()`` proves it.

        Raises:
            NoArraysError: if the graph is not made of layers.
        """
        return vector_form(self._graph)

    @overload
    def compile(self, backend: Literal["numpy"] = "numpy") -> NumpyNetwork: ...
    @overload
    def compile(self, backend: Literal["torch"]) -> TorchNetwork: ...
    @overload
    def compile(self, backend: Literal["wasm"]) -> WasmNetwork: ...
    def compile(self, backend: str = "numpy") -> NumpyNetwork | TorchNetwork | WasmNetwork:
        """The mean loss over data and its gradient, ``f(parameters, x, y)``, and ``f.predict(parameters, x)``.

        Args:
            backend: ``"numpy"``, ``"torch"`` or ``"wasm"``.

        Returns:
            A callable: parameters (..., P), x (N, d), y (N,) or (N, K) -> loss (...), gradient (..., P). A network with
            ``weighted=True`` takes what each point counts, (N,), as a fourth argument, 1 by default. For WebAssembly a
            printer of modules: ``.module()`` has the loss with its gradient and the predictions, ``.training(table)``
            trains many networks.

        Raises:
            GradlabError: for another backend, or if PyTorch is not installed.
        """
        check_backend(backend)
        if backend == "wasm":
            from gradlab.codegen.wasm import WasmNetwork

            return WasmNetwork(self._graph)
        return self._numpy if backend == "numpy" else self._torch

    def to_torch(self) -> Any:
        """The ``torch.autograd.Function`` of the mean loss, ``apply(parameters, x, y)``, with the derived backward.

        Raises:
            GradlabError: if PyTorch is not installed.
        """
        return self._torch.function

    def predict(self, parameters: ArrayLike, x: ArrayLike) -> NDArray[Any]:
        """What it predicts with parameters (..., P) for inputs (N, d): (..., N), or (..., N, K) for K outputs.

        Raises:
            GradlabError: if a shape does not fit.

        >>> import gradlab as gl
        >>> gl.mlp([2, 2, 1]).predict([0.0] * 9, [[0.0, 1.0]]).tolist()
        [0.5]
        """
        return self._numpy.predict(parameters, x)

    def hessian(
        self, parameters: ArrayLike, x: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None
    ) -> NDArray[Any]:
        """The Hessian of the mean loss over data by all parameters.

        Args:
            parameters: shape (..., P).
            x: the inputs, shape (N, d).
            y: the labels, shape (N,) for one output, (N, K) for K.
            weights: what each point counts, shape (N,), for a network with ``weighted=True``; 1 by default.

        Returns:
            Shape (..., P, P).

        Raises:
            GradlabError: if a shape does not fit.

        >>> import gradlab as gl
        >>> net = gl.mlp([1, 1], loss="squared_error")
        >>> net.hessian([0.0, 0.0], [[3.0]], [1.0]).tolist()
        [[2.0, 6.0], [6.0, 18.0]]
        """
        return self._numpy.hessian(parameters, x, y, weights)

    def hessian_vector_product(
        self,
        parameters: ArrayLike,
        x: ArrayLike,
        y: ArrayLike,
        vector: ArrayLike,
        weights: ArrayLike | None = None,
    ) -> NDArray[Any]:
        """The Hessian of the mean loss times a vector, for the price of a few gradients.

        Args:
            parameters: shape (..., P).
            x: the inputs, shape (N, d).
            y: the labels, shape (N,) for one output, (N, K) for K.
            vector: shape (..., P).
            weights: what each point counts, shape (N,), for a network with ``weighted=True``; 1 by default.

        Returns:
            Shape (..., P).

        Raises:
            GradlabError: if a shape does not fit.
        """
        return self._numpy.hessian_vector_product(parameters, x, y, vector, weights)

    def named(self, parameters: ArrayLike) -> dict[str, float]:
        """A parameter vector of shape (P,) as a mapping from name to number.

        Raises:
            GradlabError: if the vector has another length.
        """
        import numpy as np

        try:
            if np.ma.is_masked(parameters) or np.iscomplexobj(parameters):
                raise TypeError
            vector = np.asarray(parameters, dtype=float)
        except (TypeError, ValueError):
            raise GradlabError(f"a parameter vector is an array of numbers, not {parameters!r:.80}") from None
        if vector.shape != (len(self.parameters),):
            raise GradlabError(f"a parameter vector has {len(self.parameters)} numbers; this has shape {vector.shape}")
        return dict(zip(self.parameters, vector.tolist(), strict=True))

    @property
    def source(self) -> str:
        """The Python source that is printed from the derivation and run with NumPy, which printing does not need.

        It takes the parameters, inputs and labels of one example and gives the loss and its gradient.
        """
        return numpy_source(self._programs.value_and_gradient, "value_and_gradient")

    @cached_property
    def _programs(self) -> Programs:
        return network_programs(self._graph)

    @cached_property
    def _numpy(self) -> NumpyNetwork:
        from gradlab.codegen import NumpyNetwork

        return NumpyNetwork(self._graph, self._programs)

    @cached_property
    def _torch(self) -> TorchNetwork:
        return TorchNetwork(self._graph)

    def __reduce__(self) -> tuple[type[Network], tuple[NetworkGraph]]:
        return Network, (self._graph,)

    def __repr__(self) -> str:
        g = self._graph
        rare = f", scaling={g.scaling!r}" if g.scaling != "none" else ""
        rare += ("" if g.biases else ", biases=False") + (", weighted=True" if g.weighted else "")
        return f"mlp({list(g.sizes)}, hidden={g.hidden!r}, output={g.output!r}, loss={g.loss!r}{rare})"


@documented(activations=lambda: listed(activations()), losses=lambda: listed(losses()))
def mlp(
    sizes: Sequence[int],
    hidden: str = "tanh",
    output: str | None = None,
    loss: str = "binary_cross_entropy",
    *,
    scaling: str = "none",
    biases: bool = True,
    weighted: bool = False,
) -> Network:
    """A multilayer perceptron with a loss, as a graph of named scalar quantities.

    Args:
        sizes: the number of inputs, of neurons in each hidden layer, of outputs: [2, 2, 1].
        hidden: the activation of the hidden layers: {activations}.
        output: the activation of the outputs; by default the one that goes with the loss: sigmoid for
            binary_cross_entropy, identity for the others.
        loss: of one example, summed over the outputs: {losses}.
            Squared errors have no one half; the softmax is inside of its loss; huber(2) and quantile(0.9) have a number
            of their own, 1 and 1/2 by default. Over data the mean is taken.
        scaling: "none", or "mean_field" for the parameterisation of Sohl-Dickstein (2024, arXiv 2402.06184): each sum
            divided by the square root of its width, tanh(sqrt(2) z), in linear layers z, the output divided once more.
        biases: whether the neurons have biases.
        weighted: whether each point has a weight ``s``, by which its loss is multiplied. Over data the mean is that of
            weight times loss, so over the number of points, as with ``weight=`` of PyTorch's binary_cross_entropy; for
            scikit-learn's, over the sum of the weights, divide these by their mean. `gl.train` and `gl.sweep` use the
            weights that data have, whatever stands here.

    Raises:
        GradlabError: for sizes, activations, losses or scalings that do not exist or do not go together.

    >>> mlp([2, 2, 1]).parameters
    ('b_1', 'b_2', 'w_11', 'w_12', 'w_21', 'w_22', 'c', 'u_1', 'u_2')
    """
    return Network(mlp_graph(sizes, hidden, output, loss, scaling, biases, weighted))
