"""What an equation of a text is that does not hold everywhere: a false claim, or a condition. Words say so."""

from __future__ import annotations

import re
from collections.abc import Set
from enum import Enum

from gradlab.graph import Apply, Expression, Ref, is_apply
from gradlab.prove._definitions import names_in, walk
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove._verdict import Fault, Step, Truth
from gradlab.prove.read._define import Line
from gradlab.prove.read._infinitesimals import Integral
from gradlab.prove.read._nodes import Array, At, Call, Derivative, Index, Limit, Operation, Tensor, Total, letter_of
from gradlab.prove.read._scope import Use


class Mood(Enum):
    """How an equation is said."""

    CLAIMED = "words before it say that it holds"
    CONDITION = "words beside it say where it holds, that it is wished for, or that it does not hold"
    OPEN = "nothing is said about it"


def _any_of(words: str) -> re.Pattern[str]:
    """Any of these words; a star stands for any ending, an underscore for a space."""
    patterns = words.replace("*", r"\w*").replace("_", " ").replace("/", "|")
    return re.compile(rf"\b(?:{patterns})\b", re.IGNORECASE)


_CONDITION = _any_of(
    "if/iff/when*/unless/provided/where*/suppos*/assum*/let/given/giving/solv*/solution*/satisf*/such/set/sets/setting/"
    "put/puts/putting/equation*/requir*/need*/want*/wish*/choos*/pick*/find*/condition*/constrain*/subject/must/should/"
    "would/could/might/may/can/stationary/critical/minim*/maxim*/optim*/equilibri*/converg*/until/root*/zero*/intersect*/"
    "meet*/cross*/boundar*/symmetric*/commut*/orthogonal*/linear*/defin*/denot*/call*/at/by/special/case*/example/"
    "instead/try/tempt*/naive*/not/no/never/neither/nor/cannot/false*/wrong*/mistake*/incorrect*/error*/unlike/rather/"
    "avoid*/prove/disprove/whether/does/do/is_it/question*/exercise*/why/what/approximat*/roughly/about/small*/large*/"
    "first_order/near*/ansatz/guess*/initial*/model*/wenn/falls/sei/seien/gelte/löse/kein*/nicht/si/sea/soit"
)
_WRONG = re.compile(
    r"\b(?:mistakes?|wrong\w*|incorrect\w*|false\w*|errors?|fallacy|naively|tempt\w*|not (?:true|correct|the case))\b"
    r"[^.;:!?$]{0,30}$",
    re.IGNORECASE,
)
_ASKS = re.compile(r"\b(?:is|are|does|do|why|whether)\W*(?:\w+\W+){0,3}$", re.IGNORECASE)
_DENIED = re.compile(r"n['’]t\b|\?")
_CLAIM = _any_of(
    "so/thus/hence/therefore/then/consequently/we_have/we_get/we_obtain/we_see/we_know/we_conclude/gives/give/yields/"
    "yield/follows/because/since/identity/identities/simplif*/becomes/become/general/always/every/note/recall/show/"
    "shows/rule*/formula*/derivative/gradient/also/result*"
)
_WISH = _any_of("such_that/so_that/pick/choose/find/search/solve/solving/want/looking")
_SOLVE = re.compile(r"\b(?:solve|solving|l\u00f6s\w*|r\u00e9sou\w+|resolv\w+|risolv\w+)\b[^.;:$]{0,30}$", re.IGNORECASE)
_SOUGHT = re.compile(
    r"\b(?:find|determine|seek|search for)\s+(?:an?\s|the\s|all\s)*(?:functions?\s|solutions?\s)?"
    r"\$([A-Za-z])(?:\([a-z]\))?\$\s*(?:with|such|so that|satisf|for which|whose)",
    re.IGNORECASE,
)
_LEADS_TO_CONDITION = re.compile(
    r"\b(?:satisf\w*|solves?|solving|where|when(?:ever)?|if|iff|unless|until|such that|equal)\W*$", re.IGNORECASE
)
_SIGMA = re.compile(r"\\sigma\s*\(\s*\\?[A-Za-z]+(?:_\w|_\{\w+\})?\s*\)")
_UNIT = "cm|mm|km|dm|kg|mg|ml|ms|min|hr|Hz|mol"
_UNITS = re.compile(
    rf"\d\s*(?:\\[,;:! ]\s*|~)*(?:\\(?:text|textrm|mathrm|mbox)\s*\{{\s*(?:{_UNIT}|[mshgNJWV])\s*\}}|(?:{_UNIT})\b)"
)
_PRIME = re.compile(r"'|\\prime")
_JOINED = re.compile(r"\$\s*(?:of|times|plus|minus|over|von|mal|de|des|du|di|por|fois)\s*$", re.IGNORECASE)
_AXES = frozenset(("?i", "?j", "?k"))
_ROMAN = re.compile(r"\^\s*\{?\s*(?:I{1,3}|IV|VI{0,3})\s*\}?\s*(?:\\left\s*)?\(")
_LATER = re.compile(
    r"(?:(?<![A-Za-z\\])|\\(?:math)?(?:bf|bm|boldsymbol|vec|hat|bar)\s*\{?)([A-Za-z])\}?(?:_\{?\w\}?)?"
    r"\s*\(\s*([a-z])\s*[+-]\s*1\s*\)"
)


