"""Running the cells of a version."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from gradlab.labs._execute import ExecutionError, execute
from gradlab.labs._scratch import scratch_folder
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions


def run(folder: Path, text: str, kind: str = "solution"):
    path = folder / "lab.md"
    path.write_text(text, encoding="utf-8")
    template = read_template(path)
    seen: list[tuple[int, int, int]] = []
    version = getattr(make_versions(template), kind)
    executed = asyncio.run(execute(version, path, template.settings, lambda *step: seen.append(step)))
    return executed, seen


def cells(*sources: str, header: str = "") -> str:
    return header + "\n\n".join(f"```python\n{source}\n```" for source in sources) + "\n"


def test_cells_are_run_in_the_templates_surroundings_and_write_nothing_there(tmp_path):
    folder = tmp_path / "course" / "lab"
    folder.mkdir(parents=True)
    (folder / "data.txt").write_text("beside")
    (tmp_path / "course" / "shared.txt").write_text("above")
    (folder / "helper.py").write_text("value = 42")
    (folder / "figures").mkdir()
    text = cells(
        "import random, numpy\nrandom.random(), float(numpy.random.rand())",
        "print(open('data.txt').read(), open('../shared.txt').read())\nimport helper\nprint(helper.value)",
        "open('written.txt', 'w').write('x'); open('data.txt', 'w').write('y'); open('figures/new', 'w').write('z');",
        "import sys, os\nfor n in range(5000):\n    print(f'{n}', end='\\r')\nprint('ready')\n"
        "print('later', flush=True)\nprint(os.getcwd())\nprint('err', file=sys.stderr)",
        "import warnings\nwarnings.warn('careful')",
        "sorted(name for name in globals() if name in ('random', 'numpy', 'torch'))",
        header="---\ngradlab:\n  seed: 3\n---\n\n",
    )
    executed, seen = run(folder, text)
    again, _ = run(folder, text)
    outputs = [cell.outputs for cell in executed.notebook.cells]
    assert executed.notebook == again.notebook, "a seed makes a run repeatable"
    assert [output.text for output in outputs[1]] == ["beside above\n42\n"]
    assert [(output.name, output.text) for output in outputs[3]] == [
        ("stdout", "ready\nlater\n.\n"),
        ("stderr", "err\n"),
    ]
    assert outputs[4][0].text.startswith("<cell>:2: UserWarning: careful")
    assert outputs[5][0].data["text/plain"] == "['numpy', 'random']"
    assert sorted(path.name for path in folder.iterdir()) == ["data.txt", "figures", "helper.py", "lab.md"]
    assert (folder / "data.txt").read_text() == "beside"
    assert not list((folder / "figures").iterdir())
    assert executed.run == 6
    assert seen[0] == (0, 6, 7)
    assert seen[-1] == (6, 6, 0)


def test_a_question_leaves_its_skipped_cells_alone(tmp_path):
    text = cells("#!TAG SKIPQUESTEXEC\nmissing", "1 + 1")
    executed, _ = run(tmp_path, text, "question")
    skipped, shown = executed.notebook.cells
    assert (skipped.execution_count, skipped.outputs) == (None, [])
    assert (shown.execution_count, shown.outputs[0].data["text/plain"]) == (1, "2")
    assert (executed.run, executed.skipped) == (1, 1)


def test_nothing_to_run_starts_no_kernel(tmp_path):
    executed, seen = run(tmp_path, "Only prose.\n")
    assert (executed.run, seen) == (0, [])


@pytest.mark.parametrize(
    ("source", "kind", "words"),
    [
        ("x = 1\nx / 0", "solution", ["lab.md:7: error: code cell 2", "(it begins in line 6)", "ZeroDivisionError"]),
        ("undefined", "question", ["NameError", "SKIPQUESTEXEC"]),
        ("import os\nos._exit(7)", "solution", ["lab.md:6: error", "ended the kernel"]),
        ("while True: pass", "solution", ["ran longer than 1 s", "timeout:"]),
    ],
)
def test_a_cell_that_fails_is_named_with_its_line(tmp_path, source, kind, words):
    header = "---\ngradlab:\n  timeout: 1\n---\n\n" if "while" in source else ""
    with pytest.raises(ExecutionError) as caught:
        run(tmp_path, cells("pass", source, header=header), kind)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_kernel_that_does_not_exist_is_named(tmp_path):
    header = "---\njupyter:\n  kernelspec:\n    display_name: R\n    language: python\n    name: no-such\n---\n\n"
    with pytest.raises(ExecutionError, match="no Jupyter kernel named 'no-such'"):
        run(tmp_path, cells("1", header=header))


def test_the_scratch_folder_goes_with_what_was_written(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    with scratch_folder(tmp_path) as place:
        assert (place / "a.txt").read_text() == "a"
        (place / "b.txt").write_text("b")
    assert not place.exists()
    assert not (tmp_path / "b.txt").exists()


def test_the_line_of_an_error_is_right_where_the_cell_begins_with_blank_lines(tmp_path):
    with pytest.raises(ExecutionError) as caught:
        run(tmp_path, "```python\n\n\nx = 1\nx / 0\n```\n")
    assert caught.value.diagnostic.line == 5


@pytest.mark.parametrize("kind", ["question", "solution"])
def test_a_package_that_is_missing_is_said_with_the_python_that_lacks_it(tmp_path, kind):
    with pytest.raises(ExecutionError) as caught:
        run(tmp_path, cells("\nimport math\nimport nowhere_to_be_found.part"), kind)
    said = str(caught.value)
    assert caught.value.diagnostic.line == 4
    assert f"needs nowhere_to_be_found, which is not installed in {sys.executable}" in said
    assert "--kernel NAME" in said
    assert "SKIPQUESTEXEC" not in said


def test_a_name_that_a_module_lacks_is_another_error(tmp_path):
    with pytest.raises(ExecutionError, match="failed with ImportError"):
        run(tmp_path, cells("from math import nothing_of_the_kind"))


def test_a_long_output_is_cut_with_a_warning(tmp_path):
    executed, _ = run(tmp_path, cells("1", "for _ in range(30):\n    print('x' * 99_999)"))
    [warning] = executed.warnings
    assert warning.line == 6
    assert "characters are left out" in warning.message
    text = executed.notebook.cells[1].outputs[0].text
    assert 1_000_000 < len(text) < 1_000_100


def test_a_figure_comes_as_bitmap_and_as_drawing_unless_its_author_chose(tmp_path, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    drawn = "from matplotlib.figure import Figure\nfigure = Figure()\nfigure.add_subplot().plot([1, 2])\n"
    bitmap = "Figure._repr_png_ = lambda figure: b'\\x89PNG'\n"
    executed, _ = run(tmp_path, cells(f"{drawn}{bitmap}figure", "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"))
    kinds = [{*output.data} for cell in executed.notebook.cells for output in cell.outputs if "data" in output]
    assert [kind >= {"image/png", "image/svg+xml"} for kind in kinds] == [True, True]
    chosen = "from matplotlib_inline.backend_inline import set_matplotlib_formats\nset_matplotlib_formats('png')\n"
    executed, _ = run(tmp_path, cells(chosen + "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"))
    assert "image/svg+xml" not in executed.notebook.cells[0].outputs[-1].data
