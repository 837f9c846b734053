"""gradlab's gradient check beside its peers on what nobody here thought of: public bug reports, random programs.

python benchmarks/bench_wild.py                    measure and write benchmarks/RESULTS.md
python benchmarks/bench_wild.py --seeds 100 --only gradlab --verbose
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _results import write_section
from check_wild import COUNT, REPORTS, Program, Report, large, programs
from check_wild._named import Names, listening
from check_wild._report import Function, Loss

TITLE = "Gradient checks in the wild"
# The precision of the inputs, and whether the programs compute in float32 whatever they are given.
MODES = {
    "float64": (torch.float64, False),
    "float32": (torch.float32, False),
    "float32, black box": (torch.float32, True),
}


@dataclass(frozen=True)
class Answer:
    """What a checker said.

    Attributes:
        checker: Who was asked.
        group: About what kind of question.
        name: About which.
        right: What is right.
        said: The verdict, or what was raised.
        seconds: How long it took, in processor time.
        evaluations: How often the function was evaluated; 0 where nobody counted.
        told: What is said to be wrong, each sentence after "true: " or "false: " where that was put to the test.
    """

    checker: str
    group: str
    name: str
    right: str
    said: str
    seconds: float
    evaluations: int = 0
    told: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """In one word of the table."""
        if self.said.startswith("error"):
            return "crash"
        if self.said == "UNDECIDED":
            return "undecided"
        if self.said == "WRONG":
            return "false alarm" if self.right in ("CORRECT", "NOT_WRONG") else "found"
        return "miss" if self.right in ("WRONG", "NOT_CORRECT") else "accepted"


def by_gradlab(question: Loss | Function) -> Any:
    """gradlab's report."""
    import gradlab as gl

    if isinstance(question, Loss):
        return gl.check_gradient(question.loss, question.gradient, at=question.at)
    options = {"order": question.order} if question.order > 1 else {}
    return gl.check_function(question.function, question.inputs, **options)


def by_peer(question: Loss | Function) -> str:
    """The verdict of the check that comes with the framework: torch's, jax's or scipy's; "" where it has none."""
    if isinstance(question, Loss):
        return _by_scipy(question)
    if isinstance(question.inputs[0], torch.Tensor):
        return _by_torch(question)
    from jax.test_util import check_grads

    try:
        check_grads(question.function, question.inputs, order=question.order, modes=("rev",))
    except AssertionError:
        return "WRONG"
    return "CORRECT"


def _by_torch(question: Function) -> str:
    check = torch.autograd.gradcheck if question.order == 1 else torch.autograd.gradgradcheck
    function = getattr(question.function, "apply", question.function)
    inputs = tuple(x.detach().clone().requires_grad_() for x in question.inputs)
    return "CORRECT" if check(function, inputs, raise_exception=False) else "WRONG"


def _by_scipy(question: Loss) -> str:
    from check_cases import flatten, unflatten
    from scipy.optimize import check_grad

    if np.ndim(question.loss(question.at)) > 0:
        return ""
    point, gradient = question.at, question.gradient
    assert gradient is not None
    found = check_grad(
        lambda x: float(question.loss(unflatten(x, point))),
        lambda x: flatten(gradient(unflatten(x, point))),
        flatten(point),
    )
    return "CORRECT" if found < 1e-6 else "WRONG"


def ask(
    checker: str,
    check: Callable[[Any], Any],
    about: tuple[str, str, str],
    question: Any,
    program: Program | None = None,
) -> Answer | None:
    """One answer, about a group's question by its name and what is right; what a check raises is its answer, too."""
    report, started = None, time.process_time()
    with warnings.catch_warnings(), np.errstate(all="ignore"), _listening(program) as names:
        warnings.simplefilter("ignore")
        try:
            said = check(question)
        except Exception as error:  # What a check raises is its answer, and is counted as such.
            said = f"error: {type(error).__name__}: {error}"[:200]
        seconds = time.process_time() - started
        if isinstance(said, str):
            return Answer(checker, *about, said, seconds) if said else None
        report = said
        told = tuple(f"{_true(names, each)}{each.kind.name}: {each.sentence}" for each in report.diagnoses)
    return Answer(checker, *about, report.verdict.name, seconds, report.evaluations, told)


