"""The set of written chains: no wrong verdict, nearly all decided, the right repair for the wrong ones."""

from __future__ import annotations

from collections import defaultdict

import pytest

from chains import Case, cases, subject
from gradlab.prove import Fault, Truth, prove

BY_GRAPH: dict[str, list[Case]] = defaultdict(list)
for _case in cases():
    BY_GRAPH[_case.graph].append(_case)
LETTERS = {Truth.TRUE: "T", Truth.FALSE: "F", Truth.NOT_UNDERSTOOD: "N"}


def test_the_set_is_large_and_has_every_fault():
    found = cases()
    assert len(found) >= 150
    named = {name for case in found if case.fault for name in case.fault.split("|")}
    assert named == {fault.name for fault in Fault}
    assert len({case.graph for case in found}) >= 8


@pytest.mark.parametrize("graph", BY_GRAPH)
def test_verdicts_and_repairs(graph):
    for case in BY_GRAPH[graph]:
        proof = prove(case.latex, subject(graph))
        where = f"{case.file}.txt:{case.line}: {case.latex}\n{proof}"
        assert "".join(LETTERS[step.truth] for step in proof.steps) == case.verdicts, where
        false = [step for step in proof.steps if step.truth is Truth.FALSE]
        assert all(step.witness is not None and step.witness.left != step.witness.right for step in false), where
        if case.fault:
            assert all(step.repair is not None for step in false), where
            assert {step.repair.fault.name for step in false if step.repair} <= set(case.fault.split("|")), where


@pytest.mark.parametrize("graph", BY_GRAPH)
def test_a_repaired_side_is_judged_true(graph):
    """The LaTeX of a repair, put in the place of the wrong side and read again, makes the step true."""
    wrong = [case for case in BY_GRAPH[graph] if case.verdicts == "F" and "sum" not in case.latex]
    for case in wrong[::3]:
        step = prove(case.latex, subject(graph)).steps[0]
        assert step.repair is not None
        sides = [step.left, step.right]
        sides[step.repair.side] = step.repair.latex
        again = prove(" = ".join(sides), subject(graph))
        assert again.truth is Truth.TRUE, f"{case.latex}\n{step.repair.latex}\n{again}"
