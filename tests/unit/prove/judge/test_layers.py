r"""Layers as whole arrays: the four equations of backpropagation for every layer, and what is wrong in them."""

from __future__ import annotations

from gradlab.prove import Step, prove_document

PLAIN = r"Here $a^l = \sigma(z^l)$ with $z^l = w^l a^{l-1} + b^l$. The error is $\delta^l = \partial C/\partial z^l$. "
BOLD = (
    r"$\mathbf z^{(l)} = \mathbf W^{(l)} \mathbf h^{(l-1)} + \mathbf b^{(l)}$, "
    r"$\mathbf h^{(l)} = f(\mathbf z^{(l)})$. "
)


EQUATIONS = [
    (r"\delta^L = \nabla_a C \odot \sigma'(z^L)", "TRUE", ""),
    (r"\delta^l = ((w^{l+1})^T \delta^{l+1}) \odot \sigma'(z^l)", "TRUE", ""),
    (r"\frac{\partial C}{\partial w^l} = \delta^l (a^{l-1})^T", "TRUE", ""),
    (r"\delta^l = (w^{l+1} \delta^{l+1}) \odot \sigma'(z^l)", "FALSE", r"write w^{(l+1)}^{\top} for w^{(l+1)}"),
    (r"\delta^l = (w^{l+1})^T \delta^{l+1}", "FALSE", r"the factor \sigma'(z^{(l)}) is missing, entry by entry"),
    (r"\frac{\partial C}{\partial w^l} = \delta^l (a^l)^T", "FALSE", "write a^{(l-1)} for a^{(l)}"),
    # Of the last layer alone; it does not say so.
    (r"\delta^l = \frac{\partial C}{\partial a^l} \odot \sigma'(z^L)", "NOT_UNDERSTOOD", ""),
    # C is any cost, and nothing says what y is.
    (r"\delta^L = (a^L - y) \odot \sigma'(z^L)", "NOT_UNDERSTOOD", ""),
]
IN_BOLD = [
    (r"\nabla_{\mathbf W^{(l)}} J = \nabla_{\mathbf z^{(l)}} J (\mathbf h^{(l-1)})^\top", "TRUE"),
    (r"\nabla_{\mathbf h^{(l-1)}} J = (\mathbf W^{(l)})^\top \nabla_{\mathbf z^{(l)}} J", "TRUE"),
    (r"\nabla_{\mathbf z^{(l)}} J = \nabla_{\mathbf h^{(l)}} J \odot f'(\mathbf z^{(l)})", "TRUE"),
    (r"\nabla_{\mathbf z^{(l)}} J = \nabla_{\mathbf h^{(l)}} J", "FALSE"),
    (r"\nabla_{\mathbf h^{(l-1)}} J = (\mathbf W^{(l-1)})^\top \nabla_{\mathbf z^{(l)}} J", "FALSE"),
]


def judged(definitions: str, claims: list[str]) -> list[Step]:
    """The verdicts on claims of one text."""
    proof = prove_document(definitions + " ".join(f"$${claim}$$" for claim in claims))
    steps = [step for row in (*proof.rows, *proof.others) for step in row.proof.steps]
    return [next(step for step in steps if f"{step.left} = {step.right}" == claim) for claim in claims]


def test_the_equations_of_backpropagation():
    steps = judged(PLAIN, [claim for claim, _, _ in EQUATIONS])
    for step, (claim, verdict, repair) in zip(steps, EQUATIONS, strict=True):
        assert step.truth.name == verdict, f"{claim}: {step}"
        assert (step.repair.message if step.repair else "") == repair, f"{claim}: {step}"


def test_layers_in_bold_with_any_activation():
    steps = judged(BOLD, [claim for claim, _ in IN_BOLD])
    assert [step.truth.name for step in steps] == [verdict for _, verdict in IN_BOLD]
