"""The report: one screen whatever its size, the same content in all three forms, and JSON that comes back."""

from __future__ import annotations

import json
import math
from html.parser import HTMLParser

import numpy as np
import pytest

from gradlab.check import CheckError, Entry, Precision, PrecisionVerdict, Report, Verdict, check_gradient
from gradlab.check._outcomes import Cause, PrecisionFinding, PrecisionLoss
from gradlab.check.names import Diagnosis, Mistake
from gradlab.check.report._plot import as_svg, as_text, error_plot

SCALES = ((1e-6, 3.0, 1e-5), (1e-4, 3.0, 1e-7), (1e-2, 3.001, 1e-3))


def entry(name: str, verdict: Verdict = Verdict.CORRECT, relative: float = 1e-9, **more) -> Entry:
    return Entry(name, 2.0, 3.0, 1e-7, relative, verdict, "outside the error bar", 1e-4, **more)


def full_report() -> Report:
    """A report with something in every field, and with numbers that JSON does not have."""
    odd = Entry("b", math.nan, math.inf, math.inf, math.nan, Verdict.UNDECIDED, "noise", math.nan, Cause.NOISE, (), 1)
    found = Diagnosis(Mistake.SIGN, "The sign of <a> & b", "Turn it.", ("a",), "m.py:3: h = a < b", 3, 2)
    finding = PrecisionFinding("a", 0.0, 1.0, 1e-7, 1.0, PrecisionLoss.CANCELLATION, "m.py:3", "expm1(x)")
    precision = Precision(PrecisionVerdict.LOST, "float32", (finding,))
    entries = (entry("a<1>", Verdict.WRONG, 0.5, scales=SCALES), odd)
    return Report(entries, 99, (found,), precision, ("the loss writes into its argument.",), 1e-9)


