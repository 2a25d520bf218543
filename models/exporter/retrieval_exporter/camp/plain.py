"""The published form: records are the encoded features, the graph is the authors' computation as it stands."""

import copy

from ..arithmetic import halve_products
from ..forms import WORDS, Form
from ..operations import Product


class PublishedForm(Form):
    """Wraps any scorer of `published`. It is what serving forms are measured against, so a query's work is repeated for
    every pair as there."""

    broadcasts = False

    def __init__(self, scorer, regions, math, records):
        super().__init__(math, records, scorer.embed_size)
        self.scorer = halve_products(copy.deepcopy(scorer), Product) if math.half else scorer
        self.image_fields = [("v", (regions, scorer.embed_size))]
        self.caption_fields = [("w", (WORDS, scorer.embed_size))]

    def image_record(self, v):
        return {"v": v}

    def caption_record(self, w):
        return {"w": w}

    def score(self, image, caption, lengths):
        return self.scorer(self.math.wide(image["v"]), self.math.wide(caption["w"]), lengths)
