from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

import bench_import


def test_every_row_is_measured():
    rows = dict(list(bench_import.ROWS.items())[:2])
    measured = re.findall(r"\| ([\d.]+) s \| ([\d.]+) s \| ([\d.]+) s \|", bench_import.table(3, rows))
    assert len(measured) == 2
    for median, fastest, slowest in measured:
        assert 0 < float(fastest) <= float(median) <= float(slowest)
