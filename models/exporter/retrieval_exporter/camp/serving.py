"""What the serving forms of CAMP share: attentions over folded affinities and the summaries."""

import torch

from ..forms import WORDS, Form
from ..operations import masked_softmax
from . import folding


def transposed(x):
    return x.transpose(1, 2)


class Folded(Form):
    """Base of the serving forms. The affinities are folded into the query's side: `k_rw`, `q_wr` [T, D] of a
    caption query, `q_vr`, `k_vw` [R, D] of an image query; a stored record carries none of them."""

    def __init__(self, scorer, regions, max_tokens, fast, half):
        super().__init__(half)
        self.fast = fast
        self.regions = regions
        self.max_tokens = max_tokens
        self.embed_size = scorer.embed_size
        to_regions, to_words = folding.affinities(scorer)
        self.two_affinities = to_words is not None
        self.keep("to_regions", to_regions)
        self.keep("to_regions_t", to_regions.t())
        if self.two_affinities:
            self.keep("to_words", to_words)
            self.keep("to_words_t", to_words.t())
        self.image_fields = [("v", (regions, self.embed_size))]
        self.caption_fields = [("w", (WORDS, self.embed_size))]

    def keep(self, name, x):
        """Registers a folded weight in the scorer's type, and beside it in float32 for the encoders, which
        stay in float32: they run once an item, and a record is then rounded once."""
        self.register_buffer(name, folding.rounded(x, self.math.half))
        self.register_buffer("exact_" + name, folding.rounded(x, False))

    def image_query(self, image):
        derived = {"q_vr": self.math.linear(image["v"], self.to_regions)}
        if self.two_affinities:
            derived["k_vw"] = self.math.linear(image["v"], self.to_words_t)
        return derived

    def caption_query(self, caption):
        derived = {"k_rw": self.math.linear(caption["w"], self.to_regions_t)}
        if self.two_affinities:
            derived["q_wr"] = self.math.linear(caption["w"], self.to_words)
        return derived

    def attentions(self, image, caption, mask):
        """a_r [P, R, T] over words, a_w [P, T, R] over regions, from whichever side was the query."""
        m = self.math
        if "k_rw" in caption:
            affinity = m.product(image["v"], transposed(caption["k_rw"]))
        else:
            affinity = m.product(image["q_vr"], transposed(caption["w"]))
        affinity = m.wide(affinity)
        if not self.two_affinities:
            back = transposed(affinity)
        elif "q_wr" in caption:
            back = m.wide(m.product(caption["q_wr"], transposed(image["v"])))
        else:
            back = m.wide(m.product(caption["w"], transposed(image["k_vw"])))
        return masked_softmax(affinity, mask.unsqueeze(1)), torch.softmax(back, dim=-1)

    def padded_columns(self, gram):
        """[B, T, T] -> [B, T, max_tokens], the width in which a Gram matrix of words is stored."""
        return torch.nn.functional.pad(gram, (0, self.max_tokens - gram.shape[2]))

    def refined(self, attention, gram, mask=None):
        """[P, A, B] attention and [P, B, B] Gram matrix of what it attends to -> [P, A, B].

        softmax(a C a^T) a: the self-attention among messages, without ever forming a message.
        """
        logits = attention @ (gram @ transposed(attention))
        among = torch.softmax(logits, dim=-1) if mask is None else masked_softmax(logits, mask.unsqueeze(1))
        return among @ attention


class FoldedSummary(torch.nn.Module):
    """The summary of `published.Summary`, its heads averaged into one weight a position."""

    def __init__(self, summary, math):
        super().__init__()
        self.math = math
        first, second = summary.linear[0], summary.linear[2]
        for name, x in (("first", folding.matrix(first)), ("first_bias", first.bias.detach()),
                        ("second", folding.matrix(second)), ("second_bias", second.bias.detach())):
            self.register_buffer(name, folding.rounded(x, math.half))

    def hidden_weights(self, hidden, batch_shape, mask=None):
        """[P * N, D] after the ReLU -> [P, 1, N] float32 weights; `batch_shape` is a tensor [P, N, ...]."""
        e = self.math.wide(self.math.rows(hidden, self.second, self.second_bias))
        e = e.reshape(batch_shape.shape[0], batch_shape.shape[1], -1).transpose(1, 2)
        weights = torch.softmax(e, dim=-1) if mask is None else masked_softmax(e, mask.unsqueeze(1))
        return weights.mean(dim=1, keepdim=True)

    def forward(self, x, mask=None):
        """[P, N, D] -> [P, D] float32. Rows stay flat from the first layer to the second, so that the runtime
        can fuse product, bias and ReLU into one pass."""
        rows = x.reshape(-1, x.shape[-1])
        hidden = self.math.relu(self.math.rows(rows, self.first, self.first_bias))
        weights = self.hidden_weights(hidden, x, mask)
        return self.math.wide(self.math.product(weights, x)).squeeze(1)
