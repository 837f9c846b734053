"""What a sweep's file says: read, checked, and put into the words of `gl.mlp`, `gl.datasets` and `gl.sweep`."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import gradlab
from gradlab._errors import GradlabError
from gradlab._words import meant
from gradlab.rules import Rule, RuleError, Schedule, numbers_of, read
from gradlab.train import data_sets

_SECTIONS = ("network", "data", "sweep", "recommend")
_NOT_IN_FILES = ("out", "resume", "engine", "scheduler", "progress")  # a file may be from anywhere
_RANGE = ("from", "to", "count", "spacing")
_EXAMPLE = "{ from = 0.1, to = 10, count = 9 }"
_QUOTED = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)  # a fraction, as "1/3", is written so
_LONGEST, _MOST_VALUES = 2**24, 1_000_000  # bytes of a file, and values of a setting
_DIGITS = 3  # of the values in a range: 3.77 is as good a learning rate as 3.7700705, and can be read


class SpecError(GradlabError):
    """A sweep's file cannot be used."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A sweep as its file describes it.

    Args:
        net: the network.
        data: what is trained on.
        settings: the arguments of `gl.sweep`.
        advice: the arguments of `gl.recommend`.
    """

    net: Any
    data: Any
    settings: dict[str, Any]
    advice: dict[str, Any]


def read_spec(path: Path) -> Spec:
    """Reads a sweep's file; raises a SpecError that names the key where that cannot be used."""
    try:
        with path.open("rb") as opened:
            raw = opened.read(_LONGEST + 1)
        if len(raw) > _LONGEST:
            raise SpecError(f"{path} has more than {_LONGEST:,} bytes, the limit for a specification.")
        content = tomllib.loads(raw.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise SpecError(f"{path} is not a TOML file: {problem}") from None
    try:
        return _spec(content, path.parent)
    except SpecError as problem:
        raise SpecError(f"{path}: {problem}") from None


def _spec(content: Mapping[str, Any], folder: Path) -> Spec:
    _check_keys(content, _SECTIONS, "")
    for name in _SECTIONS:
        if not isinstance(content.get(name, {}), Mapping):
            raise SpecError(f"{name} is a section: write [{name}] on a line of its own, and its keys below.")
    for name in ("network", "data"):
        if name not in content:
            example = "sizes = [2, 2, 1]" if name == "network" else 'set = "five_points"'
            raise SpecError(f"the section [{name}] is missing; write for example\n[{name}]\n{example}")
    network, sweep, advice = (content.get(name, {}) for name in ("network", "sweep", "recommend"))
    _check_keys(network, _arguments(gradlab.mlp), "network")
    _check_keys(sweep, _arguments(gradlab.sweep, "net", "data", "keep", *_NOT_IN_FILES), "sweep")
    _check_keys(advice, _arguments(gradlab.recommend, "grid"), "recommend")
    if "sizes" not in network:
        raise SpecError("network.sizes is missing; write for example sizes = [2, 2, 1].")
    net = named("network", gradlab.mlp, **network)
    return Spec(net, _data(content["data"], folder), {k: _values(k, v) for k, v in sweep.items()}, dict(advice))


def named(section: str, call: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
    """Calls a function of gradlab's, and names the section in a SpecError where that refuses what the section says."""
    try:
        return call(*arguments, **settings)
    except gradlab.StoreError:
        raise  # the store is that of the command line
    except GradlabError as problem:
        raise SpecError(f"[{section}]: {problem}") from None


def _arguments(call: Callable[..., Any], *without: str) -> list[str]:
    return [name for name in inspect.signature(call).parameters if name not in without]


def _check_keys(section: Mapping[str, Any], known: Collection[str], name: str) -> None:
    for key in section:
        if key not in known:
            near = meant(key, known)
            offer = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
            raise SpecError(f"{name + '.' if name else ''}{key} is unknown; {offer}")


def _data(section: Mapping[str, Any], folder: Path) -> Any:
    if ("set" in section) == ("file" in section):
        raise SpecError(f'[data] needs either set, one of {", ".join(data_sets())}, or file, as file = "points.csv".')
    options = {key: value for key, value in section.items() if key not in ("set", "file")}
    if "file" in section:
        _check_keys(options, _arguments(gradlab.datasets.table, "source"), "data")
        return named("data", gradlab.datasets.table, folder / str(section["file"]), **options)
    name = section["set"]
    if name not in data_sets():
        near = meant(name, data_sets())
        raise SpecError(
            f"data.set is {name!r}; "
            + (f"did you mean {near[0]!r}?" if near else f"write one of {', '.join(data_sets())}.")
        )
    make = data_sets()[name]
    _check_keys(options, _arguments(make), "data")
    return named("data", make, **options)


def _values(key: str, value: Any) -> Any:
    """A setting as gl.sweep takes it: ranges written out, layers counted."""
    if not isinstance(value, Mapping):
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str) and _QUOTED.fullmatch(each.strip()):
                raise SpecError(f"sweep.{key} has {each!r}, which is text; write {each.strip()}, without quotes.")
        return value
    if key == "rule":
        return _rule(value)
    if key == "learning_rate" and value and all(layer.isdigit() for layer in value):
        return {int(layer): _values(f"{key}.{layer}", each) for layer, each in value.items()}
    _check_keys(value, _RANGE, f"sweep.{key}")
    start, stop = (_number(f"sweep.{key}.{name}", value.get(name), f"{key} = {_EXAMPLE}") for name in ("from", "to"))
    count = value.get("count")
    if not isinstance(count, int) or isinstance(count, bool) or not 2 <= count <= _MOST_VALUES:
        raise SpecError(
            f"sweep.{key}.count must be a whole number from 2 to {_MOST_VALUES:,}; write {key} = {_EXAMPLE}."
        )
    spacing = value.get("spacing", "logarithmic")
    if spacing not in ("logarithmic", "linear"):
        raise SpecError(f'sweep.{key}.spacing is {spacing!r}; write "logarithmic" or "linear".')
    if spacing == "logarithmic" and (start <= 0 or stop <= 0):
        raise SpecError(
            f"sweep.{key}.{'from' if start <= 0 else 'to'} must be greater than 0 for equal factors between the "
            'values; write spacing = "linear" for equal distances.'
        )
    made = np.linspace(start, stop, count) if spacing == "linear" else np.geomspace(start, stop, count)
    return [float(f"{number:.{_DIGITS}g}") for number in made]


def _rule(section: Mapping[str, Any]) -> Rule:
    """A rule whose numbers may be several, or ranges, each in a line of its own."""
    try:
        kind = Rule.named(str(section.get("name", "gradient_descent")))
        _check_keys(section, ("name", "schedule", *(each.name for each in numbers_of(kind))), "sweep.rule")
        numbers = {
            key: _values(f"rule.{key}", value) for key, value in section.items() if key not in ("name", "schedule")
        }
        return kind(**numbers, schedule=read(Schedule, section.get("schedule", "constant")))
    except RuleError as problem:
        raise SpecError(f"[sweep.rule]: {problem}") from None


def _number(name: str, value: object, example: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        missing = "is missing" if value is None else f"must be a number, but it is {value!r}"
        raise SpecError(f"{name} {missing}; write {example}.")
    return float(value)
