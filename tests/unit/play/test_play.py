"""What the page asks of Python, and the server of its files."""

from __future__ import annotations

import json
import re
import threading
import urllib.error
import urllib.request
from dataclasses import asdict, replace

import numpy as np
import pytest

import gradlab as gl
from gradlab.codegen import Plan
from gradlab.codegen.wasm import WasmModule, descent_module
from gradlab.play import answer, server_for
from gradlab.rules import Full, Momentum, Rule, snake
from gradlab.train._causes import Look, Losses, Train
from gradlab.train._diagnose import _Investigation
from gradlab.train.maps._map import Map
from gradlab.train.maps._measure import loss_sums
from wasm_engine import Instance, WasmTrainer, drawn, evaluate

BOWL = "(x1 - 6)**2 + x2**2 - x1*x2"


def test_what_is_warned_of_is_told():
    assert answer("surface", {"text": BOWL})["remark"] == ""
    assert "e is a variable here, as x: write exp(1)" in answer("surface", {"text": "e**x + x**2"})["remark"]
    assert "write exp(1)" in answer("surface", {"text": "x*e**(-y)"})["error"]


def test_a_surface_is_what_gradlab_derives():
    made, f = answer("surface", {"text": BOWL}), gl.function(BOWL)
    assert made["variables"] == ["x1", "x2"]
    points = np.random.default_rng(0).normal(size=(5, 2))
    values, slopes = evaluate(WasmModule(made["module"], made["source"], "float64", 2), points)
    np.testing.assert_allclose(values, f(points)[0], rtol=1e-13)
    np.testing.assert_allclose(slopes, f(points)[1], rtol=1e-13)


def test_a_function_is_derived_twice():
    f = gl.function(BOWL)
    assert answer("bent", {"text": BOWL})["curvatures"] == pytest.approx(np.linalg.eigvalsh(f.hessian_at([0.0, 0.0])))
    assert [text.count("<math") for text in answer("derived", {"text": BOWL})["derivations"]] == [1, 1]
    text = "exp(x)*y + sin(x*y)**3"
    run = Instance(WasmModule(answer("bent", {"text": text})["module"], "", "float64", 2))
    given, place = run.put([[0.3, 0.3], [-0.7, -0.7], [1.0, 0.0], [0.0, 1.0]]), run.put(np.zeros((2, 2)))
    run.call("bend", given, place, 2, 1)
    np.testing.assert_allclose(run.get(place, (2, 2)), gl.function(text).hessian_at([0.3, -0.7]), rtol=1e-13)


def test_the_limit_of_the_rate_is_exact_where_it_can_be_and_told_of_bowls_alone():
    said = lambda text: re.sub("<[^>]*>", "", answer("bent", {"text": text})["limit"])  # noqa: E731
    assert "λmax=3,2λmax=23" in said(BOWL)
    assert "λmax=32+54≈2.618,2λmax≈0.76393" in said("x**2 + y**2/2 + x*y")
    assert "λmax≈6.2832,2λmax≈0.31831" in said("pi*x**2 + y**2")
    assert [said(text) for text in ("x**2 - y**2", "(x + y)**2", "x**4 + y**2")] == ["", "", ""]


def test_no_limit_is_told_of_what_has_a_kink():
    for text in ("x**2 + 3*y**2 + abs(x)", "x**2 + y**2 + step(y)", "relu(x)*2 + x**2 + y**2"):
        made = answer("bent", {"text": text})
        assert (made["curvatures"], made["limit"]) == (None, "")
        assert made["kinks"]
    narrow = answer("bent", {"text": "1e-8*x**2 + 1e8*y**2 + x*y/3"})
    np.testing.assert_allclose(narrow["curvatures"], [2e-8 - 1 / 9 / 2e8, 2e8], rtol=1e-12)
    assert narrow["kinks"] == b""


@pytest.mark.parametrize(
    ("text", "at", "off"),
    [
        ("max(x, y)", (2, 2), (2, 1)), ("abs(x*y - 6) + x", (2, 3), (3, 3)), ("elu(x) + y", (0, 1), (1, 0)),
        ("huber(x - y)", (3, 2), (5, 2)), ("softsign(x*y)", (0, 3), (1, 3)), ("sign(y) + x*y", (4, 0), (0, 4)),
    ],
)  # fmt: skip
def test_a_kink_is_where_a_part_changes_its_branch(text, at, off):
    f, code = gl.function(text), answer("bent", {"text": text})["kinks"]
    run = Instance(replace(f.compile("wasm"), code=code))
    points, found = run.put(np.array([at, off], float).T.copy()), run.put(np.zeros((3, 2)))
    run.call("evaluate", points, found, 2, 1)
    on, beside = run.get(found, (3, 2))[0]
    assert on == 0
    assert beside > 0.1


