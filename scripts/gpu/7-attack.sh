#!/usr/bin/env bash
# Times attack steps of aigis, with passes recorded as CUDA graphs and without, beside those of the same network in PyTorch,
# in turns (bench/attack_step.py): PGD-10 on ResNet-110, a plain and a gated one, and on ResNet-20. A few minutes; prints
# the speeds of each round and the median ratios.
# Writes runs/gpu/attack.txt.
#   MODELS='resnet-110'   only these: resnet, preresnet or aig of depth 6n+2
#   BATCH=512 ROUNDS=10   images a step, and turns of each (128 and 5)
#   PYTHON=COMMAND        the Python that has torch (python3)
#   DEVICE=cpu MODELS=resnet-8 ROUNDS=1   a try on a CPU, without recordings
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/beside-pytorch.sh" attack_step.py attack.txt
