r"""The commands of TeX's mathematics that stand for one character or one name, with their role in spacing.

The table covers what MathJax knows without extensions and people use; `\name` is looked up here after
the commands that take arguments (`_tex_parse`). Roles are TeX's atom classes.
"""

from __future__ import annotations

from typing import Literal

Role = Literal["ord", "op", "bin", "rel", "open", "close", "punct"]

# One line a group: the command, then its character.
_ORDINARY = """
alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ varkappa ϰ
lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ
chi χ psi ψ omega ω digamma ϝ
imath ı jmath ȷ ell ℓ hbar ℏ hslash ℏ wp ℘ Re ℜ Im ℑ aleph ℵ beth ℶ gimel ℷ daleth ℸ eth ð mho ℧
"""
_UPRIGHT = r"""
Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
partial ∂ nabla ∇ infty ∞ emptyset ∅ varnothing ∅ forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ top ⊤ bot ⊥ angle ∠
measuredangle ∡ sphericalangle ∢ triangle △ triangledown ▽ square □ Box □ blacksquare ■ Diamond ◊ lozenge ◊
blacklozenge ⧫ bigstar ★ clubsuit ♣ diamondsuit ♢ heartsuit ♡ spadesuit ♠ flat ♭ natural ♮ sharp ♯ surd √
prime ′ backprime ‵ dots … ldots … cdots ⋯ vdots ⋮ ddots ⋱ dotsc … dotsb ⋯ dotsm ⋯ dotsi ⋯ dotso … mathellipsis …
backslash \ checkmark ✓ maltese ✠ circledS Ⓢ circledR ® yen ¥ pounds £ S § P ¶ dag † ddag ‡ degree °
vert | Vert ‖ | ‖ # # % % & & $ $ _ _ complement ∁ diagup ╱ diagdown ╲ AA Å
blacktriangle ▴ blacktriangledown ▾ Finv Ⅎ Game ⅁ iddots ⋰
"""
_BINARY = """
pm ± mp ∓ times × div ÷ cdot ⋅ cdotp ⋅ ast ∗ star ⋆ circ ∘ bullet ∙ cap ∩ cup ∪ uplus ⊎ sqcap ⊓ sqcup ⊔ vee ∨ lor ∨
wedge ∧ land ∧ setminus ∖ smallsetminus ∖ wr ≀ diamond ⋄ bigtriangleup △ bigtriangledown ▽ triangleleft ◃
triangleright ▹ oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ odot ⊙ bigcirc ◯ dagger † ddagger ‡ amalg ⨿ ltimes ⋉ rtimes ⋊
boxplus ⊞ boxminus ⊟ boxtimes ⊠ boxdot ⊡ barwedge ⊼ veebar ⊻ curlywedge ⋏ curlyvee ⋎ circledast ⊛ circledcirc ⊚
dotplus ∔ divideontimes ⋇ Cap ⋒ Cup ⋓ intercal ⊺ centerdot ⋅
doublecap ⋒ doublecup ⋓ leftthreetimes ⋋ rightthreetimes ⋌ doublebarwedge ⩞ circleddash ⊝ lhd ⊲ rhd ⊳ unlhd ⊴ unrhd ⊵
"""
_RELATION = """
leq ≤ le ≤ geq ≥ ge ≥ leqslant ⩽ geqslant ⩾ leqq ≦ geqq ≧ lt < gt > ll ≪ gg ≫ lll ⋘ ggg ⋙ neq ≠ ne ≠ equiv ≡ sim ∼
simeq ≃ approx ≈ approxeq ≊ cong ≅ propto ∝ varpropto ∝ asymp ≍ doteq ≐ doteqdot ≑ prec ≺ succ ≻ preceq ⪯ succeq ⪰
preccurlyeq ≼ succcurlyeq ≽ subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ subsetneq ⊊ supsetneq ⊋ nsubseteq ⊈ nsupseteq ⊉
subseteqq ⫅ supseteqq ⫆ Subset ⋐ Supset ⋑ sqsubset ⊏ sqsupset ⊐ sqsubseteq ⊑ sqsupseteq ⊒ in ∈ ni ∋ owns ∋ notin ∉
vdash ⊢ dashv ⊣ models ⊨ vDash ⊨ Vdash ⊩ Vvdash ⊪ nvdash ⊬ nvDash ⊭ mid ∣ nmid ∤ parallel ∥ nparallel ∦ perp ⊥
smile ⌣ frown ⌢ bowtie ⋈ Join ⋈ therefore ∴ because ∵ lesssim ≲ gtrsim ≳ lessgtr ≶ gtrless ≷ lessapprox ⪅
gtrapprox ⪆ nless ≮ ngtr ≯ nleq ≰ ngeq ≱ nsim ≁ ncong ≇ nprec ⊀ nsucc ⊁ eqsim ≂ triangleq ≜ bumpeq ≏ Bumpeq ≎
circeq ≗ coloneqq ≔ eqqcolon ≕ fallingdotseq ≒ risingdotseq ≓ between ≬ pitchfork ⋔ trianglelefteq ⊴
trianglerighteq ⊵ vartriangleleft ⊲ vartriangleright ⊳
leftarrow ← gets ← rightarrow → to → leftrightarrow ↔ uparrow ↑ downarrow ↓ updownarrow ↕ Leftarrow ⇐ Rightarrow ⇒
Leftrightarrow ⇔ Uparrow ⇑ Downarrow ⇓ Updownarrow ⇕ longleftarrow ⟵ longrightarrow ⟶ longleftrightarrow ⟷
Longleftarrow ⟸ Longrightarrow ⟹ Longleftrightarrow ⟺ implies ⟹ impliedby ⟸ iff ⟺ mapsto ↦ longmapsto ⟼
hookleftarrow ↩ hookrightarrow ↪ nearrow ↗ searrow ↘ swarrow ↙ nwarrow ↖ leftharpoonup ↼ leftharpoondown ↽
rightharpoonup ⇀ rightharpoondown ⇁ rightleftharpoons ⇌ leftrightharpoons ⇋ upharpoonright ↾ upharpoonleft ↿
leftleftarrows ⇇ rightrightarrows ⇉ leftrightarrows ⇆ rightleftarrows ⇄ twoheadrightarrow ↠ twoheadleftarrow ↞
rightarrowtail ↣ leftarrowtail ↢ curvearrowleft ↶ curvearrowright ↷ circlearrowleft ↺ circlearrowright ↻
rightsquigarrow ⇝ leadsto ⇝ leftrightsquigarrow ↭ dashrightarrow ⇢ dashleftarrow ⇠ nrightarrow ↛ nleftarrow ↚
nRightarrow ⇏ nLeftarrow ⇍ multimap ⊸ restriction ↾ coloneq ≔ eqcolon ≕ vcentcolon ∶ dblcolon ∷
eqslantless ⪕ eqslantgtr ⪖ lessdot ⋖ gtrdot ⋗ llless ⋘ gggtr ⋙ lesseqgtr ⋚ gtreqless ⋛ lesseqqgtr ⪋ gtreqqless ⪌
Doteq ≑ eqcirc ≖ backsim ∽ thicksim ∼ backsimeq ⋍ thickapprox ≈ curlyeqprec ⋞ curlyeqsucc ⋟ precsim ≾ succsim ≿
precapprox ⪷ succapprox ⪸ smallsmile ⌣ smallfrown ⌢ shortmid ∣ shortparallel ∥ backepsilon ∍ blacktriangleleft ◂
blacktriangleright ▸ vartriangle △ nleqslant ⪇ ngeqslant ⪈ nleqq ≰ ngeqq ≱ lneq ⪇ gneq ⪈ lneqq ≨ gneqq ≩ lvertneqq ≨
gvertneqq ≩ lnsim ⋦ gnsim ⋧ lnapprox ⪉ gnapprox ⪊ npreceq ⋠ nsucceq ⋡ precneqq ⪵ succneqq ⪶ precnsim ⋨ succnsim ⋩
precnapprox ⪹ succnapprox ⪺ nshortmid ∤ nshortparallel ∦ nVdash ⊮ nVDash ⊯ ntriangleleft ⋪ ntriangleright ⋫
ntrianglelefteq ⋬ ntrianglerighteq ⋭ nsubseteqq ⊈ nsupseteqq ⊉ varsubsetneq ⊊ varsupsetneq ⊋ subsetneqq ⫋ supsetneqq ⫌
varsubsetneqq ⫋ varsupsetneqq ⫌ Lleftarrow ⇚ Rrightarrow ⇛ looparrowleft ↫ looparrowright ↬ Lsh ↰ Rsh ↱ upuparrows ⇈
downdownarrows ⇊ downharpoonleft ⇃ downharpoonright ⇂ nleftrightarrow ↮ nLeftrightarrow ⇎
"""
_OPEN = """
lbrace { { { lbrack [ langle ⟨ lfloor ⌊ lceil ⌈ lvert | lVert ‖ lparen ( lgroup ⟮ lmoustache ⎰ ulcorner ⌜ llcorner ⌞
llbracket ⟦
"""
_CLOSE = """
rbrace } } } rbrack ] rangle ⟩ rfloor ⌋ rceil ⌉ rvert | rVert ‖ rparen ) rgroup ⟯ rmoustache ⎱ urcorner ⌝ lrcorner ⌟
rrbracket ⟧
"""
_PUNCTUATION = "colon : ldotp ."
_LARGE = """
sum ∑ prod ∏ coprod ∐ bigcap ⋂ bigcup ⋃ bigvee ⋁ bigwedge ⋀ bigoplus ⨁ bigotimes ⨂ bigodot ⨀ biguplus ⨄
bigsqcup ⨆
"""
_INTEGRALS = "int ∫ iint ∬ iiint ∭ iiiint ⨌ oint ∮ oiint ∯ oiiint ∰ smallint ∫ intop ∫ ointop ∮"


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _table() -> dict[str, tuple[str, Role]]:
    table: dict[str, tuple[str, Role]] = {}
    groups: list[tuple[str, Role]] = [
        (_ORDINARY, "ord"),
        (_UPRIGHT, "ord"),
        (_BINARY, "bin"),
        (_RELATION, "rel"),
        (_OPEN, "open"),
        (_CLOSE, "close"),
        (_PUNCTUATION, "punct"),
        (_LARGE, "op"),
        (_INTEGRALS, "op"),
    ]
    for text, role in groups:
        table |= {name: (character, role) for name, character in _pairs(text).items()}
    return table


