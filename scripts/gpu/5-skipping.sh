#!/usr/bin/env bash
# Measures what closed gates save on the GPU, in time and in multiply-accumulates, by skipping and by buckets: AIG-110 on
# 32x32 images, and AIG-50 on 224x224 ones where IMAGES names a folder of images by class (train/ and val/). A few
# minutes; prints a table for each.
# Writes runs/gpu/skipping.txt.
#   DEVICE=cpu COUNT=2 BATCHES=1,8   a try on a CPU
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

options=(--device "${DEVICE:-cuda}" --count "${COUNT:-30}" --batches "${BATCHES:-1,8,64,256,1024}" --rates 0.3,0.5,0.7,0.9)
mkdir -p runs/gpu
for execution in skip bucket; do
  build-gpu/aigis bench skipping --model aig-110 --data synthetic:test=1024 --execution "$execution" "${options[@]}"
  if [ -n "${IMAGES:-}" ]; then
    build-gpu/aigis bench skipping --model aig-50 --data "imagefolder:$IMAGES,size=224" --execution "$execution" "${options[@]}"
  fi
done | tee runs/gpu/skipping.txt
