"""gradlab's gradient check beside its peers on what nobody here thought of: public bug reports, random programs.

python benchmarks/bench_wild.py                    measure and write benchmarks/RESULTS.md
python benchmarks/bench_wild.py --seeds 100 --no-peers --verbose
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _results import write_section
from check_wild import REPORTS, Program, Report, programs
from check_wild._report import Function, Loss

TITLE = "Gradient checks in the wild"
MODES = {"float64": torch.float64, "float32": torch.float32}


@dataclass(frozen=True)
class Answer:
    """What a checker said: of which question, whether that is a wrong word, how long it took, and if it named why."""

    checker: str
    group: str
    name: str
    right: str
    said: str
    seconds: float
    named: bool = False

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


def by_gradlab(question: Loss | Function) -> str:
    """gradlab's verdict; with a star where it names the mistake."""
    import gradlab as gl

    if isinstance(question, Loss):
        report = gl.check_gradient(question.loss, question.gradient, at=question.at)
    else:
        options = {"order": question.order} if question.order > 1 else {}
        report = gl.check_function(question.function, question.inputs, **options)
    return report.verdict.name + ("*" if report.diagnoses else "")


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
    point = question.at
    found = check_grad(
        lambda x: float(question.loss(unflatten(x, point))),
        lambda x: flatten(question.gradient(unflatten(x, point))),
        flatten(point),
    )
    return "CORRECT" if found < 1e-6 else "WRONG"


def ask(checker: str, check: Callable[[Any], str], group: str, name: str, right: str, question: Any) -> Answer | None:
    """One answer; what a check raises is its answer, too."""
    started = time.perf_counter()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            said = check(question)
        except Exception as error:  # What a check raises is its answer, and is counted as such.
            said = f"error: {type(error).__name__}: {error}"[:200]
    seconds = time.perf_counter() - started
    return Answer(checker, group, name, right, said.rstrip("*"), seconds, said.endswith("*")) if said else None


def about_reports(reports: tuple[Report, ...], checkers: dict[str, Callable[[Any], str]]) -> list[Answer]:
    """All checkers about all reports."""
    answers = [
        ask(name, check, "reports", report.name, report.right, report.question())
        for report in reports
        for name, check in checkers.items()
    ]
    return [answer for answer in answers if answer is not None]


def about_programs(seeds: range, mode: str, checkers: dict[str, Callable[[Any], str]]) -> list[Answer]:
    """All checkers about random programs."""
    answers: list[Answer | None] = []
    for right, wrong in programs(seeds, MODES[mode]):
        for program in (right, wrong):
            if program is not None:
                answers += [_about(program, mode, name, check) for name, check in checkers.items()]
    return [answer for answer in answers if answer is not None]


def _about(program: Program, mode: str, name: str, check: Callable[[Any], str]) -> Answer | None:
    right = "WRONG" if program.mistake else "CORRECT"
    question = Function(program.function, program.inputs)
    return ask(name, check, f"programs, {mode}", f"{program.seed}: {program.mistake or 'right'}", right, question)


def table(answers: list[Answer]) -> str:
    """Each group and checker with its outcomes."""
    columns = (
        "right: accepted", "undecided", "**false alarms**", "wrong: found", "named", "undecided", "**misses**",
        "crashes", "median ms, right", "wrong",
    )  # fmt: skip
    lines = ["| questions | check | " + " | ".join(columns) + " |", "| --- | --- " + "| --: " * len(columns) + "|"]
    for group, checker in dict.fromkeys((answer.group, answer.checker) for answer in answers):
        mine = [answer for answer in answers if (answer.group, answer.checker) == (group, checker)]
        count = collections.Counter((answer.right in ("CORRECT", "NOT_WRONG"), answer.outcome) for answer in mine)
        cells = [count[True, "accepted"], count[True, "undecided"], count[True, "false alarm"]]
        named = sum(answer.named for answer in mine) if checker == "gradlab" else ""
        cells += [count[False, "found"], named, count[False, "undecided"], count[False, "miss"]]
        cells.append(count[True, "crash"] + count[False, "crash"])
        cells += [_median(mine, right) for right in (True, False)]
        lines.append(f"| {group} | {checker} | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _median(answers: list[Answer], right: bool) -> str:
    times = [each.seconds for each in answers if (each.right in ("CORRECT", "NOT_WRONG")) == right]
    return f"{1e3 * float(np.median(times)):.1f}" if times else ""


def failures(answers: list[Answer]) -> list[str]:
    """gradlab's wrong words and crashes, and what it left undecided although the answer is known."""
    mine = [answer for answer in answers if answer.checker == "gradlab"]
    bad = [a for a in mine if a.outcome in ("miss", "false alarm", "crash")]
    return [f"{a.group}, {a.name}: {a.said}, right is {a.right}" for a in bad]


def _collected(answers: list[Answer], path: Path) -> list[Answer]:
    """The answers of this run and of those before, a later one in the place of an earlier one."""
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(answer)) + "\n" for answer in answers)
    lines = path.read_text(encoding="utf-8").splitlines()
    every = [Answer(**json.loads(line)) for line in lines]
    return list({(each.checker, each.group, each.name): each for each in every}.values())


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; the exit status is 1 if gradlab said a wrong word or crashed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1000, help="how many random programs; default 1000")
    parser.add_argument("--first", type=int, default=0, help="the first seed; default 0")
    parser.add_argument("--no-peers", action="store_true", help="gradlab alone; nothing is written")
    parser.add_argument("--verbose", action="store_true", help="name the undecided, too")
    parser.add_argument("--modes", nargs="+", default=list(MODES), choices=list(MODES), help="default all")
    parser.add_argument("--answers", type=Path, help="a file that collects the answers of several runs, one a line")
    parser.add_argument("--skip-reports", action="store_true", help="programs alone")
    options = parser.parse_args(arguments)
    checkers: dict[str, Callable[[Any], str]] = {"gradlab": by_gradlab}
    if not options.no_peers:
        checkers["the framework's own"] = by_peer
    answers = [] if options.skip_reports else about_reports(REPORTS, checkers)
    for mode in options.modes:
        answers += about_programs(range(options.first, options.first + options.seeds), mode, checkers)
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
        "with one that went wrong in the middle. The peers are torch gradcheck, jax check_grads and scipy check_grad."
        "\n\n"
        + table(answers)
        + "\n\ngradlab's false alarms, misses and crashes: "
        + ("none." if not failed else "\n\n" + "\n".join(f"- {line}" for line in failed))
    )
    print(text)
    if options.verbose:
        undecided = [a for a in answers if a.checker == "gradlab" and a.outcome == "undecided"]
        print("\n".join(f"undecided: {a.group}, {a.name} (right is {a.right})" for a in undecided))
    if not options.no_peers:
        write_section(TITLE, text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