SYMBOLS = _table()
"""Command name (without its backslash) to character and role."""

UPRIGHT_GREEK: dict[str, tuple[str, Role]] = {
    f"up{name}": (character, role) for name, (character, role) in SYMBOLS.items() if "α" <= character <= "ω"
}
"""Greek letters that are set upright, such as `\\upalpha`."""
VAR_CAPITALS: dict[str, tuple[str, Role]] = {
    f"var{name}": (character, role) for name, (character, role) in SYMBOLS.items() if "Γ" <= character <= "Ω"
}
"""Greek capitals that are set italic, such as `\\varGamma`."""
SYMBOLS |= UPRIGHT_GREEK | VAR_CAPITALS

UPRIGHT = frozenset(_pairs(_UPRIGHT).values())
"""Ordinary characters that TeX sets upright where a letter would be italic."""

INTEGRALS = frozenset(_pairs(_INTEGRALS).values())
"""Large operators whose bounds stand beside them in a displayed formula too."""

FUNCTIONS = frozenset(
    "arccos arcsin arctan arg cos cosh cot coth csc deg dim exp hom ker lg ln log sec sin sinh tan tanh".split()
)
"""Names set upright as operators."""

LIMIT_FUNCTIONS = {
    **{name: name for name in "det gcd inf lim max min Pr sup".split()},
    "limsup": "lim sup",
    "liminf": "lim inf",
    "injlim": "inj lim",
    "projlim": "proj lim",
}
"""Named operators whose subscript stands below them in a displayed formula."""

