"""Grading beside nbgrader's autograde and Otter's run, on the same submissions: time, memory, and who gets what.

Otter grades by `otter run`, one submission a call and without a container: `otter grade`, which has one, needs Docker.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _results import write_section
from grade_cases import ANSWERS, CHECKS, HOSTILE, IMPORTS, SLOPPY

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / "build" / "bench-nbgrader"
HONEST = 20
LIMIT = 60  # seconds a call of Otter's, which has no limit of its own
FULL = sum(points for points, _ in CHECKS.values())


def code(source: str, **metadata: object) -> dict[str, object]:
    return {"cell_type": "code", "metadata": metadata, "outputs": [], "execution_count": None, "source": source}


def notebook(cells: list[dict[str, object]]) -> str:
    spec = {"kernelspec": {"name": "bench", "display_name": "bench", "language": "python"}}
    return json.dumps({"cells": cells, "metadata": spec, "nbformat": 4, "nbformat_minor": 4})


def nbgrader_cells(answers: dict[str, str]) -> list[dict[str, object]]:
    """The same assignment with nbgrader's metadata."""
    cells = [code(IMPORTS)]
    for name, answer in answers.items():
        cells.append(code(answer, nbgrader=_meta(name, solution=True)))
        points, check = CHECKS[name]
        cells.append(code(check, nbgrader=_meta(f"test_{name}", grade=True, locked=True, points=points)))
    return cells


def _meta(name: str, *, grade: bool = False, solution: bool = False, locked: bool = False, **more: object) -> dict:
    kept = {"grade": grade, "solution": solution, "locked": locked, "task": False, "schema_version": 3}
    return {"grade_id": name, **kept, **more}


def template() -> str:
    """The assignment as a template of gradlab's."""
    parts = [f"# Bench\n\n```python\n{IMPORTS}\n```\n"]
    for name, answer in ANSWERS.items():
        points, check = CHECKS[name]
        head, _, body = answer.partition("\n")
        homework = f"    #!TAG HWBEGIN\n    #!MSG TODO\n{body}\n    #!TAG HWEND"
        parts.append(f"```python\n#!TAG SKIPQUESTEXEC\n{head}\n{homework}\n```\n")
        parts.append(f"```python\n#!TAG CHECK {name} points={points}\n{check}\n#!TAG CHECKEND\n```\n")
    return "\n".join(parts)


def submissions() -> dict[str, dict[str, str]]:
    made = {f"honest-{number:02d}": dict(ANSWERS) for number in range(HONEST)}
    for number, (name, changed) in enumerate(SLOPPY.items()):
        made[f"honest-{number:02d}"] = {**ANSWERS, **changed}
        made[f"honest-{number:02d}-{name}"] = made.pop(f"honest-{number:02d}")
    return made


def timed(command: list[str], folder: Path, limit: float, **environment: str) -> tuple[float, float, str]:
    """Seconds, megabytes at the peak of the largest process, and what was said at the end."""
    before = time.perf_counter()
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=limit, env={**os.environ, **environment}
        )
        said = done.stderr[-300:]
    except subprocess.TimeoutExpired:
        said = "stopped"
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    return time.perf_counter() - before, peak, said


def of_gradlab(place: Path, cases: dict[str, dict[str, str]], jobs: int) -> tuple[float, float, dict[str, float]]:
    (place / "lab.md").write_text(template(), encoding="utf-8")
    for name, answers in cases.items():
        (place / "in" / name).mkdir(parents=True, exist_ok=True)
        path = place / "in" / name / "lab.ipynb"
        path.write_text(notebook(nbgrader_cells(answers)), encoding="utf-8")
    out = place / f"out-{len(cases)}-{jobs}"
    command = [sys.executable, "-m", "gradlab", "lab", "grade", "lab.md", "in", "--out", str(out), "--jobs", str(jobs)]
    seconds, peak, said = timed(command, place, 3000)
    if not (out / "gradebook.csv").exists():
        raise SystemExit(f"gradlab graded nothing: {said}")
    with (out / "gradebook.csv").open(encoding="utf-8-sig", newline="") as stream:
        return seconds, peak, {row["student"]: float(row["points"]) for row in csv.DictReader(stream)}


