"""Captions as ids, features as arrays, batches that keep twins together."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from nltk.tokenize.destructive import NLTKWordTokenizer
from scene_corpus.captions import CAPTIONS
from scene_corpus.corpus import read_captions, read_features, read_scenes

SPECIAL = ("<pad>", "<start>", "<end>", "<unk>")
MAX_TOKENS = 32


def tokenize(caption):
    return NLTKWordTokenizer().tokenize(caption.lower())


def build_vocabulary(captions):
    """word -> id; the four markers, then words by frequency."""
    counts = Counter(word for caption in captions for word in tokenize(caption))
    words = SPECIAL + tuple(sorted(counts, key=lambda word: (-counts[word], word)))
    return {word: index for index, word in enumerate(words)}


def write_vocabulary(path, word2idx):
    Path(path).write_text(json.dumps({
        "word2idx": word2idx, "idx2word": {str(index): word for word, index in word2idx.items()},
        "idx": len(word2idx)}, indent=0), encoding="utf-8")


def read_vocabulary(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))["word2idx"]


def encode_captions(captions, word2idx):
    """int64 ids [C, T], zero-padded, and lengths [C]; markers included, clipped at MAX_TOKENS."""
    rows = [[1] + [word2idx.get(word, 3) for word in tokenize(caption)][:MAX_TOKENS - 2] + [2]
            for caption in captions]
    ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    for row, tokens in zip(ids, rows):
        row[:len(tokens)] = tokens
    return torch.from_numpy(ids), torch.tensor([len(row) for row in rows])


class Split:
    """One split in memory: `features` float16 [N, 36, F], `ids` [5N, T], `lengths` [5N], `twin` [N] or -1."""

    def __init__(self, folder, name, word2idx=None, count=None):
        captions = read_captions(folder, name)
        self.features = torch.from_numpy(np.array(read_features(folder, name)[:count]))
        captions = captions[:len(self) * CAPTIONS]
        self.word2idx = word2idx or build_vocabulary(captions)
        self.ids, self.lengths = encode_captions(captions, self.word2idx)
        scenes = read_scenes(folder, name)[:len(self)]
        place = {scene.id: index for index, scene in enumerate(scenes)}
        self.twin = torch.tensor([place.get(scene.hard_negative_of, -1) for scene in scenes])

    def __len__(self):
        return len(self.features)

    def batch(self, size, regions, generator):
        """`size` images with one caption each. Scenes 2k and 2k + 1 come together, so twins meet."""
        first = 2 * torch.randperm(len(self) // 2, generator=generator)[:size // 2]
        images = torch.stack([first, first + 1], dim=1).flatten()
        which = torch.randint(CAPTIONS, (len(images) // 2,), generator=generator).repeat_interleave(2)
        features = self.features[images].float()
        if regions < features.shape[1]:
            order = torch.rand(features.shape[:2], generator=generator).argsort(dim=1)[:, :regions]
            features = features.gather(1, order.unsqueeze(-1).expand(-1, -1, features.shape[2]))
        rows = images * CAPTIONS + which
        lengths = self.lengths[rows]
        return features, self.ids[rows][:, :int(lengths.max())], lengths
