from __future__ import annotations

import copy
import pickle

import pytest

import gradlab as gl
from gradlab.graph import Graph, GraphError, ParseError, Quantity, Ref, Role, parse, written_out


def test_order_given_first_then_as_early_as_possible():
    graph = Graph.from_text({"L": "(a - y)**2", "a": "tanh(z)", "z": "w*x + b"})
    assert [q.name for q in graph] == ["y", "w", "x", "b", "z", "a", "L"]
    assert [q.name for q in graph.quantities if q.role is Role.INPUT] == ["y", "w", "x", "b"]
    assert graph.of_role(Role.DERIVED) == ("z", "a", "L")
    assert graph["z"].inputs == ("w", "x", "b")
    assert len(graph) == 7


@pytest.mark.parametrize(
    ("definitions", "message"),
    [
        ({"a": "a + 1"}, "a -> a"),
        ({"a": "b + 1", "b": "c", "c": "sin(a)"}, "computed from each other: .*; break the cycle"),
        ({"x": "y", "y": "x + z", "L": "x"}, "break the cycle"),
    ],
)
def test_cycles(definitions, message):
    with pytest.raises(GraphError, match=message):
        Graph.from_text(definitions)


def test_names_twice_and_names_that_nothing_defines():
    with pytest.raises(GraphError, match="x is defined twice: give one of the two another name"):
        Graph([Quantity("x", role=Role.INPUT), Quantity("x", parse("1"))])
    with pytest.raises(GraphError, match="L is computed from x, which nothing defines: define it too"):
        Graph([Quantity("L", parse("x + 1"))])


def test_roles_and_expressions_go_together():
    with pytest.raises(GraphError, match="a derived quantity has an expression"):
        Quantity("x")
    with pytest.raises(GraphError, match="a derived quantity has an expression"):
        Quantity("x", parse("y"), Role.INPUT)


@pytest.mark.parametrize("name", ["sin", "max", "_x", "lambda", "x y", "pi", "1"])
def test_names_that_cannot_be(name):
    with pytest.raises(gl.GradlabError):
        Graph.from_text({name: "x", "L": "x"})


def test_formulas_that_are_none():
    with pytest.raises(ParseError):
        Graph.from_text({"L": "x +"})


def test_finding_a_quantity():
    graph = gl.mlp([2, 2, 1]).graph
    for written in ("z_2in", "z_{2,in}", "z_2,in", "z_{2, in}"):
        assert graph[written].name == "z_2in"
    assert "z_2in" in graph
    assert "z_{2,in}" not in graph
    with pytest.raises(gl.GradlabError, match="did you mean z_2in"):
        _ = graph["z_2inn"]


def test_nothing_can_be_changed():
    graph = gl.mlp([2, 2, 1]).graph
    for name in ("sizes", "parameters", "quantities", "_quantities", "anything"):
        with pytest.raises(AttributeError):
            setattr(graph, name, ())
    plain = Graph.from_text({"L": "x"})
    with pytest.raises(AttributeError, match="a graph never changes"):
        plain.anything = 1  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        plain["L"].latex = "l"  # type: ignore[misc]
    with pytest.raises(TypeError):
        plain.symbols["L"] = "l"  # type: ignore[index]
    assert isinstance(plain.quantities, tuple)


def test_copies_are_equal():
    for graph in (Graph.from_text({"z": "w*x", "L": "z**2"}), gl.mlp([2, 2, 2], loss="softmax_cross_entropy").graph):
        for again in (copy.deepcopy(graph), pickle.loads(pickle.dumps(graph))):
            assert again == graph
            assert type(again) is type(graph)
            assert again.relations == graph.relations
    assert copy.copy(gl.mlp([2, 2, 1]).graph).layers == gl.mlp([2, 2, 1]).graph.layers


def test_graphs_are_values():
    definitions = {"z": "w*x", "L": "z**2"}
    one, other = Graph.from_text(definitions), Graph.from_text(definitions)
    assert one == other
    assert hash(one) == hash(other)
    assert one != Graph.from_text({"z": "w*x", "L": "z**3"})
    assert one != "graph"
    assert repr(one).splitlines() == ["w: input", "x: input", "z = w*x", "L = z**2"]


def test_writing_out():
    graph = Graph.from_text({"z": "w*x", "a": "tanh(z)", "L": "a**2 + z"})
    assert str(written_out(graph, "L")) == "tanh(w*x)**2 + w*x"
    assert written_out(graph, "z") == parse("w*x")
    doubling = Graph.from_text({"q0": "x + 1"} | {f"q{i}": f"q{i - 1}*q{i - 1}" for i in range(1, 80)})
    with pytest.raises(gl.GradlabError, match="q79 is too long to be written as one formula"):
        written_out(doubling, "q79")
    assert str(written_out(doubling, "q1")) == "(x + 1)*(x + 1)"


def test_latex_of_a_quantity_is_that_of_its_name_unless_given():
    assert Quantity("w_12", role=Role.PARAMETER).latex == "w_{12}"
    assert Quantity("L", Ref("x"), latex=r"\mathcal{L}").latex == r"\mathcal{L}"
