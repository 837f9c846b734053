"""A notebook as PDF."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import nbformat.v4 as v4
from pypdf import PdfReader

from gradlab.labs._export import Source, _pdf, make_document, to_html, to_pdf
from gradlab.labs._export._document import Room

# One white pixel.
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==")


def test_prose_tables_code_outputs_and_pictures_reach_the_page():
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    outputs = [
        v4.new_output("stream", name="stdout", text="\x1b[1mloud\x1b[0m " + "w" * 500 + "\n" + "line\n" * 10_000),
        v4.new_output(
            "display_data", data={"text/html": "<table><tr><th>head</th></tr><tr><td>entry</td></tr></table>"}
        ),
        v4.new_output("display_data", data={"image/svg+xml": svg}),
    ]
    cells = [
        v4.new_markdown_cell(
            "# Prüfung Ελλάδα Кирилл\n\n1. a $x$\n   - b $$y$$\n\n> quoted\n\n| a | $|x|$ |\n|---|---|\n| 1 | 2 |"
        ),
        v4.new_markdown_cell(
            "#let x = 1\n\n[link](https://a.b) `$code$` *emph* \\# $\\undefinedmacro$ ![gone](gone.png)"
        ),
        v4.new_code_cell("print('#not typst $ \" \\\\ ')", execution_count=1, outputs=outputs),
    ]
    warnings = []
    source = Source(v4.new_notebook(cells=cells), (), {}, None, "fallback")
    document = make_document(source, lambda line, message: warnings.append(message))
    pdf = to_pdf(document)
    reader = PdfReader(io.BytesIO(pdf.data))
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert reader.metadata.title == "Prüfung Ελλάδα Кирилл"
    assert pdf.pages == len(reader.pages) <= 8
    assert pdf.missing == ()
    for words in (
        "quoted",
        "head",
        "entry",
        "loud",
        "gone",
        "#not typst",
        "$code$",
        r"\undefinedmacro",
        "lines of this output are left out",
    ):
        assert words in text, words
    assert f"1 / {pdf.pages}" in text
    assert pdf.data == to_pdf(document).data, "the same lab makes the same file"


def test_characters_without_a_font_are_named():
    # Plane 4 holds no characters, so no machine has a font for one.
    source = Source(v4.new_notebook(cells=[v4.new_markdown_cell("a \U00040000 ü")]), (), {}, "t", "t")
    document = make_document(source, lambda line, message: None)
    assert to_pdf(document).missing == ("\U00040000",)


def made(markdown, images=None, outputs=()):
    """A PDF of a cell, its text, and the warnings with their lines."""
    cells = [v4.new_markdown_cell(markdown), v4.new_code_cell("show()", outputs=list(outputs))]
    lines = (tuple(range(11, 12 + markdown.count("\n"))), (90,))
    warnings = []
    source = Source(v4.new_notebook(cells=cells), lines, images or {}, "t", "t")
    document = make_document(source, lambda line, message: warnings.append((line, message)))
    pdf = to_pdf(document)
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.data)).pages)
    return document, pdf, text, warnings


def test_a_broken_picture_is_described_and_the_rest_is_typeset(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    _, pdf, text, _ = made("$x$\n\nbefore ![broken one](bad.png) after", {"bad.png": tmp_path / "bad.png"})
    ((line, message),) = pdf.remarks
    assert line == 13
    assert "'broken one'" in message
    assert all(words in text for words in ("before", "broken one", "after"))


def test_a_formula_that_typst_refuses_is_named_and_shown_as_its_tex():
    document, _, _, _ = made("one $a$\n\ntwo $b$ three")
    document.atoms[1] = replace(document.atoms[1], typst="$nosuchname$")
    pdf = to_pdf(document)
    ((line, message),) = pdf.remarks
    assert line == 13
    assert "'$b$'" in message
    assert "nosuchname" in message
    assert "two $b$" in PdfReader(io.BytesIO(pdf.data)).pages[0].extract_text()


def test_links_within_the_page_show_their_words():
    _, pdf, text, _ = made(
        "- [Begin](#begin) [out](https://a.b/#c)\n\n<a name='begin' id='x'></a>\n\n# Begin\n\n`id=\"y\"`"
    )
    assert pdf.remarks == ()
    assert text.count("Begin") == 2
    assert 'id="y"' in text
    assert b"https://a.b/#c" in pdf.data


def test_a_text_that_typst_refuses_is_shown_plain_with_its_formulas_as_tex(monkeypatch):
    document, _, _, _ = made("one $a^2$ two")
    convert = _pdf._convert
    monkeypatch.setattr(_pdf, "_convert", lambda fragments: [part + " #nosuchname" for part in convert(fragments)])
    pdf = to_pdf(document)
    ((line, message),) = pdf.remarks
    assert line == 11
    assert "nosuchname" in message
    assert "one $a^2$ two" in PdfReader(io.BytesIO(pdf.data)).pages[0].extract_text()


SVG = "<svg width='40' height='40' viewBox='0 0 10 10'><circle cx='5' cy='5' r='4'/><text x='0' y='9'>zig</text></svg>"


def test_a_drawing_in_prose_or_in_an_output_is_a_picture():
    output = v4.new_output("display_data", data={"text/html": f"<p>under</p>{SVG}"})
    document, pdf, text, warnings = made(f"# T\n\nA drawing:\n\n{SVG}\n\nbehind $x$", outputs=[output])
    assert (warnings, pdf.remarks) == ([], ())
    drawings = [atom for atom in document.atoms if atom.suffix == "svg"]
    assert [atom.line for atom in drawings] == [15, 90]
    assert all(b'viewBox="0 0 10 10"' in atom.data for atom in drawings)
    assert text.count("zig") == 2
    assert all(words in text for words in ("behind", "under"))
    assert to_html(document).count("<circle") == 2


def test_a_warning_in_a_long_cell_has_its_own_line():
    pictures = "\n".join(f"![p{number}](gone{number}.png)" for number in range(2000))
    document, _, _, _ = made(f"{pictures}\n\n$x$")
    assert [atom.line for atom in document.atoms] == [2012, *range(11, 2011)]


def test_references_show_the_numbers_of_what_they_refer_to():
    markdown = (
        "Before: \\eqref{two}, \\ref{star} and $\\ref{gone}$.\n\n"
        "$$x = 1 \\label{one}$$\n\n"
        "\\begin{align}y &= 2\\\\z &= 3 \\label{two}\\end{align}\n\n"
        "\\begin{equation}w = 4 \\tag{*}\\label{star}\\end{equation}"
    )
    document, _, text, warnings = made(markdown)
    assert [(line, message) for line, message in warnings] == [
        (11, "nothing has \\label{gone}: the reference to it shows ???")
    ]
    assert "Before: (2), * and ???." in " ".join(text.split())
    assert [text.count(number) for number in ("(1)", "(2)", "(*)")] == [1, 2, 1]
    page = to_html(document)
    assert [page.count(f"<mtext>{number}</mtext>") for number in ("(1)", "(2)", "(*)", "???")] == [1, 2, 1, 1]


def test_a_broken_drawing_is_left_out_with_its_line():
    _, pdf, text, _ = made("above\n\n<svg width='x' height='0'><path d='M 0 0 L 1 1'/></svg>\n\nbelow")
    assert [line for line, _ in pdf.remarks] == [13]
    assert "above" in text
    assert "below" in text


def test_a_formula_wider_than_the_line_stays_on_the_page():
    def right_edge(terms: int) -> float:
        tex = " + ".join(f"x_{{{n}}}" for n in range(terms))
        cell = v4.new_markdown_cell(f"$$\\begin{{align}} y &= {tex} + END \\tag{{1}} \\end{{align}}$$")
        pdf = to_pdf(make_document(Source(v4.new_notebook(cells=[cell]), (), {}, "t", "t"), lambda *_: None))
        page = PdfReader(io.BytesIO(pdf.data)).pages[0]
        edges: list[float] = []
        page.extract_text(visitor_text=lambda text, cm, tm, font, size: edges.append(tm[4] * cm[0] + cm[4]))
        return max(edges) / float(page.mediabox.width)

    assert 0.5 < right_edge(3) < 1
    assert right_edge(34) < 1


def test_a_drawing_beside_a_bitmap_is_what_the_printed_page_shows():
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    bitmap = base64.b64encode(PNG).decode()
    data = {"image/png": bitmap, "image/svg+xml": svg}
    alone, both, huge = (
        to_pdf(document_of(v4.new_output("display_data", data=shown)))
        for shown in (
            {"image/png": bitmap},
            data,
            {**data, "image/svg+xml": svg.replace("<rect", "<rect/>" * 400_000 + "<rect")},
        )
    )
    bitmaps = [len(PdfReader(io.BytesIO(pdf.data)).pages[0].images) for pdf in (alone, both, huge)]
    assert bitmaps == [1, 0, 1]
    assert bitmap in to_html(document_of(v4.new_output("display_data", data=data))), "the page on screen keeps it"


def test_an_answer_cell_is_room_to_write_and_no_more_once_it_is_filled():
    answer = v4.new_markdown_cell("", metadata={"gradlab": {"answer": True, "points": 2.0}})
    filled = v4.new_markdown_cell("It is $x$.", metadata={"gradlab": {"answer": True, "points": 2.0}})
    source = Source(v4.new_notebook(cells=[answer, filled]), (), {}, "t", "t")
    document = make_document(source, lambda line, message: None)
    assert document.blocks[0] == Room(2.0)
    shown = to_html(document)
    assert shown.count('class="room"') == shown.count("your answer (2 points)") == 1
    pdf = to_pdf(document)
    text = PdfReader(io.BytesIO(pdf.data)).pages[0].extract_text()
    assert "your answer (2 points)" in text
    assert "It is" in text


def document_of(output):
    cell = v4.new_code_cell("f()", execution_count=1, outputs=[output])
    return make_document(Source(v4.new_notebook(cells=[cell]), (), {}, "t", "t"), lambda line, message: None)
