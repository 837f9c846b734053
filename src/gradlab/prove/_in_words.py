"""What words say that a name is, "let $f$ be $x^5$": an equation, or one that is not understood."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from gradlab.tex import Formula

_NAME = re.compile(
    r"\s*((?:\\(?:mathcal|mathbf|hat|tilde|bar)\s*(?:\{\\?[A-Za-z]+\}|(?=\\?[A-Za-z])))?(?:(?<=\})|\\?[A-Za-z]+)"
    r"(?:_(?:\w|\{\w+\}))?)\s*(\([^()=]*\))?\s*"
)
_DEFINES = re.compile(rf"(?:^|[,;&]|\\\\|\\q?quad){_NAME.pattern}(?::?=|\\equiv|\\coloneqq)")
_MAPS = re.compile(rf"{_NAME.pattern}(?::|\\colon)\s*(\\?[A-Za-z]+)\s*\\(?:long)?mapsto(?![A-Za-z])(.*)", re.S)
_RELATION = re.compile(
    r"[=<>~]|\\(?:in|to|le|ge|leq|geq|ne|neq|equiv|approx|sim|mapsto|rightarrow|subset\w*)(?![A-Za-z])"
)
_NO_FORMULA = re.compile(
    r"\s*(?:[\d.]+|[CLH]\^.*|O\s*\(.*|\\mathcal\b.*|.*\\(?:times|dots|cdots|mathbb)\b.*|[\\\w]+)\s*", re.S
)
_START = r"here|let|put|set|tak(?:e|ing)|consider|now|suppose|assum(?:e|ing)|if|for|when|with|where|choose|instead|say"
_STARTS = re.compile(rf"\b(?:{_START})\b[^.;:!?$]{{0,40}}$", re.I)
_OTHER_SUBJECT = re.compile(
    r"\b(?:of|in|on|from|at|by|than|over|through|since|because|respect to|differentiat\w*|gradient|slope)\W*$", re.I
)
_KIND = r"(?:\s*,)?(?:\s*(?:now|instead|simply|just|again|here|then))?"
_IS = re.compile(
    rf"{_KIND}\s*(?:to\s+be|be|is|equals?|denotes?|means|becomes|stands\s+for|(?:is\s+)?(?:now\s+)?(?:given|defined)\s+(?:by|as)|to|as)"
    r"\s*(?:(?:now|instead|simply|just)\s*)?(?:(?:the|an?|our)\s+(?:(?!of\b|deriv|gradient|slope|inverse|integral|root|sum|product|"
    r"value|class)\w+\s*){1,3})?:?\s*",
    re.I,
)  # fmt: skip
_ANEW = re.compile(
    r"\b(?:let|replac\w*|denot\w*|call\w*|nam(?:e|ed|ing)|writ\w*|redefin\w*|put|set|take|choose|consider|suppose|assume|"
    r"instead|swap\w*|exchang\w*|becomes?|stands?)\b",
    re.I,
)
_CALLED = re.compile(r"\b(?:call\w*|denot\w*|named?|as|dubbed)\b[^.;$]{0,15}$", re.I)
_ASSIGNS = re.compile(
    r"\s*(?:(?:now\s+)?(?:by|for|to|with|as|be)\b|(?:the|our)\s+(?:new\s+)?(?:function|map|loss|cost|quantity|variable)\b)",
    re.I,
)
_ANY = re.compile(
    r"\s*(?:now\s+)?(?:be|denote)s?\s+(?:any|an?|some|another|arbitrary|the)\b(?!\s+(?:\w+\s+)?(?:given|same|above))",
    re.I,
)
_FREE = re.compile(
    r"\s*(?:(?:is|be|as|are|remains?|stays|held|being)\s+)+(?:now\s+|a\s+|an\s+|held\s+|kept\s+)*"
    r"(?:constant|fixed|free|independent|arbitrary)\b",
    re.I,
)
_GENERAL = re.compile(
    r"\b(?:any|every|general|arbitrary|generic|unknown|another|constant|fixed)\s+(?:(?:smooth|differentiable|function|given|"
    r"value|of|number)\s+)*$",
    re.I,
)
_AS_FUNCTION = re.compile(
    r"\s*(\\?[A-Za-z]+)\s*(?::?=|\\equiv)\s*"
    r"(\\(?:tanh|sin|cos|exp|log|ln|tan)|\\(?:mathrm|text|operatorname)\{(?:ReLU|relu|sigmoid|softplus|tanh)\})\s*"
)
_OTHER = re.compile(
    r"\s*(?:is|be|denotes?|stands\s+for)\s+(?:now\s+|the\s+|an?\s+)*(?:relu|rectif|tanh|hyperbolic|softplus|softmax|identity|linear|"
    r"step|sign|leaky|standard|any|arbitrary|every|some|general)",
    re.I,
)
_LETTER = re.compile(rf"\b(?:{_START})\s+([b-zA-HJ-Z])\s+(?:be|is|equals?|denotes?)\s*$", re.I)
_FORMULA = re.compile(r"\$\$?[^$]*(?:\$\$?|$)")
_SENTENCE = re.compile(r"[.;!?]\s")
# "Suppose instead that f ...": from there on nothing is known of f. In English, German, Spanish and French.
_SUPPOSES = (
    r"(?:suppos\w*|assum\w*|let|consider|imagine|take|say|sei(?:en)?|angenommen|betrachte\w*|nehm\w*|se(?:a|an)|supon\w*|supóng\w*|"
    r"consider\w*|soit|soient|suppos\w*|admett\w*)"
)
_INSTEAD = r"(?:instead|alternatively|otherwise|on the other hand|stattdessen|andererseits|en cambio|au contraire)"
_ANOTHER = r"\b(?:different|another|ander(?:e|es|er|en)|otr[oa]|distint[oa]|autre)\b"
_NOW = r"(?:now|next|nun|jetzt|ahora|maintenant)"
_OTHERWISE = (
    (rf"\b(?:{_NOW}|{_INSTEAD})\b", rf"\b{_SUPPOSES}\b"),
    (rf"\b{_INSTEAD}\b", r"\b(?:if|when|wenn|ist|falls|si|cuando)\b"),
)


def said_in_words(document: Sequence[Formula]) -> Iterator[tuple[Formula, str]]:
    """The formulas of a document, those that words make equations among them; with why such a one is not understood."""
    written = {r"\sigma": r"\sigma(x)"}  # names that equations define, as they stand there, and the sigmoid
    last: Formula | None = None
    for formula in document:
        gone = set(_supposed_otherwise(formula, written))
        yield from (_unsaid(formula, written[name]) for name in gone)
        maps, bare = _MAPS.fullmatch(formula.tex), _AS_FUNCTION.fullmatch(formula.tex)
        if maps is not None and not maps[2]:
            formula = replace(formula, tex=f"{maps[1]}({maps[3]}) = {maps[4]}", before="let")
        elif bare is not None:
            formula = replace(formula, tex=f"{bare[1]}(x) = {bare[2]}(x)", before="let")
        elif last is not None and (other := _equation(last, formula, written)) is not None:
            yield other
            if not other[1]:
                last = formula
                continue
        elif (letter := _LETTER.search(formula.before)) and letter[1] in written and _is_formula(formula):
            formula = _joined(written[letter[1]], formula)
        yield formula, ""
        if formula.tex.strip() in written.keys() - gone:
            before = f"{formula.before} "
            is_subject = not _OTHER_SUBJECT.search(before)
            said = (is_subject and _FREE.match(formula.after)) or _GENERAL.search(before)
            own = formula.tex.strip() == r"\sigma" and _OTHER.match(formula.after)
            said = said or (own and is_subject and _STARTS.search(before))
            if said or (re.search(r"\blet\s+$", before, re.I) and _ANY.match(formula.after)):
                yield _unsaid(formula, written[formula.tex.strip()])
        written.update({name[1]: f"{name[1]}{name[2] or ''}" for name in _DEFINES.finditer(formula.tex)})
        last = formula


def _supposed_otherwise(formula: Formula, written: Collection[str]) -> Iterator[str]:
    """The names of which the words before a formula, or around it, suppose something else than was said before."""
    own = {name[1] for name in _DEFINES.finditer(formula.tex)}
    *before, last = _SENTENCE.split(formula.before)
    for text in (*before, f"{last} ${formula.tex}$ {formula.after}"):
        prose = _FORMULA.sub(lambda match: " " * len(match[0]), text)
        ways = [re.search(verb, prose, re.I) for how, verb in _OTHERWISE if re.search(how, prose, re.I)]
        begins = min((match.end() for match in ways if match is not None), default=len(text))
        words = re.match(r"(?:[^\w$\\]*[^\W\d_]+){0,5}[^\w$\\]*\$?[^$]*", text[begins:])
        said, supposes = "" if words is None else words[0], re.search(_SUPPOSES, prose, re.I)
        for name in [name for name in written if name not in own]:
            here = rf"(?<![A-Za-z\\]){re.escape(name)}(?![A-Za-z])"
            other = rf"{_ANOTHER}(?:\W+[^\W\d_]+){{0,2}}\W*{here}|{here}\W*(?:[^\W\d_]+\W+){{0,3}}{_ANOTHER}"
            if re.search(here, said) or (supposes and re.search(other, text, re.I)):
                yield name


def _unsaid(formula: Formula, name: str) -> tuple[Formula, str]:
    """A name of which words say what it is, where an equation would."""
    return replace(formula, tex=f"{name} = 0", before="let"), "it is said in words"


def _equation(first: Formula, second: Formula, written: dict[str, str]) -> tuple[Formula, str] | None:
    """What words between two formulas say that the one is; None if nothing."""
    between = second.before
    if _SENTENCE.search(f"{between} ") or second.offset - first.offset - len(first.tex) > len(between) + 8:
        return None
    for name, formula in ((first, second), (second, first)):
        bare = _NAME.fullmatch(name.tex)
        if bare is None or not _is_formula(formula) or (name is second and bare[1] not in written):
            continue
        own = written.get(bare[1], name.tex.strip())
        is_subject = not _OTHER_SUBJECT.search(first.before)
        if name is first and is_subject and _STARTS.search(first.before) and _IS.fullmatch(between):
            return _joined(own, second), ""
        said = _ANEW.search(f"{first.before} {between}") and _ASSIGNS.match(between)
        if name is second:
            said = _CALLED.search(between) and not re.search(
                rf"(?<![A-Za-z\\]){re.escape(bare[1])}(?![A-Za-z])", first.tex
            )
        if said and bare[1] in written and (is_subject or re.search(r"denot\w* by\W*$", first.before, re.I)):
            return _unsaid(_joined(own, second), own)
    return None


def _is_formula(formula: Formula) -> bool:
    return not _RELATION.search(formula.tex) and not _NO_FORMULA.fullmatch(formula.tex)


def _joined(name: str, formula: Formula) -> Formula:
    """A name and what it is, as an equation that begins so far before the second that its places stay right."""
    tex = f"{name} = {formula.tex}"
    return replace(formula, tex=tex, column=max(1, formula.column + len(formula.tex) - len(tex)), before="let")
