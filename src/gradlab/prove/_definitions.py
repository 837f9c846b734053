"""What a text defines: found before anything is judged, so that it holds in whatever order it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gradlab.graph import Apply, Expression, Partial, Ref, as_number, is_apply
from gradlab.prove._errors import READING, Deadline, NotUnderstoodError, OutOfTimeError
from gradlab.prove._names import FREE, Names, Written
from gradlab.prove._names import head_of as plain_head
from gradlab.prove.read._chains import readings
from gradlab.prove.read._define import (
    Line,
    Shape,
    claims_on_layers,
    implied_by,
    is_of_unknown_function,
    kind_of,
    names_entries,
    occurs,
    shape_of,
    uses,
)
from gradlab.prove.read._differentials import are_meant
from gradlab.prove.read._label import is_exponential, key_of, label_of
from gradlab.prove.read._nodes import Call, Index, Indexed, Operation, Tensor, mapped
from gradlab.prove.read._part import Part
from gradlab.prove.read._pieces import restricts
from gradlab.prove.read._reader import Reader
from gradlab.prove.read._scope import Scope, Use, squares
from gradlab.prove.read._statements import Family, Function, Kind, Known
from gradlab.prove.read._sums import walk_nodes

_SHORT = re.compile(r"(?i)\b(?:let|write|denote\w*|abbrev\w*|short\w*|clarity|simpl\w*|drop\w*|omit\w*|stands?)\b")
_LETTER = re.compile(r"\\[A-Za-z]+|[A-Za-z]")


@dataclass
class Defined:
    """A name that the text defines.

    Attributes:
        line: where.
        shape: the name as it stands there.
        problem: why its formula is not understood, if it is not.
        before: the line in which the name is defined otherwise; 0 if there is none.
        order: which line of the text it is, or is implied by.
        named_only: whether it says no more than what the name depends on: ``y = g(u)`` of a g that nothing defines.
    """

    line: Line
    shape: Shape
    problem: str = ""
    before: int = 0
    order: int = -1
    named_only: bool = False

    def says_less_than(self, other: Defined) -> bool:
        """Whether it names a function that the other computes, or names as one of many: ``a_k = g_k(z_k)``."""
        if other.shape.is_family and not self.shape.is_family:
            return False  # entries of the same letter are another thing
        own, others = (any(part.sub for part in item.line.piece.sides[1][:1]) for item in (self, other))
        return self.named_only and (not other.named_only or (others and not own))

    @property
    def formula(self) -> str:
        """What the line says that the name is, without spaces."""
        row = self.line.piece.sides[1]
        return "".join(self.line.source.slice(row[0].at, row[-1].end).split()) if row else ""


class Definitions:
    """Reads the definitions among the lines of a text.

    Args:
        lines: what is written, in order.
        names: those of the graph.
        document: whether it is a text, not an equation by itself.
        use: how a larger text that these lines are of uses its names; by default as these lines do.
    """

    def __init__(self, lines: list[Line], names: Names, document: bool, use: Use | None = None) -> None:
        self.lines, self.names, self.document = lines, names, document
        self.use = Use()
        self.words: set[str] = set()
        for line in lines:
            for row in (*line.piece.sides, *(row for piece in line.conditions for row in piece.sides)):
                self.use.see(row)
            first = line.piece.sides[0]
            if len(first) == 1 and first[0].kind == "run" and len(first[0].text) > 2:
                self.words.add(first[0].text)
            given = first[1].inside if len(first) == 2 and first[1].kind == "group" else ()
            self.use.squared |= squares((first, *given) if len(first) < 3 else ())
        self.use = use or self.use
        self.arrays = {FREE + key: 0 for key in self.use.arrays}
        self.known = Known(names.graph, arrays=frozenset(key.partition("^")[0] for key in self.arrays))
        self.defined: dict[str, Defined] = {}
        self.defining: dict[int, Defined] = {}
        self.disputed: dict[str, tuple[Defined, Known]] = {}
        self.superseded: list[tuple[str, Defined, Known]] = []
        self.found: list[Defined] = []
        self.implied: dict[int, dict[int, Line]] = {}
        self._define()

    def scope(self) -> Scope:
        """Where the next line is read."""
        return Scope(self.names, self.known, self.use, self.arrays, self.words, self.document)

    def _define(self) -> None:
        """Find all names that the text defines, then read their formulas."""
        reader = Reader(self.scope(), {}, Deadline(READING))
        found = self.found
        for order, written in enumerate(self.lines):
            implied = {} if written.error is not None else implied_by(reader, written)
            self.implied[id(written)] = implied
            for line in (written, *implied.values()):
                if line.error is not None or kind_of(reader, line) is not Kind.DEFINITION:
                    continue
                shape = shape_of(reader, line.piece.sides[0])
                new = shape is not None and self._is_new(shape) and not self._is_alias(reader, shape, line)
                if new and shape is not None and not names_entries(shape, line.piece.sides[1]):
                    found.append(Defined(line, shape, order=order))
        claims = claims_on_layers([(item.shape, item.line.piece.sides[1]) for item in found])
        found[:] = [item for i, item in enumerate(found) if i not in claims]
        functions = [(item.line.section, item.shape.name) for item in found if item.shape.parameters is not None]
        for item in tuple(found):
            own = {name for section, name in functions if section == item.line.section}
            item.named_only = is_of_unknown_function(item.line.piece.sides[1], own)
            if item.named_only and item.shape.parameters is not None:
                found.remove(item)  # two functions of which nothing is said: they agree at some point
        first = {item.shape.name: item for item in reversed(found)}
        self._announce(list(first.values()))
        # With all names known some are derivatives: f_x of f(x, y).
        reader = Reader(self.scope(), {}, Deadline(READING))
        slopes = [item for item in found if shape_of(reader, item.line.piece.sides[0]) is None]
        for item in slopes:
            self._forget(item.shape.name)
        found = [item for item in found if item not in slopes]
        for item in found:
            # A line that is not understood, or names a function alone, leaves its name to the next one that defines it.
            before = self.defined.get(item.shape.name)
            if before is None or before.problem or before.says_less_than(item):
                self._add(item)
        for item in [item for item in self.defined.values() if are_meant(self.scope(), item.line.piece)]:
            self._forget(item.shape.name)  # with all names known dy is a differential, no name
            del self.defined[item.shape.name], self.defining[id(item.line)]
        self._dispute_sigmoid()

    def _is_alias(self, reader: Reader, shape: Shape, line: Line) -> bool:
        """Whether a line says that a letter alone stands for an entry of the same letter: then it is noted.

        Or that the entries of a function of a vector, that has them already, are the same for another vector.
        """
        function = shape.name.partition("(")[0] + "(" if shape.is_family and "(" in shape.name else ""
        if function and any(item.shape.name.startswith(function) for item in self.found):
            return shape.name not in {item.shape.name for item in self.found}
        row = line.piece.sides[1]
        label = label_of(row[0]) if len(row) == 1 and len(line.piece.sides) == 2 else None
        if label is None or shape.is_family or shape.parameters is not None or label.head != shape.label.head:
            return False
        if not _SHORT.search(f"{line.words} {line.sentence}"):
            return False
        value = reader.name(row[0]) if not (shape.label.below or shape.label.above) else None
        if isinstance(value, Indexed):
            self.use.aliases[shape.name] = value
        return isinstance(value, Indexed)

    def _dispute_sigmoid(self) -> None:
        r"""Keep the sigmoid in mind where a text says of \sigma another thing in one place, and that in another."""
        name = f"{FREE}\\sigma"
        item = self.defined.get(name)
        if item is None or name not in self.known.functions:
            return
        for line in self.lines:
            sides = line.piece.sides if line.error is None and line is not item.line else []
            own = [occurs(item.shape.label, side) for side in sides]
            if any(own) and any(is_exponential(side) for side, said in zip(sides, own, strict=True) if not said):
                variable = f"{FREE}argument"
                sigmoid = Function((variable,), Apply("sigmoid", (Ref(variable),)))
                known = replace(self.known, functions={**self.known.functions, name: sigmoid})
                number = item.line.source.place(item.line.piece.at).line
                self.disputed[name] = Defined(line, item.shape, before=number), known
                return

    def _is_new(self, shape: Shape) -> bool:
        try:
            written = Written(plain_head(shape.label.head), shape.label.layer, shape.label.sub)
            return self.names.find(written) is None and not self.names.belongs(written)
        except NotUnderstoodError:
            return False

    def _announce(self, found: list[Defined]) -> None:
        """Make the names known before any formula is read, so that each is read with all names in mind."""
        quantities: dict[str, Expression] = {}
        functions: dict[str, Function] = {}
        for item in found:
            shape = item.shape
            if shape.parameters is not None and not self._is_of_families(item):
                functions[shape.name] = Function(self._variables(shape.parameters), Ref(shape.name))
            elif not shape.is_family:
                quantities[shape.name] = Ref(shape.name)
        self.known = replace(self.known, quantities=quantities, functions=functions)

    def _add(self, item: Defined) -> None:
        """Read the formula of a definition and keep it."""
        shape = item.shape
        if not self._is_of_families(item):
            self.use.whole.pop(shape.name, None)
        if shape.name in self.defined:
            self._announce_again(shape)
        known = self.known
        try:
            value = self.formula(item.line)
            if any(restricts(piece) for piece in item.line.conditions):
                raise NotUnderstoodError("it is defined under a condition", 0)
            if shape.parameters is not None and not self._uses(shape.parameters, item.line):
                if shape.name not in self.use.whole or self._is_circular(shape.name, value):
                    raise NotUnderstoodError("its variables do not stand in its formula", 0)
                self.known = replace(known, quantities={**known.quantities, shape.name: value})
            elif shape.parameters is not None:
                names = known.functions[shape.name].parameters
                if not all(names) or shape.name in names_in(value):
                    raise NotUnderstoodError("a function that is defined by itself", 0)
                functions = {**known.functions, shape.name: Function(names, self._of_any(shape.parameters, value))}
                self.known = replace(known, functions=functions)
            elif shape.is_family and self._is_circular(shape.name, value):
                raise NotUnderstoodError("an entry of it is computed from others of it", 0)
            elif shape.is_family:
                families = {**known.families, shape.name: Family(shape.below, shape.above, value)}
                self.known = replace(known, families=families)
            elif self._is_circular(shape.name, value):
                raise NotUnderstoodError("it would be defined by itself", 0)
            else:
                self.known = replace(known, quantities={**known.quantities, shape.name: value})
        except (NotUnderstoodError, OutOfTimeError, RecursionError) as error:
            item.problem = str(error) or "it is nested too deeply"
            self._forget(shape.name)
        (self.use.unread.add if item.problem else self.use.unread.discard)(shape.name)
        self.defined[shape.name] = item
        self.defining[id(item.line)] = item

    def _is_of_families(self, item: Defined) -> bool:
        r"""Whether a function is given whole families, of which its formula has the entries: ``L(y, a) = \sum_i ...``.

        It is a quantity that may be written with its own variables behind it, and with no others.
        """
        parameters = item.shape.parameters or ()
        if not parameters or self._uses(parameters, item.line):
            return False
        keys = Use.of(item.line.piece.sides[1:]).keys
        entries = {key.partition("_")[0].partition("^")[0] for key in keys if "_" in key or "^" in key}
        own = [key_of(label) for part in parameters if (label := label_of(part)) is not None]
        if len(own) < len(parameters) or not entries & {re.sub(r"\\mathbf\{(.*)\}", r"\1", key) for key in own}:
            return False
        self.use.whole[item.shape.name] = tuple(FREE + key for key in own)
        return True

    def _variables(self, parameters: tuple[Part, ...]) -> tuple[str, ...]:
        r"""The names of the variables of a function; that of an entry, ``f(x^{(i)})``, is the one of its family."""
        reader = Reader(self.scope(), {}, Deadline(READING))
        values = [reader.name(part) for part in parameters]
        return tuple(value.head if isinstance(value, Indexed) else getattr(value, "name", "") for value in values)

    def _of_any(self, parameters: tuple[Part, ...], value: Expression) -> Expression:
        """A formula in which an entry that a function is given is its variable."""
        reader = Reader(self.scope(), {}, Deadline(READING))
        entries = {entry: entry.head for part in parameters if isinstance(entry := reader.name(part), Indexed)}
        if not entries:
            return value
        arrays = any(isinstance(node, Tensor | Operation) for node in walk(value))
        whole: dict[Expression, Expression] = {
            entry: Tensor(head) if arrays else Ref(head) for entry, head in entries.items()
        }
        made = mapped(value, whole.get)
        letters = {index for entry in entries for index in entry.args}
        if any(node in letters or (isinstance(node, Indexed) and node.head in entries.values()) for node in walk(made)):
            raise NotUnderstoodError("an index of its variables stands in its formula otherwise", 0)
        return made

    def _uses(self, parameters: tuple[Part, ...], line: Line) -> bool:
        """Whether a variable stands in a formula, in a function's name in it, or in how its names are computed."""
        met, waiting = set[int](), [line]
        while waiting:
            line = waiting.pop()
            met.add(id(line))
            rows = line.piece.sides[1:]
            own = Use.of(rows)
            below = {letter for key in own.applied for letter in _LETTER.findall(key.partition("_")[2])}
            if any(uses(parameters, row) for row in rows) or any(part.text in below for part in parameters):
                return True
            said = (item for item in self.found if item.shape.name.removeprefix(FREE) in own.keys)
            waiting += [item.line for item in said if id(item.line) not in met]
        return False

    def _forget(self, name: str) -> None:
        for what in ("quantities", "functions", "families"):
            kept = {key: value for key, value in getattr(self.known, what).items() if key != name}
            self.known = replace(self.known, **{what: kept})  # type: ignore[arg-type]

    def formula(self, line: Line) -> Expression:
        """What a line says that its name is."""
        found = readings(self.scope(), line.piece, [], Deadline(READING))
        sides = found.found[0].chain.sides
        at = next((i for i, each in enumerate(sides) if i and isinstance(each, Expression)), 1)
        side = sides[at]
        if isinstance(side, NotUnderstoodError):
            raise side
        open_choices = [c for reading in found.found for c in reading.reader.open_choices.values() if not c.usual]
        others = [reading.chain.sides[at] for reading in found.found if reading.usual()]
        if open_choices and any(other != side for other in others):
            raise NotUnderstoodError(open_choices[0].why, open_choices[0].at)
        return side

    def _is_circular(self, name: str, value: Expression) -> bool:
        """Whether a name is computed from itself; not a layer from those before it."""
        waiting, met = list(steps(value)), set[tuple[str, bool]]()
        while waiting:
            inner, back = waiting.pop()
            if inner == name:
                if not back:
                    return True
                continue
            if (inner, back) not in met:
                met.add((inner, back))
                family = self.known.families.get(inner)
                formula = self.known.quantities.get(inner) if family is None else family.body
                if formula is not None and formula != Ref(inner):
                    waiting += [(other, back or shift) for other, shift in steps(formula)]
        return False

    def define_anew(self, item: Defined) -> None:
        """Let a name mean from here on what this line says; in its section what it meant before is kept in mind."""
        before = self.defined.get(item.shape.name)
        if before is not None and before.line.section == item.line.section:
            self.superseded.append((item.shape.name, before, self.known))
        self._add(item)

    def dispute(self, item: Defined) -> None:
        """Keep what would hold if a name meant what this line says, which another line says otherwise."""
        kept = self.known, dict(self.defined), dict(self.defining)
        self._add(item)
        if not item.problem:
            self.disputed[item.shape.name] = item, self.known
        self.known, self.defined, self.defining = kept

    def _announce_again(self, shape: Shape) -> None:
        """Make a name known that had another meaning, or none."""
        self._forget(shape.name)
        if shape.parameters is not None and shape.name not in self.use.whole:
            function = Function(self._variables(shape.parameters), Ref(shape.name))
            functions = {**self.known.functions, shape.name: function}
            self.known = replace(self.known, functions=functions)
        elif not shape.is_family:
            quantities = {**self.known.quantities, shape.name: Ref(shape.name)}
            self.known = replace(self.known, quantities=quantities)


