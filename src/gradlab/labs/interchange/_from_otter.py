"""Otter's assign format: raw cells open and close questions, prompts, solutions and tests; comments mark lines.

As in Otter 4 to 7. A test that compares a printed result becomes an assert of that result.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gradlab._errors import GradlabError
from gradlab.labs.interchange._write import MESSAGE, Writer, homework, without_ends

if TYPE_CHECKING:
    from nbformat import NotebookNode

_BOUNDARY = re.compile(r"#\s+(begin|end)\s+(question|prompt|solution|tests)\b", re.IGNORECASE)
_FENCE = re.compile(r"^```otter[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_CONFIG = re.compile(r"#\s+assignment\s+config\b", re.IGNORECASE)
_IGNORE = re.compile(r"(?:##\s*ignore\s*##|#\s*ignore\s*$)", re.IGNORECASE)
_TEST_CONFIG = re.compile(r'(?:\w+\s*=\s*)?"""\s*#\s*BEGIN\s+TEST\s+CONFIG', re.IGNORECASE)
_LINE = re.compile(r"^(?P<code>.*?)\s*#\s?SOLUTION(?P<bare>\s+NO PROMPT)?\s*$")
_NEARLY = re.compile(r"#\s*SOLUTION\b(?:\s+NO\b.*|\W*)$")
_IGNORED = re.compile(r"#\s*(?:BEGIN\s+|END\s+)?IGNORE$")
_SEED = re.compile(r"#\s*SEED$")
_ASSIGNED = re.compile(r"^(?P<indent>\s*)(?P<target>[\w.\[\]'\", ]+?)\s*=(?!=)\s*(?P<value>.*)$")
_BEGIN, _END = re.compile(r"^\s*# BEGIN SOLUTION"), re.compile(r"# END SOLUTION\s*$")
CONFIG: Final = "# ASSIGNMENT CONFIG"
PLUGIN: Final = ("# BEGIN PLUGIN", "# BEGIN PLUGIN EXPORT")
STRIP: Final = "strip_solutions_from_all_cells: true"
_OURS = re.compile(rf"{CONFIG}\nname: .*\n{STRIP}\nexport_cell: false")
_KNOWN: Final = frozenset({"name", "points", "manual"})
_TYPE_HERE: Final = "_Type your answer here, replacing this text._"
_PROMPT: Final = ("# BEGIN PROMPT", "# END PROMPT")


@dataclass(slots=True)
class _Question:
    """An open question, and what of it has been seen."""

    name: str = ""
    points: Any = None
    manual: bool = False
    block: str = ""
    key: list[str] = field(default_factory=lambda: list[str]())
    prompt: list[str] = field(default_factory=lambda: list[str]())
    tests: list[tuple[list[str], dict[str, Any]]] = field(
        default_factory=lambda: list[tuple[list[str], dict[str, Any]]]()
    )


def is_ours(notebook: NotebookNode) -> bool:
    """Whether raw cells open an assignment or a question."""
    return any(cell.cell_type == "raw" and _marker(cell) is not None for cell in _unfenced(notebook))


