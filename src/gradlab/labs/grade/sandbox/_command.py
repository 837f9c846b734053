"""The command that starts the warm process inside bubblewrap, with a root that holds the system and Python alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from gradlab._errors import GradlabError

SYSTEM: Final = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
_ETC: Final = ("ld.so.cache", "fonts", "localtime", "alternatives", "mime.types")
# CAP_SETFCAP: without it no user namespace in there may have the user 0 of the one around it as its own user.
CAPABILITIES: Final = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETFCAP", "CAP_SYS_PTRACE", "CAP_KILL")
THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""A fork has one thread alone, so that no library may wait for others of its own."""


class IsolationError(GradlabError):
    """Submissions cannot be run apart from everything else on this machine."""


def isolated_command(arguments: Sequence[str], private: Iterable[Path], files: dict[str, Path]) -> list[str]:
    """Make the command line of a process inside bubblewrap.

    Args:
        arguments: what Python is to run.
        private: what must not be seen inside: the template, the submissions, the grades.
        files: what lies in /lab inside, by its name there.

    Raises:
        IsolationError: if bubblewrap is not installed or does not work here, or something private would be seen.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise IsolationError(
            "submissions are run inside bubblewrap, which is not installed here (the program bwrap); install it, on "
            "Debian with 'apt-get install bubblewrap', or say --isolation none: then a submission can read and "
            "write everything that you can, the answer key and the grades too"
        )
    shown = shown_folders()
    refuse_private(shown.values(), private)
    root = os.geteuid() == 0
    command = [program, "--unshare-ipc", "--unshare-net", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"]
    command += [] if root else ["--unshare-user", "--uid", "0", "--gid", "0"]
    for capability in CAPABILITIES:
        command += ["--cap-add", capability]
    command += ["--die-with-parent", "--new-session", "--dev", "/dev"]
    command += ["--tmpfs", scratch_folder()]
    command += ["--dir" if root else "--proc", "/proc"]  # as root the warm process mounts it
    for name in SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            command += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            command += ["--ro-bind", str(path), str(path)]
    for name in _ETC:
        command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    # Folders on the way that bubblewrap makes by itself are for their owner alone.
    parents = {parent for inside in shown for parent in Path(inside).parents if str(parent) != "/"}
    for parent in sorted(parents - {Path("/usr")}):
        command += ["--dir", str(parent)]
    for inside, outside in shown.items():
        command += ["--ro-bind", str(outside), inside]
    for parent in sorted({str(parent) for name in ("x", *files) for parent in Path("/lab", name).parents} - {"/"}):
        command += ["--dir", parent]
    for name, path in files.items():
        command += ["--ro-bind", str(path), f"/lab/{name}"]
    command += ["--remount-ro", "/", "--chdir", scratch_folder(), "--clearenv"]
    for key, value in environment().items():
        command += ["--setenv", key, value]
    return [*command, sys.executable, *arguments]


def try_bubblewrap() -> None:
    """Make sure that bubblewrap works here.

    Raises:
        IsolationError: if it does not, with what it said.
    """
    command = isolated_command(["-c", ""], (), {})
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise IsolationError(
            f"bubblewrap does not work here: {said[-1] if said else f'it ended with {done.returncode}'}; user "
            "namespaces may be switched off (sysctl kernel.unprivileged_userns_clone, or AppArmor's restriction). "
            "Switch them on, or say --isolation none, which lets a submission read and write everything that you can"
        )


def scratch_folder() -> str:
    """The folder inside that can be written to; not /tmp where Python or this package lie there."""
    return "/scratch" if any(path.is_relative_to("/tmp") for path in map(Path, shown_folders())) else "/tmp"


def environment() -> dict[str, str]:
    """The environment of the warm process: nothing of the instructor's own."""
    scratch = scratch_folder()
    values = {
        "TMPDIR": scratch,
        "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": scratch, "USER": "student", "LOGNAME": "student",
        "LANG": "C.UTF-8", "MPLBACKEND": "agg", "MPLCONFIGDIR": f"{scratch}/.matplotlib",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0", "PYTHONPATH": str(_package().parent), "PYTHONUNBUFFERED": "1",
        "NUMBA_CACHE_DIR": f"{scratch}/.numba",
    }  # fmt: skip
    return {**values, **dict.fromkeys(THREADS, "1")}


def _package() -> Path:
    return Path(__file__).resolve().parents[3]


def shown_folders() -> dict[str, Path]:
    """What Python needs: its own folders, and this package; each by its path inside."""
    wanted = ["/usr", sys.base_prefix, sys.prefix, sys.exec_prefix, str(_package())]
    shown: dict[str, Path] = {}
    for text in wanted:
        path = Path(text)
        if not any(path.is_relative_to(inside) for inside in shown):
            shown[text] = path.resolve()
        real = path.resolve()
        if not any(real.is_relative_to(inside) for inside in shown):
            shown[str(real)] = real
    return shown


def refuse_private(shown: Iterable[Path], private: Iterable[Path]) -> None:
    """Raise IsolationError where something private lies in what has to be shown."""
    for folder in shown:
        for path in private:
            if path.resolve().is_relative_to(folder):
                raise IsolationError(
                    f"{path} lies inside {folder}, which submissions can read because Python needs it; "
                    "move it to a folder of its own"
                )
