"""Derivation -> NumPy: the printed program over arrays, with batches in the leading axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property, lru_cache
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab._errors import GradlabError
from gradlab.codegen._printer import load, numpy_source
from gradlab.codegen._schedule import (
    Program,
    Programs,
    hessian_vector_program,
    network_programs,
    programs_for,
    value_program,
)
from gradlab.codegen._shapes import check_network_arrays, check_point, check_weights
from gradlab.graph import Graph, NetworkGraph, Ref, find_loss


def _sigmoid(x: Any) -> Any:
    """1/(1 + exp(-x)), from exponentials that never overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def _erf(x: Any) -> Any:
    """The error function to the last bit but one, a number at a time: NumPy itself has none."""
    values = np.asarray(x)
    return np.asarray(_EACH_ERF(values), values.dtype)[()]


_EACH_ERF = np.frompyfunc(math.erf, 1, 1)
NAMESPACE = {"np": np, "_sigmoid": _sigmoid, "_erf": _erf, "_maximum": np.maximum, "_minimum": np.minimum}


def margins_of(loss: str, outputs: NDArray[Any], labels: NDArray[Any]) -> NDArray[Any]:
    """How far each point is from being right, as the loss says: shape (R, N).

    Args:
        loss: its name.
        outputs: what networks predict, shape (R, N, K).
        labels: shape (N, K).
    """
    with np.errstate(all="ignore"):
        margin, _ = _margin(loss, labels.shape[1])(*np.moveaxis(outputs, -1, 0), *labels.T)
    return np.asarray(margin)


@lru_cache(maxsize=32)
def _margin(loss: str, count: int) -> Callable[..., Any]:
    outputs, labels = ([f"{letter}_{k}" for k in range(count)] for letter in "fy")
    margin = find_loss(loss).margin([(Ref(f), Ref(y)) for f, y in zip(outputs, labels, strict=True)])
    return load(numpy_source(Program((*outputs, *labels), (), (margin,)), "margin"), "margin", NAMESPACE)


class NumpyFunction:
    """The value and the gradient of a quantity, as NumPy functions of its variables.

    Overflow gives inf and undefined operations give nan, without warnings.

    Args:
        graph: what is computed.
        output: the quantity to compute.
        variables: the given quantities, in the order of a point's coordinates.
        programs: those of the quantity, where they are known.
    """

    def __init__(self, graph: Graph, output: str, variables: tuple[str, ...], programs: Programs | None = None) -> None:
        self.graph, self.output, self.variables = graph, output, variables
        programs = programs or programs_for(graph, output, variables, variables)
        self.derivation = programs.derivation
        self.source, self._both = compiled(programs.value_and_gradient, "value_and_gradient")
        _, self._value = compiled(programs.value, "value")

    def __reduce__(self) -> tuple[type[NumpyFunction], tuple[Graph, str, tuple[str, ...]]]:
        return NumpyFunction, (self.graph, self.output, self.variables)

    def __call__(self, point: ArrayLike) -> tuple[Any, NDArray[Any]]:
        """The value and the gradient at a point.

        Args:
            point: shape (..., n), the coordinates along the last axis; any leading axes are a batch.

        Returns:
            The value, shape (...), and the gradient, shape (..., n), in the dtype of the point.

        Raises:
            GradlabError: if the last axis has not one number for each variable.
        """
        columns, shape = self._columns(point)
        with np.errstate(all="ignore"):
            value, gradient = self._both(*columns)
            return _spread(value, shape, columns), np.stack([_spread(g, shape, columns) for g in gradient], axis=-1)

    def value(self, point: ArrayLike) -> Any:
        """The value alone, shape (...), at points of shape (..., n)."""
        columns, shape = self._columns(point)
        with np.errstate(all="ignore"):
            value, _ = self._value(*columns)
            return _spread(value, shape, columns)

    def hessian_vector_product(self, point: ArrayLike, vector: ArrayLike) -> NDArray[Any]:
        """The Hessian at a point times a vector, without the Hessian.

        Args:
            point: shape (..., n).
            vector: shape (..., n); leading axes of the two are broadcast.

        Returns:
            Shape (..., n).

        Raises:
            GradlabError: if a last axis has not one number for each variable.
        """
        points, vectors = _same_floats(point, vector, ("a point", "the vector"))
        check_point(points.shape, self.variables)
        check_point(vectors.shape, self.variables)
        shape = np.broadcast_shapes(points.shape, vectors.shape)[:-1]
        columns = [array[..., i] for array in (points, vectors) for i in range(len(self.variables))]
        with np.errstate(all="ignore"):
            first, others = self._second(*columns)
        return np.stack([_spread(part, shape, columns) for part in (first, *others)], axis=-1)

    def hessian(self, point: ArrayLike) -> NDArray[Any]:
        """The Hessian, shape (..., n, n), at points of shape (..., n)."""
        points = _floats(point, "a point")
        return self.hessian_vector_product(points[..., np.newaxis, :], np.eye(len(self.variables)))

    @cached_property
    def _second(self) -> Callable[..., Any]:
        program = hessian_vector_program(self.graph, self.output, self.variables, self.variables)
        return compiled(program, "hessian_vector_product")[1]

    def _columns(self, point: ArrayLike) -> tuple[list[NDArray[Any]], tuple[int, ...]]:
        array = _floats(point, "a point")
        check_point(array.shape, self.variables)
        return [array[..., i] for i in range(len(self.variables))], array.shape[:-1]


