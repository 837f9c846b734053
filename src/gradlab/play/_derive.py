"""Derive: a network that somebody builds, the chain rule of one of its derivatives, its numbers, and lines to judge."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from gradlab._errors import GradlabError
from gradlab.derive import Derivation, backprop, derive, local_gradient, vector_form
from gradlab.graph import (
    Apply,
    Const,
    Expression,
    Graph,
    NetworkGraph,
    Quantity,
    Ref,
    evaluate,
    functions,
    mlp_graph,
    number,
    parse,
    substitute,
    transform,
    walk,
)
from gradlab.play._typeset import typeset
from gradlab.prove import Answer, Outcome, answer

MOST_UNITS, MOST_LAYERS = 6, 5  # what a person reads, and a prover judges while somebody waits
LONGEST = 600  # characters of a line
LOSS = "L"
ROUNDED = 2e-3  # of a value that somebody calculated from five digits
PUT_IN = {
    "outcome": Outcome.NOT_JUDGED.value,
    "hint": "at this point your line has the value of the derivative, with numbers in place of names",
    "remedy": "write the formula, which holds for all numbers",
}
TYPED = str.maketrans({"−": "-", "·": "*", "×": "*", "²": "**2", "³": "**3", "∂": "d"})  # as formulas are set
IN_LATEX = (
    r"write the derivative alone, without =; equations are read in LaTeX: \frac{{\partial L}}{{\partial {by}}} = "
)


def chain(given: Mapping[str, Any]) -> dict[str, Any]:
    """The derivative of a network's loss by one of its quantities, by the chain rule.

    Args:
        given: ``sizes`` of the layers, the ``activation``, the ``loss``, and ``by``, the name of a quantity; empty for
            the first weight.

    Returns:
        ``by``, its name in the graph; ``units`` of each layer, and for each of them its ``quantities``: its sum and its
        output; ``parameters``, ``inputs`` and ``labels`` by name; ``candidates``, by what can be derived; ``lit``, what
        lies on a path from the quantity to the loss; how many ``paths`` there are, 0 for too many to be written out;
        ``derivation`` as MathML, and as ``latex``; the ``result`` as text.

    Raises:
        GradlabError: for a network that is too large here, or names that do not exist.
    """
    graph = _network(given)
    sums = [quantity.name for quantity in graph.quantities if quantity.expression is not None and quantity.name != LOSS]
    candidates = [*graph.parameters, *reversed(sums), *graph.inputs]
    by = _wanted(graph, given["by"], candidates)
    derivation = _derivation(graph, by)
    latex = derivation.latex()
    return {
        "by": by,
        "units": [list(layer) for layer in graph.layers],
        "quantities": [[_quantities(graph, unit) for unit in layer] for layer in graph.layers],
        "parameters": list(graph.parameters),
        "inputs": list(graph.inputs),
        "labels": list(graph.labels),
        "candidates": candidates,
        "lit": _above(graph, by),
        "paths": len(derivation.paths),
        "derivation": typeset(latex),
        "latex": latex,
        "result": str(derivation.result),
    }


def matrices(given: Mapping[str, Any]) -> dict[str, Any]:
    """A network over arrays: ``formulas`` as MathML (forward, backward, what stands in which entry), and ``latex``."""
    form = vector_form(_network(given))
    parts = [form.forward_latex(), form.backward_latex(), form.dictionary_latex()]
    return {"formulas": [typeset(part) for part in parts], "latex": "\n".join(parts)}


def numbers(given: Mapping[str, Any]) -> dict[str, Any]:
    """What flows through a network at a point: its quantities forward, and the derivatives of the loss backward.

    Args:
        given: what `chain` takes; ``x`` and ``y``, the point; and ``weights``, a number for each parameter, or none for
            numbers of the page's own.

    Returns:
        ``weights``, as they were used; ``values`` of all quantities and ``slopes``, the derivatives of the loss by
        parameters, sums, outputs and inputs, by name.

    Raises:
        GradlabError: for a network that is too large here, too few or too many numbers, or quantities that have no
            value at these.
    """
    graph = _network(given)
    values = _point(graph, given)
    weights = [values[name] for name in graph.parameters]
    for quantity in graph.quantities:
        if quantity.expression is not None:
            values[quantity.name] = _value(quantity.name, quantity.expression, values)
    derived = [each.name for each in graph.quantities if each.name not in (*graph.labels, LOSS)]
    backward = backprop(graph, LOSS, derived)
    known = dict(values)
    for name, formula in backward.deltas:
        known[name] = _value(f"the derivative by {backward.by[name]}", formula, known)
    slopes = {by: _value(f"the derivative by {by}", formula, known) for by, formula in backward.gradient.items()}
    return {"weights": weights, "values": values, "slopes": slopes}


def judged(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the prover says of a ``line`` that somebody writes for a derivative of `chain`.

    Args:
        given: what `numbers` takes, the ``line``, and ``by``, the name of the quantity.

    Returns:
        ``outcome`` in words: right, wrong, not finished, not understood or not judged, as a line is true of something
        else, or has numbers of the point in place of names; ``hint``, where to look or what was not understood;
        ``remedy``, what to do about it.

    Raises:
        GradlabError: for a line that is empty or too long, and what `chain` does not take.
    """
    graph, line = _network(given), given["line"]
    if not line.strip() or len(line) > LONGEST:
        raise GradlabError(f"write a line of 1 to {LONGEST} characters; this one has {len(line)}")
    by = _wanted(graph, given["by"], graph.parameters)
    asked = f"d{LOSS}/d{by}"
    plain = not re.search(r"[\\{}$]", line)
    if plain:  # as the page itself writes it
        asked_so = rf"^\s*(d\s*{LOSS}\s*/\s*d\s*{re.escape(by)}\s*)?=(?=[^=]*\w[^=]*$)"
        line = re.sub(asked_so, "", line.translate(TYPED)).rstrip(" .")
    result = _derivation(graph, by).result
    composed = plain and re.search(r"=|\bd\w+\s*/\s*d\w+", line)
    read = _in_latex(line, graph) if composed else line
    if _is_value(line, result, given):
        return dict(PUT_IN)
    written = _formula(line, graph)
    said = Answer(Outcome.RIGHT) if written == result and "=" not in line else answer(asked, read, graph)
    if said.outcome is Outcome.WRONG and _put_in(line, asked, result, given):
        return dict(PUT_IN)
    if said.outcome is Outcome.WRONG and written is not None and (strange := _functions(written) - _own(graph)):
        without = " and no ".join(sorted(strange))
        said = Answer(Outcome.WRONG, f"the value is another one; this network has no {without}")
    if said.outcome is Outcome.NOT_UNDERSTOOD and composed:
        return {"outcome": said.outcome.value, "hint": said.hint, "remedy": IN_LATEX.format(by=graph[by].latex)}
    return {"outcome": said.outcome.value, "hint": said.hint, "remedy": said.outcome.remedy}


