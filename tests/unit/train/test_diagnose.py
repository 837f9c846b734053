"""Why runs failed: each cause in a training made so that it is the cause, and the word tried against training."""

from __future__ import annotations

import numpy as np
import pytest

import gradlab as gl
from gradlab.train import TrainError

FIVE, XOR = gl.datasets.five_points(), gl.datasets.xor()
LINE = (np.array([[1.0], [2.0], [-1.0]]), np.array([1.0, 2.0, -1.0]))


def start(net, **values):
    """A start with these parameters, the others 0."""
    return np.array([[values.get(name, 0.0) for name in net.parameters]])


def the_one(runs, **more):
    (found,) = runs.diagnose(**more)
    return found


def test_a_run_that_diverged_is_told_with_a_rate_that_does_not():
    runs = gl.train(gl.mlp([2, 2, 1]), XOR, learning_rate=30.0, steps=200, restarts=5)
    found = runs.diagnose()
    assert [one.why.name for one in found] == ["DIVERGED"] * 5
    assert "with a tenth of the learning rate" in found[0].evidence
    assert not gl.train(gl.mlp([2, 2, 1]), XOR, learning_rate=3.0, steps=200, restarts=1).diverged[0]


@pytest.mark.parametrize("rule", [gl.rules.GradientDescent(1.0), gl.rules.Adam(0.05)])
def test_a_run_that_was_not_done_is_done_after_the_steps_that_are_named(rule):
    net = gl.mlp([2, 2, 1])
    runs = gl.train(net, FIVE, rule=rule, steps=30, restarts=40)
    late = [one for one in runs.diagnose() if one.why.name == "NOT_DONE"]
    assert len(late) >= 10
    for one in late[:5]:
        success = [
            gl.train(net, FIVE, rule=rule, steps=steps, restarts=one.run + 1).success[one.run]
            for steps in (one.steps - 1, one.steps)
        ]
        assert success == [False, True]


def test_steps_that_are_too_long_for_the_valley():
    net = gl.mlp([2, 2, 1])
    runs = gl.train(net, XOR, learning_rate=8.0, steps=300, restarts=100)
    swinging = [one for one in runs.diagnose() if one.why.name == "OSCILLATING"]
    assert len(swinging) >= 10
    for one in swinging:
        last = runs.curves[one.run, -50:]
        assert (np.diff(last) > 0).mean() > 0.3
        after = gl.train(net, XOR, learning_rate=2.0, steps=300, initialisation=runs.parameters[[one.run]], restarts=1)
        assert after.losses[0] < last.min()


def test_hidden_units_that_tell_no_points_apart_are_a_plateau():
    net = gl.mlp([2, 2, 1])
    runs = gl.train(net, FIVE, initialisation=start(net, b_1=1.2, b_2=-1.8, u_1=-2.2, u_2=0.8), restarts=1, steps=300)
    found = the_one(runs)
    assert (found.why.name, found.units) == ("PLATEAU", ("z_1", "z_2"))
    assert np.ptp(runs.outputs) < 1e-3


def test_a_dead_unit_is_named_where_a_living_one_would_help():
    net = gl.mlp([2, 2, 1], hidden="relu")
    at = start(net, b_1=-50.0, b_2=0.1, w_12=1.0, w_22=0.8, u_1=1.0, u_2=1.0)
    found = the_one(gl.train(net, XOR, learning_rate=0.5, initialisation=at, restarts=1, steps=500))
    assert (found.why.name, found.units) == ("IDLE_UNITS", ("z_1",))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_units_with_the_same_weights_stay_together(sign):
    net = gl.mlp([2, 2, 1])
    alike = {"b_1": 0.4, "w_11": 0.5, "w_21": -0.4, "u_1": 0.7}
    other = {"b_2": 0.4 * sign, "w_12": 0.5 * sign, "w_22": -0.4 * sign, "u_2": 0.7 * sign}
    runs = gl.train(net, XOR, initialisation=start(net, **alike, **other), restarts=1, steps=500)
    found = the_one(runs)
    assert (found.why.name, found.units) == ("TWIN_UNITS", ("z_1", "z_2"))
    ended = runs.run(0).named
    assert ended["w_11"] == pytest.approx(sign * ended["w_12"], rel=1e-6)


