from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path

import nbformat
import pytest
import typst
from nbformat import v4
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gradlab.labs._audit import AuditReport, audit_text
from gradlab.labs._audit_files import AuditError, Auditor, Leak
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


def audit_of(path: Path, secrets: Secrets, data: bytes) -> tuple[Leak, ...]:
    return Auditor(secrets).search(path, data)


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


def test_each_line_that_a_paragraph_repeats_is_reported_once(tmp_path):
    other = "offset = (heights - slope * widths).mean()"
    text = cells(homework(LINE, other), f"# {other} and {LINE}")
    found = report_of(tmp_path, text).warnings
    assert [warning.message.partition(",")[0] for warning in found] == ["this repeats line 3", "this repeats line 4"]


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


def test_a_hidden_check_may_repeat_what_a_check_asks_that_is_shown_and_nothing_else(tmp_path):
    asked = "assert x + offset == first * second"
    checks = f"#!TAG CHECK a\n{asked}\n#!TAG CHECKEND", f"#!TAG CHECK b hidden\n{asked}\n#!TAG CHECKEND"
    report = report_of(tmp_path, cells(*checks))
    assert (report.warnings, report.secrets.lines) == ((), ())
    assert [warning.line for warning in report_of(tmp_path, cells(*checks, asked)).warnings] == [14]


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
    leaks = audit_of(Path(name), SECRETS, content.encode())
    assert [leak.line for leak in leaks] == [12]
    assert LINE in str(leaks[0])


def test_the_line_and_the_entry_of_a_leak_are_named():
    assert audit_of(Path("q.md"), SECRETS, f"a\nb\n{LINE}\n".encode())[0].place == "line 3"
    content = json.dumps({"cells": [{"source": "x"}, {"source": LINE}]}).encode()
    assert audit_of(Path("q.ipynb"), SECRETS, content)[0].place == "cells[1].source"


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
    assert sorted(leak.line for leak in audit_of(Path("q.pdf"), secrets, pdf(tmp_path, markup))) == [3, 12]
    assert audit_of(Path("q.pdf"), secrets, pdf(tmp_path, "Nothing here.")) == ()


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
    assert audit_of(Path("q.html"), secrets, f'<img src="data:image/png;base64,{embedded}">'.encode())
    assert audit_of(Path("q.ipynb"), secrets, json.dumps({"attachments": {"x": {"image/png": embedded}}}).encode())
    assert audit_of(Path("q.md"), secrets, b"![b](solved.png)")
    assert audit_of(Path("q.md"), secrets, b"![b](task.png)") == ()
    assert audit_of(Path("q.pdf"), secrets, pdf(tmp_path, '#image("solved.png")'))
    assert audit_of(Path("q.pdf"), secrets, pdf(tmp_path, '#image("task.png")')) == ()


def test_outputs_that_only_the_solution_has():
    figure = base64.b64encode(picture("red")).decode()

    def notebook(*outputs):
        return v4.new_notebook(cells=[v4.new_code_cell("run()", outputs=list(outputs))])

    printed = v4.new_output("stream", text="best loss 0.0123 after 87 steps\nok\n")
    drawn = v4.new_output("display_data", {"image/png": figure})
    secrets = add_outputs(Secrets(), notebook(printed, drawn), [7], notebook())
    assert [line.text for line in secrets.lines] == ["best loss 0.0123 after 87 steps"]
    assert secrets.images == (SecretImage("", picture("red"), 7),)
    leaking = nbformat.writes(notebook(printed, drawn)).encode()
    assert len(audit_of(Path("q.ipynb"), secrets, leaking)) == 2
    assert add_outputs(Secrets(), notebook(printed, drawn), [7], notebook(printed, drawn)) == Secrets()


@pytest.mark.parametrize(("name", "content"), [("q.docx", b""), ("q.ipynb", b"{"), ("q.md", b"\xff"), ("q.pdf", b"no")])
def test_a_file_that_cannot_be_searched_is_an_error(name, content):
    with pytest.raises(AuditError, match=name):
        audit_of(Path(name), SECRETS, content)


def prose(*lines: str) -> str:
    return "\n".join(lines) + "\n"


STATEMENT = ("\\begin{align}", "\\nabla_b \\mathcal{L}_{t+1}", "&= \\sum_{t=1}^{T} g_t + h_t", "\\end{align}", "")


