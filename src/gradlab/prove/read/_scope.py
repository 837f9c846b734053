"""What is known about names where something is read: the graph, what the text defines, how its letters are used."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from gradlab.graph import Expression, Ref
from gradlab.prove._names import FREE, Names, Written
from gradlab.prove._names import head_of as plain_head
from gradlab.prove.read._arrays import is_transpose
from gradlab.prove.read._label import Label, is_layer, is_long, is_square, key_of, label_of
from gradlab.prove.read._nodes import Tensor
from gradlab.prove.read._part import Part
from gradlab.prove.read._statements import Known

Row = tuple[Part, ...]

_MATRICES = frozenset(r"A B D M \Lambda \Sigma".split())  # beside the inverse of a T, which then is a matrix, too
FUNCTION_LETTERS = frozenset(r"f g h F G H J \phi \psi \Phi \Psi \sigma \ell L C E S".split())


@dataclass
class Use:
    r"""How the names of a text are used.

    Attributes:
        bare: those that stand as a number somewhere.
        applied: those that stand directly before a bracket, with the texts of the brackets.
        primed: those with primes.
        bound: letters that a sum runs over.
        indexing: letters that stand in an index.
        differentials: names that are differentiated, or by which is differentiated.
        sized: letters at which a sum ends.
        arrays: names that are transposed, or multiplied entry by entry: vectors or matrices.
        families: names that have a letter as their index somewhere.
        bold: letters that are written bold.
        indexed: letters that are written with one index, not bold.
        bold_indexed: letters that are written bold and with an index.
        whole: for names of the text that are written with their own variables behind them, what these are.
        aliases: names that stand for an entry of the same letter, with that: the z of ``z = z^{(k)}``.
        squared: names of which the text says what their square is, as of ``\sigma^2``.
        unread: names that the text defines in a way that is not understood.
        layers: letters of indices of which each is that of a layer: ``a_j`` and ``a_k`` are entries of two vectors.
    """

    bare: set[str] = field(default_factory=set[str])
    applied: dict[str, set[tuple[Row, ...]]] = field(default_factory=dict[str, set[tuple[Row, ...]]])
    primed: set[str] = field(default_factory=set[str])
    bound: set[str] = field(default_factory=set[str])
    indexing: set[str] = field(default_factory=set[str])
    differentials: set[str] = field(default_factory=set[str])
    sized: set[str] = field(default_factory=set[str])
    arrays: set[str] = field(default_factory=set[str])
    families: set[str] = field(default_factory=set[str])
    bold: set[str] = field(default_factory=set[str])
    indexed: set[str] = field(default_factory=set[str])
    bold_indexed: set[str] = field(default_factory=set[str])
    whole: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    aliases: dict[str, Expression] = field(default_factory=dict[str, Expression])
    squared: set[str] = field(default_factory=set[str])
    unread: set[str] = field(default_factory=set[str])
    layers: frozenset[str] = frozenset()

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Use:
        """How the names of some rows are used."""
        use = cls()
        for row in rows:
            use.see(row)
        return use

    def entries(self, here: Use) -> frozenset[str]:
        r"""The vectors that are numbers where they have an index in a line, bold or not: ``\mathbf z`` with ``z_i``."""
        vectors = here.bold_indexed - here.indexed
        return frozenset(rf"{FREE}\mathbf{{{letter}}}" for letter in (self.bold & self.indexed) - vectors)

    @property
    def keys(self) -> set[str]:
        """All names that are used."""
        return self.bare | set(self.applied) | self.primed | self.differentials | self.families | self.arrays

    def see(self, row: Row) -> None:
        """Note how names are used in a row and in all that it holds."""
        whole = len(row) == 1
        if not any(_is_d(part) and part.sup for part in row):  # else it is the order that stands below, too
            behind = zip(row, row[1:], row[2:], strict=False)
            self.squared |= squares((c,) for a, b, c in behind if a.kind == "slash" and _is_d(b))
        if len(row) > 2 and all(part.kind == "circ" for part in row[1::2]):
            labels = [label_of(part) for part in row[::2]]
            if all(label is not None and is_conventional(label.head) for label in labels):
                self.primed |= {key_of(label) for label in labels if label is not None}  # functions one after another
                return
        for i, part in enumerate(row):
            after = row[i + 1] if i + 1 < len(row) else None
            before = row[i - 1] if i else None
            product = i + 2 < len(row) and row[i + 2].kind in ("letter", "word", "run", "group")
            self._part(part, before, after, whole, product)
            if part.kind == "run":
                continue
            for inner in part.inside:
                self.see(inner)
            if part.kind == "fraction" and not any(_is_d(sign) and sign.sup for sign in part.inside[0]):
                below = part.inside[1]
                self.squared |= squares((b,) for a, b in pairwise(below) if _is_d(a))
            if part.kind == "sum":
                self._sum(part)
            elif part.kind == "group" and part.sup is not None and is_transpose(part.sup) and len(part.inside[0]) == 1:
                label = label_of(part.inside[0][0])
                self.arrays |= set() if label is None else {key_of(replace(label, power=None))}
            elif part.kind == "group" and part.text == "⟨":
                labels = [label_of(row[0]) for row in part.inside if len(row) == 1 and row[0].sup is None]
                self.arrays |= {key_of(label) for label in labels if label is not None}

    def _part(self, part: Part, before: Part | None, after: Part | None, whole: bool, product: bool) -> None:
        """Note how a name is used; ``product``: something is multiplied with what stands behind it."""
        for letter in _letters(part):
            label = label_of(letter)
            if label is None:
                continue
            key = key_of(Label(label.head, label.below, label.above, label.mark, None, 0, label.commas))
            if any(token.letter and token.text in "ijklmn" for token in (*label.below, *label.above)):
                self.families.add(key_of(Label(label.head, (), (), label.mark)))
            self.indexing |= {token.text for token in (*label.below, *label.above) if token.letter} | _layers(label)
            self._index(letter, label)
            if part.kind == "sum":
                continue
            if label.primes:
                self.primed.add(key)
            applied = (
                label.primes
                or _is_nabla(before)
                or (after is not None and _is_argument(after, part) and is_conventional(label.head))
            )
            scale = product and letter.text.islower() and after is not None and after.kind != "hadamard"  # y w^T x
            beside = (before, None if scale else after)
            beside = not applied and any(o is not None and _is_of_array(o, letter) for o in beside)
            if letter is part and (beside or (label.power is not None and is_transpose(label.power))):
                self.arrays.add(key)
            inverse = part.sup is not None and [inner.text for inner in part.sup] == ["−", "1"]
            if letter is part and inverse and part.text == "T" and before is not None and before.text in _MATRICES:
                self.arrays.add(key)
            last = letter is part or letter is part.inside[0][-1]
            if last and after is not None and _is_argument(after, part):
                self.applied.setdefault(key, set()).add(after.inside)
            elif letter is part and before is not None and _is_d(before) and not _is_exponential(part):
                self.differentials.add(key)
            elif not label.primes and not ((whole or _is_nabla(before)) and is_conventional(label.head)):
                self.bare.add(key)
            else:
                self.differentials |= {key} if letter is not part and part.text[0] == "d" else set()
            if part.sup is not None and not is_transpose(part.sup) and not is_layer(part.sup):
                self.see(part.sup)

    def _index(self, letter: Part, label: Label) -> None:
        if letter.style == "bold":
            self.bold.add(letter.text)
        if label.below and (letter.style == "bold" or len(label.below) == 1 + letter.text.isupper()):
            (self.bold_indexed if letter.style == "bold" else self.indexed).add(letter.text)

    def _sum(self, part: Part) -> None:
        below = part.sub or ()
        if below and below[0].kind == "letter":
            self.bound.add(below[0].text)
        elif below and below[0].kind == "run":
            self.bound |= set(below[0].text)
        for inner in part.sup or ():
            if inner.kind == "letter":
                self.sized.add(inner.text)


def _is_exponential(part: Part) -> bool:
    """Whether this is the number e to a power of names: ``e^{2x}`` behind a d, where ``e^2`` may be an error's."""
    power = part.sup or ()
    names = any(inner.kind in ("letter", "run") for inner in power)
    return part.text == "e" and names and not is_layer(power) and not is_transpose(power)


