"""CAMP's scorers as published, under the authors' parameter names, so that a checkpoint's state loads as it is.

Every scorer takes gathered pairs, `v [P, R, D]`, `w [P, T, D]`, `lengths [P]`, and returns `[P]`. All are
differentiable and may be trained; `logits` is the value before the sigmoid, where there is one, and `parts` is that
with what it was made of.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from ...numbers.operations import Product, l2, masked_softmax, mean_of, region_mask, softmax_of, word_mask
from .ablations import ABLATIONS
from .parts import Messages, Parts, Side

FUSIONS = ("concat", "sum")
SUMMARIES = ("attention", "mean")

# Which systems come with several fusions or summaries; their bundles say which as `variant`.
WITH_FUSION = ("camp-gate-fusion", "camp-gate-fusion-new")
WITH_SUMMARY = ("camp-cross-attention", "camp-cross-attention-new")
PAPER = "camp-paper"

# To how many positions the authors pad every caption. A plain mean counts them all.
PADDED_POSITIONS = 50


class Summary(nn.Module):
    """[P, N, D] -> [P, D]: `heads` attention-weighted sums over the positions, averaged. With it, its weights.

    The average of the weighted sums is one weighted sum with the averaged weights.
    """

    def __init__(self, embed_size: int, heads: int = 4) -> None:
        super().__init__()
        self.linear = nn.Sequential(
            nn.Linear(embed_size, embed_size), nn.ReLU(), nn.Linear(embed_size, heads))
        self.product = Product()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The summary and its weights [P, 1, N]. `mask [P, N]`: true where a position counts, None if everywhere."""
        e = self.linear(x)
        weights = torch.softmax(e, dim=1) if mask is None else masked_softmax(e, mask.unsqueeze(-1), dim=1)
        weights = weights.mean(dim=-1).unsqueeze(1)
        return self.product(weights, x).squeeze(1), weights


def mean_weights(lengths: Tensor, positions: int) -> Tensor:
    """[P] lengths -> [P, T + 1]: how much each word weighs in a mean over the authors' padded caption, and, last, all
    its padding together. A caption longer than that has none."""
    padding = (PADDED_POSITIONS - lengths).clamp(min=0)
    counts = torch.cat((word_mask(lengths, positions).float(), padding.float().unsqueeze(1)), dim=1)
    return counts / (lengths + padding).float().unsqueeze(1)


class PairScorer(nn.Module):
    """What the variants share. `probability` says whether the score is a sigmoid of `logits`, `attends` whether words
    attend to regions."""

    probability = True
    attends = True

    def __init__(self, embed_size: int) -> None:
        super().__init__()
        self.embed_size = embed_size
        self.product = Product()

    def affinity(self, query: Tensor, key: Tensor) -> Tensor:
        """[P, A, D], [P, B, D] -> [P, A, B], scaled by the root of the width."""
        return self.product(query, key.transpose(1, 2)) / math.sqrt(query.shape[-1])

    def parts(self, v: Tensor, w: Tensor, lengths: Tensor, counts: Tensor | None = None) -> Parts:
        raise NotImplementedError

    def logits(self, v: Tensor, w: Tensor, lengths: Tensor, counts: Tensor | None = None) -> Tensor:
        return self.parts(v, w, lengths, counts).logits

    def forward(self, v: Tensor, w: Tensor, lengths: Tensor, counts: Tensor | None = None) -> Tensor:
        x = self.logits(v, w, lengths, counts)
        return torch.sigmoid(x) if self.probability else x


class SharedKeys(PairScorer):
    """One projection a side, used as query and as key: `gate_fusion` and `cross_attention`."""

    def __init__(self, embed_size: int) -> None:
        super().__init__(embed_size)
        self.img_key_fc = nn.Linear(embed_size, embed_size, bias=False)
        self.txt_key_fc = nn.Linear(embed_size, embed_size, bias=False)

    def messages(self, v: Tensor, w: Tensor, mask: Tensor,
                 regions: Tensor | None = None) -> tuple[Messages, Messages]:
        """To regions and to words."""
        affinity = self.affinity(self.img_key_fc(v), self.txt_key_fc(w))
        to_regions = masked_softmax(affinity, mask.unsqueeze(1))
        to_words = softmax_of(affinity.transpose(1, 2), regions)
        return (Messages(self.product(to_regions, w), (to_regions,)),
                Messages(self.product(to_words, v), (to_words,)))