class NumpyNetwork:
    """The mean loss of a network over data, and its gradient, for one or many sets of parameters at once.

    Args:
        graph: the network.
        programs: those of its loss, where they are known.
    """

    def __init__(self, graph: NetworkGraph, programs: Programs | None = None) -> None:
        self.graph = graph
        programs = programs or network_programs(graph)
        self.derivation = programs.derivation
        self.source, self._both = compiled(programs.value_and_gradient, "value_and_gradient")

    def __reduce__(self) -> tuple[type[NumpyNetwork], tuple[NetworkGraph]]:
        return NumpyNetwork, (self.graph,)

    def __call__(
        self, parameters: ArrayLike, x: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None
    ) -> tuple[Any, NDArray[Any]]:
        """The mean loss and its gradient.

        Args:
            parameters: shape (..., P), in the order the network states; leading axes are different networks.
            x: the inputs, shape (N, d).
            y: the labels, shape (N,) for one output, (N, K) for K.
            weights: what each point counts, shape (N,), if the network is made for weights; 1 by default.

        Returns:
            The loss, shape (...), and the gradient, shape (..., P), in the dtype of the parameters and x.

        Raises:
            GradlabError: if a shape does not fit.
        """
        at, inputs = _same_floats(parameters, x)
        batch = at.shape[:-1]
        data = self._points(at, inputs, y, weights, batch)
        columns = [*_parameter_columns(at), *data]
        shape = (inputs.shape[0], *batch)
        with np.errstate(all="ignore"):
            loss, gradient = self._both(*columns)
            means = [_mean(part, shape) for part in (loss, *gradient)]
        return means[0], np.stack(means[1:], axis=-1)

    def predict(self, parameters: ArrayLike, x: ArrayLike) -> NDArray[Any]:
        """What the network predicts.

        Args:
            parameters: shape (..., P).
            x: the inputs, shape (N, d).

        Returns:
            Shape (..., N) for one output; (..., N, K) for K: the outputs, or their probabilities under softmax.

        Raises:
            GradlabError: if a shape does not fit.
        """
        weights, inputs = _same_floats(parameters, x)
        check_network_arrays(self.graph, weights, inputs)
        batch = weights.shape[:-1]
        columns = [*_parameter_columns(weights), *_data_columns(inputs, batch)]
        with np.errstate(all="ignore"):
            first, others = self._predict(*columns)
        shape = (inputs.shape[0], *batch)
        outputs = [np.moveaxis(np.broadcast_to(part, shape), 0, -1) for part in (first, *others)]
        return outputs[0].copy() if len(outputs) == 1 else np.stack(outputs, axis=-1)

    def hidden(self, parameters: ArrayLike, x: ArrayLike) -> NDArray[Any]:
        """What the hidden units give.

        Args:
            parameters: shape (P,).
            x: the inputs, shape (N, d).

        Returns:
            Shape (N, U) for U hidden units, layer by layer.

        Raises:
            GradlabError: if a shape does not fit.
        """
        at, inputs = _same_floats(parameters, x)
        check_network_arrays(self.graph, at, inputs)
        names = [f"{unit}out" for layer in self.graph.layers[1:-1] for unit in layer]
        given = (*self.graph.parameters, *self.graph.inputs)
        first, others = compiled(value_program(self.graph, names, given), "hidden")[1](
            *_parameter_columns(at), *_data_columns(inputs, ())
        )
        return np.stack([np.broadcast_to(part, len(inputs)) for part in (first, *others)], axis=-1)

    def hessian_vector_product(
        self,
        parameters: ArrayLike,
        x: ArrayLike,
        y: ArrayLike,
        vector: ArrayLike,
        weights: ArrayLike | None = None,
    ) -> NDArray[Any]:
        """The Hessian of the mean loss times a vector, without the Hessian.

        Args:
            parameters: shape (..., P).
            x: the inputs, shape (N, d).
            y: the labels, shape (N,) for one output, (N, K) for K.
            vector: shape (..., P); its leading axes and those of the parameters are broadcast.
            weights: what each point counts, shape (N,), if the network is made for weights; 1 by default.

        Returns:
            Shape (..., P).

        Raises:
            GradlabError: if a shape does not fit.
        """
        at, inputs = _same_floats(parameters, x)
        vectors = _floats(vector, "the vector").astype(at.dtype, copy=False)
        for array in (at, vectors):
            check_network_arrays(self.graph, array, inputs)
        batch = np.broadcast_shapes(at.shape, vectors.shape)[:-1]
        data = self._points(at, inputs, y, weights, batch)
        at, vectors = (np.broadcast_to(array, (*batch, array.shape[-1])) for array in (at, vectors))
        with np.errstate(all="ignore"):
            first, others = self._second(*_parameter_columns(at), *data, *_parameter_columns(vectors))
            means = [_mean(part, (inputs.shape[0], *batch)) for part in (first, *others)]
        return np.stack(means, axis=-1)

    def hessian(
        self, parameters: ArrayLike, x: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None
    ) -> NDArray[Any]:
        """The Hessian of the mean loss, shape (..., P, P), for parameters (..., P)."""
        columns = _floats(parameters, "the parameters")[..., np.newaxis, :]
        return self.hessian_vector_product(columns, x, y, np.eye(len(self.graph.parameters)), weights)

    def _points(
        self, at: NDArray[Any], inputs: NDArray[Any], y: ArrayLike, weights: ArrayLike | None, batch: tuple[int, ...]
    ) -> list[NDArray[Any]]:
        """What the points are given by, column by column, checked: inputs, labels, and weights if there are any."""
        labels = _floats(y, "y").astype(at.dtype, copy=False)
        counts = None if weights is None else _floats(weights, "weights").astype(at.dtype, copy=False)
        check_network_arrays(self.graph, at, inputs, labels, counts)
        if counts is not None:
            check_weights(counts, "weights")
        elif self.graph.weighted:
            counts = np.ones(len(inputs), at.dtype)
        data = (inputs, labels) if counts is None else (inputs, labels, counts)
        return [column for array in data for column in _data_columns(array, batch)]

    @cached_property
    def _second(self) -> Callable[..., Any]:
        given = (*self.graph.parameters, *self.graph.columns)
        program = hessian_vector_program(self.graph, "L", self.graph.parameters, given)
        return compiled(program, "hessian_vector_product")[1]

    @cached_property
    def _predict(self) -> Callable[..., Any]:
        program = value_program(self.graph, self.graph.outputs, (*self.graph.parameters, *self.graph.inputs))
        return compiled(program, "predict")[1]