@pytest.mark.parametrize(
    "again",
    ["\\nabla_b \\mathcal{L}_{t+1}", "&= \\sum_{t=1}^{T} g_t + h_t", "\\nabla_b \\mathcal{L}_{t+1} \\\\"],
    ids=["left side", "right side", "left side with a line's end"],
)
def test_a_side_of_a_formula_is_no_leak(tmp_path, again):
    block = homework("\\begin{align}", again, "= 1 \\cdot g_t \\\\", "\\end{align}")
    assert report_of(tmp_path, prose(*STATEMENT, block)).warnings == ()
    assert report_of(tmp_path, prose(block, "", *STATEMENT)).warnings == ()


def test_a_whole_formula_behind_its_block_is_a_leak_and_before_it_the_task(tmp_path):
    block, formula = homework("$$", "\\delta_f = f_{out} - y_{right}", "$$"), "$$\\delta_f = f_{out} - y_{right}$$"
    assert report_of(tmp_path, prose(formula, "", block)).warnings == ()
    [warning] = report_of(tmp_path, prose(block, "", formula)).warnings
    assert (warning.line, "repeats line 3," in warning.message) == (7, True)


def test_a_text_that_says_all_of_an_answer_before_it_is_a_leak(tmp_path):
    told = "The curve is highest in the middle, and the same on both sides."
    task = f"What does the curve look like? ({told})"
    [warning] = report_of(tmp_path, prose(task, "", homework("![c](c.png)", told))).warnings
    assert (warning.line, "repeats line 5," in warning.message) == (1, True)
    more = homework(told, "For the force pulls every part of the rope back towards it.")
    assert report_of(tmp_path, prose(task, "", more)).warnings == ()
    formula = "The curve has the slope $y = 4 x + 2 b$ there."
    assert report_of(tmp_path, prose(f"Show this: {formula}", "", homework(formula))).warnings == ()


def test_code_before_its_block_is_a_leak_too(tmp_path):
    line = "total = first + second * third"
    [warning] = report_of(tmp_path, cells(line, homework(line))).warnings
    assert warning.line == 2
    assert warning.message.endswith(f'allow it with: #!TAG ALLOW "{line}".')


def test_a_note_is_a_secret_unless_the_text_says_it(tmp_path):
    note = "\n".join(["#!TAG NOTE", "Many students forget the factor two here.", "#!TAG NOTEEND"])
    report = report_of(tmp_path, prose(note, "", "Text."))
    assert [secret.line for secret in report.secrets.lines] == [2]
    said = report_of(tmp_path, prose(note, "", "Many students forget the factor two here."))
    assert said == AuditReport((), Secrets())


def printed_secrets(output: str, source: str, allowed: tuple[str, ...] = ()) -> list[str]:
    solution = v4.new_notebook(cells=[v4.new_code_cell("run()", outputs=[v4.new_output("stream", text=output)])])
    question = v4.new_notebook(cells=[v4.new_markdown_cell(source)])
    return [secret.text for secret in add_outputs(Secrets(), solution, [5], question, allowed).lines]


@pytest.mark.parametrize(
    ("source", "allowed"),
    [
        ("You should see $(0.0321, 0.0871, 0.2369, 0.6439)$.", ()),
        ("", ("0.0321, 0.0871, 0.2369, 0.6439",)),
        ("", ("[0.0321 0.0871 0.2369 0.6439]",)),
        ("", ("0.0321 0.0871",)),
    ],
    ids=["shown with other punctuation", "allowed loosely", "allowed as it is", "allowed but for what says nothing"],
)
def test_an_output_that_the_text_shows_or_that_is_allowed_is_no_secret(source, allowed):
    assert printed_secrets("[0.0321 0.0871 0.2369 0.6439]\n", "Text.") == ["[0.0321 0.0871 0.2369 0.6439]"]
    assert printed_secrets("[0.0321 0.0871 0.2369 0.6439]\n", source, allowed) == []


def test_a_picture_that_the_question_shows_is_no_secret():
    figure = v4.new_output("display_data", {"image/png": base64.b64encode(picture("red")).decode()})
    solution = v4.new_notebook(cells=[v4.new_code_cell("draw()", outputs=[figure])])
    assert add_outputs(Secrets(), solution, [5], v4.new_notebook()).images == (SecretImage("", picture("red"), 5),)
    assert add_outputs(Secrets(), solution, [5], v4.new_notebook(), (), {picture("red")}) == Secrets()


