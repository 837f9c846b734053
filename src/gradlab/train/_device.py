"""On what runs are trained: this machine's cores, or a GPU, which a person names or work that is large enough takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradlab.rules import Update
from gradlab.train._errors import TrainError

_LARGE = 3 * 10**10  # parameters x points x steps x runs: seconds on some cores, more than a GPU takes to begin
_WRITE = 'write "cpu", "cuda", "cuda:1" for a GPU by its number from 0, or "auto"'


@dataclass(frozen=True, slots=True)
class Device:
    """On what runs are trained.

    Args:
        name: "cpu", "cuda:0" and so on, or "cuda" for what each worker of a scheduler has.
        gpu: what the GPU is called.
    """

    name: str = "cpu"
    gpu: str = ""

    @staticmethod
    def of(device: object, work: int, *, remote: bool = False) -> Device:
        """Returns what a person names; `work` is parameters x points x steps x runs, `remote` if workers do it.

        Raises:
            TrainError: if it names nothing.
            GradlabError: if there is no such GPU; says what is missing.
        """
        found = re.fullmatch(r"cpu|auto|cuda(?::(\d+))?", device) if isinstance(device, str) else None
        if found is None:
            raise TrainError(f"device is {device!r}; {_WRITE}.")
        if remote and device == "auto":
            raise TrainError('device is "auto", but workers may differ; write "cpu", or "cuda" for the GPU of each.')
        if device == "cpu" or (device == "auto" and work < _LARGE):
            return CPU
        from gradlab.codegen import cuda

        if device == "auto" and not cuda.has_gpu():
            return CPU
        if remote:
            return Device(str(device))
        number = int(found[1] or 0)
        return Device(f"cuda:{number}", cuda.gpu(number).name)

    @property
    def number(self) -> int | None:
        """The number of the GPU, or None where cores do it."""
        return None if self.name == "cpu" else int(self.name.partition(":")[2] or 0)

    @property
    def here(self) -> str:
        """What it is called where it is used: "cpu", or a GPU's number and name."""
        if self.name == "cpu" or self.gpu:
            return f"{self.name} ({self.gpu})" if self.gpu else self.name
        from gradlab.codegen import cuda

        return f"{self.name} ({cuda.gpu(self.number or 0).name})"

    def said(self, trainer: Callable[[], Any], runs: int, update: Update) -> dict[str, str]:
        """Returns what a result of so many runs says of what it was trained on."""
        if not self.gpu:
            return {"device": self.name}
        return {"device": self.here, "plan": trainer().plan(runs, update)}


CPU = Device()