def mood_of(line: Line) -> Mood:
    """What the words around an equation make of it; those that may make it a condition count first."""
    around = " ".join(re.sub(r"\\[A-Za-z]+", " ", f"{line.sentence} {line.piece.words}").split())
    if _CONDITION.search(around) or _DENIED.search(around):
        return Mood.CONDITION
    return Mood.CLAIMED if _CLAIM.search(around) else Mood.OPEN


def is_denied(line: Line) -> bool:
    """Whether words right before an equation say that it does not hold, or ask whether it does."""
    return _WRONG.search(line.words) is not None or (_ASKS.search(line.words) is not None and "?" in line.sentence)


def is_wished_for(line: Line) -> bool:
    """Whether words say that something is looked for that makes an equation true."""
    return _WISH.search(line.sentence) is not None


def is_to_be_solved(line: Line, names: Set[str]) -> bool:
    """Whether words right before an equation ask for its solution, or those of its sentence for one of its names."""
    sought = {f"?{name}" for name in _SOUGHT.findall(line.sentence)}
    return _SOLVE.search(line.words) is not None or not sought.isdisjoint(names)


def is_idempotent(pair: tuple[Expression | NotUnderstoodError, ...]) -> bool:
    """Whether a capital is said to be its own power, as projections are: ``P^2 = P``."""
    bases = [side.args[0] for side in pair if isinstance(side, Expression) and is_apply(side, "pow")]
    return any(isinstance(base, Ref | Tensor) and base.name[1:].isupper() and base in pair for base in bases)


def is_point(pair: tuple[Expression | NotUnderstoodError, ...]) -> bool:
    """Whether names in a column get a number each: ``(x, y) = (-3, -2)``."""
    left, right = pair
    names = isinstance(left, Array) and all(isinstance(entry, Ref) for entry in left.args)
    return names and isinstance(right, Array) and not right.names


def is_symmetry(left: Expression, right: Expression) -> bool:
    r"""Whether a matrix is said to be its own transpose, inverse or power: ``A^\top = A``, ``P^2 = P``."""
    powers = [side.args[0] for side in (left, right) if is_apply(side, "pow")]
    if any(isinstance(base, Tensor) and base in (left, right) for base in powers):
        return True
    operations = [side for side in (left, right) if isinstance(side, Operation)]
    return any(node.kind in ("transpose", "inverse") and {left, right} == {node, *node.args} for node in operations)


