"""The model, and its checkpoint in the layout of the authors' code."""

from argparse import Namespace
from pathlib import Path

import torch
from torch import nn

from retrieval_exporter.reading import checkpoints
from retrieval_exporter.system import Sizes
from retrieval_exporter.systems.camp import Camp


class Model(nn.Module):
    """Encoders and scorer. Features are standardised on the way in; `save` folds that into the encoder."""

    def __init__(self, opt):
        super().__init__()
        self.opt = opt
        sizes = Sizes(opt.embed_size, opt.img_dim, opt.word_dim, opt.vocab_size)
        system = Camp.untrained("camp-" + opt.measure.replace("_", "-"), sizes, {"fusion": opt.fusion_func})
        self.image, self.text, self.scorer = system.regions, system.words, system.scorer
        self.register_buffer("mean", torch.zeros(opt.img_dim))
        self.register_buffer("scale", torch.ones(opt.img_dim))

    def regions(self, features):
        return self.image((features - self.mean) / self.scale)

    def standardise(self, features, keep_function=False):
        """Takes mean and scale from raw `features`. `keep_function`: a loaded encoder, which takes raw
        features, computes what it did before."""
        rows = features.reshape(-1, features.shape[-1]).float()
        self.mean, self.scale = rows.mean(dim=0), rows.std(dim=0) + 0.01
        if keep_function:
            with torch.no_grad():
                self.image.fc.bias += self.image.fc.weight @ self.mean
                self.image.fc.weight *= self.scale

    def save(self, path, epoch):
        weight = self.image.fc.weight.detach() / self.scale
        image = {"fc.weight": weight, "fc.bias": self.image.fc.bias.detach() - weight @ self.mean}
        parts = [image, self.text.state_dict(), self.scorer.state_dict()]
        parts = [{key: value.clone() for key, value in part.items()} for part in parts]
        partial = Path(str(path) + ".part")
        torch.save({"epoch": epoch, "model": parts, "opt": self.opt}, partial)
        partial.replace(path)


def options(img_dim, vocab_size, embed_size=128, word_dim=64):
    """The option names are those of the authors' training script."""
    return Namespace(img_dim=img_dim, vocab_size=vocab_size, embed_size=embed_size, word_dim=word_dim,
                     num_layers=1, bi_gru=True, no_imgnorm=True, no_txtnorm=True,
                     measure="gate_fusion_new", fusion_func="concat",
                     reduce_func="self_attn", data_name="scenes")


def load(path):
    """A model from a checkpoint that this code has written."""
    checkpoint = checkpoints.read(path)
    sizes = (checkpoint["opt"][name] for name in ("img_dim", "vocab_size", "embed_size", "word_dim"))
    model = Model(options(*sizes))
    for part, state in zip((model.image, model.text, model.scorer), checkpoint["model"]):
        part.load_state_dict(state)
    return model
