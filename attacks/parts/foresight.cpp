#include "attacks/parts/foresight.h"

namespace aigis {

bool can_foresee(const ObjectiveOptions& options, LossKind kind) {
  return kind != LossKind::kl && !options.targeted() && !options.term && !options.constraint;
}

at::Tensor foresees_wrong(LossKind kind, const at::Tensor& losses, const at::Tensor& excess, const at::Tensor& rise) {
  if (kind != LossKind::cross_entropy) return (losses + rise).gt(0);
  const at::Tensor slope = 1 - (-losses).exp();  // d loss / d excess
  return (excess * slope + rise).gt(0);
}

}  // namespace aigis
