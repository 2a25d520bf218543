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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import torch  # noqa: E402

from retrieval_exporter.camp import SYSTEMS  # noqa: E402
from retrieval_exporter.camp.published import build_scorer  # noqa: E402


def whole_numbers(text):
    """1,2,3 -> [1, 2, 3], each at least 1."""
    values = [int(part) for part in text.split(",")]
    if min(values) < 1:
        raise ValueError(text)
    return values


def parse(argv):
    p = argparse.ArgumentParser(prog="torch_peer.py", description="Times the authors' scorer in PyTorch.")
    p.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    p.add_argument("--system", choices=SYSTEMS, default="camp-gate-fusion-new")
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


def measure(scorer, pairs, options, device, kind):
    """Seconds of every repetition."""
    generator = torch.Generator().manual_seed(5)

    def features(rows):
        return torch.randn(pairs, rows, options.embed_size, generator=generator).to(device, kind)

    v, w = features(options.regions), features(options.words)
    lengths = torch.full((pairs,), options.words, dtype=torch.int64, device=device)
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


def main(argv=None):
    options = parse(argv)
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("error: this PyTorch, %s, sees no CUDA device" % torch.__version__, file=sys.stderr)
        return 2
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = options.type == "tf32"
    kind = torch.float32 if options.type == "tf32" else getattr(torch, options.type)
    torch.manual_seed(1)
    scorer = build_scorer(options.system, options.embed_size).eval().to(device, kind)
    rows = []
    with torch.no_grad():
        for pairs in options.pairs:
            seconds = measure(scorer, pairs, options, device, kind)
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
