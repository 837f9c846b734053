"""Each case of the tag language: a template, and byte for byte what is made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradlab.labs._audit import audit_text
from gradlab.labs._diagnostics import TemplateError
from gradlab.labs._lint import lint
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions

HERE = Path(__file__).parent
TEMPLATES = sorted((HERE / "templates").glob("*.md"))


def test_every_case_has_a_template():
    assert {int(path.name[:2]) for path in TEMPLATES} >= set(range(1, 19))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_versions_and_remarks(path, golden):
    made: dict[str, str] = {}
    try:
        template = read_template(path)
        versions = make_versions(template)
    except TemplateError as error:
        made["errors.txt"] = f"{error}\n"
    else:
        made["question.md"] = versions.question.markdown
        made["solution.md"] = versions.solution.markdown
        remarks = [
            *template.warnings,
            *versions.warnings,
            *lint(template, versions),
            *audit_text(template, versions, {}).warnings,
        ]
        made["warnings.txt"] = "".join(f"{remark}\n" for remark in remarks)
    for kind, text in made.items():
        if text or kind != "warnings.txt":
            golden(HERE / "golden" / f"{path.stem}.{kind}", text.replace(f"{HERE}/templates/", ""))
    expected = {file.name for file in (HERE / "golden").glob(f"{path.stem}.*")}
    assert expected == {f"{path.stem}.{kind}" for kind, text in made.items() if text or kind != "warnings.txt"}
