#!/usr/bin/env bash
# Trains the networks of configs/train for 32x32 images one after the other, the most wanted first. Stopped at any moment and
# started again it goes on where it was; what is finished is left alone. On two cores all of it takes days.
#   train_cifar10.sh CIFAR10_DIR [CONFIG...]     CONFIG is a path below configs/train without .json
# Writes runs/CONFIG/: model.safetensors, train.json, resume.safetensors.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

data=${1:?usage: train_cifar10.sh CIFAR10_DIR [CONFIG...]}
shift
[ $# -gt 0 ] || set -- fast/resnet-20 fast/aig-20 cifar10-resnet-20-robust cifar10-aig-20-robust
for config in "$@"; do
  mkdir -p "$(dirname "runs/$config")"
  build/aigis train "configs/train/$config.json" --data "cifar10:$data" --resume --out "runs/$config"
done
