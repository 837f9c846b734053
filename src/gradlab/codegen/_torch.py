"""Derivation -> PyTorch: a `torch.autograd.Function` whose backward is the derived gradient.

The backward is made of differentiable operations on the saved inputs, so that it can be differentiated again.
"""

from __future__ import annotations

import copyreg
import math
from collections.abc import Callable
from functools import cache
from typing import Any

from gradlab._errors import GradlabError
from gradlab.codegen._printer import KernelPrinter, load, to_source
from gradlab.codegen._schedule import Program, programs_for, value_program
from gradlab.codegen._shapes import check_network_arrays, check_point, check_weights
from gradlab.graph import Graph, NetworkGraph

RESERVED = frozenset(("torch",))


def import_torch() -> Any:
    """PyTorch, or an error that says how to install it."""
    try:
        import torch
    except ModuleNotFoundError:
        raise GradlabError("this needs PyTorch: pip install torch==2.13.0, or pip install 'gradlab[torch]'") from None
    return torch


def _namespace() -> dict[str, Any]:
    torch = import_torch()

    def either(choose: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def chosen(a: Any, b: Any) -> Any:
            like = a if torch.is_tensor(a) else b
            return choose(*(v if torch.is_tensor(v) else torch.full_like(like, v) for v in (a, b)))

        return chosen

    return {
        "torch": torch,
        "_maximum": either(torch.maximum),
        "_minimum": either(torch.minimum),
        "_step": lambda x: (x > 0).to(x.dtype),
    }


def _compile(program: Program, name: str) -> tuple[str, Callable[..., Any]]:
    source = to_source(program, KernelPrinter("torch", RESERVED), name)
    return source, load(source, name, _namespace())


def function_to_torch(graph: Graph, output: str, variables: tuple[str, ...]) -> Any:
    """The autograd Function of a quantity of a graph.

    Args:
        graph: what is computed.
        output: the quantity to compute.
        variables: the given quantities, in the order of a point's coordinates.

    Returns:
        A subclass of ``torch.autograd.Function``: ``apply(point)`` takes a floating tensor (..., n) and gives (...);
        it can be differentiated twice. ``source`` is the printed program.

    Raises:
        GradlabError: if PyTorch is not installed.
    """
    torch = import_torch()
    programs = programs_for(graph, output, variables, variables)
    source, both = _compile(programs.value_and_gradient, "value_and_gradient")
    _, value_alone = _compile(programs.value, "value")

    def forward(point: Any) -> Any:
        if not (torch.is_tensor(point) and point.is_floating_point()):
            raise GradlabError("apply takes a floating tensor, such as torch.tensor([6.0, 6.0])")
        check_point(tuple(point.shape), variables)
        value, _ = value_alone(*point.unbind(-1))
        return _like(torch, value, point[..., 0])

    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)

    def backward(ctx: Any, grad_output: Any) -> Any:
        (point,) = ctx.saved_tensors
        _, gradient = both(*point.unbind(-1))
        stacked = torch.stack([_like(torch, part, point[..., 0]) for part in gradient], dim=-1)
        return grad_output.unsqueeze(-1) * stacked

    made_by = function_to_torch, (graph, output, variables)
    return _autograd_function(torch, "Derived", made_by, source, (forward, setup_context, backward))


def network_to_torch(graph: NetworkGraph) -> Any:
    """The autograd Function of a network's mean loss.

    Args:
        graph: the network.

    Returns:
        A subclass of ``torch.autograd.Function``: ``apply(parameters, x, y)`` takes parameters (..., P), inputs (N, d)
        and labels (N,) or (N, K), and gives the mean loss (...); it can be differentiated twice, by the parameters and
        by x. A network made for weights takes what each point counts, (N,), as a fourth. ``source`` is the program.

    Raises:
        GradlabError: if PyTorch is not installed.
    """
    torch = import_torch()
    given = (*graph.parameters, *graph.columns)
    programs = programs_for(graph, "L", (*graph.parameters, *graph.inputs), given)
    source, both = _compile(programs.value_and_gradient, "value_and_gradient")
    _, loss_alone = _compile(programs.value, "value")
    count = len(graph.parameters)

    def forward(parameters: Any, x: Any, y: Any, weights: Any = None) -> Any:
        columns, shape = _network_columns(torch, graph, parameters, x, y, weights)
        loss, _ = loss_alone(*columns)
        return _like(torch, loss, columns[0].new_empty(()).expand(shape)).mean(0)

    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)

    def backward(ctx: Any, grad_output: Any) -> Any:
        if any(ctx.needs_input_grad[2:]):
            raise GradlabError(
                "the loss is not differentiated by labels or weights of points: give y without requires_grad"
            )
        columns, shape = _network_columns(torch, graph, *ctx.saved_tensors)
        _, gradient = both(*columns)
        template = columns[0].new_empty(()).expand(shape)
        parts = [_like(torch, part, template) for part in gradient]
        by_parameters = torch.stack([part.mean(0) for part in parts[:count]], dim=-1)
        by_inputs = None
        if ctx.needs_input_grad[1]:
            weighted = [(part * grad_output / shape[0]).reshape(shape[0], -1).sum(1) for part in parts[count:]]
            by_inputs = torch.stack(weighted, dim=-1)
        return grad_output.unsqueeze(-1) * by_parameters, by_inputs, *(None for _ in ctx.needs_input_grad[2:])

    made_by = network_to_torch, (graph,)
    return _autograd_function(torch, "DerivedLoss", made_by, source, (forward, setup_context, backward))


