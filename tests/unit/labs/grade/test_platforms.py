"""The points go back into the course's gradebook, and into no wrong row."""

from __future__ import annotations

import csv
import io

import pytest

from gradlab.labs.grade.gradebook import GradebookError, fill_gradebook
from gradlab.labs.grade.verdicts import QuestionResult, SubmissionResult

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Lab 2 (55),Lab 3 (56),Final Score\n"
    ",,,,,Manual Posting,,\n"
    "    Points Possible,,,,,10,3,(read only)\n"
    '"Lovelace, Ada",12,a1,ada,S,7,,80\n'
    '"Noether, Emmy",13,a2,emmy,S,8,,90\n'
    '"Student, Test",99,,,S,,,\n'
)
MOODLE = (
    "\ufeffIdentifier,Full name,Status,Grade,Maximum Grade,Grade can be changed,Feedback comments\r\n"
    "Participant 12,Ada Lovelace,Submitted,,3.00,Yes,\r\n"
    "Participant 13,Emmy Noether,Submitted,,3.00,Yes,\r\n"
    "Participant 14,Nobody,No submission,,3.00,Yes,\r\n"
)
GERMAN = (
    "ID;Vollständiger Name;Status;Bewertung;Bestwertung;Bewertung kann geändert werden\n"
    "Teilnehmer/in12;Ada Lovelace;Zur Bewertung abgegeben;;3,00;Ja\n"
    "Teilnehmer/in13;Emmy Noether;Zur Bewertung abgegeben;;3,00;Nein\n"
)


def result(name, identity, points, status="right"):
    questions = [QuestionResult("slope", "check", 3.0, points, status, "mind the sign" if points < 3 else "")]
    return SubmissionResult(name, name, identity, f"{name}.ipynb", questions=questions)


def filled(tmp_path, text, results, column=""):
    path = tmp_path / "grades.csv"
    path.write_bytes(text.encode())
    made = fill_gradebook(path, results, column)
    separator = ";" if ";" in text else ","
    return made, list(csv.reader(io.StringIO(made.data.decode("utf-8-sig"), newline=""), delimiter=separator))


BOTH = [result("ada", "12", 3.0), result("emmy", "13", 1.5, "partly")]


def test_canvas_gets_its_own_file_back_with_one_column_filled(tmp_path):
    made, rows = filled(tmp_path, CANVAS, BOTH, "Lab 3")
    before = list(csv.reader(io.StringIO(CANVAS)))
    assert made.platform == "canvas"
    assert [row[6] for row in rows] == ["Lab 3 (56)", "", "3", "3", "1.5", ""]
    assert [row[:6] + row[7:] for row in rows] == [row[:6] + row[7:] for row in before]
    with pytest.raises(GradebookError, match=r"--column .* Lab 2 \(55\), Lab 3 \(56\)"):
        filled(tmp_path, CANVAS, BOTH)


@pytest.mark.parametrize("ids", [("a1", "a2"), ("ada", "emmy")])
def test_canvas_is_filled_by_other_numbers_where_all_have_them(tmp_path, ids):
    results = [result("ada", ids[0], 3.0), result("emmy", ids[1], 1.5, "partly")]
    assert [row[6] for row in filled(tmp_path, CANVAS, results, "Lab 3")[1]][3:5] == ["3", "1.5"]
    with pytest.raises(GradebookError, match=r"not one row for ada \(a1\)"):
        filled(tmp_path, CANVAS, [result("ada", "a1", 3.0), result("emmy", "13", 1.5)], "Lab 3")


def test_moodle_gets_grades_and_words(tmp_path):
    made, rows = filled(tmp_path, MOODLE, BOTH)
    assert made.data.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in made.data
    assert [row[3] for row in rows[1:]] == ["3", "1.5", ""]
    assert rows[2][6] == "slope: 1.5 of 3 - mind the sign"


def test_the_excused_stay_so_and_what_was_there_is_named(tmp_path):
    text = CANVAS.replace("S,7,,", "S,7,EX,").replace("S,8,,", "S,8,2,")
    made, rows = filled(tmp_path, text, BOTH, "Lab 3")
    assert [row[6] for row in rows[3:5]] == ["EX", "1.5"]
    assert made.remarks == ("ada: no points were filled in: excused (EX)", "emmy: 1.5 took the place of 2")


def test_moodle_in_another_language_is_told_the_column(tmp_path):
    text = 'Identifiant,Nom complet,Note,Note maximale\nParticipant 12,Ada,,"3,00"\nParticipant 13,Emmy,,"3,00"\n'
    _, rows = filled(tmp_path, text, BOTH, "Note")
    assert [row[2] for row in rows[1:]] == ["3", "1.5"]
    with pytest.raises(GradebookError, match="--column what the grade is called"):
        filled(tmp_path, text, BOTH)


def test_a_locked_grade_and_one_that_waits_are_left_alone_and_named(tmp_path):
    made, rows = filled(tmp_path, GERMAN, [result("ada", "12", 0.0, "human"), result("emmy", "13", 3.0)])
    assert [row[3] for row in rows[1:]] == ["", ""]
    assert made.remarks[0].startswith("ada: no points were filled in: an answer waits")
    assert "locked" in made.remarks[1]


@pytest.mark.parametrize(
    ("text", "results", "words"),
    [
        (MOODLE, [result("eve", "77", 3.0)], r"not one row for eve \(77\)"),
        (MOODLE, [result("plain", "", 3.0)], r"plain \(no number\).*as Moodle downloads them"),
        (MOODLE.replace("3.00", "100.00"), BOTH, "Moodle counts 100 points and the lab 3"),
        ("name,points\na,1\n", BOTH, "is no gradebook"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_reason(tmp_path, text, results, words):
    with pytest.raises(GradebookError, match=words):
        filled(tmp_path, text, results)
