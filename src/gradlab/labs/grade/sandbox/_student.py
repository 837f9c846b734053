"""The student's side: runs statements, and answers calls. Nothing that happens here is believed elsewhere."""

from __future__ import annotations

import ast
import importlib
import io
import re
import socket
import sys
import traceback
import types
from collections.abc import Mapping
from typing import Any

from gradlab.labs.grade.protocol import Channel, ChannelError, Peer, ValueRefusedError

_MOST_TEXT = 20_000  # characters of output that a statement may leave


class _Sink(io.TextIOBase):
    """Keeps the first characters that are printed, and only counts the others."""

    def __init__(self) -> None:
        self.kept, self.count = "", 0

    def write(self, text: str) -> int:
        self.count += len(text)
        self.kept += text[: max(0, _MOST_TEXT - len(self.kept))]
        return len(text)

    def take(self) -> str:
        """What was printed since the last time."""
        text, more = self.kept, self.count - len(self.kept)
        self.kept, self.count = "", 0
        return f"{text}\n[{more:,} more characters]" if more else text


class Shell:
    """What `get_ipython()` returns: magics are passed over."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


def run_statement(names: dict[str, Any], statement: Mapping[str, Any]) -> None:
    """Run one statement of a notebook."""
    names.setdefault("get_ipython", Shell)
    names.setdefault("display", print)
    source = "\n" * (int(statement["line"]) - 1) + statement["source"]
    code = compile(source, f"<cell {statement['cell']}>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    result = eval(code, names)
    if isinstance(result, types.CoroutineType):
        import asyncio

        asyncio.run(result)


class Student:
    """A submission's process.

    Args:
        lab: the module in which the lab's own statements have been run.
        channel: the connection to the judge.
        order: what the judge said about the submission.
    """

    def __init__(self, lab: types.ModuleType, channel: socket.socket, order: Mapping[str, Any]) -> None:
        self._names, self._channel = vars(lab), channel
        self._given = {name: value for name, value in vars(lab).items() if not name.startswith("__")}
        self._sink = _Sink()
        self._before: dict[str, Any] = {}

    def serve(self) -> None:
        """Answer the judge until it hangs up."""
        sys.stdout = sys.stderr = self._sink
        sys.stdin = io.StringIO()
        self._peer = Peer(
            Channel(self._channel),
            named=lambda _: None,
            resolve=self._resolve,
            classes=_Classes(self._names),
            on_request={
                "run": self._run, "get": self._get, "set": self._set, "value": self._value, "bind": self._bind,
                "release": self._release,
            },
            describe=_place,
        )  # fmt: skip
        try:
            self._peer.serve()
        except ChannelError:
            return

    def _run(self, message: Mapping[str, Any]) -> str:
        try:
            run_statement(self._names, message)
        except BaseException as problem:
            problem.add_note(self._sink.take())
            raise
        return self._sink.take()

    def _value(self, message: Mapping[str, Any]) -> Any:
        name = str(message["name"])
        if not name.isidentifier():  # an entry, such as answers[1]
            return eval(name, self._names)
        if name not in self._names:
            raise NameError(f"name {name!r} is not defined")
        return self._names[name]

    def _get(self, message: Mapping[str, Any]) -> Any:
        return getattr(self._peer.own(message["on"]), str(message["name"]))

    def _set(self, message: Mapping[str, Any]) -> None:
        setattr(self._peer.own(message["on"]), str(message["name"]), self._peer.decode(message["value"]))

    def _bind(self, message: Mapping[str, Any]) -> None:
        for name, value in message["names"]:
            self._before.setdefault(name, self._names.get(name, self))
            self._names[name] = self._peer.decode(value)

    def _release(self, _: Mapping[str, Any]) -> None:
        for name, value in self._before.items():
            if value is self:
                self._names.pop(name, None)
            else:
                self._names[name] = value
        self._before.clear()

    def _resolve(self, data: Mapping[str, Any]) -> Any:
        if "gn" in data:
            return self._given[data["gn"]]
        if "im" in data:
            module, path = data["im"]
            value = importlib.import_module(module)
            for name in filter(None, path.split(".")):
                value = getattr(value, name)
            return value
        raise ValueRefusedError("what was sent is no value")


class _Classes(dict[str, Any]):
    """The named tuples and data classes among a notebook's names."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        super().__init__()
        self._names = names

    def get(self, key: str, default: Any = None) -> Any:
        found = self._names.get(key)
        return found if isinstance(found, type) else default


def _place(problem: BaseException) -> tuple[int, int]:
    """The cell and line in which an error arose."""
    for frame in reversed(traceback.extract_tb(problem.__traceback__)):
        found = re.fullmatch(r"<cell (\d+)>", frame.filename)
        if found:
            return int(found[1]), frame.lineno or 0
    return 0, 0
