"""The outside of the sandbox: starts the warm process, asks it for forks, ends them, and says why one ended."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from gradlab.labs._deadline import Deadline
from gradlab.labs.grade.protocol import Channel, ChannelError
from gradlab.labs.grade.sandbox._command import IsolationError, environment, isolated_command
from gradlab.labs.grade.sandbox._engine import engine_command
from gradlab.labs.grade.sandbox._walls import kept_waiting

OUTSIDE: Final = "was killed"
"""An end that may come from this machine, which is short of memory, and not from the submission."""
TOO_MUCH: Final = "took more memory than it may"
_START_LIMIT: Final = 120.0
_END_LIMIT: Final = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a submission may use.

    Args:
        memory: bytes, of all its processes together, beyond what the lab's imports take. Default 2 GB.
        cpu: seconds of CPU time in all. Default 600.
        processes: how many, threads counted. Default 32.
        open_files: how many. Default 128.
        files: bytes that may lie in /tmp, and in one file. Default 64 MB.
    """

    memory: int = 2_000_000_000
    cpu: int = 600
    processes: int = 32
    open_files: int = 128
    files: int = 64_000_000


class Sandbox:
    """The warm process; it gets warm while its maker does something else, until `wait`.

    Args:
        statements: the lab's own statements that every submission needs.
        folder: where the template lies.
        files: what submissions may read beside it, by name.
        private: what they must not see.
        isolated: whether it runs inside bubblewrap. Default yes.
        engine: "docker" or "podman", whose container it runs inside instead. Default neither.

    Raises:
        IsolationError: if bubblewrap cannot be used.
    """

    def __init__(
        self,
        statements: Iterable[Mapping[str, Any]],
        folder: Path,
        files: Mapping[str, Path],
        private: Iterable[Path],
        *,
        isolated: bool = True,
        engine: str = "",
    ) -> None:
        self.isolated = isolated
        self._place = TemporaryDirectory(prefix="gradlab-box-") if engine else None
        self._control, inner = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        warm = ["-m", "gradlab.labs.grade.sandbox._warm"]
        arguments = [*warm, str(inner.fileno()), "walls" if isolated else "none"]
        self._listening: socket.socket | None = None
        if self._place is not None:
            place = Path(self._place.name)
            self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._listening.bind(str(place / "socket"))
            self._listening.listen(1)
            command, values = engine_command(engine, [*warm, "/control/socket", "walls"], private, files, place), None
        elif isolated:
            command, values = isolated_command(arguments, private, dict(files)), None
        else:
            command, values = [sys.executable, *arguments], {**os.environ, **environment(), "HOME": "/nonexistent"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[inner.fileno()], env=values
        )
        inner.close()
        order = {"statements": list(statements), "folder": None if isolated else str(folder)}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):  # then it says nothing below
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()

    def wait(self) -> list[str]:
        """Wait until it is warm.

        Returns:
            What the lab's own statements raised.

        Raises:
            IsolationError: if it does not start, or no submission can be walled off in it.
        """
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], _START_LIMIT)
        line = self._process.stdout.readline() if ready else b""
        if not line:
            self.close()
            raise IsolationError("the process that submissions run in does not start; its error stands above")
        failed: list[str] = json.loads(line)["failed"]
        if self._listening is not None:
            self._listening.settimeout(_END_LIMIT)
            self._control.close()
            try:
                self._control, _ = self._listening.accept()
            except OSError as problem:
                self.close()
                raise IsolationError("the container cannot reach this process: it runs on another machine") from problem
        self._try_walls()
        return failed

    def _try_walls(self) -> None:
        """See one submission's process answer, so that what this machine lacks is not found out by each of a class."""
        cage = self.start(Limits(), 0)
        channel = Channel(cage.channel)
        try:
            channel.send({"q": 1, "do": "value", "name": "__name__"})
            channel.receive(Deadline(_START_LIMIT))
        except ChannelError as problem:
            said = cage.end() or str(problem)
            self.close()
            raise IsolationError(
                f"a submission cannot be walled off here: its process {said}; nothing was graded. Grade on another "
                "machine, or say --isolation none, which lets a submission read and write everything that you can"
            ) from problem
        cage.end()

    def start(self, limits: Limits, slot: int) -> Cage:
        """Fork a process for a submission.

        Args:
            limits: what it may use.
            slot: a number that no other submission that runs has.
        """
        channel, theirs = socket.socketpair()
        lifeline, keeper = socket.socketpair()
        order = json.dumps({"limits": asdict(limits), "slot": slot}).encode()
        try:
            socket.send_fds(self._control, [order], [theirs.fileno(), keeper.fileno()])
        except OSError as problem:
            raise IsolationError("the process that submissions run in has ended") from problem
        finally:
            theirs.close()
            keeper.close()
        return Cage(channel, lifeline, isolated=self.isolated)

    def close(self) -> None:
        """End the warm process and everything in it."""
        self._control.close()
        with suppress(subprocess.TimeoutExpired):  # a container ends because of that, and not with its client
            self._process.wait(_END_LIMIT if self._place is not None else 0)
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                stream.close() if stream is not None else None
        self._process.wait()
        for held in (self._listening, self._place):
            if held is not None:
                held.close() if isinstance(held, socket.socket) else held.cleanup()


