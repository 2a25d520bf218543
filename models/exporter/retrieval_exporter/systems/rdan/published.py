"""RDAN's scorer, after the paper's equations; a checkpoint's state loads as it is.

    S  = l2(v) l2(w)^T                                                     [R, T]
    S1, S2: the two channels of conv4(ReLU(conv3(ReLU(conv2(ReLU(conv1(S))))))), S added to each
    a_i = sum_j softmax_words(lambda S2) w_j,   b_j = sum_i softmax_regions(lambda S1) v_i
    score = (1 - mu) mean_i cos(v_i, a_i) + mu mean_j cos(w_j, b_j)
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...attention import cosine
from ...numbers.operations import Product, l2, masked_softmax, mean_of, region_mask, softmax_of, word_mask

CHANNELS = 32
MU = 0.1
LAMBDA = 4.0


class Parts(NamedTuple):
    """[P] scores; S1 and S2 [P, 2, R, T]; the attentions of regions over words [P, R, T] and of words over regions
    [P, T, R]; the cosines [P, R] and [P, T] with what is attended to."""

    score: Tensor
    relations: Tensor
    over_words: Tensor
    over_regions: Tensor
    of_regions: Tensor
    of_words: Tensor


class PairScorer(nn.Module):
    """`v [P, R, D]`, `w [P, T, D]`, `lengths [P]` -> [P]. Features are not of unit length: a longer word weighs more in
    what a region attends to."""

    def __init__(self, channels: int = CHANNELS, mu: float = MU, sharpness: float = LAMBDA) -> None:
        super().__init__()
        # Rows are regions, columns are words; padding keeps the size.
        self.conv1 = nn.Conv2d(1, channels, (3, 1), padding=(1, 0))
        self.conv2 = nn.Conv2d(channels, channels, (1, 3), padding=(0, 1))
        self.conv3 = nn.Conv2d(channels, channels, (3, 3), padding=(1, 1))
        self.conv4 = nn.Conv2d(channels, 2, (1, 1))
        self.mu, self.sharpness = mu, sharpness
        self.product = Product()

    def relations(self, affinity: Tensor, mask: Tensor, regions: Tensor | None = None) -> Tensor:
        """S [P, R, T] and [P, T], true where there is a word -> S1 and S2 [P, 2, R, T]. In float32 throughout: what the
        softmaxes see is four times this. `regions` [P, R] is true where there is a region, None if everywhere.

        A convolution sees zeros beyond the last word and the last region, however far a batch is padded: so those that
        look at neighbours read a table that was masked.
        """
        words = mask[:, None, None, :].to(affinity.dtype)
        rows = None if regions is None else regions[:, None, :, None].to(affinity.dtype)
        table = affinity.unsqueeze(1) if rows is None else affinity.unsqueeze(1) * rows
        x = torch.relu(self.conv1(table)) * words
        x = torch.relu(self.conv2(x)) * words
        x = x if rows is None else x * rows
        return self.conv4(torch.relu(self.conv3(x))) + table

    def attentions(self, refined: Tensor, mask: Tensor, regions: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """S1 and S2 -> regions over words [P, R, T], words over regions [P, T, R]."""
        to_words = softmax_of(self.sharpness * refined[:, 0].transpose(1, 2), regions)
        to_regions = masked_softmax(self.sharpness * refined[:, 1], mask.unsqueeze(1))
        return to_regions, to_words

    def mean(self, of_regions: Tensor, of_words: Tensor, mask: Tensor, lengths: Tensor,
             regions: Tensor | None = None) -> Tensor:
        """[P, R] and [P, T] cosines -> [P]."""
        word = of_words.masked_fill(~mask, 0.0).sum(dim=1) / lengths.to(of_words.dtype)
        return (1 - self.mu) * mean_of(of_regions, regions) + self.mu * word

    def forward(self, v: Tensor, w: Tensor, lengths: Tensor, counts: Tensor | None = None) -> Tensor:
        return self.parts(v, w, lengths, counts).score

    def parts(self, v: Tensor, w: Tensor, lengths: Tensor, counts: Tensor | None = None) -> Parts:
        """`counts`: the images' numbers of regions [P], None if all have R."""
        mask, regions = word_mask(lengths, w.shape[1]), region_mask(counts, v)
        relations = self.relations(self.product(l2(v), l2(w).transpose(1, 2)), mask, regions)
        to_regions, to_words = self.attentions(relations, mask, regions)
        of_regions = cosine(v, self.product(to_regions, w))
        of_words = cosine(w, self.product(to_words, v))
        score = self.mean(of_regions, of_words, mask, lengths, regions)
        return Parts(score, relations, to_regions, to_words, of_regions, of_words)
