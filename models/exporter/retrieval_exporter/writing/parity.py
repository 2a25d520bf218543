"""parity.npz: inputs, and what the PyTorch model in its published form says of them."""

import numpy as np
import torch
from torch import Tensor

from ..errors import ExportError
from ..explaining import Explainer
from ..model import Model
from ..settings import Settings

IMAGES = 3
TOLERANCE = {"float32": 1e-5, "float16": 2e-3, "int8": 5e-3}
# Of an explainer's outputs, by how records are stored: it computes in float32 whatever the precision. Wider than a
# score's, for a trained model's attention is sharp, and a rounded feature turns it where two regions are alike.
EXPLAINER_TOLERANCE = {"float32": 1e-4, "float16": 2e-2, "int8": 2.5e-1}
RECORD_TOLERANCE = {"float32": 0, "float16": 2e-3, "int8": 1e-2}


def tolerance(precision: str, records: str) -> float:
    """Largest difference of a score that the precision of the arithmetic and of the records accounts for."""
    return max(TOLERANCE[precision], RECORD_TOLERANCE[records])


def region_counts(settings: Settings) -> list[int]:
    """Numbers of regions of the images: where they differ, from the fewest to the most there can be."""
    if settings.fewest_regions is None:
        return [settings.regions] * IMAGES
    return [settings.regions, settings.fewest_regions, (settings.fewest_regions + settings.regions) // 2]


def caption_lengths(max_tokens: int) -> list[int]:
    """Different lengths from the shortest caption there can be to the longest."""
    return sorted({min(max_tokens, length) for length in (2, 3, 6, 11, max_tokens)}, reverse=True)



def _explanations(model: Model, explainer: Explainer, images: Tensor, ids: Tensor,
                  lengths: Tensor) -> dict[str, np.ndarray]:
    """Every output for all pairs, [I, C, ...axes], with zeros behind a caption's length."""
    w = model.system.words(ids, lengths)
    seen = [explainer(model.system.regions(image.expand(len(ids), *image.shape)), w, lengths)[1] for image in images]
    return {f"explain.{output.name}": torch.stack([output.cut(one[output.name], lengths) for one in seen]).numpy()
            for output in explainer.outputs}


def make(model: Model, settings: Settings, explainer: Explainer | None = None, seed: int = 11) -> dict[str, np.ndarray]:
    """The arrays of parity.npz, by name. Regions are non-negative and sparse, as detector features are."""
    random = np.random.default_rng(seed)
    regions = np.maximum(random.normal(0.0, 1.0, (IMAGES, settings.regions, model.system.region_width)), 0.0)
    lengths = caption_lengths(settings.max_tokens)
    while len(lengths) < 4:
        lengths.append(lengths[-1])
    token_ids = np.zeros((len(lengths), lengths[0]), np.int64)
    for row, length in enumerate(lengths):
        token_ids[row, :length] = random.integers(0, len(model.vocabulary), length)
        token_ids[row, 0], token_ids[row, length - 1] = model.vocabulary.index("<start>"), \
            model.vocabulary.index("<end>")
    # Not in order of length: a reader must not get away with assuming it.
    order = random.permutation(len(lengths))
    token_ids, lengths = token_ids[order], np.array(lengths, np.int64)[order]
    counts = region_counts(settings)
    for row, count in enumerate(counts):
        regions[row, count:] = 0.0
    with torch.no_grad():
        images = torch.from_numpy(regions.astype(np.float32))
        ids, n = torch.from_numpy(token_ids), torch.from_numpy(lengths)
        w = model.system.words(ids, n)
        # Where numbers of regions differ every image is taken alone, without padding: nothing is masked then.
        alone = [images[row:row + 1, :count] for row, count in enumerate(counts)] if settings.ragged_regions else [images]
        features = [model.system.regions(part) for part in alone]
        scores = torch.cat([model.system.scores(v, w, n) for v in features])
        if not torch.isfinite(scores).all():
            raise ExportError(f"{model.system.title or model.system.name}: scores of random inputs are not finite: weights or "
                              "options are out of all bounds")
        embeddings = torch.cat([model.coarse.of_regions(part, v) for part, v in zip(alone, features)])
        return {
            "regions": regions.astype(np.float32),
            **({"region_counts": np.array(counts, np.int64)} if settings.ragged_regions else {}),
            "token_ids": token_ids,
            "lengths": lengths,
            "image_embedding": embeddings.numpy().astype(np.float32),
            "caption_embedding": model.coarse.of_tokens(ids, w, n).numpy().astype(np.float32),
            "scores": scores.numpy().astype(np.float32),
            **({} if explainer is None else _explanations(model, explainer, images, ids, n)),
        }
