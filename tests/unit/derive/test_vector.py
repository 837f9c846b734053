from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradlab as gl
from gradlab.derive import vector_form
from gradlab.derive._arrays import Array, Product, Transposed, to_text
from gradlab.derive._lift import NoArraysError
from gradlab.graph import Graph, Quantity, Ref, activations, mlp_graph, transform

ERF = np.vectorize(math.erf)
# NumPy's notation is run as NumPy.
FUNCTIONS = {
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "relu": lambda z: np.maximum(z, 0),
    "softplus": lambda z: np.logaddexp(z, 0),
    "step": lambda z: (z > 0).astype(float),
    "softmax": lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(),
    "swish": lambda z: z / (1 + np.exp(-z)),
    "gelu": lambda z: z * (1 + ERF(z / np.sqrt(2))) / 2,
    "gelu_tanh": lambda z: z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))) / 2,
    "elu": lambda z: np.where(z > 0, z, np.expm1(z)),
    "leaky_relu": lambda z: np.maximum(z, z / 100),
    "softsign": lambda z: z / (1 + np.abs(z)),
    "arctan": np.arctan,
    "erf": lambda z: ERF(z),
    "exp": np.exp,
    "abs": np.abs,
    "min": np.minimum,
    "pi": np.pi,
    "log": np.log,
    "sqrt": np.sqrt,
    "sum": np.sum,
}


@st.composite
def networks(draw):
    loss = draw(st.sampled_from(["binary_cross_entropy", "squared_error", "softmax_cross_entropy"]))
    last = draw(st.integers(2 if loss == "softmax_cross_entropy" else 1, 4))
    sizes = [draw(st.integers(1, 4)), *draw(st.lists(st.integers(1, 5), max_size=3)), last]
    output = draw(st.sampled_from(activations())) if loss == "squared_error" else None
    return gl.mlp(sizes, hidden=draw(st.sampled_from(activations())), output=output, loss=loss)


def run(form, values):
    """Run the printed formulas line by line, as NumPy code."""
    scope = dict(FUNCTIONS)
    for name, array in form.arrays.items():
        if array.node is None:
            scope[name] = np.array([[values[cell] for cell in row] for row in array.cells])
    gradient = {}
    for line in form.text().splitlines():
        formula, _, shape = line.partition("#")
        left, *_, right = formula.split(" = ") if "since" not in formula else (None, None)
        if left is None:
            continue
        result = np.atleast_2d(eval(right, scope))
        assert result.shape == tuple(int(side) for side in shape.split("x"))
        if left.startswith("dL/d"):
            gradient[left.removeprefix("dL/d")] = result
        else:
            scope[left] = result
    return scope, gradient


@settings(max_examples=30, deadline=None)
@given(networks(), st.integers(0, 2**32 - 1))
def test_the_printed_formulas_give_the_compiled_gradient(net, seed):
    rng = np.random.default_rng(seed)
    parameters, x = rng.normal(size=len(net.parameters)), rng.normal(size=(1, net.sizes[0]))
    y = rng.uniform(0.1, 0.9, size=(1, net.sizes[-1]))
    if net.loss_name == "softmax_cross_entropy":
        y = y / y.sum()
    values = dict(zip(net.parameters, parameters, strict=True))
    values |= dict(zip(net.inputs, x[0], strict=True)) | dict(zip(net.labels, y[0], strict=True))
    form = net.vector_form()
    scope, gradient = run(form, values)
    loss, expected = net.compile()(parameters, x, y if net.sizes[-1] > 1 else y[:, 0])
    np.testing.assert_allclose(scope["L"].item(), loss, rtol=1e-9)
    by_name = dict(zip(net.parameters, expected, strict=True))
    for name, found in gradient.items():
        cells = form.arrays[name].cells
        np.testing.assert_allclose(found, [[by_name[cell] for cell in row] for row in cells], rtol=1e-9, atol=1e-11)
    covered = {cell for name in gradient for row in form.arrays[name].cells for cell in row}
    assert covered == set(net.parameters)


@settings(max_examples=12, deadline=None)
@given(networks())
def test_every_entry_is_proved_exactly(net):
    proof = net.vector_form().proof()
    assert proof.method == "exact"
    assert proof
    computed = [q.name for q in net.graph if q.expression is not None]
    assert {*computed, *(f"dL/d{name}" for name in net.parameters)} <= proof.equal.keys()


def test_a_large_network_is_compared_in_numbers():
    proof = gl.mlp([8, 25, 25, 10], loss="softmax_cross_entropy").vector_form().proof()
    assert proof.method == "numeric"
    assert proof
    assert len(proof.equal) > 1000


