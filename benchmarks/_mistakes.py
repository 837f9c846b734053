"""Mistakes made by chance in right equations: of each kind one, and two at once; which of them get a verified repair.

The equations are in equations.txt; the chance has a fixed seed.
"""

from __future__ import annotations

import pathlib
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gradlab.graph import Apply, Const, Expression, Ref, neg, number
from gradlab.prove import Truth, prove
from gradlab.prove._errors import Deadline
from gradlab.prove._subject import graph_of
from gradlab.prove._text import Text
from gradlab.prove.read._chains import readings
from gradlab.prove.read._define import lines_of
from gradlab.prove.read._nodes import Index, Indexed, Total
from gradlab.prove.read._source import blocks_of
from gradlab.prove.read._write import Writer
from gradlab.prove.repairs._paths import Path, at_path, nodes, replace_at

EQUATIONS = pathlib.Path(__file__).with_name("equations.txt")
SEEDS = 1
_TWINS = {"sin": "cos", "cos": "sin", "tanh": "sigmoid", "sigmoid": "tanh", "exp": "sin", "sqrt": "log", "log": "sqrt"}
Spots = Iterator[Expression]


@dataclass
class Site:
    """A formula in which a mistake is made.

    Attributes:
        side: the formula.
        parts: all of its parts, with the path to each, in the order of chance.
        chance: the chance.
    """

    side: Expression
    chance: random.Random
    parts: list[tuple[Path, Expression]] = field(init=False)

    def __post_init__(self) -> None:
        self.parts = list(nodes(self.side))
        self.chance.shuffle(self.parts)

    def applied(self, *names: str) -> Iterator[tuple[Path, Apply]]:
        """The parts that are one of these primitives."""
        for path, node in self.parts:
            if isinstance(node, Apply) and node.primitive in names:
                yield path, node

    def within(self, path: Path, kind: Callable[[Expression], bool]) -> bool:
        """Whether a part stands inside of one of a kind."""
        return any(kind(at_path(self.side, path[:k])) for k in range(len(path)))


def _without(node: Apply, i: int) -> Expression:
    rest = node.args[:i] + node.args[i + 1 :]
    return rest[0] if len(rest) == 1 else Apply(node.primitive, rest)


def _is_function(node: Expression) -> bool:
    return isinstance(node, Apply) and node.primitive not in ("add", "mul", "neg", "div", "pow")


def _is_total(node: Expression) -> bool:
    return isinstance(node, Total)


def sign(site: Site) -> Spots:
    """A minus too much, or one that is lost, outside of sums."""
    for path, node in site.applied("neg", "add"):
        if site.within(path, _is_total):
            continue
        if node.primitive == "neg":
            yield replace_at(site.side, path, node.args[0])
        else:
            i = site.chance.randrange(len(node.args))
            yield replace_at(site.side, (*path, i), neg(node.args[i]))


def factor(site: Site) -> Spots:
    """A factor that is lost: an inner derivative among others."""
    for path, node in site.applied("mul"):
        if not site.within(path, _is_total) and not site.within(path, _is_function):
            yield replace_at(site.side, path, _without(node, site.chance.randrange(len(node.args))))


def factor_in_argument(site: Site) -> Spots:
    """A factor that is lost in the argument of a function."""
    for path, node in site.applied("mul"):
        if site.within(path, _is_function):
            yield replace_at(site.side, path, _without(node, site.chance.randrange(len(node.args))))


def power(site: Site) -> Spots:
    """An exponent that is one more or less."""
    for path, node in site.applied("pow"):
        exponent = node.args[1]
        if isinstance(exponent, Const):
            new = exponent.value + site.chance.choice((-1, 1))
            yield replace_at(site.side, path, node.args[0] if new == 1 else Apply("pow", (node.args[0], Const(new))))


def under_sum(site: Site) -> Spots:
    """A minus or a factor that is lost under a sum."""
    for path, node in site.applied("mul", "neg"):
        if site.within(path, _is_total):
            lost = node.args[0] if node.primitive == "neg" else _without(node, site.chance.randrange(len(node.args)))
            yield replace_at(site.side, path, lost)
    for path, node in site.parts:
        if isinstance(node, Total):
            yield replace_at(site.side, path, Total(node.kind, neg(node.body), node.letter, node.lower, node.upper))


def index(site: Site) -> Spots:
    """An index that is exchanged: two of one entry, or one letter for another."""
    letters = sorted(
        {i.letter for _, n in site.parts if isinstance(n, Indexed) for i in n.below if isinstance(i, Index)}
    )
    for path, node in site.parts:
        if isinstance(node, Indexed) and len(node.below) == 2 and node.below[0] != node.below[1]:
            yield replace_at(site.side, path, Indexed(node.head, node.below[::-1], node.above))
        elif isinstance(node, Indexed) and len(node.below) == 1 and len(letters) > 1:
            others = [letter for letter in letters if node.below[0] != Index(letter)]
            if site.within(path, _is_total) and others:
                yield replace_at(site.side, path, Indexed(node.head, (Index(site.chance.choice(others)),), node.above))


