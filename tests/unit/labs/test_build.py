"""Building labs from end to end, and putting their files in place."""

from __future__ import annotations

import base64
import errno
import json
import os
import re
from pathlib import Path

import nbformat
import pytest

from gradlab._errors import GradlabError
from gradlab.labs import BuildOptions, BuiltLab, FailedLab, build_labs, fault
from gradlab.labs._publish import PublishError, recover, staging
from gradlab.labs._write import relink

SEED = Path(__file__).parents[4] / "shared" / "seed" / "lab-03-template.md"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9" fill="red"/></svg>'
LAB = """# A lab

$$
\\begin{align*} y &= 2 x \\end{align*}
$$

![always](pics/shown.png)

```python
#!TAG SKIPQUESTEXEC
#!TAG HWBEGIN
#!MSG TODO compute the answer
answer = 6 * 7 + 0
print(answer)
#!TAG HWEND
```

#!TAG HWBEGIN

The secret picture: ![secret](pics/secret.svg) and ![gone](pics/gone.png)

#!TAG HWEND

```python
print("both")
```
"""


def write_lab(folder: Path, name: str = "my lab ü.md", text: str = LAB) -> Path:
    (folder / "pics").mkdir(parents=True, exist_ok=True)
    (folder / "pics" / "shown.png").write_bytes(PNG)
    (folder / "pics" / "secret.svg").write_text(SVG)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def build(template: Path, out: Path, formats=("md", "ipynb"), **options) -> BuiltLab | FailedLab:
    (result,) = build_labs([(template, out)], BuildOptions(formats=formats, **options))
    return result


def test_one_template_becomes_eight_files_and_a_second_build_does_nothing(tmp_path):
    template, out = write_lab(tmp_path / "course"), tmp_path / "out"
    steps = []
    (result,) = build_labs([(template, out)], BuildOptions(jobs=2), steps.append)
    assert isinstance(result, BuiltLab), result
    made = {path.name for path in out.iterdir() if path.is_file()}
    expected = {
        f"my lab ü-{kind}.{suffix}" for kind in ("question", "solution") for suffix in ("md", "ipynb", "html", "pdf")
    }
    assert made == expected | {"my lab ü-build.json"}
    assert sorted(path.name for path in (out / "my lab ü-question_files").iterdir()) == ["shown.png"]
    assert sorted(path.name for path in (out / "my lab ü-solution_files").iterdir()) == ["secret.svg", "shown.png"]
    assert not [path for path in out.iterdir() if path.name.startswith(".")]

    question = nbformat.read(out / "my lab ü-question.ipynb", as_version=4)
    solution = nbformat.read(out / "my lab ü-solution.ipynb", as_version=4)
    skipped, shown = (cell for cell in question.cells if cell.cell_type == "code")
    assert (skipped.execution_count, skipped.outputs) == (None, [])
    assert shown.outputs[0].text == "both\n"
    assert [cell.outputs[0].text for cell in solution.cells if cell.cell_type == "code"] == ["42\n", "both\n"]
    assert "(my%20lab%20%C3%BC-question_files/shown.png)" in question.cells[0].source
    assert "6 * 7" not in (out / "my lab ü-question.html").read_text(encoding="utf-8")

    facts = {file.name: file.facts for file in result.files}
    assert facts["my lab ü-question.ipynb"][:3] == ["2 code cells parsed", "1 cell run", "1 left to run"]
    assert "1 formula set" in facts["my lab ü-solution.pdf"]
    assert [warning.line for warning in result.warnings if "gone.png" in warning.message] == [20]
    assert {step.phase for step in steps} == {"reading", "question", "solution", "files", "done"}

    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    steps.clear()
    (again,) = build_labs([(template, out)], BuildOptions(jobs=2), steps.append)
    assert isinstance(again, BuiltLab)
    assert again.up_to_date
    assert (again.files, again.warnings) == (result.files, result.warnings)
    assert [step.phase for step in steps] == ["reading", "done"]
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_what_changed_is_built_again_and_what_failed_leaves_the_good_files(tmp_path):
    template, out = write_lab(tmp_path / "course", "lab.md"), tmp_path / "out"
    assert isinstance(build(template, out), BuiltLab)
    good = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}

    template.write_text(LAB.replace("6 * 7 + 0", "6 * seven"), encoding="utf-8")
    failed = build(template, out)
    assert isinstance(failed, FailedLab)
    assert "lab.md:13: error: code cell 1 of the solution" in failed.errors[0]
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == good

    template.write_text(LAB.replace("![always](pics/shown.png)", ""), encoding="utf-8")
    (out / "lab-solution.md").write_text("changed by hand")
    rebuilt = build(template, out)
    assert isinstance(rebuilt, BuiltLab)
    assert not rebuilt.up_to_date
    assert rebuilt.removed == ("lab-question_files/shown.png", "lab-solution_files/shown.png")
    assert not (out / "lab-question_files").exists()
    assert "changed by hand" not in (out / "lab-solution.md").read_text(encoding="utf-8")