def compiled(program: Program, name: str) -> tuple[str, Callable[..., Any]]:
    """The source of a program for NumPy, and the function it is of."""
    source = numpy_source(program, name)
    return source, load(source, name, NAMESPACE)


def _floats(array: ArrayLike, what: str) -> NDArray[Any]:
    """The array itself if it is of floats, else as float64."""
    if np.ma.is_masked(array):
        raise GradlabError(
            f"{what} holds masked entries: leave those points out, or give them values with .filled(...)"
        )
    try:
        made = np.asarray(array)
    except (TypeError, ValueError):
        made = np.asarray(None)
    # Fractions come as objects; so would None, which NumPy would make a nan of.
    real = made.dtype.kind in "biuf" or (made.dtype.kind == "O" and all(isinstance(v, Real) for v in made.flat))
    if not real:
        raise GradlabError(f"{what} must be an array of real numbers, not {array!r:.80}")
    return made if made.dtype.kind == "f" else made.astype(np.float64)


def _same_floats(
    parameters: ArrayLike, x: ArrayLike, what: tuple[str, str] = ("the parameters", "x")
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Parameters and inputs in one dtype; whole numbers take the other's."""
    weights, inputs = _floats(parameters, what[0]), _floats(x, what[1])
    given = [made.dtype for made, array in ((weights, parameters), (inputs, x)) if np.asarray(array).dtype.kind == "f"]
    dtype = np.result_type(*given) if given else weights.dtype
    return weights.astype(dtype, copy=False), inputs.astype(dtype, copy=False)


def _spread(value: Any, shape: tuple[int, ...], columns: list[NDArray[Any]]) -> Any:
    """A result in the shape and dtype of the point, also where the formula is a number."""
    array = np.empty(shape, columns[0].dtype if columns else np.float64)
    array[...] = value
    return array if shape else array[()]


def _parameter_columns(weights: NDArray[Any]) -> list[NDArray[Any]]:
    """Each parameter as a contiguous array over the batch: the inner loops run over networks."""
    return list(np.ascontiguousarray(np.moveaxis(weights, -1, 0)))


def _data_columns(data: NDArray[Any], batch: tuple[int, ...]) -> list[NDArray[Any]]:
    table = data.reshape(data.shape[0], math.prod(data.shape[1:]))
    return [column.reshape(-1, *(1 for _ in batch)) for column in table.T]


def _mean(part: Any, shape: tuple[int, ...]) -> Any:
    """The mean over the points, which are the first axis, of something that may not depend on the point."""
    array = np.asarray(part)
    if array.ndim < len(shape) or array.shape[0] == 1:
        return np.broadcast_to(array if array.ndim < len(shape) else array[0], shape[1:]).astype(array.dtype)
    return np.broadcast_to(array.mean(axis=0), shape[1:])