def is_looked_for(line: Line, sides: tuple[Expression | NotUnderstoodError, ...], defined: Set[str]) -> bool:
    """Whether a step equates two functions of a text, or words right before it say that it holds at some points."""
    if _LEADS_TO_CONDITION.search(line.words):
        return True
    bodies = [
        [getattr(node, "body", node) for node in walk(side) if isinstance(node, Call | Derivative)] for side in sides
    ]
    own = [{getattr(body, "function", "") or getattr(body, "name", "") for body in each} for each in bodies]
    return all(len(names) == 1 and names <= defined for names in own) and own[0] != own[1]


def same_names(left: Expression, right: Expression) -> bool:
    """Whether both sides are made of the same names; letters at which sums end do not count."""
    a, b = (contents(side) for side in (left, right))
    return bool(a) and a == b


def contents(side: Expression) -> set[str]:
    """The names that a side is made of, without those at which its sums end."""
    sizes = {name for node in walk(side) if isinstance(node, Total) and node.upper for name in node.upper.names}
    return names_in(side) - sizes


def is_primed(line: Line, i: int) -> bool:
    """Whether a prime stands in the left side of a step."""
    row = line.piece.sides[i]
    return bool(row) and _PRIME.search(line.source.slice(row[0].at, row[-1].end)) is not None


def has_units(line: Line, i: int) -> bool:
    """Whether units stand behind numbers in a step."""
    piece = line.piece
    return _UNITS.search(line.source.slice(piece.sides[i][0].at, piece.sides[i + 1][-1].end)) is not None


def in_other_signs(
    line: Line, i: int, pair: tuple[Expression | NotUnderstoodError, ...], free: Set[str] = frozenset()
) -> str:
    """What the signs of a step that looks false may mean that is not judged; empty if nothing.

    Args:
        line: where it stands.
        i: its number.
        pair: its sides.
        free: the names in it of which nothing is said.
    """
    if i == 0 and _JOINED.search(line.sentence):
        return "words before this carry on another formula: write it as one"
    if has_units(line, i):
        return "units stand in it, which are not judged: write the numbers alone"
    piece = line.piece
    written = line.source.slice(piece.sides[i][0].at, piece.sides[i + 1][-1].end)
    if free >= _AXES and not _AXES & {f"?{letter}" for letter in Use.of(piece.sides).indexing}:
        return "i, j, k may be the units of quaternions or of space, which are not judged: say what they are"
    if _ROMAN.search(written):
        return "a Roman number above a name may be a part of the name: define it, or write its formula"
    if not any(isinstance(node, Call) for side in pair for node in walk(side)):
        for head, letter in _LATER.findall(written):
            if re.search(rf"{head}\}}?(?:_\{{?\w\}}?)?\s*\(\s*{letter}\s*\)", written):
                return "this may say how the next member of a sequence is computed: write its number as an index"
    nodes = [node for side in pair for node in walk(side)]
    if any(_is_iterated(node, nodes) for node in nodes):
        return "a power of a function may be the function applied so often: write the brackets"
    bare = [side.args[0] if is_apply(side, "neg") else side for side in pair]  # type: ignore[arg-type,union-attr]
    factors = [side.args for side in bare if is_apply(side, "mul") and len(side.args) == 2]  # type: ignore[arg-type,union-attr]
    swapped = len(factors) == 2 and factors[0] == factors[1][::-1] and bare != list(pair)
    if swapped and r"\times" in written:
        return r"\times may be the product of vectors here, which is not judged: write \cdot for numbers"
    return ""


def in_two_ways(names: Set[str]) -> str:
    """Which letter is a number in one place and, with an index above, a function in another; empty if none."""
    for name in sorted(names):
        if name.startswith("?") and any(other.startswith(f"{name}^") for other in names):
            return (
                f"{name[1:]} stands here as a number and with an index above it: nothing says what {name[1:]} alone is"
            )
    return ""


