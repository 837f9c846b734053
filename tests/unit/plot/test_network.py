from __future__ import annotations

import itertools
import re

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyArrowPatch

import gradlab as gl
from gradlab.plot import network


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def arrows(figure):
    return [patch for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]


def test_the_lab_network_shows_every_quantity_by_its_name_in_the_derivation():
    net = gl.mlp([2, 2, 1])
    figure = network(net)
    latexes = [quantity.latex for quantity in net.graph.quantities]
    names = [text for text in texts(figure) if text.startswith("$")]
    assert sorted(names) == sorted(f"${latex}$".replace(r"\mathcal{L}", "ℒ") for latex in latexes)
    assert {"hidden layer", "tanh", "output", "sigmoid", "loss", "binary cross-entropy"} <= set(texts(figure))
    # weights, biases, output to loss, label to loss
    assert len(arrows(figure)) == 6 + 3 + 1 + 1


def test_the_name_of_a_weight_lies_on_its_arrow():
    figure = network(gl.mlp([2, 2, 1]))
    place = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    # w_12 leads from x_1 down to z_2, w_21 from x_2 up to z_1
    assert place["$x_1$"][1] > place["$w_{12}$"][1] > 0 > place["$w_{21}$"][1] > place["$x_2$"][1]
    assert place["$w_{11}$"][1] == place["$x_1$"][1] == place["$z_{1,in}$"][1]
    assert place["$w_{22}$"][1] == place["$x_2$"][1]
    assert place["$x_1$"][0] < place["$w_{11}$"][0] < place["$z_{1,in}$"][0] < place["$z_{1,out}$"][0]


def test_wide_layers_name_their_units_and_count_the_rest():
    figure = network(gl.mlp([8, 16, 1]))
    shown = texts(figure)
    assert "$z_{16}$" in shown
    assert "$x_8$" in shown
    assert not any("$w_" in text and "\n" not in text for text in shown)
    notes = [text.split("\n") for text in shown if "\n" in text]
    assert ["128 weights", r"$w_{1,1}, \ldots, w_{8,16}$"] in notes
    assert ["16 biases", r"$b_1, \ldots, b_{16}$"] in notes
    assert ["16 weights", r"$u_1, \ldots, u_{16}$"] in notes
    assert len(arrows(figure)) == 8 * 16 + 16 + 1 + 1 + 1


def test_very_wide_layers_leave_units_out():
    figure = network(gl.mlp([2, 40, 1]))
    shown = texts(figure)
    assert "⋮" in shown
    assert "$z_{14}$" in shown
    assert "$z_{15}$" not in shown
    assert "$z_{40}$" in shown
    assert any(text.startswith("80 weights") for text in shown)


def test_softmax_has_its_probabilities():
    figure = network(gl.mlp([2, 3, 3], loss="softmax_cross_entropy"))
    shown = texts(figure)
    assert {"$p_1$", "$p_2$", "$p_3$", "probabilities", "$y_1, y_2, y_3$"} <= set(shown)


@pytest.mark.parametrize(
    ("sizes", "loss"),
    [
        ([2, 2, 1], "binary_cross_entropy"),
        ([8, 16, 1], "binary_cross_entropy"),
        ([2, 1], "squared_error"),
        ([1, 1, 1], "squared_error"),
        ([2, 3, 4, 3], "softmax_cross_entropy"),
        ([3, 3, 3, 2], "squared_error"),
        ([12, 40, 12, 2], "squared_error"),
    ],
)
def test_no_text_lies_on_another_or_outside(sizes, loss):
    figure = network(gl.mlp(sizes, loss=loss))
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in figure.axes[0].texts]
    for (first, a), (second, b) in itertools.combinations(boxes, 2):
        assert not a.shrunk(0.9, 0.9).overlaps(b.shrunk(0.9, 0.9)), (first, second)
    for name, box in boxes:
        assert figure.bbox.containsx(box.x0), name
        assert figure.bbox.containsx(box.x1), name
        assert figure.bbox.containsy(box.y0), name
        assert figure.bbox.containsy(box.y1), name


@pytest.mark.parametrize("sizes", [[2, 2, 1], [2, 3, 3, 1], [3, 3, 3], [2, 4, 1], [3, 2, 2, 3]])
def test_names_of_weights_do_not_touch_each_other(sizes):
    figure = network(gl.mlp(sizes, loss="squared_error"))
    (ax,) = figure.axes
    figure.canvas.draw()
    weights = [text for text in ax.texts if re.match(r"\$[wu][_^]", text.get_text())]
    assert len(weights) == sum(below * above for below, above in itertools.pairwise(sizes))
    boxes = [text.get_window_extent() for text in weights]
    assert not [(a, b) for a, b in itertools.combinations(boxes, 2) if a.overlaps(b)]


def test_the_weight_of_a_point_stands_beside_its_label():
    assert "$y, s$" in texts(network(gl.mlp([2, 2, 1], weighted=True)))
