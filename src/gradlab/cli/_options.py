"""Options that several commands share: what a network is made of."""

from __future__ import annotations

from typing import Annotated

import typer

Hidden = Annotated[str, typer.Option(help="Hidden layers: tanh, sigmoid, relu, identity or softplus.")]
Output = Annotated[str | None, typer.Option(help="Outputs: the same choice. Default: what goes with the loss.")]
Loss = Annotated[str, typer.Option(help="binary_cross_entropy, squared_error or softmax_cross_entropy.")]
