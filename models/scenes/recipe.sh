#!/bin/sh
# Regenerates the committed test split, and trains a model and makes a bundle of the kind that is committed. Numbers and
# versions: ../README.md. Needs numpy, torch, nltk (no NLTK data). Corpus: bit for bit on the same versions. Training: bit
# for bit on the same versions, processor and one thread.
set -eu
cd "$(dirname "$0")"
PYTHON=${PYTHON:-python3}
DATA=${DATA:-./data}          # train and dev splits and both trainings, about 170 MB; not committed
WORKERS=${WORKERS:-2}

# One thread a process, and large blocks kept by the process: torch is quicker so on small cores.
export OPENBLAS_NUM_THREADS=1 MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=8000000000

$PYTHON generate.py --split test --count 1000 --out corpus --workers "$WORKERS"
$PYTHON generate.py --split dev --count 500 --out "$DATA" --workers "$WORKERS"
$PYTHON generate.py --split train --count 10000 --out "$DATA" --workers "$WORKERS"

# What both trainings have in common: twins in one batch, the hardest negative among six candidates, and a dev small enough
# for a model that has to score every pair of it.
train() {
    $PYTHON ../exporter/train.py --source "$DATA" --max-tokens 32 --batch 64 --schedule linear --warm-up 100 \
        --standardise --pairs-together --candidates 6 --dev-images 300 --dev-captions 1 --device cpu --threads 1 "$@"
}
# Cross attention alone, then the gates, first against drawn negatives, on 24 of the 36 regions drawn anew at every step.
train --out "$DATA/first" --system camp-gate-fusion-new --embed-size 128 --word-size 64 --least-count 1 --regions-drawn 24 \
    --pretraining-epochs 2 --pretraining-rate 2e-3 --epochs 2 --easy-epochs 1 --negatives-drawn 10 --rate 1e-3
# All 36 regions, with the loss of the embedding that looks for candidates in the encoders as well.
train --out "$DATA/second" --from "$DATA/first/model_best.pth.tar" --vocabulary "$DATA/first/vocabulary.json" \
    --pretraining-epochs 0 --epochs 2 --rate 6e-4 --embedding-weight 0.3 --every 200 --seed 2
cp "$DATA/second/model_best.pth.tar" checkpoint/model.pth
cp "$DATA/second/vocabulary.json" checkpoint/vocabulary.json
# The coarse embedding, and the order of hits by both stages.
$PYTHON ../exporter/fit_coarse.py --checkpoint checkpoint/model.pth --vocabulary checkpoint/vocabulary.json \
    --source "$DATA" --split train --dev dev --max-tokens 32 --dev-queries 2500 --dev-shortlist 100 --device cpu --threads 1 \
    --out checkpoint/coarse.npz --force
$PYTHON evaluate.py --data corpus --split test --checkpoint checkpoint --workers "$WORKERS" --full \
    > checkpoint/test_metrics.json
$PYTHON explain.py --data corpus --split test --checkpoint checkpoint > checkpoint/explanation.json

$PYTHON ../exporter/export.py --checkpoint checkpoint/model.pth --vocabulary checkpoint/vocabulary.json \
    --coarse checkpoint/coarse.npz --max-tokens 32 --name scenes-camp --out bundle --force
