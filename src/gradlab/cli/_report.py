"""What a build made and verified, as a table; every entry was measured by the build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradlab._words import sized
from gradlab.cli._terminal import console_of

if TYPE_CHECKING:
    from gradlab.labs import BuiltLab, FailedLab

_WIDTH = 120  # 80 would break the file names


def print_built(result: BuiltLab) -> None:
    """Print the table of a lab's files, and below it what the build went on in spite of."""
    from rich.markup import escape
    from rich.table import Table

    console = console_of(_WIDTH)
    state = "up to date" if result.up_to_date else "built"
    title = f"{escape(str(result.template))}: {state} in {escape(str(result.folder))}"
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    table.add_column("file", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("pages", justify="right")
    table.add_column("verified", overflow="fold")
    for file in result.files:
        pages = str(file.pages) if file.pages is not None else ""
        table.add_row(escape(file.name), sized(file.size), pages, escape("; ".join(file.facts)))
    console.print(table)
    for name in result.removed:
        console.print(f"removed {escape(name)}, which an earlier build had made", soft_wrap=True)
    for warning in result.warnings:
        text = escape(str(warning)).replace(" warning: ", " [yellow]warning:[/] ", 1)
        console.print(text, soft_wrap=True)


def print_failed(result: FailedLab) -> None:
    """Print why a lab was not built."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True, highlight=False)
    for error in result.errors:
        console.print(escape(error).replace(" error: ", " [red]error:[/] ", 1), soft_wrap=True)
    console.print(
        f"{escape(str(result.template))}: not built; the files of an earlier build are as they were", soft_wrap=True
    )
