"""A template in Otter's assign format."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from gradlab.labs.interchange._from_nbgrader import WHOLE
from gradlab.labs.interchange._from_otter import CONFIG, PLUGIN, STRIP
from gradlab.labs.interchange._pieces import AnswerPart, AsidePart, CheckPart, CodePart, Part, ProsePart, marked


def cells(parts: Sequence[Part], name: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Write the parts of a template in Otter's assign format.

    Returns:
        The cells, and what Otter has no place for.
    """
    config = f"{CONFIG}\nname: {name}\n{STRIP}\nexport_cell: false"
    made = [_cell("raw", [config])]
    remarks: list[str] = []
    index = 0
    while index < len(parts):
        part = parts[index]
        checks = _checks_behind(parts, index) if isinstance(part, CodePart) else []
        match part:
            case ProsePart(rows, kind):
                made.append(_cell(kind, rows))
            case CodePart() if checks:
                made += _question(checks[0].name, sum(check.points for check in checks), [_code(part)], checks)
                index += len(checks)
            case CodePart():
                made.append(_code(part))
            case CheckPart():
                made += _question(part.name, part.points, [], [part])
            case AnswerPart(points, key):
                # What was asked belongs into the question: Otter's PDF shows the questions alone.
                asked = [made.pop()] if made[-1]["cell_type"] == "markdown" else []
                begin, *others = _question(
                    f"answer-{index}", points, [_cell("markdown", key or [" "])], [], "manual: true"
                )
                made += [begin, *asked, *others]
            case AsidePart(rows, _, True) if " ".join(rows[0].split()).upper() == CONFIG:  # as it was once read
                made[0] = _cell("raw", rows if STRIP in rows else [*rows, STRIP])
            case AsidePart(rows, _, True) if rows[0].rstrip().endswith(PLUGIN):
                made.append(_cell("code", rows))
            case AsidePart(rows, kind, is_note):
                made.append(_cell(kind, ["## Ignore ##" if kind == "markdown" else "# Ignore", *rows]))
                if not is_note:
                    remarks.append(
                        f"line {part.line}: key that belongs to no answer cell is in none of Otter's versions"
                    )
        index += 1
    return made, remarks


def _checks_behind(parts: Sequence[Part], index: int) -> list[CheckPart]:
    found: list[CheckPart] = []
    for part in parts[index + 1 :]:
        if not isinstance(part, CheckPart):
            break
        found.append(part)
    return found


def _question(
    name: str,
    points: float,
    solution: list[dict[str, Any]],
    checks: Sequence[CheckPart],
    more: str = "",
) -> list[dict[str, Any]]:
    made = [_cell("raw", ["# BEGIN QUESTION", f"name: {name}", f"points: {points:.12g}", *([more] if more else [])])]
    if solution:
        made += [_cell("raw", ["# BEGIN SOLUTION"]), *solution, _cell("raw", ["# END SOLUTION"])]
    if checks:
        made += [_cell("raw", ["# BEGIN TESTS"]), *(_test(part) for check in checks for part in _two(check))]
        made.append(_cell("raw", ["# END TESTS"]))
    return [*made, _cell("raw", ["# END QUESTION"])]


def _two(check: CheckPart) -> list[CheckPart]:
    """A check that is visible in part as two: the part without points, the whole hidden."""
    if not check.shown:
        return [check]
    shown = tuple(row for index, row in enumerate(check.rows) if index in check.shown)
    return [
        CheckPart(check.name, 0.0, False, shown),
        CheckPart(check.name + WHOLE, check.points, True, check.rows),
    ]


def _test(check: CheckPart) -> dict[str, Any]:
    hidden = str(check.hidden).lower()
    # Otter passes over the name; it is there for the way back.
    given = [f"name: {check.name}", f"points: {check.points:.12g}", f"hidden: {hidden}"]
    settings = ['""" # BEGIN TEST CONFIG', *given, '""" # END TEST CONFIG']
    return _cell("code", [*settings, *_silent(check.rows)])


def _silent(rows: Sequence[str]) -> list[str]:
    """Code that shows no value: Otter compares what a test shows, as doctests do, with what is to be shown, nothing."""
    made = [row.encode() for row in rows]
    for place in sorted(_shown_values(ast.parse("\n".join(rows))), reverse=True):
        row, column = place[0] - 1, place[1]
        made[row] = made[row][:column] + b"_ = " + made[row][column:]
    return [row.decode() for row in made]


def _shown_values(tree: ast.AST) -> Iterator[tuple[int, int]]:
    """Where expressions stand as statements, outside of functions and classes, which show nothing."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr):
            yield node.lineno, node.col_offset
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _shown_values(node)


def _code(part: CodePart) -> dict[str, Any]:
    return _cell("code", marked(part, "# BEGIN SOLUTION", "# END SOLUTION"))


def _cell(kind: str, rows: Sequence[str]) -> dict[str, Any]:
    return {"cell_type": kind, "source": "\n".join(rows), "metadata": {}}