def walk(expression: Expression | NotUnderstoodError) -> Iterator[Expression]:
    """Every subexpression; none of what was not understood."""
    return walk_nodes(expression) if isinstance(expression, Expression) else iter(())


def names_in(expression: Expression) -> set[str]:
    """All names in an expression: of quantities, families and functions."""
    found: set[str] = set()
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Indexed):
            found.add(node.head)
            continue
        waiting += node.args
        if isinstance(node, Index):
            continue
        if isinstance(node, Call):
            found.add(node.function)
        elif isinstance(node, Partial):
            found |= {node.of, node.wrt}
        elif isinstance(node, Ref | Tensor):
            found.add(node.name)
    return found


def steps(formula: Expression) -> Iterator[tuple[str, bool]]:
    """The names in a formula, each with whether it is that of a layer before the one that is computed."""
    before = [node for node in walk(formula) if isinstance(node, Indexed) and _is_before(node)]
    ahead = [node for node in walk(formula) if isinstance(node, Indexed) and node not in before]
    layers = {node.head for node in before} - {node.head for node in ahead}
    yield from ((name, name in layers) for name in sorted(names_in(formula)))


def _is_before(node: Indexed) -> bool:
    """Whether an entry is that of the layer before: ``a^{(l-1)}``."""
    index = node.above[0] if len(node.above) == 1 else None
    parts = index.args if is_apply(index, "add") else ()  # type: ignore[arg-type]
    shift = parts[1] if len(parts) == 2 and isinstance(parts[0], Index) else None
    return is_apply(shift, "neg") and as_number(shift.args[0]) == 1  # type: ignore[arg-type,union-attr]
