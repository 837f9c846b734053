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
from gradlab.labs._versions import Check, Version, Versions, make_versions

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
    """What the solution's cells leave behind, every check included; they run in this process."""
    import matplotlib.pyplot as plt
    import torch

    names: dict[str, Any] = {"__name__": "__main__"}
    precision = torch.get_default_dtype()
    try:
        for index, cell in enumerate(versions.solution.notebook.cells):
            if cell.cell_type == "code":
                _run(cell.source, names)
                for check in versions.solution.checks:
                    if check.hidden and check.cell == index:
                        _run(check.source, names)
    finally:
        torch.set_default_dtype(precision)
        plt.close("all")
    return names


def _run(source: str, names: dict[str, Any]) -> None:
    exec(compile(source.rstrip().rstrip(";"), "<cell>", "exec"), names)


def test_nothing_is_to_be_remarked(template, versions):
    remarks = [
        *template.warnings,
        *versions.warnings,
        *lint(template, versions),
        *audit_text(template, versions, {}).warnings,
    ]
    assert remarks == []
    assert 45 <= len(template.cells) <= 90
    assert template.settings.timeout <= 60


def test_question_parses_and_has_no_cell_left_over(versions):
    for cell in versions.question.notebook.cells:
        if cell.cell_type == "code":
            parse(cell.source.split("\n"))
            assert cell.source.strip()
        else:
            assert cell.source.strip() or cell.metadata.get("gradlab", {}).get("answer")


def test_points_of_the_table_are_those_of_the_tags(template, versions):
    exercise, points = 0, {1: 0.0, 2: 0.0, 3: 0.0}
    for cell in template.cells:
        for line in cell.lines:
            heading = re.match(r"## Exercise (\d)", line.text)
            exercise = int(heading[1]) if heading else exercise
            if line.role is Role.ANSWER:
                points[exercise] += line.points
            if line.role is Role.TAG and line.block and line.block.check and line.block.line == line.number:
                points[exercise] += line.block.check.points
    table = re.findall(r"^\| (\d) \|.*\| (\d+) \|$", versions.question.markdown, re.MULTILINE)
    assert {int(number): float(total) for number, total in table} == points


def test_every_task_has_a_message_and_every_code_task_a_check(template, versions):
    silent = {
        line.block.line
        for cell in template.cells
        if cell.kind == "code"
        for line in cell.lines
        if line.role is Role.HOMEWORK and line.block
    } - {line.block.line for cell in template.cells for line in cell.lines if line.role is Role.MESSAGE and line.block}
    # A block that begins in the prose holds a comparison, and the names above my_formulas need no message.
    begun = [line.number for cell in template.cells if cell.kind == "code" for line in cell.lines]
    assert len([line for line in silent if line in begun]) == 1
    assert sum(check.hidden for check in versions.solution.checks) >= 7
    assert sum(not check.hidden for check in versions.solution.checks) >= 9


# ---- the answer key ---------------------------------------------------------------------------------------


def test_solution_runs_and_every_check_accepts_it(solved):
    assert solved["right"] == list(range(1, 17))
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


class _Key:
    """Evaluates formulas of the key at random points of the network."""

    def __init__(self, names: dict[str, Any]) -> None:
        import torch

        self.torch = torch
        self.q = dict(vars(names["random_quantities"](seed=11)))
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