@pytest.mark.parametrize("rule", ["gradient_descent", "momentum", "nesterov"])
def test_the_first_steps_are_the_fractions_of_gl_descend(rule):
    given = {"text": BOWL, "start": ["3", "0.5"], "rate": "0.1", "steps": "30", "rules": [rule]}
    (rows,) = answer("exact", given)["ways"]
    assert 2 < len(rows) < 13
    kind = next(kind for kind in Rule.all() if snake(kind.__name__) == rule)
    exactly = kind("1/10", "9/10") if kind.own_numbers() else kind("1/10")
    trace = gl.descend(gl.function(BOWL), start=(3, "1/2"), rule=exactly, max_steps=len(rows) - 1)
    assert trace.exact
    assert rows == [[*map(str, point), str(value)] for point, value in zip(trace.points, trace.values, strict=True)]


@pytest.mark.parametrize("text", ["exp(x) + y", "1/(x - 3) + y", "sqrt(x) + y"])
def test_no_fractions_are_given_where_there_are_none(text):
    given = {"text": text, "start": ["3", "0.5"], "rate": "0.1", "steps": "30", "rules": ["gradient_descent", "adam"]}
    assert answer("exact", given) == {"ways": [[], []]}


def test_answers_are_plain_and_without_inline_styles():
    given = {"text": "exp(x)*y"}
    made = answer("derived", given) | answer("bent", given)
    assert made["curvatures"] is None
    bytes_of = {name for name, value in made.items() if isinstance(value, bytes)}
    assert bytes_of == {"module", "kinks"}
    text = json.dumps({name: value for name, value in made.items() if name not in bytes_of})
    assert " style=" not in text


def by_hand(f, rule, start, rate, steps):
    """The points of a rule with its default numbers, by its statements in NumPy."""
    from gradlab.codegen import numpy_update

    step, numbers = numpy_update(rule.update()), [getattr(rule(1.0), each.name) for each in rule.own_numbers()]
    at, state, points = np.array(start), tuple(np.zeros(2) for _ in rule.update().state), [np.array(start)]
    for count in range(1, steps + 1):
        at, state = step(at, f(at)[1], rate, count, *numbers, *state)
        points.append(at)
    return np.array(points)


@pytest.mark.parametrize("rule", Rule.all(), ids=lambda rule: rule.__name__)
def test_the_way_down_of_every_rule(rule):
    text = "(1 - x)**2 + 5*(y - x**2)**2 + sin(x*y)"
    f, made = gl.function(text), answer("way", {"text": text, "rule": snake(rule.__name__)})
    module = descent_module(f.graph, f.output, f.variables, rule.update())
    assert made["module"] == module.code
    run = Instance(module)
    start, numbers = run.put([-0.5, 0.75]), run.put([0.02, *made["numbers"]])
    path = run.put(np.zeros((21, 5, 2)))
    run.call("descend", start, numbers, path, 20)
    found = run.get(path, (21, 5, 2))
    np.testing.assert_array_equal(found[..., 0], found[..., 1])
    points = by_hand(f, rule, [-0.5, 0.75], 0.02, 20)
    np.testing.assert_allclose(found[:, :2, 0], points, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(found[:, 2, 0], f(points)[0], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found[:, 3:, 0], f(points)[1], rtol=1e-9, atol=1e-11)


FIVE = [[0, 0, 1], [1, 0, 0], [0, -1, 0], [-1, 0, 0], [0, 1, 0]]
NETWORK = {
    "hidden": [2], "activation": "tanh", "loss": "binary_cross_entropy", "rule": "momentum", "initialisation": "glorot",
    "points": FIVE,
}  # fmt: skip


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "hinge", "squared_error"])
def test_a_network_is_what_gradlab_trains(loss):
    made = answer("network", {**NETWORK, "loss": loss})
    net, labels = gl.mlp([2, 2, 1], loss=loss), np.array(made["labels"])
    x, y = np.array(FIVE)[:, :2], labels[[point[2] for point in FIVE]]
    trainer = WasmTrainer(net.graph, x, y)
    plan = Plan(Momentum.update(), dict(zip(Momentum.update().numbers, made["numbers"], strict=True)))
    assert made["training"] == trainer.module(plan=plan).code
    assert (made["gap"], made["kept"], made["uniform"]) == (trainer.gap, 1, False)
    assert made["parameters"] == list(net.parameters)
    runs = gl.train(net, gl.datasets.dataset(x, y), initialisation="glorot", init_scale=2.0, restarts=3, seed=5)
    starts = 2.0 * np.array(made["factors"]) * drawn("normal", 5, restarts=3, parameters=9)
    np.testing.assert_array_equal(starts, runs.initial_parameters)
    json.dumps({name: value for name, value in made.items() if name not in ("training", "prediction")})


