from __future__ import annotations

import string
import sys

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

import gradlab as gl
from gradlab.graph import Apply, ParseError, Ref, number, parse
from random_formulas import formulas, rational_formulas

ATTACKS = [
    "__import__('os')", "__import__('os').system('touch /tmp/hacked')", "().__class__.__bases__[0]", "x.real",
    "x.__class__", "np.sin(x)", "9**9**9", "9**9**9**9", "2**10000", "1/0", "x*(1/0)", "0**-1", "log(0)", "log(-1)",
    "sqrt(-2)", "exp(1000)", "exp(exp(exp(9)))", "(-8)**(1/3)", "1e400", "9" * 400, "9" * 5000, "0." + "1" * 5000,
    "1e999999999", "(" * 500 + "x" + ")" * 500, "-" * 500 + "x", "sin(" * 150 + "x" + ")" * 150, "x**" * 3000 + "x",
    "-" * 9000 + "x", "lambda:" * 1400 + "x", "[" * 300, "x\0y", "\0", "f'{x}'", "f'{__import__(\"os\")}'",
    "(x := 3)", "[x for x in y]", "{x for x in y}", "(x for x in y)", "lambda x: x", "x if y else z", "x and y",
    "not x", "x < y", "x == y", "x = 3", "x; y", "x\ny", "import os", "del x", "x[0]", "x, y", "(x, y)", "[x]",
    "{x: y}", "'x'", "b'x'", "True", "None", "...", "1j", "2 x", "2(x)", "x(y)", "x y", "x^2", "x//2", "x % 2",
    "x @ y", "~x", "x | y", "x & y", "x << 2", "*x", "max(*x)", "max(x=1, y=2)", "sin()", "sin(x, y)", "max(x)",
    "max()", "softmax(x, 1)", "softmax(3, x, y)", "softmax(0, x, y)", "softmax(1.5, x, y)", "tan(x)", "ln(x)",
    "foo(x)", "sin", "exp + 1", "_x", "__x__", "lambda", "in", "is", "class", "yield x", "await x", "print(x", "x)",
    "", "  ", "\n", "#", "# x", "x +", "* x", "()", "'a' 'b'", "x if", "\ud800", "sin(x))", "\\", "x\\", "$x$", "x!",
    "10 ** 400 * x + 10**400",
]  # fmt: skip


@pytest.mark.parametrize("text", ATTACKS, ids=[f"{i}-{text[:20]!a}" for i, text in enumerate(ATTACKS)])
def test_attacks_and_mistakes_are_parse_errors(text):
    with pytest.raises(ParseError) as raised:
        parse(text)
    message = str(raised.value)
    assert len(message) < 1500
    assert "Traceback" not in message


def test_nothing_is_ever_run(tmp_path):
    target = tmp_path / "run"
    for text in (f"open({str(target)!r}, 'w')", f"__import__('pathlib').Path({str(target)!r}).touch()"):
        with pytest.raises(ParseError):
            parse(text)
        with pytest.raises(gl.GradlabError):
            gl.function(text)
    assert not target.exists()


def test_ten_megabytes():
    with pytest.raises(ParseError, match="10,485,760 characters; 10,000 are the most"):
        parse("x" * 10 * 2**20)


@pytest.mark.parametrize("wrong", [None, 3, 2.5, b"x", ["x"], Ref("x")])
def test_what_is_no_text(wrong):
    with pytest.raises(ParseError, match="given as text"):
        parse(wrong)


PIECES = [
    "x", "y", "sin", "max", "log", "(", ")", "+", "-", "*", "**", "/", ",", "1", "0.5", "1e9", "**9", "0", "9", ".",
    "[",
    "]", "'", "lambda", "if", " ", "\n", ":", "=", "f'", "{", "}", "_", "é", "𝑥", "\t", "\x0c", "\r", "#", "\\",
]  # fmt: skip
pieces = st.lists(st.sampled_from(PIECES), max_size=15).map("".join)


@settings(max_examples=150)
@given(st.text(max_size=40) | st.text(string.printable, max_size=60) | pieces)
@example("(x\x0c\n+ $)")
@example("(é +\r\n é.x)")
def test_garbage_is_read_or_refused_and_nothing_else(text):
    try:
        made = parse(text)
    except ParseError:
        return
    assert parse(str(made)) == made


@settings(max_examples=200)
@given(formulas(["x", "y", "w_12", "größe"], leaves=10) | rational_formulas(["x", "f", "lambda_"], 10))
def test_what_is_written_is_read_back(text):
    made = parse(text)
    assert parse(str(made)) == made


@settings(max_examples=100)
@given(rational_formulas(["x", "y"], 8))
def test_derivatives_are_read_back(text):
    from gradlab.derive import local_gradient, tidy

    for part in local_gradient(parse(text)).values():
        assert parse(str(part)) == part
        assert parse(str(tidy(part))) == tidy(part)


