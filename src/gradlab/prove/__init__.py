"""Written mathematics, judged line by line against a graph."""

from gradlab._lazy import make_callable
from gradlab.prove._answer import Answer as Answer
from gradlab.prove._answer import Outcome as Outcome
from gradlab.prove._answer import answer as answer
from gradlab.prove._document import DocumentProof as DocumentProof
from gradlab.prove._document import Row as Row
from gradlab.prove._document import prove_document as prove_document
from gradlab.prove._prove import prove as prove
from gradlab.prove._subject import DEFAULT as DEFAULT
from gradlab.prove._subject import graph_of as graph_of
from gradlab.prove._verdict import Fault as Fault
from gradlab.prove._verdict import Kind as Kind
from gradlab.prove._verdict import Method as Method
from gradlab.prove._verdict import Place as Place
from gradlab.prove._verdict import Proof as Proof
from gradlab.prove._verdict import Repair as Repair
from gradlab.prove._verdict import Slip as Slip
from gradlab.prove._verdict import Step as Step
from gradlab.prove._verdict import Truth as Truth
from gradlab.prove._verdict import Witness as Witness

make_callable(__name__)  # gl.prove(...) calls the function, import gradlab.prove gives the package
