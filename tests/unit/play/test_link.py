"""Links to views are read as the page reads them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from gradlab.play import _pictures
from gradlab.play._link import read_link, write_link


@pytest.mark.parametrize(
    "link",
    [
        "descend?f=x%2A%2A2-y&start=-1.2,1.0&view=0.0,1.0,4.0&rule=adam,gradient_descent&at=3",
        "train?data=own&points=0.0,0.0,1;1.0,0.5,0&hidden=-&run=2",
        "derive?sizes=3,2&loss=softmax_cross_entropy&x=1.0,2.0,3.0&y=1.0,0.0&by=u_11",
        "boundary?precision=float64&view=0.5,8.0,1.0,2.0",
    ],
)
def test_what_is_read_is_written_again(link):
    view, state = read_link(link)
    assert write_link(view, state).replace("%2C", ",").replace("%3B", ";") == f"#1/{link}"


def test_the_picture_of_a_training_is_of_the_run_that_is_named(monkeypatch):
    asked = {}
    runs = SimpleNamespace(best="best", run=lambda number: f"run {number}")
    monkeypatch.setattr(_pictures, "train", lambda net, data, **given: (asked.update(given, net=net), runs)[1])
    monkeypatch.setattr(_pictures.plot, "decision_boundary", lambda run, data: (run, data))
    shown, data = _pictures.picture(*read_link("train?data=xor&hidden=3,2&loss=hinge&seed=7&scale=2&run=1"))
    assert (shown, _pictures.picture(*read_link("train"))[0]) == ("run 1", "best")
    assert {*data.y.tolist()} == {-1.0, 1.0}
    assert (asked["steps"], asked["restarts"], asked["net"].sizes) == (100, 12, (2, 2, 1))
