"""The set of written chains: no wrong verdict, nearly all decided, the right repair for the wrong ones."""

from __future__ import annotations

import pytest

from chains import Case, cases, subject
from gradlab.prove import Fault, Proof, Truth, prove

LETTERS = {Truth.TRUE: "T", Truth.FALSE: "F", Truth.NOT_UNDERSTOOD: "N"}
GRAPHS = sorted({case.graph for case in cases()})


@pytest.fixture(scope="module")
def judged() -> list[tuple[Case, Proof, str]]:
    """Every chain with its verdicts, as words and as letters."""
    proofs = [(case, prove(case.latex, subject(case.graph))) for case in cases()]
    return [(case, proof, "".join(LETTERS[step.truth] for step in proof.steps)) for case, proof in proofs]


def test_the_set_is_large_and_has_every_fault():
    found = cases()
    assert len(found) >= 150
    named = {name for case in found if case.fault for name in case.fault.split("|")}
    # Transposes, and two mistakes at once, have sets of their own.
    assert named | {"TRANSPOSE", "SEVERAL"} == {fault.name for fault in Fault}
    assert len(GRAPHS) >= 8


def test_no_verdict_is_wrong(judged):
    for case, proof, letters in judged:
        where = f"{case.file}.txt:{case.line}: {case.latex}\n{proof}"
        assert len(letters) == len(case.verdicts), where
        assert all(letter in (wanted, "N") for letter, wanted in zip(letters, case.verdicts, strict=True)), where
        false = [step for step in proof.steps if step.truth is Truth.FALSE]
        assert all(step.witness is not None and step.witness.left != step.witness.right for step in false), where


def test_nearly_all_are_decided(judged):
    letters = "".join(letters for _, _, letters in judged)
    assert letters.count("N") <= 0.01 * len(letters)


def test_nearly_all_repairs_are_the_right_ones(judged):
    wrong = [(case, proof) for case, proof, _ in judged if case.fault]
    named = [{step.repair.fault.name for step in proof.steps if step.repair} for _, proof in wrong]
    right = [bool(names) and names <= set(case.fault.split("|")) for (case, _), names in zip(wrong, named, strict=True)]
    assert sum(right) >= 0.98 * len(wrong), [case for (case, _), fine in zip(wrong, right, strict=True) if not fine]


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_repaired_side_is_judged_true(graph):
    """The LaTeX of a repair, put in the place of the wrong side and read again, makes the step true."""
    wrong = [case for case in cases() if case.graph == graph and case.verdicts == "F" and "{ij}" not in case.latex]
    for case in wrong[::4]:
        step = prove(case.latex, subject(graph)).steps[0]
        assert step.repair is not None
        sides = [step.left, step.right]
        sides[step.repair.side] = step.repair.latex
        again = prove(" = ".join(sides), subject(graph))
        assert again.truth is Truth.TRUE, f"{case.latex}\n{step.repair.latex}\n{again}"


def test_the_step_behind_a_mistake_is_not_accused():
    proof = prove(r"g'(x) = 5 (x^2 - x)^{5-1} (x^2 - x)' = 5 (x^2 - x)^4 (2x) = 5 (2x - 1) (x^2 - x)^4")
    first, second = proof.steps[1:]
    assert first.truth is second.truth is Truth.FALSE
    assert first.repair == second.repair
    assert "the side before" in second.reason
