"""benchmarks/RESULTS.md: one section for each benchmark, rewritten by the run that measured it."""

from __future__ import annotations

import datetime
import os
import platform
import re
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = "# Results\n\nMeasured by the scripts in `benchmarks/`, each side by side with its peers in one run.\n"


def write_section(title: str, body: str) -> None:
    """Replace the section with this title, or add it, with the machine and the date under the title."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else HEAD
    section = f"## {title}\n\n{_machine()}\n\n{body.strip()}\n"
    pattern = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.M | re.S)
    text = pattern.sub(lambda _: section + "\n", text) if pattern.search(text) else f"{text.rstrip()}\n\n{section}"
    RESULTS.write_text(text.rstrip() + "\n", encoding="utf-8")


def publish(title: str, parts: list[str], *, quick: bool) -> None:
    """Print what was measured, and write it unless the run was a quick one."""
    body = "\n".join(parts)
    print(body)
    if not quick:
        write_section(title, body)


def threads_and_load(before: float) -> str:
    """How many threads there are and what else was running, of which ``before`` at the start."""
    return (
        f"Threads: {len(os.sched_getaffinity(0))}; {before:.1f} processes were running on the machine at the start and "
        f"{os.getloadavg()[0]:.1f} at the end."
    )


def _machine() -> str:
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"^model name\s*:\s*(.*)$", cpuinfo.read_text(encoding="utf-8"), re.M)
        name = found.group(1) if found else name
    return f"{datetime.date.today().isoformat()}, {name}, {os.cpu_count()} cores, Python {platform.python_version()}."
