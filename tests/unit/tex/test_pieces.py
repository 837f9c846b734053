"""What gradlab writes is shown by its pieces as it is shown when its whole text is read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from catalogue import CATALOGUE
from gradlab import function
from gradlab.derive import derive
from gradlab.graph import PRIMITIVES, Apply, Graph, Ref, Written, activations, div, losses, mlp_graph, number
from gradlab.tex import TexError, parse, to_mathml, typeset
from random_formulas import graphs


def same(written: str, *, display: bool = True) -> None:
    assert isinstance(written, Written)
    assert typeset(written, display=display) == to_mathml(parse(str(written)), written, display=display)


@pytest.mark.parametrize("text", [entry.text for entry in CATALOGUE])
def test_a_function_its_gradient_and_its_derivations(text):
    made = function(text, name="value")
    for written in (made.latex(), made.gradient().latex(), made.hessian().latex()):
        same(written)
    for name in made.variables:
        same(made.derive(name).latex())
        same(made.derive(name).latex(factors=False, reasons=False), display=False)


@pytest.mark.parametrize("loss", losses())
@pytest.mark.parametrize("activation", activations())
def test_derivations_of_networks(activation, loss):
    graph = mlp_graph((2, 2, 2), activation, None, loss)
    for name in (graph.parameters[0], graph.parameters[-1]):
        same(derive(graph, "L", name).latex())


@pytest.mark.parametrize("row", PRIMITIVES.values(), ids=lambda row: row.name)
def test_every_row_of_the_table_wherever_it_stands(row):
    x, y = Ref("x_1"), Ref("y")
    for part in (y, div(x, y)):
        arguments = [number(1), *[part] * 3] if row.picks else [part] * (2 if row.arity is None else row.arity)
        made = Apply(row.name, tuple(arguments))
        for around in ("add", "mul", "div", "pow"):
            for pair in ((made, x), (x, made), (made, made)):
                same(Written(Apply(around, pair).latex(), " = ", made.latex()))


@settings(deadline=None, max_examples=60)
@given(graphs())
def test_derivations_of_random_graphs(definitions):
    graph = Graph.from_text(definitions)
    for name in graph.of_role(next(iter(graph)).role):
        same(derive(graph, "L", name).latex())


def test_a_piece_is_read_by_itself_or_it_is_none():
    half = Written("{x", "}")
    assert typeset(Written("y + ", half), display=False) == to_mathml(parse("y + {x}"), "y + {x}", display=False)
    with pytest.raises(TexError, match="is no formula by itself"):
        typeset(Written("{", Written("x}"), "{"), display=False)
