#!/usr/bin/env bash
# Trains on CIFAR-10, one after the other, most wanted first: ResNet-110 and AIG-110, ResNet-20 and AIG-20 by adversarial
# training and on clean images; then ResNet-50 and AIG-50 on Imagenette at 224x224 pixels, where there is such a folder;
# last the other rows of Table 1, pre-activation ResNet-110 and stochastic depth.
# Each is a path below configs/train without .json.
# Each has 8 minutes and ends with the model of its last whole epoch; started again, each goes on where it stopped. One
# that fails, as where a first epoch takes longer, gives way to the next; the script then ends with exit code 1.
# Writes runs/gpu/MODEL/: model.safetensors, train.json, resume.safetensors.
#   DATA=FOLDER         CIFAR-10's binary files (cifar-10-batches-bin)
#   IMAGENETTE=FOLDER   with train/CLASS/ and val/CLASS/
#   MODELS='fast/resnet-20'  only these
#   TIME_LIMIT=30m      for each
#   DEVICE=cpu EPOCHS=1 LIMIT=512   a try on a CPU: one epoch over the first 512 images
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

all="fast/resnet-110 fast/aig-110 cifar10-resnet-20-robust cifar10-aig-20-robust fast/resnet-20 fast/aig-20"
[ -z "${IMAGENETTE:-}" ] || all+=" fast/imagenette-resnet-50 fast/imagenette-aig-50"
all+=" fast/preresnet-110 fast/stochastic-depth-110"
read -ra models <<<"${MODELS:-$all}"
options=(--device "${DEVICE:-cuda}" --time-limit "${TIME_LIMIT:-8m}")
[ -z "${EPOCHS:-}" ] || options+=(--epochs "$EPOCHS")
[ -z "${LIMIT:-}" ] || options+=(--limit "$LIMIT")
failed=()
for model in "${models[@]}"; do
  data="cifar10:${DATA:-cifar-10-batches-bin}"
  [[ "$model" != *imagenette* ]] || data="imagefolder:${IMAGENETTE:-imagenette},size=224"
  mkdir -p "$(dirname "runs/gpu/$model")"
  status=0
  build-gpu/aigis train "configs/train/$model.json" --data "$data" "${options[@]}" --resume --out "runs/gpu/$model" || status=$?
  case $status in
    0) ;;
    1) failed+=("$model") ;;
    *) exit "$status" ;;
  esac
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "3-train: failed, for the reasons above: ${failed[*]}" >&2
  exit 1
fi