ACCENTS = {
    "hat": "^", "widehat": "^", "bar": "¯", "overline": "¯", "tilde": "~", "widetilde": "~", "vec": "→",
    "dot": "˙", "ddot": "¨", "dddot": "⃛", "acute": "´", "grave": "`", "check": "ˇ", "breve": "˘", "mathring": "˚",
    "overrightarrow": "→", "overleftarrow": "←", "overleftrightarrow": "↔",
    "ddddot": "⃜", "overparen": "⏜",
}  # fmt: skip
"""Accent commands to the character set above; `WIDE_ACCENTS` stretch over their whole base."""

WIDE_ACCENTS = frozenset("widehat overline widetilde overrightarrow overleftarrow overleftrightarrow overparen".split())

SPACES = {
    ",": 1 / 6, "thinspace": 1 / 6, ":": 2 / 9, ">": 2 / 9, "medspace": 2 / 9, ";": 5 / 18, "thickspace": 5 / 18,
    "!": -1 / 6, "negthinspace": -1 / 6, " ": 1 / 4, "\n": 1 / 4, "space": 1 / 4, "nobreakspace": 1 / 4,
    "enspace": 1 / 2, "enskip": 1 / 2, "quad": 1.0, "qquad": 2.0,
    "negmedspace": -2 / 9, "negthickspace": -5 / 18,
}  # fmt: skip
"""Spacing commands and their width in em."""