class TorchNetwork:
    """The mean loss of a network over data, and its gradient, on tensors.

    Args:
        graph: the network.
    """

    def __init__(self, graph: NetworkGraph) -> None:
        self.graph = graph
        self.function = network_to_torch(graph)
        self.source: str = self.function.source
        self._predict = _compile(value_program(graph, graph.outputs, (*graph.parameters, *graph.inputs)), "predict")[1]

    def __reduce__(self) -> tuple[type[TorchNetwork], tuple[NetworkGraph]]:
        return TorchNetwork, (self.graph,)

    def __call__(self, parameters: Any, x: Any, y: Any, weights: Any = None) -> tuple[Any, Any]:
        """The mean loss (...) and its gradient (..., P) for parameters (..., P), inputs (N, d) and labels.

        A network that is made for weights of points takes them behind the labels, shape (N,); 1 by default.

        Raises:
            GradlabError: if something is no floating tensor or a shape does not fit.
        """
        torch = import_torch()
        _check_tensors(torch, self.graph, parameters, x, y, weights)
        if weights is not None:
            check_weights(weights, "weights")
        with torch.enable_grad():
            leaf = parameters.detach().requires_grad_()
            loss = self.function.apply(leaf, x, y, *(() if weights is None else (weights,)))
            (gradient,) = torch.autograd.grad(loss.sum(), leaf)
        return loss.detach(), gradient

    def predict(self, parameters: Any, x: Any) -> Any:
        """What the network predicts, (..., N) for one output and (..., N, K) for K; ordinary autograd applies.

        Raises:
            GradlabError: if something is no floating tensor or a shape does not fit.
        """
        torch = import_torch()
        columns, shape = _network_columns(torch, self.graph, parameters, x)
        first, others = self._predict(*columns)
        template = columns[0].new_empty(()).expand(shape)
        outputs = [_like(torch, part, template).movedim(0, -1) for part in (first, *others)]
        return outputs[0] if len(outputs) == 1 else torch.stack(outputs, dim=-1)


def _check_tensors(
    torch: Any, graph: NetworkGraph, parameters: Any, x: Any, y: Any = None, weights: Any = None
) -> None:
    examples = {"the parameters": f"torch.zeros({len(graph.parameters)})", "x": f"torch.zeros(5, {len(graph.inputs)})"}
    for (what, example), tensor in zip(examples.items(), (parameters, x), strict=True):
        if not torch.is_tensor(tensor) or not tensor.is_floating_point():
            raise GradlabError(f"{what} must be a floating tensor, such as {example}")
    if y is not None and not torch.is_tensor(y):
        raise GradlabError("y must be a tensor, such as torch.tensor([1.0, 0.0])")
    if weights is not None and not torch.is_tensor(weights):
        raise GradlabError("the weights must be a tensor, such as torch.tensor([1.0, 0.5])")
    check_network_arrays(graph, parameters, x, y, weights)


def _network_columns(
    torch: Any, graph: NetworkGraph, parameters: Any, x: Any, y: Any = None, weights: Any = None
) -> tuple[list, tuple]:
    _check_tensors(torch, graph, parameters, x, y, weights)
    batch = parameters.shape[:-1]
    if y is not None and graph.weighted and weights is None:
        weights = torch.ones_like(x[:, 0])
    data = [x, *(table.to(parameters.dtype) for table in (y, weights) if table is not None)]
    columns = [
        column.reshape(-1, *(1 for _ in batch))
        for table in data
        for column in table.reshape(x.shape[0], math.prod(table.shape[1:])).unbind(1)
    ]
    return [*parameters.unbind(-1), *columns], (x.shape[0], *batch)


def _like(torch: Any, value: Any, template: Any) -> Any:
    """A result in the shape and dtype of the template, also where the formula is a number."""
    if not torch.is_tensor(value):
        return torch.full_like(template, value)
    return value if value.shape == template.shape else value.expand_as(template)


@cache
def _made_here(function_meta: type) -> type:
    """The type of the autograd Functions made here, which have no place of their own: they are pickled as calls."""
    meta = type("DerivedFunctionMeta", (function_meta,), {})
    copyreg.pickle(meta, lambda made: made.made_by)
    return meta


def _autograd_function(torch: Any, name: str, made_by: tuple[Any, ...], source: str, methods: tuple[Any, ...]) -> Any:
    forward, setup_context, backward = map(staticmethod, methods)
    members = {
        "forward": forward,
        "setup_context": setup_context,
        "backward": backward,
        "generate_vmap_rule": True,
        "source": source,
        "made_by": made_by,
        "__doc__": "A quantity whose backward gradlab derived; `source` is the program that computes it.",
    }
    base = torch.autograd.Function
    return _made_here(type(base))(name, (base,), members)
