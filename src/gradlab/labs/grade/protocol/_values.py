"""Python values as JSON and back: numbers, texts, containers, arrays and tensors; all else stays where it is."""

from __future__ import annotations

import base64
import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from math import prod
from types import FunctionType, SimpleNamespace
from typing import Any, Final

from gradlab._errors import GradlabError
from gradlab.labs.grade._data import is_own
from gradlab.labs.grade.protocol._tables import decode_table, encode_table

_DEEPEST: Final = 40
_MOST: Final = 300_000
_LARGEST_ARRAY: Final = 20_000_000  # bytes
_ARRAYS: Final = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64",
                  "complex128")  # fmt: skip
_COLLECTIONS: Final[tuple[tuple[Any, str], ...]] = ((list, "l"), (tuple, "t"), (set, "s"), (frozenset, "s"))
_TENSORS: Final = frozenset(_ARRAYS) | {"bfloat16"}


class ValueRefusedError(GradlabError):
    """A value that is too large or too deep to be sent, or what was sent is no value."""


class Encoder:
    """Turns values into JSON.

    Args:
        refer: gives an object that stays here a JSON form by which the other side can name it.
        named: gives an object that the other side has too its JSON form, None where it has not.
        leaves: whether tensors that nothing was computed from go with their gradients, and not as results. Default no.
        open_module: gives a network a JSON form, by which the other side can train it. Default: it stays here.
    """

    def __init__(
        self,
        refer: Callable[[Any], dict[str, Any]],
        named: Callable[[Any], dict[str, Any] | None] = lambda _: None,
        *,
        leaves: bool = False,
        open_module: Callable[[Any, Callable[[Any], Any]], dict[str, Any] | None] = lambda *_: None,
    ) -> None:
        self._refer, self._named, self._left, self._leaves = refer, named, _MOST, leaves
        self._open_module = open_module
        self.tensors: list[Any] = []

    def encode(self, value: Any, depth: int = 0) -> Any:
        """Encode a value.

        Returns:
            What JSON can hold; tensors that take part in a differentiation are in `tensors`, in order.

        Raises:
            ValueRefusedError: if it is too large.
        """
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise ValueRefusedError("the value holds too many parts to be looked at")
        if value is None or type(value) in (bool, float):
            return value
        if isinstance(value, bool | int | float | str | bytes | complex) or value is ...:
            return _scalar(value)
        if isinstance(value, Fraction):
            return {"fr": [_scalar(value.numerator), _scalar(value.denominator)]}
        array = self._array(value)
        return array if array is not None else self._container(value, depth + 1)

    def _array(self, value: Any) -> Any:
        torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
        if (jax := sys.modules.get("jax")) is not None and numpy is not None and isinstance(value, jax.Array):
            value = numpy.asarray(value)
        if torch is not None and isinstance(value, torch.Tensor):
            with torch._C.DisableTorchFunctionSubclass():  # what a class of the submission's own says of its data
                return self._tensor(torch, value)
        if torch is not None and isinstance(value, torch.dtype | torch.Size):
            return {"dt": str(value)} if isinstance(value, torch.dtype) else {"sz": [int(n) for n in value]}
        if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic):
            value = numpy.asarray(value) if isinstance(value, numpy.ndarray) else value
            kind = value.dtype.name
            if isinstance(value.dtype, numpy.dtypes.LongDoubleDType):
                kind, value = "float64", value.astype("float64")
            if kind in _ARRAYS:
                _fits(value.shape, value.dtype.itemsize)
                data = base64.b64encode(numpy.ascontiguousarray(value).tobytes()).decode()
                return {"a": [kind, list(value.shape), data], "s": isinstance(value, numpy.generic)}
            if kind.startswith("str"):
                return {"l": [self.encode(part, 1) for part in value.tolist()]} if value.ndim else str(value)
        return None

    def _tensor(self, torch: Any, value: Any) -> Any:
        kind = str(value.dtype).removeprefix("torch.")
        if kind not in _TENSORS or value.layout is not torch.strided:
            raise ValueRefusedError(f"a tensor of {value.dtype} in the layout {value.layout} cannot be looked at")
        _fits(value.shape, value.element_size())
        plain = value.detach().resolve_conj().resolve_neg().contiguous()
        raw = plain.reshape(-1).view(torch.uint8) if plain.numel() else plain.reshape(-1)
        made: dict[str, Any] = {
            "T": [kind, list(value.shape), base64.b64encode(raw.numpy().tobytes()).decode()],
        }
        if self._leaves and value.is_leaf:
            made["leaf"] = [value.requires_grad, None if value.grad is None else self._tensor(torch, value.grad)]
        elif value.requires_grad and torch.is_grad_enabled():
            made["g"] = len(self.tensors)
            self.tensors.append(value)
            if value.is_leaf and value.grad is not None:
                made["slope"] = self._tensor(torch, value.grad)
        return made

    def _container(self, value: Any, depth: int) -> Any:
        def each(values: Any) -> list[Any]:
            return [self.encode(part, depth) for part in values]

        kind = type(value)
        if (table := encode_table(value, self.encode)) is not None:
            return table
        if (known := self._named(value) or self._open_module(value, self.encode)) is not None:
            return known
        if isinstance(value, tuple) and (fields_of := getattr(kind, "_fields", None)) is not None:
            return self._fields(value, zip(fields_of, value, strict=False), depth)
        for base, tag in _COLLECTIONS:
            if isinstance(value, base):
                return {tag: each(base.__iter__(value))}  # what it holds, whatever its own class says that it does
        if isinstance(value, slice):
            return {"sl": each((value.start, value.stop, value.step))}
        if isinstance(value, range):
            return {"ra": [value.start, value.stop, value.step]}
        if isinstance(value, dict):
            items = dict.items(value) if is_own(kind) else value.items()
            return {"d": [[self.encode(key, depth), self.encode(item, depth)] for key, item in items]}
        if is_dataclass(value) and not isinstance(value, type):
            return self._fields(value, ((field.name, getattr(value, field.name)) for field in fields(value)), depth)
        if kind is SimpleNamespace:
            return {"o": "", "f": [[str(n), self.encode(v, depth)] for n, v in vars(value).items()]}
        return self._refer(value)

    def _fields(self, value: Any, named: Iterable[tuple[Any, Any]], depth: int) -> dict[str, Any]:
        made = {"o": type(value).__name__, "f": [[str(name), self.encode(item, depth)] for name, item in named]}
        # Where the other side does not have its class, methods are called here.
        return {**made, **self._refer(value)} if _has_methods(type(value)) else made


