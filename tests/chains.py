"""The set of written chains in prove_chains/: what each is judged against, and what has to come out.

A line is ``VERDICTS [FAULT] : LATEX``, with T, F or N for each equals sign; ``@`` begins those for another graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import gradlab as gl

FOLDER = Path(__file__).with_name("prove_chains")


@dataclass(frozen=True)
class Case:
    """A chain, its graph, the verdicts, and the fault if there is one."""

    file: str
    line: int
    graph: str
    verdicts: str
    fault: str
    latex: str


def cases() -> list[Case]:
    """All chains of the set."""
    found = []
    for path in sorted(FOLDER.glob("*.txt")):
        graph = "none"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("@"):
                graph = line[1:].strip()
            elif line.strip() and not line.startswith("#"):
                head, latex = line.split(" : ", 1)
                verdicts, _, fault = head.strip().partition(" ")
                found.append(Case(path.stem, number, graph, verdicts, fault.strip(), latex))
    return found


@lru_cache(maxsize=64)
def subject(graph: str):
    """The network or function that a chain is judged against; None for free variables."""
    kind, _, rest = graph.partition(" ")
    if kind == "none":
        return None
    if kind == "function":
        return gl.function(rest)
    sizes, *options = rest.split()
    return gl.mlp([int(size) for size in sizes.split(",")], **dict(option.split("=") for option in options))