class RefinedMessages(PairScorer):
    """Queries and keys apart, and a self-attention among the messages: the `_new` variants."""

    def __init__(self, embed_size: int) -> None:
        super().__init__(embed_size)
        for side in ("img", "txt", "weighted_img", "weighted_txt"):
            setattr(self, side + "_key_fc", nn.Linear(embed_size, embed_size, bias=False))
            setattr(self, side + "_query_fc", nn.Linear(embed_size, embed_size, bias=False))

    def messages(self, v: Tensor, w: Tensor, mask: Tensor,
                 regions: Tensor | None = None) -> tuple[Messages, Messages]:
        """To regions and to words."""
        columns = mask.unsqueeze(1)
        to_regions = masked_softmax(self.affinity(self.img_query_fc(v), self.txt_key_fc(w)), columns)
        to_words = softmax_of(self.affinity(self.txt_query_fc(w), self.img_key_fc(v)), regions)
        m_r, m_w = self.product(to_regions, w), self.product(to_words, v)
        # Messages to regions are made of words, hence `weighted_txt`; and the other way round.
        among_regions = softmax_of(
            self.affinity(self.weighted_txt_query_fc(m_r), self.weighted_txt_key_fc(m_r)), regions)
        among_words = masked_softmax(
            self.affinity(self.weighted_img_query_fc(m_w), self.weighted_img_key_fc(m_w)), columns)
        return (Messages(self.product(among_regions, m_r), (to_regions, among_regions)),
                Messages(self.product(among_words, m_w), (to_words, among_words)))


def _fuse(x, message, concat):
    return torch.cat((x, message), dim=-1) if concat else x + message


class _Gated:
    """The gate and the head of both gate fusions, mixed into the two kinds of messages."""

    def build(self, embed_size: int, fusion: str, bias: bool, dropout: float) -> None:
        if fusion not in FUSIONS:
            raise ValueError(f"fusion must be {' or '.join(FUSIONS)}, not {fusion!r}")
        self.concat = fusion == "concat"
        width = 2 * embed_size if self.concat else embed_size
        for name in ("fc_1", "fc_2"):
            layer = nn.Linear(width, embed_size, bias=bias)
            setattr(self, name, nn.Sequential(layer, nn.ReLU(), nn.Dropout(dropout)))
        self.fc_out = nn.Sequential(
            nn.Linear(width, embed_size), nn.ReLU(), nn.Dropout(dropout), nn.Linear(embed_size, 1))

    def gated(self, x: Tensor, message: Tensor, fuse_layer: nn.Module) -> tuple[Tensor, Tensor]:
        """[P, N, D] twice -> [P, N, D] and the gates [P, N, 1]: one a position, closed where the two disagree."""
        gate = torch.sigmoid((x * message).sum(dim=-1, keepdim=True))
        return fuse_layer(_fuse(x, message, self.concat) * gate) + x, gate

    def head(self, r: Tensor, t: Tensor) -> Tensor:
        return self.fc_out(_fuse(r, t, self.concat)).squeeze(-1)


class GateFusion(_Gated, SharedKeys):
    """`gate_fusion`: the authors' first form."""

    def __init__(self, embed_size: int, fusion: str = "concat", heads: int = 4, dropout: float = 0.0) -> None:
        super().__init__(embed_size)
        self.build(embed_size, fusion, True, dropout)
        self.reduce_layer_1 = Summary(embed_size, heads)
        self.reduce_layer_2 = Summary(embed_size, heads)

    def parts(self, v: Tensor, w: Tensor, lengths: Tensor, counts: Tensor | None = None) -> Parts:
        mask, regions = word_mask(lengths, w.shape[1]), region_mask(counts, v)
        to_regions, to_words = self.messages(v, w, mask, regions)
        fused_v, gate_v = self.gated(v, to_regions.received, self.fc_1)
        r, weights_v = self.reduce_layer_1(fused_v, regions)
        fused_w, gate_w = self.gated(w, to_words.received, self.fc_2)
        t, weights_w = self.reduce_layer_2(fused_w, mask)
        return Parts(self.head(r, t), Side(to_regions.attentions, gate_v, weights_v),
                     Side(to_words.attentions, gate_w, weights_w))


