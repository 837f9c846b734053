"""One slip in a tag is one error."""

from __future__ import annotations

import pytest

from gradlab.labs._diagnostics import TemplateError
from gradlab.labs._recovery import open_after
from gradlab.labs._template import read_template


def lines_of_errors(tmp_path, text: str) -> list[int]:
    path = tmp_path / "lab.md"
    path.write_text(text)
    with pytest.raises(TemplateError) as caught:
        read_template(path)
    return [error.line for error in caught.value.diagnostics]


BLOCK = "#!TAG HWBEGIN\nx\n#!TAG HWEND\n"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("#!TAG HWBEGIN\nx\n#!TAG HWBEGIN\n\n" + BLOCK, [3]),
        ("#!TAG HWBEGIN\nx\n#!TAG HWBEGIN\ny\n#!TAG HWEND\nz\n#!TAG HWEND\n" + BLOCK, [3]),
        ("#!TAG HWBEGN\n#!MSG do it\nx\n#!TAG HWEND\n" + BLOCK, [1]),
        ("#!TAG HWBEGIN\nx\n#!TAG HWENDE\n" + BLOCK, [3]),
        ("#!TAG HWBEGIN\n#!TAG NOTE\nx\n#!TAG NOTEEND\n#!TAG HWEND\n" + BLOCK, [2]),
        ("#!TAG HWBEGIN\nx\n#!TAG NOTEEND\n" + BLOCK, [3]),
        ("#!TAG HWBEGIN\n" + BLOCK + "\n" + BLOCK, [2]),
        ("#!TAG HWEND\n" + BLOCK + "#!TAG HWEND\n", [1, 5]),
    ],
    ids=["begin for end", "nested", "begin misspelt", "end misspelt", "a note inside", "wrong end", "no end", "two"],
)
def test_one_slip_is_one_error(tmp_path, text, wrong):
    assert lines_of_errors(tmp_path, text) == wrong


def test_what_is_open_behind_a_slip_is_what_leaves_least_to_complain_about():
    assert open_after("HWEND", ["NOTE"], ["NOTEEND"]) == ["NOTE"]
    assert open_after("HWEND", ["NOTE"], ["HWBEGIN", "HWEND"]) == []
    assert open_after("", [], ["HWEND"]) == ["HWBEGIN"]
