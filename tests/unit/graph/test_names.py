from __future__ import annotations

import pytest

import gradlab as gl
from gradlab.graph import latex_of_name
from gradlab.graph._names import check_name, find_name

KNOWN = ("x_1", "w_12", "w_1_12", "w_11_2", "z_2in", "z_2out", "f_out", "w2_13", "L")


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"),
        ("x1", "x_1"),
        ("x_1", "x_1"),
        ("w_12", "w_{12}"),
        ("x10", "x_{10}"),
        ("z_2in", "z_{2,in}"),
        ("f_out", "f_{out}"),
        ("alpha", r"\alpha"),
        ("alpha_2", r"\alpha_2"),
        ("lambda_", r"\lambda"),
        ("loss", r"\mathrm{loss}"),
        ("loss_val", r"\mathrm{loss}_{val}"),
        ("a_b_c", "a_{b,c}"),
        ("größe", r"\mathrm{größe}"),
        ("x_", "x"),
        ("x2y", "x_{2,y}"),
    ],
)
def test_latex(name, latex):
    assert latex_of_name(name) == latex


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("z_2in", "z_2in"),
        ("z_{2,in}", "z_2in"),
        ("z_2,in", "z_2in"),
        ("z_{2, in}", "z_2in"),
        ("z2in", "z_2in"),
        ("w_{12}", "w_12"),
        ("w_{1,12}", "w_1_12"),
        ("w_{11,2}", "w_11_2"),
        ("w^{(2)}_{13}", "w2_13"),
        ("f_{out}", "f_out"),
        ("x1", "x_1"),
    ],
)
def test_names_in_other_notations(wanted, found):
    assert find_name(wanted, KNOWN, "quantity") == found


def test_names_that_there_are_not():
    with pytest.raises(gl.GradlabError, match="no quantity 'z_2on': did you mean z_2in or z_2out"):
        find_name("z_2on", KNOWN, "quantity")
    with pytest.raises(gl.GradlabError, match="no quantity 'qqq': there are x_1, w_12"):
        find_name("qqq", KNOWN, "quantity")
    with pytest.raises(gl.GradlabError, match="could be w_1_12 or w_11_2"):
        find_name("w1 12", KNOWN, "quantity")
    with pytest.raises(gl.GradlabError, match="by its name, a string such as 'x_1', not 3"):
        find_name(3, KNOWN, "quantity")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["", "1x", "x-y", "x y", "_t1", "__debug__", "lambda", "None", "in", "x.y", "x²", "{x}"]
)
def test_what_no_quantity_can_be_called(name):
    with pytest.raises(gl.GradlabError, match="cannot be the name"):
        check_name(name)


def test_names_of_functions_are_taken():
    with pytest.raises(gl.GradlabError, match=r"'sin' is the name of a function: .* sin_1"):
        check_name("sin", ["sin"])


def test_names_are_normal_as_python_has_them():
    assert check_name("µ") == "μ"
    assert gl.function({"ﬁ": "2*x", "L": "fi*x"}).variables == ("x",)
    assert gl.function("µ**2").derive("f", "µ").wrt == "μ"
