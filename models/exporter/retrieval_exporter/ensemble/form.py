"""The form of an ensemble: every member's own, in one graph, its fields under a prefix."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from torch import Tensor, nn

from ..fields import Field
from ..form import Form
from ..settings import Settings
from .mean import mean_logit, mean_score


def _of_member(number: int, name: str) -> str:
    return f"m{number + 1}_{name}"


class EnsembleForm(Form):
    """A record holds the records of all members: field `v` of the first is `m1_v`. Where a bundle orders by logits,
    members give theirs."""

    def __init__(self, forms: Sequence[Form], weights: Sequence[float], settings: Settings) -> None:
        super().__init__(settings)
        self.members = nn.ModuleList(forms)
        self.weights = tuple(weights)
        self.image_fields, self.caption_fields = (
            [replace(field, name=_of_member(number, field.name))
             for number, form in enumerate(forms) for field in form.fields(side)]
            for side in ("image", "caption"))
        # One that wants a copy of a lone query for each pair gets it with the others.
        self.broadcasts = all(form.broadcasts for form in forms)

    def by_item(self, side: str, name: str) -> bool:
        prefix, _, own = name.partition("_")
        return self.members[int(prefix[1:]) - 1].by_item(side, own)

    def feature_fields(self, side: str) -> Sequence[Field]:
        return [replace(field, name=_of_member(i, field.name)) for i, form in enumerate(self.members)
                for field in form.feature_fields(side)]

    def features(self, side: str, record: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        return tuple(form.features(side, self._own(i, record)) for i, form in enumerate(self.members))

    def image_record(self, v: tuple[Tensor, ...]) -> dict[str, Tensor]:
        return self._together([form.image_record(x) for form, x in zip(self.members, v)])

    def caption_record_of(self, w: tuple[Tensor, ...], lengths: Tensor) -> dict[str, Tensor]:
        return self._together([form.caption_record_of(x, lengths) for form, x in zip(self.members, w)])

    def image_query(self, image: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return self._together([form.image_query(self._own(i, image)) for i, form in enumerate(self.members)])

    def caption_query(self, caption: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return self._together([form.caption_query(self._own(i, caption)) for i, form in enumerate(self.members)])

    def score(self, image: Mapping[str, Tensor], caption: Mapping[str, Tensor], lengths: Tensor | None,
              counts: Tensor | None = None) -> Tensor:
        scores = [form.score(self._own(i, image), self._own(i, caption), lengths if form.ragged else None,
                             **({"counts": counts} if form.is_ragged("image") else {}))
                  for i, form in enumerate(self.members)]
        return mean_logit(scores, self.weights) if self.logits else mean_score(scores, self.weights)

    def _own(self, number: int, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The tensors of one member, under its own names."""
        prefix = _of_member(number, "")
        return {name[len(prefix):]: x for name, x in tensors.items() if name.startswith(prefix)}

    def _together(self, records: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        return {_of_member(i, name): x for i, record in enumerate(records) for name, x in record.items()}
