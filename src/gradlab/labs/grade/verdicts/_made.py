"""Run the checks that are made from the key: functions on inputs, classes in the given code, values as they are."""

from __future__ import annotations

import ast
import functools
import random
import re
import time
import types
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from gradlab._errors import GradlabError
from gradlab.check import Verdict, check_gradient
from gradlab.labs.grade._data import copied
from gradlab.labs.grade._randomness import source_state
from gradlab.labs.grade.made import (
    Call,
    DoubtError,
    Life,
    PartialError,
    compared,
    further_inputs,
    in_text,
    inputs_like,
    lives_like,
    shortened,
)  # fmt: skip
from gradlab.labs.grade.matching import Plan, needed
from gradlab.labs.grade.protocol import ChannelError, CheckTimeoutError, RemoteCallError, is_refusal
from gradlab.labs.grade.verdicts._clock import alarm
from gradlab.labs.grade.verdicts._key import Key, execute

_VARIANTS: Final = 4
_EVALUATIONS: Final = 2_000  # of a gradient in doubt; and seconds, far above what these take
_SECONDS: Final = 30.0
_QUICK: Final = 5.0  # seconds after which nothing further is asked
_LONGEST: Final = 1.0  # seconds that the key may take for what it may not be made for
_FACTOR: Final = re.compile(r": -?(?:1/)?(\d+) times the right value")
_LENGTH: Final = (
    "Every entry is off by one factor, which may be the length of an array: is it a sum where a mean is asked for, or "
    "the other way round?"
)
_OFF: Final = 0.15  # by how much at most a number of the given code is changed