class GateFusionNew(_Gated, RefinedMessages):
    """`gate_fusion_new`: the form of the released Flickr30K checkpoint, with fusion `concat`."""

    def __init__(self, embed_size: int, fusion: str = "concat", heads: int = 4, dropout: float = 0.0) -> None:
        super().__init__(embed_size)
        self.build(embed_size, fusion, False, dropout)
        self.final_reduce_1 = Summary(embed_size, heads)
        self.final_reduce_2 = Summary(embed_size, heads)

    def parts(self, v: Tensor, w: Tensor, lengths: Tensor, counts: Tensor | None = None) -> Parts:
        mask, regions = word_mask(lengths, w.shape[1]), region_mask(counts, v)
        to_regions, to_words = self.messages(v, w, mask, regions)
        fused_v, gate_v = self.gated(v, l2(to_regions.received), self.fc_1)
        r, weights_v = self.final_reduce_1(fused_v, regions)
        fused_w, gate_w = self.gated(w, l2(to_words.received), self.fc_2)
        t, weights_w = self.final_reduce_2(fused_w, mask)
        return Parts(self.head(l2(r), l2(t)), Side(to_regions.attentions, gate_v, weights_v),
                     Side(to_words.attentions, gate_w, weights_w))


class _Compared:
    """No fusion: the score is the inner product of the two summarised messages, in -1 to 1."""

    probability = False

    def build(self, embed_size: int, heads: int, summary: str) -> None:
        self.averages = summary == "mean"
        if not self.averages:
            self.reduce_layer_1 = Summary(embed_size, heads)
            self.reduce_layer_2 = Summary(embed_size, heads)

    def parts(self, v: Tensor, w: Tensor, lengths: Tensor, counts: Tensor | None = None) -> Parts:
        r, t, *sides = self.averaged(v, w, lengths, counts) if self.averages \
            else self.summarised(v, w, lengths, counts)
        return Parts((l2(r) * l2(t)).sum(dim=-1), *sides)

    def summarised(self, v: Tensor, w: Tensor, lengths: Tensor,
                   counts: Tensor | None) -> tuple[Tensor, Tensor, Side, Side]:
        mask, regions = word_mask(lengths, w.shape[1]), region_mask(counts, v)
        to_regions, to_words = self.messages(v, w, mask, regions)
        r, weights_v = self.reduce_layer_1(to_regions.received, regions)
        t, weights_w = self.reduce_layer_2(to_words.received, mask)
        return r, t, Side(to_regions.attentions, None, weights_v), Side(to_words.attentions, None, weights_w)

    def averaged(self, v: Tensor, w: Tensor, lengths: Tensor,
                 counts: Tensor | None) -> tuple[Tensor, Tensor, Side, Side]:
        """Plain means, as the authors' own recipe trains: of the words' messages over all `PADDED_POSITIONS`.

        A padded word's feature is zero. Nothing attends to it, but it receives a message: all padded words the same,
        so that one of them, a row of zeros behind the caption, stands for all. Attentions have that word as well.
        """
        regions = region_mask(counts, v)
        to_regions, to_words = self.messages(v, pad(w, (0, 0, 0, 1)), word_mask(lengths, w.shape[1] + 1), regions)
        weights = mean_weights(lengths, w.shape[1]).unsqueeze(1)
        return (mean_of(to_regions.received, regions), self.product(weights, to_words.received).squeeze(1),
                Side(to_regions.attentions, None, None), Side(to_words.attentions, None, None))


class CrossAttention(_Compared, SharedKeys):
    """`cross_attention`: the authors' pre-training stage."""

    def __init__(self, embed_size: int, heads: int = 4, summary: str = "attention") -> None:
        super().__init__(embed_size)
        self.build(embed_size, heads, summary)


class CrossAttentionNew(_Compared, RefinedMessages):
    """`cross_attention_new`: as above with refined messages, before their normalisation."""

    def __init__(self, embed_size: int, heads: int = 4, summary: str = "attention") -> None:
        super().__init__(embed_size)
        self.build(embed_size, heads, summary)


