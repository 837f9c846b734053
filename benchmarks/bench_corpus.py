"""What other people wrote about gradients, as they wrote it: how much gl.prove understands, and that it accuses nobody.

The texts belong to their authors and are not in this repository. The script reads a folder that holds

- ``blocks.json``: a list of ``{"id", "file", "offset", "tex"}``, formulas in the order in which they come;
- ``docs/``: the documents, as Markdown, named ``SOURCE--...``;
- ``labels.json``: made by reading, before any run; ``later``: how many were not. ``{"sources": {SOURCE: "its name"},
  "blocks": {id: {"alone": "DTN", "document": "DTT"}}, "documents": {file: [part of a false equation, ...]}, "later":
  0}``, a letter for each equals sign: T is right and can be judged,
  F is false and can be judged, f is false but what it is about is not said, D claims nothing (a definition, an update,
  a condition, a value put in, a notation), N cannot be judged (words, or what it is about is not said). Where letters
  end, N goes on.

Each block is judged by itself, each document as a whole. A wrong word is FALSE where no F or f stands, and TRUE where
one does. Run it with ``python benchmarks/bench_corpus.py FOLDER``; it writes its section of RESULTS.md, or the one that
``--section`` names, with what ``--said`` says of the material. The exit status is 1 if there was a wrong word or an
exception.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from _results import write_section

from gradlab.prove import DocumentProof, Step, Truth, prove, prove_document
from gradlab.tex import Formula, formulas

TUNED = "The prover has been bettered on them since, so new material will give fewer verdicts."
FALSE = "Ff"
JUDGED = (Truth.TRUE, Truth.FALSE)


@dataclass
class Tally:
    """What came out for one source."""

    counts: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, where: str, step: Step, false: bool) -> None:
        """Count a step; ``false`` says whether it is false."""
        self.counts["steps"] += 1
        self.counts[step.verdict] += 1
        if step.truth in JUDGED and (step.truth is Truth.FALSE) != false and step.verdict in ("TRUE", "FALSE"):
            self.counts["wrong " + step.verdict] += 1
            self.wrong.append(f"{where}: {step}")

    def fail(self, where: str, problem: Exception) -> None:
        """Count an exception."""
        self.counts["exceptions"] += 1
        self.wrong.append(f"{where}: {type(problem).__name__}: {problem}")


class Corpus:
    """The folder's contents."""

    def __init__(self, folder: Path, only: str) -> None:
        labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
        self.labels: dict[str, dict[str, str]] = labels["blocks"]
        self.false: dict[str, list[str]] = labels["documents"]
        self.later: int = labels.get("later", 0)
        self.sources: dict[str, str] = labels["sources"]
        every = json.loads((folder / "blocks.json").read_text(encoding="utf-8"))
        self.blocks: list[dict[str, Any]] = [block for block in every if block["id"].startswith(only)]
        self.documents = sorted(path for path in (folder / "docs").iterdir() if path.name.startswith(only))

    def label(self, block: str, how: str, step: int) -> str:
        """The letter of a step; N where none is written."""
        return self.labels.get(block, {}).get(how, "").ljust(step + 1, "N")[step]

    def source_of(self, name: str) -> str:
        """The name of the source of a block or a document."""
        found = max((source for source in self.sources if name.startswith(source)), key=len, default=name)
        return self.sources.get(found, name)

    def judgeable(self, block: str, how: str) -> int:
        """How many steps of a block can be judged."""
        return sum(letter in "TF" for letter in self.labels.get(block, {}).get(how, ""))


def alone(corpus: Corpus) -> dict[str, Tally]:
    """Each block by itself."""
    prove("x = x")  # loads what is loaded once
    tallies: dict[str, Tally] = defaultdict(Tally)
    for block in corpus.blocks:
        name = block["id"]
        tally = tallies[corpus.source_of(name)]
        tally.counts["judgeable"] += corpus.judgeable(name, "alone")
        start = time.process_time()
        try:
            steps = prove(block["tex"]).steps
        except Exception as problem:
            tally.fail(name, problem)
            continue
        finally:
            tally.seconds.append(time.process_time() - start)
        _add_block(tally, corpus, name, "alone", steps)
    return tallies


def _add_block(tally: Tally, corpus: Corpus, name: str, how: str, steps: tuple[Step, ...]) -> None:
    for number, step in enumerate(steps):
        letter = corpus.label(name, how, number)
        tally.add(f"{name}, {how}, step {number}", step, letter in FALSE)
        tally.counts["understood"] += letter in "TF" and step.truth in JUDGED


