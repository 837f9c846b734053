"""Every submission gets the row that it deserves, and the hostile ones change nothing for the others."""

from __future__ import annotations

import ast
import csv
import hashlib
import pickle
import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest

from gradlab._errors import GradlabError
from gradlab.labs.grade import GradeOptions, _grade, _workers, grade

from . import submissions as made

LAB = Path(__file__).with_name("lab.md")
ALL = {**made.GOOD, **made.MISTAKES, **made.HOSTILE}

needs_bwrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """All submissions graded in one run."""
    place = tmp_path_factory.mktemp("class")
    for name, case in ALL.items():
        made.write(place / "in", name, case)
    for name, (data, _) in made.UNREADABLE.items():
        made.write(place / "in", name, made.Case(data))
    before = tree(place / "in")
    result = grade(LAB, place / "in", GradeOptions(place / "out", jobs=2, limit=120))
    assert tree(place / "in") == before
    return {one.student: one for one in result.results}, place


def tree(folder):
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def said(result):
    return "\n".join([*result.repairs, *(part for q in result.questions for part in (q.reason, *q.notes))])


@needs_bwrap
@pytest.mark.parametrize("name", ALL)
def test_the_row_that_it_deserves(graded, name):
    result, case = graded[0][name], ALL[name]
    assert result.problem == ""
    assert tuple(question.points for question in result.questions) == case.points, said(result)
    for words in case.says:
        assert words in said(result)


@needs_bwrap
@pytest.mark.parametrize("name", made.UNREADABLE)
def test_a_file_that_cannot_be_read_is_a_row_with_its_reason(graded, name):
    result = graded[0][name]
    assert made.UNREADABLE[name][1] in result.problem
    assert result.points == 0


WARM = """# Lab

```python
import os
drawn = os.urandom(8).hex()
```

```python
#!TAG SKIPQUESTEXEC
#!TAG HWBEGIN
#!MSG Note it.
noted = open("runs.txt", "a").write("The key was run. ")
#!TAG HWEND
```

```python
#!TAG SKIPQUESTEXEC
#!TAG HWBEGIN
#!MSG Set it.
four = 4
#!TAG HWEND
#!TAG CHECK four points=1
assert four == 4
#!TAG CHECKEND
```
"""


@needs_bwrap
def test_the_key_is_run_once_and_each_submission_forks_from_a_process_that_has_run_the_given_cells(tmp_path):
    (tmp_path / "lab.md").write_text(WARM, encoding="utf-8")
    for name in ("ada", "carl", "emmy"):
        cells = ("import os\ndrawn = os.urandom(8).hex()", "four = [print(drawn), 4][1]")
        made.write(tmp_path / "in", name, made.Case(cells))
    results = grade(tmp_path / "lab.md", tmp_path / "in", GradeOptions(tmp_path / "out", jobs=2)).results
    assert [one.points for one in results] == [1, 1, 1]
    # Drawn anew by each process that runs the given cells, and by none that is forked behind them.
    assert len({one.printed["2"] for one in results}) == 1
    assert len(results[0].printed["2"].strip()) == 16
    assert (tmp_path / "runs.txt").read_text() == "The key was run. "


class Workers:
    """A scheduler's workers, but that they are this process: what is sent to them is pickled all the same."""

    def threads(self):
        return 2

    def each(self, name, function, held, items):
        for number, item in enumerate(items):
            yield number, pickle.loads(pickle.dumps(function))(*pickle.loads(pickle.dumps((held, item))))


@needs_bwrap
def test_workers_give_the_same_rows(graded, tmp_path, monkeypatch):
    monkeypatch.setattr(_grade, "workers", lambda *_: nullcontext(Workers()))
    names = [next(iter(made.GOOD)), next(iter(made.MISTAKES)), next(iter(made.HOSTILE))]
    for name in names:
        made.write(tmp_path / "in", name, ALL[name])
    unreadable = next(iter(made.UNREADABLE))
    made.write(tmp_path / "in", unreadable, made.Case(made.UNREADABLE[unreadable][0]))
    told = []
    options = GradeOptions(tmp_path / "out", limit=120)
    result = grade(LAB, tmp_path / "in", options, lambda *said: told.append(said), "tcp://there:8786")
    assert result.fresh == 4
    assert sorted(name for event, name, _ in told if event == "done") == sorted(row.name for row in result.results)
    for row in result.results:
        here = graded[0][row.student]
        assert (row.points, row.problem, row.repairs) == (here.points, here.problem, here.repairs)
        assert [(q.name, q.points, q.reason) for q in row.questions] == [
            (q.name, q.points, q.reason) for q in here.questions
        ]
    assert grade(LAB, tmp_path / "in", options, scheduler="tcp://there:8786").fresh == 0


def test_a_worker_without_bubblewrap_is_named(tmp_path, monkeypatch):
    def missing(engine):
        raise GradlabError("bubblewrap is not installed")

    monkeypatch.setattr(_grade, "workers", lambda *_: nullcontext(Workers()))
    monkeypatch.setattr(_workers, "try_isolation", missing)
    name = next(iter(made.GOOD))
    made.write(tmp_path / "in", name, ALL[name])
    with pytest.raises(GradlabError, match=r"on the worker \S+: bubblewrap is not installed"):
        grade(LAB, tmp_path / "in", GradeOptions(tmp_path / "out"), scheduler="tcp://there:8786")


@needs_bwrap
def test_nothing_hidden_is_shown(graded):
    for page in (graded[1] / "out" / "feedback").glob("*.html"):
        assert "for t in (-3.0" not in page.read_text(encoding="utf-8")


def test_nothing_that_a_submission_sends_is_unpickled():
    folder = Path(_grade.__file__).parent
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in folder.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    loaded = {alias.name.partition(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    loaded |= {str(node.module).partition(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    assert len(trees) > 40
    assert not loaded & {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
    assert not [node for node in nodes if isinstance(node, ast.Attribute) and node.attr == "load"
                and ast.unparse(node.value) in ("torch", "numpy", "np")]  # fmt: skip


@needs_bwrap
def test_the_gradebook_has_a_row_for_everyone(graded):
    with (graded[1] / "out" / "gradebook.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["student"] for row in rows} == {*ALL, *made.UNREADABLE}
    assert {row["points"] for row in rows if row["student"] in made.GOOD} == {"9"}
