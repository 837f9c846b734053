"""What is kept of what cells print."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat import v4

from gradlab.labs import _outputs
from gradlab.labs._outputs import collecting_client, shortened, tidied

HERE = Path("/nowhere/at/all")


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(_outputs, "LONGEST_OUTPUT", 100)
    monkeypatch.setattr(_outputs, "_WAITING", 400)


def stream(text: str, name: str = "stdout"):
    return v4.new_output("stream", name=name, text=text)


def message(text: str, name: str = "stdout") -> dict:
    content = {"name": name, "text": text}
    return {
        "msg_type": "stream",
        "header": {"msg_type": "stream"},
        "content": content,
        "parent_header": {"msg_id": "1"},
    }


def test_a_text_cut_twice_counts_what_is_lost_once():
    once = shortened("a" * 60 + "b" * 60, 100)
    assert once == "a" * 50 + "\n… 20 characters are left out …\n" + "b" * 50
    twice = shortened(once + "c" * 100, 100)
    assert "… 120 characters are left out …" in twice
    assert shortened("short", 100) == "short"


def test_a_cut_does_not_leave_half_a_colour(short):
    text = "x" * 48 + "\x1b[31m" + "y" * 200
    assert tidied([stream(text)], HERE)[0][0].text.startswith("x" * 48 + "\n…")


def test_streams_are_joined_as_they_come_in_and_cut(short):
    client = collecting_client(v4.new_notebook())
    client.clear_before_next_output = False  # as when a cell begins
    outs: list = []
    for number in range(1000):
        client.output(outs, message(f"{number:04}\n"), None, 0)
    client.output(outs, message("warned\n", "stderr"), None, 0)
    client.output(outs, message("end\n"), None, 0)
    client.settle()
    assert [output.name for output in outs] == ["stdout", "stderr", "stdout"]
    assert len(outs[0].text) < 200
    assert outs[0].text.startswith("0000\n0001\n")
    assert outs[0].text.endswith("0998\n0999\n")
    kept, left_out = tidied(outs, HERE)
    assert left_out.startswith("49")
    assert left_out.endswith(" characters")
    assert kept[-1].text == "end\n"


def test_progress_that_overwrites_itself_is_not_what_is_kept(short):
    client = collecting_client(v4.new_notebook())
    client.clear_before_next_output = False  # as when a cell begins
    outs: list = []
    for number in range(1000):
        client.output(outs, message(f"{number:04}\r"), None, 0)
    client.output(outs, message("done\n"), None, 0)
    client.settle()
    assert tidied(outs, HERE) == ([stream("done\n")], "")


def test_many_small_outputs_lose_those_in_the_middle(short):
    outputs = [stream(f"{number:09}\n", "stdout" if number % 2 else "stderr") for number in range(40)]
    kept, left_out = tidied(outputs, HERE)
    assert left_out == "30 outputs"
    assert [output.text for output in kept[4:7]] == ["000000004\n", "… 30 outputs left out …\n", "000000035\n"]


def test_a_page_that_is_too_long_gives_way_to_a_note(short):
    output = v4.new_output("display_data", {"text/html": "<p>" * 100, "text/plain": "a table", "image/png": "A" * 500})
    [kept], left_out = tidied([output], HERE)
    assert kept.data["text/plain"] == "a table\n… 300 characters are left out …"
    assert sorted(kept.data) == ["image/png", "text/plain"]
    assert left_out == "300 characters"


def test_what_is_short_is_left_alone(short):
    error = v4.new_output("error", ename="E", evalue="v", traceback=["a", "b"])
    assert tidied([stream("x\n"), error], HERE) == ([stream("x\n"), error], "")