def as_documents(corpus: Corpus) -> dict[str, Tally]:
    """Each document as a whole, and in it each block."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for path in corpus.documents:
        tally = tallies[corpus.source_of(path.name)]
        tally.counts["documents"] += 1
        text = path.read_text(encoding="utf-8")
        found = list(formulas(text, path.name))
        start = time.process_time()
        try:
            proof = prove_document(text, name=path.name)
        except Exception as problem:
            tally.fail(path.name, problem)
            continue
        finally:
            tally.seconds.append(time.process_time() - start)
        false = [_bare(part) for part in corpus.false.get(path.name, [])]
        for row in (*proof.rows, *proof.others):
            for step in row.proof.steps:
                written = _bare(f"{step.left}={step.right}")
                tally.add(f"{path.name}, {step.place}", step, any(part in written for part in false))
        missing = [formula for formula in found if _equation(formula.tex) and not _steps_in(proof, formula)]
        tally.counts["not accounted for"] += len(missing)
        tally.wrong += [f"{path.name}, line {f.line}: not accounted for: {' '.join(f.tex.split())}" for f in missing]
        _add_judgeable(tally, corpus, path.name, found, proof)
    return tallies


def _add_judgeable(tally: Tally, corpus: Corpus, file: str, found: list[Formula], proof: DocumentProof) -> None:
    """How many of the steps of the blocks that can be judged inside of their document are."""
    for block in (block for block in corpus.blocks if block["file"] == file):
        tally.counts["judgeable"] += corpus.judgeable(block["id"], "document")
        for formula in (formula for formula in found if abs(formula.offset - block["offset"]) <= 3):
            for number, step in enumerate(_steps_in(proof, formula)):
                letter = corpus.label(block["id"], "document", number)
                tally.counts["understood"] += letter in "TF" and step.truth in JUDGED
            break


def _steps_in(proof: DocumentProof, formula: Formula) -> list[Step]:
    begin, end = formula.place(0), formula.place(len(formula.tex))
    steps = [step for row in (*proof.rows, *proof.others) for step in row.proof.steps]
    inside = [step for step in steps if begin <= (step.place.line, step.place.column) <= end]
    return sorted(inside, key=lambda step: (step.place.line, step.place.column))


def _equation(tex: str) -> bool:
    """Whether an equals sign stands outside of all braces."""
    depth = 0
    for sign, after in zip(tex, tex[1:] + " ", strict=True):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if sign == "=" and depth == 0 and after != "=":
            return "\\begin{algorithm" not in tex and "\\begin{figure" not in tex
    return False


def _bare(tex: str) -> str:
    return "".join(tex.split())


def table(tallies: dict[str, Tally], unit: str) -> list[str]:
    """A row for each source, and one for all."""
    whole = Tally()
    for tally in tallies.values():
        whole.counts += tally.counts
        whole.seconds += tally.seconds
    columns = ["steps", "TRUE", "of them wrong", "FALSE", "of them wrong", "definitions, updates", "conditions, values"]
    columns += ["not understood", "judgeable", "judged", f"processor ms a {unit}, median / 95 %"]
    lines = [f"| source | {' | '.join(columns)} |", "| :-- " + "| --: " * len(columns) + "|"]
    for name, tally in [*sorted(tallies.items()), ("**all**", whole)]:
        count = tally.counts
        cells = [count["steps"], count["TRUE"], count["wrong TRUE"], count["FALSE"], count["wrong FALSE"]]
        cells += [count["DEFINITION"] + count["UPDATE RULE"] + count["UPDATE"]]
        cells += [count["CONDITION"] + count["VALUE"] + count["APPROXIMATION"], count["NOT UNDERSTOOD"]]
        cells[-1] += count["NOT_UNDERSTOOD"]
        share = f"{count['understood'] / count['judgeable']:.0%}" if count["judgeable"] else ""
        lines.append(f"| {name} | {' | '.join(map(str, cells))} | {count['judgeable']} | {share} | ")
        lines[-1] += f"{_quantile(tally.seconds, 0.5):.0f} / {_quantile(tally.seconds, 0.95):.0f} |"
    return lines


def _quantile(seconds: list[float], share: float) -> float:
    ordered = sorted(seconds)
    return 1e3 * ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


def report(corpus: Corpus, blocks: dict[str, Tally], documents: dict[str, Tally], said: str) -> str:
    """The section of RESULTS.md."""
    every = [*blocks.values(), *documents.values()]
    total = sum((tally.counts for tally in every), Counter[str]())
    judged = total["TRUE"] + total["FALSE"]
    return "\n".join(
        [
            f"{len(corpus.blocks)} blocks and {len(corpus.documents)} whole documents from {len(corpus.sources)} "
            "public repositories, in the order in which they come, labelled by reading before the first run; "
            f"{corpus.later} false lines were found to be so by reading what a run had called FALSE. {said} Their text "
            "is not part of this project; the script says what a folder has to hold.",
            "",
            f"Wrong words: {total['wrong TRUE']} TRUE and {total['wrong FALSE']} FALSE of {judged} verdicts; "
            f"{total['exceptions']} exceptions; {total['not accounted for']} equations of documents not accounted "
            "for.",
            "",
            "Judgeable is a step that claims something about what is known; judged: the share of them with a verdict.",
            "",
            "Each block by itself:",
            "",
            *table(blocks, "block"),
            "",
            "Each document as a whole (judgeable: the steps of its blocks):",
            "",
            *table(documents, "document"),
        ]
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where blocks.json, labels.json and docs/ are")
    parser.add_argument("--only", default="", help="a source; then nothing is written")
    parser.add_argument("--dry", action="store_true", help="write nothing")
    parser.add_argument("--section", default="Mathematics in the wild", help="of RESULTS.md")
    parser.add_argument("--said", default=TUNED, help="what is to be known of the material")
    options = parser.parse_args(arguments)
    corpus = Corpus(options.folder, options.only)
    blocks, documents = alone(corpus), as_documents(corpus)
    text = report(corpus, blocks, documents, options.said)
    wrong = [line for tally in (*blocks.values(), *documents.values()) for line in tally.wrong]
    print("\n".join([*wrong, "", text]))
    if not options.only and not options.dry:
        write_section(options.section, text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
