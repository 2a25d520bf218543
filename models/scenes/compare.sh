#!/bin/bash
# Trains every system on the scenes with about the same budget, and measures all of them. Results: ../README.md.
#
#   ./compare.sh                          # everything; stopped, the same command goes on
#   ./compare.sh --only scan-t2i          # trains that system alone; several times for several
#   ./compare.sh --ablations              # the ablations of CAMP's paper instead of the systems
#   ./compare.sh train | measure | table  # one step alone. What is not trained is left out of measure and table
#   ./compare.sh --so-far measure table   # with the best so far of trainings that were not finished
#
# Needs what recipe.sh needs, the splits that it makes (DATA), ../../retrieval, and matplotlib for the plot.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PYTHON=${PYTHON:-python3}
DATA=${DATA:-$here/data}
OUT=${OUT:-$here/comparison}  # trainings, bundles and results, about 60 MB; not committed
JOBS=${JOBS:-2}               # trainings at a time, of one thread each
QUERIES=${QUERIES:-1000}      # of each direction

# One thread a process, and large blocks kept by the process: torch is quicker so on small cores.
export OPENBLAS_NUM_THREADS=1 MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=8000000000

SYSTEMS="vsepp scan-t2i scan-i2t sgraf-saf sgraf-sgr camp-paper rdan camp-gate-fusion camp-cross-attention-new"
# The rest needs no training of its own: the committed checkpoint, and the mean of two.
OTHERS="camp-gate-fusion-new sgraf"
ABLATIONS="no-cross-attention no-gates no-residual no-fusion concat-fusion product-fusion mean-pooling joint-embedding"

names="$SYSTEMS $OTHERS" chosen="" steps="" one="" sofar=""
found=$OUT/results results=$here/compare.json plot=$here/compare.png page=$here/../README.md
while [ $# -gt 0 ]; do
    case $1 in
    --only) chosen="$chosen ${2:?--only takes the name of a system}"; shift ;;
    --so-far) sofar=yes ;;
    --ablations)
        names="camp-paper camp-paper-all-negatives"
        for ablation in $ABLATIONS; do names="$names camp-paper-$ablation"; done
        found=$OUT/results-of-ablations results=$here/ablations.json plot="" page="" ;;
    --one) one=$2; shift ;;  # what the step train calls for each
    train | measure | table) steps="$steps $1" ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift
done
steps=${steps:-train measure table}

# Options of a system's training beside the common ones. Losses are the papers'. The first epoch, or two, take all
# negatives, or some that are drawn: with so few steps there is no time to wait until the hardest ones teach something.
options() {
    case $1 in
    # A mean of regions hardly tells twins apart. With twins in a batch the hardest negative mostly is one, and when
    # the hardest ones began all scores became equal.
    vsepp) echo --epochs 12 --easy-epochs 2 ;;
    scan-*) echo --pairs-together --epochs 4 --easy-epochs 1 --negatives-drawn 10 --candidates 6 --every 391 ;;
    # A score in training depends on its batch, so all pairs of a batch are scored: small batches.
    sgraf-*) echo --pairs-together --epochs 2 --easy-epochs 1 --batch 16 --sim-dim 64 --every 781 ;;
    rdan) echo --pairs-together --epochs 2 --easy-epochs 1 --negatives-drawn 3 --candidates 3 --regions-drawn 18 \
        --every 391 ;;
    camp-cross-*) echo --pairs-together --epochs 2 --easy-epochs 1 --negatives-drawn 6 --candidates 6 \
        --regions-drawn 24 --every 391 ;;
    camp-*)
        echo --pairs-together --epochs 2 --regions-drawn 24 --every 391
        case $1 in
        *-all-negatives) echo --negatives all --negatives-drawn 10 ;;
        *) echo --easy-epochs 1 --negatives-drawn 10 --candidates 6 ;;
        esac
        # These two have none.
        case $1 in
        *-no-cross-attention | *-joint-embedding) ;;
        *) echo --pretraining-epochs 1 --pretraining-rate 1e-3 ;;
        esac ;;
    *) echo "compare.sh: no training of $1" >&2; exit 2 ;;
    esac
}

# camp-paper-no-gates -> --system camp-paper --ablation no-gates
system() {
    case $1 in
    camp-paper-all-negatives) echo --system camp-paper ;;
    camp-paper-*) echo --system camp-paper --ablation "${1#camp-paper-}" ;;
    *) echo --system "$1" ;;
    esac
}

finished() { [ -f "$OUT/trainings/$1/model_best.pth.tar" ] && [ ! -d "$OUT/trainings/$1/.state" ]; }

