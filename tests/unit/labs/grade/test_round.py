"""The round trip: interrupted, repeated, without bubblewrap, and at a student's home."""

from __future__ import annotations

import csv
import html
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import gradlab
from gradlab._errors import GradlabError
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


@pytest.fixture
def open_room():
    """The same where everybody may read and write."""
    with tempfile.TemporaryDirectory(prefix="gradlab-test-") as place:
        room = Path(place)
        room.chmod(0o777)
        for name, case in CLASS.items():
            made.write(room / "in", name, case)
        (room / "lab.md").write_bytes(LAB.read_bytes())
        yield room


def as_anybody(room: Path) -> list[str]:
    """What runs a command without root's rights; folders such as /root that nobody else may enter are made passable."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "setpriv"))):
        return []
    needed = [Path(sys.base_prefix), Path(sys.prefix), Path(gradlab.__file__).parents[1]]
    closed = {parent for path in needed for parent in path.parents if not parent.stat().st_mode & 0o001}
    lines = ["set -e"]
    for folder in sorted(closed)[:1]:
        inside = [(room / f"held-{number}", path) for number, path in enumerate(needed) if folder in path.parents]
        lines += [f"mkdir '{held}'; mount --bind '{path}' '{held}'" for held, path in inside]
        lines += [f"mount -t tmpfs tmpfs '{folder}'; chmod 755 '{folder}'"]
        lines += [f"mkdir -p '{path}'; mount --bind '{held}' '{path}'" for held, path in inside]
    drop = "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all"
    script = "\n".join([*lines, f"cd '{room}'", f'exec {drop} "$@"'])
    return ["unshare", "--mount", "bash", "-c", script, "bash"]


def test_killed_and_run_again_it_comes_to_the_same(open_room):
    """The first time without root's rights."""
    room, lab = open_room, open_room / "lab.md"
    command = [sys.executable, "-m", "gradlab", "lab", "grade", str(lab), str(room / "in"), "--out", str(room / "out")]
    command, own = [*as_anybody(room), *command, "--jobs", "1"], {**os.environ, "HOME": str(room)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=own) as process:
        begun = 0
        for line in process.stderr:
            begun += line.startswith("grading ")
            if begun == 3:
                process.send_signal(signal.SIGKILL)
                break
    assert not (room / "out" / "gradebook.csv").exists()
    again = grade(lab, room / "in", GradeOptions(room / "out"))
    assert again.fresh <= len(CLASS) - 2
    assert {result.student: result.points for result in again.results} == POINTS


def below(pid):
    """The processes that a process has started, and those that these have."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*children, *(each for child in children for each in below(child))]


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_nothing_runs_on_when_the_command_is_ended(tmp_path):
    made.write(tmp_path / "in", "loops", made.MISTAKES["deaf to interrupts"])
    command = [sys.executable, "-m", "gradlab", "lab", "grade", str(LAB), str(tmp_path / "in")]
    with subprocess.Popen([*command, "--out", str(tmp_path / "out")], stderr=subprocess.PIPE, text=True) as process:
        next(line for line in process.stderr if line.startswith("grading "))
        left = [os.pidfd_open(pid) for pid in below(process.pid)]
        process.terminate()
    assert len(left) >= 4, "the service, its fork and the sandbox"
    for descriptor in left:
        assert select.select([descriptor], [], [], 300)[0], "a process has not ended"
        os.close(descriptor)
    assert not list((tmp_path / "out" / ".state").iterdir())


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


def test_the_pages_say_how_each_question_went_and_the_command_what_it_does(room, capsys):
    assert main(("lab", "grade", str(LAB), str(room / "in"), "--out", str(room / "out"), "--jobs", "1")) == 0
    told = capsys.readouterr().err
    assert re.findall(r"^grading (\w+) \(\d of 4\)$", told, re.MULTILINE) == ["as_the_key", "lambda", "sign", "tanh"]
    seen: dict[str, list[str]] = {}
    made.write(room / "in", "late", made.MISTAKES["rate too large"])
    options = GradeOptions(room / "out")
    results = grade(LAB, room / "in", options, lambda event, *said: seen.setdefault(event, []).append(said)).results
    assert [name for _, name in seen["at"]] == list(made.NAMES)
    page = (room / "out" / "index.html").read_text(encoding="utf-8")
    for number, name in enumerate(made.NAMES):
        row = page.partition(f"<tr><td>{name}</td>")[2].partition("</tr>")[0]
        counts = [int(count) for count in re.findall(r"<td class='n'>(\d+)</td>", row)[-5:]]
        states = [one.questions[number].status for one in results]
        assert counts == [states.count(state) for state in ("right", "partly", "wrong", "missing", "human")]
    (late,) = [one for one in results if one.student == "late"]
    page = html.unescape((room / "out" / "feedback" / "late.html").read_text(encoding="utf-8"))
    assert all(question.reason in page for question in late.questions)
    assert [question.asked in page for question in late.questions] == [True] * len(made.NAMES)
    assert "for t in (-3.0" not in page, "a hidden check"


def test_what_another_file_of_the_same_submission_gets_more_for_is_for_a_human(tmp_path):
    good, wrong = made.GOOD["as the key"], made.MISTAKES["sign"]
    for folder, cases in {"ada": (wrong, good), "emmy": (good, wrong), "carl": (good, good)}.items():
        for name, case in zip(("lab", "lab-old"), cases, strict=True):
            made.write(tmp_path / "in" / folder, name, case)
    options = GradeOptions(tmp_path / "out")
    first, again = (grade(LAB, tmp_path / "in", options) for _ in range(2))
    assert (first.fresh, again.fresh, again.moved) == (3, 0, ())
    ada, carl, emmy = again.results
    assert (carl.points, emmy.points) == (9, 9)
    waiting = [question for question in ada.questions if question.status == "human"]
    assert ada.points + sum(question.possible for question in waiting) == 9
    assert waiting[0].reason.startswith("lab-old.ipynb would get ")
    assert all("ada/lab-old.ipynb: " in question.given for question in waiting)


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


def test_where_nothing_can_be_written_it_says_so(room):
    (room / "taken").write_text("")
    with pytest.raises(GradlabError, match=r"taken.* cannot be written: Not a directory"):
        grade(LAB, room / "in", GradeOptions(room / "taken" / "grades", isolated=False))


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
    own = {question.name: question.reason for question in grade_self(solution)}
    assert "this rate does not converge" in own.values()
    (graded,) = grade(LAB, solution, GradeOptions(tmp_path / "grades", isolated=False)).results
    assert {question.name: question.reason for question in graded.questions if question.name in own} == own
