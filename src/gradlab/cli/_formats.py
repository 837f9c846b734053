"""What was found in files, for programs: JSON, SARIF 2.1.0, and the annotations of GitHub's workflows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradlab.prove import DocumentProof, Proof, Step

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULES = {
    "false-step": "A step of a derivation is false.",
    "not-understood": "An equation is not understood, so nothing is said about it.",
    "slip": "A slip of notation that leaves one possible meaning.",
    "template": "Something is wrong with a lab's template.",
    "leak": "A line of the solution stands where students read it.",
    "key": "A step of the key is false for what is defined under an earlier heading.",
    "check": "A check that the solution fails, or that the empty question passes.",
}


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding.

    Attributes:
        file: where.
        line: its line, from 1; 0 for the file as a whole.
        column: its column, from 1; 0 where only the line is known.
        level: error, warning or note.
        rule: what kind of thing it is.
        message: what is wrong and what to write instead.
    """

    file: Path
    line: int
    column: int
    level: str
    rule: str
    message: str


def entries_of(file: Path, proof: DocumentProof | Proof, strict: bool = False) -> list[Entry]:
    """The findings of a proof: false steps, what was not understood, slips."""
    from gradlab.prove import Kind, Truth

    found: list[Entry] = []
    for step in proof.steps:
        place = step.place.line, step.place.column
        if step.truth is Truth.FALSE:
            said = [f"{step.left} = {step.right} is false"]
            said += [f"the sides are {step.witness}"] if step.witness is not None else []
            said += [str(step.repair)] if step.repair is not None else []
            found.append(Entry(file, *place, "error", "false-step", "; ".join(said)))
        elif step.truth is Truth.NOT_UNDERSTOOD and step.kind is Kind.CLAIM:
            found.append(Entry(file, *place, "error" if strict else "note", "not-understood", step.reason))
        found += [Entry(file, s.place.line, s.place.column, "warning", "slip", s.message) for s in step.slips]
    return found


def as_sarif(entries: Iterable[Entry]) -> str:
    """The findings as a SARIF log, which GitHub's code scanning and editors read."""
    results = [
        {
            "ruleId": entry.rule,
            "level": entry.level,
            "message": {"text": entry.message},
            "locations": [{"physicalLocation": _location(entry)}],
        }
        for entry in entries
    ]
    rules = [{"id": name, "shortDescription": {"text": text}} for name, text in _RULES.items()]
    run = {"tool": {"driver": {"name": "gradlab", "rules": rules}}, "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _location(entry: Entry) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": entry.file.as_posix()}}
    if entry.line:
        location["region"] = {"startLine": entry.line, **({"startColumn": entry.column} if entry.column else {})}
    return location


def as_github(entries: Iterable[Entry]) -> str:
    """The findings as commands of a GitHub workflow, which shows them beside the lines."""
    lines: list[str] = []
    for entry in entries:
        level = {"note": "notice"}.get(entry.level, entry.level)
        where = {"file": entry.file.as_posix(), "line": entry.line, "col": entry.column, "title": entry.rule}
        properties = ",".join(f"{name}={_property(str(value))}" for name, value in where.items() if value)
        lines.append(f"::{level} {properties}::{_escaped(entry.message)}")
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def as_json(proofs: Sequence[tuple[Path | None, DocumentProof | Proof]], entries: Iterable[Entry] = ()) -> str:
    """All steps with all that is known about them, and the findings that are no steps."""
    files = [{"file": None if file is None else file.as_posix(), **_proof(proof)} for file, proof in proofs]
    others = [
        {"file": entry.file.as_posix(), "line": entry.line, "rule": entry.rule, "level": entry.level}
        | {"message": entry.message}
        for entry in entries
    ]
    return json.dumps({"files": files, **({"remarks": others} if others else {})}, indent=2, ensure_ascii=False)


def _proof(proof: DocumentProof | Proof) -> dict[str, Any]:
    from gradlab.prove import Kind, Truth

    others = [step for row in getattr(proof, "others", ()) for step in row.proof.steps]
    steps = sorted((*proof.steps, *others), key=lambda step: (step.place.line, step.place.column))
    claims = [step for step in steps if step.kind is Kind.CLAIM]
    counts = {truth.value: sum(step.truth is truth for step in claims) for truth in Truth}
    counts |= {kind.name: sum(step.kind is kind for step in steps) for kind in Kind if kind is not Kind.CLAIM}
    return {"counts": counts, "steps": [_step(step) for step in steps]}


def _step(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {
        "line": step.place.line, "column": step.place.column, "left": step.left, "right": step.right,
        "truth": step.truth.value, "kind": step.kind.name, "reason": step.reason,
    }  # fmt: skip
    if step.method is not None:
        found["method"] = step.method.name
    if step.witness is not None:
        point = dict(step.witness.point)
        found["witness"] = {"point": point, "left": step.witness.left, "right": step.witness.right}
    if step.repair is not None:
        repair = step.repair
        found["repair"] = {"fault": repair.fault.name, "message": repair.message, "side": repair.side}
        found["repair"]["latex"] = repair.latex
    if step.slips:
        found["slips"] = [{"line": s.place.line, "column": s.place.column, "message": s.message} for s in step.slips]
    return found
