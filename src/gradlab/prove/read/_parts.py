r"""What stands in a formula, one part after the other, with brackets matched: the tree of `gradlab.tex` for reading.

Nothing is decided here that depends on what names mean: a run of letters stays a run, a bracket a bracket.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from gradlab import tex
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read._brackets import CLOSE, OPEN, matched
from gradlab.prove.read._part import Part
from gradlab.prove.read._stops import as_products

_NO_BAR = "these stand one over the other without a bar: a binomial is \\binom{n}{k}"
MOST_PARTS = 6_000
GAP, WIDE = 1.0, 0.7  # in em: from here on a space parts equations, and several do
UNKNOWN = "⍰"  # in front of the name of a command that is not known

_SIGNS = {
    "+": "plus", "−": "minus", "-": "minus", "⋅": "times", "×": "times", "∗": "times", "·": "times", "∙": "times",
    "/": "slash", "÷": "slash", "⊙": "hadamard", "∘": "circ", "⊗": "outer", ",": "comma", ";": "comma", ".": "stop",
    "…": "dots", "⋯": "dots", "⋮": "dots", "⋱": "dots", "!": "factorial", "∂": "partial", "∇": "nabla", "∞": "infinity",
    "±": "plusminus", "∓": "plusminus", "∀": "forall", "′": "prime", "⊤": "transpose", "⊺": "transpose", "?": "stop",
    "–": "minus", "∅": "other", "∎": "stop", "□": "stop", "■": "stop", "¬": "other", "&": "other",
}  # fmt: skip
_LARGE = {"∑": "sum", "∏": "prod"}
RELATIONS = {
    "=": "=", "≔": ":=", "≜": ":=", "≡": "==", "≈": "~", "≃": "~", "≅": "~", "≠": "!=", "<": "<", ">": ">", "≤": "<=",
    "⩽": "<=", "≦": "<=", "≥": ">=", "⩾": ">=", "≧": ">=", "≪": "<", "≫": ">", "∈": "in", "⊂": "in", "⊆": "in",
    "←": "<-", "⟵": "<-", "≐": "~", "∼": "dist", "∝": "prop", "∉": "other", "≢": "other", "∣": "bar", ":": "colon",
}  # fmt: skip
_TYPED = {"=>": "arrow", "==>": "arrow", "<=>": "arrow", "<=": "<=", ">=": ">=", "==": "=="}
_DEFINING = frozenset(("def", "△", "∆", "Δ", "set", "defn"))
_BRACES = frozenset("⏟⏞⎵⎴_")
_WORDS_OF_FONT = frozenset(("mathrm", "mathit", "mathsf", "mathtt", "mathup", "rm", "it", "sf", "tt", "operatorname"))


def flat(nodes: list[tex.Node]) -> list[Part]:
    """The parts of a row of nodes, its brackets not yet matched (kinds open, close and bar)."""
    found = _Flat()
    for node in nodes:
        found.add(node)
    return _with_dots(_with_typed_relations(_with_decimals(found.parts)))


def _with_typed_relations(parts: list[Part]) -> list[Part]:
    """Relations that are typed in signs without a space between them, as one each: ``=>``, ``<=>``, ``<=``."""
    result: list[Part] = []
    for part in parts:
        before = result[-1] if result else None
        if before is not None and before.kind == part.kind == "relation" and before.end == part.at:
            typed = _TYPED.get(before.text + part.text)
            if typed is not None:
                result[-1] = replace(before, text=typed, end=part.end)
                continue
        result.append(part)
    return result


def _with_dots(parts: list[Part]) -> list[Part]:
    """Three full stops as one sign."""
    result: list[Part] = []
    for part in parts:
        result.append(part)
        last = result[-3:]
        if len(last) == 3 and all(each.kind == "stop" and each.text == "." for each in last):
            result[-3:] = [replace(last[0], kind="dots", text="…", end=part.end)]
    return result


def parts_of(nodes: list[tex.Node]) -> tuple[Part, ...]:
    """The parts of a row of nodes; a bracket that has no partner is an error part, so that the rest stays readable."""
    return matched(flat(nodes))


def _with_decimals(parts: list[Part]) -> list[Part]:
    r"""Numbers with a comma in braces as one number each; where it may part thousands, what says so."""
    result: list[Part] = []
    i = 0
    while i < len(parts):
        part, comma = parts[i], parts[i + 1] if i + 1 < len(parts) else None
        digits = parts[i + 2] if i + 2 < len(parts) else None
        if comma is None or comma.kind != "decimal":
            result.append(part)
            i += 1
            continue
        known = digits is not None and digits.kind == "number" and part.text.isdigit() and digits.text.isdigit()
        if known and digits is not None and len(digits.text) != 3:
            result.append(replace(digits, at=part.at, text=f"{part.text}.{digits.text}"))
        else:
            message = "this comma may part decimals or thousands: write a point, or no comma"
            result.append(Part("error", part.at, (digits or comma).end, message))
        i += 3
    return result


def row_of(node: tex.Node | None) -> tuple[Part, ...] | None:
    """The parts of a script, an argument, a cell, without the braces around them."""
    if node is None:
        return None
    if isinstance(node, tex.Row) and node.braced and not node.command:
        return parts_of(list(node.items))
    return parts_of([node])


class _Flat:
    """Nodes as parts in a row, brackets still unmatched (kinds open, close, bar)."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.depth = 0
        self.wide = 0.0  # of the spaces that stand before what comes next

    def put(self, kind: str, node: tex.Node, text: str = "", **more: object) -> None:
        self.parts.append(Part(kind, node.start, node.end, text, **more))  # type: ignore[arg-type]

    def add(self, node: tex.Node) -> None:
        if len(self.parts) > MOST_PARTS:
            raise NotUnderstoodError("this is too long to be judged: judge one equation at a time", node.start)
        self.wide = self.wide + node.width if isinstance(node, tex.Space) else 0.0
        getattr(self, f"_{type(node).__name__.lower()}")(node)

    def _row(self, node: tex.Row) -> None:
        if self._is_decimal_comma(node):
            self.put("decimal", node, ",")
            return
        if not node.braced:
            for item in node.items:
                self.add(item)
            return
        self.parts += _group(node)

    def _is_decimal_comma(self, node: tex.Row) -> bool:
        r"""Whether braces hold a comma behind a digit: ``3{,}5``."""
        only = node.items[0] if node.braced and len(node.items) == 1 else None
        behind = self.parts[-1] if self.parts else None
        comma = isinstance(only, tex.Symbol) and only.text == ","
        return comma and behind is not None and behind.kind == "number" and behind.end == node.start

    def _symbol(self, node: tex.Symbol) -> None:
        text = node.text
        style = _style(node)
        if text in RELATIONS and text != ":":
            self.put("relation", node, RELATIONS[text])
        elif text in _LARGE:
            self.put("sum", node, _LARGE[text])
        elif text in tex.INTEGRALS:
            self.put("integral", node, text)
        elif text in ("|", "‖", "∥"):
            kind = {"open": "open", "close": "close"}.get(node.role, "bar")
            self.put(kind, node, "|" if text == "|" else "‖")
        elif text in OPEN and node.role != "rel":
            self.put("open", node, text)
        elif text in CLOSE and node.role != "rel":
            self.put("close", node, text)
        elif text in _SIGNS:
            self.put(_SIGNS[text], node, text)
        elif text == ":":
            self.put("relation", node, "colon")
        elif node.role == "rel":
            arrow = "because" if text == "∵" else "arrow" if text in "→⟶⇒⟹↦⟼⇔⟺↔⟷∴⇝" else "other"
            self.put("relation", node, arrow)
        elif text[0].isdigit():
            constant = style == "double-struck" or (style == "bold" and text in ("0", "1"))
            self.put("letter" if constant else "number", node, text, style=style)
        elif text.isalpha() or text in "℘ℓ∆":
            self.put("letter", node, _letter(node), style=style)
        else:
            self.put("other", node, f"\\{node.command}" if node.command.isalpha() else text)

    def _name(self, node: tex.Name) -> None:
        if node.text.startswith(UNKNOWN):
            name = node.text.removeprefix(UNKNOWN)
            advice = "write what it stands for, or define it by \\newcommand"
            self.put("error", node, f"the command \\{name} is not known: {advice}")
            return
        self.put("function", node, node.text.strip())

    def _text(self, node: tex.Text) -> None:
        number = re.fullmatch(r"\d+(\.\d+)?", node.text.strip())
        kind = "number" if number else "text"
        self.put(kind, node, node.text.strip() if number else node.text, style="bold" if node.variant == "bold" else "")

    def _scripts(self, node: tex.Scripts) -> None:
        base = node.base
        if isinstance(base, tex.Accent) and base.mark in _BRACES:
            self.add(base)  # what stands at a brace is a remark
            return
        before = len(self.parts)
        self.add(base)
        sub, sup, primes = row_of(node.sub), row_of(node.sup), node.primes
        if sup and all(part.kind == "prime" or (part.kind == "empty" and part.primes) for part in sup):
            sup, primes = None, primes + sum(max(1, part.primes) for part in sup)
        if len(self.parts) == before:
            self.put("empty", node)
        last = self.parts[-1]
        if len(self.parts) - before > 1 and not isinstance(base, tex.Fence | tex.Styled):
            last = Part("group", node.start, base.end, "{", (tuple(self.parts[before:]),))
            del self.parts[before:]
            self.parts.append(last)
        merged = _attach(last, sub, sup, primes, node.end)
        self.parts[-1] = merged

    def _fraction(self, node: tex.Fraction) -> None:
        kind, text = ("fraction", "") if node.bar else ("error", _NO_BAR)
        inside = tuple(as_products(row_of(part) or ()) for part in (node.numerator, node.denominator))
        self.put(kind, node, text, inside=inside)

    def _root(self, node: tex.Root) -> None:
        rows = [row_of(node.body) or ()]
        if node.index is not None:
            rows.append(row_of(node.index) or ())
        self.put("root", node, "", inside=tuple(rows))

    def _fence(self, node: tex.Fence) -> None:
        table = _only(node.body)
        if isinstance(table, tex.Fraction) and not table.bar and (node.opening, node.closing) == ("(", ")"):
            inside = (row_of(table.numerator) or (), row_of(table.denominator) or ())
            self.put("binomial", node, "", inside=inside)
            return
        if isinstance(table, tex.Table) and (node.opening or node.closing) and not _aligns(table):
            kind = "cases" if node.opening == "{" and not node.closing else "table"
            self.put(kind, node, node.opening, inside=_cells(table), style=str(max(map(len, table.rows), default=0)))
            return
        if not node.opening and node.closing == "|":
            self.put("evaluated", node, "|", inside=(parts_of([node.body]),))
            return
        for delimiter, at, side in ((node.opening, node.start, "open"), (node.closing, node.end, "close")):
            if side == "close":
                self.add(node.body)
            if delimiter in ("|", "‖", "∥"):
                self.parts.append(Part(side, at, at, "|" if delimiter == "|" else "‖"))
            elif delimiter:
                self.parts.append(Part(side, at, at, delimiter))

    def _middle(self, node: tex.Middle) -> None:
        self.put("relation", node, "bar")

    def _sized(self, node: tex.Sized) -> None:
        text = node.text
        if text in ("|", "‖", "∥"):
            self.put({"open": "open", "close": "close"}.get(node.role, "bar"), node, "|" if text == "|" else "‖")
        elif text in OPEN or text in CLOSE:
            self.put("open" if text in OPEN else "close", node, text)
        else:
            self.put("slash" if text == "/" else "other", node, text)

    def _accent(self, node: tex.Accent) -> None:
        if node.mark in _BRACES:
            self.add(node.base)
            return
        inner = row_of(node.base) or ()
        if len(inner) == 1 and inner[0].kind in ("letter", "word", "group") and inner[0].kind != "group":
            vector = node.command == "vec" and inner[0].kind == "letter" and not inner[0].accent
            look: dict[str, Any] = {"style": "bold"} if vector else {"accent": (*inner[0].accent, node.command)}
            self.parts.append(replace(inner[0], at=node.start, end=node.end, **look))
        elif inner and all(part.kind == "letter" and part.bare for part in inner):
            word = "".join(part.text for part in inner)
            self.put("word", node, word, accent=(node.command,))
        else:
            self.put("error", node, f"\\{node.command} stands over one name, not over a formula")

    def _stack(self, node: tex.Stack) -> None:
        base = row_of(node.base) or ()
        note = "".join(part.text for part in (*(row_of(node.over) or ()), *(row_of(node.under) or ())))
        if len(base) == 1 and base[0].kind == "relation":
            text = ":=" if base[0].text == "=" and note.strip() in _DEFINING else base[0].text
            self.put("relation", node, text)
        elif len(base) == 1 and base[0].kind == "sum":
            self.put("sum", node, base[0].text, sub=row_of(node.under), sup=row_of(node.over))
        elif len(base) == 1 and base[0].kind == "function" and node.under is not None:
            self.put("function", node, base[0].text, sub=row_of(node.under))
        else:
            self.add(node.base)

    def _table(self, node: tex.Table) -> None:
        self.put("table", node, "", inside=_cells(node), style=str(max(map(len, node.rows), default=0)))

    def _space(self, node: tex.Space) -> None:
        if node.width >= GAP or (self.wide > node.width and self.wide >= WIDE):
            self.put("gap", node)
            self.wide = 0.0

    def _styled(self, node: tex.Styled) -> None:
        if node.kind in ("rlap", "llap"):
            self.put("error", node, f"\\{node.command} sets one thing over another: write both side by side")
        elif node.kind != "phantom":
            before = len(self.parts)
            self.add(node.body)
            if len(self.parts) > before:
                self.parts[-1] = replace(self.parts[-1], end=node.end)


