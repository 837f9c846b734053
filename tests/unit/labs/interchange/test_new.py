"""A template to start from."""

from __future__ import annotations

import pytest

from gradlab.labs import BuildOptions, BuiltLab, build_labs
from gradlab.labs._template import read_template
from gradlab.labs.interchange import new_template


@pytest.mark.parametrize("title", ["Slopes", 'Of "steps": a & b', "", "Prüfung\n2"])
def test_a_new_template_is_read_whatever_its_title(tmp_path, title):
    (tmp_path / "lab.md").write_text(new_template(title))
    template = read_template(tmp_path / "lab.md")
    assert template.settings.title == (" ".join(title.split()) or "A new lab")
    assert template.warnings == ()


def test_a_new_template_passes_the_gate(tmp_path):
    (tmp_path / "lab.md").write_text(new_template("Slopes"))
    (built,) = build_labs([(tmp_path / "lab.md", tmp_path / "out")], BuildOptions(("md",), gate=True), lambda *_: None)
    assert isinstance(built, BuiltLab)
    (note,) = built.warnings
    assert note.severity == "note"
    assert "1 written answer will wait for a human" in note.message
