from __future__ import annotations

import re
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradlab.labs._diagnostics import Diagnostic, TemplateError
from gradlab.labs._python import is_python, parse
from gradlab.labs._template import read_template
from gradlab.labs._versions import Version, Versions, make_versions

SHARED = Path(__file__).parents[4] / "shared" / "seed"
RAW_MARKER = re.compile(r"<!--\s*#(?:end)?(?:region|raw|md|markdown)\b")


def versions_of(path: Path, text: str) -> Versions:
    path.write_bytes(text.encode())
    return make_versions(read_template(path))


def versions_or_errors(path: Path, lines: list[str]) -> tuple[Versions | None, tuple[Diagnostic, ...]]:
    try:
        return versions_of(path, "\n".join(lines) + "\n"), ()
    except TemplateError as error:
        return None, error.diagnostics


def assert_sound(version: Version) -> None:
    """What holds of every version of every template."""
    nbformat.validate(version.notebook)
    assert len(version.lines) == len(version.cell_lines) == len(version.notebook.cells)
    for cell, lines in zip(version.notebook.cells, version.cell_lines, strict=True):
        assert cell.source == "\n".join(line.text for line in lines)
        assert not RAW_MARKER.search(cell.source)
        if cell.cell_type == "code" and is_python(cell.source.split("\n")):
            parse(cell.source.split("\n"))
    assert "#!TAG" not in version.markdown
    assert "#!MSG" not in version.markdown
    assert [(c.cell_type, c.source) for c in jupytext.reads(version.markdown, fmt="md").cells] == [
        (c.cell_type, c.source) for c in version.notebook.cells
    ]


# One line each of all that a template is made of; a secret line is recognised by its word.
CODE = [
    "x = 1", "def f(x):", "    y = x", "    return y", "if x:", "    pass", "else:", "value = (", ")", "items = [",
    "]", "", "%matplotlib inline", "    # a comment", "for i in range(3):", "    print(i)", '    """Doc."""', "@f",
]  # fmt: skip
PROSE = [
    "text",
    "",
    "",
    "# Heading",
    "| a | b |",
    "- item",
    "$$",
    r"\begin{align*}",
    r"\end{align*}",
    "    four",
    "```",
    "~~~",
]
SECRETS = [
    "    secret = 1",
    "secret = 1",
    "    return secret",
    "    secret,",
    "secret",
    "# secret",
    "",
    "    if secret:",
]
TAGS = [
    "#!TAG HWBEGIN", "#!TAG HWEND", "    #!TAG HWBEGIN", "    #!TAG HWEND", "#!MSG TODO it", "    # #!MSG TODO it",
    "#!TAG SKIPQUESTEXEC'", "#!TAG NOTE", "#!TAG NOTEEND", "#!TAG ANSWER points=2", '#!TAG ALLOW "x"',
    "#!TAG CHECK a", "#!TAG CHECKEND",
]  # fmt: skip
MARKERS = ["```python", "```", "<!-- #region -->", "<!-- #endregion -->", '<!-- #region a="b" -->', "```bash"]

lines = st.lists(
    st.one_of(*(st.sampled_from(group) for group in (CODE, PROSE, SECRETS, TAGS, TAGS, MARKERS))), max_size=25
)


@st.composite
def homework_block(draw, content, indent=("", "    ")):
    """A block that is well formed, whatever it cuts out of."""
    margin = draw(st.sampled_from(indent))
    messages = draw(st.lists(st.just(f"{margin}#!MSG TODO it"), max_size=2))
    return [f"{margin}#!TAG HWBEGIN", *messages, *draw(st.lists(st.sampled_from(content), min_size=1, max_size=3)),
            f"{draw(st.sampled_from(indent))}#!TAG HWEND"]  # fmt: skip


