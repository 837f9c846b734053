"""`gradlab derive`: sheets, second derivatives, and everything at once."""

from __future__ import annotations

import re
from pathlib import Path

import pypdf
import pytest

from gradlab.cli import main


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run the command line in an empty folder and return its exit status, standard output and standard error."""
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_all_to_pdf_makes_a_sheet_with_the_diagram_and_the_plot(run):
    status, out, err = run("derive", "--mlp", "2,2,1", "--all", "--to", "pdf")
    assert (status, err) == (0, "")
    assert re.match(r"derivatives-2-2-1\.pdf: \d pages, 34 formulas, [\d.]+ kB", out)
    reader = pypdf.PdfReader("derivatives-2-2-1.pdf")
    text = "\n".join(page.extract_text() for page in reader.pages)
    for words in (
        "hidden layer",
        "through shared deltas",
        "path by path",
        "27",
        "In matrix notation",
        "19 of 19 entries",
    ):
        assert words in text
    assert "121,169" in text  # the plot's last number: its text is text


def test_a_sheet_as_markdown_has_its_pictures_beside_it(run):
    status, out, _ = run("derive", "--mlp", "1,2,1", "--hidden", "relu", "--to", "md", "--out", "my sheet.md")
    assert status == 0
    assert out.splitlines() == ["my sheet.md", "my sheet_files/network.svg", "my sheet_files/savings.svg"]
    text = Path("my sheet.md").read_text()
    shown = re.findall(r"!\[[^\]]+\]\(<([^>]+)>\)", text)
    assert shown == ["my sheet_files/network.svg", "my sheet_files/savings.svg"]
    assert all(Path(name).read_text().lstrip().startswith("<?xml") for name in shown)
    assert text.count(r"\begin{align*}") == text.count(r"\end{align*}") > 10


def test_a_function_as_html_fetches_nothing(run):
    status, out, _ = run("derive", "(x1 - 6)**2 + x2**2 - x1*x2", "--all", "--to", "html", "--out", "bowl.html")
    assert status == 0
    assert out.startswith("bowl.html: 8 formulas")
    html = Path("bowl.html").read_text()
    assert "<math" in html
    assert "src=" not in html


def test_all_on_the_terminal(run):
    status, out, _ = run("derive", "--mlp", "2,2,1", "--all")
    assert status == 0
    assert out.count("chain rule]") == 9
    assert "multiplications of the chain rule's factors: 27 path by path, 11 with shared deltas" in out
    assert "dL/dW1 = a0 @ delta1.T" in out
    assert "19 of 19 entries are equal" in out
    status, out, _ = run("derive", "x1**2*x2", "--all")
    assert "second derivatives:\n[2*x2  2*x1]\n[2*x1     0]" in out
    status, out, _ = run("derive", "x1**2*x2", "--all", "--format", "latex")
    assert out.rstrip().endswith(r"\begin{pmatrix} 2 x_2 & 2 x_1 \\ 2 x_1 & 0 \end{pmatrix}")


def test_points_may_have_weights(run):
    status, out, _ = run("derive", "--mlp", "2,2,1", "--weighted", "--all")
    assert status == 0
    assert "dL/dc = s*(f_out - y)" in out
    status, _, err = run("derive", "x**2", "--weighted")
    assert status == 2
    assert "--mlp 2,2,1 --weighted" in err
    status, _, _ = run("derive", "--mlp", "2,2,1", "--weighted", "--all", "--to", "md", "--out", "sheet.md")
    assert status == 0


def test_second_derivatives(run):
    status, out, _ = run("derive", "--mlp", "2,2,1", "--wrt", "w_12", "--then", "u_1")
    assert status == 0
    assert out.startswith("d2L/(du_1 dw_12) = dg/du_1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--all", "--wrt", "w_12"), "give either --all or one quantity with --wrt"),
        (("--out", "a.pdf"), "add --to md, --to html or --to pdf"),
        (("--then", "c"), "--then goes with --wrt"),
        (("--wrt", "c", "--then", "c", "--to", "pdf"), "leave out --then"),
        (("--to", "docx"), "'docx' is not one of 'md', 'html', 'pdf'."),
        (("--to", "latex"), "'pdf'. For LaTeX on the terminal write --format latex."),
    ],
)
def test_options_that_do_not_go_together(run, arguments, message):
    status, out, err = run("derive", "--mlp", "2,2,1", *arguments)
    assert (status, out) == (2, "")
    assert message in " ".join(re.sub("[│╭╮╰╯─]", " ", err).split())


def test_what_cannot_be_written_is_said(run):
    status, _, err = run("derive", "--mlp", "2,1", "--to", "md", "--out", "no/such/folder.md")
    assert status == 2
    assert "does not exist" in err
    status, _, err = run("derive", "--mlp", "30,30,1", "--to", "pdf")
    assert status == 1
    assert "400 are the most" in err
