"""The course lab: its template, its answer key formula by formula, and its checks against wrong answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradlab.labs._audit import audit_text
from gradlab.labs._blocks import Role
from gradlab.labs._lint import lint
from gradlab.labs._python import parse
from gradlab.labs._template import Template, read_template
from gradlab.labs._versions import Versions, make_versions
from labs.course import run, solve, with_mistake
from labs.mistakes import TABLE, UNTOLD

COURSE = Path(__file__).parents[2] / "courses" / "gradient-descent.md"


@pytest.fixture(scope="module")
def template() -> Template:
    return read_template(COURSE)


@pytest.fixture(scope="module")
def versions(template: Template) -> Versions:
    return make_versions(template)


@pytest.fixture(autouse=True)
def as_in_the_course(double_precision: None) -> Iterator[None]:
    """The course's precision, and no figure left open."""
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


@pytest.fixture(scope="module")
def solved(versions: Versions) -> dict[str, Any]:
    return solve(versions)


def test_nothing_is_to_be_remarked(template, versions):
    remarks = [
        *template.warnings,
        *versions.warnings,
        *lint(template, versions),
        *audit_text(template, versions, {}).warnings,
    ]
    assert remarks == []
    assert 45 <= len(template.cells) <= 110
    assert template.settings.timeout <= 60


def test_question_parses_and_has_no_cell_left_over(versions):
    for cell in versions.question.notebook.cells:
        if cell.cell_type == "code":
            parse(cell.source.split("\n"))
            assert cell.source.strip()
        else:
            assert cell.source.strip() or cell.metadata.get("gradlab", {}).get("answer")


def test_every_task_has_a_message_and_every_code_task_a_check(template, versions):
    silent = {
        line.block.line
        for cell in template.cells
        if cell.kind == "code"
        for line in cell.lines
        if line.role is Role.HOMEWORK and line.block
    } - {line.block.line for cell in template.cells for line in cell.lines if line.role is Role.MESSAGE and line.block}
    # A block that begins in the prose holds a comparison.
    begun = [line.number for cell in template.cells if cell.kind == "code" for line in cell.lines]
    assert not [line for line in silent if line in begun]
    assert sum(check.hidden for check in versions.solution.checks) >= 7
    assert sum(not check.hidden for check in versions.solution.checks) >= 9


# ---- the answer key ---------------------------------------------------------------------------------------


def test_solution_runs_and_every_check_accepts_it(solved):
    assert [solved["told"](number) for number in range(1, 17)] == ["right"] * 16
    assert solved["report"].ok


def _rows(markdown: str) -> list[tuple[str, str]]:
    """The left and the right side of each row of each `align*` block; a row without a left side goes on."""
    rows = []
    for block in re.findall(r"\\begin\{align\*\}(.*?)\\end\{align\*\}", markdown, re.DOTALL):
        left = ""
        for row in block.replace("\n", " ").split(r"\\"):
            before, equals, after = row.partition("&=")
            if equals:
                left = before.strip() or left
                rows += [(left, part.strip()) for part in after.split(" = ")]
    return rows


def _python(latex: str) -> str:
    """A formula of the key as Python, with D("L", "c") for a derivative."""
    text = latex.replace(r"\left", "").replace(r"\right", "").replace(r"\mathcal{L}", "L")
    text = re.sub(
        r"\b([zfwbux])_(?:\{(\d*),?(in|out)?\}|(\d))", lambda m: f"{m[1]}_{m[2] or m[4] or ''}{m[3] or ''}", text
    )
    text = text.replace(r"\delta", "delta")
    text = re.sub(r"\\frac\{\\partial (\w+)\}\{\\partial (\w+)\}", r'D("\1", "\2")', text)
    text = re.sub(r"\\frac\{\\partial\}\{\\partial (\w+)\} (.*)", r'Same("\1", \2)', text)
    while (
        match := re.search(r"\\frac\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}", text)
    ) is not None:
        text = text.replace(match[0], f"(({match[1]})/({match[2]}))")
    text = re.sub(r"e\^\{([^{}]*)\}", r"exp(\1)", text)
    text = re.sub(r"\^\{([^{}]*)\}", r"**(\1)", text)
    text = re.sub(r"(?<=[\w)]) \\(?=log|tanh|sigma)", r" * \\", text.replace(r"\cdot", "*"))
    return re.sub(r"\\(log|tanh|sigma)", r"\1", text)


def _random_quantities(net: Any, count: int = 100) -> dict[str, Any]:
    """Every quantity of the network at random points, each of shape (count,)."""
    import torch

    generator = torch.Generator().manual_seed(11)
    known: dict[str, Any] = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "log": torch.log}
    for quantity in net.graph.quantities:
        if quantity.name in net.labels:
            value = torch.randint(2, (count,), generator=generator).double()
        elif quantity.expression is None:
            value = torch.randn(count, generator=generator).requires_grad_(True)
        else:  # a formula such as tanh(z_1in)
            value = eval(str(quantity.expression), {}, known)
        known[quantity.name] = value
    return known


