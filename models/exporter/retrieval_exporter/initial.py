"""How matching models are commonly initialised, by the authors of most."""

import torch
from torch import nn

_EMBEDDING = 0.1


def initialise(*modules: nn.Module) -> None:
    """Draws weights in place: linear maps uniformly after Glorot and Bengio with biases of zero, embeddings uniformly
    from -0.1 to 0.1. Recurrent layers and normalisations keep what PyTorch gives them."""
    for module in (part for whole in modules for part in whole.modules()):
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.uniform_(module.weight, -_EMBEDDING, _EMBEDDING)


def spread_words(words: nn.Module) -> None:
    """Scales the embeddings of a text encoder with random weights, in place, so that words differ and with them scores:
    what an export of such a model is compared by."""
    with torch.no_grad():
        words.embed.weight.mul_(1 / _EMBEDDING)
