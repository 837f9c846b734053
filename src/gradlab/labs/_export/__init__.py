"""An executed lab as files: HTML and PDF that need neither TeX, nor a browser, nor a network."""

from __future__ import annotations

from ._atoms import UNSET as UNSET
from ._document import Document as Document
from ._document import Source as Source
from ._document import cell_line_numbers as cell_line_numbers
from ._document import make_document as make_document
from ._html import fetched_references as fetched_references
from ._html import fragment as fragment
from ._html import stylesheet as stylesheet
from ._html import to_html as to_html
from ._pdf import Pdf as Pdf
from ._pdf import to_pdf as to_pdf
from ._terminal import collapse as collapse