TANH = "delta_1 = delta_f * u_1 * (1 - z_1out**2)"
RISE = 'if not math.isfinite(values[-1]) or values[-1] > values[0]:\n            outcome = "diverged"'
WRONG_ANSWERS = {
    "backward, a sign": ("2 * x[1] - x[0]])", "2 * x[1] + x[0]])", "bowl_at_start"),
    "backward, grad_output forgotten": ("return grad_output * slope", "return slope", "bowl_elsewhere"),
    "forward, a constant forgotten": ("(x[0] - 6) ** 2 + x[1]", "x[0] ** 2 + x[1]", "bowl_at_start"),
    "descent, uphill": ("x -= learning_rate * x.grad", "x += learning_rate * x.grad", "descent_finds_minimum"),
    "descent, a rise is convergence": (RISE, RISE.replace("diverged", "converged"), "descent_stops_rightly"),
    "descent, gradient looked at first": (RISE.split("\n")[0], "if False:", "descent_stops_rightly"),
    "descent, its own function": ("value = function(x)", "value = Bowl.apply(x)", "descent_stops_rightly"),
    "descent, gradients added up": ("x.grad = None", "pass", "descent_finds_minimum"),
    "rates, all small": ("0.5,\n    0.7,", "0.01,\n    0.01,", "three_rates"),
    "question 1, the sign": ("1: -q.y / q.f_out", "1: q.y / q.f_out", "sixteen_formulas"),
    "question 10, sigmoid": ("10: 1 - q.z_2out**2", "10: q.z_2out * (1 - q.z_2out)", "sixteen_formulas"),
    "question 12, wrong name": ("12: q.x_1", "12: q.x_2", "sixteen_formulas"),
    "question 16, one path": ("(path_1 * q.w_11 + path_2 * q.w_12)", "(path_2 * q.w_12)", "sixteen_formulas"),
    "question 16, missing": ("16: loss_by_f_in", "17: loss_by_f_in", "sixteen_formulas"),
    "sigmoid, the sign": ("1 / (1 + torch.exp(-t))", "1 / (1 + torch.exp(t))", "sigmoid_values"),
    "network, indices": ("w_11 * x[:, 0] + w_21", "w_11 * x[:, 0] + w_12", "forward_values"),
    "loss, sum": ("(f_in) - y * f_in).mean()", "(f_in) - y * f_in).sum()", "loss_values"),
    "loss, tiny constant": (
        "return (torch.nn.functional.softplus(f_in) - y * f_in).mean()",
        "p = sigmoid(f_in)\n"
        "    return -(y * torch.log(p + 1e-15) + (1 - y) * torch.log(1 - p + 1e-15)).mean()",
        "loss_values",
    ),
    "gradient, sigmoid neuron": (TANH, TANH.replace("(1 - z_1out**2)", "z_1out * (1 - z_1out)"), "gradient_is_right"),
    "gradient, sum": ("mean() for derivative in for_", "sum() for derivative in for_", "gradient_is_right"),
    "gradient, sign": (f"sigmoid(f_in) - y\n    {TANH}", f"y - sigmoid(f_in)\n    {TANH}", "gradient_is_right"),
    "wrong gradients, right ones": ("return -gradient(", "return gradient(", "wrong_gradients"),
    "training, in place": ("parameters = start.clone()", "parameters = start", "training_works"),
    "training, half the rate": ("- learning_rate * grad", "- 0.5 * learning_rate * grad", "training_as_reference"),
    "setting, too small": ("5.0,\n    0.5,", "0.1,\n    0.1,", "reliable_setting"),
}  # fmt: skip
ALSO = {"training, in place": ("parameters = parameters - learning_rate *", "parameters -= learning_rate *")}


@pytest.mark.parametrize("name", WRONG_ANSWERS)
def test_a_wrong_answer_is_caught(name, template, versions, solved):
    right, wrong, check_name = WRONG_ANSWERS[name]
    solution = versions.solution
    cells = [cell.source for cell in solution.notebook.cells]
    places = [
        index for index, source in enumerate(cells) if right in source and _is_homework(solution, index, template)
    ]
    assert len(places) == 1, "the solution has changed; write the wrong answer anew"
    check = next(check for check in solution.checks if check.name == check_name)
    changed = cells[places[0]].replace(right, wrong)
    if name in ALSO:
        assert ALSO[name][0] in changed
        changed = changed.replace(*ALSO[name])
    before = dict(solved)
    try:
        with pytest.raises((AssertionError, RuntimeError)):
            _run_from(changed, places[0], check, solution, solved)
    finally:
        solved.clear()
        solved.update(before)


def _is_homework(solution: Version, index: int, template: Template) -> bool:
    own = {line.line for line in solution.cell_lines[index]}
    return any(line.number in own and line.role is Role.HOMEWORK for cell in template.cells for line in cell.lines)


def _run_from(changed: str, place: int, check: Check, solution: Version, names: dict[str, Any]) -> None:
    """Run a changed cell, then those behind it that the check needs, then the check."""
    _run(changed, names)
    if check.cell != place:
        _run(solution.notebook.cells[check.cell].source, names)
    _run(check.source, names)
