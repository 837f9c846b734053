"""Written answers go through the prover, and to a human wherever it does not decide."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from gradlab.labs._export import fetched_references
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions
from gradlab.labs.grade import GradeOptions, grade
from gradlab.labs.grade.feedback import student_page
from gradlab.labs.grade.gradebook import QueueError, apply_decisions, read_queue
from gradlab.labs.grade.gradebook._queue import Decision, answer_id
from gradlab.labs.grade.matching import Asked, asked_answers, given_answers
from gradlab.labs.grade.reading import SubmittedCell
from gradlab.labs.grade.verdicts import QuestionResult, SubmissionResult
from gradlab.labs.grade.verdicts._answers import judge_answers

from . import submissions as made

LAB = Path(__file__).with_name("written.md")
C = r"\partial \mathcal{L} / \partial c"
U = r"\frac{\partial \mathcal{L}}{\partial u_1}"
TITLE = "## In your own words\n\nWhy does one start from random weights?"
HEAD = "# Written answers\n\n## Two derivatives\n\n"
FIRST = f"{HEAD}1. Compute ${C}$.\n2. Compute $\\partial \\mathcal{{L}} / \\partial u_1$."
CASES = {
    "right": (f"${C} = f_{{out}} - y$ and\n\n$${U} = (f_{{out}} - y) z_{{1,out}}$$", 4, "right"),
    "chain": (
        rf"\begin{{align*}} {C} &= f_{{out}} - y \\ {U} &= \frac{{\partial \mathcal{{L}}}}{{\partial f_{{in}}}} "
        r"\cdot \frac{\partial f_{in}}{\partial u_1} \\ &= (f_{out} - y) \cdot z_{1,out} \end{align*}",
        4,
        "right",
    ),
    "one sign": (f"${C} = y - f_{{out}}$, ${U} = (f_{{out}} - y) z_{{1,out}}$", 2, "partly"),
    "both wrong": (f"${C} = y - f_{{out}}$, ${U} = f_{{out}} - y$", 0, "wrong"),
    "tautology": (f"${C} = {C}$, ${U} = {U}$", 0, "human"),
    "own name": (rf"${C} = \delta_f$, ${U} = \delta_f z_{{1,out}}$", 0, "human"),
    "true beside the question": (r"$\partial f_{in} / \partial c = 1$ and $1 + 1 = 2$", 0, "human"),
    "twice": (f"${C} = y - f_{{out}}$, no: ${C} = f_{{out}} - y$, ${U} = (f_{{out}} - y) z_{{1,out}}$", 0, "human"),
    "words": ("I would use the chain rule.", 0, "human"),
    "nothing": ("", 0, "missing"),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    place = tmp_path_factory.mktemp("written")
    for name, (text, _, _) in CASES.items():
        made.write(place / "in", name, made.Case((), prose=(FIRST, text, TITLE, "Symmetry.")))
    result = grade(LAB, place / "in", GradeOptions(place / "out", jobs=2))
    return {one.student: one for one in result.results}, place


@pytest.mark.parametrize("name", CASES)
def test_a_derivation_gets_what_it_deserves(graded, name):
    _, points, status = CASES[name]
    question, text = graded[0][name].questions
    assert (question.points, question.status) == (points, status), question.notes
    assert (text.points, text.status) == (0, "human")


def test_a_wrong_derivative_is_told_where_to_look(graded):
    assert any("a sign is wrong" in note for note in graded[0]["one sign"].questions[0].notes)


def test_of_what_cannot_be_read_the_reason_stands_at_each_answer(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "eve.ipynb").write_text("<html>Log in</html>")
    (result,) = grade(LAB, tmp_path / "in", GradeOptions(tmp_path / "out")).results
    assert [question.reason for question in result.questions] == [result.problem] * 2


def test_the_key_is_in_nothing_that_students_get(graded):
    for kind in ("results/*.json", "feedback/*.html"):
        pages = list((graded[1] / "out").glob(kind))
        assert len(pages) == len(CASES)
        assert not any("Equal neurons stay equal" in page.read_text(encoding="utf-8") for page in pages)


def test_what_platforms_put_above_is_no_answer_and_code_that_stands_there_is(tmp_path):
    template = read_template(LAB)
    question = make_versions(template).question
    badge = '<a href="https://colab.research.google.com/github/a/b.ipynb"><img src="open.svg"/></a>'

    def given(*cells):
        submitted = [SubmittedCell("code" if "(" in text and "#" not in text else "markdown", text) for text in cells]
        return [*given_answers(submitted, asked_answers(template, question), question, {"f"}).values()]

    assert given(badge, "setup()", FIRST, "The first.", TITLE, "Symmetry.") == ["The first.", "Symmetry."]
    fenced = "```python\nplot()\n```"
    assert given(FIRST, "plot()", "f = plot()", TITLE, "Symmetry.", "plot()") == [fenced, f"Symmetry.\n\n{fenced}"]
    assert given("All is above.", FIRST, TITLE) == ["All is above."]  # not lost where there is nothing else


def test_answers_below_equal_titles_are_told_apart(tmp_path):
    task = "<!-- #region -->\n### Your code here.\n\n#!TAG ANSWER points=1\n<!-- #endregion -->\n"
    (tmp_path / "lab.md").write_text(f"# Lab\n\nA plot.\n\n{task}\n# More\n\nA table.\n\n{task}")
    template = read_template(tmp_path / "lab.md")
    question = make_versions(template).question
    asked = asked_answers(template, question)
    handed_out = [SubmittedCell("markdown", cell.source) for cell in question.notebook.cells if cell.source.strip()]
    one, two = (SubmittedCell("code", f"for k in ks:\n    a()\n{inside}b()") for inside in ("    ", ""))
    given = given_answers([*handed_out[:2], one, *handed_out[2:], two], asked, question, set())
    assert list(given.values()) == [f"```python\n{cell.source}\n```" for cell in (one, two)]
    (unanswered,) = judge_answers(asked, {asked[0].name: "Here."}, None, asked[1:])
    assert unanswered.reason == "not answered: nothing was written here"
    ids = {answer_id(QuestionResult("plot", "answer", 1, given=text)) for text in given.values()}
    assert len(ids) == 2  # in code, blanks at the beginning of a line mean something


def test_what_was_asked_is_what_stands_behind_the_last_question_that_code_answers(tmp_path):
    code = "```python\n#!TAG HWBEGIN\nx = 1\n#!TAG HWEND\n```\n\n"
    why, answer = "Why is it so, and why not else?\n\n", "#!TAG ANSWER points=1\n\n"
    text = f"# Lab\n\nThe sea is deep.\n\nSet x.\n\n{code}{why}{answer}Set y.\n\n{code}Why?\n\n{answer}{why}{answer}"
    (tmp_path / "lab.md").write_text(text, encoding="utf-8")
    template = read_template(tmp_path / "lab.md")
    asked = asked_answers(template, make_versions(template).question)
    # Two words do not stand for themselves, and a derivation is judged by all that is said before it.
    assert [one.own for one in asked] == [why.strip(), "Set y.\n\n\nWhy?", why.strip()]
    assert asked[0].text.startswith("The sea is deep.")
    assert [one.asked for one in judge_answers(asked, {}, None)] == [one.own for one in asked]


def test_formulas_of_the_question_are_set_and_what_a_student_writes_is_text():
    asked = QuestionResult("slope", "answer", 2, asked="Derive $\\frac{a}{b}$.", given="<b>It is $x_1$.</b>")
    shown = student_page(SubmissionResult("ada", "Ada", "", "ada.ipynb", questions=[asked]), "Lab")
    assert re.search(r"Derive <math[^>]*>.*<mfrac>.*</math>\.", shown)
    assert "&lt;b&gt;It is $x_1$.&lt;/b&gt;" in shown
    assert ("hidden check" in shown, "Cells are counted" in shown) == (False, False)
    told = QuestionResult("slope2", "check", 1, reason="cell 3, line 1: NameError", hidden=True)
    shown = student_page(SubmissionResult("ada", "Ada", "", "ada.ipynb", questions=[told]), "Lab")
    assert ("slope2 (a hidden check): 0 of 1" in shown, "Cells are counted" in shown) == (True, True)
    shown = student_page(SubmissionResult("ada", "Ada", "", "ada.ipynb", questions=[asked]), "Lab")
    assert fetched_references(shown) == []


def test_an_answer_that_nbgrader_knew_has_its_name(tmp_path):
    cell = '<!-- #region nbgrader={"grade": true, "grade_id": "why"} -->\n#!TAG ANSWER points=1\n<!-- #endregion -->\n'
    (tmp_path / "lab.md").write_text(f"# Lab\n\n## Q1\n\nWhy?\n\n{cell}\nHow?\n\n#!TAG ANSWER points=1\n")
    template = read_template(tmp_path / "lab.md")
    assert [one.name for one in asked_answers(template, make_versions(template).question)] == ["why", "Q1"]


def test_the_key_of_an_answer_ends_where_the_next_question_begins(tmp_path):
    text = "# Lab\n\nWhy?\n\n#!TAG ANSWER points=1\n\n#!TAG HWBEGIN\nBecause.\n\nIndeed.\n#!TAG HWEND\n\n## Next\n\n"
    code = "```python\n#!TAG SKIPQUESTEXEC\ndef f():\n    #!TAG HWBEGIN\n    return 1\n    #!TAG HWEND\n```\n"
    (tmp_path / "lab.md").write_text(text + code, encoding="utf-8")
    template = read_template(tmp_path / "lab.md")
    (answer,) = asked_answers(template, make_versions(template).question)
    assert answer.key == "Because.\n\nIndeed."


def test_a_key_right_before_its_answer_is_its_key(tmp_path):
    block = "#!TAG HWBEGIN\n#!MSG Write.\n{}\n#!TAG HWEND\n"
    text = f"# Lab\n\n{block.format('Other.')}\nWhy?\n\n{block.format('Because.')}\n#!TAG ANSWER points=1\n"
    (tmp_path / "lab.md").write_text(text, encoding="utf-8")
    template = read_template(tmp_path / "lab.md")
    (answer,) = asked_answers(template, make_versions(template).question)
    assert (answer.text, answer.key) == ("Why?", "Because.")


def test_what_a_human_decides_survives_a_regrade(graded):
    place = graded[1]
    path = place / "out" / "human.toml"
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["answer"]
    (equal,) = [entry for entry in entries if entry["given"] == "Symmetry."]
    assert len(equal["submissions"]) == len(CASES)
    assert equal["expected"] == "Equal neurons stay equal."
    text = path.read_text(encoding="utf-8")
    before, behind = text.split(f'id = "{equal["id"]}"')
    behind = behind.replace('points = ""\ncomment = ""', 'points = 1.5\ncomment = "why \\"symmetry\\"?"', 1)
    path.write_text(f'{before}id = "{equal["id"]}"{behind}', encoding="utf-8")
    again = grade(LAB, place / "in", GradeOptions(place / "out"))
    assert again.fresh == 0
    assert {result.questions[1].points for result in again.results} == {1.5}
    assert {result.questions[1].reason for result in again.results} == {'why "symmetry"?'}
    (place / "in" / "right.ipynb").unlink()
    assert grade(LAB, place / "in", GradeOptions(place / "out")).results[0].questions[1].points == 1.5
    made.write(place / "in", "late", made.Case((), prose=(FIRST, "", TITLE, "Symmetry.")))

    def meanwhile(event, *_):
        if event == "begun":
            path.write_text(path.read_text(encoding="utf-8").replace("points = 1.5", "points = 2"), encoding="utf-8")

    again = grade(LAB, place / "in", GradeOptions(place / "out"), meanwhile)
    assert {result.questions[1].points for result in again.results} == {2.0}
    kept = path.read_text(encoding="utf-8")
    path.write_text(kept.replace("points = 2\n", "points = 7\n"), encoding="utf-8")
    with pytest.raises(QueueError, match="from 0 to 2 can"):
        grade(LAB, place / "in", GradeOptions(place / "out"))
    path.write_text(kept + "\n[[", encoding="utf-8")
    with pytest.raises(QueueError, match="no TOML"):
        grade(LAB, place / "in", GradeOptions(place / "out"))
    assert path.read_text(encoding="utf-8") == kept + "\n[["


ROW = '[[answer]]\nid = "why:0"\npossible = 2\npoints = {}\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[answer]]\nquestion = "why"\nsubmissions = ["anna"]\npoints = 1\n', "row 1: it has no id"),
        ('[answer]\nquestion = "why"\n', "row 1: it has no id"),
        (ROW.format(3), r"row 1 \(why:0\): the points are 3; a number from 0 to 2 can be given"),
        (ROW.format(-1), "from 0 to 2"),
        (ROW.format('"all"'), "the points are 'all'; write a number"),
        (ROW.format(1) + 'coment = "good"', "nothing is known of 'coment'"),
        (ROW.format(1) + ROW.format(2), "row 2: why:0 is decided in a row before, and differently"),
    ],
)
def test_what_is_wrong_in_the_list_for_humans_is_said_by_its_row(tmp_path, text, said):
    (tmp_path / "human.toml").write_text(text, encoding="utf-8")
    with pytest.raises(QueueError, match=said):
        read_queue(tmp_path / "human.toml")


def test_points_that_a_question_is_not_worth_any_more_are_not_given():
    result = SubmissionResult("a", "Anna", "", "a.ipynb")
    result.questions = [QuestionResult("why", "answer", 1.0, status="human", given="Symmetry.")]
    (key,) = map(answer_id, result.questions)
    (remark,) = apply_decisions([result], {key: Decision(2.0)})
    assert "why is worth 1 now: it waits again" in remark
    assert (result.questions[0].status, result.points) == ("human", 0)
    (remark,) = apply_decisions([result], {key: Decision(0.5, "", 0.75)})
    assert "has 0.5 points of 0.75, and why is worth 1 now: look at it again" in remark
    assert result.points == 0.5


CUBE = "x**3 - 2*x"


def judged(asked, given, graph=CUBE):
    (result,) = judge_answers([Asked("one", 0, 2, 1, asked, "", 0, "a")], {"one": given}, graph)
    return result.status


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        (r"\frac{d f}{d x}", r"\frac{\mathrm{d} f}{\mathrm{d} x}"),
        (r"\frac{df}{dx}", "f'(x)"),
        (r"\frac{d}{dx} f(x)", r"\partial f / \partial x"),
        ("f'(x)", r"\frac{d}{dx} f(x)"),
        ("df/dx", r"\frac{df}{dx}"),
    ],
)
def test_derivatives_by_d_and_by_primes_are_judged_too(asked, written):
    right, wrong = (f"It is ${written} = {value}$." for value in ("3 x^2 - 2", "2 x^2 - 2"))
    assert judged(f"1. Compute ${asked}$ for $f(x) = x^3 - 2 x$.", right) == "right"
    assert judged(f"1. Compute ${asked}$.", wrong) == "wrong"


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("1. Compute $f'(x)$.\n2. Compute $f'(x)$ once more, factored.", "$f'(x) = 3 x^2 - 2$"),
        ("1. Compute $f'(x)$.", r"$f'(x) = \lim_{h \to 0} \frac{(x+h)^3 - 2(x+h) - x^3 + 2x}{h}$"),
    ],
)
def test_half_an_answer_and_what_is_not_computed_wait_for_a_human(asked, given):
    assert judged(asked, given) == "human"


@pytest.mark.parametrize(
    "asked",
    [
        "1. Compute $f'(x)$ for $f(x) = x^2$.",
        "1. Compute $f'(x)$ and $f''(x)$.",
        "1. Compute $f'(x)$ at $x = 2$.",
        "1. Compute $f'(x)$ for $x = 2$.",
        r"1. Compute $f'(x)$ of $f\colon x \mapsto x^2$.",
        "Let\n$$\n\\begin{align*}\nf(x) &= x^2\n\\end{align*}\n$$\n1. Compute $f'(x)$.",
        r"1. Compute $\frac{d^2 f}{d x^2}$.",
        r"1. Compute $\frac{d f}{d x}$ and $\frac{d}{d x} \sin x$.",
        "1. Compute $g'(x)$.",
        "1. Sketch $f'(x)$.",
    ],
)
def test_what_asks_for_something_else_waits_for_a_human(asked):
    assert judged(asked, "$f'(x) = 2 x$ and $g'(x) = 2 x$") == "human"


def test_a_question_about_a_loss_of_its_own_is_not_judged_by_the_usual_network():
    assert judged(r"1. Compute $dL/dc$ for $L = c^2$.", "$dL/dc = 2 c$", None) == "human"
    assert judged(r"1. Compute $dL/dc$.", "$dL/dc = f_{out} - y$", None) == "right"