class Paper(PairScorer):
    """The model of the paper's equations 1 to 13: a gate per channel, one scalar attention a side. `ablation`: which of
    its steps is left out or exchanged."""

    def __init__(self, embed_size: int, hidden: int, ablation: str = "none") -> None:
        super().__init__(embed_size)
        self.steps = steps = ABLATIONS[ablation]
        self.attends, self.probability = steps.attention, steps.scorer
        if steps.attention:
            self.img_proj = nn.Linear(embed_size, hidden, bias=False)
            self.txt_proj = nn.Linear(embed_size, hidden, bias=False)
        if steps.fusion:
            width = 2 * embed_size if steps.fusion == "concat" else embed_size
            self.fuse_img = nn.Linear(width, embed_size)
            self.fuse_txt = nn.Linear(width, embed_size)
        if steps.pooling:
            self.agg_img = nn.Linear(embed_size, 1)
            self.agg_txt = nn.Linear(embed_size, 1)
        if steps.scorer:
            self.mlp_hidden = nn.Linear(embed_size, embed_size)
            self.mlp_out = nn.Linear(embed_size, 1)

    def messages(self, v: Tensor, w: Tensor, mask: Tensor,
                 regions: Tensor | None = None) -> tuple[Messages, Messages]:
        """Equations 1 to 4: to regions and to words."""
        if not self.attends:
            return (Messages(mean_of(w, mask).unsqueeze(1).expand_as(v)),
                    Messages(mean_of(v, regions).unsqueeze(1).expand_as(w)))
        affinity = self.affinity(self.img_proj(v), self.txt_proj(w))
        over_words = masked_softmax(affinity, mask.unsqueeze(1))
        over_regions = softmax_of(affinity.transpose(1, 2), regions)
        return (Messages(self.product(over_words, w), (over_words,)),
                Messages(self.product(over_regions, v), (over_regions,)))

    def fused(self, x: Tensor, message: Tensor, layer: str) -> tuple[Tensor, Tensor | None]:
        """Equations 5 to 8, and the gates [P, N, D]; the residual keeps what the gate shut out."""
        steps = self.steps
        if not steps.fusion:
            return message, None
        gates = torch.sigmoid(x * message) if steps.gate else None
        gate = 1.0 if gates is None else gates
        if steps.fusion == "concat":
            z = torch.cat((gate * x, gate * message), dim=-1)
        else:
            z = gate * (x + message if steps.fusion == "sum" else x * message)
        fused = torch.relu(getattr(self, layer)(z))
        return fused + x if steps.residual else fused, gates

    def pooled(self, x: Tensor, layer: str, mask: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Equations 9 and 10: [P, N, D] -> [P, D], and the weights [P, 1, N]."""
        if not self.steps.pooling:
            return mean_of(x, mask), None
        e = (getattr(self, layer)(x) / math.sqrt(self.embed_size)).transpose(1, 2)
        weights = torch.softmax(e, dim=-1) if mask is None else masked_softmax(e, mask.unsqueeze(1))
        return self.product(weights, x).squeeze(1), weights

    def parts(self, v: Tensor, w: Tensor, lengths: Tensor, counts: Tensor | None = None) -> Parts:
        mask, regions = word_mask(lengths, w.shape[1]), region_mask(counts, v)
        to_regions, to_words = self.messages(v, w, mask, regions)
        fused_v, gate_v = self.fused(v, to_regions.received, "fuse_img")
        r, weights_v = self.pooled(fused_v, "agg_img", regions)
        fused_w, gate_w = self.fused(w, to_words.received, "fuse_txt")
        t, weights_w = self.pooled(fused_w, "agg_txt", mask)
        logits = self.mlp_out(torch.relu(self.mlp_hidden(r + t))).squeeze(-1) if self.steps.scorer \
            else (l2(r) * l2(t)).sum(dim=-1)
        return Parts(logits, Side(to_regions.attentions, gate_v, weights_v),
                     Side(to_words.attentions, gate_w, weights_w))


def build_scorer(system: str, embed_size: int, variant: Mapping[str, str] | None = None, hidden: int | None = None,
                 heads: int = 4, dropout: float = 0.0) -> PairScorer:
    """The scorer module of a `system` and its `variant`, as bundle.json names them."""
    chosen = variant or {}
    if system == PAPER:
        return Paper(embed_size, hidden or embed_size, chosen.get("ablation", "none"))
    if system in WITH_FUSION:
        kind = GateFusion if system == "camp-gate-fusion" else GateFusionNew
        return kind(embed_size, chosen.get("fusion", FUSIONS[0]), heads, dropout)
    if system in WITH_SUMMARY:
        kind = CrossAttention if system == "camp-cross-attention" else CrossAttentionNew
        return kind(embed_size, heads, chosen.get("summary", SUMMARIES[0]))
    raise ValueError(f"unknown system {system!r}")