def squares(rows: Iterable[Row]) -> set[str]:
    r"""The names of which rows are the squares: ``\sigma^2``."""
    labels = [label_of(row[0]) for row in rows if len(row) == 1]
    return {key_of(label) for label in labels if label is not None and is_square(label)}


def _layers(label: Label) -> set[str]:
    """The letters that number a layer without brackets: ``a^l_j``, ``a^{l-1}``."""
    power = label.power
    if power is None or not is_layer(power) or not (label.below or len(power) > 1):
        return set()
    return {part.text for part in power if part.kind == "letter"}


def _is_of_array(part: Part, letter: Part) -> bool:
    """Whether only a vector or a matrix stands beside this: a product entry by entry, something transposed.

    Beside ones a capital is a matrix, a small letter may be a number.
    """
    if part.kind == "letter" and part.style == "bold" and part.text == "1" and part.sup is None:
        return letter.text.isupper()
    if part.kind == "hadamard":
        return True
    return part.kind in ("letter", "word") and part.sup is not None and is_transpose(part.sup)


def _is_argument(group: Part, part: Part) -> bool:
    """Whether a bracket may be the argument of what stands before it: ``f(x)``, ``f^2(x)``."""
    power = part.sup is not None and [inner.kind for inner in part.sup] != ["number"]
    power = power or (group.sup is not None and is_transpose(group.sup))
    return group.kind == "group" and group.text in ("(", "[") and bool(group.inside) and not power


def _is_nabla(part: Part | None) -> bool:
    return part is not None and part.kind == "nabla"


def _is_d(part: Part) -> bool:
    return part.kind == "partial" or (part.kind == "letter" and part.text == "d")


