#!/usr/bin/env bash
# Attacks models by configs/sweep/fgsm-jpeg.json (FGSM over growing budgets, without and behind the JPEG defense) and
# draws the report. A few minutes; started again, it goes on where it stopped.
# Writes runs/gpu/fgsm-jpeg/: report.json, report.html.
#   DATA=FOLDER   CIFAR-10's binary files (cifar-10-batches-bin)
#   MODELS='runs/gpu/aig-20/model.safetensors:gates=sampled'   these in place of the config's
#   DEVICE=cpu LIMIT=32   a try on a CPU: the first 32 images
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

out=runs/gpu/fgsm-jpeg
read -ra models <<<"${MODELS:-}"
options=(--data "cifar10:${DATA:-cifar-10-batches-bin}" --device "${DEVICE:-cuda}")
for model in "${models[@]}"; do options+=(--model "$model"); done
[ -z "${LIMIT:-}" ] || options+=(--limit "$LIMIT")
mkdir -p "$out"
build-gpu/aigis sweep configs/sweep/fgsm-jpeg.json "${options[@]}" --out "$out/report.json"
build-gpu/aigis plot "$out/report.json" --out "$out/report.html"