FUNCTION = st.builds(
    lambda doc, before, block, after: ["def f(x):", *doc, *before, *block, *after],
    st.sampled_from([[], ['    """Doc."""']]),
    st.lists(st.sampled_from(["    y = x", "    # remark", ""]), max_size=2),
    homework_block(["    secret = 1", "    return secret", "    if secret: pass", "", "    # secret"]),
    st.lists(st.sampled_from(["    return x", "", "y = 2"]), max_size=1),
)
BRACKET = st.builds(
    lambda opening, block: [opening[0], *block, opening[1]],
    st.sampled_from(
        [("a = (", ")"), ("a = [", "]"), ("print(", ")"), ("a = [(", "), 2]"), ("a = b[", "]"), ("a = {", "}")]
    ),
    homework_block(["    secret"]).filter(lambda block: sum(line == "    secret" for line in block) == 1),
)
PLAIN = st.lists(st.sampled_from(["x = 1", "", "import math", "!ls", "%time x = 1", "#!TAG SKIPQUESTEXEC"]), max_size=3)
CODE_CELL = st.lists(st.one_of(FUNCTION, BRACKET, PLAIN), max_size=3).map(
    lambda groups: ["```python", *(line for group in groups for line in group), "```"]
)
PROSE_LINES = st.lists(
    st.one_of(
        st.sampled_from(PROSE[:6]).map(lambda line: [line]),
        homework_block(["secret", "", "- secret", "### secret", "| secret | b |"], indent=("", "  ")),
        st.just(["#!TAG ANSWER"]),
    ),
    max_size=5,
).map(lambda groups: [line for group in groups for line in group])
REGION = PROSE_LINES.map(lambda own: ['<!-- #region a="b" -->', *own, "<!-- #endregion -->"])
CELLS = st.lists(st.one_of(CODE_CELL, PROSE_LINES, REGION), max_size=5)
GAP = st.sampled_from([[""], ["", ""], ["", "", ""]])
well_formed = st.builds(lambda cells, gap: [line for cell in cells for line in (*cell, *gap)], CELLS, GAP)


@given(lines)
def test_any_lines_give_an_error_or_sound_versions(tmp_path_factory, lines):
    path = tmp_path_factory.getbasetemp() / "any.md"
    versions, errors = versions_or_errors(path, lines)
    assert (versions is None) == bool(errors)
    assert all(1 <= found.line <= len(lines) + 1 for found in errors)
    if versions is None:
        return
    assert_sound(versions.question)
    assert_sound(versions.solution)


@given(well_formed)
def test_a_well_formed_template_never_shows_its_homework(tmp_path_factory, lines):
    path = tmp_path_factory.getbasetemp() / "formed.md"
    versions, errors = versions_or_errors(path, lines)
    # A function may be drawn without a body: the only complaint there may be.
    assert all("no Python" in found.message for found in errors)
    if versions is None:
        return
    assert_sound(versions.question)
    assert_sound(versions.solution)
    assert "secret" not in versions.question.markdown
    # Every homework line is in the solution, in order, and nothing is said twice.
    wanted = [line.strip() for line in lines if "secret" in line]
    assert [line.strip() for line in versions.solution.markdown.split("\n") if "secret" in line] == wanted


@given(lines.map(lambda lines: [line for line in lines if "#!" not in line]))
def test_without_tags_both_versions_are_the_template(tmp_path_factory, lines):
    path = tmp_path_factory.getbasetemp() / "plain.md"
    text = "\n".join(lines) + "\n" if lines else ""
    try:
        versions = versions_of(path, text)
    except TemplateError:
        return
    assert versions.question.markdown == text
    assert versions.solution.markdown == text


@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/seed beside this checkout: its template is not tried")
def test_the_seed_template():
    for path in sorted(SHARED.glob("*.md")):
        template = read_template(path)
        versions = make_versions(template)
        assert_sound(versions.question)
        assert_sound(versions.solution)
        homework = {line.number for cell in template.cells for line in cell.lines if line.role.name == "HOMEWORK"}
        shown = {line.line for cell in versions.question.cell_lines for line in cell}
        assert homework
        assert not homework & shown
        assert homework <= {line.line for cell in versions.solution.cell_lines for line in cell} | blank_lines(path)


def blank_lines(path: Path) -> set[int]:
    return {number for number, line in enumerate(path.read_text().split("\n"), 1) if not line.strip()}


