"""Mathematics printed as MathML and as Typst."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradlab.labs._export._typst_math import to_typst
from gradlab.tex import TexError, parse, to_mathml


def mathml(tex, display=False):
    return to_mathml(parse(tex), tex, display=display)


def typst(tex, display=False):
    return to_typst(parse(tex), tex, display=display)


# What the labs use and what textbooks use; each goes through both printers.
CATALOGUE = [
    r"f(x_1, x_2)=(x_1-6)^2+x_2^2-x_1x_2",
    r"\nabla_{\textbf{x}}f(\textbf{x})=\left\vert\begin{matrix}\partial f\\ 2x_2-x_1 \\ \end{matrix}\right\vert",
    r"\mathcal{L}(y, f_{out})=-y\log f_{out}-(1-y)\log(1-f_{out})",
    r"\begin{align*}\frac{\partial f}{\partial x}&=\frac{d}{dx}\bigg(y\log f\bigg)\\&\quad\quad + 1\end{align*}",
    r"\begin{align} a &= b \tag{1}\\ c &= d \end{align}",
    r"\begin{equation}\begin{split}a&=1\\b&=2\end{split}\end{equation}",
    r"\begin{gather*}a=1\\b=2\end{gather*}",
    r"\begin{eqnarray}a&=&b\\c&=&d\end{eqnarray}",
    r"\left(\begin{array}{cc|c}1&-2&3\\\hline 3&4&5\end{array}\right)",
    r"\begin{cases}x & x>0\\ 0 & \text{otherwise}\end{cases}",
    r"\begin{pmatrix}1\\2\end{pmatrix}\begin{bmatrix}1&2\end{bmatrix}\begin{vmatrix}1\end{vmatrix}\begin{smallmatrix}a\end{smallmatrix}",
    r"\sum_{i=1}^n \int_0^1 \prod_i \lim_{x\to0} \max_x \sum\nolimits_i \int\limits_0^1",
    r"\operatorname{softmax}(x)\operatorname*{arg\,min}_x\mathop{\mathrm{arg\,max}}_x",
    r"\hat x\bar y\vec v\dot x\ddot x\tilde x\widehat{abc}\overline{ab}\underline{ab}\overrightarrow{AB}",
    r"\mathbf{W}^\top\boldsymbol\theta\bm{x}\mathbb{R}\mathbb{1}\mathfrak{a}\mathsf{a}\mathtt{a}\mathrm{ab}\mathscr{L}",
    r"\underbrace{a+b}_{n}\overbrace{c}^{m}\overset{!}{=}\underset{x}{y}\stackrel{a}{\to}\xrightarrow[b]{a}\substack{a\\b}",
    r"\binom nk \dfrac12 \tfrac{1}{2} \sqrt x \sqrt[3]{x} {a \over b} {n \choose k}",
    r"\left.\frac xy\right|_{x=0} \left\{a\middle|b\right\} \Big(\bigl[x\bigr]\Big) \|x\|_2^2 \lVert x\rVert",
    r"f''(x)^2 + x'_1 + a'^2, \{1,2\}, [0,1), n!, a:b, f\colon A\to B, x/y, -x=-1\cdot-2, {,}",
    r"\boxed{x=1} \textcolor{red}{x} \color{blue} y \cancel{z} \phantom{x}",
    r"\not= \not\in \not\sim \neq a\bmod b \pmod 3 \mod 5",
    r"\displaystyle \frac12 \hspace{1cm} a\,b\;c\!d\ e~f\quad g",
    r"\text{if $x>0$ then \textbf{}} \textit{a b} 3.14 \% \# \& \_ \$".replace(r"\textbf{}", ""),
    r"a \\ b",
    r"\begin{array}{l}a\\b\end{array} % a comment",
    r"\newcommand{\v}[1]{\mathbf{#1}}\v{w}\cdot\v x \def\R{\mathbb R}\R^n \DeclareMathOperator{\am}{am}\am x",
    r"\alpha\Gamma\varepsilon\phi\varphi\nabla\partial\infty\ell\hbar\emptyset\dots\cdots\vdots\ddots",
    r"\le\geq\ll\approx\propto\subseteq\in\notin\Rightarrow\iff\mapsto\perp\parallel\mid\otimes\odot\setminus",
    r"\langle x\rangle\lfloor x\rfloor\lceil x\rceil",
    r"{}^{2}x_{3}^{4} + x^* + (a)^2 + \log^2 x",
    "é漢",
    r"\eta\textbf{g}a\textit{b}2\texttt{c}\mathbf{x}\textsf{d}",
    r"\require{cancel}\color[rgb]{1,0,0}\bf x \textcolor[HTML]{00FF00}{y}",
    r"\upalpha \braket{a|b} \bbox[yellow]{z} \href{u}{v}",
    r"a \buildrel \rm def \over = b, \displaylines{a=b \cr c=d}, \eqalign{a&=b\cr&=c}, \root 3 \of x",
    r"\pmatrix{a & b \cr c & d}\matrix{1\\2}\cases{x & x>0\cr -x & y\cr}\begin{psmallmatrix}1\end{psmallmatrix}",
    r"\sideset{_1^2}{_3^4}\prod_i^n\sideset{}{'}\sum_{k} \prescript{14}{2}{C} \genfrac{[}{]}{0pt}{}nk",
    r"\llbracket x\rrbracket a\mathrlap{bc}d\mathllap{e}\sum_{\mathclap{1\le i}} \rlap/{=} \rule{0pt}{3ex}",
    r"\ddddot x\underrightarrow{ab}\overparen{AB}\underparen c\varGamma\nleqq\iiiint\Set{x|y}",
    r"\mathds 1\xlongrightarrow{f}\smash[b]x {n\brack k}{n\brace k}\unicode{x2603}",
]  # fmt: skip


@pytest.mark.parametrize("tex", CATALOGUE)
def test_mathml_is_well_formed_and_carries_its_source(tex):
    root = ElementTree.fromstring(mathml(tex))
    space = "{http://www.w3.org/1998/Math/MathML}"
    assert root.tag == f"{space}math"
    assert root.find(f"{space}semantics/{space}annotation").text == tex.strip()
    for element, children in (("mfrac", 2), ("msub", 2), ("msup", 2), ("msubsup", 3), ("munderover", 3), ("mroot", 2)):
        assert all(len(found) == children for found in root.iter(space + element)), element


def test_typst_accepts_every_formula_displayed_and_in_a_line():
    import typst as compiler

    parts = [typst(tex, display) for tex in CATALOGUE for display in (True, False)]
    compiled = compiler.compile("\n\n".join(parts).encode())
    assert compiled.startswith(b"%PDF")


def test_a_command_is_suggested_only_where_one_letter_is_wrong():
    for command in (r"\Lagre", r"\infinity", r"\sinn", r"\argmax", r"\textb", r"\ab"):
        with pytest.raises(TexError) as caught:
            parse(command)
        assert str(caught.value).endswith("typeset; did you mean \\Large?" if command == r"\Lagre" else "typeset")


def test_the_entries_of_a_matrix_within_a_line_are_as_large_as_the_line():
    assert typst(r"\begin{pmatrix}a&b\end{pmatrix}").count("inline(") == 2
    assert typst(r"\begin{smallmatrix}a&b\end{smallmatrix}").count("inline(") == 1


@pytest.mark.parametrize(
    ("plain", "tex"),
    [
        (r"\pmatrix{a & b \cr c & d}", r"\begin{pmatrix}a & b \\ c & d\end{pmatrix}"),
        (r"\cases{x & x>0 \cr -x & y}", r"\begin{cases}x & x>0 \\ -x & y\end{cases}"),
        (r"\displaylines{a \cr b}", r"\begin{gathered}a \\ b\end{gathered}"),
        (r"\buildrel a \over =", r"\overset{a}{=}"),
        (r"\root n \of x", r"\sqrt[n]{x}"),
        (r"\genfrac{(}{)}{0pt}{}{n}{k}", r"\binom{n}{k}"),
        (r"\unicode{x3b1}\unicode{960}", "απ"),
    ],
)
def test_plain_tex_is_set_as_what_latex_writes_for_it(plain, tex):
    assert [mathml(plain).partition("<annotation")[0], typst(plain).partition(";$")[2]] == [
        mathml(tex).partition("<annotation")[0],
        typst(tex).partition(";$")[2],
    ]


@pytest.mark.parametrize(
    ("tex", "reason"),
    [
        (r"\R^n", r"\R is not a command"),
        (r"\aplha", r"did you mean \alpha?"),
        (r"\frac{a", "never closed"),
        (r"\left( x", r"\left has no \right"),
        (r"\begin{aling}x\end{aling}", "did you mean align?"),
        (r"\begin{align}x\end{gather}", r"closed by \end{gather}"),
        (r"x_1_2", "two subscripts"),
        (r"x^1^2", "two superscripts"),
        (r"a & b }", "} stands here"),
        (r"\color{puce}x", "not known"),
        (r"\frac", "ends too early"),
        (r"\def\a{\a\a}\a", "without end"),
        (r"\root 3 x", r"\root has no \of"),
        (r"\pmatrix a", "rows in braces"),
        (r"\sideset{a}{b}\sum", "takes scripts alone"),
        (r"\unicode{alpha}", "is no character"),
        (r"{" * 500 + "x" + "}" * 500, "nested"),
    ],
)
def test_what_cannot_be_set_is_an_error_that_says_why(tex, reason):
    with pytest.raises(TexError) as caught:
        parse(tex)
    assert reason in str(caught.value)


@given(st.text(alphabet="ax1{}_^&\\'$ %,()|-", max_size=30))
def test_anything_parses_or_is_a_tex_error(tex):
    try:
        formula = parse(tex)
    except TexError:
        return
    ElementTree.fromstring(to_mathml(formula, tex, display=True))
    assert to_typst(formula, tex, display=False).startswith("#[")


# Each of these pandoc alone gets wrong; what they come out as was looked at on the page and in a browser.
def test_an_empty_last_row_is_no_row():
    assert mathml(r"\begin{matrix}a\\b\\\end{matrix}").count("<mtr>") == 2


def test_a_tag_is_kept():
    assert "<mtext>(1)</mtext>" in mathml(r"x \tag{1}", display=True)
    assert 'numbering: _ => "(1)"' in typst(r"x \tag{1}", display=True)
    assert '"(a)"' in typst(r"\begin{align}x&=1\tag{a}\\y&=2\end{align}", display=True)


def test_a_big_bracket_with_a_power_is_as_large_as_its_partner():
    printed = mathml(r"\big(h\big)^2")
    assert printed.count('minsize="1.2em"') == 2
    # Alone as a base the bracket would make the whole an operator, which browsers do not stretch.
    assert '</mo><mpadded width="0"><mphantom><mi>)</mi></mphantom></mpadded></mrow><mn>2</mn></msup>' in printed


def test_bold_is_upright_and_boldsymbol_is_not():
    assert "𝐖" in mathml(r"\mathbf{W}")
    assert "𝑾" in mathml(r"\boldsymbol{W}")


def test_a_sign_is_unary_after_nothing_a_relation_or_a_bracket():
    assert mathml("-x=-1(-2)").count('form="prefix" lspace="0"') == 3
    assert 'form="infix" lspace="0.2222em"' in mathml("a-b")


def test_a_sign_after_an_alignment_point_stands_between_two_things():
    assert 'form="infix" lspace="0.2222em"' in mathml(r"\begin{align}a&\quad+b\end{align}")


def test_rules_of_an_array_are_drawn():
    printed = mathml(r"\begin{array}{c|c}a&b\\\hline c&d\end{array}")
    assert "border-left:1px solid" in printed
    assert "border-top:1px solid" in printed
    assert "augment: #(hline: (1,), vline: (1,))" in typst(r"\begin{array}{c|c}a&b\\\hline c&d\end{array}")


def test_plain_brackets_do_not_grow_and_left_right_do():
    assert "lr(" not in typst(r"(x)|y|")
    assert typst(r"\left(x\right)").count("lr(") == 1
    assert 'stretchy="false"' in mathml("(x)")


def test_macros_of_one_formula_hold_in_the_next():
    macros = {}
    parse(r"\newcommand{\R}{\mathbb{R}}", macros)
    assert "ℝ" in to_mathml(parse(r"\R", macros), r"\R", display=False)
