"""What the serving forms of CAMP share: attentions over folded affinities and the summaries."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ...fields import WORDS, Field
from ...form import Form
from ...numbers.arithmetic import Arithmetic
from ...numbers.integers import narrowed, signed_product, unsigned_product
from ...numbers.operations import masked_softmax, softmax_of
from ...settings import Settings
from . import folding
from .published import PairScorer, Summary


def transposed(x: Tensor) -> Tensor:
    return x.transpose(1, 2)


class Folded(Form):
    """Base of the serving forms: a query carries `key_r`, `key_w`, its features mapped into the other side's
    space, so that one product of its keys with the bank's features gives every affinity. No stored record
    carries them.

    A caption query's keys are k_rw = w M_r^T and q_wr = w M_w, [T, D] each; an image query's are v M_r and
    v M_w^T, [R, D]. Where one affinity serves both attentions there is `key_r` alone. `inner` asks for
    S = v w^T as well. A scorer whose words do not attend to regions has no keys.
    """

    def __init__(self, scorer: PairScorer, settings: Settings, inner: bool = False) -> None:
        super().__init__(settings)
        self.embed_size = scorer.embed_size
        self.fast = settings.fast
        self.max_tokens = settings.max_tokens
        self.inner = inner
        self.attends = scorer.attends
        if self.attends:
            to_regions, to_words = folding.affinities(scorer)
            self.two_affinities = to_words is not None
            self.keep("caption_keys", torch.cat((to_regions.t(), to_words), 1) if self.two_affinities
                      else to_regions.t())
            self.keep("image_keys", torch.cat((to_regions, to_words.t()), 1) if self.two_affinities
                      else to_regions)
        self.image_fields = [Field("v", (settings.region_rows, self.embed_size), wide=True)]
        self.caption_fields = [Field("w", (WORDS, self.embed_size), wide=True)]

    def keep(self, name: str, x: Tensor) -> None:
        """Registers a folded weight in the scorer's type, and beside it in float32 for the encoders, which
        stay in float32: they run once an item, and a record is then rounded once."""
        self.register_buffer(name, folding.rounded(x, self.math.half))
        self.register_buffer("exact_" + name, folding.rounded(x, False))

    def keys(self, x: Tensor, matrix: Tensor) -> dict[str, Tensor]:
        """[..., D] -> {"key_r", "key_w"}, each [..., D]."""
        mapped = self.math.linear(x, matrix)
        return dict(zip(("key_r", "key_w"), mapped.split(self.embed_size, dim=-1)))

    def image_query(self, image: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return self.keys(image["v"], self.image_keys) if self.attends else {}

    def caption_query(self, caption: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return self.keys(caption["w"], self.caption_keys) if self.attends else {}

    def attentions(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor],
                   mask: Tensor, regions: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """a_r [P, R, T] over words, a_w [P, T, R] over regions, and S [P, R, T], from whichever side was the
        query; S is None unless `inner`. `regions` [P, R] is true where there is a region, None if everywhere.

        The bank's features stand on the left: against one query, which is broadcast, a batched product is then
        a single one of P * R or P * T rows.
        """
        if "key_r" in caption:
            bank, query, own = image["v"], caption, "w"
        else:
            bank, query, own = caption["w"], image, "v"
        columns = [query["key_r"]] + ([query["key_w"]] if self.two_affinities else []) \
            + ([query[own]] if self.inner else [])
        products = [self.math.wide(self.math.product(bank, transposed(x))) for x in columns]
        to_regions, to_words = products[0], products[1 if self.two_affinities else 0]
        if own == "w":
            to_words = transposed(to_words)
        else:
            to_regions = transposed(to_regions)
        a_r = masked_softmax(to_regions, mask.unsqueeze(1))
        a_w = softmax_of(to_words, regions)
        if not self.inner:
            return a_r, a_w, None
        return a_r, a_w, products[-1] if own == "w" else transposed(products[-1])

    def padded_columns(self, gram: Tensor) -> Tensor:
        """[B, T, T] -> [B, T, max_tokens], the width in which a Gram matrix of words is stored."""
        return torch.nn.functional.pad(gram, (0, self.max_tokens - gram.shape[2]))

    def refined(self, attention: Tensor, gram: Tensor, mask: Tensor | None = None) -> Tensor:
        """[P, A, B] attention and [P, B, B] Gram matrix of what it attends to -> [P, A, B].

        softmax(a C a^T) a: the self-attention among messages, without ever forming a message.
        """
        logits = attention @ (gram @ transposed(attention))
        among = softmax_of(logits, mask)
        return among @ attention


class FoldedSummary(torch.nn.Module):
    """The summary of `published.Summary`, its heads averaged into one weight a position.

    In int8 the first layer is narrowed and the scales of its columns, which pass through the ReLU, are part of the
    second; `own` and `own_bias` are the first layer in those scales, for what records store.
    """

    def __init__(self, summary: Summary, math: Arithmetic) -> None:
        super().__init__()
        self.math = math
        first, second = summary.linear[0], summary.linear[2]
        matrix, bias = folding.matrix(first), first.bias.detach().double()
        # The second layer's bias is the same for every position, and a softmax does not see it.
        after = folding.matrix(second)
        if math.bytes:
            narrow, scale = narrowed(matrix)
            self.register_buffer("first", narrow)
            matrix, bias, after = matrix / scale, bias / scale, after * scale.unsqueeze(1)
            self.register_buffer("own", folding.rounded(matrix, False))
            self.register_buffer("own_bias", folding.rounded(bias, False))
        else:
            self.register_buffer("first", folding.rounded(matrix, math.half))
        self.register_buffer("first_bias", folding.rounded(bias, math.half))
        self.register_buffer("second", folding.rounded(after, math.half))

    def hidden_weights(self, hidden: Tensor, mask: Tensor | None = None) -> Tensor:
        """[P, N, D] after the ReLU -> [P, 1, N] float32 weights."""
        e = self.math.wide(self.math.linear(hidden, self.second)).transpose(1, 2)
        weights = softmax_of(e, mask)
        return weights.mean(dim=1, keepdim=True)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """[P, N, D] -> [P, D] float32."""
        mapped = signed_product(x, self.first) + self.first_bias if self.math.bytes \
            else self.math.linear(x, self.first, self.first_bias)
        weights = self.hidden_weights(self.math.relu(mapped), mask)
        return self.math.wide(self.math.product(weights, x)).squeeze(1)

    def of_parts(self, fused: Tensor, gate: Tensor, x: Tensor, own: Tensor, mask: Tensor | None = None) -> Tensor:
        """The summary of gate fused + x, in int8: fused [P, N, D], not negative, gate [P, N, 1], x [P, N, D] and
        own = x through the first layer, from the record. Only the first part is narrowed, and never formed."""
        hidden = torch.relu(unsigned_product(fused, self.first, gate) + own)
        weights = self.hidden_weights(hidden, mask)
        return ((weights * transposed(gate)) @ fused + weights @ x).squeeze(1)
