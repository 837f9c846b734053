"""Mathematics in TeX, and where it stands in Markdown: found, read into one tree, named by one table of commands.

The ground floor: it imports nothing of gradlab. `labs` typesets from its tree, `prove` judges from it.
"""

from gradlab.tex._commands import ARROWS as ARROWS
from gradlab.tex._document import Formula as Formula
from gradlab.tex._document import formulas as formulas
from gradlab.tex._document import placed as placed
from gradlab.tex._errors import TexError as TexError
from gradlab.tex._faces import styled as styled
from gradlab.tex._lines import LineIndex as LineIndex
from gradlab.tex._markdown import FoundMath as FoundMath
from gradlab.tex._markdown import MathText as MathText
from gradlab.tex._markdown import Remark as Remark
from gradlab.tex._markdown import find_math as find_math
from gradlab.tex._markdown import marks as marks
from gradlab.tex._mathml import to_mathml as to_mathml
from gradlab.tex._parse import parse as parse
from gradlab.tex._pieces import typeset as typeset
from gradlab.tex._protected import protected as protected
from gradlab.tex._references import reference_numbers as reference_numbers
from gradlab.tex._symbols import FUNCTIONS as FUNCTIONS
from gradlab.tex._symbols import INTEGRALS as INTEGRALS
from gradlab.tex._symbols import LIMIT_FUNCTIONS as LIMIT_FUNCTIONS
from gradlab.tex._symbols import SYMBOLS as SYMBOLS
from gradlab.tex._symbols import Role as Role
from gradlab.tex._tokens import Macro as Macro
from gradlab.tex._tokens import Token as Token
from gradlab.tex._tokens import tokenise as tokenise
from gradlab.tex._tree import Accent as Accent
from gradlab.tex._tree import Fence as Fence
from gradlab.tex._tree import Fraction as Fraction
from gradlab.tex._tree import Middle as Middle
from gradlab.tex._tree import Name as Name
from gradlab.tex._tree import Node as Node
from gradlab.tex._tree import Parsed as Parsed
from gradlab.tex._tree import Root as Root
from gradlab.tex._tree import Row as Row
from gradlab.tex._tree import Scripts as Scripts
from gradlab.tex._tree import Sized as Sized
from gradlab.tex._tree import Space as Space
from gradlab.tex._tree import Stack as Stack
from gradlab.tex._tree import Styled as Styled
from gradlab.tex._tree import Symbol as Symbol
from gradlab.tex._tree import Table as Table
from gradlab.tex._tree import Text as Text
from gradlab.tex._tree import Variant as Variant
from gradlab.tex._tree import children as children
