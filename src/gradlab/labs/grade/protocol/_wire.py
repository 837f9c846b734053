"""Messages over a socket: four bytes of length, then JSON, and never more than is allowed."""

from __future__ import annotations

import json
import select
import socket
from typing import Any, Final

from gradlab._errors import GradlabError
from gradlab.labs._deadline import Deadline

LARGEST: Final = 32_000_000
"""Bytes of the longest message."""


class ChannelError(GradlabError):
    """The other side is gone, or what it sends is no message."""


class ChannelTimeoutError(ChannelError):
    """The other side has not answered in time."""


class Channel:
    """One end of a connection.

    Args:
        connection: a stream socket; it is made non-blocking.
        largest: bytes of the longest message that is taken or sent.
    """

    def __init__(self, connection: socket.socket, largest: int = LARGEST) -> None:
        connection.setblocking(False)
        self._socket, self._largest = connection, largest

    def send(self, message: dict[str, Any], deadline: Deadline | None = None) -> None:
        """Send a message.

        Args:
            message: what JSON can hold.
            deadline: until when, default for ever.

        Raises:
            ChannelError: if it is too long, or nobody takes it.
        """
        data = json.dumps(message, separators=(",", ":")).encode()
        if len(data) > self._largest:
            raise ChannelError(f"a message of {len(data):,} bytes is longer than the {self._largest:,} allowed")
        view = memoryview(len(data).to_bytes(4, "big") + data)
        while view:
            self._wait(select.POLLOUT, deadline)
            try:
                view = view[self._socket.send(view) :]
            except BlockingIOError:
                continue
            except OSError as problem:
                raise ChannelError("the other side is gone") from problem

    def receive(self, deadline: Deadline | None = None) -> dict[str, Any]:
        """Wait for a message.

        Args:
            deadline: until when, default for ever.

        Raises:
            ChannelTimeoutError: if none came in time.
            ChannelError: if the other side is gone, or sent what is no message.
        """
        length = int.from_bytes(self._take(4, deadline), "big")
        if length > self._largest:
            raise ChannelError(f"a message claims {length:,} bytes; at most {self._largest:,} are taken")
        data = self._take(length, deadline)
        try:
            message = json.loads(data)
        except (ValueError, RecursionError) as problem:
            raise ChannelError("what was sent is no message") from problem
        if not isinstance(message, dict):
            raise ChannelError("what was sent is no message")
        return message

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _take(self, count: int, deadline: Deadline | None) -> bytes:
        parts, missing = [], count
        while missing:
            self._wait(select.POLLIN, deadline)
            try:
                data = self._socket.recv(min(missing, 1 << 20))
            except BlockingIOError:
                continue
            except OSError as problem:
                raise ChannelError("the other side is gone") from problem
            if not data:
                raise ChannelError("the other side is gone")
            parts.append(data)
            missing -= len(data)
        return b"".join(parts)

    def _wait(self, event: int, deadline: Deadline | None) -> None:
        poll = select.poll()
        poll.register(self._socket, event)
        while True:
            left = None if deadline is None else deadline.left()
            if left == 0:
                raise ChannelTimeoutError("no answer in time")
            if poll.poll(None if left is None else left * 1000):
                return
