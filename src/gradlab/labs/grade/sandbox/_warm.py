"""The warm process inside bubblewrap: it has imported what the lab imports, and forks for each submission."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import sys
import types
from typing import Any

from gradlab.labs.grade.sandbox._student import Student, run_statement
from gradlab.labs.grade.sandbox._walls import link_files, mount_proc, set_limits, start_apart


def main() -> None:
    """Read the lab's own statements, run them, then fork for each pair of sockets that comes in."""
    control = _connected(sys.argv[1])
    walls = sys.argv[2] == "walls"
    if walls and not os.path.exists("/proc/self"):
        mount_proc()
    start = json.loads(sys.stdin.buffer.readline())
    lab = types.ModuleType("__main__")
    sys.modules["__main__"] = lab
    failed, told, sys.stdout = [], sys.stdout, io.StringIO()
    if walls:
        link_files()
    if start.get("folder"):
        os.chdir(start["folder"])
    sys.path.insert(0, "/lab" if walls else os.getcwd())
    for statement in start["statements"]:
        try:
            run_statement(vars(lab), statement)
        except Exception as problem:
            # What homework may have to fill first is run again from the submission's own cells.
            if not statement.get("unsure"):
                failed.append(f"line {statement.get('place')}: {type(problem).__name__}: {problem}")
    warm_up()
    print(json.dumps({"failed": failed}), file=told, flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, 65536, 2)
        if not data:
            return
        order = json.loads(data)
        channel, lifeline = (socket.socket(fileno=number) for number in descriptors)
        student = Student(lab, channel, order)
        if walls:
            start_apart(student.serve, channel, lifeline, order["limits"], order["slot"])
        else:
            _start_plainly(student, channel, lifeline, order)
        channel.close()
        lifeline.close()


def _connected(where: str) -> socket.socket:
    """The connection to who asks for forks: an open descriptor, or inside a container the path of a socket."""
    if where.isdigit():
        return socket.socket(fileno=int(where))
    control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.connect(where)
    return control


def warm_up() -> None:
    """Let torch import what it imports at its first backward pass, once instead of once a submission."""
    torch = sys.modules.get("torch")
    if torch is None:
        return
    square: Any = type(
        "Square", (torch.autograd.Function,),
        {"forward": staticmethod(lambda ctx, x: x * x), "backward": staticmethod(lambda ctx, slope: slope)},
    )  # fmt: skip
    square.apply(torch.ones(3, requires_grad=True)).sum().backward()
    torch.allclose(torch.ones(3), torch.ones(3))


def _start_plainly(student: Student, channel: socket.socket, lifeline: socket.socket, order: dict[str, Any]) -> None:
    """Fork without walls, for `--isolation none`."""
    pid = os.fork()
    if pid:
        lifeline.send(json.dumps({"pid": pid}).encode())
        return
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        del order["limits"]["processes"]
        set_limits({**order["limits"], "processes": 1 << 20})
        student.serve()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
