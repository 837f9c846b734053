"""What the page asks of Python, plain data in and out, without NumPy or a browser; and its views in a notebook."""

from typing import TYPE_CHECKING

from gradlab._lazy import lazy_names
from gradlab.play._answer import QUESTIONS as QUESTIONS
from gradlab.play._answer import answer as answer
from gradlab.play._serve import server_for as server_for
from gradlab.play._site import INDEX as INDEX
from gradlab.play._site import site as site

if TYPE_CHECKING:
    from gradlab.play._link import read_link as read_link
    from gradlab.play._link import write_link as write_link
    from gradlab.play._pictures import png as png
    from gradlab.play._widgets import descend as descend
    from gradlab.play._widgets import network as network
    from gradlab.play._widgets import train as train
    from gradlab.play._widgets import trainability as trainability
else:
    # The page itself runs this package without what notebooks need.
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "gradlab.play._link": "read_link write_link",
            "gradlab.play._pictures": "png",
            "gradlab.play._widgets": "descend network train trainability",
        },
        here="INDEX QUESTIONS answer server_for site",
    )
