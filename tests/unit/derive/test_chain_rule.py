from __future__ import annotations

import math
from pathlib import Path

import hypothesis.strategies as st
import mpmath
import pytest
from hypothesis import assume, given, settings

import gradlab as gl
from gradlab.derive import derive
from gradlab.derive._chain_rule import find_paths
from gradlab.graph import Apply, Const, Differentiate, Expression, Graph, Partial, Ref, parse
from random_formulas import graphs, points

GOLDEN = Path(__file__).parent / "golden"

# The sixteen questions about the network with one hidden layer of two neurons.
QUESTIONS = {
    "01": ("L", "f_out"), "02": ("f_out", "f_in"), "03": "sigmoid", "04": "tanh", "05": ("f_in", "c"),
    "06": ("f_in", "u_1"), "07": ("L", "c"), "08": ("L", "u_1"), "09": ("f_in", "z_2out"), "10": ("z_2out", "z_2in"),
    "11": ("z_2in", "b_2"), "12": ("z_2in", "w_12"), "13": ("z_2in", "x_1"), "14": ("L", "b_2"), "15": ("L", "w_12"),
    "16": ("L", "x_1"),
}  # fmt: skip
ANSWERS = {
    "01": "(1 - y)/(1 - f_out) - y/f_out", "02": "f_out*(1 - f_out)", "03": "sigmoid(x)*(1 - sigmoid(x))",
    "04": "1 - tanh(x)**2", "05": "1", "06": "z_1out", "07": "f_out - y", "08": "(f_out - y)*z_1out", "09": "u_2",
    "10": "1 - z_2out**2", "11": "1", "12": "x_1", "13": "w_12", "14": "(f_out - y)*u_2*(1 - z_2out**2)",
    "15": "(f_out - y)*u_2*(1 - z_2out**2)*x_1",
    "16": "(f_out - y)*(u_1*(1 - z_1out**2)*w_11 + u_2*(1 - z_2out**2)*w_12)",
}  # fmt: skip


def answer(question):
    asked = QUESTIONS[question]
    return gl.derive_rule(asked) if isinstance(asked, str) else gl.mlp([2, 2, 1]).derive(*asked)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_sixteen_questions(question, golden):
    derivation = answer(question)
    assert str(derivation.result) == ANSWERS[question]
    golden(GOLDEN / f"question-{question}.tex", derivation.latex() + "\n")
    golden(GOLDEN / f"question-{question}.txt", derivation.text() + "\n")


