"""Functions that bring their own backward pass: which of their arguments are checked, and how they are called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from gradlab.check._errors import CheckError
from gradlab.check.inputs import _jax, _torch
from gradlab.check.inputs._function import ByMode
from gradlab.check.inputs._point import Mode
from gradlab.check.inputs._trees import is_module, kind_of, leaves_of, map_structure


def point_of(function: Any, inputs: Any, keywords: Mapping[str, Any]) -> tuple[ByMode, dict[str, Any]]:
    """Turn a function with its own backward pass into one of a dict of its inputs and parameters.

    Returns:
        The function of the point, and the point.

    Raises:
        CheckError: It cannot be called, or no input has real numbers.
    """
    is_many = isinstance(inputs, list | tuple) and not hasattr(inputs, "_fields")
    arguments = list(inputs) if is_many else [inputs]
    is_own = isinstance(function, type) and hasattr(function, "apply") and hasattr(function, "backward")
    if isinstance(function, type) and not is_own and hasattr(function, "forward"):
        name = function.__name__
        raise CheckError(
            f"{name} is a class; give an instance of it: {name.lower()} = {name}(...), with its arguments."
        )
    if not (is_own or callable(function)) or (isinstance(function, type) and not is_own):
        raise CheckError(
            f"{function!r} has no backward pass to check; give a subclass of torch.autograd.Function, a "
            "torch.nn.Module, or a function of torch or jax."
        )
    apart: set[int] = set()
    if _jax.is_transformed(function):
        arguments = [map_structure(argument, _jax.as_jax) for argument in arguments]
        keywords = {name: map_structure(value, _jax.as_jax) for name, value in keywords.items()}
        # Those that are left to their defaults are not there.
        apart = _jax.without_derivative(function, arguments) & set(range(len(arguments)))
    run = getattr(function, "apply", function) if is_own else function
    names = _names(_signature(function, is_own), len(arguments), skip=is_own)
    inside = _torch.parameters_of(function) if is_module(function) else {}
    taken = set(inside) | set(keywords)
    names = [f"input {name}" if name in taken else name for name in names]
    places = [place for place in range(len(arguments)) if place not in apart]
    point = {names[place]: arguments[place] for place in places} | dict(keywords) | inside
    if not any(kind_of(leaf) in {"real", "complex"} for _, leaf in leaves_of(point)):
        raise CheckError("none of the inputs is a tensor or an array of real numbers; give at least one.")

    def make(mode: Mode) -> Callable[[dict[str, Any]], Any]:
        bound = _torch.ModuleAt(function, mode is not Mode.NATIVE) if is_module(function) else None

        def call(values: dict[str, Any]) -> Any:
            given = [values[names[place]] if place in places else argument for place, argument in enumerate(arguments)]
            named = {name: values[name] for name in keywords}
            if bound is not None:
                return bound({name: values[name] for name in inside})(*given, **named)
            return run(*given, **named)

        return call

    notes = [f"{names[place]} has no derivative by its own rule: not checked." for place in sorted(apart)]
    if is_module(function) and (frozen := _torch.frozen_of(function)):
        notes.append(f"not checked, since requires_grad=False: {', '.join(frozen)}.")
    return ByMode(make, tuple(notes)), point


def _signature(function: Any, is_own: bool) -> Any:
    return getattr(function, "forward", function) if is_own or is_module(function) else function


def _names(function: Any, count: int, skip: bool) -> list[str]:
    """The names of the arguments; those of autograd Functions come after ctx, unless forward takes none."""
    fallback = [f"input {place}" for place in range(count)]
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return fallback
    if skip and parameters and parameters[0].name.startswith(("ctx", "context")):
        parameters = parameters[1:]
    positional = [each.name for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    return [*positional, *fallback[len(positional) :]][:count]
