"""A notebook as one HTML file."""

from __future__ import annotations

import base64
import re

import nbformat.v4 as v4
import pytest

from gradlab.labs._export import Source, fetched_references, make_document, to_html
from gradlab.labs._export._sanitise import clean_html
from gradlab.labs._export._terminal import collapse, styled_runs

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def page(*cells, images=None, lines=None, title=None):
    notebook = v4.new_notebook(cells=list(cells))
    warnings = []
    numbers = lines or tuple(tuple(range(1, cell.source.count("\n") + 2)) for cell in cells)
    source = Source(notebook, numbers, images or {}, title, "lab")
    document = make_document(source, lambda line, message: warnings.append((line, message)))
    return to_html(document), warnings, document


def body(html: str) -> str:
    return re.search(r'<main id="content">\n(.*)</main>', html, re.DOTALL)[1]


def test_prose_code_and_mathematics_come_out():
    html, warnings, document = page(
        v4.new_markdown_cell("# Title $x$\n\n| a | $|x|$ |\n|---|---|\n| ~~b~~ | `$c$` |\n"),
        v4.new_code_cell("x = 1 < 2", execution_count=3),
        v4.new_code_cell("y"),
    )
    shown = body(html)
    assert document.title == "Title $x$"
    assert (document.formulas, document.failed_formulas, warnings) == (2, 0, [])
    assert shown.count("<math ") == 2
    assert "<td><code>$c$</code></td>" in shown
    assert "<s>b</s>" in shown
    assert [re.sub("<[^>]+>", "", prompt) for prompt in re.findall(r'prompt">(.*?)</div>', shown)] == ["[3]", "[ ]"]
    assert re.sub("<[^>]+>", "", re.search("<pre.*?</pre>", shown)[0]) == "x = 1 &lt; 2"


def test_every_kind_of_output_is_shown():
    outputs = [
        v4.new_output("stream", name="stdout", text="\x1b[31mred\x1b[0m </script>"),
        v4.new_output("stream", name="stderr", text="careful"),
        v4.new_output("display_data", data={"text/latex": r"$\displaystyle \frac{a}{b}$", "text/plain": "no"}),
        v4.new_output("display_data", data={"text/markdown": "**bold** $y$"}),
        v4.new_output("display_data", data={"text/html": "<table><tr><td>cell<script>1</script></table>"}),
        v4.new_output("display_data", data={"image/svg+xml": "<svg><script>1</script></svg>"}),
        v4.new_output("display_data", data={"image/png": base64.b64encode(PNG).decode(), "text/plain": "<Figure>"}),
        v4.new_output("execute_result", data={"text/plain": "42"}, execution_count=1),
        v4.new_output("error", ename="E", evalue="v", traceback=["\x1b[0;31mE\x1b[0m: v"]),
        v4.new_output("display_data", data={"application/x-none": "1"}),
        v4.new_output("display_data", data={"image/png": "abc"}),
    ]
    html, warnings, document = page(v4.new_code_cell("f()", execution_count=1, outputs=outputs))
    shown = body(html)
    assert '<span class="sgr" style="--fg:#c23b2e">red</span> &lt;/script&gt;' in shown
    assert '<div class="output stderr">' in shown
    assert document.formulas == 2
    assert "<strong>bold</strong>" in shown
    assert "<td>cell</td></tr></table>" in shown
    assert 'src="data:image/svg+xml;base64,' in shown
    assert 'alt="&lt;Figure&gt;" width="1"' in shown
    assert ">42</pre>" in shown
    assert shown.count('class="missing-image"') == 1
    assert '<div class="output error">' in shown
    assert [message.split(";")[0] for _, message in warnings] == [
        "<script> cannot be kept in a file that runs and fetches nothing",
        "an output of kind application/x-none can be shown by Jupyter only",
    ]
    assert fetched_references(html) == []


