"""`gradlab descend`: gradient descent on a formula, exact where the numbers are."""

from __future__ import annotations

import re
from typing import Annotated

import typer

import gradlab
from gradlab.cli._options import FORMULA, one_of
from gradlab.cli._terminal import terminal_width
from gradlab.rules import Rule

_RATIONAL = re.compile(r"[+-]?\d+(?:/\d+)?")


def descend(
    expression: Annotated[str, typer.Argument(help=FORMULA)],
    start: Annotated[str, typer.Option(metavar="NUMBERS", help="Where to start, one number a variable: 6,6")],
    rate: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="The same step size throughout: 0.1 or 1/10")
    ] = None,
    steps: Annotated[
        str | None, typer.Option(metavar="NUMBERS", help="The step sizes one by one instead: 1/2,1/3,1/4")
    ] = None,
    rule: Annotated[
        str | None,
        typer.Option(metavar="RULE", help=f"{one_of(Rule)}; with its numbers: 'adam(beta1=0.8)'. Default: the first."),
    ] = None,
    max_steps: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="The most steps to take; default 1000.")
    ] = None,
    tolerance: Annotated[float, typer.Option(metavar="T", help="Stop where the gradient's norm is within T.")] = 1.5e-8,
) -> None:
    """Go down a function step by step and say how it ended.

    Whole numbers and fractions (6, 1/2) are worked with exactly; with a decimal (6.0, 0.1) among them it is
    floating-point work.

    For example:

    * `gradlab descend "(x1 - 6)**2 + x2**2 - x1*x2" --start 6,6 --steps 1/2,1/3,1/4`
    * `gradlab descend "(x1 - 6)**2 + x2**2 - x1*x2" --start 6,6 --rate 0.1 --max-steps 20`
    * `gradlab descend "(x1 - 6)**2 + x2**2 - x1*x2" --start 6,6 --rate 0.1 --rule "momentum(momentum=0.5)"`
    * `gradlab descend "x**4 - x**2" --start -2 --rate 0.05 --tolerance 1e-6`
    """
    if (rate is None) == (steps is None) and (rule is None or rate is not None):
        raise typer.BadParameter("give either --rate, as in --rate 0.1, or --steps, as in --steps 1/2,1/3,1/4")
    function = gradlab.function(expression)
    point = tuple(_number(part, "--start") for part in start.split(","))
    sizes = [_number(part, "--steps") for part in steps.split(",")] if steps is not None else None
    learning_rate = _number(rate, "--rate") if rate is not None else None
    trace = gradlab.descend(
        function,
        start=point,
        learning_rate=learning_rate,
        rule=rule,
        steps=sizes,
        max_steps=max_steps,
        tolerance=tolerance,
    )
    print(trace.table(width=terminal_width()))


def _number(text: str, option: str) -> str | float:
    """Return a fraction as it is written, to be worked with exactly, and anything else as a float."""
    text = text.strip()
    if _RATIONAL.fullmatch(text):
        return text
    try:
        return float(text)
    except ValueError as problem:
        raise typer.BadParameter(f"{option}: {text!r} is not a number; write one such as 6, 1/2 or 0.1") from problem