def test_a_wrong_template_and_a_leak_are_failures_that_write_nothing(tmp_path):
    stray = write_lab(tmp_path, "stray.md", "#!TAG HWEND\n")
    leak = write_lab(tmp_path, "leak.md", LAB.replace('print("both")', "print('answer = 6 * ' + '7 + 0')"))
    good = write_lab(tmp_path, "good.md", "Only prose.\n")
    out = tmp_path / "out"
    results = build_labs([(path, out / path.stem) for path in (stray, leak, good)], BuildOptions(("md", "ipynb")))
    assert [type(result) for result in results] == [FailedLab, FailedLab, BuiltLab]
    assert "stray.md:1: error" in results[0].errors[0]
    assert "answer = 6 * 7 + 0" in results[1].errors[0]
    assert not list((out / "stray").glob("*"))
    assert not list((out / "leak").glob("*"))


def test_wrong_options_are_refused(tmp_path):
    template = write_lab(tmp_path)
    with pytest.raises(GradlabError, match="unknown format docx"):
        build(template, tmp_path / "out", formats=("docx",))
    with pytest.raises(GradlabError, match="two templates would both write"):
        build_labs([(template, tmp_path / "out")] * 2)


def test_an_output_folder_that_is_a_file_is_named(tmp_path):
    template = write_lab(tmp_path, "lab.md", "prose\n")
    (tmp_path / "out").write_text("a file")
    failed = build(template, tmp_path / "out")
    assert isinstance(failed, FailedLab)
    assert f"{tmp_path / 'out'}: cannot be written" in failed.errors[0]


def test_a_file_that_cannot_be_replaced_puts_the_others_back(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x").write_text("in the way")
    (tmp_path / "a").write_text("old")
    with staging(tmp_path, "lab") as place:
        (place.new / "a").write_text("new")
        (place.new / "b").write_text("new")
        with pytest.raises(PublishError, match="cannot be written"):
            place.publish()
    assert (tmp_path / "a").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def interrupted_build(target: Path, fail_after: int, monkeypatch) -> None:
    """Leave a folder as a process leaves it that is killed after some of its moves."""
    moves = 0
    real = os.replace

    def replace(source, place):
        nonlocal moves
        if Path(place).parent == target and Path(source).parent.name == "new":
            if moves == fail_after:
                raise SystemExit("killed")
            moves += 1
        real(source, place)

    with monkeypatch.context() as patch:
        patch.setattr("gradlab.labs._publish.os.replace", replace)
        patch.setattr("gradlab.labs._publish.shutil.rmtree", lambda *_, **__: None)
        with staging(target, "lab") as place:
            for name in "abc":
                (place.new / name).write_text("new")
            with pytest.raises(SystemExit):
                place.publish(["obsolete"])


@pytest.mark.parametrize("fail_after", [0, 1, 2])
def test_a_build_that_died_between_two_moves_is_finished_by_the_next(tmp_path, monkeypatch, fail_after):
    for name in ("a", "b", "c", "obsolete"):
        (tmp_path / name).write_text("old")
    interrupted_build(tmp_path, fail_after, monkeypatch)
    recover(tmp_path, "lab")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys("abc", "new")


def test_a_build_that_died_before_its_moves_is_swept_up(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("old")
    with monkeypatch.context() as patch:
        patch.setattr("gradlab.labs._publish.shutil.rmtree", lambda *_, **__: None)
        with staging(tmp_path, "lab") as place:
            (place.new / "a").write_text("new")
    recover(tmp_path, "lab")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_two_builds_of_a_lab_at_once_are_refused(tmp_path):
    with staging(tmp_path, "lab"), pytest.raises(PublishError, match="another build of lab"), staging(tmp_path, "lab"):
        pass


def test_a_record_that_was_tampered_with_counts_as_none(tmp_path):
    template, out = write_lab(tmp_path, "lab.md", "prose\n"), tmp_path / "out"
    build(template, out, formats=("md",))
    record = json.loads((out / "lab-build.json").read_text())
    record["files"]["../../lab.md"] = "x"
    (out / "lab-build.json").write_text(json.dumps(record))
    result = build(template, out, formats=("md",))
    assert isinstance(result, BuiltLab)
    assert not result.up_to_date
    assert template.exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("![a](p/x.png)", "![a](n/x.png)"),
        ('![a](p/x.png "title")', '![a](n/x.png "title")'),
        ("![a](<p/x.png>)", "![a](<n/x.png>)"),
        ("<img alt='p/x.png' src='p/x.png'>", "<img alt='p/x.png' src='n/x.png'>"),
        ("![a][r]\n\n[r]: p/x.png", "![a][r]\n\n[r]: n/x.png"),
        ("p/x.png, ![b](up/x.png), ![c](p/x.pngx)", "p/x.png, ![b](up/x.png), ![c](p/x.pngx)"),
    ],
)
def test_only_the_images_paths_are_changed(text, expected):
    assert relink(text, {"p/x.png": "n/x.png"}) == expected


