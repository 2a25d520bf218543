"""The bundle with a ranking by logits that the service's tests load: random weights, slots for its embedding.

    /usr/bin/python3 tests/exporter/ranking_bundle.py tests/Fixtures/bundles/ranking-logit --force
    /usr/bin/python3 tests/exporter/ranking_bundle.py tests/Fixtures/bundles/ranking-logit-explained --force --explainer

write it, the second with an explainer. Its scores are near 1, many of them exactly 1 in float32, so that only logits tell them apart.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import torch

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models" / "exporter"))

from retrieval_exporter import model  # noqa: E402
from retrieval_exporter.cli import one_thread  # noqa: E402
from retrieval_exporter.coarse import Ranking, SlotWeights, files  # noqa: E402
from retrieval_exporter.settings import Settings  # noqa: E402
from retrieval_exporter.system import Sizes  # noqa: E402
from retrieval_exporter.writing import bundle  # noqa: E402

NAME = "ranking-logit"
EXPLAINED = "-explained"
RANKING = Ranking("logit", (3.0, 5.0), (4, 6))


def slots(size, count=4, width=4):
    """Random weights, of unit length so that both stages have a say in the order."""
    generator = torch.Generator().manual_seed(4)

    def normal(*shape):
        return torch.randn(*shape, generator=generator)

    return SlotWeights(3 * normal(count, size), 3 * normal(count, size), normal(count, size, width),
                       normal(count, size, width), 0.3 * normal(size), unit=True)


def built():
    """The model: scores of random weights, their logits spread out around 16."""
    with tempfile.TemporaryDirectory() as folder:
        coarse = Path(folder) / "coarse.npz"
        files.write(coarse, slots(16), RANKING)
        made = model.random("camp-gate-fusion-new", Sizes(16, 64, 8, 60), seed=3, coarse_path=coarse)
    last = made.system.scorer.fc_out[3]
    with torch.no_grad():
        last.weight.mul_(6)
        last.bias.fill_(7)
    return made


def write(out, force=False, explainer=False):
    with one_thread():
        bundle.write(built(), out, Settings(explainer=explainer), NAME + EXPLAINED * explainer, force)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--explainer", action="store_true")
    arguments = parser.parse_args()
    write(arguments.out, arguments.force, arguments.explainer)