class _Key:
    """Evaluates formulas of the key at random points of the network."""

    def __init__(self, names: dict[str, Any]) -> None:
        import torch

        self.torch = torch
        self.q = _random_quantities(names["net"])
        for name, by in {"delta_f": "f_in", "delta_1": "z_1in", "delta_2": "z_2in"}.items():
            self.q[name] = self.derivative("L", by)

    def derivative(self, output: str, wrt: str) -> Any:
        return self.torch.autograd.grad(self.q[output].sum(), self.q[wrt], retain_graph=True)[0]

    def value(self, formula: str, of: str = "", wrt: str = "", t: str = "f_in") -> Any:
        def same(by: str, inner: Any) -> Any:
            assert by == wrt, f"differentiated by {by} instead of {wrt}"
            assert self.torch.allclose(inner, self.q[of]), f"{formula}: this is not {of}"
            return self.derivative(of, wrt)

        torch = self.torch
        known = {**self.q, "D": self.derivative, "Same": same, "t": self.q[t], "exp": torch.exp, "log": torch.log}
        return eval(_python(formula), {**known, "tanh": torch.tanh, "sigma": torch.sigmoid}) + torch.zeros(100)


def test_every_line_of_the_key_is_right(versions, solved):
    key, count = _Key(solved), 0
    for left, right in _rows(versions.solution.markdown):
        name = _python(left)
        derivative = re.fullmatch(r'D\("(\w+)", "(\w+)"\)', name)
        if derivative:
            wanted, value = key.derivative(*derivative.groups()), key.value(right, *derivative.groups())
        elif name.strip() in ("sigma'(t)", "tanh'(t)"):
            pair, t = (("f_out", "f_in"), "f_in") if "sigma" in name else (("z_2out", "z_2in"), "z_2in")
            wanted, value = key.derivative(*pair), key.value(right, t=t)
        else:
            wanted, value = key.q[name.strip()], key.value(right)
        assert key.torch.allclose(value, wanted, rtol=1e-9, atol=1e-12), f"{left} = {right}"
        count += 1
    assert count >= 45


def test_all_sixteen_questions_and_all_nine_parameters_are_answered(versions, solved):
    markdown = versions.solution.markdown
    assert re.findall(r"^#### Question (\d+)$", markdown, re.MULTILINE) == [str(number) for number in range(1, 17)]
    key = _Key(solved)
    table = re.findall(r"\$\\partial \\mathcal\{L\} / \\partial ([^$]*?) = ([^$]*)\$ \|", markdown)
    named = {_python(name).strip(): key.value(formula) for name, formula in table}
    assert set(named) == set(solved["net"].parameters)
    for name, value in named.items():
        assert key.torch.allclose(value, key.derivative("L", name)), name


def test_a_wrong_formula_of_the_key_is_noticed(solved):
    key = _Key(solved)
    wrong = key.value(r"\frac{y}{f_{out}} + \frac{1 - y}{1 - f_{out}}")
    assert not key.torch.allclose(wrong, key.derivative("L", "f_out"))
    with pytest.raises(AssertionError, match="differentiated by b_2"):
        key.value(
            r"\frac{\partial}{\partial b_2} \left( b_2 + w_{12} \cdot x_1 + w_{22} \cdot x_2 \right)", "z_2in", "w_12"
        )


# ---- wrong answers ----------------------------------------------------------------------------------------


@pytest.fixture
def names(solved) -> Iterator[dict[str, Any]]:
    """The solution's names, put back afterwards."""
    before = dict(solved)
    before["answers"] = dict(solved["answers"])
    yield solved
    solved.clear()
    solved.update(before)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_a_usual_mistake_is_told_in_words_by_a_visible_check(row, template, versions, names):
    _, right, wrong, check_name, words = row
    check = next(check for check in versions.solution.checks if check.name == check_name)
    assert not check.hidden
    with pytest.raises(AssertionError, match=words):
        with_mistake(versions.solution, template, names, right, wrong, check)


def test_how_many_of_the_usual_mistakes_are_told():
    assert len({row[0] for row in TABLE} | set(UNTOLD)) == len(TABLE) + len(UNTOLD)
    assert len(TABLE) >= 98
    assert len(UNTOLD) <= 2, "all others are told"


@pytest.mark.parametrize("name", UNTOLD)
def test_a_mistake_that_no_visible_check_tells_costs_a_hidden_one(name, template, versions, names):
    right, wrong, check_name = UNTOLD[name]
    checks = {check.name: check for check in versions.solution.checks}
    for visible in ("descent_finds_minimum", "descent_tells_outcomes"):
        with_mistake(versions.solution, template, names, right, wrong, checks[visible])
    assert checks[check_name].hidden
    with pytest.raises(AssertionError):
        with_mistake(versions.solution, template, names, right, wrong, checks[check_name])


def test_a_constant_loss_with_a_zero_gradient_is_not_right(versions, names):
    import torch

    names["loss"] = lambda parameters, x, y: torch.tensor(0.7) + 0 * parameters.sum()
    names["gradient"] = lambda parameters, x, y: torch.zeros(9)
    check = next(check for check in versions.solution.checks if check.name == "gradient_is_right")
    with pytest.raises(AssertionError, match="does not depend on the parameters"):
        run(check.source, names)


def test_a_loss_that_divides_by_a_number_gets_a_verdict_on_its_gradient(versions, names):
    import torch

    def loss(parameters, x, y):
        f_in = names["forward"](parameters, x)[2]
        return (torch.nn.functional.softplus(f_in) - y * f_in).sum() / 5

    right = names["gradient"]
    names["loss"] = loss
    check = next(check for check in versions.solution.checks if check.name == "gradient_is_right")
    run(check.source, names)
    names["gradient"] = lambda parameters, x, y: -right(parameters, x, y)
    with pytest.raises(AssertionError, match="The sign is wrong in every entry"):
        run(check.source, names)


@pytest.mark.parametrize("written", ["f_out - y", r"f_{out} - y", r"\sigma(f_{in}) - y"])
def test_a_right_answer_may_be_written_in_many_ways(written, names):
    names["answers"][7] = written
    assert names["told"](7) == "right"