def test_a_saddle_is_named_with_a_way_out():
    net = gl.mlp([1, 1, 1], hidden="identity", output="identity", loss="squared_error", biases=False)
    runs = gl.train(net, LINE, initialisation=np.zeros((1, 2)), restarts=1, learning_rate=0.1, steps=50)
    found = the_one(runs, target=0.01)
    assert found.why.name == "SADDLE"
    # The loss is the mean of (x - w u x)**2 or half of it: at 0 its Hessian has -c beside the diagonal.
    assert abs(found.direction["w_11"] if "w_11" in found.direction else found.direction["w_1"]) == pytest.approx(
        0.5**0.5
    )
    away = 0.01 * np.array([list(found.direction.values())])
    assert gl.train(net, LINE, initialisation=away, restarts=1, learning_rate=0.1, steps=200).losses[0] < 1e-6


def test_a_valley_from_which_no_push_leads_away():
    net = gl.mlp([2, 2, 1])
    runs = gl.train(net, FIVE, learning_rate=1.0, steps=1000, restarts=40)
    stuck = [one for one in runs.diagnose() if one.why.name == "LOCAL_MINIMUM"]
    assert stuck
    for one in stuck:
        assert one.curvature > -1e-6
        pushed = runs.parameters[[one.run]] + 0.05 * np.random.default_rng(0).standard_normal((20, 9))
        again = gl.train(net, FIVE, learning_rate=1.0, steps=1000, initialisation=pushed, restarts=20)
        assert not again.success.any()


def test_every_failed_run_has_one_finding_and_no_other_run_has():
    runs = gl.train(gl.mlp([2, 3, 1], hidden="relu"), FIVE, learning_rate=0.5, steps=300, restarts=50)
    found = runs.diagnose()
    assert [one.run for one in found] == np.flatnonzero(~runs.success).tolist()
    assert sum(found.counts.values()) == len(found) > 0
    printed = str(found)
    assert f"{len(found)} of 50 runs failed" in printed
    assert all(why.name in printed and why.remedy in printed for why in found.counts)


def test_nothing_failed():
    runs = gl.train(gl.mlp([2, 4, 1]), FIVE, learning_rate=1.0, steps=2000, restarts=3, seed=1)
    assert runs.success.all()
    assert str(runs.diagnose()) == "none of 3 runs failed: some points are wrong"


def test_measurements_need_a_target():
    net = gl.mlp([1, 2, 1], output="identity", loss="squared_error")
    runs = gl.train(net, LINE, learning_rate=0.05, steps=20)
    with pytest.raises(TrainError, match=r"target=0\.01"):
        runs.diagnose()
    below = runs.diagnose(target=float(np.median(runs.losses)))
    assert len(below) == int((runs.losses > np.median(runs.losses)).sum())


def test_weights_of_points_and_float32_are_kept():
    data = gl.datasets.dataset(FIVE.x, FIVE.y, weights=[4.0, 1.0, 1.0, 1.0, 1.0])
    runs = gl.train(gl.mlp([2, 2, 1]), data, learning_rate=0.5, steps=200, restarts=30, dtype="float32")
    assert [one.run for one in runs.diagnose()] == np.flatnonzero(~runs.success).tolist()


def test_a_run_that_did_not_fail_has_no_finding():
    runs = gl.train(gl.mlp([2, 2, 1]), FIVE, steps=1000, restarts=5)
    good = int(np.flatnonzero(runs.success)[0])
    with pytest.raises(KeyError, match="did not fail"):
        runs.diagnose()[good]
