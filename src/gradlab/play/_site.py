"""Where the built page is: in the package gradlab-page, or where `make page` puts it in gradlab's repository."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from gradlab._errors import GradlabError

INDEX = "index.html"
PACKAGE = "gradlab_page"
REPOSITORY = Path(__file__).parents[3]


def site(chosen: Path | None = None) -> Path:
    """The folder of the built page.

    Args:
        chosen: a folder instead of those that are looked for.

    Raises:
        GradlabError: if there is no page.
    """
    package = find_spec(PACKAGE)
    homes = (package.submodule_search_locations or ()) if package else ()
    looked = [chosen] if chosen else [*(Path(home) / "site" for home in homes), REPOSITORY / "build" / "page"]
    for folder in looked:
        if (folder / INDEX).is_file():
            return folder
    where = f" in {chosen}" if chosen else " here"
    raise GradlabError(
        f"there is no page{where}: run pip install 'gradlab[play]', or build it with `make page` in gradlab's "
        "repository (this needs Node.js)"
    )
