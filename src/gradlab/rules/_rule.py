"""What every update rule is: state beside each parameter, and statements over it, from which all else is printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any, ClassVar

from gradlab.graph import Expression, latex_of_name, parse
from gradlab.rules._described import Described, in_words
from gradlab.rules._numbers import Kind, Number, RuleError, number, numbers_of, several
from gradlab.rules.schedules import Constant, Schedule

PARAMETER, GRADIENT, RATE, COUNT = "w", "g", "eta", "t"


@dataclass(frozen=True, slots=True)
class Update:
    """One step of a rule for one parameter, free of any backend's spelling.

    Attributes:
        state: what is kept for each parameter from one step to the next; 0 before the first.
        numbers: the rule's own numbers, without the learning rate.
        statements: name and formula in order, each over the parameter ``w``, its gradient ``g``, the learning rate
            ``eta`` of the step, the number ``t`` of the step (1 for the first), numbers, state, and names before it;
            what is assigned to the parameter or to the state holds from there on.
    """

    state: tuple[str, ...]
    numbers: tuple[str, ...]
    statements: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True)
class Rule(Described):
    r"""How a step follows from the gradient: one of `gradlab.rules`, or a rule of one's own.

    A rule of one's own is a frozen dataclass that derives from this. Its numbers are fields made by
    `gl.rules.number`, and its statements are all that gradlab needs: it trains in every kind of kernel, in sweeps and
    in `gradlab.descend`, and shows its LaTeX.

    Args:
        learning_rate: a number greater than 0; several in a sweep; by layer of weights as ``{1: 0.1, 2: 0.2}``.
        schedule: by what the learning rate is multiplied in each step.

    Attributes:
        statements: assignments in order, over ``w`` (the parameter), ``g`` (its gradient), ``eta`` (the learning rate
            of the step), ``t`` (the number of the step, from 1), the numbers and the state.
        state: the names of what is kept for each parameter from step to step; 0 before the first.
        symbols: the LaTeX of names for which the usual one will not do.
        title: what the rule is called in words.
        source: where it was published.

    Raises:
        RuleError: if a number is out of its range.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Sign(Rule):
    ...     title = "sign descent"
    ...     statements = ("w = w - eta*sign(g)",)
    >>> Sign(0.1)
    Sign(learning_rate=0.1, schedule=Constant())
    >>> _ = Rule.kinds.pop("sign")
    """

    noun: ClassVar[str] = "update rule"
    example: ClassVar[str] = "one such as Adam(beta1=0.9)"
    statements: ClassVar[tuple[str, ...]]
    state: ClassVar[tuple[str, ...]] = ()
    symbols: ClassVar[Mapping[str, str]] = {}

    learning_rate: Any = number(1.0, Kind.RATE, "learning rate", latex=r"\eta")
    schedule: Schedule = field(default=Constant(), kw_only=True)

    def __post_init__(self) -> None:
        for each in self.own_numbers():
            object.__setattr__(self, each.name, several(getattr(self, each.name), each.check, each.name))
        object.__setattr__(self, "learning_rate", _rates(self.learning_rate, self._rate().check))
        if not isinstance(self.schedule, Schedule):
            raise RuleError(f"schedule is {self.schedule!r}; write one such as gl.rules.Cosine(steps=100).")

    @classmethod
    def own_numbers(cls) -> tuple[Number, ...]:
        """The rule's numbers without the learning rate."""
        return _numbers(cls)[1]

    @classmethod
    def update(cls) -> Update:
        """The statements as expressions: what every backend prints.

        Raises:
            RuleError: if a statement cannot be read, or uses a name that there is not.
        """
        return _update(cls)

    @classmethod
    def _rate(cls) -> Number:
        return _numbers(cls)[0]

    @property
    def by_layer(self) -> Mapping[int, Any] | None:
        """The learning rate of each layer of weights, if it is given by layer."""
        pairs = isinstance(self.learning_rate, tuple) and isinstance(self.learning_rate[0], tuple)
        return dict(self.learning_rate) if pairs else None

    @cached_property
    def several(self) -> tuple[str, ...]:
        """The names of the numbers that have several values, as only a sweep can take them."""
        rates = (self.by_layer or {"": self.learning_rate}).values()
        own = [name for name, value in self.settings.items() if name != "learning_rate" and isinstance(value, tuple)]
        return (*(["learning_rate"] if any(isinstance(rate, tuple) for rate in rates) else []), *own)

    @property
    def words(self) -> str:
        """The rule with its numbers, in words."""
        return in_words(self.title, self.shown)

    @property
    def shown(self) -> dict[str, Any]:
        """The numbers by name, as they are shown, the rates of all layers as one text."""
        layers = self.by_layer
        rates = {} if layers is None else {"learning_rates": ", ".join(f"{float(rate):g}" for rate in layers.values())}
        kept = {name: value for name, value in self.settings.items() if layers is None or name != "learning_rate"}
        planned = {} if self.schedule.constant else {"schedule": self.schedule.words}
        return rates | kept | planned

    def with_rate(self, learning_rate: Any) -> Rule:
        """The rule with a learning rate that was given beside it; None for its own.

        Raises:
            RuleError: if the rule was given another one.
        """
        if learning_rate is None:
            return self
        made = replace(self, learning_rate=learning_rate)
        if self.learning_rate not in (self._rate().example, made.learning_rate):
            raise RuleError(
                f"the rule has the learning rate {self.learning_rate}, and learning_rate is {learning_rate}; give it "
                "in one of the two places."
            )
        return made

    def latex(self) -> str:
        r"""One step in LaTeX, an ``aligned`` block without dollar signs.

        >>> from gradlab.rules import GradientDescent
        >>> print(GradientDescent().latex())
        \begin{aligned}
        w &\leftarrow w - \eta g
        \end{aligned}
        """
        symbols = {each.name: each.latex for each in numbers_of(type(self))} | {RATE: r"\eta"} | dict(self.symbols)
        lines = [
            rf"{symbols.get(name) or latex_of_name(name)} &\leftarrow {formula.latex(symbols)}"
            for name, formula in self.update().statements
        ]
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _rates(value: object, check: Any) -> Any:
    """One rate, several, or by layer: a tuple of pairs of the layer's number and its rate, or its several."""
    if isinstance(value, Mapping):
        value = tuple(value.items())
    pairs = isinstance(value, tuple) and value and all(isinstance(each, tuple) and len(each) == 2 for each in value)
    if not pairs:
        return several(value, check, "learning_rate")
    assert isinstance(value, Iterable)
    made = tuple(sorted((layer, several(rate, check, f"learning_rate[{layer}]")) for layer, rate in value))
    if [layer for layer, _ in made] != [*range(1, len(made) + 1)]:
        raise RuleError(
            f"learning_rate has the layers {', '.join(str(layer) for layer, _ in made)}; the layers of weights are "
            "counted from 1, as in learning_rate={1: 0.1, 2: 0.2}."
        )
    return made


