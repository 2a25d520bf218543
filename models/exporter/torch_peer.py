#!/usr/bin/env python3
"""Times the authors' form of a scorer in PyTorch, as the peer that the service is compared with.

    ./torch_peer.py --device cuda --pairs 256,1024 --words 16

Prints one JSON document. Pairs a second are of batches that lie on the device already: features in, scores out, no
gathering, no encoding, no copy of the scores, all in favour of the peer. Weights are random; speed does not depend
on them. Works with PyTorch 1.13 and 2, without a network.
"""

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import torch  # noqa: E402

from retrieval_exporter import registry  # noqa: E402
from retrieval_exporter.system import Sizes, System  # noqa: E402


def whole_numbers(text: str) -> list[int]:
    """1,2,3 -> [1, 2, 3], each at least 1."""
    values = [int(part) for part in text.split(",")]
    if min(values) < 1:
        raise ValueError(text)
    return values


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    p = argparse.ArgumentParser(prog="torch_peer.py", description="Times the authors' scorer in PyTorch.")
    p.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    p.add_argument("--system", choices=registry.names(), default=registry.names()[0])
    p.add_argument("--embed-size", type=int, default=1024)
    p.add_argument("--regions", type=int, default=36)
    p.add_argument("--words", type=int, default=14, help="words of every caption, both markers included")
    p.add_argument("--pairs", type=whole_numbers, default=[32, 256], metavar="N,N",
                   help="pairs of a batch; each is timed")
    p.add_argument("--type", choices=("float32", "tf32", "bfloat16"), default="float32",
                   help="float32 is exact; tf32 lets a GPU round its factors; bfloat16 converts weights and features")
    p.add_argument("--repetitions", type=int, default=10, help="timed batches of each size, after two to warm up")
    p.add_argument("--threads", type=int, default=0, help="on a CPU; 0 leaves it to PyTorch")
    return p.parse_args(argv)


def random_system(options: argparse.Namespace) -> System:
    """Of the encoders only the shapes of their features matter: they are as small as they may be."""
    torch.manual_seed(1)
    sizes = Sizes(options.embed_size, image_size=1, word_size=1, vocabulary_size=4, regions=options.regions)
    return registry.named(options.system).random(options.system, sizes, {})


def measure(system: System, pairs: int, options: argparse.Namespace, device: torch.device,
            kind: torch.dtype) -> list[float]:
    """Seconds of every repetition."""
    generator = torch.Generator().manual_seed(5)
    words = torch.full((1,), options.words)
    shapes = (system.regions(torch.zeros(1, options.regions, 1)).shape,
              system.words(torch.zeros(1, options.words, dtype=torch.int64), words).shape)
    v, w = (torch.randn(pairs, *shape[1:], generator=generator).to(device, kind) for shape in shapes)
    scorer = system.scorer.to(device, kind)
    lengths = words.expand(pairs).to(device)
    seconds = []
    for repetition in range(options.repetitions + 2):
        started = time.perf_counter()
        scores = scorer(v, w, lengths)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        if repetition >= 2:
            seconds.append(time.perf_counter() - started)
    if not bool(torch.isfinite(scores).all()):
        raise SystemExit("torch_peer.py: scores are not finite; nothing was measured")
    return seconds


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print(f"error: this PyTorch, {torch.__version__}, sees no CUDA device", file=sys.stderr)
        return 2
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = options.type == "tf32"
    kind = torch.float32 if options.type == "tf32" else getattr(torch, options.type)
    system = random_system(options)
    rows = []
    with torch.no_grad():
        for pairs in options.pairs:
            seconds = measure(system, pairs, options, device, kind)
            rows.append({"pairs": pairs, "pairsPerSecond": pairs / statistics.median(seconds),
                         "least": pairs / max(seconds), "most": pairs / min(seconds)})
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    print(json.dumps({
        "torch": str(torch.__version__), "device": str(device), "name": name, "type": options.type,
        "threads": torch.get_num_threads(), "system": options.system, "embedSize": options.embed_size,
        "regions": options.regions, "words": options.words, "repetitions": options.repetitions,
        "batches": rows, "best": max(row["pairsPerSecond"] for row in rows)}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
