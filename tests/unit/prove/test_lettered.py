"""Networks whose layers are told apart by the letters of their indices."""

import pytest

from gradlab.prove import prove_document

_NETWORK = r"""# A hidden layer

$a_k = g_k(z_k)$ with $z_k = b_k + \sum_j a_j w_{jk}$, where $a_j = g_j(z_j)$ and $z_j = b_j + \sum_i a_i w_{ij}$.
The error is $E = \frac12 \sum_k (a_k - t_k)^2$, and $\delta_k = (a_k - t_k) g_k'(z_k)$.

$$CLAIM$$
"""


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (r"\frac{\partial E}{\partial w_{jk}} = \delta_k a_j", "TRUE"),
        (r"\frac{\partial E}{\partial w_{ij}} = \sum_k \delta_k w_{jk} g_j'(z_j) a_i", "TRUE"),
        (r"\frac{\partial E}{\partial w_{ij}} = \sum_k \delta_k w_{jk} g_j'(z_j) a_j", "NOT_UNDERSTOOD"),
        (r"\frac{\partial E}{\partial b_j} = \sum_k \delta_k w_{jk}", "NOT_UNDERSTOOD"),
    ],
)
def test_each_letter_is_a_layer(claim, verdict):
    proof = prove_document(_NETWORK.replace("CLAIM", claim))
    assert proof.steps[-1].truth.name == verdict


def test_a_name_that_is_defined_as_nothing_stops_no_document():
    assert len(prove_document("$f_m = $ and then $f_m = g(x)$ and $f_m = $").steps) == 3


def test_without_layers_it_is_a_circle():
    text = _NETWORK.replace("hidden layer", "sum").replace(
        "CLAIM", r"\frac{\partial E}{\partial w_{jk}} = \delta_k a_j"
    )
    assert prove_document(text).steps[-1].truth.name == "NOT_UNDERSTOOD"


def test_a_quotient_of_vectors_makes_nothing_false():
    text = r"$$\frac{\mathbf{y}}{\mathbf{s}} \odot \mathbf{s} = 2 \mathbf{y}$$"
    assert prove_document(text).steps[-1].truth.name == "NOT_UNDERSTOOD"
