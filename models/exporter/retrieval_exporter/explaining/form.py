"""The explainer as a form, so that the text-to-image scorer gathers its pairs."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ..form import Form
from ..settings import Settings
from .explainer import Explainer


class ExplainerForm(Form):
    """Reads of another form's records the features alone, and is therefore the same for every form, profile and
    precision, but for how records are stored. It computes in float32."""

    broadcasts = False

    def __init__(self, form: Form, explainer: Explainer, probability: bool, settings: Settings) -> None:
        super().__init__(settings)
        self.image_fields, self.caption_fields = form.feature_fields("image"), form.feature_fields("caption")
        self.explainer, self.probability = explainer, probability
        self._features = form.features

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor],
              lengths: Tensor | None) -> tuple[Tensor, ...]:
        """As every form, and after it the explainer's outputs in their order, [P, ...axes]."""
        logits, seen = self.explainer(self._features("image", image), self._features("caption", caption), lengths)
        score = self.outcome(logits) if self.probability else logits
        return score, *(seen[output.name] for output in self.explainer.outputs)
