"""Gradescope: the autograder's zip, and results in the shape that it reads."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gradlab.labs.grade.verdicts import SubmissionResult
from gradlab.labs.grade.verdicts._results import QuestionResult
from gradlab.labs.interchange import export_template
from gradlab.labs.interchange._gradescope import results, write_results


def graded():
    questions = [
        QuestionResult("one", "check", 2.0, 1.0, "partly", "one of two", ["the key's cell stood in"]),
        QuestionResult("deep", "check", 1.0, 0.0, "wrong", "another value", hidden=True, asked="assert secret"),
        QuestionResult("why", "answer", 3.0, 0.0, "human", "", given="because", expected="the key"),
    ]
    return SubmissionResult("s", "S", "1", "s.ipynb", repairs=["a cell twice"], questions=questions, seconds=2.4)


def test_the_zip_holds_the_template_and_two_scripts_that_can_be_run(template):
    exported = export_template(template, "gradescope")
    packed = zipfile.ZipFile(io.BytesIO(exported.data))
    assert sorted(packed.namelist()) == ["run_autograder", "setup.sh", "template.md"]
    assert packed.read("template.md") == template.read_bytes()
    for script in ("run_autograder", "setup.sh"):
        assert packed.getinfo(script).external_attr >> 16 & 0o100
    assert b"ISOLATION=bubblewrap" in packed.read("run_autograder"), "nothing is graded without isolation by itself"
    assert exported.data == export_template(template, "gradescope").data


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_the_autograder_grades_what_was_uploaded(template, tmp_path):
    place = tmp_path / "autograder"
    packed = zipfile.ZipFile(io.BytesIO(export_template(template, "gradescope").data))
    packed.extractall(place / "source")
    (place / "submission").mkdir(parents=True)
    (place / "submission" / "lab.py").write_text("def slope(x):\n    return x + x\n", encoding="utf-8")
    (place / "submission" / "notes.md").write_text("Mine.\n", encoding="utf-8")
    found = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "AUTOGRADER": str(place), "PATH": found}
    subprocess.run(["bash", str(place / "source" / "run_autograder")], env=environment, check=True, timeout=900)
    made = json.loads((place / "results" / "results.json").read_text(encoding="utf-8"))
    scores = {test["name"]: test["score"] for test in made["tests"]}
    assert (scores["slope_shown-all"], scores["half_value"]) == (2, 0), made
    assert "lab.py was graded, and not notes.md" in made["output"]


def test_results_say_what_students_may_know():
    made = results(graded().as_json())
    assert [(test["name"], test["score"], test["max_score"], test["visibility"]) for test in made["tests"]] == [
        ("one", 1.0, 2.0, "visible"), ("deep", 0.0, 1.0, "after_published"), ("why", 0.0, 3.0, "visible"),
    ]  # fmt: skip
    assert made["tests"][0]["output"] == "one of two\nthe key's cell stood in"
    assert made["tests"][2]["output"] == "a person reads this answer"
    assert "status" not in made["tests"][2]
    assert made["output"] == "a cell twice"
    assert "secret" not in json.dumps(made)
    assert "the key" not in json.dumps([test for test in made["tests"] if test["name"] == "why"])


def test_a_submission_that_cannot_be_read_gets_its_reason():
    broken = SubmissionResult("s", "S", "1", "s.ipynb", problem="no notebook")
    assert results(broken.as_json()) == {"score": 0, "output": "no notebook", "tests": []}


@pytest.mark.parametrize("count", [0, 1, 2])
def test_results_are_written_for_one_submission_and_else_a_word_for_the_student(tmp_path, count):
    (tmp_path / "out" / "results").mkdir(parents=True)
    for number in range(count):
        (tmp_path / "out" / "results" / f"{number}.json").write_text(json.dumps(graded().as_json()))
    (tmp_path / "log").write_text("bubblewrap is not installed")
    write_results(tmp_path / "out", tmp_path / "log", tmp_path / "results" / "results.json")
    made = json.loads((tmp_path / "results" / "results.json").read_text())
    if count == 1:
        assert len(made["tests"]) == 3
    else:
        assert made["tests"] == []
        assert "tell your instructor" in made["output"]
        assert made["extra_data"]["log"] == "bubblewrap is not installed"
