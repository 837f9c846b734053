from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import nbformat
import pytest
import typst
from nbformat import v4
from PIL import Image

from gradlab.labs._audit import AuditError, AuditReport, audit_file, audit_text
from gradlab.labs._image_files import read_images
from gradlab.labs._secrets import SecretImage, Secrets, add_outputs, is_telling, secret_line
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions

LINE = "return target * torch.log(pred) + offset"
SECRETS = Secrets((secret_line("    " + LINE, 12),))


def report_of(tmp_path: Path, text: str) -> AuditReport:
    path = tmp_path / "lab.md"
    path.write_text(text)
    template = read_template(path)
    versions = make_versions(template)
    return audit_text(template, versions, read_images(template, versions).files)


def cells(*codes: str) -> str:
    return "\n".join(f"```python\n{code}\n```\n" for code in codes)


def homework(*lines: str) -> str:
    return "\n".join(["#!TAG HWBEGIN", *lines, "#!TAG HWEND"])


@pytest.mark.parametrize(
    "again",
    [LINE.removeprefix("return "), f"# {LINE}", LINE.replace(" ", "").replace("return", ""), f"x = 1;  y = {LINE[7:]}"],
)
def test_a_repeated_line_is_reported_with_both_numbers(tmp_path, again):
    text = cells(homework("value = 1", LINE.removeprefix("return ")), again)
    [warning] = report_of(tmp_path, text).warnings
    assert warning.line == 9
    assert "repeats line 4," in warning.message


@pytest.mark.parametrize(
    "line", ["else:", ")", "return x", "", "loss.backward()", "for i in range(3):", "| --- | --- |", "import os"]
)
def test_lines_that_say_nothing_are_no_secrets(line):
    assert not is_telling(line)


@pytest.mark.parametrize(
    "text",
    [
        cells(
            homework("#!MSG Use total = first + second * third.", "total = first + second * third"),
            "total = first + second * third",
        ),
        cells(
            '#!TAG ALLOW "total = first + second * third"\n' + homework("total = first + second * third"),
            "total = first + second * third",
        ),
        cells(homework("total = first + second * third", "total = first + second * third")),
    ],
    ids=["shown by the message", "allowed", "twice in the block alone"],
)
def test_what_is_no_leak(tmp_path, text):
    assert report_of(tmp_path, text).warnings == ()


def test_a_hidden_check_is_a_secret(tmp_path):
    text = cells("x = 1\n#!TAG CHECK a hidden\nassert x + offset == first * second\n#!TAG CHECKEND")
    assert [secret.line for secret in report_of(tmp_path, text).secrets.lines] == [4]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("q.md", f"text\n\n#   {LINE}\n"),
        ("q.html", "<pre>" + "".join(f"<span class='n'>{part}</span> " for part in LINE.split()) + "</pre>"),
        ("q.html", f"<!-- {LINE} -->"),
        ("q.html", f'<p title="{LINE}">x</p>'),
        ("q.ipynb", json.dumps({"cells": [{"metadata": {"note": LINE}}]})),
        ("q.ipynb", json.dumps({"cells": [{"outputs": [{"text": [LINE[:9], LINE[9:]]}]}]})),
        ("q.ipynb", json.dumps({"cells": [{"outputs": [{"traceback": ["\x1b[31mreturn\x1b[0m " + LINE[7:]]}]}]})),
        ("q.ipynb", json.dumps({"metadata": {LINE: 1}})),
    ],
)
def test_a_leak_is_found_in_every_kind_of_file(name, content):
    leaks = audit_file(Path(name), SECRETS, content.encode())
    assert [leak.line for leak in leaks] == [12]
    assert LINE in str(leaks[0])


def test_the_line_and_the_entry_of_a_leak_are_named():
    assert audit_file(Path("q.md"), SECRETS, f"a\nb\n{LINE}\n".encode())[0].place == "line 3"
    content = json.dumps({"cells": [{"source": "x"}, {"source": LINE}]}).encode()
    assert audit_file(Path("q.ipynb"), SECRETS, content)[0].place == "cells[1].source"


def pdf(folder: Path, markup: str) -> bytes:
    (folder / "main.typ").write_text(markup)
    made = typst.compile(folder / "main.typ")
    assert isinstance(made, bytes)
    return made


def test_a_pdf_is_searched_over_line_ends_and_hyphens(tmp_path):
    prose = "Differentiation commutes unconditionally with multiplication by constants everywhere"
    secrets = Secrets((*SECRETS.lines, secret_line(prose, 3)))
    narrow = '#set page(width: 5.2cm, margin: 1cm)\n#set text(hyphenate: true, lang: "en")\n#set par(justify: true)\n'
    markup = f"{narrow}{prose}\n\n`{LINE}`\n"
    assert sorted(leak.line for leak in audit_file(Path("q.pdf"), secrets, pdf(tmp_path, markup))) == [3, 12]
    assert audit_file(Path("q.pdf"), secrets, pdf(tmp_path, "Nothing here.")) == ()


def picture(colour: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 6), colour).save(stream, "PNG")
    return stream.getvalue()


def test_images_that_only_the_solution_shows(tmp_path):
    (tmp_path / "solved.png").write_bytes(picture("red"))
    (tmp_path / "task.png").write_bytes(picture("blue"))
    text = "![a](task.png)\n\n#!TAG HWBEGIN\n![a](task.png) ![b](solved.png)\n#!TAG HWEND\n"
    secrets = report_of(tmp_path, text).secrets
    assert [image.name for image in secrets.images] == ["solved.png"]
    embedded = base64.b64encode(picture("red")).decode()
    assert audit_file(Path("q.html"), secrets, f'<img src="data:image/png;base64,{embedded}">'.encode())
    assert audit_file(Path("q.ipynb"), secrets, json.dumps({"attachments": {"x": {"image/png": embedded}}}).encode())
    assert audit_file(Path("q.md"), secrets, b"![b](solved.png)")
    assert audit_file(Path("q.md"), secrets, b"![b](task.png)") == ()
    assert audit_file(Path("q.pdf"), secrets, pdf(tmp_path, '#image("solved.png")'))
    assert audit_file(Path("q.pdf"), secrets, pdf(tmp_path, '#image("task.png")')) == ()


def test_outputs_that_only_the_solution_has():
    figure = base64.b64encode(picture("red")).decode()

    def notebook(*outputs):
        return v4.new_notebook(cells=[v4.new_code_cell("run()", outputs=list(outputs))])

    printed = v4.new_output("stream", text="best loss 0.0123 after 87 steps\nok\n")
    drawn = v4.new_output("display_data", {"image/png": figure})
    secrets = add_outputs(Secrets(), notebook(printed, drawn), notebook())
    assert [line.text for line in secrets.lines] == ["best loss 0.0123 after 87 steps"]
    assert secrets.images == (SecretImage("", picture("red")),)
    leaking = nbformat.writes(notebook(printed, drawn)).encode()
    assert len(audit_file(Path("q.ipynb"), secrets, leaking)) == 2
    assert add_outputs(Secrets(), notebook(printed, drawn), notebook(printed, drawn)) == Secrets()


@pytest.mark.parametrize(("name", "content"), [("q.docx", b""), ("q.ipynb", b"{"), ("q.md", b"\xff"), ("q.pdf", b"no")])
def test_a_file_that_cannot_be_searched_is_an_error(name, content):
    with pytest.raises(AuditError, match=name):
        audit_file(Path(name), SECRETS, content)
