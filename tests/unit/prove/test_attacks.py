"""False steps that look true, and true ones that look false: never a wrong word, and nearly all are decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradlab.prove import Kind, Step, Truth, prove, prove_document

ROWS = Path(__file__).resolve().parents[2].joinpath("prove_attacks.txt").read_text(encoding="utf-8").splitlines()


def attacks() -> list[tuple[str, str, str | None]]:
    """Verdict (T, F, or N for none), claim and graph of every row."""
    found, graph = [], None
    for row in ROWS:
        if row.startswith("@"):
            graph = None if row == "@none" else row[1:]
        elif row.strip() and not row.startswith("#"):
            wanted, latex = row.split(" : ", 1)
            found.append((wanted, latex, graph))
    return found


@pytest.fixture(scope="module")
def judged() -> list[tuple[str, str, tuple[Step, ...]]]:
    """Every claim with its verdict and the steps that are read in it."""
    return [(latex, wanted, _steps(latex, graph)) for wanted, latex, graph in attacks()]


def _steps(latex: str, graph: str | None) -> tuple[Step, ...]:
    """The steps of a claim; of a text the last one."""
    if "$" not in latex:
        return prove(latex, graph).steps
    proof = prove_document(latex.replace("<NL>", "\n"))
    steps = [step for row in (*proof.rows, *proof.others) for step in row.proof.steps]
    return (max(steps, key=lambda step: (step.place.line, step.place.column)),)


@pytest.fixture(scope="module")
def letters(judged) -> list[tuple[str, str, str]]:
    """Every claim with its verdict and the one it gets: T, F or N."""
    return [
        (latex, wanted, "".join(step.truth.name[0] if step.kind is Kind.CLAIM else "N" for step in steps))
        for latex, wanted, steps in judged
    ]


def test_there_are_enough_of_both_kinds():
    verdicts = [wanted for wanted, _, _ in attacks()]
    assert verdicts.count("F") >= 150
    assert verdicts.count("T") >= 60


def test_no_verdict_is_wrong(letters):
    assert [row for row in letters if row[2] not in (row[1], "N" * len(row[2]))] == []


def test_nearly_all_are_decided(letters):
    left = [row for row in letters if set(row[2]) == {"N"} and row[1] != "N"]
    assert len(left) <= 0.05 * len(letters), left


def test_every_false_one_has_a_witness_or_its_shapes(judged):
    for latex, wanted, (step, *_) in judged:
        if wanted == "F" and step.truth is Truth.FALSE:
            assert step.witness is not None or "shapes" in step.reason, latex
