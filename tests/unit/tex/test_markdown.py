"""Where mathematics stands in Markdown, as JupyterLab tells it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradlab.tex import FoundMath, find_math


def formulas(text, **options):
    return [(piece.tex, piece.display) for piece in find_math(text, **options).formulas]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a $ x $ b", [(" x ", False)]),
        ("$$\nx\n$$", [("\nx\n", True)]),
        (r"\begin{align*} a &= b \end{align*}", [(r"\begin{align*} a &= b \end{align*}", True)]),
        (r"#### Q" + "\n" + r"\begin{equation}x\end{equation} tail", [(r"\begin{equation}x\end{equation}", True)]),
        (r"$$\begin{align*}a\end{align*}$$", [(r"\begin{align*}a\end{align*}", True)]),
        (r"\begin{a}\begin{a}x\end{a}\end{a}", [(r"\begin{a}\begin{a}x\end{a}\end{a}", True)]),
        (r"\\(x\\) \\[y\\]", [("x", False), ("y", True)]),
        (r"\(x\) \[y\]", []),
        ("`$x$` ``$y`$``", []),
        ("```\n$x$\n```\n$y$", [("y", False)]),
        ("- ~~~py\n  $x$\n  ~~~\n", []),
        ("> ```\n> $x$\n> ```\n> $y$", [("y", False)]),
        ("> ```\n> $x$\n\n$y$", [("y", False)]),
        ("- ```\n  $x$\n\n$y$", [("y", False)]),
        ("<!-- $x$ --> $y$", [("y", False)]),
        ("<!--\n```\n--> $y$\n\n```\n$z$\n```", [("y", False)]),
        (r"\$3 and $x$", [("x", False)]),
        (r"$\{0,1\}$ $\$$", [(r"\{0,1\}", False), (r"\$", False)]),
        (r"$\text{if $x$ then}$", [(r"\text{if $x$ then}", False)]),
        ("$a\n\nb$", []),
        ("$$a\n \t\nb$$", []),
        ("\\begin{align}a\n\nb\\end{align}", []),
        ("> $a\n>\n> b$", []),
        ("> $$\n> a = b\n> $$", [("\n  a = b\n  ", True)]),
        ("a\n```math\nx\n\n= `y`\n```\n$z$", [("x\n\n= `y`", True), ("z", False)]),
        ("```{math}\nx = y\n```\n```{note}\nz\n```", [("x = y", True)]),
        ("> ~~~ math\n> a\n> ~~~", [("  a", True)]),
        ("- ````math\n  a\n  ````", [("  a", True)]),
        ("```math\n```\n```mathematica\nx\n```\n```math\ny", []),
        ("| $|x|$ | $y \\mid z$ |", [("|x|", False), (r"y \mid z", False)]),
        ("1. one $a$\n   - two $$b$$", [("a", False), ("b", True)]),
        # Four blanks make code, but not where a paragraph or an item of a list goes on.
        ("text\n\n    $x$\n\n$y$", [("y", False)]),
        ("text\n    $x$", [("x", False)]),
        ("- item\n\n    $x$", [("x", False)]),
        ("- item\n\n      $x$", []),
        ("1. item\n\n   $x$\n\n       $y$", [("x", False)]),
        ("# Head\n    $x$", []),
        ("- item\n\ntext\n\n    $x$", []),
        # A code span wins over a dollar that stands before it.
        ("$a `b$` c$", [("a `b$` c", False)]),
        ("`a $` and $b$", [("b", False)]),
        ("$a$$b$", [("a", False), ("b", False)]),
        ("$$ a $ b $$", [(" a $ b ", True)]),
        (r"$a\$b$", [(r"a\$b", False)]),
        ("${a$ b} $c$", [("{a$ b} ", False)]),
        ("<pre>$x$</pre> <code>$y$</code> $z$", [("z", False)]),
        ("<div>$x$</div>", [("x", False)]),
        ("a\r\n\r\n$x$\r\n\r\n$y\r\n\r\n$", [("x", False)]),
        (r"by \eqref{eq:1} and \ref{b} `\ref{c}`", [(r"\eqref{eq:1}", False), (r"\ref{b}", False)]),
        # Money.
        ("$5 and $6", []),
        ("from $5 to $6 for $x$", [("x", False)]),
        ("$5$ and $5x$", [("5", False), ("5x", False)]),
        ("$2 x = 4 $ and $3 y $", [("2 x = 4 ", False), ("3 y ", False)]),
    ],
)
def test_mathematics_is_found_where_jupyter_finds_it(text, expected):
    assert formulas(text) == expected


def test_one_backslash_is_mathematics_where_it_is_asked_for():
    assert formulas(r"\(x\) \[y\] [a\] b\[", brackets=True) == [("x", False), ("y", True)]
    (remark,) = find_math(r"see \[x = 1\] and \[1\]").remarks
    assert (remark.offset, remark.message) == (4, r"\[ … \] is shown by Jupyter as brackets: write $$ … $$")


MARKS = ["$", "$$", "\\\\(", "\\\\)", "\\[", "\\]", "\\begin{a}", "\\end{a}", "`", "```\n", "```math\n", "\n", "\n\n",
         "    ", "> ", "- ", "{", "}", "\\$", "<!--", "-->", "<pre>", "</pre>", "x", "5 ", " ", "~~~",
         "1. "]  # fmt: skip


@given(st.lists(st.sampled_from(MARKS), max_size=40).map("".join), st.booleans())
def test_the_pieces_joined_are_the_text(text, brackets):
    pieces = find_math(text, brackets=brackets).pieces
    assert "".join(piece if isinstance(piece, str) else piece.source for piece in pieces) == text
    for piece in pieces:
        if isinstance(piece, FoundMath):
            assert text[piece.offset :].startswith(piece.source)
            inner = text[piece.inner : piece.inner + len(piece.tex)]
            assert inner.replace(">", " ") == piece.tex.replace(">", " ")


def test_money_and_unclosed_mathematics_are_remarked_upon():
    remarks = find_math("$5 and $6\n\n$$x\n\n\\begin{align}").remarks
    assert [remark.message.split(":")[0] for remark in remarks] == [
        "'$5 and$' was read as money, but Jupyter sets it as mathematics",
        "$$ has no closing $$ before the paragraph ends",
        r"\begin{align} has no closing \end{align} before the paragraph ends",
    ]
    assert [remark.offset for remark in remarks] == [0, 11, 16]


def test_an_amount_before_code_is_no_formula():
    found = find_math("Price is $5 and $6; `$x$`.\nWrong: $y = 2(y - t)$.")
    assert [formula.tex for formula in found.formulas] == ["y = 2(y - t)"]
    assert "'$6;' was read as money, as code stands before the next dollar" in found.remarks[-1].message


@pytest.mark.parametrize(
    "piece",
    ["Let $x_1 = 2$ be. `code` \n\n", "$$ open ", "\\begin{a} ", "` `` ", "<pre> ", "$5 and ", "\\\\( ", "```\n",
     "> - $a$\n", "{ $ } "],
)  # fmt: skip
def test_finding_takes_time_that_grows_with_the_text(piece):
    def seconds(count):
        text = piece * (count // len(piece))
        best = 10.0
        for _ in range(3):
            start = time.process_time()
            find_math(text)
            best = min(best, time.process_time() - start)
        return best

    assert seconds(80_000) < 12 * seconds(20_000) + 0.05
