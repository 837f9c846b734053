"""What distinguishes one training kernel from another, and where it keeps what."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from gradlab.codegen._shapes import sizes_of_layers
from gradlab.codegen._update import KernelUpdate, kernel_update
from gradlab.graph import NetworkGraph
from gradlab.rules import Update

# What each run brings and leaves, one row of lanes for each, behind its parameters.
ROWS = ("initial", "loss", "lived", "success", "right", "curve")


@dataclass(frozen=True, slots=True)
class KernelSpec:
    """What distinguishes one kernel from another.

    Attributes:
        graph: the network.
        table: a row for each point, shape (N, columns): its inputs, labels and weight, as the graph has them.
        lanes: how many networks a vector holds.
        rates: how many learning rates each network has: 1, or one for each layer.
        update: the statements of the update rule.
        scheduled: whether each step has a factor of the learning rates.
        weighted: whether each step has a weight for each point.
    """

    graph: NetworkGraph
    table: Any
    lanes: int
    rates: int
    update: Update
    scheduled: bool
    weighted: bool

    @property
    def made(self) -> KernelUpdate:
        """The rule's statements as a kernel does them."""
        return kernel_update(self.update)

    @property
    def points(self) -> int:
        """How many points there are."""
        return len(self.table)

    def row(self, name: str) -> int:
        """Where a row of lanes begins in the scratch memory of a block."""
        return (len(self.graph.parameters) + self.rates + ROWS.index(name)) * self.lanes

    @property
    def own(self) -> int:
        """Where the rule's numbers and its state begin in the scratch memory of a block."""
        return (len(self.graph.parameters) + self.rates + len(ROWS)) * self.lanes

    @property
    def owned(self) -> int:
        """How many numbers and how much state the rule has for a run."""
        return len(self.update.numbers) + len(self.update.state) * len(self.graph.parameters)

    def state(self, which: int) -> int:
        """Where one kind of state begins, that of the first parameter."""
        return self.own + (len(self.update.numbers) + which * len(self.graph.parameters)) * self.lanes

    @property
    def scratch(self) -> int:
        """How many numbers the scratch memory of a block holds."""
        return self.own + self.owned * self.lanes

    def rate_of(self, parameter: int) -> str:
        """The name of a parameter's learning rate."""
        name = "_eta" if self.scheduled else "_rate"
        ends = accumulate(sizes_of_layers(self.graph))
        return f"{name}_{sum(end <= parameter for end in ends) if self.rates > 1 else 0}"

    @property
    def behind(self) -> int:
        """Where the data ends, and what each step has of its own begins: first the number of steps before."""
        return self.points * len(self.graph.columns)

    def weight(self, point: str) -> str:
        """The weight of a point in this step."""
        factors = "steps + " if self.scheduled else ""
        return f"spread(data, {self.behind + 1} + {factors}_step*{self.points} + {point})"

    @property
    def scale(self) -> str:
        """What makes the mean of a sum over the points, where the rates do not have it in them."""
        return "" if self.made.plain else f"{1 / self.points!r}*"
