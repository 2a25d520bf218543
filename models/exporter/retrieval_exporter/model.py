"""A matching model put together: from a checkpoint and its options, or with random weights."""

from dataclasses import dataclass

import torch

from . import checkpoints, coarse, vocabulary
from .camp import SYSTEMS
from .camp.published import build_scorer
from .encoders import RegionEncoder, WordEncoder
from .errors import ExportError

FUSIONS = ("concat", "sum")

# Random weights: an untrained model at its usual initialisation gives every pair nearly the same score. These
# gains let scores differ by some hundredths, so that comparing two exports of it compares something.
_GAINS = (("embed.weight", 3.0), ("linear.0.weight", 3.0), ("linear.2.weight", 3.0),
          ("fc_out.0.weight", 2.0), ("fc_out.3.weight", 3.0), ("mlp_out.weight", 2.0))


@dataclass
class Model:
    """Everything of a bundle that does not depend on the form it is exported in."""

    system: str
    variant: dict
    regions: RegionEncoder
    words: WordEncoder
    scorer: torch.nn.Module
    coarse: torch.nn.Module
    vocabulary: list

    @property
    def embed_size(self):
        return self.scorer.embed_size

    @property
    def region_width(self):
        return self.regions.fc.in_features

    def scores(self, v, w, lengths):
        """All pairs in the published form: [I, R, D], [C, T, D], [C] -> [I, C]."""
        return torch.stack([self.scorer(image.expand(len(w), -1, -1), w, lengths) for image in v])


def from_checkpoint(path, config=None, vocabulary_path=None, coarse_path=None):
    """Reads a checkpoint in the published layout. `config` overrides its options; sizes come from the weights,
    and options that contradict them are an error."""
    checkpoint = checkpoints.read(path)
    stored = checkpoint.get("opt")
    options = dict(stored) if isinstance(stored, dict) else {}
    options.update(config or {})
    image_state, text_state, scorer_state = checkpoints.state_dicts(checkpoint, path, 3)
    system = _system(options, scorer_state, path)
    width, embed_size = _shape(image_state, "fc.weight", path, "image encoder")[::-1]
    rows, word_size = _shape(text_state, "embed.weight", path, "text encoder")
    for option, size in (("img_dim", width), ("embed_size", embed_size), ("vocab_size", rows),
                         ("word_dim", word_size)):
        if option in options and options[option] != size:
            raise ExportError("%s: option %s is %r, but the weights say %d" % (path, option, options[option], size))

    bidirectional = bool(options.get("bi_gru", "rnn.weight_ih_l0_reverse" in text_state))
    regions = RegionEncoder(width, embed_size, normalise=not options.get("no_imgnorm", True))
    words = WordEncoder(rows, word_size, embed_size, bidirectional,
                        normalise=not options.get("no_txtnorm", True))
    variant = _variant(system, options, path)
    scorer = build_scorer(system, embed_size, variant.get("fusion"), _hidden(scorer_state, system, path),
                          _heads(scorer_state))
    checkpoints.load_state(regions, image_state, path, "image encoder")
    checkpoints.load_state(words, text_state, path, "text encoder")
    checkpoints.load_state(scorer, scorer_state, path, "scorer (%s)" % system)

    if vocabulary_path is None:
        listed = vocabulary.placeholders(rows)
    else:
        listed = vocabulary.read(vocabulary_path)
        vocabulary.check_size(listed, rows, vocabulary_path)
    if len(listed) < len(vocabulary.SPECIAL):
        raise ExportError("%s: an embedding table of %d rows has no room for the special words" % (path, rows))

    if coarse_path is not None:
        heads = coarse.heads_from_file(coarse_path, embed_size)
    elif isinstance(checkpoint.get("coarse"), dict):
        heads = coarse.heads_from(checkpoint["coarse"], embed_size, "%s, entry 'coarse'" % path)
    else:
        heads = coarse.Bilinear(scorer)
    return Model(system, variant, regions, words, scorer, heads, listed)


def random(system, embed_size, image_size, word_size, vocabulary_size, fusion="concat", seed=0, coarse_path=None):
    """Weights drawn from `seed`: for measurements and for trying the service out, not for retrieval."""
    for name, size in (("embed-size", embed_size), ("image-size", image_size), ("word-size", word_size)):
        if size < 1:
            raise ExportError("--%s must be at least 1" % name)
    if vocabulary_size < len(vocabulary.SPECIAL):
        raise ExportError("--vocabulary-size must be at least %d" % len(vocabulary.SPECIAL))
    torch.manual_seed(seed)
    variant = _variant(system, {"fusion_func": fusion}, "--fusion")
    regions = RegionEncoder(image_size, embed_size)
    words = WordEncoder(vocabulary_size, word_size, embed_size)
    scorer = build_scorer(system, embed_size, variant.get("fusion"))
    with torch.no_grad():
        for module in (regions, words, scorer):
            for name, parameter in module.named_parameters():
                if parameter.dim() == 2 and not name.startswith(("rnn.", "embed.")):
                    torch.nn.init.xavier_uniform_(parameter)
                parameter.mul_(next((gain for part, gain in _GAINS if part in name), 1.0))
    for module in (regions, words, scorer):
        module.eval()
    heads = coarse.heads_from_file(coarse_path, embed_size) if coarse_path else coarse.Bilinear(scorer)
    return Model(system, variant, regions, words, scorer, heads, vocabulary.placeholders(vocabulary_size))


def _system(options, scorer_state, path):
    measure = options.get("measure")
    if measure is None and "img_proj.weight" in scorer_state:
        return "camp-paper"
    system = "camp-" + str(measure).replace("_", "-")
    if measure is None or system not in SYSTEMS:
        known = ", ".join(sorted(name[5:].replace("-", "_") for name in SYSTEMS if name != "camp-paper"))
        raise ExportError("%s: option measure is %r; this exporter knows %s" % (path, measure, known))
    return system


def _variant(system, options, path):
    if system == "camp-paper" and options.get("fusion_activation", "relu") != "relu":
        raise ExportError("%s: option fusion_activation is %r, expected relu" % (path, options["fusion_activation"]))
    if "gate-fusion" not in system:
        return {}
    fusion = options.get("fusion_func")
    if fusion not in FUSIONS:
        raise ExportError("%s: option fusion_func is %r, expected concat or sum" % (path, fusion))
    return {"fusion": fusion}


def _shape(state, key, path, part):
    if key not in state or state[key].dim() != 2:
        raise ExportError("%s: the %s has no %s" % (path, part, key))
    return tuple(state[key].shape)


def _hidden(state, system, path):
    return _shape(state, "img_proj.weight", path, "scorer (%s)" % system)[0] if system == "camp-paper" else None


def _heads(state):
    """How many heads the summaries have; 4 in everything published."""
    for key, tensor in state.items():
        if key.endswith("_1.linear.2.weight") and tensor.dim() == 2:
            return tensor.shape[0]
    return 4
