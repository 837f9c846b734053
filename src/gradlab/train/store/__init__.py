"""Results of sweeps on disk: a Zarr store that grows chunk by chunk, outlives what writes it, and is read safely."""

from __future__ import annotations

from gradlab.train.store._errors import StoreError as StoreError
from gradlab.train.store._read import open as open
from gradlab.train.store._sweep import sweep_into as sweep_into
