"""What a system shows of a pair."""

from collections.abc import Iterable

from torch import Tensor, nn

from .outputs import Output, checked


class Explainer(nn.Module):
    """From the features of pairs, as the published scorer takes them, to what their scores are made of, by the
    published mathematics. `outputs` says what there is."""

    def __init__(self, outputs: Iterable[Output]) -> None:
        super().__init__()
        self.outputs = checked(outputs)

    def forward(self, v: Tensor, w: Tensor, lengths: Tensor | None) -> tuple[Tensor, dict[str, Tensor]]:
        """Features of P images and captions and [P] lengths -> [P] logits, of a score that is no sigmoid the scores, and
        every output by its name, [P, ...axes]. "words" are the positions of w; behind a caption's length is anything."""
        raise NotImplementedError
