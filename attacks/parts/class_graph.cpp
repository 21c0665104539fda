#include "attacks/parts/class_graph.h"

#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "lib/core/error.h"

namespace aigis {

std::shared_ptr<const GateTerm> towards_class(Victim& victim, const Batch& images, int64_t klass, double confidence) {
  constexpr int64_t kTogether = 100;
  const ModelCard& card = victim.card();
  const auto layers = static_cast<int64_t>(card.gated.size());
  const at::TensorOptions numbers = at::TensorOptions(at::kDouble);
  at::Tensor sums = at::zeros({card.classes, layers}, numbers), counts = at::zeros({card.classes, 1}, numbers);
  for (int64_t begin = 0; begin < images.labels.size(0); begin += kTogether) {
    const Batch part = images.part(begin, kTogether);
    const Gates gates = victim.forward(part.images, part.ids, {}).gates;
    const at::Tensor states = card.has_random_gates ? gates.probability : gates.open;
    const at::Tensor labels = part.labels.cpu();
    sums.index_add_(0, labels, states.to(at::kCPU, at::kDouble));
    counts.index_add_(0, labels, at::ones_like(labels, numbers).unsqueeze(1));
  }
  if (counts[klass].item<double>() == 0) {
    throw InputError(
        fmt::format("an attack learns from {} training images, and none is of class {}; expected more "
                    "images",
                    images.labels.size(0), klass));
  }
  const at::Tensor seen = counts.squeeze(1).gt(0).nonzero().squeeze(1);
  const at::Tensor means = sums / counts.clamp_min(1), rates = means.index_select(0, seen);
  at::Tensor weight = (rates - rates.mean(0)).square().mean(0);
  weight = weight.sum().item<double>() > 0 ? weight / weight.sum() : at::ones_like(weight) / double(layers);
  return std::make_shared<GateLikeness>(means[klass], weight, confidence);
}

void check_class(int64_t klass, const ModelCard& card) {
  if (klass < card.classes) return;
  throw InputError(fmt::format("option 'class': {}; expected 0 to {}", klass, card.classes - 1));
}

}  // namespace aigis
