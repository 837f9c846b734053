"""Downloads of the platforms, and zips that are hostile."""

from __future__ import annotations

import json
import os
import stat
import zipfile

import pytest

from gradlab.labs.grade.reading import Roster, SubmissionsError, UnreadableError, _archive, find_submissions, read_cells
from gradlab.labs.grade.reading._roster import RosterError

DATA = '{"cells": []}'


def found(tmp_path, *names, zipped=False):
    if zipped:
        with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
            for name in names:
                archive.writestr(name, DATA)
        source = tmp_path / "all.zip"
    else:
        source = tmp_path / "all"
        for name in names:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_text(DATA, encoding="utf-8")
    return {one.student: one for one in find_submissions(source, tmp_path / "scratch", "lab")}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    ("names", "students"),
    [
        (("a.ipynb", "b.md", "c.py"), {"a", "b", "c"}),
        (
            (
                "Ada Lovelace_1_assignsubmission_file_/lab.ipynb",
                "Emmy Noether_22_assignsubmission_file_/x/lab.ipynb",
                "Emmy Noether_22_assignsubmission_onlinetext_/onlinetext.html",
            ),
            {"Ada Lovelace", "Emmy Noether"},
        ),
        (
            ("Ada Lovelace_1_assignsubmission_file_lab.ipynb", "Ö_2_assignsubmission_file_lab.ipynb"),
            {"Ada Lovelace", "Ö"},
        ),
        (("lovelaceada_12_345_lab.ipynb", "noetheremmy_LATE_13_346_lab-1.ipynb"), {"lovelaceada", "noetheremmy"}),
        (("anon_a1b_345_lab.ipynb", "LATE_anon_c2d_346_lab.ipynb"), {"anon_a1b", "anon_c2d"}),
        (
            (
                "inbound/ada+lab+2015-02-02 15.58.23.9 UTC/lab.ipynb",
                "inbound/emmy+lab+2015-02-03 1.2.3 UTC+salt/lab.ipynb",
            ),
            {"ada", "emmy"},
        ),
        (("ada/lab.ipynb.txt", "emmy/lab.ipynb.json"), {"ada", "emmy"}),
        (("submitted/ada/lab/lab.ipynb", "submitted/emmy/lab/lab.ipynb"), {"ada", "emmy"}),
        (("ada/lab/lab.ipynb", "emmy/lab/.ipynb_checkpoints/lab.ipynb", "emmy/lab/lab.ipynb"), {"ada", "emmy"}),
        (("export/submission_1/lab.ipynb", "export/submission_2/lab.ipynb"), {"submission_1", "submission_2"}),
    ],
)
def test_everybody_is_found(tmp_path, names, students, zipped):
    submissions = found(tmp_path, *names, zipped=zipped)
    assert set(submissions) == students
    assert all(one.path is not None and one.path.read_text(encoding="utf-8") == DATA for one in submissions.values())


def test_gradescope_says_who_it_is(tmp_path):
    source = tmp_path / "all" / "assignment_1_export"
    for name in ("submission_7", "submission_8"):
        (source / name).mkdir(parents=True)
        (source / name / "lab.ipynb").write_text(DATA, encoding="utf-8")
    (source / "submission_metadata.yml").write_text(
        "submission_7:\n  :submitters:\n  - :name: Ada Lovelace\n    :sid: '1'\n  :created_at: !ruby/x 1\n"
        "submission_8:\n  :submitters:\n  - :name: Noether, Emmy\n    :sid: '2'\n"
        "  - :name: Weil\n    :email: w@x.org\n",
        encoding="utf-8",
    )
    one, group = find_submissions(tmp_path / "all", tmp_path / "scratch", "lab")
    assert (one.student, one.identity, one.people) == ("Ada Lovelace", "1", [("Ada Lovelace", "1", "")])
    assert group.student == "Noether, Emmy, Weil"
    assert group.people == [("Noether, Emmy", "2", "submission_8"), ("Weil", "w@x.org", "submission_8")]


GROUPS = (
    "name,canvas_user_id,user_id,login_id,sections,group_name,canvas_group_id,group_id\n"
    '"Lovelace, Ada",12,s1,ada,S,Team 1,5,\n'
    '"Noether, Emmy",13,s2,emmy,S,Team 1,5,\n'
    '"Weil, Andre",14,s3,andre,S,Team 2,6,\n'
    '"Artin, Emil",15,s4,emil,S,Team 2,6,\n'
    '"Gauss, Carl",16,s5,carl,S,,,\n'
)


