"""Views in a notebook, without a browser: their state, what they are answered, and the picture that is kept."""

from __future__ import annotations

import base64
import subprocess
import sys
from urllib.parse import parse_qs

import pytest

import gradlab as gl
from gradlab.play import _pictures, _widgets, answer
from gradlab.play._pictures import picture

BOWL = "(x1 - 6)**2 + x2**2 - x1*x2"


@pytest.fixture(autouse=True)
def built(tmp_path, monkeypatch):
    (tmp_path / "widget.js").write_text("export default {}")
    monkeypatch.setattr(_widgets, "site", lambda: tmp_path)


def state(view):
    name, _, query = view.hash.partition("?")
    return name, {key: value for key, (value,) in parse_qs(query).items()}


def test_the_state_is_a_link_to_the_page_and_a_picture_is_kept():
    view = gl.play.descend(gl.function(BOWL), start=(6, 6), rule=gl.rules.Adam(0.2), steps=20)
    name, has = state(view)
    assert name == "#1/descend"
    assert (has["f"], has["start"], has["rate"], has["rule"], has["steps"]) == (BOWL, "6,6", "0.2", "adam", "20")
    x, y, width = map(float, has["view"].split(","))
    points = gl.descend(gl.function(BOWL), start=(6.0, 6.0), rule=gl.rules.Adam(0.2), max_steps=20).points
    assert all(abs(px - x) <= width / 2 and abs(py - y) <= width / 2 for px, py in points)
    kept, _ = view._repr_mimebundle_()
    assert base64.b64decode(kept["image/png"]).startswith(b"\x89PNG")
    assert "application/vnd.jupyter.widget-view+json" in kept


def test_the_picture_of_a_link_without_a_view_shows_the_way_and_of_one_that_diverges_its_beginning():
    for rate, most in ((0.3, 30), (2, 700), (9, 17)):
        axes = picture("descend", {"f": "x**2 + 3*y**2", "rate": rate, "start": [3, 9]}).axes[0]
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        assert left < 3 < right
        assert low < 9 < high
        assert right - left < most


def test_questions_of_the_view_are_answered_by_this_python(monkeypatch):
    view, sent = gl.play.network(gl.mlp([2, 2, 1]), x=(1, 2)), []
    monkeypatch.setattr(view, "send", lambda *told: sent.append(told))
    asked = {"text": BOWL}
    view._handle_custom_msg({"asker": "a", "number": 3, "question": "surface", "given": asked}, [])
    ((told, buffers),) = sent
    made = answer("surface", asked)
    assert (told["asker"], told["number"], told["bytes"], buffers) == ("a", 3, ["module"], [made.pop("module")])
    assert told["answer"] == made
    name, has = state(view)
    assert name == "#1/derive"
    assert (has["sizes"], has["activation"], has["by"], has["x"], has["y"]) == ("2,2,1", "tanh", "w_11", "1,2", "1.0")
    assert "weights" not in has


def test_a_training_has_the_points_and_the_setting():
    name, has = state(gl.play.train(gl.mlp([2, 1]), gl.datasets.five_points(), learning_rate=3, restarts=4))
    assert name == "#1/train"
    assert (has["hidden"], has["rate"], has["runs"]) == ("-", "3", "4")
    assert has["points"].startswith("0.0,0.0,1;1.0,0.0,0;")


def test_several_rules_are_one_view_and_one_picture():
    view = gl.play.descend(BOWL, start=(6, 6), rule=["adam", gl.rules.Momentum(0.3)], learning_rate=0.1, steps=5)
    assert (state(view)[1]["rule"], state(view)[1]["rate"]) == ("adam,momentum", "0.1")
    assert [text.get_text() for text in picture(*view._shown).axes[0].get_legend().get_texts()] == ["Adam", "momentum"]


def test_the_boundary_has_its_axes_and_a_picture_of_the_same_map(monkeypatch):
    view, asked = gl.play.trainability(width=2, depth=3, rule=gl.rules.Momentum(), x=(0.5, 8.0), steps=4), {}
    name, has = state(view)
    assert name == "#1/boundary"
    assert has == {
        "width": "2", "depth": "3", "activation": "tanh", "rule": "momentum", "steps": "4", "seed": "0",
        "precision": "auto", "view": "0.5,8.0,0.1,10000.0",
    }  # fmt: skip
    monkeypatch.setattr(_pictures, "trainability", lambda **given: asked.update(given))
    monkeypatch.setattr(_pictures.plot, "trainability", lambda mapped: mapped)
    _pictures.picture(*view._shown)
    assert (asked["x"], asked["y"]) == (("learning_rate[0]", 0.5, 8.0), ("learning_rate[2]", 0.1, 10000.0))
    assert (asked["rule"], asked["dtype"], asked["width"]) == (gl.rules.Momentum(), "float32", 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gl.play.trainability(width=17), "networks of 1 to 16 units"),
        (lambda: gl.play.trainability(steps=0), "runs of 1 to 1000 steps, not of 0"),
        (lambda: gl.play.trainability(x=(1.0, 1.0)), "a learning rate above 0 to a larger one"),
        (lambda: gl.play.trainability(rule=gl.rules.Adam(beta1=0.5)), "as they are by default"),
        (lambda: gl.play.descend("x**2", start=(1, 1)), "functions of two variables; this one has 1"),
        (lambda: gl.play.descend(BOWL, start=(1, 1), rule=gl.rules.Adam(0.1, beta1=0.5)), "as they are by default"),
        (lambda: gl.play.descend(BOWL, start=(1, 1), rule="newton"), "there is no rule 'newton'"),
        (lambda: gl.play.network(gl.mlp([2, 2, 1], biases=False)), "networks with biases"),
        (lambda: gl.play.network(gl.mlp([2, 7, 1])), "each of 1 to 6 units"),
        (lambda: gl.play.network(gl.mlp([2, 2, 1]), x=(1,)), "has 2 inputs, x_1, x_2; numbers are given for 1"),
        (lambda: gl.play.train(gl.mlp([3, 2, 1]), gl.datasets.five_points()), "2 inputs and 1 output"),
    ],
)
def test_what_the_page_cannot_show_is_told(make, message):
    with pytest.raises(gl.GradlabError, match=message):
        make()


@pytest.mark.parametrize("without", ["anywidget", "matplotlib"])
def test_a_missing_package_is_named_with_the_command(without):
    code = f"import sys; sys.modules['{without}'] = None; import gradlab as gl; gl.play.descend"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"with {without}, which is not installed; run: pip install 'gradlab[widgets]'" in done.stderr