def _formula(line: str, graph: NetworkGraph) -> Expression | None:
    """The last side of a line in plain text, with the graph's own names; None for LaTeX and what is no formula."""
    try:
        written = parse(line.rpartition("=")[2].strip())
        return substitute(written, {name: Ref(graph.find(name)) for name in written.names})
    except GradlabError:
        return None


def _in_latex(line: str, graph: NetworkGraph) -> str:
    """Plain text with derivatives or equals signs as the prover reads it; as it stands where a side is no formula."""
    symbols: dict[str, str] = {}

    def derivative(ratio: re.Match[str]) -> str:
        above, below = (graph[graph.find(name)].latex for name in ratio.groups())
        name = f"slope_{len(symbols)}"
        symbols[name] = rf"\frac{{\partial {above}}}{{\partial {below}}}"
        return name

    try:
        spelled = re.sub(r"\bd(\w+) ?/ ?d(\w+)", derivative, line)
        if re.search(r"(/|\*\*|\^) *slope_|slope_\d+ *(/|\*\*|\^|\()", spelled):  # it has more than one meaning
            return line
        sides = [parse(side.strip()) for side in spelled.split("=")]
        names = {name for side in sides for name in side.names} - {*symbols}
        symbols |= {name: graph[graph.find(name)].latex for name in names}
    except GradlabError:
        return line
    return " = ".join(side.latex(symbols) for side in sides)


def _functions(formula: Expression) -> set[str]:
    return {node.primitive for node in walk(formula) if isinstance(node, Apply)} & functions().keys()


def _own(graph: NetworkGraph) -> set[str]:
    """The functions that a network has, and those of its derivatives."""
    formulas = [each.expression for each in graph.quantities if each.expression is not None]
    return set().union(*(_functions(part) for each in formulas for part in (each, *local_gradient(each).values())))


def _is_value(line: str, result: Expression, given: Mapping[str, Any]) -> bool:
    """Tell whether a line ends in a number, that of a derivative at the point, where a formula is asked for."""
    written = _formula(line, _network(given))
    if written is None or written.names or not result.names:
        return False
    try:
        value, point = _value("the line", written, {}), numbers(given)["values"]
        true = _value("the derivative", result, point)
    except GradlabError:
        return False
    unit, left_off = _unit(value), true - value if true > 0 else value - true
    cut_off = value * true > 0 and 0 <= left_off < unit
    return cut_off or abs(value - true) <= unit / 2 * bool(value) or math.isclose(value, true, rel_tol=ROUNDED)