@pytest.mark.parametrize(
    ("names", "people"),
    [
        (("team1_12_345_lab.ipynb",), [{"12", "13"}]),  # Canvas puts the group's name before one member's number
        (("Team 1/lab.ipynb", "carl/lab.ipynb"), [{"16"}, {"12", "13"}]),
        (("andre/lab.ipynb", "emil/lab.ipynb"), [{"14"}, {"15"}]),
        (("lovelaceada_12_345_lab.ipynb", "stranger_99_346_lab.ipynb"), [{"12", "13"}, {"99"}]),
    ],
)
def test_a_submission_counts_for_the_group_of_the_roster(tmp_path, names, people):
    (tmp_path / "groups.csv").write_text(GROUPS)
    submissions = list(found(tmp_path, *names).values())
    Roster(tmp_path / "groups.csv").assign(submissions)
    assert [{who.identity for who in one.people} for one in submissions] == people
    said = ["".join(one.remarks) for one in submissions]
    assert ["2 of its group handed in" in text for text in said] == ["andre" in names[0]] * len(names)
    assert "does not say who this is" in said[-1] or "stranger" not in names[-1]


def test_a_roster_without_people_is_refused(tmp_path):
    (tmp_path / "groups.csv").write_text("points;grade\n1;2\n")
    with pytest.raises(RosterError, match=r"no column holds names or numbers of people .* points, grade"):
        Roster(tmp_path / "groups.csv")


def test_a_list_of_names_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / "all" / "submission_7").mkdir(parents=True)
    (tmp_path / "all" / "submission_7" / "lab.ipynb").write_text(DATA, encoding="utf-8")
    (tmp_path / "all" / "submission_metadata.yml").write_text("submission_7: [", encoding="utf-8")
    (one,) = find_submissions(tmp_path / "all", tmp_path / "scratch", "lab")
    assert one.student == "submission_7"
    assert one.remarks[0].startswith("submission_metadata.yml cannot be read")


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (("ada_12_208490284_lab.ipynb", "ada_LATE_12_208490299_lab-1.ipynb"), "ada_LATE_12_208490299_lab-1.ipynb"),
        (("ada_12_9_lab.ipynb", "ada_12_10_lab.ipynb"), "ada_12_10_lab.ipynb"),
        (("anon_x_9_lab.ipynb", "anon_x_10_lab.ipynb"), "anon_x_10_lab.ipynb"),
        (("ada_12_9_lab.ipynb", "ada_12_text.html"), "ada_12_9_lab.ipynb"),
        (
            ("Ada_1_assignsubmission_file_/lab.ipynb", "Ada_1_assignsubmission_file_/lab-copy.ipynb"),
            "Ada_1_assignsubmission_file_/lab.ipynb",
        ),
        (
            ("ada+lab+2015-02-02 1 UTC/lab.ipynb", "ada+lab+2015-02-10 1 UTC/lab.ipynb"),
            "ada+lab+2015-02-10 1 UTC/lab.ipynb",
        ),
    ],
)
def test_of_several_the_newest_counts_and_else_the_one_with_the_name(tmp_path, names, taken):
    (one,) = found(tmp_path, *names).values()
    assert one.file == taken


def test_a_text_entry_belongs_to_its_student(tmp_path):
    one = found(tmp_path, "ada_LATE_12_link.html", "emmy_13_9_lab.ipynb")["ada"]
    assert (one.identity, one.problem) == ("12", "no .ipynb, .md, .py was handed in, but ada_LATE_12_link.html")


def test_several_files_are_one_submission(tmp_path):
    one = found(tmp_path, "ada/other.ipynb", "ada/my lab.ipynb", "ada/notes.md", "emmy/lab.ipynb")["ada"]
    assert one.file == "ada/my lab.ipynb"
    assert "my lab.ipynb was graded, and not" in one.remarks[0]


def test_prose_beside_code_is_not_what_was_handed_in(tmp_path):
    assert found(tmp_path, "ada/README.md", "ada/lab.py", "emmy/lab.ipynb")["ada"].file == "ada/lab.py"


def test_who_handed_in_something_else_has_a_row(tmp_path):
    submissions = found(tmp_path, "ada/report.pdf", "emmy/lab.ipynb")
    assert "report.pdf" in submissions["ada"].problem


def test_links_are_not_followed(tmp_path):
    secret = tmp_path / "key.ipynb"
    secret.write_text("secret", encoding="utf-8")
    (tmp_path / "all" / "ada").mkdir(parents=True)
    (tmp_path / "all" / "ada" / "lab.ipynb").symlink_to(secret)
    (tmp_path / "all" / "eve").symlink_to(tmp_path)
    submissions = {one.student: one for one in find_submissions(tmp_path / "all", tmp_path / "scratch", "lab")}
    assert submissions["ada"].path is None
    assert "link" in submissions["ada"].problem
    assert "link" in submissions["eve"].problem