def _only(node: tex.Node) -> tex.Node:
    """A node without the rows around it that hold nothing else."""
    while isinstance(node, tex.Row) and len(node.items) == 1:
        node = node.items[0]
    return node


def _aligns(table: tex.Table) -> bool:
    return table.alternating or table.environment.startswith(("align", "split", "gather", "eqnarray", "multline"))


def _cells(table: tex.Table) -> tuple[tuple[Part, ...], ...]:
    """All cells, row by row, each row filled up to the same length."""
    width = max(map(len, table.rows), default=0)
    rows = [row for row in table.rows if any(not _is_empty(cell) for cell in row)]
    return tuple((row_of(row[i]) or ()) if i < len(row) else () for row in rows for i in range(width))


def _is_empty(cell: tex.Node) -> bool:
    return isinstance(cell, tex.Row) and not cell.items


def _style(node: tex.Symbol) -> str:
    variant = str(node.variant)
    if variant in ("bold", "bold-italic", "bold-script"):
        return "bold"
    return variant if variant == "double-struck" else ""


def _letter(node: tex.Symbol) -> str:
    """The LaTeX of a letter."""
    if node.command and not node.command.startswith(("math", "text", "bold")) and node.command.isalpha():
        return {"varepsilon": r"\epsilon", "vartheta": r"\theta", "varphi": r"\phi"}.get(
            node.command, f"\\{node.command}"
        )
    return node.text


