r"""Multilayer perceptrons and their losses, with the names one writes on paper.

With one hidden layer: inputs ``x_1, ...``, hidden biases ``b_j`` and weights ``w_ij`` (from input i to neuron j),
hidden sums ``z_jin`` and activations ``z_jout``, the output's bias ``c`` and weights ``u_j``, its sum ``f_in`` and
value ``f_out``, the label ``y``, the loss ``L``, and what the point counts, its weight ``s``, where points have
weights. Several outputs are numbered (``c_k``, ``u_jk``, ``f_kin``); with several hidden layers the layer's number
stands behind the letter (``w2_13`` is :math:`w^{(2)}_{13}`). Indices above 9 are kept apart by underscores
(``w_1_12``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from gradlab._errors import GradlabError
from gradlab.graph._algebra import add, div, mul
from gradlab.graph._expression import ONE, TWO, Apply, Expression, Ref, is_apply, number
from gradlab.graph._graph import Graph, Quantity, Role
from gradlab.graph._losses import LOSSES, Loss, find_loss, loss_name
from gradlab.graph._names import find_name
from gradlab.graph._primitives import IDENTITY, PRIMITIVES, activations, known_as
from gradlab.graph._row import EVERYWHERE

# "mean_field": sums are divided by the square root of the width below, a hidden unit's activation is taken of sqrt(2)
# times that, of that itself if it is the identity, and the output is divided once more. Source: Sohl-Dickstein, "The
# boundary of neural network trainability is fractal", 2024.
SCALINGS = ("none", "mean_field")
LARGEST_NETWORK = 200_000


class NetworkGraph(Graph):
    """The graph of a multilayer perceptron with its loss for one example.

    Attributes:
        sizes: the number of inputs, of neurons in each hidden layer, and of outputs.
        hidden: the activation of the hidden layers.
        output: the activation of the output layer.
        loss: the name of the loss.
        scaling: how a layer's sums are scaled, "none" or "mean_field".
        biases: whether the layers have biases.
        weighted: whether each point has a weight.
        inputs: names of the inputs.
        labels: names of the labels.
        weights: the name of the weight of a point, by which its loss is multiplied; none without weights.
        parameters: names of the parameters, in the order every gradient has: layer by layer, the biases, then the
            weights from the first neuron below, from the second, and so on.
        outputs: names of what it predicts: the outputs, or the probabilities for softmax cross-entropy.
        layers: names of the units of each layer, for drawing.
    """

    def __init__(
        self,
        sizes: tuple[int, ...],
        hidden: str,
        output: str,
        loss: str,
        scaling: str = "none",
        biases: bool = True,
        weighted: bool = False,
    ) -> None:
        self.sizes, self.hidden, self.output, self.loss = sizes, hidden, output, loss
        self.scaling, self.biases, self.weighted = scaling, biases, weighted
        builder = _Builder(sizes, scaling, biases)
        units = builder.inputs()
        layers = [units]
        for layer in range(1, len(sizes)):
            last = layer == len(sizes) - 1
            units = builder.layer(layer, units, output if last else hidden)
            layers.append(builder.unit_names(layer))
        self.inputs, self.parameters = layers[0], tuple(builder.parameters)
        self.weights = ("s",) if weighted else ()
        self.labels, self.outputs = builder.add_loss(units, find_loss(loss), self.weights)
        self.layers = tuple(layers)
        relations = [(add(*map(Ref, self.labels)), ONE)] if self.loss_row.labels.shares else []
        super().__init__(builder.quantities, relations)

    @property
    def loss_row(self) -> Loss:
        """The loss's row of the table."""
        return find_loss(self.loss)

    @property
    def loss_words(self) -> str:
        """How a sentence has the loss."""
        return self.loss_row.called

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of what a point is given by, in the order of the columns of data: inputs, labels, its weight."""
        return (*self.inputs, *self.labels, *self.weights)

    def __reduce__(self) -> tuple[type[NetworkGraph], tuple[object, ...]]:
        given = (self.sizes, self.hidden, self.output, self.loss, self.scaling, self.biases, self.weighted)
        return NetworkGraph, given


def mlp_graph(
    sizes: Sequence[int],
    hidden: str,
    output: str | None,
    loss: str,
    scaling: str = "none",
    biases: bool = True,
    weighted: bool = False,
) -> NetworkGraph:
    """The graph of a multilayer perceptron; `gradlab.mlp` documents the arguments and the errors."""
    checked = _check_sizes(sizes)
    hidden = _choose(known_as(hidden), activations(), "activation")
    row = find_loss(loss)
    if output == "softmax":
        part = [each.name for each in LOSSES.values() if each.softmax]
        raise GradlabError(f'the softmax is part of the loss: write output="identity", loss="{part[0]}"')
    output = row.output if output is None else _choose(known_as(output), activations(), "activation")
    (low, high), between = row.outputs, PRIMITIVES[output].between if output != IDENTITY else EVERYWHERE
    if not (low <= between[0] and between[1] <= high):
        raise GradlabError(
            f'{row.called} needs outputs in ({low:g}, {high:g}): write output="{row.output}", not "{output}"'
        )
    if row.softmax and checked[-1] < 2:
        raise GradlabError('softmax over one output is always 1: use two outputs or more, or "binary_cross_entropy"')
    chosen = _choose(scaling, SCALINGS, "scaling")
    return NetworkGraph(checked, hidden, output, loss_name(row), chosen, bool(biases), bool(weighted))


def _choose(wanted: str, known: tuple[str, ...], what: str) -> str:
    return wanted if wanted in known else find_name(str(wanted), known, what)


def _check_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    try:
        checked = tuple(int(size) for size in sizes)
        given = zip(checked, sizes, strict=True)
        whole = all(size == each and type(each).__name__ not in ("bool", "bool_") for size, each in given)
    except (TypeError, ValueError):
        whole, checked = False, ()
    if not whole or len(checked) < 2 or min(checked) < 1:
        raise GradlabError(
            f"the sizes of the layers are two or more whole numbers from 1 up, as [2, 2, 1], not {sizes!r}"
        )
    weights = sum((below + 1) * above for below, above in pairwise(checked))
    if weights > LARGEST_NETWORK:
        raise GradlabError(
            f"{list(checked)} has {weights:,} parameters, each a named quantity of its own; "
            f"{LARGEST_NETWORK:,} are the most"
        )
    return checked


def loss_of(
    row: Loss, labels: Iterable[str], outputs: Iterable[str], weights: Iterable[str], *, stable: bool = False
) -> Expression:
    """The loss of a point, as it is written: the sum over the outputs, times the weight of the point if it has one."""
    terms = [row.of(Ref(y), Ref(f), stable=stable) for y, f in zip(labels, outputs, strict=True)]
    flat = tuple(part for term in terms for part in (term.args if is_apply(term, "add") else (term,)))
    return mul(*map(Ref, weights), flat[0] if len(flat) == 1 else Apply("add", flat))


class _Builder:
    """Collects the quantities of a network, layer by layer."""

    def __init__(self, sizes: tuple[int, ...], scaling: str, biases: bool) -> None:
        self.sizes, self.scaling, self.has_biases = sizes, scaling, biases
        self.deep = len(sizes) > 3
        self.last = len(sizes) - 1
        self.quantities: list[Quantity] = []
        self.parameters: list[str] = []

    def inputs(self) -> tuple[str, ...]:
        names = tuple(f"x_{i}" for i in range(1, self.sizes[0] + 1))
        self.quantities += [Quantity(name, role=Role.INPUT) for name in names]
        return names

    def letters(self, layer: int) -> tuple[str, str, str, bool]:
        """The letters for bias, weight and unit in a layer, and whether the layer's number belongs to them."""
        if layer == self.last:
            return "c", "u", "f", False
        return "b", "w", "z", self.deep

    def name(self, letter: str, layer: int, numbered: bool, indices: Sequence[int], tail: str = "") -> tuple[str, str]:
        """The name and the LaTeX of a quantity from its letter, layer and indices."""
        small = all(index < 10 for index in (self.sizes[layer - 1], self.sizes[layer]))
        head = f"{letter}{layer}" if numbered else letter
        index = ("" if small else "_").join(map(str, indices))
        shown = ("" if small else ",").join(map(str, indices))
        text = f"{head}_{index}{tail}" if index or tail else head
        below = ",".join(part for part in (shown, tail) if part)
        above = f"^{{({layer})}}" if numbered else ""
        subscript = f"_{below}" if len(below) == 1 else f"_{{{below}}}" if below else ""
        return text, f"{letter}{above}{subscript}"

    def one(self, layer: int) -> bool:
        """Whether the units of a layer go without a number: the only output."""
        return layer == self.last and self.sizes[-1] == 1

    def parameter(self, letter: str, layer: int, numbered: bool, indices: Sequence[int]) -> str:
        name, latex = self.name(letter, layer, numbered, indices)
        self.quantities.append(Quantity(name, role=Role.PARAMETER, latex=latex))
        self.parameters.append(name)
        return name

    def layer(self, layer: int, below: tuple[str, ...], activation: str) -> tuple[str, ...]:
        bias, weight, unit, numbered = self.letters(layer)
        units = range(1, self.sizes[layer] + 1)
        own = (lambda j: []) if self.one(layer) else (lambda j: [j])
        biases = [self.parameter(bias, layer, numbered, own(j)) for j in units] if self.has_biases else []
        weights = [
            [self.parameter(weight, layer, numbered, [i, *own(j)]) for j in units] for i in range(1, len(below) + 1)
        ]
        sums, outs = [], []
        for j in units:
            terms = [Apply("mul", (Ref(weights[i][j - 1]), Ref(name))) for i, name in enumerate(below)]
            into, into_latex = self.name(unit, layer, numbered, own(j), "in")
            out, out_latex = self.name(unit, layer, numbered, own(j), "out")
            sums.append(
                Quantity(into, self.scaled(add(*map(Ref, biases[j - 1 : j]), *terms), len(below)), latex=into_latex)
            )
            outs.append(Quantity(out, self.activated(Ref(into), activation, layer), latex=out_latex))
        self.quantities += [*sums, *outs]
        return tuple(quantity.name for quantity in outs)

    def scaled(self, total: Expression, width: int) -> Expression:
        """A sum over a layer of this width, divided by the square root of the width where that is asked for."""
        return div(total, Apply("sqrt", (number(width),))) if self.scaling == "mean_field" else total

    def activated(self, total: Expression, activation: str, layer: int) -> Expression:
        """The value of a unit from its sum."""
        if self.scaling == "mean_field":
            if layer == self.last:
                total = self.scaled(total, self.sizes[-2])
            elif activation != IDENTITY:
                total = mul(Apply("sqrt", (TWO,)), total)
        return total if activation == IDENTITY else Apply(activation, (total,))

    def unit_names(self, layer: int) -> tuple[str, ...]:
        """The names of the neurons themselves, without ``in`` and ``out``."""
        _, _, unit, numbered = self.letters(layer)
        if self.one(layer):
            return (unit,)
        return tuple(self.name(unit, layer, numbered, [j])[0] for j in range(1, self.sizes[layer] + 1))

    def add_loss(
        self, outputs: tuple[str, ...], row: Loss, weights: tuple[str, ...]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Add the labels and the loss of one example; give the names of the labels and of what is predicted."""
        numbers = range(1, len(outputs) + 1)
        labels = ("y",) if len(outputs) == 1 else tuple(f"y_{k}" for k in numbers)
        self.quantities += [Quantity(name, role=Role.LABEL) for name in labels]
        self.quantities += [Quantity(name, role=Role.WEIGHT) for name in weights]
        predicted = outputs
        if row.softmax:
            predicted = tuple(f"p_{k}" for k in numbers)
            logits = tuple(map(Ref, outputs))
            self.quantities += [
                Quantity(name, Apply("softmax", (number(k), *logits)))
                for k, name in zip(numbers, predicted, strict=True)
            ]
        self.quantities.append(Quantity("L", loss_of(row, labels, predicted, weights), latex=row.latex))
        return labels, predicted