def test_a_format_more_or_less_keeps_what_was_made_from_the_same_template(tmp_path):
    template, out = write_lab(tmp_path, "lab.md", "prose\n"), tmp_path / "out"
    build(template, out, formats=("md",))
    more = build(template, out, formats=("html",))
    assert isinstance(more, BuiltLab)
    assert sorted(Path(file.name).suffix for file in more.files) == [".html", ".html", ".md", ".md"]
    fewer = build(template, out, formats=("md",))
    assert isinstance(fewer, BuiltLab)
    assert fewer.up_to_date
    template.write_text("other prose\n")
    changed = build(template, out, formats=("md",))
    assert isinstance(changed, BuiltLab)
    assert changed.removed == ("lab-question.html", "lab-solution.html")


def test_a_lab_can_be_built_without_running_it(tmp_path):
    template, out = write_lab(tmp_path, "lab.md", LAB.replace("6 * 7 + 0", "1 / 0")), tmp_path / "out"
    result = build(template, out, formats=("md", "ipynb", "html"), execute=False)
    assert isinstance(result, BuiltLab)
    pages = [file for file in result.files if "/" not in file.name]
    assert len(pages) == 6
    assert all("not executed" in file.facts for file in pages)
    solution = nbformat.read(out / "lab-solution.ipynb", as_version=4)
    assert [(cell.execution_count, cell.outputs) for cell in solution.cells if cell.cell_type == "code"] == [
        (None, []),
        (None, []),
    ]
    # A build that runs is another build.
    assert isinstance(build(template, out, formats=("md",)), FailedLab)


def test_an_error_that_both_versions_share_is_told_once(tmp_path):
    failed = build(write_lab(tmp_path, "lab.md", "```python\n1 / 0\n```\n"), tmp_path / "out")
    assert isinstance(failed, FailedLab)
    assert len(failed.errors) == 1
    assert "of the solution" in failed.errors[0]
    assert "SKIPQUESTEXEC" not in failed.errors[0]


def test_a_formula_that_cannot_be_typeset_is_told_once(tmp_path):
    template = write_lab(
        tmp_path, text="# A lab\n\nThis $\\nope{x}$ and\n\n$$\na =\n\\no b\n$$\n\n$$\\begin{align}x$$\n"
    )
    built = build(template, tmp_path / "out", execute=False, formats=("html",))
    assert isinstance(built, BuiltLab)
    assert [warning.line for warning in built.warnings if warning.line] == [3, 7, 10, 10]


def test_the_kernel_can_be_chosen(tmp_path):
    template, out = write_lab(tmp_path, "lab.md", "```python\n1\n```\n"), tmp_path / "out"
    failed = build(template, out, kernel="no-such")
    assert isinstance(failed, FailedLab)
    assert "no Jupyter kernel named 'no-such' here (here: " in failed.errors[0]
    assert isinstance(build(template, out, kernel="python3"), BuiltLab)


FALSE = "#!TAG HWBEGIN\n$\\frac{d}{dx} x^2 = 3 x$\n#!TAG HWEND\n\n"
USELESS = "```python\n#!TAG CHECK useless\nassert True\n#!TAG CHECKEND\n```\n"


def test_the_gate_stops_what_may_not_be_released(tmp_path):
    template, out = write_lab(tmp_path, "lab.md", FALSE + USELESS), tmp_path / "out"
    failed = build(template, out, gate=True)
    assert isinstance(failed, FailedLab)
    assert [(error.line, error.rule) for error in failed.diagnostics] == [(2, "equation"), (6, "check")]
    assert not list(out.glob("*"))
    assert isinstance(build(template, out), BuiltLab)


def test_a_template_with_the_old_tags_alone_is_built_and_told(tmp_path):
    result = build(write_lab(tmp_path, "lab.md", FALSE), tmp_path / "out", gate=True)
    assert isinstance(result, BuiltLab)
    assert [(warning.line, warning.severity) for warning in result.warnings] == [(2, "warning")]
    assert "this step is false" in result.warnings[0].message


@pytest.mark.skipif(not SEED.is_file(), reason="no ../shared/seed beside this checkout: its lab is not built")
def test_the_seed_lab_is_built_and_none_of_it_is_left_as_raw_text(tmp_path):
    from pypdf import PdfReader

    (result,) = build_labs([(SEED, tmp_path)], BuildOptions(jobs=2))
    assert isinstance(result, BuiltLab), result
    facts = {file.name: file.facts for file in result.files}
    assert "67 formulas set" in facts["lab-03-template-solution.pdf"]
    assert any("03-lab-nn.png is not there" in warning.message for warning in result.warnings)
    for kind in ("question", "solution"):
        html = (tmp_path / f"lab-03-template-{kind}.html").read_text(encoding="utf-8")
        shown = re.sub(r"<annotation.*?</annotation>", "", html, flags=re.DOTALL)
        pages = PdfReader(tmp_path / f"lab-03-template-{kind}.pdf").pages
        for text in (shown, "\n".join(page.extract_text() for page in pages)):
            assert not re.search(r"\\begin|\\frac|\$ x|#region|#endregion|#!TAG|#!MSG", text)


def test_a_full_disk_is_no_fault_of_ours():
    said = str(fault(Path("lab.md"), OSError(errno.ENOSPC, "No space left on device", "lab.html")))
    assert said == "lab.md: error: lab.html cannot be written: No space left on device."
