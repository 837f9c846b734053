"""The same warm process inside a container of Docker or Podman, where bubblewrap is not to be had."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from gradlab.labs.grade.sandbox._command import (
    CAPABILITIES,
    SYSTEM,
    IsolationError,
    environment,
    refuse_private,
    scratch_folder,
    shown_folders,
    try_bubblewrap,
)

_IMAGE: Final = "gradlab-nothing"  # everything in the container comes from this machine, read-only
_NO_FILES: Final = bytes(10240)  # a tar archive without members
_PATIENCE: Final = 120.0  # seconds
# Walls within the container need what engines deny by default: mounts, and a whole /proc.
_OPENED: Final = {
    "docker": ("seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"),
    "podman": ("seccomp=unconfined", "apparmor=unconfined", "unmask=ALL"),
}


def engine_command(
    engine: str, arguments: Sequence[str], private: Iterable[Path], files: Mapping[str, Path], place: Path
) -> list[str]:
    """Make the command line of a process inside a container, without a network and with a root that cannot be written.

    Args:
        engine: "docker" or "podman".
        arguments: what Python is to run.
        private: what must not be seen inside.
        files: what lies in /lab inside, by its name there.
        place: an empty folder; it is /control inside.

    Raises:
        IsolationError: if the engine is not installed or does not answer, or something private would be seen.
    """
    shown = shown_folders()
    refuse_private(shown.values(), private)
    program = shutil.which(engine)
    if program is None:
        raise IsolationError(f"{engine} is not installed here; install it, or use bubblewrap, which is smaller")
    if _asked([program, "image", "inspect", _IMAGE]):
        said = _asked([program, "import", "-", _IMAGE], _NO_FILES)
        if said:
            raise IsolationError(f"{engine} does not answer here: {said}")
    lab = place / "lab"
    for name, path in {**files}.items():
        (lab / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, lab / name)
    lab.mkdir(exist_ok=True)
    command = [program, "run", "--rm", "--interactive", "--pull", "never", "--network", "none", "--read-only"]
    command += ["--cap-drop", "ALL", *(part for name in CAPABILITIES for part in ("--cap-add", name))]
    command += [part for option in _OPENED[engine] for part in ("--security-opt", option)]
    command += ["--tmpfs", scratch_folder(), "--workdir", scratch_folder(), "--volume", f"{place}:/control"]
    system = {f"/{name}": Path("/", name).resolve() for name in SYSTEM if Path("/", name).is_dir()}
    for inside, outside in {**system, **shown, "/lab": lab}.items():
        command += ["--volume", f"{outside}:{inside}:ro"]
    for key, value in environment().items():
        command += ["--env", f"{key}={value}"]
    return [*command, _IMAGE, sys.executable, *arguments]


def try_isolation(engine: str) -> None:
    """Make sure that submissions can be run apart here.

    Args:
        engine: "docker", "podman", or "" for bubblewrap.

    Raises:
        IsolationError: if they cannot, with what was said.
    """
    if not engine:
        try_bubblewrap()
        return
    with TemporaryDirectory(prefix="gradlab-box-") as place:
        if said := _asked(engine_command(engine, ["-c", ""], (), {}, Path(place))):
            raise IsolationError(f"{engine} runs no container here: {said}")


def _asked(command: Sequence[str], data: bytes = b"") -> str:
    """Why a command failed, the last that it said; empty where it did not."""
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return str(problem)
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return "" if done.returncode == 0 else said[-1] if said else f"it ended with {done.returncode}"
