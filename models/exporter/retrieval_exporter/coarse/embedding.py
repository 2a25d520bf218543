"""What every coarse embedding is, and the means that most are made of."""

from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:
    from ..settings import Settings


def mean_regions(v: Tensor, counts: Tensor | None = None) -> Tensor:
    """[B, R, D] -> [B, D]. `counts`: the images' numbers of regions [B], behind which features are zeros; None if all
    have R. Features that are one vector an image already stay as they are."""
    if v.dim() == 2:
        return v
    return v.mean(dim=1) if counts is None else v.sum(dim=1) / counts.to(v.dtype).unsqueeze(1)


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

    # Whether images may have different numbers of regions.
    ragged: bool = False

    def unsupported(self, settings: "Settings") -> str | None:
        """Why a bundle with it cannot be exported so, None if it can."""
        return None

    def image(self, v: Tensor, counts: Tensor | None = None) -> Tensor:
        """Features of B images -> [B, E]. `counts` as of `mean_regions`; only an embedding that is `ragged` takes it."""
        raise NotImplementedError

    def caption(self, w: Tensor, lengths: Tensor) -> Tensor:
        """Features and lengths of B captions -> [B, E]."""
        raise NotImplementedError

    def of_regions(self, regions: Tensor, v: Tensor, counts: Tensor | None = None) -> Tensor:
        """[B, R, W] regions and their features -> [B, E]. For an embedding that has an encoder of its own."""
        return self.image(v) if counts is None else self.image(v, counts)

    def of_tokens(self, token_ids: Tensor, w: Tensor, lengths: Tensor) -> Tensor:
        """[B, T] ids, their features and lengths -> [B, E]. For an embedding that has an encoder of its own."""
        return self.caption(w, lengths)
