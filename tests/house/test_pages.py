"""What the pages list is what the tables have; `pytest --update-golden` writes the list of functions anew."""

from __future__ import annotations

from pathlib import Path

from gradlab.graph import LOSSES, Primitive, _primitives
from gradlab.prove._functions import COMPOSED, function_commands, function_words

PAGE = Path(__file__).resolve().parents[2] / "docs" / "latex.md"
LETTERS = (r"\exp", r"\ln", r"\log_2", r"\sigma", *(rf"\{name}" for name in COMPOSED if name != "sech"))


def line_of_functions() -> str:
    """The row of the table of formulas that lists the functions."""
    commands = [*(rf"\{name}" for name in function_commands()), *LETTERS]
    words = [name.replace("_", r"\_") for name in function_words() if rf"\{name}" not in commands]
    listed = (", ".join(f"`{name}`" for name in names) for names in (commands, [*words, "ReLU", "sech"]))
    return "| functions | {}; with `\\operatorname` or `\\mathrm`: {} |".format(*listed)


def test_the_page_of_latex_lists_the_functions_of_the_table(request):
    text = PAGE.read_text(encoding="utf-8")
    (line,) = (line for line in text.splitlines() if line.startswith("| functions |"))
    if request.config.getoption("--update-golden"):
        PAGE.write_text(text.replace(line, line_of_functions()), encoding="utf-8")
        return
    assert line == line_of_functions()


def test_the_list_is_made_from_the_table(monkeypatch):
    monkeypatch.setitem(_primitives._table, "made_up", Primitive("made_up", 1, float, lambda a, out, i: out))
    assert r"`made\_up`" in line_of_functions()


def test_the_page_of_latex_says_which_labels_are_drawn():
    domains = PAGE.read_text(encoding="utf-8").split("## Domains")[1].split("\n## ")[0]
    assert all(f"`{name}`" in domains for name, row in LOSSES.items() if row.labels.values or row.labels.shares)