def test_checks_are_kept_with_the_cell_they_run_after(tmp_path):
    text = (
        "---\ntitle: Lab\n---\n\nText\n\n"
        "```python\nx = 1\n#!TAG CHECK first points=2\nassert x\n#!TAG CHECKEND\n```\n\n"
        "```python\n  #!TAG CHECK second hidden timeout=3\n  assert x\n  #!TAG CHECKEND\n```\n"
    )
    question, solution, *_ = (
        getattr(versions_of(tmp_path / "lab.md", text), kind) for kind in ("question", "solution")
    )
    for version in (question, solution):
        first, second = version.checks
        assert (first.name, first.points, first.hidden, first.cell, first.source) == (
            "first",
            2.0,
            False,
            2,
            "assert x",
        )
        assert (second.hidden, second.timeout, second.cell, second.source) == (True, 3.0, 2, "assert x")
        assert len(version.notebook.cells) == 4
    assert (question.skip, solution.skip) == ({3}, set())


def test_a_check_that_is_no_python_is_an_error(tmp_path):
    text = "```python\nx = 1\n#!TAG CHECK a\nassert (\n#!TAG CHECKEND\n```\n"
    with pytest.raises(TemplateError, match=r"lab.md:4: error: the check is no Python"):
        versions_of(tmp_path / "lab.md", text)


def test_cell_ids_stay_when_other_cells_are_added(tmp_path):
    one = versions_of(tmp_path / "lab.md", "```python\nx = 1\n```\n\n```python\nx = 1\n```\n").question.notebook
    two = versions_of(tmp_path / "lab.md", "New\n\n```python\nx = 1\n```\n\n```python\nx = 1\n```\n").question.notebook
    assert [cell.id for cell in one.cells] == [cell.id for cell in two.cells[1:]]
    assert len({cell.id for cell in one.cells}) == 2


def test_images_are_found_with_their_lines(tmp_path):
    text = (
        "![a](one.png)\n![b][ref] ![c](<two words.png>)\n\n[ref]: sub/b%C3%BC.png\n\n#!TAG HWBEGIN\n"
        "<img alt='x'\n src=\"d.svg\">\n#!TAG HWEND\n\n"
        "```text\n![no](no.png)\n```\n![web](https://x/y.png) ![abs](/z.png)\n"
    )
    versions = versions_of(tmp_path / "lab.md", text)
    assert [(image.file, image.line) for image in versions.solution.images] == [
        ("one.png", 1), ("sub/bü.png", 2), ("two words.png", 2), ("d.svg", 7),
    ]  # fmt: skip
    assert [image.path for image in versions.question.images] == ["one.png", "sub/b%C3%BC.png", "two words.png"]


def test_cells_in_other_languages_are_cut_without_python(tmp_path):
    text = "```bash\n#!TAG HWBEGIN\n#!MSG List the files.\nls -l | (\n#!TAG HWEND\n```\n\n```python\n%%html\n<b>\n```\n"
    question = versions_of(tmp_path / "lab.md", text).question
    assert [cell.source for cell in question.notebook.cells] == ["%%bash\n# List the files.", "%%html\n<b>"]
    assert question.markdown.startswith("```bash\n# List the files.\n```\n")


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("x = (\n1", 3),
        ("#!TAG SKIPQUESTEXEC\ny = 1\n#!TAG HWBEGIN\n    z = 2\n#!TAG HWEND", 5),
        ("@mark\n#!TAG HWBEGIN\ndef f(): pass\n#!TAG HWEND", 2),
    ],
)
def test_code_that_is_no_python_is_named_with_its_line(tmp_path, code, line):
    with pytest.raises(TemplateError) as caught:
        versions_of(tmp_path / "lab.md", f"```python\n{code}\n```\n")
    [found] = caught.value.diagnostics
    assert abs(found.line - line) <= 1


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python reads them")
@pytest.mark.parametrize("code", ['f"{d["a"]}"', "f\"{'\\n'.join('ab')}\"", 'f"{\n1}"', 'rf"{1 # one\n}"'])
def test_an_f_string_of_a_later_python_is_named_as_that(tmp_path, code):
    with pytest.raises(TemplateError, match=r"Python 3.12 takes .*and this is Python 3\.\d+"):
        versions_of(tmp_path / "lab.md", f"```python\n{code}\n```\n")


