#!/usr/bin/env bash
# Measures what closed gates save on the GPU, in time and in multiply-accumulates, by skipping and by buckets: AIG-110 on
# 32x32 images, and AIG-50 on 224x224 ones where IMAGENETTE names a folder of images by class. The networks are those that
# 3-train.sh left of seed 1, whose gates have learnt something, else fresh ones. A few minutes; prints a table for each.
# Writes runs/gpu/skipping.txt.
#   DATA=FOLDER         CIFAR-10's binary files; none: synthetic images
#   IMAGENETTE=FOLDER   with train/CLASS/ and val/CLASS/, in val at least as many images as the largest batch (512)
#   DEVICE=cpu COUNT=2 BATCHES=1,8   a try on a CPU
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

aig_110=runs/gpu/fast/aig-110-1/model.safetensors aig_50=runs/gpu/fast/imagenette-aig-50-1/model.safetensors
[ -e "$aig_110" ] || aig_110=aig-110
[ -e "$aig_50" ] || aig_50=aig-50
data=synthetic:test=1024
[ -z "${DATA:-}" ] || data="cifar10:$DATA"
options=(--device "${DEVICE:-cuda}" --count "${COUNT:-30}" --rates 0.3,0.5,0.7,0.9)
mkdir -p runs/gpu
for execution in skip bucket; do
  build-gpu/aigis bench skipping --model "$aig_110" --data "$data" --execution "$execution" "${options[@]}" \
    --batches "${BATCHES:-1,8,64,256,1024}"
  if [ -n "${IMAGENETTE:-}" ]; then
    build-gpu/aigis bench skipping --model "$aig_50" --data "imagefolder:$IMAGENETTE,size=224" --execution "$execution" \
      "${options[@]}" --batches "${BATCHES:-1,8,64,256,512}"
  fi
done | tee runs/gpu/skipping.txt
