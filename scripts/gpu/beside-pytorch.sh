#!/usr/bin/env bash
# beside-pytorch.sh SCRIPT FILE: times aigis beside PyTorch by a script of bench/, network after network, into a file of
# runs/gpu/. What 6-train-step.sh and 7-attack.sh have in common, with the settings that they name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export AIGIS_PROGRAM="$PWD/build-gpu/aigis"
mkdir -p runs/gpu
for model in ${MODELS:-resnet-110 aig-110 resnet-20}; do
  "${PYTHON:-python3}" "bench/$1" --model "$model" --device "${DEVICE:-cuda}" --batch "${BATCH:-128}" "${ROUNDS:-5}"
done | tee "runs/gpu/$2"