def test_a_failed_run_is_diagnosed_by_questions_until_enough_is_known():
    runs = gl.train(gl.mlp([2, 2, 1]), gl.datasets.five_points(), steps=200, restarts=12, dtype="float32")
    expected, known = runs.diagnose(), _Investigation(runs, None, 10)
    assert len({one.why for one in expected}) > 1
    long = known.train(runs.initial_parameters, 2200, replay=True)
    asked_of = {"train": (Train, known.trained), "look": (Look, known.look), "losses": (Losses, known.losses)}
    about = {**NETWORK, "rule": "gradient_descent"}
    run = Instance(WasmModule(answer("looking", about)["module"], "", "float64", 2))
    for one in expected:
        facts = asdict(known.facts(one.run, long, one.run))
        given = {name: facts[name] for name in facts if name not in ("sizes", "biases", "units", "names", "plain")}
        answers = []
        while "wanted" in (said := answer("why", {**about, "facts": json_of(given), "answers": answers})):
            kind, tell = asked_of[said["wanted"].pop("kind")]
            made = tell(kind(**json_of(said["wanted"])))
            answers.append(json_of(asdict(made) if kind is not Losses else made))
        assert (said["cause"], said["units"]) == (one.why.name.lower(), list(one.units))
        assert said["words"].endswith(f": {one.evidence}. Try {one.why.remedy}.")
    check_looking(run, runs.parameters[0], known)


def json_of(value):
    """What arrives of plain data on the other side: what is not finite is null."""
    text = json.dumps(value).replace("NaN", "null").replace("Infinity", "null")
    return json.loads(text)


def check_looking(run, at, known):
    """The kernels of a look are the derivatives that NumPy has."""
    parameters, points = np.asarray(at, np.float64), np.array(FIVE, np.float64)
    count, data = len(parameters), run.put(points)
    seen = known.network(parameters, *known.points)[1], known.network.hessian(parameters, *known.points)
    place = run.put(np.zeros((10, 10)))
    run.call("loss", run.put(np.tile(parameters[:, None], 2)), data, place, 2, 5, 1)
    np.testing.assert_allclose(run.get(place, (count + 1, 2))[1:, 1], seen[0], rtol=1e-11, atol=1e-15)
    columns = np.pad(np.concatenate([np.tile(parameters[:, None], count), np.eye(count)]), ((0, 0), (0, 1)))
    run.call("bend", run.put(columns), data, place, 10, 5, 5)
    np.testing.assert_allclose(run.get(place, (count, 10))[:, :count], seen[1], rtol=1e-10, atol=1e-14)
    units = run.put(np.zeros((2, 6)))
    run.call("units", run.put(parameters), run.put(np.pad(points[:, :2].T, ((0, 0), (0, 1)))), units, 6, 3)
    hidden = known.network.hidden(parameters, points[:, :2])
    np.testing.assert_allclose(run.get(units, (2, 6))[:, :5].T, hidden, rtol=1e-12)


