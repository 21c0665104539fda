#!/usr/bin/env bash
# Times training steps of aigis, recorded as a CUDA graph and not, beside those of the same network in PyTorch, in turns
# (bench/train_step.py): ResNet-110, a plain and a gated one, and ResNet-20. A few minutes; prints the speeds of each round
# and the median ratios.
# Writes runs/gpu/train-step.txt.
#   MODELS='resnet-110'   only these: resnet, preresnet or aig of depth 6n+2
#   BATCH=512 ROUNDS=10   images a step, and turns of each (128 and 5)
#   PYTHON=COMMAND        the Python that has torch (python3)
#   DEVICE=cpu MODELS=resnet-8 ROUNDS=1   a try on a CPU
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/beside-pytorch.sh" train_step.py train-step.txt