# Whether there is a checkpoint to measure.
there() { finished "$1" || { [ -n "$sofar" ] && [ -f "$OUT/trainings/$1/model_best.pth.tar" ]; }; }

# Appends the seconds of processor time to NAME.seconds, one line a process: a training may have been stopped.
train() {
    if finished "$1"; then return; fi
    mkdir -p "$OUT/trainings"
    echo "training $1, see $OUT/trainings/$1.log" >&2
    local TIMEFORMAT=%U
    { time $PYTHON "$here/../exporter/train.py" --source "$DATA" --out "$OUT/trainings/$1" $(system "$1") \
        --embed-size 128 --word-size 64 --least-count 1 --max-tokens 32 --batch 64 --rate 1e-3 --schedule linear \
        --warm-up 100 --standardise --patience 0 --dev-images 300 --dev-captions 1 --device cpu --threads 1 \
        $(options "$1") >> "$OUT/trainings/$1.log" 2>&1; } 2>> "$OUT/trainings/$1.seconds" ||
        { tail -n 1 "$OUT/trainings/$1.log" >&2; return 1; }
}

checkpoint() { echo "$OUT/trainings/$1/model_best.pth.tar"; }

# Prints the bundle's folder, or nothing if there is no checkpoint. First stages are slots without data, or VSE++'s
# features.
bundle() {
    local out=$OUT/bundles/$1 newest from words=$OUT/trainings/$1/vocabulary.json
    case $1 in
    camp-gate-fusion-new)
        newest=$here/checkpoint/model.pth words=$here/checkpoint/vocabulary.json
        from="--checkpoint $newest" ;;
    sgraf)
        there sgraf-sgr && there sgraf-saf || return 0
        from="--checkpoint $(checkpoint sgraf-sgr) --checkpoint $(checkpoint sgraf-saf)"
        newest=$(ls -t "$(checkpoint sgraf-sgr)" "$(checkpoint sgraf-saf)" | head -n 1)
        words=$OUT/trainings/sgraf-sgr/vocabulary.json ;;
    *) there "$1" || return 0; newest=$(checkpoint "$1") from="--checkpoint $newest" ;;
    esac
    [ "$out/bundle.json" -nt "$newest" ] || $PYTHON "$here/../exporter/export.py" $from --vocabulary "$words" \
        --max-tokens 32 --name "$1" --out "$out" --force >&2 || return
    echo "$out"
}

# Which shortlists are measured. SGRAF learns from what differs between words and regions, not from their inner products:
# slots that are made of these, without data, find next to nothing, so that its quality is that of a score of all pairs.
shortlists() {
    case $1 in
    sgraf*) echo 20,50,200,all ;;
    *) echo 20,50,200 ;;
    esac
}

# Recalls of each bundle once; pairs a second of all of them in one run, in turns.
measure() {
    local name out all="" new=""
    mkdir -p "$OUT/bundles" "$found"
    for name in $names; do
        out=$(bundle "$name")
        [ -n "$out" ] || continue
        all="$all $out"
        [ "$found/$name.json" -nt "$out/bundle.json" ] || new="$new $name"
    done
    for name in $new; do
        "$here/../../retrieval" evaluate --bundle "$OUT/bundles/$name" --source "$here/corpus" --split test \
            --queries "$QUERIES" --shortlist "$(shortlists "$name")" --json > "$found/$name.part"
        mv "$found/$name.part" "$found/$name.json"
    done
    [ -n "$all" ] || { echo "compare.sh: nothing is trained" >&2; exit 2; }
    all=${all//" $OUT"/ --against "$OUT"}
    "$here/../../retrieval" bench rerank --bundle ${all#* --against } --json > "$found/bench"
}

measured() { for name in $names; do [ ! -s "$found/$name.json" ] || echo "$name"; done; }

if [ -n "$one" ]; then train "$one"; exit; fi
for step in $steps; do
    case $step in
    train)
        untrained=""
        for name in ${chosen:-$names}; do
            case " $OTHERS " in *" $name "*) continue ;; esac
            options "$name" > /dev/null
            untrained="$untrained $name"
        done
        export OUT DATA PYTHON
        printf '%s\n' $untrained | xargs -r -P "$JOBS" -I{} bash "$here/compare.sh" --one {} ;;
    measure) measure ;;
    table)
        $PYTHON "$here/compare.py" gather --results "$found" --bundles "$OUT/bundles" \
            --trainings "$OUT/trainings" --into "$results" $(measured)
        $PYTHON "$here/compare.py" show --results "$results" ${plot:+--plot "$plot"} ${page:+--page "$page"} ;;
    esac
done