def test_a_leak_names_its_line_and_the_tag_that_lets_it_pass():
    [leak] = audit_of(Path("q.md"), SECRETS, f"{LINE}\n".encode())
    assert leak.line == 12
    assert str(leak).endswith(f'take it out, or allow it with: #!TAG ALLOW "{LINE}"')


def test_a_secret_picture_is_found_in_another_file_format_and_in_a_file_of_its_own(tmp_path):
    secrets = Secrets(images=(SecretImage("solved.png", picture("red"), 4),))
    stream = io.BytesIO()
    Image.open(io.BytesIO(picture("red"))).save(stream, "BMP")
    assert [leak.line for leak in audit_of(Path("x_files/a.bmp"), secrets, stream.getvalue())] == [4]
    assert audit_of(Path("x_files/b.png"), secrets, picture("blue")) == ()


def described(kind: str) -> bytes:
    """A picture that says more than it shows."""
    stream, image, exif = io.BytesIO(), Image.open(io.BytesIO(picture("red"))), Image.Exif()
    if kind in ("tEXt", "zTXt", "iTXt"):
        texts = PngInfo()
        add = texts.add_itxt if kind == "iTXt" else texts.add_text
        add("Comment", LINE, zip=kind != "tEXt")
        image.save(stream, "PNG", pnginfo=texts)
    elif kind == "GIF":
        image.save(stream, "GIF", comment=LINE)
    elif kind.startswith("EXIF"):
        exif[0x9C9C if kind == "EXIF, wide" else 0x010E] = LINE.encode("utf-16-le") if kind == "EXIF, wide" else LINE
        image.save(stream, "JPEG", exif=exif)
    return stream.getvalue() or picture("red") + LINE.encode()


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "EXIF", "EXIF, wide", "GIF", "behind the picture"])
def test_what_a_picture_says_beside_its_pixels_is_searched(kind):
    data = described(kind)
    name = {"E": "given.jpg", "G": "given.gif"}.get(kind[0], "given.png")
    [leak] = audit_of(Path(name), SECRETS, data)
    assert "where nobody sees it, shows what only the solution may show: return target" in str(leak)
    embedded = base64.b64encode(data).decode()
    attached = json.dumps({"attachments": {"x": {"image/png": embedded}}}).encode()
    assert [leak.line for leak in audit_of(Path("q.ipynb"), SECRETS, attached)] == [12]
    assert [leak.line for leak in audit_of(Path("q.html"), SECRETS, f'<img src="data:,{embedded}">'.encode())] == [12]
    assert audit_of(Path(name), SECRETS, picture("red")) == ()


def test_what_a_picture_of_a_pdf_says_is_searched(tmp_path):
    (tmp_path / "given.jpg").write_bytes(described("EXIF"))
    assert [leak.line for leak in audit_of(Path("q.pdf"), SECRETS, pdf(tmp_path, '#image("given.jpg")'))] == [12]


def test_many_secrets_are_looked_for_in_one_pass():
    lines = [f"value_{number} = offset + {number} * slope_{number}" for number in range(20_000)]
    auditor = Auditor(Secrets(tuple(secret_line(line, row) for row, line in enumerate(lines, 1))))
    text = "\n".join(f"harmless text number {number} with some words" for number in range(50_000))
    leaks = auditor.search(Path("q.md"), f"{text}\n{lines[777]}\n".encode())
    assert [(leak.line, leak.place) for leak in leaks] == [(778, "line 50001")]
    # One file that leaks everything is one fault, not twenty thousand.
    assert len(auditor.search(Path("q.md"), "\n".join(lines).encode())) == 20


def archive(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name, data in files.items():
            made.writestr(name.replace("_", "."), data)
    return stream.getvalue()


def test_the_files_of_an_archive_are_searched():
    inner = archive(q_md=f"a\n{LINE}\n".encode())
    leaks = audit_of(Path("lab.zip"), SECRETS, archive(a_py=LINE.encode(), b_txt=b"harmless", c_zip=inner))
    assert [(str(leak.file), leak.place) for leak in leaks] == [
        ("lab.zip/a.py", "line 1"),
        ("lab.zip/c.zip/q.md", "line 2"),
    ]
    assert audit_of(Path("lab.zip"), SECRETS, archive(a_py=b"x = 1")) == ()
    with pytest.raises(AuditError, match="cannot be audited"):
        audit_of(Path("lab.zip"), SECRETS, archive(a_bin=b"\0"))
    with pytest.raises(AuditError, match="cannot be read"):
        audit_of(Path("lab.zip"), SECRETS, b"no archive")
