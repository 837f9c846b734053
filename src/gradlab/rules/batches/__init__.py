"""Which points the gradient of a step is the mean over: one small file a way."""

from __future__ import annotations

from gradlab.rules.batches._batches import Batches as Batches
from gradlab.rules.batches._full import Full as Full
from gradlab.rules.batches._mini import MiniBatch as MiniBatch