@pytest.mark.parametrize("sizes", [[2, 3, 1], [8, 30, 30, 4]])
def test_a_wrong_formula_is_found(sizes):
    form = gl.mlp(sizes, loss="squared_error").vector_form()
    swapped = dict(form.gradient) | {"b1": Product(Transposed(Array("W1")), Array("a0"))}
    proof = replace(form, gradient=swapped).proof()
    assert not proof
    wrong = {name for name, equal in proof.equal.items() if not equal}
    assert wrong == {f"dL/d{row[0]}" for row in form.arrays["b1"].cells}
    assert "not by dL/d" in str(proof)
    delta = form.deltas[-1]
    assert to_text(delta.node) == "(W2 @ delta2) * (1 - a1**2)"
    linear = replace(delta, node=Product(Array("W2"), Array("delta2")))
    proof = replace(form, deltas=(*form.deltas[:-1], linear)).proof()
    assert {name for name, equal in proof.equal.items() if not equal} >= {
        f"dL/d{row[0]}" for row in form.arrays["z1"].cells
    }


def test_latex_has_the_shapes_under_the_symbols():
    form = gl.mlp([3, 2, 1]).vector_form()
    latex = form.latex()
    assert (
        r"\underset{2 \times 1}{z^{(1)}} &= \underset{2 \times 3}{W^{(1)\top}} \, \underset{3 \times 1}{a^{(0)}}"
        r" + \underset{2 \times 1}{b^{(1)}}"
    ) in latex
    assert (
        r"&= (\underset{2 \times 1}{W^{(2)}} \, \underset{1 \times 1}{\delta^{(2)}}) \odot (\mathbf{1} - "
        r"\underset{2 \times 1}{a^{(1)}} \odot \underset{2 \times 1}{a^{(1)}})"
    ) in latex
    assert (
        r"\underset{3 \times 2}{\frac{\partial \mathcal{L}}{\partial W^{(1)}}} &= \underset{3 \times 1}{a^{(0)}} \, "
        r"\underset{1 \times 2}{\delta^{(1)\top}}"
    ) in latex
    plain = form.latex(shapes=False)
    assert "underset" not in plain
    assert r"W^{(1)\top} \, a^{(0)} + b^{(1)}" in plain
    assert r"W^{(1)} = \begin{pmatrix} w_{11} & w_{12} \\ w_{21} & w_{22} \\ w_{31} & w_{32} \end{pmatrix}" in (
        form.dictionary_latex()
    )
    for block in (latex, plain, form.forward_latex(), form.backward_latex(), form._repr_latex_()):
        assert block.startswith("\\begin{align*}")
        assert block.count("{") == block.count("}")


def test_labels_that_sum_to_one_simplify_the_delta_as_a_marked_step():
    form = gl.mlp([2, 2, 3], loss="softmax_cross_entropy").vector_form()
    assert to_text(form.deltas[0].node) == "sum(y) * p - y"
    assert form.deltas[0].related is not None
    assert to_text(form.deltas[0].related) == "p - y"
    assert (
        r"&= \underset{3 \times 1}{p} - \underset{3 \times 1}{y} \qquad \text{since } y_1 + y_2 + y_3 = 1"
        in form.latex()
    )
    assert (
        r"(\underset{1 \times 3}{\mathbf{1}^{\top}} \, \underset{3 \times 1}{y}) \cdot \underset{3 \times 1}{p}"
        in form.latex()
    )


def test_structure_counts_and_not_names():
    graph = gl.mlp([2, 2, 1]).graph
    renamed = {name: f"q{i}" for i, name in enumerate(q.name for q in graph)}

    def rename(expression):
        return transform(expression, lambda node: Ref(renamed[node.name]) if isinstance(node, Ref) else None)

    other = Graph(Quantity(renamed[q.name], q.expression and rename(q.expression), q.role) for q in graph)
    form = vector_form(other)
    assert form.text().splitlines()[:4] == vector_form(graph).text().splitlines()[:4]
    assert form.proof()


@pytest.mark.parametrize("scaling", ["mean_field"])
@pytest.mark.parametrize("biases", [True, False])
def test_scaled_sums_and_no_biases(scaling, biases):
    form = vector_form(mlp_graph([2, 3, 2], "tanh", None, "squared_error", scaling, biases))
    assert form.proof()
    assert ("b1" in form.arrays) is biases


def test_what_is_no_network_is_refused():
    for graph in (
        gl.function("x1*x2 + sin(x1)").graph,
        gl.function({"f": "a + b", "a": "sin(x)", "b": "cos(y)*x"}).graph,
    ):
        with pytest.raises(NoArraysError, match="is no layer of a network"):
            vector_form(graph)
    with pytest.raises(NoArraysError, match="that of one number"):
        vector_form(Graph.from_text({"a": "sin(x)", "b": "sin(y)"}))


def test_points_with_weights_have_no_formulas_over_arrays_and_that_is_said():
    with pytest.raises(NoArraysError, match="without weighted=True"):
        gl.mlp([2, 2, 1], weighted=True).vector_form()