def _is_iterated(node: Expression, beside: list[Expression]) -> bool:
    """Whether a node is a power of a function that stands in its own argument beside: ``f^2(x)`` with ``f(f(x))``."""
    base = node.args[0] if is_apply(node, "pow") else None
    own = [
        each for each in beside if isinstance(each, Call) and isinstance(base, Call) and each.function == base.function
    ]
    return any(inner in own for each in own for argument in each.arguments for inner in walk(argument))


def may_be_matrix(name: str) -> bool:
    """Whether a name may be that of a matrix, an operator, or a word for anything: no small letter."""
    return not (letter_of(name).islower() and len(re.sub(r"\\[a-zA-Z]+|[^a-zA-Z]", "", name)) <= 1)


def is_normaliser(name: str) -> bool:
    r"""Whether a name is one that is given to the sum below a fraction: ``Z``, ``\Sigma_C``."""
    return re.match(r"\?(\\Sigma|Z|\\mathcal\{Z\})(?![A-Za-z])", name) is not None


def names_activation(step: Step) -> bool:
    r"""Whether a false step may define the letter of activations: ``\sigma(z)`` and what is no slip of the sigmoid."""
    slip = step.repair is not None and step.repair.side > 0 and step.repair.fault is not Fault.SEVERAL
    return step.truth is Truth.FALSE and not slip and _SIGMA.fullmatch(step.left.strip()) is not None


def is_rule(left: Expression, right: Expression, line: Line, i: int) -> bool:
    """Whether a step has the form of a rule rather than of an equation that somebody solves.

    A derivative that is carried out, a function of a sum, a sum: nobody looks for numbers for which that holds.
    """
    piece = line.piece
    written = line.source.slice(piece.sides[i][0].at, piece.sides[i + 1][-1].end)
    nodes = [node for side in (left, right) for node in walk(side)]
    if any(isinstance(node, Operation) for node in nodes):
        return False  # matrices may be symmetric, commute, be orthogonal
    if any(is_worked(node) for node in nodes):
        return True
    if any(isinstance(node, Call) for node in nodes):
        return False
    functions = [node for node in nodes if isinstance(node, Apply) and node.primitive not in _ALGEBRA and node.args]
    if functions and _PRIME.search(written):
        return True
    several = any(len(names_in(node)) > 1 for node in functions)
    return several or any(isinstance(node, Total) for node in nodes)


def is_equation_for_function(sides: tuple[Expression | NotUnderstoodError, ...], unknown: set[str]) -> bool:
    """Whether the last two sides of a chain are an equation that one solves for an unknown function: ``f'' = -f``.

    It has a derivative of a function that stands in both sides, with the same arguments wherever that stands. Where
    the chain differentiates a written formula, as rules for derivatives do, it is none.
    """
    nodes = [node for side in sides for node in walk(side)]
    if any(is_worked(node) or isinstance(node, Limit | Integral | At) for node in nodes):
        return False
    calls = [[node for node in walk(side) if isinstance(node, Call)] for side in sides[-2:]]
    each = [call for own in calls for call in own]
    inner = any(isinstance(node, Call) for call in each for argument in call.arguments for node in walk(argument))
    if inner or len({(call.function, call.arguments) for call in each}) != len({call.function for call in each}):
        return False
    slopes = [call.function for call in each if any(call.orders)]
    bodies = [node.body for node in nodes if isinstance(node, Derivative)]
    slopes += [call.function for body in bodies for call in walk(body) if isinstance(call, Call)]
    both = {call.function for call in calls[0]} & {call.function for call in calls[1]} & unknown
    return not both.isdisjoint(slopes)


_ALGEBRA = frozenset(("add", "mul", "neg", "div", "pow", "sqrt", "abs"))


def is_worked(node: Expression) -> bool:
    """Whether something is the derivative of a written formula, not of one name or one unknown function."""
    if not isinstance(node, Derivative):
        return False
    body = node.body
    if isinstance(body, Call):
        return any(not isinstance(argument, Ref | Index) for argument in body.arguments)
    return isinstance(body, Apply) and not isinstance(body, Ref)
