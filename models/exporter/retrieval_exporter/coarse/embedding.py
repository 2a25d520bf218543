"""What every coarse embedding is, and the means that most are made of."""

from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:
    from ..settings import Settings


def mean_regions(v: Tensor) -> Tensor:
    """[B, R, D] -> [B, D]. Features that are one vector an image already stay as they are."""
    return v if v.dim() == 2 else v.mean(dim=1)


def mean_words(w: Tensor, lengths: Tensor) -> Tensor:
    """[B, T, D] features, zero behind a caption's last word, and [B] lengths -> their mean [B, D]. Features that are
    one vector a caption already stay as they are."""
    return w if w.dim() == 2 else w.sum(dim=1) / lengths.to(w.dtype).unsqueeze(1)


class Coarse(nn.Module):
    """`source` is what bundle.json says of it, `width` the length of its vectors."""

    source: str
    width: int

    # Whether it was trained to find items by itself, so that it may also be the first stage of another model.
    standalone: bool = False

    def unsupported(self, settings: "Settings") -> str | None:
        """Why a bundle with it cannot be exported so, None if it can."""
        return None

    def image(self, v: Tensor) -> Tensor:
        """Features of B images -> [B, E]."""
        raise NotImplementedError

    def caption(self, w: Tensor, lengths: Tensor) -> Tensor:
        """Features and lengths of B captions -> [B, E]."""
        raise NotImplementedError

    def of_regions(self, regions: Tensor, v: Tensor) -> Tensor:
        """[B, R, W] regions and their features -> [B, E]. For an embedding that has an encoder of its own."""
        return self.image(v)

    def of_tokens(self, token_ids: Tensor, w: Tensor, lengths: Tensor) -> Tensor:
        """[B, T] ids, their features and lengths -> [B, E]. For an embedding that has an encoder of its own."""
        return self.caption(w, lengths)