OTHERS = {
    "softmax": lambda: gl.mlp([2, 2, 2], loss="softmax_cross_entropy").derive("L", "w_11"),
    "two-layers": lambda: gl.mlp([2, 2, 2, 1], hidden="relu", loss="squared_error").derive("L", "w1_12"),
    "direct-and-through": lambda: gl.function({"L": "x*z + log(x)", "z": "x**2"}).derive("L", "x"),
    "softplus": lambda: gl.derive_rule("softplus"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_derivations(name, golden):
    golden(GOLDEN / f"{name}.tex", OTHERS[name]().latex() + "\n")
    golden(GOLDEN / f"{name}.txt", OTHERS[name]().text() + "\n")


# --- every line is true -----------------------------------------------------------------------------------------

FUNCTIONS = {
    "exp": mpmath.exp, "log": mpmath.log, "sqrt": mpmath.sqrt, "sin": mpmath.sin, "cos": mpmath.cos,
    "tanh": mpmath.tanh, "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)), "neg": lambda x: -x, "div": lambda x, y: x / y,
    "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)), "relu": lambda x: max(x, 0), "abs": abs,
    "pow": lambda x, y: x**y,
    "max": max, "min": min, "sign": mpmath.sign, "step": lambda x: int(x > 0), "pi": lambda: mpmath.pi,
    "add": lambda *v: mpmath.fsum(v), "mul": lambda *v: mpmath.fprod(v),
    "erf": mpmath.erf, "arctan": mpmath.atan, "elu": lambda x: x if x > 0 else mpmath.expm1(x),
    "swish": lambda x: x / (1 + mpmath.exp(-x)), "gelu": lambda x: x * mpmath.ncdf(x),
    "softmax": lambda k, *v: mpmath.exp(v[int(k) - 1]) / mpmath.fsum(map(mpmath.exp, v)),
    "log_softmax": lambda k, *v: v[int(k) - 1] - mpmath.log(mpmath.fsum(map(mpmath.exp, v))),
}  # fmt: skip


class Numbers:
    """Values of formulas with mpmath, unfinished derivatives by central differences in 60 digits."""

    def __init__(self, graph: Graph, given: dict[str, mpmath.mpf]) -> None:
        self.graph, self.values = graph, self.complete(graph, given)

    def complete(self, graph, given, pinned=()):
        values = dict(given)
        for quantity in graph:
            if quantity.expression is not None and quantity.name not in pinned:
                values[quantity.name] = self.value(quantity.expression, values)
        return values

    def value(self, node: Expression, values: dict[str, mpmath.mpf]):
        if isinstance(node, Const):
            return mpmath.mpf(node.value.numerator) / node.value.denominator
        if isinstance(node, Ref):
            return values[node.name]
        if isinstance(node, Differentiate):
            # The derivative of the formula alone: every other name in it is kept.
            return self.slope(lambda h: self.value(node.formula, {**values, node.wrt: values[node.wrt] + h}))
        if isinstance(node, Partial):
            return self.slope(lambda h: self.moved(node.wrt, h)[node.of])
        assert isinstance(node, Apply)
        return FUNCTIONS[node.primitive](*(self.value(arg, values) for arg in node.args))

    def moved(self, name, h):
        """All values when one quantity is moved, and everything that is computed from it follows."""
        given = {q.name: self.values[q.name] for q in self.graph if q.expression is None}
        return self.complete(self.graph, given | {name: self.values[name] + h}, pinned=(name,))

    @staticmethod
    def slope(f):
        h = mpmath.mpf(10) ** -20
        return (f(h) - f(-h)) / (2 * h)


def check_steps(derivation, given: dict[str, float]) -> None:
    with mpmath.workdps(60):
        numbers = Numbers(derivation.graph, {name: mpmath.mpf(v) for name, v in given.items()})
        for step in derivation.steps:
            left, right = (numbers.value(side, numbers.values) for side in (step.left, step.right))
            assert abs(left - right) <= mpmath.mpf(10) ** -25 * (1 + abs(left)), str(step)
            assert step.reason


def sample(names, seed=0) -> dict[str, float]:
    return {name: math.sin(17.0 * i + seed) * 1.3 for i, name in enumerate(names)}


def given_names(graph):
    return [q.name for q in graph if q.expression is None]


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_line_of_the_sixteen_is_true(question):
    derivation = answer(question)
    for seed in range(3):
        check_steps(derivation, sample(given_names(derivation.graph), seed))


@pytest.mark.parametrize(
    ("sizes", "options"),
    [
        ([2, 2, 2], {"loss": "softmax_cross_entropy"}),
        ([1, 2, 3], {"loss": "softmax_cross_entropy", "output": "tanh"}),
        ([2, 2, 2], {"loss": "binary_cross_entropy", "hidden": "softplus"}),
        ([1, 2, 2, 1], {"loss": "squared_error", "hidden": "sigmoid", "output": "softplus"}),
        ([2, 1, 2, 1], {"loss": "binary_cross_entropy", "hidden": "relu"}),
        ([2, 1], {"loss": "binary_cross_entropy"}),
        ([3, 2], {"loss": "squared_error"}),
    ],
)
def test_every_line_for_other_networks(sizes, options):
    net = gl.mlp(sizes, **options)
    values = sample(given_names(net.graph), 0.4)
    one_hot = net.loss_name == "softmax_cross_entropy"
    values |= {name: float(one_hot and i == 1) or 0.25 * (not one_hot) for i, name in enumerate(net.labels)}
    for name in [q.name for q in net.graph if q.name not in net.labels][::2]:
        check_steps(net.derive("L", name), values)
    check_steps(net.derive(net.outputs[0], net.inputs[0]), values)


@settings(max_examples=30)
@given(graphs(kinks=False, most=3), points(3), st.sampled_from(["x", "y", "w_1", "q0"]))
def test_every_line_for_random_graphs(definitions, point, wrt):
    graph = gl.function(definitions).graph
    check_steps(derive(graph, "L", wrt), dict(zip(("x", "y", "w_1"), point, strict=True)))


LOGARITHMIC = [
    {"L": "-y*log(f) - (1 - y)*log(1 - f) + f*k", "f": "sigmoid(z)", "z": "w*x", "k": "z**2"},
    {"L": "log(a) + log(b) + log(c)", "a": "exp(z)", "b": "exp(z)*c", "c": "sigmoid(z) + 1", "z": "w*x"},
    {"L": "log(p)*y + log(q)", "p": "sigmoid(z)", "q": "p*sigmoid(u)", "z": "u*x", "u": "w*x"},
    {"L": "log(a) + b", "a": "exp(s)", "b": "a*s", "s": "w*x"},
    {"L": "log(a) - log(b)", "a": "exp(s)", "b": "exp(s**2)*a", "s": "w*x", "unused": "L*1"},
    {"L": "log(a) + 1/b + x*y", "a": "exp(b)*b", "b": "exp(s)", "s": "w*x"},
    {"L": "log(p) + log(q)", "p": "exp(a)", "q": "exp(b)", "a": "b*x", "b": "w*x"},
    {"L": "(a + b)/(a*b)", "a": "exp(s)", "b": "a*s", "s": "w*x + 2"},
]


@pytest.mark.parametrize("definitions", LOGARITHMIC)
def test_every_line_where_fractions_meet_on_many_paths(definitions):
    graph = Graph.from_text(definitions)
    values = {"x": 0.7, "w": 1.3, "y": 0.25}
    values = {name: values[name] for name in given_names(graph)}
    for wrt in [q.name for q in graph if q.name not in ("L", "unused")]:
        check_steps(derive(graph, "L", wrt), values)


@settings(max_examples=30)
@given(st.data())
def test_random_graphs_with_logarithms(data):
    pieces = ["log({0})", "1/{0}", "{0}*{1}", "sigmoid({0})", "exp({0} - 1)", "{0} + {1}", "{0}/{1}", "-{0}*log({1})"]
    names, definitions = ["x"], {}
    for i in range(data.draw(st.integers(2, 5))):
        a, b = data.draw(st.sampled_from(names)), data.draw(st.sampled_from(names))
        definitions[f"q{i}"] = data.draw(st.sampled_from(pieces)).format(a, b)
        names.append(f"q{i}")
    graph = Graph.from_text(definitions)
    assume("x" in graph)
    last = names[-1]
    derivation = derive(graph, last, "x")
    with mpmath.workdps(60):
        try:
            values = Numbers(graph, {"x": mpmath.mpf("1.37")}).values.values()
        except (ValueError, ZeroDivisionError, OverflowError):
            assume(False)
        # Nothing complex, nothing at a pole: a logarithm of a negative number or of zero is outside.
        assume(all(isinstance(v, mpmath.mpf) and 1e-9 < abs(v) < 1e9 for v in values))
    check_steps(derivation, {"x": 1.37})


# --- the rest ------------------------------------------------------------------------------------------------------


def test_direct_dependence_is_told_from_the_whole():
    derivation = gl.function({"L": "x*z", "z": "x**2"}).derive("L", "x")
    first = derivation.steps[0]
    assert str(first) == "dL/dx = d/dx (x*z) + dL/dz*dz/dx"
    assert first.left not in first.right.args
    assert derivation.result == parse("z + 2*x**2")


def test_a_quantity_by_itself_and_by_what_it_does_not_use():
    net = gl.mlp([2, 2, 1])
    assert str(net.derive("L", "L").result) == "1"
    nothing = net.derive("f_in", "y")
    assert str(nothing.result) == "0"
    assert nothing.paths == ()
    assert "not computed from" in nothing.text()
    assert str(net.derive("x_1", "L").result) == "0"


def test_paths_are_listed_in_the_order_of_the_formulas():
    graph = gl.mlp([2, 2, 1]).graph
    first, second = find_paths(graph, "L", "x_1")
    assert first == ("L", "f_out", "f_in", "z_1out", "z_1in", "x_1")
    assert second == ("L", "f_out", "f_in", "z_2out", "z_2in", "x_1")


def test_names_as_they_are_written_in_latex():
    net = gl.mlp([2, 2, 1])
    assert net.derive("L", "z_{2,in}").wrt == "z_2in"
    assert net.derive("L", "w_{12}").result == net.derive("L", "w_12").result
    with pytest.raises(gl.GradlabError, match="did you mean z_2in"):
        net.derive("L", "z_2inn")


def test_a_conditional_step_is_shown_and_not_the_result():
    derivation = gl.mlp([1, 2], loss="softmax_cross_entropy").derive("L", "c_1")
    assert derivation.steps[-1].conditional
    assert str(derivation.steps[-1].right) == "p_1 - y_1"
    assert derivation.result == derivation.steps[-2].right
    assert "since y_1 + y_2 = 1" in derivation.text()
