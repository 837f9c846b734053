"""gradlab's gradient check beside torch's, jax's, scipy's and numdifftools': false alarms, misses, time, diagnosis.

python benchmarks/bench_check.py --seeds 0-9        measure and write benchmarks/RESULTS.md
python benchmarks/bench_check.py --quick            a few functions, gradlab alone, nothing written
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
from _results import write_section
from check_cases import KINDS, Case, Point, draw
from check_cases._checkers import PEERS, Question, ask, by_gradlab, by_gradlab_on_torch
from check_cases._tables import Record, diagnosis_table, failures, hard_table, table, time_ratio

MODES = {
    "float64": (np.float64, False),
    "float32": (np.float32, False),
    "float32, black box": (np.float32, True),
}
QUICK = ("quadratic", "norm", "log_sum_exp", "lab_network", "relu", "softmax")
TITLE = "Gradient checks"


def measure(seed: int, kind: str, with_peers: bool, each: int) -> list[Record]:
    """Ask all checkers about all gradients of one kind.

    Args:
        seed: What the points, the data and the mistakes are drawn from.
        kind: The name of the function in check_cases that makes the kind.
        with_peers: Whether to ask the others, too.
        each: How many of the kind to draw.
    """
    warnings.simplefilter("ignore")
    cases, wrong = draw(seed, tuple(make for make in KINDS if make.__name__ == kind), each)
    asked: list[tuple[Case, str, str, Callable[[Point], Point]]]
    asked = [(case, "", "", partial(_right, case)) for case in cases]
    asked += [(mutant.case, mutant.mistake, mutant.name, mutant.gradient) for mutant in wrong]
    records: list[Record] = []
    for number, (case, mistake, name, gradient) in enumerate(asked):
        for mode, (dtype, black_box) in MODES.items():
            question = ask(case, gradient, dtype, black_box)
            about = (mode, case.kind, mistake, name, number, seed)
            records.append(_ask("gradlab", by_gradlab, question, about))
            if with_peers and not black_box:
                others = [("gradlab on torch", by_gradlab_on_torch)] if dtype is np.float64 else []
                others += PEERS.items()
                # Who comes second finds warm what both use: they take turns.
                records += [_ask(*other, question, about) for other in others[:: 1 if number % 2 else -1]]
    return records


def _right(case: Case, point: Point) -> Point:
    return case.gradient(point, "")


def _ask(checker: str, check: Callable[[Question], object], question: Question, about: tuple) -> Record:
    started = time.process_time()
    named: tuple[str, ...] = ()
    with np.errstate(all="ignore"):
        try:
            answer = check(question)
        except Exception as error:  # What a check raises is its answer, and is counted as such.
            answer = f"error: {type(error).__name__}: {error}"[:160]
    if isinstance(answer, tuple):
        answer, named = answer
    return Record(checker, *about, str(answer), named, time.process_time() - started)


def run(seeds: Sequence[int], kinds: Sequence[str], with_peers: bool, each: int, jobs: int) -> list[Record]:
    """Ask everything, in several processes, one seed after the other."""
    records: list[Record] = []
    # Processes that are spawned share no state of torch's or jax's threads.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for seed in seeds:
            started = time.perf_counter()
            tasks = [pool.submit(measure, seed, kind, with_peers, each) for kind in kinds]
            found = [record for task in tasks for record in task.result()]
            records += found
            print(f"seed {seed}: {len(found)} answers in {time.perf_counter() - started:.0f} s", flush=True)
            for line in failures(found):
                print(f"  {line}", flush=True)
    return records


def report(records: list[Record], seeds: Sequence[int]) -> str:
    """The section for RESULTS.md."""
    cases = {(r.seed, r.kind, r.question) for r in records if not r.mistake}
    wrong = {(r.seed, r.kind, r.question) for r in records if r.mistake}
    kinds, count = len({r.kind for r in records}), len(seeds)
    failed = failures(records)
    hard, _ = hard_table()
    parts = [
        f"{count} {'seed' if count == 1 else 'seeds'} ({', '.join(map(str, seeds))}), {kinds} kinds of function, "
        f"{len(cases)} right gradients, each confirmed by differences in extended precision, and {len(wrong)} wrong "
        "ones. A false alarm is a right gradient called wrong; a miss is a wrong one called correct. A check that "
        "raises has rejected the gradient. `float32, black box`: the loss computes in float32 whatever it is given.",
        table(records),
        f"Median time of gradlab over torch gradcheck's on the same autograd.Function, right gradients: "
        f"{time_ratio(records)}.",
        "Diagnosis: how often gradlab named the mistake that was made, in the gradients that it found wrong, in all "
        "three precisions.",
        diagnosis_table(records),
        hard,
        "gradlab's false alarms, misses and errors: "
        + ("none." if not failed else "\n\n" + "\n".join(f"- {line}" for line in failed)),
    ]
    return "\n\n".join(parts)


def _seeds(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit status is 1 if gradlab had a false alarm or a miss."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=_seeds, default=[0], help="a seed or a range such as 0-9; default 0")
    parser.add_argument("--jobs", type=int, default=2, help="processes; default 2")
    parser.add_argument("--kinds", nargs="+", help="names of kinds, such as relu softmax; default all")
    parser.add_argument("--no-peers", action="store_true", help="gradlab alone; nothing is written")
    parser.add_argument("--quick", action="store_true", help="a few kinds, gradlab alone; nothing is written")
    options = parser.parse_args(arguments)
    every = [make.__name__ for make in KINDS]
    kinds = options.kinds or (QUICK if options.quick else every)
    with_peers = not (options.no_peers or options.quick)
    records = run(options.seeds, kinds, with_peers, 1 if options.quick else 3, options.jobs)
    text = report(records, options.seeds)
    print(text)
    if with_peers and kinds == every:
        write_section(TITLE, text)
    return 1 if failures(records) else 0


if __name__ == "__main__":
    sys.exit(main())