def _has_methods(kind: type) -> bool:
    """Whether a data class or named tuple does more than hold data."""
    own = [part for base in kind.__mro__ if base is not tuple for name, part in vars(base).items() if name[:1] != "_"]
    return any(isinstance(part, FunctionType | property | classmethod | staticmethod) for part in own)


def number_of(value: Any) -> float | None:
    """What a number of another library is as a float, None of what is no number: Decimal, SymPy's, mpmath's."""
    kind = type(value)
    if not hasattr(kind, "__float__") or hasattr(kind, "__len__"):
        return None
    try:
        return float.__float__(float(value))
    except Exception:  # whatever a formula with a name in it raises: it is no number
        return None


def _scalar(value: Any) -> Any:
    if value is ...:
        return {"e": 1}
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes):
        return {"b": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, complex):
        return {"c": [value.real, value.imag]}
    if isinstance(value, float):
        return float.__float__(value)
    plain = int.__int__(value)
    if plain.bit_length() > 4096:
        raise ValueRefusedError("a whole number of more than a thousand digits cannot be looked at")
    return bool(plain) if isinstance(value, bool) else plain


def _fits(shape: Any, size: int) -> None:
    count = prod(int(n) for n in shape)
    if count * size > _LARGEST_ARRAY:
        words = " x ".join(str(int(n)) for n in shape)
        raise ValueRefusedError(f"an array of {words} entries is larger than the {_LARGEST_ARRAY:,} bytes looked at")


