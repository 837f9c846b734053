"""Results in memory, or in a Zarr store that grows chunk by chunk, outlives what writes it, and is read safely."""

from __future__ import annotations

from gradlab.train.store._errors import StoreError as StoreError
from gradlab.train.store._made import check_room as check_room
from gradlab.train.store._made import made as made
from gradlab.train.store._read import open as open
