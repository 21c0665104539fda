#!/usr/bin/env bash
# Trains on CIFAR-10, one after the other, most wanted first: ResNet-110 and AIG-110, ResNet-20 and AIG-20 by adversarial
# training and on clean images; then ResNet-50 and AIG-50 on Imagenette at 224x224 pixels, where there is such a folder;
# last the other rows of Table 1, pre-activation ResNet-110 and stochastic depth. All with one seed, then with the next.
# Each is a path below configs/train without .json. What is trained is exported in float16, at half the size, and this
# file is judged on the test images, AIGs as they draw and with all layers, scaled; at the end, also that by Ctrl-C, a
# table has the mean and the range over the seeds of test errors and of the share of layers that ran.
# Each has 8 minutes and ends with the model of its last whole epoch; started again, each goes on where it stopped. One
# that fails, as where a first epoch takes longer or its data are missing, gives way to the next; the script then ends
# with exit code 1.
# Writes runs/gpu/MODEL-SEED/: model.safetensors, train.json, resume.safetensors, half.safetensors, test.json;
# runs/gpu/test-errors.txt. What to take away is half.safetensors with the JSON files: of an AIG-50 it has 51 MiB,
# model.safetensors 101 and resume.safetensors more.
#   DATA=FOLDER         CIFAR-10's binary files (cifar-10-batches-bin)
#   IMAGENETTE=FOLDER   with train/CLASS/ and val/CLASS/
#   MODELS='fast/resnet-20'  only these
#   SEEDS='1 2 3'       of each
#   TIME_LIMIT=30m      for each
#   DEVICE=cpu EPOCHS=1 LIMIT=512   a try on a CPU: one epoch over the first 512 images
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

all="fast/resnet-110 fast/aig-110 cifar10-resnet-20-robust cifar10-aig-20-robust fast/resnet-20 fast/aig-20"
[ -z "${IMAGENETTE:-}" ] || all+=" fast/imagenette-resnet-50 fast/imagenette-aig-50"
all+=" fast/preresnet-110 fast/stochastic-depth-110"
read -ra models <<<"${MODELS:-$all}"
read -ra seeds <<<"${SEEDS:-1 2 3}"
device=${DEVICE:-cuda}
common=(--device "$device")
[ -z "${LIMIT:-}" ] || common+=(--limit "$LIMIT")
options=(--time-limit "${TIME_LIMIT:-8m}" --resume)
# Milestones of a recipe would lie behind the last epoch: without, they are at 3/7 and 5/7 of the epochs.
[ -z "${EPOCHS:-}" ] || options+=(--epochs "$EPOCHS" --milestones '')

train_and_judge() {
  local model=$1 seed=$2 out="runs/gpu/$1-$2" data="cifar10:${DATA:-cifar-10-batches-bin}" graph=false
  [[ "$model" != *imagenette* ]] || data="imagefolder:${IMAGENETTE:-imagenette},size=224"
  # Stochastic depth draws the layers of each step, which no recording can.
  [[ "$device" != cuda || "$model" == *stochastic-depth* ]] || graph=true
  local half="$out/half.safetensors"
  local ways=(--model "$half")
  [[ "$model" != *aig* ]] || ways=(--model "$half:gates=sampled" --model "$half:gates=scaled")
  mkdir -p "$(dirname "$out")"
  # half.safetensors may be of fewer epochs, and export replaces no checkpoint.
  build-gpu/aigis train "configs/train/$model.json" --data "$data" --seed "$seed" --cuda-graph "$graph" "${common[@]}" \
    "${options[@]}" --out "$out" &&
    rm -f "$half" &&
    build-gpu/aigis export "$out/model.safetensors" --precision float16 --out "$half" &&
    build-gpu/aigis evaluate "${ways[@]}" --data "$data" --attack none --eps 0 --checks off "${common[@]}" \
      --out "$out/test.json"
}

failed=() judged=()
finish() {
  [ ${#failed[@]} -eq 0 ] || echo "3-train: failed, for the reasons above: ${failed[*]}" >&2
  [ ${#judged[@]} -eq 0 ] || python3 scripts/test_errors.py "${judged[@]}" | tee runs/gpu/test-errors.txt ||
    echo "3-train: no table, for the reason above" >&2
}
trap finish EXIT
for seed in "${seeds[@]}"; do
  for model in "${models[@]}"; do
    status=0
    train_and_judge "$model" "$seed" || status=$?
    case $status in
      0) judged+=("runs/gpu/$model-$seed") ;;
      130 | 143) exit "$status" ;; # Ctrl-C and an end from outside are all models'
      *) failed+=("$model-$seed") ;;
    esac
  done
done
exit $((${#failed[@]} > 0))
