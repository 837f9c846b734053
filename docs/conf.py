"""How the site is built: `make docs`. Formulas become MathML here, so that no page asks a server."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

# With it jsonschema, which reads notebooks, would make a grammar of web addresses for a second.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from _site import SavedPictures  # noqa: E402

project = "gradlab"
author = "The gradlab authors"
copyright = author
release = version = importlib.metadata.version("gradlab")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "_site",
]
exclude_patterns = [
    "**/sg_execution_times.rst",
    "sg_execution_times.rst",
    "gallery/*.ipynb",
    "gallery/*.py",
    "gallery/*.json",
    "gallery/*.zip",
    "gallery/*.md5",
]
# Docstrings are written with the single backticks of Markdown.
default_role = "code"
# Nor is a block without a language Python: it is what a command prints, or the command.
highlight_language = "none"

myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
# What the tests run is not run a second time here.
nb_execution_mode = "off"
suppress_warnings = ["config.cache"]

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

templates_path = ["_templates"]

html_theme = "pydata_sphinx_theme"
html_title = "gradlab"
html_favicon = "../page/src/icon.svg"
html_context = {"default_mode": "auto"}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False, "secondary_sidebar_items": ["page-toc"]}
html_sidebars = {"index": []}
html_math_renderer = "mathml"

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "image_scrapers": (SavedPictures(),),
    "download_all_examples": False,
    "show_memory": False,
    "capture_repr": (),
    "min_reported_time": 1e9,
}