def _unit(value: float) -> float:
    """What a one is worth at the last of the digits in which a number is written."""
    digits, _, exponent = repr(value).partition("e")
    return 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))


def _put_in(line: str, asked: str, result: Expression, given: Mapping[str, Any]) -> bool:
    """Tell whether a line that is wrong has more numbers than the derivative, and its value at the point."""
    if _numerals(line.rpartition("=")[2]) <= _numerals(str(result)):
        return False
    graph, written = _network(given), _formula(line, _network(given))
    try:
        point, values = _point(graph, given), numbers(given)["values"]
        if written is not None:
            return _agree(written, result, values)
    except GradlabError:
        return False
    # It is LaTeX, and read with the numbers in it.
    fixed = {name: Quantity(name, number(Fraction(str(x))), latex=graph[name].latex) for name, x in point.items()}
    known = [fixed.get(each.name, each) for each in graph.quantities]
    return answer(asked, line, Graph(known, graph.relations)).outcome is Outcome.RIGHT


def _agree(written: Expression, result: Expression, values: Mapping[str, float]) -> bool:
    """Tell whether two formulas have one value, as far as the digits go that somebody wrote in the first."""
    value, true = (_value("the derivative", formula, values) for formula in (written, result))
    doubt = ROUNDED * abs(true)
    for each in {node for node in walk(written) if isinstance(node, Const) and node.value.denominator > 1}:
        other = number(each.value + Fraction(_unit(float(each.value))))
        moved = transform(written, lambda node, each=each, other=other: other if node == each else None)
        doubt += abs(_value("the derivative", moved, values) - value)
    return abs(value - true) <= doubt


def _numerals(line: str) -> int:
    """How many numbers stand in a line, but for those in names and exponents."""
    bare = re.sub(r"[A-Za-z]*_\{[^}]*\}|[A-Za-z]\w*|_\w|(\*\*|\^) *\{? *\d+", "", line)
    return len(re.findall(r"\d+(?:\.\d+)?", bare))


def _point(graph: NetworkGraph, given: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a point, and of the parameters, by name."""
    weights = given["weights"] or [round(math.sin(1 + 2 * i), 1) for i in range(len(graph.parameters))]
    values: dict[str, float] = {}
    for what, names, found in (
        ("inputs", graph.inputs, given["x"]),
        ("labels", graph.labels, given["y"]),
        ("weights", graph.parameters, weights),
    ):
        if len(found) != len(names):
            raise GradlabError(
                f"this network has {len(names)} {what}, {', '.join(names)}; numbers are given for {len(found)}"
            )
        values.update(zip(names, map(float, found), strict=True))
    return values


@lru_cache(maxsize=8)
def _derivation(graph: NetworkGraph, by: str) -> Derivation:
    return derive(graph, LOSS, by)


@lru_cache(maxsize=8)
def _graph(sizes: tuple[int, ...], activation: str, loss: str) -> NetworkGraph:
    return mlp_graph(sizes, activation, None, loss)


def _network(given: Mapping[str, Any]) -> NetworkGraph:
    sizes = tuple(given["sizes"])
    if not 2 <= len(sizes) <= MOST_LAYERS or not all(1 <= units <= MOST_UNITS for units in sizes):
        raise GradlabError(
            f"the page derives networks of 2 to {MOST_LAYERS} layers, each of 1 to {MOST_UNITS} units, such as 2,2,1"
        )
    return _graph(sizes, given["activation"], given["loss"])


def _wanted(graph: NetworkGraph, by: str, candidates: Sequence[str]) -> str:
    """The quantity of a name; for none the first weight."""
    if not by:
        return graph.parameters[graph.sizes[1]]
    found = graph.find(by)
    if found in (*graph.labels, LOSS):
        raise GradlabError(
            f"the page derives by {candidates[0]} and the like, not by {found}: a label is what is given"
        )
    return found


def _quantities(graph: NetworkGraph, unit: str) -> list[str]:
    """A unit's sum and its output; of an input itself."""
    names = [name for tail in ("in", "out") for name in (f"{unit}{tail}", f"{unit}_{tail}") if name in graph]
    return names or [unit]


def _above(graph: NetworkGraph, by: str) -> list[str]:
    """What depends on a quantity, and the quantity itself."""
    lit = {by}
    for quantity in graph.quantities:
        if quantity.expression is not None and not lit.isdisjoint(quantity.expression.names):
            lit.add(quantity.name)
    return sorted(lit)


def _value(name: str, formula: Expression, values: Mapping[str, float]) -> float:
    try:
        found = float(evaluate(formula, values, exact=False))
    except (ValueError, ZeroDivisionError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise GradlabError(f"{name} = {formula} has no finite value at these numbers: choose smaller ones")
    return found