def of_nbgrader(place: Path, cases: dict[str, dict[str, str]]) -> tuple[float, float, dict[str, float]]:
    spec = place / "share" / "kernels" / "bench"
    spec.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "bench", "language": "python"}))
    (place / "source" / "lab").mkdir(parents=True, exist_ok=True)
    (place / "source" / "lab" / "lab.ipynb").write_text(notebook(nbgrader_cells(ANSWERS)), encoding="utf-8")
    (place / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'bench'\nc.ExecutePreprocessor.timeout = 20\n"
        "c.ExecutePreprocessor.interrupt_on_timeout = True\n"
    )
    for name, answers in cases.items():
        path = place / "submitted" / name / "lab" / "lab.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook(nbgrader_cells(answers)), encoding="utf-8")
    program = str(PEER / "bin" / "nbgrader")
    # nbgrader starts alembic by its name when it makes its database.
    found = f"{PEER / 'bin'}{os.pathsep}{os.environ['PATH']}"
    path = {"JUPYTER_PATH": str(place / "share"), "PYTHONPATH": "", "PATH": found}
    _, _, said = timed([program, "generate_assignment", "lab", "--create"], place, 300, **path)
    if not (place / "release" / "lab" / "lab.ipynb").exists():
        raise SystemExit(f"nbgrader makes no assignment: {said}")
    seconds, peak, _ = timed([program, "autograde", "lab", "--create"], place, 3000, **path)
    _, _, said = timed([program, "export"], place, 300, **path)
    if not (place / "grades.csv").exists():
        raise SystemExit(f"nbgrader graded nothing: {said}")
    with (place / "grades.csv").open(newline="") as stream:
        return seconds, peak, {row["student_id"]: float(row["score"] or 0) for row in csv.DictReader(stream)}


def of_otter(place: Path, cases: dict[str, dict[str, str]]) -> tuple[float, float, dict[str, float]]:
    otter = str(Path(sys.executable).with_name("otter"))
    (place / "lab.md").write_text(template(), encoding="utf-8")
    export = [sys.executable, "-m", "gradlab", "lab", "export", "lab.md", "--to", "otter", "--out", "lab.ipynb"]
    said = [timed(command, place, 300)[2] for command in (export, [otter, "assign", "lab.ipynb", "dist"])]
    handed_out = place / "dist" / "student" / "lab.ipynb"
    tests = next((place / "dist" / "autograder").glob("*.zip"), None)
    if tests is None:
        raise SystemExit(f"Otter makes no assignment: {said}")
    seconds, peak, found = 0.0, 0.0, {}
    for name, answers in cases.items():
        folder = place / name
        folder.mkdir()
        made = json.loads(handed_out.read_text(encoding="utf-8"))
        for cell in made["cells"]:
            head = "".join(cell["source"]).partition("(")[0].removeprefix("def ")
            cell["source"] = answers.get(head, cell["source"])
        (folder / "lab.ipynb").write_text(json.dumps(made), encoding="utf-8")
        command = [otter, "run", "-a", str(tests), "--no-logo", "-o", ".", "lab.ipynb"]
        each, peak, _ = timed(command, folder, LIMIT)
        seconds += each
        if (folder / "results.json").exists():
            results = json.loads((folder / "results.json").read_text(encoding="utf-8"))["tests"]
            found[name] = sum(float(test.get("score", 0)) for test in results)
    return seconds, peak, found


def main() -> None:
    if not (PEER / "bin" / "nbgrader").exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEER)], check=True)
        subprocess.run([str(PEER / "bin" / "python"), "-m", "pip", "install", "-q", "nbgrader"], check=True)
    honest = submissions()
    hostile = {name: {**ANSWERS, **changed} for name, (changed, _) in HOSTILE.items()}
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        places = [Path(scratch, name) for name in ("a", "b", "c", "d", "e", "f")]
        for place in places:
            place.mkdir()
        theirs = of_nbgrader(places[0], honest)
        ours = of_gradlab(places[1], honest, 1)
        both = of_gradlab(places[1], honest, 2)
        otter = of_otter(places[4], honest)
        for name, (seconds, peak, found) in (
            ("nbgrader autograde", theirs), ("otter run", otter),
            ("gradlab, one at a time", ours), ("gradlab, two at a time", both),
        ):  # fmt: skip
            each = seconds / len(honest)
            full = sum(points == FULL for points in found.values())
            times = f"{seconds:.1f} | {each:.2f} | {60 / each:.0f}"
            rows.append(f"| {name} | {times} | {peak:.0f} | {full} of {len(honest)} |")
        bad_theirs = of_nbgrader(places[2], hostile)[2]
        bad_ours = of_gradlab(places[3], hostile, 2)[2]
        bad_otter = of_otter(places[5], hostile)[2]
    table = [
        f"{len(honest)} right submissions of six questions, {len(SLOPPY)} of them with output, warnings or a library; "
        "isolation on, but for Otter: that needs Docker. Whole commands, start and key included, Otter's one for each "
        "submission; the peak is that of the largest process so far.", "",
        "| | seconds | a submission | a minute | MB | full marks |", "| --- | --: | --: | --: | --: | --: |", *rows, "",
        f"What hostile submissions get of {FULL} points:", "",
        "| the submission | deserves | gradlab | nbgrader | Otter |", "| --- | --: | --: | --: | --: |",
    ]  # fmt: skip
    for name, (_, deserved) in HOSTILE.items():
        rows = (f"{got[name]:g}" if name in got else "no row" for got in (bad_ours, bad_theirs, bad_otter))
        table.append(f"| {name.replace('-', ' ')} | {deserved:g} | {' | '.join(rows)} |")
    write_section("Grading", "\n".join(table))
    print("\n".join(table))


if __name__ == "__main__":
    main()