def _listening(program: Program | None) -> AbstractContextManager[Names | None]:
    return nullcontext() if program is None else listening(program)


def _true(names: Names | None, diagnosis: Any) -> str:
    if names is None:
        return ""
    return "true: " if names.judge(diagnosis) else "false: "


def about_reports(reports: tuple[Report, ...], checkers: dict[str, Callable[[Any], Any]]) -> list[Answer]:
    """All checkers about all reports."""
    answers = [
        ask(name, check, ("reports", report.name, report.right), report.question())
        for report in reports
        for name, check in checkers.items()
    ]
    return [answer for answer in answers if answer is not None]


def about_programs(seeds: range, mode: str, checkers: dict[str, Callable[[Any], Any]]) -> list[Answer]:
    """All checkers about random programs."""
    answers: list[Answer | None] = []
    dtype, black_box = MODES[mode]
    # The peers are given the same numbers in both boxes.
    asked = {name: check for name, check in checkers.items() if name == "gradlab" or not black_box}
    for right, wrong in programs(seeds, dtype, black_box):
        for program in (right, wrong):
            if program is not None:
                answers += [_about(program, mode, name, check) for name, check in asked.items()]
    return [answer for answer in answers if answer is not None]


def about_large(mode: str, wrong: int) -> list[Answer]:
    """gradlab about a large network; no peer ends in this time."""
    dtype, black_box = MODES[mode]
    asked = [] if black_box or not wrong else large(dtype, wrong)
    group = f"{COUNT:,} parameters, {mode}"
    answers = [ask("gradlab", by_gradlab, (group, name, right), question) for name, right, question in asked]
    return [answer for answer in answers if answer is not None]


def _about(program: Program, mode: str, name: str, check: Callable[[Any], Any]) -> Answer | None:
    about = (
        f"programs, {mode}",
        f"{program.seed}: {program.mistake or 'right'}",
        "WRONG" if program.mistake else "CORRECT",
    )
    question = Function(program.function, program.inputs)
    return ask(name, check, about, question, program if program.mistake and name == "gradlab" else None)