class Comparison:
    """Compares what a submission means by a name with what the key means.

    Args:
        key: the answer key.
        seed: generated inputs are others for another seed.
    """

    def __init__(self, key: Key, seed: int) -> None:
        self._key, self._seed = key, seed

    def __call__(self, name: str, theirs: Any) -> None:
        """Compare.

        Raises:
            PartialError: if they differ, with the part that agrees.
            DoubtError: if only a human can tell.
        """
        own = self._key.final[name]
        if isinstance(own, types.FunctionType):
            self._function(name, own, theirs)
        elif isinstance(own, type) or callable(own):
            if not self._given_code(name, own, theirs):
                self._methods(name, own, theirs)
        else:
            fraction, words = compared(theirs, own, "the key's")
            if fraction < 1:
                raise DoubtError(f"it is not the key's value, and may be right all the same: {words}")

    def _function(self, name: str, own: Callable[..., Any], theirs: Any) -> None:
        calls = inputs_like(self._key.calls.get(name, ()), self._seed)
        shares, first, failing, results, answers = list[float](), "", None, list[Any](), list[Any]()
        begun = time.perf_counter()
        for call in calls:
            wanted = self._expected(name, own, functools.partial(_called, own, call))
            if wanted is None:
                continue
            share, words = _answered(theirs, call, wanted, answers)
            if share < 1 and any(source_state(value) for value in (*call.args, *call.kwargs.values())):
                raise DoubtError(f"it draws random numbers, and need not draw what the key does: {words}")
            results.append(wanted)
            shares.append(share)
            if share < 1 and not first:
                first, failing = f"{words}; called with {_shown(call)}", call
        if not shares or all(map(_is_zero, results)):
            raise DoubtError("the solution never calls it in a way that could be compared")
        if min(shares) < 1:
            diagnosis = self._diagnosis(own, theirs, failing) if failing is not None else ""
            _judge_shares(shares, results, f"{diagnosis}{first}", "on {} of {} inputs")
        if _most_alike(results) == len(results) and _is_constant(theirs, answers[0], calls[0]):
            if not _is_constant(own, results[0], calls[0]):
                raise DoubtError("it agrees with the key, and returns the same whatever it is given")
        if time.perf_counter() < begun + _QUICK:
            try:
                self._further(name, own, theirs)
            except (ChannelError, CheckTimeoutError) as problem:
                problem.add_note("it agrees with the key on inputs like the solution's, and was asked for others")
                raise

    def _further(self, name: str, own: Callable[..., Any], theirs: Any) -> None:
        """Leave to a human what agrees on inputs like the solution's, and not on others that the key accepts."""
        for call in further_inputs(self._key.calls.get(name, ()), self._seed):
            try:
                with alarm(_LONGEST):
                    wanted = self._expected(name, own, functools.partial(_called, own, call))
            except (DoubtError, CheckTimeoutError):  # nothing to compare with
                continue
            share, words = (1.0, "") if wanted is None else _answered(theirs, call, wanted, [])
            if share < 1:
                said = "it agrees with the key on inputs like the solution's, and not on others"
                raise DoubtError(f"{said}: {words}; called with {_shown(call)}")

    def _expected(self, name: str, own: Any, made: Callable[[], Any]) -> Any:
        """What is made with the key's meaning of a name; None where it fails, or returns something else each time."""
        names, theirs = self._key.names, self._key.names.get(name)
        names[name] = own
        try:
            first, second = made(), made()
            same = compared(first, second)[0] == 1
        except DoubtError:
            raise
        except Exception:  # the key was not made for such an input
            return None
        finally:
            names[name] = theirs
        if not same:
            raise DoubtError("what the key returns is random")
        return first

    def _diagnosis(self, own: Callable[..., Any], theirs: Any, call: Call) -> str:
        """What is wrong with a gradient, where the key's function is the gradient of another of its functions."""
        for name, loss in self._key.final.items():
            if not isinstance(loss, types.FunctionType) or loss is own or name not in self._key.calls:
                continue
            for place, point in enumerate(call.args):
                if not hasattr(point, "shape") or "float" not in str(getattr(point, "dtype", "")):
                    continue
                found = _judged(loss, own, theirs, call, place)
                if found:
                    return found
        return ""

    def _given_code(self, name: str, own: Any, theirs: Any) -> bool:
        """Whether the given code makes anything of it that could be compared; it agrees then."""
        program, inputs = _uses(self._key.plan, name)
        shares, first, results = list[float](), "", list[Any]()
        for number in range(_VARIANTS if program else 0):
            sources = [_varied(source, random.Random(f"{self._seed} {number}"), number > 0) for source in program]
            seen = _weighted if number and hasattr(own, "apply") else _as_it_is
            try:
                wanted = self._results(sources, name, seen(own), inputs)
            except Exception:  # the given code was not made for such numbers
                continue
            if not wanted:
                break
            try:
                mine = self._results(sources, name, seen(theirs), inputs)
                parts = [compared(mine.get(key), value) for key, value in wanted.items()]
            except (ChannelError, DoubtError):
                raise
            except Exception as problem:
                if is_refusal(problem):
                    raise
                said = "your code raised" if isinstance(problem, RemoteCallError) else "the given code cannot use it:"
                kind = "" if isinstance(problem, RemoteCallError) else f"{type(problem).__name__}: "
                parts = [(0.0, f"{said} {kind}{problem}")]
            shares.append(sum(share for share, _ in parts) / len(parts))
            results.append(wanted)
            first = first or next((words for share, words in parts if share < 1), "")
        if shares:
            _judge_shares(shares, results, first, "in {} of {} runs")
        return bool(shares)

    def _methods(self, name: str, own: Any, theirs: Any) -> None:
        """The methods that the solution calls, on inputs like its own."""
        shares, first, results = list[float](), "", list[Any]()
        kept = self._key.classes.get(name)
        for life in lives_like(kept.lives if kept is not None else (), self._seed):
            wanted = self._expected(name, own, functools.partial(_lived, own, life))
            compared_ones = [value for value in wanted or () if value is not None]
            if not compared_ones:
                continue
            share, words = _life_compared(name, theirs, life, wanted)
            shares.append(share)
            first = first or words
            results.append(compared_ones)
        if not shares or all(_is_zero(value) for values in results for value in values):
            raise DoubtError("neither the given code nor the solution makes a use of it that could be compared")
        _judge_shares(shares, results, first, "on {} of {} ways to use it")

    def _results(self, sources: list[ast.Module], name: str, value: Any, inputs: set[str]) -> dict[str, Any]:
        """What the given code makes of a class: numbers and arrays, and the gradients that it leaves in its inputs."""
        names = self._key.names
        before = dict(names)
        try:
            names[name] = value
            bound = set[str]()
            for source in sources:
                execute(source, names)
                bound |= {n.id for n in ast.walk(source) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            found: dict[str, Any] = {}
            for other in sorted(bound):
                made: Any = names.get(other)
                if isinstance(made, int | float) or (hasattr(made, "dtype") and hasattr(made, "tolist")):
                    found[other] = made
                    slope = getattr(made, "grad", None)
                    if other in inputs and slope is not None:
                        found[f"{other}.grad"] = slope.clone()
            return found
        finally:
            names.clear()
            names.update(before)


def _as_it_is(kind: Any) -> Any:
    return kind


def _weighted(kind: Any) -> Any:
    """An autograd function whose result is multiplied by numbers, so that its backward does not get ones alone."""

    def weighed(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(weighed, value))
        if not getattr(value, "requires_grad", False):
            return value
        weights = value.detach().new_tensor([0.5 + number / value.numel() for number in range(value.numel())])
        return value * weights.reshape(value.shape)

    return types.SimpleNamespace(apply=lambda *args: weighed(kind.apply(*args)))


def _judge_shares(shares: Sequence[float], results: Sequence[Any], first: str, of_what: str) -> None:
    """Give the part that agrees, beyond what the best of all constants agrees with too."""
    agreeing, free = sum(share == 1 for share in shares), _most_alike(results)
    if agreeing < len(shares):
        words = f"{first}. It agrees with the key {of_what.format(agreeing, len(shares))}"
        words += ", as one that always returns the same may" if 0 < agreeing <= free else ""
        raise PartialError(words, max(0.0, (agreeing - free) / max(len(shares) - free, 1)))


def _most_alike(results: Sequence[Any]) -> int:
    return max(Counter(map(in_text, results)).values())


def _is_constant(function: Callable[..., Any], known: Any, call: Call) -> bool:
    """Whether a function returns what it has returned before if it is given nothing that it could use."""
    if not (call.args or call.kwargs):
        return False
    try:
        return compared(function(*(None for _ in call.args), **dict.fromkeys(call.kwargs)), known)[0] == 1
    except ChannelError:
        raise
    except Exception:  # whatever it makes of nothing: it makes a use of what it is given
        return False


def _answered(theirs: Any, call: Call, wanted: Any, answers: list[Any]) -> tuple[float, str]:
    """The part of what is returned that is the key's, and the first difference; what is returned is added."""
    try:
        answers.append(_called(theirs, call))
        return compared(answers[-1], wanted)
    except (ChannelError, DoubtError):
        raise
    except RemoteCallError as problem:
        if is_refusal(problem):
            raise
        return 0.0, f"your code raised {_raised(problem)}"


def _called(function: Callable[..., Any], call: Call) -> Any:
    again = call.copies()
    return function(*again.args, **again.kwargs)


def _lived(kind: Any, life: Life) -> list[Any]:
    """What the methods of a class return in turn; None for what cannot be compared."""
    instance = _called(kind, life.made)
    values = [copied(_called(getattr(instance, method), call)) for method, call in life.calls]
    return [value if _is_comparable(value) else None for value in values]


def _raised(problem: RemoteCallError) -> str:
    return f"{problem} (cell {problem.cell}, line {problem.line})" if problem.cell else str(problem)


def _is_comparable(value: Any) -> bool:
    try:
        return value is not None and compared(value, value)[0] == 1
    except DoubtError:
        return False


def _life_compared(name: str, theirs: Any, life: Life, wanted: Sequence[Any]) -> tuple[float, str]:
    """The part of a class's calls that agree, and the first that does not, in words."""
    said, shares = f"{name}({_shown(life.made)})", list[float]()
    first = ""
    try:
        instance = _called(theirs, life.made)
        for (method, call), right in zip(life.calls, wanted, strict=True):
            said += f", then {method}({_shown(call)})"
            value = _called(getattr(instance, method), call)
            if right is not None:
                share, words = compared(value, right)
                shares.append(share)
                first = first or (f"{words}; after {said}" if share < 1 else "")
    except (RemoteCallError, TypeError, AttributeError) as problem:
        if is_refusal(problem):
            raise
        if not isinstance(problem, RemoteCallError) or not problem.cell:  # its methods have other names or arguments
            raise DoubtError(f"it cannot be used as the key's can: {problem}; at {said}") from problem
        return 0.0, f"your code raised {_raised(problem)}; at {said}"
    return sum(shares) / len(shares), first


def _judged(loss: Callable[..., Any], own: Callable[..., Any], theirs: Any, call: Call, place: int) -> str:
    def at(function: Callable[..., Any]) -> Callable[[Any], Any]:
        return lambda p: function(*call.args[:place], p, *call.args[place + 1 :], **call.kwargs)

    point = call.args[place]
    try:
        bounds = {"max_evaluations": _EVALUATIONS, "time_limit": _SECONDS, "progress": False}
        right = check_gradient(at(loss), at(own), at=point, **bounds)
        if right.verdict is not Verdict.CORRECT:
            return ""
        report = check_gradient(at(loss), at(theirs), at=point, **bounds)
    except ChannelError:
        raise
    except (GradlabError, TypeError, ValueError, RuntimeError):
        return ""  # it is no gradient of this one
    if report.verdict is not Verdict.WRONG or not report.diagnoses:
        return ""
    said = report.diagnoses[0].sentence
    lengths = {int(n) for value in (*call.args, *call.kwargs.values()) for n in getattr(value, "shape", ())}
    factor = _FACTOR.search(said)
    # A factor of 2 may be the number of rows: who divides by 2 would be wrong again.
    return f"{_LENGTH if factor and int(factor[1]) in lengths else said} "


def _is_zero(value: Any) -> bool:
    try:
        return compared(value, value * 0)[0] == 1
    except (DoubtError, TypeError):
        return False


def _shown(call: Call) -> str:
    parts = [*map(_short, call.args), *(f"{name}={_short(value)}" for name, value in call.kwargs.items())]
    return shortened(", ".join(parts), 300)


def _short(value: Any) -> str:
    if hasattr(value, "tolist"):
        text = str([round(n, 4) if isinstance(n, float) else n for n in value.reshape(-1).tolist()[:4]])
        return text if len(value.reshape(-1)) <= 4 else f"an array of the shape {tuple(value.shape)}"
    return f"{value:.5g}" if isinstance(value, float) else shortened(repr(value), 40)


def _uses(plan: Plan, name: str) -> tuple[list[str], set[str]]:
    """The given statements behind a definition, up to the next homework, that use it, and the names that do not."""
    first = next(index for index, part in enumerate(plan.parts) if name in part.names)
    behind: list[Any] = []
    for part in plan.parts[first + 1 :]:
        if part.is_homework:
            break
        if part.is_asked:
            behind.append(part.statement)
    tainted, bound = {name}, set[str]()
    for statement in behind:
        if (statement.uses | statement.asks) & tainted:
            tainted |= statement.binds
            bound |= statement.binds | statement.asks
    chosen = needed(behind, bound) if bound else []
    inputs = {other for index in chosen for other in behind[index].binds} - tainted
    return [behind[index].source for index in chosen], inputs


def _varied(source: str, generator: random.Random, change: bool) -> ast.Module:
    """Given code with its fractional numbers, and the entries of its lists, a little off."""

    class _Vary(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.AST:
            if change and type(node.value) is float:
                node.value *= 1 + generator.uniform(-_OFF, _OFF)
            return node

    return ast.fix_missing_locations(_Vary().visit(ast.parse(source)))
