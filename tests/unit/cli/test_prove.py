"""`gradlab prove` on documents: its exit status, and what it prints for programs."""

from __future__ import annotations

import json

import pytest

from gradlab.cli import main

TEXT = r"""# Notes

Let $g = a b$. Then $\frac{\partial g}{\partial a} = b$, not $\frac{\partial g}{\partial b} = b$.
"""


@pytest.fixture
def notes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.md").write_text(TEXT)
    (tmp_path / "open.md").write_text("Here $\\int u = u$ is left open.\n")


def test_json_has_every_step(notes, capsys):
    assert main(["prove", "--file", "notes.md", "--format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["files"]
    assert found["counts"]["TRUE"] == found["counts"]["FALSE"] == found["counts"]["DEFINITION"] == 1
    wrong = next(step for step in found["steps"] if step["truth"] == "FALSE")
    assert (wrong["line"], wrong["kind"]) == (3, "CLAIM")
    assert wrong["witness"]["left"] != wrong["witness"]["right"]


def test_sarif_names_file_line_and_rule(notes, capsys):
    assert main(["prove", "--files", "notes.md", "open.md", "--format", "sarif"]) == 1
    several = capsys.readouterr().out
    assert main(["prove", "--file", "notes.md", "open.md", "--format", "sarif"]) == 1
    said = capsys.readouterr().out
    assert several == said
    log = json.loads(said)
    results = log["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == ["false-step", "not-understood"]
    where = results[0]["locations"][0]["physicalLocation"]
    assert where["artifactLocation"]["uri"] == "notes.md"
    assert where["region"]["startLine"] == 3


def test_github_annotations_stand_at_their_lines(notes, capsys):
    assert main(["prove", "--files", "notes.md", "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith("::error file=notes.md,line=3,col=")


@pytest.mark.parametrize(("arguments", "status"), [([], 0), (["--strict"], 1)])
def test_what_is_not_understood_fails_where_that_is_asked_for(notes, arguments, status):
    assert main(["prove", "--file", "open.md", *arguments]) == status


def test_explain_shows_how_each_line_was_read(notes, capsys):
    main(["prove", "--file", "notes.md", "--explain"])
    out = capsys.readouterr().out
    assert "DEFINITION" in out
    assert "2 steps: 1 TRUE, 1 FALSE" in out


def test_a_document_that_is_given_as_a_chain_is_told_how(notes, capsys):
    assert main(["prove", "notes.md"]) == 2
    assert "write --file notes.md" in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_explain_shows_what_a_derivative_is_taken_of(capsys):
    main(["prove", "--explain", r"\frac{d}{dx} x e^{-x} = e^{-x}"])
    assert r"read as \frac{d}{d x} \left(x \cdot e^{-x}\right) = e^{-x}" in capsys.readouterr().out
