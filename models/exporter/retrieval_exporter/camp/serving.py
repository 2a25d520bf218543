"""What the serving forms of CAMP share: attentions over folded affinities and the summaries."""

import torch

from ..forms import WORDS, Form
from ..operations import masked_softmax
from . import folding


def transposed(x):
    return x.transpose(1, 2)


class Folded(Form):
    """Base of the serving forms: a query carries `keys`, its features mapped into the other side's space, so
    that one product with the bank's features gives every affinity at once. No stored record carries them.

    A caption query's keys are k_rw = w M_r^T, q_wr = w M_w and, where `inner` asks for S = v w^T, w itself:
    [T, K, D]. An image query's are v M_r, v M_w^T and v: [R, K, D].
    """

    def __init__(self, scorer, regions, max_tokens, fast, half, inner=False):
        super().__init__(half)
        self.fast = fast
        self.max_tokens = max_tokens
        self.embed_size = scorer.embed_size
        self.inner = inner
        to_regions, to_words = folding.affinities(scorer)
        self.two_affinities = to_words is not None
        self.keep("caption_keys", torch.cat((to_regions.t(), to_words), 1) if self.two_affinities
                  else to_regions.t())
        self.keep("image_keys", torch.cat((to_regions, to_words.t()), 1) if self.two_affinities
                  else to_regions)
        self.image_fields = [("v", (regions, self.embed_size))]
        self.caption_fields = [("w", (WORDS, self.embed_size))]

    def keep(self, name, x):
        """Registers a folded weight in the scorer's type, and beside it in float32 for the encoders, which
        stay in float32: they run once an item, and a record is then rounded once."""
        self.register_buffer(name, folding.rounded(x, self.math.half))
        self.register_buffer("exact_" + name, folding.rounded(x, False))

    def keys(self, x, matrix):
        """[..., D] -> [..., K, D]."""
        mapped = self.math.linear(x, matrix)
        mapped = mapped.reshape(*x.shape[:-1], -1, self.embed_size)
        return torch.cat((mapped, x.unsqueeze(-2)), dim=-2) if self.inner else mapped

    def image_query(self, image):
        return {"keys": self.keys(image["v"], self.image_keys)}

    def caption_query(self, caption):
        return {"keys": self.keys(caption["w"], self.caption_keys)}

    def attentions(self, image, caption, mask):
        """a_r [P, R, T] over words, a_w [P, T, R] over regions, and S [P, R, T], from whichever side was the
        query; S is None unless `inner`."""
        v, w = image["v"], caption["w"]
        pairs, regions, words = v.shape[0], v.shape[1], w.shape[1]
        # Images on the left either way: fewer columns on the right to lay out for the product.
        if "keys" in caption:
            right = caption["keys"].reshape(pairs, -1, self.embed_size)
            products = self.math.wide(self.math.product(v, transposed(right))).reshape(pairs, regions, words, -1)
            affinities = [products[..., k] for k in range(caption["keys"].shape[2])]
        else:
            left = image["keys"].reshape(pairs, -1, self.embed_size)
            products = self.math.wide(self.math.product(left, transposed(w))).reshape(pairs, regions, -1, words)
            affinities = [products[:, :, k] for k in range(image["keys"].shape[2])]
        a_r = masked_softmax(affinities[0], mask.unsqueeze(1))
        a_w = torch.softmax(transposed(affinities[1 if self.two_affinities else 0]), dim=-1)
        return a_r, a_w, affinities[-1] if self.inner else None

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

    def hidden_weights(self, hidden, like, mask=None):
        """[P * N, D] after the ReLU -> [P, 1, N] float32 weights; `like` is any tensor [P, N, ...]."""
        e = self.math.wide(self.math.rows(hidden, self.second, self.second_bias))
        e = e.reshape(like.shape[0], like.shape[1], -1).transpose(1, 2)
        weights = torch.softmax(e, dim=-1) if mask is None else masked_softmax(e, mask.unsqueeze(1))
        return weights.mean(dim=1, keepdim=True)

    def forward(self, x, mask=None):
        """[P, N, D] -> [P, D] float32. Rows stay flat from the first layer to the second."""
        rows = x.reshape(-1, x.shape[-1])
        hidden = self.math.relu(self.math.rows(rows, self.first, self.first_bias))
        weights = self.hidden_weights(hidden, x, mask)
        return self.math.wide(self.math.product(weights, x)).squeeze(1)