class Decoder:
    """Makes values of JSON that need not be trusted: nothing is made before its size is known.

    Args:
        resolve: what an object that stayed on the other side, or one of our own, is here.
        classes: the named tuples and data classes that may be made, by name.
    """

    def __init__(self, resolve: Callable[[Mapping[str, Any]], Any], classes: Mapping[str, Any]) -> None:
        self._resolve, self._classes, self._left = resolve, classes, _MOST
        self.tensors: dict[int, Any] = {}

    def decode(self, data: Any, depth: int = 0) -> Any:
        """Make a value.

        Returns:
            The value; tensors that take part in a differentiation are in `tensors`, by number.

        Raises:
            ValueRefusedError: if it is none.
        """
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise ValueRefusedError("the value holds too many parts to be looked at")
        if data is None or isinstance(data, bool | int | float | str):
            return data
        try:
            return self._made(data, depth + 1)
        except ValueRefusedError:
            raise
        except Exception as problem:  # whatever a class of the lab raises too, of which one is to be made
            raise ValueRefusedError("what was sent is no value") from problem

    def _made(self, data: dict[str, Any], depth: int) -> Any:
        if "T" in data or "a" in data:
            return self._array(data)
        if "mod" in data:
            return self._resolve({**data, "decode": self.decode})
        if "pd" in data:
            return decode_table(data, self.decode)
        for tag, base in (("l", list), ("t", tuple), ("s", set)):
            if tag in data and "a" not in data:
                return base(self.decode(part, depth) for part in data[tag])
        if "d" in data:
            return {self.decode(key, depth): self.decode(item, depth) for key, item in data["d"]}
        if "o" in data:
            return self._object(data, depth)
        for tag, make in _PLAIN.items():
            if tag in data:
                return make(data[tag])
        if "sz" in data:
            return importlib.import_module("torch").Size(int(n) for n in data["sz"])
        if "dt" in data and (name := str(data["dt"]).removeprefix("torch.")) in _TENSORS:
            return getattr(importlib.import_module("torch"), name)
        return self._resolve(data)

    def _object(self, data: dict[str, Any], depth: int) -> Any:
        kind = self._classes.get(str(data["o"]))
        if kind is None and "r" in data:
            return self._resolve(data)
        named = {str(name): self.decode(item, depth) for name, item in data["f"]}
        try:
            return SimpleNamespace(**named) if kind is None else kind(**named)
        except TypeError:
            return SimpleNamespace(**named)

    def _array(self, data: dict[str, Any]) -> Any:
        kind, shape, text = data["T"] if "T" in data else data["a"]
        shape = [int(n) for n in shape]
        if kind not in _TENSORS or len(shape) > 16 or any(n < 0 for n in shape):
            raise ValueRefusedError("what was sent is no array")
        raw = base64.b64decode(text, validate=True)
        size = 2 if kind == "bfloat16" else _ITEM_SIZES[kind]
        if prod(shape) * size != len(raw):
            raise ValueRefusedError("an array does not hold as many entries as it says")
        if "a" in data:
            numpy = importlib.import_module("numpy")
            flat = numpy.frombuffer(raw, dtype="uint8" if kind == "bool" else kind)
            made = (flat != 0 if kind == "bool" else flat.copy()).reshape(shape)
            return made[()] if data.get("s") is True and not shape else made
        torch = importlib.import_module("torch")
        if not raw:
            return torch.empty(shape, dtype=getattr(torch, kind))
        flat = torch.frombuffer(bytearray(raw), dtype=torch.uint8 if kind == "bool" else getattr(torch, kind))
        made = (flat != 0 if kind == "bool" else flat).reshape(shape)
        if "leaf" in data and made.is_floating_point():
            made.requires_grad_(data["leaf"][0] is True)
            made.grad = None if data["leaf"][1] is None else self._array(data["leaf"][1])
        if "g" not in data or not (made.is_floating_point() or made.is_complex()):
            return made
        number = int(data["g"])
        found = self.tensors.setdefault(number, made.requires_grad_(True))
        if "slope" in data:
            found.grad = self._array(data["slope"])
        return found


_ITEM_SIZES: Final = {"bool": 1, "uint8": 1, "int8": 1, "int16": 2, "float16": 2, "int32": 4, "float32": 4, "int64": 8,
                      "float64": 8, "complex64": 8, "complex128": 16}  # fmt: skip
_PLAIN: Final[Mapping[str, Callable[[Any], Any]]] = {
    "e": lambda _: ...,
    "c": lambda parts: complex(*map(float, parts)),
    "b": base64.b64decode,
    "fr": lambda parts: Fraction(*map(int, parts)),
    "ra": lambda parts: range(*map(int, parts)),
    "sl": lambda parts: slice(*parts),
}
