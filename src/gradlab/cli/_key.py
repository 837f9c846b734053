"""What `gradlab lab check` found, printed: the remarks, and the equations of the key as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradlab._words import counted
from gradlab.cli._terminal import console_of

if TYPE_CHECKING:
    from rich.table import Table

    from gradlab.labs import CheckedTemplate
    from gradlab.prove import DocumentProof

_WIDTH, _WIDE = 140, 100


def print_checked(checked: CheckedTemplate, proof: DocumentProof) -> None:
    """Print the remarks on a template, its leaks, and a table of its equations."""
    from rich.markup import escape

    console = console_of(_WIDTH)
    name = escape(str(checked.path))
    for remark in (*checked.remarks, *checked.leaks):
        console.print(escape(str(remark)).replace(" warning: ", " [yellow]warning:[/] ", 1), soft_wrap=True)
    console.print(f"{name}: lint: {counted(len(checked.faults), 'remark')}", soft_wrap=True)
    looked = f"{counted(checked.looked_for, 'line')} of the solution looked for"
    console.print(f"{name}: leaks: {len(checked.leaks) or 'none'} ({looked})", soft_wrap=True)
    if not proof.rows:
        console.print(f"{name}: no equations to prove", soft_wrap=True)
        return
    console.print(_table(checked, proof, wide=console.width >= _WIDE))
    console.print(f"{name}: {_total(proof)}", soft_wrap=True)


def _table(checked: CheckedTemplate, proof: DocumentProof, *, wide: bool) -> Table:
    from rich.markup import escape
    from rich.table import Table

    from gradlab.prove import Truth

    graph = f" against {checked.graph}" if checked.graph else ""
    table = Table(title=escape(f"equations{graph}"), title_justify="left", title_style="bold", header_style="bold")
    table.add_column("line", justify="right", no_wrap=True)
    table.add_column("question", overflow="fold")
    table.add_column("in", no_wrap=True)
    for heading in ("TRUE", "FALSE", "NOT UNDERSTOOD" if wide else "?"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("repair", overflow="fold", min_width=20 if wide else None)
    for row in proof.rows:
        counts = [row.count(truth) for truth in Truth]
        shown = [str(counts[0] or ""), f"[red]{counts[1]}[/]" if counts[1] else "", str(counts[2] or "")]
        where = "key" if row.in_key else "text"
        table.add_row(str(row.place.line), escape(row.question), where, *shown, escape("\n".join(row.notes)))
    return table


def _total(proof: DocumentProof) -> str:
    return f"{counted(len(proof.rows), 'equation')}, {proof.summary}"
