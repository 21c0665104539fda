#!/usr/bin/env bash
# Attacks models by a config below configs/sweep (FGSM over growing budgets, without and behind the JPEG defense) and
# draws the report. A few minutes; started again, it goes on where it stopped.
# Writes runs/gpu/CONFIG/: report.json, report.html.
#   CONFIG=fgsm-jpeg    or fig7, gates, autoattack, gradient-family
#   DATA=FOLDER         CIFAR-10's binary files (cifar-10-batches-bin)
#   IMAGENETTE=FOLDER   of fig7: with val/CLASS/
#   MODELS='runs/gpu/aig-20/model.safetensors:gates=sampled'   these in place of the config's
#   DEVICE=cpu LIMIT=32   a try on a CPU: the first 32 images
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

config=${CONFIG:-fgsm-jpeg}
out=runs/gpu/$config
read -ra models <<<"${MODELS:-}"
data="cifar10:${DATA:-cifar-10-batches-bin}"
[ "$config" != fig7 ] || data="imagefolder:${IMAGENETTE:-imagenette},size=224"
options=(--data "$data" --device "${DEVICE:-cuda}")
for model in "${models[@]}"; do options+=(--model "$model"); done
[ -z "${LIMIT:-}" ] || options+=(--limit "$LIMIT")
mkdir -p "$out"
build-gpu/aigis sweep "configs/sweep/$config.json" "${options[@]}" --out "$out/report.json"
build-gpu/aigis plot "$out/report.json" --out "$out/report.html"
