"""The site builds without a warning, names everything public, and asks no server for anything."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pypdf import PdfReader

import gradlab as gl

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium")
# What a page would fetch by itself; a link that a person follows is another matter.
FETCHED = re.compile(
    r'(?:<(?:script|img|iframe|source)[^>]+src|<link[^>]+href|url\()\s*=?\s*["\'(]?(?:https?:)?//', re.I
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site with its examples not run: test_examples runs them."""
    out = tmp_path_factory.mktemp("site")
    docs = out / "docs"
    shutil.copytree(ROOT / "docs", docs, ignore=shutil.ignore_patterns("gallery", "generated"))
    for name in ("examples", "benchmarks", "page", "src", "CHANGELOG.md"):
        (out / name).symlink_to(ROOT / name)
    built = out / "elsewhere" / "page"
    built.mkdir(parents=True)
    (built / "index.html").write_text("<p>alive</p>", encoding="utf-8")
    options = ["-q", "-W", "--keep-going", "-D", "plot_gallery=0", "-D", "built_folder=../elsewhere"]
    command = [sys.executable, "-m", "sphinx", *options, docs, out / "html"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return out / "html"


def test_every_public_name_has_its_entry(site):
    page = (site / "reference" / "python.html").read_text(encoding="utf-8")
    modules = {"datasets", "play", "plot", "rules", "testing"}
    names = [name for name in dir(gl) if not name.startswith("_")]
    assert [name for name in names if name not in modules and f">{name}<" not in page] == []
    assert [name for name in modules if f"gl.{name}" not in page] == []


def test_every_error_has_its_entry(site):
    page = (site / "reference" / "python.html").read_text(encoding="utf-8")
    modules = [gl, *(getattr(gl, name) for name in ("datasets", "play", "plot", "rules", "testing"))]
    known = {name for module in modules for name in dir(module) if is_error(getattr(module, name))}
    assert {"RuleError", "PlotError", "GraphError"} <= known
    assert [name for name in sorted(known) if f">{name}<" not in page] == []


def is_error(value) -> bool:
    return isinstance(value, type) and issubclass(value, gl.GradlabError)


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium, which prints the pages")
@pytest.mark.parametrize(
    ("page", "last"), [("first-steps.html", "writes PNG, SVG or PDF."), ("latex.html", "is reported as that.")]
)
def test_a_printed_page_has_its_end(site, tmp_path, page, last):
    paper = tmp_path / "page.pdf"
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", f"--print-to-pdf={paper}"]
    subprocess.run([CHROMIUM, *options, (site / page).as_uri()], check=True, capture_output=True)
    text = " ".join(" ".join(sheet.extract_text() for sheet in PdfReader(paper).pages).split())
    assert last in text


def test_every_command_has_its_help(site):
    page = (site / "reference" / "command-line.html").read_text(encoding="utf-8")
    assert all(f"gradlab {name}" in page for name in ("derive", "prove", "check", "descend", "sweep", "lab build"))


def test_no_page_fetches_from_elsewhere(site):
    pages = [*site.rglob("*.html"), *site.rglob("*.css")]
    assert len(pages) > 50
    assert [page.name for page in pages if FETCHED.search(page.read_text(encoding="utf-8"))] == []


def test_the_pattern_finds_what_is_fetched():
    assert FETCHED.search('<script src="https://elsewhere/x.js">')
    assert FETCHED.search('<link rel="stylesheet" href="//elsewhere/x.css">')
    assert not FETCHED.search('<a href="https://elsewhere/">')


def test_formulas_are_set(site):
    assert "<math" in (site / "derivations.html").read_text(encoding="utf-8")


def test_what_was_built_is_alive_and_what_was_not_is_told(site):
    landing = (site / "index.html").read_text(encoding="utf-8")
    (address,) = re.findall(r'<iframe class="built" src="([^"#]+)', landing)
    assert (site / address).read_text(encoding="utf-8") == "<p>alive</p>"
    lab = (site / "tutorials" / "the-lab.html").read_text(encoding="utf-8")
    assert "<iframe" not in lab
    assert "as notebook, HTML and PDF" in lab


def test_comparisons_show_the_measured_figures(site):
    page = (site / "comparisons.html").read_text(encoding="utf-8")
    dates = re.findall(r"<em>(.*?)</em></p>\s*<div class=\"pst-scrollable-table-container\"", page)
    assert len(dates) == 5
    assert all(re.match(r"20\d\d-\d\d-\d\d, .*Python 3\.", date) for date in dates)
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    for peer in ("torch gradcheck", "nbgrader autograde"):
        (row, *_) = re.findall(rf"^\| {peer} \|.*$", results, re.M)
        figures = [cell.strip() for cell in row.split("|") if re.fullmatch(r"[\d. ,]+", cell)]
        assert len(figures) > 3
        assert [figure for figure in figures if f"<p>{figure}</p>" not in page] == []


def test_the_words_of_an_enumeration_are_shown_and_no_sentence_is_taken_for_a_type(site):
    reference = site / "reference" / "generated"
    why = (reference / "gradlab.train.Why.html").read_text(encoding="utf-8")
    assert [word.name for word in gl.train.Why if f"gradlab.train.Why.{word.name}" not in why] == []
    for page in reference.glob("*.html"):
        types = re.findall(r"<dt[^>]*>Type<.*?<p>(.*?)</p>", page.read_text(encoding="utf-8"), re.S)
        assert [said for said in types if said.startswith(("The ", "Where "))] == [], page.name
