"""The commands put together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from gradlab._version import __version__
from gradlab._words import meant
from gradlab.cli._check import check
from gradlab.cli._derive import derive
from gradlab.cli._descend import descend
from gradlab.cli._doctor import doctor
from gradlab.cli._example import example
from gradlab.cli._fractal import fractal
from gradlab.cli._lab import lab
from gradlab.cli._play import play
from gradlab.cli._prove import prove
from gradlab.cli._sweep import SweepCommand, sweep

_ABOUT = r"""A laboratory for gradients: derive them, check them, descend and train with them, teach with them.

Three things to try, by who you are:

* a student with a derivative: `gradlab prove '\frac{d}{dx} x^3 = 3x^2'`
* an instructor with a lab: `gradlab lab new my-lab.md`, then `gradlab lab check my-lab.md`
* a researcher with a gradient: `gradlab example check_a_gradient`, then `gradlab check check_a_gradient.py`

And to see more:

* `gradlab derive --mlp 2,2,1 --wrt w_12`
* `gradlab descend "(x1 - 6)**2 + x2**2 - x1*x2" --start 6,6 --steps 1/2,1/3,1/4`
* `gradlab fractal`, the boundary of trainability as a picture
* `gradlab example`, scripts to begin with
* `gradlab doctor`, what is installed and what is missing for what

Each command has its own help: `gradlab derive --help`.
"""

# Expressions may begin with a minus sign, which is no option.
_EXPRESSIONS = {"ignore_unknown_options": True}
_OPTION = re.compile(r"--[a-z]{2,}(-[a-z]+)*")  # a formula that begins so has brackets or signs


class _Expressions(TyperCommand):
    """A command that takes expressions, and knows an option that there is not from one of them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments."""
        known = [name for each in self.get_params(ctx) for name in (*each.opts, *each.secondary_opts)]
        for arg in args[: args.index("--")] if "--" in args else args:
            name = arg.partition("=")[0]
            if _OPTION.fullmatch(name) and not any(one.startswith(name) for one in known):
                near = meant(name, known) or [one for one in known if len(one) > 3 and name.endswith(one[2:])]
                ctx.fail(f"there is no option {name}" + (f": did you mean {near[0]}?" if near else ""))
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="gradlab", help=_ABOUT, pretty_exceptions_enable=False, rich_markup_mode="markdown", add_completion=True
)
app.add_typer(lab, name="lab")
app.command()(check)
app.command(cls=_Expressions, context_settings=_EXPRESSIONS)(derive)
app.command(cls=_Expressions, context_settings=_EXPRESSIONS)(descend)
app.command()(doctor)
app.command()(example)
app.command()(fractal)
app.command()(play)
app.command(cls=_Expressions, context_settings=_EXPRESSIONS)(prove)
app.command(cls=SweepCommand)(sweep)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"gradlab {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _top(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


def run(arguments: Sequence[str] | None) -> int:
    """Run the commands and return the exit status; errors of gradlab's own pass through."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="gradlab")
    except SystemExit as finished:
        return finished.code if isinstance(finished.code, int) else int(finished.code is not None)
    return 0