@settings(max_examples=100)
@given(st.floats(0, allow_nan=False, allow_infinity=False))
def test_floats_are_read_exactly_as_they_are_written(value):
    made = parse(repr(value))
    assert float(made.value) == value
    assert parse(str(made)) == made


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("-2*x", "-(2*x)"),
        ("-x**2", "-(x**2)"),
        ("(-x)*y/z", "-(x*y/z)"),
        ("a - (-b)", "a + b"),
        ("+x", "x"),
        ("x  # a comment", "x"),
        ("(x\n + y)", "x + y"),
        ("0.1", "1/10"),
        ("1_000.5*x", "1000.5*x"),
        ("0x10", "16"),
        ("1e-400", "0"),
        ("2/4", "1/2"),
        ("6/3*x", "2*x"),
        ("-1/3", "-(1/3)"),
        ("a - b - c", "(a - b) - c"),
        ("a/b/c", "(a/b)/c"),
        ("a**b**c", "a**(b**c)"),
        ("µ + 1", "μ + 1"),
        ("𝑥*ﬁ", "x*fi"),
    ],
)
def test_different_writings_of_one_expression(text, same):
    assert parse(text) == parse(same)


def test_nothing_is_expanded_or_sorted():
    for text in (
        "(x1 - 6)**2 + x2**2 - x1*x2",
        "b + a",
        "x*2",
        "x + x",
        "x*1 + 0",
        "a + (b + c)",
        "a*(b*c)",
        "a/(b/c)",
    ):
        assert str(parse(text)) == text


def test_names_that_are_only_unusual():
    for name in [
        "np",
        "torch",
        "L",
        "f",
        "delta_x",
        "lambda_",
        "exec",
        "match",
        "type",
        "case",
        "e",
        "I",
        "N",
        "größe",
        "x_",
        "t1",
    ]:
        assert parse(name) == Ref(name)


def test_the_message_points_at_the_place():
    with pytest.raises(ParseError) as raised:
        parse("größe + x.y")
    message, line, mark = str(raised.value).split("\n")
    assert "attribute" in message
    assert line[mark.index("^")] == "x"
    with pytest.raises(ParseError, match=r"\^ is not a power here: write x\*\*2"):
        parse("x^2")
    with pytest.raises(ParseError, match="write log"):
        parse("ln(x)")
    with pytest.raises(ParseError, match="did you mean sigmoid"):
        parse("sigmiod(x)")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x(y + 1)", r"no function x: a product needs its sign: x\*"), ("2(x - y)*x", "a product needs its sign"),
        ("(x - 1)(x + 2)", "a product needs its sign"), ("cos(x)exp(y)", "a product needs its sign"),
        (".25y", "a product needs its sign"), ("3.y", "a product needs its sign"),
        ("g(x) = x**3", "right of the = alone"), ("np.cos(x)", "an attribute"),
        ("sech(x)", r"no function sech: write 2/\(exp\(x\) \+ exp\(-x\)\)"),
        ("fresnel(x)", r"no function fresnel: [^*]*$"), ("2x", "a product needs its sign"),
        ("x y", "a product needs its sign"), ("lambda*x", "write lam"),
        ("x²", r"write x\*\*2"), ("|x|", r"write abs\(x\)"), ("x·y", r"write x\*y"), ("sinh(x)", r"write \(exp"),
        ("atan2(y, x)", "arctan"), ("mod(x, 2)", "there are exp"), ("asin(x)", r"write arctan\(x/sqrt"),
        ("erfc(x)", r"write 1 - erf\(x\)"), ("sin x", r"brackets, as in sin\(x\)"), (r"\frac{1}{x}", "this is LaTeX"),
        ("x^{2}", r"write x\*\*2"), ("x and y", "a condition"), ("not x", "a condition"), ("inf*x", "inf is no number"),
    ],
)  # fmt: skip
def test_what_people_write_instead_is_answered_with_what_to_write(text, said):
    with pytest.raises(ParseError, match=said):
        parse(text)


def test_the_letter_pi_is_the_number():
    assert parse("π*x") == parse("pi*x")


def test_long_sums_are_long_not_deep():
    made = parse(" + ".join(["x"] * 900))
    assert isinstance(made, Apply)
    assert len(made.args) == 900
    assert len(parse("*".join(["x"] * 900)).args) == 900
    assert len(parse("+".join(["0.5"] * 900)).args) == 900


def test_depth_at_the_limit():
    assert parse("sin(" * 98 + "x" + ")" * 98).names == {"x"}
    with pytest.raises(ParseError, match="nested more than 100 deep: name its parts"):
        parse("sin(" * 101 + "x" + ")" * 101)


def test_no_recursion_error_from_a_deep_stack():
    def at_depth(depth, text):
        return at_depth(depth - 1, text) if depth else parse(text)

    room = sys.getrecursionlimit() // 2
    with pytest.raises(ParseError):
        at_depth(room, "x**" * 2000 + "x")
    assert at_depth(room // 2, "sin(" * 50 + "x" + ")" * 50).names == {"x"}


def test_constants():
    assert parse("pi") == Apply("pi", ())
    assert parse("2*pi*x").names == {"x"}
    assert parse("exp(1)") == Apply("exp", (number(1),))
