"""Files that are there whole, or as they were."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a path beside a file, with its ending; what is written there takes the file's place if all goes well.

    Raises:
        OSError: if that cannot be done.
    """
    scratch = path.with_name(f".{os.getpid()}-{get_ident()}.{path.name}")
    try:
        yield scratch
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
