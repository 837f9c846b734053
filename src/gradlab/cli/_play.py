"""`gradlab play`: the page, served to one's own browser or written to put elsewhere."""

from __future__ import annotations

import shutil
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from gradlab._errors import GradlabError
from gradlab.play import INDEX, server_for
from gradlab.play import site as site_of


def play(
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="The port; by default any that is free.")
    ] = 0,
    export: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the page's files there instead, to put on any web host.")
    ] = None,
    site: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where the page was built; by default the package gradlab-page, or as `make page` builds it.",
        ),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Serve the page from this machine to its own browser, until Ctrl-C.

    Nothing is sent anywhere: the page computes in the browser.

    For example:

    * `gradlab play`
    * `gradlab play --export public`
    """
    folder = site_of(site)
    if export is not None:
        _export(folder, export)
        return
    try:
        server = server_for(folder, port)
    except OSError as problem:
        raise GradlabError(
            f"port {port} cannot be used ({problem.strerror}): leave --port out for a free one"
        ) from None
    address = f"http://{server.server_address[0]}:{server.server_address[1]}/"
    print(f"{address} (Ctrl-C ends it)", flush=True)
    if browser:
        webbrowser.open(address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        server.server_close()


def _export(site: Path, folder: Path) -> None:
    """A copy of the page in a folder that is new or empty: nobody's files are written over."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise GradlabError(f"{folder} is not empty: name a folder that does not exist yet")
    shutil.copytree(site, folder, dirs_exist_ok=True)
    print(f"{folder / INDEX} and {sum(file.is_file() for file in folder.rglob('*')) - 1} files beside it")