def test_names_that_lead_out_of_a_zip_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("ada/../../../evil.ipynb", DATA)
        archive.writestr("/abs/evil.ipynb", DATA)
        archive.writestr("emmy/lab.ipynb", DATA)
        link = zipfile.ZipInfo("eve/lab.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    before = set(tmp_path.rglob("*"))
    submissions = {one.student: one for one in find_submissions(tmp_path / "all.zip", tmp_path / "scratch", "lab")}
    assert "leads out" in submissions["ada"].problem
    assert "link" in submissions["eve"].problem
    assert submissions["emmy"].problem == ""
    assert all(path.is_relative_to(tmp_path / "scratch") for path in set(tmp_path.rglob("*")) - before)


def test_a_zip_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_archive, "_MOST_BYTES", 2_000_000)
    inner = tmp_path / "bomb.zip"
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}.ipynb", b" " * 900_000)
    (tmp_path / "all" / "ada").mkdir(parents=True)
    inner.rename(tmp_path / "all" / "ada" / "lab.zip")
    (tmp_path / "all" / "emmy").mkdir()
    (tmp_path / "all" / "emmy" / "lab.ipynb").write_text(DATA, encoding="utf-8")
    submissions = {one.student: one for one in find_submissions(tmp_path / "all", tmp_path / "scratch", "lab")}
    assert "far more" in submissions["ada"].problem
    assert submissions["emmy"].problem == ""


def test_names_within_a_submission_make_nobody_elses(tmp_path):
    forged = "anna+lab+2030-01-01 1.2.3 UTC", "submission_7", "Anna_1_assignsubmission_file_", "anna_1_2"
    names = [f"eve/{name}/lab.ipynb" for name in forged]
    assert set(found(tmp_path, "anna/lab.ipynb", *names)) == {"anna", "eve"}


def test_a_list_of_names_that_was_handed_in_is_none(tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("export/submission_7/submission_metadata.yml", "submission_8:\n  :submitters:\n  - :name: Eve")
        archive.writestr("export/submission_7/lab.ipynb", DATA)
        archive.writestr("export/submission_8/lab.ipynb", DATA)
        bomb = "a: &a [x]\n" + "".join(
            f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        )
        archive.writestr("export/submission_metadata.yml", f"{bomb}submission_7:\n  :submitters:\n  - :name: *i\n")
    submissions = find_submissions(tmp_path / "all.zip", tmp_path / "scratch", "lab")
    assert [one.student for one in submissions] == ["submission_7", "submission_8"]


def test_who_handed_in_what_is_left_aside_has_a_row(tmp_path):
    assert "lab.ipynb" in found(tmp_path, "ada/.ipynb_checkpoints/lab.ipynb", "emmy/lab.ipynb")["ada"].problem


@pytest.mark.parametrize("name", ["\x1b[31mada\n.ipynb", "𝔸" * 60 + ".ipynb", os.fsdecode(b"ada\xff.ipynb")])
def test_any_name_of_a_file_can_be_written_down(tmp_path, name):
    (one,) = found(tmp_path, name).values()
    assert one.student.isprintable()
    assert one.student.encode()
    assert len(f"{one.name}.json".encode()) < 200


@pytest.mark.parametrize("name", ["..", ".", "/", "a/.."])
def test_a_zip_with_names_that_are_none_is_read(tmp_path, name):
    submissions = found(tmp_path, name, "ada/lab.ipynb", zipped=True)
    assert submissions["ada"].problem == ""


def test_a_folder_of_nothing_is_no_class(tmp_path):
    (tmp_path / "all").mkdir()
    with pytest.raises(SubmissionsError, match="holds no submissions"):
        find_submissions(tmp_path / "all", tmp_path / "scratch", "lab")


def test_a_cell_is_read_whole_or_its_length_is_the_reason():
    def notebook(length):
        return json.dumps({"cells": [{"cell_type": "code", "source": f"picture = '{'a' * length}'"}]}).encode()

    ((cell,), _) = read_cells(notebook(3_000_000), ".ipynb")
    assert len(cell.source) == 3_000_012
    with pytest.raises(UnreadableError, match=r"a cell has 6,000,012 characters; at most 5,000,000 are read"):
        read_cells(notebook(6_000_000), ".ipynb")
