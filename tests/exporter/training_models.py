"""Small models with random weights, for the parts of a training."""

import torch

from fitting_data import WIDTH
from retrieval_exporter import registry
from retrieval_exporter.system import Sizes

SIZES = Sizes(embed_size=12, image_size=WIDTH, word_size=6, vocabulary_size=30, regions=6)


def made(name, options):
    torch.manual_seed(0)
    return registry.named(name).random(name, SIZES, options)


def published(system, v, w, lengths):
    score = system.scorer.logits if system.probability else system.scorer
    return torch.stack([torch.cat([score(v[i:i + 1], w[c:c + 1], lengths[c:c + 1]) for c in range(len(w))])
                        for i in range(len(v))])
