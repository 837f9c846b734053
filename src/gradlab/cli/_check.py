"""`gradlab check`: is this the gradient of that loss? Both are named as module:name."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradlab._errors import GradlabError
from gradlab._words import counted

if TYPE_CHECKING:
    from gradlab.cli._checked import Checked

_DEFAULT_POINTS = ("at", "point", "inputs")


def check(
    loss: Annotated[
        str,
        typer.Argument(
            metavar="MODULE:LOSS",
            help="The loss, or a function with a backward pass of its own; a module or a file alone for all that is "
            "marked in it by gl.testing.gradient_of and gl.testing.checked.",
        ),
    ],
    gradient: Annotated[
        str | None,
        typer.Argument(metavar="MODULE:GRADIENT", help="Its gradient. Default: the backward pass of the loss."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="POINT",
            help="Where: numbers (1.0,-2.5) or module:name. Default: `at`, `point` or `inputs` of the loss's module.",
        ),
    ] = None,
    entries: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Only these entries, by position or by name: 0,3 or b_1,w_12")
    ] = None,
    tolerance: Annotated[
        float, typer.Option(metavar="T", help="The relative difference from which an entry is wrong.")
    ] = 2e-4,
    precision: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Examine the formula in it, too: float32, float16 or bfloat16.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many points are drawn for each mark that draws its point.")
    ] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report, or a list of them, as JSON.")] = False,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the verdicts as JUnit's XML, too.", dir_okay=False)
    ] = None,
    allow_undecided: Annotated[
        bool, typer.Option("--allow-undecided", help="Exit with 0 if nothing could be decided, too.")
    ] = False,
) -> None:
    """Check a gradient against differences of its loss; exit with 1 unless it is right, with 2 if none is there.

    For example:

    * `gradlab check model:loss model:gradient --at 1.0,-2.5`
    * `gradlab check model.py:loss model.py:gradient --entries 0,3`
    * `gradlab check layers:MyFunction --at layers:inputs --precision float32`
    * `gradlab check gradients.py --junit report.xml`
    """
    # NumPy is for those who check, not for those who ask for help.
    from gradlab.cli._checked import marked_in, show

    if gradient is None and (":" not in loss or Path(loss).is_file()):
        found = marked_in(_module(loss, "the module"), loss, seeds)
    else:
        found = [_named(loss, gradient, at, entries, tolerance, precision, allow_undecided)]
    show(found, as_json, junit, alone=":" in loss)
    if not all(check.passes for check in found):
        raise typer.Exit(1)


def _named(
    loss: str,
    gradient: str | None,
    at: str | None,
    entries: str | None,
    tolerance: float,
    precision: str | None,
    allow_undecided: bool,
) -> Checked:
    from gradlab.check import CheckError, check_function, check_gradient
    from gradlab.cli._checked import Checked

    function = _load(loss, "the loss")
    point = _point(at, loss)
    options: dict[str, Any] = {"tolerance": tolerance, "precision": precision}
    if entries is not None:
        options["entries"] = [int(part) if part.lstrip("-").isdigit() else part for part in _split(entries)]
    try:
        if gradient is None:
            report = check_function(function, point, **options)
        else:
            report = check_gradient(function, _load(gradient, "the gradient"), point, **options)
    except CheckError as problem:
        home, numbers = loss.rpartition(":")[0], point if isinstance(point, list) else []
        if numbers and gradient is None:
            hint = f"plain numbers; a Function or a Module is checked at tensors with a name, as --at {home}:inputs."
        elif numbers and isinstance(problem.__cause__, TypeError):
            named = tuple(numbers) if len(numbers) > 1 else numbers[0]
            hint = f"an array of {counted(len(numbers), 'number')}; what takes plain numbers is checked at a point "
            hint += f"that has a name: --at {home}:point, with point = {named} there."
        else:
            raise
        raise GradlabError(f"{problem} --at {at} hands over {hint}") from problem
    return Checked(gradient or loss, report, allow_undecided)


def _split(text: str) -> list[str]:
    """Parts between commas, but not between those inside brackets: w[0, 1] is one name."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "[") - (character == "]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _point(text: str | None, loss: str) -> Any:
    if text is None:
        module = loss.rpartition(":")[0]
        for name in _DEFAULT_POINTS:
            found = getattr(_module(module, "the loss"), name, None)
            if found is not None:
                return found
        raise typer.BadParameter(
            f"where? Give --at with numbers, as in --at 1.0,-2.5, or with module:name, or define `at` in {module}"
        )
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return _load(text, "the point")


def _load(text: str, what: str) -> Any:
    """The object that module:name stands for, from an importable module or from a file."""
    module, colon, name = text.rpartition(":")
    if not colon or not module or not name:
        raise typer.BadParameter(f"{text!r} is not {what}; write module:name, as in model:loss, or model.py:loss")
    item: Any = _module(module, what)
    for part in name.split("."):
        if not hasattr(item, part):
            raise typer.BadParameter(f"{module} has no {name}, which was given as {what}")
        item = getattr(item, part)
    return item


def _module(name: str, what: str) -> Any:
    try:
        if name.endswith(".py"):
            return _from_file(Path(name))
        # As with python -m, modules in the current folder are found.
        if "" not in sys.path and str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))
        return importlib.import_module(name)
    except typer.BadParameter:
        raise
    except Exception as problem:
        kind = type(problem).__name__
        raise typer.BadParameter(f"{what} cannot be loaded from {name}: {kind}: {problem}") from problem


def _from_file(path: Path) -> Any:
    if not path.is_file():
        raise typer.BadParameter(f"there is no file {path}")
    key = f"gradlab_checked_{path.stem}"
    if key in sys.modules and sys.modules[key].__file__ == str(path.resolve()):
        return sys.modules[key]
    spec = importlib.util.spec_from_file_location(key, path.resolve())
    if spec is None or spec.loader is None:
        raise typer.BadParameter(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[key] = module
    spec.loader.exec_module(module)
    return module
