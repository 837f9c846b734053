"""Why the runs of a sweep failed, counted."""

from __future__ import annotations

import pytest

import gradlab as gl
from gradlab.train import TrainError, Why

NET, DATA = gl.mlp([2, 2, 1]), gl.datasets.xor()


def test_the_counts_of_a_setting_are_those_of_its_training_alone():
    grid = gl.sweep(
        NET, DATA, learning_rate=[1, 30], init_scale=[0.5, 2], rule="momentum", steps=40, restarts=9, seed=3
    )
    found = gl.diagnose(grid, restarts=6, more=4)
    assert dict(found["why"].sizes) == {"learning_rate": 2, "init_scale": 2, "cause": len(Why)}
    rule = gl.rules.Momentum(30.0)
    runs = gl.train(NET, DATA, rule=rule, steps=40, restarts=6, seed=3, init_scale=2, dtype="float32")
    counts = found["why"].sel(learning_rate=30, init_scale=2)
    assert {name: n for name, n in zip(counts["cause"].values, counts.values, strict=True) if n} == {
        why.name.lower(): n for why, n in runs.diagnose(more=4).counts.items()
    }
    failed = 6 - grid["success"].isel(restart=slice(6)).sum("restart")
    assert found["why"].sum("cause").equals(failed.astype(int).drop_vars(set(failed.coords) - set(found["why"].coords)))
    assert grid.drop_vars("loss").variables.keys() <= found.variables.keys()


def test_only_a_sweep_is_counted():
    with pytest.raises(TrainError, match=r"not the whole result of gl\.sweep"):
        gl.diagnose(gl.diagnose(gl.sweep(NET, DATA, restarts=2, steps=2)).drop_vars("loss"))
