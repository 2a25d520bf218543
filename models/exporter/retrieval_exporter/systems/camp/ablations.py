"""The ablations of the paper: one step of the model left out or exchanged at a time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Steps:
    """The steps of the model. x is a side's features, m the messages that they receive, z = gate(x, m) and a fusion
    F(z) = ReLU(Linear(z))."""

    attention: bool = True  # m are attended features of the other side; otherwise their mean, everywhere the same
    gate: bool = True  # sigmoid(x m), a gate a channel; otherwise 1
    residual: bool = True  # F(z) + x; otherwise F(z)
    fusion: str = "sum"  # what is gated: x + m ("sum"), [x, m] ("concat"), x m ("product"); "": m instead of F(z) + x
    pooling: bool = True  # an attention over positions; otherwise their mean
    scorer: bool = True  # sigmoid(MLP(v* + w*)); otherwise the cosine of v* and w*


ABLATIONS = {
    "none": Steps(),
    "no-cross-attention": Steps(attention=False),
    "no-gates": Steps(gate=False),
    "no-residual": Steps(residual=False),
    "no-fusion": Steps(fusion=""),
    "concat-fusion": Steps(fusion="concat"),
    "product-fusion": Steps(fusion="product"),
    "mean-pooling": Steps(pooling=False),
    "joint-embedding": Steps(scorer=False),
}
