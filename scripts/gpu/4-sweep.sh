#!/usr/bin/env bash
# Attacks models by a config below configs/sweep (FGSM over growing budgets, without and behind the JPEG defense) and
# draws the report. A few minutes; started again, it goes on where it stopped.
# Writes runs/gpu/CONFIG/: report.json, report.html.
#   CONFIG=fgsm-jpeg    or fig7, gates, autoattack, gradient-family
#   DATA=FOLDER         CIFAR-10's binary files (cifar-10-batches-bin)
#   IMAGENETTE=FOLDER   of fig7: with train/CLASS/ and val/CLASS/
#   MODELS='runs/gpu/fast/aig-20-1/half.safetensors:gates=sampled'   these in place of the config's, or of what
#                       3-train.sh left of seed 1 for fig7
#   DEVICE=cpu LIMIT=32   a try on a CPU: the first 32 images
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

config=${CONFIG:-fgsm-jpeg}
out=runs/gpu/$config
data="cifar10:${DATA:-cifar-10-batches-bin}"
trained=
if [ "$config" = fig7 ]; then
  data="imagefolder:${IMAGENETTE:-imagenette},size=224"
  resnet=runs/gpu/fast/imagenette-resnet-50-1/half.safetensors aig=runs/gpu/fast/imagenette-aig-50-1/half.safetensors
  trained="$resnet $aig:gates=argmax $aig:gates=sampled,draws=5"
fi
read -ra models <<<"${MODELS:-$trained}"
options=(--data "$data" --device "${DEVICE:-cuda}")
for model in "${models[@]}"; do options+=(--model "$model"); done
[ -z "${LIMIT:-}" ] || options+=(--limit "$LIMIT")
mkdir -p "$out"
build-gpu/aigis sweep "configs/sweep/$config.json" "${options[@]}" --out "$out/report.json"
build-gpu/aigis plot "$out/report.json" --out "$out/report.html"
