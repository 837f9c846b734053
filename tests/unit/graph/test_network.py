from __future__ import annotations

import itertools

import numpy as np
import pytest

import gradlab as gl
from gradlab.graph import Role, activations, losses


def test_mean_field_scales_what_an_activation_is_taken_of_but_no_linear_layer():
    def hidden(activation):
        return str(gl.mlp([4, 4, 1], hidden=activation, scaling="mean_field").graph["z_1out"].expression)

    assert hidden("tanh") == "tanh(sqrt(2)*z_1in)"
    assert hidden("identity") == "z_1in"


def test_the_names_of_the_small_network():
    net = gl.mlp([2, 2, 1])
    assert net.sizes == (2, 2, 1)
    assert net.parameters == ("b_1", "b_2", "w_11", "w_12", "w_21", "w_22", "c", "u_1", "u_2")
    assert (net.inputs, net.labels, net.outputs) == (("x_1", "x_2"), ("y",), ("f_out",))
    assert net.graph.layers == (("x_1", "x_2"), ("z_1", "z_2"), ("f",))
    assert net.loss_name == "binary_cross_entropy"
    assert [str(q.expression) for q in net.graph if q.role is Role.DERIVED] == [
        "b_1 + w_11*x_1 + w_21*x_2",
        "b_2 + w_12*x_1 + w_22*x_2",
        "tanh(z_1in)",
        "tanh(z_2in)",
        "c + u_1*z_1out + u_2*z_2out",
        "sigmoid(f_in)",
        "-y*log(f_out) - (1 - y)*log(1 - f_out)",
    ]
    assert net.graph["z_2in"].latex == "z_{2,in}"
    assert net.graph["L"].latex == r"\mathcal{L}"


def test_deep_networks_number_their_layers():
    net = gl.mlp([2, 2, 3, 1])
    assert net.parameters[:6] == ("b1_1", "b1_2", "w1_11", "w1_12", "w1_21", "w1_22")
    assert net.graph["w2_13"].latex == "w^{(2)}_{13}"
    assert net.graph.layers[2] == ("z2_1", "z2_2", "z2_3")


def test_wide_layers_keep_their_indices_apart():
    graph = gl.mlp([2, 11, 2]).graph
    assert graph["w_{1,11}"].name == "w_1_11"
    assert graph["w_1_11"].latex == "w_{1,11}"
    assert graph["u_{11,1}"].name == "u_11_1"


def test_several_outputs_and_no_hidden_layer():
    net = gl.mlp([2, 2], loss="softmax_cross_entropy")
    assert net.parameters == ("c_1", "c_2", "u_11", "u_12", "u_21", "u_22")
    assert net.labels == ("y_1", "y_2")
    assert net.outputs == ("p_1", "p_2")
    assert str(net.graph["L"].expression) == "-y_1*log(p_1) - y_2*log(p_2)"
    assert gl.mlp([1, 3], loss="squared_error").outputs == ("f_1out", "f_2out", "f_3out")


@pytest.mark.parametrize("sizes", [[1, 1], [2, 2, 1], [3, 1, 4, 2], [12, 3, 2], [2, 13, 11, 3]])
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "squared_error"])
def test_every_name_and_every_symbol_is_there_once(sizes, loss):
    graph = gl.mlp(sizes, loss=loss).graph
    assert len(graph.parameters) == sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    assert len({q.latex for q in graph}) == len(graph)
    for quantity in graph:
        assert graph.find(quantity.latex.replace("\\mathcal", "").replace("^", "")) == quantity.name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([2],), r"two or more whole numbers from 1 up, as \[2, 2, 1\]"),
        (([],), "two or more"),
        (([2, 0, 1],), "from 1 up"),
        (([2, -1],), "from 1 up"),
        (([2, 2.5, 1],), "whole numbers"),
        ((3,), "whole numbers"),
        (([True, 1],), r"whole numbers from 1 up.*not \[True, 1\]"),
        (("221",), "whole numbers"),
        ((None,), "whole numbers"),
        (([2, "2", 1],), "whole numbers"),
        (([float("nan"), 2],), "whole numbers"),
        (([1000, 1000],), "has 1,001,000 parameters"),
        (([2, 2, 1], "tanhh"), "did you mean tanh"),
        (([2, 2, 1], "ReLU"), "did you mean relu"),
        (([2, 2, 1], "softmax"), "no activation 'softmax': there are"),
        (([2, 2, 1], "tanh", None, "MSELoss"), "did you mean squared_error"),
        (([2, 2, 2], "tanh", "softmax"), 'loss="softmax_cross_entropy"'),
        (([2, 2, 1], "quadratic"), "no activation 'quadratic': there are tanh, sigmoid"),
        (([2, 2, 1], "tanh", "tanh"), 'write output="sigmoid", not "tanh"'),
        (([2, 2, 1], "tanh", None, "mystery"), "no loss 'mystery': there are binary_cross_entropy"),
        (([2, 2, 1], "tanh", None, "softmax_cross_entropy"), "use two outputs or more"),
        (([2, 2, 2], "tanh", "softmax", "softmax_cross_entropy"), 'write output="identity"'),
    ],
)
def test_what_is_no_network(arguments, message):
    with pytest.raises(gl.GradlabError, match=message):
        gl.mlp(*arguments)


def test_sizes_may_be_any_sequence_of_whole_numbers():
    assert gl.mlp((2, 2, 1)).sizes == gl.mlp(np.array([2, 2, 1])).sizes == gl.mlp([2.0, 2, 1]).sizes == (2, 2, 1)


def test_what_there_is():
    assert {"tanh", "sigmoid", "relu", "identity", "softplus"} <= set(activations())
    assert losses()[:3] == ("binary_cross_entropy", "squared_error", "softmax_cross_entropy")


def test_labels_that_sum_to_one_are_a_relation():
    (left, right), = gl.mlp([1, 2], loss="softmax_cross_entropy").graph.relations  # fmt: skip
    assert (str(left), str(right)) == ("y_1 + y_2", "1")
    assert gl.mlp([1, 2]).graph.relations == ()
