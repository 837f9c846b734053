"""Views of gradlab's page in a lab: alive in the HTML, a picture elsewhere, and wrong ones named with their line."""

from __future__ import annotations

import json
import re

import pytest

from gradlab.labs import BuildOptions, BuiltLab, FailedLab, build_labs
from gradlab.labs._diagnostics import TemplateError
from gradlab.labs._image_files import read_images
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions

BOWL = "gradlab:descend?f=(x1-6)**2%2Bx2**2&steps=2"
LAB = f"# Lab\n\n![A bowl](<{BOWL}>) and ![a net](gradlab:derive?by=w_11)\n\n![again]({BOWL})\n"


def built(folder, text=LAB, formats=("md", "ipynb", "html"), **options):
    (folder / "lab.md").write_text(text)
    made = build_labs([(folder / "lab.md", folder)], BuildOptions(formats, execute=False, **options))[0]
    assert isinstance(made, BuiltLab), made
    return made, (folder / "lab-question.html").read_text(), (folder / "lab-question.md").read_text()


def test_a_page_on_the_web_is_alive_in_the_html_and_linked_elsewhere(tmp_path):
    made, html, markdown = built(tmp_path, page="https://uni.example/gradlab/")
    frames = re.findall(r'<iframe class="view" src="([^"]*)" title="([^"]*)"', html)
    start = "https://uni.example/gradlab/index.html"
    assert frames[1] == (f"{start}?locked#1/derive?by=w_11", "a net")
    assert [title for _, title in frames] == ["A bowl", "a net", "again"]
    assert "f=%28x1-6%29%2A%2A2%2Bx2%2A%2A2&amp;steps=2" in frames[0][0]
    assert "frame-src https://uni.example&quot;" in html or 'frame-src https://uni.example"' in html
    assert f'<a href="{start}#1/derive?by=w_11">a net</a>' in html
    assert f"[![a net](lab-question_files/derive.png)]({start}#1/derive?by=w_11)" in markdown
    assert f"[![a net](lab-question_files/derive.png)]({start}" in (tmp_path / "lab-question.ipynb").read_text()
    assert (tmp_path / "lab-question_files" / "descend.png").read_bytes().startswith(b"\x89PNG")
    (fact,) = (
        fact for file in made.files if file.name == "lab-question.html" for fact in file.facts if "fetch" in fact
    )
    assert fact == "fetches nothing but https://uni.example/gradlab/"


def test_without_a_page_the_picture_stands_there_and_a_note_says_how_to_change_that(tmp_path):
    made, html, markdown = built(tmp_path)
    assert "iframe" not in html.partition("<body>")[2]
    assert html.count('<img src="data:image/png') == 3
    assert "![a net](lab-question_files/derive.png)" in markdown
    assert {(note.line, note.severity) for note in made.warnings if "page: ADDRESS" in note.message} == {
        (3, "note"), (5, "note"),
    }  # fmt: skip


def test_the_header_says_where_the_page_is(tmp_path):
    _, html, markdown = built(tmp_path, f"---\ngradlab:\n  page: ../gradlab\n---\n\n{LAB}", ("md", "html"))
    assert html.count('src="../gradlab/index.html?locked#1/') == 3
    assert "<em>a net</em>" in html
    assert "http" not in markdown


@pytest.mark.parametrize(
    ("view", "said"),
    [
        ("descent", "there is no view 'descent': write one of descend, derive, train, boundary"),
        ("descend?f=x**2+y**2", "write %2B for a plus"),
        ("descend?f=x", "two variables; this one has 1"),
        ("descend?rate=0", "rate is a number from 1e-06 to 100, not '0'"),
        ("descend?slope=1", "'slope' means nothing to the view descend"),
        ("derive?by=w_77", "there is no quantity"),
        ("derive?x=1,two", "x is up to 6 numbers"),
        ("train?run=12", "of 12 runs the last is 11"),
        ("train?data=own", "1 to 400 points; here are 0"),
        ("boundary?view=1,0.5,1,2", "above zero"),
    ],
)
def test_a_state_that_the_page_does_not_show_is_an_error_with_its_line(tmp_path, view, said):
    path = tmp_path / "lab.md"
    path.write_text(f"# Lab\n\nSee\n![it](<gradlab:{view}>)\n")
    template = read_template(path)
    with pytest.raises(TemplateError, match=re.escape(said)) as caught:
        read_images(template, make_versions(template))
    assert str(caught.value).startswith(f"{path}:4: error: gradlab:")


@pytest.mark.parametrize("page", ["javascript:x", "https://a b", "ftp://x", '"', "", "C:/page"])
def test_what_is_no_address_of_a_page_is_refused(tmp_path, page):
    (tmp_path / "lab.md").write_text(f"---\ngradlab:\n  page: {json.dumps(page)}\n---\n\n{LAB}")
    (made,) = build_labs([(tmp_path / "lab.md", tmp_path)], BuildOptions(("md",), execute=False))
    assert isinstance(made, FailedLab)
    assert "lab.md:3: error: page:" in made.errors[0]
