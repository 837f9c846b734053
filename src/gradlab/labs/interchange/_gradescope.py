"""An autograder for Gradescope: the template with two scripts, and results in the shape that Gradescope reads."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gradlab._version import __version__
from gradlab.labs._template import Template
from gradlab.labs._versions import make_versions
from gradlab.labs.grade.matching import beside_files

REMARKS: Final = ("packages that the lab's cells import have to be added to setup.sh",)
_SETUP = f"""#!/usr/bin/env bash
set -eu
apt-get update
apt-get install -y python3 python3-venv bubblewrap
python3 -m venv /autograder/venv
# Add the packages that the lab imports here.
/autograder/venv/bin/python -m pip install 'gradlab[labs,torch,sweep]=={__version__}'
"""
# Gradescope runs every submission in a container of its own; the key lies in there, and only a sandbox hides it.
_RUN = """#!/usr/bin/env bash
cd "${AUTOGRADER:-/autograder}"
PATH="$PWD/venv/bin:$PATH"
# Where the container allows no sandbox, `none` grades without; a submission can then read the key and forge its result.
ISOLATION=bubblewrap
# Whatever was uploaded is one submission, however many files it has.
rm -rf in out
mkdir in
cp -r submission in/submission_1
gradlab lab grade source/template.md in --out out --jobs 1 --isolation "$ISOLATION" > log 2>&1
python -m gradlab.labs.interchange out log results/results.json
"""
_STATUS = {"right": "passed", "partly": "failed", "wrong": "failed", "missing": "failed"}


def archive(template: Template) -> bytes:
    """Pack what Gradescope runs.

    Returns:
        A zip with `setup.sh`, `run_autograder`, the template and the files beside it that its cells name; the same
        template makes the same bytes.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        files = {"setup.sh": _SETUP.encode(), "run_autograder": _RUN.encode()}
        files[f"template{template.path.suffix}"] = template.path.read_bytes()
        beside = beside_files(template, make_versions(template), ())
        files |= {name: path.read_bytes() for name, path in beside.items()}
        for name, data in files.items():
            if name == "run_autograder":
                data = data.replace(b"template.md", f"template{template.path.suffix}".encode())
            entry = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
            entry.external_attr = (0o755 if name in ("setup.sh", "run_autograder") else 0o644) << 16
            packed.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def results(graded: Mapping[str, Any]) -> dict[str, Any]:
    """Put one result of `gradlab lab grade` into the shape that Gradescope reads.

    Args:
        graded: what `results/NAME.json` holds.

    Returns:
        Gradescope's results; a hidden check is shown once the grades are published, and never its text.
    """
    if graded["problem"]:
        return {"score": 0, "output": graded["problem"], "tests": []}
    tests = [
        {
            "name": question["name"],
            "score": question["points"],
            "max_score": question["possible"],
            "output": "\n".join([_said(question), *question["notes"]]),
            "visibility": "after_published" if question["hidden"] else "visible",
            **({"status": _STATUS[question["status"]]} if question["status"] in _STATUS else {}),
        }
        for question in graded["questions"]
    ]
    return {"tests": tests, "output": "\n".join(graded["repairs"]), "execution_time": round(graded["seconds"])}


def _said(question: Mapping[str, Any]) -> str:
    waits = "a person reads this answer" if question["status"] == "human" else ""
    return ": ".join(text for text in (waits, question["reason"]) if text) or question["status"]


def write_results(folder: Path, log: Path, target: Path) -> None:
    """Write the results of the one submission that was graded.

    Args:
        folder: what `gradlab lab grade --out` wrote.
        log: what it said, shown where there is no result.
        target: the file that Gradescope reads.
    """
    found = sorted((folder / "results").glob("*.json")) if folder.is_dir() else []
    if len(found) == 1:
        made = results(json.loads(found[0].read_text(encoding="utf-8")))
    else:
        said = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
        # The words are the instructor's: they may name files that a student need not see.
        made: dict[str, Any] = {"score": 0, "output": "this could not be graded; tell your instructor", "tests": []}
        made["extra_data"] = {"log": said[-5000:]}
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
