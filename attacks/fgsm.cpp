#include "attacks/fgsm.h"

#include <ATen/ops/add.h>

#include "attacks/parts/gates_option.h"

namespace aigis {

void FgsmOptions::bind(OptionTable& table) { bind_gates(table, &gates); }

std::vector<at::Tensor> Fgsm::propose(Victim& victim, const Batch& batch, Norm, at::ArrayRef<double> epsilons) const {
  const at::Tensor direction = victim.gradient(batch.images, batch, cross_entropy, {}, options_.gates).images.sign();
  std::vector<at::Tensor> candidates;
  for (const double epsilon : epsilons) {
    candidates.push_back(at::add(batch.images, direction, epsilon).clamp_(0, 1));
  }
  return candidates;
}

}  // namespace aigis