def test_nothing_is_fetched_or_run():
    text = (
        "<script>alert(1)</script><img src='https://a.b/c.png' alt='remote'>\n\n![x](//b.c/d.png)\n"
        "<a href='javascript:x()' onclick='x()'>bad</a> <p style='background:url(https://a.b)'>p</p>\n"
        "<iframe src='https://a.b'>inside</iframe><svg><use href='https://a.b#c'/></svg>\n"
        "<style>@import 'https://a.b'</style>\n\n[kept](https://a.b)"
    )
    html, warnings, _ = page(v4.new_markdown_cell(text))
    assert fetched_references(html) == []
    assert "alert" not in html
    assert "javascript:" not in html
    assert "onclick" not in html
    assert '<a href="https://a.b">kept</a>' in html
    assert "Content-Security-Policy" in html
    assert {line for line, _ in warnings} == {1, 3, 5, 6}


def test_images_are_embedded_and_missing_ones_described(tmp_path):
    (tmp_path / "a b.png").write_bytes(PNG)
    text = '![one](a%20b.png)\n<img src="a%20b.png" width="40">\n![gone](no.png)'
    images = {"a%20b.png": tmp_path / "a b.png", "no.png": None}
    html, warnings, _ = page(v4.new_markdown_cell(text), images=images)
    assert html.count("data:image/png;base64,") == 2
    assert 'width="40"' in html
    assert '<span class="missing-image" role="img" aria-label="gone">gone</span>' in html
    assert warnings == []  # the build itself warns of an image that is not there


def test_a_formula_that_cannot_be_set_is_shown_as_written_with_its_line():
    html, warnings, document = page(v4.new_markdown_cell("a\nb $\\R^n$"), lines=((7, 8),))
    assert r'<code class="unset-math"' in html
    assert r"$\R^n$</code>" in html
    assert document.failed_formulas == 1
    assert warnings[0][0] == 8
    assert r"\R is not a command" in warnings[0][1]


def test_private_characters_in_the_text_are_not_taken_for_marks():
    html, _, document = page(v4.new_markdown_cell("\ue0000\ue001 $x$"))
    assert document.formulas == 1
    assert html.count("<math ") == 1


def test_a_title_that_is_no_heading_is_printed_above():
    html, _, _ = page(v4.new_markdown_cell("text"), title="Of its own & more")
    assert "<h1>Of its own &amp; more</h1>" in body(html)
    html, _, _ = page(v4.new_markdown_cell("# Same"), title="Same")
    assert body(html).count("<h1") == 1


def test_the_contents_list_headings_with_their_mathematics():
    html, _, _ = page(v4.new_markdown_cell("# One\n\n## Two $x$\n\n## [Three](a)"))
    items = re.search("<nav.*?</nav>", html, re.DOTALL)[0]
    assert 'href="#One"' in items
    assert items.count("<math ") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b>a", "<b>a</b>"),
        ("a</b>", "a"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"),
        ("<p onmouseover=x style='color:red'>a", '<p style="color:red">a</p>'),
        ("<script>a<b></script>c", "c"),
        ("<style>.a{color:red}</style>", "<style>.a{color:red}</style>"),
        ("<style>.a{background:url(x)}</style>", ""),
        ("a < b & c", "a &lt; b &amp; c"),
        ("<form><input onfocus=x></form>", "<input>"),
    ],
)
def test_html_is_made_inert_and_well_formed(text, expected):
    assert clean_html(text, lambda _: "")[0] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("".join(f"{n}%\r" for n in range(3000)) + "100%\n", "100%%\n"),
        ("abc\rX\n", "Xbc\n"),
        ("ab\bc", "ac"),
        ("one\ntwo\x1b[A\rX", "Xne\ntwo"),
        ("long text\r\x1b[Kshort", "short"),
        ("a\r\nb", "a\nb"),
        ("\x1b[31mred\x1b[0m\r\x1b[32mgrn", "\x1b[32mgrn\x1b[0m"),
        ("plain\n", "plain\n"),
    ],
)
def test_progress_output_is_what_a_terminal_would_show(text, expected):
    shown = collapse(text)
    assert "".join(run for _, run in styled_runs(shown)) == "".join(run for _, run in styled_runs(expected))
    assert "\r" not in shown
