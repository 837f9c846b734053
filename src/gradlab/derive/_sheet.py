"""A sheet of all derivatives as Markdown with LaTeX: quantities, rules, each derivative, what sharing saves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from gradlab._errors import GradlabError
from gradlab.derive._chain_rule import derive
from gradlab.derive._derivation import Step
from gradlab.derive._latex import steps_to_latex
from gradlab.derive._local import local_gradient, rules_used
from gradlab.derive._savings import Growth, growth_of
from gradlab.derive._second import hessian
from gradlab.derive._simplify import tidy, with_names
from gradlab.derive._through_deltas import gradient_through_deltas
from gradlab.derive._vector import vector_form
from gradlab.graph import (
    PRIMITIVES,
    ZERO,
    Apply,
    Expression,
    Graph,
    NetworkGraph,
    Partial,
    Primitive,
    Quantity,
    Ref,
    Role,
    transform,
    written_out,
)

MOST_PARAMETERS = 400
MOST_WRITTEN_OUT = 60
LARGEST_DICTIONARY = 8
WIDEST_MATRIX = 120  # characters of LaTeX
LONGEST_BLOCK = 12  # rows that stay together on a page
DIAGRAM, PLOT = "network", "savings"


def network_sheet(graph: NetworkGraph, output: str, wrt: Sequence[str]) -> str:
    """The sheet for a network.

    Args:
        graph: the network.
        output: the name of the quantity that is differentiated.
        wrt: the names of the quantities by which it is differentiated.

    Returns:
        Markdown; it shows the pictures ``network`` and ``savings``.

    Raises:
        GradlabError: if the graph has no quantity of a name, or for a network with more than 400 parameters.
    """
    output, names = graph.find(output), [graph.find(name) for name in wrt]
    if len(graph.parameters) > MOST_PARAMETERS:
        raise GradlabError(
            f"a sheet about {len(graph.parameters):,} parameters is nothing to read, {MOST_PARAMETERS} are the most: "
            "take a smaller network, or derive by one quantity on the terminal"
        )
    sizes = "-".join(map(str, graph.sizes))
    symbols = graph.symbols
    parts = [
        f"# All derivatives of a {sizes} network",
        f"A network with {graph.sizes[0]} input{_s(graph.sizes[0])}, {_hidden(graph)} and {graph.sizes[-1]} "
        f"output{_s(graph.sizes[-1])} with {_the(graph.output)}; the loss of one example is {graph.loss_words}. "
        f"Below, ${symbols[output]}$ is differentiated by {_listed(names, graph)}.",
        f"![The network: units, weights, biases and loss]({DIAGRAM})",
        "## What is computed",
        "Layer by layer, from the inputs to the loss:",
        *(_align([f"{symbols[q.name]} &= {_formula(q, graph)}" for q in group]) for group in _layers(graph)),
        *_local_section(graph, output, names),
        *_delta_section(graph, output, names),
        *_written_out_section(graph, output, names),
    ]
    if output == "L":
        parts += _savings_section(growth_of(graph), len(graph.parameters))
        parts += [] if graph.weighted else _vector_section(graph)  # there are no such formulas with weights of points
    return "\n\n".join(parts) + "\n"


def function_sheet(graph: Graph, output: str, wrt: Sequence[str]) -> str:
    """The sheet for a function: every derivative step by step, the gradient, the second derivatives.

    Args:
        graph: the function's graph.
        output: the name of its value.
        wrt: the names of its variables.

    Returns:
        Markdown without pictures.

    Raises:
        GradlabError: if the graph has no quantity of a name.
    """
    output, names = graph.find(output), tuple(graph.find(name) for name in wrt)
    symbols = graph.symbols
    computed = [quantity for quantity in graph if quantity.expression is not None]
    parts = [
        f"# All derivatives of ${symbols[output]}$",
        "## What is computed",
        _align([f"{symbols[q.name]} &= {_formula(q, graph)}" for q in computed]),
        "## The derivatives, step by step",
    ]
    for name in names:
        derivation = derive(graph, output, name)
        parts += [f"### By ${symbols[name]}$", _block(derivation.steps, derivation.graph.symbols)]
    try:
        formula = written_out(graph, output)
    except GradlabError:
        return "\n\n".join(parts) + "\n"  # too long to be written as one formula
    gradient = local_gradient(formula)
    column = r" \\ ".join(tidy(gradient.get(name, ZERO)).latex(symbols) for name in names)
    arguments = ", ".join(symbols[name] for name in names)
    parts += [
        "## The gradient and the second derivatives",
        _align([rf"\nabla {symbols[output]}({arguments}) &= \begin{{pmatrix}} {column} \end{{pmatrix}}"]),
        *_second(hessian(formula, names), output, names, symbols),
    ]
    return "\n\n".join(parts) + "\n"


def _second(
    entries: Mapping[tuple[str, str], Expression], output: str, names: Sequence[str], symbols: Mapping[str, str]
) -> list[str]:
    """The Hessian as a matrix, or where that is too wide to read, entry by entry."""
    rows = [[entries[a, b].latex(symbols) for b in names] for a in names]
    widest = sum(max(map(len, column)) for column in zip(*rows, strict=True))
    if widest <= WIDEST_MATRIX:
        table = r" \\ ".join(" & ".join(row) for row in rows)
        arguments = ", ".join(symbols[name] for name in names)
        return [_align([rf"\nabla^2 {symbols[output]}({arguments}) &= \begin{{pmatrix}} {table} \end{{pmatrix}}"])]
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i:]]
    return [steps_to_latex([Step(Partial(output, a, b), entries[a, b], ())], symbols, reasons=False) for a, b in pairs]


def _formula(quantity: Quantity, graph: Graph) -> str:
    assert quantity.expression is not None
    return quantity.expression.latex(graph.symbols)


def _layers(graph: Graph) -> list[list[Quantity]]:
    """The computed quantities, those with formulas of one kind together."""
    computed = [quantity for quantity in graph if quantity.expression is not None]
    return [list(group) for _, group in groupby(computed, key=lambda q: transform(q.expression or Ref("_"), _nameless))]


def _local_section(graph: Graph, output: str, names: Sequence[str]) -> list[str]:
    """One local derivative of each kind in each layer, with its rule."""
    needed = set(names)
    for quantity in graph:
        if any(below in needed for below in quantity.inputs):
            needed.add(quantity.name)
    known: dict[Expression, str] = {q.expression: q.name for q in graph if isinstance(q.expression, Apply)}
    computed = graph.below(output)
    blocks: list[list[Step]] = []
    count = 0
    for layer in reversed(_layers(graph)):
        seen: set[tuple[Role, Expression]] = set()
        for quantity in (quantity for quantity in layer if quantity.name in computed):
            assert quantity.expression is not None
            for name, raw in local_gradient(quantity.expression).items():
                named = with_names(raw, known)
                kind = graph[name].role, transform(named, _nameless)
                if name in needed:
                    count += 1
                if name in needed and kind not in seen:
                    seen.add(kind)
                    blocks.append(_local_steps(quantity, name, raw, named))
    if not blocks:
        return []
    left_out = count - len(blocks)
    note = f" One of each kind is shown; the other {left_out} differ from these in indices alone." if left_out else ""
    text = f"Each quantity by what stands in its own formula, everything else in it kept.{note}"
    used = {quantity.expression.primitive for quantity in graph if isinstance(quantity.expression, Apply)}
    for row in (row for row in _picking() if row.name in used):
        text += f" The rule of {row.name} is ${row.rule_latex}$, where $[j = k]$ is 1 if $j = k$ and 0 otherwise."
    return ["## The local derivatives", text, *(_block(block, graph.symbols) for block in blocks)]


def _local_steps(quantity: Quantity, name: str, raw: Expression, named: Expression) -> list[Step]:
    assert quantity.expression is not None
    left = Partial(quantity.name, name)
    rules = rules_used(quantity.expression, name)
    because = tuple(piece for rule in rules for piece in (", ", rule))[1:]
    steps = [Step(left, raw, because or ("linear",))]
    return steps if named == raw else [*steps, Step(left, named, ("written with the names",))]


def _delta_section(graph: Graph, output: str, names: Sequence[str]) -> list[str]:
    """The whole gradient with shared deltas."""
    extended, steps = gradient_through_deltas(graph, output, names)
    symbols = extended.symbols
    deltas = [step for step in steps if isinstance(step.left, Ref)]
    results = [step for step in steps if not isinstance(step.left, Ref)]
    parts = ["## All derivatives, through shared deltas"]
    if deltas:
        parts.append(
            f"What the derivatives have in common is worked out once, from ${symbols[output]}$ inwards, and called "
            r"$\delta$."
        )
        parts += [_block(group, symbols) for _, group in _by_left(deltas)]
        parts.append("With them, each derivative is the chain rule over the last step alone:")
    rows = []
    for left, group in _by_left(results):
        sides = dict.fromkeys(step.right.latex(symbols) for step in group)
        rows.append(f"{left.latex(symbols)} &= {' = '.join(sides)}")
    return [*parts, *(_align(rows[i : i + LONGEST_BLOCK]) for i in range(0, len(rows), LONGEST_BLOCK))]


def _written_out_section(graph: Graph, output: str, names: Sequence[str]) -> list[str]:
    """Each derivative by its paths, for as many as one reads."""
    if len(names) > MOST_WRITTEN_OUT:
        return []
    derivations = [derive(graph, output, name) for name in names]
    long = [each for each in derivations if each.paths and len(each.paths[0]) > 2]
    if not long:
        return []
    text = "The same without deltas: the product along every path, the factors put in, what cancels taken out."
    many = [graph.symbols[each.wrt] for each in derivations if not each.paths and len(each.steps) > 1]
    if many:
        text += f" Too many paths for that lead to ${', '.join(many)}$."
    blocks = [
        _block([step for step in each.steps if step.left == each.steps[0].left], each.graph.symbols) for each in long
    ]
    return ["## Each derivative, path by path", text, *blocks]


def _savings_section(growth: Growth, count: int) -> list[str]:
    own = growth.own
    rows = [
        f"| {size} | {savings.paths:,} | {savings.expanded:,} | {savings.shared:,} |"
        for size, savings in growth.by_depth
    ]
    return [
        "## What sharing saves",
        f"The {count} derivatives have {own.paths:,} paths. Multiplied out path by path they take **{own.expanded:,} "
        f"multiplications**; with shared deltas they take **{own.shared:,}**. Counted are the multiplications of the "
        "chain rule's factors: what a local derivative takes by itself (the square in $1 - z^2$) is counted on neither "
        "side, and a factor 1 takes no multiplication on either.",
        "Path by path, the number is multiplied with every further layer; shared, each layer adds the same. For hidden "
        f"layers of {growth.width} neurons each:",
        "\n".join(["| hidden layers | paths | path by path | shared |", "| --: | --: | --: | --: |", *rows]),
        f"![Multiplications by depth and by width, path by path and shared]({PLOT})",
    ]


def _vector_section(graph: NetworkGraph) -> list[str]:
    form = vector_form(graph)
    proof = form.proof()
    parts = ["## In matrix notation"]
    if max(graph.sizes) <= LARGEST_DICTIONARY:
        parts += [
            "The same quantities as entries of arrays; a number in brackets is that of a layer:",
            form.dictionary_latex(),
        ]
    return [
        *parts,
        r"The values, with the shape of each array below it; $\odot$ multiplies entry by entry, and functions are "
        "taken entry by entry:",
        form.forward_latex(),
        "The derivatives, by the rules for arrays:",
        form.backward_latex(),
        f"Compared with the formulas above, entry by entry: {proof}.",
    ]


def _block(steps: Iterable[Step], symbols: Mapping[str, str]) -> str:
    """Steps with their reasons, well away from the formulas: pages are set tighter than notebooks."""
    written = steps_to_latex(steps, symbols).replace(" && ", r" &&\qquad ")
    for row in _picking():
        written = written.replace(row.rule_latex, rf"\text{{the rule of {row.name}}}")
    return written


def _picking() -> list[Primitive]:
    """The rows that take one of several arguments; their rules are too long to stand beside a formula."""
    return [row for row in PRIMITIVES.values() if row.picks]


def _by_left(steps: Iterable[Step]) -> Iterable[tuple[Expression, Iterable[Step]]]:
    return groupby(steps, key=lambda step: step.left)


def _nameless(node: Expression) -> Expression | None:
    """Formulas that differ in names alone, or in which entry of a softmax they are, are of one kind."""
    if isinstance(node, Apply) and PRIMITIVES[node.primitive].picks:
        return Apply(node.primitive, node.args[1:])
    return Ref("_") if isinstance(node, Ref) else None


def _align(rows: Sequence[str]) -> str:
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"


def _listed(names: Sequence[str], graph: Graph) -> str:
    if tuple(names) == getattr(graph, "parameters", ()):
        return f"each of its {len(names)} parameters"
    return ", ".join(f"${graph.symbols[name]}$" for name in names)


def _hidden(graph: NetworkGraph) -> str:
    hidden = graph.sizes[1:-1]
    if not hidden:
        return "no hidden layer"
    if len(hidden) == 1:
        return f"a hidden layer of {hidden[0]} neuron{_s(hidden[0])} with {_the(graph.hidden)}"
    return f"hidden layers of {', '.join(map(str, hidden[:-1]))} and {hidden[-1]} neurons with {_the(graph.hidden)}"


def _the(activation: str) -> str:
    return "the identity" if activation == "identity" else f"the function {activation}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