def test_a_recommendation_is_that_of_the_sweep_with_the_same_counts():
    rates, scales = [0.3, 1.0, 3.0, 9.0], [0.1, 0.5, 1.0]
    sweep = gl.sweep(
        gl.mlp([2, 2, 1]), gl.datasets.five_points(), learning_rate=rates, init_scale=scales, restarts=60, steps=60
    )  # fmt: skip
    expected, grid = gl.recommend(sweep), sweep.transpose("init_scale", "learning_rate", ...)
    given = {
        "rates": rates, "scales": scales, "successes": grid["success"].values.sum(-1).tolist(), "runs": 60, "steps": 60,
        "points": 5, "rule": "gradient_descent", "initialisation": "normal",
    }  # fmt: skip
    found = answer("recommendation", given)
    assert (rates[found["rate"]], scales[found["scale"]]) == tuple(
        expected.setting[name] for name in ("learning_rate", "init_scale")
    )
    assert found["fresh"] == expected.fresh.runs
    cell = grid.isel(learning_rate=found["rate"], init_scale=found["scale"])
    first = cell["success_step"].values[cell["success"].values == 1].tolist()
    told = answer("recommendation", {**given, "fresh": expected.fresh.successes, "first": first})
    assert told["words"] == str(expected)
    nothing = answer("recommendation", {**given, "successes": [[0] * 4] * 3})
    assert (nothing["rate"], nothing["fresh"]) == (None, 0)


@pytest.mark.parametrize("activation", ["tanh", "identity"])
def test_a_map_of_trainability_is_of_the_network_that_gradlab_maps(activation):
    given = {"width": 4, "depth": 3, "activation": activation, "rule": "gradient_descent", "dtype": "float64"}
    made = answer("trainability", given)
    plan = Map.of(
        width=4, depth=3, activation=activation, x=("learning_rate[0]", 1, 10), y=("learning_rate[2]", 1, 10),
        windows=(), resolution=2, steps=8, points=None, rule=None, learning_rate=None, batches=Full(), refined=False,
        seed=7, dtype="float64",
    )  # fmt: skip
    assert (made["points"], made["columns"]) == (len(plan.data), 5)
    np.testing.assert_array_equal(
        drawn("normal", 7, restarts=made["points"], parameters=5, first=2**64), np.column_stack(tuple(plan.data))
    )
    trainer = WasmTrainer(plan.architecture.graph, *plan.data, dtype="float64")
    assert made["training"] == trainer.module(rates=3).code
    start = drawn("normal", 7, restarts=1, parameters=len(made["factors"]))
    ended = trainer.train(start, np.array([[1.0, 1.0, 10.0]]), 8, curves=True)
    expected, converged = plan.train(0, np.array([1]), np.array([0]))
    sums, same = loss_sums(ended.curves)
    assert same == converged
    np.testing.assert_allclose(sums, expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("question", "given", "message"),
    [
        ("surface", {"text": "x**2 +"}, "not an expression"),
        ("surface", {"text": "x**2"}, "this one has 1: x. Write for example"),
        ("surface", {"text": "x + y" * 200}, "has 1000 characters; the page takes up to 600"),
        ("surface", {"text": "(" * 299 + "x+y" + ")" * 298}, ""),
        ("way", {"text": BOWL, "rule": "newton"}, "no rule 'newton': choose one of adam, "),
        ("trainability", {"width": 17, "depth": 2, "rule": "adam"}, "1 to 16 units in each of 2 to 4 layers"),
        ("network", {**NETWORK, "hidden": [9]}, "up to 4 hidden layers of 1 to 8 units"),
        ("network", {**NETWORK, "points": []}, "on 1 to 400 points; here are 0"),
        ("network", {**NETWORK, "points": FIVE[:1]}, "points of both classes are needed"),
        ("network", {**NETWORK, "loss": "softmax_cross_entropy"}, "choose binary_cross_entropy"),
        ("network", {**NETWORK, "initialisation": "ones"}, "choose one of normal, uniform, glorot, he"),
    ],
)
def test_mistakes_are_told(question, given, message):
    assert message in answer(question, given)["error"]


def test_an_unknown_question_is_a_mistake_of_the_page():
    with pytest.raises(KeyError):
        answer("nothing", {})


def test_files_are_served_with_a_strict_policy(tmp_path):
    (tmp_path / "index.html").write_text("<p>here</p>")
    (tmp_path / "main.js").write_text("export {}")
    with server_for(tmp_path, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        try:
            with urllib.request.urlopen(address) as page, urllib.request.urlopen(address + "main.js") as module:
                assert page.read() == b"<p>here</p>"
                assert module.headers["Content-Type"] == "text/javascript"
                policy = page.headers["Content-Security-Policy"]
            with pytest.raises(urllib.error.HTTPError) as missing, urllib.request.urlopen(address + "../secret"):
                pass
            missing.value.close()
        finally:
            server.shutdown()
            thread.join()
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy.replace("'wasm-unsafe-eval'", "")
