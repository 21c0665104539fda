#!/usr/bin/env bash
# Trains ResNet-20 and AIG-20 on CIFAR-10, and both by adversarial training, one after the other, by
# configs/train/cifar10-*.json.
# Each stops after 8 minutes at the latest, with a usable model; started again, each goes on where it stopped.
# Writes runs/gpu/MODEL/: model.safetensors, train.json, resume.safetensors.
#   DATA=FOLDER         CIFAR-10's binary files (cifar-10-batches-bin)
#   MODELS='resnet-20'  only these
#   DEVICE=cpu EPOCHS=1 LIMIT=512   a try on a CPU: one epoch over the first 512 images
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

read -ra models <<<"${MODELS:-resnet-20-robust aig-20-robust resnet-20 aig-20}"
options=(--data "cifar10:${DATA:-cifar-10-batches-bin}" --device "${DEVICE:-cuda}" --time-limit "${TIME_LIMIT:-8m}")
[ -z "${EPOCHS:-}" ] || options+=(--epochs "$EPOCHS")
[ -z "${LIMIT:-}" ] || options+=(--limit "$LIMIT")
for model in "${models[@]}"; do
  build-gpu/aigis train "configs/train/cifar10-$model.json" "${options[@]}" --resume --out "runs/gpu/$model"
done
