"""`gradlab play`."""

from __future__ import annotations

import socket
from pathlib import Path

from gradlab.cli import main
from gradlab.play._serve import POLICY


def site(folder):
    (folder / "views").mkdir(parents=True)
    (folder / "index.html").write_text("<p>page</p>")
    (folder / "views" / "descend.js").write_text("export {}")
    return folder


def test_a_page_that_is_not_built_is_told(tmp_path, capsys):
    assert main(["play", "--site", str(tmp_path)]) == 1
    assert "make page" in capsys.readouterr().err


def test_export_writes_the_files_and_nothing_over_others(tmp_path, capsys):
    made, out = site(tmp_path / "built"), tmp_path / "out"
    assert main(["play", "--site", str(made), "--export", str(out)]) == 0
    assert (out / "views" / "descend.js").read_text() == "export {}"
    assert "1 files beside it" in capsys.readouterr().out
    assert main(["play", "--site", str(made), "--export", str(out)]) == 1
    assert "is not empty" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told(tmp_path, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["play", "--site", str(site(tmp_path / "built")), "--port", str(port), "--no-browser"]) == 1
    assert f"port {port} cannot be used" in capsys.readouterr().err


def test_the_policy_that_is_sent_stands_in_the_docs():
    page = Path(__file__).parents[3] / "docs" / "how-to" / "embed.md"
    assert POLICY in " ".join(page.read_text(encoding="utf-8").split())