def table(answers: list[Answer]) -> str:
    """Each group and checker with its outcomes."""
    columns = (
        "right: accepted", "undecided", "**false alarms**", "wrong: found", "named", "**wrongly**", "undecided",
        "**misses**", "crashes", "median evaluations, right", "wrong", "median ms, right", "wrong",
    )  # fmt: skip
    lines = ["| questions | check | " + " | ".join(columns) + " |", "| --- | --- " + "| --: " * len(columns) + "|"]
    for group, checker in dict.fromkeys((answer.group, answer.checker) for answer in answers):
        mine = [answer for answer in answers if (answer.group, answer.checker) == (group, checker)]
        count = collections.Counter((answer.right in ("CORRECT", "NOT_WRONG"), answer.outcome) for answer in mine)
        cells = [count[True, "accepted"], count[True, "undecided"], count[True, "false alarm"]]
        named = [sum(any(each.startswith(word) for each in a.told) for a in mine) for word in ("", "false: ")]
        cells += [count[False, "found"], *(named if checker == "gradlab" else ("", ""))]
        cells += [count[False, "undecided"], count[False, "miss"]]
        cells.append(count[True, "crash"] + count[False, "crash"])
        cells += [_median(mine, right, lambda a: a.evaluations, "{:.0f}") for right in (True, False)]
        cells += [_median(mine, right, lambda a: 1e3 * a.seconds, "{:.1f}") for right in (True, False)]
        lines.append(f"| {group} | {checker} | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _median(answers: list[Answer], right: bool, number: Callable[[Answer], float], form: str) -> str:
    found = [number(each) for each in answers if (each.right in ("CORRECT", "NOT_WRONG")) == right]
    return form.format(float(np.median(found))) if any(found) else ""


def by_mistake(answers: list[Answer]) -> str:
    """What was done to the programs' gradients, how many of those were found, and how many named."""
    mine = [a for a in answers if a.checker == "gradlab" and a.group.startswith("programs") and a.outcome == "found"]
    lines = ["| mistake | found | named | wrongly |", "| --- | --: | --: | --: |"]
    for mistake in dict.fromkeys([a.name.partition(": ")[2] for a in mine]):
        told = [a.told for a in mine if a.name.endswith(f": {mistake}")]
        false = sum(any(each.startswith("false: ") for each in each_told) for each_told in told)
        lines.append(f"| {mistake} | {len(told)} | {sum(map(bool, told))} | {false} |")
    return "\n".join(lines)


def failures(answers: list[Answer]) -> list[str]:
    """gradlab's wrong words and crashes, and what it left undecided although the answer is known."""
    mine = [answer for answer in answers if answer.checker == "gradlab"]
    bad = [a for a in mine if a.outcome in ("miss", "false alarm", "crash")]
    told = [f"{a.group}, {a.name}: {each.removeprefix('false: ')}" for a in mine for each in a.told if each[:1] == "f"]
    return [f"{a.group}, {a.name}: {a.said}, right is {a.right}" for a in bad] + told


def _collected(answers: list[Answer], path: Path) -> list[Answer]:
    """The answers of this run and of those before, a later one in the place of an earlier one."""
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(answer)) + "\n" for answer in answers)
    lines = path.read_text(encoding="utf-8").splitlines()
    every = [Answer(**{**found, "told": tuple(found["told"])}) for found in map(json.loads, lines)]
    return list({(each.checker, each.group, each.name): each for each in every}.values())


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; the exit status is 1 if gradlab said a wrong word or crashed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1000, help="how many random programs; default 1000")
    parser.add_argument("--first", type=int, default=0, help="the first seed; default 0")
    parser.add_argument("--only", choices=["gradlab", "peers"], help="ask these alone; nothing is written")
    parser.add_argument("--verbose", action="store_true", help="name the undecided, too")
    parser.add_argument("--modes", nargs="+", default=list(MODES), choices=list(MODES), help="default all")
    parser.add_argument("--answers", type=Path, help="a file that collects the answers of several runs, one a line")
    parser.add_argument("--large", type=int, default=4, help="how many wrong gradients of a large network; default 4")
    parser.add_argument("--skip-reports", action="store_true", help="programs alone")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    checkers: dict[str, Callable[[Any], Any]] = {"gradlab": by_gradlab, "the framework's own": by_peer}
    if options.only is not None:
        del checkers["the framework's own" if options.only == "gradlab" else "gradlab"]
    answers = [] if options.skip_reports else about_reports(REPORTS, checkers)
    for mode in options.modes:
        answers += about_programs(range(options.first, options.first + options.seeds), mode, checkers)
        answers += about_large(mode, options.large if "gradlab" in checkers else 0)
    if options.answers is not None:
        answers = _collected(answers, options.answers)
    failed = failures(answers)
    count = len({answer.name.partition(":")[0] for answer in answers if answer.group.startswith("programs")})
    reported = (
        f"{len(REPORTS)} cases after {len({report.link for report in REPORTS})} public reports (benchmarks/check_wild "
        "names each with its link), and "
    )
    asked = any(answer.group == "reports" for answer in answers)
    text = (
        f"{reported if asked else ''}{count} random programs of torch, each with autograd's gradient and "
        "with one that went wrong in the middle. The peers are torch gradcheck, jax check_grads and scipy check_grad. "
        f"Of a network of {COUNT:,} parameters with relu, the right gradient, and one entry at a time off by 1 %, "
        "drawn among those that are not 0.\n\n"
        + table(answers)
        + "\n\nTimes are processor time"
        + (", of several runs" if options.answers is not None else "")
        + ". A name counts as wrong where the mistake it tells does not give the wrong "
        "gradient at three other points drawn anew.\n\n"
        + by_mistake(answers)
        + "\n\ngradlab's false alarms, misses, crashes and wrong names: "
        + ("none." if not failed else "\n\n" + "\n".join(f"- {line}" for line in failed))
    )
    print(text)
    if options.verbose:
        undecided = [a for a in answers if a.checker == "gradlab" and a.outcome == "undecided"]
        print("\n".join(f"undecided: {a.group}, {a.name} (right is {a.right})" for a in undecided))
    if options.only is None:
        write_section(TITLE, text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
