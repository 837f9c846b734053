"""What an image reference may publish."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest

from gradlab.labs import BuildOptions, BuiltLab, FailedLab, build_labs
from gradlab.labs._diagnostics import TemplateError
from gradlab.labs._image_files import ImageFiles, image_kind, read_images
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = b"<?xml version='1.0'?><!-- <html> --><svg xmlns='http://www.w3.org/2000/svg'/>"


def images_of(folder: Path, *references: str, header: str = "") -> ImageFiles:
    path = folder / "lab.md"
    path.write_text(header + "# T\n\n" + "\n".join(f"![x]({reference})" for reference in references) + "\n")
    template = read_template(path)
    return read_images(template, make_versions(template))


@pytest.fixture
def course(tmp_path: Path) -> Path:
    folder = tmp_path / "course"
    (folder / "pics").mkdir(parents=True)
    (folder / "pics" / "a.png").write_bytes(PNG)
    (tmp_path / "outside.png").write_bytes(PNG)
    (tmp_path / "secret").write_text("password")
    (folder / "key.txt").write_text("password")
    (folder / "key.png").write_text("password")
    (folder / "link.png").symlink_to("../secret")
    (folder / "out.png").symlink_to("../outside.png")
    (folder / "in.png").symlink_to("pics/a.png")
    (folder / "round.png").symlink_to("round.png")
    (folder / "dir.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    (folder / "device.png").symlink_to("/dev/zero")
    return folder


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("key.txt", "its name is not that of an image"),
        ("../secret", "its name is not that of an image"),
        ("key.png", "holds no image"),
        ("../outside.png", "image_folders: [..]"),
        ("out.png", "outside the template's folder"),
        ("link.png", "outside the template's folder"),
        ("pipe.png", "a pipe"),
        ("dir.png", "a folder"),
        ("device.png", "outside"),
        ("a%00b.png", "null character"),
    ],
)
def test_what_is_not_published_is_an_error_with_its_line(course, reference, said):
    with pytest.raises(TemplateError) as caught:
        images_of(course, "pics/a.png", reference)
    [error] = caught.value.diagnostics
    assert (error.line, error.severity) == (4, "error")
    assert said in error.message


def test_every_wrong_reference_is_named(course):
    with pytest.raises(TemplateError) as caught:
        images_of(course, "key.txt", "pics/a.png", "out.png", "key.txt")
    assert [error.line for error in caught.value.diagnostics] == [3, 5, 6]


def test_an_image_in_the_folder_is_published(course):
    found = images_of(course, "pics/a.png", "in.png", "pics/../in.png", "gone.png")
    assert {name: image.data for name, image in found.files.items()} == dict.fromkeys(
        ["pics/a.png", "in.png", "pics/../in.png"], PNG
    )
    assert [(warning.line, "is not there" in warning.message) for warning in found.warnings] == [(6, True)]


def test_a_header_may_name_further_folders(course):
    header = "---\ngradlab:\n  image_folders: [..]\n---\n\n"
    assert set(images_of(course, "../outside.png", "out.png", header=header).files) == {"../outside.png", "out.png"}
    with pytest.raises(TemplateError, match="holds no image"):
        images_of(course, "link.png", header=header)


def test_a_wrong_suffix_is_a_warning(course):
    (course / "photo.jpg").write_bytes(PNG)
    [warning] = images_of(course, "photo.jpg").warnings
    assert "is png and not jpg" in warning.message


def test_a_large_image_is_refused(course, monkeypatch):
    monkeypatch.setattr("gradlab.labs._image_files.LARGEST_IMAGE", 10)
    with pytest.raises(TemplateError, match="is larger than"):
        images_of(course, "pics/a.png")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "png"),
        (SVG, "svg"),
        (b"\xef\xbb\xbf<svg/>", "svg"),
        (b"<s:svg xmlns:s='http://www.w3.org/2000/svg'>", "svg"),
        (b"<html><svg/></html>", None),
        (b"GIF89a", "gif"),
        (b"RIFF\0\0\0\0WEBP", "webp"),
        (b"BM is how this text begins, and no image", None),
        (b"", None),
    ],
)
def test_the_content_says_what_kind_it_is(data, kind):
    assert image_kind(data) == kind


def build(*paths: Path, out: Path):
    return build_labs([(path, out / path.stem) for path in paths], BuildOptions(("md", "ipynb")))


def test_a_copy_has_no_wider_rights_than_the_image(course, tmp_path):
    (course / "pics" / "a.png").chmod(0o600)
    lab = course / "lab.md"
    lab.write_text("# T\n\n![x](pics/a.png) ![x](in.png)\n")
    [result] = build(lab, out=tmp_path / "out")
    assert isinstance(result, BuiltLab), result
    copies = list((tmp_path / "out").rglob("*.png"))
    assert sorted(copy.name for copy in copies) == ["a.png", "a.png"], "one file under two names is copied once"
    assert {stat.S_IMODE(copy.stat().st_mode) for copy in copies} == {0o600}
    assert [file.name for file in result.files].count("lab-question_files/a.png") == 1


def test_one_lab_with_a_forbidden_image_leaves_the_others_alone(course, tmp_path):
    bad, good = course / "bad.md", course / "good.md"
    bad.write_text("# T\n\n![x](a%00b.png) ![y](pipe.png)\n")
    good.write_text("# T\n")
    failed, built = build(bad, good, out=tmp_path / "out")
    assert isinstance(failed, FailedLab)
    assert [error.startswith(f"{bad}:3: error: the image") for error in failed.errors] == [True, True]
    assert isinstance(built, BuiltLab)
    assert not (tmp_path / "out" / "bad").exists()


def test_a_fault_of_ours_in_one_lab_leaves_the_others_alone(course, tmp_path, monkeypatch):
    from gradlab.labs import _check

    bad, good = course / "bad.md", course / "good.md"
    for path in (bad, good):
        path.write_text("# T\n")
    real = _check.lint

    def lint(template, versions):
        if template.path == bad:
            raise RecursionError("too deep")
        return real(template, versions)

    monkeypatch.setattr(_check, "lint", lint)
    failed, built = build(bad, good, out=tmp_path / "out")
    assert isinstance(failed, FailedLab)
    assert f"{bad}: error: gradlab itself failed (RecursionError in _check.py" in failed.errors[0]
    assert isinstance(built, BuiltLab)


def test_a_template_that_is_a_pipe_is_no_endless_wait(tmp_path):
    os.mkfifo(tmp_path / "lab.md")
    with pytest.raises(TemplateError, match="a pipe"):
        read_template(tmp_path / "lab.md")
