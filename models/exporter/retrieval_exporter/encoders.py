"""Encoders: detector regions and word ids to features of one width. Systems name the sizes and the normalisation."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .numbers.operations import l2, word_mask


class RegionEncoder(nn.Module):
    """[B, R, image_size] detector features -> [B, R, D]: one linear map.

    `normalise` scales every region to unit length.
    """

    def __init__(self, image_size: int, embed_size: int, normalise: bool = False) -> None:
        super().__init__()
        self.fc = nn.Linear(image_size, embed_size)
        self.normalise = normalise

    def forward(self, regions: Tensor, counts: Tensor | None = None) -> Tensor:
        """`counts`: the images' numbers of regions [B], behind which features come out as zeros; None if all have R."""
        features = self.fc(regions)
        features = l2(features) if self.normalise else features
        # What pads an image to the longest of its batch has a feature as well, that of zeros.
        return features if counts is None else features.masked_fill(~word_mask(counts, features.shape[1]).unsqueeze(-1), 0.0)


class WordEncoder(nn.Module):
    """[B, T] word ids and [B] lengths -> [B, T, D]: embedding, then a GRU over the true length.

    The feature of a word is the mean of the forward and the backward state at that word. Packing keeps
    padding out of the backward direction; positions beyond a caption's length come out as zeros.
    """

    def __init__(self, vocabulary_size: int, word_size: int, embed_size: int, bidirectional: bool = True,
                 normalise: bool = False) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary_size, word_size)
        self.rnn = nn.GRU(word_size, embed_size, 1, batch_first=True, bidirectional=bidirectional)
        self.embed_size = embed_size
        self.bidirectional = bidirectional
        self.normalise = normalise

    def forward(self, token_ids: Tensor, lengths: Tensor) -> Tensor:
        batch, positions = token_ids.shape[0], token_ids.shape[1]
        # An explicit initial state: left out, the exporter freezes it at the batch of the example.
        directions = 2 if self.bidirectional else 1
        state = self.embed.weight.new_zeros(directions, batch, self.embed_size)
        # Traced, a sort by length would become part of the graph, whose GRU takes lengths in any order. The example
        # that a graph is traced with has descending lengths.
        packed = pack_padded_sequence(
            self.embed(token_ids), lengths.cpu(), batch_first=True, enforce_sorted=torch.onnx.is_in_onnx_export())
        states, _ = self.rnn(packed, state)
        features, _ = pad_packed_sequence(states, batch_first=True, total_length=positions)
        if self.bidirectional:
            features = (features[..., :self.embed_size] + features[..., self.embed_size:]) / 2
        return l2(features) if self.normalise else features
