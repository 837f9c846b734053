"""Calls between two processes: functions of one side are called from the other, and can be differentiated there."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from gradlab._errors import GradlabError
from gradlab.labs._deadline import Deadline
from gradlab.labs.grade._data import copied, is_array, is_own, may_change, same
from gradlab.labs.grade._randomness import randomness, restore_randomness, source_of, source_state
from gradlab.labs.grade.protocol._modules import computed, decode_module, encode_module, is_opened, state_of, with_state
from gradlab.labs.grade.protocol._remote import RemoteNumber, RemoteObject, looked, may_be_data
from gradlab.labs.grade.protocol._shared import Shared
from gradlab.labs.grade.protocol._values import Decoder, Encoder, ValueRefusedError, number_of
from gradlab.labs.grade.protocol._wire import Channel, ChannelError

_LONGEST_MESSAGE = 2000
_REFUSED = ValueRefusedError.__name__


class RemoteCallError(GradlabError):
    """What was called on the other side raised an error.

    Args:
        kind: the error's name there.
        message: its words.
        cell: the student's cell in which it arose, from 1; 0 where that is not known.
        line: the line in that cell.
    """

    def __init__(self, kind: str, message: str, cell: int = 0, line: int = 0) -> None:
        super().__init__(f"{kind}: {message}" if message else kind)
        self.kind, self.message, self.cell, self.line = kind, message, cell, line


def is_refusal(problem: BaseException | None) -> bool:
    """Whether something went wrong only because one side may not see, or not believe, what is on the other."""
    return isinstance(problem, ValueRefusedError) or getattr(problem, "kind", "") == _REFUSED


class CheckTimeoutError(BaseException):
    """What is asked has run too long; derived so that no `except Exception` keeps it."""


class Peer:
    """One side of a connection.

    Args:
        channel: the connection.
        named: gives an object a JSON form that the other side resolves by itself, None where it has none.
        resolve: the other way round; raises ValueRefusedError.
        classes: the named tuples and data classes that may be made, by name.
        on_request: does what the other side asks for beyond calls and looks.
        describe: says where in a student's cells an error arose.
        is_judge: whether the other side gets networks that it can train, and has random numbers of its own here.
        kinds: the classes that the lab knows; an instance of another that a submission has made up is called, and what
            it says of itself when it is asked, an attribute or a number, is not believed.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        named: Callable[[Any], dict[str, Any] | None],
        resolve: Callable[[Mapping[str, Any]], Any],
        classes: Mapping[str, Any],
        on_request: Mapping[str, Callable[[Mapping[str, Any]], Any]] | None = None,
        describe: Callable[[BaseException], tuple[int, int]] = lambda _: (0, 0),
        is_judge: bool = False,
        kinds: Collection[str] = (),
    ) -> None:
        self._channel, self._named, self._resolve_named, self._classes = channel, named, resolve, classes
        self._on_request, self._describe = {"look": self._looked, **(on_request or {})}, describe
        self._mine: dict[int, Any] = {}
        self.is_judge, self._kinds = is_judge, kinds
        self._random: dict[str, Any] = {}  # the sandbox's random numbers as both sides know them
        self._shared = Shared()
        self._modules: dict[int, tuple[int, int]] = {}  # what networks are known by there
        self._tapes: dict[int, tuple[list[Any], list[Any]]] = {}
        self._count = 0
        self.labels: dict[int | str, str] = {}
        self.running = ""
        self.deadline: Deadline | None = None
        self.handed_back = False  # a network of this side's, with which more may be done here than is known there
        self.on_value: Callable[[Any], Any] = lambda value: value
        self.on_change: Callable[[int | str, tuple[Any, ...], Mapping[str, Any], list[tuple[int, Any]]], None] = (
            lambda *_: None
        )

    # -- asking ---------------------------------------------------------------------------------------------------

    def call(self, key: int | str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Call something on the other side.

        Args:
            key: what.
            args: its arguments; tensors that require a gradient can be differentiated by.
            kwargs: its arguments by name.

        Raises:
            RemoteCallError: if it raised an error there.
            ChannelError: if the other side is gone, or has not answered by `deadline`.
        """
        encoder = self._encoder()
        self.running = self.labels.get(key, self.running)
        message = {
            "do": "call", "on": key, "args": [self._argument(value, encoder) for value in args],
            "kw": [[name, self._argument(value, encoder)] for name, value in kwargs.items()],
        }  # fmt: skip
        if not self.is_judge:
            message["random"] = self._news()
        reply = self._ask({**message, "grad": bool(encoder.tensors)})
        if not self.is_judge and reply.get("random"):
            self._random |= self.decode(reply["random"])
            restore_randomness(self._random)
        value = self._value(reply, encoder.tensors)
        value = self.on_value(value)
        changes = [(int(i), self.decode(part)) for i, part in reply.get("ch") or ()]
        if changes:
            self.on_change(key, args, kwargs, changes)
        return value

    def _argument(self, value: Any, encoder: Encoder) -> Any:
        """What is sent for an argument: a generator of random numbers goes there and comes back as far as it went."""
        state = source_state(value) if self.is_judge and self._named(value) is None else None
        return encoder.encode(value) if state is None else {"rg": self.encode(state)}

    def request(self, message: dict[str, Any]) -> Any:
        """Ask for something else than a call.

        Raises:
            RemoteCallError: if it raised an error there.
            ChannelError: if the other side is gone, or has not answered by `deadline`.
        """
        return self._value(self._ask(message), [])

    def export(self, value: Any) -> int:
        """Let the other side call something of ours; returns the key that it is known by there."""
        self._count += 1
        self._mine[self._count] = value
        return self._count

    def decode(self, data: Any) -> Any:
        """Make a value of what the other side sent beside a request."""
        return Decoder(self._resolve, self._classes).decode(data)

    def own(self, key: Any) -> Any:
        """Something of ours by the key that the other side knows it by."""
        return self._target(key)

    def encode(self, value: Any) -> Any:
        """Make of a value what can be sent beside a request."""
        return self._encoder().encode(value)

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        number = self._count
        self._send({"q": number, **message})
        while True:
            reply = self._receive(self.deadline)
            if "q" in reply:
                self._serve(reply)
            elif reply.get("r") == number:
                break
            else:
                raise ChannelError("an answer came to a question that was not asked")
        if "x" in reply:
            raise _error(reply["x"])
        return reply

    def _send(self, message: dict[str, Any]) -> None:
        news = self._shared.news(Encoder(self._refer, self._named, leaves=True).encode)
        self._channel.send({**message, "net": news} if news else message, self.deadline)

    def _receive(self, deadline: Deadline | None = None) -> dict[str, Any]:
        message = self._channel.receive(deadline)
        if "net" in message:
            self._shared.take(message["net"], self.decode)
        return message

    def _value(self, reply: Mapping[str, Any], inputs: list[Any]) -> Any:
        decoder = Decoder(self._resolve, self._classes)
        value = decoder.decode(reply.get("v"))
        if not decoder.tensors or reply.get("tape") is None:
            return value
        torch = sys.modules["torch"]
        numbers = sorted(decoder.tensors)
        plain = [decoder.tensors[number].detach() for number in numbers]
        outs = _remote_function(torch).apply(self, reply["tape"], plain, torch.ones(1, requires_grad=True), *inputs)
        again = Decoder(self._resolve, self._classes)
        again.tensors.update(zip(numbers, outs, strict=True))
        return again.decode(reply.get("v"))

    def _news(self) -> Any:
        """What has changed of the sandbox's random numbers; here those alone that it has told of."""
        now = {name: state for name, state in randomness().items() if name in self._random or not self.is_judge}
        changed = {name: state for name, state in now.items() if not same(state, self._random.get(name))}
        self._random |= changed
        return self.encode(changed) if changed else None

    # -- answering ------------------------------------------------------------------------------------------------

    def serve(self) -> None:
        """Answer until the other side is gone; raises ChannelError then."""
        while True:
            message = self._receive()
            if "q" not in message:
                raise ChannelError("an answer came to a question that was not asked")
            self._serve(message)

    def _serve(self, message: Mapping[str, Any]) -> None:
        try:
            if message.get("do") == "call":
                reply = self._with_their_luck(message) if self.is_judge else self._called(message)
            elif message.get("do") == "vjp":
                reply = {"v": self._pulled_back(message)}
            else:
                encoder = Encoder(self._refer, self._named, leaves=True, open_module=partial(self._opened, True))
                value = self._on_request[str(message.get("do"))](message)
                reply = {"v": encoder.encode(value), "tape": self._tape([], encoder.tensors)}
            self._send({"r": message["q"], **reply})
        except (ChannelError, CheckTimeoutError):
            raise
        except BaseException as problem:
            cell, line = self._describe(problem)
            kind, words = type(problem).__name__, str(problem)
            if is_refusal(problem):
                kind = _REFUSED
            if isinstance(problem, RemoteCallError):  # ours has called theirs, and it was theirs that went wrong
                kind, words = problem.kind, problem.message
            fault = {"type": kind, "message": words[:_LONGEST_MESSAGE], "cell": cell, "line": line}
            self._send({"r": message["q"], "x": fault})

    def _with_their_luck(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """What the sandbox calls draws from its random numbers, and learns nothing about the check's."""
        own = randomness()
        try:
            self._random |= self.decode(message.get("random")) or {}
            restore_randomness(self._random)
            reply = self._called(message)
            reply["random"] = self._news()
        finally:
            restore_randomness(own)
        return reply

    def _called(self, message: Mapping[str, Any]) -> dict[str, Any]:
        decoder = Decoder(self._resolve, self._classes)
        args = [decoder.decode(value) for value in message["args"]]
        kwargs = {str(name): decoder.decode(value) for name, value in message["kw"]}
        before = [
            (i, value, _copy(value))
            for i, value in enumerate([*args, *kwargs.values()])
            if may_change(value) or (not self.is_judge and (is_opened(value) or source_state(value) is not None))
        ]
        value = self._target(message["on"])(*args, **kwargs)
        encoder = self._encoder(is_reply=True)
        reply = {"v": encoder.encode(value)}
        inputs = [decoder.tensors[number] for number in sorted(decoder.tensors)]
        reply["tape"] = self._tape(inputs, encoder.tensors)
        changed = [(i, after) for i, value, copy in before if not same(after := _copy(value), copy)]
        reply["ch"] = [[i, self.encode(after)] for i, after in changed]
        return reply

    def _target(self, key: Any) -> Any:
        return self._mine[int(key)]

    def _looked(self, message: Mapping[str, Any]) -> Any:
        value = self._target(message["on"])
        return looked(value, str(message["how"]), self.decode(message.get("at")))

    def _tape(self, inputs: list[Any], outputs: list[Any]) -> int | None:
        if not outputs:
            return None
        self._count += 1
        self._tapes[self._count] = (inputs, outputs)
        return self._count

    def _pulled_back(self, message: Mapping[str, Any]) -> Any:
        torch = sys.modules["torch"]
        inputs, outputs = self._tapes[int(message["tape"])]
        decoder = Decoder(self._resolve, self._classes)
        slopes = [decoder.decode(slope) for slope in message["slopes"]]
        for leaf in inputs:
            leaf.grad = None
        torch.autograd.backward(outputs, slopes, retain_graph=True)
        return self._encoder().encode([leaf.grad for leaf in inputs])

    def pull_back(self, tape: int, slopes: list[Any]) -> Any:
        """The product of slopes with the derivative of a call that was made before, by its inputs."""
        encoder = self._encoder()
        return self.request({"do": "vjp", "tape": tape, "slopes": [encoder.encode(slope) for slope in slopes]})

    # -- objects --------------------------------------------------------------------------------------------------

    def _refer(self, value: Any) -> dict[str, Any]:
        if isinstance(value, RemoteObject) and value._peer is self:
            return {"m": value._key}
        if is_opened(value):
            return {"m": value._remote_key, "state": self.encode(_copy(value))}
        kind = type(value)
        made = {"r": self.export(value), "n": kind.__name__, "data": may_be_data(value), "own": is_own(kind)}
        return made if (number := number_of(value)) is None else {**made, "v": number}

    def _encoder(self, *, is_reply: bool = False) -> Encoder:
        return Encoder(self._refer, self._named, open_module=partial(self._opened, is_reply))

    def _opened(self, is_reply: bool, value: Any, encode: Callable[[Any], Any]) -> dict[str, Any] | None:
        if is_opened(value):
            return self._refer(value)
        if is_reply or not self.is_judge:  # nothing was computed from the parameters of what is made there
            encode = Encoder(self._refer, self._named, leaves=True).encode
        return encode_module(value, self._known_by, encode)

    def _known_by(self, module: Any) -> tuple[int, int]:
        """What a network, and what computes it, is known by on the other side."""
        if id(module) not in self._modules:
            self._modules[id(module)] = self.export(module), self.export(partial(computed, module))
        if not self.is_judge:
            self._shared.hold(self._modules[id(module)][0], module)
        return self._modules[id(module)]

    def _resolve(self, data: Mapping[str, Any]) -> Any:
        if "mod" in data:
            made = decode_module(data, partial(RemoteObject, self), data["decode"], sees_all=self.is_judge)
            return self._shared.hold(int(data["r"]), made) if self.is_judge else made
        if "r" in data:
            key, kind, number = int(data["r"]), str(data.get("n"))[:100], data.get("v")
            is_read = not self.is_judge or data.get("own") is not True or kind in self._kinds
            if isinstance(number, float) and is_read:
                return RemoteNumber(self, key, kind, number)
            return RemoteObject(self, key, kind, data.get("data") is True, is_read)
        if "rg" in data and not self.is_judge:
            return source_of(self.decode(data["rg"]))
        if "m" in data:
            value = self._target(data["m"])
            if "state" not in data:
                return value
            self.handed_back = True
            return with_state(value, self.decode(data["state"]))
        return self._resolve_named(data)


def _copy(value: Any) -> Any:
    if (state := source_state(value)) is not None:
        return state
    if is_opened(value):
        return {name: part.detach().clone() for name, part in state_of(value).items()}
    if hasattr(value, "detach"):
        return value.detach().clone()
    return value.copy() if is_array(value) else copied(value)  # which leaves a large array as it is


def _error(fault: Any) -> RemoteCallError:
    if not isinstance(fault, dict):
        raise ChannelError("what was sent is no message")
    kind, message = str(fault.get("type"))[:100], str(fault.get("message"))[:_LONGEST_MESSAGE]
    cell, line = (number if isinstance(number, int) else 0 for number in (fault.get("cell"), fault.get("line")))
    known = getattr(builtins, kind, None)
    if isinstance(known, type) and issubclass(known, Exception) and known not in (StopIteration, StopAsyncIteration):
        try:
            return type(kind, (RemoteCallError, known), {})(kind, message, cell, line)
        except TypeError:  # some, such as UnicodeDecodeError, cannot be made of a text
            return RemoteCallError(kind, message, cell, line)
    return RemoteCallError(kind, message, cell, line)


_functions: dict[str, Any] = {}


def _remote_function(torch: Any) -> Any:
    """The operation that stands for a call on the other side, so that one can differentiate through it."""
    if "made" not in _functions:

        def forward(ctx: Any, peer: Peer, tape: int, outputs: list[Any], _: Any, *inputs: Any) -> tuple[Any, ...]:
            ctx.peer, ctx.tape, ctx.shapes = peer, tape, [(part.shape, part.dtype) for part in inputs]
            return tuple(outputs)

        def backward(ctx: Any, *slopes: Any) -> tuple[Any, ...]:
            found = ctx.peer.pull_back(ctx.tape, list(slopes))
            if not isinstance(found, list) or len(found) != len(ctx.shapes):
                raise ValueRefusedError("a backward pass returned no gradients")
            return (None, None, None, None, *found)

        body = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
        _functions["made"] = type("RemoteCall", (torch.autograd.Function,), body)
    return _functions["made"]
