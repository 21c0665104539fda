#include "attacks/parts/foresight.h"

#include <ATen/ops/log.h>

namespace aigis {

bool can_foresee(const ObjectiveOptions& options, LossKind kind) {
  return kind != LossKind::kl && !options.targeted() && !options.term && !options.constraint;
}

at::Tensor foresees_loss(LossKind kind, const at::Tensor& losses, const at::Tensor& rise) {
  if (kind != LossKind::cross_entropy) return (losses + rise).gt(0);
  const at::Tensor right = (-losses).exp(), wrong = 1 - right;  // d loss / d margin is -wrong
  return rise.gt(wrong * (right / wrong).log());
}

}  // namespace aigis