@cache
def _numbers(cls: type[Rule]) -> tuple[Number, tuple[Number, ...]]:
    """The learning rate, and the rule's other numbers."""
    own = {each.name: each for each in numbers_of(cls)}
    return own.pop("learning_rate"), tuple(own.values())


@cache
def _update(cls: type[Rule]) -> Update:
    numbers = tuple(each.name for each in cls.own_numbers())
    known = {PARAMETER, GRADIENT, RATE, COUNT, *numbers, *cls.state}
    made = []
    for text in cls.statements:
        name, equals, formula = (part.strip() for part in text.partition("="))
        expression = parse(formula)
        if not equals or not name.isidentifier() or name in {GRADIENT, RATE, COUNT, *numbers}:
            raise RuleError(
                f"the statement {text!r} of {cls.__name__} assigns to no state and not to w; write for example "
                '"w = w - eta*g".'
            )
        unknown = sorted(expression.names - known)
        if unknown:
            raise RuleError(
                f"the statement {text!r} of {cls.__name__} uses {', '.join(unknown)}; there are "
                f"{', '.join(sorted(known))}. What is kept is named in `state`, and a number is a field, as in "
                '`beta: Any = gl.rules.number(0.9, gl.rules.Kind.SHARE, "what it is")`.'
            )
        known.add(name)
        made.append((name, expression))
    assigned = [name for name, _ in made]
    if PARAMETER not in assigned or len(set(assigned)) < len(assigned) or not {*cls.state} <= {*assigned}:
        raise RuleError(f"the statements of {cls.__name__} must assign to w and to each state once: {cls.statements}")
    return Update(tuple(cls.state), numbers, tuple(made))