def _letters(part: Part) -> Iterable[Part]:
    """The letters that a part may be read as."""
    if part.kind == "run":
        return (part,) if is_long(part) else (part, *part.inside[0])
    return (part,)


@dataclass
class Scope:
    """Where something is read.

    Attributes:
        names: the names of the graph.
        known: what the text has said.
        use: how the text uses its names.
        arrays: free names that are vectors or matrices, with their rank.
        words: runs of letters that are names.
        document: whether it is read in a text, not by itself.
        here: how the names are used in the chain itself.
        applied: for functions that the chain applies to the same arguments everywhere, these: without brackets they are
            meant to have them too.
        differentials: whether a d in the chain stands for a differential.
    """

    names: Names
    known: Known
    use: Use = field(default_factory=Use)
    arrays: dict[str, int] = field(default_factory=dict[str, int])
    words: set[str] = field(default_factory=set[str])
    document: bool = False
    here: Use = field(default_factory=Use)
    applied: dict[str, tuple[Row, ...]] = field(default_factory=dict[str, tuple[Row, ...]])
    differentials: bool = False

    def in_graph(self, label: Label, at: int = 0) -> str | None:
        """The graph's name for a label, if there is one."""
        if label.mark:
            return None
        found = None if label.primes else self.names.find(Written(plain_head(label.head), label.layer, label.sub), at)
        if found is None and (label.primes or label.head.startswith("\\")) and not label.layer:
            return _in_words(label, self.names)
        return found

    @property
    def numbers_layers(self) -> bool:
        """Whether a small l above a name is the number of a layer for certain: it is one elsewhere, and no number."""
        return bool({"l", r"\ell"} & self.use.indexing - self.use.bare)

    def belongs(self, label: Label) -> bool:
        """Whether a name that the graph does not have looks like one of its own."""
        return self.names.belongs(Written(plain_head(label.head), label.layer, label.sub))

    def has(self, key: str) -> bool:
        """Whether the text gives this name a meaning, or uses it as a name."""
        return FREE + key in self.known.quantities or FREE + key in self.known.functions

    def is_name(self, letter: str) -> bool:
        """Whether a letter such as e, i, d, T is a name of the graph or of the text."""
        if self.names.find(Written(letter)) is not None:
            return True
        return FREE + letter in self.known.quantities or FREE + letter in self.known.functions

    def computed(self, name: str) -> Expression | None:
        """The formula of a name, in the graph or in the text."""
        if name in self.names.graph:
            return self.names.graph[name].expression
        return self.known.quantities.get(name)

    def reached(self, name: str) -> set[str]:
        """All names that a name is computed from, itself among them."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            name = waiting.pop()
            formula = self.computed(name) if name not in found else None
            found.add(name)
            waiting += () if formula is None else formula.names
        return found

    def inputs_of(self, name: str) -> tuple[str, ...]:
        """The independent quantities that a quantity of the graph is computed from, in the order of the graph."""
        upstream = self.names.upstream(name)
        return tuple(q.name for q in self.names.graph if q.name in upstream and q.expression is None)

    def variable(self, name: str) -> Expression:
        """A variable of a function as it is read: a vector where the text uses it as one."""
        if name in self.use.aliases:
            return self.use.aliases[name]
        is_array = name in self.arrays or name.startswith(FREE + r"\mathbf")
        return Tensor(name, self.arrays.get(name, 0)) if is_array else Ref(name)

    def variables_of(self, function: str) -> tuple[Expression, ...]:
        """The variables of a function of the text."""
        return tuple(map(self.variable, self.known.functions[function].parameters))

    def latex(self, name: str) -> str:
        """The LaTeX of a name."""
        if name.startswith(FREE):
            return name[1:]
        return self.names.graph.symbols.get(name, name)


_ACCENTED = re.compile(r"\\(hat|bar|tilde|vec|dot|overline)\{\\?([A-Za-z]+)\}")


def _in_words(label: Label, names: Names) -> str | None:
    r"""The graph's name for what Python cannot spell: ``\hat y`` is ``y_hat`` or ``yhat``, ``\lambda`` ``lambda_``."""
    match = _ACCENTED.fullmatch(label.head)
    base = match[2] if match else label.head.removeprefix("\\")
    word = match[1] if match else "prime" if label.primes == 1 else ""
    if not (word or base == "lambda"):
        return None
    spellings = [f"{base}_{word}", f"{base}{word}"] if word else ["lambda_", "lam", "lambd"]
    tails = [f"_{label.sub}", label.sub] if label.sub else [""]
    return next((s + tail for s in spellings for tail in tails if s + tail in names.graph.symbols), None)


def free(key: str) -> str:
    """The internal name of what no graph has."""
    return FREE + key


def is_conventional(head: str) -> bool:
    """Whether a letter is one that people give to functions."""
    bare = re.sub(r"\\(?:mathcal|mathrm|hat|tilde|bar|mathbf)\{(.*)\}", r"\1", head)
    return bare in FUNCTION_LETTERS
