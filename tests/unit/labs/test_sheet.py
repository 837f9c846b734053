from __future__ import annotations

import io

import pypdf
import pytest

import gradlab as gl
from gradlab.labs import make_page

MARKDOWN = "# A page\n\nWith $x^2$ and a picture: ![a dot](dot)\n\n\\begin{align*}\na &= b\n\\end{align*}\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle cx="4" cy="4" r="3"/></svg>'


def test_a_page_as_pdf():
    page = make_page(MARKDOWN, {"dot": SVG}, "pdf")
    assert (page.pages, page.formulas, page.warnings) == (1, 2, ())
    assert "A page" in pypdf.PdfReader(io.BytesIO(page.data)).pages[0].extract_text()
    assert page.data == make_page(MARKDOWN, {"dot": SVG}, "pdf").data


def test_a_page_as_html():
    page = make_page(MARKDOWN, {"dot": SVG}, "html")
    html = page.data.decode()
    assert page.pages is None
    assert "<title>A page</title>" in html
    assert html.count("<math") == 2


def test_what_is_not_there_is_a_warning_with_its_line():
    page = make_page("# A\n\n![no](https://example.org/no.png)\n", {}, "html")
    assert len(page.warnings) == 1
    assert page.warnings[0].startswith("line 3: ")
    with pytest.raises(gl.GradlabError, match="SVG or PNG"):
        make_page(MARKDOWN, {"dot": b"GIF89a"}, "pdf")
