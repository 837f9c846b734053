"""What the page asks of Python: plain data in, plain data and bytes out; needs neither NumPy nor a browser."""

from gradlab.play._answer import QUESTIONS as QUESTIONS
from gradlab.play._answer import answer as answer
from gradlab.play._serve import server_for as server_for