def _unfenced(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells, with prose in the fences ```otter as raw cells of their own."""
    from nbformat import v4

    cells: list[NotebookNode] = []
    for cell in notebook.cells:
        parts = _FENCE.split(cell.source) if cell.cell_type == "markdown" else [""]
        if len(parts) == 1:
            cells.append(cell)
            continue
        for index, text in enumerate(parts):
            if text.strip():
                cells.append(v4.new_raw_cell(text) if index % 2 else v4.new_markdown_cell(text.strip("\n")))
    return cells


def _marker(cell: NotebookNode) -> re.Match[str] | None:
    first = cell.source.lstrip().split("\n")[0]
    return _BOUNDARY.match(first) or _CONFIG.match(first)


def read(notebook: NotebookNode, writer: Writer) -> None:
    """Put the cells of a notebook into a template.

    Raises:
        GradlabError: if a block is not closed, or closes nothing.
    """
    question: _Question | None = None
    for number, cell in enumerate(_unfenced(notebook), 1):
        found = _marker(cell) if cell.cell_type == "raw" else None
        if found is not None and _BOUNDARY.match(found[0]):
            question = _boundary(writer, number, cell, found, question)
        elif found is not None:
            _settings(writer, cell)
        elif _IGNORE.match(cell.source.split("\n")[0]):
            writer.note(without_ends(cell.source.split("\n")[1:]))
        else:
            _cell(writer, number, cell, question)
    if question is not None:
        raise GradlabError(f"the question {question.name!r} is never closed; write a raw cell '# END QUESTION'")


def _settings(writer: Writer, cell: NotebookNode) -> None:
    if _OURS.fullmatch(cell.source.strip()):
        return
    names = [line.split(":")[0] for line in cell.source.split("\n")[1:] if re.match(r"\w+:", line)]
    writer.note(cell.source.strip().split("\n"))
    if names:
        told = f"Otter's settings of the assignment do nothing here: {', '.join(names)}"
        writer.remarks.append(f"{told}; a note keeps them for the way back")


def _boundary(
    writer: Writer, number: int, cell: NotebookNode, found: re.Match[str], question: _Question | None
) -> _Question | None:
    opens, block = found[1].lower() == "begin", found[2].lower()
    if block == "question" and opens:
        if question is not None:
            raise GradlabError(f"cell {number}: a question begins inside the question {question.name!r}")
        return _opened(writer, cell, number)
    if question is None:
        raise GradlabError(f"cell {number}: {found[0]} stands outside of a question")
    if block == "question":
        _close(writer, question)
        return None
    if opens == bool(question.block) or (not opens and question.block != block):
        raise GradlabError(f"cell {number}: {found[0]} does not fit: {question.block or 'no block'} is open")
    question.block = block if opens else ""
    return question


def _opened(writer: Writer, cell: NotebookNode, number: int) -> _Question:
    import yaml

    try:
        given = yaml.safe_load(cell.source) or {}
    except yaml.YAMLError as problem:
        raise GradlabError(f"cell {number}: the settings of the question cannot be read") from problem
    if not isinstance(given, dict):
        raise GradlabError(f"cell {number}: the settings of the question are no 'key: value'")
    question = _Question(str(given.get("name", f"q{number}")), given.get("points"), bool(given.get("manual")))
    lost = [str(name) for name, value in given.items() if name not in _KNOWN or not _taken(name, value)]
    if lost:
        writer.remarks.append(f"cell {number}: of the question {question.name!r} is not taken over: {', '.join(lost)}")
    return question


def _taken(name: str, value: Any) -> bool:
    each = value.get("each") if isinstance(value, dict) and len(value) == 1 else value
    several = each if isinstance(each, list) else [each]
    return name != "points" or value is None or all(isinstance(one, int | float) for one in several)


def _cell(writer: Writer, number: int, cell: NotebookNode, question: _Question | None) -> None:
    lines = cell.source.split("\n")
    block = question.block if question is not None else ""
    if question is not None and block == "tests":
        if cell.cell_type == "code":
            question.tests.append(_test(lines, cell.get("outputs", [])))
    elif question is not None and block == "prompt":
        if cell.cell_type == "code":
            question.prompt += [] if cell.source.strip() in ("", "...") else lines
        elif _TYPE_HERE not in cell.source:
            writer.prose(lines)
    elif cell.cell_type == "code":
        _code(writer, number, lines, question if block == "solution" else None)
    elif question is not None and block == "solution" and "otter_include" not in cell.metadata.get("tags", ()):
        question.key += [*lines, ""]
    else:
        writer.prose(lines, "raw" if cell.cell_type == "raw" else "markdown")


def _code(writer: Writer, number: int, lines: list[str], solves: _Question | None) -> None:
    """Code; before the homework of the question that it solves stands what Otter shows in its place."""
    code, plugins = _without_plugins(lines)
    tagged = _tagged(code, number)
    prompt, begins = solves.prompt if solves else [], "#!TAG HWBEGIN"
    at = next((row for row, line in enumerate(tagged) if line.lstrip() == begins), None)
    if solves is not None and prompt and at is not None:
        rest = [row for row in tagged[at + 1 :] if row.strip() != f"#!MSG {MESSAGE}"]
        tagged, solves.prompt = [*tagged[: at + 1], *(f"#!MSG {line}".rstrip() for line in prompt), *rest], []
    if not plugins or without_ends(tagged):
        writer.code(tagged, homework=at is not None)
    for plugin in plugins:
        writer.note(plugin)
        told = f"cell {number} calls a plugin of Otter's ({plugin[0].strip()}), which does nothing here"
        writer.remarks.append(f"{told}; a note keeps it for the way back")


def _without_plugins(lines: list[str]) -> tuple[list[str], list[list[str]]]:
    """Code without the blocks in which Otter calls its plugins, and those."""
    code: list[str] = []
    plugins: list[list[str]] = []
    inside = False
    for line in lines:
        begins = line.rstrip().endswith(PLUGIN)
        if begins:
            plugins.append([])
        inside = inside or begins
        (plugins[-1] if inside else code).append(line)
        inside = inside and not line.rstrip().endswith("# END PLUGIN")
    return code, plugins


def _tagged(lines: list[str], number: int) -> list[str]:
    """Code with our tags in place of the marks of Otter."""
    out: list[str] = []
    inside: tuple[str, list[str]] | None = None
    prompting = ignoring = False
    for line in lines:
        end = line.rstrip()
        if ignoring or _IGNORED.search(end):  # in none of Otter's versions
            ignoring = (ignoring or "BEGIN" in end) and "END IGNORE" not in end
        elif _SEED.search(end):  # in Otter's own version of the solution alone
            out += ["#!TAG HWBEGIN", line, "#!TAG HWEND"]
        elif end.endswith(_PROMPT) or prompting:
            # What the students get in place of the solution is what they are told about it here.
            if prompting and not end.endswith(_PROMPT[1]):
                out = _told(out, line)
            prompting = not end.endswith(_PROMPT[1])
        elif inside is None and _BEGIN.match(line):
            inside = (line[: len(line) - len(line.lstrip())], [])
        elif inside is not None and _END.search(line):
            out += homework(out, inside[1], inside[0])
            inside = None
        elif inside is not None:
            inside[1].append(line)
        else:
            out += _line(line, out)
    if inside is not None:
        raise GradlabError(f"cell {number}: # BEGIN SOLUTION is never closed; write '# END SOLUTION' where it ends")
    return out


def _told(before: list[str], line: str) -> list[str]:
    """Code with a line of a prompt as a message of the homework that it ends with, or as a comment."""
    if not before or before[-1].strip() != "#!TAG HWEND":
        return [*before, f"# {line}".rstrip()]
    own = [row for row in before[:-1] if row.strip() != f"#!MSG {MESSAGE}"]
    return [*own, f"#!MSG {line}".rstrip(), before[-1]]


def _line(line: str, before: list[str]) -> list[str]:
    found = _LINE.match(line)
    if found is None:
        if _NEARLY.search(line):
            raise GradlabError(
                f"{line.strip()!r} ends in nearly a mark, and none; write '# SOLUTION' or '# SOLUTION NO PROMPT'"
            )
        return [line]
    code = found["code"]
    indent = code[: len(code) - len(code.lstrip())]
    given = None if found["bare"] else _ASSIGNED.match(code)
    if given is None:
        return homework(before, [code], indent)
    value = homework([], [f"{indent}    {given['value']}"], f"{indent}    ")
    return [f"{indent}{given['target'].rstrip()} = (", *value, f"{indent})"]


def _test(lines: list[str], outputs: list[Any]) -> tuple[list[str], dict[str, Any]]:
    """The lines of a test and its settings."""
    import yaml

    given: dict[str, Any] = {"hidden": bool(re.match(r"\s*#.*\bhidden\b", lines[0], re.IGNORECASE))}
    if _TEST_CONFIG.match(lines[0]):
        end = next((row for row, line in enumerate(lines) if re.search(r"END\s+TEST\s+CONFIG", line, re.IGNORECASE)), 0)
        given |= yaml.safe_load("\n".join(lines[1:end])) or {}
        lines = lines[end + 1 :]
    elif given["hidden"]:
        lines = lines[1:]
    shown = "".join(_shown(output) for output in outputs)
    return _asserted(without_ends(lines), shown.strip("\n"), given), given


def _shown(output: Any) -> str:
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    return text if isinstance(text, str) else "".join(text)


def _asserted(lines: list[str], shown: str, given: dict[str, Any]) -> list[str]:
    """A test as asserts: its last expression has to be what stood below it; a function with asserts is called."""
    try:
        body = ast.parse("\n".join(lines)).body
    except SyntaxError:
        return lines
    said = given.get("failure_message")
    message = f", {str(said)!r}" if said else ""
    if len(body) == 1 and isinstance(body[0], ast.FunctionDef):
        # Otter hands the names that the function asks for to it, and all of them as `env`.
        given_names = ("globals()" if argument.arg == "env" else argument.arg for argument in body[0].args.args)
        return [*lines, f"{body[0].name}({', '.join(given_names)})"]
    last = body[-1] if body else None
    if not isinstance(last, ast.Expr) or not shown:
        return lines
    if any(isinstance(node, ast.Name) and node.id == "print" for part in body for node in ast.walk(part)):
        return [
            "import contextlib, io",
            "with contextlib.redirect_stdout(io.StringIO()) as _printed:",
            *(f"    {line}" for part in body[:-1] for line in ast.unparse(part).split("\n")),
            f"    _value = {ast.unparse(last.value)}",
            "_shown = _printed.getvalue() + ('' if _value is None else repr(_value))",
            f"assert _shown.strip('\\n') == {shown!r}{message}",
        ]
    head = lines[: last.lineno - 1]
    expression = ast.unparse(last.value)
    if shown in ("True", "False"):
        return [*head, f"assert ({expression}) == {shown}{message}"]
    return [*head, f"assert repr({expression}) == {shown!r}{message}"]


def _close(writer: Writer, question: _Question) -> None:
    if question.block:
        raise GradlabError(f"the {question.block} of the question {question.name!r} is never closed")
    key = without_ends(question.key)
    if question.manual:
        writer.answer(_number(question.points, 1.0), key)
    elif key:
        writer.prose(["#!TAG HWBEGIN", "", *key, "", "#!TAG HWEND"])
    if question.prompt:
        told = f"the prompt of the question {question.name!r} is not taken over: {question.prompt[0][:60]!r}"
        writer.remarks.append(told)
    for (lines, settings), points in zip(question.tests, _shares(question), strict=True):
        worth = 0.0 if question.manual else points
        writer.check(str(settings.get("name") or question.name), worth, lines, hidden=bool(settings.get("hidden")))


def _shares(question: _Question) -> list[float]:
    """What each test is worth: its own points, else those that the question gives it, else a share of what is left."""
    said, count = question.points, len(question.tests)
    said = [said.get("each")] * count if isinstance(said, dict) else said
    by_place = [*said, *[None] * count] if isinstance(said, list) else [None] * count
    own = [place if given.get("points") is None else given["points"]
           for (_, given), place in zip(question.tests, by_place, strict=False)]  # fmt: skip
    given = sum(_number(points, 0.0) for points in own)
    left = sum(points is None for points in own)
    share = max(0.0, _number(said, given + left) - given) / left if left else 0.0
    return [share if points is None else _number(points, 0.0) for points in own]


def _number(value: Any, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default