CHARACTERS: dict[str, tuple[str, Role]] = {
    "+": ("+", "bin"), "-": ("−", "bin"), "*": ("∗", "bin"), "=": ("=", "rel"), "<": ("<", "rel"),
    ">": (">", "rel"), ":": (":", "rel"), "(": ("(", "open"), ")": (")", "close"), "[": ("[", "open"),
    "]": ("]", "close"), ",": (",", "punct"), ";": (";", "punct"), "!": ("!", "close"), "?": ("?", "close"),
    "/": ("/", "ord"), "|": ("|", "ord"), ".": (".", "ord"), '"': ("″", "ord"), "@": ("@", "ord"), "−": ("−", "bin"),
}  # fmt: skip
"""Characters typed as themselves, with their role."""

NEGATED = {"=": "≠", "∈": "∉", "∋": "∌", "∣": "∤", "∥": "∦", "∼": "≁", "≃": "≄", "≈": "≉", "≡": "≢", "<": "≮",
           ">": "≯", "≤": "≰", "≥": "≱", "⊂": "⊄", "⊃": "⊅", "⊆": "⊈", "⊇": "⊉", "∃": "∄", "≅": "≇", "→": "↛",
           "⇒": "⇏", "⇔": "⇎", "⊢": "⊬", "⊨": "⊭"}  # fmt: skip
r"""What `\not` makes of a character; any other gets a combining stroke."""

# Where one character has several commands, the first in the table speaks for it.
TYPED = {
    **{character: name for name, (character, _) in reversed(SYMBOLS.items()) if not character.isascii()},
    "·": "cdot", "∆": "Delta", "µ": "mu", "Ω": "Omega",
}  # fmt: skip
"""Characters that are typed as themselves and mean a command: θ is \\theta, ≤ is \\leq."""

RAISED: dict[str, str] = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵀ", "0123456789+-=()niT", strict=True))
"""Small raised characters to what stands in the superscript."""

LOWERED: dict[str, str] = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ", "0123456789+-=()aeoxhklmnpstijruv", strict=True))
"""Small lowered characters to what stands in the subscript."""
