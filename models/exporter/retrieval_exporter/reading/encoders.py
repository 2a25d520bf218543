"""The encoders that most systems share, from the state dictionaries of a checkpoint."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from ..encoders import RegionEncoder, WordEncoder
from ..errors import ExportError
from .checkpoints import Checkpoint, KeysDiffer, load_state
from .options import truth

# What is read here: the sizes, and how the features are made.
ENCODER_OPTIONS = frozenset(("img_dim", "embed_size", "vocab_size", "word_dim", "no_imgnorm", "no_txtnorm", "bi_gru",
                             "num_layers"))

# Of a GRU of one layer, in the second direction.
_REVERSE_WEIGHTS = 4


def encoders_of(checkpoint: Checkpoint, image_state: Mapping[str, Tensor], text_state: Mapping[str, Tensor], *,
                normalised: bool, rnn: str = "rnn") -> tuple[RegionEncoder, WordEncoder]:
    """A linear map of regions and a GRU over words, with their weights. Sizes come from the weights, and options that
    contradict them are an error.

    `normalised`: features have unit length where the options `no_imgnorm` and `no_txtnorm` say nothing. `rnn`: what the
    system's authors call the GRU.
    """
    path, options = checkpoint.path, checkpoint.options
    embed_size, width = shape(image_state, "fc.weight", path, "image encoder")
    rows, word_size = shape(text_state, "embed.weight", path, "text encoder")
    for option, size in (("img_dim", width), ("embed_size", embed_size), ("vocab_size", rows),
                         ("word_dim", word_size)):
        if option in options and options[option] != size:
            raise ExportError(f"{path}: option {option} is {options[option]!r}, but the weights say {size}")
    if options.get("num_layers", 1) != 1:
        raise ExportError(f"{path}: option num_layers is {options['num_layers']!r}, expected 1: GRUs of one layer are read")
    reverse = sum(key.startswith(rnn + ".") and key.endswith("_reverse") for key in text_state)
    both = truth(options, "bi_gru", path, reverse > 0)
    # Where only some of them are missing, it is told which.
    if both != (reverse > 0) and reverse in (0, _REVERSE_WEIGHTS):
        raise KeysDiffer(f"{path}: option bi_gru is {options['bi_gru']!r}, but the weights are of a GRU in "
                         f"{'both directions' if reverse else 'one direction'}")
    regions = RegionEncoder(width, embed_size, normalise=not truth(options, "no_imgnorm", path, not normalised))
    words = WordEncoder(rows, word_size, embed_size, both, normalise=not truth(options, "no_txtnorm", path, not normalised))
    renamed = {key.replace(rnn + ".", "rnn.", 1) if key.startswith(rnn + ".") else key: tensor
               for key, tensor in text_state.items()}
    load_state(regions, image_state, path, "image encoder")
    load_state(words, renamed, path, "text encoder")
    return regions, words


def shape(state: Mapping[str, Tensor], key: str, path: Path | str, part: str) -> tuple[int, ...]:
    """The sizes of a matrix that a part must have."""
    if key not in state or state[key].dim() != 2:
        raise KeysDiffer(f"{path}: the {part} has no {key}")
    if 0 in state[key].shape:
        raise ExportError(f"{path}: {key} of the {part} is empty: its shape is {list(state[key].shape)}")
    return tuple(state[key].shape)
