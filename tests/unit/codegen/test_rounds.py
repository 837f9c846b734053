"""Many outputs are computed in rounds over all of them: what that gives is what the written-out statements give."""

from __future__ import annotations

import numpy as np
import pytest

from gradlab.codegen import NumbaTrainer, NumpyNetwork
from gradlab.codegen._kernel import at_point
from gradlab.codegen._rolled import MOST_WRITTEN, rolled_program
from gradlab.codegen._rounds import LABEL, SLOPE, NotRoundError, rounds_of
from gradlab.graph import LOSSES, Ref, evaluate, mlp_graph, number, parse

OUTPUTS = {"squared_error": "sigmoid", "absolute_error": "softsign", "softmax_cross_entropy": "tanh"}
MANY = MOST_WRITTEN + 1


def by_rounds(rounds, graph, sums, labels):
    """The loss, the margin and the slopes, output by output."""
    shared = dict.fromkeys(graph.weights, 0.5)
    own = [{"z_in": z, LABEL: y} for z, y in zip(sums, labels, strict=True)]
    for each in rounds.rounds:
        for name, formula in each.before:
            shared[name] = float(evaluate(formula, shared, exact=False))
        for mine in own:
            for name, formula in each.own:
                mine[name] = float(evaluate(formula, shared | mine, exact=False))
        for one in each.gathered:
            brought = [float(evaluate(part, shared | mine, exact=False)) for mine in own for part in one.parts]
            shared[one.name] = {"add": sum, "max": max, "min": min}[one.primitive](brought)
    ends = [float(evaluate(formula, shared, exact=False)) for formula in (rounds.loss, rounds.margin)]
    return [*ends, *(mine[SLOPE] for mine in own)]


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("loss", LOSSES)
def test_rounds_give_what_the_statements_give(loss, weighted):
    graph = mlp_graph((2, 2, MANY), "tanh", OUTPUTS.get(loss), loss, weighted=weighted)
    program = rolled_program(graph)
    assert program.rounds is not None
    rng = np.random.default_rng(1)
    sums, labels = rng.normal(size=MANY).tolist(), np.eye(MANY, dtype=int)[3].tolist()
    given = dict(zip((*program.sums, *graph.labels), [*sums, *labels], strict=True)) | dict.fromkeys(graph.weights, 0.5)
    written = at_point(program.last, {name: Ref(name) for name in given}, "")
    for name, formula in written.statements:
        given[name] = float(evaluate(formula, given, exact=False))
    ends = (written.loss, written.margin, *written.gradient)
    expected = [float(evaluate(formula, given, exact=False)) for formula in ends]
    np.testing.assert_allclose(by_rounds(program.rounds, graph, sums, labels), expected, rtol=1e-12, atol=1e-14)


def test_a_kernel_of_many_outputs_descends_like_numpy_and_is_as_long_as_one_of_more():
    graph = mlp_graph((2, 3, MANY), "tanh", None, "softmax_cross_entropy")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 2)), np.eye(MANY)[rng.integers(0, MANY, 8)]
    trainer, network = NumbaTrainer(graph, x, y, dtype="float64"), NumpyNetwork(graph)
    start = rng.normal(size=(3, len(graph.parameters)))
    at = start
    for _ in range(5):
        at = at - 0.3 * network(at, x, y)[1]
    result = trainer.train(start, 0.3, 5)
    np.testing.assert_allclose(result.parameters, at, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(result.loss, network(at, x, y)[0], rtol=1e-10)
    wider = mlp_graph((2, 3, MANY + 32), "tanh", None, "softmax_cross_entropy")
    source = NumbaTrainer(wider, x, np.eye(MANY + 32)[:8], dtype="float64").source()
    assert source.count("\n") == trainer.source().count("\n")


def test_few_outputs_are_written_out():
    assert rolled_program(mlp_graph((2, 2, MOST_WRITTEN), "tanh", None, "softmax_cross_entropy")).rounds is None


def test_outputs_that_differ_are_not_rolled():
    own = {"z_in": ("a", "b"), LABEL: ("y", "z")}
    alike = (("s", parse("a**2 + b**2")),)
    assert len(rounds_of(alike, (Ref("a"), Ref("b")), number(0), Ref("s"), own).rounds) == 2
    for statements in ((("s", parse("a**2 + 2*b**2")),), (("s", parse("a*b")),), (("s", parse("a**b")),)):
        with pytest.raises(NotRoundError):
            rounds_of(statements, (Ref("a"), Ref("b")), number(0), Ref("s"), own)
    with pytest.raises(NotRoundError, match="derivatives"):
        rounds_of(alike, (Ref("a"), parse("2*b")), number(0), Ref("s"), own)
    with pytest.raises(NotRoundError, match="1 of label"):
        rounds_of(alike, (Ref("a"), Ref("b")), number(0), Ref("s"), own | {LABEL: ("y",)})
