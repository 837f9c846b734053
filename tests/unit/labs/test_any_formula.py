"""Any formula that is read can be typeset: random ones from the whole table of commands, all in one document."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ElementTree

import pytest

from gradlab.labs._export._typst_math import to_typst
from gradlab.tex import TexError, parse, to_mathml
from gradlab.tex._commands import READERS, SWITCHES
from gradlab.tex._symbols import FUNCTIONS, LIMIT_FUNCTIONS, SPACES, SYMBOLS
from gradlab.tex._tables import ENVIRONMENTS

CHARACTERS = [
    *"abxyzLR0123456789+-*/=<>()[]|,;:!?.'\"@", *"θ∑λ·−×≤∂∇²ᵀ₁é漢√‖⟨", "~", r"\{", r"\}", r"\|", r"\%", r"\#", r"\&",
    r"\_", r"\$", "x_1", "x^2", "x_i^2", "f'", "f''^2", "{}^2", "_2", "^3", "^{}", "{,}", r"\ ",
]  # fmt: skip
PLAIN = [f"\\{name} " for name in (*SYMBOLS, *FUNCTIONS, *LIMIT_FUNCTIONS, *SPACES) if name.strip()]
TWO = set("frac dfrac tfrac cfrac binom dbinom tbinom overset underset stackrel".split())
# What takes other things than one group.
SPELLED = {
    "buildrel": r"\buildrel # \over =", "root": r"\root # \of #", "sideset": r"\sideset{_a^b}{_c}\sum",
    "prescript": r"\prescript#{}#", "genfrac": r"\genfrac{(}{)}{0pt}{}##", "unicode": r"\unicode{x2192}",
    "rule": r"\rule{0pt}{1em}", "href": r"\href{page}#", "class": r"\class{a}#", "cssId": r"\cssId{a}#",
    "style": r"\style{color: red}#",
}  # fmt: skip
WORDS = ["{a b}", "{g}", "{if $x$ so}", "{1.5}", "{}", "{(x)}", '{say "hi"}', "{#1}".replace("#", r"\#")]
SCRIPTS = ["", "", "_1", "^2", "'", "_{a}^{b}"]


class Formulas:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def formula(self, depth=3):
        between = self.random.choice(["", " "])
        return between.join(self.item(depth) for _ in range(self.random.randint(1, 4)))

    def argument(self, depth):
        return "{" + self.formula(depth - 1) + "}"

    def item(self, depth):
        kind = self.random.random()
        if depth <= 0 or kind < 0.3:
            return self.random.choice(CHARACTERS)
        if kind < 0.5:
            return self.random.choice(PLAIN)
        if kind < 0.6:
            return self.environment(depth)
        if kind < 0.65:
            name = self.random.choice(list(SWITCHES))
            return f"{{\\{name}{'{blue}' if name == 'color' else ' '}{self.formula(depth - 1)}}}"
        return self.reader(self.random.choice(list(READERS)), depth) + self.random.choice(SCRIPTS)

    def environment(self, depth):
        name = self.random.choice(list(ENVIRONMENTS))
        given = "" if not ENVIRONMENTS[name].arguments else "{2}" if ENVIRONMENTS[name].kind == "align" else "{c|r}"
        size = 1 if ENVIRONMENTS[name].kind == "lines" else 3
        rows = [
            " & ".join(self.formula(depth - 1) for _ in range(self.random.randint(1, size)))
            for _ in range(self.random.randint(1, size))
        ]
        inner = r" \\ ".join(rows)
        return f"\\begin{{{name}}}{given}{inner}\\end{{{name}}}"

    def reader(self, name, depth):
        stem = name.rstrip("lrm")
        given = {
            "left": lambda: self.random.choice(["({}\\right)", "[{}\\right.", "|{}\\right|"]).replace(
                "{}", self.formula(depth - 1)
            ),
            "middle": lambda: "",
            "not": lambda: self.random.choice(["=", r"\in", "<", r"\subset"]),
            "sqrt": lambda: self.random.choice(["", "[3]"]) + self.argument(depth),
            "textcolor": lambda: "{red}" + self.argument(depth),
            "mskip": lambda: "1em",
        }.get(name)
        if name == "middle":
            return r"\left(a\middle|b\right)"
        if name in SPELLED:
            return SPELLED[name].replace("#", self.argument(depth))
        if given is not None:
            return f"\\{name}{given()}"
        if name in TWO:
            return f"\\{name}{self.argument(depth)}{self.argument(depth)}"
        if stem in ("big", "Big", "bigg", "Bigg"):
            return f"\\{name}" + self.random.choice(["(", "]", "|", r"\{", r"\langle ", "."])
        if name.startswith(("text", "operatorname")) or name in ("mbox", "hbox", "emph"):
            return f"\\{name}" + (r"{arg\,min}" if name.startswith("op") else self.random.choice(WORDS))
        if name.removesuffix("*") in ("hspace", "mspace", "hskip", "kern", "mkern"):
            return f"\\{name}{{1em}}"
        return f"\\{name}{self.argument(depth)}"


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_read_is_typeset(seed):
    import typst

    made, printed, refused = Formulas(seed), [], 0
    for _ in range(600):
        source = made.formula()
        try:
            formula = parse(source)
        except TexError:
            refused += 1  # two scripts on one base
            continue
        for display in (True, False):
            ElementTree.fromstring(to_mathml(formula, source, display=display))
            printed.append(to_typst(formula, source, display=display))
    assert refused < 80
    assert typst.compile("\n\n".join(printed).encode()).startswith(b"%PDF")