def _group(node: tex.Row) -> list[Part]:
    """A group in braces: what is in it, if that is one thing; a word; else a group of its own."""
    inner = parts_of(list(node.items))
    if len(inner) == 0:
        return []
    wordy = [p for p in inner if (p.kind in ("letter", "run", "number") or p.text == "_") and p.bare and not p.style]
    if node.command in _WORDS_OF_FONT and len(wordy) == len(inner) and (len(inner) > 1 or inner[0].kind == "run"):
        return [Part("word", node.start, node.end, "".join(part.text for part in inner))]
    if len(inner) == 1 and inner[0].kind not in ("error",):
        kind = "word" if node.command == "mathrm" and inner[0].kind == "letter" and inner[0].text == "d" else ""
        return [replace(inner[0], at=node.start, end=node.end, style=inner[0].style or ("upright" if kind else ""))]
    if inner[0].kind in ("plus", "minus"):
        return [*inner[:-1], replace(inner[-1], end=node.end)]  # the sign joins it to what stands before
    return [Part("group", node.start, node.end, "{", (inner,))]


def _attach(part: Part, sub: tuple[Part, ...] | None, sup: tuple[Part, ...] | None, primes: int, end: int) -> Part:
    """A part with more above and below it; in braces where it has an exponent already."""
    if (part.sup is not None and sup is not None) or (
        part.sub is not None and sub is not None and part.sup is not None
    ):
        part = Part("group", part.at, part.end, "{", ((part,),))
    if part.sub is not None and sub is not None:
        sub = (*part.sub, Part("comma", end, end, ","), *sub)
    sub = part.sub if sub is None else sub
    sup = part.sup if sup is None else sup
    return replace(part, sub=sub, sup=sup, primes=part.primes + primes, end=end)
