"""`gradlab doctor` and `gradlab example`: the first ten minutes."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from gradlab.cli import _doctor, main

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def test_what_is_missing_is_said_with_the_command(capsys, monkeypatch):
    def version(name):
        if name == "matplotlib":
            raise metadata.PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(_doctor.importlib.metadata, "version", version)
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (pictures,) = (line for line in lines if line.strip().startswith("draw pictures"))
    assert "missing matplotlib: pip install 'gradlab[plot]'" in pictures
    (tables,) = (line for line in lines if "Parquet" in line)
    assert tables.endswith("ready")


def test_every_extra_for_users_has_a_purpose():
    assert set(_doctor._requirements()) - set(_doctor._FOR) <= {"docs", "interchange", "dev", "bench", "courses"}


def test_it_measures_itself(capsys):
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert len(re.findall(r"\d ms", out)) >= 3


def test_an_example_is_written_and_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["example"]) == 0
    listed = capsys.readouterr().out
    assert all(path.stem in listed for path in EXAMPLES.glob("*.py"))
    assert main(["example", "descend_on_a_bowl"]) == 0
    done = subprocess.run([sys.executable, "descend_on_a_bowl.py"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0
    assert b"CONVERGED" in done.stdout


def test_no_file_of_the_users_is_overwritten(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("descend_on_a_bowl.py").write_text("mine", encoding="utf-8")
    assert main(["example", "descend_on_a_bowl"]) == 1
    assert "there already" in capsys.readouterr().err
    assert Path("descend_on_a_bowl.py").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["nothing", "../../etc/passwd"])
def test_a_name_that_is_none_is_answered_with_those_there_are(name, capsys):
    assert main(["example", name]) == 1
    assert "descend_on_a_bowl" in capsys.readouterr().err
