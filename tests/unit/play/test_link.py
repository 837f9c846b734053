"""Links to views are read as the page reads them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from gradlab.play import _pictures
from gradlab.play._link import entries_of, read_link, write_link

VIEWS = Path(__file__).resolve().parents[3] / "page" / "src"


def constants(text, name):
    return re.search(rf"{name} = \{{(.*?)\}}", text, re.DOTALL)[1]


@pytest.mark.parametrize("view", ["descend", "derive", "train", "boundary"])
def test_a_view_has_the_entries_that_the_page_gives_it(view):
    text = (VIEWS / "views" / f"{view}.mjs").read_text()
    (block,) = re.findall(r"^const entries = \{\n(.*?)\n\};", text, re.DOTALL | re.MULTILINE)
    assert re.findall(r"(?:^  |\), )(\w+): ", block, re.MULTILINE) == list(entries_of(view))
    numbers = re.findall(r"(\w+): (?:number|whole)\(([\d.]+), ([\de.-]+), ([\de.]+)\)", block)
    assert numbers or view == "derive"
    for name, usual, least, most in numbers:
        entry = entries_of(view)[name]
        assert entry.usual == float(usual)
        assert entry.read(least) == float(least)
        assert entry.read(most) == float(most)
        assert entry.read(str(float(most) * 1.01 + 1)) is None
    own = dict(
        re.findall(
            r"(\w+): (\[[^\]]*\]|\"[^\"]*\"|[\w.]+)", constants((VIEWS / "questions.mjs").read_text(), view.upper())
        )
    )
    assert own
    assert {name: json.loads(value) for name, value in own.items()} == {
        name: entries_of(view)[name].usual for name in own
    }


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