def function(site: Site) -> Spots:
    """A function taken for another one."""
    for path, node in site.applied(*_TWINS):
        yield replace_at(site.side, path, Apply(_TWINS[node.primitive], node.args))


def constant(site: Site) -> Spots:
    """A number that is another one."""
    for path, node in site.parts:
        above = at_path(site.side, path[:-1]) if path else None
        if isinstance(node, Const) and not (isinstance(above, Apply) and above.primitive == "pow"):
            yield replace_at(site.side, path, number(node.value + 1))


def term(site: Site) -> Spots:
    """A term that is lost."""
    for path, node in site.applied("add"):
        if len(node.args) > 1:
            yield replace_at(site.side, path, _without(node, site.chance.randrange(len(node.args))))


def name(site: Site) -> Spots:
    """A name taken for another one."""
    names = sorted({node.name for _, node in site.parts if isinstance(node, Ref)})
    for path, node in site.parts:
        others = [other for other in names if isinstance(node, Ref) and other != node.name]
        if others:
            yield replace_at(site.side, path, Ref(site.chance.choice(others)))


def fraction(site: Site) -> Spots:
    """A fraction upside down."""
    for path, node in site.applied("div"):
        yield replace_at(site.side, path, Apply("div", node.args[::-1]))


KINDS = (sign, factor, factor_in_argument, power, under_sum, index, function, constant, term, name, fraction)


@dataclass
class Outcome:
    """What came of the mistakes: of each kind how many were found false, and how many of them got a repair."""

    found: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    unnoticed: int = 0
    undecided: int = 0
    misses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def share(self) -> float:
        """The share of the false ones with a repair."""
        return self.repaired.total() / max(1, self.found.total())


def equations() -> Iterator[tuple[str | None, str, str]]:
    """The graph, the left and the right side of every equation."""
    graph = None
    for row in EQUATIONS.read_text(encoding="utf-8").splitlines():
        if row.startswith("@"):
            graph = None if row == "@none" else row[1:]
        elif row and not row.startswith("#"):
            left, _, right = row.partition(" = ")
            yield graph, left, right


def read(latex: str, graph: Any) -> Expression:
    """What the last side of an equation means."""
    lines = [line for source in blocks_of(latex) for line in lines_of(source, {})]
    text = Text(lines, graph_of(graph), False)
    scope = text.scope()
    text._look_at(lines[0], scope)
    side = readings(scope, lines[0].piece, lines[0].conditions, Deadline(5_000_000)).found[0].chain.sides[-1]
    assert isinstance(side, Expression), (latex, side)
    return side


def measured(count: int) -> Outcome:
    """Mistakes of every kind, so many at once, in every equation."""
    outcome = Outcome()
    for text, left, right in equations():
        equation = f"{left} = {right}"
        assert prove(equation, text).truth is Truth.TRUE, prove(equation, text)
        side = read(equation, text)
        writer = Writer(graph_of(text).symbols)
        for kind in KINDS:
            for seed in range(SEEDS if count == 1 else 1):
                chance = random.Random(f"{equation} {kind.__name__} {seed} {count}")
                wrong = next(kind(Site(side, chance)), None)
                for _ in range(count - 1):
                    others = [other for other in KINDS if other is not kind]
                    chance.shuffle(others)
                    made = (next(other(Site(wrong, chance)), None) for other in others) if wrong is not None else ()
                    wrong = next((each for each in made if each is not None and each != side), None)
                if wrong is not None and wrong != side:
                    judge(outcome, kind.__name__, f"{left} = {writer.latex(wrong)}", text)
    return outcome


def judge(outcome: Outcome, kind: str, equation: str, graph: str | None) -> None:
    """Note what is said of an equation with a mistake; a repair counts if the equation is true with it."""
    steps = prove(equation, graph).steps
    if steps[-1].truth is Truth.TRUE:
        outcome.unnoticed += 1  # a change that changes nothing: two terms exchanged, or a wrong word
    elif steps[-1].truth is not Truth.FALSE:
        outcome.undecided += 1
        outcome.misses["undecided"].append(f"{equation}: {steps[-1].reason}")
    else:
        outcome.found[kind] += 1
        repair = steps[-1].repair
        mended = equation.split(" = ")[0] + f" = {repair.latex}" if repair is not None else ""
        if repair is not None and repair.side == 1 and prove(mended, graph).truth is Truth.TRUE:
            outcome.repaired[kind] += 1
        else:
            said = "" if repair is None else f" [{repair.message} -> {prove(mended, graph)}]"
            outcome.misses[kind].append(f"{equation}{said}")
