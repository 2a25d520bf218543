#!/bin/sh
# Regenerates the committed test split and the trained bundle. Numbers: ../README.md.
# Needs numpy, torch, nltk (no NLTK data); made with Python 3.11, numpy 1.24.2, torch 1.13.1, nltk 3.8.
set -eu
cd "$(dirname "$0")"
PYTHON=${PYTHON:-python3}
DATA=${DATA:-./data}          # train and dev splits, about 160 MB; not committed
WORKERS=${WORKERS:-2}

# torch is quicker with one thread a process here, and if large blocks are not returned to the system.
export OPENBLAS_NUM_THREADS=1 MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=8000000000

$PYTHON generate.py --split test --count 1000 --out corpus --workers "$WORKERS"
$PYTHON generate.py --split dev --count 500 --out "$DATA" --workers "$WORKERS"
$PYTHON generate.py --split train --count 10000 --out "$DATA" --workers "$WORKERS"

$PYTHON train.py --data "$DATA" --out checkpoint --threads 1 \
    --stages align:64:1500:2e-3:24,all:64:800:1e-3:24,hardest:96:6000:1e-3:24
$PYTHON train_coarse.py --data "$DATA" --checkpoint checkpoint
$PYTHON evaluate.py --data corpus --split test --checkpoint checkpoint

$PYTHON ../exporter/export.py --checkpoint checkpoint/model.pth --vocabulary checkpoint/vocabulary.json \
    --coarse checkpoint/coarse.npz --max-tokens 32 --name scenes-camp --out bundle --force
