"""Written mathematics: how many of the chains in tests/prove_chains get the right verdict and the right repair.

Mistakes made by chance in other equations (`_mistakes`) say how many of those that nobody looked at are repaired.

The peers are SymPy's two LaTeX parsers: of the sides that gradlab reads, how many they read at all. Run it with
``make bench-prove``; it writes its section of RESULTS.md.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections import Counter, defaultdict
from pathlib import Path

from _mistakes import KINDS, measured
from _results import write_section

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from chains import Case, cases, subject
from gradlab.prove import Fault, Method, Proof, Truth, prove, prove_document

ROOT = Path(__file__).resolve().parent.parent
SEED = ROOT.parent / "shared" / "seed" / "lab-03-template.md"
COURSE = ROOT / "courses" / "gradient-descent.md"
LETTERS = {Truth.TRUE: "T", Truth.FALSE: "F", Truth.NOT_UNDERSTOOD: "N"}


def judged() -> list[tuple[Case, Proof, float]]:
    prove("x = x")  # loads what is loaded once
    result = []
    for case in cases():
        graph = subject(case.graph)
        start = time.process_time()
        proof = prove(case.latex, graph)
        result.append((case, proof, time.process_time() - start))
    return result


def repaired(case: Case, proof: Proof) -> bool:
    named = {step.repair.fault.name if step.repair else "" for step in proof.steps if step.truth is Truth.FALSE}
    return bool(named) and named <= set(case.fault.split("|"))


def main() -> None:
    found = judged()
    steps: Counter[str] = Counter()
    by_fault: dict[str, Counter[str]] = defaultdict(Counter)
    for case, proof, _ in found:
        got = "".join(LETTERS[step.truth] for step in proof.steps)
        for wanted, letter in zip(case.verdicts, got.ljust(len(case.verdicts), "N"), strict=False):
            steps["right" if letter == wanted else "undecided" if letter == "N" else "wrong"] += 1
        if case.fault:
            by_fault[case.fault.split("|")[0]]["right" if repaired(case, proof) else "other"] += 1
    total = steps.total()
    wrong_chains = sum(counter.total() for counter in by_fault.values())
    right_repairs = sum(counter["right"] for counter in by_fault.values())
    seconds = sorted(seconds for _, _, seconds in found)
    every = [step for _, proof, _ in found for step in proof.steps]
    exact = sum(step.method is Method.EXACT for step in every)
    true = sum(step.truth is Truth.TRUE for step in every)
    subjects = len({case.graph for case, _, _ in found})
    lines = [
        f"{len(found)} chains with {total} steps for {subjects} networks and functions "
        f"(tests/prove_chains), {wrong_chains} of them with a mistake.",
        "",
        "| | count | share |",
        "| :-- | --: | --: |",
        f"| wrong verdicts | {steps['wrong']} of {total} steps | {steps['wrong'] / total:.1%} |",
        f"| decided | {steps['right'] + steps['wrong']} of {total} steps | {1 - steps['undecided'] / total:.1%} |",
        f"| true steps proved exactly | {exact} of {true} | {exact / true:.1%} |",
        f"| right repair named | {right_repairs} of {wrong_chains} wrong chains | {right_repairs / wrong_chains:.1%} |",
        "",
        f"Seconds of work a chain: median {seconds[len(seconds) // 2]:.4f}, 95 % below "
        f"{seconds[int(0.95 * len(seconds))]:.4f}, largest {seconds[-1]:.2f}.",
        "",
        "| mistake | chains | right repair |",
        "| :-- | --: | --: |",
        *(f"| {Fault[name].value} | {c.total()} | {c['right']} |" for name, c in sorted(by_fault.items())),
        "",
        *mistakes(),
        "",
        *documents(),
        "",
        *peers(found),
    ]
    body = "\n".join(lines)
    print(body)
    write_section("Written mathematics", body)


def mistakes() -> list[str]:
    """Mistakes made by chance in right equations: of each kind one, and one of each kind with another one."""
    outcomes = measured(1), measured(2)
    lines = [
        "Mistakes made by chance in equations that are in no test; a repair counts if the equation is true with it.",
        "",
        "| mistake | one: false | repaired | with another: false | repaired |",
        "| :-- | --: | --: | --: | --: |",
    ]
    for kind in KINDS:
        name = kind.__name__
        counts = (count for each in outcomes for count in (each.found[name], each.repaired[name]))
        what = (kind.__doc__ or "").partition("\n")[0].rstrip(".").lower()
        lines.append(f"| {what} | {' | '.join(map(str, counts))} |")
    totals = (f"{each.found.total()} | {each.repaired.total()} ({each.share:.1%})" for each in outcomes)
    lines.append(f"| **all** | {' | '.join(totals)} |")
    unnoticed, undecided = (sum(getattr(each, name) for each in outcomes) for name in ("unnoticed", "undecided"))
    return [*lines, "", f"Beside them {unnoticed} changes after which the equation still holds, {undecided} undecided."]


def documents() -> list[str]:
    lines = ["| document | steps | TRUE | FALSE | NOT_UNDERSTOOD |", "| :-- | --: | --: | --: | --: |"]
    for name, path, only in (("the published key, Exercise 2", SEED, "Question"), ("our course", COURSE, "")):
        if not path.exists():
            lines.append(f"| {name} | not beside this checkout | | | |")
            continue
        rows = [row for row in prove_document(path.read_text(encoding="utf-8")).rows if row.question.startswith(only)]
        counts = Counter(step.truth for row in rows for step in row.proof.steps)
        numbers = " | ".join(str(counts[truth]) for truth in Truth)
        lines.append(f"| {name} | {counts.total()} | {numbers} |")
    return lines


def peers(found: list[tuple[Case, Proof, float]]) -> list[str]:
    """How many of the right one-step chains SymPy's parsers read, both sides."""
    from sympy.parsing.latex import parse_latex

    chosen = [case.latex for case, _, _ in found if case.verdicts == "T" and "begin" not in case.latex]
    lines = [
        f"Of {len(chosen)} right equations, these read both sides without an error (whatever they understood):",
        "",
    ]
    for backend in ("lark", "antlr"):
        count = 0
        for latex in chosen:
            sides = latex.replace("$", "").replace(r"\[", "").replace(r"\]", "").split("=")
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    for side in sides:
                        parse_latex(side, backend=backend)
            except ImportError as problem:
                lines.append(f"- SymPy, {backend}: not measured ({str(problem).splitlines()[0]})")
                break
            except Exception:
                continue
            count += 1
        else:
            lines.append(f"- SymPy {backend}: {count} of {len(chosen)}")
    true = sum(bool(prove(case.latex, subject(case.graph))) for case, _, _ in found if case.latex in chosen)
    lines.append(f"- gradlab: {true} of {len(chosen)}, and judges them true")
    return lines


if __name__ == "__main__":
    main()
