"""TeX as a tree whose nodes know where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradlab.tex import (
    Accent,
    Fence,
    Name,
    Row,
    Scripts,
    Space,
    Symbol,
    Table,
    TexError,
    Text,
    children,
    parse,
    reference_numbers,
    to_mathml,
    tokenise,
)

PIECES = [
    "x", "2", "12.5", "+", "=", "-", r"\alpha", r"\Delta", "θ", "≤", "x²", "wᵀ", "(", ")", "|", ",", r"\,", r"\quad",
    r"\frac{a}{b}", r"\frac12", r"\sqrt[3]{x}", "x_1^{2}", "f''", r"\hat{x}", r"\bar y", r"\mathbf{W}", r"\mathrm{sin}",
    r"\operatorname{relu}", r"\sin", r"\max_x", r"\text{if $y$ so}", r"\left|z\right|", r"\big(", r"\boxed{q}",
    r"\underbrace{a+b}_{n}", r"\overset{!}{=}", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\binom nk", r"{a \over b}",
    r"\begin{cases}x & x>0\\ 0 & y\end{cases}", r"\xrightarrow[b]{a}", r"\not=", r"\pmod{3}", r"\substack{a\\b}",
    r"\displaystyle c", r"\textcolor{red}{v}", "% remark\n", r"\mathbb R", "{a}", r"\prime",
]  # fmt: skip


def walk(node):
    yield node
    for child in children(node):
        yield from walk(child)


@given(st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join))
def test_a_node_stands_where_its_text_is(source):
    tree = parse(source).body
    for node in walk(tree):
        assert 0 <= node.start <= node.end <= len(source)
        assert all(node.start <= child.start <= child.end <= node.end for child in children(node))
    for item in tree.items if isinstance(tree, Row) else (tree,):
        again = parse(source[item.start : item.end]).body
        assert (again.items if isinstance(again, Row) and not again.braced else (again,)) in ((item,), item)


@given(st.text(alphabet="ax1{}_^&\\'$ %,()|-*\n", max_size=40))
def test_a_token_stands_where_its_text_is(source):
    tokens = tokenise(source)
    assert all(source[token.start : token.end] == token for token in tokens)
    assert [token.start for token in tokens] == sorted(token.start for token in tokens)


def test_what_a_macro_makes_stands_where_it_is_called():
    source = r"\newcommand{\v}[1]{\mathbf{#1}^2} a = \v{w} + \v x"
    nodes = [node for node in walk(parse(source).body) if node.start != node.end]
    texts = {source[node.start : node.end] for node in nodes}
    assert texts == {source[source.index("a =") :], "a", "=", r"\v{w}", "+", r"\v x"}


@pytest.mark.parametrize(
    ("source", "at"),
    [
        (r"a + \aplha", r"\aplha"),
        (r"a {b c", "{b"),
        (r"a_1 + b_1_2", "_2"),
        (r"\begin{aling}x\end{aling}", r"\begin{aling}"),
        (r"x \begin{align}x\end{gather}", r"\end{gather}"),
        (r"x + \color{puce} y", " y"),
    ],
)
def test_an_error_says_where(source, at):
    with pytest.raises(TexError) as caught:
        parse(source)
    assert caught.value.offset == source.index(at)


def body(source):
    tree = parse(source).body
    return tree.items[0] if isinstance(tree, Row) and len(tree.items) == 1 else tree


@pytest.mark.parametrize(
    ("source", "command", "text"),
    [
        (r"\Delta", "Delta", "Δ"),
        ("Δ", "Delta", "Δ"),
        ("≤", "leq", "≤"),
        (r"\le", "le", "≤"),
        ("·", "cdot", "⋅"),
        (r"\leftarrow", "leftarrow", "←"),
        ("∂", "partial", "∂"),
        ("a", "", "a"),
    ],
)
def test_a_symbol_keeps_its_command(source, command, text):
    symbol = body(source)
    assert isinstance(symbol, Symbol)
    assert (symbol.command, symbol.text) == (command, text)


def test_the_tree_keeps_what_a_judge_needs():
    assert body(r"\operatorname{relu}") == Name("relu", command="operatorname")
    assert body(r"\text{and}") == Text("and", command="text")
    upright = body(r"\mathrm{ab}")
    assert isinstance(upright, Row)
    assert (upright.command, [item.variant for item in upright.items]) == ("mathrm", ["normal", "normal"])
    assert [body(source).command for source in (r"\vec x", r"\bm{x}", r"\boldsymbol x")] == ["vec", "bm", "boldsymbol"]
    accent = body(r"\hat{x}")
    assert isinstance(accent, Accent)
    assert (accent.command, accent.mark) == ("hat", "^")
    assert [item.command for item in body(r"\quad\,~\ ").items] == ["quad", ",", "~", " "]
    assert all(isinstance(item, Space) for item in body(r"\quad\,~\ ").items)
    fence = body(r"\left|x\right|")
    assert isinstance(fence, Fence)
    assert (fence.opening, fence.closing, fence.command) == ("|", "|", "left")


@pytest.mark.parametrize("source", [r"\hskip1.5em", r"\kern 1.5 em", r"\hspace{1.5em}", r"\mskip27mu", r"\mkern{27mu}"])
def test_a_length_stands_with_or_without_braces(source):
    items = parse(source + "em").body.items
    assert (items[0].width, [item.text for item in items[1:]]) == (1.5, ["e", "m"])


def test_primes_are_counted_and_small_characters_are_scripts():
    for source in ("f''", "f^{\\prime\\prime}", "f″"):
        scripts = body(source)
        assert isinstance(scripts, Scripts)
        assert (scripts.primes, scripts.sup) == (2, None)
    assert body("x₁²") == Scripts(
        Symbol("x"), Row((Symbol("1", variant="normal"),)), Row((Symbol("2", variant="normal"),))
    )
    assert body("Wᵀ").sup == Row((Symbol("T"),))


def test_a_size_changes_nothing_that_is_shown():
    sized, plain = (parse(source) for source in (r"{\Large \frac{a}{b}} + \small c", r"{\frac{a}{b}} + c"))
    assert to_mathml(sized, "", display=True) == to_mathml(plain, "", display=True)


def test_a_table_keeps_its_environment_tags_and_labels():
    table = body("\\begin{align}a&=1\\tag{7}\\label{one}\\\\b&=2\\label{two}\\end{align}")
    assert isinstance(table, Table)
    assert (table.environment, table.tags, table.labels) == ("align", ("(7)", None), (("one",), ("two",)))
    single = parse(r"\begin{equation} a = 1 \label{e} \tag*{A} \end{equation}")
    assert (single.tag, single.labels) == ("A", ("e",))


@pytest.mark.parametrize(
    ("definition", "call", "meant"),
    [
        (r"\newcommand{\R}{\mathbb{R}}", r"\R", r"\mathbb{R}"),
        (r"\newcommand*\R{\mathbb{R}}", r"\R", r"\mathbb{R}"),
        (r"\newcommand{\d}[2][x]{\frac{d#2}{d#1}}", r"\d{y}\d[t]{y}", r"\frac{dy}{dx}\frac{dy}{dt}"),
        (r"\renewcommand{\vec}[1]{\mathbf{#1}}", r"\vec w", r"\mathbf{w}"),
        (r"\def\d#1#2{#1_{#2}}", r"\d w{12}", r"w_{12}"),
        (r"\let\e=\varepsilon", r"\e", r"\varepsilon"),
        (r"\let\old\phi \renewcommand{\phi}{\varphi}", r"\old\phi", r"\phi\varphi"),
        (r"\def\a{x}\let\b\a\def\a{y}", r"\a\b", "yx"),
        (r"\providecommand{\a}{x}\providecommand{\a}{y}", r"\a", "x"),
        (r"\DeclareMathOperator{\relu}{relu}", r"\relu x", r"\operatorname{relu} x"),
        (r"\DeclareMathOperator*{\am}{am}", r"\am_x", r"\operatorname*{am}_x"),
    ],
)
def test_a_macro_is_what_it_was_defined_to_be(definition, call, meant):
    macros = {}
    parse(definition, macros)

    def bare(node):
        return type(node).__name__, getattr(node, "text", ""), [bare(child) for child in children(node)]

    assert bare(parse(call, macros).body) == bare(parse(meant).body)


def test_labels_are_numbered_in_order_and_by_their_tags():
    align = r"\begin{align}a&=1\label{a}\\b&=2\tag{7}\label{b}\\c&=3\\d&=4\label{d}\end{align}"
    macros = r"\newcommand{\numbered}[1]{x \label{#1}}"
    numbers = reference_numbers([align, macros, r"\numbered{e}", r"y \label{a}", r"\frac{", r"z \tag*{A} \label{f}"])
    assert numbers == {"a": "1", "b": "7", "d": "2", "e": "3", "f": "A"}
    assert parse(align, numbers=numbers).body.items[0].tags == ("(1)", "(7)", None, "(2)")
    assert parse(r"x \label{e}", numbers={"e": "3"}).tag == "(3)"
    assert body(r"\eqref{a}").text == "(???)"
    found = parse(r"\ref{f}, \eqref{b}", numbers=numbers).body.items
    assert [(one.text, one.command) for one in found if isinstance(one, Text)] == [("A", "ref"), ("(7)", "eqref")]
