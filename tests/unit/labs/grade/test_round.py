"""The round trip: interrupted, repeated, without bubblewrap, and at a student's home."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gradlab.cli import main
from gradlab.labs.grade import GradeOptions, grade, grade_self
from gradlab.labs.grade.sandbox import IsolationError, isolated_command

from . import submissions as made

LAB = Path(__file__).with_name("lab.md")
CLASS = {
    **{name: made.GOOD[name] for name in ("as the key", "tanh", "lambda")},
    "sign": made.MISTAKES["sign"],
}


POINTS = {name: sum(case.points) for name, case in CLASS.items()}


@pytest.fixture
def room(tmp_path):
    for name, case in CLASS.items():
        made.write(tmp_path / "in", name, case)
    return tmp_path


def test_killed_and_run_again_it_comes_to_the_same(room):
    command = [sys.executable, "-m", "gradlab", "lab", "grade", str(LAB), str(room / "in"), "--out", str(room / "out")]
    with subprocess.Popen([*command, "--jobs", "1"], stderr=subprocess.PIPE, text=True) as process:
        begun = 0
        for line in process.stderr:
            begun += line.startswith("grading ")
            if begun == 3:
                process.send_signal(signal.SIGKILL)
                break
    assert not (room / "out" / "gradebook.csv").exists()
    again = grade(LAB, room / "in", GradeOptions(room / "out"))
    assert again.fresh <= len(CLASS) - 2
    assert {result.student: result.points for result in again.results} == POINTS


def test_only_what_has_changed_is_graded_again(room):
    lab, state = room / "lab.md", room / "out" / ".state"
    lab.write_text(LAB.read_text(encoding="utf-8"), encoding="utf-8")
    assert grade(lab, room / "in", GradeOptions(room / "out")).fresh == len(CLASS)
    for path in state.iterdir():
        kept = path.read_text(encoding="utf-8").replace('"reason": ""', '"reason": "as before"')
        path.write_text(kept, encoding="utf-8")
    lab.write_text(lab.read_text(encoding="utf-8").replace("Write the sigmoid", "Write it"), encoding="utf-8")
    assert grade(lab, room / "in", GradeOptions(room / "out")).fresh == 0
    lab.write_text(lab.read_text(encoding="utf-8").replace("0.125]", "0.125, 9][:4]"), encoding="utf-8")
    made.write(room / "in", "sign", made.GOOD["tanh"])
    again = grade(lab, room / "in", GradeOptions(room / "out"))
    assert again.fresh == len(CLASS)
    assert again.moved == (("sign", 7.0, 9.0),)
    fresh = {one.student: [q.name for q in one.questions if not q.reason] for one in again.results}
    assert fresh == {**{name: ["descent"] for name in CLASS}, "sign": list(made.NAMES)}


def test_without_bubblewrap_it_refuses(room, monkeypatch, capsys):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(IsolationError, match="apt-get install bubblewrap"):
        grade(LAB, room / "in", GradeOptions(room / "out"))
    assert main(("lab", "grade", str(LAB), str(room / "in"), "--out", str(room / "out"))) == 1
    assert "--isolation none" in capsys.readouterr().err
    assert main(("lab", "grade", str(LAB), str(room / "in"), "--out", str(room / "out"), "--isolation", "none")) == 0
    said = capsys.readouterr()
    assert "can read the key" in said.err
    with (room / "out" / "gradebook.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert {row["student"]: float(row["points"]) for row in csv.DictReader(stream)} == POINTS


def test_what_is_private_may_not_lie_where_python_lies():
    with pytest.raises(IsolationError, match="move it"):
        isolated_command([], [Path(sys.prefix) / "lab.md"], {})


def test_at_home_one_sees_the_visible_part(tmp_path, capsys):
    from gradlab.labs import BuildOptions, build_labs

    build_labs([(LAB, tmp_path)], BuildOptions(("ipynb",), execute=False, gate=False))
    question, solution = tmp_path / "lab-question.ipynb", tmp_path / "lab-solution.ipynb"
    assert {(result.name, result.status) for result in grade_self(solution)} == {
        (name, "right") for name in made.NAMES if name != "sigmoid_elsewhere"
    }
    assert {result.status for result in grade_self(question)} == {"missing"}
    assert main(("lab", "grade", "--self", str(question))) == 1
    assert "not done yet" in capsys.readouterr().out
    text = solution.read_text(encoding="utf-8").replace("0.3", "1.5")
    solution.write_text(text, encoding="utf-8")
    assert grade_self(solution)[-1].reason == "this rate does not converge"
