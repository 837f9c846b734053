"""Submissions graded on the workers of a scheduler: each has its sandboxes; files go there and results come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gradlab._cluster import Workers
from gradlab._errors import GradlabError
from gradlab.labs._files import UnfitFileError, read_regular, write_whole
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions
from gradlab.labs.grade._run import STATE, GradeOptions, GradingError, Watch, run
from gradlab.labs.grade.matching import beside_files
from gradlab.labs.grade.reading import LARGEST
from gradlab.labs.grade.sandbox import try_isolation

_MOST = 20  # submissions that a worker grades with one answer key, which takes seconds to be run


def run_on(
    found: Workers,
    template: Path,
    source: Path,
    orders: Sequence[dict[str, Any]],
    questions: dict[str, str],
    options: GradeOptions,
    watch: Watch,
) -> tuple[str, ...]:
    """Lets workers grade what has changed.

    Raises:
        GradlabError: if they cannot grade, or a worker has no bubblewrap.
    """
    lab = read_template(template)
    beside = beside_files(lab, make_versions(lab), (source, options.out))
    files = {name: path.read_bytes() for name, path in beside.items()} | {template.name: template.read_bytes()}
    size = min(_MOST, -(-len(orders) // max(1, found.threads())))
    parts = [[_sent(order) for order in orders[first : first + size]] for first in range(0, len(orders), size)]
    watch("waits", "", f"{found.threads()} threads of workers grade {len(orders)} submissions")
    remarks: dict[str, None] = {}
    for number, (results, said) in found.each(
        "gradlab-grade", _graded, (template.name, files, questions, options), parts
    ):
        for order in parts[number]:
            watch("begun", order["name"], str(len(orders)))
            if order["name"] in results:
                write_whole(options.out / STATE / f"{order['name']}.json", results[order["name"]])
            watch("done", order["name"], "")
        remarks |= dict.fromkeys(said)
    return tuple(remarks)


def _sent(order: dict[str, Any]) -> dict[str, Any]:
    """An order with what its file holds."""
    if order["problem"]:
        return order | {"path": "", "data": b""}
    try:
        data, _ = read_regular(Path(order["path"]), LARGEST + 1, "the file")
    except (UnfitFileError, OSError) as problem:
        return order | {"path": "", "problem": str(problem), "data": b""}
    return order | {"path": Path(order["path"]).suffix, "data": data}


def _graded(
    held: tuple[str, dict[str, bytes], dict[str, str], GradeOptions], orders: Sequence[dict[str, Any]]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """On a worker: some submissions graded in a folder of its own; their results as text, and what was remarked."""
    name, files, questions, options = held
    if options.isolated:
        try:
            try_isolation(options.engine)
        except GradlabError as problem:
            raise GradingError(f"on the worker {_where()}: {problem}") from None
    with TemporaryDirectory(prefix="gradlab-grade-") as folder:
        lab, source, out = (Path(folder).resolve() / each for each in ("lab", "submissions", "out"))
        for place in (source, out / STATE):
            place.mkdir(parents=True)
        for file, data in files.items():
            (lab / file).parent.mkdir(parents=True, exist_ok=True)
            (lab / file).write_bytes(data)
        here = []
        for number, order in enumerate(orders):
            path = source / f"{number}{order['path']}"
            path.write_bytes(order["data"])
            here.append({key: value for key, value in order.items() if key != "data"} | {"path": str(path)})
        said = run(lab / name, source, here, questions, replace(options, out=out, jobs=1), lambda *_: None)
        found = {order["name"]: out / STATE / f"{order['name']}.json" for order in orders}
        made = {name: path.read_text(encoding="utf-8") for name, path in found.items() if path.exists()}
    return made, said


def _where() -> str:
    import socket

    return socket.gethostname()
