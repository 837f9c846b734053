"""The walls around one submission: namespaces, a user of its own, limits, and a keeper that ends all of it."""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import select
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from gradlab.labs._deadline import used_and_waited
from gradlab.labs.grade.sandbox._filter import filter_calls

_NEW: Final = 0x00020000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000  # mount uts ipc user pid net
_PRIVATE, _NOSUID, _NODEV, _NOEXEC, _RECURSIVE = 1 << 18, 2, 4, 8, 1 << 14
_USER: Final = 1000
_FIRST_OUTSIDE: Final = 61000
_CAPABILITY_VERSION: Final = 0x20080522
_NO_NEW_PRIVILEGES, _DROP_FROM_BOUNDS = 38, 24
_WITH_SHARED: Final = 4
_LOOK_EVERY: Final = 0.1  # seconds


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _must(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def start_apart(
    run: Callable[[], None], channel: socket.socket, lifeline: socket.socket, limits: Mapping[str, int], slot: int
) -> None:
    """Fork a process behind walls of its own; returns at once.

    Args:
        run: what it does; it has `channel` and nothing else open.
        channel: where it speaks with the judge.
        lifeline: when the other end is closed, everything in there is ended; the reason of an end is written to it.
        limits: memory and files in bytes, seconds of CPU, processes, open files.
        slot: which user outside it becomes, where there are several to choose from.
    """
    ready, go = socket.socketpair()
    keeper = os.fork()
    if keeper == 0:
        try:
            ready.close()
            _keep(run, channel, lifeline, limits, go)
        except Exception as problem:
            lifeline.send(json.dumps({"reason": "walls", "said": repr(problem)}).encode())
        finally:
            os._exit(0)
    go.close()
    try:
        if ready.recv(1) == b"u":
            _write_maps(keeper, slot)
            ready.send(b"m")
    finally:
        ready.close()


def _write_maps(pid: int, slot: int) -> None:
    folder = Path("/proc", str(pid))
    outside = _FIRST_OUTSIDE + slot if _rules_all_users() else os.geteuid()
    (folder / "uid_map").write_text(f"{_USER} {outside} 1")
    (folder / "setgroups").write_text("deny")
    (folder / "gid_map").write_text(f"{_USER} {outside if _rules_all_users() else os.getegid()} 1")


def _rules_all_users() -> bool:
    return int(Path("/proc/self/uid_map").read_text().split()[2]) > _FIRST_OUTSIDE


def _keep(
    run: Callable[[], None], channel: socket.socket, lifeline: socket.socket, limits: Mapping[str, int], go: Any
) -> None:
    """Put up the walls, start the submission behind them, and end it when the judge hangs up or it takes too much."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    libc = _libc()
    up, locked = os.pipe()
    try:
        _must(libc.unshare(_NEW), "namespaces")
        go.send(b"u")
        if go.recv(1) != b"m":
            return
        inside = os.fork()
    except OSError as problem:
        lifeline.send(json.dumps({"reason": "walls", "said": str(problem)}).encode())
        return
    if inside == 0:
        try:
            _close_all_but(channel, lifeline, locked)
            _lock_up(libc, limits)
            os.close(locked)
        except OSError as problem:
            lifeline.send(json.dumps({"reason": "walls", "said": str(problem)}).encode())
            os._exit(1)
        lifeline.close()
        try:
            run()
        finally:
            os._exit(0)
    channel.close()
    os.close(locked)
    os.read(up, 1)  # until the walls stand: from then on /proc shows here, too, what is behind them alone
    reason = _watch(inside, lifeline, limits["memory"])
    os.kill(inside, signal.SIGKILL)
    _, status = os.waitpid(inside, 0)
    try:
        lifeline.send(json.dumps({"reason": reason, "status": status}).encode())
    except OSError:
        return  # the judge has gone; nobody asks for the reason any more


def _watch(inside: int, lifeline: socket.socket, most: int) -> str:
    process, shared = os.pidfd_open(inside), dict[int, int]()
    poll = select.poll()
    poll.register(lifeline, select.POLLIN | select.POLLHUP)
    poll.register(process, select.POLLIN)
    _takes_too_much(most, shared)  # what it begins with is no memory of its own
    while True:
        if poll.poll(_LOOK_EVERY * 1000):
            if select.select([lifeline], [], [], 0)[0] and lifeline.recv(1):
                lifeline.send(json.dumps({"waited": kept_waiting()}).encode() + b"\n")
                continue
            # Where it ended by itself, the judge hangs up because of that, and both are seen at once.
            ended, _, _ = select.select([process], [], [], _LOOK_EVERY)
            return "ended" if ended else "stopped"
        if _takes_too_much(most, shared):
            return "memory"


def _takes_too_much(most: int, shared: dict[int, int]) -> bool:
    """Whether the processes in there hold too many bytes together, or far too many with what forks share.

    Args:
        most: the bytes.
        shared: by process what it shared with who made it when it was first seen; kept from call to call.
    """
    held, makers = dict[int, int](), dict[int, int]()
    for text in _behind("status"):
        said = {name: int(number) for name, number in re.findall(r"^(Pid|PPid|RssAnon):\s+(\d+)", text, re.M)}
        makers[said["Pid"]], held[said["Pid"]] = said["PPid"], 1024 * said.get("RssAnon", 0)
    for process, maker in makers.items():
        shared.setdefault(process, min(held[process], held.get(maker, held[process])))
    own = sum(max(0, size - shared[process]) for process, size in held.items())
    return own > most or sum(held.values()) > _WITH_SHARED * most


def kept_waiting(process: int = 0) -> float | None:
    """Seconds for which a process was ready to run and no processor was free for it.

    Args:
        process: the process. Default the first behind the walls; what others in there took does not count then.

    Returns:
        The seconds, None where this system does not count them.
    """
    if (found := used_and_waited(process or 1)) is None:
        return None
    stats = _behind("stat") if not process else ()
    ticks = sum(sum(map(int, text.rpartition(")")[2].split()[11:15])) for text in stats)
    return max(0.0, found[1] - max(0.0, ticks / os.sysconf("SC_CLK_TCK") - found[0]))


def _behind(what: str) -> Iterator[str]:
    """A file of /proc of each of the processes behind the walls."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):  # it has ended meanwhile
            yield Path("/proc", name, what).read_text()


def _close_all_but(*kept: socket.socket | int) -> None:
    low = 3
    for number in sorted(one if isinstance(one, int) else one.fileno() for one in kept):
        os.closerange(low, number)
        low = number + 1
    os.closerange(low, 65536)


def _lock_up(libc: Any, limits: Mapping[str, int]) -> None:
    """As process 1 of the new namespaces: own /proc and /tmp, then no rights, and limits."""
    os.setresgid(_USER, _USER, _USER)
    os.setresuid(_USER, _USER, _USER)
    _mount(libc, "none", "/", "", _RECURSIVE | _PRIVATE, "")
    _mount(libc, "proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC, "")
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    own = f"size={limits['files']},nr_inodes=4096,mode=700,uid={_USER},gid={_USER}"
    _mount(libc, "tmpfs", os.environ["TMPDIR"], "tmpfs", _NOSUID | _NODEV, own)
    _mount(libc, "tmpfs", "/dev/shm", "tmpfs", _NOSUID | _NODEV, own)
    _must(libc.sethostname(b"lab", 3), "hostname")
    os.chdir(os.environ["TMPDIR"])
    link_files()
    _drop_rights(libc)
    filter_calls(libc)
    set_limits(limits)
    nothing = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)


def link_files() -> None:
    """Let the files that lie beside the template be found in the working directory."""
    for name in os.listdir("/lab"):
        os.symlink(f"/lab/{name}", name)


def _mount(libc: Any, source: str, target: str, kind: str, flags: int, options: str) -> None:
    texts = (source, target, kind)
    _must(libc.mount(*(text.encode() for text in texts), flags, options.encode()), f"mount {target}")


def _drop_rights(libc: Any) -> None:
    for capability in range(64):
        if libc.prctl(_DROP_FROM_BOUNDS, capability, 0, 0, 0) != 0:
            break  # the kernel knows no more
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    _must(libc.capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)())), "capabilities")
    _must(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no new privileges")


def set_limits(limits: Mapping[str, int]) -> None:
    """Limit this process and what it starts."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for kind, value in (
        (resource.RLIMIT_AS, mapped + limits["memory"]), (resource.RLIMIT_CPU, limits["cpu"]),
        (resource.RLIMIT_NPROC, limits["processes"]), (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_FSIZE, limits["files"]), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing too much is an OSError and not the end


def mount_proc() -> None:
    """Mount /proc whole. What bubblewrap mounts for root has covered parts, and then no inner one may be mounted."""
    _mount(_libc(), "proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC, "")