class Tags(HTMLParser):
    """Sees that every element is closed, and gathers the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def parse(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    tags.close()
    assert not tags.open
    return tags


class TestText:
    def test_all_of_it_is_there(self):
        text = str(full_report())
        assert text.startswith("WRONG: 1 wrong, 1 undecided of 2 entries\n\nentry")
        assert "What is wrong: The sign of <a> & b\n  m.py:3: h = a < b\n  Turn it." in text
        assert "Error of a<1> against the step" in text
        assert "The loss writes into its argument." in text
        assert "In float32, a is 0 where 1 is right: catastrophic cancellation in m.py:3. Write expm1(x)." in text
        assert "probability below 1e-09" in text
        assert text.endswith("Correct the gradient, beginning with the worst entry.")

    def test_what_was_left_since_another_is_wrong_is_not_told_as_undecided(self):
        report = Report((entry("a", Verdict.WRONG, 0.5), entry("b", Verdict.UNDECIDED, cause=Cause.NOT_MEASURED)), 5)
        assert report.headline == "WRONG: 1 wrong, 1 not measured of 2 entries"

    def test_what_would_decide_it_is_said(self):
        report = Report((entry("a", Verdict.UNDECIDED, cause=Cause.KINK),), 5)
        assert str(report).endswith(Cause.KINK.remedy)

    @pytest.mark.parametrize("wrong", [0, 1, 500, 100_000])
    def test_any_number_of_entries_is_one_screen(self, wrong):
        entries = [
            entry(f"a_rather_long_name[{i}]", Verdict.WRONG if i < wrong else Verdict.CORRECT, i * 1e-6)
            for i in range(100_000)
        ]
        found = (Diagnosis(Mistake.NEGATED, "The sign is wrong in every entry.", "Turn it.", place="m.py:1: f(x)"),) * 4
        report = Report(tuple(entries), 9, found if wrong else ())
        lines = str(report).splitlines()
        assert len(lines) <= 40
        assert max(map(len, lines)) <= 125
        assert f"{100_000} entries" in lines[0]
        worst = wrong - 1 if wrong else 99_999
        assert lines[3].startswith(f"a_rather_long_name[{worst}]"[:21])
        assert len(report._repr_html_()) < 30_000

    def test_a_right_gradient_needs_no_plot(self):
        assert "against the step" not in str(Report((entry("a", scales=SCALES),), 9))


class TestPlot:
    def test_the_error_is_that_of_the_claim_and_the_chosen_scale_is_marked(self):
        plot = error_plot([entry("b"), entry("a", scales=SCALES)])
        assert plot is not None
        assert plot.name == "a"
        assert plot.steps == (1e-6, 1e-4, 1e-2)
        assert plot.errors[0] == pytest.approx(1 / 3)
        assert plot.bars[1] == pytest.approx(1e-7 / 3)
        assert plot.chosen == 1

    def test_nothing_to_draw(self):
        assert error_plot([entry("a"), entry("b", scales=SCALES[:1])]) is None

    def test_text(self):
        plot = error_plot([entry("a", scales=SCALES)])
        assert plot is not None
        lines = as_text(plot)
        assert sum(line.count("#") for line in lines[1:]) == 1
        assert sum(line.count("o") for line in lines[1:-1]) == 2
        assert sum(line.count(".") for line in lines[1:-1]) == 3
        assert lines[-1].strip().startswith("+ step 1e-06")

    def test_svg_has_a_mark_for_each_step_inside_its_box(self):
        plot = error_plot([entry("a<b", scales=SCALES)])
        assert plot is not None
        svg = as_svg(plot)
        tags = parse(svg)
        assert tags.seen.count("circle") == 4
        assert "a&lt;b" in svg

    @pytest.mark.parametrize("error", [0.0, 1e-300, 1e300])
    def test_extreme_errors_stay_inside(self, error):
        scales = tuple((step, 2.0 + error, 0.0) for step in (1e-300, 1e-3, 1e300))
        plot = error_plot([entry("a", scales=scales)])
        assert plot is not None
        assert len(as_text(plot)) == 9
        assert "nan" not in as_svg(plot)


class TestHtml:
    def test_it_is_well_formed_and_escaped(self):
        tags = parse(full_report()._repr_html_())
        assert "script" not in tags.seen
        assert "a<1>" in tags.text
        assert "The sign of <a> & b" in tags.text
        assert "What to do." in tags.text
        assert "svg" in tags.seen

    def test_nothing_is_fetched(self):
        html = full_report()._repr_html_().replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert "http" not in html
        assert "src=" not in html


class TestJson:
    def test_it_comes_back(self):
        report = full_report()
        text = report.to_json()
        again = Report.from_json(text)
        assert again.to_json() == text
        assert again.verdict is Verdict.WRONG
        assert again.diagnoses == report.diagnoses
        assert again.precision == report.precision
        assert again.entries[0] == report.entries[0]
        assert math.isnan(again.entries[1].claimed)
        assert str(again) == str(report)

    def test_it_is_strict_json_with_a_schema(self):
        def refuse(name):
            raise AssertionError(name)

        body = json.loads(full_report().to_json(indent=2), parse_constant=refuse)
        assert body["schema"] == "gradlab.check.report/1"
        assert body["verdict"] == "WRONG"
        assert body["entries"][1]["claimed"] == "NaN"
        assert body["diagnoses"][0]["kind"] == "SIGN"

    def test_a_real_one(self):
        report = check_gradient(lambda x: np.sum(x**3), lambda x: x**2, at=np.array([1.0, 2.0]))
        assert Report.from_json(report.to_json()) == report

    @pytest.mark.parametrize("text", ["{", "[1]", '{"schema": "other"}', "{}"])
    def test_another_text_is_refused(self, text):
        with pytest.raises(CheckError, match="to_json"):
            Report.from_json(text)


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_report_fits_where_it_is_shown(width):
    report = check_gradient(
        lambda x: np.sum(np.maximum(x, 0)), np.array([0.5, 1, 0.3]), np.array([1e-4, 1.0, -0.2]), thorough=True
    )
    text = report.text(width)
    assert max(map(len, text.splitlines())) <= width
    assert "WRONG at[0]" in text or width == 80
    for said in (report.headline, *report.worst.reason.split(), report.remedy.split()[0]):
        assert said in text
    assert report.text() == str(report)