def question_cell(tmp_path, body):
    text = f"```python\n{body}\n```\n"
    return versions_of(tmp_path / "lab.md", text).question.notebook.cells[0].source


def test_a_function_that_loses_its_value_raises_instead_of_returning_none(tmp_path):
    body = "def f(x):\n    y = 2 * x\n    #!TAG HWBEGIN\n    #!MSG TODO\n    return y\n    #!TAG HWEND"
    assert question_cell(tmp_path, body) == "def f(x):\n    y = 2 * x\n    # TODO\n    raise NotImplementedError"


def test_only_the_block_that_takes_the_last_value_raises(tmp_path):
    block = "    #!TAG HWBEGIN\n    #!MSG TODO {0}\n    {1}\n    #!TAG HWEND\n"
    body = "def f(x):\n" + block.format(1, "if x: return 1") + "    x += 1\n" + block.format(2, "return 2")
    wanted = "def f(x):\n    # TODO 1\n    x += 1\n    # TODO 2\n    raise NotImplementedError"
    assert question_cell(tmp_path, body.rstrip("\n")) == wanted


@pytest.mark.parametrize("kept", ["return y", "yield y"])
def test_a_function_that_keeps_a_value_is_left_as_it_is(tmp_path, kept):
    body = f"def f(x):\n    #!TAG HWBEGIN\n    #!MSG TODO\n    y = 2\n    #!TAG HWEND\n    {kept}"
    assert question_cell(tmp_path, body) == f"def f(x):\n    # TODO\n    {kept}"


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        ("#!MSG 1. First this,", "# 1. First this,"),
        ("#!MSG    which goes on here.", "#    which goes on here."),
        ("# #!MSG # once", "# once"),
        ("#!MSG", "#"),
    ],
)
def test_a_message_keeps_its_own_indentation(tmp_path, tag, shown):
    body = f"def f(x):\n    #!TAG HWBEGIN\n    {tag}\n    return x\n    #!TAG HWEND"
    assert question_cell(tmp_path, body).split("\n")[1] == f"    {shown}"


def test_each_statement_of_a_cell_is_cut_by_itself(tmp_path):
    body = "\n".join(
        [
            "import math",
            "@property",
            "def f(x):",
            "    #!TAG HWBEGIN",
            "    #!MSG TODO 1",
            "    return x",
            "    #!TAG HWEND",
            "# between",
            "a = (",
            "    #!TAG HWBEGIN",
            "    1",
            "    #!TAG HWEND",
            "); b = 2",
            "#!TAG HWBEGIN",
            "def g(x):",
            "    return 1",
            "def h(x):",
            "    #!TAG HWEND",
            "    return 2",
        ]
    )
    wanted = "\n".join(
        [
            "import math",
            "@property",
            "def f(x):",
            "    # TODO 1",
            "    raise NotImplementedError",
            "# between",
            "a = (",
            "    ...",
            "); b = 2",
        ]
    )
    with pytest.raises(TemplateError) as caught:
        question_cell(tmp_path, body)
    assert "what is left of the cell" in str(caught.value), "h keeps its body, but not its head"
    whole = body.replace("def h(x):\n    #!TAG HWEND\n    return 2", "#!TAG HWEND")
    assert question_cell(tmp_path, whole) == wanted


@pytest.mark.parametrize(
    ("before", "after", "torn"),
    [
        ("It is $a", "= b$.", False),
        ("```", "code\n```", False),
        ("~~~\ncode\n~~~", "text", True),
        ("<!-- a", "b -->", False),
        (r"\begin{align}", "x\n\\end{align}", False),
        ("$$ x $$", "text", True),
        ("costs \\$$5", "and $6", True),
        ("`$$`", "text", True),
    ],
)
def test_a_cut_parts_paragraphs_but_no_code_and_no_formula(tmp_path, before, after, torn):
    path = tmp_path / "lab.md"
    path.write_text(f"{before}\n#!TAG HWBEGIN\nsecret\n#!TAG HWEND\n{after}\n")
    (cell,) = make_versions(read_template(path)).question.notebook.cells
    assert cell.source == f"{before}\n{chr(10) * torn}{after}"