class Cage:
    """One submission's process.

    Args:
        channel: the connection to it.
        lifeline: the connection to its keeper.
        isolated: whether it has walls.
    """

    def __init__(self, channel: socket.socket, lifeline: socket.socket, *, isolated: bool) -> None:
        self.channel, self._lifeline, self._isolated = channel, lifeline, isolated
        self._heard = b""

    def waited(self) -> float | None:
        """Seconds for which it was ready to run and no processor was free for it; None where nobody can say."""
        if not self._isolated:
            return kept_waiting(self._pid())
        self._lifeline.settimeout(_END_LIMIT)
        before = self._heard.count(b"\n")
        with suppress(OSError):
            self._lifeline.send(b"?")
            while self._heard.count(b"\n") == before and (part := self._lifeline.recv(65536)):
                self._heard += part
        # Without an answer it has ended, and `end` says why.
        said = json.loads(self._heard.splitlines()[-1])["waited"] if self._heard.endswith(b"\n") else 0.0
        return said if isinstance(said, float) else None

    def _pid(self) -> int:
        """The process where it has no walls."""
        if not self._heard:
            self._lifeline.settimeout(_END_LIMIT)
            with suppress(OSError):
                self._heard = self._lifeline.recv(4096)
        return int(json.loads(self._heard or b'{"pid": 0}')["pid"])

    def end(self) -> str:
        """End it.

        Returns:
            Why it had ended before, in words to stand behind "the submission's code"; empty where it had not.
        """
        self.channel.close()
        if not self._isolated:
            return self._end_plainly()
        with suppress(OSError):
            self._lifeline.shutdown(socket.SHUT_WR)
        self._lifeline.settimeout(_END_LIMIT)
        with suppress(OSError):  # reset where it ends at once
            while part := self._lifeline.recv(65536):
                self._heard += part
        self._lifeline.close()
        return _reason(self._heard.rpartition(b"\n")[2])

    def _end_plainly(self) -> str:
        with suppress(OSError):
            if pid := self._pid():
                os.killpg(pid, signal.SIGKILL)
        self._lifeline.close()
        return ""


def _reason(data: bytes) -> str:
    try:
        said, _ = json.JSONDecoder().raw_decode(data.decode())
    except ValueError:
        raise IsolationError("the sandbox has ended with the submissions in it") from None
    if said.get("reason") == "memory":
        return TOO_MUCH
    if said.get("reason") == "walls":
        raise IsolationError(f"the walls around a submission could not be put up: {said.get('said')}")
    status = int(said.get("status", 0))
    if said.get("reason") != "ended":
        return ""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        words = {signal.SIGXCPU: "used up its CPU time", signal.SIGSEGV: "crashed", signal.SIGKILL: OUTSIDE}
        return words.get(signal.Signals(number), f"was ended by the signal {signal.Signals(number).name}")
    return f"ended its own process with the status {os.WEXITSTATUS(status)}"
